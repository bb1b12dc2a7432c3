"""Where a crash may happen, and how to make it happen there: SIGKILL of a worker at one of its AWS requests.

Requests are counted over the run; with one shard and one event they come in the same order every time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import NamedTuple

from local.observe import AwsRequest
from local.run_import import follow
from local.sandbox.clever import CleverSandbox
from roster import keys
from tests.e2e.toolkit import Report, School, observed, tiny

IMPORTER = "local-import-clever"
WRITES = ("BatchWriteItem", "TransactWriteItems")


class Point(NamedTuple):
    """The n-th AWS request of a run's workers, and whether the kill comes before or after it is executed."""

    n: int
    phase: str
    what: str

    def __str__(self) -> str:
        return f"{self.phase} request {self.n} ({self.what})"


@dataclass
class Undisturbed:
    """One run that nobody disturbed: its table, its report, and every point at which it could have been."""

    table: bytes
    report: Report
    requests: list[AwsRequest] = field(repr=False)

    @classmethod
    def of(cls, school: School) -> Undisturbed:
        seen: list[AwsRequest] = []
        with observed(school, lambda r: seen.append(r) if r.phase == "before" else None):
            report = school.applied()
            _ended(school, str(report["run"]))
        return cls(school.table(), report, seen)

    def staged(self, phase: str) -> list[Point]:
        """Each file of facts: what a turn has read of one list."""
        return [point for point in self._points(_is_staged) if point.phase == phase]

    def applied(self) -> list[Point]:
        """Each state that the batches and the transactions can leave: before and after each transaction, after each
        batch. (Before a batch is after the one before it, or after the transaction: only reads lie between.)
        """
        points = self._points(_is_applied)
        return [point for point in points if point.phase == "after" or "Transact" in point.what]

    def others(self, count: int) -> list[Point]:
        """So many of all other requests, evenly, before and after by turns."""
        rest = self._points(lambda request: not _is_staged(request) and not _is_applied(request))
        return [rest[2 * (i * len(rest) // (2 * count)) + i % 2] for i in range(count)]

    def _points(self, wanted: Callable[[AwsRequest], bool]) -> list[Point]:
        return [
            Point(n, phase, f"{request.function.removeprefix('local-')} {request.action}")
            for n, request in enumerate(self.requests)
            if wanted(request)
            for phase in ("before", "after")
        ]


def _ended(school: School, run: str) -> None:
    """The record says how the run ended a moment before its last function has."""
    machine = school.stack.outputs["SyncArn"].replace(":stateMachine:", ":execution:")
    states, until = school.stack.client("stepfunctions"), monotonic() + 30
    while states.describe_execution(executionArn=f"{machine}:{run}")["status"] == "RUNNING" and monotonic() < until:
        sleep(0.05)


def _is_staged(request: AwsRequest) -> bool:
    """Notes and help texts are zlib; a file of facts is not."""
    return request.function == IMPORTER and request.action == "PutObject" and request.body[:1] != b"\x78"


def _is_applied(request: AwsRequest) -> bool:
    return request.action in WRITES


@dataclass
class Assassin:
    """Kills the worker at a point; with `again`, whoever comes after it too, for as long as it is on duty."""

    point: Point
    again: bool = False
    then: Callable[[], None] = lambda: None
    seen: int = -1
    kills: int = 0

    def __call__(self, request: AwsRequest) -> None:
        self.seen += request.phase == "before"
        here = self.seen == self.point.n and request.phase == self.point.phase
        if (here and not self.kills) or (self.kills and self.again):
            self.kills += 1
            self.then()
            request.kill_worker()


# How many points of each kind the district below has; the tests are parametrised before a stack is there to ask.
PAGE_SIZE, PAGES, FILES, APPLIED = 10, 10, 4, 6


def district_to_kill() -> CleverSandbox:
    return CleverSandbox.start(tiny())


def run_killed_once(school: School, point: Point) -> Report:
    """The state machine tries the killed step again."""
    assassin = Assassin(point)
    with observed(school, assassin):
        report = school.run()
    assert assassin.kills == 1, f"never reached: {point}"
    return report


def run_abandoned(school: School, point: Point) -> Report:
    """Killed at the point, and the execution is stopped with it: nobody cleans up."""
    states, machine = school.stack.client("stepfunctions"), school.stack.outputs["SyncArn"]
    run: list[str] = []

    def stop() -> None:
        arn = machine.replace(":stateMachine:", ":execution:") + f":{run[0]}"
        states.stop_execution(executionArn=arn)

    assassin = Assassin(point, then=stop)
    with observed(school, lambda request: assassin(request) if run else None):
        run.append(school.start())
        report = follow(school.local, run[0], lambda progress: None)
    assert assassin.kills == 1, f"never reached: {point}"
    return report


def run_killed_for_good(school: School, point: Point, during: str = "") -> Report:
    """Killed at the point, and every worker after it at its first request, or at its first of one action."""
    assassin = Assassin(point, again=True)

    def strike(request: AwsRequest) -> None:
        if not assassin.kills or not during or request.action == during:
            assassin(request)

    with observed(school, strike):
        report = follow(school.local, school.start(), lambda progress: None)
    assert assassin.kills >= 6, f"only {assassin.kills} kills: {point}"
    return report


def left_behind(school: School) -> str:
    """Locks and marks that an ended run must not leave."""
    held = [key for key in (keys.account_lock(school.account), keys.event_lock(school.account, school.event))
            if _get(school, key)]  # fmt: skip
    marked = [key for key in (keys.integration(school.account), keys.event(school.account, school.event))
              if "applying" in _get(school, key)]  # fmt: skip
    return f"locks {held}, marks {marked}" if held or marked else ""


def _get(school: School, key: keys.Key) -> dict[str, object]:
    asked = {"pk": {"S": key.pk}, "sk": {"S": key.sk}}
    found = school.stack.client("dynamodb").get_item(TableName=school.local.table, Key=asked)
    return dict(found.get("Item", {}))
