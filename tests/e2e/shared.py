"""The stack that the end-to-end modules of one test process use one after the other.

Starting one, and the first worker of each function, takes seconds of computing; a module's accounts are its own.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local.stack import Stack

TIME_SCALE = 0.002  # a provider that is away for good is waited for a quarter of an hour
AT_ONCE = {"LingerSeconds": "0"}  # a worker that was killed writes no more: its run may be taken over at once
_running: list[Stack] = []


def running_stack() -> Stack:
    """The real template on this machine, started when it is first asked for."""
    from local.stack import Stack

    if not _running:
        _running.append(Stack.start(data=None, parameters=AT_ONCE, time_scale=TIME_SCALE))
    return _running[0]


def stop_stack() -> None:
    """Before a test that starts one of its own: a process has room for one."""
    while _running:
        _running.pop().stop()


def forget(stack: Stack) -> None:
    """No secret is left, and no item or line of a log, which slow down every look into the others."""
    from moto.dynamodb.models import dynamodb_backends
    from moto.secretsmanager.models import secretsmanager_backends

    from local import names

    dynamodb_backends[names.ACCOUNT][names.REGION].tables[stack.outputs["TableName"]].items.clear()
    secretsmanager_backends[names.ACCOUNT][names.REGION].secrets.clear()
    for log in stack.logs.glob("*.log"):
        os.truncate(log, 0)  # its writers append
