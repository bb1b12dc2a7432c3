"""Costs follow from counts: every sum here is one that can be done by hand."""

from __future__ import annotations

from typing import Any

import pytest

from bench import prices as p
from bench.cost import Night, foretells, line, night
from bench.costpage import within


def counted(students: int) -> dict[str, Any]:
    """One of everything a thousand students."""
    n = students // 1000
    counted = "pages items write_units index_units BatchWriteItem s3_put s3_put_bytes s3_list s3_get"
    asked = dict.fromkeys(counted.split(), n)
    steps = {"pull": 1.0 * n, "plan": 2.0 * n, "apply": 3.0 * n}
    return {"first": {"asked": asked, "turns": {"apply": n}, "state_bytes": 1000 + n, "cpu": steps}}


SCALES = {size: counted(size) for size in (1000, 10_000)}


def a_night(**more: Any) -> Night:
    nothing = dict.fromkeys(Night.__dataclass_fields__, 0)
    return Night(**{**nothing, "shards": 1, **more})


@pytest.mark.parametrize(("at", "wanted"), [(1000, 1), (5500, 5.5), (10_000, 10), (20_000, 20), (500, 0.5), (0, 0)])
def test_the_straight_line(at: int, wanted: float) -> None:
    assert line([(10_000, 10), (1000, 1)], at) == pytest.approx(wanted)


def test_the_line_goes_through_the_two_nearest() -> None:
    known = [(1, 0.0), (10, 90.0), (100, 180.0)]
    assert line(known, 55) == 135
    assert line(known, 190) == 270
    assert line([(10, 5.0)], 20) == 10


def test_what_grows_with_pages_and_shards_is_told_by_them() -> None:
    assert foretells([(1, 2), (10, 20), (400, 800)], [(1, 2), (10, 20), (100, 800)])
    assert not foretells([(1, 2), (10, 20), (400, 200)], [(1, 2), (10, 20), (100, 200)])
    assert not foretells([(1, 2), (10, 20)], [(1, 2), (9, 20)])


def test_counts_at_a_million() -> None:
    one = night(SCALES, 1_000_000, "first")
    assert (one.pages, one.units, one.state_bytes, one.plan) == (1000, 2000, 2000, 2000.0)
    assert one.shards == 256  # no more than there are slots


def test_the_dollars_of_a_night() -> None:
    one = a_night(units=1_000_000, s3_put=500, s3_list=500, s3_get=1000)
    costs = one.costs()
    assert costs["DynamoDB"] == pytest.approx(0.625 + one.small_writes * 0.625e-6 + 4 * one.calls * 0.125e-6)
    assert costs["S3"] == pytest.approx(0.005 + 0.0004)
    assert costs["Step Functions"] == pytest.approx(one.transitions * 0.025 / 1000)
    assert costs["Lambda"] == pytest.approx(one.lambda_seconds * p.LAMBDA_GB * 0.0000133334 + one.calls * 0.2e-6)
    assert one.total == pytest.approx(sum(costs.values()))


def test_the_smallest_run_goes_through_every_state_once() -> None:
    one = a_night()
    assert (one.calls, one.choices, one.transitions) == (6, 4, 11)  # as infra/sync.asl.json has them
    assert one.events == 5 * 6 + 2 * 4 + 2 + 4 + 2


def test_turns_follow_pages_and_time() -> None:
    assert a_night(pages=41).pull_turns == 3
    assert a_night(pull=3 * 660.0).pull_turns == 3
    assert a_night(plan=840.5).plan_turns == 2


def test_a_new_table_makes_the_writes_wait() -> None:
    assert a_night(units=400_000, shards=8).apply_seconds == 8 * 100
    assert a_night(units=4000, apply=50.0).apply_seconds == 50


def test_limits_are_told() -> None:
    assert within(a_night()) == "yes"
    assert within(a_night(pages=100_000)) == "too many events, longer than 6 hours"
    assert within(a_night(state_bytes=300_000)) == "too large a state"
