"""Who is not whom, as administrators have said of two who look alike: kept for good, so that nobody is asked twice.

Whoever comes later, and is like somebody in the same way, is asked about. An undo of the import in which it was said
takes it back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from roster.keys import apart_file
from roster.ports import ContactId, Slots

Apart = frozenset[tuple[ContactId, str]]  # somebody kept here, and an id of the provider


def apart(slots: Slots, account: str, provider: str) -> Apart:
    return frozenset(
        ((origin, kind, id), new) for whose, origin, kind, id, new in _rows(slots, account) if whose == provider
    )


def keep_apart(slots: Slots, account: str, provider: str, pairs: Iterable[tuple[ContactId, str]]) -> None:
    """Beside those that are known."""
    known = _rows(slots, account)
    new = {(provider, *whose, other) for whose, other in pairs} - known
    if new:
        slots.write_json(apart_file(account), sorted(known | new))


def forget_apart(slots: Slots, account: str, contacts: Collection[ContactId]) -> None:
    """All that was said of them."""
    known = _rows(slots, account)
    left = {row for row in known if row[1:4] not in contacts}
    if left != known:
        slots.write_json(apart_file(account), sorted(left))


def _rows(slots: Slots, account: str) -> set[tuple[str, ...]]:
    """Provider; origin, kind and id of the contact; id at the provider."""
    name = apart_file(account)
    return set(map(tuple, slots.read_json(name))) if name in slots.names(name) else set()
