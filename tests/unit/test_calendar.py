"""Which classes a chosen term brings, and on which day somebody counts as enrolled."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roster.calendar import Calendar, enrolled
from roster.model import NO_TERM, Class, Enrolment, Term, replace

YEAR = Term("year", "2026-2027", "2026-08-17", "2027-06-12")
FALL = Term("fall", "Fall", "2026-08-17", "2027-01-09")
SPRING = Term("spring", "Spring", "2027-01-11", "2027-06-12")
QUARTER = Term("q1", "Quarter 1", "2026-08-17", "2026-10-24")
TREE = Calendar((YEAR, FALL, SPRING, QUARTER), (("fall", "year"), ("spring", "year"), ("q1", "fall")))


def test_a_term_brings_what_lies_within_it_and_what_it_lies_within() -> None:
    assert TREE.family(["fall"]) == {"fall", "q1", "year"}
    assert TREE.family(["q1"]) == {"q1", "fall", "year"}
    assert TREE.family(["spring"]) == {"spring", "year"}, "its sister quarter stays out"
    assert TREE.family(["year"]) == {"year", "fall", "spring", "q1"}
    assert TREE.family(["elsewhere"]) == {"elsewhere"}
    assert TREE.family([]) == frozenset()


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef"))), st.sampled_from("abcdef"))
def test_terms_within_each_other_in_a_circle_end(pairs: list[tuple[str, str]], term: str) -> None:
    assert term in Calendar((), tuple(pairs)).family([term])


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-08-17", "2027-06-12", ("year", "fall", "spring", "q1")),
        ("2026-11-01", "2027-01-09", ("year", "fall")),
        ("2027-01-12", "2027-06-12", ("year", "spring")),
        ("", "", ("year", "fall", "spring", "q1")),
        ("2027-07-01", "", (NO_TERM,)),
        ("", "2026-08-16", (NO_TERM,)),
    ],
)
def test_a_class_that_has_only_dates(start: str, end: str, expected: tuple[str, ...]) -> None:
    assert TREE.terms_of(Class("c", start=start, end=end, dated=True)) == expected


def test_a_class_that_names_its_terms_is_not_asked_for_dates() -> None:
    assert TREE.terms_of(Class("c", terms=("q1", "spring"), start="2020-01-01", end="2020-02-01")) == ("q1", "spring")
    assert TREE.terms_of(Class("c")) == (NO_TERM,)


@pytest.mark.parametrize(
    ("begin", "end", "today", "expected"),
    [
        ("", "", "2026-10-01", True),
        ("2026-08-17", "", "2026-10-01", True),
        ("2026-10-01", "", "2026-10-01", True),  # from this day on
        ("2026-10-02", "", "2026-10-01", False),  # joins tomorrow
        ("", "2026-10-01", "2026-10-01", False),  # was here until yesterday
        ("", "2026-10-02", "2026-10-01", True),
        ("2026-08-17", "2027-01-09", "2026-07-01", True),  # the class has not begun: its first day counts
        ("2026-09-01", "", "2026-07-01", False),  # a latecomer, even then
        ("2026-08-17", "2027-01-09", "2027-03-01", True),  # the class is over: its last day counts
        ("2026-08-17", "2026-12-01", "2027-03-01", False),  # left before it was over
    ],
)
def test_who_is_enrolled(begin: str, end: str, today: str, expected: bool) -> None:
    enrolment = Enrolment("c", "s", "student", begin=begin, end=end)
    others = [Enrolment("c", "o", "student")]
    for info in (
        Class("c", terms=("fall",)),
        Class("c", start="2026-08-17", end="2027-01-08", dated=True),  # lasts through its end date
    ):
        assert enrolled(enrolment, TREE.day(info, [enrolment, *others], today)) is expected


def test_a_dated_class_lasts_through_its_last_day() -> None:
    dated = Class("c", start="2026-08-17", end="2027-01-09", dated=True)
    assert TREE.day(dated, [], "2027-03-01") == "2027-01-09"
    assert TREE.day(Class("c", terms=("fall",)), [], "2027-03-01") == "2027-01-08"


def on(today: str, *spans: tuple[str, str]) -> str:
    """The day that counts for a class of the school year whose students are enrolled so."""
    students = [Enrolment("c", str(n), "student", begin=begin, end=end) for n, (begin, end) in enumerate(spans)]
    return TREE.day(Class("c", terms=("year",)), students, today)


def test_one_odd_row_does_not_empty_a_class_before_its_first_day() -> None:
    """29 students begin on the first day of school; one row is dated earlier, or not at all."""
    most = [("2026-08-24", "")] * 29
    for odd in ("2026-08-18", ""):
        assert on("2026-07-14", *most, (odd, "")) == "2026-08-24"
        assert on("2026-08-20", *most, (odd, "")) == "2026-08-24"
    assert on("2026-08-25", *most, ("2026-11-02", "")) == "2026-08-25"


def test_a_class_with_dates_of_its_own_keeps_to_them() -> None:
    dated = Class("c", start="2026-08-20", end="2026-12-18", dated=True)
    later = [Enrolment("c", str(n), "student", begin=begin) for n, begin in enumerate(("", "2027-02-01", "2027-02-01"))]
    assert TREE.day(dated, later, "2026-11-27") == "2026-11-27", "who joins in February has not begun the class anew"
    gone = [Enrolment("c", "s", "student", end="2026-11-20")]
    assert TREE.day(dated, gone, "2026-11-27") == "2026-11-27", "whoever withdrew has left"


def test_a_class_begins_with_its_first_enrolment() -> None:
    """Terms begin on a first of the month, enrolments on the first day of school; imports are made before both."""
    assert on("2026-08-18", ("2026-08-24", ""), ("2026-08-24", "")) == "2026-08-24"
    assert on("2026-07-01", ("2026-08-24", ""), ("2026-09-15", "")) == "2026-08-24", "the latecomer has to wait"
    assert on("2026-09-01", ("2026-08-24", ""), ("2026-09-15", "")) == "2026-09-01"
    assert on("2026-07-01", ("", ""), ("2026-08-24", "")) == "2026-08-17"


def test_a_class_ends_with_its_last_enrolment_but_one_that_was_emptied_is_empty() -> None:
    assert on("2027-06-11", ("2026-08-24", "2027-06-04"), ("", "2027-06-05")) == "2027-06-04"
    assert on("2027-07-20", ("2026-08-24", "2027-06-04")) == "2027-06-03"
    assert on("2027-06-11", ("", "2027-06-04"), ("", "")) == "2027-06-11"
    assert on("2026-11-01", ("", "2026-10-01"), ("", "2026-10-02")) == "2026-11-01"


def test_terms_that_are_over() -> None:
    assert not TREE.over(frozenset(), "2027-06-12"), "to some providers the end date is the last day"
    assert TREE.over(frozenset(), "2027-06-13")
    assert TREE.over(frozenset({"q1"}), "2026-11-01")
    assert not TREE.over(frozenset({"q1", "fall"}), "2026-11-01")
    assert not TREE.over(frozenset({"unknown"}), "2030-01-01")
    assert not Calendar().over(frozenset(), "2030-01-01")
    assert not Calendar((Term("t"),)).over(frozenset(), "2030-01-01"), "it has no end"


def test_without_any_dates_only_today_counts() -> None:
    for calendar, info in (
        (Calendar(), Class("c")),
        (TREE, Class("c", terms=("unknown",))),
        (Calendar((Term("t", "T", "", ""),)), Class("c", terms=("t",))),
    ):
        assert calendar.day(info, [Enrolment("c", "s", "student", end="2026-09-30")], "2026-10-01") == "2026-10-01"


def test_a_tree_that_only_dates_tell() -> None:
    """Neither version of OneRoster demands that a session names its parent or its children."""
    ranked = Calendar((replace(YEAR, rank=1), replace(FALL, rank=2), replace(SPRING, rank=2), replace(QUARTER, rank=3)))
    for id in ("year", "fall", "spring", "q1"):
        assert ranked.family([id]) == TREE.family([id])
    last = Term("last", "2025-2026", "2025-08-18", "2026-06-12", rank=1)
    assert Calendar((last, replace(FALL, rank=2))).family(["fall"]) == {"fall"}
    assert Calendar((YEAR, FALL)).family(["fall"]) == {"fall"}, "without ranks nothing is inferred"
    told = Calendar((replace(YEAR, rank=1), last, replace(FALL, rank=2)), (("fall", "last"),))
    assert told.family(["fall"]) == {"fall", "last"}, "what the provider says counts"
