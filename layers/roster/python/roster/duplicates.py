"""Who may be there twice: what a test import found, for an administrator to look at, unsure ones first.

Names are read from where they are: of those kept here from the table, of the provider's from what the run would bring.
Whether birth dates agree is all that is told of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from msgspec import convert

from roster.adoption import SURE, UNSURE, Candidate, Match
from roster.errors import FilesMissing, NotThere
from roster.facts import ContactKey
from roster.filing import GONE
from roster.keys import provider_of, slot
from roster.ledgers import CHANGING, applied
from roster.lines import contacts
from roster.matching import adoption_folder
from roster.model import Person
from roster.ports import Integration, Kept, RunKey, Slots
from roster.staging import Staging


@dataclass(frozen=True)
class Pair:
    """Somebody kept here, and who they may be. A person who is gone meanwhile has a blank name."""

    match: Match
    old: Person
    candidates: Sequence[tuple[Candidate, Person]]


@dataclass(frozen=True)
class Duplicates:
    slots: Slots
    kept: Kept

    def holds_older(self, integration: Integration | None) -> bool:
        """Whether, before its first import from this provider, the account holds people from files or another one."""
        if integration is None or provider_of(integration.ledger) == integration.provider:
            return False
        return bool(integration.ledger) or self.kept.by_hand(integration.account)

    def page(self, key: RunKey, after: int, most: int) -> tuple[list[Pair], int]:
        """Of a test import, from a place on; with the place of those that follow, 0 at the end."""
        staging = Staging(self.slots, key, "", preview=True)
        found = self._found(staging)
        some = found[after : after + most]
        named = self.kept.named(key.account, [one.whose for one in some])
        came = _came(staging, {(one.kind, other.id) for one in some for other in one.candidates})
        pairs = [
            Pair(
                one,
                named.get(one.whose, Person(one.kind, one.id)),
                [(other, came.get((one.kind, other.id), Person(one.kind, other.id))) for other in one.candidates],
            )
            for one in some
        ]
        return pairs, after + most if len(found) > after + most else 0

    def _found(self, staging: Staging) -> list[Match]:
        folder = adoption_folder(staging)
        try:
            return [
                one for name in (UNSURE, SURE) for one in convert(self.slots.read_json(f"{folder}/{name}"), list[Match])
            ]
        except FilesMissing:
            raise NotThere(f"run {staging.key.run} has compared nobody", GONE) from None


def _came(staging: Staging, wanted: Collection[ContactKey]) -> Mapping[ContactKey, Person]:
    """Those people, as the run would bring them."""
    found: dict[ContactKey, Person] = {}
    for name in CHANGING:
        ids = [id for kind, id in wanted if (kind == "parent") == (name == CHANGING[1])]
        for place in sorted(set(map(slot, ids))):
            people: Iterable[Person] = (
                entry.person
                for file in applied(staging.slots, staging.ledger, name, range(place, place + 1))
                for entry in contacts(file)
            )
            found |= {key: one for one in people if (key := (one.kind, one.id)) in wanted}
    return found
