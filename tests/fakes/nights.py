"""The ports of roster.nights over dictionaries, with a place where the process may be killed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from roster.clocks import DEFAULT_ZONE
from roster.errors import NotSetUp
from roster.ports import Schedule
from tests.fakes.memory import Killed

# Nights on which clocks change, and when a sync begins then: on the clock, and how far that is from UTC.
CLOCK_CHANGES = [
    ("America/New_York", date(2027, 3, 14), "01:00-0500"),
    ("America/New_York", date(2027, 11, 7), "01:00-0400"),
    ("Europe/London", date(2027, 3, 28), "02:00+0100"),
    ("Europe/London", date(2027, 10, 31), "01:00+0100"),
    ("Australia/Sydney", date(2027, 4, 4), "01:00+1100"),
    ("Australia/Sydney", date(2027, 10, 3), "01:00+1000"),
    ("Australia/Lord_Howe", date(2027, 4, 4), "01:00+1100"),
    ("Australia/Lord_Howe", date(2027, 10, 3), "01:00+1030"),
]


class World:
    """Switches and Schedules at once. `left`: so many writes succeed, and the next one is not done any more.

    `meanwhile` happens once, before the write of that number: what somebody else does at the same time.
    """

    def __init__(self, *events: str, account: str = "116") -> None:
        self.events = dict.fromkeys(events, False)
        self.account = account
        self.zones: dict[str, str] = {account: DEFAULT_ZONE}
        self.made: dict[str, Schedule] = {}
        self.left = 1_000_000
        self.writes = 0
        self.meanwhile: dict[int, Callable[[], object]] = {}

    def _write(self) -> None:
        self.writes += 1
        if other := self.meanwhile.pop(self.writes, None):
            other()
        if self.left == 0:
            raise Killed
        self.left -= 1

    def zone(self, account: str) -> str:
        return self.zones.get(account, DEFAULT_ZONE)

    def move(self, account: str, zone: str) -> None:
        self._write()
        if account not in self.zones:
            raise NotSetUp(f"there is no account {account}")
        self.zones[account] = zone

    def is_on(self, account: str, event: str) -> bool:
        return account == self.account and self.events.get(event, False)

    def turn(self, account: str, event: str, on: bool) -> bool:
        self._write()
        if account != self.account or event not in self.events:
            return False
        self.events[event] = on
        return True

    def all_on(self, account: str) -> Sequence[str]:
        return [event for event, on in self.events.items() if on and account == self.account]

    def put(self, schedule: Schedule) -> None:
        self._write()
        self.made[schedule.name] = schedule

    def delete(self, name: str) -> None:
        self._write()
        self.made.pop(name, None)
