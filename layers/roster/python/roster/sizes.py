"""What an item of the table can hold (400 KB, a key of 1,024 bytes), and what becomes of more than that.

DynamoDB refuses a whole batch for one item that is too large: the night would tear there, and every night after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from roster.keys import fits
from roster.model import BirthDate, Class, Enrolment, Person, Record, Rejected, Relationship, Remark

ROOM = 300_000  # bytes for a contact's ties or a student's classes; the rest is for everything else
LONGEST_TEXT = 1_000
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
    left = (ROOM if room is None else room) - 3
    for n, value in enumerate(values):
        left -= 1 + weight(value)
        if left < 0:
            return list(values[:n])
    return list(values)


def storable(record: Record) -> Iterator[Record]:
    """The record with its texts cut, or rejected where no key can hold its ids."""
    names = IDS.get(type(record), ())
    if not all(fits(getattr(record, name)) for name in names):
        kind = record.kind if isinstance(record, Person) else type(record).__name__.lower()
        if not isinstance(record, BirthDate | Remark):
            yield Rejected(kind, "id too long")
        return
    long = {name: text for name, text in vars(record).items() if isinstance(text, str) and len(text) > LONGEST_TEXT}
    cut: dict[str, Any] = {name: text[:LONGEST_TEXT] for name, text in long.items()}
    yield replace(record, **cut) if cut else record
