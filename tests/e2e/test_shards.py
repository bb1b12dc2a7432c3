"""A district too large for one shard, without its size: the same product with room for few facts in each.

Plan and apply then go over several shards, the state machine's Map applies them at the same time, and an account
grows out of one shard into several.
"""

from __future__ import annotations

import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.observe import AwsRequest
from local.sandbox.clever import CleverSandbox
from local.stack import Stack
from tests.e2e.crashes import WRITES, left_behind
from tests.e2e.shared import AT_ONCE, TIME_SCALE
from tests.e2e.toolkit import Evidence, School, difference, enrolled_of, moved, observed, tiny
from tests.support import ROOT

ACCOUNT, LATER = "41000001", "41000002"
SHARDS = 4
Open = Callable[..., School]


@pytest.fixture(scope="module")
def small_shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the product with one constant changed; its template."""
    copy = tmp_path_factory.mktemp("small-shards")
    for folder in ("infra", "functions", "layers"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    plan = copy / "layers/roster/python/roster/plan.py"
    text, changed = re.subn(r"^FACTS_PER_SHARD = [\d_]+", "FACTS_PER_SHARD = 40", plan.read_text(), flags=re.M)
    assert changed == 1
    plan.write_text(text)
    return copy / "infra/template.yaml"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[CleverSandbox]:
    with CleverSandbox.start(tiny()) as server:
        yield server


@pytest.fixture(scope="module")
def grown(
    searched_folder: Path, small_shards: Path, sandbox: CleverSandbox, evidence: Evidence
) -> Iterator[tuple[Stack, bytes]]:
    """Two accounts imported in one shard, then the same data folder with a product that takes several."""
    data = searched_folder / "grown"
    with Stack.start(data=data, time_scale=TIME_SCALE) as one:
        tables = []
        for account in (ACCOUNT, LATER):
            school = School(one, sandbox, evidence, account)
            school.applied()
            tables.append(school.table())
    assert tables[0] == tables[1]
    with Stack.start(data=data, template=small_shards, parameters=AT_ONCE, time_scale=TIME_SCALE) as several:
        yield several, tables[0]


@pytest.fixture
def fresh(grown: tuple[Stack, bytes], sandbox: CleverSandbox, evidence: Evidence) -> Callable[[str], School]:
    return lambda account: School(grown[0], sandbox, evidence, account)


def _shards(school: School, run: str) -> int:
    return int(school.local.run(run)["progress"]["of"])


def test_several_shards_make_the_same_table(grown: tuple[Stack, bytes], fresh: Callable[[str], School]) -> None:
    school = fresh("42000001")
    report = school.applied()
    assert _shards(school, report["run"]) == SHARDS
    assert school.table() == grown[1], difference(grown[1], school.table())
    assert report["writes"] == len(school.items())
    again = school.applied()
    assert (moved(again), again["writes"]) == ({}, 0)


def test_an_account_grows_out_of_one_shard(grown: tuple[Stack, bytes], fresh: Callable[[str], School]) -> None:
    school = fresh(ACCOUNT)
    report = school.applied()
    # nothing moved, so nothing was applied: four passes over each shard, and one look at all newcomers
    assert _shards(school, report["run"]) == 4 * SHARDS + 1
    assert (moved(report), report["writes"]) == ({}, 0)
    assert school.table() == grown[1]


def test_leavers_and_joiners_in_every_shard(
    grown: tuple[Stack, bytes], fresh: Callable[[str], School], sandbox: CleverSandbox
) -> None:
    school = fresh(LATER)
    leaving = enrolled_of(sandbox.district)[::4]
    gone = [sandbox.district.leave(student) for student in leaving]
    try:
        assert school.applied()["counts"]["student"]["departed"] == len(leaving)
    finally:
        for records in reversed(gone):
            sandbox.district.come_back(records)
    assert school.applied()["counts"]["student"]["returned"] == len(leaving)
    assert school.table() == grown[1], difference(grown[1], school.table())


@pytest.mark.parametrize("phase", ["before", "after"])
@pytest.mark.parametrize("batch", [0, 3])
def test_killed_among_shards_that_are_applied_at_once(
    batch: int, phase: str, grown: tuple[Stack, bytes], fresh: Callable[[str], School]
) -> None:
    school = fresh(f"4300000{batch}{phase[0]}")
    seen: list[AwsRequest] = []

    def kill(request: AwsRequest) -> None:
        if request.action == "BatchWriteItem" and request.phase == phase:
            seen.append(request)
            if len(seen) == batch + 1:
                request.kill_worker()

    with observed(school, kill):
        report = school.applied()
    assert seen[batch].killed
    assert school.table() == grown[1], difference(grown[1], school.table())
    assert report["writes"] == len(school.items())
    assert left_behind(school) == ""


def test_when_one_shard_fails_for_good_the_others_are_waited_for(
    grown: tuple[Stack, bytes], fresh: Callable[[str], School], sandbox: CleverSandbox
) -> None:
    """The failure frees the locks: a shard that still wrote would write over what the next run has planned."""
    school = fresh("44000001")
    theirs = f"student#{enrolled_of(sandbox.district)[0]}".encode()
    given_up, written = threading.Event(), list[str]()
    killed = list[AwsRequest]()

    def strike(request: AwsRequest) -> None:
        if request.action == "BatchWriteItem" and request.phase == "before":
            if theirs in request.body:
                killed.append(request)
                request.kill_worker()
                if len(killed) == 6:
                    given_up.set()
            else:
                given_up.wait(60)
                time.sleep(0.5)  # the state machine has heard of the failure by now
        elif request.action in WRITES and request.phase == "after":
            written.append(request.action)

    end = school.stack.observe(strike)
    try:
        report = school.run()
        time.sleep(1.5)
    finally:
        end()
    assert (report["status"], len(killed)) == ("failed", 6)
    assert written.count("BatchWriteItem") >= SHARDS - 1
    assert written[-1] == "TransactWriteItems", written
    assert "start the import again" in report["error"]["help"]
    assert school.applied()
    assert school.table() == grown[1], difference(grown[1], school.table())
    assert left_behind(school) == ""
