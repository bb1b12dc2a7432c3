"""All contacts as a file, and a file's contacts kept by hand: first told what it would do, then done.

Whoever an import brought is in the file as it counts, with what was set by hand, and is passed over when the file comes
back: such a contact is changed at its provider, or one by one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from roster.byhand import effective
from roster.cells import told
from roster.contactfile import COLUMNS, Problem, Row, Sheet, read
from roster.contactmatch import Matching, Moved, matched
from roster.model import BY_HAND, Kind
from roster.ports import ContactCard, ContactMark, HandBook

HEADER = tuple(COLUMNS)


@dataclass(frozen=True)
class Filed:
    """What a file does, or did (`done`). `moved`: whom it makes or changes. `skipped`: rows of others, by origin."""

    moved: Sequence[Moved]
    unchanged: int
    problems: Sequence[Problem]
    warnings: Sequence[Problem]
    skipped: Mapping[str, int] = field(default_factory=dict)
    done: bool = False

    def count(self, outcome: str) -> int:
        return sum(one.outcome == outcome for one in self.moved)


@dataclass(frozen=True)
class HandList:
    """The use case."""

    book: HandBook

    def bring(self, account: str, text: str, dry: bool, skip: bool) -> Filed:
        """Make and change contacts. `dry`: only say so; `skip`: leave out rows with problems, which else stop all."""
        sheet = read(text)
        known = self.book.all(account, BY_HAND) if sheet.rows else ()
        naming = [row for row in sheet.rows if "children" in row.said]
        elsewhere = cache(lambda: self._elsewhere(account, naming))
        matching = matched(account, sheet.rows, known, elsewhere)
        told = _told(sheet, matching)
        if dry or not sheet.readable or (told.problems and not skip):
            return told
        self._write(account, told.moved)
        return Filed(told.moved, told.unchanged, told.problems, told.warnings, told.skipped, done=True)

    def _write(self, account: str, moved: Sequence[Moved]) -> None:
        """New ones first, in batches: whoever they are linked with is written after them. Again does the same again."""
        self.book.add(account, [one.after for one in moved if one.before is None])
        self.book.change_all(account, [(one.after, one.given) for one in moved if one.before is not None])

    def rows(self, account: str, origins: Iterable[str], names: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
        """Every contact of these origins, under HEADER. `names`: how people call an origin."""
        marks = self.book.marks(account)
        cards = [card for one in origins for card in sorted(self.book.all(account, one), key=lambda card: card.key)]
        numbers = {card.key: _number(card) for card in cards if card.kind == Kind.STUDENT}
        for card in cards:
            mark = marks.get(card.key, ContactMark())
            ties = [*((card.origin, *tie) for tie in card.related), *mark.related]
            children = [numbers.get((origin, Kind.STUDENT.value, id), "") for origin, id, *_ in ties]
            shown = children if card.kind == Kind.PARENT else ()
            yield tuple(map(told, _cells(effective(card, mark), shown, names)))

    def _elsewhere(self, account: str, rows: Sequence[Row]) -> dict[str, set[str]]:
        """By the id of a parent that is kept by hand, the numbers of children whom a provider tells of.

        Of those alone whom the rows name, if all of them have an id: of an account's linked families there are many.
        """
        ids = {row.said["id"] for row in rows} if all("id" in row.said for row in rows) else None
        ties = {
            id: [(whose, Kind.STUDENT.value, child) for whose, child, *_ in mark.related if whose != BY_HAND]
            for (origin, kind, id), mark in self.book.marks(account).items()
            if (origin, kind) == (BY_HAND, Kind.PARENT) and (ids is None or id in ids)
        }
        cards = self.book.some(account, (child for children in ties.values() for child in children))
        return {id: {_number(cards[one]) for one in children if one in cards} for id, children in ties.items()}


def _told(sheet: Sheet, matching: Matching) -> Filed:
    problems = sorted([*sheet.problems, *matching.problems], key=lambda one: (one.line, one.column))
    moved = [one for one in matching.moved.values() if one.outcome != "unchanged"]
    unchanged = len(matching.moved) - len(moved)
    return Filed(sorted(moved, key=lambda one: one.line), unchanged, problems, sheet.warnings, Counter(sheet.skipped))


def _number(card: ContactCard) -> str:
    return card.number or card.sis_id


def _cells(card: ContactCard, children: Iterable[str], names: Mapping[str, str]) -> Iterator[str]:
    yield from (card.kind, card.first, card.last, card.email, _number(card), card.grade, card.phone)
    yield ("on file" if card.security_value else "blank") if card.kind == Kind.STUDENT else ""
    yield card.level
    yield " ".join(dict.fromkeys(filter(None, children)))
    yield (card.made or "manual") if card.origin == BY_HAND else names.get(card.origin, card.origin)
    yield from (card.inactive_since, card.id)
