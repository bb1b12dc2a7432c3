"""What happens to people, classes and families from one night to the next."""

from __future__ import annotations

from typing import Any

import pytest

from roster.model import BirthDate, Class, Enrolment, Person, Relationship, Remark, replace
from tests.fakes.school import EVENT, OTHER, District, Source
from tests.fakes.sense import nonsense


@pytest.fixture
def district() -> District:
    """A school of 12 students, imported on the first night."""
    district = District(Source.small())
    report = district.night()
    assert report["status"] == "applied"
    return district


def changed(report: dict[str, Any]) -> dict[str, int]:
    """What a report counts, apart from what stayed and what is zero."""
    return {
        f"{kind} {outcome}": number
        for kind, outcomes in report["counts"].items()
        for outcome, number in outcomes.items()
        if number and outcome != "unchanged"
    }


def night(district: District, event: str = EVENT) -> dict[str, int]:
    """The next night must be applied and leave sense; what it changed."""
    district.later()
    report = district.night(event=event)
    assert report["status"] == "applied", report
    assert nonsense(district.roster) == []
    return changed(report)


def test_the_first_night_brings_everybody(district: District) -> None:
    assert sorted(district.roster.of("contact", "student")) == sorted(f"S{n}" for n in range(12))
    assert sorted(district.roster.of("contact", "parent")) == sorted(f"P-S{n}" for n in range(12))
    assert district.roster.of("class", EVENT)["C1"]["teachers"] == ["T1"]
    assert district.roster.of("schedule", EVENT)["S3"] == ["C1"]
    assert district.contact("student", "S3")["related"] == [["P-S3", "Mother", "Family"]]
    assert district.contact("parent", "P-S3")["related"] == [["S3", "Mother", "Family"]]
    assert nonsense(district.roster) == []


def test_a_repeated_night_writes_nothing(district: District) -> None:
    before = district.table()
    district.later()
    report = district.night()
    assert (report["writes"], changed(report)) == (0, {})
    assert district.table() == before


def test_a_joiner(district: District) -> None:
    district.source.join("S99", "C1")
    made = night(district)
    assert made == {"student created": 1, "parent created": 1, "enrolment created": 1, "relationship created": 1}
    assert "S99" in district.roster.of("class", EVENT)["C1"]["students"]


def test_a_joiner_costs_only_their_own_items(district: District) -> None:
    district.source.join("S99", "C1")
    assert district.night()["writes"] == 4  # the student, the parent, the schedule, the class's roster


def test_a_leaver_becomes_inactive_with_a_date_and_is_not_deleted(district: District) -> None:
    district.source.leave("S3")
    assert night(district) == {
        "student departed": 1,
        "parent departed": 1,
        "enrolment departed": 1,
        "relationship departed": 1,
    }
    left = district.contact("student", "S3")
    assert left["inactive_since"] == "2026-10-02"
    assert left["person"]["birth_date"] == "2012-04-08"
    assert district.contact("parent", "P-S3")["inactive_since"] == "2026-10-02"
    assert "S3" not in district.roster.of("schedule", EVENT)
    assert "S3" not in district.roster.of("class", EVENT)["C1"]["students"]


def test_the_date_of_leaving_stays_the_date_of_leaving(district: District) -> None:
    district.source.leave("S3")
    night(district)
    assert night(district) == {}
    assert district.contact("student", "S3")["inactive_since"] == "2026-10-02"


def test_a_returner_comes_back_as_themselves(district: District) -> None:
    before = district.table()
    district.source.leave("S3")
    night(district)
    district.source.join("S3", "C1")
    assert night(district) == {
        "student returned": 1,
        "parent returned": 1,
        "enrolment created": 1,
        "relationship created": 1,
    }
    assert district.table() == before


def test_a_student_who_is_in_no_class_any_more_has_left_the_event(district: District) -> None:
    district.source.members = [m for m in district.source.members if m.person != "S3"]
    made = night(district)
    assert made["student departed"] == made["parent departed"] == 1


def test_a_changed_email(district: District) -> None:
    district.source.change("teacher", "T0", email="new@school.example")
    assert night(district) == {"teacher updated": 1}
    assert district.contact("teacher", "T0")["person"]["email"] == "new@school.example"


def test_a_field_that_is_blank_now_is_blank_in_the_contact_too(district: District) -> None:
    district.source.change("teacher", "T0", email="")
    assert night(district) == {"teacher updated": 1}
    assert district.contact("teacher", "T0")["person"]["email"] == ""


def test_a_student_moves_class(district: District) -> None:
    district.source.move("S3", "C0")
    assert night(district) == {"enrolment created": 1, "enrolment departed": 1}
    assert district.roster.of("schedule", EVENT)["S3"] == ["C0"]
    assert "S3" in district.roster.of("class", EVENT)["C0"]["students"]
    assert "S3" not in district.roster.of("class", EVENT)["C1"]["students"]


def test_a_class_is_renamed(district: District) -> None:
    students = district.roster.of("class", EVENT)["C0"]["students"]
    district.source.change_class("C0", name="Algebra")
    assert night(district) == {"class updated": 1}
    assert district.roster.of("class", EVENT)["C0"]["info"]["name"] == "Algebra"
    assert district.roster.of("class", EVENT)["C0"]["students"] == students


def test_a_class_is_gone_and_its_people_are_elsewhere(district: District) -> None:
    for n in range(0, 12, 2):
        district.source.members.append(Enrolment("C1", f"S{n}", "student"))
    district.source.members.append(Enrolment("C1", "T0", "teacher"))
    night(district)
    district.source.drop_class("C0")
    assert night(district) == {"class departed": 1, "enrolment departed": 6}
    assert list(district.roster.of("class", EVENT)) == ["C1"]
    assert district.roster.of("schedule", EVENT)["S0"] == ["C1"]


def test_a_class_without_students_is_a_class(district: District) -> None:
    district.source.classes.append(Class("C9", "Waiting", "school-1", ("t1",)))
    district.source.members.append(Enrolment("C9", "T1", "teacher", True))
    assert night(district) == {"class created": 1}
    assert district.roster.of("class", EVENT)["C9"]["students"] == []


def test_a_class_without_a_teacher_is_imported_with_a_warning(district: District) -> None:
    district.source.members = [m for m in district.source.members if m.person != "T0"]
    district.later()
    report = district.night()
    assert report["warnings"] == {"class_without_teacher": 1}
    assert district.roster.of("class", EVENT)["C0"]["teachers"] == []


def test_a_teacher_takes_over_a_class(district: District) -> None:
    district.source.people.append(Person("teacher", "T9", "New", "Teacher"))
    district.source.members = [replace(m, person="T9") if m.person == "T0" else m for m in district.source.members]
    assert night(district) == {"teacher created": 1, "teacher departed": 1}
    assert district.roster.of("class", EVENT)["C0"]["teachers"] == ["T9"]
    assert district.contact("teacher", "T0")["inactive_since"] == "2026-10-02"


def test_the_primary_teacher_comes_first_and_the_others_by_id(district: District) -> None:
    for id in ("A-co", "Z-co"):
        district.source.people.append(Person("teacher", id, last=id))
        district.source.members.append(Enrolment("C0", id, "teacher"))
    night(district)
    assert district.roster.of("class", EVENT)["C0"]["teachers"] == ["T0", "A-co", "Z-co"]


def test_the_primary_teacher_changes_and_nothing_else(district: District) -> None:
    district.source.people.append(Person("teacher", "T9"))
    district.source.members.append(Enrolment("C0", "T9", "teacher"))
    night(district)
    swapped = [
        replace(m, primary=not m.primary) if (m.class_id, m.role) == ("C0", "teacher") else m
        for m in district.source.members
    ]
    district.source.members = swapped
    district.later()
    report = district.night()
    assert district.roster.of("class", EVENT)["C0"]["teachers"] == ["T9", "T0"]
    assert report["writes"] == 1


def test_a_teacher_who_teaches_nothing_is_not_imported(district: District) -> None:
    district.source.people.append(Person("teacher", "T9"))
    assert night(district) == {}


def test_a_parent_with_two_children(district: District) -> None:
    district.source.ties.append(Relationship("P-S3", "S4", "Mother", "Family"))
    assert night(district) == {"relationship created": 1}
    assert [tie[0] for tie in district.contact("parent", "P-S3")["related"]] == ["S3", "S4"]
    assert [tie[0] for tie in district.contact("student", "S4")["related"]] == ["P-S3", "P-S4"]


def test_siblings_keep_their_parent_when_one_of_them_leaves(district: District) -> None:
    district.source.ties.append(Relationship("P-S3", "S4", "Mother", "Family"))
    night(district)
    district.source.without("student", "S3")
    district.source.members = [m for m in district.source.members if m.person != "S3"]
    made = night(district)
    assert made == {"student departed": 1, "enrolment departed": 1, "relationship departed": 1}
    parent = district.contact("parent", "P-S3")
    assert [tie[0] for tie in parent["related"]] == ["S4"]
    assert not parent["inactive_since"]


def test_a_parent_whose_only_child_leaves_leaves_with_them(district: District) -> None:
    """The provider still lists the parent, and even the tie."""
    district.source.without("student", "S3")
    district.source.members = [m for m in district.source.members if m.person != "S3"]
    assert night(district)["parent departed"] == 1
    assert district.contact("parent", "P-S3")["inactive_since"] == "2026-10-02"


def test_a_tie_gets_other_words(district: District) -> None:
    district.source.ties = [replace(t, relation="Aunt") if t.student == "S3" else t for t in district.source.ties]
    assert night(district) == {"relationship updated": 1}
    assert district.contact("student", "S3")["related"] == [["P-S3", "Aunt", "Family"]]
    assert district.contact("parent", "P-S3")["related"] == [["S3", "Aunt", "Family"]]


def test_an_ended_tie(district: District) -> None:
    district.source.ties.append(Relationship("P-S3", "S4"))
    night(district)
    district.source.ties.pop()
    assert night(district) == {"relationship departed": 1}
    assert [tie[0] for tie in district.contact("student", "S4")["related"]] == ["P-S4"]


def test_a_blank_birth_date_never_overwrites_a_stored_one(district: District) -> None:
    district.source.change("student", "S3", birth_date="")
    assert night(district) == {}
    assert district.contact("student", "S3")["person"]["birth_date"] == "2012-04-08"


def test_a_returner_without_a_birth_date_has_the_stored_one(district: District) -> None:
    district.source.leave("S3")
    night(district)
    district.source.join("S3", "C1")
    district.source.change("student", "S3", birth_date="")
    night(district)
    assert district.contact("student", "S3")["person"]["birth_date"] == "2012-04-08"


def test_a_corrected_birth_date_replaces_the_stored_one(district: District) -> None:
    district.source.change("student", "S3", birth_date="2012-08-04")
    assert night(district) == {"student updated": 1}
    assert district.contact("student", "S3")["person"]["birth_date"] == "2012-08-04"


def school_without_birth_dates(students: int) -> District:
    district = District(Source.small(students))
    for n in range(students):
        district.source.change("student", f"S{n}", birth_date="")
    report = district.night()
    assert report["warnings"] == {"student_without_birth_date": students}
    return district


def test_birth_dates_switched_on_later_fill_every_blank_and_do_not_trip_the_guard() -> None:
    district = school_without_birth_dates(40)
    for n in range(40):
        district.source.change("student", f"S{n}", birth_date="2011-01-02")
    assert night(district) == {"student updated": 40}
    assert district.contact("student", "S7")["person"]["birth_date"] == "2011-01-02"


def test_birth_dates_that_arrive_apart_from_the_students() -> None:
    district = school_without_birth_dates(40)
    district.source.notices = [BirthDate(f"S{n}", "2011-01-02") for n in range(40)]
    assert night(district) == {"student updated": 40}
    district.source.notices = [BirthDate(f"S{n}", "") for n in range(40)]
    assert night(district) == {}
    assert district.contact("student", "S7")["person"]["birth_date"] == "2011-01-02"


def test_a_birth_date_of_nobody_is_nobodys(district: District) -> None:
    district.source.notices = [BirthDate("S-unknown", "2011-01-02")]
    assert night(district) == {}


def test_an_enrolment_of_an_unknown_person_is_left_out_with_a_warning(district: District) -> None:
    district.source.members.append(Enrolment("C0", "nobody", "student"))
    district.source.members.append(Enrolment("C0", "nobody", "teacher"))
    report = district.night()
    assert (report["warnings"], report["writes"]) == ({"dangling_enrolment": 2}, 0)
    assert nonsense(district.roster) == []


def test_an_enrolment_in_an_unknown_class_is_left_out_with_a_warning(district: District) -> None:
    district.source.members.append(Enrolment("nowhere", "S3", "student"))
    report = district.night()
    assert (report["warnings"], report["writes"]) == ({"dangling_enrolment": 1}, 0)


def test_a_tie_of_an_unknown_parent_is_left_out_with_a_warning(district: District) -> None:
    district.source.ties.append(Relationship("nobody", "S3", "Uncle"))
    report = district.night()
    assert (report["warnings"], report["writes"]) == ({"dangling_relationship": 1}, 0)


def test_a_tie_to_an_unknown_student_is_left_out_with_a_warning(district: District) -> None:
    district.source.ties.append(Relationship("P-S3", "nobody", "Uncle"))
    report = district.night()
    assert (report["warnings"], report["writes"]) == ({"dangling_relationship": 1}, 0)


def test_a_tie_to_a_student_of_another_school_is_no_oddity(district: District) -> None:
    district.source.people.append(Person("student", "S-elsewhere"))
    district.source.ties.append(Relationship("P-S3", "S-elsewhere", "Uncle"))
    report = district.night()
    assert (report["warnings"], report["writes"]) == ({}, 0)


def test_a_member_of_another_school_is_in_the_class(district: District) -> None:
    """Schools share teachers, and students visit: the enrolment decides, not the person's own school."""
    district.source.people.append(Person("student", "guest", schools=("school-2",), birth_date="2012-01-01"))
    district.source.members.append(Enrolment("C0", "guest", "student"))
    assert night(district) == {"student created": 1, "enrolment created": 1}


def test_rows_seen_twice_count_once(district: District) -> None:
    district.source.people += district.source.people[:]
    district.source.members += district.source.members[:]
    district.source.classes += district.source.classes[:]
    district.source.ties += district.source.ties[:]
    district.source.page_size = 1000
    assert night(district) == {}


def test_of_a_row_seen_twice_the_last_version_counts(district: District) -> None:
    again = next(p for p in district.source.people if p.id == "T0")
    district.source.people.append(replace(again, email="new@school.example"))
    assert night(district) == {"teacher updated": 1}
    assert district.contact("teacher", "T0")["person"]["email"] == "new@school.example"


def test_the_same_id_in_two_kinds_is_two_contacts(district: District) -> None:
    """A teacher who is a parent too: one id at the provider, two roles."""
    district.source.people.append(Person("parent", "T0", last="Both"))
    district.source.ties.append(Relationship("T0", "S3", "Father"))
    assert night(district) == {"parent created": 1, "relationship created": 1}
    assert district.contact("teacher", "T0")["person"]["last"] == "Teach0"
    assert district.contact("parent", "T0")["person"]["last"] == "Both"


def test_one_identifier_under_two_ids_is_two_contacts(district: District) -> None:
    """A number may be anybody's: who has the same one, and the same name, is somebody else all the same."""
    district.source.join("S99", "C0")
    district.source.change("student", "S99", last="Student S4", number="9S4", sis_id="9S4")
    district.source.change("student", "S4", sis_id="9S4")
    twin = next(p for p in district.source.people if (p.kind, p.id) == ("teacher", "T0"))
    district.source.people.append(replace(twin, id="T9"))
    district.source.members.append(Enrolment("C0", "T9", "teacher"))
    assert night(district)["student created"] == 1
    assert {c["person"]["number"] for c in (district.contact("student", id) for id in ("S4", "S99"))} == {"9S4"}
    assert district.roster.of("class", EVENT)["C0"]["teachers"] == ["T0", "T9"]
    assert night(district) == {}
    district.source.leave("S4")
    assert night(district)["student departed"] == 1
    assert not district.contact("student", "S99").get("inactive_since")


@pytest.mark.parametrize("id", ["a#b", "50%", "a b", "ä€😀", "x/y", "..", "'\"\\"])
def test_any_text_may_be_an_id(district: District, id: str) -> None:
    district.source.join(id, "C0")
    assert night(district)["student created"] == 1
    assert night(district) == {}
    district.source.leave(id)
    assert night(district)["student departed"] == 1


def test_remarks_are_counted_every_night_for_people_of_the_event_alone(district: District) -> None:
    district.source.notices = [Remark("email_invalid", "student", "S3"), Remark("email_invalid", "student", "S-other")]
    assert district.night()["warnings"] == {"email_invalid": 1}
    assert district.night()["warnings"] == {"email_invalid": 1}


def test_another_event_is_left_alone(district: District) -> None:
    night(district, OTHER)
    before = {name: item for name, item in district.table().items() if name[1] == OTHER}
    district.source.drop_class("C1")
    for n in range(1, 12, 2):
        district.source.members.append(Enrolment("C0", f"S{n}", "student"))
    district.later()
    district.night()
    assert {name: item for name, item in district.table().items() if name[1] == OTHER} == before


def test_the_report_says_how_the_kinds_add_up(district: District) -> None:
    district.source.leave("S3")
    district.source.join("S99", "C0")
    district.source.change("student", "S4", grade="5")
    counts = district.night()["counts"]["student"]
    assert counts == {"created": 1, "updated": 1, "unchanged": 10, "departed": 1, "returned": 0, "rejected": 0}
