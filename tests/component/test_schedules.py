"""The schedules in EventBridge Scheduler, and the switches in DynamoDB, as the use case writes them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from roster import keys
from roster.errors import NotSetUp, StoreBusy, StoreRefused
from roster.nights import Nights
from roster.ports import Schedule
from roster.schedules import EventBridgeSchedules
from roster.switches import DynamoSwitches
from roster.tables import AccountItem, EventItem

GROUP = "pickatime-nightly"
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:pickatime-sync"
ROLE = "arn:aws:iam::123456789012:role/nightly"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:undelivered"
NIGHT = Schedule("116-fall", "cron(0 1 * * ? *)", "America/New_York", timedelta(hours=4), {"event": "fall"})


@pytest.fixture
def client(table: str) -> Any:
    scheduler = boto3.client("scheduler")
    scheduler.create_schedule_group(Name=GROUP)
    AccountItem(*keys.account("116"), name="School").save()
    for event in ("fall", "spring & summer"):
        EventItem(*keys.event("116", event), selection={"terms": ["t1"]}).save()
    return scheduler


@pytest.fixture
def schedules(client: Any) -> EventBridgeSchedules:
    return EventBridgeSchedules(GROUP, MACHINE, ROLE, QUEUE, client)


def test_a_schedule_as_aws_keeps_it(client: Any, schedules: EventBridgeSchedules) -> None:
    schedules.put(NIGHT)
    kept = client.get_schedule(Name="116-fall", GroupName=GROUP)
    assert (kept["ScheduleExpression"], kept["ScheduleExpressionTimezone"]) == (
        "cron(0 1 * * ? *)",
        "America/New_York",
    )
    assert (kept["FlexibleTimeWindow"], kept["State"]) == ({"Mode": "OFF"}, "ENABLED")
    assert kept["ActionAfterCompletion"] == "NONE"
    assert (kept["Target"]["Arn"], kept["Target"]["RoleArn"]) == (MACHINE, ROLE)
    assert json.loads(kept["Target"]["Input"]) == {"event": "fall"}
    assert kept["Target"]["RetryPolicy"] == {"MaximumEventAgeInSeconds": 4 * 3600, "MaximumRetryAttempts": 185}
    assert kept["Target"]["DeadLetterConfig"] == {"Arn": QUEUE}


def test_one_that_is_there_is_made_like_it(client: Any, schedules: EventBridgeSchedules) -> None:
    schedules.put(NIGHT)
    schedules.put(Schedule("116-fall", "cron(0 1,2 * * ? *)", "Europe/London", timedelta(hours=3), {"event": "fall"}))
    kept = client.get_schedule(Name="116-fall", GroupName=GROUP)
    assert (kept["ScheduleExpression"], kept["ScheduleExpressionTimezone"]) == ("cron(0 1,2 * * ? *)", "Europe/London")
    assert kept["Target"]["RetryPolicy"]["MaximumEventAgeInSeconds"] == 3 * 3600
    assert len(client.list_schedules(GroupName=GROUP)["Schedules"]) == 1


def test_one_that_is_gone_is_deleted_again(client: Any, schedules: EventBridgeSchedules) -> None:
    schedules.put(NIGHT)
    schedules.delete("116-fall")
    schedules.delete("116-fall")
    assert client.list_schedules(GroupName=GROUP)["Schedules"] == []


def test_what_aws_refuses_for_good_is_not_tried_again(client: Any) -> None:
    unknown = Schedule("a name that is none", NIGHT.expression, NIGHT.zone, NIGHT.patience, NIGHT.given)
    client.meta.events.register("before-call.scheduler.CreateSchedule", lambda **_: refusal())
    with pytest.raises(StoreRefused):
        EventBridgeSchedules(GROUP, MACHINE, ROLE, QUEUE, client).put(unknown)


def refusal() -> None:
    raise ClientError({"Error": {"Code": "ValidationException", "Message": "no such name"}}, "CreateSchedule")


def test_trouble_of_aws_is_tried_again(client: Any) -> None:
    throttled = ClientError({"Error": {"Code": "ThrottlingException", "Message": "slower"}}, "CreateSchedule")

    def throttle(**_: Any) -> None:
        raise throttled

    client.meta.events.register("before-call.scheduler.CreateSchedule", throttle)
    with pytest.raises(StoreBusy):
        EventBridgeSchedules(GROUP, MACHINE, ROLE, QUEUE, client).put(NIGHT)


def test_from_switched_on_to_stopped(client: Any, schedules: EventBridgeSchedules) -> None:
    nights = Nights(DynamoSwitches(), schedules, lambda: datetime(2026, 10, 1, tzinfo=UTC))
    assert nights.enabled("116") == []
    for event in ("fall", "spring & summer"):
        nights.enable("116", event)
    nights.enable("116", "fall")
    assert nights.enabled("116") == ["fall", "spring & summer"]
    nights.rezone("116", "Europe/London")
    assert AccountItem.get(*keys.account("116")).zone == "Europe/London"
    assert {zone(client, found["Name"]) for found in listed(client)} == {"Europe/London"}
    assert EventItem.get(*keys.event("116", "fall")).selection == {"terms": ["t1"]}, "nothing else is touched"
    assert nights.stop_all("116") == ["fall", "spring & summer"]
    assert (nights.enabled("116"), listed(client)) == ([], [])


def listed(client: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.list_schedules(GroupName=GROUP)["Schedules"]
    return found


def zone(client: Any, name: str) -> str:
    return str(client.get_schedule(Name=name, GroupName=GROUP)["ScheduleExpressionTimezone"])


def test_what_is_not_there_is_not_made_by_switching(client: Any, schedules: EventBridgeSchedules) -> None:
    nights = Nights(DynamoSwitches(), schedules, lambda: datetime(2026, 10, 1, tzinfo=UTC))
    with pytest.raises(NotSetUp):
        nights.enable("116", "winter")
    with pytest.raises(NotSetUp):
        nights.rezone("117", "Europe/London")
    nights.stop("116", "winter")
    assert EventItem.count() == AccountItem.count() == 3  # the account and its two events: one table
    assert DynamoSwitches().zone("117") == "America/New_York"


def test_an_event_from_before_there_were_nights_is_off(client: Any) -> None:
    key = keys.event("116", "old")
    boto3.client("dynamodb").put_item(TableName="roster", Item={"pk": {"S": key.pk}, "sk": {"S": key.sk}})
    assert not DynamoSwitches().is_on("116", "old")
    assert DynamoSwitches().all_on("116") == []
