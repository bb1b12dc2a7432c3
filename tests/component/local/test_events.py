"""Rules hand an event over as AWS would: whole, in part, constant or transformed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local.events import _payload, is_ours

EVENT = {"source": "a", "time": 1.7e9, "ingestion-time": 1.0, "detail": {"name": "n"}}
TRANSFORMER = {"InputPathsMap": {"who": "$.detail.name"}, "InputTemplate": '{"hello": <who>, "to": "dear <who>"}'}


@pytest.mark.parametrize(
    ("target", "given"),
    [
        ({}, {"source": "a", "time": "2023-11-14T22:13:20Z", "detail": {"name": "n"}}),
        ({"Input": '{"x": 1}'}, {"x": 1}),
        ({"InputPath": "$.detail"}, {"name": "n"}),
        ({"InputTransformer": TRANSFORMER}, {"hello": "n", "to": "dear n"}),
    ],
)
def test_what_a_target_gets(target: dict[str, Any], given: Any) -> None:
    assert json.loads(_payload(target, EVENT)) == given


def test_only_functions_and_state_machines_are_ours() -> None:
    assert is_ours("arn:aws:lambda:us-east-1:1:function:f")
    assert is_ours("arn:aws:states:us-east-1:1:stateMachine:m")
    assert not is_ours("arn:aws:sqs:us-east-1:1:q")
