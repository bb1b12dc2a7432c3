"""The words: what a provider's rows become (facts), and what the plan makes of them (entries).

A fact is one statement of one row, routed by the id it is about; an entry is what the last applied run knows of
one contact or class. Both travel as compact JSON lines, blanks left out, so that equal content is equal bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

JSON: TypeAlias = Any


class Kind(StrEnum):
    """Who a contact is. The provider id is unique within a kind only."""

    STUDENT = "student"
    TEACHER = "teacher"
    PARENT = "parent"
    ADMINISTRATOR = "administrator"


class Level(StrEnum):
    """Access levels, lowest first. Imports set a contact's first level and never change it afterwards.

    Support is pickAtime's own: no school has it, and no import gives it.
    """

    CUSTOMER = "Customer"
    APPOINTMENT_VIEWER = "Appointment Viewer"
    APPOINTMENT_MAKER = "Appointment Maker"
    RESOURCE_ADMINISTRATOR = "Resource Administrator"
    EVENT_ADMINISTRATOR = "Event Administrator"
    ADMINISTRATOR = "Administrator"
    SUPPORT = "Support"


COUNTED = ("student", "teacher", "parent", "class", "enrolment", "relationship")
OUTCOMES = ("created", "updated", "unchanged", "departed", "returned", "rejected")


@dataclass(frozen=True)
class Person:
    """One person in one role. `other_ids`: ids the provider used, or will use, for the same person.

    `partial`: known only from a row about something else; the person's own row, where there is one, says more.
    `until`: the last day at the school (ISO date), where the provider tells and goes on listing those who left.
    """

    kind: str
    id: str
    first: str = ""
    middle: str = ""
    last: str = ""
    email: str = ""
    phone: str = ""
    sis_id: str = ""
    number: str = ""
    grade: str = ""
    title: str = ""
    birth_date: str = ""
    schools: tuple[str, ...] = ()
    other_ids: tuple[str, ...] = ()
    username: str = ""
    partial: bool = False
    until: str = ""

    @property
    def name(self) -> str:
        return " ".join(part for part in (self.first, self.last) if part)


@dataclass(frozen=True)
class BirthDate:
    """A student's security value that arrives apart from the student (ISO date)."""

    student: str
    value: str = ""


@dataclass(frozen=True)
class Class:
    """One class (a section). `terms` is empty when the provider gives none.

    `dated`: the provider ties classes to terms by their dates alone; a blank `start` or `end` (ISO) is open.
    """

    id: str
    name: str = ""
    school: str = ""
    terms: tuple[str, ...] = ()
    course: str = ""
    subject: str = ""
    period: str = ""
    grade: str = ""
    sis_id: str = ""
    start: str = ""
    end: str = ""
    dated: bool = False


@dataclass(frozen=True)
class Enrolment:
    """`person` belongs to `class_id`, as student or teacher; `primary` marks the class's first teacher.

    From `begin` until the day before `end` (ISO dates); blank is open.
    """

    class_id: str
    person: str
    role: str
    primary: bool = False
    begin: str = ""
    end: str = ""


@dataclass(frozen=True)
class Relationship:
    """A parent's tie to a student, in the provider's own words (`relation`, `type` may be blank).

    `side`: whose row says so, where the provider says it twice (student or parent; the student's row counts).
    `refused`: the row denies the tie, such as one without custody.
    """

    parent: str
    student: str
    relation: str = ""
    type: str = ""
    side: str = ""
    refused: bool = False


@dataclass(frozen=True)
class School:
    """A school of the provider."""

    id: str
    name: str = ""


@dataclass(frozen=True)
class Term:
    """A term of the provider; dates are ISO or blank. Ids are not stable, names repeat across years.

    `rank`: 1 a school year, 2 a semester or term, 3 a grading period, 0 where the provider has no such order.
    """

    id: str
    name: str = ""
    start: str = ""
    end: str = ""
    school: str = ""
    rank: int = 0


@dataclass(frozen=True)
class Within:
    """A term lies within another: a quarter in its semester, a semester in its year."""

    term: str
    parent: str


@dataclass(frozen=True)
class SourceState:
    """What the provider says of its own data: `marker` moves when a new load arrives, `warning` is a code."""

    marker: str = ""
    departures_trusted: bool = True
    warning: str = ""


@dataclass(frozen=True)
class Rejected:
    """A row that cannot be used, and why. Never holds the row's content."""

    kind: str
    reason: str
    id: str = ""


@dataclass(frozen=True)
class Remark:
    """Something odd about a row that is imported all the same; `code` is counted and explained in the report."""

    code: str
    kind: str
    id: str


Fact: TypeAlias = Person | BirthDate | Class | Enrolment | Relationship | Remark
Note: TypeAlias = School | Term | Within | SourceState | Rejected
Record: TypeAlias = Fact | Note

NO_TERM = "(no term)"


@dataclass(frozen=True)
class Selection:
    """What an administrator chose for an event. No schools or no terms chosen means all of them.

    `terms` hold id, name and dates, because providers give a term a new id when its dates change; the term
    `(no term)` stands for classes without one.
    """

    schools: tuple[str, ...] = ()
    terms: tuple[Term, ...] = ()
    contacts: bool = True

    def term_ids(self) -> frozenset[str]:
        return frozenset(term.id for term in self.terms)

    def to_json(self) -> JSON:
        return {
            "schools": list(self.schools),
            "terms": [vars(t) for t in self.terms],
            "contacts": self.contacts,
        }

    @classmethod
    def from_json(cls, value: JSON) -> Selection:
        value = value or {}
        terms = tuple(Term(**term) for term in value.get("terms") or ())
        return cls(tuple(value.get("schools") or ()), terms, bool(value.get("contacts", True)))


@dataclass
class Listing:
    """What one event says of one contact: its classes, and its parents or children (id, relation, type)."""

    classes: list[str] = field(default_factory=list)
    related: list[list[str]] = field(default_factory=list)


@dataclass
class ContactEntry:
    """What was last applied of a contact: the person, and every event that lists it.

    `inactive_since` (ISO date) is set when no event lists the person any more.
    """

    person: Person
    listed: dict[str, Listing] = field(default_factory=dict)
    inactive_since: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return self.person.kind, self.person.id

    def related(self) -> list[list[str]]:
        """Parents or children over all events, each once, in a stable order."""
        ties = {tie[0]: tie for event in sorted(self.listed) for tie in self.listed[event].related}
        return [ties[other] for other in sorted(ties)]

    def to_json(self) -> JSON:
        return {
            "person": dense(self.person),
            "listed": {event: dense(listing) for event, listing in sorted(self.listed.items())},
            "inactive_since": self.inactive_since,
        }

    @classmethod
    def from_json(cls, value: JSON) -> ContactEntry:
        listed = {event: Listing(**listing) for event, listing in value["listed"].items()}
        return cls(person_from(value["person"]), listed, value["inactive_since"])


@dataclass
class ClassEntry:
    """What was last applied of a class: the class and its roster, ids in a stable order, primary teacher first."""

    info: Class
    teachers: list[str] = field(default_factory=list)
    students: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        return self.info.id

    def to_json(self) -> JSON:
        return {"info": dense(self.info), "teachers": self.teachers, "students": self.students}

    @classmethod
    def from_json(cls, value: JSON) -> ClassEntry:
        return cls(class_from(value["info"]), value["teachers"], value["students"])


def dense(record: object) -> dict[str, JSON]:
    """The record's attributes that say something; blanks are left out."""
    return {name: value for name, value in vars(record).items() if value}


def person_from(value: Mapping[str, JSON]) -> Person:
    return Person(
        **{
            **value,
            "schools": tuple(value.get("schools", ())),
            "other_ids": tuple(value.get("other_ids", ())),
        }
    )


def class_from(value: Mapping[str, JSON]) -> Class:
    return Class(**{**value, "terms": tuple(value.get("terms", ()))})


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode


def to_line(value: JSON) -> bytes:
    """Canonical JSON: equal content gives equal bytes."""
    return _encode(value).encode()
