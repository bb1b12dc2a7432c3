"""How facts, calls, notes and changes become lines of a file, and objects again.

A line is a JSON list that begins with a tag, read back as the struct of that tag, many lines at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from msgspec import Struct
from msgspec.json import Decoder

from roster.keys import slot
from roster.model import (
    JSON,
    BirthDate,
    Class,
    ClassEntry,
    ContactEntry,
    Enrolment,
    Person,
    Record,
    Rejected,
    Relationship,
    Remark,
    School,
    SourceState,
    Term,
    Within,
    asdict,
    to_line,
)
from roster.ports import Change


class Line(Struct, array_like=True, tag_field="tag"):
    """What the first word of a line tells apart."""


# -- facts: what one row states


class PersonTold(Line, tag="person"):
    fact: Person


class BirthDateTold(Line, tag="birth_date"):
    fact: BirthDate


class ClassTold(Line, tag="class"):
    fact: Class


class EnrolmentTold(Line, tag="enrolment"):
    fact: Enrolment


class RelationshipTold(Line, tag="relationship"):
    fact: Relationship


class RemarkTold(Line, tag="remark"):
    fact: Remark


# -- calls: what a pass tells the shard of somebody else


class Claim(Line, tag="claim"):
    """A class of the event names this person as its member."""

    kind: str
    person: str
    class_id: str


class Offer(Line, tag="offer"):
    """A parent offers to be this student's. `one_sided`: the provider, which says ties twice, said this one once."""

    student: str
    parent: str
    relation: str
    type: str
    one_sided: bool


class Orphan(Line, tag="orphan"):
    """A tie of this student leads to a parent who is not shared."""

    student: str
    parent: str


class Roster(Line, tag="roster"):
    """Whom the class names as its members: kind, id, and whether they are its primary teacher."""

    class_id: str
    members: list[tuple[str, str, bool]]


class Absent(Line, tag="absent"):
    """This person, whom the class names, is not in the event."""

    class_id: str
    kind: str
    person: str


class Member(Line, tag="member"):
    """This person, whom the class does not name, is its member all the same."""

    class_id: str
    kind: str
    person: str


class Tie(Line, tag="tie"):
    """This student is in the event, as a child of the parent."""

    parent: str
    student: str
    relation: str
    type: str


class Released(Line, tag="released"):
    """The administrator has deselected `what`: a class of this person's, or a child."""

    kind: str
    person: str
    what: str


Call: TypeAlias = PersonTold | RemarkTold | Claim | Offer | Orphan | Roster | Absent | Member | Tie | Released
Told: TypeAlias = Call | BirthDateTold | ClassTold | EnrolmentTold | RelationshipTold

# How a fact is tagged in its line, and the attribute whose id routes it.
FACTS: Mapping[type, tuple[str, str]] = {
    Person: ("person", "id"),
    BirthDate: ("birth_date", "student"),
    Class: ("class", "id"),
    Enrolment: ("enrolment", "class_id"),
    Relationship: ("relationship", "parent"),
    Remark: ("remark", "id"),
}
BEGINNINGS = {fact: (f'["{word}",'.encode(), route) for fact, (word, route) in FACTS.items()}
NOTES: Mapping[type, str] = {
    School: "school",
    Term: "term",
    Within: "within",
    SourceState: "state",
    Rejected: "rejected",
}


def tag(line: type[Line]) -> str:
    """The first word of its lines."""
    return str(line.__struct_config__.tag)


def tag_of(fact: type[Record]) -> str:
    return FACTS[fact][0]


told = Decoder(Told).decode_lines
"""The facts and calls of a file's lines."""
contacts = Decoder(ContactEntry).decode_lines
classes = Decoder(ClassEntry).decode_lines
changes = Decoder(Change).decode_lines


def fact_line(fact: Record) -> tuple[int, bytes]:
    """The fact as (slot, line)."""
    begin, route = BEGINNINGS[type(fact)]
    return slot(getattr(fact, route)), begin + to_line(fact) + b"]"


def change_line(change: Change, entry: bytes) -> tuple[int, bytes]:
    """`entry`: its line, which is encoded once for what is planned and what is known afterwards."""
    return slot(change.id), b'["%s",%s,%s]' % (change.kind.encode(), to_line(change.id), entry)


def note_line(note: Record) -> JSON:
    return [NOTES[type(note)], asdict(note)]
