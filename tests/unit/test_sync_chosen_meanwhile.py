"""What an administrator chooses while a run is under way is not lost at its end."""

from __future__ import annotations

import pytest

from roster.model import Selection, Term, replace
from roster.sync import State
from tests.fakes.school import EVENT, District, Source

AUTUMN, SPRING = Term("t1", "Autumn", "2026-08-01", "2026-12-20"), Term("t2", "Spring")


@pytest.fixture
def district() -> District:
    source = Source.small()
    source.terms = [AUTUMN, SPRING]
    source.change_class("C1", terms=("t2",))
    district = District(source)
    district.select(Selection(terms=(AUTUMN,)))
    district.night()
    district.later()
    return district


def chosen(district: District) -> Selection:
    return Selection.from_json(district.records.events[EVENT].selection)


def made_anew(district: District) -> State:
    """The provider has made the chosen term anew, and a run has found it under its new id."""
    district.source.terms = [replace(AUTUMN, id="t1-new"), SPRING]
    district.source.change_class("C0", terms=("t1-new",))
    return district.judged(district.begun())


def test_a_term_found_again_is_remembered_under_its_new_id(district: District) -> None:
    assert district.ended(made_anew(district))["status"] == "applied"
    assert chosen(district).term_ids() == {"t1-new"}


@pytest.mark.parametrize(
    "choice", [Selection(), Selection(terms=(SPRING,)), Selection(terms=(AUTUMN,), contacts=False)]
)
def test_a_choice_made_during_the_run_stands(district: District, choice: Selection) -> None:
    state = made_anew(district)
    district.select(choice)
    assert district.ended(state)["status"] == "applied"
    assert chosen(district) == choice
    assert district.night()["status"] == "applied"


def test_a_choice_made_during_a_run_that_changes_no_term_stands(district: District) -> None:
    state = district.judged(district.begun())
    district.select(Selection(terms=(SPRING,)))
    district.ended(state)
    assert chosen(district).terms == (SPRING,)
