"""An account's events: templates, warnings, and deletions that begin in an order that can be repeated."""

from __future__ import annotations

from dataclasses import replace

import pytest

from roster.errors import AlreadyRunning, Forbidden, NotThere, NotUnderstood, StoreBusy
from roster.events import Events
from roster.model import Level
from roster.permissions import Administrator
from roster.ports import Conference
from roster.starting import Starter, run_id
from tests.fakes.staff import ACCOUNT, Clock, MemoryEventBook, MemoryExecutions, numbered

EDNA = Administrator(ACCOUNT, "edna", level=Level.ADMINISTRATOR)
SPRING = Conference(
    ACCOUNT, "spring", "Spring", "2026-04-01", nightly=True, settings={"slot_minutes": 5}, notifications={"x": 1},
    fields=({"name": "Phone"},), imported=True, terms=("Q3", "Q4"),
)  # fmt: skip


class World:
    def __init__(self, *events: Conference) -> None:
        self.book = MemoryEventBook(*(events or (SPRING,)))
        self.executions = MemoryExecutions(self.book.log)
        clock = Clock()
        starter = Starter(self.book, self.executions, clock, numbered("x"))
        self.events = Events(self.book, self.book, starter, clock, numbered("event"))


def test_a_template_hands_on_three_groups() -> None:
    made = World().events.create(EDNA, {"name": "Fall"}, "spring")
    assert (made.settings, made.notifications, made.fields) == (SPRING.settings, SPRING.notifications, SPRING.fields)
    assert (made.event, made.name, made.held_on, made.nightly) == ("event1", "Fall", "", False)
    assert (made.imported, made.terms, made.template) == (False, (), "spring")


def test_what_is_given_counts_before_the_template() -> None:
    made = World().events.create(EDNA, {"name": "Fall", "settings": {"slot_minutes": 20}, "fields": []}, "spring")
    assert (made.settings, made.fields, made.notifications) == ({"slot_minutes": 20}, [], SPRING.notifications)


def test_a_template_has_to_be_there_and_within_reach() -> None:
    with pytest.raises(NotThere):
        World().events.create(EDNA, {"name": "Fall"}, "winter")
    with pytest.raises(Forbidden):
        World().events.create(replace(EDNA, level=Level.EVENT_ADMINISTRATOR), {"name": "Fall"}, "spring")


def test_a_renamed_event_with_classes_warns() -> None:
    world = World(SPRING, replace(SPRING, event="empty", imported=False))
    _, warnings = world.events.change(ACCOUNT, "spring", {"name": "Fall"})
    assert "Q3, Q4" in warnings[0]
    assert world.events.change(ACCOUNT, "spring", {"held_on": "2026-05-01"})[1] == []
    assert world.events.change(ACCOUNT, "empty", {"name": "Fall"})[1] == []


def test_only_what_is_given_is_written() -> None:
    """Of two administrators who change two things at once, both are heard."""
    world = World()
    read = world.book.of

    def slow(account: str, event: str) -> Conference | None:
        found = read(account, event)
        world.book.change(account, event, {"name": "Renamed by another"})
        return found

    world.book.of = slow  # type: ignore[method-assign]
    after, _ = world.events.change(ACCOUNT, "spring", {"held_on": "2026-05-01"})
    assert (after.name, after.held_on) == ("Renamed by another", "2026-05-01")
    assert world.events.change(ACCOUNT, "spring", {})[0] == after


def test_a_deletion_that_cannot_start_leaves_no_mark() -> None:
    world = World()
    world.executions.trouble = StoreBusy("Step Functions has trouble")
    with pytest.raises(StoreBusy):
        world.events.delete(EDNA, "spring")
    assert (world.book.events["spring"].deleting, world.book.events["spring"].nightly) == ("", SPRING.nightly)
    world.executions.trouble = None
    run = world.events.delete(EDNA, "spring")
    world.book.spared(ACCOUNT, "spring", "another run")
    assert world.book.events["spring"].deleting == run


def test_deleting_ends_the_nights_before_the_run_starts() -> None:
    world = World()
    run = world.events.delete(EDNA, "spring")
    assert world.book.log == [f"spring is deleted by {run}", "no more nights of spring", f"run {run} starts"]
    assert world.executions.started == {
        run: {"account": ACCOUNT, "event": "spring", "mode": "delete", "by": "edna"}
    }  # fmt: skip
    assert run == "20261127T120000000-x1"
    assert world.events.delete(EDNA, "spring") != run, "again, where the run before failed"


def test_an_event_with_a_run_under_way_is_left_alone() -> None:
    world = World()
    world.book.holders["spring"] = "execution", "run7"
    world.executions.running.add("execution")
    with pytest.raises(AlreadyRunning, match="run7"):
        world.events.delete(EDNA, "spring")
    assert world.book.log == []
    world.executions.running.clear()
    world.events.delete(EDNA, "spring")


def test_several_are_deleted_together_or_not_at_all() -> None:
    old = [replace(SPRING, event=f"old{n}", created=f"2025-0{n}") for n in (1, 2)]
    copy = replace(SPRING, event="new", template="old1", created="2026-01")
    world = World(*old, copy)
    for events, confirm, error in (
        (["old1", "old2"], "1", NotUnderstood),
        (["old1", "nothing"], "2", NotThere),
        (["old1", "new"], "2", NotUnderstood),
    ):
        with pytest.raises(error):
            world.events.delete_many(EDNA, events, confirm)
        assert world.book.log == []
    assert list(world.events.delete_many(EDNA, ["old1", "old2", "old1"], "2")) == ["old1", "old2"]
    world.events.delete(EDNA, "new")


def test_pages() -> None:
    events = [replace(SPRING, event=f"e{n}") for n in range(5)]
    world = World(*events)
    found, last = world.events.page(EDNA, "", 2)
    assert ([one.event for one in found], last) == (["e0", "e1"], "e1")
    found, last = world.events.page(EDNA, "e3", 2)
    assert ([one.event for one in found], last) == (["e4"], "")
    helper = replace(EDNA, level=Level.EVENT_ADMINISTRATOR, events=("e4", "gone", "e1", "e3"))
    found, last = world.events.page(helper, "", 2)
    assert ([one.event for one in found], last) == (["e1", "e3"], "e3")
    with pytest.raises(NotUnderstood):
        world.events.page(EDNA, "é" * 512, 2)
    found, last = world.events.page(helper, "e3", 2)
    assert ([one.event for one in found], last) == (["e4"], "")


def test_runs_of_one_second_are_in_the_order_in_which_they_began() -> None:
    clock, ids = Clock(), list[str]()
    for chance in ("zz", "aa", "00"):
        clock.wait(milliseconds=5)
        ids.append(run_id(clock(), chance))
    assert ids == sorted(ids)
    assert ids[0] > "20261127T120000-ff", "as they were called before"
