"""One raw Clever row to records: what each odd field becomes, in v3 and in v2."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from roster.model import (
    JSON,
    Class,
    Enrolment,
    Person,
    Record,
    Rejected,
    Relationship,
    Remark,
    School,
    SourceState,
    Term,
)
from tests.support import function_module

normalize: Any = function_module("import_clever", "normalize")
Normalise = Callable[[JSON], Iterator[Record]]
ROLES = {"student": "student", "teacher": "teacher", "contact": "parent"}
ALL = (*ROLES, "section", "term", "school", "district")


def told(kind: str, row: JSON) -> list[Record]:
    return list(getattr(normalize, kind)({"data": row, "uri": "/v3.0/x"}))


def one(kind: str, **role: JSON) -> Person:
    """The person that a v3 row with this role becomes."""
    person = told(kind, {"id": "u1", "roles": {kind: role}})[0]
    assert isinstance(person, Person)
    return person


# -- students


def test_student() -> None:
    name = {"first": "Ada", "middle": "B", "last": "Cole"}
    role = {
        "dob": "1/16/2010",
        "grade": "5",
        "sis_id": "100",
        "student_number": 42,
        "school": "s1",
        "schools": ["s1", "s2"],
        "legacy_id": "old",
    }
    person = Person(
        "student", "u1", "Ada", "B", "Cole", "ada@x.org", "", "100", "42", "5", "", "2010-01-16", ("s1", "s2")
    )
    v3 = {"id": "u1", "email": "ada@x.org", "name": name, "roles": {"student": role}}
    assert told("student", v3) == [person]
    assert told("student", {"id": "u1", "email": "ada@x.org", "name": name, **role}) == [person]


@pytest.mark.parametrize(
    ("dob", "iso"),
    [
        ("1/16/1998", "1998-01-16"),
        ("12/3/2003", "2003-12-03"),
        ("01/06/2010", "2010-01-06"),
        ("2010-05-21", "2010-05-21"),
        ("2010-05-21T00:00:00.000Z", "2010-05-21"),
        (" 2/29/2012 ", "2012-02-29"),
    ],
)
def test_birth_dates(dob: str, iso: str) -> None:
    assert one("student", dob=dob).birth_date == iso


@pytest.mark.parametrize("dob", ["2/29/2011", "16/1/1998", "1/16/98", "0001-01-01", "unknown", "1/1/1899", 20101321])
def test_unreadable_birth_dates_are_remarked(dob: JSON) -> None:
    person, remark = told("student", {"id": "u1", "roles": {"student": {"dob": dob}}})
    assert isinstance(person, Person)
    assert person.birth_date == ""
    assert remark == Remark("birth_date_unreadable", "student", "u1")


@pytest.mark.parametrize("dob", ["", "  ", None])
def test_no_birth_date_is_no_remark(dob: JSON) -> None:
    assert told("student", {"id": "u1", "roles": {"student": {"dob": dob}}}) == [Person("student", "u1")]
    assert told("student", {"id": "u1", "roles": {"student": {}}}) == [Person("student", "u1")]


# -- people in general


@pytest.mark.parametrize("kind", ROLES)
def test_email_without_at_is_kept_and_remarked(kind: str) -> None:
    row = {"id": "u1", "email": "seth.example.org", "roles": {kind: {}}}
    person, remark = told(kind, row)
    assert isinstance(person, Person)
    assert (person.kind, person.email) == (ROLES[kind], "seth.example.org")
    assert remark == Remark("email_invalid", ROLES[kind], "u1")


@pytest.mark.parametrize("blank", ["", None, " "])
def test_email_of_the_role_fills_a_blank(blank: JSON) -> None:
    row = {"id": "u1", "email": blank, "roles": {"student": {"email": "a@x.org"}}}
    assert told("student", row) == [Person("student", "u1", email="a@x.org")]


@pytest.mark.parametrize("kind", ROLES)
@pytest.mark.parametrize("roles", [{"staff": {}}, {}, "student", []])
def test_people_of_other_roles_are_rejected(kind: str, roles: JSON) -> None:
    """Should a list forget its role filter, pupils must not become teachers."""
    assert told(kind, {"id": "u1", "roles": roles}) == [Rejected(ROLES[kind], f"not a {kind}", "u1")]


def test_one_person_in_two_roles() -> None:
    row = {"id": "u1", "roles": {"teacher": {"title": "Head"}, "staff": {"title": "Office"}}}
    assert told("teacher", row) == [Person("teacher", "u1", title="Head")]


def test_teacher_remembers_the_older_id() -> None:
    assert one("teacher", legacy_id="old").other_ids == ("old",)
    assert one("teacher", legacy_id="u1").other_ids == ()
    assert one("teacher").other_ids == ()
    assert told("teacher", {"id": "old", "teacher_number": "T1"}) == [Person("teacher", "old", number="T1")]


def test_unknown_enumerations_are_kept() -> None:
    assert one("student", grade="TransitionalKindergarten").grade == "TransitionalKindergarten"
    assert one("student", grade=13).grade == "13"


# -- parents


def test_parent_with_several_relationships() -> None:
    ties = [
        {"student": "s1", "relationship": "Parent", "type": "Parent/Guardian"},
        {"student": "s2", "relationship": "Guardian", "type": ""},
        {"student": "s3", "relationship": "Aunt/Uncle", "type": "Emergency"},
        {"student": "", "relationship": "Parent"},
        "garbage",
    ]
    role = {"student_relationships": ties, "phone": "555", "legacy_id": "old"}
    row = {"id": "p1", "name": {"last": "Conner Wisoky"}, "roles": {"contact": role}}
    assert told("contact", row) == [
        Person("parent", "p1", last="Conner Wisoky", phone="555", other_ids=("old",)),
        Relationship("p1", "s1", "Parent", "Parent/Guardian"),
        Relationship("p1", "s2", "Guardian", ""),
        Remark("emergency_contact_left_out", "parent", "p1"),
    ]


@pytest.mark.parametrize("type", ["emergency", "EMERGENCY", " Emergency "])
def test_emergency_in_any_case(type: str) -> None:
    records = told(
        "contact", {"id": "p1", "roles": {"contact": {"student_relationships": [{"student": "s", "type": type}]}}}
    )
    assert not [record for record in records if isinstance(record, Relationship)]


@pytest.mark.parametrize("type", ["Primary", "Secondary", "Family", "Other", "", "Something new"])
def test_other_types_are_parents(type: str) -> None:
    tie = {"student": "s1", "type": type}
    records = told("contact", {"id": "p1", "roles": {"contact": {"student_relationships": tie}}})
    assert records[1:] == [Relationship("p1", "s1", "", type)]


# -- sections, terms, schools, the district


def test_section() -> None:
    row = {"id": "c1", "name": "Art", "school": "s1", "term_id": "t1", "course": "k1", "subject": "arts", "period": 3}
    row |= {"teacher": "b", "teachers": ["a", "b", "c"], "students": ["x", "y", "x", "", None]}
    assert told("section", row) == [
        Class("c1", "Art", "s1", ("t1",), "k1", "arts", "3"),
        Enrolment("c1", "b", "teacher", True),
        Enrolment("c1", "a", "teacher"),
        Enrolment("c1", "c", "teacher"),
        Enrolment("c1", "x", "student"),
        Enrolment("c1", "y", "student"),
    ]


@pytest.mark.parametrize("blank", [{}, dict.fromkeys(("term_id", "teacher", "teachers", "students", "course"))])
def test_bare_section(blank: dict[str, JSON]) -> None:
    assert told("section", {"id": "c1", **blank}) == [Class("c1")]
    assert told("section", {"id": "c1", **dict.fromkeys(blank, "")}) == [Class("c1")]


def test_first_of_the_teachers_is_primary_where_none_is_named() -> None:
    assert told("section", {"id": "c1", "teachers": ["a", "b"]})[1] == Enrolment("c1", "a", "teacher", True)


def test_terms_in_both_spellings_of_dates() -> None:
    day = {"id": "t1", "name": "Y1", "start_date": "2012-08-01", "end_date": "2012-12-02"}
    times = day | {"start_date": "2012-08-01T00:00:00.000Z", "end_date": "2012-12-02T00:00:00.000Z"}
    assert told("term", day) == told("term", times) == [Term("t1", "Y1", "2012-08-01", "2012-12-02")]
    assert told("term", {"id": "t1"}) == [Term("t1")]


def test_school() -> None:
    assert told("school", {"id": "s1", "name": " Elm "}) == [School("s1", "Elm")]


@pytest.mark.parametrize(
    ("state", "trusted", "warning"),
    [
        ("running", True, ""),
        ("success", True, ""),
        ("paused", True, ""),
        ("", True, ""),
        (None, True, ""),
        ("new state", True, ""),
        ("pending", False, "district_pending"),
        ("Error", False, "district_error"),
    ],
)
def test_district(state: JSON, trusted: bool, warning: str) -> None:
    row = {"id": "d1", "state": state, "last_sync": "2026-08-03T06:00:00.000Z", "error": "free text"}
    assert told("district", row) == [SourceState("2026-08-03T06:00:00.000Z", trusted, warning)]


# -- what is no row


@pytest.mark.parametrize("kind", ALL)
def test_rows_without_an_id(kind: str) -> None:
    (rejected,) = told(kind, {"id": " ", "name": "x", "email": "someone@x.org"})
    assert isinstance(rejected, Rejected)
    assert rejected.reason == "row without an id"
    assert "someone" not in str(rejected)


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("row", [None, 5, "x", [], {}, {"data": None}, {"data": []}, {"id": "top level"}])
def test_what_is_no_record(kind: str, row: JSON) -> None:
    (rejected,) = getattr(normalize, kind)(row)
    assert isinstance(rejected, Rejected)
    assert (rejected.reason, rejected.id) == ("not a record", "")
