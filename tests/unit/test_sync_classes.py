"""Classes that somebody deletes here, hides, or never wants again; and what the next night makes of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from roster.classes import hide_classes, import_again, list_classes, never_import, remove_classes
from roster.errors import AlreadyRunning
from roster.model import Class, Enrolment, SourceState
from roster.ports import ClassMark, ClassRow
from tests.fakes.memory import Killed
from tests.fakes.school import ACCOUNT, EVENT, District, Source
from tests.fakes.sense import nonsense

NOW = "2026-10-01T12:00:00+00:00"


class MemoryBook:
    """roster.ports.ClassBook over the dictionaries of a district; `fail_after` so many items it is killed."""

    def __init__(self, district: District) -> None:
        self.district = district
        self.fail_after: int | None = None

    def open(self, account: str, event: str) -> None:
        if self.district.records.event(account, event).applying and f"event {event}" in self.district.records.locks:
            raise AlreadyRunning(event)
        self.district.records.events[event].settled = {}

    def mark(
        self,
        account: str,
        event: str,
        id: str,
        hidden: bool | None = None,
        never: bool | None = None,
        removed: str = "",
    ) -> None:
        self._count()
        marks = self.district.records.marks.setdefault(event, {})
        given: dict[str, Any] = {"hidden": hidden, "never": never, "removed": removed or None}
        wanted = {name: value for name, value in given.items() if value is not None}
        marks[id] = replace(marks.get(id, ClassMark()), **wanted)

    def remove(self, account: str, event: str, ids: Collection[str]) -> None:
        items = self.district.roster.items
        found = [key for key in (("class", event, id) for id in ids) if key in items]
        for student in sorted({student for key in found for student in items[key]["students"]}):
            self._count()
            left = [one for one in items.get(("schedule", event, student), []) if one not in ids]
            items[("schedule", event, student)] = left
            if not left:
                del items[("schedule", event, student)]
        for key in found:
            self._count()
            del items[key]

    def page(self, account: str, event: str, cursor: str, size: int) -> tuple[Sequence[ClassRow], str]:
        found, marks = self.district.roster.of("class", event), self.district.records.marks.get(event, {})
        rows = [
            ClassRow(
                id,
                item["info"].get("name", ""),
                item["info"].get("school", ""),
                tuple(item["info"].get("terms", ())),
                tuple(item["teachers"]),
                len(item["students"]),
                "Hidden" if marks.get(id, ClassMark()).hidden else "Class",
            )
            for id, item in sorted(found.items())
            if id > cursor
        ]
        return rows[:size], rows[size - 1].id if len(rows) > size else ""

    def _count(self) -> None:
        if self.fail_after is not None:
            self.fail_after -= 1
            if self.fail_after < 0:
                raise Killed


@pytest.fixture
def district() -> District:
    district = District(Source.small(6))
    assert district.night()["status"] == "applied"
    district.later()
    return district


def marks(district: District) -> dict[str, ClassMark]:
    return dict(district.records.marks.get(EVENT, {}))


def test_a_class_that_was_deleted_here_is_back_after_the_night(district: District) -> None:
    table, book = district.table(), MemoryBook(district)
    assert district.night()["writes"] == 0
    remove_classes(book, ACCOUNT, EVENT, ["C0"], NOW)
    assert sorted(district.roster.of("class", EVENT)) == ["C1"]
    assert sorted(district.roster.of("schedule", EVENT)) == ["S1", "S3", "S5"]
    report = district.night()
    assert (report["status"], report["counts"]["class"]["created"]) == ("applied", 1)
    assert report["counts"]["enrolment"] == {**report["counts"]["enrolment"], "created": 3, "departed": 0}
    assert report["counts"]["student"]["unchanged"] == 6
    assert district.table() == table
    assert marks(district)["C0"].removed == ""
    assert district.night()["writes"] == 0


def test_all_classes_of_a_school_deleted_here_trip_no_guard() -> None:
    district = District(Source.small(40))
    district.night()
    table = district.table()
    remove_classes(MemoryBook(district), ACCOUNT, EVENT, ["C0", "C1"], NOW)
    assert district.night()["status"] == "applied"
    assert district.table() == table


def test_a_deletion_that_dies_half_way_is_mended_by_the_night(district: District) -> None:
    table = district.table()
    for after in range(8):
        book = MemoryBook(district)
        book.fail_after = after
        try:
            remove_classes(book, ACCOUNT, EVENT, ["C0"], NOW)
        except Killed:
            assert after < 6
        district.night()
        assert district.table() == table


def test_and_when_the_class_is_gone_at_the_provider_too(district: District) -> None:
    clean = District(Source.small(6))
    clean.night()
    clean.source.drop_class("C0")
    clean.later()
    for after in range(8):
        district = District(Source.small(6))
        district.night()
        book = MemoryBook(district)
        book.fail_after = after
        with suppress(Killed):
            remove_classes(book, ACCOUNT, EVENT, ["C0"], NOW)
        district.source.drop_class("C0")
        district.source.move("S0", "C1")
        assert district.night()["status"] == "applied"
        assert sorted(district.roster.of("class", EVENT)) == ["C1"]
        assert nonsense(district.roster) == []


def test_a_class_deleted_again_while_the_night_runs_comes_back_the_night_after(district: District) -> None:
    table, book = district.table(), MemoryBook(district)
    remove_classes(book, ACCOUNT, EVENT, ["C0"], NOW)
    state = district.planned(district.pulled(district.begun()))
    remove_classes(book, ACCOUNT, EVENT, ["C0", "C1"], "2026-10-01T13:00:00+00:00")
    district.ended(district.sync().guard(state))
    assert marks(district)["C0"].removed == marks(district)["C1"].removed == "2026-10-01T13:00:00.000001+00:00"
    assert district.night()["status"] == "applied"
    assert district.table() == table


def test_a_whole_night_between_a_deletions_mark_and_its_class(district: District) -> None:
    """What that night wrote is deleted after it; it must not be the last that is heard of the class."""
    table, book = district.table(), MemoryBook(district)
    real = book.remove

    def slow(account: str, event: str, ids: Collection[str]) -> None:
        district.later()
        assert district.night()["status"] == "applied"
        real(account, event, ids)

    book.remove = slow  # type: ignore[method-assign]
    remove_classes(book, ACCOUNT, EVENT, ["C0", "C1"], NOW)
    assert not district.roster.of("class", EVENT)
    district.later()
    assert district.night()["status"] == "applied"
    assert district.table() == table


def test_nothing_is_deleted_while_a_run_writes(district: District) -> None:
    district.source.join("S90", "C0")
    district.judged(district.begun())
    before = district.table()
    with pytest.raises(AlreadyRunning):
        remove_classes(MemoryBook(district), ACCOUNT, EVENT, ["C0"], NOW)
    assert (district.table(), marks(district)) == (before, {})


def test_but_after_one_that_failed_to(district: District) -> None:
    whole = district.table()
    state = district.judged(district.begun(allow="", clear={"level": "Customer"}))
    district.failed(state, state["run"], RuntimeError("no"))
    remove_classes(MemoryBook(district), ACCOUNT, EVENT, ["C0"], NOW)
    assert district.night()["status"] == "applied"
    assert district.table() == whole


def test_a_class_that_nobody_wants_stays_away(district: District) -> None:
    never_import(MemoryBook(district), ACCOUNT, EVENT, ["C0"], NOW)
    assert sorted(district.roster.of("class", EVENT)) == ["C1"]
    assert nonsense(district.roster) != [], "people without a class wait for the night"
    report = district.night()
    assert (report["status"], report["reasons"]) == ("applied", [])
    assert report["counts"]["student"]["departed"] == 3
    assert nonsense(district.roster) == []
    assert sorted(district.roster.of("class", EVENT)) == ["C1"]
    assert district.night()["writes"] == 0
    import_again(MemoryBook(district), ACCOUNT, EVENT, ["C0"])
    assert district.night()["counts"]["student"]["returned"] == 3
    assert sorted(district.roster.of("class", EVENT)) == ["C0", "C1"]


def test_half_a_school_that_nobody_wants_is_no_accident() -> None:
    district = District(Source.small(60))
    district.night()
    never_import(MemoryBook(district), ACCOUNT, EVENT, ["C0"], NOW)
    report = district.night()
    assert (report["status"], report["counts"]["student"]["departed"]) == ("applied", 30)


def test_unwanted_before_it_was_ever_imported() -> None:
    district = District(Source.small(6))
    never_import(MemoryBook(district), ACCOUNT, EVENT, ["C0"], NOW)
    assert district.night()["counts"]["student"]["created"] == 3


def test_a_hidden_class_goes_on_being_imported_and_stays_hidden(district: District) -> None:
    book = MemoryBook(district)
    hide_classes(book, ACCOUNT, EVENT, ["C0"])
    district.source.change_class("C0", name="Renamed")
    assert district.night()["counts"]["class"]["updated"] == 1
    (row, _), _ = list_classes(book, ACCOUNT, EVENT)
    assert (row.id, row.name, row.type) == ("C0", "Renamed", "Hidden")
    district.night(clear={"level": "Event Administrator"})
    assert marks(district)["C0"].hidden
    hide_classes(book, ACCOUNT, EVENT, ["C0"], hidden=False)
    assert list_classes(book, ACCOUNT, EVENT)[0][0].type == "Class"


def test_an_untrusted_source_does_not_hold_on_to_a_class_that_was_deleted_here(district: District) -> None:
    remove_classes(MemoryBook(district), ACCOUNT, EVENT, ["C0"], NOW)
    district.source.drop_class("C0")
    district.source.states = [SourceState("", departures_trusted=False)]
    district.night()
    assert sorted(district.roster.of("class", EVENT)) == ["C1"]
    assert all("C0" not in classes for classes in district.roster.of("schedule", EVENT).values())


def test_an_undo_knows_what_was_deleted_here(district: District) -> None:
    """Deleted, brought back by a run, and that run undone: deleted, and back with the night after."""
    whole, book = district.table(), MemoryBook(district)
    remove_classes(book, ACCOUNT, EVENT, ["C0"], NOW)
    table = district.table()
    district.night()
    remove_classes(book, ACCOUNT, EVENT, ["C1"], NOW)
    assert district.night("undo", undo=f"run-{district.runs:03d}")["status"] == "applied"
    assert district.table() == table
    assert {id for id, mark in marks(district).items() if mark.removed} == {"C0"}
    district.night()
    assert district.table() == whole


def test_teachers_of_two_classes_keep_the_other(district: District) -> None:
    district.source.classes.append(Class("C9", "Ninth", "school-1", ("t1",)))
    district.source.members += [Enrolment("C9", "T0", "teacher", True), Enrolment("C9", "S0", "student")]
    district.night()
    table = district.table()
    remove_classes(MemoryBook(district), ACCOUNT, EVENT, ["C9"], NOW)
    assert district.roster.items["schedule", EVENT, "S0"] == ["C0"]
    district.night()
    assert district.table() == table
