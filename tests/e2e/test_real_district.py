"""Clever's own sandbox district (../shared/data, not part of the project), counted as providers/clever.md §11 does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local.sandbox.clever import CleverSandbox
from local.sandbox.clever_data import CleverDistrict
from local.show import contacts_table
from roster.model import Selection, Term
from tests.e2e.toolkit import School, created, difference, moved
from tests.support import CLEVER_DATA, needs_clever_data

pytestmark = needs_clever_data
Open = Callable[..., School]

# school, term (ends of their ids): sections, students, teachers, enrolments where they are known
PER_SCHOOL_AND_TERM = {
    ("0006", "3962"): (6, 116, 6, None),
    ("0006", "3963"): (5, 99, 5, None),
    ("0006", "3964"): (68, 234, 19, 1_768),
    ("0006", "3965"): (3, 78, 1, None),
    ("0006", "3966"): (4, 112, 2, None),
    ("0004", "3964"): (156, 400, 41, 3_834),
    ("0004", "3965"): (5, 100, 3, None),
    ("0004", "3966"): (4, 130, 2, None),
}
REALLY_IMPORTED = ("0006", "3966")
WHOLE = {
    "student": 1_004, "teacher": 77, "parent": 1_002, "class": 378, "enrolment": 8_954, "relationship": 1_004,
}  # fmt: skip


@pytest.fixture(scope="module")
def sandbox() -> Iterator[CleverSandbox]:
    with CleverSandbox.start(CleverDistrict.from_folder(CLEVER_DATA)) as server:
        yield server


@pytest.fixture(scope="module")
def imported(open_school: Open, sandbox: CleverSandbox) -> tuple[School, dict[str, Any]]:
    school = open_school(sandbox=sandbox)
    return school, school.applied()


def test_the_whole_district(imported: tuple[School, dict[str, Any]]) -> None:
    """77 teachers: of the 89 that Clever lists, 12 teach no class, and so are nobody's choice at a conference."""
    school, report = imported
    assert created(report) == WHOLE
    assert moved(report) == {"created": sum(WHOLE.values())}
    assert len(school.district.user_ids("teacher")) == 89
    assert report["warnings"] == {"email_invalid": 1, "student_without_birth_date": 1}
    assert report["writes"] == len(school.items()) == 1_004 + 77 + 1_002 + 378 + 1_004


def test_nothing_dangles(imported: tuple[School, dict[str, Any]]) -> None:
    school, _ = imported
    items = school.items()
    people = {(i["kind"]["S"], i["id"]["S"]): i for i in items if "kind" in i}
    classes = {i["id"]["S"]: i for i in items if i["pk"]["S"].startswith("class#")}
    schedules = {i["student"]["S"]: _listed(i, "classes") for i in items if "student" in i}
    taught = {("teacher", id) for item in classes.values() for id in _listed(item, "teachers")}
    learning = Counter(id for item in classes.values() for id in _listed(item, "students"))
    assert {key for key in people if key[0] == "teacher"} == taught
    assert {key for key in people if key[0] == "student"} == {("student", id) for id in learning}
    assert {student: len(taken) for student, taken in schedules.items()} == learning
    assert sum(learning.values()) == 8_954
    assert {id for taken in schedules.values() for id in taken} == classes.keys()
    for (kind, id), item in people.items():
        other = {"student": "parent", "parent": "student"}.get(kind, "")
        for tie in item.get("related", {"L": []})["L"]:
            assert id in _related(people[other, tie["L"][0]["S"]])
    assert sum(len(_related(item)) for (kind, _), item in people.items() if kind == "parent") == 1_004


def _listed(item: dict[str, Any], attribute: str) -> list[str]:
    return [value["S"] for value in item.get(attribute, {"L": []})["L"]]


def _related(item: dict[str, Any]) -> list[str]:
    return [tie["L"][0]["S"] for tie in item.get("related", {"L": []})["L"]]


def test_the_second_night_changes_nothing(imported: tuple[School, dict[str, Any]]) -> None:
    school, _ = imported
    before = school.table()
    report = school.applied()
    assert (moved(report), report["writes"]) == ({}, 0)
    assert {kind: counts["unchanged"] for kind, counts in report["counts"].items()} == WHOLE
    assert school.table() == before, difference(before, school.table())


def test_another_api_version_and_back(imported: tuple[School, dict[str, Any]]) -> None:
    """Teachers and parents have other ids in v2.0; they are recognised, and nobody is there twice."""
    school, _ = imported
    before = school.table()
    for version in ("v2.0", "v3.0"):
        school.version = version
        school.settle()
        report = school.applied()
        assert moved(report, "created", "departed", "returned", "rejected") == {}, version
        assert len(school.items()) == len(before.splitlines())
    assert school.table() == before, difference(before, school.table())


def test_the_list_of_contacts_shows_no_birth_date(imported: tuple[School, dict[str, Any]]) -> None:
    school, _ = imported
    shown = "\n".join(contacts_table(school.local.contacts("clever"), "student", 2_000))
    assert shown.count("on file") == 1_003
    assert shown.count("blank") == 1
    assert school.evidence.found_in(shown) == []


@pytest.mark.parametrize(("school_end", "term_end"), PER_SCHOOL_AND_TERM)
def test_per_school_and_term(school_end: str, term_end: str, open_school: Open, sandbox: CleverSandbox) -> None:
    def one(kind: str, end: str) -> str:
        (found,) = (id for id in sandbox.district.tables[kind].rows if id.endswith(end))
        return found

    school = open_school(sandbox=sandbox)
    term = sandbox.district.tables["terms"].get(one("terms", term_end))
    chosen = Selection((one("schools", school_end),), (Term(term["id"], term["name"]),), contacts=False)
    school.settle(selection=chosen)
    really = (school_end, term_end) == REALLY_IMPORTED
    report = school.run("import" if really else "preview")
    assert report["status"] == ("applied" if really else "preview")
    counts = created(report)
    sections, students, teachers, enrolments = PER_SCHOOL_AND_TERM[school_end, term_end]
    assert (counts["class"], counts["student"], counts["teacher"]) == (sections, students, teachers)
    assert enrolments in (None, counts["enrolment"])
    stored = Counter(item["pk"]["S"].split("#")[0] for item in school.items())
    expected = {"class": sections, "contact": students + teachers, "schedule": students} if really else {}
    assert stored == expected
