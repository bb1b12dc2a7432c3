"""Where a run's files lie among the slots, and how a shard's lines are read back.

Everything a run pulls or plans lies under its own folder; what it applied lies apart, because the next run, and an
undo, are compared with it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from roster.facts import ContactKey, Doubt, Facts, Outcome
from roster.keys import shard_slots, slot
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
from roster.ports import Change, Slots

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


@dataclass(frozen=True)
class Staging:
    """The files of one run. `folder`: what is pulled and planned; `ledger`, `snapshot`: what will be applied."""

    slots: Slots
    folder: str
    ledger: str
    snapshot: str
    shards: int = 1

    def facts(self, pulled: Iterable[str], shard: int, tags: Iterable[str], passes: Iterable[str] = ()) -> Facts:
        """The facts of one shard in the `pulled` files, and what earlier passes called there."""
        facts = Facts()
        wanted = tuple(f'["{tag}"'.encode() for tag in tags)
        called = [name for step in passes for name in self.slots.names(f"{self.folder}/routed/{step}-")]
        for name in (*pulled, *called):
            for line in self.slots.read(name, shard_slots(shard, self.shards)):
                if line.startswith(wanted):
                    facts.take(*json.loads(line))
        return facts

    def pulled(self, round: int, pages: Sequence[int]) -> list[str]:
        """The files of a pull's last round, page by page and no page more than it read."""
        names = self.slots.names(f"{self.folder}/pull/{round}/")
        return [name for name in names if _page(name) < pages[_resource(name)]]

    def notes(self, round: int, noted: Iterable[str]) -> Iterator[tuple[str, dict[str, JSON]]]:
        """What those pages noted beside the roster: terms, schools, the source's state, rejected rows."""
        for page in noted:
            yield from self.slots.read_json(f"{self.folder}/notes/{round}/{page}")

    def keep(self, name: str, shard: int, out: Outcome) -> None:
        """Write a pass's outcome; done twice, it writes the same files."""
        file = f"{name}-{shard:03d}"
        self.slots.write(f"{self.folder}/routed/{file}", out.routed)
        self.slots.write(f"{self.folder}/plan/{file}", map(_change_line, out.changes))
        if out.tally.problems:
            self.slots.write_json(f"{self.folder}/problems/{file}", out.tally.problems)
        if name in ("people", "rosters"):
            lines = ((slot(entry.person.id), to_line(entry.to_json())) for entry in out.contacts)
            self.slots.write(f"{self.ledger}/{name}-{self._place(shard)}", lines)
        if name == "rosters":
            lines = ((slot(entry.key), to_line(entry.to_json())) for entry in out.classes)
            self.slots.write(f"{self.snapshot}/classes-{self._place(shard)}", lines)

    def offer(self, shard: int, classes: Iterable[tuple[str, tuple[str, ...]]]) -> None:
        """Note how many classes the provider has per school and terms (ids), chosen or not."""
        counts = [[*place, n] for place, n in Counter(classes).items()]
        self.slots.write_json(f"{self.folder}/offered/{shard:03d}", counts)

    def offered(self) -> Iterator[tuple[str, list[str], int]]:
        """(school id, term ids, classes), several times the same place where shards shared it."""
        for name in self.slots.names(f"{self.folder}/offered/"):
            yield from map(tuple, self.slots.read_json(name))

    def changes(self, name: str, shard: int) -> Iterator[Change]:
        """What a pass wants written, for one shard."""
        file = f"{self.folder}/plan/{name}-{shard:03d}"
        yield from (_change(line) for line in self.slots.read(file, shard_slots(shard, self.shards)))

    def _place(self, shard: int) -> str:
        return f"{shard:03d}-of-{self.shards:03d}"

    def known(self, ledger: str, names: Iterable[str], shard: int) -> dict[ContactKey, ContactEntry]:
        """What was applied last of this shard's contacts."""
        lines = (line for name in names for line in self._applied(ledger, name, shard))
        entries = (ContactEntry.from_json(json.loads(line)) for line in lines)
        return {entry.key: entry for entry in entries}

    def classes(self, snapshot: str, shard: int) -> dict[str, ClassEntry]:
        """What was applied last of this shard's classes."""
        entries = (ClassEntry.from_json(json.loads(line)) for line in self._applied(snapshot, "classes", shard))
        return {entry.key: entry for entry in entries}

    def _applied(self, folder: str, name: str, shard: int) -> Iterator[bytes]:
        """Lines of this shard's slots, whatever the number of shards they were written with."""
        wanted = shard_slots(shard, self.shards)
        for file in self.slots.names(f"{folder}/{name}-") if folder else ():
            place, shards = file.rsplit("/", 1)[1].removeprefix(f"{name}-").split("-of-")
            theirs = shard_slots(int(place), int(shards))
            both = range(max(wanted.start, theirs.start), min(wanted.stop, theirs.stop))
            if both:
                yield from self.slots.read(file, both)

    def doubt(self, contacts: str, event: str, shard: int) -> Doubt:
        """What interrupted plans (folders, or blank) may have written of this shard."""
        intended = list(self._planned(contacts, shard))
        mine = intended if contacts == event else list(self._planned(event, shard))
        return Doubt(
            {(c.kind, c.id): c.entry for c in intended if isinstance(c.entry, ContactEntry)},
            frozenset(change.id for change in mine if change.kind == "class"),
            frozenset(change.id for change in mine if change.kind == "schedule"),
        )

    def _planned(self, folder: str, shard: int) -> Iterator[Change]:
        for file in self.slots.names(f"{folder}/plan/") if folder else ():
            yield from map(_change, self.slots.read(file, shard_slots(shard, self.shards)))


def _resource(name: str) -> int:
    return int(name.rsplit("/", 1)[1].split("-")[0])


def _page(name: str) -> int:
    return int(name.rsplit("-", 1)[1])


def _change_line(change: Change) -> tuple[int, bytes]:
    entry = change.entry
    value = entry.to_json() if isinstance(entry, ContactEntry | ClassEntry) else entry
    return slot(change.id), to_line([change.kind, change.id, value])


def _change(line: bytes) -> Change:
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
