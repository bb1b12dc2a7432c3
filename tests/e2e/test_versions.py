"""Support may switch an account between Clever's API versions, which know teachers and parents by other ids."""

from __future__ import annotations

from collections.abc import Callable

from tests.e2e.toolkit import School, difference, moved, tiny

Open = Callable[..., School]


def _in(school: School, version: str) -> None:
    """Import in that version; nobody may come, go or be there twice."""
    people = {(kind, id) for kind, id in school.contacts()}
    school.version = version
    school.settle()
    report = school.applied()
    assert moved(report, "created", "departed", "returned", "rejected") == {}, version
    assert set(school.contacts()) == people, version
    assert not [c for c in school.contacts().values() if c.inactive_since], version


def test_v3_to_v2_0_and_back(open_school: Open) -> None:
    school = open_school(tiny(40, 12))
    school.applied()
    before = school.table()
    _in(school, "v2.0")
    _in(school, "v3.0")
    assert school.table() == before, difference(before, school.table())


def test_v2_0_to_v3_to_v2_1(open_school: Open) -> None:
    """The account began in v2.0: its teachers keep the ids of then."""
    school = open_school(tiny(40, 12), version="v2.0")
    school.applied()
    legacy = {key for key in school.contacts() if key[0] == "teacher"}
    assert legacy.isdisjoint({("teacher", id) for id in school.district.user_ids("teacher")})
    _in(school, "v3.0")
    settled = school.table()
    _in(school, "v2.1")
    assert school.table() == settled, difference(settled, school.table())
    assert {key for key in school.contacts() if key[0] == "teacher"} == legacy
    assert school.applied()["writes"] == 0


def test_v2_0_and_v3_import_the_same_people(open_school: Open) -> None:
    newer = open_school(tiny(40, 12))
    older = open_school(sandbox=newer.sandbox, version="v2.0")
    counts = [school.applied()["counts"] for school in (newer, older)]
    assert counts[0] == counts[1]
    students = [{key: c for key, c in s.contacts().items() if key[0] == "student"} for s in (newer, older)]
    assert {key: c.security_value for key, c in students[0].items()} == {
        key: c.security_value for key, c in students[1].items()
    }
