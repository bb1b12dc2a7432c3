"""An account that changes its provider: what was applied from the one is not the other's past, for ids may collide."""

from __future__ import annotations

import pytest

from roster.keys import plan_folder
from tests.fakes.school import ACCOUNT, EVENT, OTHER, District, Source


@pytest.fixture
def switched() -> District:
    """Imported from one provider, and set up with another one since, whose S1 is somebody else."""
    district = District(Source.small())
    district.night()
    district.records.integration(ACCOUNT).provider = "another"
    district.source.change("student", "S1", first="Somebody", last="Else", birth_date="")
    return district


@pytest.mark.parametrize("mode", ["import", "preview"])
def test_nobody_inherits_from_whoever_has_the_same_id_elsewhere(switched: District, mode: str) -> None:
    table = switched.table()
    report = switched.night(mode)
    assert (report["status"], report["error"]["code"]) == ("failed", "NotSetUp")
    assert "support@pickatime.com" in report["error"]["help"]
    assert (switched.table(), switched.records.locks) == (table, {})


@pytest.mark.parametrize("event", [EVENT, OTHER])
def test_nor_from_a_plan_of_the_other_provider(switched: District, event: str) -> None:
    integration = switched.records.integration(ACCOUNT)
    integration.ledger = ""
    switched.records.events[event].applying = plan_folder(ACCOUNT, "fake", event, "run-001")
    assert switched.night(event=event)["error"]["code"] == "NotSetUp"
    switched.records.events[event].applying = ""
    integration.applying = plan_folder(ACCOUNT, "fake", OTHER, "run-001")
    assert switched.night(event=event)["error"]["code"] == "NotSetUp"


def test_back_at_the_first_one_everything_is_as_it_was(switched: District) -> None:
    switched.night()
    switched.records.integration(ACCOUNT).provider = "fake"
    report = switched.night()
    assert (report["status"], report["counts"]["student"]["created"]) == ("applied", 0)
    assert switched.contact("student", "S1")["person"]["birth_date"] == "2012-04-08"
