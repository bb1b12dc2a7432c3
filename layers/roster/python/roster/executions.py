"""The Step Functions adapter: whether the execution that holds a lock is still running."""

from __future__ import annotations

import boto3
from botocore.exceptions import ClientError


class StepFunctionsExecutions:
    """Asks Step Functions; an execution that it does not know has ended."""

    def __init__(self) -> None:
        self._client = boto3.client("stepfunctions")

    def is_running(self, owner: str) -> bool:
        """`owner`: the execution's ARN."""
        try:
            return self._client.describe_execution(executionArn=owner)["status"] in (
                "RUNNING",
                "PENDING_REDRIVE",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionDoesNotExist":
                raise
            return False
