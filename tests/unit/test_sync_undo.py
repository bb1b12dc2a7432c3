"""Undo: the newest change of an account is taken back, byte for byte, and nothing else is."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from roster import plan
from roster.model import Class, Enrolment, Selection, Term
from tests.fakes.memory import Killed
from tests.fakes.school import ACCOUNT, EVENT, OTHER, District, Source
from tests.fakes.sense import nonsense


def busy(source: Source) -> None:
    """Joiner, leaver, returner to be, rename, a moved student, a class more and one less."""
    source.join("S90", "C0")
    source.leave("S1")
    source.change("teacher", "T0", email="new@school.example")
    source.move("S2", "C1")
    source.change_class("C1", name="Renamed")
    source.classes.append(Class("C9", "New", "school-1", ("t1",)))
    source.members += [Enrolment("C9", "T1", "teacher", True), Enrolment("C9", "S3", "student")]


@pytest.fixture
def district() -> District:
    district = District(Source.small(6))
    assert district.night()["status"] == "applied"
    district.later()
    return district


def undo(district: District, run: str = "", event: str = EVENT) -> dict[str, Any]:
    return district.night("undo", event, undo=run or f"run-{district.runs:03d}")


def code(report: dict[str, Any]) -> str:
    assert report["status"] == "failed", report
    return str(report["error"]["code"])


def test_a_night_is_undone_byte_for_byte(district: District) -> None:
    table, applied = district.table(), district.applied()
    busy(district.source)
    assert district.night()["status"] == "applied"
    assert district.table() != table
    district.later()
    report = undo(district)
    assert (report["status"], report["counts"]["class"]["departed"]) == ("applied", 1)
    assert (district.table(), district.records.locks) == (table, {})
    assert district.applied() == {**applied, "selections": district.applied()["selections"]}
    assert district.records.runs["run-002"].decided == "undone"
    assert nonsense(district.roster) == []


def test_what_was_undone_comes_again_with_the_next_night(district: District) -> None:
    busy(district.source)
    district.night()
    table = district.table()
    undo(district)
    assert district.night()["status"] == "applied"
    assert district.table() == table
    assert district.night()["writes"] == 0


def test_a_first_import_is_undone_to_nothing() -> None:
    district = District(Source.small(6))
    district.night()
    assert undo(district)["status"] == "applied"
    assert district.table() == {}
    integration = district.records.integration(ACCOUNT)
    assert (integration.ledger, district.records.events[EVENT].snapshot) == ("", "")
    assert district.night()["counts"]["student"]["created"] == 6


def test_the_selection_goes_back_as_well(district: District) -> None:
    district.source.terms.append(Term("t2", "Spring", "2027-01-05", "2027-06-10"))
    district.source.classes.append(Class("C5", "Spring class", "school-1", ("t2",)))
    district.source.members += [Enrolment("C5", "T0", "teacher", True), Enrolment("C5", "S0", "student")]
    before = Selection.from_json(district.records.events[EVENT].selection)
    district.select(Selection(terms=(Term("t2", "Spring", "2027-01-05", "2027-06-10"),)))
    assert district.night(allow="")["status"] == "applied"
    undo(district)
    assert Selection.from_json(district.records.events[EVENT].selection) == before


def test_only_once(district: District) -> None:
    busy(district.source)
    district.night()
    undo(district)
    assert code(undo(district, "run-002")) == "UndoRefused"
    assert "undone already" in district.records.reports[f"run-{district.runs:03d}"]["error"]["message"]


def test_only_the_newest(district: District) -> None:
    busy(district.source)
    district.night()
    district.source.leave("S3")
    district.night()
    table = district.table()
    assert code(undo(district, "run-002")) == "UndoRefused"
    assert district.table() == table
    assert undo(district, "run-003")["status"] == "applied"
    assert code(undo(district, "run-002")) == "UndoRefused", "its files are forgotten"


def test_not_when_another_event_has_changed_the_account_since(district: District) -> None:
    busy(district.source)
    district.night()
    district.night(event=OTHER)
    assert code(undo(district, "run-002")) == "UndoRefused"
    table = district.table()
    assert undo(district, "run-003", OTHER)["status"] == "applied"
    assert district.table() != table


def test_only_what_was_applied(district: District) -> None:
    assert code(undo(district, "never")) == "UndoRefused"
    district.night("preview")
    assert code(undo(district)) == "UndoRefused"
    district.night()
    assert code(undo(district)) == "UndoRefused", "it changed nothing"
    assert undo(district, "run-001")["status"] == "applied", "nothing has changed since"


def test_not_when_the_files_are_gone(district: District) -> None:
    busy(district.source)
    district.night()
    before = district.records.runs["run-002"].before["ledger"]
    district.slots.delete(district.slots.names(f"{before}/"))
    assert code(undo(district)) == "UndoRefused"


def test_two_events_share_people(district: District) -> None:
    district.night(event=OTHER)
    table = district.table()
    district.source.leave("S1")
    district.source.join("S90", "C0")
    district.night()
    undo(district)
    assert district.table() == table
    assert nonsense(district.roster) == []


@pytest.mark.parametrize("seed", [None, 1])
def test_killed_at_every_write_and_done_again(seed: int | None) -> None:
    """Whether the step is tried again or another run begins: an undo, or the next night."""
    for after in range(100):
        district = District(Source.small(4))
        district.roster.order = Random(seed) if seed is not None else None
        district.night()
        table = district.table()
        busy(district.source)
        district.night()
        applied = district.table()
        district.roster.fail_after = after
        try:
            undo(district)
            assert after > 10
            return
        except Killed:
            district.roster.fail_after = None
        if after % 2:
            assert undo(district, "run-002")["status"] == "applied"
            assert district.table() == table
        assert district.night()["status"] == "applied"
        assert district.table() == applied
        assert nonsense(district.roster) == []


def test_an_interrupted_night_after_it_is_taken_back_too(district: District) -> None:
    table = district.table()
    busy(district.source)
    district.night()
    for after in (0, 3, 8):
        district.source.join(f"S7{after}", "C1")
        district.source.leave("S4")
        district.source.join("S4", "C0")
        district.killed(after)
    assert undo(district, "run-002")["status"] == "applied"
    assert district.table() == table


@pytest.mark.parametrize("facts", [1, 7])
def test_with_other_numbers_of_shards(facts: int, monkeypatch: pytest.MonkeyPatch, district: District) -> None:
    table = district.table()
    monkeypatch.setattr(plan, "FACTS_PER_SHARD", facts)
    busy(district.source)
    district.night()
    monkeypatch.undo()
    assert undo(district)["status"] == "applied"
    assert district.table() == table


def test_every_step_done_twice(district: District) -> None:
    table = district.table()
    busy(district.source)
    district.night()
    state = district.planned(district.begun("undo", undo="run-002"))
    district.sync().guard(state)
    state = district.sync().guard(state)
    for _ in range(2):
        district.sync().apply(state, 0)
    district.sync().finish(state)
    district.sync().finish(state)
    assert district.table() == table


def test_the_bucket_keeps_what_holds_and_nothing_else(district: District) -> None:
    busy(district.source)
    district.night()
    undo(district)
    lasting = {name.rpartition("/")[0] for name in district.slots.files if name.startswith("applied/")}
    assert lasting == {f"applied/{ACCOUNT}/{what}/run-001" for what in ("contacts/fake", f"events/{EVENT}")}
