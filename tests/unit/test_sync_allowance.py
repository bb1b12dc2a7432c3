"""A held run that somebody says yes to: a fresh pull may do as much, and no more."""

from __future__ import annotations

import pytest

from roster.errors import FilesMissing
from roster.model import Selection, Term
from roster.ports import RunKey
from roster.previews import previewed
from roster.staging import Staging
from tests.fakes.school import ACCOUNT, EVENT, District, Source


def held(leavers: int = 15) -> District:
    district = District(Source.small(60))
    district.night()
    for n in range(leavers):
        district.source.leave(f"S{n}")
    report = district.night()
    assert report["status"] == "held"
    assert report["excess"]["student.departed"] == [leavers, f"{leavers} of 60 students would leave."]
    assert report["reasons"] == [sentence for _, sentence in report["excess"].values()]
    return district


def test_as_much_is_allowed() -> None:
    district = held()
    assert district.night(allow="run-002")["status"] == "applied"


def test_less_is_allowed_too() -> None:
    district = held()
    district.source.join("S0", "C0")
    assert district.night(allow="run-002")["status"] == "applied"


def test_more_is_not() -> None:
    district = held()
    district.source.leave("S20")
    assert district.night(allow="run-002")["status"] == "held"
    assert district.night(allow="run-003")["status"] == "applied"


def test_nor_is_anything_else() -> None:
    district = held()
    district.source.page_size, district.source.bad_rows = 1000, 4
    report = district.night(allow="run-002")
    assert report["status"] == "held"
    assert "student.rejected" in report["excess"]


@pytest.mark.parametrize("run", ["run-001", "never"])
def test_only_a_run_that_was_held_allows(run: str) -> None:
    assert held().night(allow=run)["status"] == "held"


def test_not_one_that_somebody_discarded() -> None:
    district = held()
    district.records.runs["run-002"].decided = "discarded"
    assert district.night(allow="run-002")["status"] == "held"


def test_a_term_that_has_vanished_is_allowed_by_its_name() -> None:
    district = District(Source.small(6))
    district.select(Selection(terms=(Term("t1", "Autumn"), Term("t9", "Gone"))))
    report = district.night()
    assert list(report["excess"]) == ["vanished.term “Gone”"]
    assert district.night(allow="run-001")["status"] == "applied"
    district.select(Selection(terms=(Term("t1", "Autumn"), Term("t8", "Lost"))))
    assert district.night(allow="run-001")["status"] == "held"


def changes(district: District, run: str) -> list[tuple[str, str, str, list[str]]]:
    return sorted(Staging(district.slots, RunKey(ACCOUNT, EVENT, run), "fake").told_changes())


def test_a_run_says_what_it_changes_and_never_to_what() -> None:
    district = District(Source.small(4))
    district.night()
    assert ("student", "S0", "created", []) in changes(district, "run-001")
    assert len(changes(district, "run-001")) == len(district.table())
    district.source.change("student", "S0", birth_date="2013-09-09", grade="7")
    district.source.change_class("C0", name="Renamed")
    district.source.leave("S1")
    district.night("preview")
    told = changes(district, "run-002")
    assert ("student", "S0", "updated", ["grade", "birth_date"]) in told
    assert ("class", "C0", "updated", ["name"]) in told
    assert ("class", "C1", "updated", ["students"]) in told
    assert ("schedule", "S1", "departed", []) in told
    assert "2013" not in str(told)
    district.night()
    assert changes(district, "run-003") == told
    district.night("undo", undo="run-003")
    assert ("student", "S0", "updated", ["grade", "birth_date"]) in changes(district, "run-004")


def test_a_preview_keeps_its_classes_for_a_look() -> None:
    district = District(Source.small(5))
    district.night("preview")
    rows = list(previewed(district.slots, RunKey(ACCOUNT, EVENT, "run-001")))
    assert sorted((row.id, row.name, row.terms, row.teachers, row.students) for row in rows) == [
        ("C0", "Class 0", ("t1",), ("Tess Teach0",), 3),
        ("C1", "Class 1", ("t1",), ("Tess Teach1",), 2),
    ]
    assert not [name for name in district.slots.files if name.startswith("applied/")]
    district.night()
    with pytest.raises(FilesMissing):
        list(previewed(district.slots, RunKey(ACCOUNT, EVENT, "run-002")))
