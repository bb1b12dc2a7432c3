"""One raw Clever row to records: pure and total, for v2.0, v2.1 and v3.x (providers: dev.clever.com, swagger files).

v3 keeps a person's role data under `roles.<role>`, v2 keeps it flat; `_role` hides the difference. Fields may be
absent, "" or null; enumerations are open; birth dates come as 1/16/1998 or as ISO time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from roster.fields import iso_date, items, mapping, text, texts
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

EXCLUDED_TYPES = frozenset({"emergency"})
UNSETTLED = frozenset({"pending", "error"})

Row = dict[str, JSON]


def row_of(envelope: JSON) -> Row:
    """The record inside a list item's own `data`."""
    return mapping(mapping(envelope).get("data"))


def row_id(envelope: JSON) -> str:
    return text(row_of(envelope).get("id"))


def _checked(
    kind: str, records: Callable[[str, Row], Iterator[Record]], role: str = ""
) -> Callable[[JSON], Iterator[Record]]:
    """Reject what is no record, has no id, or is nobody of `role`; leave the rest to `records`."""

    def normalise(envelope: JSON) -> Iterator[Record]:
        row = row_of(envelope)
        id = text(row.get("id"))
        if not id:
            yield Rejected(kind, "row without an id" if row else "not a record")
        elif role and row.get("roles") is not None and role not in mapping(row["roles"]):
            yield Rejected(kind, f"not a {role}", id)  # a filter that Clever forgot must not make pupils teachers
        else:
            yield from records(id, row)

    return normalise


def _role(row: Row, role: str) -> Row:
    roles = row.get("roles")
    return mapping(mapping(roles).get(role)) if roles is not None else row


def _email(kind: str, id: str, row: Row, role: Row) -> tuple[str, list[Remark]]:
    email = text(row.get("email")) or text(role.get("email"))
    odd = bool(email) and "@" not in email
    return email, [Remark("email_invalid", kind, id)] if odd else []


def _student(id: str, row: Row) -> Iterator[Record]:
    role, name = _role(row, "student"), mapping(row.get("name"))
    email, remarks = _email("student", id, row, role)
    birth_date = iso_date(role.get("dob"))
    yield Person(
        kind="student",
        id=id,
        first=text(name.get("first")),
        middle=text(name.get("middle")),
        last=text(name.get("last")),
        email=email,
        sis_id=text(role.get("sis_id")),
        number=text(role.get("student_number")),
        grade=text(role.get("grade")),
        birth_date=birth_date,
        schools=_schools(role),
    )
    yield from remarks
    if text(role.get("dob")) and not birth_date:
        yield Remark("birth_date_unreadable", "student", id)


def _teacher(id: str, row: Row) -> Iterator[Record]:
    role, name = _role(row, "teacher"), mapping(row.get("name"))
    email, remarks = _email("teacher", id, row, role)
    legacy = text(role.get("legacy_id"))
    yield Person(
        kind="teacher",
        id=id,
        first=text(name.get("first")),
        middle=text(name.get("middle")),
        last=text(name.get("last")),
        email=email,
        sis_id=text(role.get("sis_id")),
        number=text(role.get("teacher_number")),
        title=text(role.get("title")),
        schools=_schools(role),
        other_ids=(legacy,) if legacy and legacy != id else (),
    )
    yield from remarks


def _contact(id: str, row: Row) -> Iterator[Record]:
    """A parent. v3 gives the whole name in `name.last` and one relationship per student."""
    role, name = _role(row, "contact"), mapping(row.get("name"))
    email, remarks = _email("parent", id, row, role)
    legacy = text(role.get("legacy_id"))
    yield Person(
        kind="parent",
        id=id,
        first=text(name.get("first")),
        last=text(name.get("last")),
        email=email,
        phone=text(role.get("phone")),
        sis_id=text(role.get("sis_id")),
        other_ids=(legacy,) if legacy and legacy != id else (),
    )
    yield from remarks
    for tie in items(role.get("student_relationships")):
        yield from _relationship(id, mapping(tie))


def _relationship(parent: str, tie: Row) -> Iterator[Record]:
    student, kind = text(tie.get("student")), text(tie.get("type"))
    if not student:
        return
    if kind.lower() in EXCLUDED_TYPES:
        yield Remark("emergency_contact_left_out", "parent", parent)
        return
    yield Relationship(parent, student, text(tie.get("relationship")), kind)


def _section(id: str, row: Row) -> Iterator[Record]:
    term = text(row.get("term_id"))
    yield Class(
        id=id,
        name=text(row.get("name")),
        school=text(row.get("school")),
        terms=(term,) if term else (),
        course=text(row.get("course")),
        subject=text(row.get("subject")),
        period=text(row.get("period")),
        grade=text(row.get("grade")),
        sis_id=text(row.get("sis_id")),
    )
    teachers = texts([row.get("teacher"), *items(row.get("teachers"))])
    for place, teacher in enumerate(teachers):
        yield Enrolment(id, teacher, "teacher", place == 0)
    for student in texts(row.get("students")):
        yield Enrolment(id, student, "student")


def _term(id: str, row: Row) -> Iterator[Record]:
    yield Term(id, text(row.get("name")), iso_date(row.get("start_date")), iso_date(row.get("end_date")))


def _school(id: str, row: Row) -> Iterator[Record]:
    yield School(id, text(row.get("name")))


def _district(id: str, row: Row) -> Iterator[Record]:
    """`pending` and `error` districts serve data that may lack people: nobody departs on their word."""
    state = text(row.get("state")).lower()
    unsettled = state in UNSETTLED
    yield SourceState(text(row.get("last_sync")), not unsettled, f"district_{state}" if unsettled else "")


def _schools(role: Row) -> tuple[str, ...]:
    return texts([role.get("school"), *items(role.get("schools"))])


student = _checked("student", _student, "student")
teacher = _checked("teacher", _teacher, "teacher")
contact = _checked("parent", _contact, "contact")
section = _checked("class", _section)
term = _checked("term", _term)
school = _checked("school", _school)
district = _checked("district", _district)
