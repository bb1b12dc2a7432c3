"""A run dies and nobody finishes it: the next run leaves the very table that an undisturbed one would have left.

At every page, before and after every batch and every transaction; at a deterministic sample of all other requests.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from local.sandbox.clever import CleverSandbox
from local.sandbox.clever_data import CleverDistrict
from local.show import report_lines
from tests.e2e.crashes import (
    APPLIED,
    FILES,
    Point,
    Undisturbed,
    left_behind,
    run_abandoned,
    run_killed_for_good,
)
from tests.e2e.toolkit import School, difference, enrolled_of

SAMPLED = 4
Open = Callable[..., School]
Fresh = Callable[[], School]


def test_the_points_are_as_many_as_are_tested(undisturbed: Undisturbed) -> None:
    assert (len(undisturbed.staged("before")), len(undisturbed.applied())) == (FILES, APPLIED)


@pytest.mark.matrix
@pytest.mark.parametrize("file", range(FILES))
def test_abandoned_before_pages_are_staged(file: int, fresh: Fresh, undisturbed: Undisturbed) -> None:
    """The lists before are staged then, and this one and those after it never will be."""
    _check(undisturbed.staged("before")[file], fresh(), undisturbed)


@pytest.mark.matrix
@pytest.mark.parametrize("step", range(APPLIED))
def test_abandoned_at_a_batch(step: int, fresh: Fresh, undisturbed: Undisturbed) -> None:
    _check(undisturbed.applied()[step], fresh(), undisturbed)


@pytest.mark.matrix
@pytest.mark.parametrize("sample", range(SAMPLED))
def test_abandoned_at_any_other_request(sample: int, fresh: Fresh, undisturbed: Undisturbed) -> None:
    _check(undisturbed.others(SAMPLED)[sample], fresh(), undisturbed)


def _check(point: Point, school: School, undisturbed: Undisturbed) -> None:
    run_abandoned(school, point)
    report = school.run()
    assert report["status"] == "applied", (point, report)
    assert school.table() == undisturbed.table, f"{point}: {difference(undisturbed.table, school.table())}"
    assert left_behind(school) == "", point


def test_no_worker_ever_comes_up_again(fresh: Fresh, undisturbed: Undisturbed) -> None:
    """Each retry of a batch dies, and so does the step that would have recorded the failure."""
    school = fresh()
    report = run_killed_for_good(school, undisturbed.applied()[3])
    assert report["status"] == "failed"
    assert report["error"]["help"], "also whoever watched this run is told what to do"
    _the_next_run_is_as_good_as_undisturbed(school, undisturbed)


def test_applying_dies_for_good_and_the_failure_is_recorded(fresh: Fresh, undisturbed: Undisturbed) -> None:
    """A first batch is in the table, the others never are: the report must not say that nothing was changed."""
    school = fresh()
    first = next(p for p in undisturbed.applied() if "BatchWriteItem" in p.what)
    report = run_killed_for_good(school, first, during="BatchWriteItem")
    assert 0 < len(school.items()) < undisturbed.report["writes"]
    assert school.local.run(report["run"])["status"] == report["status"] == "failed"
    assert "start the import again" in report["error"]["help"]
    assert "partly updated" in report["error"]["message"]
    assert report["writes"] is None
    assert "othing was changed" not in json.dumps(report)
    assert "othing was changed" not in " ".join(report_lines(report))
    _the_next_run_is_as_good_as_undisturbed(school, undisturbed)


def _the_next_run_is_as_good_as_undisturbed(school: School, undisturbed: Undisturbed) -> None:
    school.applied()
    assert school.table() == undisturbed.table, difference(undisturbed.table, school.table())
    assert left_behind(school) == ""
    assert school.applied()["writes"] == 0


def test_an_interrupted_run_is_called_so(fresh: Fresh, undisturbed: Undisturbed) -> None:
    """By the event of its end, or by the next run, whichever comes first."""
    school = fresh()
    ended = run_abandoned(school, undisturbed.applied()[3])
    school.applied()
    assert school.local.run(ended["run"])["status"] in ("failed", "interrupted")


@pytest.mark.parametrize("phase", ["before", "after"])
def test_what_a_dead_run_wrote_is_taken_back_when_the_source_has_lost_it(
    phase: str, fresh: Fresh, undisturbed: Undisturbed, sandbox: CleverSandbox
) -> None:
    """The student joined, the run died half-way through applying, the student left: no ghost among the classes."""
    school = fresh()
    point = next(p for p in undisturbed.applied()[::-1] if p.phase == phase)
    student = enrolled_of(sandbox.district)[2]
    run_abandoned(school, point)
    gone = sandbox.district.leave(student)
    try:
        report = school.run()
        assert report["status"] == "applied"
        reference = fresh()
        reference.applied()
    finally:
        sandbox.district.come_back(gone)
    active = {i["pk"]["S"] + i["sk"]["S"] for i in school.items() if "inactive_since" not in i}
    assert active == {i["pk"]["S"] + i["sk"]["S"] for i in reference.items()}
    assert school.contacts()["student", student].inactive_since
    school.applied()
    assert school.table() == undisturbed.table, difference(undisturbed.table, school.table())


@contextmanager
def _changed(district: CleverDistrict) -> Iterator[None]:
    """One student and their parents leave, another is renamed, a class meets at another time."""
    leaver, renamed = enrolled_of(district)[1:3]
    section = next(iter(district.tables["sections"].rows))
    name, period = district.tables["users"].get(renamed)["name"], district.tables["sections"].get(section)["period"]
    gone = district.leave(leaver)
    district.edit("users", renamed, name={**name, "first": "Renamed"})
    district.edit("sections", section, period="9")
    try:
        yield
    finally:
        district.come_back(gone)
        district.edit("users", renamed, name=name)
        district.edit("sections", section, period=period)


def test_a_night_that_died_is_undone_when_the_source_takes_its_changes_back(
    fresh: Fresh, sandbox: CleverSandbox
) -> None:
    """Of the changes that were begun, nobody knows which were written: each must be written again or taken back.

    At every batch and transaction of that night; afterwards the table is that of the night before, byte for byte.
    """
    school, other = fresh(), fresh()
    school.applied()
    other.applied()
    before = school.table()
    with _changed(sandbox.district):
        night = Undisturbed.of(other)
    assert other.table() != before
    assert len(night.applied()) >= 5, "two transactions, before and after, and a batch"
    for point in night.applied():
        with _changed(sandbox.district):
            run_abandoned(school, point)
        school.applied()
        assert school.table() == before, f"{point}: {difference(before, school.table())}"
        assert left_behind(school) == "", point
