"""Every way a Veracross may behave that its documentation leaves open: applied and correct, held, or failed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.sandbox.veracross_conduct import CONDUCTS, Conduct
from local.stack import Stack
from tests.e2e.toolkit import Evidence
from tests.e2e.veracross import Open, plain, schools, stored, truth
from tests.e2e.veracross_faults import Case, Pupil, Record, refused, spend_a_night

SIGN_ON = tuple(name for name in CONDUCTS if name.startswith(("sub_", "userinfo_", "grant_")))  # none of an import's


def conduct(name: str, status: str = "applied", code: str = "", lacking: str = "") -> Case:
    return Case("", status, code, conducts=(name,), anew=bool(lacking), lacking=lacking)


CASES = (
    conduct("scope_error_401"),
    conduct("scope_error_401", "failed", "AccessMissing", lacking="parents:list"),
    conduct("short_tokens"),
    conduct("lower_rate_limit"),
    conduct("page_size_clamped"),
    conduct("row_moved_between_pages", code="source_incomplete"),
    conduct("full_page_repeated", "failed", "ContractBroken"),
    conduct("string_codes"),
    conduct("string_ids"),
    conduct("null_nested"),
    conduct("older_api"),
    conduct("hidden_birthdays"),
    conduct("no_reciprocal_rows", code="relationship_one_sided"),
    conduct("parent_side_only", "held"),
    conduct("current_students_only"),
    conduct("current_year_only"),
    conduct("advisory_elsewhere"),
    conduct("single_value_filters"),
    Case(conducts=SIGN_ON),
)


@pytest.fixture(scope="module")
def open_veracross(stack: Stack, evidence: Evidence) -> Iterator[Open]:
    with schools(stack, evidence) as open_one:
        yield open_one


@pytest.fixture(scope="module")
def pupil(open_veracross: Open) -> Pupil:
    return Pupil(open_veracross)


def test_every_conduct_of_the_sandbox_has_a_case() -> None:
    with_a_story = {"row_lost_between_pages"}
    assert {name for case in CASES for name in case.conducts} | with_a_story == set(CONDUCTS)


@pytest.mark.matrix
@pytest.mark.parametrize("case", CASES, ids=str)
def test_conduct(case: Case, pupil: Pupil, record_property: Record) -> None:
    before = len(refused(pupil.sandbox))
    report = spend_a_night(case, pupil, record_property)
    assert (len(refused(pupil.sandbox)) > before + 2) is ("lower_rate_limit" in case.conducts)
    if "hidden_birthdays" in case.conducts:
        assert report["security_values"]["state"] == "empty"
    if "full_page_repeated" in case.conducts:
        assert "same page twice" in report["error"]["message"]


def test_a_row_that_slips_between_two_pages_is_back_the_next_night(open_veracross: Open) -> None:
    """Veracross promises no total, so nothing tells it from somebody who left. Lists of one page lose none."""
    school = open_veracross(size=25)
    school.applied()
    before = school.table()
    school.sandbox.conduct = Conduct.named("row_lost_between_pages")
    lost = school.applied()
    assert sum(counts["departed"] for counts in lost["counts"].values()) > 0
    school.sandbox.conduct = Conduct()
    again = school.applied()
    assert again["counts"]["student"]["returned"] == lost["counts"]["student"]["departed"]
    assert school.table() == before


@pytest.mark.matrix
@pytest.mark.parametrize("name", ["string_codes", "string_ids", "null_nested", "older_api", "no_reciprocal_rows"])
def test_the_first_import_is_as_right_in_any_shape(name: str, open_veracross: Open) -> None:
    school = open_veracross()
    school.sandbox.conduct = Conduct.named(name)
    school.applied()
    assert stored(school) == truth(school.source)


def test_a_first_import_from_parents_rows_alone_lets_nobody_in(open_veracross: Open) -> None:
    """What stands there of rights is not the student's row, and grants nothing."""
    school = open_veracross(plain(15))
    school.sandbox.conduct = Conduct.named("parent_side_only")
    report = school.applied()
    assert report["counts"]["relationship"]["created"] == 0
    assert not [key for key in school.contacts() if key[0] == "parent"]
