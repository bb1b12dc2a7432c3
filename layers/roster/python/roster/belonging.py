"""Whose contact is whose: who may be meant by a sign-in, and the link between a person and a contact.

A link is kept until the school takes it back; a contact has one person at each provider, and a person one contact.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from roster.model import BY_HAND, Kind, Level
from roster.ports import Contact, ContactBook, ContactCard, HandBook, SignOnBook, Ties
from roster.recognising import MADE, Candidates
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
        lost = link if link and (not linked or linked.inactive_since) else None
        ids = [(origin, kind, id) for origin, id in said.roster_ids for kind in KINDS]
        by_id = [*self.contacts.of(said.account, ids).values()]
        if lost and not by_id:  # the roster was imported under new ids
            numbers = {lost.number, lost.sis_id} - {""}
            by_id = [one for n in numbers for one in self.contacts.with_number(said.account, [lost.kind], n)]
        by_email = self.contacts.with_email(said.account, KINDS, said.email) if said.email else ()
        if lost and not by_id and not by_email and lost.email:
            by_email = self.contacts.with_email(said.account, [lost.kind], lost.email)
        return Candidates(linked, tuple(by_id), tuple(by_email))

    def made(self, said: VerifiedAssertion) -> Contact:
        """A new contact; of two sign-ins at once, both make the same one."""
        id = MADE + sha256("\n".join((said.provider, said.issuer, said.subject)).encode()).hexdigest()[:32]
        level = Level.CUSTOMER.value
        first, last = (said.first, said.last) if said.first or said.last else ("", said.email.partition("@")[0])
        card = ContactCard(BY_HAND, Kind.PARENT.value, id, level=level, first=first, last=last, email=said.email)
        if not self.hands.of(said.account, card.key):
            self.hands.add(said.account, [card])
        return Contact(*card.key, level=level, first=first, last=last, email=said.email)

    def bind(self, who: Whose, before: Identity | None, contact: Contact) -> None:
        after = Identity(*contact.key, contact.number, contact.sis_id, contact.email, self.now().isoformat())
        if before and before.key == after.key:
            return
        if not self.book.bind(who, before, after):
            now = self.book.identity(who)
            if not now or now.key != after.key:
                raise SignOnRefused("taken")

    def take_over(self, account: str, made: Contact, by: Contact) -> None:
        """Whom the school knows now takes the place of whom a sign-in made, with the children that were linked."""
        for origin, id, relation, _ in made.related:
            child = origin, Kind.STUDENT.value, id
            self.ties.tie(account, by.key, child, relation)
            self.ties.untie(account, made.key, child)
        card = self.hands.of(account, made.key)
        if card:
            gone = replace(card, inactive_since=self.now().date().isoformat())
            self.hands.change(account, gone, ["inactive_since"])
