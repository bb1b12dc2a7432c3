"""Functions run in real workers, which see what AWS would show them and nothing of this machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from local.stack import Stack
from tests.component.local.conftest import until

Invoke = Callable[..., Any]


def test_a_worker_sees_the_template_s_variables_and_lambda_s_own(invoke: Invoke, stack: Stack) -> None:
    environment = invoke("about")["environment"]
    assert environment["GREETING"] == "hello"
    assert environment["TABLE"] == stack.outputs["Table"]
    assert environment["SECRET"] == stack.outputs["Secret"]
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == "local-Probe"
    assert environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256"
    assert environment["TZ"] == ":UTC"
    assert environment["AWS_ENDPOINT_URL"] == stack.endpoint
    assert not {"HOME", "VIRTUAL_ENV", "USER", "PYTEST_CURRENT_TEST"} & environment.keys()


def test_a_worker_sees_its_layers_and_not_the_virtual_environment(invoke: Invoke) -> None:
    about = invoke("about")
    assert about["word"] == "from the layer"
    assert "/.build/layers/" in about["built"]
    assert not [folder for folder in about["path"] if "site-packages" in folder]
    assert about["python"] != sys.executable


def test_a_package_that_is_in_no_layer_is_missed(stack: Stack) -> None:
    answer = stack.client("lambda").invoke(FunctionName=stack.outputs["Greedy"])
    assert answer["FunctionError"] == "Unhandled"
    assert b"Runtime.ImportModuleError" in answer["Payload"].read()


def test_a_warm_worker_is_used_again(invoke: Invoke) -> None:
    first, second = invoke("about"), invoke("about")
    assert first["pid"] == second["pid"]
    assert second["calls"] == first["calls"] + 1


def test_calls_at_the_same_time_have_workers_of_their_own(invoke: Invoke) -> None:
    with ThreadPoolExecutor(4) as threads:
        pids = [call["pid"] for call in threads.map(lambda _: invoke("sleep", seconds=0.3), range(4))]
    assert len(set(pids)) == 4


def test_reserved_concurrency_throttles(invoke: Invoke) -> None:
    with ThreadPoolExecutor(4) as threads:
        calls = [threads.submit(invoke, "sleep", "Single", seconds=0.5) for _ in range(4)]
        errors = [type(error).__name__ for call in calls if (error := call.exception())]
    assert errors == ["TooManyRequestsException"] * 3


def test_the_remaining_time_counts_down(invoke: Invoke) -> None:
    assert 1700 < invoke("about")["remaining"] <= 2000
    assert invoke("sleep", seconds=0.2)["remaining"] <= 1800


def test_a_slow_function_is_killed(invoke: Invoke) -> None:
    assert invoke("sleep", seconds=5)["errorType"] == "Sandbox.Timedout"


def test_a_dead_worker_is_an_exit_error_and_the_next_call_gets_a_new_one(invoke: Invoke) -> None:
    error = invoke("die")
    assert error["errorType"] == "Runtime.ExitError"
    assert error["errorMessage"].endswith("exit status 7")
    assert invoke("about")["pid"]


def test_an_exception_keeps_its_class_name(invoke: Invoke) -> None:
    error = invoke("refuse")
    assert (error["errorType"], error["errorMessage"]) == ("Refused", "no")


def test_an_answer_over_six_megabytes_is_refused(invoke: Invoke) -> None:
    assert len(invoke("big", size=5_900_000)) == 5_900_000
    assert invoke("big", size=6_400_000)["errorType"] == "Function.ResponseSizeTooLarge"


def test_an_unknown_function_is_not_found(stack: Stack) -> None:
    client = stack.client("lambda")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.invoke(FunctionName="nobody")


def test_what_a_worker_prints_is_in_the_function_s_log(invoke: Invoke, stack: Stack) -> None:
    invoke("say", text="good evening")
    assert "good evening" in (stack.logs / "local-Probe.log").read_text()


def test_a_worker_that_the_system_kills_is_noticed(invoke: Invoke) -> None:
    pid = invoke("about")["pid"]
    os.kill(pid, 9)
    until(lambda: invoke("about").get("pid", pid) != pid)
