"""One turn of a pull: which resources are asked, what becomes of their answers, and where the next turn goes on.

Threads make requests and nothing else: this one reads all rows, and alone changes the place. It reads answers in the
order in which they were asked for, so that a turn that is done again does the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from math import ceil

from roster.budget import Budget
from roster.collector import sweep
from roster.errors import ProviderUnavailable, RateLimited, TransientError
from roster.model import JSON
from roster.place import Lane, Place, sealed
from roster.ports import Packed, Records, RunKey, Slots
from roster.provider import Ask, Checker, Page, Refused, Resource
from roster.reading import Coming, Reading
from roster.sheaf import Leaf, Yesterday

PAGES_PER_TURN = 20
ROUNDS = 3
LONGEST_PATIENCE = 10


@dataclass
class Turn:
    """Up to so many pages. While the rows of one are read, others are on their way, one for each lane at most.

    `before`: where the pages of the pull before lie. `stopped`: nothing more is asked for, and what is on its way is
    still read and kept.
    """

    checker: Checker
    slots: Slots
    records: Records
    time_left: Callable[[], bool]
    key: RunKey
    folder: str
    resources: list[Resource]
    ask: Ask
    place: Place
    recipe: str
    before: Mapping[str, JSON]
    threads: ThreadPoolExecutor
    budget: Budget
    readings: dict[int, Reading] = field(default_factory=dict)
    stopped: bool = False
    rest: float = 0.0

    def walk(self) -> Place:
        place = self.place
        place.wait = 0
        self._ask()
        while coming := self._coming():
            first = min(coming, key=lambda one: one.ticket.number)
            self._read(coming[first], first)
            del first, coming  # and the answer with them, before the sweep
            sweep()
            self._ask()
        for reading in self.readings.values():
            reading.pause()
        place.in_order()
        place.done = len(place.lanes) == len(self.resources) and place.all_read
        if place.done:
            place.content = sealed(*(lane.content for lane in place.lanes))
        elif self.budget.spent and not self.stopped:
            place.wait = ceil(self.rest)  # sooner, the provider would answer 429
        return place

    def _coming(self) -> dict[Coming, Reading]:
        return {reading.coming: reading for reading in self.readings.values() if reading.coming}

    def _ask(self) -> None:
        """Ask for the next page of as many lanes as may be asked, the first resources' first."""
        for number, resource in enumerate(self.resources):
            if number < len(self.place.lanes):
                reading = self.readings.get(number)
                if self.place.lanes[number].done or (reading and reading.coming):
                    continue
            elif resource.closing and not self.place.all_read:
                return
            if not self._may_ask():
                return
            reading = self._reading(number)
            self.place.requests += 1
            reading.coming = Coming(self.threads.submit(self.ask, reading.cursor), self.budget.ask())

    def _may_ask(self) -> bool:
        asked = self.budget.asked
        in_time = not asked or (asked < PAGES_PER_TURN and self.time_left())
        return self.budget.open and not self.stopped and in_time

    def _reading(self, number: int) -> Reading:
        if number == len(self.place.lanes):
            self.place.lanes.append(Lane())
        if number not in self.readings:
            yesterday = Yesterday(self.slots, **self.before)
            self.readings[number] = Reading(
                self.place,
                number,
                self.resources[number],
                self.checker,
                self.slots,
                self.folder,
                self.recipe,
                yesterday,
            )
        return self.readings[number]

    def _read(self, reading: Reading, coming: Coming) -> None:
        """Read the answer that has come, and keep what it brings."""
        try:
            opened = self._opened(reading, coming)
        except RateLimited as patience:
            self._be_patient(reading.lane, patience)
            return
        except TransientError:
            if self.budget.answers == 1:
                raise
            self.stopped = True  # what was read so far is kept; the next turn begins at the page that failed
            return
        if isinstance(opened, Refused):
            reading.refuse(opened.code)
        else:
            self._keep(reading, *opened)
        if reading.lane.done:
            self.readings.pop(reading.number, None)  # with its part of the file, and last night's
        self.records.progress(self.key, reading.progress())

    def _opened(self, reading: Reading, coming: Coming) -> tuple[Leaf, Packed | Page] | Refused:
        reading.coming, remaining = None, None
        try:
            answer = coming.answer.result()
            remaining = self.checker.provider.remaining(answer)
            if remaining is not None:
                self.rest = self.checker.patience(answer)
        finally:
            self.budget.answered(coming.ticket, remaining)
        return reading.opened(answer)

    def _keep(self, reading: Reading, leaf: Leaf, page: Packed | Page) -> None:
        moved = reading.turn(leaf)
        if not moved:
            self._ask()
        moved = reading.keep(leaf, page) or moved
        if moved and self.place.round + 1 < ROUNDS:
            self._again()
            return
        if moved:  # it will not hold still: read on to the end, and trust no departure
            self.place.warnings["source_moved"] = 1
        if reading.lane.done:
            reading.end()

    def _again(self) -> None:
        """A new load arrived at the provider mid-pull: two halves would not fit, so pull once more."""
        under_way = self._coming()
        wait(one.answer for one in under_way)  # they count for the provider, so they must for us
        for one in under_way:
            self.budget.answered(one.ticket, None)
        place = self.place
        started = Place(round=place.round + 1, requests=place.requests, marker=place.marker)
        vars(place).update(vars(started))
        self.readings = {}

    def _be_patient(self, lane: Lane, patience: RateLimited) -> None:
        """The state machine waits, not this function; but not for ever at one page."""
        if lane.waits >= LONGEST_PATIENCE:
            raise ProviderUnavailable("the provider keeps asking to wait", patience.help) from patience
        lane.waits += 1
        self.place.wait = max(self.place.wait, ceil(patience.wait))
        self.stopped = True
