"""Which classes a chosen term brings, and on which day somebody counts as enrolled."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roster.calendar import Calendar
from roster.model import NO_TERM, Class, Enrolment, Term

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
    assert TREE.current(enrolment, Class("c", terms=("fall",)), today) is expected
    dated = Class("c", start="2026-08-17", end="2027-01-08", dated=True)  # a class lasts through its end date
    assert TREE.current(enrolment, dated, today) is expected


def test_a_dated_class_lasts_through_its_last_day() -> None:
    dated = Class("c", start="2026-08-17", end="2027-01-09", dated=True)
    assert TREE.current(Enrolment("c", "s", "student", begin="2027-01-09"), dated, "2027-03-01")
    assert not TREE.current(Enrolment("c", "s", "student", end="2027-01-09"), dated, "2027-03-01")


def test_terms_that_are_over() -> None:
    assert not TREE.over(frozenset(), "2027-06-11")
    assert TREE.over(frozenset(), "2027-06-12"), "a term ends the day before its end date"
    assert TREE.over(frozenset({"q1"}), "2026-11-01")
    assert not TREE.over(frozenset({"q1", "fall"}), "2026-11-01")
    assert not TREE.over(frozenset({"unknown"}), "2030-01-01")
    assert not Calendar().over(frozenset(), "2030-01-01")
    assert not Calendar((Term("t"),)).over(frozenset(), "2030-01-01"), "it has no end"


def test_without_any_dates_only_today_counts() -> None:
    future = Enrolment("c", "s", "student", begin="2026-10-02")
    assert not Calendar().current(future, Class("c"), "2026-10-01")
    assert not TREE.current(future, Class("c", terms=("unknown",)), "2026-10-01")
    open_ended = Calendar((Term("t", "T", "", ""),))
    assert not open_ended.current(future, Class("c", terms=("t",)), "2026-10-01")
