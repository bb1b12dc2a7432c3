"""What may happen to an answer of Veracross' on its way: damaged, late, refused or replaced, once and for good."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from local.sandbox.faults import Fault
from local.stack import Stack
from tests.e2e.shared import TIME_SCALE
from tests.e2e.toolkit import Evidence
from tests.e2e.veracross import Open, plain, schools, stored, truth
from tests.e2e.veracross_faults import STUDENTS, TOKENS, Case, Pupil, Record, spend_a_night


def passing(name: str, status: str = "applied", code: str = "") -> Case:
    """Strikes the second page of students, once."""
    return Case(name, status, code, STUDENTS, 2, 1)


def lasting(name: str, code: str = "ProviderUnavailable", path: str = STUDENTS) -> Case:
    """Strikes the second and each later page."""
    return Case(name, "failed", code, path, 2, None)


def token(name: str, status: str = "applied", code: str = "", times: int | None = 1) -> Case:
    """Strikes the request for a new token, of which this night needs one."""
    return Case(name, status, code, TOKENS, 1, times, anew=True)


WIRE = (
    *(passing(name) for name in ("too_many", "too_many_bare", "too_many_retry_after")),
    *(passing(name) for name in ("error_500", "error_502", "error_503", "slow", "truncated", "cut_json", "reset")),
    passing("html_200"),
    passing("html_404", "failed", "AccessMissing"),
    passing("no_list_key", "failed", "ContractBroken"),
    passing("bare_array", "failed", "ContractBroken"),
    *(lasting(name) for name in ("too_many", "error_500", "html_200")),
    *(token(name) for name in ("too_many", "error_500", "reset", "html_200")),
    token("error_500", "failed", "ProviderUnavailable", None),
    token("html_404", "failed", "NotSetUp"),
    token("bare_array", "failed", "ContractBroken"),
)


@pytest.fixture(scope="module")
def open_veracross(stack: Stack, evidence: Evidence) -> Iterator[Open]:
    with schools(stack, evidence) as open_one:
        yield open_one


@pytest.fixture(scope="module")
def pupil(open_veracross: Open) -> Pupil:
    return Pupil(open_veracross)


@pytest.mark.matrix
@pytest.mark.parametrize("case", WIRE, ids=str)
def test_fault(case: Case, pupil: Pupil, record_property: Record) -> None:
    spend_a_night(case, pupil, record_property)


def test_the_state_machine_waits_for_the_end_of_the_window_not_the_function(open_veracross: Open) -> None:
    """Its waits are hundreds of times shorter here; a function that slept would take all that it is asked to."""
    school = open_veracross(plain(15))
    school.sandbox.faults.add(Fault("too_many", STUDENTS, times=1, seconds=3 / TIME_SCALE))
    started = time.monotonic()
    school.applied()
    assert 3 < time.monotonic() - started < 30


def test_a_lasting_fault_leaves_nothing_that_stops_the_next_run(open_veracross: Open) -> None:
    school = open_veracross(plain(15))
    school.sandbox.faults.add(Fault("html_200", times=None))
    assert school.run()["status"] == "failed"
    school.sandbox.faults.clear()
    school.applied()
    assert stored(school) == truth(school.source)
