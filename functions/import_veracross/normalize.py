"""One raw Veracross row to records: pure and total, for the lists of Data API v3 (providers: api-docs, OpenAPI).

Any field but the id may be null or absent, a nested person null or made of nulls. Codes are never read: what they
mean at this school stands beside them under `LABELS`. Dates are the school's own days and are never shifted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from roster.fields import iso_date, mapping, text
from roster.model import JSON, Class, Enrolment, Person, Record, Rejected, Relationship, Remark, School, Term

LABELS = "_labels"
POLICIES = ("portal_or_custody", "portal_only", "custody_only", "any_parent")
CANCELLED, COMPLETED, ACTIVE = "cancel", "completed", "active"  # how a status' label begins

_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?")  # the mother's partner is no mother
_PARENT = re.compile(r"(?:great|grand|step|foster)*(?:mother|father|parent|guardian|mom|mum|dad)s?|grand(?:ma|pa)")
_CHILD = re.compile(r"(?:great|grand|step|foster)*(?:(?:son|daughter|child|ward)s?|children)")
_NO_KIN = frozenset({"of", "law", "ex", "former"})  # a friend of the parent, a son-in-law, an ex-step-father

Row = dict[str, JSON]
Normalise = Callable[[JSON], Iterator[Record]]


def row_id(row: JSON) -> str:
    return text(mapping(row).get("id"))


def _checked(kind: str, records: Callable[[str, Row], Iterator[Record]]) -> Normalise:
    """Reject what is no record or has no id; leave the rest to `records`."""

    def normalise(given: JSON) -> Iterator[Record]:
        row, id = mapping(given), row_id(given)
        if id:
            yield from records(id, row)
        else:
            yield Rejected(kind, "row without an id" if row else "not a record")

    return normalise


def _label(row: Row, field: str) -> str:
    return text(mapping(row.get(LABELS)).get(field))


def _reference(value: JSON) -> str:
    """The id that a field refers to; 0 and null refer to nobody."""
    id = text(value)
    return "" if id == "0" else id


def _is(beginning: str, row: Row, field: str) -> bool:
    """By label, because the codes are a school's own; Cancelled and Canceled are both in use."""
    return _label(row, field).casefold().startswith(beginning)


# -- terms and classes


def _grading_period(id: str, row: Row) -> Iterator[Record]:
    """Upper school semesters and lower school trimesters may have one name, so the group's name is part of it."""
    name, group = text(row.get("description")), text(mapping(row.get("group")).get("description"))
    named = f"{name} ({group})" if name and group and group.casefold() not in name.casefold() else name or group
    yield Term(id, named, iso_date(row.get("start_date")), iso_date(row.get("end_date")))


def _class(id: str, row: Row) -> Iterator[Record]:
    """Whether a class that is over belongs to the event is for its dates to say; without any, Completed says no."""
    dates = iso_date(row.get("begin_date")), iso_date(row.get("end_date"))
    if _is(CANCELLED, row, "status") or (not any(dates) and _is(COMPLETED, row, "status")):
        return
    start, end = dates if any(dates) else _year(text(row.get("school_year")))
    campus = _reference(row.get("campus_id"))
    if campus:
        yield School(campus, text(row.get("campus_description")))
    yield Class(
        id=id,
        name=text(row.get("description")),
        school=campus,
        course=_reference(row.get("internal_course_id")),
        subject=text(row.get("subject_description")),
        sis_id=text(row.get("class_id")),
        start=start,
        end=end,
        dated=True,
    )
    yield from _taught(id, _reference(row.get("primary_teacher_id")), text(row.get("primary_teacher_name")))


def _year(first: str) -> tuple[str, str]:
    """First and last day of a school year, which is named by its first calendar year; a summer's is not positive.

    Southern years begin in January, northern ones end in June, and which a school has is not told: the span holds
    both, because a class too many can be seen and hidden, while a whole school's could be missed.
    """
    return (f"{first}-01-01", f"{int(first) + 1}-06-30") if _YEAR.fullmatch(first) else ("", "")


def _taught(class_id: str, teacher: str, name: str) -> Iterator[Record]:
    """The class's teacher, who may be missing from the staff list: known by name at least."""
    if teacher:
        yield Enrolment(class_id, teacher, "teacher", primary=True)
        yield Person("teacher", teacher, last=name, partial=True)


def _enrollment(id: str, row: Row) -> Iterator[Record]:
    """Its `notes` may be private and are not read. Who withdrew keeps the row, with its date.

    Nor is its `primary_teacher`: the class's own row names the teacher, and counts where the two differ.
    """
    class_id, student = _reference(row.get("internal_class_id")), _reference(row.get("person_id"))
    if not (class_id and student):
        yield Rejected("enrolment", "without a class or a student", id)
        return
    begin, end = iso_date(row.get("late_date_enrolled")), iso_date(row.get("date_withdrawn"))
    if not _is(CANCELLED, row, "class_status") and (begin or end or not _left(row)):
        yield Enrolment(class_id, student, "student", begin=begin, end=end)


def _left(row: Row) -> bool:
    """`currently_enrolled` is computed of today, so it is false of everybody in a class that has not begun or is over;
    of a class under way it says who is not in it.
    """
    return row.get("currently_enrolled") is False and _is(ACTIVE, row, "class_status")


# -- people


def _person(kind: str, id: str, row: Row, **more: JSON) -> Iterator[Record]:
    email = text(row.get("email_1"))
    yield Person(
        kind=kind,
        id=id,
        first=text(row.get("preferred_name")) or text(row.get("first_name")),
        middle=text(row.get("middle_name")),
        last=text(row.get("last_name")),
        email=email,
        username=text(row.get("username")),
        **more,
    )
    if email and "@" not in email:
        yield Remark("email_invalid", kind, id)


def _staff(id: str, row: Row) -> Iterator[Record]:
    """Everybody who works at the school; only whom a class names is imported."""
    yield from _person("teacher", id, row, title=text(row.get("job_title")), schools=_campus(row.get("campus")))


def _parent(id: str, row: Row) -> Iterator[Record]:
    yield from _person("parent", id, row)


def _student(id: str, row: Row) -> Iterator[Record]:
    """Future students too: whether somebody is in a class already is for its enrolments to say."""
    birth_date, until = iso_date(row.get("birthday")), iso_date(row.get("exit_date"))
    schools = _campus(mapping(row.get("campus")).get("id"))
    grade = _label(row, "grade_level")
    yield from _person("student", id, row, grade=grade, birth_date=birth_date, schools=schools, until=until)
    if text(row.get("birthday")) and not birth_date:
        yield Remark("birth_date_unreadable", "student", id)


def _student_in_advisory(id: str, row: Row) -> Iterator[Record]:
    """With a class of the advisor's and one of the homeroom teacher's students, which may be nowhere else."""
    yield from _student(id, row)
    begin, end = iso_date(row.get("entry_date")), iso_date(row.get("exit_date"))
    for name, field in (("Advisory", "advisor"), ("Homeroom", "homeroom_teacher")):
        mentor = mapping(row.get(field))
        teacher, called = _reference(mentor.get("id")), text(mentor.get("name"))
        if teacher:
            class_id = f"{name.lower() if field != 'advisor' else field}:{teacher}"
            school = "".join(_campus(mapping(row.get("campus")).get("id")))
            yield Class(class_id, f"{name} {called}".strip(), school, dated=True)
            yield from _taught(class_id, teacher, called)
            yield Enrolment(class_id, id, "student", begin=begin, end=end)


def _campus(code: JSON) -> tuple[str, ...]:
    campus = _reference(code)
    return (campus,) if campus else ()


# -- families


def relationship(policy: str) -> Normalise:
    """Rows of /relationships, under a school's policy on who may book for a student."""

    def records(id: str, row: Row) -> Iterator[Record]:
        """The related person *is the relationship to* the person, whoever of them is the student.

        Both readings are given, the student's row and the parent's: the pipeline knows who is which, drops what is
        no parent and student, and lets the student's row decide.
        """
        person, related = _reference(row.get("person_id")), _reference(row.get("related_person_id"))
        if not (person and related) or person == related:
            yield Rejected("relationship", "without two people", id)
            return
        label, rights = _label(row, "relationship"), _rights(row)
        yield Relationship(related, person, label, rights, "student", not _allows(policy, row, _PARENT))
        yield Relationship(person, related, "", rights, "parent", not _allows(policy, row, _CHILD))

    return _checked("relationship", records)


def _allows(policy: str, row: Row, kin: re.Pattern[str]) -> bool:
    """Living together or sharing a household says nothing: divorced parents do not, step-siblings do.

    Only a plain `true` grants, or for any parent a label that calls the related person a parent (a child, in the
    parent's row): who is let in by mistake sees a child.
    """
    if row.get("related_person_is_deceased") is True:
        return False
    portal, custody = row.get("parent_portal_access") is True, row.get("legal_custody") is True
    if policy == "portal_only":
        return portal
    if policy == "custody_only":
        return custody
    return portal or custody or (policy == "any_parent" and _is_called(kin, _label(row, "relationship")))


def _is_called(kin: re.Pattern[str], label: str) -> bool:
    """Word by word, because labels are a school's own: Legal Guardian, Step-Mother, Mother/Father."""
    words = _WORD.findall(label.casefold())
    return _NO_KIN.isdisjoint(words) and any(map(kin.fullmatch, words))


def _rights(row: Row) -> str:
    """Why the tie is there, in the words of the relationship's record in Axiom."""
    rights = {"Legal Custody": "legal_custody", "Parent Portal Access": "parent_portal_access"}
    return ", ".join(name for name, field in rights.items() if row.get(field) is True)


grading_period = _checked("term", _grading_period)
school_class = _checked("class", _class)
enrollment = _checked("enrolment", _enrollment)
staff = _checked("teacher", _staff)
student = _checked("student", _student)
student_in_advisory = _checked("student", _student_in_advisory)
parent = _checked("parent", _parent)
