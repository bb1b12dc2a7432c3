"""An account's contacts, as its administrators look for them and look at them.

A list costs a page, whatever the size of the account: names, addresses and numbers are each asked of an index.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from roster.audit import Audit
from roster.comparing import integration_of
from roster.errors import NotThere
from roster.folding import folded
from roster.keys import name_order, names_from, provider_of
from roster.ledgers import applied_contact
from roster.model import BY_HAND, KINDS, Kind
from roster.permissions import Action, Administrator
from roster.ports import Contact, ContactBook, ContactId, EventBook, Records, Slots

MOST_WORDS = 5  # of a name that is looked for
MOST_SHOWN = 200  # relationships, or classes of one event; a contact of more than that is a slip at the school


@dataclass(frozen=True)
class Related:
    """Somebody's parent or child. `relation` and `type`: the provider's words. `name`: blank where nobody is there."""

    origin: str
    kind: str
    id: str
    name: str
    relation: str
    type: str


@dataclass(frozen=True)
class Attended:
    """What one event holds of a contact: (id, name) of each class."""

    event: str
    name: str
    classes: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Shown:
    """One contact with those around it."""

    contact: Contact
    related: tuple[Related, ...]
    events: tuple[Attended, ...]


@dataclass(frozen=True)
class Contacts:
    """The use case."""

    book: ContactBook
    records: Records
    events: EventBook
    slots: Slots
    audit: Audit

    def page(self, account: str, kind: str, search: str, after: str, most: int) -> tuple[Sequence[Contact], str]:
        """In the order of names. Whose address, number or id the search is stands before those of that name: all of
        them, beside the `most` of a page.
        """
        kinds = (kind,) if kind else KINDS
        if "@" in search:
            return self.book.with_email(account, kinds, search), ""
        known = self._known_by(account, kinds, search) if search else {}
        beginnings = _beginnings(search)
        if search and not beginnings:
            return list(known.values()), ""
        found, following = self.book.named(account, kinds, beginnings, after, most)
        others = [one for one in found if one.key not in known]
        return [*([] if after else known.values()), *others], following

    def of(self, account: str, id: ContactId) -> Shown:
        contact = self._one(account, id)
        return Shown(contact, self._related(account, contact), self._attended(account, contact))

    def security_value(self, person: Administrator, id: ContactId) -> str:
        """The birth date. Whoever asks is written down before they are told."""
        self._one(person.account, id)
        self.audit.did(person, Action.SEE_SECURITY_VALUE, about(id))
        return self.book.security_value(person.account, id)

    def _one(self, account: str, id: ContactId) -> Contact:
        found = self.book.of(account, [id]).get(id)
        if not found:
            raise NotThere("there is no such contact", "Look for it by name: its id may be another one now.")
        return found

    def _known_by(self, account: str, kinds: Sequence[str], search: str) -> Mapping[ContactId, Contact]:
        """Whose number it is, or the id at any provider that the account's contacts came from."""
        integration = integration_of(self.records, account)
        origins = {BY_HAND, integration.provider, *integration.origins}
        ids = [(origin, kind, search.strip()) for origin in sorted(origins) for kind in kinds]
        numbered = {one.key: one for one in self.book.with_number(account, kinds, search)}
        known = {**self.book.of(account, ids), **numbered}
        return {one.key: one for one in sorted(known.values(), key=_place)}

    def _related(self, account: str, contact: Contact) -> tuple[Related, ...]:
        other = Kind.PARENT.value if contact.kind == Kind.STUDENT else Kind.STUDENT.value
        ties = contact.related[:MOST_SHOWN]
        found = self.book.of(account, [(origin, other, id) for origin, id, *_ in ties])
        names = {key: one.name for key, one in found.items()}
        return tuple(
            Related(origin, other, id, names.get((origin, other, id), ""), relation, type)
            for origin, id, relation, type in ties
        )

    def _attended(self, account: str, contact: Contact) -> tuple[Attended, ...]:
        """From what was applied last, which lists of every contact the classes in each event: one slot of one file."""
        ledger = integration_of(self.records, account).ledger
        theirs = provider_of(ledger) == contact.origin  # of another provider, the same id is somebody else's
        entry = applied_contact(self.slots, ledger, contact.kind, contact.id) if theirs else None
        listed = {event: listing.classes[:MOST_SHOWN] for event, listing in (entry.listed if entry else {}).items()}
        names = self.book.classes(account, [(event, id) for event, ids in listed.items() for id in ids])
        return tuple(
            Attended(
                event, self._event(account, event), tuple((id, names[event, id]) for id in ids if (event, id) in names)
            )
            for event, ids in sorted(listed.items())
        )

    def _event(self, account: str, event: str) -> str:
        found = self.events.of(account, event)
        return found.name if found else ""


def about(id: ContactId) -> str:
    """What the audit calls a contact."""
    return " ".join(("contact", *id))


def _beginnings(search: str) -> list[str]:
    """Where such names stand: as a last name, as last and first name, as first and last name."""
    words = folded(search).split("-")[:MOST_WORDS] if folded(search) else []
    return sorted({*_splits(words)})


def _splits(words: Sequence[str]) -> Iterator[str]:
    if words:
        yield names_from(" ".join(words))
    for n in range(1, len(words)):
        one, other = " ".join(words[:n]), " ".join(words[n:])
        yield names_from(one, other)
        yield names_from(other, one)


def _place(one: Contact) -> str:
    return name_order(one.last, one.first, *one.key)
