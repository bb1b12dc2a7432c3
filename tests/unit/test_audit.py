"""The audit: what a row keeps, how rows are found again, and that a run adds one row however often it ends."""

from __future__ import annotations

import json

from roster.audit import PORTION, Audit, Wanted
from roster.model import Level
from roster.permissions import Action, Administrator
from roster.tabular import as_csv
from tests.fakes.school import EVENT, District, Source
from tests.fakes.staff import ACCOUNT, Clock, MemoryAuditBook, numbered

EDNA = Administrator(ACCOUNT, "edna", "edna@harbor.example", "Edna K", Level.ADMINISTRATOR)


class World:
    def __init__(self) -> None:
        self.clock, self.book = Clock(), MemoryAuditBook()
        self.audit = Audit(self.book, self.clock, numbered("row"))

    def did(self, action: Action, about: str, person: Administrator = EDNA) -> None:
        self.clock.wait(seconds=1)
        self.audit.did(person, action, about)


def test_a_row_says_who_and_when_and_only_the_fields_that_differ() -> None:
    world = World()
    before = {"name": "Fall", "location": "", "settings": {"slot_minutes": 10, "message": ""}, "nightly": True}
    after = {"name": "Fall", "location": None, "settings": {"slot_minutes": 15, "message": ""}, "nightly": False}
    world.audit.did(EDNA, Action.CHANGE_EVENT, "event fall", before, after)
    (row,) = world.book.rows
    assert (row.account, row.by, row.name, row.action, row.about) == (
        ACCOUNT, "edna", "Edna K", "event.change", "event fall",
    )  # fmt: skip
    assert row.at == "2026-11-27T12:00:00.000000+00:00"
    assert row.before == {"settings.slot_minutes": 10, "nightly": True}
    assert row.after == {"settings.slot_minutes": 15, "nightly": False}


def test_rows_are_found_by_action_by_person_and_by_what_they_are_about() -> None:
    world = World()
    world.did(Action.CHANGE_EVENT, "event fall")
    world.did(Action.DECIDE_HELD, "event fall run r1")
    world.did(Action.DECIDE_HELD, "event fall2 run r2", Administrator(ACCOUNT, "seymour"))

    def found(**wanted: str) -> list[str]:
        return [row.about for row in world.audit.page(ACCOUNT, "", 10, Wanted(**wanted))[0]]

    assert found() == ["event fall2 run r2", "event fall run r1", "event fall"]
    assert found(about="event fall") == ["event fall run r1", "event fall"], "and no other event of such a name"
    assert found(action="import.decide", by="edna") == ["event fall run r1"]
    assert found(by="nobody") == []


def test_pages_follow_on_each_other_though_a_filter_takes_few_rows() -> None:
    world = World()
    for n in range(2 * PORTION + 10):
        world.did(Action.CHANGE_EVENT if n % 50 else Action.DELETE_EVENT, f"event {n}")
    wanted, after, found, pages = Wanted("event.delete"), "", [], 0
    while pages < 20:
        rows, after = world.audit.page(ACCOUNT, after, 2, wanted, looked_at=PORTION)
        found += [row.about for row in rows]
        pages += 1
        if not after:
            break
    assert found == [f"event {n}" for n in range(400, -1, -50)]
    assert world.audit.page(ACCOUNT, "", 10, Wanted(by="nobody"), looked_at=PORTION)[1], "it goes on"


def test_an_applied_run_adds_one_row_with_numbers_and_no_name() -> None:
    district = District(Source.small())
    state = district.judged(district.begun(by="edna"))
    report = district.ended(state)
    district.sync().finish({**state, "applied": {"writes": [report["writes"]], "errors": []}})  # tried again
    (row,) = district.records.audit
    assert (row.by, row.action, row.about, row.id) == ("edna", "run.import", f"event {EVENT} run run-001", "run-001")
    assert row.after["student.created"] == 12
    assert row.after["writes"] == report["writes"]
    assert "2012-04-08" not in json.dumps(row.after)
    assert not [value for name, value in row.after.items() if not isinstance(value, int) and name != "status"]


def test_a_night_says_that_it_was_one_and_a_quiet_one_says_nothing() -> None:
    district = District(Source.small())
    district.records.events[EVENT].nightly = True
    district.night()
    district.records.audit.clear()
    district.later()
    night = {"night": district.today.isoformat(), "zone": "UTC", "by": "night"}
    assert district.night(**night)["writes"] == 0
    assert district.records.audit == []
    district.later()
    district.source.join("S99", "C0")
    assert district.night(**{**night, "night": district.today.isoformat()})["status"] == "applied"
    (row,) = district.records.audit
    assert (row.by, row.after["student.created"]) == ("night", 1)


def test_no_cell_of_the_file_is_a_formula() -> None:
    text = as_csv(("who",), [("=cmd|'/c calc'!A1",), ('{"name": "=1+1"}',)])
    assert "\r\n'=cmd" in text
