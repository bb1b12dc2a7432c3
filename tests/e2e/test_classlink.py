"""A ClassLink or other OneRoster district through the real template: ways in, versions, birth dates, terms."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from local.sandbox.oneroster import OneRosterSandbox
from local.sandbox.oneroster_conduct import Conduct, conduct
from local.sandbox.oneroster_data import OneRosterDistrict
from local.sandbox.oneroster_rows import V11, V12
from local.stack import Stack
from roster.model import Selection, Term
from tests.e2e.oneroster import ALL_PARENTS, OneRosterSchool, stored, truth
from tests.e2e.toolkit import Evidence, account_numbers, created, difference, moved

Open = Callable[..., OneRosterSchool]
WAYS_IN: list[tuple[str, str, dict[str, Any]]] = [
    (V11, "bearer", {}),
    (V11, "oauth1", {"signature": "sha256"}),
    (V11, "oauth1", {"signature": "sha1"}),
    (V11, "oauth2", {}),
    (V12, "oauth2", {}),
    (V12, "bearer", {"page_size": 17}),
]


@pytest.fixture(scope="module")
def open_district(stack: Stack, evidence: Evidence) -> Iterator[Open]:
    """An account of its own over a district of its own, or over one that is there."""
    started: list[OneRosterSandbox] = []

    def open_one(
        district: OneRosterDistrict | None = None, version: str = V11, auth: str = "bearer", **more: Any
    ) -> OneRosterSchool:
        given = OneRosterSandbox.start(district or OneRosterDistrict.generated(40), version=version, auth=(auth,))
        started.append(given)
        return OneRosterSchool(stack, given, evidence, str(next(account_numbers)), more=more)

    yield open_one
    for sandbox in started:
        sandbox.stop()


@pytest.fixture(scope="module")
def shared_district() -> OneRosterDistrict:
    """Nobody changes it."""
    return OneRosterDistrict.generated(60)


@pytest.fixture(scope="module")
def tables() -> dict[str, bytes]:
    """Per version, what the first way in gave."""
    return {}


@pytest.mark.matrix
@pytest.mark.parametrize(("version", "auth", "more"), WAYS_IN)
def test_every_way_in_gives_the_districts_own_numbers(
    version: str,
    auth: str,
    more: dict[str, Any],
    open_district: Open,
    shared_district: OneRosterDistrict,
    tables: dict[str, bytes],
) -> None:
    school = open_district(shared_district, version, auth, **more)
    report = school.applied()
    assert created(report) == truth(shared_district, version).counts()
    assert min(created(report).values()) > 10
    assert stored(school) == truth(shared_district, version)
    table = tables.setdefault(version, school.table())
    assert school.table() == table, difference(table, school.table())
    again = school.applied()
    assert (again["writes"], moved(again)) == (0, {})


@pytest.mark.parametrize("version", [V11, V12])
def test_relatives_are_parents_where_the_school_says_so(
    version: str, open_district: Open, shared_district: OneRosterDistrict
) -> None:
    some, all_of_them = truth(shared_district, version), truth(shared_district, version, parents=ALL_PARENTS)
    relatives = len(all_of_them.people - some.people)
    school = open_district(shared_district, version)
    assert "Relatives" in school.applied()["help"]["dangling_relationship"]
    assert stored(school) == some

    school.choose(parent_roles=["parent", "guardian", "relative"])
    report = school.applied()
    assert report["counts"]["parent"]["created"] == relatives > 0
    assert report["counts"]["relationship"]["created"] == len(all_of_them.ties - some.ties)
    assert "dangling_relationship" not in report["warnings"]
    assert stored(school) == all_of_them

    school.choose(parent_roles="")
    assert school.applied()["counts"]["parent"]["departed"] == relatives
    assert stored(school) == some


@pytest.mark.parametrize("version", [V11, V12])
def test_a_teachers_birth_date_is_on_no_contact(
    version: str, open_district: Open, shared_district: OneRosterDistrict
) -> None:
    """Who shares demographics shares everybody's, and in 1.2 a teacher may be a parent under the same id."""
    rows = shared_district.tables["demographics"]
    dates = {rows[id]["birthDate"] for id in shared_district.teachers()}
    school = open_district(shared_district, version)
    school.applied()
    contacts = school.contacts()
    assert {c.kind for c in contacts.values() if c.security_value} == {"student"}
    assert len(dates) > 5
    assert not [date for date in dates if date.encode() in school.table()]


def test_students_without_birth_dates_then_with_them_then_half_of_them_gone(open_district: Open) -> None:
    """The help page's own story: the permission was off, it is switched on, the import is run again."""
    school = open_district(OneRosterDistrict.generated(250))
    school.sandbox.conduct = conduct("dob", "refused")
    report = school.applied()
    values, students = report["security_values"], created(report)["student"]
    assert (values["state"], values["students"], values["missing"]) == ("refused", students, students)
    assert "Demographics" in values["help"]
    assert not [c for c in school.contacts().values() if c.security_value]

    before = school.contacts()
    school.sandbox.conduct = Conduct()
    school.district.set_birth_dates("full")
    report = school.applied()
    after = school.contacts()
    assert report["security_values"] == {"state": "full", "students": students, "missing": 0, "help": ""}
    assert after.keys() == before.keys()
    assert moved(report) == {"updated": students}
    assert all(c.security_value for c in after.values() if c.kind == "student")
    assert _without_values(after) == _without_values(before)

    applied = school.table()
    for how in ("blank", "empty", "404", "501"):
        school.sandbox.conduct = conduct("dob", how)
        report = school.applied()
        assert (report["writes"], report["security_values"]["missing"]) == (0, 0), how
        assert report["security_values"]["state"] == ("empty" if how in ("blank", "empty") else "refused")
    school.sandbox.conduct = Conduct()

    gone = len(school.district.half_gone())
    report = school.run()
    assert report["status"] == "held"
    assert gone >= 124
    assert any("students would leave" in reason for reason in report["reasons"])
    assert school.table() == applied, difference(applied, school.table())


def _without_values(contacts: dict[tuple[str, str], Any]) -> list[dict[str, Any]]:
    return [{k: v for k, v in c.serialize().items() if k != "security_value"} for c in contacts.values()]


def test_a_joiner_a_leaver_and_somebody_flagged(open_district: Open) -> None:
    school = open_district(OneRosterDistrict.generated(60))
    before = truth(school.district)
    school.applied()
    joined = school.district.join()
    vanished, flagged = school.district.students()[3:5]
    school.district.leave(vanished)
    school.district.leave(flagged, flagged=True)
    report = school.applied()
    assert report["counts"]["student"]["created"] == 1
    assert report["counts"]["student"]["departed"] == 2
    contacts = school.contacts()
    assert len(contacts["student", joined].related or ()) == 2
    assert contacts["student", vanished].inactive_since
    assert contacts["student", flagged].inactive_since
    assert truth(school.district).counts()["student"] == before.counts()["student"] - 1
    assert stored(school) == truth(school.district)
    again = school.applied()
    assert (again["writes"], moved(again)) == (0, {})


def test_a_term_brings_the_classes_of_its_whole_family(open_district: Open) -> None:
    """A class on the school year, on the semester and on one of its quarters all belong to the semester."""
    school = open_district(OneRosterDistrict.generated(300))
    sessions, classes = school.district.tables["academicSessions"], school.district.tables["classes"]
    semester = next(s for s in sessions.values() if s["type"] == "semester" and s["parent"])
    family = {semester["sourcedId"], semester["parent"]}
    family |= {id for id, s in sessions.items() if s["parent"] == semester["sourcedId"]}
    wanted = {id for id, c in classes.items() if c["status"] == "active" and not family.isdisjoint(c["terms"])}
    kinds = {sessions[term]["type"] for id in wanted for term in classes[id]["terms"] if term in family}
    assert kinds == {"schoolYear", "semester", "gradingPeriod"}, "the district has to have one of each"

    school.settle(selection=Selection(terms=(Term(semester["sourcedId"]),)))
    report = school.applied()
    assert created(report)["class"] == len(wanted) < len(classes)
    assert {item["id"]["S"] for item in school.items() if item["pk"]["S"].startswith("class")} == wanted

    one = next(c["school"] for id, c in classes.items() if id in wanted)
    school.settle(selection=Selection((one,), (Term(semester["sourcedId"]),)))
    report = school.applied()
    assert report["counts"]["class"]["departed"] == len([1 for id in wanted if classes[id]["school"] != one])


def test_without_parents(open_district: Open, shared_district: OneRosterDistrict) -> None:
    school = open_district(shared_district)
    school.settle(selection=Selection(contacts=False))
    report = school.applied()
    wanted = {**truth(shared_district).counts(), "parent": 0, "relationship": 0}
    assert created(report) == wanted
    assert "parents_missing" not in report["warnings"]


def test_one_token_for_all_events_of_an_account(open_district: Open, shared_district: OneRosterDistrict) -> None:
    school = open_district(shared_district, V12, "oauth2")
    school.applied()
    other = replace(school, event="autumn")
    assert other.applied()["counts"]["class"]["created"] == truth(shared_district, V12).counts()["class"]
    minted = [path for method, path, status in school.sandbox.requests if method == "POST"]
    assert len(minted) == 1
