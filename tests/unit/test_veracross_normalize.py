"""One raw Veracross row to records: what each odd field becomes, and who is a parent under which policy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
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
    Term,
)
from tests.support import function_module

normalize: Any = function_module("import_veracross", "normalize")
Normalise = Callable[[JSON], Iterator[Record]]
PEOPLE = {"student": "student", "staff": "teacher", "parent": "parent"}
ALL = (*PEOPLE, "student_in_advisory", "grading_period", "school_class", "enrollment", "relationship")


def told(kind: str, /, **row: JSON) -> list[Record]:
    """What a row with id 7 becomes; `labels`: the labels beside its codes."""
    labels = row.pop("labels", {})
    normalise = normalize.relationship("portal_or_custody") if kind == "relationship" else getattr(normalize, kind)
    return list(normalise({"id": 7, **row, "_labels": labels}))


def one(kind: str, /, **row: JSON) -> Any:
    return told(kind, **row)[0]


# -- people


def test_student() -> None:
    row = {
        "first_name": "Katharina",
        "middle_name": "B",
        "last_name": "O'Hara",
        "preferred_name": "Kat",
        "email_1": " kat@x.org ",
        "username": "kat.ohara",
        "birthday": "2010-01-16",
        "grade_level": 20,
        "campus": {"id": 3, "description": "North"},
        "labels": {"grade_level": "Kindergarten"},
    }
    assert told("student", **row) == [
        Person(
            "student", "7", "Kat", "B", "O'Hara", "kat@x.org",
            grade="Kindergarten", birth_date="2010-01-16", schools=("3",), username="kat.ohara",
        )
    ]  # fmt: skip


def test_staff_and_parent() -> None:
    row = {"first_name": "Ann", "last_name": "Lee", "email_1": None, "username": "alee"}
    assert told("staff", **row, job_title="Teacher", campus=2) == [
        Person("teacher", "7", "Ann", last="Lee", title="Teacher", schools=("2",), username="alee")
    ]
    assert told("parent", **row, first_nick_name="Annie") == [Person("parent", "7", "Ann", last="Lee", username="alee")]


@pytest.mark.parametrize("kind", PEOPLE)
def test_the_preferred_name_or_the_first(kind: str) -> None:
    assert one(kind, preferred_name="Kat", first_name="Katharina").first == "Kat"
    for blank in (None, "", " "):
        assert one(kind, preferred_name=blank, first_name="美咲").first == "美咲"


@pytest.mark.parametrize("kind", PEOPLE)
def test_one_person_id_in_two_roles_is_two_contacts(kind: str) -> None:
    person = one(kind)
    assert (person.kind, person.id) == (PEOPLE[kind], "7")


@pytest.mark.parametrize("kind", PEOPLE)
def test_e_mail_without_at_sign_is_kept_and_remarked(kind: str) -> None:
    assert told(kind, email_1="none")[1:] == [Remark("email_invalid", PEOPLE[kind], "7")]
    assert told(kind, email_1=None)[1:] == []


def test_birthdays() -> None:
    assert one("student", birthday=None).birth_date == ""
    assert told("student", birthday="02-30-2011")[1:] == [Remark("birth_date_unreadable", "student", "7")]
    assert one("student", birthday="02-30-2011").birth_date == ""


def test_a_grade_is_a_label_never_a_number() -> None:
    assert one("student", grade_level=35).grade == ""
    assert one("student", grade_level=35, labels={"grade_level": "Pre-K 3"}).grade == "Pre-K 3"


def test_students_who_left_or_are_to_come_are_told_and_enrolments_decide() -> None:
    for dates in ({"exit_date": "2020-01-01"}, {"entry_date": "2099-01-01"}):
        assert [type(record) for record in told("student", **dates)] == [Person]


# -- terms


@pytest.mark.parametrize(
    ("name", "group", "named"),
    [
        ("Semester 1", {"id": 31, "description": "Upper School"}, "Semester 1 (Upper School)"),
        ("Summer Session", {"description": "Summer session"}, "Summer Session"),
        ("Semester 1", None, "Semester 1"),
        ("Semester 1", {"id": None, "description": None}, "Semester 1"),
        (None, {"description": "Upper School"}, "Upper School"),
    ],
)
def test_a_grading_period_is_named_with_its_group(name: JSON, group: JSON, named: str) -> None:
    dates = {"start_date": "2026-08-17T00:00:00Z", "end_date": "2026-12-18T23:59:59-05:00"}
    assert told("grading_period", description=name, group=group, **dates) == [
        Term("7", named, "2026-08-17", "2026-12-18")
    ]


@pytest.mark.parametrize(
    "start", [f"2026-08-17T{hour}:00:00{zone}" for hour in ("00", "23") for zone in ("Z", "+13:00")]
)
def test_a_date_time_is_a_date_and_is_not_shifted(start: str) -> None:
    assert one("grading_period", start_date=start).start == "2026-08-17"


# -- classes


def test_class() -> None:
    row = {
        "class_id": "ALG-1",
        "description": "Algebra",
        "school_year": 2026,
        "campus_id": 3,
        "campus_description": "North",
        "begin_date": "2026-08-17",
        "end_date": "2027-06-11",
        "internal_course_id": 801,
        "primary_teacher_id": 20,
        "primary_teacher_name": "Ann Lee",
        "subject_id": 12,
        "subject_description": "Math",
    }
    assert told("school_class", **row) == [
        School("3", "North"),
        Class(
            "7", "Algebra", "3", (), "801", "Math",
            sis_id="ALG-1", start="2026-08-17", end="2027-06-11", dated=True,
        ),
        Enrolment("7", "20", "teacher", primary=True),
        Person("teacher", "20", last="Ann Lee", partial=True),
    ]  # fmt: skip


def test_a_school_without_campuses_is_no_choice_of_schools() -> None:
    for campus in (None, 0, "0", ""):
        assert told("school_class", campus_id=campus) == [Class("7", dated=True)]


def test_a_class_without_teacher_has_none() -> None:
    blanks: list[JSON] = [None, 0, "", {}]
    for nobody in blanks:
        assert [type(r) for r in told("school_class", primary_teacher_id=nobody)] == [Class]


def test_a_class_without_dates_is_open() -> None:
    assert one("school_class", begin_date=None, end_date=None) == Class("7", dated=True)


@pytest.mark.parametrize(
    ("year", "span"),
    [
        (2026, ("2026-01-01", "2027-06-30")),
        ("2026", ("2026-01-01", "2027-06-30")),
        *((year, ("", "")) for year in (None, "", 0, -2026, 26, 20260, "2026-27", "\u0662\u0660\u0662\u0666", [2026])),
    ],
)
def test_a_class_without_dates_is_of_its_school_year(year: JSON, span: tuple[str, str]) -> None:
    """The span holds a northern year and a southern one; a summer's year is not positive and says nothing."""
    told_so = one("school_class", school_year=year, status=31, labels={"status": "Active"})
    assert (told_so.start, told_so.end) == span
    dated = one("school_class", school_year=year, begin_date="2019-08-17")
    assert (dated.start, dated.end) == ("2019-08-17", "")


@pytest.mark.parametrize("label", ["Completed", "COMPLETED", "completed early"])
def test_a_completed_class_without_dates_is_none(label: str) -> None:
    for year in (2019, -2019, None):
        assert told("school_class", school_year=year, status=31, labels={"status": label}) == []
    for dates in ({"begin_date": "2026-08-17"}, {"end_date": "2026-10-02"}):
        assert len(told("school_class", status=31, labels={"status": label}, **dates)) == 1


@pytest.mark.parametrize(
    ("label", "kept"),
    [("Active", 1), ("Completed", 1), ("Future", 1), ("", 1), ("Cancelled", 0), ("CANCELED", 0), ("cancelled late", 0)],
)
def test_cancelled_classes_go_by_their_label(label: str, kept: int) -> None:
    """Whether a class that is over belongs to the event is for its dates to say."""
    assert len(told("school_class", status=31, labels={"status": label}, begin_date="2026-08-17")) == kept
    enrolled = {"internal_class_id": 1, "person_id": 2, "class_status": 31}
    assert len(told("enrollment", **enrolled, labels={"class_status": label})) == kept


def test_the_number_of_a_status_says_nothing() -> None:
    assert told("school_class", status="Cancelled") == [Class("7", dated=True)]


# -- enrolments


def test_enrolment() -> None:
    row = {"internal_class_id": 5, "person_id": 10, "notes": "Private", "currently_enrolled": False}
    assert told("enrollment", **row, late_date_enrolled=None, date_withdrawn=None) == [Enrolment("5", "10", "student")]
    assert told("enrollment", **row, late_date_enrolled="2026-09-28", date_withdrawn="2026-11-02") == [
        Enrolment("5", "10", "student", begin="2026-09-28", end="2026-11-02")
    ]


@pytest.mark.parametrize("label", ["Active", "ACTIVE", "Future", "Completed", ""])
@pytest.mark.parametrize("enrolled", [True, False, None, "false", 0])
def test_currently_enrolled_counts_where_nothing_else_does(label: str, enrolled: JSON) -> None:
    """It is told of today: of nobody before a class begins or after it ends, so only of a class under way."""
    row = {"internal_class_id": 5, "person_id": 10, "currently_enrolled": enrolled, "labels": {"class_status": label}}
    assert bool(told("enrollment", **row)) is (enrolled is not False or label.casefold() != "active")
    for dates in ({"late_date_enrolled": "2026-09-28"}, {"date_withdrawn": "2026-11-02"}):
        assert len(told("enrollment", **row, **dates)) == 1


def test_left_and_came_back_is_two_enrolments() -> None:
    first = told("enrollment", internal_class_id=5, person_id=10, date_withdrawn="2026-09-18")
    again = told("enrollment", internal_class_id=5, person_id=10, late_date_enrolled="2026-09-28")
    assert first + again == [
        Enrolment("5", "10", "student", end="2026-09-18"),
        Enrolment("5", "10", "student", begin="2026-09-28"),
    ]


@pytest.mark.parametrize("lacks", ["internal_class_id", "person_id"])
@pytest.mark.parametrize("blank", [None, 0, "", {}, []])
def test_enrolment_of_nobody_or_nothing(lacks: str, blank: JSON) -> None:
    row: dict[str, JSON] = {"internal_class_id": 5, "person_id": 10, lacks: blank}
    assert told("enrollment", **row) == [Rejected("enrolment", "without a class or a student", "7")]


def test_notes_are_not_read() -> None:
    private = {"notes": "Private: custody dispute", "internal_class_id": 1, "person_id": 2}
    assert not [record for kind in ALL for record in told(kind, **private) if "Private" in repr(record)]


# -- advisory and homeroom


def test_advisors_have_a_class_of_their_students() -> None:
    row = {
        "advisor": {"id": 20, "name": "Ann Lee"},
        "homeroom_teacher": {"id": None, "name": None},
        "campus": {"id": 3},
        "entry_date": "2024-08-17",
        "exit_date": "2026-09-25",
    }
    assert told("student_in_advisory", **row)[1:] == [
        Class("advisor:20", "Advisory Ann Lee", "3", dated=True),
        Enrolment("advisor:20", "20", "teacher", primary=True),
        Person("teacher", "20", last="Ann Lee", partial=True),
        Enrolment("advisor:20", "7", "student", begin="2024-08-17", end="2026-09-25"),
    ]
    assert told("student", **row) == told("student_in_advisory", **row)[:1]


def test_homeroom_teachers_too() -> None:
    classes = [r for r in told("student_in_advisory", homeroom_teacher={"id": 21}) if isinstance(r, Class)]
    assert classes == [Class("homeroom:21", "Homeroom", dated=True)]
    blanks: list[JSON] = [None, {}, {"id": None, "name": None}, {"id": 0}, "Ann"]
    for nobody in blanks:
        assert len(told("student_in_advisory", advisor=nobody, homeroom_teacher=nobody)) == 1


# -- families


def ties(policy: str = "portal_or_custody", /, label: str = "", **row: JSON) -> list[Record]:
    given = {"id": 7, "person_id": 10, "related_person_id": 20, "relationship": 43, "_labels": {"relationship": label}}
    return list(normalize.relationship(policy)(given | row))


def test_a_row_is_read_in_both_directions() -> None:
    """The related person is the relationship to the person: 20 is the mother of 10."""
    assert ties(label="Mother", legal_custody=True, parent_portal_access=True) == [
        Relationship("20", "10", "Mother", "Legal Custody, Parent Portal Access", "student"),
        Relationship("10", "20", "", "Legal Custody, Parent Portal Access", "parent"),
    ]


def test_the_label_of_a_row_describes_the_related_person_only() -> None:
    """The mother's row says "Son" of the student, which is no word for the mother."""
    mirror = ties(label="Son", person_id=20, related_person_id=10)
    assert mirror[1] == Relationship("20", "10", "", "", "parent", refused=True)


def test_a_relationship_is_never_a_number() -> None:
    assert ties(legal_custody=True)[0] == Relationship("20", "10", "", "Legal Custody", "student")


# §5.4: portal access, legal custody, what each policy makes of them
MATRIX = {
    "portal_or_custody": {(True, True): True, (True, False): True, (False, True): True, (False, False): False},
    "portal_only": {(True, True): True, (True, False): True, (False, True): False, (False, False): False},
    "custody_only": {(True, True): True, (True, False): False, (False, True): True, (False, False): False},
    "any_parent": {(True, True): True, (True, False): True, (False, True): True, (False, False): True},
}


@pytest.mark.parametrize(("policy", "flags"), list(product(MATRIX, MATRIX["any_parent"])))
@pytest.mark.parametrize("resident", [True, False])
@pytest.mark.parametrize("deceased", [True, False, None])
def test_policies(policy: str, flags: tuple[bool, bool], resident: bool, deceased: JSON) -> None:
    """Living in one house says nothing, and the dead are tied to nobody whatever their record still grants."""
    portal, custody = flags
    row: dict[str, JSON] = {"parent_portal_access": portal, "legal_custody": custody, "resident": resident}
    row |= {"related_person_is_deceased": deceased, "custody_status": "Joint"}
    allowed = MATRIX[policy][flags] and deceased is not True
    assert ties(policy, "Step-Father", **row)[0].refused is not allowed  # type: ignore[union-attr]
    assert ties(policy, "Step-Son", **row)[1].refused is not allowed  # type: ignore[union-attr]


def test_the_matrix_is_of_all_policies_and_the_first_is_the_default() -> None:
    assert set(MATRIX) == set(normalize.POLICIES)
    assert normalize.POLICIES[0] == "portal_or_custody"


@pytest.mark.parametrize("granted", ["true", 1, "yes", [True], {"value": True}, None, "", 0])
def test_only_a_plain_true_grants(granted: JSON) -> None:
    assert all(tie.refused for tie in ties(parent_portal_access=granted, legal_custody=granted))  # type: ignore[union-attr]


PARENTS = (
    "Mother FATHER parent Guardian Step-Father Stepmother Grandmother Great-Grandfather Foster_Parent Grandparents Mom"
).split()
MORE_PARENTS = (
    "Step Mother",
    "Legal guardian",
    "Guardian & Trustee",
    "Mother/Father",
    "Foster  Mother",
    "Birth mother",
)
OTHERS = (
    "Aunt Uncle Physician Brother SISTER Stepbrother Half-Sister Cousin Nanny Grandson Husband Ex-Wife Godmother"
    " Parental Grandstand Motherly Emergency Ex-Step-Father Mother-in-Law None"
).split()
MORE_OTHERS = (
    "",
    "Domestic Partner",
    "Mother's Partner",
    "Father\u2019s friend",
    "Friend of Parent",
    "Former guardian",
)


@pytest.mark.parametrize("label", [*PARENTS, *MORE_PARENTS])
def test_any_parent_is_whoever_is_called_one(label: str) -> None:
    assert [tie.refused for tie in ties("any_parent", label)] == [False, True]  # type: ignore[union-attr]
    assert all(tie.refused for tie in ties(label=label))  # type: ignore[union-attr]


@pytest.mark.parametrize("label", [*OTHERS, *MORE_OTHERS])
def test_any_parent_is_nobody_else(label: str) -> None:
    assert ties("any_parent", label)[0].refused  # type: ignore[union-attr]
    guardian = ties("any_parent", label, legal_custody=True)  # a grown-up sister may well be one
    assert not any(tie.refused for tie in guardian)  # type: ignore[union-attr]


@pytest.mark.parametrize("label", ["Son", "DAUGHTER", "Child", "Step-Son", "Grandchildren", "Foster child", "Ward"])
def test_a_parents_row_calls_the_student_a_child(label: str) -> None:
    assert [tie.refused for tie in ties("any_parent", label)] == [True, False]  # type: ignore[union-attr]


@pytest.mark.parametrize("label", ["", "Nephew", "Patient", "Sister", "Son-in-Law", "Godson"])
def test_whoever_has_no_child_is_no_parent(label: str) -> None:
    assert ties("any_parent", label)[1].refused  # type: ignore[union-attr]


def test_the_field_that_came_in_august_2026_may_be_absent() -> None:
    assert not any(tie.refused for tie in ties(legal_custody=True))  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "row",
    [{"person_id": None}, {"related_person_id": None}, {"person_id": 0}, {"person_id": 20}, {"person_id": {"id": 1}}],
)
def test_relationships_without_two_people(row: dict[str, JSON]) -> None:
    assert ties(**row) == [Rejected("relationship", "without two people", "7")]


# -- any row


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("row", [None, [], "row", 5, {}, {"id": None}, {"id": ""}, {"id": []}, {"ID": 5}])
def test_rows_without_an_id(kind: str, row: JSON) -> None:
    normalise = normalize.relationship("any_parent") if kind == "relationship" else getattr(normalize, kind)
    (rejected,) = normalise(row)
    assert isinstance(rejected, Rejected)
    assert rejected.reason in ("row without an id", "not a record")


@pytest.mark.parametrize("kind", ALL)
def test_ids_are_text_whatever_they_are(kind: str) -> None:
    row = {"internal_class_id": 5, "person_id": 10, "related_person_id": 20, "primary_teacher_id": 30}
    texts = {name: str(value) for name, value in row.items()}
    assert told(kind, **row) == told(kind, **{"id": "7", **texts})
    assert normalize.row_id({"id": 7}) == normalize.row_id({"id": "7"}) == "7"
