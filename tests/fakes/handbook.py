"""roster.ports.HandBook over dictionaries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from roster.editing import administers
from roster.model import BY_HAND
from roster.ports import ContactCard, ContactId, ContactMark


class MemoryHandBook:
    """One account's contacts. `writes`: how many contacts were written."""

    def __init__(self, *cards: ContactCard) -> None:
        self.cards = {card.key: card for card in cards}
        self.set: dict[ContactId, ContactMark] = {}
        self.writes = 0
        self.looked_up: list[ContactId] = []
        self.meanwhile: list[tuple[ContactId, ContactMark]] = []
        self.before_change: list[Callable[[], object]] = []

    def of(self, account: str, contact: ContactId) -> ContactCard | None:
        return self.cards.get(contact)

    def all(self, account: str, origin: str) -> Iterator[ContactCard]:
        return iter([card for card in self.cards.values() if card.origin == origin])

    def some(self, account: str, contacts: Iterable[ContactId]) -> Mapping[ContactId, ContactCard]:
        self.looked_up += contacts
        return {one: self.cards[one] for one in self.looked_up if one in self.cards}

    def kinds(self, account: str) -> Mapping[str, int]:
        return Counter(card.kind for card in self.all(account, BY_HAND) if not card.inactive_since)

    def mark(self, account: str, contact: ContactId) -> ContactMark:
        return self.set.get(contact, ContactMark())

    def marks(self, account: str, edited: bool = False) -> Mapping[ContactId, ContactMark]:
        return {key: mark for key, mark in self.set.items() if mark.edits or not edited}

    def set_mark(self, account: str, card: ContactCard, before: ContactMark, after: ContactMark) -> bool:
        if self.meanwhile:
            key, mark = self.meanwhile.pop()
            self.set[key] = mark
        if self.mark(account, card.key) != before:
            return False
        self.set[card.key] = after
        return True

    def change(self, account: str, card: ContactCard, names: Collection[str], beside: ContactId | None = None) -> bool:
        assert names
        if self.before_change:
            self.before_change.pop()()
        if card.key not in self.cards or (beside and not administers(self.cards[beside])):
            return False
        self.writes += 1
        self.cards[card.key] = card
        return True

    def change_all(self, account: str, changes: Sequence[tuple[ContactCard, Collection[str]]]) -> None:
        for change in changes:
            assert self.change(account, *change)

    def add(self, account: str, cards: Sequence[ContactCard]) -> None:
        self.writes += len(cards)
        self.cards |= {card.key: card for card in cards}
