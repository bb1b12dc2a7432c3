"""The whole machine dies (SIGKILL of the process that is everything) and is started again on the same data folder."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local.account import LocalAccount
from local.providers import PROVIDERS
from local.sandbox.clever import CleverSandbox
from local.stack import AttachedStack, Stack, connect
from roster import keys
from tests.e2e.processes import Started, import_arguments, when
from tests.e2e.shared import TIME_SCALE
from tests.e2e.toolkit import Evidence, School, difference, tiny

ACCOUNT, EVENT, PAGE_SIZE = PROVIDERS["clever"].account, "conference", 8


@pytest.fixture(scope="module")
def sandbox() -> Iterator[CleverSandbox]:
    with CleverSandbox.start(tiny()) as server:
        yield server


def _requests(n: int) -> Callable[[CleverSandbox, Path], bool]:
    return lambda sandbox, data: len(sandbox.requests) >= n


def _planning(sandbox: CleverSandbox, data: Path) -> bool:
    return any("plan" in str(item.get("progress")) for item in _items(data, keys.run(ACCOUNT, EVENT, "").pk))


def _applying(sandbox: CleverSandbox, data: Path) -> bool:
    return any("applying" in item for item in _items(data, keys.account(ACCOUNT).pk))


def _some_contacts(sandbox: CleverSandbox, data: Path) -> bool:
    return any(_items(data, partition) for partition in keys.contact_partitions(ACCOUNT, "clever"))


_known: dict[Path, AttachedStack] = {}


def _items(data: Path, partition: str) -> list[dict[str, Any]]:
    if data not in _known:
        if not (found := connect(data)):
            return []
        _known[data] = found
    asked = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": partition}}}
    table = _known[data].outputs["TableName"]
    return list(_known[data].client("dynamodb").query(TableName=table, **asked)["Items"])


MOMENTS = {
    "the third page": _requests(3),
    "planning": _planning,
    "applying has begun": _applying,
    "some contacts are there": _some_contacts,
}


@pytest.mark.matrix
@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_and_started_again(
    moment: str, sandbox: CleverSandbox, searched_folder: Path, evidence: Evidence
) -> None:
    data = searched_folder / moment.replace(" ", "-")
    sandbox.requests.clear()
    evidence.watch(sandbox)
    started = Started(*import_arguments(sandbox, data, "--page-size", str(PAGE_SIZE)))
    when(lambda: MOMENTS[moment](sandbox, data), started.process)
    assert started.end(signal.SIGKILL) == -signal.SIGKILL
    evidence.said.append((f"killed at {moment}", "".join(started.lines)))
    if data in _known:
        _known.pop(data).client.close()
    with Stack.start(data=data, time_scale=TIME_SCALE) as stack:
        _the_table_is_as_undisturbed(stack, sandbox, evidence)


def _the_table_is_as_undisturbed(stack: Stack, sandbox: CleverSandbox, evidence: Evidence) -> None:
    (before,) = _runs(stack)
    school = School(stack, sandbox, evidence, ACCOUNT, EVENT, PAGE_SIZE)
    school.applied()
    undisturbed = _undisturbed(stack, sandbox, evidence)
    assert school.table() == undisturbed, difference(undisturbed, school.table())
    assert LocalAccount(stack, ACCOUNT, EVENT).run(before)["status"] == "interrupted"
    assert school.applied()["writes"] == 0


_tables: list[bytes] = []


def _undisturbed(stack: Stack, sandbox: CleverSandbox, evidence: Evidence) -> bytes:
    if not _tables:
        other = School(stack, sandbox, evidence, "12345678", EVENT, PAGE_SIZE)
        other.applied()
        _tables.append(other.table())
    return _tables[0]


def _runs(stack: Stack) -> list[str]:
    asked = {
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": {":pk": {"S": keys.run(ACCOUNT, EVENT, "").pk}},
    }
    found = stack.client("dynamodb").query(TableName=stack.outputs["TableName"], **asked)["Items"]
    return [item["run"]["S"] for item in found]
