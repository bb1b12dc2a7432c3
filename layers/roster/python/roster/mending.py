"""The contacts that no ledger knows, as they will be once what interrupted runs have left of them is mended.

Whoever looks at the table between a run that died and the next one sees some items gone, and others that shall go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from roster.clearing import MARK, by_id
from roster.keys import PARTITIONS, SLOTS, shard_slots
from roster.ledgers import CHANGING, doubt, lost, unsettled
from roster.model import JSON
from roster.ports import Change, ContactId, Roster, Slots, Stored
from roster.staging import Staging


@dataclass
class Mended:
    """`plans`: folders of the account's and the event's interrupted plans, or blank."""

    slots: Slots
    account: str
    plans: Sequence[str]
    roster: Roster

    def contacts(self, origin: str, part: int) -> list[Change]:
        """Of one partition of an origin."""
        found = by_id(self.roster.found(self.account, origin, part))
        return list(
            _mended(found, self._unsettled(range(part, SLOTS, PARTITIONS)), lambda id: id[0] == origin).values()
        )

    @cached_property
    def marks(self) -> Mapping[ContactId, Change]:
        """What was set by hand, of whatever contact."""
        found = by_id(self.roster.levels(self.account))
        return _mended(found, self._unsettled(range(SLOTS)), lambda id: id[0].startswith(MARK))

    def untouched(self, provider: str, part: int) -> list[Change]:
        """Of one partition, the contacts of a provider that no ledger is of, without those whom a dead run made."""
        made, kept = set[ContactId](), set[ContactId]()
        for mine in _one_by_one(range(part, SLOTS, PARTITIONS) if any(self.plans) else ()):
            made |= {(provider, *key) for key in doubt(self.slots, self.plans, mine, provider).contacts}
            kept |= lost(self.slots, self.account, self.plans, mine).keys()
        found = self.contacts(provider, part)
        return [one for one in found if (provider, one.kind, one.id) not in made - kept]

    def _unsettled(self, wanted: range) -> Iterator[tuple[ContactId, Change]]:
        for mine in _one_by_one(wanted if any(self.plans) else ()):
            yield from unsettled(self.slots, self.account, self.plans, mine).items()


def _one_by_one(places: Iterable[int]) -> Iterator[range]:
    """One slot at a time: a dead clear may have deleted a whole district."""
    return (range(place, place + 1) for place in places)


def _mended(
    found: dict[ContactId, Change], left: Iterator[tuple[ContactId, Change]], ours: Callable[[ContactId], bool]
) -> dict[ContactId, Change]:
    for id, one in left:
        if ours(id) and isinstance(one.entry, Stored):
            if one.entry.item is None:
                found.pop(id, None)
            else:
                found[id] = one
    return found


def restored(staging: Staging, told: Mapping[str, JSON], shard: int) -> dict[ContactId, Change]:
    """What an interrupted clear deleted beside the ledger, and what an interrupted undo brought, as its deletion."""
    mine = shard_slots(shard, staging.shards)
    known = staging.known(told["ledger"], CHANGING, shard) if any(told["doubt"]) else {}
    found = unsettled(staging.slots, staging.key.account, told["doubt"], mine)
    return {id: one for id, one in found.items() if id[0] != staging.provider or id[1:] not in known}
