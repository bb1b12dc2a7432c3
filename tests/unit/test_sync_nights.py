"""A scheduled night is had once; who is late, second or not wanted, leaves no trace. And runs that are stopped."""

from __future__ import annotations

import pytest

from roster.cancelling import cancel
from roster.errors import CancelRefused, NotSetUp
from roster.ports import RunKey
from roster.state import State
from tests.fakes.school import ACCOUNT, EVENT, District, Source

AT, LATER = "2026-10-02T05:00:00+00:00", "2026-10-03T05:00:00+00:00"
ZONE = "America/New_York"


@pytest.fixture
def district() -> District:
    district = District(Source.small(6))
    district.records.events[EVENT].nightly = True
    return district


@pytest.fixture
def imported(district: District) -> District:
    """By hand, before any night."""
    assert district.night()["status"] == "applied"
    return district


def test_a_night_is_had_once(imported: District) -> None:
    assert imported.night(night=AT, zone=ZONE)["status"] == "applied"
    runs = set(imported.records.runs)
    assert imported.night(night=AT, zone=ZONE) == {"quiet": "another run has had this night"}
    assert (set(imported.records.runs), imported.records.locks) == (runs, {})
    assert imported.night(night=LATER, zone=ZONE)["status"] == "applied"
    assert "quiet" in imported.night(night=AT, zone=ZONE), "one that comes after the next"


def test_the_night_is_that_of_the_schools_clock(imported: District) -> None:
    """Half past midnight in Berlin is still the evening before in London."""
    assert imported.night(night="2026-10-01T22:30:00+00:00", zone="Europe/Berlin")["status"] == "applied"
    assert imported.records.runs["run-002"].night == "2026-10-02"
    assert "quiet" in imported.night(night="2026-10-02T21:30:00+00:00", zone="Europe/Berlin")
    assert imported.night(night="2026-10-02T22:30:00+00:00", zone="Europe/Berlin")["status"] == "applied"


def test_begin_done_twice_has_the_night_all_the_same(imported: District) -> None:
    state = imported.begun(night=AT, zone=ZONE)
    again = imported.sync().begin(
        {"account": ACCOUNT, "event": EVENT, "night": AT, "zone": ZONE}, state["run"], state["run"]
    )
    assert "quiet" not in again


def test_the_record_says_who_began_it(imported: District) -> None:
    imported.night(night=AT, zone=ZONE)
    imported.night(by="administrator/7")
    assert [(run.by, run.night) for run in imported.records.runs.values()][1:] == [
        ("night", "2026-10-02"),
        ("administrator/7", ""),
    ]


def test_who_imports_by_hand_at_that_hour_is_not_disturbed(imported: District) -> None:
    state = imported.begun()
    imported.running.add(state["run"])
    assert imported.night(night=AT, zone=ZONE) == {"quiet": "a run of this event is under way"}
    imported.running.clear()
    assert imported.ended(imported.judged(state))["status"] == "applied"
    assert imported.night(night=AT, zone=ZONE)["status"] == "applied", "that night was not taken"


def test_nights_that_were_switched_off_are_not_begun(imported: District) -> None:
    imported.records.events[EVENT].nightly = False
    assert imported.night(night=AT, zone=ZONE) == {"quiet": "the event is not synced at night"}
    assert (len(imported.records.runs), imported.records.nights) == (1, {})
    assert imported.night()["status"] == "applied", "by hand it is imported as ever"


def test_an_event_that_nobody_imported_into_has_no_nights(district: District) -> None:
    """Nobody has chosen yet what it should hold, and nothing chosen would be everything."""
    assert district.night(night=AT, zone=ZONE) == {"quiet": "nobody has imported into the event yet"}
    assert district.night()["status"] == "applied"
    assert district.night(night=AT, zone=ZONE)["status"] == "applied"


class Machine:
    """roster.ports.Executions, noting what was stopped."""

    def __init__(self) -> None:
        self.stopped: list[str] = []

    def is_running(self, owner: str) -> bool:
        return True

    def stop(self, owner: str) -> None:
        self.stopped.append(owner)


def key(run: str) -> RunKey:
    return RunKey(ACCOUNT, EVENT, run)


def test_a_run_that_plans_is_cancelled(district: District) -> None:
    state, machine = district.planned(district.pulled(district.begun())), Machine()
    assert cancel(district.records, machine, key(state["run"]))
    assert machine.stopped == [state["run"]]
    said = district.sync().ended({"account": ACCOUNT, "event": EVENT}, state["run"], "ABORTED")
    assert said["error"]["message"] == "somebody stopped the run"
    assert said["status"] == district.records.runs[state["run"]].status == "cancelled"
    assert district.records.locks == {}
    assert not cancel(district.records, machine, key(state["run"]))
    assert district.night()["status"] == "applied"


def test_a_run_that_writes_is_not(district: District) -> None:
    state, machine = district.judged(district.begun()), Machine()
    with pytest.raises(CancelRefused):
        cancel(district.records, machine, key(state["run"]))
    assert machine.stopped == []
    assert district.ended(state)["status"] == "applied"


def test_no_such_run(district: District) -> None:
    with pytest.raises(NotSetUp):
        cancel(district.records, Machine(), key("never"))


def test_a_run_that_was_stopped_while_it_wrote_keeps_its_locks(district: District) -> None:
    """Its Lambdas may still write: whoever comes next waits until they cannot."""
    state = district.judged(district.begun())
    said = district.sync().ended({"account": ACCOUNT, "event": EVENT}, state["run"], "TIMED_OUT")
    assert (said["status"], said["writes"]) == ("failed", None)
    assert set(district.records.locks.values()) == {state["run"]}
    assert district.night()["status"] == "applied"


def test_a_run_that_ended_by_itself_is_left_alone(district: District) -> None:
    district.night()
    assert district.sync().ended({"account": ACCOUNT, "event": EVENT}, "run-001", "FAILED") == {}
    quiet: State = {"account": ACCOUNT, "event": EVENT, "night": AT}
    assert district.sync().ended(quiet, "a quiet night", "ABORTED") == {}
    assert district.records.runs["run-001"].status == "applied"


def test_whoever_waits_for_its_pages_waits_no_longer(district: District) -> None:
    state = district.begun(shared=True)
    assert district.records.integration(ACCOUNT).pulling
    district.sync().ended({"account": ACCOUNT, "event": EVENT}, state["run"], "ABORTED")
    assert district.records.integration(ACCOUNT).pulling == {}
