"""What an administrator does with an event's imports: start, look on, cancel, approve, discard, undo, clear.

Every change of the roster is a run of the state machine; here is decided whether it may begin, and with what.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from roster.beginning import check_active
from roster.cancelling import cancel
from roster.clearing import refuse_others
from roster.comparing import integration_of, is_newest
from roster.errors import NotSetUp, NotThere, NotUnderstood, RosterError, UndoRefused
from roster.events import Events
from roster.integrated import known_integration
from roster.keys import provider_of
from roster.model import BY_HAND, Kind, Selection, to_line
from roster.nights import Nights
from roster.permissions import Administrator
from roster.ports import Accounts, Conference, ContactId, Executions, Integration, Records, Run, RunBook, RunKey
from roster.starting import Starter

CONFIRMED = "DELETE"
MOST_SETTLED, LARGEST_SETTLED = 500, 100_000  # pairs, and bytes: they travel in the run's state
LOOKED_AT = 50  # of the newest runs: test imports may follow one that is held
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
    events: Events
    accounts: Accounts
    nights: Nights
    starter: Starter
    executions: Executions

    def integration(self, account: str) -> Integration | None:
        return known_integration(self.records, account)

    def preview(self, person: Administrator, event: str, wanted: Wanted, clear: Clear | None = None) -> str:
        """A test import: says what an import, after such a clear, would do, and changes nothing. Where another
        provider's roster is there and is not cleared, it is one that adopts.
        """
        self._ready(person, event)
        more = self._clearing(person, event, clear.level) if clear else self._adopting(person.account)
        return self.starter.start(
            person.account, event, "preview", person.id, selection=wanted.selection.to_json(), **more
        )

    def start(self, person: Administrator, event: str, wanted: Wanted, clear: Clear | None = None) -> str:
        """An import. Its choice is kept with the event once it was applied, and every night goes by it."""
        more = self._clearing(person, event, _sure(clear).level) if clear else {}
        return self._import(person, event, wanted, **more)

    def _import(self, person: Administrator, event: str, wanted: Wanted, **more: Any) -> str:
        self._ready(person, event)
        if not wanted.selection.terms:
            raise NotUnderstood("terms: none is chosen", "Choose at least one term; a test import lists them.")
        run = self.starter.start(
            person.account, event, "import", person.id, selection=wanted.selection.to_json(), **more
        )
        if wanted.nightly is not None:
            self._switch(person.account, event, wanted.nightly)
        return run

    def adopt(
        self, person: Administrator, event: str, wanted: Wanted, preview: str, settled: Mapping[ContactId, str]
    ) -> str:
        """An import in which people kept here become the provider's. `settled`: who is whom, blank for nobody, by what
        the test import `preview` showed.
        """
        if self.run(person.account, event, preview).mode != "preview":
            raise NotUnderstood(f"run {preview} is no test import", "Start a test import, and look at who is whom.")
        asked = [[*whose, new] for whose, new in sorted(settled.items())]
        if len(to_line(asked)) > LARGEST_SETTLED:
            raise NotUnderstood("settled: that is too much at once", "Settle some, import, and settle others then.")
        return self._import(person, event, wanted, adopt={"settled": asked})

    def switch(self, person: Administrator, event: str, on: bool) -> None:
        """The event's nightly sync. What was imported stays, and a run that is under way ends as it would."""
        if on and not self._ready(person, event).imported:
            raise NotSetUp("nothing was imported into this event yet", "Import into it first.")
        self._switch(person.account, event, on)

    def _switch(self, account: str, event: str, on: bool) -> None:
        (self.nights.enable if on else self.nights.stop)(account, event)

    def clear(self, person: Administrator, event: str, clear: Clear) -> str:
        """Delete contacts, and import nothing yet. The event's classes and enrolments go with them."""
        more = self._clearing(person, event, _sure(clear).level)
        return self.starter.start(person.account, event, "clear", person.id, **more)

    def whom(self, person: Administrator, event: str, level: str) -> str:
        """A run that says how many such a clear would delete, level by level, and deletes nobody."""
        more = self._clearing(person, event, level)
        return self.starter.start(person.account, event, "clear", person.id, dry=True, **more)

    def history(self, account: str, event: str, after: str, most: int) -> tuple[Sequence[Run], str]:
        """Newest first; with what the next page follows on, blank at the end."""
        found = self.runs.page(account, event, after, most + 1)
        return found[:most], f"{found[most - 1].started} {found[most - 1].run}" if len(found) > most else ""

    def run(self, account: str, event: str, run: str) -> Run:
        found = self.records.run(RunKey(account, event, run))
        if found:
            return found
        owner = self.executions.owner_of(run)  # which another account's run may have
        asked = self.executions.input_of(owner)
        if (asked.get("account"), asked.get("event")) == (account, event) and self.executions.is_running(owner):
            return replace(STARTING, run=run)
        raise NotThere(f"there is no run {run} of this event")

    def undoable(self, account: str, event: str, run: Run) -> bool:
        """Whether it is the newest change of its account, and can be taken back."""
        if run.status != "applied" or run.decided:
            return False
        try:
            return is_newest(run.run, self.records.event(account, event), integration_of(self.records, account))
        except NotSetUp:  # the event was deleted since
            return False

    def is_latest(self, key: RunKey) -> bool:
        """Whether no import of the event was started since: what was held then is not what would be done now."""
        newest = (one.run for one in self.runs.page(key.account, key.event, "", LOOKED_AT) if one.mode != "preview")
        return next(newest, key.run) == key.run

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
        if not self.is_latest(key):
            raise NotUnderstood("another import was started since", "Import again, and look at what is held.")
        more: dict[str, Any] = {"selection": found.asked["selection"]} if "selection" in found.asked else {}
        if "adopt" in found.asked:
            more["adopt"] = found.asked["adopt"]
        if "clear" in found.asked:  # whoever administers by now stays as well
            more |= self._clearing(person, event, found.asked["clear"]["level"])
        new = self.starter.new_run()
        self._decide(key, "approved", new)
        try:
            return self.starter.start(person.account, event, "import", person.id, new, allow=run, **more)
        except RosterError:
            self.runs.undecide(key, new)
            raise

    def discard(self, person: Administrator, event: str, run: str) -> None:
        """Nothing was changed, and nothing will be."""
        key = RunKey(person.account, event, run)
        self._held(key)
        self._decide(key, "discarded", person.id)

    def undo(self, person: Administrator, event: str, run: str) -> str:
        found = self.run(person.account, event, run)
        if not self.undoable(person.account, event, found):
            raise UndoRefused(f"run {run} is not the account's newest change, or was taken back already")
        return self.starter.start(person.account, event, "undo", person.id, undo=run)

    def _event(self, person: Administrator, event: str) -> Conference:
        return self.events.of(person.account, event)

    def _ready(self, person: Administrator, event: str) -> Conference:
        """Raises NotSetUp while there is nothing to import from, or nothing to import into any more."""
        conference = self._event(person, event)
        if conference.deleting:
            raise NotSetUp("this event is being deleted", "Choose another event.")
        check_active(self.records.integration(person.account))
        return conference

    def _clearing(self, person: Administrator, event: str, level: str) -> dict[str, Any]:
        """The part of a run's input. The acting user and all administrators stay, whatever else they are."""
        self._event(person, event)
        refuse_others(self.records.all_events(person.account), event)
        emails = sorted({*self.accounts.administrators(person.account), *filter(None, [person.email])})
        keep = {"contacts": [[BY_HAND, Kind.ADMINISTRATOR.value, person.id]], "emails": emails}
        return {"clear": {"level": level, "keep": keep}}

    def _adopting(self, account: str) -> dict[str, Any]:
        integration = self.records.integration(account)
        other = provider_of(integration.ledger) not in ("", integration.provider)
        return {"adopt": {"settled": []}} if other else {}

    def _held(self, key: RunKey) -> Run:
        found = self.run(key.account, key.event, key.run)
        if found.status != "held" or found.decided:
            raise NotUnderstood(f"run {key.run} does not wait for a decision", "Look at the run again.")
        return found

    def _decide(self, key: RunKey, decision: str, by: str) -> None:
        if not self.runs.decide(key, decision, by):
            raise NotUnderstood(f"run {key.run} was decided already", "Look at the run again.")


def _sure(clear: Clear) -> Clear:
    """Raises NotUnderstood unless the word was typed."""
    if clear.confirm != CONFIRMED:
        raise NotUnderstood("confirm: this deletes contacts", f"Type {CONFIRMED} to go on.")
    return clear
