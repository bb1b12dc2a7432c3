"""Links to a held run: for a week, for one decision, and for an administrator who has signed in just now."""

from __future__ import annotations

from typing import Any, cast

import pytest

from roster.deciding import Deciding
from roster.errors import NotThere
from roster.importing import Importer
from roster.model import Level
from roster.permissions import Administrator
from roster.ports import Event, Run, RunKey
from roster.sessions import SignedIn, digest
from tests.fakes.memory import MemoryRecords
from tests.fakes.staff import ACCOUNT, ORIGIN, Clock, MemoryAccountBook, numbered
from tests.fakes.telling import MemoryHeldLinks

KEY = RunKey(ACCOUNT, "fall", "run-1")
EDNA = Administrator(ACCOUNT, "edna", level=Level.ADMINISTRATOR)


class Decisions:
    """What of roster.importing decides: it writes down the decision, or is in trouble."""

    def __init__(self, records: MemoryRecords) -> None:
        self.records = records
        self.trouble: Exception | None = None

    def approve(self, person: Administrator, event: str, run: str) -> str:
        if self.trouble:
            raise self.trouble
        self.records.runs[run].decided = "approved"
        return "run-2"

    def is_latest(self, key: RunKey) -> bool:
        return max(self.records.runs) == key.run

    def discard(self, person: Administrator, event: str, run: str) -> None:
        self.records.runs[run].decided = "discarded"


class World:
    def __init__(self) -> None:
        self.clock, self.kept = Clock(), MemoryHeldLinks()
        self.records = MemoryRecords(None, Event(ACCOUNT, "fall", "Fall conferences"))
        self.records.runs["run-1"] = Run("held", "import", report={"reasons": ["All 9 students would leave."]})
        self.importer = Decisions(self.records)
        self.deciding = Deciding(
            self.kept, cast(Importer, self.importer), MemoryAccountBook(), ORIGIN, self.clock, numbered("token")
        )

    def signed_in(self, person: Administrator = EDNA) -> SignedIn:
        now = self.clock().isoformat()
        return SignedIn(person, now, now)


@pytest.fixture
def world() -> World:
    return World()


def test_what_was_held_before_another_import_is_decided_no_more(world: World) -> None:
    world.deciding.links(KEY)
    assert world.deciding.opened("token1")
    world.records.runs["run-2"] = Run("held", "import", report={"reasons": ["All 8 students would leave."]})
    assert world.deciding.opened("token1") is None


def test_two_addresses_and_no_token_that_is_kept(world: World) -> None:
    assert world.deciding.links(KEY) == (f"{ORIGIN}/api/held/token1/approve", f"{ORIGIN}/api/held/token1/discard")
    assert list(world.kept.links) == [digest("token1")]
    held = world.deciding.opened("token1")
    assert held
    assert (held.school, held.event) == ("Harbor High", "Fall conferences")
    assert held.reasons == ["All 9 students would leave."]
    assert world.deciding.opened("token2") is None


@pytest.mark.parametrize(("days", "works"), [(6.99, True), (7, False), (30, False)])
def test_it_is_good_for_a_week(world: World, days: float, works: bool) -> None:
    world.deciding.links(KEY)
    world.clock.wait(days=days)
    assert bool(world.deciding.opened("token1")) is works


@pytest.mark.parametrize("decision", ["approve", "discard"])
def test_one_decision_uses_it_up(world: World, decision: str) -> None:
    world.deciding.links(KEY)
    held = world.deciding.opened("token1")
    assert held
    assert world.deciding.decide(held, world.signed_in(), decision) == ("run-2" if decision == "approve" else "")
    assert world.deciding.opened("token1") is None


def test_a_yes_that_could_not_be_carried_out_can_be_said_again(world: World) -> None:
    world.deciding.links(KEY)
    world.importer.trouble = NotThere("busy")
    held = world.deciding.opened("token1")
    assert held
    with pytest.raises(NotThere, match="busy"):
        world.deciding.decide(held, world.signed_in(), "approve")
    assert world.deciding.opened("token1")


@pytest.mark.parametrize(
    "change", [{"account": "116"}, {"level": Level.EVENT_ADMINISTRATOR}, {"level": Level.APPOINTMENT_VIEWER}]
)
def test_whom_it_is_not_for(world: World, change: dict[str, Any]) -> None:
    world.deciding.links(KEY)
    held = world.deciding.opened("token1")
    assert held
    other = world.signed_in(Administrator(**{"account": ACCOUNT, "id": "x", "level": Level.ADMINISTRATOR, **change}))
    assert not world.deciding.is_for(held, other)
    with pytest.raises(NotThere):
        world.deciding.decide(held, other, "approve")
    assert world.records.runs["run-1"].decided == ""


def test_a_session_that_is_older_than_a_link_to_sign_in_is_not_enough(world: World) -> None:
    world.deciding.links(KEY)
    held, session = world.deciding.opened("token1"), world.signed_in()
    assert held
    world.clock.wait(minutes=15)
    assert world.deciding.is_for(held, session)
    world.clock.wait(seconds=1)
    assert not world.deciding.is_for(held, session)


def test_a_run_that_waits_for_nothing(world: World) -> None:
    world.deciding.links(KEY)
    world.records.runs["run-1"].status = "applied"
    assert world.deciding.opened("token1") is None
    world.records.runs.clear()
    assert world.deciding.opened("token1") is None
