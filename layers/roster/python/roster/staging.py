"""Where a run's files lie among the slots, and how a shard's lines are read back.

What a run pulls and hands from pass to pass is forgotten after a month. What it plans and applies lies apart and is
not: an interrupted plan is in doubt for as long as nobody runs again, and the next run is compared with the ledger.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from roster.clearing import by_id
from roster.facts import ContactKey, Facts
from roster.keys import (
    SLOTS,
    beside,
    cleared_folder,
    ledger_folder,
    plan_folder,
    planned,
    pulled_folder,
    run_folder,
    shard_slots,
    slot,
    snapshot_folder,
)
from roster.ledgers import CHANGING, CLEARING, RESTORED, applied, doubt, write_contacts
from roster.lines import change_line, changes, classes, contacts, told
from roster.model import JSON, ClassEntry, ContactEntry, to_line
from roster.outcome import Doubt, Outcome
from roster.ports import Change, Packed, RunKey, Slots

IDS_AT_ONCE = 200_000  # in memory


@dataclass(frozen=True)
class Staging:
    """The files of one run of an account that imports from `provider`."""

    slots: Slots
    key: RunKey
    provider: str
    shards: int = 1
    shared: str = ""
    preview: bool = False

    @cached_property
    def source(self) -> str:
        """What was pulled, by this run or by another of the account (`shared`).

        Written by an importer, so nothing that lies here decides what is deleted.
        """
        return self.shared or pulled_folder(self.key.account, self.key.event, self.key.run)

    @cached_property
    def folder(self) -> str:
        """What is handed from pass to pass, and the run's context."""
        return run_folder(self.key.account, self.key.event, self.key.run)

    @cached_property
    def plan(self) -> str:
        return plan_folder(self.key.account, self.provider, self.key.event, self.key.run)

    @cached_property
    def ledger(self) -> str:
        """What will be applied to the account's contacts; of a preview, what would be."""
        return (
            f"{self.folder}/contacts" if self.preview else ledger_folder(self.key.account, self.provider, self.key.run)
        )

    @cached_property
    def snapshot(self) -> str:
        """What will be applied to the event's classes."""
        return (
            f"{self.folder}/classes"
            if self.preview
            else snapshot_folder(self.key.account, self.key.event, self.key.run)
        )

    @cached_property
    def cleared(self) -> str:
        """The items that a clear deletes, as they were."""
        return cleared_folder(self.key.account, self.key.run)

    @cached_property
    def survivors(self) -> str:
        """A ledger of those whom a clear leaves, for the plan of the import that follows it."""
        return f"{self.folder}/survivors"

    @cached_property
    def lasting(self) -> tuple[str, ...]:
        """What no lifecycle rule forgets."""
        return self.ledger, self.snapshot, self.plan, self.cleared

    def is_ours(self, ledger: str, *plans: str) -> bool:
        """Whether these (or blank) came from this provider: of another one, the same id is somebody else's."""
        ours = beside(ledger_folder(self.key.account, self.provider, self.key.run))
        places = [(ledger, ours), *((plan, planned(self.key.account, self.provider)) for plan in plans)]
        return all(folder.startswith(place) for folder, place in places if folder)

    def context(self) -> dict[str, JSON]:
        """What the plan was begun with."""
        context: dict[str, JSON] = self.slots.read_json(f"{self.folder}/context")
        return context

    def help(self) -> Mapping[str, str]:
        """The provider's own words for whatever a report may have to explain."""
        help: Mapping[str, str] = self.slots.read_json(f"{self.source}/provider")["help"]
        return help

    def facts(
        self, pulled: Mapping[str, Sequence[str]], shard: int, tags: Container[str], called: Iterable[str] = ()
    ) -> Facts:
        """The facts of one shard in the `pulled` files (name → tags), and what earlier passes `called` there."""
        facts, mine = Facts(), shard_slots(shard, self.shards)
        files = [name for name, held in pulled.items() if any(tag in tags for tag in held)]
        for name in (*files, *(f"{self.folder}/routed/{name}" for name in called)):
            facts.take(told(self.slots.read(name, mine)), tags)
        return facts

    def pulled(self, round: int, files: Iterable[str], tags: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
        """The files of a pull's last round, each with what its resource's facts are tagged."""
        return {f"{self.source}/pull/{round}/{name}": tags.get(str(_resource(name)), ()) for name in files}

    def repeats(self, round: int, ids: Sequence[str], rows: int) -> int:
        """How many rows came in more than one turn, by the files of ids that the turns of long resources kept."""
        chunks = _power_of_two(-(-rows // IDS_AT_ONCE)) if ids else 0
        return sum(self._repeats(round, ids, shard_slots(chunk, chunks)) for chunk in range(chunks))

    def _repeats(self, round: int, ids: Sequence[str], mine: range) -> int:
        met: dict[str, set[bytes]] = {}
        repeats = 0
        for name in ids:
            lines = self.slots.read(f"{self.source}/ids/{round}/{name}", mine).splitlines()
            seen = met.setdefault(name.partition("-")[0], set())
            repeats += len(seen.intersection(lines))
            seen.update(lines)
        return repeats

    def notes(self, round: int, noted: Iterable[str]) -> Iterator[tuple[str, dict[str, JSON]]]:
        """What those pages noted beside the roster: terms, schools, the source's state, rejected rows."""
        for page in noted:
            yield from self.slots.read_json(f"{self.source}/notes/{round}/{page}")

    def route(self, name: str, parts: Sequence[Packed]) -> None:
        """Write the calls of several shards of one pass."""
        self.slots.store(f"{self.folder}/routed/{name}", parts)

    def keep(self, name: str, shard: int, out: Outcome) -> None:
        """Write a pass's outcome, but for its calls; done twice, it writes the same files."""
        self.note(name, shard, out)
        entries = [(slot(entry.person.id), to_line(entry)) for entry in out.contacts]
        classes = [(slot(entry.key), to_line(entry)) for entry in out.classes]
        if name in CHANGING:
            known = {id(one): line for one, (_, line) in zip(out.contacts, entries, strict=True)}
            known |= {id(one): line for one, (_, line) in zip(out.classes, classes, strict=True)}
            lines = (change_line(one, known.get(id(one.entry)) or to_line(one.entry)) for one in out.changes)
            self.slots.write(f"{self.plan}/{name}-{self.place(shard)}", lines)
            self.slots.write(f"{self.ledger}/{name}-{self.place(shard)}", entries)
        if name == "rosters":
            self.slots.write(f"{self.snapshot}/classes-{self.place(shard)}", classes)

    def note(self, name: str, shard: int, out: Outcome) -> None:
        """Write what may be asked of the run: what it warned of, and what it changes."""
        file = f"{name}-{self.place(shard)}"
        for what, lines in (("problems", out.tally.problems), ("changes", out.told)):
            if lines:
                self.slots.write_json(f"{self.folder}/{what}/{file}", lines)

    def write_changes(self, name: str, shard: int, found: Iterable[Change]) -> None:
        """Plan these changes."""
        lines = (change_line(one, to_line(one.entry)) for one in found)
        self.slots.write(f"{self.plan}/{name}-{self.place(shard)}", lines)

    def write_contacts(self, ledger: str, shard: int, entries: Iterable[ContactEntry]) -> None:
        """A shard of a ledger."""
        write_contacts(self.slots, ledger, self.place(shard), entries)

    def told_changes(self) -> Iterator[tuple[str, str, str, list[str]]]:
        """(kind, id, outcome, names of changed fields) of every planned change; never a value."""
        for name in self.slots.names(f"{self.folder}/changes/"):
            yield from (tuple(row[:4]) for row in self.slots.read_json(name))

    def problems(self) -> Iterator[tuple[str, str, str]]:
        """(code, kind, id) of everything that a pass warned of."""
        for name in self.slots.names(f"{self.folder}/problems/"):
            yield from map(tuple, self.slots.read_json(name))

    def offer(self, shard: int, classes: Iterable[tuple[str, tuple[str, ...]]]) -> None:
        """Note how many classes the provider has per school and terms (ids), chosen or not."""
        counts = [[*place, n] for place, n in Counter(classes).items()]
        self.slots.write_json(f"{self.folder}/offered/{shard:03d}", counts)

    def offered(self) -> Iterator[tuple[str, list[str], int]]:
        """(school id, term ids, classes), several times the same place where shards shared it."""
        for name in self.slots.names(f"{self.folder}/offered/"):
            yield from map(tuple, self.slots.read_json(name))

    def changes(self, shard: int) -> Iterator[Change]:
        """What the plan wants written of one shard."""
        restored = list(self.of_pass(RESTORED, shard)) if self.slots.names(f"{self.plan}/{RESTORED}-") else []
        written = set()
        for name in CHANGING:
            for change in self.of_pass(name, shard):
                if restored:
                    written.add((self.provider, change.kind, change.id))
                yield change
        yield from (one for id, one in by_id(restored).items() if id not in written)

    def clearing(self, shard: int) -> Iterator[Change]:
        """What is deleted before that."""
        return self.of_pass(CLEARING, shard)

    def of_pass(self, name: str, shard: int) -> Iterator[Change]:
        """What one pass wants written of a shard."""
        yield from changes(self.slots.read(f"{self.plan}/{name}-{self.place(shard)}", shard_slots(shard, self.shards)))

    def place(self, shard: int) -> str:
        return f"{shard:03d}-of-{self.shards:03d}"

    def known(self, ledger: str, names: Iterable[str], shard: int) -> dict[ContactKey, ContactEntry]:
        """What was applied last of this shard's contacts."""
        mine = shard_slots(shard, self.shards)
        files = (file for name in names for file in applied(self.slots, ledger, name, mine))
        return {entry.key: entry for file in files for entry in contacts(file)}

    def classes(self, snapshot: str, shard: int) -> dict[str, ClassEntry]:
        """What was applied last of this shard's classes."""
        files = applied(self.slots, snapshot, "classes", shard_slots(shard, self.shards))
        return {entry.key: entry for file in files for entry in classes(file)}

    def doubt(self, plans: Sequence[str], shard: int) -> Doubt:
        """What interrupted plans (folders, or blank), the account's and the event's, may have written of this shard."""
        return doubt(self.slots, plans, shard_slots(shard, self.shards), self.provider)


def _resource(name: str) -> int:
    return int(name.partition("-")[0])


def _power_of_two(wanted: int) -> int:
    """So many or a few more, so that each is a whole number of slots."""
    return min(SLOTS, 1 << max(0, wanted - 1).bit_length())


def shards_for(facts: int, at_once: int) -> int:
    """Into how many shards to divide so many facts, that each holds no more than `at_once`."""
    return _power_of_two(-(-facts // at_once))
