"""Killed at every single write of an apply: whatever is done next, the table ends as if nobody had been killed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import pytest

from roster import plan
from roster.errors import FilesMissing, RosterError, StoreBusy, Superseded
from roster.model import Class, Enrolment
from tests.fakes.memory import Killed
from tests.fakes.school import EVENT, OTHER, District, Source
from tests.fakes.sense import nonsense

Table = dict[tuple[str, ...], Any]


def busy_night(source: Source) -> None:
    """A little of everything: joiner, leaver, returner to be, moved and changed people, classes that come and go."""
    source.join("S90", "C0")
    source.leave("S1")
    source.change("teacher", "T0", email="new@school.example")
    source.move("S2", "C1")
    source.change_class("C1", name="Renamed")
    source.classes.append(Class("C9", "New", "school-1", ("t1",)))
    source.members.append(Enrolment("C9", "T1", "teacher", True))
    source.members.append(Enrolment("C9", "S3", "student"))
    source.join("S91", "C9")


def school(seed: int | None = None) -> District:
    """6 students, imported, with a busy night ahead."""
    district = District(Source.small(6))
    district.source.page_size = 1000
    district.source.classes.append(Class("C8", "Leaving", "school-1", ("t1",)))
    district.source.members += [Enrolment("C8", "T0", "teacher", True), Enrolment("C8", "S0", "student")]
    district.source.join("S70", "C1")
    district.night()
    district.source.leave("S70")
    district.night()
    district.source.join("S70", "C1")
    district.source.drop_class("C8")
    busy_night(district.source)
    district.roster.order = Random(seed) if seed is not None else None
    district.later()
    return district


def undisturbed(change: Callable[[Source], None] = lambda source: None) -> Table:
    district = school()
    change(district.source)
    assert district.night()["status"] == "applied"
    assert nonsense(district.roster) == []
    return district.table()


def writes_of(district: District) -> int:
    state = district.judged(district.begun())
    sync = district.sync()
    number = sum(sync.apply(state, shard)["writes"] for shard in state["verdict"]["shards"])
    assert number > 15
    return number


WRITES = writes_of(school())
SEEDS = (None, 1)  # in the order of the plan, and in any order: DynamoDB promises none within a batch


@contextmanager
def power_cut(district: District, after: int) -> Iterator[None]:
    district.roster.fail_after = after
    with pytest.raises(Killed):
        yield
    district.roster.fail_after = None


def expect(district: District, table: Table) -> None:
    assert nonsense(district.roster) == []
    assert district.table() == table


@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_apply_again(seed: int | None) -> None:
    """The state machine tries the step again."""
    table = undisturbed()
    for after in range(WRITES):
        district = school(seed)
        state = district.judged(district.begun())
        with power_cut(district, after):
            district.ended(state)
        assert district.ended(state)["status"] == "applied"
        expect(district, table)
        assert district.night()["writes"] == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_a_new_run_with_the_source_unchanged(seed: int | None) -> None:
    table = undisturbed()
    for after in range(WRITES):
        district = school(seed)
        assert district.killed(after)
        assert district.night()["status"] == "applied"
        expect(district, table)
        assert district.night()["writes"] == 0


def gone_again(source: Source) -> None:
    """The joiners and the new class of the dead run are gone, the leaver is back."""
    source.leave("S90")
    source.leave("S91")
    source.drop_class("C9")
    source.join("S1", "C1")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_new_run_with_the_source_changed_in_between(seed: int | None) -> None:
    """What the dead run made is taken back; people it made stay as inactive contacts, for nobody is deleted."""
    table = undisturbed(gone_again)
    made = {("contact", "student", "S90"), ("contact", "student", "S91")}
    made |= {("contact", "parent", "P-S90"), ("contact", "parent", "P-S91")}
    for after in range(WRITES):
        district = school(seed)
        assert district.killed(after)
        gone_again(district.source)
        assert district.night()["status"] == "applied"
        assert nonsense(district.roster) == []
        left = district.table()
        assert all(left.pop(key)["inactive_since"] for key in made if key in left)
        assert left == table
        assert district.night()["writes"] == 0


def test_previews_and_held_runs_after_a_crash_do_not_forget_it() -> None:
    for after in (1, WRITES // 2, WRITES - 1):
        district = school()
        assert district.killed(after)
        torn = district.table()
        gone_again(district.source)
        assert district.night("preview")["status"] == "preview"
        whole = district.source.people[:]
        district.source.people.clear()
        assert district.night()["status"] == "held"
        district.source.people = whole
        assert district.table() == torn
        assert district.night()["status"] == "applied"
        assert nonsense(district.roster) == []


def test_killed_again_and_again() -> None:
    """Every night dies a little later, over a source that changes all the time."""
    for seed in range(8):
        district = school(seed)
        dice = Random(seed)
        for n in range(6):
            district.killed(dice.randrange(WRITES))
            district.later()
            [gone_again, busy_night][n % 2](district.source)
        assert district.night()["status"] == "applied"
        assert nonsense(district.roster) == []
        assert district.night()["writes"] == 0


def test_a_crash_in_one_event_and_then_the_night_of_another() -> None:
    """The other event's run takes back contacts; classes and schedules wait for their own event."""
    for after in range(WRITES):
        district = school()
        district.night(event=OTHER)
        district.source.join("S80", "C0")
        for n in (90, 91, 80):
            district.source.leave(f"S{n}")
        district.night(event=OTHER)
        busy_night(district.source)
        if not district.killed(after):
            continue
        gone_again(district.source)
        assert district.night(event=OTHER)["status"] == "applied"
        active = {id for id, item in district.roster.of("contact", "student").items() if not item["inactive_since"]}
        assert active <= {f"S{n}" for n in range(6)} | {"S70"}
        assert district.night(event=EVENT)["status"] == "applied"
        assert nonsense(district.roster) == []
        assert (district.night(event=OTHER)["writes"], district.night(event=EVENT)["writes"]) == (0, 0)


def test_crashes_in_both_events() -> None:
    for after in range(0, WRITES, 3):
        district = school()
        district.night(event=OTHER)
        district.source.join("S80", "C0")
        if not district.killed(after, EVENT):
            continue
        gone_again(district.source)
        district.killed(after // 2, OTHER)
        district.source.leave("S80")
        for event in (EVENT, OTHER, EVENT):
            assert district.night(event=event)["status"] == "applied"
        assert nonsense(district.roster) == []
        assert district.night(event=OTHER)["writes"] == 0


@pytest.mark.parametrize("facts", [1, 7, 60])
def test_killed_with_another_number_of_shards_than_before_and_after(
    facts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = undisturbed()
    for after in range(0, WRITES, 2):
        district = school()
        monkeypatch.setattr(plan, "FACTS_PER_SHARD", facts)
        assert district.killed(after)
        monkeypatch.undo()
        assert district.night()["status"] == "applied"
        expect(district, table)


def test_a_run_that_is_killed_before_its_guard_is_no_matter() -> None:
    district = school()
    district.pulled(district.begun())  # and never heard of again
    state = district.pulled(district.begun())
    state = district.sync().plan(state, state["run"])  # nor this one
    assert district.night()["status"] == "applied"
    expect(district, undisturbed())


def test_a_failed_apply_says_so_and_the_next_night_mends_it() -> None:
    """Not killed, but refused: the run ends in its failure, with the locks freed and the roster torn."""
    district = school()
    state = district.judged(district.begun())
    with power_cut(district, WRITES // 2):
        district.ended(state)
    report = district.failed(state, state["run"], RuntimeError("no"))
    assert (report["status"], district.records.locks) == ("failed", {})
    assert "partly updated" in report["error"]["message"]
    assert "the next run mends it" in report["error"]["help"]
    assert report["writes"] is None, "nobody knows how many"
    assert "othing was changed" not in str(report)
    assert district.night()["status"] == "applied"
    expect(district, undisturbed())


@pytest.mark.parametrize(
    ("error", "help"),
    [
        (StoreBusy("no", "Wait."), "the next run mends it"),
        (FilesMissing("no"), "support@pickatime.com"),
        (Superseded("no"), "other run's result counts"),
    ],
)
def test_what_is_to_be_done_about_a_failed_apply(error: RosterError, help: str) -> None:
    """Also where the state machine, which adds up the shards' errors, hands on the name alone."""
    district = school()
    state = district.judged(district.begun())
    told = {"Error": type(error).__name__}
    assert help in district.sync().fail(state, state["run"], told)["error"]["help"]
    assert help in district.failed(state, "another", error)["error"]["help"]


def test_a_plan_done_in_many_turns_is_the_same_plan() -> None:
    district = school()
    district.left = lambda: 0.0
    assert district.night()["status"] == "applied"
    expect(district, undisturbed())


def test_every_step_done_twice_leaves_what_it_leaves_once() -> None:
    district = school()
    state = district.begun()
    district.sync().begin({"account": state["account"], "event": EVENT}, state["run"], state["run"])
    while not state["place"]["done"]:
        district.turned(state)
        state = district.turned(state)
    while not state.get("plan", {}).get("done"):
        district.sync().plan(state, state["run"])
        state = district.sync().plan(state, state["run"])
    district.sync().guard(state)
    state = district.sync().guard(state)
    district.sync().apply(state, 0)
    district.ended(state)
    district.sync().finish(state)
    expect(district, undisturbed())


def test_a_finish_done_again_after_another_run_has_begun_takes_nothing_from_it() -> None:
    """The first finish freed the locks and died before it could say so."""
    district = school()
    first = district.judged(district.begun())
    district.ended(first)
    second = district.judged(district.begun(event=OTHER))
    district.sync().finish(first)
    assert district.ended(second)["status"] == "applied"
    district.sync().finish(first)
    district.source.leave("S2")
    report = district.night(event=OTHER)
    assert report["counts"]["student"] == {**report["counts"]["student"], "created": 0, "departed": 1}
    assert district.night(event=EVENT)["counts"]["student"]["departed"] == 1
    assert nonsense(district.roster) == []
