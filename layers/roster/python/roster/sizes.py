"""What an item of the table can hold (400 KB, a key of 1,024 bytes), and what becomes of more than that.

DynamoDB refuses a whole batch for one item that is too large: the night would tear there, and every night after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from roster.keys import LONGEST_ID, fits
from roster.model import BirthDate, Class, Enrolment, Person, Record, Rejected, Relationship, Remark, asdict, replace

ROOM = 300_000  # bytes for a contact's ties or a student's classes; the rest is for everything else
LONGEST_TEXT = 1_000
LARGEST_TIE = 3 + 1 + 1_000 + 2 * (1 + 4 * LONGEST_TEXT) + 1  # bytes of an id and two texts
IDS: Mapping[type, tuple[str, ...]] = {
    Person: ("id",),
    Class: ("id",),
    Enrolment: ("class_id", "person"),
    Relationship: ("parent", "student"),
    BirthDate: ("student",),
    Remark: ("id",),
}
T = TypeVar("T", bound=str | Sequence[str])


def weight(value: str | Sequence[Any]) -> int:
    """Bytes, as DynamoDB counts them: a list takes three, and one for each that is in it."""
    if isinstance(value, str):
        return len(value.encode())
    return 3 + sum(1 + weight(one) for one in value)


def fitting(values: Sequence[T], room: int | None = None) -> list[T]:
    """As many of the values, from the front, as an item has room for."""
    room = ROOM if room is None else room
    if len(values) * LARGEST_TIE < room:
        return list(values)
    left = room - 3
    for n, value in enumerate(values):
        left -= 1 + weight(value)
        if left < 0:
            return list(values[:n])
    return list(values)


def surely_storable(line: bytes) -> bool:
    """Whether a record that takes so short a line has neither a text nor an id that is too long, however quoted."""
    return len(line) < LONGEST_ID // 3


def storable(record: Record) -> Iterator[Record]:
    """The record with its texts cut, or rejected where no key can hold its ids."""
    names = IDS.get(type(record), ())
    if not all(fits(getattr(record, name)) for name in names):
        kind = record.kind if isinstance(record, Person) else type(record).__name__.lower()
        if not isinstance(record, BirthDate | Remark):
            yield Rejected(kind, "id too long")
        return
    long = {name: text for name, text in asdict(record).items() if isinstance(text, str) and len(text) > LONGEST_TEXT}
    cut: dict[str, Any] = {name: text[:LONGEST_TEXT] for name, text in long.items()}
    yield replace(record, **cut) if cut else record
