"""Where a run's files lie among the slots, and how a shard's lines are read back.

What a run pulls and hands from pass to pass is forgotten after a month. What it plans and applies lies apart and is
not: an interrupted plan is in doubt for as long as nobody runs again, and the next run is compared with the ledger.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from roster.errors import FilesMissing
from roster.facts import ContactKey, Doubt, Facts, Outcome
from roster.keys import (
    SLOTS,
    beside,
    ledger_folder,
    plan_folder,
    planned,
    pulled_folder,
    run_folder,
    shard_slots,
    slot,
    snapshot_folder,
)
from roster.lines import change_line, changes, classes, contacts, told
from roster.model import JSON, ClassEntry, ContactEntry, to_line
from roster.ports import Change, Packed, RunKey, Slots

IDS_AT_ONCE = 200_000  # in memory
CHANGING = ("people", "rosters")  # the passes that plan changes


@dataclass(frozen=True)
class Staging:
    """The files of one run of an account that imports from `provider`."""

    slots: Slots
    key: RunKey
    provider: str
    shards: int = 1
    shared: str = ""

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
        """What will be applied to the account's contacts."""
        return ledger_folder(self.key.account, self.provider, self.key.run)

    @cached_property
    def snapshot(self) -> str:
        """What will be applied to the event's classes."""
        return snapshot_folder(self.key.account, self.key.event, self.key.run)

    @cached_property
    def lasting(self) -> tuple[str, str, str]:
        """What no lifecycle rule forgets."""
        return self.ledger, self.snapshot, self.plan

    def is_ours(self, ledger: str, *plans: str) -> bool:
        """Whether these (or blank) came from this provider: of another one, the same id is somebody else's."""
        places = [(ledger, beside(self.ledger)), *((plan, planned(self.key.account, self.provider)) for plan in plans)]
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
        file = f"{name}-{shard:03d}"
        if out.tally.problems:
            self.slots.write_json(f"{self.folder}/problems/{file}", out.tally.problems)
        entries = [(slot(entry.person.id), to_line(entry)) for entry in out.contacts]
        classes = [(slot(entry.key), to_line(entry)) for entry in out.classes]
        if name in CHANGING:
            known = {id(one): line for one, (_, line) in zip(out.contacts, entries, strict=True)}
            known |= {id(one): line for one, (_, line) in zip(out.classes, classes, strict=True)}
            lines = (change_line(one, known.get(id(one.entry)) or to_line(one.entry)) for one in out.changes)
            self.slots.write(f"{self.plan}/{name}-{self._place(shard)}", lines)
            self.slots.write(f"{self.ledger}/{name}-{self._place(shard)}", entries)
        if name == "rosters":
            self.slots.write(f"{self.snapshot}/classes-{self._place(shard)}", classes)

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
        for name in CHANGING:
            file = f"{self.plan}/{name}-{self._place(shard)}"
            yield from changes(self.slots.read(file, shard_slots(shard, self.shards)))

    def outdated(self, ledger: str, snapshot: str) -> list[str]:
        """Files of runs before the last, or that were never applied: they hold birth dates and serve nobody.

        What another event's interrupted run planned is not among them.
        """
        kept = {*self.lasting, ledger, snapshot}
        names = (name for folder in self.lasting for name in self.slots.names(beside(folder)))
        return [name for name in names if name.rsplit("/", 1)[0] not in kept]

    def forget(self, outdated: Iterable[str]) -> None:
        """Delete such files, and this run's own plan; only where such files can lie, whatever the list says."""
        places = tuple(map(beside, self.lasting))
        names = [name for name in outdated if name.startswith(places)]
        self.slots.delete([*names, *self.slots.names(f"{self.plan}/")])

    def discard(self) -> None:
        """Delete what would have been applied, and never will be."""
        for folder in self.lasting:
            self.slots.delete(self.slots.names(f"{folder}/"))

    def _place(self, shard: int) -> str:
        return f"{shard:03d}-of-{self.shards:03d}"

    def known(self, ledger: str, names: Iterable[str], shard: int) -> dict[ContactKey, ContactEntry]:
        """What was applied last of this shard's contacts."""
        files = (file for name in names for file in self._applied(ledger, name, shard))
        return {entry.key: entry for file in files for entry in contacts(file)}

    def classes(self, snapshot: str, shard: int) -> dict[str, ClassEntry]:
        """What was applied last of this shard's classes."""
        return {entry.key: entry for file in self._applied(snapshot, "classes", shard) for entry in classes(file)}

    def _applied(self, folder: str, name: str, shard: int) -> Iterator[bytes]:
        """Lines of this shard's slots, whatever the number of shards they were written with."""
        wanted = shard_slots(shard, self.shards)
        for file, theirs in self._files(folder, name) if folder else ():
            both = range(max(wanted.start, theirs.start), min(wanted.stop, theirs.stop))
            if both:
                yield self.slots.read(file, both)

    def _files(self, folder: str, name: str) -> list[tuple[str, range]]:
        """All files of a pass, each with its slots. One that is missing would read as: nobody was there."""
        prefix = f"{folder}/{name}-"
        names = self.slots.names(prefix)
        places = [tuple(map(int, file.removeprefix(prefix).split("-of-"))) for file in names]
        written = Counter(shards for _, shards in places)
        if not written or any(shards != files for shards, files in written.items()):
            raise FilesMissing(f"of {prefix}… there are {len(names)} files, and some are missing")
        return [(file, shard_slots(*place)) for file, place in zip(names, places, strict=True)]

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
        for name in CHANGING:
            for file in self._applied(folder, name, shard):
                yield from changes(file)


def _resource(name: str) -> int:
    return int(name.partition("-")[0])


def _power_of_two(wanted: int) -> int:
    """So many or a few more, so that each is a whole number of slots."""
    return min(SLOTS, 1 << max(0, wanted - 1).bit_length())


def shards_for(facts: int, at_once: int) -> int:
    """Into how many shards to divide so many facts, that each holds no more than `at_once`."""
    return _power_of_two(-(-facts // at_once))
