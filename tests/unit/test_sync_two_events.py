"""Contacts belong to the account, classes to an event: what two conference evenings of one school share."""

from __future__ import annotations

import pytest

from roster.model import Class, Enrolment, Relationship, Selection, Term
from tests.fakes.school import EVENT, OTHER, District, Source
from tests.fakes.sense import nonsense

FIRST, SECOND = Term("t1", "Autumn"), Term("t2", "Spring")


@pytest.fixture
def district() -> District:
    """C0 (autumn) is in EVENT, C1 (spring) in OTHER; T0 teaches both; 6 students each."""
    source = Source.small()
    source.terms = [FIRST, SECOND]
    source.change_class("C1", terms=("t2",))
    source.members.append(Enrolment("C1", "T0", "teacher"))
    district = District(source)
    district.select(Selection(terms=(FIRST,)), EVENT)
    district.select(Selection(terms=(SECOND,)), OTHER)
    assert (district.night(event=EVENT)["status"], district.night(event=OTHER)["status"]) == ("applied", "applied")
    district.later()
    return district


def test_the_same_teacher_in_both_is_one_contact(district: District) -> None:
    assert sorted(district.roster.of("contact", "teacher")) == ["T0", "T1"]
    assert district.roster.of("class", EVENT)["C0"]["teachers"] == ["T0"]
    assert district.roster.of("class", OTHER)["C1"]["teachers"] == ["T1", "T0"]
    assert nonsense(district.roster) == []


def test_the_second_event_counts_whom_the_first_knows_as_unchanged(district: District) -> None:
    fresh = District(district.source)
    fresh.night(event=EVENT)
    report = fresh.night(event=OTHER)
    assert report["counts"]["teacher"] == {**report["counts"]["teacher"], "created": 0, "unchanged": 2}
    assert report["writes"] == 14  # 2 classes, 12 schedules, and no contact


def test_who_leaves_one_event_stays_active(district: District) -> None:
    district.source.members = [m for m in district.source.members if (m.class_id, m.person) != ("C1", "T0")]
    report = district.night(event=OTHER)
    assert report["counts"]["teacher"]["departed"] == 1
    assert not district.contact("teacher", "T0")["inactive_since"]
    assert district.night(event=EVENT)["writes"] == 0
    assert nonsense(district.roster) == []


def test_who_leaves_both_is_inactive_since_the_second(district: District) -> None:
    district.source.members.append(Enrolment("C0", "T1", "teacher"))
    district.night(event=EVENT)
    district.source.without("teacher", "T0")
    district.night(event=OTHER)
    assert not district.contact("teacher", "T0")["inactive_since"]
    district.later()
    district.night(event=EVENT)
    assert district.contact("teacher", "T0")["inactive_since"] == "2026-10-03"


def test_a_parent_with_a_child_in_each_event_keeps_both(district: District) -> None:
    district.source.ties.append(Relationship("P-S0", "S1", "Mother"))
    district.night(event=EVENT)
    district.night(event=OTHER)
    assert [tie[0] for tie in district.contact("parent", "P-S0")["related"]] == ["S0", "S1"]
    assert [tie[0] for tie in district.contact("student", "S1")["related"]] == ["P-S0", "P-S1"]
    assert district.night(event=EVENT)["writes"] == 0
    assert district.night(event=OTHER)["writes"] == 0


def test_a_parent_whose_child_leaves_one_event_stays_for_the_other(district: District) -> None:
    district.source.ties.append(Relationship("P-S0", "S1", "Mother"))
    district.night(event=EVENT)
    district.night(event=OTHER)
    district.source.leave("S1")
    report = district.night(event=OTHER)
    assert report["counts"]["parent"]["departed"] == 2
    kept = district.contact("parent", "P-S0")
    assert ([tie[0] for tie in kept["related"]], kept["inactive_since"]) == (["S0"], "")


def test_a_change_seen_by_one_event_is_seen_by_all(district: District) -> None:
    district.source.change("teacher", "T0", email="new@school.example")
    assert district.night(event=EVENT)["counts"]["teacher"]["updated"] == 1
    report = district.night(event=OTHER)
    assert (report["counts"]["teacher"]["updated"], report["writes"]) == (0, 0)


def test_deselecting_in_one_event_does_not_touch_the_other(district: District) -> None:
    district.select(Selection(), EVENT)
    district.night(event=EVENT)
    before = district.roster.of("class", OTHER), district.roster.of("schedule", OTHER)
    district.select(Selection(terms=(FIRST,)), EVENT)
    district.night(event=EVENT)
    assert (district.roster.of("class", OTHER), district.roster.of("schedule", OTHER)) == before
    assert not district.contact("student", "S1")["inactive_since"]
    assert nonsense(district.roster) == []


def test_parents_switched_off_in_one_event_are_synced_in_the_other(district: District) -> None:
    district.select(Selection(terms=(SECOND,), contacts=False), OTHER)
    district.source.classes.append(Class("C2", "Both", "school-1", ("t1", "t2")))
    district.source.members.append(Enrolment("C2", "S0", "student"))
    district.source.members.append(Enrolment("C2", "T0", "teacher", True))
    district.night(event=EVENT)
    district.night(event=OTHER)
    assert [tie[0] for tie in district.contact("student", "S0")["related"]] == ["P-S0"]
    assert nonsense(district.roster) == []


def test_a_preview_of_one_event_is_no_news_to_the_other(district: District) -> None:
    district.source.leave("S0")
    district.night("preview", event=EVENT)
    assert district.night(event=OTHER)["writes"] == 0
    assert district.night(event=EVENT)["counts"]["student"]["departed"] == 1
