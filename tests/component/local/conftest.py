"""One stack for all tests of local/: starting it is most of what they would wait for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from local.stack import Stack

ROOT = Path(__file__).parents[3]
FIXTURE = ROOT / "tests/fixtures/stack"
TEMPLATE = FIXTURE / "template.yaml"


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2027, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def stack(clock: Clock) -> Iterator[Stack]:
    with Stack.start(data=None, template=TEMPLATE, time_scale=0.01, clock=clock) as running:
        yield running


@pytest.fixture
def invoke(stack: Stack) -> Callable[..., Any]:
    """Runs the probe; a function error comes as the error itself."""

    def run(do: str, function: str = "Probe", **more: Any) -> Any:
        answer = stack.client("lambda").invoke(
            FunctionName=stack.outputs[function], Payload=json.dumps({"do": do, **more})
        )
        return json.load(answer["Payload"])

    return run


@pytest.fixture
def execute(stack: Stack) -> Callable[..., Any]:
    """Runs the state machine to its end."""

    def run(*script: Any, name: str | None = None) -> Any:
        given = json.dumps({"function": "Probe", "script": script, "shards": [1, 2, 3, 4]})
        named = {"name": name} if name else {}
        states = stack.client("stepfunctions")
        arn = states.start_execution(stateMachineArn=stack.outputs["Machine"], input=given, **named)
        return ended(stack, arn["executionArn"])

    return run


def ended(stack: Any, arn: str) -> Any:
    def look() -> Any:
        found = stack.client("stepfunctions").describe_execution(executionArn=arn)
        return None if found["status"] == "RUNNING" else found

    return until(look)


def until(find: Callable[[], Any], seconds: float = 10) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := find():
            return found
        time.sleep(0.01)
    raise AssertionError("it did not happen in time")


class Served:
    """A stack in a process of its own, which a test may kill."""

    def __init__(self, data: Path) -> None:
        command = [sys.executable, str(FIXTURE / "serve.py"), str(data)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        assert self.process.stdout.readline() == "ready\n"

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout
        self.process.stdout.close()


@pytest.fixture
def serve() -> Iterator[Callable[[Path], Served]]:
    started: list[Served] = []

    def start(data: Path) -> Served:
        started.append(Served(data))
        return started[-1]

    yield start
    for served in started:
        if served.process.poll() is None:
            served.kill()
