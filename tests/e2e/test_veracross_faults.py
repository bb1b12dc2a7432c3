"""Every fault of the Veracross sandbox, once and for good: applied and correct, held, or failed with what to do.

Faults that damage an answer on its way are in test_veracross_wire.py.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.sandbox.faults import Fault
from local.sandbox.veracross_faults import VERACROSS_FAULTS
from local.stack import Stack
from tests.e2e.test_veracross_wire import WIRE
from tests.e2e.toolkit import Evidence
from tests.e2e.veracross import Open, plain, schools, stored, truth
from tests.e2e.veracross_faults import STUDENTS, Case, Pupil, Record, spend_a_night

CASES = (
    Case("empty_list", "held"),
    *(Case("empty_list", "held", "", f"*/{name}*") for name in ("students", "parents", "relationships")),
    *(Case("empty_list", "held", "", f"*/academics/{name}*") for name in ("classes", "enrollments")),
    Case("empty_list", "applied", "", "*/grading_periods*"),
    Case("empty_list", "applied", "person_not_shared", "*/staff_faculty*"),
    Case("half_gone", "held"),
    *(Case("half_gone", "held", "", f"*/{name}*") for name in ("students", "parents", "relationships")),
    Case("half_gone", "held", "", "*/enrollments*"),
    Case("same_cursor", "failed", "ContractBroken"),
    Case("same_cursor", "failed", "ContractBroken", STUDENTS, 2),
    Case("empty_last_page", "applied", "source_incomplete"),  # here it is padded with rows that came before
    Case("empty_last_page", "applied", "source_incomplete", STUDENTS),
    Case("repeated_rows", "applied", "source_incomplete"),
    Case("rows_inserted", "applied", "", STUDENTS, 2),
    Case("token_revoked", "applied"),
    Case("token_revoked", "applied", "", STUDENTS, 2),
    Case("token_withdrawn", "failed", "CredentialRejected"),
    Case("scope_removed", "failed", "AccessMissing"),
    Case("scope_removed", "failed", "AccessMissing", STUDENTS, 2),
)


@pytest.fixture(scope="module")
def open_veracross(stack: Stack, evidence: Evidence) -> Iterator[Open]:
    with schools(stack, evidence) as open_one:
        yield open_one


@pytest.fixture(scope="module")
def pupil(open_veracross: Open) -> Pupil:
    return Pupil(open_veracross)


def test_every_fault_of_the_sandbox_has_a_case() -> None:
    assert {case.name for case in (*CASES, *WIRE)} == set(VERACROSS_FAULTS)


@pytest.mark.matrix
@pytest.mark.parametrize("case", CASES, ids=str)
def test_fault(case: Case, pupil: Pupil, record_property: Record) -> None:
    report = spend_a_night(case, pupil, record_property)
    if case.name == "scope_removed":
        assert "Missing: " in report["error"]["help"]


def test_who_joins_while_the_enrollments_are_read_is_there_the_night_after_at_the_latest(open_veracross: Open) -> None:
    """The list of students may have been read by then: lists are read side by side."""
    school = open_veracross(plain(30), size=25)
    school.sandbox.faults.add(Fault("rows_inserted", "*/enrollments*", 2))
    school.applied()
    if stored(school) != truth(school.source):
        school.applied()
    assert stored(school) == truth(school.source)


@pytest.mark.parametrize("name", ["students", "enrollments"])
def test_the_first_night_survives_a_source_that_shows_nothing(name: str, open_veracross: Open) -> None:
    """Nothing was there to lose; the next night brings everybody."""
    school = open_veracross(plain(15))
    school.sandbox.faults.add(Fault("empty_list", f"*/{name}*"))
    assert school.run()["counts"]["student"]["created"] == 0
    school.sandbox.faults.clear()
    school.applied()
    assert stored(school) == truth(school.source)


def test_half_of_the_staff_list_gone_leaves_teachers_as_they_were(open_veracross: Open) -> None:
    school = open_veracross()
    school.applied()
    before = {key: contact.email for key, contact in school.contacts().items() if key[0] == "teacher"}
    school.sandbox.faults.add(Fault("half_gone", "*/staff_faculty*"))
    school.run()
    assert {key: contact.email for key, contact in school.contacts().items() if key[0] == "teacher"} == before
