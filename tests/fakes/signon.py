"""Sign-on's ports over dictionaries: settings, identities, contacts as they are looked up, and ties."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from roster import keys
from roster.errors import AlreadyRunning
from roster.ports import Attempt, Contact, ContactCard, ContactId, Session
from roster.signon import Identity, Pending, Proof, SignOn, Trace, Whose, named


class MemorySignOnBook:
    """roster.ports.SignOnBook."""

    def __init__(self) -> None:
        self.known: dict[str, SignOn] = {}
        self.waiting: dict[str, Pending] = {}
        self.proofs: dict[str, Proof] = {}
        self.seen: dict[str, int] = {}
        self.identities: dict[tuple[str, ...], Identity] = {}
        self.told: list[Trace] = []

    def settings(self, account: str) -> SignOn:
        return self.known.get(account, SignOn(account))

    def change(self, before: SignOn, after: SignOn) -> bool:
        if self.settings(after.account).version != before.version:
            return False
        self.known[after.account] = replace(after, version=before.version + 1)
        return True

    def accounts(self, provider: str) -> Sequence[str]:
        return [one.account for one in self.known.values() if one.provider == provider]

    def renew(self, before: SignOn, provider: str, settings: Mapping[str, object]) -> bool:
        return self.change(before, replace(before, live={**before.live, provider: settings}))

    def connection(self, id: str) -> tuple[str, str] | None:
        found = (
            (one.account, provider) for one in self.known.values() for provider, its in one.ids.items() if its == id
        )
        return next(found, None)

    def begin(self, digest: str, pending: Pending) -> None:
        self.waiting[digest] = pending

    def pending(self, digest: str) -> Pending | None:
        return self.waiting.get(digest)

    def take(self, digest: str) -> bool:
        return self.waiting.pop(digest, None) is not None

    def keep_proof(self, digest: str, proof: Proof) -> None:
        self.proofs[digest] = proof

    def proof(self, digest: str) -> Proof | None:
        return self.proofs.get(digest)

    def take_proof(self, digest: str) -> bool:
        return self.proofs.pop(digest, None) is not None

    def once(self, digest: str, until: int, now: int) -> bool:
        if self.seen.get(digest, 0) > now:
            return False
        self.seen[digest] = until
        return True

    def identity(self, who: Whose) -> Identity | None:
        return self.identities.get(_whose(who))

    def bind(self, who: Whose, before: Identity | None, after: Identity) -> bool:
        mine = _whose(who)
        others = (whose for whose, one in self.identities.items() if one.key == after.key and whose[:2] == mine[:2])
        if self.identities.get(mine) != before or any(whose != mine for whose in others):
            return False
        self.identities[mine] = after
        return True

    def holder(self, account: str, contact: ContactId, provider: str) -> tuple[str, str]:
        found = (whose for whose, one in self.identities.items() if one.key == contact and whose[1] == provider)
        return next(((named(Known(*whose)), whose[2]) for whose in found), ("", ""))

    def unbind(self, account: str, contact: ContactId, provider: str, unless: str = "") -> bool:
        found = [whose for whose, one in self.identities.items() if one.key == contact and whose[1] == provider]
        found = [whose for whose in found if not unless or whose[2] != unless]
        for whose in found:
            del self.identities[whose]
        return bool(found)

    def trace(self, trace: Trace, expires: int) -> None:
        self.told.append(trace)

    def traces(self, account: str, now: int, most: int) -> Sequence[Trace]:
        return self.told[::-1][:most]


def _whose(who: Whose) -> tuple[str, ...]:
    return who.account, who.provider, who.issuer, who.subject


class Known(NamedTuple):
    """roster.signon.Whose."""

    account: str
    provider: str
    issuer: str
    subject: str


class MemoryPeople:
    """One account's contacts: roster.ports.ContactBook, HandBook and Ties, as far as sign-on uses them."""

    def __init__(self) -> None:
        self.all: dict[ContactId, Contact] = {}
        self.dates: dict[ContactId, str] = {}
        self.held_after: int | None = None  # how many ties may be written until a run holds the contacts

    def put(self, *contacts: Contact) -> None:
        self.all |= {one.key: one for one in contacts}

    def with_email(self, account: str, kinds: Sequence[str], address: str) -> Sequence[Contact]:
        wanted = address.strip().casefold()
        return [one for one in self.all.values() if one.email.casefold() == wanted and one.kind in kinds]

    def with_number(self, account: str, kinds: Sequence[str], number: str) -> Sequence[Contact]:
        return [one for one in self.all.values() if number in (one.number, one.sis_id) and one.kind in kinds]

    def named(
        self, account: str, kinds: Sequence[str], beginnings: Sequence[str], after: str, most: int
    ) -> tuple[Sequence[Contact], str]:
        found = [one for one in self.all.values() if one.kind in kinds]
        places = {one.key: keys.name_order(one.last, one.first, *one.key) for one in found}
        return [one for one in found if places[one.key].startswith(tuple(beginnings))][:most], ""

    def of(self, account: str, ids: Iterable[ContactId]) -> Mapping[ContactId, Contact]:
        return {id: self.all[id] for id in ids if id in self.all}

    def security_value(self, account: str, id: ContactId) -> str:
        return self.dates.get(id, "")

    # -- of HandBook

    def card(self, account: str, contact: ContactId) -> ContactCard | None:
        one = self.all.get(contact)
        if not one:
            return None
        card = ContactCard(*one.key, one.level, one.first, one.last, one.email)
        return replace(card, inactive_since=one.inactive_since)

    def add(self, account: str, cards: Sequence[ContactCard]) -> None:
        self.put(
            *(Contact(*one.key, level=one.level, first=one.first, last=one.last, email=one.email) for one in cards)
        )

    def change(self, account: str, card: ContactCard, names: Iterable[str], beside: object = None) -> bool:
        told = {name: getattr(card, name) for name in names}
        self.all[card.key] = replace(self.all[card.key], **told)
        return True

    # -- of Ties

    def tie(self, account: str, parent: ContactId, student: ContactId, relation: str) -> None:
        if self.held_after is not None:
            if not self.held_after:
                raise AlreadyRunning("a run rewrites the contacts")
            self.held_after -= 1
        for one, other in ((parent, student), (student, parent)):
            if one in self.all and not any(tie[:2] == (other[0], other[2]) for tie in self.all[one].related):
                tied = (*self.all[one].related, (other[0], other[2], relation, ""))
                self.all[one] = replace(self.all[one], related=tied)

    def untie(self, account: str, parent: ContactId, student: ContactId) -> None:
        for one, other in ((parent, student), (student, parent)):
            if one in self.all:
                left = tuple(tie for tie in self.all[one].related if tie[:2] != (other[0], other[2]))
                self.all[one] = replace(self.all[one], related=left)


class Hands:
    """roster.ports.HandBook over the same people."""

    def __init__(self, people: MemoryPeople) -> None:
        self.of, self.add, self.change = people.card, people.add, people.change


class MemoryAttempts:
    """roster.ports.Attempts."""

    def __init__(self) -> None:
        self.told: list[tuple[ContactId, Attempt]] = []

    def note(self, account: str, parent: ContactId, attempt: Attempt) -> None:
        self.told.append((parent, attempt))

    def of(self, account: str, parent: ContactId, since: str) -> Sequence[Attempt]:
        return [one for whose, one in self.told[::-1] if whose == parent and one.at >= since]


class Counts:
    """roster.ports.SignIns, without links."""

    def __init__(self) -> None:
        self.sessions: dict[str, Session] = {}
        self.counts: dict[tuple[str, str], int] = {}

    def counted(self, whose: str, window: str, most: int, expires: int) -> bool:
        known = self.counts.get((whose, window), 0)
        self.counts[whose, window] = min(most, known + 1)
        return known < most

    def keep_session(self, digest: str, session: Session) -> None:
        self.sessions[digest] = session

    def session(self, digest: str) -> Session | None:
        return self.sessions.get(digest)

    def seen(self, digest: str, session: Session) -> None:
        self.sessions[digest] = session

    def drop_session(self, digest: str) -> None:
        self.sessions.pop(digest, None)
