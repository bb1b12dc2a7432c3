"""A crash test can kill the worker before or after any request it sends to AWS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local.observe import AwsRequest
from local.stack import Stack

Invoke = Callable[..., Any]


@pytest.fixture
def watch(stack: Stack) -> Iterator[Callable[..., None]]:
    ends: list[Callable[[], None]] = []
    yield lambda callback: ends.append(stack.observe(callback))
    for end in ends:
        end()


def _stored(stack: Stack, key: str) -> bool:
    keys = {"pk": {"S": "p"}, "sk": {"S": key}}
    return "Item" in stack.client("dynamodb").get_item(TableName=stack.outputs["Table"], Key=keys)


def test_each_request_of_a_worker_is_seen_before_and_after(
    invoke: Invoke, stack: Stack, watch: Callable[..., None]
) -> None:
    seen: list[AwsRequest] = []
    watch(seen.append)
    invoke("put", key="seen", value="1")
    assert [(r.phase, r.function, r.service, r.action) for r in seen] == [
        ("before", "local-Probe", "dynamodb", "PutItem"),
        ("after", "local-Probe", "dynamodb", "PutItem"),
    ]
    assert b'"seen"' in seen[0].body
    _stored(stack, "seen")
    assert len(seen) == 2, "requests of the test itself are not a worker's"


@pytest.mark.parametrize(("phase", "executed"), [("before", False), ("after", True)])
def test_killing_decides_whether_it_happened(
    phase: str, executed: bool, invoke: Invoke, stack: Stack, watch: Callable[..., None]
) -> None:
    watch(lambda request: request.kill_worker() if request.phase == phase else None)
    answer = invoke("put", key=phase, value="1")
    assert answer["errorType"] == "Runtime.ExitError"
    assert _stored(stack, phase) is executed
