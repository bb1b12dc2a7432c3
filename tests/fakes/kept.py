"""People whom an account keeps by hand, before its first import or beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from roster.model import BY_HAND, JSON, Person, asdict
from roster.ports import ContactCard, ContactMark
from tests.fakes.handbook import MemoryHandBook
from tests.fakes.school import District

KEPT = f"contact of {BY_HAND}"


def keep(
    district: District, kind: str, id: str, level: str = "", related: tuple[str, ...] = (), **fields: Any
) -> dict[str, JSON]:
    """A contact of the account's own, as the table holds it."""
    item = {
        "person": asdict(Person(kind, id, **fields)),
        "related": [[other, "Mother", "Family"] for other in related],
        "inactive_since": "",
        "level": level,
    }
    district.roster.items[KEPT, kind, id] = item
    return item


def mark(district: District, origin: str, kind: str, id: str, **values: JSON) -> None:
    """What somebody set by hand of a contact."""
    district.roster.items["level", origin, kind, id] = values


def kept(district: District) -> set[str]:
    return {key[-1] for key in district.roster.items if key[0] == KEPT}


def marks(district: District) -> dict[tuple[str, ...], JSON]:
    return {key[1:]: item for key, item in district.table().items() if key[0] == "level"}


class Shelf(MemoryHandBook):
    """roster.ports.HandBook over a district's table: what a file brings is there for its imports."""

    def __init__(self, district: District) -> None:
        found = [_card(key[1], key[2], item) for key, item in district.roster.items.items() if key[0] == KEPT]
        super().__init__(*found)
        self.district = district

    def marks(self, account: str) -> dict[tuple[str, str, str], ContactMark]:
        return {}

    def add(self, account: str, cards: Sequence[ContactCard]) -> None:
        super().add(account, cards)
        for card in cards:
            known = {"first": card.first, "last": card.last, "email": card.email, "number": card.number}
            keep(self.district, card.kind, card.id, card.level, **known)


def _card(kind: str, id: str, item: dict[str, JSON]) -> ContactCard:
    person = item.get("person", {})
    known = {name: person.get(name, "") for name in ("first", "last", "email", "number")}
    return ContactCard(BY_HAND, kind, id, item["level"], inactive_since=item.get("inactive_since", ""), **known)
