"""All contacts as a file, and a file's contacts kept by hand: first told what it would do, then done.

Whoever an import brought is in the file as it counts, with what was set by hand, and is passed over when the file comes
back: such a contact is changed at its provider, or one by one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from roster.byhand import effective
from roster.cells import told
from roster.contactfile import COLUMNS, Problem, Sheet, read
from roster.contactmatch import Matching, Moved, matched
from roster.model import BY_HAND, Kind
from roster.ports import ContactCard, HandBook

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
        matching = matched(account, sheet.rows, self.book.all(account, BY_HAND) if sheet.rows else ())
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
        for origin in origins:
            cards = sorted(self.book.all(account, origin), key=lambda card: card.key)
            numbers = {card.id: card.number for card in cards if card.kind == Kind.STUDENT}
            for card in cards:
                mark = marks.get(card.key)
                shown = effective(card, mark) if mark else card
                yield tuple(map(told, _cells(shown, numbers, names)))


def _told(sheet: Sheet, matching: Matching) -> Filed:
    problems = sorted([*sheet.problems, *matching.problems], key=lambda one: (one.line, one.column))
    moved = [one for one in matching.moved.values() if one.outcome != "unchanged"]
    unchanged = len(matching.moved) - len(moved)
    return Filed(sorted(moved, key=lambda one: one.line), unchanged, problems, sheet.warnings, Counter(sheet.skipped))


def _cells(card: ContactCard, numbers: Mapping[str, str], names: Mapping[str, str]) -> Iterator[str]:
    yield from (card.kind, card.first, card.last, card.email, card.number or card.sis_id, card.grade, card.phone)
    yield ("on file" if card.security_value else "blank") if card.kind == Kind.STUDENT else ""
    yield card.level
    children = (numbers.get(tie[0], "") for tie in card.related if card.kind == Kind.PARENT)
    yield " ".join(filter(None, children))
    yield (card.made or "manual") if card.origin == BY_HAND else names.get(card.origin, card.origin)
    yield from (card.inactive_since, card.id)
