"""The guard's limits and the terms it finds again, without a night around them."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable

import pytest

from roster.guard import excess, renewed, resolve_terms
from roster.model import NO_TERM, Selection, Term, replace
from roster.tally import Tally


def _sentences(tally: Tally, vanished: Iterable[str] = ()) -> list[str]:
    return [sentence for _, sentence in excess(tally, vanished).values()]


def judged(**figures: int) -> list[str]:
    """Figures of the kind student."""
    outcomes = {f"student.{k}": n for k, n in figures.items() if k in ("departed", "updated", "rejected")}
    guard = {f"student.{k}": n for k, n in figures.items() if f"student.{k}" not in outcomes}
    return _sentences(Tally(Counter(outcomes), Counter(), Counter(guard)))


@pytest.mark.parametrize(
    ("previous", "departed", "passes"),
    [
        (1000, 100, True),
        (1000, 101, False),
        (110, 11, True),
        (109, 11, False),
        (100, 10, True),
        (20, 10, True),
        (20, 11, False),
        (11, 10, True),
        (10, 10, False),
        (1, 1, False),
        (1, 0, True),
        (0, 0, True),
    ],
)
def test_departures(previous: int, departed: int, passes: bool) -> None:
    assert (judged(previous=previous, departed=departed) == []) is passes


@pytest.mark.parametrize(
    ("previous", "departed", "excused", "passes"),
    [
        (100, 50, 50, True),
        (100, 60, 50, True),
        (100, 61, 50, False),
        (200, 160, 149, False),
        (10, 9, 9, True),
        (10, 10, 10, False),  # then nobody would be left
        (10, 10, 5, False),
        (10, 9, 5, True),
    ],
)
def test_who_was_deselected_counts_neither_way(previous: int, departed: int, excused: int, passes: bool) -> None:
    assert (judged(previous=previous, departed=departed, excused=excused) == []) is passes


@pytest.mark.parametrize(
    ("previous", "updated", "filled", "met", "passes"),
    [
        (40, 30, 0, 0, True),
        (40, 31, 0, 0, False),
        (10, 10, 0, 0, True),
        (11, 11, 0, 0, False),
        (40, 40, 10, 0, True),
        (40, 40, 9, 0, False),
        (0, 11, 0, 100, True),
        (0, 76, 0, 100, False),
        (100, 90, 0, 20, True),
        (100, 91, 0, 20, False),
    ],
)
def test_updates(previous: int, updated: int, filled: int, met: int, passes: bool) -> None:
    assert (judged(previous=previous, updated=updated, filled=filled, met=met) == []) is passes


@pytest.mark.parametrize(
    ("rows", "rejected", "passes"), [(100, 5, True), (100, 6, False), (19, 1, False), (20, 1, True)]
)
def test_rejected_rows(rows: int, rejected: int, passes: bool) -> None:
    assert (judged(rows=rows, rejected=rejected) == []) is passes


def test_every_share_that_is_exact_passes() -> None:
    """No run is held for what floating point makes of 0.1 times 30."""
    for whole in range(110, 5_000, 10):
        assert judged(previous=whole, departed=whole // 10) == []
        assert judged(previous=whole, departed=whole // 10 + 1) != []
    for rows in range(20, 5_000, 20):
        assert judged(rows=rows, rejected=rows // 20) == []
        assert judged(rows=rows, rejected=rows // 20 + 1) != []


def test_the_words() -> None:
    tally = Tally(
        Counter({"student.departed": 3, "class.updated": 80, "teacher.departed": 20, "parent.rejected": 9}),
        Counter(),
        Counter({"student.previous": 3, "class.previous": 90, "teacher.previous": 50, "parent.rows": 60}),
    )
    assert _sentences(tally, ["term “Fall”"]) == [
        "The chosen term “Fall” no longer exists.",
        "All 3 students would leave.",
        "20 of 50 teachers would leave.",
        "9 of 60 parents cannot be read.",
        "80 of 90 classes would change.",
    ]


FALL = Term("t1", "Fall", "2026-08-01", "2026-12-20")
NEXT = replace(FALL, id="t2")


@pytest.mark.parametrize(
    ("offered", "found", "vanished"),
    [
        ([FALL], [FALL], []),
        ([replace(FALL, name="Autumn", end="2027-01-01")], [replace(FALL, name="Autumn", end="2027-01-01")], []),
        ([NEXT], [NEXT], []),
        ([FALL, NEXT], [FALL], []),
        ([], [FALL], ["Fall"]),
        ([NEXT, replace(FALL, id="t3")], [FALL], ["Fall"]),
        ([replace(NEXT, start="2026-08-02")], [FALL], ["Fall"]),
        ([replace(NEXT, end="")], [FALL], ["Fall"]),
        ([replace(NEXT, name="fall")], [FALL], ["Fall"]),
    ],
)
def test_a_chosen_term_is_found_again_or_has_vanished(
    offered: list[Term], found: list[Term], vanished: list[str]
) -> None:
    chosen = Selection(schools=("s",), terms=(FALL,), contacts=False)
    assert resolve_terms(chosen, offered) == (dataclasses.replace(chosen, terms=tuple(found)), vanished)


def test_no_term_never_vanishes_and_no_choice_needs_no_term() -> None:
    nothing, none = Selection(), Selection(terms=(Term(NO_TERM, NO_TERM),))
    assert resolve_terms(none, []) == (none, [])
    assert resolve_terms(nothing, [FALL]) == (nothing, [])


def test_terms_without_a_name_are_no_twins_and_are_named_by_their_id() -> None:
    nameless = Term("t1")
    assert resolve_terms(Selection(terms=(nameless,)), [Term("t2")])[1] == ["t1"]


def test_only_the_vanished_of_several_terms_are_named() -> None:
    chosen = Selection(terms=(FALL, Term("t8", "Spring")))
    assert resolve_terms(chosen, [NEXT]) == (Selection(terms=(NEXT, Term("t8", "Spring"))), ["Spring"])


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ((FALL,), (NEXT,), {"t1": "t2"}),
        ((FALL,), (FALL,), {}),
        ((FALL,), (), {}),
        ((), (NEXT,), {}),
        ((FALL,), (replace(NEXT, end="2027-01-01"),), {}),
        ((FALL, NEXT), (NEXT,), {}),  # two schools' terms of one name, one of them deselected: nothing is new
        ((Term("t1"),), (Term("t2"),), {}),
        ((Term(NO_TERM, NO_TERM),), (FALL,), {}),
    ],
)
def test_what_was_made_anew(before: tuple[Term, ...], now: tuple[Term, ...], expected: dict[str, str]) -> None:
    assert renewed(Selection(terms=before), Selection(terms=now)) == expected
