"""Switching nights on and off, event by event: stories, crashes in the middle, and two people at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roster.errors import NotSetUp, ZoneUnknown
from roster.keys import nightly_schedule
from roster.nights import Nights
from roster.ports import Schedule
from tests.fakes.memory import Killed
from tests.fakes.nights import World

ACCOUNT = "116"


def nights(world: World) -> Nights:
    return Nights(world, world, lambda: datetime(2026, 10, 1, tzinfo=UTC))


def schedules(world: World) -> dict[str, Schedule]:
    """By event."""
    return {str(made.given["event"]): made for made in world.made.values()}


def agree(world: World) -> bool:
    return schedules(world).keys() == {event for event, on in world.events.items() if on}


def test_enabled_nights_start_the_state_machine_at_one() -> None:
    world = World("fall", "spring")
    nights(world).enable(ACCOUNT, "fall")
    assert nights(world).enabled(ACCOUNT) == ["fall"]
    (made,) = world.made.values()
    assert (made.expression, made.zone, made.patience) == ("cron(0 1 * * ? *)", "America/New_York", timedelta(hours=4))
    assert made.given == {
        "account": "116",
        "event": "fall",
        "mode": "import",
        "shared": True,
        "by": "night",
        "night": "<aws.scheduler.scheduled-time>",
        "zone": "America/New_York",
    }


def test_nobody_is_synced_who_was_not_switched_on() -> None:
    assert nights(World("fall")).enabled(ACCOUNT) == []


def test_an_event_that_is_not_there_cannot_be_enabled() -> None:
    world = World("fall")
    with pytest.raises(NotSetUp, match="no event winter"):
        nights(world).enable(ACCOUNT, "winter")
    assert world.made == {}


def test_enabling_twice_is_enabling_once() -> None:
    world = World("fall")
    nights(world).enable(ACCOUNT, "fall")
    before = dict(world.made)
    nights(world).enable(ACCOUNT, "fall")
    assert world.made == before


def test_a_stopped_event_can_be_enabled_again() -> None:
    world = World("fall", "spring")
    for event in ("fall", "spring"):
        nights(world).enable(ACCOUNT, event)
    nights(world).stop(ACCOUNT, "fall")
    assert (nights(world).enabled(ACCOUNT), list(schedules(world))) == (["spring"], ["spring"])
    nights(world).stop(ACCOUNT, "fall")
    nights(world).enable(ACCOUNT, "fall")
    assert nights(world).enabled(ACCOUNT) == ["fall", "spring"]
    assert agree(world)


def test_stopping_all_says_which() -> None:
    world = World("fall", "spring", "winter")
    for event in ("spring", "fall"):
        nights(world).enable(ACCOUNT, event)
    assert nights(world).stop_all(ACCOUNT) == ["fall", "spring"]
    assert nights(world).stop_all(ACCOUNT) == []
    assert (world.made, nights(world).enabled(ACCOUNT)) == ({}, [])


def test_the_schedule_of_a_deleted_event_can_be_stopped() -> None:
    world = World("fall")
    nights(world).enable(ACCOUNT, "fall")
    del world.events["fall"]
    nights(world).stop(ACCOUNT, "fall")
    assert (world.made, world.events) == ({}, {})


def test_schedules_move_with_their_accounts_zone() -> None:
    world = World("fall", "spring", "winter")
    for event in ("fall", "spring"):
        nights(world).enable(ACCOUNT, event)
    nights(world).rezone(ACCOUNT, "Europe/London")
    assert {(made.zone, made.given["zone"]) for made in world.made.values()} == {("Europe/London", "Europe/London")}
    assert {made.expression for made in world.made.values()} == {"cron(0 1,2 * * ? *)"}
    assert agree(world)
    nights(world).enable(ACCOUNT, "winter")
    assert schedules(world)["winter"].zone == "Europe/London"


def test_no_account_moves_to_a_zone_that_is_none() -> None:
    world = World("fall")
    with pytest.raises(ZoneUnknown):
        nights(world).rezone(ACCOUNT, "Mars/Olympus")
    with pytest.raises(NotSetUp):
        nights(world).rezone("117", "Europe/London")
    assert world.zone(ACCOUNT) == "America/New_York"


ENABLE: Callable[[World], object] = lambda world: nights(world).enable(ACCOUNT, "fall")  # noqa: E731
STOP: Callable[[World], object] = lambda world: nights(world).stop(ACCOUNT, "fall")  # noqa: E731
REZONE: Callable[[World], object] = lambda world: nights(world).rezone(ACCOUNT, "Europe/London")  # noqa: E731


@pytest.mark.parametrize("left", range(4))
@pytest.mark.parametrize("deed", [ENABLE, STOP, REZONE], ids=["enable", "stop", "rezone"])
def test_a_crash_leaves_no_schedule_that_nobody_knows_of_and_again_heals(
    deed: Callable[[World], object], left: int
) -> None:
    for was_on in (False, True):
        world = World("fall", "spring")
        if was_on:
            ENABLE(world)
        world.left = left
        with suppress(Killed):
            deed(world)
        assert schedules(world).keys() <= set(nights(world).enabled(ACCOUNT)), "listed, and so can be stopped"
        world.left = 1_000
        deed(world)
        assert agree(world)
        assert {made.zone for made in world.made.values()} <= {world.zone(ACCOUNT)}


@pytest.mark.parametrize(("mine", "others"), list(product([ENABLE, STOP, REZONE], repeat=2)))
@pytest.mark.parametrize("was_on", [False, True])
@pytest.mark.parametrize("before_write", range(1, 5))
def test_two_people_at_once_end_with_switch_and_schedule_in_agreement(
    mine: Callable[[World], object], others: Callable[[World], object], was_on: bool, before_write: int
) -> None:
    world = World("fall")
    if was_on:
        ENABLE(world)
    world.meanwhile[world.writes + before_write] = lambda: others(world)
    mine(world)
    assert agree(world)
    assert {made.zone for made in world.made.values()} <= {world.zone(ACCOUNT)}


names = st.text(min_size=1, max_size=80)


@given(names, names, names, names)
def test_a_schedules_name_is_one_that_aws_takes_and_its_events_alone(a: str, b: str, c: str, d: str) -> None:
    assert re.fullmatch(r"[0-9a-zA-Z-_.]{1,64}", nightly_schedule(a, b))
    assert (nightly_schedule(a, b) == nightly_schedule(c, d)) == ((a, b) == (c, d))
    assert nightly_schedule(f"{a}-{b}", c) != nightly_schedule(a, f"{b}-{c}")
