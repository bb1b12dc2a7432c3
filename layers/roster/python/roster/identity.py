"""Who is this? Recognises people whose provider gave them a new id, so that nobody becomes two contacts.

Clever gives teachers other ids in v2 and v3, and a parent without a SIS id a new one at every change of e-mail.
A newcomer is taken for somebody who vanished by, in this order: an id both know; for parents, a child in common,
the same e-mail and first name; a child in common, the same name and phone. Anything ambiguous is left as two people.
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
            if self.name and "@" in self.email:  # spouses share addresses and surnames, not first names
                yield ("email", student, self.email, self.name.split()[0])
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

    Gone are also those long inactive: a provider may bring them back under another id. Parents, of whom there are
    many, are remembered so only if they had another id before.
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
        if key not in present and entry.person.kind in RENUMBERED and _may_return(entry)
    ]
    return new, gone


def _may_return(entry: ContactEntry) -> bool:
    return bool(entry.listed or entry.person.other_ids or entry.person.kind == "teacher")


def identify(new: Iterable[Trace], gone: Iterable[Trace]) -> tuple[Aliases, list[tuple[str, str]]]:
    """(aliases: kind → provider's id → our contact's id, soft matches as (kind, contact id))."""
    by_id, by_mark = _indexes(gone)
    exact: dict[tuple[str, str], list[str]] = defaultdict(list)
    soft: dict[tuple[str, str], list[str]] = defaultdict(list)
    for trace in new:
        known = next((by_id[trace.kind, id] for id in trace.ids if by_id.get((trace.kind, id))), "")
        match = "" if known or trace.kind != "parent" else _by_mark(trace, by_mark)
        if known:
            exact[trace.kind, known].append(trace.id)
        elif match:
            soft[trace.kind, match].append(trace.id)
    likely = {match: ids for match, ids in soft.items() if match not in exact}
    aliases: Aliases = {}
    for (kind, known), ids in (*exact.items(), *likely.items()):
        if len(ids) == 1:
            aliases.setdefault(kind, {})[ids[0]] = known
    return aliases, [match for match, ids in likely.items() if len(ids) == 1]


def _by_mark(trace: Trace, by_mark: Mapping[tuple[str, ...], str]) -> str:
    """The one person to whom the strongest marks that are known lead, or blank."""
    for name in ("email", "phone"):
        found = {by_mark[mark] for mark in trace.marks() if mark[0] == name and mark in by_mark}
        if found:
            return found.pop() if len(found) == 1 else ""
    return ""


def _indexes(gone: Iterable[Trace]) -> tuple[dict[tuple[str, str], str], dict[tuple[str, ...], str]]:
    """By id, and by soft mark. What two people share says nothing (blank), but an id of one's own does."""
    by_id: dict[tuple[str, str], str] = {}
    by_mark: dict[tuple[str, ...], str] = {}
    own: dict[tuple[str, str], str] = {}
    for trace in gone:
        own[trace.kind, trace.id] = trace.id
        for id in trace.ids[1:]:
            by_id[trace.kind, id] = "" if (trace.kind, id) in by_id else trace.id
        if trace.kind == "parent":
            for mark in set(trace.marks()):
                by_mark[mark] = "" if mark in by_mark else trace.id
    return {**by_id, **own}, by_mark
