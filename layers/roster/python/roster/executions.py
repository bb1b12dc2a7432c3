"""The Step Functions adapter: begins a run, and tells whether the execution that holds a lock may still write."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError

from roster.model import JSON
from roster.trouble import trouble

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

STOPPED = ("ABORTED", "TIMED_OUT", "FAILED")


class StepFunctionsExecutions:
    """Asks Step Functions. `linger`: for so long a Lambda may write after its execution was stopped.

    `machine`: the ARN of the state machine, for who starts runs.
    """

    def __init__(
        self,
        linger: timedelta,
        client: SFNClient | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        machine: str = "",
    ) -> None:
        self._client = client or boto3.client("stepfunctions")
        self._linger, self._now, self._machine = linger, now, machine

    @trouble("Step Functions")
    def is_running(self, owner: str) -> bool:
        """`owner`: the execution's ARN. One that Step Functions does not know has ended, and long ago."""
        try:
            told = self._client.describe_execution(executionArn=owner)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionDoesNotExist":
                raise
            return False
        if told["status"] in STOPPED:
            return self._now() < told["stopDate"] + self._linger
        return told["status"] in ("RUNNING", "PENDING_REDRIVE")

    @trouble("Step Functions")
    def stop(self, owner: str) -> None:
        """Its record is closed by the event that Step Functions sends."""
        try:
            self._client.stop_execution(executionArn=owner)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionDoesNotExist":
                raise

    @trouble("Step Functions")
    def start(self, run: str, what: Mapping[str, JSON]) -> None:
        """The execution is named after its run: starting the same run twice starts it once."""
        self._client.start_execution(stateMachineArn=self._machine, name=run, input=json.dumps(dict(what)))

    def owner_of(self, run: str) -> str:
        """The ARN of the execution that is named after the run."""
        return f"{self._machine.replace(':stateMachine:', ':execution:')}:{run}"

    @trouble("Step Functions")
    def input_of(self, owner: str) -> Mapping[str, JSON]:
        """What it was started with; empty once Step Functions has forgotten it, after 90 days."""
        try:
            given: Mapping[str, JSON] = json.loads(self._client.describe_execution(executionArn=owner)["input"])
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionDoesNotExist":
                raise
            return {}
        return given
