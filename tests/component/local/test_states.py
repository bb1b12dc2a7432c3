"""The state machine runs as AWS would run it: names, retries, waits, and what it tells EventBridge."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_lambda import (
    StateTaskServiceLambda,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment

from local.stack import Stack
from tests.component.local.conftest import until

Execute = Callable[..., Any]


def test_a_loop_of_pages_with_waits_and_a_map(execute: Execute) -> None:
    done = execute("more", 3, "more", "end")
    assert done["status"] == "SUCCEEDED"
    output = json.loads(done["output"])
    assert output["turn"] == 3
    assert output["shards"] == [{"shard": n} for n in (1, 2, 3, 4)]


def test_a_named_error_is_retried(execute: Execute) -> None:
    assert execute("Hiccup", "Hiccup", "end")["status"] == "SUCCEEDED"


def test_retries_run_out(execute: Execute) -> None:
    done = execute("Hiccup", "Hiccup", "Hiccup")
    assert (done["status"], done["error"]) == ("FAILED", "Hiccup")


def test_each_visit_of_a_state_has_its_own_retries(execute: Execute) -> None:
    hiccups = ["Hiccup", "Hiccup", "more"]
    assert execute(*hiccups, *hiccups, *hiccups, "end")["status"] == "SUCCEEDED"


def test_a_named_error_is_caught(execute: Execute) -> None:
    done = execute("Refused")
    assert (done["status"], done["error"]) == ("FAILED", "Refused")
    assert json.loads(done["cause"])["errorMessage"] == "call 1"


def test_a_death_reaches_the_catch_under_its_own_name(execute: Execute) -> None:
    assert execute("die")["error"] == "Runtime.ExitError"


def test_executions_without_a_name_are_not_the_same(execute: Execute) -> None:
    assert execute("end")["executionArn"] != execute("end")["executionArn"]


def test_a_name_is_used_once(execute: Execute, stack: Stack) -> None:
    execute("end", name="only-once")
    with pytest.raises(stack.client("stepfunctions").exceptions.ExecutionAlreadyExists):
        execute("more", "end", name="only-once")


def test_the_same_start_at_the_same_time_starts_once(stack: Stack) -> None:
    given = json.dumps({"function": "Probe", "script": [100, "end"], "shards": []})
    states, name = stack.client("stepfunctions"), f"at-once-{uuid.uuid4()}"

    def start(_: int) -> str:
        answer = states.start_execution(stateMachineArn=stack.outputs["Machine"], name=name, input=given)
        return str(answer["executionArn"])

    with ThreadPoolExecutor(4) as threads:
        assert len(set(threads.map(start, range(4)))) == 1
    states.stop_execution(executionArn=start(0))


def test_a_failed_execution_is_told_to_the_rule_s_function(execute: Execute, stack: Stack) -> None:
    done = execute("Refused")
    table = stack.client("dynamodb")
    key = {"pk": {"S": "p"}, "sk": {"S": done["executionArn"].rpartition(":")[2]}}

    def told() -> Any:
        item = table.get_item(TableName=stack.outputs["Table"], Key=key).get("Item")
        return json.loads(item["value"]["S"]) if item else None

    event = until(told)
    assert (event["source"], event["detail"]["status"]) == ("aws.states", "FAILED")
    assert event["resources"] == [done["executionArn"]]
    assert event["detail"]["error"] == "Refused"
    assert event["detail"]["stateMachineArn"] == stack.outputs["Machine"]
    assert event["detail"]["stopDate"] >= event["detail"]["startDate"]


def test_an_execution_that_is_stopped_as_a_task_begins_is_aborted(
    execute: Execute, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(self: Any, env: Environment) -> None:
        execution = env.states.context_object.context_object_data["Execution"]["Id"]
        stack.client("stepfunctions").stop_execution(executionArn=execution)
        begun(self, env)

    begun = StateTaskServiceLambda._eval_execution
    monkeypatch.setattr(StateTaskServiceLambda, "_eval_execution", stopped)
    assert execute("end")["status"] == "ABORTED"
