"""Whether the execution that holds a lock may still change something: its Lambdas outlive it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from roster.errors import StoreBusy
from roster.executions import StepFunctionsExecutions

ENDED = datetime(2026, 10, 1, 1, 20, tzinfo=UTC)


class States:
    """As much of Step Functions as the adapter asks."""

    def __init__(self, status: str, stopped: datetime | None) -> None:
        self.answer = {"status": status, **({"stopDate": stopped} if stopped else {})}
        self.stopped = ""

    def describe_execution(self, executionArn: str) -> dict[str, Any]:
        if self.answer["status"] in ("ExecutionDoesNotExist", "AccessDeniedException"):
            raise ClientError({"Error": {"Code": self.answer["status"]}}, "DescribeExecution")
        return self.answer

    def start_execution(self, **what: str) -> None:
        raise ClientError({"Error": {"Code": "ThrottlingException"}}, "StartExecution")

    def stop_execution(self, executionArn: str) -> None:
        if self.answer["status"] == "ExecutionDoesNotExist":
            raise ClientError({"Error": {"Code": "ExecutionDoesNotExist"}}, "StopExecution")
        self.stopped = executionArn


def runs(status: str, minutes: float = 0.0, stopped: datetime | None = ENDED) -> bool:
    """Whether it counts as running, so many minutes after its end."""
    now = ENDED + timedelta(minutes=minutes)
    executions = StepFunctionsExecutions(timedelta(minutes=15), States(status, stopped), lambda: now)
    return executions.is_running("arn")


@pytest.mark.parametrize("status", ["RUNNING", "PENDING_REDRIVE"])
def test_one_that_runs(status: str) -> None:
    assert runs(status, 10_000, None)


@pytest.mark.parametrize("status", ["ABORTED", "TIMED_OUT", "FAILED"])
def test_one_that_was_stopped_may_write_for_as_long_as_a_lambda_lives(status: str) -> None:
    """Step Functions stops waiting for its Lambdas; it does not stop them."""
    assert [runs(status, minutes) for minutes in (0, 1, 14.9, 15, 600)] == [True, True, True, False, False]


def test_one_that_succeeded_has_waited_for_everything() -> None:
    assert not runs("SUCCEEDED")


def test_one_that_nobody_knows_has_ended() -> None:
    assert not runs("ExecutionDoesNotExist")


def test_one_is_stopped_and_one_that_is_gone_is_no_error() -> None:
    states = States("RUNNING", None)
    StepFunctionsExecutions(timedelta(), states).stop("arn")
    assert states.stopped == "arn"
    StepFunctionsExecutions(timedelta(), States("ExecutionDoesNotExist", None)).stop("arn")


def test_a_start_that_is_throttled_is_for_later() -> None:
    with pytest.raises(StoreBusy):
        StepFunctionsExecutions(timedelta(), States("RUNNING", None)).start("run1", {})
