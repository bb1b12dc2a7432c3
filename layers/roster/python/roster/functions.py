"""The Lambda adapter for asking another of our functions, and waiting for what it says.

Asked once: what is asked for may be a decision. What the other function refuses is refused here in the same words.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import boto3
from botocore.config import Config

from roster.errors import StoreBusy, raised_elsewhere
from roster.model import JSON
from roster.trouble import trouble

PATIENCE = 24  # seconds: whoever asks has to answer within half a minute
ONCE = Config(retries={"total_max_attempts": 1}, connect_timeout=3, read_timeout=PATIENCE)


class LambdaFunctions:
    """See roster.ports.Functions. `prefix`: what the names of our functions begin with."""

    def __init__(self, prefix: str) -> None:
        self._client, self._prefix = boto3.client("lambda", config=ONCE), prefix

    @trouble("Lambda")
    def ask(self, function: str, event: Mapping[str, JSON]) -> Any:
        name = f"{self._prefix}-{function}"
        answer = self._client.invoke(FunctionName=name, Payload=json.dumps(dict(event)).encode())
        told = json.loads(answer["Payload"].read())
        if answer.get("FunctionError"):
            kind, message = str(told.get("errorType", "")), str(told.get("errorMessage", ""))
            raise raised_elsewhere(kind, message) or StoreBusy(f"{function} has trouble ({kind})")
        return told
