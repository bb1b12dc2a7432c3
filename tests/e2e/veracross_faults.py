"""One night with a fault, or at a Veracross that behaves in some way: the case, its school, and what must come of it.

The roster is as it was unless the run was applied. One school goes through all of it: in each night one student and
one class have changed, so that an applied run shows.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local.sandbox.faults import Fault
from local.sandbox.veracross import VeracrossSandbox
from local.sandbox.veracross_conduct import Conduct
from local.sandbox.veracross_story import NEW_IDS
from tests.e2e.conftest import OUTCOMES_KEY
from tests.e2e.toolkit import difference
from tests.e2e.veracross import Open, VeracrossSchool, plain, pupils

Record = Callable[[str, Any], None]
PAGE_SIZE = 25
STUDENTS, TOKENS = "*/students*", "*/oauth/token*"
ALWAYS = {"student_without_birth_date", "email_invalid", "dangling_relationship"}


@dataclass(frozen=True)
class Case:
    """`code`: of the error where the run fails; of the warning where it is applied with one.

    `anew`: the token in use was revoked before, so that the night begins with a new one. `lacking`: a scope.
    """

    name: str = ""
    status: str = "applied"
    code: str = ""
    path: str = ""
    nth: int = 0
    times: int | None = -1
    anew: bool = False
    lacking: str = ""
    conducts: tuple[str, ...] = ()

    def fault(self) -> Fault | None:
        return Fault(self.name, self.path, self.nth, self.times, seconds=0.5) if self.name else None

    def __str__(self) -> str:
        lasting = " for good" if self.times is None else ""
        where = f" ({self.path.strip('*/')})" if self.path and (self.path, self.times) != (STUDENTS, 1) else ""
        lacking = f" without {self.lacking}" if self.lacking else ""
        return f"{self.name or ' '.join(self.conducts)}{where}{lasting}{lacking}"


class Pupil:
    """The school that goes through all of it, and what its table should be with and without the night's change."""

    def __init__(self, open_veracross: Open) -> None:
        self.open = open_veracross
        self.school = open_veracross(plain(30), size=PAGE_SIZE)
        self.source, self.sandbox = self.school.source, self.school.sandbox
        self.student, self.internal_class = pupils(self.source)[7], self.source.tables["classes"].ids[0]
        self.tables = {False: b"", True: b""}
        for changed in (True, False):
            self._change(changed)
            self._anew()
            self.tables[changed] = self.school.table()

    def _anew(self) -> None:
        """Another account at the same Veracross."""
        self.school = self.open(sandbox=self.sandbox, size=PAGE_SIZE)
        self.school.applied()

    def _change(self, changed: bool) -> None:
        self.changed = changed
        name = "Changed" if changed else "Kept"
        self.source.edit("students", self.student, first_name=name, preferred_name=None)
        self.source.edit("classes", self.internal_class, description=name)

    @property
    def expected(self) -> bytes:
        return self.tables[self.changed]

    def ready(self) -> VeracrossSchool:
        """The school as it was left, in one of the two states, with the change to the other one pending."""
        if self.school.table() not in self.tables.values():
            self._anew()
        self._change(self.school.table() == self.tables[False])
        return self.school

    def mend(self, case: Case) -> None:
        """Veracross is well again, whatever the case did to it; who joined in the middle has left."""
        self.sandbox.faults.clear()
        self.sandbox.conduct, self.sandbox.application.clock = Conduct(), time.time
        for scope in {case.lacking, "relationships:list", "students:list"} - {"", *self.sandbox.application.scopes}:
            self.sandbox.add_scope(scope)
        for student in [id for id in self.source.tables["students"].ids if id > NEW_IDS]:
            self.source.leave(student)
        self.school.settle()


def unhurried(sandbox: VeracrossSandbox) -> Callable[[], float]:
    """A clock that stands while requests are answered, and is beyond the window's end once one was refused."""
    started = time.time()
    return lambda: started + 3 * len(refused(sandbox))


def refused(sandbox: VeracrossSandbox) -> list[str]:
    return [target for _, target, status in sandbox.requests if status == 429]


def spend_a_night(case: Case, pupil: Pupil, record_property: Record) -> dict[str, Any]:
    """The night's report, after all that every case promises was checked."""
    school, fault = pupil.ready(), case.fault()
    before = school.table()
    pupil.sandbox.conduct = Conduct.named(*case.conducts)
    if case.lacking:
        pupil.sandbox.remove_scope(case.lacking)
    if pupil.sandbox.conduct.lower_rate_limit:
        pupil.sandbox.application.clock = unhurried(pupil.sandbox)
    if case.anew or pupil.sandbox.conduct.lower_rate_limit:
        pupil.sandbox.revoke_tokens()
    pupil.sandbox.faults.add(*([fault] if fault else []))
    try:
        report = school.run()
    finally:
        pupil.mend(case)
    for name in case.conducts or (str(case),):
        shown = name if len(case.conducts) > 1 else str(case)
        record_property(f"{OUTCOMES_KEY} Veracross", (shown, *told(report)))
    assert fault is None or fault.seen >= fault.nth, "the fault never struck"
    check(case, report)
    after = pupil.expected if case.status == "applied" else before
    if case.name == "rows_inserted" and school.table() != after:
        # lists are read side by side: who joined in the middle, and has left again, may be known since
        school.applied()
        known = [line for line in school.table().splitlines() if b'"inactive_since"' not in line]
        assert known == after.splitlines()
        return report
    assert school.table() == after, difference(after, school.table())
    return report


def told(report: dict[str, Any]) -> tuple[str, str]:
    error = report.get("error", {})
    said = error.get("help") or "; ".join(report.get("reasons", ())) or str(report["warnings"])
    return f"{report['status']} {error.get('code', '')}", said[:100]


def check(case: Case, report: dict[str, Any]) -> None:
    assert report["status"] == case.status, report
    if case.status == "applied":
        assert set(report["warnings"]) - ALWAYS == {case.code} - {""}
    else:
        assert report["writes"] == 0
    if case.status == "failed":
        assert report["error"]["code"] == case.code
        assert len(report["error"]["help"]) > 20
        assert report["error"]["message"]
    if case.status == "held":
        assert report["reasons"]
        assert all(any(letter.isdigit() for letter in reason) for reason in report["reasons"])
