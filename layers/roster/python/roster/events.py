"""An account's events: made anew or from a template, changed, and deleted by a run of their own.

A template gives its settings, notifications and appointment fields, and nothing else: classes, enrolments and bookings
belong to the evening that they were for. Contacts belong to the account and survive every event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from roster.cursor import FRESH
from roster.errors import NotThere, NotUnderstood, RosterError
from roster.keys import fits
from roster.nights import Nights
from roster.permissions import Action, Administrator, permit, reaches
from roster.ports import Conference, EventBook
from roster.starting import Starter

GROUPS = ("settings", "notifications", "fields")
NEWEST = "Delete it by itself, if it is really meant."


@dataclass(frozen=True)
class Events:
    """`new_id`: an id for an event, short and fit for an address."""

    book: EventBook
    nights: Nights
    starter: Starter
    now: Callable[[], datetime]
    new_id: Callable[[], str]

    def page(self, person: Administrator, after: str, most: int) -> tuple[Sequence[Conference], str]:
        """The person's events behind `after`, and the last one's id where there are more."""
        if not fits(after):
            raise NotUnderstood("there is no such place in the list of events", FRESH)
        if reaches(person, ""):
            found = list(self.book.page(person.account, after, most + 1))
        else:
            theirs = (self.book.of(person.account, event) for event in sorted(set(person.events)) if event > after)
            found = list(islice(filter(None, theirs), most + 1))
        return found[:most], found[most - 1].event if len(found) > most else ""

    def of(self, account: str, event: str) -> Conference:
        found = self.book.of(account, event)
        if not found:
            raise NotThere(f"there is no event {event}")
        return found

    def mine(self, person: Administrator, events: Iterable[str]) -> list[Conference]:
        """Those of these that are there and that the person reaches."""
        found = (self.book.of(person.account, event) for event in events if reaches(person, event))
        return list(filter(None, found))

    def create(self, person: Administrator, given: Mapping[str, Any], template: str = "") -> Conference:
        """`given` counts before the template, group by group."""
        taken: dict[str, Any] = {}
        if template:
            permit(person, Action.SEE_EVENT, template)
            source = self.of(person.account, template)
            taken = {group: getattr(source, group) for group in GROUPS if getattr(source, group)}
        made = Conference(
            account=person.account,
            event=self.new_id(),
            created=self.now().isoformat(timespec="seconds"),
            template=template,
            **{**taken, **given},
        )
        self.book.add(made)
        return made

    def change(self, account: str, event: str, given: Mapping[str, Any]) -> tuple[Conference, list[str]]:
        """The event as it is now, and what its administrator should know."""
        before = self.of(account, event)
        if given and not self.book.change(account, event, given):
            raise NotThere(f"there is no event {event}")
        after = self.of(account, event)
        return after, warnings(before, after)

    def delete(self, person: Administrator, event: str) -> str:
        """Ends its nightly sync, and starts the run that removes its classes and enrolments, and then the event.

        Doing it again is safe, and needed where the run before failed.
        """
        nightly = self.of(person.account, event).nightly
        self.starter.check_free(person.account, event)
        run = self.starter.new_run()
        if not self.book.deleting(person.account, event, run):
            raise NotThere(f"there is no event {event}")
        try:
            self.nights.stop(person.account, event)
            return self.starter.start(person.account, event, "delete", person.id, run)
        except RosterError:
            self.book.spared(person.account, event, run)
            if nightly:
                self.nights.enable(person.account, event)
            raise

    def delete_many(self, person: Administrator, events: Sequence[str], confirm: str) -> dict[str, str]:
        """The run of each. Nothing is deleted unless all of it is there, free, and confirmed by its number.

        The newest copy of a template is what the others were cleared away for: it does not go with them.
        """
        wanted = list(dict.fromkeys(events))
        if confirm != str(len(wanted)):
            raise NotUnderstood("confirm: type how many events are deleted", f"Type {len(wanted)} to delete them.")
        for event in wanted:
            permit(person, Action.DELETE_EVENT, event)
            self.of(person.account, event)
            self.starter.check_free(person.account, event)
        if (newest := self._newest_copy(person.account)) in wanted:
            raise NotUnderstood(f"events: {newest} is the newest event that was made from a template", NEWEST)
        return {event: self.delete(person, event) for event in wanted}

    def _newest_copy(self, account: str) -> str:
        copies, after = [], ""
        while page := self.book.page(account, after, 100):
            copies += [(one.created, one.event) for one in page if one.template and not one.deleting]
            after = page[-1].event
        return max(copies)[1] if copies else ""


def warnings(before: Conference, after: Conference) -> list[str]:
    """A renamed event keeps its classes, and those of a new term would be mixed with them."""
    if before.name == after.name or not before.imported:
        return []
    terms = f" of {', '.join(before.terms)}" if before.terms else ""
    return [
        f"This event holds classes{terms}. Importing another term into it would mix them: for a new conference, make "
        "a new event with this one as its template."
    ]
