"""Whose contact is whose: who may be meant by a sign-in, and the link between a person and a contact.

A link is kept until the school takes it back; a contact has one person at each provider, and a person one contact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from roster.errors import AlreadyRunning
from roster.folding import folded
from roster.model import BY_HAND, Kind, Level
from roster.ports import Contact, ContactBook, ContactCard, HandBook, SignOnBook, Ties
from roster.recognising import MADE, Candidates, made_here
from roster.sessions import digest
from roster.signon import Identity, SignOnRefused, VerifiedAssertion, Whose

KINDS = (Kind.TEACHER.value, Kind.PARENT.value, Kind.STUDENT.value, Kind.ADMINISTRATOR.value)


@dataclass(frozen=True)
class Belonging:
    book: SignOnBook
    contacts: ContactBook
    hands: HandBook
    ties: Ties
    now: Callable[[], datetime]

    def candidates(self, said: VerifiedAssertion, link: Identity | None) -> Candidates:
        linked = self.contacts.of(said.account, [link.key]).get(link.key) if link else None
        ids = [(origin, kind, id) for origin, id in said.roster_ids for kind in KINDS]
        by_id = tuple(self.contacts.of(said.account, ids).values())
        by_email = self.contacts.with_email(said.account, KINDS, said.email) if said.email else ()
        lost = link if link and (not linked or linked.inactive_since) and not made_here(link) else None
        again = self._again(said.account, lost) if lost else ()
        return Candidates(linked, link.email if link else "", by_id, tuple(by_email), again)

    def left_behind(self, said: VerifiedAssertion) -> Contact | None:
        """Whom a sign-in made at the tenant that the account was at before, by the address: the same people move."""
        met = self.contacts.with_email(said.account, [Kind.PARENT.value], said.email)
        full = self.contacts.of(said.account, [one.key for one in met if made_here(one)]).values()
        holders = ((one, self.book.holder(said.account, one.key, said.provider)) for one in full)
        found = [one for one, (name, issuer) in holders if name and issuer != said.issuer and not one.inactive_since]
        return found[0] if len(found) == 1 else None

    def made(self, said: VerifiedAssertion) -> Contact:
        """A new contact, or the one of earlier, who gave way; of two sign-ins at once, both make the same one. Raises
        SignOnRefused: busy.
        """
        id = _made_id(said)
        level = Level.CUSTOMER.value
        first, last = (said.first, said.last) if said.first or said.last else ("", said.email.partition("@")[0])
        card = ContactCard(BY_HAND, Kind.PARENT.value, id, level=level, first=first, last=last, email=said.email)
        known = self.hands.of(said.account, card.key)
        with _unless_busy():
            if not known:
                self.hands.add(said.account, [card])
            elif known.inactive_since:
                self.hands.change(said.account, card, ["first", "last", "email", "inactive_since"])
        return Contact(*card.key, level=level, first=first, last=last, email=said.email)

    def settle(self, who: Whose, before: Identity | None, contact: Contact, sure: bool) -> Contact:
        """Whose the contact is from now on, and whom this person is then. `sure`: the contact is theirs, whoever was
        taken for it before; else they stay whom a sign-in made, or SignOnRefused is raised: taken, busy.

        What an earlier sign-in made gives way. Where that could not be ended, the next sign-in ends it.
        """
        made = self._made(who, before)
        if not self._bound(who, before, contact, sure):
            if made and before and before.key == made.key:
                return made
            raise SignOnRefused("taken")
        if made and made.key != contact.key:
            with _unless_busy():
                self._take_over(who.account, made, contact)
        return contact

    def _made(self, who: Whose, before: Identity | None) -> Contact | None:
        """Whom a sign-in made for this person, by the link or, where that is another's by now, by its own id."""
        key = BY_HAND, Kind.PARENT.value, _made_id(who)
        if before and made_here(before):
            key = before.key
        made = self.contacts.of(who.account, [key]).get(key)
        return made if made and not made.inactive_since else None

    def _again(self, account: str, lost: Identity) -> tuple[Contact, ...]:
        """The linked contact under the id of a new import: one that agrees in its name too, since numbers are given to
        others and families share an address.
        """
        numbers = sorted({lost.number, lost.sis_id} - {""})
        found = [one for n in numbers for one in self.contacts.with_number(account, [lost.kind], n)]
        if not found and lost.email:
            found = list(self.contacts.with_email(account, [lost.kind], lost.email))
        full = self.contacts.of(account, [one.key for one in found]).values()
        return tuple(one for one in full if not one.inactive_since and _name(one) == lost.name)

    def _bound(self, who: Whose, before: Identity | None, contact: Contact, sure: bool) -> bool:
        """A link of another issuer than the account's is one of the past: of a tenant or a school that was left."""
        now = self.now().isoformat()
        after = Identity(*contact.key, contact.number, contact.sis_id, contact.email, _name(contact), now)
        if (before and replace(after, since=before.since) == before) or self.book.bind(who, before, after):
            return True
        met = self.book.identity(who)
        if met and met.key == after.key:
            return True
        unless = "" if sure else who.issuer
        gone = self.book.unbind(who.account, contact.key, who.provider, unless)
        return gone and self.book.bind(who, before, after)

    def _take_over(self, account: str, made: Contact, by: Contact) -> None:
        """Whom the school knows now takes the place of whom a sign-in made, with the children that were linked."""
        for origin, id, relation, _ in made.related:
            child = origin, Kind.STUDENT.value, id
            self.ties.tie(account, by.key, child, relation)
            self.ties.untie(account, made.key, child)
        card = self.hands.of(account, made.key)
        if card:
            gone = replace(card, inactive_since=self.now().date().isoformat())
            self.hands.change(account, gone, ["inactive_since"])


@contextmanager
def _unless_busy() -> Iterator[None]:
    """Nothing is written while a run rewrites the account's contacts."""
    try:
        yield
    except AlreadyRunning:
        raise SignOnRefused("busy") from None


def _made_id(who: Whose) -> str:
    return MADE + sha256("\n".join((who.provider, who.issuer, who.subject)).encode()).hexdigest()[:32]


def _name(contact: Contact) -> str:
    return digest(folded(contact.name))
