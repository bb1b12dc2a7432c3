"""Starts one run through the real state machine, follows it, and gives its report.

What a person sees while it runs is the run's own record, the one that the web client reads.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from json import dumps
from typing import Any
from uuid import uuid4

from local.account import LocalAccount
from local.problems import StackSlots
from roster.filing import Files
from roster.ports import RunKey
from roster.report import UNEXPECTED_HELP
from roster.starting import run_id
from roster.tally import Tally

POLL_SECONDS = 0.1
CLOSING_SECONDS = 30.0
GONE = {
    "status": "failed",
    "error": {"code": "Unknown", "message": "the run ended without a report", "help": UNEXPECTED_HELP},
    "counts": Tally().counts(),
    "warnings": {},
    "requests": 0,
    "writes": None,
}
STOPPED = {**{name: value for name, value in GONE.items() if name != "error"}, "status": "stopped", "writes": 0}
Show = Callable[[Mapping[str, Any]], None]


def start(account: LocalAccount, mode: str) -> str:
    """Start a run; returns its id, which is also the execution's name."""
    run = run_id(datetime.now(UTC), uuid4().hex[:6])
    account.stack.client("stepfunctions").start_execution(
        stateMachineArn=account.stack.outputs["SyncArn"],
        name=run,
        input=dumps({"account": account.account, "event": account.event, "mode": mode}),
    )
    return run


def follow(account: LocalAccount, run: str, show: Show) -> dict[str, Any]:
    """Show the run's progress until it has ended; returns its report."""
    while True:
        over = _is_over(account, run)  # asked first: a record read after the end is the last one
        record = account.run(run)
        if record.get("report"):  # with the end, which moto may show a moment before it
            return {**record["report"], "run": run}
        if over:
            return {**GONE, "run": run}
        if record.get("progress"):
            show(record["progress"])
        time.sleep(POLL_SECONDS)


def stop(account: LocalAccount, run: str) -> bool:
    """End a run that has not begun to write; says whether it did. Half of what a plan changes is no roster."""
    if _writes(account, run):
        return False
    account.stack.client("stepfunctions").stop_execution(executionArn=_execution(account, run))
    if not _writes(account, run):  # what a Lambda still does now is only staged: the locks may go free at once
        _await_record(account, run)
    return True


def _await_record(account: LocalAccount, run: str) -> None:
    """Step Functions tells that the run was stopped, and its record is closed."""
    patience = time.monotonic() + CLOSING_SECONDS
    while not account.run(run).get("ended") and time.monotonic() < patience:
        time.sleep(POLL_SECONDS)


def _writes(account: LocalAccount, run: str) -> bool:
    """Whether the run has come to Clear or Apply."""
    pages = account.stack.client("stepfunctions").get_paginator("get_execution_history")
    events = (one for page in pages.paginate(executionArn=_execution(account, run)) for one in page["events"])
    return any(one.get("stateEnteredEventDetails", {}).get("name") in ("Clear", "Apply") for one in events)


def offer(account: LocalAccount, run: str) -> Mapping[str, Any]:
    """What there was to choose from when that run read the provider: schools and terms, with their classes."""
    return Files(StackSlots(account.stack)).offer(RunKey(account.account, account.event, run))


def _is_over(account: LocalAccount, run: str) -> bool:
    states = account.stack.client("stepfunctions")
    return bool(states.describe_execution(executionArn=_execution(account, run))["status"] != "RUNNING")


def _execution(account: LocalAccount, run: str) -> str:
    return account.stack.outputs["SyncArn"].replace(":stateMachine:", ":execution:") + f":{run}"
