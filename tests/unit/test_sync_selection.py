"""What the administrator chooses for an event: schools, terms, parents. Taking something out is no accident."""

from __future__ import annotations

from typing import Any

import pytest

from roster.model import NO_TERM, Class, Enrolment, Person, School, Selection, Term, replace
from tests.fakes.school import EVENT, OTHER, District, Source
from tests.fakes.sense import nonsense

AUTUMN = Term("t1", "Autumn", "2026-08-01", "2026-12-20")
SPRING = Term("t2", "Spring", "2027-01-05", "2027-06-10")
NONE = Term(NO_TERM, NO_TERM)


def two_terms(students: int = 24) -> District:
    """C0 in autumn at school-1, C1 in spring at school-2, C2 without a term; every student in one of them."""
    source = Source(terms=[AUTUMN, SPRING])
    homes = [("school-1", ("t1",)), ("school-2", ("t2",)), ("school-2", ())]
    for n, (school, terms) in enumerate(homes):
        source.people.append(Person("teacher", f"T{n}", last=f"Teach{n}"))
        source.classes.append(Class(f"C{n}", f"Class {n}", school, terms))
        source.members.append(Enrolment(f"C{n}", f"T{n}", "teacher", True))
    for n in range(students):
        source.join(f"S{n}", f"C{n % 3}")
    return District(source)


def imported(selection: Selection, students: int = 24) -> District:
    district = two_terms(students)
    district.select(selection)
    assert district.night()["status"] == "applied"
    district.later()
    return district


def classes(district: District, event: str = EVENT) -> list[str]:
    return sorted(district.roster.of("class", event))


def departed(report: dict[str, Any]) -> dict[str, int]:
    return {kind: outcomes["departed"] for kind, outcomes in report["counts"].items() if outcomes["departed"]}


@pytest.mark.parametrize(
    ("selection", "taken"),
    [
        (Selection(), ["C0", "C1", "C2"]),
        (Selection(schools=("school-1",)), ["C0"]),
        (Selection(schools=("school-2",)), ["C1", "C2"]),
        (Selection(schools=("school-1", "school-2")), ["C0", "C1", "C2"]),
        (Selection(terms=(AUTUMN,)), ["C0"]),
        (Selection(terms=(AUTUMN, SPRING)), ["C0", "C1"]),
        (Selection(terms=(NONE,)), ["C2"]),
        (Selection(terms=(SPRING, NONE)), ["C1", "C2"]),
        (Selection(schools=("school-2",), terms=(SPRING,)), ["C1"]),
        (Selection(schools=("school-1",), terms=(SPRING,)), []),
    ],
)
def test_an_event_takes_the_classes_of_its_schools_and_terms(selection: Selection, taken: list[str]) -> None:
    district = two_terms()
    district.select(selection)
    assert district.night()["status"] == "applied"
    assert classes(district) == taken
    expected = {f"S{n}" for n in range(24) if f"C{n % 3}" in taken}
    assert set(district.roster.of("contact", "student")) == expected
    assert set(district.roster.of("contact", "parent")) == {f"P-{student}" for student in expected}


def test_a_class_of_several_terms_is_taken_for_any_of_them() -> None:
    district = two_terms()
    district.source.change_class("C0", terms=("t0", "t2"))
    district.select(Selection(terms=(SPRING,)))
    district.night()
    assert classes(district) == ["C0", "C1"]


def test_deselecting_a_term_removes_its_people_without_tripping_the_guard() -> None:
    district = imported(Selection(terms=(AUTUMN, SPRING)), 45)
    district.select(Selection(terms=(SPRING,)))
    report = district.night()
    assert (report["status"], report["reasons"]) == ("applied", [])
    gone = {"student": 15, "teacher": 1, "parent": 15, "class": 1, "enrolment": 15, "relationship": 15}
    assert departed(report) == gone
    assert classes(district) == ["C1"]
    assert district.contact("student", "S0")["inactive_since"] == "2026-10-02"
    assert nonsense(district.roster) == []


def test_deselecting_a_school_removes_its_people_without_tripping_the_guard() -> None:
    district = imported(Selection(), 45)
    district.select(Selection(schools=("school-1",)))
    report = district.night()
    assert report["status"] == "applied"
    assert departed(report)["student"] == 30
    assert classes(district) == ["C0"]
    assert nonsense(district.roster) == []


def test_selecting_again_brings_everybody_back_as_themselves() -> None:
    district = imported(Selection())
    before = district.table()
    district.select(Selection(schools=("school-1",)))
    district.night()
    district.select(Selection())
    assert district.night()["counts"]["student"]["returned"] == 16
    assert district.table() == before


def test_deselecting_does_not_excuse_those_who_vanish_in_the_same_night() -> None:
    """15 students go with the autumn term; the provider loses another 12 of the spring term."""
    district = imported(Selection(terms=(AUTUMN, SPRING)), 45)
    for n in range(1, 37, 3):
        district.source.leave(f"S{n}")
    district.select(Selection(terms=(SPRING,)))
    report = district.night()
    assert report["status"] == "held"
    assert "12 of 15 students would leave." in report["reasons"]


def test_deselecting_does_not_excuse_that_all_the_others_vanish() -> None:
    """A small school: the floor of ten must not let a kind that had rows end with none."""
    district = imported(Selection(terms=(AUTUMN, SPRING)), 9)
    district.source.drop_class("C1")
    district.select(Selection(terms=(SPRING,)))
    report = district.night()
    assert report["status"] == "held"
    assert "All 3 students would leave." in report["reasons"]


def test_a_person_of_both_terms_stays_when_one_is_deselected() -> None:
    district = two_terms()
    district.source.members.append(Enrolment("C1", "S0", "student"))
    district.select(Selection(terms=(AUTUMN, SPRING)))
    district.night()
    district.select(Selection(terms=(SPRING,)))
    district.night()
    assert district.roster.of("schedule", EVENT)["S0"] == ["C1"]
    assert not district.contact("student", "S0")["inactive_since"]
    assert not district.contact("parent", "P-S0")["inactive_since"]


def test_a_deselected_class_goes_although_the_source_is_not_to_be_trusted() -> None:
    """What the administrator takes out goes; what the provider fails to show stays."""
    from roster.model import SourceState

    district = imported(Selection(terms=(AUTUMN, SPRING)))
    district.source.states = [SourceState("", False, "pending")]
    district.select(Selection(terms=(SPRING,)))
    assert district.night()["status"] == "applied"
    assert classes(district) == ["C1"]
    assert nonsense(district.roster) == []
    district.source.states = []
    report = district.night()
    assert (report["status"], departed(report)) == ("applied", {})


def test_a_class_that_the_provider_moves_out_of_the_chosen_term_is_not_excused() -> None:
    district = imported(Selection(terms=(AUTUMN,)), 45)
    district.source.change_class("C0", terms=("t2",))
    report = district.night()
    assert report["status"] == "held"
    assert "All 15 students would leave." in report["reasons"]


def test_a_term_that_vanished_holds_the_run() -> None:
    district = imported(Selection(terms=(AUTUMN, SPRING)))
    before = district.table()
    district.source.terms = [AUTUMN]
    report = district.night()
    assert report["status"] == "held"
    assert report["reasons"][0] == "The chosen term “Spring” no longer exists."
    assert district.table() == before


def test_a_vanished_term_does_not_turn_into_every_term() -> None:
    district = imported(Selection(terms=(SPRING,)))
    district.source.terms = [AUTUMN]
    report = district.night("preview")
    assert report["counts"]["class"]["created"] == 0


def renewed(district: District, term: Term, id: str) -> None:
    """The provider drops the term and makes it anew; its classes follow."""
    district.source.terms = [replace(t, id=id) if t.id == term.id else t for t in district.source.terms]
    for found in list(district.source.classes):
        terms = tuple(id if t == term.id else t for t in found.terms)
        district.source.change_class(found.id, terms=terms)


def test_a_term_made_anew_under_another_id_is_found_again() -> None:
    district = imported(Selection(terms=(AUTUMN,)))
    renewed(district, AUTUMN, "t9")
    report = district.night()
    assert (report["status"], departed(report)) == ("applied", {})
    assert report["counts"]["class"]["updated"] == 1
    assert classes(district) == ["C0"]
    assert district.records.events[EVENT].selection["terms"][0]["id"] == "t9"
    assert district.night()["writes"] == 0


def many_classes(number: int = 30) -> District:
    source = Source(terms=[AUTUMN, SPRING])
    source.people.append(Person("teacher", "T0"))
    for n in range(number):
        source.classes.append(Class(f"C{n}", f"Class {n}", "school-1", ("t1",)))
        source.members.append(Enrolment(f"C{n}", "T0", "teacher", True))
        source.join(f"S{n}", f"C{n}")
    district = District(source)
    district.select(Selection(terms=(AUTUMN,)))
    assert district.night()["status"] == "applied"
    return district


def test_a_term_made_anew_touches_every_class_and_does_not_trip_the_guard() -> None:
    district = many_classes()
    renewed(district, AUTUMN, "t9")
    report = district.night()
    assert (report["status"], report["reasons"]) == ("applied", [])
    assert report["counts"]["class"]["updated"] == 30


def test_a_term_made_anew_with_other_changes_to_its_classes_counts() -> None:
    district = many_classes()
    renewed(district, AUTUMN, "t9")
    for n in range(30):
        district.source.change_class(f"C{n}", name="?")
    assert district.night()["reasons"] == ["30 of 30 classes would change."]


def test_a_term_made_anew_does_not_excuse_classes_that_vanish_with_it() -> None:
    district = many_classes()
    renewed(district, AUTUMN, "t9")
    for n in range(30):
        district.source.drop_class(f"C{n}")
    report = district.night()
    assert report["status"] == "held"
    assert "All 30 classes would leave." in report["reasons"]


def test_a_term_made_anew_twice_over_is_not_guessed_at() -> None:
    district = imported(Selection(terms=(AUTUMN,)))
    district.source.terms = [replace(AUTUMN, id="t8"), replace(AUTUMN, id="t9"), SPRING]
    assert district.night()["status"] == "held"


def test_a_term_with_other_dates_and_another_id_is_another_term() -> None:
    district = imported(Selection(terms=(AUTUMN,)))
    district.source.terms = [replace(AUTUMN, id="t9", end="2026-12-21"), SPRING]
    assert district.night()["reasons"][0] == "The chosen term “Autumn” no longer exists."


def test_a_term_renamed_under_its_old_id_is_the_same_term() -> None:
    district = imported(Selection(terms=(AUTUMN,)))
    district.source.terms = [replace(AUTUMN, name="Fall"), SPRING]
    assert district.night()["status"] == "applied"
    assert district.records.events[EVENT].selection["terms"][0]["name"] == "Fall"


def test_switching_parents_off_leaves_them_as_they_are() -> None:
    district = imported(Selection())
    before = district.table()
    district.source.ties.clear()
    district.select(Selection(contacts=False))
    report = district.night()
    assert (report["status"], report["writes"]) == ("applied", 0)
    assert report["counts"]["parent"]["unchanged"] == 24
    assert report["counts"]["relationship"]["unchanged"] == 24
    assert district.table() == before


def test_parents_are_not_asked_for_when_they_are_switched_off() -> None:
    district = two_terms()
    asked: list[str] = []
    district.source.fault = lambda resource, offset: asked.append(resource)
    district.select(Selection(contacts=False))
    district.night()
    assert "parents" not in asked
    assert district.roster.of("contact", "parent") == {}


def test_a_joiner_without_parents_gets_them_when_they_are_switched_on() -> None:
    district = imported(Selection(contacts=False))
    district.select(Selection())
    report = district.night()
    assert report["counts"]["parent"]["created"] == 24
    assert district.contact("student", "S0")["related"] == [["P-S0", "Mother", "Family"]]
    assert nonsense(district.roster) == []


def test_refused_parents_stay_as_they_are_with_a_warning_that_helps() -> None:
    district = imported(Selection())
    before = district.table()
    district.source.shows_parents = False
    report = district.night()
    assert (report["status"], report["writes"], report["warnings"]) == ("applied", 0, {"not_shared": 1})
    assert report["help"]["not_shared"].endswith("open not_shared.")
    assert district.table() == before


def test_parents_refused_in_the_middle_of_their_list_stay_as_they_are() -> None:
    from roster.ports import Answer

    district = imported(Selection())
    before = district.table()
    district.source.ties.clear()
    district.source.fault = lambda resource, offset: Answer(403, {}) if (resource, offset) == ("parents", 8) else None
    report = district.night()
    assert (report["writes"], report["warnings"]) == (0, {"not_shared": 1})
    assert district.table() == before


def test_refused_parents_come_back() -> None:
    district = imported(Selection())
    district.source.shows_parents = False
    district.night()
    district.source.leave("S3")
    district.source.shows_parents = True
    report = district.night()
    assert departed(report) == {"student": 1, "parent": 1, "enrolment": 1, "relationship": 1}
    assert nonsense(district.roster) == []


def test_each_event_has_its_own_selection() -> None:
    district = two_terms()
    district.select(Selection(terms=(AUTUMN,)), EVENT)
    district.select(Selection(terms=(SPRING,)), OTHER)
    district.night(event=EVENT)
    district.night(event=OTHER)
    assert (classes(district, EVENT), classes(district, OTHER)) == (["C0"], ["C1"])
    assert nonsense(district.roster) == []


def test_classes_without_a_term_are_not_left_out_in_silence() -> None:
    district = two_terms()
    district.select(Selection(terms=(AUTUMN,)))
    assert district.night()["warnings"]["class_without_term"] == 1
    district.select(Selection(terms=(AUTUMN, NONE)))
    assert "class_without_term" not in district.night()["warnings"]
    district.select(Selection(schools=("school-1",), terms=(AUTUMN,)))
    assert "class_without_term" not in district.night()["warnings"], "it is another school's"


def test_a_school_that_the_provider_does_not_know_empties_nothing() -> None:
    """A mistyped id deselects everybody: what was deselected may leave, so only the guard stands in between."""
    district = imported(Selection())
    district.source.terms += [School("school-1", "First"), School("school-2", "Second")]
    before = district.roster.items.copy()
    district.select(Selection(schools=("school-3",)))
    report = district.night()
    assert (report["status"], report["reasons"][0]) == ("held", "The chosen school “school-3” no longer exists.")
    assert report["warnings"]["school_vanished"] == 1
    assert district.roster.items == before
    district.select(Selection(schools=("school-2",)))
    assert district.night()["status"] == "applied"


def test_a_choice_that_would_leave_nobody_is_held() -> None:
    district = imported(Selection())
    district.select(Selection(schools=("school-1",), terms=(SPRING,)))
    report = district.night()
    assert (report["status"], report["reasons"][0]) == ("held", "All 24 students would leave.")
