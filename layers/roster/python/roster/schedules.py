"""The EventBridge Scheduler adapter of `Schedules`: each starts the state machine itself, with the run's input."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from roster.ports import Schedule
from roster.trouble import trouble

if TYPE_CHECKING:
    from mypy_boto3_scheduler import EventBridgeSchedulerClient

SCHEDULER = "EventBridge Scheduler"
TRIES = 185  # the most that AWS takes: the patience ends the trying, however the tries are spaced


class EventBridgeSchedules:
    """One group of schedules; `role` is what they start `machine` (its ARN) with. `undelivered`: the queue that is told
    of a night which could not be started for as long as its patience lasts.
    """

    def __init__(
        self, group: str, machine: str, role: str, undelivered: str, client: EventBridgeSchedulerClient | None = None
    ) -> None:
        self._group, self._machine, self._role, self._undelivered = group, machine, role, undelivered
        self._client = client or boto3.client("scheduler")

    @trouble(SCHEDULER)
    def put(self, schedule: Schedule) -> None:
        wanted = self._wanted(schedule)
        if self._done("ConflictException", self._client.create_schedule, **wanted):
            return
        if not self._done("ResourceNotFoundException", self._client.update_schedule, **wanted):
            self._client.create_schedule(**wanted)  # somebody has deleted it between the two

    @trouble(SCHEDULER)
    def delete(self, name: str) -> None:
        self._done("ResourceNotFoundException", self._client.delete_schedule, Name=name, GroupName=self._group)

    def _done(self, unless: str, ask: Any, **wanted: Any) -> bool:
        try:
            ask(**wanted)
        except ClientError as error:
            if error.response["Error"]["Code"] != unless:
                raise
            return False
        return True

    def _wanted(self, schedule: Schedule) -> dict[str, Any]:
        retry = {"MaximumEventAgeInSeconds": int(schedule.patience.total_seconds()), "MaximumRetryAttempts": TRIES}
        return {
            "Name": schedule.name,
            "GroupName": self._group,
            "ScheduleExpression": schedule.expression,
            "ScheduleExpressionTimezone": schedule.zone,
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "State": "ENABLED",
            "ActionAfterCompletion": "NONE",
            "Target": {
                "Arn": self._machine,
                "RoleArn": self._role,
                "Input": json.dumps(schedule.given),
                "RetryPolicy": retry,
                "DeadLetterConfig": {"Arn": self._undelivered},
            },
        }
