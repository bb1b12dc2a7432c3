"""How alike two people are: one who is kept here, and one whom a provider brings; each likeness is said in words.

By number, e-mail address, name and birth date; parents also by a child in common. Nothing blank says anything. Birth
dates travel as keyed digests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from difflib import SequenceMatcher
from hashlib import blake2b
from typing import TypeAlias

from msgspec import Struct

from roster.folding import folded
from roster.model import Person
from roster.ports import ContactId

SIMILAR = 0.75
Alone: TypeAlias = Callable[[tuple[str, ...]], bool]  # whether only one person on each side has it


class Trace(Struct, frozen=True, array_like=True, gc=False):
    """What one person is compared by, already folded. `born`: a digest of the birth date. `students`: of a parent.
    `left`: they are inactive.
    """

    origin: str
    kind: str
    id: str
    numbers: tuple[str, ...] = ()
    email: str = ""
    first: str = ""
    last: str = ""
    born: str = ""
    students: tuple[str, ...] = ()
    left: bool = False

    @classmethod
    def of(cls, origin: str, person: Person, students: Iterable[str], key: str, left: bool = False) -> Trace:
        numbers = {one.strip().casefold().lstrip("0") for one in (person.number, person.sis_id)} - {""}
        email = person.email.strip().casefold()
        return cls(
            origin,
            person.kind,
            person.id,
            tuple(sorted(numbers)),
            email if "@" in email else "",
            _plain(person.first),
            _plain(person.last),
            _digest(person.birth_date, key),
            tuple(sorted(students)) if person.kind == "parent" else (),
            left,
        )

    @property
    def whose(self) -> ContactId:
        return self.origin, self.kind, self.id

    def signs(self) -> Iterator[tuple[str, ...]]:
        """Who shares one of them is compared."""
        yield from (("number", number) for number in self.numbers)
        if self.email:
            yield "email", self.email
            if self.first:
                yield "email first", self.email, self.first
        if self.first and self.last:
            yield "name", self.first, self.last
            yield from (("child name", student, self.first, self.last) for student in self.students)
        if self.born:
            yield from (("born", self.born, where, name) for where, name in self._names())
            if self.first and self.last:
                yield "name born", self.first, self.last, self.born
        yield from (("child", student, where, name) for student in self.students for where, name in self._names())

    def _names(self) -> list[tuple[str, str]]:
        return [(where, name) for where, name in (("first", self.first), ("last", self.last)) if name]


class Likeness(Struct, frozen=True):
    """How alike two people are. `hard`: they have a number in common, and yet seem to be two."""

    sure: bool
    reason: str
    hard: bool = False


def _plain(name: str) -> str:
    """Folded, and written in one: O Hara is O'Hara."""
    return folded(name).replace("-", "")


def _digest(birth_date: str, key: str) -> str:
    return blake2b(birth_date.encode(), digest_size=12, key=key.encode()[:64]).hexdigest() if birth_date else ""


def similar(one: str, other: str) -> bool:
    """Whether a name may be the other one, misspelt or cut short."""
    if not one or not other:
        return False
    short, long = sorted((one, other), key=lambda name: (len(name), name))
    return (len(short) > 2 and long.startswith(short)) or SequenceMatcher(None, short, long).ratio() >= SIMILAR


def dates(one: Trace, other: Trace) -> str:
    if not one.born or not other.born:
        return "unknown"
    return "yes" if one.born == other.born else "no"


def likeness(one: Trace, other: Trace, alone: Alone) -> Likeness | None:
    """The strongest that can be said of the two."""
    said = list(filter(None, (rule(one, other, alone) for rule in RULES)))
    return next((like for like in said if like.sure), said[0] if said else None)


def _by_number(one: Trace, other: Trace, alone: Alone) -> Likeness | None:
    both = {*one.numbers} & {*other.numbers}
    if not both:
        return None
    if not all(alone(("number", number)) for number in both):
        return Likeness(False, "several people have this number")
    same = sum((_same_first(one, other), _same_last(one, other)))
    if not same:
        return Likeness(False, "the number is the same, the name is not", hard=True)
    if same == 1 and dates(one, other) == "no":
        return Likeness(False, "the number is the same, the name and the birth date differ", hard=True)
    return Likeness(True, "the same number, and the name agrees")


def _by_email(one: Trace, other: Trace, alone: Alone) -> Likeness | None:
    if not one.email or one.email != other.email:
        return None
    key = ("email first", one.email, one.first) if one.kind == "parent" else ("email", one.email)
    if _same_first(one, other):
        if not alone(key):
            return Likeness(False, "several people have this e-mail address")
        if dates(one, other) == "no":
            return Likeness(False, "the same e-mail address and first name, another birth date")
        return Likeness(True, "the same e-mail address and first name")
    if alone(("email", one.email)) or similar(one.first, other.first):
        return Likeness(False, "the e-mail address is the same, the first name does not agree")
    return None


def _by_birth_date(one: Trace, other: Trace, alone: Alone) -> Likeness | None:
    if dates(one, other) != "yes":
        return None
    first, last = _same_first(one, other), _same_last(one, other)
    if first and last:
        if alone(("name born", one.first, one.last, one.born)):
            return Likeness(True, "the same name and birth date")
        return Likeness(False, "several people have this name and birth date")
    if (first and similar(one.last, other.last)) or (last and similar(one.first, other.first)):
        return Likeness(False, "the same birth date, and a name that is spelt otherwise")
    return None


def _by_child(one: Trace, other: Trace, alone: Alone) -> Likeness | None:
    both = {*one.students} & {*other.students}
    first, last = _same_first(one, other), _same_last(one, other)
    if not both or not (first or (last and similar(one.first, other.first))):
        return None
    if not first or not last:
        return Likeness(False, "a child in common, and a name that is spelt otherwise")
    if all(alone(("child name", student, one.first, one.last)) for student in both):
        return Likeness(True, "the same name, and a child in common")
    return Likeness(False, "several people have this name, and a child in common")


def _by_name(one: Trace, other: Trace, alone: Alone) -> Likeness | None:
    """Two people of one name who were born on other days are two."""
    if _same_first(one, other) and _same_last(one, other) and dates(one, other) == "unknown":
        return Likeness(False, "the same name, and nothing else that tells")
    return None


RULES = (_by_number, _by_email, _by_birth_date, _by_child, _by_name)  # strongest first


def _same_first(one: Trace, other: Trace) -> bool:
    return bool(one.first) and one.first == other.first


def _same_last(one: Trace, other: Trace) -> bool:
    return bool(one.last) and one.last == other.last
