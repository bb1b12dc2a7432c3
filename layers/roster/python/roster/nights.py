"""Which events are synced every night: switched on and off, and moved with their account's time zone.

The event's switch is the truth; its schedule follows. The switch is on for as long as the schedule may be there, so
that a crash in between leaves no schedule that nobody knows of. It may leave a switch that is on and no schedule: that
heals when the event is switched on or off again, or its account's zone is set again. Everything may be done twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from roster.clocks import times, zone_of
from roster.errors import NotSetUp
from roster.keys import nightly_schedule
from roster.ports import Schedule, Schedules, Switches

SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"  # AWS puts the due time there: the same for every try


@dataclass(frozen=True)
class Nights:
    """The use case."""

    switches: Switches
    schedules: Schedules
    now: Callable[[], datetime]

    def enabled(self, account: str) -> list[str]:
        """The events that are synced every night."""
        return sorted(self.switches.all_on(account))

    def enable(self, account: str, event: str) -> None:
        if not self.switches.turn(account, event, True):
            raise NotSetUp(f"account {account} has no event {event}", "Create an event first.")
        self._follow(account, event)

    def stop(self, account: str, event: str) -> None:
        """No more nights. What was imported stays, and a run that is under way ends as it would.

        Also for an event that is not there any more: its schedule may be.
        """
        self.schedules.delete(nightly_schedule(account, event))
        self.switches.turn(account, event, False)
        self._follow(account, event)

    def stop_all(self, account: str) -> list[str]:
        """Stops every event of the account, and says which."""
        stopped = self.enabled(account)
        for event in stopped:
            self.stop(account, event)
        return stopped

    def rezone(self, account: str, zone: str) -> None:
        """The account's clocks are those of another zone: nights move with them."""
        zone_of(zone)
        self.switches.move(account, zone)
        for event in self.enabled(account):
            self._follow(account, event)

    def _follow(self, account: str, event: str) -> None:
        """Make the schedule what switch and zone say, until they say the same afterwards.

        Whoever switches at the same time does so as well; whatever order their writes come in, the last one looks.
        """
        told = self._told(account, event)
        while True:
            on, zone = before = told
            if on:
                self.schedules.put(self._schedule(account, event, zone))
            else:
                self.schedules.delete(nightly_schedule(account, event))
            told = self._told(account, event)
            if told == before:
                return

    def _told(self, account: str, event: str) -> tuple[bool, str]:
        return self.switches.is_on(account, event), self.switches.zone(account)

    def _schedule(self, account: str, event: str, zone: str) -> Schedule:
        due = times(zone, self.now().year)
        given = {
            "account": account,
            "event": event,
            "mode": "import",
            "shared": True,
            "by": "night",
            "night": SCHEDULED_TIME,
            "zone": zone,
        }
        return Schedule(nightly_schedule(account, event), due.expression, zone, due.patience, given)
