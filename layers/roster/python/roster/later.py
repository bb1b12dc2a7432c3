"""The Lambda adapter for what is done after a request was answered, or a run has ended: nobody waits for it."""

from __future__ import annotations

import json

import boto3
from botocore.config import Config

from roster.model import JSON
from roster.trouble import trouble

SOON = Config(connect_timeout=3, read_timeout=10, retries={"total_max_attempts": 2})


class Later:
    """`function`: whose it is, by name."""

    def __init__(self, function: str) -> None:
        self._client, self._function = boto3.client("lambda", config=SOON), function

    @trouble("Lambda")
    def call(self, **event: JSON) -> None:
        self._client.invoke(FunctionName=self._function, InvocationType="Event", Payload=json.dumps(event).encode())
