"""Starting a run of an event by hand: one at a time, under an id that is made here, with the name of who did it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from roster.errors import AlreadyRunning, RosterError
from roster.model import JSON
from roster.ports import EventBook, Executions, RunKey


def run_id(now: datetime, chance: str) -> str:
    """Runs are listed by their ids, newest first: two of one second must stand in the order in which they began."""
    return f"{now:%Y%m%dT%H%M%S}{now.microsecond // 1000:03d}-{chance}"


@dataclass(frozen=True)
class Starter:
    """`chance`: a few random characters, new at each call."""

    book: EventBook
    executions: Executions
    now: Callable[[], datetime]
    chance: Callable[[], str]

    def new_run(self) -> str:
        return run_id(self.now(), self.chance())

    def check_free(self, account: str, event: str) -> None:
        """Raises AlreadyRunning while a run of the event is under way. Begin takes the lock, and has the last word."""
        owner, run = self.book.holder(account, event)
        if owner and self.executions.is_running(owner):
            raise AlreadyRunning(f"run {run} of event {event} has not ended yet")

    def start(self, account: str, event: str, mode: str, by: str, run: str = "", **more: JSON) -> str:
        """The run's id, at once: how it goes is told by its record.

        The event's lock is the execution's before there is one, so that of two who start at once one is refused.
        """
        run = run or self.new_run()
        key, owner = RunKey(account, event, run), self.executions.owner_of(run)
        held = self.book.reserve(key, owner, self.executions.is_running)
        if held:
            raise AlreadyRunning(f"run {held} of event {event} has not ended yet")
        try:
            self.executions.start(run, {"account": account, "event": event, "mode": mode, "by": by, **more})
        except RosterError:
            self.book.release(key, owner)
            raise
        return run
