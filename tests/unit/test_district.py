"""The made-up district behind every sandbox: the same each time, whole, and odd on purpose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import pytest

from local.sandbox.district import District
from local.sandbox.quirks import QUIRKS, Quirk

SMALLEST_WITH_EVERYTHING = 300


@pytest.fixture(scope="module")
def district() -> District:
    return District(SMALLEST_WITH_EVERYTHING, seed=7)


def everything(district: District) -> list[object]:
    parts = (district.schools, district.terms, district.courses, district.students, district.adults)
    return [x for part in (*parts, district.guardians, district.sections) for x in part()]


def test_the_same_students_and_seed_give_the_same_district() -> None:
    assert everything(District(120, 3)) == everything(District(120, 3))


def test_another_seed_gives_other_people() -> None:
    assert list(District(120, 3).students()) != list(District(120, 4).students())


def test_a_stream_can_be_begun_without_walking_it() -> None:
    huge = District(1_000_000)
    assert [s.number for s in islice(huge.students(), 3)] == [0, 1, 2]
    assert huge.student(999_999).number == 999_999
    assert next(huge.sections()).students


@pytest.mark.parametrize("students", [0, 1, 2, 9, 31, 601, 2_000])
def test_any_size_is_whole(students: int) -> None:
    district = District(students)
    adults = {a.number: a for a in district.adults()}
    schools = {s.number for s in district.schools()}
    assert len(list(district.students())) == students
    for section in district.sections():
        assert set(section.students) <= set(range(students))
        assert all("teacher" in adults[t].roles for t in section.teachers)
        assert section.school in schools
    for guardian in district.guardians():
        assert {r.student for r in guardian.relations} <= set(range(students))
        assert guardian.relations


def test_numbers_grow_and_do_not_repeat(district: District) -> None:
    for part in (district.students, district.adults, district.guardians, district.sections):
        numbers = [record.number for record in part()]
        assert numbers == sorted(set(numbers))


def test_proportions() -> None:
    district = District(2_000)
    related = Counter(r.student for g in district.guardians() for r in g.relations)
    enrolled = Counter(s for section in district.sections() for s in section.students)
    assert sum(related.values()) / 2_000 == pytest.approx(1.8, abs=0.05)
    assert min(related[n] for n in range(2_000)) >= 1
    assert sum(enrolled.values()) / 2_000 == pytest.approx(7, abs=0.05)
    assert Counter(enrolled[n] for n in range(2_000)).most_common(1)[0][0] == 7


def test_siblings_share_their_parents(district: District) -> None:
    several = [g for g in district.guardians() if len(g.relations) > 1]
    assert several
    for guardian in several:
        assert len({district.family(r.student) for r in guardian.relations}) == 1


def test_a_student_sits_in_classes_of_one_grade(district: District) -> None:
    grade = {s.number: s.grade for s in district.students() if "odd grade" not in s.quirks}
    for section in district.sections():
        guests = 1 if "guest" in section.quirks else 0
        assert sum(grade.get(n, section.grade) != section.grade for n in section.students) <= guests


def test_some_teachers_teach_nothing(district: District) -> None:
    teaching = {t for section in district.sections() for t in section.teachers}
    assert any("teacher" in a.roles and a.number not in teaching for a in district.adults())


def test_two_terms_share_a_name_and_one_has_no_dates(district: District) -> None:
    terms = list(district.terms())
    assert Counter(t.name for t in terms)["Semester 1"] == 2
    assert any(t.start is None for t in terms)
    assert {s.term for s in district.sections()} == {None, *(t.number for t in terms)}


def test_every_school_has_a_class_without_students(district: District) -> None:
    assert {s.school for s in district.sections() if not s.students} == {0, 1, 2}


@pytest.mark.parametrize("quirk", QUIRKS, ids=lambda q: f"{q.kind}: {q.name}")
def test_every_quirk_is_there(district: District, quirk: Quirk) -> None:
    part: dict[str, Callable[[], Iterator[Any]]] = {
        "student": district.students,
        "adult": district.adults,
        "guardian": district.guardians,
        "section": district.sections,
    }
    assert [record for record in part[quirk.kind]() if quirk.name in record.quirks], quirk.what


def test_what_quirks_do(district: District) -> None:
    students = {q: [s for s in district.students() if q in s.quirks] for q in ("bad email", "two schools")}
    sections = {q: [s for s in district.sections() if q in s.quirks] for q in ("no teacher", "four teachers")}
    shared = [g for g in district.guardians() if "shared email" in g.quirks]
    assert all("@" not in (s.email or "") for s in students["bad email"])
    assert all(len(s.schools) == 2 for s in students["two schools"])
    assert all(not s.teachers for s in sections["no teacher"])
    assert all(len(set(s.teachers)) == 4 for s in sections["four teachers"])
    assert Counter(g.email for g in shared).most_common(1)[0][1] == 2
    assert {r.relationship for g in district.guardians() for r in g.relations} >= {"Guardian", "Parent"}
