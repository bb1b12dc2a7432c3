"""Every fault that the sandbox knows, once and for good: applied and correct, held, or failed with what to do.

The roster is as it was unless the run was applied. One school goes through all of it: each fault strikes in a
night in which one student and one class have changed, so that an applied run shows.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from local.sandbox.faults import FAULTS, Fault
from tests.e2e.conftest import OUTCOMES_KEY
from tests.e2e.toolkit import School, difference, enrolled_of, students_of, tiny

Open = Callable[..., School]
Record = Callable[[str, Any], None]
STUDENTS = "*role=student*"


@dataclass(frozen=True)
class Case:
    """`code`: of the error where the run fails; of the warning where it is applied with one."""

    name: str
    status: str
    code: str = ""
    path: str = ""
    nth: int = 0
    times: int | None = -1
    listed: bool = False  # with client id and secret, so that the token can be read again

    @property
    def fault(self) -> Fault:
        return Fault(self.name, self.path, self.nth, self.times, seconds=0.5)

    def __str__(self) -> str:
        lasting = " for good" if self.times is None else ""
        shown = self.path.strip("*/").removeprefix("role=")
        where = f" ({shown})" if shown and self.times != 1 else ""
        return f"{self.name}{where}{lasting}{' with a listing' if self.listed else ''}"


def passing(name: str, status: str = "applied", code: str = "") -> Case:
    """Strikes the second page of students, once."""
    return Case(name, status, code, STUDENTS, 2, 1)


def lasting(name: str, code: str = "ProviderUnavailable", status: str = "failed", path: str = STUDENTS) -> Case:
    """Strikes the second and each later page."""
    return Case(name, status, code, path, 2, None)


CASES = (
    *(passing(name) for name in ("too_many", "too_many_bare", "too_many_retry_after")),
    *(passing(name) for name in ("error_500", "error_502", "error_503", "slow", "truncated", "cut_json", "reset")),
    passing("html_200"),
    passing("html_404", "failed", "AccessMissing"),
    passing("no_list_key", "failed", "ContractBroken"),
    passing("bare_array", "failed", "ContractBroken"),
    *(lasting(name) for name in ("too_many", "too_many_retry_after", "error_500")),
    *(lasting(name) for name in ("truncated", "cut_json", "reset", "html_200")),
    Case("contacts_forbidden", "applied", "contacts_not_shared"),
    Case("html_404", "applied", "contacts_not_shared", "*role=contact*"),
    Case("empty_list", "failed", "ContractBroken"),
    *(Case("empty_list", "held", "", path) for path in (STUDENTS, "*role=teacher*", "*role=contact*", "*/sections*")),
    Case("empty_list", "applied", "", "*/schools*"),
    Case("half_gone", "held"),
    Case("half_gone", "held", "", STUDENTS),
    Case("same_cursor", "failed", "ContractBroken"),
    Case("same_cursor", "failed", "ContractBroken", STUDENTS, 2),
    Case("empty_last_page", "applied"),
    Case("empty_last_page", "applied", "", STUDENTS),
    Case("repeated_rows", "applied"),
    Case("rows_inserted", "applied", "", STUDENTS, 2),
    Case("token_revoked", "failed", "CredentialRejected"),
    Case("token_revoked", "applied", listed=True),
    Case("token_withdrawn", "failed", "CredentialRejected"),
    Case("token_withdrawn", "failed", "CredentialRejected", listed=True),
    Case("synced_midway", "applied", "", STUDENTS, 2),
    Case("synced_midway", "applied", "source_moved", STUDENTS, 1, None),
    Case("district_paused", "applied"),
    Case("district_pending", "applied", "district_pending"),
    Case("district_error", "applied", "district_error"),
    Case("school_unshared", "held"),
)


class Pupil:
    """The school that goes through all of it, and what its table should be with and without the night's change."""

    def __init__(self, open_school: Open) -> None:
        self.open = open_school
        self._anew()
        self.tables = {False: self.school.table()}
        self._change(True)
        self.tables[True] = self._undisturbed()
        self._change(False)

    def _anew(self) -> None:
        self.school = self.open(tiny(40, 12), page_size=12)
        self.student = enrolled_of(self.school.district)[7]
        self.section = next(iter(self.school.district.tables["sections"].rows))
        self._change(False)
        self.school.applied()

    def _undisturbed(self) -> bytes:
        other = self.open(sandbox=self.school.sandbox)
        other.applied()
        return other.table()

    def _change(self, changed: bool) -> None:
        name = {"first": "Changed" if changed else "Kept", "last": "Student"}
        self.changed = changed
        self.school.district.edit("users", self.student, name=name)
        self.school.district.edit("sections", self.section, period="9" if changed else "8")

    def ready(self) -> School:
        """The school as it was left, in one of the two states, with the change to the other one pending."""
        for state in (False, True):
            if self.school.table() == self.tables[state]:
                self._change(not state)
                return self.school
        self._anew()
        return self.ready()


@pytest.fixture(scope="module")
def pupil(open_school: Open) -> Pupil:
    return Pupil(open_school)


def test_every_fault_of_the_sandbox_has_a_case() -> None:
    assert {case.name for case in CASES} == set(FAULTS)


@pytest.mark.matrix
@pytest.mark.parametrize("case", CASES, ids=str)
def test_fault(case: Case, pupil: Pupil, record_property: Record) -> None:
    school = pupil.ready()
    before = school.table()
    if case.listed:
        school.settle(secret=school.client_credentials())
    fault = case.fault
    school.sandbox.faults.add(fault)
    try:
        report = school.run()
    finally:
        school.sandbox.faults.clear()
    said = report.get("error", {}).get("help") or "; ".join(report.get("reasons", ())) or str(report["warnings"])
    code = report["error"]["code"] if report["status"] == "failed" else ""
    record_property(OUTCOMES_KEY, (str(case), f"{report['status']} {code}", said[:100]))
    _mend(school)

    assert fault.seen >= fault.nth, "the fault never struck"
    assert report["status"] == case.status, report
    if case.status == "applied":
        assert set(report["warnings"]) - {"student_without_birth_date", "email_invalid"} == set(
            [case.code] if case.code else []
        )
        assert school.table() == pupil.tables[pupil.changed], difference(pupil.tables[pupil.changed], school.table())
    else:
        assert school.table() == before, difference(before, school.table())
        assert report["writes"] == 0
    if case.status == "failed":
        assert code == case.code
        assert len(report["error"]["help"]) > 20
        assert report["error"]["message"]
    if case.status == "held":
        assert report["reasons"]
        assert all(any(letter.isdigit() for letter in reason) for reason in report["reasons"])


def _mend(school: School) -> None:
    """The provider is well again, whatever the fault did to it."""
    school.district.set_state("running")
    if school.sandbox.token is None:
        school.sandbox.rotate_token()
    school.settle()


@pytest.mark.parametrize("state", ["pending", "error"])
def test_nobody_leaves_on_the_word_of_an_unsettled_district(state: str, open_school: Open) -> None:
    school = open_school()
    school.applied()
    before, student = school.table(), enrolled_of(school.district)[0]
    gone = school.district.leave(student)
    school.district.set_state(state)
    report = school.applied()
    assert report["counts"]["student"]["departed"] == 0
    assert report["warnings"]["departures_held_back"] >= 1
    assert "inactive_since" not in str([i for i in school.items() if i["sk"]["S"].endswith(student)])
    school.district.set_state("running")
    assert school.applied()["counts"]["student"]["departed"] == 1
    school.district.come_back(gone)
    school.applied()
    assert school.table() == before, difference(before, school.table())


@pytest.mark.parametrize("path", [STUDENTS, "*/sections*"])
def test_the_first_night_survives_a_source_that_shows_nothing(path: str, open_school: Open) -> None:
    """Nothing was there to lose; the next night brings everybody."""
    school = open_school()
    school.sandbox.faults.add(Fault("empty_list", path))
    report = school.run()
    assert report["writes"] == len(school.items())
    school.sandbox.faults.clear()
    after = school.applied()
    assert after["counts"]["student"]["created"] == len(enrolled_of(school.district))
    undisturbed = open_school(sandbox=school.sandbox)
    undisturbed.applied()
    assert school.table() == undisturbed.table(), difference(undisturbed.table(), school.table())


def test_the_state_machine_waits_out_a_retry_after_not_the_function(open_school: Open) -> None:
    """Its waits are hundreds of times shorter here; a function that slept would take the 25 seconds."""
    school = open_school()
    school.sandbox.faults.add(Fault("too_many_retry_after", STUDENTS, times=1, seconds=25))
    started = time.monotonic()
    school.applied()
    assert time.monotonic() - started < 20


def test_a_lasting_fault_leaves_nothing_that_stops_the_next_run(open_school: Open) -> None:
    school = open_school()
    school.sandbox.faults.add(Fault("html_200", times=None))
    assert school.run()["status"] == "failed"
    school.sandbox.faults.clear()
    assert school.applied()["counts"]["student"]["created"] == len(students_of(school.district)) - 1
