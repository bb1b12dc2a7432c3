"""An event is deleted: its classes go, its people stay, and what other events say of them counts on."""

from __future__ import annotations

from random import Random

import pytest

from roster.model import Selection
from roster.ports import ClassMark
from tests.fakes.memory import Killed
from tests.fakes.school import ACCOUNT, EVENT, OTHER, District, Source
from tests.fakes.sense import nonsense


def two_events(seed: int | None = None) -> District:
    """Autumn has everybody, spring has only the school of C1's students."""
    district = District(Source.small(6))
    district.source.change_class("C1", school="school-2")
    district.night()
    district.select(Selection(schools=("school-2",)), OTHER)
    district.night(event=OTHER)
    district.records.marks[EVENT] = {"C0": ClassMark(hidden=True)}
    district.roster.order = Random(seed) if seed is not None else None
    district.later()
    return district


def test_contacts_stay_and_who_is_in_no_other_event_becomes_inactive() -> None:
    district = two_events()
    other = {key: item for key, item in district.table().items() if key[0] != "contact" and key[1] == OTHER}
    contacts = set(district.roster.of("contact"))
    report = district.night("delete")
    assert (report["status"], report["counts"]["student"]["departed"]) == ("applied", 3)
    assert set(district.roster.of("contact")) == contacts
    inactive = {id for id, item in district.roster.of("contact", "student").items() if item["inactive_since"]}
    assert inactive == {"S0", "S2", "S4"}
    assert {key: item for key, item in district.table().items() if key[0] != "contact"} == other
    assert nonsense(district.roster) == []
    assert EVENT not in district.records.events
    assert not district.records.marks[EVENT]
    assert district.records.locks == {}


def test_nothing_of_the_event_is_left_in_the_bucket() -> None:
    district = two_events()
    district.night("delete")
    assert not [name for name in district.slots.files if name.startswith(f"applied/{ACCOUNT}/events/{EVENT}/")]
    assert district.night(event=OTHER)["writes"] == 0


def test_an_event_of_an_account_without_a_provider() -> None:
    district = District(Source.small(6))
    district.records._integration = None
    assert district.night("delete")["status"] == "applied"
    assert EVENT not in district.records.events
    assert district.table() == {}


def test_an_event_that_was_never_imported() -> None:
    district = District(Source.small(6))
    district.night(event=OTHER)
    table = district.table()
    assert district.night("delete")["status"] == "applied"
    assert (district.table(), EVENT in district.records.events) == (table, False)
    assert district.night(event=OTHER)["writes"] == 0


def test_a_deletion_cannot_be_undone_nor_what_was_before_it() -> None:
    district = two_events()
    district.night("delete", OTHER)
    report = district.night("undo", undo="run-001")
    assert report["error"]["code"] == "UndoRefused"


@pytest.mark.parametrize("seed", [None, 1])
def test_killed_at_every_write_and_done_again(seed: int | None) -> None:
    undisturbed = two_events()
    undisturbed.night("delete")
    for after in range(100):
        district = two_events(seed)
        district.roster.fail_after = after
        try:
            district.night("delete")
            assert after > 8
            return
        except Killed:
            district.roster.fail_after = None
        assert district.night("delete")["status"] == "applied"
        assert district.table() == undisturbed.table()
        assert district.night(event=OTHER)["writes"] == 0
    raise AssertionError


def test_an_interrupted_night_before_it_leaves_nobody_active() -> None:
    for after in range(12):
        district = two_events(after)
        district.source.join("S90", "C0")
        district.source.leave("S2")
        if not district.killed(after):
            return
        district.night("delete")
        assert nonsense(district.roster) == []
        assert not district.roster.of("class", EVENT)
        assert not district.roster.of("schedule", EVENT)


def test_every_step_done_twice() -> None:
    district = two_events()
    state = district.judged(district.begun("delete"))
    district.sync().apply(state, 0)
    district.ended(state)
    assert district.sync().finish(state)["status"] == "applied"
    assert nonsense(district.roster) == []


def test_a_night_of_an_event_that_is_gone_is_no_error() -> None:
    district = two_events()
    district.night("delete")
    told = district.night(night="2026-10-02T05:00:00+00:00", zone="America/New_York")
    assert told == {"quiet": "the event is gone"}
    assert district.records.locks == {}
