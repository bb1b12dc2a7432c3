"""What an administrator does with an event's imports: start, look on, cancel, approve, discard, undo, clear.

Every change of the roster is a run of the state machine; here is decided whether it may begin, and with what.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from roster.beginning import NOT_ACTIVE_HELP
from roster.cancelling import cancel
from roster.errors import ClearRefused, NotSetUp, NotThere, NotUnderstood, UndoRefused
from roster.events import Events
from roster.model import BY_HAND, Kind, Selection
from roster.nights import Nights
from roster.permissions import Administrator
from roster.ports import Accounts, Conference, EventBook, Executions, Integration, Records, Run, RunBook, RunKey
from roster.starting import Starter

CONFIRMED = "DELETE"
STARTING = Run("starting")  # asked for, and not begun yet


@dataclass(frozen=True)
class Wanted:
    """What to import: nothing chosen is everything. `nightly`: None leaves the event's switch as it is."""

    selection: Selection = field(default_factory=Selection)
    nightly: bool | None = None


@dataclass(frozen=True)
class Clear:
    """Whom to delete: everybody up to `level`. `confirm`: the word, typed."""

    level: str
    confirm: str = ""


@dataclass(frozen=True)
class Importer:
    """The use case."""

    records: Records
    runs: RunBook
    book: EventBook
    events: Events
    accounts: Accounts
    nights: Nights
    starter: Starter
    executions: Executions

    def integration(self, account: str) -> Integration | None:
        try:
            return self.records.integration(account)
        except NotSetUp:
            return None

    def preview(self, person: Administrator, event: str, wanted: Wanted, clear: Clear | None = None) -> str:
        """A test import: says what an import, after such a clear, would do, and changes nothing."""
        self._ready(person, event)
        more = {} if clear is None else self._clearing(person, event, clear)
        return self.starter.start(
            person.account, event, "preview", person.id, selection=wanted.selection.to_json(), **more
        )

    def start(self, person: Administrator, event: str, wanted: Wanted, clear: Clear | None = None) -> str:
        """An import. What is chosen is kept with the event, and every night goes by it."""
        self._ready(person, event)
        more = {} if clear is None else self._clearing(person, event, clear, sure=True)
        self.starter.check_free(person.account, event)
        self.book.choose(person.account, event, wanted.selection)
        if wanted.nightly is not None:
            self.switch(person, event, wanted.nightly)
        return self.starter.start(person.account, event, "import", person.id, **more)

    def switch(self, person: Administrator, event: str, on: bool) -> None:
        """The event's nightly sync. What was imported stays, and a run that is under way ends as it would."""
        self._event(person, event)
        if on:
            self._ready(person, event)
            self.nights.enable(person.account, event)
        else:
            self.nights.stop(person.account, event)

    def clear(self, person: Administrator, event: str, clear: Clear) -> str:
        """Delete contacts, and import nothing yet. The event's classes and enrolments go with them."""
        self._event(person, event)
        return self.starter.start(
            person.account, event, "clear", person.id, **self._clearing(person, event, clear, sure=True)
        )

    def history(self, account: str, event: str, after: str, most: int) -> tuple[Sequence[Run], str]:
        """Newest first; with what the next page follows on, blank at the end."""
        found = self.runs.page(account, event, after, most + 1)
        return found[:most], f"{found[most - 1].started} {found[most - 1].run}" if len(found) > most else ""

    def run(self, account: str, event: str, run: str) -> Run:
        found = self.records.run(RunKey(account, event, run))
        if found:
            return found
        if self.executions.is_running(self.executions.owner_of(run)):
            return replace(STARTING, run=run)
        raise NotThere(f"there is no run {run} of this event")

    def undoable(self, account: str, run: Run) -> bool:
        """Whether it is the newest change of its account, and can be taken back."""
        newest = self.integration(account)
        return run.status == "applied" and not run.decided and newest is not None and newest.changed == run.run

    def cancel(self, account: str, event: str, run: str) -> bool:
        """False where it has ended already."""
        found = self.run(account, event, run)
        if found.status == STARTING.status:
            self.executions.stop(self.executions.owner_of(run))
            return True
        return cancel(self.records, self.executions, RunKey(account, event, run))

    def approve(self, person: Administrator, event: str, run: str) -> str:
        """A new run, from a fresh pull, which may do as much as the held one would have done."""
        key = RunKey(person.account, event, run)
        found = self._held(key)
        self.starter.check_free(person.account, event)
        asked = self.executions.input_of(found.owner)
        more = {name: asked[name] for name in ("clear",) if name in asked}
        new = self.starter.new_run()
        self._decide(key, "approved", new)
        return self.starter.start(person.account, event, "import", person.id, new, allow=run, **more)

    def discard(self, person: Administrator, event: str, run: str) -> None:
        """Nothing was changed, and nothing will be."""
        key = RunKey(person.account, event, run)
        self._held(key)
        self._decide(key, "discarded", person.id)

    def undo(self, person: Administrator, event: str, run: str) -> str:
        found = self.run(person.account, event, run)
        if not self.undoable(person.account, found):
            raise UndoRefused(f"run {run} is not the account's newest change, or was taken back already")
        return self.starter.start(person.account, event, "undo", person.id, undo=run)

    def _event(self, person: Administrator, event: str) -> Conference:
        return self.events.of(person.account, event)

    def _ready(self, person: Administrator, event: str) -> None:
        """Raises NotSetUp while there is nothing to import from."""
        self._event(person, event)
        found = self.records.integration(person.account)
        if found.state != "active":
            raise NotSetUp(f"the import is {found.state}, not active", NOT_ACTIVE_HELP)

    def _clearing(self, person: Administrator, event: str, clear: Clear, sure: bool = False) -> dict[str, Any]:
        """The part of a run's input. The acting user and all administrators stay, whatever else they are."""
        if sure and clear.confirm != CONFIRMED:
            raise NotUnderstood("confirm: this deletes contacts", f"Type {CONFIRMED} to go on.")
        self._event(person, event)
        others = [
            one.name or one.event for one in self._all_events(person.account) if one.imported and one.event != event
        ]
        if others:
            named = ", ".join(f"“{name}”" for name in others)
            raise ClearRefused(f"other events of this account still have classes: {named}")
        emails = sorted({*self.accounts.administrators(person.account), *filter(None, [person.email])})
        keep = {"contacts": [[BY_HAND, Kind.ADMINISTRATOR.value, person.id]], "emails": emails}
        return {"clear": {"level": clear.level, "keep": keep}}

    def _all_events(self, account: str) -> list[Conference]:
        found: list[Conference] = []
        after = ""
        while page := self.book.page(account, after, 100):
            found += page
            after = page[-1].event
        return found

    def _held(self, key: RunKey) -> Run:
        found = self.run(key.account, key.event, key.run)
        if found.status != "held" or found.decided:
            raise NotUnderstood(f"run {key.run} does not wait for a decision", "Look at the run again.")
        return found

    def _decide(self, key: RunKey, decision: str, by: str) -> None:
        if not self.runs.decide(key, decision, by):
            raise NotUnderstood(f"run {key.run} was decided already", "Look at the run again.")
