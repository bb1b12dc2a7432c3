"""What the provider says of its own data: a source that is not settled, or moves while it is read, removes nobody."""

from __future__ import annotations

import pytest

from roster.model import Enrolment, Person, Relationship, SourceState
from roster.ports import Answer
from tests.fakes.school import EVENT, District, Source
from tests.fakes.sense import nonsense

PENDING = SourceState("", False, "district_pending")


@pytest.fixture
def district() -> District:
    district = District(Source.small())
    district.night()
    district.later()
    return district


def test_nobody_departs_on_the_word_of_an_unsettled_source(district: District) -> None:
    before = district.table()
    district.source.states = [PENDING]
    district.source.leave("S3")
    district.source.drop_class("C0")
    district.source.without("teacher", "T0")
    report = district.night()
    assert (report["status"], report["writes"]) == ("applied", 0)
    assert sum(outcomes["departed"] for outcomes in report["counts"].values()) == 0
    assert report["warnings"]["district_pending"] == 1
    assert report["warnings"]["departures_held_back"] == 4  # a class, a teacher, a student, a parent
    assert district.table() == before


def test_who_is_held_back_leaves_when_the_source_is_settled(district: District) -> None:
    district.source.states = [PENDING]
    district.source.leave("S3")
    district.night()
    district.source.states = []
    district.later()
    assert district.night()["counts"]["student"]["departed"] == 1
    assert district.contact("student", "S3")["inactive_since"] == "2026-10-03"
    assert nonsense(district.roster) == []


def test_who_is_held_back_keeps_their_place_in_class_and_family(district: District) -> None:
    district.source.ties.append(Relationship("P-S3", "S4", "Mother"))
    district.night()
    district.source.states = [PENDING]
    district.source.leave("S3")
    district.source.without("teacher", "T1")
    district.source.people.append(Person("teacher", "A-co"))
    district.source.members.append(Enrolment("C1", "A-co", "teacher"))
    district.night()
    assert district.roster.of("class", EVENT)["C1"]["teachers"] == ["T1", "A-co"]
    assert "S3" in district.roster.of("class", EVENT)["C1"]["students"]
    assert [tie[0] for tie in district.contact("parent", "P-S3")["related"]] == ["S3", "S4"]
    assert nonsense(district.roster) == []


def test_enrolments_and_ties_are_held_back_too(district: District) -> None:
    """A half loaded source shows a student without some of their classes, and a class without its students."""
    district.source.members.append(Enrolment("C0", "S3", "student"))
    district.source.ties.append(Relationship("P-S4", "S3", "Aunt"))
    district.night()
    before = district.table()
    district.source.states = [PENDING]
    district.source.members = [m for m in district.source.members if (m.class_id, m.person) != ("C0", "S3")]
    district.source.ties.pop()
    assert district.night()["writes"] == 0
    assert district.table() == before


def test_joiners_and_changes_are_taken_from_an_unsettled_source(district: District) -> None:
    district.source.states = [PENDING]
    district.source.join("S99", "C0")
    district.source.change("teacher", "T0", email="new@school.example")
    counts = district.night()["counts"]
    assert (counts["student"]["created"], counts["teacher"]["updated"]) == (1, 1)
    assert nonsense(district.roster) == []


def test_an_unsettled_source_that_shows_nothing_at_all_is_held_by_nothing_and_changes_nothing(
    district: District,
) -> None:
    before = district.table()
    district.source = Source(states=[PENDING])
    report = district.night()
    assert (report["status"], report["writes"]) == ("applied", 0)
    assert district.table() == before


class MovingLoad:
    """A source whose data moves on, a given number of times, each time its students are read."""

    def __init__(self, source: Source, times: int) -> None:
        self.source, self.times, self.pulls = source, times, 0
        source.states = [SourceState("load-0")]
        source.fault = self

    def __call__(self, resource: str, offset: int) -> Answer | None:
        if (resource, offset) == ("students", 0):
            self.pulls += 1
            if self.pulls <= self.times:
                self.source.states = [SourceState(f"load-{self.pulls}")]
        return None


def test_a_source_that_moves_in_mid_pull_is_pulled_again(district: District) -> None:
    load = MovingLoad(district.source, times=1)
    district.source.leave("S3")
    report = district.night()
    assert (load.pulls, report["warnings"]) == (2, {})
    assert report["counts"]["student"] == {**report["counts"]["student"], "departed": 1, "unchanged": 11}


def test_the_second_pull_replaces_the_first(district: District) -> None:
    """Nobody of the first round is in the plan, though its pages are still in the staging."""
    load = MovingLoad(district.source, times=1)
    district.source.join("S99", "C0")
    fault = district.source.fault

    def leaves_between(resource: str, offset: int) -> Answer | None:
        if resource == "state" and load.pulls == 1 and any(p.id == "S99" for p in district.source.people):
            district.source.leave("S99")
        return fault(resource, offset)

    district.source.fault = leaves_between
    report = district.night()
    assert load.pulls == 2
    assert report["writes"] == 0
    assert report["counts"]["student"]["created"] == 0


def test_rejected_rows_are_not_counted_twice_when_pulled_again(district: District) -> None:
    """12 students and 1 bad row, read in each of two rounds."""
    MovingLoad(district.source, times=1)
    district.source.bad_rows = 1
    report = district.night("preview")
    assert report["counts"]["student"]["rejected"] == 1
    assert report["reasons"] == ["1 of 13 students cannot be read."]


def test_a_source_that_moves_every_time_is_applied_without_departures(district: District) -> None:
    load = MovingLoad(district.source, times=99)
    district.source.leave("S3")
    district.source.join("S99", "C0")
    report = district.night()
    assert load.pulls == 3
    assert report["warnings"]["source_moved"] == 1
    assert (report["counts"]["student"]["departed"], report["counts"]["student"]["created"]) == (0, 1)
    assert not district.contact("student", "S3")["inactive_since"]
    assert nonsense(district.roster) == []


def test_the_pages_after_a_marker_are_read_though_the_source_moved_every_time(district: District) -> None:
    """A marker may come with any page: giving up on a quiet source is no reason to skip the rest of a list."""
    district.source.page_size = 1
    district.source.states = [SourceState("a"), SourceState("b"), SourceState("c"), SourceState("d")]
    asked: list[tuple[str, int]] = []
    district.source.fault = lambda resource, offset: asked.append((resource, offset))
    report = district.night()
    assert report["status"] == "applied"
    assert report["warnings"]["source_moved"] == 1
    assert ("state", 3) in asked


def test_all_markers_blank_never_move(district: District) -> None:
    district.source.states = [SourceState("")]
    assert district.night()["warnings"] == {}
