"""What infra/sync.asl.json promises: how long trouble is waited out, and that every error is tried again or told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from roster import errors
from tests.fakes.school import ATTEMPTS
from tests.support import ROOT

MACHINE: dict[str, Any] = json.loads((ROOT / "infra" / "sync.asl.json").read_text())
STATES: dict[str, Any] = MACHINE["States"]
MAPS = {name: state["ItemProcessor"]["States"] for name, state in STATES.items() if state["Type"] == "Map"}
SHARD: dict[str, Any] = MAPS["Apply"]
MINUTES, HOURS = 60, 3600


def tasks() -> Iterator[tuple[str, dict[str, Any]]]:
    found = {**STATES, **{name: state for states in MAPS.values() for name, state in states.items()}}
    yield from ((name, state) for name, state in found.items() if state["Type"] == "Task")


def retrier(state: dict[str, Any], error: str) -> dict[str, Any]:
    found: dict[str, Any] = next(retry for retry in state["Retry"] if error in retry["ErrorEquals"])
    return found


def patience(state: dict[str, Any], error: str) -> float:
    """Seconds until it is given up, on average: full jitter waits half as long as it may."""
    retry, total, wait = retrier(state, error), 0.0, 0.0
    for attempt in range(retry["MaxAttempts"]):
        wait = min(retry["MaxDelaySeconds"], retry["IntervalSeconds"] * retry["BackoffRate"] ** attempt)
        total += wait / 2
    return total


def test_a_provider_may_be_away_for_a_while_at_night() -> None:
    assert 10 * MINUTES < patience(STATES["Pull"], "ProviderUnavailable") < 30 * MINUTES
    assert retrier(STATES["Pull"], "ProviderUnavailable")["MaxAttempts"] + 1 == ATTEMPTS


def test_the_events_of_an_account_wait_for_each_other_for_hours() -> None:
    waits = patience(STATES["Plan"], "AccountBusy")
    assert 3 * HOURS < waits < MACHINE["TimeoutSeconds"] - 1 * HOURS


@pytest.mark.parametrize(("name", "state"), list(tasks()), ids=[name for name, _ in tasks()])
def test_what_passes_is_tried_again_by_name_and_what_lasts_is_not(name: str, state: dict[str, Any]) -> None:
    named = {error for retry in state["Retry"] for error in retry["ErrorEquals"]}
    assert {"StoreBusy", "ProviderUnavailable", "RateLimited"} <= named
    lasting = {error.__name__ for error in errors.TerminalError.__subclasses__()}
    assert not named & (lasting | {"States.ALL", "States.TaskFailed"})


def test_no_error_ends_a_run_without_its_record() -> None:
    for name, state in STATES.items():
        if state["Type"] in ("Task", "Map") and name != "RecordFailure":
            assert state["Catch"] == [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "RecordFailure"}]


def test_a_shard_that_fails_does_not_end_the_map_before_the_others_have_ended() -> None:
    assert SHARD["ApplyShard"]["Catch"] == [
        {"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "ShardFailed"}
    ]
    assert SHARD["ShardFailed"]["Parameters"] == {"error.$": "$.error.Error"}, "256 causes do not fit into a state"


@pytest.mark.parametrize("name", ["Clear", "PutBack"])
def test_a_clear_and_putting_back_are_maps_like_apply(name: str) -> None:
    task, failed = MAPS[name].values()
    assert task["Retry"] == SHARD["ApplyShard"]["Retry"]
    assert [catch["ErrorEquals"] for catch in task["Catch"]] == [["States.ALL"]]
    assert failed["Parameters"] == SHARD["ShardFailed"]["Parameters"]
    assert STATES[name]["MaxConcurrency"] == STATES["Apply"]["MaxConcurrency"]


def test_a_clear_comes_after_the_guard_and_whatever_fails_then_is_put_back() -> None:
    assert [choice["Next"] for choice in STATES["Verdict"]["Choices"]] == ["Clear", "Apply"]
    assert (STATES["ClearedAll"]["Choices"][0]["Next"], STATES["ClearedAll"]["Default"]) == ("NotAllCleared", "Apply")
    assert STATES["NotAllCleared"]["Next"] == "PutBack"
    assert STATES["AppliedAll"]["Choices"][0]["Next"] == "NotAllApplied"
    assert STATES["NotAllApplied"]["Next"] == "MayPutBack"
    may = STATES["MayPutBack"]
    assert (may["Choices"][0]["Next"], may["Default"]) == ("PutBack", "RecordFailure")
    assert STATES["PutBack"]["Next"] == "RecordFailure"


def test_a_night_that_has_nothing_to_do_succeeds() -> None:
    first = STATES["PulledAll"]["Choices"][0]
    assert (first["Variable"], first["Next"]) == ("$.quiet", "NothingToDo")
    assert STATES["NothingToDo"]["Type"] == "Succeed"
