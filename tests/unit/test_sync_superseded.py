"""A run that another has taken over: whatever wakes it up again, it neither writes nor says what was applied."""

from __future__ import annotations

import pytest

from roster.errors import Superseded, TerminalError
from roster.sync import State
from tests.fakes.school import EVENT, OTHER, District, Source
from tests.fakes.sense import nonsense


def school() -> District:
    district = District(Source.small())
    district.night()
    district.later()
    return district


def stopped_in_apply(district: District) -> State:
    """A run that is aborted after its guard; somebody will redrive it."""
    district.source.change("student", "S1", grade="4", birth_date="2012-05-05")
    return district.judged(district.begun())


def taken_over(district: District) -> None:
    district.source.change("student", "S1", grade="5")
    district.source.leave("S2")
    assert district.night()["status"] == "applied"


def test_a_superseded_run_writes_nothing() -> None:
    district = school()
    stopped = stopped_in_apply(district)
    taken_over(district)
    table = district.table()
    with pytest.raises(Superseded):
        district.sync().apply(stopped, 0)
    assert district.table() == table


def test_a_superseded_run_points_at_nothing_of_its_own() -> None:
    """Its ledger was never applied, and is gone: with a pointer to it, everybody would be created anew."""
    district = school()
    stopped = stopped_in_apply(district)
    taken_over(district)
    applied = district.applied()
    with pytest.raises(Superseded) as caught:
        district.sync().finish({**stopped, "applied": {"writes": [1], "errors": []}})
    assert district.applied() == applied
    assert district.failed(stopped, stopped["run"], caught.value)["error"]["code"] == "Superseded"
    assert district.applied() == applied
    report = district.night()
    assert (report["writes"], report["counts"]["student"]["created"]) == (0, 0)
    assert nonsense(district.roster) == []


def test_a_superseded_run_does_not_pass_its_guard() -> None:
    district = school()
    district.source.join("S90", "C0")
    state = district.pulled(district.begun())
    while not state.get("plan", {}).get("done"):
        state = district.sync().plan(state, state["run"])
    taken_over(district)
    with pytest.raises(Superseded):
        district.sync().guard(state)
    assert district.night()["writes"] == 0, "nothing is marked as in doubt"


def test_one_lock_of_two_is_not_enough() -> None:
    """Another event's run took the account's lock over, and has not planned yet."""
    district = school()
    stopped = stopped_in_apply(district)
    other = district.pulled(district.begun(event=OTHER))
    district.sync().plan(other, other["run"])
    with pytest.raises(Superseded):
        district.sync().apply(stopped, 0)
    with pytest.raises(Superseded):
        district.sync().finish({**stopped, "applied": {"writes": [], "errors": []}})
    assert district.records.locks == {f"event {EVENT}": stopped["run"], f"event {OTHER}": other["run"],
                                      "account": other["run"]}  # fmt: skip


def test_a_superseded_run_is_not_tried_again_and_nobody_has_to_do_anything() -> None:
    assert issubclass(Superseded, TerminalError)
    assert "other run" in Superseded.default_help
