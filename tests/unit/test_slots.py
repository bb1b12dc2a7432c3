"""Slots of an evening, and booking: computed from a window, opened by a person, never by an import."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roster.booking import Booking
from roster.errors import AlreadyRunning, NotSetUp, NotUnderstood
from roster.keys import slot
from roster.ledgers import write_contacts
from roster.model import Class, ClassEntry, ContactEntry, Listing, Person, to_line
from roster.ports import ClassMark, Conference, Event, Integration
from roster.slots import MOST, is_open, times
from tests.fakes.memory import MemoryRecords, MemorySlots
from tests.fakes.staff import ACCOUNT, MemoryEventBook

FALL = Conference(ACCOUNT, "fall", "Fall", "2027-02-02", imported=True)
EVENING = "2027-02-02T17:00", "2027-02-02T18:00"
NOW = datetime(2027, 1, 20, 12, 0, tzinfo=UTC)


@given(st.integers(1, 240), st.integers(0, 60), st.integers(1, 1439))
def test_slots_lie_within_the_window_and_as_many_as_fit(minutes: int, gap: int, length: int) -> None:
    begins, ends = "2027-02-02T00:00", f"2027-02-02T{length // 60:02}:{length % 60:02}"
    fit = [start for start in range(0, 1440, minutes + gap) if start + minutes <= length]
    if 1 <= len(fit) <= MOST:
        wanted = [f"2027-02-02T{start // 60:02}:{start % 60:02}" for start in fit]
        assert times(begins, ends, minutes, gap) == wanted
    else:
        with pytest.raises(NotUnderstood):
            times(begins, ends, minutes, gap)


@pytest.mark.parametrize(
    ("ends", "minutes", "said"),
    [
        ("2027-02-02T17:00", 10, "before it begins"),
        ("2027-02-01T18:00", 10, "before it begins"),
        ("2027-02-03T00:00", 10, "over midnight"),
        ("2027-02-02T17:09", 10, "no room for a slot of 10 minutes"),
        ("2027-02-02T20:21", 1, "201 slots"),
    ],
)
def test_a_window_that_is_none_says_why(ends: str, minutes: int, said: str) -> None:
    with pytest.raises(NotUnderstood, match=said):
        times("2027-02-02T17:00", ends, minutes, 0)


@pytest.mark.parametrize(
    ("on", "opens", "closes", "zone", "open"),
    [
        (True, "", "", "UTC", True),
        (False, "", "", "UTC", False),
        (None, "2027-01-01T00:00", "2027-02-01T00:00", "UTC", False),  # its times alone open nothing
        (True, "2027-01-20T12:00", "", "UTC", True),
        (True, "2027-01-20T12:01", "", "UTC", False),
        (True, "", "2027-01-20T12:00", "UTC", False),
        (True, "", "2027-01-20T12:01", "UTC", True),
        (True, "2027-01-20T08:00", "", "America/New_York", False),  # where it is seven
        (True, "0001-01-01T00:00", "9999-12-31T23:59", "Pacific/Auckland", True),
    ],
)
def test_booking_is_open_once_somebody_opened_it_and_within_its_times(
    on: bool | None, opens: str, closes: str, zone: str, open: bool
) -> None:
    assert is_open({} if on is None else {"on": on}, opens, closes, zone, NOW) is open


class World:
    """Ann teaches two classes of the fall, one of them hidden; Bob a deleted one, Cy one of the spring."""

    def __init__(self, event: Conference = FALL) -> None:
        self.book = MemoryEventBook(event)
        self.slots = MemorySlots()
        self.records = MemoryRecords(
            Integration(ACCOUNT, "clever", ledger="ledger"), Event(ACCOUNT, "fall", snapshot="snapshot")
        )
        self.records.marks["fall"] = {"c2": ClassMark(hidden=True), "c3": ClassMark(removed="2027-01-01")}
        people = {"ann": {"fall": ["c1", "c2"]}, "bob": {"fall": ["c3"]}, "cy": {"spring": ["c4"]}, "di": {}}
        people["eve"] = {"fall": ["c1"]}
        entries = [
            ContactEntry(Person("teacher", id, id.title()), {event: Listing(ids) for event, ids in listed.items()})
            for id, listed in people.items()
        ]
        student = ContactEntry(Person("student", "sam", birth_date="2012-04-08"), {"fall": Listing(["c1"])})
        write_contacts(self.slots, "ledger", "0-of-1", [*entries, student])
        self.slots.write(
            "snapshot/classes-0-of-1", [(slot("c1"), to_line(ClassEntry(Class("c1", "Math"), ["ann"], ["sam"])))]
        )
        importer = SimpleNamespace(records=self.records, integration=self.records.integration)
        self.booking = Booking(self.book, cast(Any, importer), self.slots)

    @property
    def event(self) -> Conference:
        return self.book.events["fall"]

    def create(self) -> Conference:
        return self.booking.create(self.event, *EVENING, 10, 5)


def test_slots_are_for_teachers_with_a_class_that_families_see() -> None:
    world = World()
    assert world.booking.page(world.event, "", 9) == ([], "")
    assert world.create().booking["teachers"] == 2
    found, last = world.booking.page(world.event, "", 1)
    assert [(one.id, one.name, one.classes) for one in found] == [("ann", "Ann", ("Math",))]
    found, last = world.booking.page(world.event, last, 1)
    assert ([one.id for one in found], last) == (["eve"], "")


def test_first_an_import_then_slots_then_booking() -> None:
    world = World(replace(FALL, imported=False))
    with pytest.raises(NotSetUp, match="nothing was imported"):
        world.create()
    with pytest.raises(NotSetUp, match="no slots yet"):
        world.booking.switch(world.event, True)
    assert world.event.booking == {}


def test_other_slots_leave_booking_as_it_was() -> None:
    world = World()
    world.create()
    assert "on" not in world.booking.switch(world.event, False).booking
    assert world.booking.switch(world.event, True).booking["on"] is True
    assert world.create().booking["on"] is True
    assert world.booking.switch(world.event, False).booking["on"] is False
    assert world.create().booking["on"] is False


def test_slots_are_on_the_day_of_the_event() -> None:
    world = World(replace(FALL, held_on="2027-02-03"))
    with pytest.raises(NotUnderstood, match="held on 2027-02-03"):
        world.create()
    assert World(replace(FALL, held_on="")).create().booking["begins"] == EVENING[0]


def test_of_two_at_once_the_second_looks_again() -> None:
    world = World()
    seen = world.create()
    world.booking.switch(seen, True)
    with pytest.raises(AlreadyRunning):
        world.booking.create(seen, *EVENING, 20, 0)
    assert world.event.booking["on"] is True
