"""A worker dies at any request it sends to AWS: the state machine tries again, and nobody can tell afterwards.

Before and after every page, every batch and every transaction; at a deterministic sample of all other requests.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from local.observe import AwsRequest
from local.sandbox.clever import CleverSandbox
from local.sandbox.serving import Request
from tests.e2e.crashes import (
    APPLIED,
    FILES,
    IMPORTER,
    PAGES,
    Point,
    Undisturbed,
    left_behind,
    run_killed_once,
)
from tests.e2e.toolkit import School, difference, observed

SAMPLED = 6
Open = Callable[..., School]
Fresh = Callable[[], School]


def test_requests_come_in_the_same_order_every_time(fresh: Fresh, undisturbed: Undisturbed) -> None:
    """Otherwise the n-th request would be another one in every run, and some would never be killed."""
    again = Undisturbed.of(fresh())
    assert [(r.function, r.action) for r in again.requests] == [(r.function, r.action) for r in undisturbed.requests]
    assert again.table == undisturbed.table
    assert undisturbed.report["requests"] == PAGES, "one request a page"
    assert len(undisturbed.staged("after")) == FILES, "and one file a list"
    assert len(undisturbed.applied()) == APPLIED, "batches, and transactions"


@pytest.mark.matrix
@pytest.mark.parametrize("file", range(FILES))
def test_killed_after_pages_were_staged(file: int, fresh: Fresh, undisturbed: Undisturbed) -> None:
    """And nobody heard of it."""
    _check(undisturbed.staged("after")[file], fresh(), undisturbed)


@pytest.mark.matrix
@pytest.mark.parametrize("step", range(APPLIED))
def test_killed_at_a_batch(step: int, fresh: Fresh, undisturbed: Undisturbed) -> None:
    _check(undisturbed.applied()[step], fresh(), undisturbed)


@pytest.mark.matrix
@pytest.mark.parametrize("sample", range(SAMPLED))
def test_killed_at_any_other_request(sample: int, fresh: Fresh, undisturbed: Undisturbed) -> None:
    _check(undisturbed.others(SAMPLED)[sample], fresh(), undisturbed)


def _check(point: Point, school: School, undisturbed: Undisturbed) -> None:
    report = run_killed_once(school, point)
    assert report["status"] == "applied", (point, report)
    assert school.table() == undisturbed.table, f"{point}: {difference(undisturbed.table, school.table())}"
    assert _said(report) == _said(undisturbed.report), point
    assert left_behind(school) == "", point


def _said(report: dict[str, object]) -> dict[str, object]:
    """A killed turn asks the provider again, so `requests` may differ."""
    return {name: report[name] for name in ("counts", "warnings", "reasons", "writes")}


@pytest.mark.matrix
@pytest.mark.parametrize("first", range(0, PAGES - 1, 3))
def test_killed_while_the_provider_serves_pages(
    first: int, fresh: Fresh, undisturbed: Undisturbed, sandbox: CleverSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the page is staged: at every page in turn, three of them in one run, for a step may die repeatedly."""
    asked = list(dict.fromkeys(target for _, target, _ in sandbox.requests))
    assert len(asked) == PAGES - 1, "the district is asked for twice"
    killed = _run_killed_at(asked[first : first + 3], fresh(), undisturbed, sandbox, monkeypatch)
    assert sorted(killed) == sorted(asked[first : first + 3]), "lists are read side by side"


def _run_killed_at(
    targets: list[str],
    school: School,
    undisturbed: Undisturbed,
    sandbox: CleverSandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> list[str]:
    last: list[AwsRequest] = []
    killed: list[str] = []
    honest = sandbox.answer

    def answer(request: Request) -> object:
        if request.target in targets and request.target not in killed:
            killed.append(request.target)
            last[-1].kill_worker()
        return honest(request)

    remember = observed(school, lambda r: last.append(r) if r.function == IMPORTER else None)
    with remember, monkeypatch.context() as patch:
        patch.setattr(sandbox, "answer", answer)
        report = school.run()
    assert report["status"] == "applied", report
    assert school.table() == undisturbed.table, difference(undisturbed.table, school.table())
    return killed
