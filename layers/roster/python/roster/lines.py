"""How facts, notes and changes become lines of a file, and changes of it again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

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
    dense,
    to_line,
)
from roster.ports import Change

# How a fact is tagged in a line, and the attribute whose id routes it.
FACTS: Mapping[type, tuple[str, str]] = {
    Person: ("person", "id"),
    BirthDate: ("birth_date", "student"),
    Class: ("class", "id"),
    Enrolment: ("enrolment", "class_id"),
    Relationship: ("relationship", "parent"),
    Remark: ("remark", "id"),
}
NOTES: Mapping[type, str] = {
    School: "school",
    Term: "term",
    Within: "within",
    SourceState: "state",
    Rejected: "rejected",
}


def change_line(change: Change) -> tuple[int, bytes]:
    entry = change.entry
    value = entry.to_json() if isinstance(entry, ContactEntry | ClassEntry) else entry
    return slot(change.id), to_line([change.kind, change.id, value])


def change_from(line: bytes) -> Change:
    kind, id, value = json.loads(line)
    if value is None:
        return Change(kind, id, None)
    if kind == "schedule":
        return Change(kind, id, tuple(value))
    return Change(kind, id, _entry(kind, value))


def _entry(kind: str, value: Mapping[str, JSON]) -> ContactEntry | ClassEntry:
    return ClassEntry.from_json(value) if kind == "class" else ContactEntry.from_json(value)


def fact_lines(records: Iterable[Record]) -> Iterable[tuple[int, bytes]]:
    """Each fact as (slot, line)."""
    for record in records:
        tagged = FACTS.get(type(record))
        if tagged:
            tag, route = tagged
            yield slot(getattr(record, route)), to_line([tag, dense(record)])


def note_line(note: Record) -> JSON:
    return [NOTES[type(note)], vars(note)]
