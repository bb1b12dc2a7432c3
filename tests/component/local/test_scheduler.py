"""Schedules fire when the clock says so: once, with a name that makes a second fire harmless."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.stack import Stack
from tests.component.local.conftest import Clock, ended, until


@pytest.fixture
def schedule(stack: Stack) -> Iterator[Any]:
    """Makes schedules, and takes them away."""
    client, made = stack.client("scheduler"), []

    def make(name: str, expression: str, target: dict[str, Any] | None = None, **more: Any) -> None:
        given = json.dumps(
            {"function": "Probe", "script": ["end"], "shards": [], "at": "<aws.scheduler.scheduled-time>"}
        )
        default = {"Arn": stack.outputs["Machine"], "RoleArn": "arn:aws:iam::123456789012:role/x", "Input": given}
        client.create_schedule(
            Name=name,
            GroupName="nightly",
            ScheduleExpression=expression,
            FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 30},
            Target={**default, **(target or {})},
            **more,
        )
        made.append(name)

    yield make
    left = [found["Name"] for found in client.list_schedules(GroupName="nightly")["Schedules"]]
    for name in set(made) & set(left):
        client.delete_schedule(Name=name, GroupName="nightly")


def test_a_nightly_sync_starts_at_one_local_time(stack: Stack, clock: Clock, schedule: Any) -> None:
    clock.now = datetime(2027, 2, 1, tzinfo=UTC)
    schedule("evening-1", "cron(0 1 * * ? *)", ScheduleExpressionTimezone="America/New_York")
    clock.now = datetime(2027, 2, 1, 5, 59, 59, tzinfo=UTC)
    assert stack.scheduler.tick() == []
    clock.now = datetime(2027, 2, 1, 6, 0, 1, tzinfo=UTC)
    (fired,) = stack.scheduler.tick()
    assert fired.execution == "evening-1-20270201T060000Z"
    assert stack.scheduler.tick() == []
    arn = stack.outputs["Machine"].replace(":stateMachine:", ":execution:") + f":{fired.execution}"
    done = ended(stack, arn)
    assert done["status"] == "SUCCEEDED"
    assert json.loads(done["input"])["at"] == "2027-02-01T06:00:00Z"


def test_each_due_time_fires_once_however_late_the_tick(stack: Stack, clock: Clock, schedule: Any) -> None:
    clock.now = datetime(2027, 2, 10, tzinfo=UTC)
    schedule("late", "cron(0 1 * * ? *)", ScheduleExpressionTimezone="UTC")
    clock.now += timedelta(days=3)
    assert [fired.due.day for fired in stack.scheduler.tick()] == [10, 11, 12]
    assert stack.scheduler.tick() == []


def test_what_was_due_before_a_schedule_was_made_does_not_fire(stack: Stack, clock: Clock, schedule: Any) -> None:
    clock.now = datetime(2027, 2, 20, 12, tzinfo=UTC)
    schedule("afternoon", "cron(0 1 * * ? *)")
    clock.now += timedelta(hours=1)
    assert stack.scheduler.tick() == []


def test_a_disabled_schedule_sleeps(stack: Stack, clock: Clock, schedule: Any) -> None:
    clock.now = datetime(2027, 2, 21, 12, tzinfo=UTC)
    schedule("off", "cron(0 1 * * ? *)", State="DISABLED")
    clock.now += timedelta(days=1)
    assert stack.scheduler.tick() == []


def test_a_one_time_schedule_deletes_itself(stack: Stack, clock: Clock, schedule: Any) -> None:
    clock.now = datetime(2027, 2, 23, 12, tzinfo=UTC)
    target = {"Arn": stack.outputs["Probe"], "Input": '{"do": "put", "key": "fired", "value": "1"}'}
    schedule("once", "at(2027-02-23T13:00:00)", target, ActionAfterCompletion="DELETE")
    clock.now += timedelta(hours=2)
    assert [fired.schedule for fired in stack.scheduler.tick()] == ["once"]
    key = {"pk": {"S": "p"}, "sk": {"S": "fired"}}
    until(lambda: stack.client("dynamodb").get_item(TableName=stack.outputs["Table"], Key=key).get("Item"))
    assert stack.client("scheduler").list_schedules(GroupName="nightly")["Schedules"] == []


def test_a_schedule_that_aws_would_refuse_is_refused(stack: Stack, schedule: Any) -> None:
    errors = stack.client("scheduler").exceptions
    with pytest.raises(errors.ValidationException, match="Invalid Schedule Expression"):
        schedule("bad", "cron(0 1 * * * *)")
    with pytest.raises(errors.ValidationException, match="Timezone"):
        schedule("bad", "cron(0 1 * * ? *)", ScheduleExpressionTimezone="Mars/Olympus")


def test_an_unknown_group_is_not_found(stack: Stack) -> None:
    client = stack.client("scheduler")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.create_schedule(
            Name="x",
            GroupName="nobody",
            ScheduleExpression="rate(1 day)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": stack.outputs["Machine"], "RoleArn": "arn:aws:iam::123456789012:role/x"},
        )


def test_a_broken_target_does_not_stop_the_others(stack: Stack, clock: Clock, schedule: Any) -> None:
    clock.now = datetime(2027, 2, 25, 12, tzinfo=UTC)
    schedule("broken", "rate(1 hour)", {"Arn": stack.outputs["Machine"] + "-gone"})
    schedule("whole", "rate(1 hour)")
    clock.now += timedelta(hours=1)
    fired = {fire.schedule: fire.execution for fire in stack.scheduler.tick()}
    assert fired.keys() == {"broken", "whole"}
    arn = stack.outputs["Machine"].replace(":stateMachine:", ":execution:") + f":{fired['whole']}"
    assert ended(stack, arn)["status"] == "SUCCEEDED"


def test_it_runs_by_itself(stack: Stack, clock: Clock, schedule: Any) -> None:
    clock.now = datetime(2027, 3, 1, 0, 59, tzinfo=UTC)
    schedule("alone", "cron(0 1 * * ? *)")
    with stack.scheduler.run_forever(every=0.01):
        clock.now += timedelta(minutes=2)
        arn = stack.outputs["Machine"].replace(":stateMachine:", ":execution:") + ":alone-20270301T010000Z"
        until(lambda: _exists(stack, arn))
    assert ended(stack, arn)["status"] == "SUCCEEDED"


def _exists(stack: Stack, arn: str) -> bool:
    states = stack.client("stepfunctions")
    try:
        return bool(states.describe_execution(executionArn=arn))
    except states.exceptions.ExecutionDoesNotExist:
        return False


def test_a_laptop_that_slept_does_not_make_up_for_it(stack: Stack, clock: Clock, schedule: Any) -> None:
    clock.now = datetime(2027, 3, 2, 0, 30, tzinfo=UTC)
    schedule("slept", "cron(0 1 * * ? *)")
    clock.now += timedelta(hours=8)
    with stack.scheduler.run_forever(every=0.01):
        until(lambda: stack.scheduler.seen_until == clock.now)
    arn = stack.outputs["Machine"].replace(":stateMachine:", ":execution:") + ":slept-20270302T010000Z"
    assert not _exists(stack, arn)


FOUR_HOURS = {"RetryPolicy": {"MaximumEventAgeInSeconds": 4 * 3600, "MaximumRetryAttempts": 185}}


def test_a_laptop_that_slept_makes_up_for_what_a_retry_policy_names(stack: Stack, clock: Clock, schedule: Any) -> None:
    clock.now = datetime(2027, 3, 3, 0, 30, tzinfo=UTC)
    schedule("patient", "cron(0 1 * * ? *)", FOUR_HOURS)
    schedule("hurried", "cron(0 1 * * ? *)")
    clock.now = datetime(2027, 3, 3, 4, 59, tzinfo=UTC)
    with stack.scheduler.run_forever(every=0.01):
        arn = stack.outputs["Machine"].replace(":stateMachine:", ":execution:")
        until(lambda: _exists(stack, f"{arn}:patient-20270303T010000Z"))
        until(lambda: stack.scheduler.seen_until == clock.now)
    assert not _exists(stack, f"{arn}:hurried-20270303T010000Z")


def test_nothing_older_than_the_retry_policy_names_is_made_up_for(stack: Stack, clock: Clock, schedule: Any) -> None:
    clock.now = datetime(2027, 3, 4, 0, 30, tzinfo=UTC)
    schedule("patient", "cron(0 1 * * ? *)", FOUR_HOURS)
    clock.now = datetime(2027, 3, 4, 5, 0, 1, tzinfo=UTC)
    assert stack.scheduler.tick() == []
    clock.now = datetime(2027, 3, 8, 3, tzinfo=UTC)
    assert [fired.due.day for fired in stack.scheduler.tick()] == [8]
    assert stack.scheduler.tick() == []


def test_a_schedule_that_is_written_again_as_it_is_loses_no_night(stack: Stack, clock: Clock, schedule: Any) -> None:
    """Between 01:00 and the tick that follows."""
    clock.now = datetime(2027, 3, 9, 0, 30, tzinfo=UTC)
    schedule("same", "cron(0 1 * * ? *)", FOUR_HOURS)
    clock.now = datetime(2027, 3, 9, 1, 0, 1, tzinfo=UTC)
    _write_again(stack, "same")
    assert [fired.schedule for fired in stack.scheduler.tick()] == ["same"]
    _write_again(stack, "same")
    assert stack.scheduler.tick() == []


def test_a_schedule_that_is_moved_makes_up_for_nothing_of_its_new_times(
    stack: Stack, clock: Clock, schedule: Any
) -> None:
    clock.now = datetime(2027, 3, 10, 0, 30, tzinfo=UTC)
    schedule("moved", "cron(0 5 * * ? *)", FOUR_HOURS)
    clock.now = datetime(2027, 3, 10, 2, tzinfo=UTC)
    _write_again(stack, "moved", ScheduleExpression="cron(0 1 * * ? *)")
    clock.now = datetime(2027, 3, 10, 6, tzinfo=UTC)
    assert stack.scheduler.tick() == []


def _write_again(stack: Stack, name: str, **changed: Any) -> None:
    client = stack.client("scheduler")
    kept = client.get_schedule(Name=name, GroupName="nightly")
    same = {key: kept[key] for key in ("ScheduleExpression", "FlexibleTimeWindow", "Target", "State")}
    client.update_schedule(Name=name, GroupName="nightly", **{**same, **changed})
