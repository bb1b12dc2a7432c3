"""Several events of one account at 1 AM: one pull serves them all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from roster.errors import PullUnderWay
from roster.model import Selection
from roster.ports import Answer
from tests.fakes.school import ACCOUNT, EVENT, OTHER, District, Source


def night(district: District, event: str, *, shared: bool = True) -> dict[str, Any]:
    return district.night(event=event, shared=shared)


def test_the_second_event_asks_the_provider_nothing() -> None:
    district = District(Source.small())
    first, second = night(district, EVENT), night(district, OTHER)
    assert (first["requests"] > 0, second["requests"]) == (True, 0)
    assert second["counts"]["enrolment"]["created"] == first["counts"]["enrolment"]["created"] == 12
    assert sorted(district.roster.of("class", OTHER)) == ["C0", "C1"]


def test_it_is_what_a_pull_of_its_own_would_have_brought() -> None:
    alone, together = District(Source.small()), District(Source.small())
    for event in (EVENT, OTHER):
        night(alone, event, shared=False)
        night(together, event)
    assert together.table() == alone.table()


def test_a_quarter_of_an_hour_later_it_pulls_anew() -> None:
    district = District(Source.small())
    night(district, EVENT)
    district.today += timedelta(minutes=16)
    assert night(district, OTHER)["requests"] > 0


def test_an_import_by_hand_sees_what_was_just_changed() -> None:
    district = District(Source.small())
    night(district, EVENT)
    district.source.join("S90", "C0")
    assert night(district, OTHER, shared=False)["counts"]["enrolment"]["created"] == 13


def test_without_parents_is_another_pull() -> None:
    district = District(Source.small())
    night(district, EVENT)
    district.select(Selection(contacts=False), OTHER)
    assert night(district, OTHER)["requests"] > 0


def test_whoever_comes_while_another_pulls_waits_for_it() -> None:
    district = District(Source.small())
    state = district.begun(shared=True)
    district.running.add(state["run"])
    with pytest.raises(PullUnderWay):
        district.begun(event=OTHER, shared=True)
    district.planned(district.pulled(state))
    assert district.begun(event=OTHER, shared=True)["place"]["done"]


def test_a_pull_whose_run_has_died_is_waited_for_by_nobody() -> None:
    district = District(Source.small())
    district.begun(shared=True)
    assert district.begun(event=OTHER, shared=True)["place"]["done"] is False


def test_a_pull_that_failed_is_waited_for_by_nobody() -> None:
    district = District(Source.small())
    district.source.fault = lambda resource, offset: Answer(400, {})
    assert night(district, EVENT)["status"] == "failed"
    district.running.add("run-001")  # Step Functions counts it as running for another while
    district.source.fault = lambda resource, offset: None
    assert district.begun(event=OTHER, shared=True)["place"]["done"] is False


def test_for_a_pull_that_takes_long_nobody_waits() -> None:
    district = District(Source.small())
    state = district.begun(shared=True)
    district.running.add(state["run"])
    district.today += timedelta(minutes=16)
    assert district.begun(event=OTHER, shared=True)["place"]["done"] is False
    assert district.records.integration(ACCOUNT).pulling["owner"] == state["run"]


def test_pages_are_filed_under_the_settings_they_were_pulled_with() -> None:
    """Support corrects a setting while the first run pulls: the second one must not take its pages."""
    district = District(Source.small())
    state = district.begun(shared=True)
    pulled = district.pulled(state)
    district.records.integration(ACCOUNT).settings = {"district": "another"}
    district.planned(pulled)
    assert district.begun(event=OTHER, shared=True)["place"]["done"] is False


def test_of_two_that_begin_at_once_one_waits() -> None:
    district = District(Source.small())
    records = district.records
    pulling = records.pulling

    def overtaken(account: str, before: Any, now: Any) -> bool:
        pulling(account, before, {**now, "owner": "somebody else"})
        return pulling(account, before, now)

    records.pulling = overtaken  # type: ignore[method-assign]
    with pytest.raises(PullUnderWay):
        district.begun(shared=True)


def test_the_next_night_is_compared_with_the_pull_that_was_shared() -> None:
    district = District(Source.small())
    for event in (EVENT, OTHER):
        night(district, event)
    district.later()
    before = district.source.normalised
    reports = [night(district, event) for event in (EVENT, OTHER)]
    assert district.source.normalised == before
    assert [report["writes"] for report in reports] == [0, 0]
    assert district.records.integration(ACCOUNT).pulled["place"]["done"]
