"""A clear deletes whoever is not shown anew: what a pull may lack, what others have begun, what must be kept."""

from __future__ import annotations

from copy import deepcopy

import pytest

from roster.model import BY_HAND, SourceState
from tests.fakes.memory import Killed
from tests.fakes.school import ACCOUNT, EVENT, OTHER, District, Source
from tests.fakes.sense import nonsense

CLEAR = {"level": "Event Administrator"}
BY = f"contact of {BY_HAND}"


def school(students: int = 6) -> District:
    district = District(Source.small(students))
    district.source.page_size = 1000
    assert district.night()["status"] == "applied"
    district.later()
    return district


def by_hand(people: int) -> District:
    """An account without a provider, and people kept by hand."""
    district = District(Source.small(2))
    district.records._integration = None
    for n in range(people):
        district.roster.items[BY, "administrator", f"e{n}"] = {"level": "Event Administrator", "email": ""}
    return district


def dies(district: District, after: int, mode: str = "import") -> None:
    district.roster.fail_after = after
    with pytest.raises(Killed):
        district.night(mode, clear=CLEAR)
    district.roster.fail_after = None


def test_a_pull_below_its_own_total_is_held() -> None:
    district = school(40)
    district.source.promised = {"students": 40}
    gone = {f"S{n}" for n in range(15)}
    district.source.people = [person for person in district.source.people if person.id not in gone]
    report = district.night(clear=CLEAR)
    assert (report["status"], len(district.roster.of("contact", "student"))) == ("held", 40)
    assert "source.partial" in report["excess"]


def test_a_provider_in_trouble_is_held() -> None:
    district = school(40)
    district.source.states = [SourceState(warning="district_error", departures_trusted=False)]
    assert district.night(clear=CLEAR)["status"] == "held"


def test_fewer_than_half_is_held_and_may_be_meant() -> None:
    district = school(40)
    for n in range(39):
        district.source.leave(f"S{n}")
    report = district.night(clear=CLEAR)
    assert report["status"] == "held"
    assert "Only 1 students would come for 40." in report["reasons"]
    assert len(district.roster.of("contact", "student")) == 40
    assert district.night(clear=CLEAR, allow=f"run-{district.runs:03d}")["status"] == "applied"
    assert len(district.roster.of("contact", "student")) == 1


def test_parents_that_are_not_shared_any_more_are_held() -> None:
    district = school(40)
    district.source.shows_parents = False
    assert district.night(clear=CLEAR)["status"] == "held"
    assert len(district.roster.of("contact", "parent")) == 40


def test_another_events_half_applied_import_is_in_the_way() -> None:
    district = District(Source.small(6))
    district.source.page_size = 1000
    assert district.killed(20, event=OTHER)
    report = district.night("clear", clear=CLEAR)
    assert report["error"]["code"] == "ClearRefused"


def test_who_stays_is_not_put_back_to_what_they_were() -> None:
    """Sessions that were ended since would be valid again."""
    district = by_hand(0)
    district.roster.items[BY, "administrator", "boss"] = {"level": "Administrator", "email": "", "sessions_after": "1"}
    district.roster.items[BY, "administrator", "low"] = {"level": "Customer", "email": ""}
    assert district.night("clear", clear=CLEAR)["status"] == "applied"
    district.roster.items[BY, "administrator", "boss"]["sessions_after"] = "2"
    assert district.night("undo", undo="run-001")["status"] == "applied"
    assert district.roster.items[BY, "administrator", "boss"]["sessions_after"] == "2"
    assert (BY, "administrator", "low") in district.roster.items


def test_another_events_deletion_keeps_what_a_dead_clear_had_deleted() -> None:
    district = by_hand(6)
    dies(district, 3, "clear")
    assert district.night("delete", event=OTHER)["status"] == "applied"
    district.night("delete")
    assert len(district.roster.of(BY)) == 6


@pytest.mark.parametrize("after", range(8))
def test_a_dead_clear_of_one_event_and_a_first_import_of_another(after: int) -> None:
    district = school()
    district.roster.items[BY, "administrator", "e"] = {"level": "Event Administrator", "email": ""}
    table = deepcopy(district.table())
    dies(district, after)
    assert district.night(event=OTHER)["status"] == "applied"
    district.later()
    assert district.night()["status"] == "applied"
    assert nonsense(district.roster) == []
    assert {key: item for key, item in district.table().items() if OTHER not in key} == table


def test_a_cancelled_plan_leaves_no_children_in_the_bucket() -> None:
    district = District(Source.small(6))
    state = district.planned(district.pulled(district.begun()))
    district.sync().ended({"account": ACCOUNT, "event": EVENT}, state["run"], "ABORTED")
    assert [name for name in district.slots.files if name.startswith("applied/")] == []
