"""People whom an account keeps by hand, before its first import or beside it."""

from __future__ import annotations

from typing import Any

from roster.model import BY_HAND, JSON, Person, asdict
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
