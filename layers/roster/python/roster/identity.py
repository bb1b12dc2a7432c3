"""Who is this? Recognises people whose provider gave them a new id, so that nobody becomes two contacts.

Clever gives teachers other ids in v2 and v3, and a parent without a SIS id a new one at every change of e-mail.
A newcomer is taken for somebody who vanished by, in this order: an id both know; for parents, a child in common
and the same e-mail; a child in common, the same name and phone. Anything ambiguous is left as two people.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from roster.model import JSON, ContactEntry, Person, Relationship

RENUMBERED = ("teacher", "parent")
Aliases = dict[str, dict[str, str]]


@dataclass(frozen=True)
class Trace:
    """What is needed to recognise one person; `students` for parents."""

    kind: str
    id: str
    ids: tuple[str, ...]
    email: str
    name: str
    phone: str
    students: tuple[str, ...]

    @classmethod
    def of(cls, person: Person, students: Iterable[str]) -> Trace:
        ids = (person.id, *person.other_ids)
        phone = "".join(filter(str.isdigit, person.phone))
        name = " ".join(person.name.casefold().split())
        return cls(person.kind, person.id, ids, person.email.casefold(), name, phone, tuple(sorted(students)))

    def marks(self) -> Iterator[tuple[str, ...]]:
        """The soft marks, strongest first."""
        for student in self.students:
            if "@" in self.email:
                yield ("email", student, self.email)
        for student in self.students:
            if self.name and self.phone:
                yield ("phone", student, self.name, self.phone)

    def to_json(self) -> JSON:
        return [self.kind, self.id, self.ids, self.email, self.name, self.phone, self.students]

    @classmethod
    def from_json(cls, value: JSON) -> Trace:
        kind, id, ids, email, name, phone, students = value
        return cls(kind, id, tuple(ids), email, name, phone, tuple(students))


def newcomers(
    persons: Iterable[Person], ties: Iterable[Relationship], known: Mapping[tuple[str, str], ContactEntry]
) -> tuple[list[Trace], list[Trace]]:
    """(who is new, who is gone) among teachers and parents of one shard.

    Gone are also those long inactive who have other ids: a provider may bring them back under one of these.
    """
    children = defaultdict(list)
    for tie in ties:
        children[tie.parent].append(tie.student)
    present = {(person.kind, person.id): person for person in persons if person.kind in RENUMBERED}
    new = [
        Trace.of(person, children[person.id] if person.kind == "parent" else ())
        for key, person in present.items()
        if key not in known
    ]
    gone = [
        Trace.of(entry.person, (tie[0] for tie in entry.related()) if entry.person.kind == "parent" else ())
        for key, entry in known.items()
        if key not in present and entry.person.kind in RENUMBERED and (entry.listed or entry.person.other_ids)
    ]
    return new, gone


def identify(new: Iterable[Trace], gone: Iterable[Trace]) -> tuple[Aliases, list[tuple[str, str]]]:
    """(aliases: kind → provider's id → our contact's id, soft matches as (kind, contact id))."""
    by_id, by_mark = _indexes(gone)
    aliases: Aliases = {}
    soft: dict[tuple[str, str], list[str]] = defaultdict(list)
    for trace in new:
        known = next((by_id[trace.kind, id] for id in trace.ids if (trace.kind, id) in by_id), None)
        if known:
            aliases.setdefault(trace.kind, {})[trace.id] = known
        elif trace.kind == "parent":
            matches = [by_mark[mark] for mark in trace.marks() if mark in by_mark]
            if matches and matches[0]:
                soft[trace.kind, matches[0]].append(trace.id)
    recognised = {match: ids[0] for match, ids in soft.items() if len(ids) == 1}
    for (kind, known), id in recognised.items():
        aliases.setdefault(kind, {})[id] = known
    return aliases, list(recognised)


def _indexes(gone: Iterable[Trace]) -> tuple[dict[tuple[str, str], str], dict[tuple[str, ...], str]]:
    """By id, and by soft mark; a mark that two people share says nothing (blank)."""
    by_id: dict[tuple[str, str], str] = {}
    by_mark: dict[tuple[str, ...], str] = {}
    for trace in gone:
        for id in trace.ids:
            by_id[trace.kind, id] = trace.id
        if trace.kind == "parent":
            for mark in set(trace.marks()):
                by_mark[mark] = "" if mark in by_mark else trace.id
    return by_id, by_mark
