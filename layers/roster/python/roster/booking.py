"""From an import to booking: slots for the teachers that it brought, then a person opens booking.

Kept with the event are the window and the switch. Whose slots they are follows from what was applied last, so that a
teacher whom a later night brings has the same ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from heapq import nsmallest

from roster.errors import AlreadyRunning, NotSetUp, NotUnderstood
from roster.importing import Importer
from roster.keys import SLOTS
from roster.ledgers import applied
from roster.lines import classes, contacts
from roster.model import JSON
from roster.ports import Conference, EventBook, Slots
from roster.slots import times


@dataclass(frozen=True)
class Teacher:
    """`classes`: ids, of a page's teachers names."""

    id: str
    name: str
    classes: tuple[str, ...]


@dataclass(frozen=True)
class Booking:
    """The use case. `slots`: the files of what was applied, which have slots of their own."""

    book: EventBook
    importer: Importer
    slots: Slots

    def create(self, event: Conference, begins: str, ends: str, minutes: int, gap: int) -> Conference:
        """Slots for every teacher of the event, in place of those before; booking stays open or closed."""
        times(begins, ends, minutes, gap)
        if event.held_on not in ("", begins[:10]):
            raise NotUnderstood(f"begins: this event is held on {event.held_on}", "Choose that day, or move the event.")
        return self._kept(event, begins=begins, ends=ends, minutes=minutes, gap=gap, teachers=self._number(event))

    def switch(self, event: Conference, on: bool) -> Conference:
        """Opens or closes booking. To close what was never opened leaves it so."""
        if not event.booking:
            raise NotSetUp("this event has no slots yet", "Create slots for its teachers first.")
        if on:
            return self._kept(event, on=True, teachers=self._number(event))
        return self._kept(event, on=False) if "on" in event.booking else event

    def page(self, event: Conference, after: str, most: int) -> tuple[list[Teacher], str]:
        """Teachers with slots behind this id, by id, and the last one's id where there are more."""
        behind = (one for one in self._teachers(event) if one.id > after) if event.booking else ()
        found = nsmallest(most + 1, behind, key=lambda one: one.id)
        names = self._names(event, {id for one in found[:most] for id in one.classes})
        told = [replace(one, classes=tuple(names.get(id, id) for id in one.classes)) for one in found[:most]]
        return told, found[most - 1].id if len(found) > most else ""

    def _kept(self, event: Conference, **change: JSON) -> Conference:
        after = {**event.booking, **change}
        if not self.book.arrange(event.account, event.event, event.booking, after):
            raise AlreadyRunning("somebody else has just changed the slots or the booking", "Look again.")
        return replace(event, booking=after)

    def _number(self, event: Conference) -> int:
        if number := sum(1 for _ in self._teachers(event)):
            return number
        why = "no teacher has a class in this event" if event.imported else "nothing was imported into this event yet"
        raise NotSetUp(why, "Import into it first, then create slots, then open booking.")

    def _teachers(self, event: Conference) -> Iterator[Teacher]:
        """Who has a class that families see in the event."""
        integration = self.importer.integration(event.account)
        if not integration or not event.imported:
            return
        marks = self.importer.records.class_marks(event.account, event.event)
        out = {id for id, mark in marks.items() if mark.hidden or mark.never or mark.removed}
        for file in applied(self.slots, integration.ledger, "people", range(SLOTS)):
            for entry in contacts(file):
                person, listing = entry.person, entry.listed.get(event.event)
                if person.kind == "teacher" and listing and (seen := [id for id in listing.classes if id not in out]):
                    yield Teacher(person.id, person.name, tuple(seen))

    def _names(self, event: Conference, wanted: set[str]) -> dict[str, str]:
        snapshot = self.importer.records.event(event.account, event.event).snapshot if wanted else ""
        files = applied(self.slots, snapshot, "classes", range(SLOTS))
        return {one.key: one.info.name for file in files for one in classes(file) if one.key in wanted}
