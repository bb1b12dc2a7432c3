"""Every fault and every habit of the OneRoster and ClassLink sandboxes: applied and correct, held, or failed.

One district goes through all of it; each night one student has another name, so that an applied run shows. The
roster is as it was unless the run was applied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import or_
from typing import Any

import pytest

from local.sandbox.classlink import ClassLinkSandbox
from local.sandbox.faults import Fault
from local.sandbox.oneroster import ONEROSTER_FAULTS, OneRosterSandbox
from local.sandbox.oneroster_conduct import CONDUCTS, Conduct, conduct
from local.sandbox.oneroster_data import OneRosterDistrict
from local.stack import Stack
from tests.e2e.conftest import OUTCOMES_KEY
from tests.e2e.oneroster import OneRosterSchool, ProxiedSchool, stored, truth
from tests.e2e.toolkit import Evidence, account_numbers, created, difference, moved

USERS, ENROLLMENTS, DEMOGRAPHICS = "*/users[?]*", "*/enrollments[?]*", "*/demographics[?]*"
PAGE = 60
ALWAYS = {"student_without_birth_date", "email_invalid", "class_without_teacher", "dangling_relationship"}
Record = Callable[[str, Any], None]


@dataclass(frozen=True)
class Case:
    """`code`: of the error where the run fails; of the warning where it is applied with one."""

    told: str
    status: str = "applied"
    code: str = ""
    fault: Fault | None = None
    habit: Conduct = field(default_factory=Conduct)
    page: int = PAGE

    def __str__(self) -> str:
        return self.told


def struck(name: str, status: str = "applied", code: str = "", path: str = USERS, times: int | None = 1) -> Case:
    """Strikes the second page of users (or the first of another collection), once or for good."""
    shown = path.strip("*/").partition("[")[0]
    told = f"{name} ({shown}){' for good' if times is None else ''}"
    return Case(told, status, code, Fault(name, path, 2 if path == USERS else 1, times, seconds=0.5))


def habit(told: str, status: str = "applied", code: str = "", page: int = PAGE) -> Case:
    return Case(f"conduct {told}", status, code, None, conduct(told), page)


PASSING = (
    "too_many too_many_bare too_many_retry_after error_500 error_502 error_503 slow truncated cut_json reset html_200"
)
HARMLESS = (
    "no_total total_in_body no_link clamp=20 ignore_filter refuse_filter refuse_sort unstable_order null_style=missing "
    "null_style=null null_style=empty null_style=mixed single_as_object flat_refs mixed_shape=both mixed_shape=other "
    "path_envelope error_style html_429 inactive capital_roles numeric_ids raw_booleans date_style=space "
    "date_style=offset date_style=seconds hrefs=relative hrefs=elsewhere dob=full dob=partial dob=blank dob=empty"
).split()
CASES = (
    *(struck(name) for name in PASSING.split()),
    struck("html_404", "failed", "AccessMissing"),
    struck("no_list_key", "failed", "ContractBroken"),
    struck("bare_array", "failed", "ContractBroken"),
    *(struck(name, "failed", "ProviderUnavailable", times=None) for name in ("too_many", "error_502", "html_200")),
    struck("empty_list", "held", path=ENROLLMENTS, times=None),
    struck("empty_list", "applied", path=DEMOGRAPHICS, times=None),
    struck("html_404", "applied", "demographics_refused", DEMOGRAPHICS, None),
    struck("half_gone", "held", times=None),
    struck("same_cursor", "failed", "ContractBroken", times=None),
    struck("empty_last_page", times=None),
    struck("repeated_rows", times=None),
    struck("rows_inserted"),
    struck("token_revoked", "failed", "CredentialRejected"),
    struck("token_withdrawn", "failed", "CredentialRejected"),
    *(habit(told) for told in HARMLESS),
    *(habit(f"dob={how}", "applied", "demographics_refused") for how in ("refused", "404", "501")),
    habit("wrong_total=7", "applied", "source_incomplete"),
    habit("wrong_total=-7", "applied"),
    habit("dup_ids", "applied", "source_incomplete"),
    habit("ignore_offset", "failed", "ContractBroken"),
    habit("error_in_200", "failed", "ContractBroken"),
    habit("fail_502_over_limit=100", page=150),
    habit("refuse_over_limit=100", page=150),
    habit("agents=student_only", "applied", "relationship_one_sided"),
    habit("agents=parent_only", "applied", "relationship_one_sided"),
    habit("agents=none", "held"),
    habit("agents=dangling", "held"),
    habit("tobedeleted_ratio=0.3", "held"),
    habit("change_mid_pull=join"),
)
OF_LOST_ROWS = ("dangling_enrolment", "departures_held_back")
OF_CLASSLINK = {"perm_rev_moves": "source_moved", "duplicate_tenant": ""}


class Pupil:
    """The district that goes through all of it, and what its table is with and without the night's change."""

    def __init__(self, stack: Stack, evidence: Evidence) -> None:
        self.stack, self.evidence = stack, evidence
        self.sandbox = OneRosterSandbox.start(OneRosterDistrict.generated(60))
        self.sandbox.district.set_birth_dates("full")
        self.student = self.sandbox.district.students()[7]
        self.school = self._school()
        self.changed = False
        self.truths: dict[tuple[bool, int], bytes] = {}

    def _school(self, page: int = PAGE) -> OneRosterSchool:
        return OneRosterSchool(self.stack, self.sandbox, self.evidence, str(next(account_numbers)), page_size=page)

    def change(self) -> None:
        self.changed = not self.changed
        self.sandbox.district.rename(self.student, given="Changed" if self.changed else "Kept")

    def truth(self) -> bytes:
        """What an account of its own imports from the same district, undisturbed."""
        state = self.changed, len(self.sandbox.district.tables["users"])
        if state not in self.truths:
            other = self._school(5_000)
            other.applied()
            self.truths[state] = other.table()
        return self.truths[state]


@pytest.fixture(scope="module")
def pupil(stack: Stack, evidence: Evidence) -> Iterator[Pupil]:
    found = Pupil(stack, evidence)
    found.school.applied()
    yield found
    found.sandbox.stop()


def test_every_fault_and_every_habit_has_a_case() -> None:
    assert {case.fault.name for case in CASES if case.fault} == set(ONEROSTER_FAULTS)
    habits = {case.told.removeprefix("conduct ").partition("=")[0] for case in CASES if not case.fault}
    assert habits | set(OF_CLASSLINK) == set(CONDUCTS)


@pytest.mark.matrix
@pytest.mark.parametrize("case", CASES, ids=str)
def test_fault(case: Case, pupil: Pupil, record_property: Record) -> None:
    pupil.change()
    school = replace(pupil.school, page_size=case.page)
    before = school.table()
    school.sandbox.conduct = case.habit
    school.sandbox.faults.add(*([case.fault] if case.fault else []))
    try:
        report = school.run()
    finally:
        school.sandbox.faults.clear()
        school.sandbox.conduct = Conduct()
        if not school.sandbox.token:
            school.sandbox.auth.rotate()
    record_property(f"{OUTCOMES_KEY} OneRoster", (str(case), *told(report)))

    assert not case.fault or case.fault.seen >= case.fault.nth, "the fault never struck"
    assert report["status"] == case.status, report
    if case.status == "applied":
        assert set(report["warnings"]) - ALWAYS == {case.code} - {""}
        truth = pupil.truth()
        if case.fault and case.fault.name == "rows_inserted" and school.table() != truth:
            school.applied()  # lists are read side by side: who joins may be in only some of them
        assert school.table() == truth, difference(truth, school.table())
        return
    assert school.table() == before, difference(before, school.table())
    if case.status == "failed":
        assert report["error"]["code"] == case.code
        assert len(report["error"]["help"]) > 20
    else:
        assert report["reasons"]


def told(report: dict[str, Any]) -> tuple[str, str]:
    """For the table: how it ended, and what a person is told."""
    error = report.get("error", {})
    said = error.get("help") or "; ".join(report.get("reasons", ())) or str(sorted(report["warnings"]))
    return f"{report['status']} {error.get('code', '')}", said[:100]


@pytest.mark.parametrize(
    ("more", "whole"),
    [
        ("", True),
        ("+no_total+no_link", True),
        ("+clamp=20", False),
        ("+clamp=20+no_total", False),
        ("+clamp=20+no_total+no_link", False),
        ("+clamp=33", False),
        ("+clamp=33+no_total+no_link", False),
    ],
)
def test_a_server_that_neither_sorts_nor_keeps_an_order(
    more: str, whole: bool, stack: Stack, evidence: Evidence, record_property: Record
) -> None:
    """On one page nothing is lost; on several, rows come twice and others never, and who has left stays for now.

    Whether the pull is refused or doubted depends on which of two lists' requests comes first.
    """
    named = f"refuse_sort+unstable_order{more}"
    with OneRosterSandbox.start(OneRosterDistrict.generated(40)) as sandbox:
        school = OneRosterSchool(stack, sandbox, evidence, str(next(account_numbers)), page_size=1000)
        school.applied()
        table, before = school.table(), stored(school)
        sandbox.district.leave(sandbox.district.students()[3])
        after = truth(sandbox.district)
        sandbox.conduct = reduce(or_, map(conduct, named.split("+")))
        report = school.run()
        record_property(f"{OUTCOMES_KEY} OneRoster", (f"conduct {named}", *told(report)))
        assert report["status"] in (("applied",) if whole else ("applied", "failed")), report
        if report["status"] == "failed":
            assert report["error"]["code"] == "ContractBroken"
            assert "nothing was changed" in report["error"]["help"]
            assert school.table() == table
        else:
            lost = set() if whole else {"source_incomplete"}
            assert lost <= set(report["warnings"]) - ALWAYS <= {*lost, *(() if whole else OF_LOST_ROWS)}
            assert stored(school) == (after if whole else before)
            assert bool(moved(report, "departed")) is whole
        sandbox.conduct = Conduct()
        school.applied()
        assert stored(school) == after


@pytest.mark.parametrize("name", [*OF_CLASSLINK, ""])
def test_behind_classlinks_proxy(name: str, stack: Stack, evidence: Evidence, record_property: Record) -> None:
    """The application id goes into the address as ClassLink wrote it, with its escapes."""
    with ClassLinkSandbox.start(OneRosterDistrict.generated(40)) as sandbox:
        sandbox.conduct = conduct(name) if name else Conduct()
        school = ProxiedSchool(stack, sandbox, evidence, str(next(account_numbers)))
        report = school.run()
        record_property(f"{OUTCOMES_KEY} OneRoster", (f"ClassLink, conduct {name}", *told(report)))
        assert report["status"] == "applied", report
        assert set(report["warnings"]) - ALWAYS == {OF_CLASSLINK.get(name, "")} - {""}
        assert created(report) == truth(school.district).counts()
        assert stored(school) == truth(school.district)
        assert all("%2F" in target for _, target, _ in sandbox.requests)
