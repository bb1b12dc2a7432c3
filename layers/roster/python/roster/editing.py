"""What an administrator changes on a contact by hand, and contacts that people make, change and give up by hand.

Of a contact that an import brought, nothing is written: level and edits lie beside it, and win over its provider.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from roster.byhand import check_level, check_name, check_reach, edited, effective, first_level
from roster.errors import AlreadyRunning, NotThere, NotUnderstood
from roster.model import BY_HAND, JSON, Kind, Level
from roster.permissions import Administrator
from roster.ports import ContactCard, ContactId, ContactMark, HandBook, Staff

TRIES = 5  # two people who edit the same contact at the same time


@dataclass(frozen=True)
class Edited:
    """A contact as it counts, before and after, and the names of what is set by hand over its provider."""

    before: ContactCard
    after: ContactCard
    by_hand: tuple[str, ...] = ()


@dataclass(frozen=True)
class Editing:
    """`new_id`: a random one, which says nothing of the person."""

    book: HandBook
    staff: Staff
    now: Callable[[], datetime]
    new_id: Callable[[], str] = field(repr=False)

    def change(self, person: Administrator, contact: ContactId, given: Mapping[str, JSON]) -> Edited:
        """Set what is given; None takes back what was set by hand. Nothing given shows the contact."""
        card = self._card(person.account, contact)
        if card.origin == BY_HAND:
            return self._change_own(person, card, given)
        for _ in range(TRIES):
            mark = self.book.mark(person.account, contact)
            before, after = effective(card, mark), edited(mark, given)
            told = Edited(before, effective(card, after), names_of(after))
            self._check(person, before, told.after, given)
            if after == mark or self.book.set_mark(person.account, told.after, mark, after):
                return told
        raise AlreadyRunning("somebody else is changing the same contact", "Look at it again.")

    def _change_own(self, person: Administrator, before: ContactCard, given: Mapping[str, JSON]) -> Edited:
        if given.get("level", before.level) is None:
            raise NotUnderstood("level: a contact that is kept by hand needs one", "Give a level.")
        known: dict[str, Any] = {
            name: tuple(value) if name == "events" else value for name, value in given.items() if value is not None
        }
        blanked: dict[str, Any] = {name: () if name == "events" else "" for name in given.keys() - known.keys()}
        after = replace(before, **known, **blanked)
        self._check(person, before, after, given)
        if after != before:
            self._write(person.account, before, after, _differing(before, after))
        if before.email != after.email and before.id != person.id:
            self._end_sessions(person.account, before)
        return Edited(before, after)

    def make(self, person: Administrator, card: ContactCard) -> ContactCard:
        """A new contact, kept by hand. Blank `level`: the kind's own."""
        made = replace(card, origin=BY_HAND, id=self.new_id(), level=card.level or first_level(card.kind))
        self._check(person, replace(made, level=Level.CUSTOMER.value), made, {"first": made.first, "email": made.email})
        if made.number and any(one.number == made.number for one in self._kept(person.account, made.kind)):
            raise NotUnderstood(f"number: another {made.kind} has it", "Correct the number, or change that contact.")
        self.book.add(person.account, [made])
        return made

    def remove(self, person: Administrator, contact: ContactId) -> Edited:
        """Make a contact inactive that is kept by hand; it stays known, and a file may bring it back."""
        if contact[0] != BY_HAND:
            help = "Take the person out at the provider, or hide the class."
            raise NotUnderstood("this contact comes from an import, which would bring it back", help)
        before = self._card(person.account, contact)
        after = replace(before, inactive_since=before.inactive_since or self.now().date().isoformat())
        check_reach(person, before)
        check_level(person, before, "", self._administrators(person.account, before))
        self._write(person.account, before, after, ["inactive_since"])
        self._end_sessions(person.account, before)
        return Edited(before, after)

    def _write(self, account: str, before: ContactCard, after: ContactCard, names: list[str]) -> None:
        """Of two administrators who lower each other at the same time, one stays."""
        lowered = administers(before) and not administers(after)
        beside = next(one for one in self._administrators(account, before) if one != before.id) if lowered else ""
        key = (BY_HAND, Kind.ADMINISTRATOR.value, beside) if beside else None
        if not self.book.change(account, after, names, key):
            if key and self.book.of(account, before.key):
                raise AlreadyRunning("somebody else is changing the account's administrators", "Look at them again.")
            raise _not_there(before.key)

    def _check(self, person: Administrator, before: ContactCard, after: ContactCard, given: Mapping[str, JSON]) -> None:
        if not given:
            return
        check_reach(person, before)
        if {"first", "last"} & given.keys():
            check_name(after)
        if after.level != before.level:
            check_level(person, before, after.level, self._administrators(person.account, before))
        if (after.origin, after.kind) == (BY_HAND, Kind.ADMINISTRATOR) and "email" in given:
            self._check_address(person.account, after)

    def _check_address(self, account: str, card: ContactCard) -> None:
        """People sign in by it: it has to be one, and theirs alone."""
        if not card.email:
            raise NotUnderstood("email: an administrator signs in by it", "Give an address.")
        other = self.staff.with_email(account, card.email)
        if other and other.id != card.id:
            raise NotUnderstood("email: another administrator has this address", "Give each an address of their own.")

    def _administrators(self, account: str, card: ContactCard) -> Iterator[str]:
        """Who administers the account besides, looked up where it matters alone."""
        if card.level == Level.ADMINISTRATOR:
            kept = self._kept(account, Kind.ADMINISTRATOR)
            yield from (one.id for one in kept if one.level == Level.ADMINISTRATOR)

    def _kept(self, account: str, kind: str) -> Iterator[ContactCard]:
        return (one for one in self.book.all(account, BY_HAND) if one.kind == kind and not one.inactive_since)

    def _card(self, account: str, contact: ContactId) -> ContactCard:
        found = self.book.of(account, contact)
        if not found:
            raise _not_there(contact)
        return found

    def _end_sessions(self, account: str, card: ContactCard) -> None:
        """Those of this address, and the links that were mailed to it."""
        if card.kind == Kind.ADMINISTRATOR:
            self.staff.sign_out(Administrator(account, card.id), self.now().isoformat())


def administers(card: ContactCard) -> bool:
    """Whether it is one of those without whom nobody could administer the account."""
    kept = (card.origin, card.kind) == (BY_HAND, Kind.ADMINISTRATOR)
    return kept and card.level == Level.ADMINISTRATOR and not card.inactive_since


def names_of(mark: ContactMark) -> tuple[str, ...]:
    """What is set by hand."""
    return tuple(sorted({*mark.edits, *(["level"] if mark.level else [])}))


def audited(card: ContactCard) -> dict[str, JSON]:
    """What the audit says of a contact: never its security value, only whether there is one."""
    told = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(card).items() if value}
    if told.pop("security_value", ""):
        told["security value"] = "on file"
    return told


def _differing(before: ContactCard, after: ContactCard) -> list[str]:
    return [name for name, value in vars(after).items() if value != getattr(before, name)]


def _not_there(contact: ContactId) -> NotThere:
    return NotThere(f"there is no such {contact[1]}", "Look at the list of contacts again.")
