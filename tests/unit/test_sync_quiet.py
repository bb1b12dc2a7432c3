"""Nights on which little changed: a page that is last night's is not read, an empty plan is not made."""

from __future__ import annotations

from typing import Any

import pytest

from roster.errors import StoreRefused
from roster.model import NO_TERM, Class, Enrolment, Person, Selection, Term, replace
from tests.fakes.school import EVENT, OTHER, District, Source


@pytest.fixture
def district() -> District:
    district = District(Source.small(40))
    assert district.night()["status"] == "applied"
    district.later()
    return district


def read(district: District, **more: Any) -> tuple[int, dict[str, Any]]:
    """How many rows a night read, and its report."""
    before = district.source.normalised
    report = district.night(**more)
    return district.source.normalised - before, report


def files(district: District) -> set[str]:
    return {name for name in district.slots.files if name.startswith("applied/")}


def test_a_night_without_change_reads_no_row_and_writes_nothing(district: District) -> None:
    table, kept = district.table(), files(district)
    rows, report = read(district)
    assert (rows, report["status"], report["writes"]) == (0, "applied", 0)
    assert {kind: counts["unchanged"] for kind, counts in report["counts"].items()} == {
        "student": 40, "teacher": 2, "parent": 40, "class": 2, "enrolment": 40, "relationship": 40,
    }  # fmt: skip
    assert (district.table(), files(district)) == (table, kept)


def test_it_says_of_the_school_what_the_last_run_said(district: District) -> None:
    district.source.change("student", "S3", birth_date="")
    district.source.classes.append(Class("C9", "Empty", "school-1", ("t1",)))
    first = district.night()
    district.later()
    rows, quiet = read(district)
    assert rows == 0
    for name in ("warnings", "help", "security_values"):
        assert quiet[name] == first[name]
    assert quiet["warnings"] == {"class_without_teacher": 1}
    found = [district.slots.read_json(f"{run}/offer") for run in runs(district)[-2:]]
    assert found[0] == found[1]
    assert problems(district, -1) == problems(district, -2) != []


def runs(district: District) -> list[str]:
    return sorted({name.rpartition("/context")[0] for name in district.slots.files if name.endswith("/context")})


def problems(district: District, run: int) -> list[Any]:
    folder = runs(district)[run]
    return [one for name in district.slots.names(f"{folder}/problems/") for one in district.slots.read_json(name)]


def test_of_a_change_only_its_page_is_read(district: District) -> None:
    district.source.change("student", "S3", grade="8")
    rows, report = read(district)
    assert 0 < rows <= district.source.page_size
    assert report["counts"]["student"] | {"unchanged": 0} == {
        "created": 0, "updated": 1, "unchanged": 0, "departed": 0, "returned": 0, "rejected": 0,
    }  # fmt: skip
    assert report["writes"] == 1


def test_a_leaver_leaves_although_the_other_pages_are_known(district: District) -> None:
    district.source.leave("S39")
    rows, report = read(district)
    assert (report["counts"]["student"]["departed"], district.contact("student", "S39")["inactive_since"]) == (
        1,
        district.today.date().isoformat(),
    )
    assert rows < 60, "of 166"


def test_after_a_quiet_night_a_change_is_seen(district: District) -> None:
    for _ in range(3):
        assert district.night()["writes"] == 0
        district.later()
    district.source.join("S90", "C0")
    assert district.night()["counts"]["student"]["created"] == 1


def test_whoever_leaves_at_a_date_leaves_at_that_date_though_no_page_changes() -> None:
    district = District(Source.small())
    at = next(n for n, one in enumerate(district.source.members) if one.person == "S3")
    district.source.members[at] = replace(district.source.members[at], end="2026-10-04")
    district.source.members.append(Enrolment("C0", "T1", "teacher", begin="2026-10-03"))
    taught, listed = [], []
    for _ in range(5):
        assert district.night()["status"] == "applied"
        taught.append(district.roster.of("class", EVENT)["C0"]["teachers"])
        listed.append(district.contact("student", "S3")["inactive_since"] == "")
        district.later()
    assert taught == [["T0"], ["T0"], ["T0", "T1"], ["T0", "T1"], ["T0", "T1"]]
    assert listed == [True, True, True, False, False]


def test_whoever_has_left_the_school_leaves_the_day_after() -> None:
    district = District(Source.small())
    district.source.change("student", "S3", until="2026-10-02")
    there = []
    for _ in range(4):
        district.night()
        there.append(district.contact("student", "S3")["inactive_since"] == "")
        district.later()
    assert there == [True, True, False, False]


def test_everything_is_looked_at_again_once_a_week(district: District) -> None:
    asked = []
    for _ in range(9):
        before = len(district.records.told)
        district.night()
        asked.append(any(told["stage"] == "plan" for told in district.records.told[before:]))
        district.later()
    assert asked == [False] * 6 + [True] + [False] * 2


def test_another_choice_is_another_plan(district: District) -> None:
    district.select(Selection(terms=(Term(NO_TERM, NO_TERM),)))
    assert read(district)[1]["status"] == "held"
    district.select(Selection(contacts=False))
    assert district.night()["status"] == "applied"


def test_what_another_event_has_applied_is_looked_at(district: District) -> None:
    """Its run may have brought a newer name of the same person, or taken over the ledger."""
    district.source.change("student", "S3", grade="8")
    assert district.night(event=OTHER)["status"] == "applied"
    rows, report = read(district)
    assert (rows, report["counts"]["student"]["updated"], report["writes"]) == (0, 0, 0)
    assert district.night(event=OTHER)["writes"] == 0


def test_two_events_of_one_account_come_to_rest(district: District) -> None:
    """A run that changes nothing leaves what the other's is compared with where it is."""
    planned = []
    for _ in range(4):
        for event in (EVENT, OTHER):
            before = len(district.records.told)
            assert district.night(event=event)["status"] == "applied"
            planned.append(any(told["stage"] == "plan" for told in district.records.told[before:]))
        district.later()
    assert planned == [False, True, True, False, False, False, False, False]


def test_under_other_code_every_page_is_read(district: District) -> None:
    district.edition = "the code of tomorrow"
    rows, report = read(district)
    assert (rows > 80, report["writes"]) == (True, 0)


def test_pages_of_long_ago_are_read_as_if_for_the_first_time(district: District) -> None:
    for name in district.slots.names("pulled/"):
        district.slots.delete([name])
    rows, report = read(district)
    assert (rows > 80, report["writes"]) == (True, 0)


def test_so_are_pages_of_which_the_bucket_only_says_that_access_is_denied(
    district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which is what S3 says of a file that is gone to whoever may not list the bucket."""

    def denied(name: str) -> Any:
        raise StoreRefused("the staging bucket refuses this for good (AccessDenied)")

    monkeypatch.setattr(district.slots, "opened", denied)
    rows, report = read(district)
    assert (rows > 80, report["writes"]) == (True, 0)


def test_a_run_of_which_nothing_is_left_to_ask_is_planned_anew(district: District) -> None:
    for name in district.slots.names("runs/"):
        district.slots.delete([name])
    report = read(district)[1]
    assert (report["status"], report["writes"], report["counts"]["student"]["unchanged"]) == ("applied", 0, 40)


def test_after_a_torn_run_nothing_is_taken_for_settled(district: District) -> None:
    district.source.join("S90", "C0")
    assert district.killed(after=1)
    district.source.leave("S90")
    report = read(district)[1]
    assert report["status"] == "applied"
    assert "S90" not in {
        id for id, item in district.roster.of("contact", "student").items() if not item["inactive_since"]
    }


def test_a_preview_of_a_quiet_school_is_a_preview(district: District) -> None:
    assert district.night(mode="preview")["status"] == "preview"
    assert district.night()["writes"] == 0


def test_a_namesake_page_of_another_resource_is_not_taken(district: District) -> None:
    """Every list has a page 0; what tells them apart is what was asked, not where it lies."""
    district.source.people.insert(0, Person("teacher", "T5", last="New"))
    district.source.members.append(Enrolment("C0", "T5", "teacher"))
    assert district.night()["counts"]["teacher"]["created"] == 1
