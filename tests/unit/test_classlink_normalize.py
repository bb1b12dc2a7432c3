"""One raw OneRoster row to records: what each odd field becomes, in 1.1, in 1.2 and in what lies between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from roster.model import (
    JSON,
    BirthDate,
    Class,
    Enrolment,
    Person,
    Record,
    Rejected,
    Relationship,
    Remark,
    School,
    Term,
    Within,
)
from tests.support import function_module

normalize: Any = function_module("import_classlink", "normalize")
KINDS = {
    "org": "school",
    "session": "term",
    "section": "class",
    "user": "student",
    "user_without_parents": "student",
    "enrolment": "enrolment",
    "demographics": "student",
}
PARENTAL = {"parent", "guardian", "relative"}
NORMALISE: dict[str, Any] = {
    **{kind: getattr(normalize, kind) for kind in KINDS if not kind.startswith("user")},
    "user": normalize.users(PARENTAL),
    "user_without_parents": normalize.users(set()),
}
# A row of each that gives records, and the least of them.
WHOLE: dict[str, dict[str, JSON]] = {
    "org": {"type": "school"},
    "session": {},
    "section": {},
    "user": {"role": "student"},
    "user_without_parents": {"role": "student"},
    "enrolment": {"class": {"sourcedId": "c"}, "user": {"sourcedId": "u"}, "role": "student"},
    "demographics": {"birthDate": "2012-03-04"},
}


def told(kind: str, id: JSON = "x1", **row: JSON) -> list[Record]:
    return list(NORMALISE[kind]({"sourcedId": id, "status": "active", **row}))


def ref(id: JSON, **more: JSON) -> dict[str, JSON]:
    return {"href": "https://elsewhere.example/users/other", "sourcedId": id, "type": "wrong", **more}


def persons(**row: JSON) -> list[Person]:
    return [record for record in told("user", **row) if isinstance(record, Person)]


def ties(**row: JSON) -> list[Relationship]:
    return [record for record in told("user", **row) if isinstance(record, Relationship)]


# -- every row


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("id", [None, "", "  ", {}, [], True])
def test_a_row_without_an_id_is_rejected_whatever_its_status(kind: str, id: JSON) -> None:
    for status in ("active", "tobedeleted"):
        (rejected,) = told(kind, id, status=status, email="someone@x.org")
        assert rejected == Rejected(KINDS[kind], "row without an id")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("row", [None, 5, "x", [], {}, [{"sourcedId": "x1"}]])
def test_what_is_no_record(kind: str, row: JSON) -> None:
    assert list(NORMALISE[kind](row)) == [Rejected(KINDS[kind], "not a record")]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("status", ["tobedeleted", "ToBeDeleted", "inactive", " INACTIVE "])
def test_rows_to_be_deleted_are_as_if_they_were_not_there(kind: str, status: str) -> None:
    assert told(kind, **WHOLE[kind])
    assert told(kind, **{**WHOLE[kind], "status": status}) == []


@pytest.mark.parametrize("status", ["", None, "active", "ACTIVE", "something new"])
def test_every_other_status_is_active(status: JSON) -> None:
    for kind, row in WHOLE.items():
        assert told(kind, **{**row, "status": status}) == told(kind, **row)


@pytest.mark.parametrize(
    ("id", "kept"),
    [
        (7_1553, "71553"),
        ("007", "007"),
        (12345678901234567890123, "12345678901234567890123"),
        ("STU_99400001", "STU_99400001"),
        (" FY ", "FY"),
        ("a/b|c %2F é", "a/b|c %2F é"),
        ("Ab", "Ab"),
        ("aB", "aB"),
    ],
)
def test_ids_are_text_and_stay_as_they_are(id: JSON, kept: str) -> None:
    assert normalize.row_id({"sourcedId": id}) == kept
    assert told("section", id, terms=[ref(id)], school=ref(id)) == [Class(kept, school=kept, terms=(kept,))]


# -- schools and terms


@pytest.mark.parametrize("type", ["school", "School", " SCHOOL ", "", None])
def test_school(type: JSON) -> None:
    assert told("org", name=" Elm ", type=type, identifier="", parent=ref("d1")) == [School("x1", "Elm")]


@pytest.mark.parametrize("type", ["district", "department", "local", "national", "state", "ext:campus"])
def test_other_orgs_are_no_schools(type: str) -> None:
    assert told("org", name="Elm", type=type) == []


def test_term_within_its_year() -> None:
    row = {"title": "Fall", "type": "semester", "startDate": "2026-08-17", "endDate": "2026-12-19T00:00:00.000Z"}
    assert told("session", **row, parent=ref("FY"), children=[ref("Q1"), ref("Q2")]) == [
        Term("x1", "Fall", "2026-08-17", "2026-12-19", rank=2),
        Within("x1", "FY"),
        Within("Q1", "x1"),
        Within("Q2", "x1"),
    ]
    assert told("session", parentSourcedId="FY", childrenSourcedIds="Q1, Q2") == [
        Term("x1"),
        Within("x1", "FY"),
        Within("Q1", "x1"),
        Within("Q2", "x1"),
    ]


def test_a_term_within_itself_is_within_nothing() -> None:
    assert told("session", parent=ref("x1"), children=[ref("x1")]) == [Term("x1")]


@pytest.mark.parametrize(
    ("type", "rank"),
    [
        *[("schoolYear", 1), ("semester", 2), ("term", 2), ("gradingPeriod", 3)],
        *[("SCHOOLYEAR", 1), (" Semester ", 2), ("gradingperiod", 3)],
        *[("ext:block", 0), ("", 0), (None, 0), ([], 0)],
    ],
)
def test_sessions_of_every_type_are_terms(type: JSON, rank: int) -> None:
    assert told("session", title="T", type=type) == [Term("x1", "T", rank=rank)]


# -- classes


def test_class() -> None:
    row = {
        "title": "Sci5 (Sci5)",
        "classCode": "S5",
        "school": ref("s1"),
        "terms": [ref("Q1"), ref("FY"), ref("Q1")],
        "course": ref("k1"),
        "subjects": ["Science"],
        "periods": ["2", 1],
        "grades": ["10", "09"],
    }
    expected = Class("x1", "Sci5 (Sci5)", "s1", ("Q1", "FY"), "k1", "Science", "1, 2", "09, 10", "S5")
    assert told("section", **row) == [expected]
    flat = {
        **row,
        "school": None,
        "terms": "",
        "course": None,
        "schoolSourcedId": "s1",
        "termSourcedIds": "Q1,FY,Q1",
        "courseSourcedId": "k1",
        "periods": "2,1",
        "grades": "10, 09",
        "subjects": "Science",
    }
    assert told("section", **flat) == [expected]


@pytest.mark.parametrize("blank", [None, "", "  ", []])
def test_bare_class(blank: JSON) -> None:
    names = ("title", "classCode", "school", "terms", "course", "subjects", "periods", "grades")
    assert told("section") == told("section", **dict.fromkeys(names, blank)) == [Class("x1")]


@pytest.mark.parametrize(
    "terms", [ref("t1"), [ref("t1")], "t1", ["t1"], [ref("t1"), None, {}, [], ""], {"sourcedId": "t1"}]
)
def test_lists_of_one_in_every_spelling(terms: JSON) -> None:
    assert told("section", terms=terms) == [Class("x1", terms=("t1",))]


@pytest.mark.parametrize("school", [ref("s,1"), [ref("s,1")], "s,1"])
def test_a_single_reference_keeps_its_comma(school: JSON) -> None:
    assert told("section", school=school) == [Class("x1", school="s,1")]


# -- users


def test_student_in_both_versions_and_flat() -> None:
    common = {
        "username": "ada1",
        "userIds": [{"type": "Fed", "identifier": "F1"}, {"type": "StateID", "identifier": "ST9"}],
        "enabledUser": "false",
        "givenName": "Ada",
        "familyName": "Cole",
        "middleName": "B",
        "identifier": 42,
        "email": "ada@x.org",
        "phone": "555",
        "password": "secret",
        "grades": ["05"],
    }
    student = Person(
        "student",
        "x1",
        "Ada",
        "B",
        "Cole",
        "ada@x.org",
        sis_id="42",
        number="42",
        grade="05",
        schools=("s1", "s2"),
        username="ada1",
    )
    old = {**common, "role": "student", "orgs": [ref("s1"), ref("s2")], "agents": [ref("p1")]}
    flat = {**common, "role": "Student", "orgSourcedIds": "s1,s2", "agentSourcedIds": "p1"}
    roles = [{"roleType": "primary", "role": "student", "org": ref(id)} for id in ("s1", "s2")]
    new = {**common, "roles": roles, "primaryOrg": ref("s1"), "agents": ref("p1")}
    for row in (old, flat, new, old | new):
        assert told("user", **row) == [student, Relationship("p1", "x1", side="student")]
    assert "secret" not in repr(told("user", **old))


def test_sis_id_is_one_that_others_know() -> None:
    ids: list[JSON] = [{"type": "Fed", "identifier": "F1"}, {"type": "stateId", "identifier": "ST9"}]
    assert [p.sis_id for p in persons(role="student", userIds=ids, identifier="42")] == ["42"]
    assert [p.sis_id for p in persons(role="student", userIds=ids)] == ["ST9"]
    assert [p.sis_id for p in persons(role="student", userIds=ids[0])] == ["F1"]
    assert [p.sis_id for p in persons(role="student", userIds="{Fed:1}")] == [""]


def test_preferred_name() -> None:
    assert [p.first for p in persons(role="student", givenName="William", preferredFirstName="Bill")] == ["Bill"]
    assert [p.first for p in persons(role="student", givenName="William", preferredFirstName=" ")] == ["William"]


ROLES = {
    "student": "student",
    "parent": "parent",
    "guardian": "parent",
    "relative": "parent",
    "teacher": "teacher",
    "aide": "teacher",
    "proctor": "teacher",
    "administrator": "teacher",
    "principal": "teacher",
    "ext:coach": "teacher",
}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("spelled", [str.lower, str.upper, str.capitalize])
def test_roles_of_both_versions(role: str, spelled: Callable[[str], str]) -> None:
    for row in ({"role": spelled(role)}, {"roles": [{"role": spelled(role)}]}, {"roles": {"role": spelled(role)}}):
        assert [person.kind for person in persons(**row)] == [ROLES[role]]


def test_a_teacher_who_is_a_parent_is_both() -> None:
    roles: list[JSON] = [
        {"role": "teacher", "org": ref("s1")},
        {"role": "guardian", "org": ref("s2")},
        {"role": "aide", "org": ref("s3")},
    ]
    records = told("user", roles=roles, givenName="Eve", phone="555", agents=[ref("a"), ref("b")], email="eve")
    assert records == [
        Person("teacher", "x1", "Eve", email="eve", schools=("s1", "s3")),
        Remark("email_invalid", "teacher", "x1"),
        Person("parent", "x1", "Eve", email="eve", phone="555"),
        Remark("email_invalid", "parent", "x1"),
        Relationship("x1", "a", side="parent"),
        Relationship("x1", "b", side="parent"),
    ]


@pytest.mark.parametrize("row", [{}, {"role": ""}, {"role": None, "roles": []}, {"roles": [{}, None]}])
def test_a_user_without_a_role_is_rejected(row: dict[str, JSON]) -> None:
    assert told("user", agents=[ref("p1")], **row) == [Rejected("student", "user without a role", "x1")]


def test_rejected_users_are_counted_with_their_kind() -> None:
    assert told("user", None, role="parent") == [Rejected("parent", "row without an id")]
    assert told("user", None, roles=[{"role": "teacher"}]) == [Rejected("teacher", "row without an id")]


def test_ties_from_both_sides_but_not_from_teachers() -> None:
    agents = [ref("a"), {"sourcedId": ""}, None, ref("b")]
    assert ties(role="student", agents=agents) == [Relationship(p, "x1", side="student") for p in ("a", "b")]
    assert ties(role="relative", agents=agents) == [Relationship("x1", s, side="parent") for s in ("a", "b")]
    assert ties(role="teacher", agents=agents) == []


@pytest.mark.parametrize("role", ["student", "teacher", "parent"])
def test_without_parents_the_others_are_the_same(role: str) -> None:
    row = {"role": role, "givenName": "A", "email": "odd", "agents": [ref("a")]}
    expected = [r for r in told("user", **row) if role != "parent" and not isinstance(r, Relationship)]
    assert told("user_without_parents", **row) == expected


@pytest.mark.parametrize("blank", [None, "", " ", [], {}])
def test_blank_fields_of_a_user(blank: JSON) -> None:
    names = ("username", "userIds", "givenName", "familyName", "middleName", "identifier", "email", "phone", "sms")
    row = dict.fromkeys((*names, "agents", "grades", "orgs", "preferredFirstName"), blank)
    assert told("user", role="student", **row) == told("user", role="student") == [Person("student", "x1")]


def test_phone_of_a_parent_alone() -> None:
    assert [p.phone for p in persons(role="parent", phone="", sms="556")] == ["556"]
    assert [p.phone for p in persons(role="student", phone="555")] == [""]


@pytest.mark.parametrize("spelled", [str.lower, str.upper])
def test_parental_roles_that_are_not_chosen_are_nobody(spelled: Callable[[str], str]) -> None:
    def found(*roles: str) -> list[tuple[str, str]]:
        row = {"sourcedId": "x1", "roles": [{"role": spelled(role)} for role in roles], "agents": [ref("a")]}
        records = normalize.users({"parent", "guardian"})(row)
        return [(type(record).__name__, getattr(record, "kind", "")) for record in records]

    assert found("relative") == []
    assert found("relative", "aide") == [("Person", "teacher")]
    assert found("relative", "guardian") == found("guardian") == [("Person", "parent"), ("Relationship", "")]
    assert found("student") == [("Person", "student"), ("Relationship", "")]


# -- enrolments


def test_enrolment() -> None:
    row = {"class": ref("c1"), "user": ref("u1"), "school": ref("s1"), "role": "Teacher", "primary": "true"}
    dates = {"beginDate": "2026-08-17", "endDate": "2026-12-19"}
    expected = Enrolment("c1", "u1", "teacher", True, "2026-08-17", "2026-12-19")
    assert told("enrolment", **row, **dates) == [expected]
    flat = {"classSourcedId": "c1", "userSourcedId": "u1", "role": "teacher", "primary": True}
    assert told("enrolment", **flat, **dates) == [expected]
    commas = {"classSourcedId": "c,1", "userSourcedId": "u,1", "role": "student"}
    assert told("enrolment", **commas) == [Enrolment("c,1", "u,1", "student")]


@pytest.mark.parametrize(
    ("given", "primary"),
    [
        *[(given, True) for given in ("true", "True", True, 1, "1")],
        *[(given, False) for given in ("false", False, 0, "", None, [], "yes!")],
    ],
)
def test_primary_in_every_spelling(given: JSON, primary: bool) -> None:
    row = {"class": ref("c"), "user": ref("u"), "primary": given}
    assert told("enrolment", role="teacher", **row) == [Enrolment("c", "u", "teacher", primary)]
    assert told("enrolment", role="student", **row) == [Enrolment("c", "u", "student")]


@pytest.mark.parametrize("role", ["administrator", "aide", "proctor", "parent", "guardian", "", None, "ext:x"])
def test_other_roles_are_not_enrolled(role: JSON) -> None:
    assert told("enrolment", **{"class": ref("c"), "user": ref("u"), "role": role}) == []


@pytest.mark.parametrize("lacking", ["class", "user"])
@pytest.mark.parametrize("blank", [None, "", {}, [], {"href": "https://x/users/7"}])
def test_an_enrolment_without_a_class_or_a_user_is_rejected(lacking: str, blank: JSON) -> None:
    row = {"class": ref("c"), "user": ref("u"), "role": "student", lacking: blank}
    assert told("enrolment", **row) == [Rejected("enrolment", "without a class or a user", "x1")]


# -- birth dates


@pytest.mark.parametrize(
    ("given", "iso"),
    [
        ("2012-03-04", "2012-03-04"),
        ("2012-03-04T00:00:00", "2012-03-04"),
        ("2012-03-04T00:00:00.000Z", "2012-03-04"),
        ("2012-03-04 00:00:00+00:00", "2012-03-04"),
        ("3/4/2012", "2012-03-04"),
    ],
)
def test_birth_dates(given: str, iso: str) -> None:
    assert told("demographics", birthDate=given, sex="female", asian="true") == [BirthDate("x1", iso)]


@pytest.mark.parametrize("given", ["2011-02-29", "0001-01-01", "1900-01-01", "1899-05-05", "soon", 20121304])
def test_unreadable_birth_dates_are_remarked(given: JSON) -> None:
    assert told("demographics", birthDate=given) == [Remark("birth_date_unreadable", "student", "x1")]


@pytest.mark.parametrize("blank", [None, "", "  ", []])
def test_no_birth_date_is_no_remark(blank: JSON) -> None:
    assert told("demographics", birthDate=blank) == told("demographics") == []
