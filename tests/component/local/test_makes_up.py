"""A stack that was down when something was due makes up for it once, for as long as the retry policy says."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local.scheduler import Fired
from local.stack import Stack
from tests.component.local.conftest import TEMPLATE, Clock

EVENING = datetime(2027, 2, 1, 20, tzinfo=UTC)
NIGHT = datetime(2027, 2, 2, 1, tzinfo=UTC)


@pytest.fixture
def clock() -> Clock:
    found = Clock()
    found.now = EVENING
    return found


def serve(data: Path, clock: Clock) -> Stack:
    return Stack.start(data=data, template=TEMPLATE, time_scale=0.01, clock=clock)


def add(stack: Stack, name: str, expression: str = "cron(0 1 * * ? *)", **policy: int) -> None:
    target: dict[str, Any] = {"Arn": stack.outputs["Machine"], "RoleArn": "arn:aws:iam::123456789012:role/x"}
    target["Input"] = json.dumps({"function": "Probe", "script": ["end"], "shards": []})
    if policy:
        target["RetryPolicy"] = policy
    stack.client("scheduler").create_schedule(
        Name=name,
        GroupName="nightly",
        ScheduleExpression=expression,
        FlexibleTimeWindow={"Mode": "OFF"},
        Target=target,
    )


def told(fired: list[Fired]) -> list[tuple[str, datetime]]:
    return [(one.schedule, one.due) for one in fired]


def test_what_was_due_while_it_was_down_is_fired_once(tmp_path: Path, clock: Clock) -> None:
    with serve(tmp_path, clock) as stack:
        add(stack, "patient", MaximumEventAgeInSeconds=4 * 3600, MaximumRetryAttempts=185)
        add(stack, "without-a-policy")
        add(stack, "hourly", "rate(1 hour)", MaximumRetryAttempts=0)
        assert stack.scheduler.tick() == []
    clock.now = NIGHT + timedelta(hours=3, minutes=59)
    with serve(tmp_path, clock) as stack:
        assert told(stack.scheduler.tick()) == [("patient", NIGHT)]
        assert stack.scheduler.tick() == []
    clock.now += timedelta(seconds=30)
    with serve(tmp_path, clock) as stack:
        assert stack.scheduler.tick() == [], "nor after the next start"


def test_what_was_fired_before_it_went_down_is_not_fired_again(tmp_path: Path, clock: Clock) -> None:
    with serve(tmp_path, clock) as stack:
        add(stack, "patient", MaximumEventAgeInSeconds=4 * 3600, MaximumRetryAttempts=185)
        clock.now = NIGHT
        assert told(stack.scheduler.tick()) == [("patient", NIGHT)]
    clock.now = NIGHT + timedelta(hours=1)
    with serve(tmp_path, clock) as stack:
        assert stack.scheduler.tick() == []
        clock.now = NIGHT + timedelta(days=1)
        assert told(stack.scheduler.tick()) == [("patient", clock.now)], "the next night is one as any other"


def test_older_nights_and_those_of_a_stopped_schedule_are_over(tmp_path: Path, clock: Clock) -> None:
    with serve(tmp_path, clock) as stack:
        for name in ("patient", "stopped"):
            add(stack, name, MaximumEventAgeInSeconds=4 * 3600, MaximumRetryAttempts=185)
        stack.client("scheduler").delete_schedule(Name="stopped", GroupName="nightly")
    clock.now = NIGHT + timedelta(hours=4, seconds=1)
    with serve(tmp_path, clock) as stack:
        add(stack, "stopped", MaximumEventAgeInSeconds=4 * 3600, MaximumRetryAttempts=185)
        assert stack.scheduler.tick() == []
