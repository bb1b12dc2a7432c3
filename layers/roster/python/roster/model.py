"""The words: what a provider's rows become (facts), and what the plan makes of them (entries).

A fact is one statement of one row, routed by the id it is about; an entry is what the last applied run knows of
one contact or class. Both travel as compact JSON lines, blanks left out, so that equal content is equal bytes.
They are msgspec structs, because a roster is millions of them: made, written and read back in C, they cost a tenth.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct, field
from msgspec.structs import asdict as asdict
from msgspec.structs import replace as replace

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


BY_HAND = "pickatime"  # the provider of contacts that people keep themselves
KINDS = tuple(kind.value for kind in Kind)
FIRST_LEVEL = {Kind.TEACHER.value: Level.APPOINTMENT_VIEWER.value}  # of any other kind: Customer
RANKS = {level.value: rank for rank, level in enumerate(Level)}
COUNTED = ("student", "teacher", "parent", "class", "enrolment", "relationship")
OUTCOMES = ("created", "updated", "unchanged", "departed", "returned", "rejected")


class Person(Struct, frozen=True, omit_defaults=True, gc=False):
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


class BirthDate(Struct, frozen=True, omit_defaults=True, gc=False):
    """A student's security value that arrives apart from the student (ISO date)."""

    student: str
    value: str = ""


class Class(Struct, frozen=True, omit_defaults=True, gc=False):
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


class Enrolment(Struct, frozen=True, omit_defaults=True, gc=False):
    """`person` belongs to `class_id`, as student or teacher; `primary` marks the class's first teacher.

    From `begin` until the day before `end` (ISO dates); blank is open.
    """

    class_id: str
    person: str
    role: str
    primary: bool = False
    begin: str = ""
    end: str = ""


class Relationship(Struct, frozen=True, omit_defaults=True, gc=False):
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


class School(Struct, frozen=True, omit_defaults=True, gc=False):
    """A school of the provider."""

    id: str
    name: str = ""


class Term(Struct, frozen=True, omit_defaults=True, gc=False):
    """A term of the provider; dates are ISO or blank. Ids are not stable, names repeat across years.

    `rank`: 1 a school year, 2 a semester or term, 3 a grading period, 0 where the provider has no such order.
    """

    id: str
    name: str = ""
    start: str = ""
    end: str = ""
    school: str = ""
    rank: int = 0


class Within(Struct, frozen=True, omit_defaults=True, gc=False):
    """A term lies within another: a quarter in its semester, a semester in its year."""

    term: str
    parent: str


class SourceState(Struct, frozen=True, omit_defaults=True, gc=False):
    """What the provider says of its own data: `marker` moves when a new load arrives, `warning` is a code."""

    marker: str = ""
    departures_trusted: bool = True
    warning: str = ""


class Rejected(Struct, frozen=True, omit_defaults=True, gc=False):
    """A row that cannot be used, and why. Never holds the row's content."""

    kind: str
    reason: str
    id: str = ""


class Remark(Struct, frozen=True, omit_defaults=True, gc=False):
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
            "terms": [asdict(t) for t in self.terms],
            "contacts": self.contacts,
        }

    @classmethod
    def from_json(cls, value: JSON) -> Selection:
        value = value or {}
        terms = tuple(Term(**term) for term in value.get("terms") or ())
        return cls(tuple(value.get("schools") or ()), terms, bool(value.get("contacts", True)))


class Listing(Struct, omit_defaults=True):
    """What one event says of one contact: its classes, and its parents or children (id, relation, type)."""

    classes: list[str] = field(default_factory=list)
    related: list[list[str]] = field(default_factory=list)


class ContactEntry(Struct, omit_defaults=True, tag_field="of", tag="contact"):
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
        if len(self.listed) == 1:
            (only,) = self.listed.values()
            if len(only.related) < 2:
                return only.related
        ties = {tie[0]: tie for event in sorted(self.listed) for tie in self.listed[event].related}
        return [ties[other] for other in sorted(ties)]


class ClassEntry(Struct, omit_defaults=True, tag_field="of", tag="class"):
    """What was last applied of a class: the class and its roster, ids in a stable order, primary teacher first."""

    info: Class
    teachers: list[str] = field(default_factory=list)
    students: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        return self.info.id


to_line = msgspec.json.Encoder(order="deterministic").encode
"""Canonical JSON: equal content gives equal bytes."""
