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
    """No secret is left; nor items, files, ended executions and logs, which slow down looks into the others."""
    from moto.dynamodb.models import dynamodb_backends
    from moto.s3.models import s3_backends
    from moto.secretsmanager.models import secretsmanager_backends
    from moto.stepfunctions.models import stepfunctions_backends

    from local import names

    dynamodb_backends[names.ACCOUNT][names.REGION].tables[stack.outputs["TableName"]].items.clear()
    secretsmanager_backends[names.ACCOUNT][names.REGION].secrets.clear()
    for bucket in s3_backends[names.ACCOUNT]["aws"].buckets.values():
        bucket.keys.clear()
    for machine in stepfunctions_backends[names.ACCOUNT][names.REGION].state_machines:
        machine.executions[:] = [one for one in machine.executions if one.status == "RUNNING"]
    for log in stack.logs.glob("*.log"):
        os.truncate(log, 0)  # its writers append
