"""Adoption: whoever is kept here and is somebody of the new roster goes, and what was set by hand moves to the new one.

Deletes nothing: as before a clear, it is written down what the Clear step will do, and all of it as it was, for undo
and put-back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cached_property

from msgspec import Struct
from msgspec.json import Decoder

from roster.adoption import ADOPTED, kept_ties, other_kind
from roster.clearance import bare, emptied
from roster.clearing import MARK, effective
from roster.inherited import fill_dates, keep_dates
from roster.keys import shard_slots, slot
from roster.ledgers import CHANGING, CLEARING, RESTORED, images
from roster.lines import change_line
from roster.matching import Matching, adoption_folder
from roster.mending import restored
from roster.model import FIRST_LEVEL, JSON, BirthDate, Kind, Level, to_line
from roster.outcome import Outcome
from roster.ports import Change, ContactId, Moved, Roster, Stored
from roster.staging import Staging
from roster.tally import Tally


class Heir(Struct, frozen=True, array_like=True):
    """Whose mark takes something over. `old`: whose place they take, if anybody's; `level`, `ties`: that one's own."""

    origin: str
    kind: str
    id: str
    old: tuple[str, ...] = ()
    level: str = ""
    ties: list[list[str]] = []

    @property
    def mark(self) -> ContactId:
        return f"{MARK}{self.origin}", self.kind, self.id

    @property
    def old_mark(self) -> ContactId:
        origin, kind, id = self.old or ("", "", "")
        return f"{MARK}{origin}", kind, id


TOOK_OVER = "took-over"  # the folder of who became whom, by the new ids
HEIRS = Decoder(Heir).decode_lines


@dataclass
class Adopting:
    """`take`: one task per partition of the table; `adopt`: one per shard."""

    staging: Staging
    told: Mapping[str, JSON]
    roster: Roster
    matching: Matching

    def tasks(self) -> list[tuple[str, int]]:
        places = [n for name, n in self.matching.tasks() if name == "old"]
        return [*(("take", n) for n in places), *(("adopt", n) for n in range(self.staging.shards))]

    def do(self, name: str, n: int) -> Tally:
        return self._take(n) if name == "take" else self._adopt(n)

    @cached_property
    def _pairs(self) -> dict[ContactId, str]:
        found = self.staging.slots.read_json(f"{self._folder}/pairs")
        return {(origin, kind, id): new for origin, kind, id, new in found}

    @cached_property
    def _there(self) -> Set[ContactId]:
        """Everybody who is kept here, whether they go or stay: no tie is led on to somebody who is gone already."""
        left = self.staging.slots.read_json(f"{self._folder}/left")
        return self._pairs.keys() | {(origin, kind, id) for origin, kind, id in left}

    @property
    def _folder(self) -> str:
        return adoption_folder(self.staging)

    @property
    def _marks(self) -> Mapping[ContactId, Change]:
        return self.matching.mended.marks

    def _take(self, n: int) -> Tally:
        """Who goes, of one partition, and who takes over from them."""
        origin, part = self.matching.place(n)
        if origin == self.staging.provider:  # in no ledger that could tell how they were, and may be overwritten
            self._keep_images(f"{n:04d}", self.matching.mended.untouched(origin, part))
            return Tally()
        found = self.matching.mended.contacts(origin, part)
        gone = [one for one in found if (origin, one.kind, one.id) in self._pairs]
        gone += filter(None, [self._marks.get((f"{MARK}{origin}", one.kind, one.id)) for one in gone])
        heirs = [heir for one in found if one.kind in ADOPTED and (heir := self._heir(origin, one))]
        slots, name = self.staging.slots, f"{n:04d}"
        keep_dates(self.staging, name, self._dates(origin, found))
        if gone:
            lines = (change_line(one, to_line(one.entry)) for one in map(bare, gone))
            slots.write(f"{self._folder}/gone/{name}", lines)
        if heirs:
            slots.write(f"{self._folder}/heirs/{name}", ((slot(one.id), to_line(one)) for one in heirs))
        if gone or n == 0:  # that there is one file says that nothing else was deleted
            self._keep_images(name, gone)
        return Tally()

    def _dates(self, origin: str, found: Iterable[Change]) -> Iterator[BirthDate]:
        """Of whom goes, for whom they become."""
        for one in found:
            new = self._pairs.get((origin, one.kind, one.id)) if one.kind == Kind.STUDENT else None
            if new and (date := self.roster.person(one)[0].birth_date):
                yield BirthDate(new, date)

    def _keep_images(self, name: str, found: Iterable[Change]) -> None:
        if self.told["mode"] != "preview":
            lines = (change_line(one, to_line(one.entry)) for one in found)
            self.staging.slots.write(f"{self.staging.cleared}/{name}", lines)

    def _heir(self, origin: str, one: Change) -> Heir | None:
        """Of whom goes, the level and all ties; of whom stays, the ties to those who go."""
        new, (_, told) = self._pairs.get((origin, one.kind, one.id)), self.roster.person(one)
        known = (self._pairs if new is None else self._there) if told else ()
        ties = [[origin, *tie] for tie in told if (origin, other_kind(one.kind), tie[0]) in known]
        if new is None:
            return Heir(origin, one.kind, one.id, ties=ties) if ties else None
        level = effective(one, self._marks)
        usual = FIRST_LEVEL.get(one.kind, Level.CUSTOMER.value)
        provider, own = self.staging.provider, level if level != usual else ""
        return Heir(provider, one.kind, new, (origin, one.kind, one.id), own, ties)

    def _adopt(self, shard: int) -> Tally:
        """What the Clear step does: contacts go, marks move; of another provider's roster, all classes go as well."""
        staging, told, out = self.staging, self.told, Outcome()
        mine = shard_slots(shard, staging.shards)
        gone = images(staging.slots, f"{self._folder}/gone", mine)
        moved = {heir.mark: change for heir, change in self._moved(shard)}
        out.changes = [*gone.values(), *moved.values()]
        if told["fresh"]:
            known = staging.known(told["replaced"]["ledger"], CHANGING, shard).values()
            out.changes += emptied(staging, told, known, staging.doubt(told["doubt"], shard), shard, out)
        out.told = [(one.kind, one.id, "adopted", [], id[0]) for id, one in gone.items() if not id[0].startswith(MARK)]
        took_over = [[kind, new, origin] for (origin, kind, _), new in self._pairs.items() if slot(new) in mine]
        staging.slots.write_json(f"{staging.folder}/{TOOK_OVER}/adopt-{staging.place(shard)}", took_over)
        staging.write_changes(CLEARING, shard, out.changes)
        fill_dates(staging, shard, out)
        if moved:
            self._keep_images(f"marks-{shard:03d}", (self._marks.get(id) or _absent(id) for id in moved))
        back = restored(staging, told, shard)
        if left := [one for id, one in back.items() if id not in gone and id not in moved]:
            staging.write_changes(RESTORED, shard, left)
        out.tally.judge("plan", "moved", len(out.changes))
        staging.note("adopt", shard, out)
        return out.tally

    def _moved(self, shard: int) -> Iterator[tuple[Heir, Change]]:
        """The marks that are others now."""
        known, provider = self.staging.known(self.staging.ledger, CHANGING, shard), self.staging.provider
        for heir in self._heirs(shard_slots(shard, self.staging.shards)):
            old, own = self._marks.get(heir.old_mark), self._marks.get(heir.mark)
            entry = known.get((heir.kind, heir.id)) if heir.origin == provider else None
            had = self._ties(own)
            ties = kept_ties(
                heir.kind,
                [*had, *heir.ties, *self._ties(old)],
                self._pairs,
                provider,
                [tie[0] for tie in entry.related()] if entry else [],
            )
            if old or heir.level or ties != had:
                name = (entry.person.last, entry.person.first) if entry else ("", "")
                moved = Moved(heir.origin, _item(old), _item(own), heir.level, ties, *name)
                yield heir, Change(heir.kind, heir.id, moved)

    def _heirs(self, mine: range) -> list[Heir]:
        """Also whoever has a tie in a mark: it may lead to somebody who goes."""
        slots = self.staging.slots
        heirs = [one for name in slots.names(f"{self._folder}/heirs/") for one in HEIRS(slots.read(name, mine))]
        seen = {one.mark for one in heirs}
        marked = [(origin.removeprefix(MARK), kind, id) for origin, kind, id in self._marks.keys() - seen]
        others = [Heir(*whose) for whose in sorted(marked) if slot(whose[2]) in mine and whose not in self._pairs]
        return [*heirs, *others]

    def _ties(self, mark: Change | None) -> list[list[str]]:
        return self.roster.person(mark)[1] if mark else []


def _item(mark: Change | None) -> JSON:
    return mark.entry.item if mark and isinstance(mark.entry, Stored) else None


def _absent(mark: ContactId) -> Change:
    """The image of a mark that is not there: its deletion."""
    return Change(mark[1], mark[2], Stored(mark[0].removeprefix(MARK), mark=True))
