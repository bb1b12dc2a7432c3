"""What a night costs on AWS and how long it takes, from what was counted here and from AWS's list prices.

Counts are measured at a few sizes (bench.counted) and drawn on in a straight line through the two nearest: over
students, or over pairs of page and shard where that foretells the largest measured size better. What the benchmark
keeps in memory (progress, locks) is added by formula; duration adds assumed latencies (bench.prices) to CPU time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil
from typing import Any

from bench import prices as p
from bench.counted import COUNTS, STEPS

Scales = Mapping[int, Mapping[str, Any]]
PASSES = 5  # of a plan over each shard, at most
BEGIN_AND_END = 12  # small writes of one run: locks, the run's record, what it ends with


def line(known: Sequence[tuple[int, float]], at: int) -> float:
    """The straight line through the two known points nearest to `at`; never below zero."""
    if len(known) == 1:
        return known[0][1] * at / known[0][0]
    ordered = sorted(known)
    index = next((n for n, (x, _) in enumerate(ordered) if x >= at), len(ordered) - 1)
    (x0, y0), (x1, y1) = ordered[max(0, index - 1) : max(0, index - 1) + 2]
    return max(0.0, y0 + (y1 - y0) * (at - x0) / (x1 - x0))


@dataclass(frozen=True)
class Night:
    """One run, as AWS would see it."""

    pages: int
    items: int
    units: int
    batches: int
    s3_put: int
    s3_list: int
    s3_get: int
    shards: int
    state_bytes: int
    staged_bytes: int
    pull: float  # seconds of work, without waiting
    plan: float
    apply: float

    @property
    def s3_requests(self) -> int:
        return self.s3_put + self.s3_list + self.s3_get

    # -- seconds that Lambdas run

    @property
    def pull_seconds(self) -> float:
        return self.pull + self.pages * (p.PAGE_SECONDS + p.S3_SECONDS)

    @property
    def plan_seconds(self) -> float:
        """Every request to S3 but the pull's one a page."""
        return self.plan + max(0, self.s3_requests - self.pages) * p.S3_SECONDS

    @property
    def apply_seconds(self) -> float:
        """Of all shards together; a new table takes no more than so many units a second, and everyone waits."""
        waiting = self.batches * p.WRITE_SECONDS / p.BATCHES_AT_ONCE
        return max(self.apply + waiting, self.units / p.NEW_TABLE * self.at_once)

    @property
    def at_once(self) -> int:
        return max(1, min(p.MAP_AT_ONCE, self.shards))

    @property
    def lambda_seconds(self) -> float:
        return self.pull_seconds + self.plan_seconds + self.apply_seconds

    @property
    def duration(self) -> float:
        """From start to end, in seconds."""
        running = self.pull_seconds + self.plan_seconds + self.apply_seconds / self.at_once
        return running + self.transitions_in_a_row * p.CALL_SECONDS

    # -- the state machine

    @property
    def pull_turns(self) -> int:
        by_time = self.pull_seconds / (p.LAMBDA_SECONDS - p.PULL_RESERVE)
        return max(1, ceil(self.pages / p.PAGES_A_TURN), ceil(by_time))

    @property
    def plan_turns(self) -> int:
        return max(1, ceil(self.plan_seconds / (p.LAMBDA_SECONDS - p.PLAN_RESERVE)))

    @property
    def calls(self) -> int:
        """Begin, Pull, Plan, Guard, ApplyShard, Finish."""
        return 3 + self.pull_turns + self.plan_turns + self.shards

    @property
    def choices(self) -> int:
        """PulledAll, PlannedAll, Verdict, AppliedAll."""
        return self.pull_turns + self.plan_turns + 2

    @property
    def transitions(self) -> int:
        return self.calls + self.choices + 1  # and Apply itself

    @property
    def transitions_in_a_row(self) -> int:
        return self.transitions - self.shards + ceil(self.shards / p.MAP_AT_ONCE)

    @property
    def events(self) -> int:
        """Five of each call, two of each choice and iteration, four of the map, two of the execution."""
        return 5 * self.calls + 2 * self.choices + 2 * self.shards + 4 + 2

    # -- dollars

    @property
    def small_writes(self) -> int:
        """Progress after each page and each task of the plan and shard, and what begins and ends a run."""
        return self.pages + PASSES * self.shards + self.shards + BEGIN_AND_END

    def costs(self) -> dict[str, float]:
        reads = p.CALL_READS * self.calls
        return {
            "DynamoDB": (self.units + self.small_writes) * p.DYNAMODB_WRITE + reads * p.DYNAMODB_READ,
            "S3": (self.s3_put + self.s3_list) * p.S3_PUT + self.s3_get * p.S3_GET,
            "Lambda": self.lambda_seconds * p.LAMBDA_GB * p.LAMBDA_SECOND + self.calls * p.LAMBDA_CALL,
            "Step Functions": self.transitions * p.TRANSITION,
        }

    @property
    def total(self) -> float:
        return sum(self.costs().values())


def night(scales: Scales, students: int, name: str) -> Night:
    """The night of that name at any number of students."""

    def over_students(*path: str, of: str = name) -> float:
        return line([(size, _dig(nights[of], path)) for size, nights in scales.items()], students)

    def shards(of: str) -> int:
        return _power_of_two(over_students("turns", "apply", of=of))

    def pairs(size: int) -> int:
        return int(_dig(scales[size]["first"], ("asked", "pages")) * _dig(scales[size]["first"], ("turns", "apply")))

    here = ceil(over_students("asked", "pages", of="first")) * shards("first")

    def at(*path: str) -> float:
        counts = {size: _dig(nights[name], path) for size, nights in scales.items()}
        known = [(pairs(size), count) for size, count in counts.items()]
        return line(known, here) if foretells(known, list(counts.items())) else over_students(*path)

    asked = partial(at, "asked")
    return Night(
        pages=ceil(asked("pages")),
        items=round(asked("items")),
        units=round(asked("write_units") + asked("index_units")),
        batches=ceil(asked("BatchWriteItem")),
        s3_put=ceil(asked("s3_put")),
        s3_list=ceil(asked("s3_list")),
        s3_get=ceil(asked("s3_get")),
        shards=shards(name),
        state_bytes=ceil(over_students("state_bytes")),
        staged_bytes=ceil(asked("s3_put_bytes")),
        **{step: at("cpu", step) for step in STEPS},
    )


def foretells(one: Sequence[tuple[int, float]], other: Sequence[tuple[int, float]]) -> bool:
    """Whether the first measure, of all sizes but the largest, says more of the largest than the other does."""
    if len(one) < 3:
        return False
    (at_one, wanted), (at_other, _) = max(one), max(other)
    misses = [abs(line(sorted(known)[:-1], at) - wanted) for known, at in ((one, at_one), (other, at_other))]
    return misses[0] < misses[1]


def _dig(told: Any, path: Sequence[str]) -> float:
    for name in path:
        told = told[name]
    return float(told)


def _power_of_two(wanted: float) -> int:
    """The planner's own rule: a power of two, at most 256; none where nothing is applied."""
    return min(256, 1 << (ceil(wanted) - 1).bit_length()) if wanted else 0


def counted() -> tuple[str, Scales]:
    """When it was counted, and what."""
    if not COUNTS.exists():
        raise SystemExit("nothing has been counted yet: python -m bench count")
    told = json.loads(COUNTS.read_text())
    return told["date"], {int(size): nights for size, nights in told["scales"].items()}
