"""Who of the people kept here is whom of the new roster: three passes of a plan, after the import's own.

They look at the new ledger, so that nobody is taken for somebody who does not come. A test import does nothing else
with it; what is left for a person to settle can be listed afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from msgspec import to_builtins
from msgspec.json import Decoder

from roster.adoption import ADOPTED, SURE, UNSURE, Match, decided, matches, with_students
from roster.apart import apart, keep_apart
from roster.keys import PARTITIONS, SLOTS, slot
from roster.ledgers import CHANGING
from roster.likeness import Trace
from roster.mending import Mended
from roster.model import JSON, Person, to_line
from roster.ports import Change, ContactId, Roster, Stored
from roster.staging import Staging
from roster.tally import Tally

TRACES = Decoder(Trace).decode_lines


def adoption_folder(staging: Staging) -> str:
    """Where a run leaves who is whom: its lists hold ids and reasons, and no birth date lies here in clear."""
    return f"{staging.folder}/adoption"


@dataclass
class Matching:
    """`old`: one task per partition of the table; `new`: one per shard; `match`: one."""

    staging: Staging
    told: Mapping[str, JSON]
    roster: Roster

    def tasks(self) -> list[tuple[str, int]]:
        places = len(self.told["others"]) * PARTITIONS
        shards = self.staging.shards
        return [*(("old", n) for n in range(places)), *(("new", n) for n in range(shards)), ("match", 0)]

    def do(self, name: str, n: int) -> Tally:
        if name == "match":
            return self._match()
        (self._old if name == "old" else self._new)(n)
        return Tally()

    @cached_property
    def mended(self) -> Mended:
        return Mended(self.staging.slots, self.staging.key.account, self.told["doubt"], self.roster)

    def place(self, n: int) -> tuple[str, int]:
        """Whose contacts, and which partition of them."""
        return self.told["others"][n // PARTITIONS], n % PARTITIONS

    def _old(self, n: int) -> None:
        origin, part = self.place(n)
        if origin != self.staging.provider:
            found = self.mended.contacts(origin, part)
            self._keep("old", n, (self._kept_here(origin, one) for one in found if one.kind in ADOPTED))

    def _new(self, shard: int) -> None:
        """Of everybody who is listed once this is applied; whoever has departed takes nobody's place."""
        staging = self.staging
        if staging.slots.names(f"{adoption_folder(staging)}/old/"):
            known = staging.known(staging.ledger, CHANGING, shard).values()
            came = (one for one in known if one.listed and one.person.kind in ADOPTED)
            self._keep("new", shard, (self._trace(staging.provider, one.person, one.related()) for one in came))

    def _kept_here(self, origin: str, one: Change) -> Trace:
        left = isinstance(one.entry, Stored) and one.entry.inactive
        return self._trace(origin, *self.roster.person(one), left)

    def _trace(self, origin: str, person: Person, ties: Iterable[list[str]], left: bool = False) -> Trace:
        return Trace.of(origin, person, (tie[0] for tie in ties), self.staging.key.run, left)

    def _keep(self, name: str, n: int, traces: Iterable[Trace]) -> None:
        lines = [(slot(one.id), to_line(one)) for one in traces]
        if lines:
            self.staging.slots.write(f"{adoption_folder(self.staging)}/{name}/{n:04d}", lines)

    def _traces(self, name: str, kind: str) -> Iterator[Trace]:
        for file in self.staging.slots.names(f"{adoption_folder(self.staging)}/{name}/"):
            yield from (one for one in TRACES(self.staging.slots.read(file, range(SLOTS))) if one.kind == kind)

    def _match(self) -> Tally:
        settled = {(origin, kind, id): new for origin, kind, id, new in self.told.get("adopt", ())}
        slots, account, provider = self.staging.slots, self.staging.key.account, self.staging.provider
        known = apart(slots, account, provider)
        pairs, stale, found = dict[ContactId, str](), set[ContactId](), list[Match]()
        for kind in ADOPTED:
            old = [with_students(one, pairs) for one in self._traces("old", kind)]
            made = matches(old, self._traces("new", kind), known) if old else []
            more, failed = decided(made, settled)
            pairs, found = pairs | more, [*found, *made]
            stale.update(failed)
        stale |= {whose for whose, new in settled.items() if new} - {one.whose for one in found}
        if self.told["mode"] != "preview":
            nobody = (one for one in found if settled.get(one.whose) == "")
            keep_apart(slots, account, provider, ((one.whose, other.id) for one in nobody for other in one.candidates))
        unsure = [one for one in found if one.verdict == UNSURE and one.whose not in {*pairs, *settled.keys() - stale}]
        left = [one.whose for one in found if one.whose not in pairs]
        self._write(pairs, left, {UNSURE: unsure, SURE: [one for one in found if one.verdict == SURE]})
        return self._counted(pairs, unsure, stale)

    def _write(self, pairs: Mapping[ContactId, str], left: list[ContactId], listed: Mapping[str, list[Match]]) -> None:
        slots, folder = self.staging.slots, adoption_folder(self.staging)
        slots.write_json(f"{folder}/pairs", [[*whose, new] for whose, new in pairs.items()])
        slots.write_json(f"{folder}/left", left)
        for name, found in listed.items():
            slots.write_json(f"{folder}/{name}", to_builtins(found))

    def _counted(self, pairs: Iterable[ContactId], unsure: Iterable[Match], stale: Iterable[ContactId]) -> Tally:
        """What an adopting run leaves open is no duplicate less."""
        tally = Tally()
        for _, kind, _ in pairs:
            tally.judge("adopted" if "adopt" in self.told else SURE, kind)
        for one in unsure:
            tally.judge(UNSURE, one.kind)
            tally.warn("possible_duplicate", one.kind, one.id)
        for _, kind, id in sorted(stale):
            tally.warn("settled_no_more", kind, id)
        if tally.problems:
            self.staging.slots.write_json(f"{self.staging.folder}/problems/match", tally.problems)
        return tally
