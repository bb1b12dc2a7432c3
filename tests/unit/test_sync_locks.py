"""One run per event, one plan per account, and nobody waits for the dead."""

from __future__ import annotations

import pytest

from roster.errors import AccountBusy, AlreadyRunning
from tests.fakes.school import EVENT, OTHER, District, Source
from tests.fakes.sense import nonsense


@pytest.fixture
def district() -> District:
    return District(Source.small())


def test_a_second_run_of_an_event_is_refused_while_the_first_is_running(district: District) -> None:
    first = district.begun()
    district.running.add(first["run"])
    with pytest.raises(AlreadyRunning):
        district.begun()
    report = district.night()
    assert (report["status"], report["error"]["code"]) == ("failed", "AlreadyRunning")
    assert "Wait until the run" in report["error"]["help"]
    assert district.records.locks == {f"event {EVENT}": first["run"]}
    assert district.ended(district.judged(first))["status"] == "applied"
    assert district.records.locks == {}


def test_the_lock_of_a_dead_execution_is_taken_over(district: District) -> None:
    district.begun()
    assert district.night()["status"] == "applied"
    assert district.records.locks == {}


def test_both_locks_of_a_dead_execution_are_taken_over(district: District) -> None:
    state = district.pulled(district.begun())
    district.sync().plan(state, state["run"])
    assert set(district.records.locks) == {f"event {EVENT}", "account"}
    assert district.night(event=OTHER)["status"] == "applied"
    assert district.night(event=EVENT)["status"] == "applied"
    assert nonsense(district.roster) == []


def test_a_step_tried_again_has_its_lock_already(district: District) -> None:
    state = district.begun()
    district.running.add(state["run"])
    sync = district.sync()
    assert sync.begin({"account": state["account"], "event": EVENT}, state["run"], state["run"])["run"] == state["run"]


def test_two_events_pull_at_the_same_time_and_plan_one_after_the_other(district: District) -> None:
    first, second = district.begun(event=EVENT), district.begun(event=OTHER)
    district.running.update((first["run"], second["run"]))
    first, second = district.pulled(first), district.pulled(second)
    first = district.judged(first)
    with pytest.raises(AccountBusy):
        district.sync().plan(second, second["run"])
    assert district.ended(first)["status"] == "applied"
    assert district.ended(district.judged(second))["counts"]["student"]["unchanged"] == 12
    assert nonsense(district.roster) == []


def test_a_run_that_waits_in_vain_fails_and_leaves_the_others_lock_alone(district: District) -> None:
    first = district.judged(district.begun(event=EVENT))
    district.running.add(first["run"])
    report = district.night(event=OTHER)
    assert (report["status"], report["error"]["code"]) == ("failed", "AccountBusy")
    assert district.records.locks == {f"event {EVENT}": first["run"], "account": first["run"]}
    assert district.ended(first)["status"] == "applied"


def test_an_unexpected_error_is_told_without_its_words(district: District) -> None:
    """The words of an error that nobody foresaw may hold a row."""
    state = district.begun()
    report = district.failed(state, state["run"], KeyError("Sam, born 2012-04-08"))
    assert report["error"]["message"] == "the run stopped unexpectedly (KeyError)"
    assert "2012" not in str(report)
    assert "start the import again" in report["error"]["help"]


@pytest.mark.parametrize("cause", ["", "{", "[]", "null", '"text"', '{"errorMessage": 3}', '{"errorMessage": null}'])
def test_any_cause_can_be_recorded(district: District, cause: str) -> None:
    state = district.begun()
    report = district.sync().fail(state, state["run"], {"Error": "States.Timeout", "Cause": cause})
    assert report["error"]["code"] == "States.Timeout"
    assert district.records.locks == {}
