"""What attached schools cost: each once, for a year, until its account's renewal."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roster.fees import FEE, TERMS, Attached, Attachments, attached, current, renewal, stated

TODAY = date(2026, 11, 27)
NEXT_YEAR = "2027-11-27"
days = st.dates(date(2020, 1, 1), date(2060, 12, 31))
names = st.lists(st.sampled_from(["Elm", "elm ", "Oak", "OAK", "Pine Hill", "pine  hill", "Birch", ""]), max_size=8)


def folded(given: list[str]) -> set[str]:
    return {" ".join(name.split()).casefold() for name in given if name.strip()}


def test_three_schools() -> None:
    told = stated(attached(Attachments(), ["Elm", "Oak", "Pine"], TODAY), TODAY)
    assert (told.annual, told.next_annual, told.renews) == (690, 690, NEXT_YEAR)
    assert [one.name for one in told.schools] == ["Elm", "Oak", "Pine"]
    assert TERMS == "$230 annually per school attached"


def test_without_a_school_nothing_is_due() -> None:
    assert stated(Attachments(), TODAY) == stated(attached(Attachments(), [], TODAY), TODAY)
    assert (stated(Attachments(), TODAY).annual, stated(Attachments(), TODAY).renews) == (0, "")


def test_a_school_that_is_detached_stays_until_the_renewal() -> None:
    both = attached(Attachments(), ["Elm", "Oak"], TODAY)
    in_may = date(2027, 5, 3)
    one = attached(both, ["Elm"], in_may)
    told = stated(one, in_may)
    assert [(school.name, school.until) for school in told.schools] == [("Elm", ""), ("Oak", NEXT_YEAR)]
    assert (told.annual, told.next_annual, told.renews) == (460, 230, NEXT_YEAR)
    assert stated(one, date(2027, 11, 26)).annual == 460
    assert stated(one, date.fromisoformat(NEXT_YEAR)).annual == 230
    assert attached(one, ["oak", "Elm"], in_may).schools == (
        Attached("Elm", "2026-11-27"),
        Attached("oak", "2026-11-27"),
    )


def test_who_comes_back_after_all_have_left_begins_a_new_year() -> None:
    gone = attached(attached(Attachments(), ["Elm"], TODAY), [], TODAY)
    later = date(2029, 3, 1)
    assert current(gone, later) == ()
    assert attached(gone, ["Elm"], later) == Attachments("2029-03-01", (Attached("Elm", "2029-03-01"),))


@pytest.mark.parametrize(
    ("began", "today", "renews"),
    [
        ("2026-11-27", "2026-11-27", "2027-11-27"),
        ("2026-11-27", "2027-11-26", "2027-11-27"),
        ("2026-11-27", "2027-11-27", "2028-11-27"),
        ("2024-02-29", "2024-03-01", "2025-02-28"),
        ("2024-02-29", "2025-02-28", "2026-02-28"),
        ("2024-02-29", "2027-12-31", "2028-02-29"),
    ],
)
def test_the_renewal_is_the_next_anniversary(began: str, today: str, renews: str) -> None:
    assert renewal(date.fromisoformat(began), date.fromisoformat(today)).isoformat() == renews


@given(days, days)
def test_a_renewal_lies_within_the_next_year(began: date, today: date) -> None:
    found = renewal(began, today)
    assert max(began, today) < found <= max(began, today) + timedelta(days=366)
    assert (found.month, found.day) in {
        (began.month, began.day),
        (2, 28) if (began.month, began.day) == (2, 29) else (),
    }


@given(st.lists(st.tuples(names, st.integers(0, 500)), max_size=6))
def test_whatever_is_attached_and_detached(changes: list[tuple[list[str], int]]) -> None:
    kept, today = Attachments(), TODAY
    for wanted, wait in changes:
        before = folded([one.name for one in current(kept, today)])
        kept = attached(kept, wanted, today)
        told = stated(kept, today)
        stays = [one for one in told.schools if not one.until]
        assert len(stays) == len(folded(wanted)), "each once"
        assert told.next_annual == FEE * len(folded(wanted))
        assert told.annual == FEE * len(told.schools)
        assert all(one.until == told.renews for one in told.schools if one.until), "no sooner and no later"
        assert before | folded(wanted) == folded([one.name for one in told.schools]), "nobody leaves at once"
        assert attached(kept, wanted, today) == kept, "again, it changes nothing"
        assert attached(kept, list(reversed(wanted)), today).began == kept.began
        assert Attachments.from_json(kept.to_json()) == kept
        today += timedelta(days=wait)
    at_renewal = stated(kept, today)
    if at_renewal.renews:
        assert stated(kept, date.fromisoformat(at_renewal.renews)).annual == at_renewal.next_annual
