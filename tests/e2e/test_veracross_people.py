"""Who is in a class of a Veracross school, who teaches it, and which adults belong to a student."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from local.sandbox.veracross_conduct import Conduct
from local.sandbox.veracross_school import VeracrossSchool as Source
from local.stack import Stack
from tests.e2e.toolkit import Evidence, moved
from tests.e2e.veracross import Open, VeracrossSchool, odd, pupils, schools, stored, today, truth

Row = dict[str, Any]


@pytest.fixture(scope="module")
def open_veracross(stack: Stack, evidence: Evidence) -> Iterator[Open]:
    with schools(stack, evidence) as open_one:
        yield open_one


@pytest.fixture
def school(open_veracross: Open) -> VeracrossSchool:
    """Twenty students, and most of what is odd at a Veracross school."""
    return open_veracross()


# -- who is in a class, and who teaches it


def under_way(source: Source, internal_class: int) -> None:
    """Whenever this test runs, the class began some weeks ago and goes on for some."""
    active, weeks = source.values.code("class_status", "Active"), timedelta(weeks=9)
    dates = {"begin_date": str(today() - weeks), "end_date": str(today() + weeks)}
    source.edit("classes", internal_class, status=active, **dates)
    for row in [r for r in source.rows("enrollments") if r["internal_class_id"] == internal_class]:
        left = bool(row["date_withdrawn"])
        source.edit("enrollments", row["id"], class_status=active, currently_enrolled=not left)


@pytest.mark.parametrize("reported", ["in order", "the old row last"])
def test_who_withdrew_and_came_back_is_in_class_once(reported: str, school: VeracrossSchool) -> None:
    """Two rows for one student and class. In which order Veracross tells them, nobody says."""
    source = school.source
    back = source.tables["enrollments"].rows[odd(source, "withdrawn and re-enrolled")]
    internal_class, student = back["internal_class_id"], back["person_id"]
    both = (r for r in source.rows("enrollments") if r["internal_class_id"] == internal_class)
    rows = [row for row in both if row["person_id"] == student]
    assert [bool(row["date_withdrawn"]) for row in rows] == [True, False]
    under_way(source, internal_class)
    if reported != "in order":
        old = source.remove("enrollments", rows[0]["id"])[0][1]
        source.tables["enrollments"].put(old | {"id": source.new_id()})
    school.applied()
    assert list(school.classes()[str(internal_class)].students).count(str(student)) == 1
    assert stored(school) == truth(source)


def test_withdrawals_and_late_enrolments_count_from_their_day(school: VeracrossSchool) -> None:
    source = school.source
    internal_class = source.tables["enrollments"].rows[odd(source, "late enrolment")]["internal_class_id"]
    under_way(source, internal_class)
    there = [s for s in pupils(source) if internal_class not in source.classes_of(s)]
    stays, late, soon, left, leaves = there[:5]
    source.enrol(internal_class, stays)
    source.enrol(internal_class, late, today() - timedelta(1))
    source.enrol(internal_class, soon, today() + timedelta(9))
    for student, day in ((left, -1), (leaves, 9)):
        source.enrol(internal_class, student)
        source.withdraw(internal_class, student, today() + timedelta(day))
    school.applied()
    roll = set(school.classes()[str(internal_class)].students)
    assert {str(stays), str(late), str(leaves)} <= roll
    assert roll.isdisjoint({str(soon), str(left)})
    assert ("student", str(left)) in school.contacts(), "they are in other classes still"
    assert stored(school) == truth(source)


def test_a_teacher_who_is_a_parent_is_two_contacts_with_one_id(school: VeracrossSchool) -> None:
    """What is known of the one must never turn up at the other."""
    source = school.source
    person = odd(source, "teacher who is a parent")
    class_ids = [row["id"] for row in source.rows("classes")][:2]
    for id in class_ids:
        source.set_teacher(id, person)
    school.applied()
    both = {kind: school.contacts()[kind, str(person)] for kind in ("teacher", "parent")}
    row: dict[str, Any] = source.tables["staff_faculty"].rows[person]
    for contact in both.values():
        assert (contact.last, contact.email, contact.username) == (row["last_name"], row["email_1"], row["username"])
    assert (both["teacher"].title, both["parent"].title) == ("Teacher", None)
    assert (both["teacher"].level, both["parent"].level) == ("Appointment Viewer", "Customer")
    assert not both["teacher"].related
    assert {tie[0] for tie in both["parent"].related} == {s for p, s in truth(source).ties if p == str(person)}
    for id in class_ids:
        source.set_teacher(id, None)
    for id in [row["id"] for row in source.rows("classes") if row["primary_teacher_id"] == person]:
        source.set_teacher(id, None)
    school.applied()
    assert school.contacts()["teacher", str(person)].inactive_since
    assert not school.contacts()["parent", str(person)].inactive_since


def test_a_teacher_who_left_is_a_name_only_and_said(school: VeracrossSchool) -> None:
    report, source = school.applied(), school.source
    left = {id for id in truth(source).teachers if int(id) not in source.tables["staff_faculty"].rows}
    assert report["warnings"]["person_not_shared"] == len(left) > 0
    assert "Primary Teacher" in report["help"]["person_not_shared"]
    for row in (r for r in source.rows("classes") if str(r["primary_teacher_id"]) in left):
        contact = school.contacts()["teacher", str(row["primary_teacher_id"])]
        assert (contact.last, contact.email) == (row["primary_teacher_name"], None)


def test_a_class_without_a_teacher_is_there_and_said(school: VeracrossSchool) -> None:
    source = school.source
    taught = next(row["id"] for row in source.rows("classes") if row["primary_teacher_id"])
    before = school.applied()["warnings"]["class_without_teacher"]
    source.set_teacher(taught, None)
    report = school.applied()
    assert report["warnings"]["class_without_teacher"] == before + 1
    assert not school.classes()[str(taught)].teachers
    assert stored(school) == truth(source)


# -- whose parents they are (policy matrix of §5.4)

ODD_TIES = {
    "custody without portal access": {"portal_or_custody", "custody_only", "any_parent"},
    "portal access without custody": {"portal_or_custody", "portal_only", "any_parent"},
    "step-parent without custody": {"any_parent"},
    "grandparent with portal access": set[str](),  # in no list of Veracross'
}


def row_about(source: Source, name: str) -> Row:
    return source.tables["relationships"].rows[odd(source, name)]


def mirror_of(source: Source, row: Row) -> Row:
    ends = row["related_person_id"], row["person_id"]
    return next(r for r in source.rows("relationships") if (r["person_id"], r["related_person_id"]) == ends)


def tie_of(row: Row) -> tuple[str, str]:
    return str(row["related_person_id"]), str(row["person_id"])


def dies(source: Source, parent: int) -> None:
    source.edit("parents", parent, _deceased=True)
    for row in source.rows("relationships"):
        if row["related_person_id"] == parent:
            source.edit("relationships", row["id"], related_person_is_deceased=True)


@pytest.mark.parametrize("policy", ["portal_or_custody", "portal_only", "custody_only", "any_parent"])
def test_the_policy_says_who_is_a_parent(policy: str, school: VeracrossSchool) -> None:
    source = school.source
    dead = plain_tie(source)
    dies(source, int(dead[0]))
    school.choose(policy=policy)
    report = school.applied()
    assert report["counts"]["relationship"]["created"] == len(stored(school).ties)
    assert stored(school) == truth(source, policy=policy)
    for name, policies in ODD_TIES.items():
        assert (tie_of(row_about(source, name)) in stored(school).ties) is (policy in policies), name
    assert dead not in stored(school).ties
    child = str(odd(source, "divorced parents"))
    homes = {source.tables["parents"].rows[int(p)]["household_id"] for p, s in stored(school).ties if s == child}
    assert len(homes) == 2, "a household says nothing"


def plain_tie(source: Source) -> tuple[str, str]:
    """A parent with all rights, and a student who is in a class."""
    there = truth(source).ties
    rows = (r for r in source.rows("relationships") if r["resident"] and r["legal_custody"])
    return next(tie_of(r) for r in rows if tie_of(r) in there)


def test_rows_of_both_sides_are_one_tie_with_the_parents_label(school: VeracrossSchool) -> None:
    report, source = school.applied(), school.source
    labels = {tie_of(r): source.values.label("relationship", r["relationship"]) for r in source.rows("relationships")}
    for (kind, id), contact in school.contacts().items():
        others = [tie[0] for tie in contact.related or ()]
        assert len(others) == len(set(others))
        for other, label, _ in contact.related or ():
            assert label == labels[(other, id) if kind == "student" else (id, other)]
    assert "relationship_one_sided" not in report["warnings"]


def test_a_grandparent_without_the_parent_role_is_reported(school: VeracrossSchool) -> None:
    report, source = school.applied(), school.source
    rows = [source.tables["relationships"].rows[id] for id in source.odd["grandparent with portal access"]]
    lost = [row for row in rows if row["person_id"] in pupils(source)]
    assert report["warnings"]["dangling_relationship"] == len(lost) > 0
    assert "Parent role" in report["help"]["dangling_relationship"]
    assert not [row for row in lost if ("parent", str(row["related_person_id"])) in school.contacts()]


def test_what_only_the_parents_row_grants_is_linked_and_said(school: VeracrossSchool) -> None:
    source = school.source
    parent, student = plain_tie(source)
    row = next(r for r in source.rows("relationships") if tie_of(r) == (parent, student))
    mirror = mirror_of(source, row)
    source.remove("relationships", row["id"])
    source.edit("relationships", mirror["id"], legal_custody=True, parent_portal_access=True)
    report = school.applied()
    assert (parent, student) in stored(school).ties
    assert report["warnings"]["relationship_one_sided"] == 1
    assert "Relationships" in report["help"]["relationship_one_sided"]
    source.edit("relationships", mirror["id"], legal_custody=False, parent_portal_access=False)
    school.applied()
    assert (parent, student) not in stored(school).ties, "nobody grants it"


def test_the_students_row_decides_whatever_the_parents_row_says(school: VeracrossSchool) -> None:
    source = school.source
    row = row_about(source, "step-parent without custody")
    source.edit("relationships", mirror_of(source, row)["id"], legal_custody=True, parent_portal_access=True)
    school.applied()
    assert stored(school) == truth(source)
    assert tie_of(row) not in stored(school).ties


def test_custody_that_is_taken_away_ends_the_tie(school: VeracrossSchool) -> None:
    school.applied()
    parent, student = plain_tie(school.source)
    row = next(r for r in school.source.rows("relationships") if tie_of(r) == (parent, student))
    school.source.edit("relationships", row["id"], legal_custody=False, parent_portal_access=False)
    report = school.applied()
    assert report["counts"]["relationship"]["departed"] == 1
    assert stored(school) == truth(school.source)
    school.source.edit("relationships", row["id"], legal_custody=True)
    assert moved(school.applied(), "created") == {"created": 1}
    assert stored(school) == truth(school.source)


def test_an_older_veracross_does_not_say_who_died(school: VeracrossSchool) -> None:
    """Then it is only that the dead are not among the parents: reported, and never let in."""
    parent, student = plain_tie(school.source)
    dies(school.source, int(parent))
    school.sandbox.conduct = Conduct.named("older_api")
    report = school.applied()
    assert (parent, student) not in stored(school).ties
    assert ("parent", parent) not in school.contacts()
    assert report["warnings"]["dangling_relationship"] >= 2
