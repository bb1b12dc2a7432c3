"""The Lambda adapter for what is done after a request was answered: the function calls itself, and does not wait."""

from __future__ import annotations

import json

import boto3

from roster.model import JSON
from roster.trouble import trouble


class Later:
    """`function`: its own name."""

    def __init__(self, function: str) -> None:
        self._client, self._function = boto3.client("lambda"), function

    @trouble("Lambda")
    def call(self, **event: JSON) -> None:
        self._client.invoke(FunctionName=self._function, InvocationType="Event", Payload=json.dumps(event).encode())
