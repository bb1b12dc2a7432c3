"""Providers that say a thing twice, by halves, or in a row of its own: ties, birth dates, people without a row."""

from __future__ import annotations

import dataclasses
from itertools import permutations

import pytest

from roster.model import BirthDate, Enrolment, Person, Relationship, replace
from roster.ports import Answer
from tests.fakes.school import EVENT, HELP, District, Source, page
from tests.fakes.sense import nonsense

BOTH = [Relationship("P-S1", "S1", "Mother", side="student"), Relationship("P-S1", "S1", side="parent")]


def after(source: Source) -> District:
    district = District(source)
    assert district.night()["status"] == "applied"
    assert nonsense(district.roster) == []
    return district


def report(district: District) -> dict[str, object]:
    district.later()
    told = district.night()
    assert told["status"] == "applied"
    return told


def tied(ties: list[Relationship]) -> tuple[list[str], dict[str, int]]:
    """S1's parents, and the warnings, when the source says these ties of S1 and P-S1."""
    source = Source.small()
    source.ties = [tie for tie in source.ties if tie.student != "S1"] + ties
    district = District(source)
    told = district.night()
    assert nonsense(district.roster) == []
    return [tie[0] for tie in district.contact("student", "S1").get("related") or []], told["warnings"]


@pytest.mark.parametrize("ties", list(permutations(BOTH)))
def test_a_tie_told_from_both_sides_is_one_tie(ties: tuple[Relationship, ...]) -> None:
    assert tied(list(ties)) == (["P-S1"], {})


@pytest.mark.parametrize("ties", [BOTH[:1], BOTH[1:]])
def test_a_tie_told_from_one_side_counts_and_is_said(ties: list[Relationship]) -> None:
    assert tied(ties) == (["P-S1"], {"relationship_one_sided": 1})


@pytest.mark.parametrize("order", list(permutations(range(2))))
def test_the_students_row_decides(order: tuple[int, ...]) -> None:
    refused = [replace(BOTH[0], refused=True), BOTH[1]]
    assert tied([refused[n] for n in order]) == ([], {})
    allowed = [BOTH[0], replace(BOTH[1], refused=True)]
    assert tied([allowed[n] for n in order]) == (["P-S1"], {})


@pytest.mark.parametrize("order", [1, -1])
def test_two_rows_of_one_side(order: int) -> None:
    """The mother who is also the child's physician is the mother."""
    rows = [BOTH[0], Relationship("P-S1", "S1", "Physician", side="student", refused=True), BOTH[1]]
    assert tied(rows[::order]) == (["P-S1"], {})


def test_a_refused_tie_alone_is_none() -> None:
    assert tied([replace(BOTH[1], refused=True)]) == ([], {})


def test_ties_that_dangle() -> None:
    """A parent whom the provider does not show; a student whom it does not show; two strangers."""
    ties = [
        *BOTH,
        Relationship("grandmother", "S1", side="student"),
        Relationship("P-S1", "sister", side="parent"),
        Relationship("S1", "P-S1", side="student"),  # the same row read the other way round
    ]
    assert tied(ties) == (["P-S1"], {"dangling_relationship": 2})


def test_a_birth_date_in_a_row_of_its_own() -> None:
    source = Source.small()
    for n in range(12):
        source.change("student", f"S{n}", birth_date="")
    source.notices = [BirthDate(f"S{n}", f"2012-04-{n + 1:02d}") for n in range(11)]
    district = District(source)
    told = district.night()
    assert district.contact("student", "S3")["person"]["birth_date"] == "2012-04-04"
    assert told["security_values"] == {"state": "partial", "students": 12, "missing": 1, "help": ""}


def test_birth_dates_that_are_shown_later_fill_the_blanks_and_blanks_keep_them() -> None:
    source = Source.small()
    for n in range(12):
        source.change("student", f"S{n}", birth_date="")
    district = District(source)
    assert district.night()["security_values"]["state"] == "empty"
    names = set(district.roster.items)
    source.notices = [BirthDate(f"S{n}", "2012-04-08") for n in range(12)]
    told = report(district)
    assert told["security_values"] == {"state": "full", "students": 12, "missing": 0, "help": ""}
    assert (told["counts"]["student"]["created"], told["counts"]["student"]["updated"]) == (0, 12)
    assert set(district.roster.items) == names
    source.notices = []
    told = report(district)
    assert told["security_values"] == {
        "state": "empty",
        "students": 12,
        "missing": 0,
        "help": HELP["security_values_empty"],
    }
    assert (told["writes"], district.contact("student", "S3")["person"]["birth_date"]) == (0, "2012-04-08")


def test_without_students_nothing_is_said_to_be_missing() -> None:
    assert District(Source()).night()["security_values"]["missing"] == 0


def test_no_parent_at_all_is_said_but_not_where_they_are_not_wanted() -> None:
    source = Source.small()
    source.people = [person for person in source.people if person.kind != "parent"]
    source.ties = []
    assert District(source).night()["warnings"]["parents_missing"] == 1
    source.shows_parents = False
    told = District(source).night()
    assert "parents_missing" not in told["warnings"]
    assert told["warnings"]["not_shared"] == 1


@pytest.mark.parametrize("first", [True, False])
def test_a_teacher_who_is_only_mentioned(first: bool) -> None:
    """Whoever has a row of their own is told by it, whichever comes first."""
    source = Source.small()
    stub = Person("teacher", "T1", last="T. Each", partial=True)
    source.people = [stub, *source.people] if first else [*source.people, stub]
    source.people.append(Person("teacher", "gone", last="Mr Gone", partial=True))
    source.members.append(Enrolment("C1", "gone", "teacher"))
    district = District(source)
    assert district.night()["warnings"] == {"person_not_shared": 1}
    assert district.contact("teacher", "T1")["person"]["email"] == "t1@school.example"
    assert district.contact("teacher", "gone")["person"]["last"] == "Mr Gone"
    assert district.roster.of("class", EVENT)["C1"]["teachers"] == ["T1", "gone"]


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("again", [Enrolment("C1", "S1", "student", begin=day) for day in ("2026-09-20", "")])
def test_who_left_a_class_and_came_back_is_in_it_once(again: Enrolment, order: int) -> None:
    source = Source.small()
    source.members = [m for m in source.members if m.person != "S1"]
    source.members += [Enrolment("C1", "S1", "student", end="2026-09-10"), again][::order]
    district = after(source)
    assert district.roster.of("class", EVENT)["C1"]["students"].count("S1") == 1
    assert district.roster.of("schedule", EVENT)["S1"] == ["C1"]


def test_who_has_not_come_yet_and_who_has_left_is_not_in_class() -> None:
    source = Source.small()
    source.members = [m for m in source.members if m.person not in ("S1", "S3")]
    source.members.append(Enrolment("C1", "S1", "student", begin="2026-10-02"))
    source.members.append(Enrolment("C1", "S3", "student", end="2026-10-02"))
    district = after(source)
    assert district.roster.of("class", EVENT)["C1"]["students"] == ["S11", "S3", "S5", "S7", "S9"]
    told = report(district)
    assert (told["counts"]["student"]["created"], told["counts"]["student"]["departed"]) == (1, 1)
    assert "S1" in district.roster.of("class", EVENT)["C1"]["students"]


@pytest.mark.parametrize(("promised", "trusted"), [(9, True), (10, False), (1, True)])
def test_fewer_rows_than_promised_remove_nobody(promised: int, trusted: bool) -> None:
    """More than promised is a mistake of the promise."""
    district = after(Source.small())
    district.source.leave("S1")
    district.source.leave("S3")
    district.source.bad_rows = 0
    district.source.promised = {"students": promised + 1}
    told = report(district)
    assert ("source_incomplete" in told["warnings"]) is not trusted
    assert (told["counts"]["student"]["departed"] == 2) is trusted


@pytest.mark.parametrize("seconds", [900.0, 0.0])
@pytest.mark.parametrize("promised", [None, 12])
def test_a_row_that_comes_twice_may_stand_for_one_that_never_came(seconds: float, promised: int | None) -> None:
    """Between two pages, or two turns of a pull, the provider's order changes: S4 again, and S0 not at all."""
    district = after(Source.small())
    district.source.shifting, district.left = True, lambda: seconds
    if promised:
        district.source.promised = {"students": promised}
    honest = district.source.rows("students")

    def shuffled(resource: str, offset: int) -> Answer | None:
        if (resource, offset) != ("students", 4):
            return None
        return dataclasses.replace(page([*honest[4:7], honest[3]], "students/8"), headers={})

    district.source.people = [p for p in district.source.people if p.id != "S7"]
    district.source.fault = shuffled
    told = report(district)
    assert told["warnings"]["source_incomplete"] >= 1
    assert told["counts"]["student"]["departed"] == 0


def test_long_pulls_whose_rows_come_once_remove_who_is_gone() -> None:
    district = after(Source.small())
    district.source.shifting, district.left = True, lambda: 0.0
    district.source.leave("S1")
    told = report(district)
    assert (told["warnings"], told["counts"]["student"]["departed"]) == ({}, 1)


@pytest.mark.parametrize("listed", ["T1", "nobody"])
def test_whoever_is_only_mentioned_now_stays_as_they_were(listed: str) -> None:
    source = Source.small()
    source.people.append(Person("teacher", "T1", last="T. Each", partial=True))
    district = after(source)
    before = district.contact("teacher", "T1")
    if listed == "nobody":
        source.people = [p for p in source.people if (p.kind, p.id, p.partial) != ("teacher", "T1", False)]
    told = report(district)
    assert district.contact("teacher", "T1") == before
    assert told["warnings"] == ({"person_not_shared": 1} if listed == "nobody" else {})
    assert told["writes"] == 0


def test_a_birth_date_that_is_still_to_come_is_none() -> None:
    source = Source.small()
    source.change("student", "S1", birth_date="2062-04-08")
    district = District(source)
    told = district.night()
    assert told["warnings"] == {"birth_date_unreadable": 1, "student_without_birth_date": 1}
    assert district.contact("student", "S1")["person"]["birth_date"] == ""


def test_terms_that_are_over_are_said() -> None:
    source = Source.small()
    district = District(source)
    district.later(100)
    told = district.night()
    assert (told["status"], told["warnings"]) == ("applied", {"no_current_term": 1})


def test_a_total_that_changes_while_we_read_begins_anew() -> None:
    district = after(Source.small())
    asked = []

    def moving(resource: str, offset: int) -> None:
        if resource == "students":
            asked.append(offset)
            district.source.promised = {"students": 12 if len(asked) < 2 else 11}
            if len(asked) == 2:
                district.source.leave("S11")

    district.source.fault = moving
    told = report(district)
    assert asked == [0, 4, 0, 4, 8]
    assert (told["warnings"], told["counts"]["student"]["departed"]) == ({}, 1)
