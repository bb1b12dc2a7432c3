"""The tasks of a run without a pull: an undo, and the deletion of an event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from roster.apart import forget_apart
from roster.difference import Applied, delisted, difference, outcome
from roster.keys import provider_of, shard_slots, slot
from roster.ledgers import CHANGING, RESTORED, images, unsettled
from roster.lines import change_line
from roster.mending import Mended
from roster.model import COUNTED, JSON, ClassEntry, ContactEntry, to_line
from roster.outcome import Doubt, Outcome
from roster.ports import Change, ContactId, Roster, Stored
from roster.settle import told_class, told_contact
from roster.staging import Staging
from roster.tally import Tally


@dataclass
class Rewriting:
    """One pass, one task per shard: what differs between what is applied and what shall hold."""

    staging: Staging
    told: Mapping[str, JSON]
    roster: Roster

    def tasks(self) -> list[tuple[str, int]]:
        return [(self.told["mode"], shard) for shard in range(self.staging.shards)]

    def do(self, mode: str, shard: int) -> Tally:
        if shard == 0:
            unsettled = {(origin, kind, id) for origin, kind, id in self.told.get("unsettled", ())}
            forget_apart(self.staging.slots, self.staging.key.account, unsettled)
        changes, missed, now = self._undo(shard) if mode == "undo" else self._delete(shard)
        out = self._counted([*changes, *missed], now)
        self.staging.write_changes("people", shard, ())
        self.staging.write_changes("rosters", shard, changes)
        self.staging.write_changes(RESTORED, shard, missed)
        self.staging.note(mode, shard, out)
        return out.tally

    def _now(self, shard: int) -> Applied:
        return applied_of(self.staging, self.told["ledger"], self.told["snapshot"], shard)

    def _undo(self, shard: int) -> tuple[list[Change], list[Change], Applied]:
        """Back to the ledger and the classes from before, and to what was deleted beside them."""
        staging, target = self.staging, self.told["target"]
        event, mine = staging.key.event, shard_slots(shard, staging.shards)
        now, then = self._now(shard), applied_of(staging, target["ledger"], target["snapshot"], shard)
        hand = {*self.told["removed"], *target["removed"]}
        doubt = with_removed(staging.doubt(self.told["doubt"], shard), hand, (now, then), event, mine)
        then = then.without_classes(target["removed"].keys(), event)
        back = images(staging.slots, target["images"], mine)
        self._keep_marks(shard, back)
        missed = self._missed(shard, (now, then), back)
        return [*difference(now, then, event, doubt, back)], missed, now

    def _keep_marks(self, shard: int, back: Mapping[ContactId, Change]) -> None:
        """What is set by hand now and goes back as well: should the undo be interrupted, it was not done."""
        now = [self._marks[id] for id in back if id in self._marks]
        if now:
            lines = (change_line(one, to_line(one.entry)) for one in now)
            self.staging.slots.write(f"{self.staging.cleared}/marks-{shard:03d}", lines)

    @cached_property
    def _marks(self) -> Mapping[ContactId, Change]:
        staging = self.staging
        return Mended(staging.slots, staging.key.account, self.told["doubt"], self.roster).marks

    def _missed(self, shard: int, both: Iterable[Applied], more: Mapping[ContactId, Change]) -> list[Change]:
        """What an interrupted clear deleted, or an interrupted undo brought back, and no ledger knows."""
        mine = shard_slots(shard, self.staging.shards)
        found = unsettled(self.staging.slots, self.staging.key.account, self.told["doubt"], mine)
        known = {(one.provider, *key) for one in both for key in one.contacts}
        return [one for id, one in found.items() if id not in known and id not in more]

    def _delete(self, shard: int) -> tuple[list[Change], list[Change], Applied]:
        """The event's classes and schedules go, contacts stay; so do those whom an interrupted run made."""
        staging, today = self.staging, self.told["today"]
        event, mine = staging.key.event, shard_slots(shard, staging.shards)
        now, gone = self._now(shard), self.told["removed"]
        doubt = with_removed(staging.doubt(self.told["doubt"], shard), gone, (now,), event, mine)
        made = {key: ContactEntry(one.person, {}, today) for key, one in doubt.contacts.items() if one}
        left = made | {key: delisted(entry, event, today) for key, entry in now.contacts.items()}
        then = Applied(now.provider or staging.provider, left)
        if self.told["keeps_ledger"]:
            staging.write_contacts(staging.ledger, shard, left.values())
        marks = [Change("class_mark", id, None) for id in self.told["marked"] if slot(id) in mine]
        found = difference(now, then, event, doubt, {})
        return [*found, *marks], self._missed(shard, (now,), {}), now

    def _counted(self, changes: Iterable[Change], now: Applied) -> Outcome:
        out = Outcome()
        for change in changes:
            if isinstance(change.entry, Stored) and change.entry.mark:
                continue
            became = outcome(change, now, self.staging.key.event)
            names: list[str] = []
            if became == "updated" and isinstance(change.entry, ContactEntry):
                became, names = told_contact(change.entry, now.contacts.get((change.kind, change.id)))
            elif became == "updated" and isinstance(change.entry, ClassEntry):
                became, names = told_class(change.entry, now.classes.get(change.id))
            origin = change.entry.origin if isinstance(change.entry, Stored) else ""
            out.told.append((change.kind, change.id, became, names, origin))
            if change.kind in COUNTED:
                out.tally.count(change.kind, "departed" if became == "deleted" else became)
        return out


def applied_of(staging: Staging, ledger: str, snapshot: str, shard: int) -> Applied:
    """What ledger and snapshot say of a shard."""
    return Applied(provider_of(ledger), staging.known(ledger, CHANGING, shard), staging.classes(snapshot, shard))


def with_removed(doubt: Doubt, removed: Iterable[str], both: Iterable[Applied], event: str, mine: range) -> Doubt:
    """Classes that were deleted here, and their students' schedules, are not what was applied."""
    gone = set(removed)
    if not gone:
        return doubt
    students = {id for one in both for id in one.students() if gone.intersection(one.schedule(id, event))}
    classes = {id for id in gone if slot(id) in mine}
    return Doubt(doubt.contacts, doubt.classes | classes, doubt.schedules | students)
