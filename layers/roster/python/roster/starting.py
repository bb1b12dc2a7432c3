"""Starting a run of an event by hand: one at a time, under an id that is made here, with the name of who did it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from roster.errors import AlreadyRunning
from roster.model import JSON
from roster.ports import EventBook, Executions


@dataclass(frozen=True)
class Starter:
    """`chance`: a few random characters, new at each call."""

    book: EventBook
    executions: Executions
    now: Callable[[], datetime]
    chance: Callable[[], str]

    def new_run(self) -> str:
        return f"{self.now():%Y%m%dT%H%M%S}-{self.chance()}"

    def check_free(self, account: str, event: str) -> None:
        """Raises AlreadyRunning while a run of the event is under way. Begin takes the lock, and has the last word."""
        owner, run = self.book.holder(account, event)
        if owner and self.executions.is_running(owner):
            raise AlreadyRunning(f"run {run} of event {event} has not ended yet")

    def start(self, account: str, event: str, mode: str, by: str, run: str = "", **more: JSON) -> str:
        """The run's id, at once: how it goes is told by its record."""
        self.check_free(account, event)
        run = run or self.new_run()
        self.executions.start(run, {"account": account, "event": event, "mode": mode, "by": by, **more})
        return run
