"""From what is applied now to what shall hold instead: the items that differ, of one shard.

Undo, delete and putting back after a failed clear are all this; nothing is asked of a provider.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field

from roster.facts import ContactKey
from roster.model import ClassEntry, ContactEntry, Listing, replace
from roster.outcome import Doubt
from roster.ports import Change, ContactId, Stored
from roster.settle import item_of
from roster.sizes import fitting


@dataclass(frozen=True)
class Applied:
    """What is known of one shard: contacts of `provider`, and the classes of the event."""

    provider: str = ""
    contacts: Mapping[ContactKey, ContactEntry] = field(default_factory=dict)
    classes: Mapping[str, ClassEntry] = field(default_factory=dict)

    def schedule(self, student: str, event: str) -> list[str]:
        entry = self.contacts.get(("student", student))
        return entry.listed[event].classes if entry and event in entry.listed else []

    def without_classes(self, gone: Set[str], event: str) -> Applied:
        """As if these classes had never been applied."""
        if not gone:
            return self
        contacts = {key: without(entry, gone, event) for key, entry in self.contacts.items()}
        return Applied(self.provider, contacts, {id: one for id, one in self.classes.items() if id not in gone})

    def students(self) -> set[str]:
        return {id for kind, id in self.contacts if kind == "student"}


def without(entry: ContactEntry, gone: Set[str], event: str) -> ContactEntry:
    """The entry without these classes of the event."""
    listing = entry.listed.get(event)
    if listing is None or gone.isdisjoint(listing.classes):
        return entry
    kept = Listing([id for id in listing.classes if id not in gone], listing.related)
    return replace(entry, listed={**entry.listed, event: kept})


def delisted(entry: ContactEntry, event: str, today: str) -> ContactEntry:
    """The entry once the event is gone; whom no other event lists, is inactive."""
    if event not in entry.listed:
        return entry
    listed = {name: listing for name, listing in entry.listed.items() if name != event}
    return replace(entry, listed=listed, inactive_since=entry.inactive_since if listed else today)


def unscheduled(entry: ContactEntry, event: str) -> ContactEntry:
    """The entry of a survivor of a clear: in no class, and with their children all the same."""
    listing = entry.listed.get(event)
    return replace(entry, listed={**entry.listed, event: Listing([], listing.related)}) if listing else entry


def difference(
    now: Applied,
    then: Applied,
    event: str,
    doubt: Doubt,
    images: Mapping[ContactId, Change],
    everything: bool = False,
) -> Iterator[Change]:
    """`images`: contacts as they were stored, which go before what the ledger says. `everything`: trust no item."""
    yield from _contacts(now, then, doubt, images, everything)
    yield from images.values()
    for id in sorted(now.classes.keys() | then.classes.keys() | doubt.classes):
        if everything or id in doubt.classes or now.classes.get(id) != then.classes.get(id):
            yield Change("class", id, then.classes.get(id))
    for id in sorted(now.students() | then.students() | doubt.schedules):
        was, shall = now.schedule(id, event), then.schedule(id, event)
        if was != shall or id in doubt.schedules or (everything and (was or shall)):
            yield Change("schedule", id, tuple(fitting(shall)) if shall else None)


def _contacts(
    now: Applied, then: Applied, doubt: Doubt, images: Mapping[ContactId, Change], everything: bool
) -> Iterator[Change]:
    if now.provider and then.provider and now.provider != then.provider:
        for kind, id in sorted(now.contacts.keys() | doubt.contacts.keys()):
            if (now.provider, kind, id) not in images:
                yield Change(kind, id, Stored(now.provider))
        return
    provider = then.provider or now.provider
    for key in sorted(now.contacts.keys() | then.contacts.keys() | doubt.contacts.keys()):
        was, shall = now.contacts.get(key), then.contacts.get(key)
        if (provider, *key) in images:
            continue
        if everything or key in doubt.contacts or item_of(was) != item_of(shall):
            yield Change(*key, shall)


def outcome(change: Change, now: Applied, event: str) -> str:
    """What becomes of the item: created, updated or deleted."""
    if change.entry is None or (isinstance(change.entry, Stored) and change.entry.item is None):
        return "deleted"
    was: object = now.contacts.get((change.kind, change.id))
    if change.kind in ("class", "schedule"):
        was = now.classes.get(change.id) if change.kind == "class" else now.schedule(change.id, event)
    return "updated" if was and not isinstance(change.entry, Stored) else "created"
