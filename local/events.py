"""EventBridge rules that end at a function or a state machine, and the events AWS itself sends to them.

moto stores rules and matches patterns; the last metre (Lambda, Step Functions) and the "Step Functions
Execution Status Change" events are missing there.
"""

from __future__ import annotations

import json
import logging
import re
import time
import uuid
from datetime import UTC, datetime
from typing import Any

from moto.events.models import events_backends
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from local.lambda_host import LambdaHost
from local.names import ACCOUNT, REGION

log = logging.getLogger(__name__)
_SOURCE = "aws.states"
_DETAIL_TYPE = "Step Functions Execution Status Change"


def now() -> datetime:
    return datetime.now(UTC)


def is_ours(target_arn: str) -> bool:
    return target_arn.split(":")[2] in ("lambda", "states")


def deliver(target: dict[str, Any], event: dict[str, Any], host: LambdaHost) -> None:
    payload = _payload(target, event)
    if target["Arn"].split(":")[2] == "lambda":
        host.invoke_later(target["Arn"], payload.encode())
    else:
        backend = stepfunctions_parser_backends[ACCOUNT][REGION]
        backend.start_execution(target["Arn"], str(uuid.uuid4()), payload)


def _payload(target: dict[str, Any], event: dict[str, Any]) -> str:
    if (constant := target.get("Input")) is not None:
        return str(constant)
    public = {name: value for name, value in event.items() if name != "ingestion-time"} | {
        "time": datetime.fromtimestamp(float(event["time"]), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    }
    if "InputTransformer" not in target:
        return json.dumps(_at_path(public, target.get("InputPath")))
    return _transformed(target["InputTransformer"], public)


def _transformed(transformer: dict[str, Any], event: dict[str, Any]) -> str:
    """As on AWS, and not as in moto, a value is JSON where the template has it bare, and text inside a string."""
    template = transformer["InputTemplate"]
    values = {name: _at_path(event, path) for name, path in transformer.get("InputPathsMap", {}).items()}

    def place(found: re.Match[str]) -> str:
        value = values.get(found[1])
        inside = template.count('"', 0, found.start()) % 2
        return value if inside and isinstance(value, str) else json.dumps(value)

    return re.sub(r"<([\w-]+)>", place, template)


def _at_path(event: Any, path: str | None) -> Any:
    for part in (path or "$").split(".")[1:]:
        event = event[part]
    return event


def execution_changed(execution: Any, status: str | None = None) -> None:
    """What AWS sends at each change of an execution's status (not a copy: detail names as documented)."""
    try:
        events_backends[ACCOUNT][REGION].put_events([_status_event(execution, status or execution.status)])
    except Exception:
        # A failing target must not fail the execution: on AWS the two know nothing of each other.
        log.exception("could not deliver the status change of %s", execution.exec_arn)


def _status_event(execution: Any, status: str) -> dict[str, Any]:
    detail = {
        "executionArn": execution.exec_arn,
        "stateMachineArn": execution.state_machine.arn,
        "name": execution.name,
        "status": status,
        "startDate": _millis(execution.start_date),
        "stopDate": _millis(execution.stop_date),
        "input": execution.execution_input,
        "inputDetails": {"included": True},
        "output": json.dumps(execution.output) if status == "SUCCEEDED" else None,
        "outputDetails": {"included": True} if status == "SUCCEEDED" else None,
        "error": execution.error,
        "cause": execution.cause,
    }
    return {
        "Source": _SOURCE,
        "DetailType": _DETAIL_TYPE,
        "Detail": json.dumps(detail),
        "Resources": [execution.exec_arn],
        "Time": time.time(),
    }


def _millis(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)
