"""Plans that wait for a yes: exactly at each limit and just over it, and that waiting changes nothing."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from roster.model import Class, Enrolment, Person, Relationship, Selection
from tests.fakes.school import EVENT, OTHER, District, Source


def big(students: int = 120, classes: int = 120) -> Source:
    """As many classes, teachers, students, parents, enrolments and ties as wanted, one to one."""
    source = Source(page_size=1000)
    for n in range(classes):
        source.people.append(Person("teacher", f"T{n}", last=f"Teach{n}"))
        source.classes.append(Class(f"C{n}", f"Class {n}", "school-1", ("t1",)))
        source.members.append(Enrolment(f"C{n}", f"T{n}", "teacher", True))
    for n in range(students):
        source.join(f"S{n}", f"C{n % classes}")
    return source


def imported(source: Source) -> District:
    district = District(source)
    assert district.night()["status"] == "applied"
    return district


def lose(source: Source, kind: str, number: int) -> None:
    """So many of that kind, and of no other, are gone."""
    if kind == "teacher":
        for n in range(number):
            source.without("teacher", f"T{n}")
    elif kind == "student":  # of 120 students in one class each: their enrolments and parents go too
        for n in range(number):
            source.leave(f"S{n}")
    elif kind == "parent":
        for n in range(number):
            source.without("parent", f"P-S{n}")
    elif kind == "class":
        for n in range(number):
            source.classes.remove(next(c for c in source.classes if c.id == f"C{n}"))
    elif kind == "enrolment":
        students = [m for m in source.members if m.role == "student"][:number]
        source.members = [m for m in source.members if m not in students]
    else:
        source.ties = source.ties[number:]


KINDS = ("teacher", "student", "parent", "class", "enrolment", "relationship")


@pytest.mark.parametrize("kind", KINDS)
def test_ten_percent_may_leave_and_one_more_may_not(kind: str) -> None:
    district = imported(big(120))
    whole = deepcopy(district.source)
    lose(district.source, kind, 12)
    assert district.night("preview")["reasons"] == []
    district.source = whole
    lose(district.source, kind, 13)
    plural = "classes" if kind == "class" else f"{kind}s"
    assert f"13 of 120 {plural} would leave." in district.night()["reasons"]


@pytest.mark.parametrize("kind", KINDS)
def test_ten_may_always_leave_unless_they_are_all(kind: str) -> None:
    district = imported(big(11, 11))
    lose(district.source, kind, 10)
    assert district.night("preview")["reasons"] == []
    lose(district.source, kind, 1) if kind in ("enrolment", "relationship") else rest_of(district.source, kind)
    plural = "classes" if kind == "class" else f"{kind}s"
    assert f"All 11 {plural} would leave." in district.night()["reasons"]


def rest_of(source: Source, kind: str) -> None:
    if kind == "class":
        source.classes.clear()
    else:
        source.people = [p for p in source.people if p.kind != kind]


@pytest.mark.parametrize("kind", KINDS)
def test_eleven_of_twenty_may_not_leave(kind: str) -> None:
    district = imported(big(20, 20))
    lose(district.source, kind, 11)
    assert district.night()["status"] == "held"


def update(source: Source, kind: str, number: int) -> None:
    if kind == "class":
        for n in range(number):
            source.change_class(f"C{n}", name="Renamed")
    elif kind == "relationship":
        source.ties = [Relationship(t.parent, t.student, "Aunt", "Family") for t in source.ties[:number]] + source.ties[
            number:
        ]
    else:
        prefix = {"teacher": "T", "student": "S", "parent": "P-S"}[kind]
        for n in range(number):
            source.change(kind, f"{prefix}{n}", last="Renamed")


@pytest.mark.parametrize("kind", ["teacher", "student", "parent", "class", "relationship"])
def test_three_quarters_may_change_and_one_more_may_not(kind: str) -> None:
    district = imported(big(40, 40))
    update(district.source, kind, 30)
    assert district.night("preview")["reasons"] == []
    update(district.source, kind, 31)
    plural = "classes" if kind == "class" else f"{kind}s"
    assert district.night()["reasons"] == [f"31 of 40 {plural} would change."]


def test_ten_may_always_change() -> None:
    district = imported(big(10, 10))
    update(district.source, "student", 10)
    assert district.night()["status"] == "applied"


def test_filling_a_blank_counts_only_when_nothing_else_changes() -> None:
    source = big(40, 40)
    for n in range(40):
        source.change("student", f"S{n}", grade="")
    district = imported(source)
    for n in range(40):
        source.change("student", f"S{n}", grade="5")
    assert district.night("preview")["reasons"] == []
    for n in range(40):
        source.change("student", f"S{n}", last="Renamed")
    assert district.night()["reasons"] == ["40 of 40 students would change."]


def test_emptying_a_field_counts() -> None:
    source = big(40, 40)
    district = imported(source)
    for n in range(40):
        source.change("student", f"S{n}", number="")
    assert district.night()["status"] == "held"


def test_one_in_twenty_rows_may_be_unreadable_and_one_more_may_not() -> None:
    """57 students and 3 bad rows are 60 rows."""
    district = District(big(57, 19))
    district.source.bad_rows = 3
    report = district.night()
    assert (report["status"], report["counts"]["student"]["rejected"]) == ("applied", 3)
    district.source.leave("S0")
    district.source.bad_rows = 4
    assert "4 of 60 students cannot be read." in district.night()["reasons"]


def test_the_first_import_may_be_held_for_unreadable_rows_alone() -> None:
    district = District(big(10, 10))
    district.source.bad_rows = 5
    assert district.night()["status"] == "held"
    assert district.roster.items == {}


def test_a_first_import_of_nothing_passes() -> None:
    """There is nothing to lose yet: the report's zeros say what there is to see."""
    assert District(Source()).night()["status"] == "applied"


def test_everything_gone_at_once() -> None:
    district = imported(big(30, 10))
    district.source.people.clear()
    district.source.members.clear()
    district.source.classes.clear()
    district.source.ties.clear()
    reasons = district.night()["reasons"]
    assert len(reasons) == 6
    assert reasons[0] == "All 30 students would leave."


def test_an_events_first_import_is_not_judged_by_people_whom_another_event_knows() -> None:
    """12 of 120 students have a new name since the other event was synced: no reason to ask anybody."""
    district = imported(big(120))
    for n in range(12):
        district.source.change("student", f"S{n}", last="Renamed")
    report = district.night(event=OTHER)
    assert (report["status"], report["reasons"]) == ("applied", [])
    assert report["counts"]["student"]["updated"] == 12


def test_an_events_first_import_that_would_rewrite_the_account_is_held() -> None:
    district = imported(big(40, 40))
    update(district.source, "student", 31)
    assert district.night(event=OTHER)["reasons"] == ["31 of 40 students would change."]


def held(district: District) -> dict[str, Any]:
    for n in range(20):
        district.source.leave(f"S{n}")
    district.source.join("S999", "C0")
    return district.night()


def test_a_held_run_changes_nothing_and_frees_its_locks() -> None:
    district = imported(big(40, 10))
    table, applied = district.table(), district.applied()
    assert held(district)["status"] == "held"
    assert (district.table(), district.applied()) == (table, applied)
    assert district.records.locks == {}


def test_a_held_run_is_held_again_until_the_source_is_whole_again() -> None:
    district = imported(big(40, 10))
    assert held(district)["status"] == "held"
    assert district.night()["status"] == "held"
    for n in range(20):
        district.source.join(f"S{n}", f"C{n % 10}")
    report = district.night()
    assert report["status"] == "applied"
    assert report["counts"]["student"]["created"] == 1


def test_a_preview_says_what_would_happen_and_changes_nothing() -> None:
    district = imported(big(40, 10))
    table, applied = district.table(), district.applied()
    district.source.leave("S3")
    district.source.join("S999", "C0")
    report = district.night("preview")
    assert (report["status"], report["writes"]) == ("preview", 0)
    assert report["counts"]["student"]["departed"] == report["counts"]["student"]["created"] == 1
    assert (district.table(), district.applied()) == (table, applied)
    assert district.records.locks == {}


def test_a_preview_of_a_first_import() -> None:
    district = District(big(5, 5))
    report = district.night("preview")
    assert report["counts"]["student"]["created"] == 5
    assert district.roster.items == {}
    assert not district.records.events[EVENT].snapshot


def test_a_preview_and_the_run_after_it_count_the_same() -> None:
    district = imported(big(40, 10))
    district.source.leave("S3")
    district.source.change("teacher", "T0", last="Renamed")
    assert district.night("preview")["counts"] == district.night()["counts"]


def test_a_preview_does_not_store_a_selection() -> None:
    district = imported(big(5, 5))
    chosen = Selection(schools=("school-1",))
    district.select(chosen)
    before = district.applied()
    district.night("preview")
    assert district.applied() == before


def test_an_unknown_mode_is_refused_before_anything_is_locked() -> None:
    district = District(Source.small())
    with pytest.raises(ValueError, match="no such mode"):
        district.night("wipe")
    assert district.records.locks == {}


def test_what_was_applied_before_the_last_run_but_one_is_forgotten() -> None:
    """It holds birth dates, and serves nobody."""
    district = imported(big(5, 5))
    for n in range(4):
        district.source.join(f"X{n}", "C0")
        district.night()
    runs = {name.split("/")[-2] for name in district.slots.names("applied/")}
    assert runs == {"run-004", "run-005"}
