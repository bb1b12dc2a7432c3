"""What a run leaves in the bucket: copies of birth dates only where the next run, or an undo, needs them."""

from __future__ import annotations

import pytest

from roster.errors import StoreBusy, Superseded
from roster.sync import State
from tests.fakes.school import ACCOUNT, EVENT, OTHER, District, Source


@pytest.fixture
def district() -> District:
    district = District(Source.small())
    district.night()
    district.later()
    return district


def lasting(district: District) -> dict[str, object]:
    """Every file that no lifecycle rule ever deletes."""
    return {name: file for name, file in district.slots.files.items() if name.startswith("applied/")}


def test_a_preview_leaves_nothing(district: District) -> None:
    before = lasting(district)
    district.source.change("student", "S1", birth_date="2013-01-01")
    assert district.night("preview")["status"] == "preview"
    assert lasting(district) == before


def test_a_held_run_leaves_nothing(district: District) -> None:
    before = lasting(district)
    district.source.people.clear()
    assert district.night()["status"] == "held"
    assert lasting(district) == before


def test_a_run_that_fails_while_it_plans_leaves_nothing(district: District) -> None:
    before = lasting(district)
    district.source.join("S90", "C0")
    district.left = lambda: 0.0
    state = district.pulled(district.begun())
    for _ in range(4):
        state = district.sync().plan(state, state["run"])
    assert lasting(district) != before
    district.failed(state, state["run"], StoreBusy("no"))
    assert lasting(district) == before


def marked(district: District) -> State:
    district.source.join("S90", "C0")
    return district.judged(district.begun())


def test_a_run_that_fails_while_it_applies_leaves_what_the_next_one_needs(district: District) -> None:
    state = marked(district)
    district.failed(state, state["run"], StoreBusy("no"))
    plan = district.records.integration(ACCOUNT).applying
    assert [name for name in lasting(district) if name.startswith(f"{plan}/")]


def test_a_guard_that_was_killed_after_its_mark_leaves_it_too(district: District) -> None:
    """The state machine never heard of the verdict."""
    state = marked(district)
    del state["verdict"]
    district.failed(state, state["run"], StoreBusy("no"))
    assert district.night()["status"] == "applied"


def test_an_applied_run_leaves_itself_and_the_one_before_it(district: District) -> None:
    for n in (90, 91, 92):
        district.source.join(f"S{n}", "C0")
        assert district.night()["status"] == "applied"
    assert {name.rpartition("/")[0] for name in lasting(district)} == {
        f"applied/{ACCOUNT}/{what}/run-00{run}" for what in ("contacts/fake", f"events/{EVENT}") for run in (3, 4)
    }


def test_a_finish_killed_before_it_tidied_up_is_tidied_up_after(district: District) -> None:
    district.source.join("S90", "C0")
    state = district.judged(district.begun("preview"))
    before = {name for name in lasting(district) if state["run"] not in name}
    tidy, district.slots.delete = district.slots.delete, lambda names: None  # type: ignore[method-assign]
    district.ended(state)
    assert set(lasting(district)) != before
    district.slots.delete = tidy  # type: ignore[method-assign]
    district.ended(state)
    assert set(lasting(district)) == before


def test_only_what_lies_beside_its_own_is_ever_deleted(district: District) -> None:
    """Whoever could write a run's context could else have any file deleted."""
    district.night(event=OTHER)
    state = district.judged(district.begun())
    folder = f"runs/{ACCOUNT}/{EVENT}/{state['run']}"
    foreign = ["applied/11600000/events/autumn/run-002/manifest", "applied/2/contacts/fake/run-1/people-000-of-001"]
    district.slots.write_json(foreign[1], {})
    context = district.slots.read_json(f"{folder}/context")
    district.slots.write_json(f"{folder}/context", {**context, "outdated": foreign})
    assert district.ended(state)["status"] == "applied"
    assert set(foreign) <= set(district.slots.files)


def test_a_superseded_run_deletes_nothing_of_others(district: District) -> None:
    stopped = marked(district)
    district.source.leave("S1")
    assert district.night()["status"] == "applied"
    before = set(lasting(district))
    with pytest.raises(Superseded):
        district.sync().finish({**stopped, "applied": {"writes": [], "errors": []}})
    district.failed(stopped, stopped["run"], StoreBusy("no"))
    assert {name for name in lasting(district) if stopped["run"] not in name} == {
        name for name in before if stopped["run"] not in name
    }
