"""The nights on which the clocks change, through the real template and the real state machine: one run each.

The stack's schedules live on a clock of the test. Where 01:00 may be skipped a schedule fires twice a night; whichever
execution comes second for the same night of the same event is none that writes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from local.stack import Stack
from roster.clocks import night_of
from tests.e2e.admin import Admin
from tests.e2e.shared import AT_ONCE, TIME_SCALE
from tests.e2e.toolkit import Evidence, School
from tests.fakes.nights import CLOCK_CHANGES

Open = Callable[..., School]


class Clock:
    now = datetime(2027, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def stack(evidence: Evidence, clock: Clock) -> Iterator[Stack]:
    with Stack.start(data=None, parameters=AT_ONCE, time_scale=TIME_SCALE, clock=clock) as running:
        evidence.folders.append(running.logs)
        for other in running.client("scheduler").list_schedules()["Schedules"]:  # polls each hour, and nobody is there
            running.client("scheduler").delete_schedule(Name=other["Name"], GroupName=other["GroupName"])
        yield running
        evidence.folders.remove(running.logs)


def nightly(admin: Admin, event: str, on: bool) -> None:
    answer = admin.call("PUT", f"/api/events/{event}/nightly", {"enabled": on})
    assert answer.json() == {"enabled": on}, answer.text


def pass_by(stack: Stack, clock: Clock, zone: str, day: date) -> list[str]:
    """Lets the night and half a day around it pass, a quarter of an hour at a time; the executions it started."""
    clock.now = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC) - timedelta(hours=1)
    end, started = clock.now + timedelta(hours=12), []
    while clock.now < end:
        clock.now += timedelta(minutes=15)
        started += [fired.execution for fired in stack.scheduler.tick()]
    return started


def described(stack: Stack, name: str) -> dict[str, Any]:
    states = stack.client("stepfunctions")
    arn = stack.outputs["SyncArn"].replace(":stateMachine:", ":execution:") + f":{name}"
    found: dict[str, Any] = states.describe_execution(executionArn=arn)
    return found


@pytest.mark.matrix
@pytest.mark.parametrize(
    ("zone", "day", "begins"), CLOCK_CHANGES, ids=[f"{zone} {day}" for zone, day, _ in CLOCK_CHANGES]
)
def test_a_night_on_which_the_clocks_change_has_one_run(
    open_school: Open, stack: Stack, clock: Clock, zone: str, day: date, begins: str
) -> None:
    school = open_school()
    assert school.run()["status"] == "applied"
    admin = Admin.of(stack, school.account)
    clock.now = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=2)
    assert admin.patch("/api/account", {"zone": zone}).json()["zone"] == zone
    nightly(admin, school.event, True)
    started = pass_by(stack, clock, zone, day)
    reports = [school.follow(run) for run in started]
    nightly(admin, school.event, False)
    given = [json.loads(described(stack, run)["input"]) for run in started]
    due = [datetime.fromisoformat(one["night"]) for one in given]
    assert {night_of(at, one["zone"]) for at, one in zip(due, given, strict=True)} == {day}
    assert due[0].astimezone(ZoneInfo(zone)).strftime("%H:%M%z") == begins
    assert [report["status"] for report in reports][:1] == ["applied"]
    assert not any(school.local.run(run) for run in started[1:]), "another start of the same night is no run"
    assert len(school.contacts()) > 0
    assert pass_by(stack, clock, zone, day + timedelta(days=1)) == [], "stopped"
    assert len(school.contacts()) > 0, "what was imported stays"


def test_only_enabled_events_are_synced(open_school: Open, stack: Stack, clock: Clock) -> None:
    school, other = open_school(), open_school()
    assert school.run()["status"] == "applied"
    clock.now = datetime(2027, 6, 1, 12, tzinfo=UTC)
    admin = Admin.of(stack, school.account)
    nightly(admin, school.event, True)
    started = pass_by(stack, clock, "America/New_York", date(2027, 6, 3))
    (given,) = [json.loads(described(stack, run)["input"]) for run in started]
    assert (given["account"], given["event"], given["by"]) == (school.account, school.event, "night")
    assert school.follow(started[0])["status"] == "applied"
    nightly(admin, school.event, False)
    assert other.contacts() == {}
