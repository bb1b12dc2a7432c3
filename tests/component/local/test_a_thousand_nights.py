"""A thousand events at 01:00: a thousand runs are started, none twice and none lost, whoever is killed half way.

Through the use case and its schedules in the local AWS. The switches are a set in memory, and the state machine has
the real one's name and a single Pass state: a thousand whole imports would take a quarter of an hour, and are not
what is asked here.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from local.names import ACCOUNT, REGION
from local.scheduler import Fired, Scheduler
from local.stack import Stack
from roster.nights import Nights
from roster.schedules import EventBridgeSchedules
from tests.component.local.conftest import ROOT, Clock

TEMPLATE = ROOT / "tests/fixtures/nights/template.yaml"
EVENTS = 10  # of each account
ONE = datetime(2027, 2, 2, 6, tzinfo=UTC)  # in New York
SECOND = timedelta(seconds=1)


class Killed(BaseException):
    """Nothing catches this: the driver is gone."""


class Mortal:
    """The stack's clients, until so many executions were started."""

    def __init__(self, stack: Stack, starts: int) -> None:
        self.stack, self.starts = stack, starts

    def __call__(self, service: str) -> Any:
        if service != "stepfunctions":
            return self.stack.client(service)
        if self.starts == 0:
            raise Killed
        self.starts -= 1
        return self.stack.client(service)


@pytest.fixture(scope="module")
def clock() -> Clock:
    found = Clock()
    found.now = ONE - timedelta(hours=6)
    return found


def serve(data: Path, clock: Clock) -> Stack:
    return Stack.start(data=data, template=TEMPLATE, time_scale=0.01, clock=clock)


class Switches:
    """Every account in New York."""

    def __init__(self) -> None:
        self.on: set[tuple[str, str]] = set()

    def zone(self, account: str) -> str:
        return "America/New_York"

    def move(self, account: str, zone: str) -> None:
        raise NotImplementedError

    def is_on(self, account: str, event: str) -> bool:
        return (account, event) in self.on

    def turn(self, account: str, event: str, on: bool) -> bool:
        (self.on.add if on else self.on.discard)((account, event))
        return True

    def all_on(self, account: str) -> list[str]:
        return [event for of, event in self.on if of == account]


def enable_all(stack: Stack, clock: Clock, accounts: int) -> None:
    told = stack.outputs
    schedules = EventBridgeSchedules(
        told["NightlyGroup"],
        told["SyncArn"],
        told["NightlyRoleArn"],
        "arn:aws:sqs:us-east-1:123456789012:undelivered",
        stack.client("scheduler"),
    )
    nights = Nights(Switches(), schedules, clock)
    for account, event in product(range(accounts), range(EVENTS)):
        nights.enable(str(11_600_000 + account), f"evening {event}")


def started(stack: Stack) -> Counter[tuple[str, str, str]]:
    """How often a run was started, by account, event and due time."""
    machine = stepfunctions_parser_backends[ACCOUNT][REGION].describe_state_machine(stack.outputs["SyncArn"])
    given = [json.loads(one.execution_input) for one in machine.executions]
    return Counter((one["account"], one["event"], one["night"]) for one in given)


def once_each(found: Counter[tuple[str, str, str]], due: datetime, accounts: int) -> bool:
    night = f"{due:%Y-%m-%dT%H:%M:%SZ}"
    wanted = {(str(11_600_000 + n), f"evening {m}", night) for n in range(accounts) for m in range(EVENTS)}
    return {key: n for key, n in found.items() if key[2] == night} == dict.fromkeys(wanted, 1)


def due(fired: list[Fired]) -> set[datetime]:
    return {one.due for one in fired}


@pytest.mark.parametrize("accounts", [20, pytest.param(100, marks=pytest.mark.whole)])
def test_hundreds_of_events_at_one(accounts: int, tmp_path: Path, clock: Clock) -> None:
    data, clock.now = tmp_path, ONE - timedelta(hours=6)
    with serve(data, clock) as stack:
        enable_all(stack, clock, accounts)
        clock.now = ONE - SECOND
        assert stack.scheduler.tick() == []
        clock.now = ONE
        fired = stack.scheduler.tick()
        assert (len(fired), due(fired)) == (accounts * EVENTS, {ONE})
        assert once_each(started(stack), ONE, accounts)
        for _ in range(3):
            clock.now += SECOND
            assert stack.scheduler.tick() == [], "the same minute again"
        assert once_each(started(stack), ONE, accounts)
    _killed_half_way(data, clock, accounts)


def _killed_half_way(data: Path, clock: Clock, accounts: int) -> None:
    """The next night: the driver is killed, and what follows it does the rest; so does a stack that is started anew."""
    tomorrow = clock.now = ONE + timedelta(days=1)
    third = accounts * EVENTS // 3
    with serve(data, clock) as stack:
        kept = stack.scheduler.kept
        with pytest.raises(Killed):
            Scheduler(Mortal(stack, third), clock, kept).tick()
        assert sum(started(stack).values()) == third
        with pytest.raises(Killed):
            Scheduler(Mortal(stack, third), clock, kept).tick()
        before = started(stack)
    with serve(data, clock) as stack:
        fired = stack.scheduler.tick()
        assert (len(fired), due(fired)) == (accounts * EVENTS - 2 * third, {tomorrow})
        assert once_each(before + started(stack), tomorrow, accounts)
        assert stack.scheduler.tick() == []
