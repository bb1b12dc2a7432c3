"""The first passes of a run that clears: who is in the table and goes, and what is left of ledger and classes.

Deletes nothing: it writes down what the Clear step will delete, and all of it as it was, for undo and put-back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from roster.clearing import MARK, Clearing, by_id, effective
from roster.comparing import EMPTIED
from roster.difference import unscheduled
from roster.keys import PARTITIONS, provider_of, shard_slots, slot
from roster.ledgers import CHANGING, CLEARING, RESTORED, images, lost
from roster.lines import change_line
from roster.mending import Mended
from roster.model import COUNTED, JSON, ContactEntry, to_line
from roster.outcome import Doubt, Outcome
from roster.ports import Change, ContactId, Roster, Stored
from roster.staging import Staging
from roster.tally import Tally


@dataclass
class Clearance:
    """The two passes `look` (one task per partition of the table) and `survivors` (one per shard)."""

    staging: Staging
    told: Mapping[str, JSON]
    roster: Roster

    def tasks(self) -> list[tuple[str, int]]:
        looks = len(self.told["origins"]) * PARTITIONS
        return [*(("look", n) for n in range(looks)), *(("survivors", n) for n in range(self.staging.shards))]

    @cached_property
    def _clearing(self) -> Clearing:
        return Clearing.from_json(self.told["clear"])

    @cached_property
    def _levels(self) -> dict[ContactId, Change]:
        return by_id(self.roster.levels(self.staging.key.account))

    @cached_property
    def _settled_levels(self) -> Mapping[ContactId, Change]:
        return Mended(self.staging.slots, self.staging.key.account, self.told["doubt"], self.roster).marks

    def look(self, n: int) -> Tally:
        """Who goes and who stays, of one partition."""
        origin, part = self.told["origins"][n // PARTITIONS], n % PARTITIONS
        tally, gone, kept = Tally(), list[Change](), list[Change]()
        for contact in self.roster.found(self.staging.key.account, origin, part):
            level = effective(contact, self._levels)
            goes = self._clearing.deletes(contact, self._levels)
            (gone if goes else kept).append(contact)
            tally.judge("clear", level if goes else "kept")
        gone += filter(None, [self._levels.get((f"{MARK}{origin}", one.kind, one.id)) for one in gone])
        # who stays may be overwritten by the import, without being in a ledger that could tell how they were
        overwritten = origin == self.staging.provider and self.told["mode"] != "clear"
        imaged = [*gone, *(kept if overwritten else ())]
        for name, lines in (("gone", gone), ("kept", kept)):
            if lines:
                self._write(f"{self._found}/{name}/{n:04d}", map(bare, lines))
        if imaged or n == 0:  # that there is one file says that nothing else was deleted
            self._keep_images(f"{n:04d}", imaged)
        return tally

    @property
    def _found(self) -> str:
        return f"{self.staging.folder}/found"

    def _write(self, name: str, lines: Iterable[Change]) -> None:
        self.staging.slots.write(name, (change_line(one, to_line(one.entry)) for one in lines))

    def _keep_images(self, name: str, found: Iterable[Change]) -> None:
        if self.told["mode"] != "preview":
            self._write(f"{self.staging.cleared}/{name}", found)

    def kept(self, shard: int) -> Mapping[ContactId, Change]:
        """Who stays, of this shard."""
        return images(self.staging.slots, f"{self._found}/kept", shard_slots(shard, self.staging.shards))

    def survivors(self, shard: int) -> Tally:
        """The ledger of those who stay; what is to be deleted; and what an interrupted clear had lost."""
        staging, told = self.staging, self.told
        mine = shard_slots(shard, staging.shards)
        gone, kept = images(staging.slots, f"{self._found}/gone", mine), self.kept(shard)
        ledger, out = told["replaced"]["ledger"], Outcome()
        known = staging.known(ledger, CHANGING, shard)
        doubt = staging.doubt(told["doubt"], shard)
        left = [
            unscheduled(one, staging.key.event) for key, one in known.items() if (provider_of(ledger), *key) in kept
        ]
        left_over = [
            *self._left_over(gone, kept, mine),
            *self._restore(shard, gone, kept, lost(staging.slots, staging.key.account, told["doubt"], mine)),
        ]
        out.changes = [*gone.values(), *left_over, *emptied(staging, told, known.values(), doubt, shard, out)]
        self._count(gone.values(), out)
        staging.write_changes(CLEARING, shard, map(bare, out.changes))
        self._keep(shard, left, doubt, provider_of(ledger))
        out.tally.judge("plan", "moved", len(out.changes))
        out.tally.judge("clear", "left", len(left))
        staging.note("survivors", shard, out)
        return out.tally

    def _left_over(
        self, gone: Mapping[ContactId, Change], kept: Mapping[ContactId, Change], mine: range
    ) -> list[Change]:
        """Hand-set levels of nobody, which an interrupted undo or adoption brought before their contacts."""
        stray = self._levels.keys() - self._settled_levels.keys() - gone.keys()
        nobodys = (id for id in sorted(stray) if (id[0].removeprefix(MARK), *id[1:]) not in kept)
        return [self._levels[id] for id in nobodys if slot(id[2]) in mine]

    def _count(self, gone: Iterable[Change], out: Outcome) -> None:
        contacts = [one for one in gone if isinstance(one.entry, Stored) and not one.entry.mark]
        classes = [one for one in out.changes if one.kind == "class"]
        for one in (*contacts, *classes):
            origin = one.entry.origin if isinstance(one.entry, Stored) else ""
            out.told.append((one.kind, one.id, "deleted", [], origin))
            if one.kind in COUNTED and self.told["mode"] == "clear":
                out.tally.count(one.kind, "departed")

    def _restore(
        self,
        shard: int,
        gone: Mapping[ContactId, Change],
        kept: Mapping[ContactId, Change],
        found: Mapping[ContactId, Change],
    ) -> list[Change]:
        """An interrupted clear deleted more, or others, than this one would: judged as if they were still there.

        Returns the hand-set levels that are there, and go as well.
        """
        held = (entry for entry in found.items() if isinstance(entry[1].entry, Stored) and entry[1].entry.item)
        missing = {id: self._levels.get(id, one) for id, one in held if id not in gone and id not in kept}
        if not missing:
            return []
        levels = {**missing, **self._levels}
        owners = by_id(one for id, one in missing.items() if not id[0].startswith(MARK))
        stay = {id for id, one in owners.items() if not self._clearing.deletes(one, levels)} | kept.keys()
        back = {id for id in missing if (id[0].removeprefix(MARK), *id[1:]) in stay}
        self._keep_images(f"lost-{shard:03d}", (one for id, one in missing.items() if id not in back))
        if self.told["mode"] != "preview":
            restored = (one for id, one in missing.items() if id in back and id not in self._levels)
            self.staging.write_changes(RESTORED, shard, restored)
        return [self._levels[id] for id in sorted(missing.keys() - back) if id in self._levels]

    def _keep(self, shard: int, left: list[ContactEntry], doubt: Doubt, provider: str) -> None:
        """As the ledger that the import after it is compared with, or as the one that holds from now on."""
        staging = self.staging
        if self.told["mode"] != "clear":
            staging.write_contacts(staging.survivors, shard, left if provider == staging.provider else ())
            return
        staging.write_contacts(staging.ledger, shard, left)
        staging.write_changes("people", shard, ())
        staging.write_changes("rosters", shard, (Change(*one.key, one) for one in left if one.key in doubt.contacts))
        staging.slots.write_json(f"{staging.ledger}/{EMPTIED}", {})

    def doubt(self, shard: int, doubt: Doubt) -> Doubt:
        """Of whom an interrupted run made, only those whom the clear leaves; whoever goes, goes."""
        kept = self.kept(shard)
        known = {key: entry for key, entry in doubt.contacts.items() if (self.staging.provider, *key) in kept}
        return Doubt(known, doubt.classes, doubt.schedules)


def emptied(
    staging: Staging,
    told: Mapping[str, JSON],
    known: Iterable[ContactEntry],
    doubt: Doubt,
    shard: int,
    out: Outcome,
) -> Iterator[Change]:
    """The event's classes and schedules go; counts them, and who was listed."""
    event, scheduled = staging.key.event, set(doubt.schedules)
    before = staging.classes(told["replaced"]["snapshot"], shard)
    out.tally.judge("cleared", "class", len(before))
    for entry in known:
        out.tally.judge("cleared", entry.person.kind, int(event in entry.listed))
        if event in entry.listed and entry.person.kind == "student":
            scheduled.add(entry.person.id)
    for kind, ids in (("class", before.keys() | doubt.classes), ("schedule", scheduled)):
        yield from (Change(kind, id, None) for id in sorted(ids))


def bare(change: Change) -> Change:
    """Which item, without what it holds."""
    found = change.entry
    return (
        Change(change.kind, change.id, Stored(found.origin, mark=found.mark)) if isinstance(found, Stored) else change
    )
