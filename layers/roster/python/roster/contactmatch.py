"""What a file of contacts would do: each row against the contacts that people keep by hand already.

A row is the contact with its id, else with its kind and SIS number, else with its kind, e-mail and name. Whoever is
new gets an id that follows from the same, so that a file that is sent twice makes nobody twice. A blank cell changes
nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any

from roster.byhand import first_level
from roster.cells import Wrong
from roster.contactfile import Problem, Row
from roster.model import BY_HAND, Kind, Level
from roster.permissions import rank
from roster.ports import ContactCard

FILLED = {"first": "first", "last": "last", "email": "email", "phone": "phone", "number": "number", "grade": "grade"}
FILLED |= {"level": "level", "security": "security_value"}
SHOWN = {"security_value": "security value", "related": "links", "inactive_since": "active again"}
MOST_TIES = 50  # children of a parent, and parents of a student
ONE_BY_ONE = "Change this contact by itself."
Key = tuple[str, str]


class Directory:
    """Contacts kept by hand, as they will be, by all that a row may name them by."""

    def __init__(self, account: str, known: Iterable[ContactCard]) -> None:
        self._account = account
        self.cards: dict[Key, ContactCard] = {}
        self._named: dict[tuple[str, ...], set[Key]] = defaultdict(set)
        for card in known:
            self.put(card)

    def put(self, card: ContactCard) -> None:
        key = card.kind, card.id
        if key in self.cards:
            for name in _names(self.cards[key]):
                self._named[name].discard(key)
        self.cards[key] = card
        for name in _names(card):
            self._named[name].add(key)

    def found(self, *name: str) -> list[ContactCard]:
        """Whoever has this name; those who are active, where there are any."""
        cards = [self.cards[key] for key in sorted(self._named.get(name, ()))]
        return [card for card in cards if not card.inactive_since] or cards

    def made_as(self, kind: str, *name: str) -> ContactCard | None:
        """Whoever a file made under this name, which may be another by now."""
        return self.cards.get((kind, self._digest(kind, *name).hexdigest()))

    def new_id(self, kind: str, *name: str) -> str:
        digest = self._digest(kind, *name)
        while (kind, digest.hexdigest()) in self.cards:
            digest.update(b"again")
        return digest.hexdigest()

    def _digest(self, *name: str) -> blake2b:
        return blake2b("\n".join((self._account, *name)).encode(), digest_size=10)


def _names(card: ContactCard) -> Iterator[tuple[str, ...]]:
    if card.number:
        yield card.kind, "number", card.number
    if card.email:
        yield _person(card.kind, card.email, card.first, card.last)
        yield "e-mail of", card.kind, card.email.casefold()


def _person(kind: str, email: str, first: str, last: str) -> tuple[str, ...]:
    return (kind, "person", *(text.casefold() for text in (email, first, last)))


@dataclass(frozen=True)
class Moved:
    """What becomes of one contact: of none (`before`), or of what it was. `line` 0: by another's row."""

    line: int
    before: ContactCard | None
    after: ContactCard

    @property
    def outcome(self) -> str:
        return "created" if self.before is None else "updated" if self.before != self.after else "unchanged"

    @property
    def given(self) -> list[str]:
        """The attributes that become others."""
        before = self.before or ContactCard(*self.after.key)
        return [name for name, value in vars(self.after).items() if getattr(before, name) != value]

    @property
    def changed(self) -> list[str]:
        """Which these are; never what they hold."""
        return [SHOWN.get(name, name) for name in self.given if name != "made"]


@dataclass
class Matching:
    """The rows of a file, one after the other; parents at last, when their children are known. `elsewhere`: by the id
    of a parent, the numbers of children whom others keep, and who stay theirs; asked for only where a number is of
    nobody who is kept by hand.
    """

    account: str
    directory: Directory
    elsewhere: Callable[[], Mapping[str, Set[str]]]
    moved: dict[Key, Moved] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def all(self, rows: Iterable[Row]) -> Matching:
        for row in sorted(rows, key=lambda row: row.kind == Kind.PARENT):
            try:
                self._row(row)
            except Wrong as wrong:
                self.problems.append(Problem.of(row.line, wrong))
        return self

    def _row(self, row: Row) -> None:
        before = self._known(row)
        if before and (there := self.moved.get((before.kind, before.id))) and there.line:
            field = "number" if "number" in row.said else "email"
            raise Wrong(field, f"the same person as in line {there.line}", "Leave one of the two lines.")
        after = self._filled(row, before or self._new(row))
        if after != before:
            self._check(before, after)
        children = self._children(row, after)
        self._move(row.line, before, after)
        for child in children:
            self._link(self.directory.cards[after.kind, after.id], child)

    def _known(self, row: Row) -> ContactCard | None:
        said = row.said
        if id := said.get("id"):
            if card := self.directory.cards.get((row.kind, id)):
                return card
            raise Wrong("id", f"no {row.kind} that is kept by hand has this id", "Leave it blank for a new contact.")
        found = self.directory.found(row.kind, "number", said["number"]) if "number" in said else []
        found = [card for card in found if not (card.inactive_since and _is_another(row, card))]
        if not found and "email" in said:
            found = self.directory.found(*_person(row.kind, *_who(row)))
            found = [card for card in found if not card.number or "number" not in said]
        if len(found) > 1:
            raise Wrong(
                "id", "several contacts are like this one", "Export the contacts, and use the id of the right one."
            )
        if found or "number" in said:  # a number that became free may be another person's next year
            return found[0] if found else None
        return self.directory.made_as(*_person(row.kind, *_who(row)))

    def _new(self, row: Row) -> ContactCard:
        said = row.said
        if not {"first", "last"} & said.keys():
            raise Wrong("last", "the name is missing", "Give a first or a last name.")
        if row.kind == Kind.ADMINISTRATOR and "email" not in said:
            raise Wrong("email", "an administrator without an e-mail address", "Give one: they sign in by it.")
        if not {"number", "email"} & said.keys():
            help = "Give one of them: by it the next file finds this contact again."
            raise Wrong("number", "neither a SIS number nor an e-mail address", help)
        name = ("number", said["number"]) if "number" in said else _person(row.kind, *_who(row))[1:]
        id = self.directory.new_id(row.kind, *name)
        return ContactCard(BY_HAND, row.kind, id, first_level(row.kind), made="file")

    def _filled(self, row: Row, card: ContactCard) -> ContactCard:
        given: dict[str, Any] = {name: row.said[cell] for cell, name in FILLED.items() if cell in row.said}
        return replace(card, **given, inactive_since="")

    def _check(self, before: ContactCard | None, after: ContactCard) -> None:
        highest = max(rank(after.level), rank(before.level) if before else 0)
        if highest > rank(Level.APPOINTMENT_MAKER):
            raise Wrong(
                "level", "a file changes nobody whose level is, or would be, above Appointment Maker", ONE_BY_ONE
            )
        numbered = self.directory.found(after.kind, "number", after.number) if after.number else []
        if any(not one.inactive_since for one in _others(numbered, after)):
            raise Wrong("number", "another contact has this number", "Correct the number or the id.")
        if after.kind == Kind.ADMINISTRATOR and _others(
            self.directory.found("e-mail of", after.kind, after.email.casefold()), after
        ):
            raise Wrong("email", "another administrator has this address", "Give each an address of their own.")

    def _children(self, row: Row, parent: ContactCard) -> list[ContactCard]:
        found = []
        for number in dict.fromkeys(row.said.get("children", "").split()):
            students = self.directory.found(Kind.STUDENT, "number", number)
            if not students and number in self.elsewhere().get(parent.id, ()):
                continue
            if not students:
                help = (
                    "Only students that are kept by hand, or are in this file, can be named; look at their own lines."
                )
                raise Wrong("children", "a number that no such student has", help)
            found.append(students[0])
        ties = [{*_ids(parent), *(child.id for child in found)}, *({parent.id, *_ids(child)} for child in found)]
        if max(map(len, ties)) > MOST_TIES:
            raise Wrong(
                "children", f"more than {MOST_TIES} children of a parent, or parents of a child", "Leave some out."
            )
        return found

    def _link(self, parent: ContactCard, child: ContactCard) -> None:
        parent = self.directory.cards[parent.kind, parent.id]
        for one, other in ((parent, child), (child, parent)):
            if other.id not in _ids(one):
                line = self.moved[one.kind, one.id].line if (one.kind, one.id) in self.moved else 0
                self._move(line, one, replace(one, related=(*one.related, (other.id, "", ""))))

    def _move(self, line: int, before: ContactCard | None, after: ContactCard) -> None:
        key = after.kind, after.id
        first = self.moved[key].before if key in self.moved else before
        self.moved[key] = Moved(line, first, after)
        self.directory.put(after)


def _who(row: Row) -> tuple[str, str, str]:
    return row.said.get("email", ""), row.said.get("first", ""), row.said.get("last", "")


def _is_another(row: Row, card: ContactCard) -> bool:
    """Whether no name agrees: then whoever had the number has left, and it is somebody else's now."""
    names = [
        (row.said[name].casefold(), getattr(card, name).casefold()) for name in ("first", "last") if name in row.said
    ]
    return bool(names) and all(one != other for one, other in names)


def _ids(card: ContactCard) -> list[str]:
    return [tie[0] for tie in card.related]


def _others(found: Iterable[ContactCard], card: ContactCard) -> list[ContactCard]:
    return [one for one in found if one.id != card.id]


def matched(
    account: str, rows: Iterable[Row], known: Iterable[ContactCard], elsewhere: Callable[[], Mapping[str, Set[str]]]
) -> Matching:
    """What the rows would do."""
    return Matching(account, Directory(account, known), elsewhere).all(rows)
