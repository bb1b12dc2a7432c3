"""Clear: who goes and who stays, alone and before an import; and what is there again when it fails or is undone."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from roster import plan
from roster.errors import StoreBusy
from roster.model import BY_HAND, Level, Person
from tests.fakes.memory import Killed
from tests.fakes.school import ACCOUNT, EVENT, OTHER, District, Source
from tests.fakes.sense import nonsense

Table = dict[tuple[str, ...], Any]
BY = f"contact of {BY_HAND}"
EVENT_ADMINISTRATOR = Level.EVENT_ADMINISTRATOR.value
ONE_OF_EACH = [level.value for level in Level]


def school(students: int = 4, seed: int | None = None) -> District:
    """An imported school; by hand one contact of each level; a teacher who is Administrator, and so is a parent."""
    district = District(Source.small(students))
    district.source.page_size = 1000
    assert district.night()["status"] == "applied"
    for level in ONE_OF_EACH:
        item = {"kind": "administrator", "id": level, "level": level, "email": f"{level[:3]}@school.example"}
        district.roster.items[BY, "administrator", level] = item
    for kind, id in (("teacher", "T1"), ("parent", "P-S1")):
        district.roster.items["level", "fake", kind, id] = {"level": "Administrator"}
    district.roster.items["level", "fake", "teacher", "T0"] = {"level": "Appointment Maker"}
    district.roster.order = Random(seed) if seed is not None else None
    district.later()
    return district


def asked(level: str = EVENT_ADMINISTRATOR, **keep: Any) -> dict[str, Any]:
    return {"clear": {"level": level, "keep": keep}}


def left(district: District) -> set[str]:
    return {key[-1] for key in district.roster.items if key[0].startswith("contact")}


@pytest.mark.parametrize("level", ONE_OF_EACH)
def test_everybody_up_to_the_level_goes_and_nobody_above(level: str) -> None:
    district = school()
    report = district.night("clear", **asked(level))
    assert report["status"] == "applied"
    rank = ONE_OF_EACH.index(level)
    stay = {"Administrator", "Support"} | set(ONE_OF_EACH[rank + 1 :]) | {"T1", "P-S1"}
    stay |= {"T0"} if rank < ONE_OF_EACH.index("Appointment Maker") else set()
    assert left(district) == stay
    counts = {"Customer": 8, "Appointment Viewer": 1, "Appointment Maker": 2}
    expected = {one: counts.get(one, 1) for one in ONE_OF_EACH[: rank + 1] if one not in ("Administrator", "Support")}
    assert report["clearing"] == {"levels": expected, "kept": len(stay)}
    assert not district.roster.of("class")
    assert not district.roster.of("schedule")


def test_marks_of_those_who_went_go_too() -> None:
    district = school()
    district.night("clear", **asked())
    assert {key[-1] for key in district.roster.items if key[0] == "level"} == {"T1", "P-S1"}


def test_who_administers_and_is_a_parent_keeps_their_children() -> None:
    district = school()
    before = district.contact("parent", "P-S1")
    district.night("clear", **asked())
    assert district.contact("parent", "P-S1") == before
    assert before["related"] == [["S1", "Mother", "Family"]]


def test_whoever_clears_stays_by_key_and_by_address() -> None:
    district = school()
    keep = {
        "contacts": [["fake", "student", "S0"], [BY_HAND, "administrator", "Customer"]],
        "emails": ["S2@HOME.example"],
    }
    report = district.night("clear", **asked(**keep))
    assert {"S0", "Customer", "P-S2"} <= left(district)
    assert report["clearing"]["kept"] == 4 + 3


def test_the_address_that_was_corrected_by_hand_counts() -> None:
    district = school()
    for parent, email in (("P-S2", "boss@school.example"), ("P-S3", "other@home.example")):
        district.roster.items["level", "fake", "parent", parent] = {"edits": {"email": email}}
    district.night("clear", **asked(emails=["Boss@school.example", "s3@home.example"]))
    assert {"P-S2", "P-S3"} & left(district) == {"P-S2"}


def test_a_preview_says_how_many_of_each_level_and_changes_nothing() -> None:
    district = school()
    table, lasting = district.table(), {name for name in district.slots.files if name.startswith("applied/")}
    previewed = district.night("preview", **asked())
    assert previewed["status"] == "preview"
    assert (district.table(), district.records.locks) == (table, {})
    assert {name for name in district.slots.files if name.startswith("applied/")} == lasting
    assert previewed["clearing"] == district.night("clear", **asked())["clearing"]


@pytest.mark.parametrize("value", [{}, {"level": "Emperor"}])
def test_no_such_level(value: dict[str, Any]) -> None:
    district = school()
    table = district.table()
    report = district.night("clear", clear=value)
    assert (report["status"], report["error"]["code"], district.table()) == ("failed", "ClearRefused", table)


def test_other_events_that_hold_classes_are_in_the_way() -> None:
    district = school()
    district.night(event=OTHER)
    table = district.table()
    for mode in ("clear", "import", "preview"):
        report = district.night(mode, **asked())
        assert report["error"]["code"] == "ClearRefused"
        assert OTHER in report["error"]["message"]
    assert (district.table(), district.records.locks) == (table, {})
    assert district.night("delete", OTHER)["status"] == "applied"
    assert district.night("clear", **asked())["status"] == "applied"


def test_cleared_and_imported_there_is_nobody_twice() -> None:
    district = school()
    report = district.night(**asked())
    assert report["status"] == "applied"
    assert report["counts"]["student"] == {**report["counts"]["student"], "created": 4, "departed": 0}
    assert nonsense(district.roster) == []
    people = [key for key in district.roster.items if key[0] == "contact"]
    assert len(people) == len(district.source.people)
    assert sorted(district.roster.of("class", EVENT)) == ["C0", "C1"]
    district.later()
    assert district.night()["writes"] == 0


def test_a_survivor_who_is_imported_again_stays_themselves() -> None:
    district = school()
    kept = district.contact("parent", "P-S1")
    district.night(**asked())
    assert district.contact("parent", "P-S1") == kept
    assert district.roster.items["level", "fake", "parent", "P-S1"] == {"level": "Administrator"}


def test_everybody_is_new_so_departures_do_not_count() -> None:
    district = school(30)
    for n in range(14):
        district.source.leave(f"S{n}")
    assert district.night()["status"] == "held"
    assert district.night(**asked())["status"] == "applied"
    assert nonsense(district.roster) == []


def test_but_a_pull_that_brings_nobody_is_held() -> None:
    district = school()
    table = district.table()
    district.source.people.clear()
    report = district.night(**asked())
    assert report["status"] == "held"
    assert report["excess"]["student.departed"] == [4, "All 4 students would leave."]
    assert district.table() == table
    assert not [name for name in district.slots.files if "/cleared/" in name]


def test_an_account_that_changes_its_provider_clears_the_old_ones() -> None:
    district = school()
    district.records.integration(ACCOUNT).provider = "another"
    assert district.night()["error"]["code"] == "NotSetUp"
    assert district.night(**asked())["status"] == "applied"
    assert set(district.roster.of("contact of another", "student")) == {"S0", "S1", "S2", "S3"}
    assert left_of(district, "contact") == {"T1", "P-S1"}
    district.later()
    assert district.night()["writes"] == 0


def left_of(district: District, what: str) -> set[str]:
    return {key[-1] for key in district.roster.items if key[0] == what}


def test_and_whom_it_left_is_found_by_the_next_clear() -> None:
    district = school()
    district.records.integration(ACCOUNT).provider = "another"
    district.night(**asked())
    del district.roster.items["level", "fake", "teacher", "T1"]
    district.night("clear", **asked())
    assert left_of(district, "contact") == {"P-S1"}
    assert left_of(district, "contact of another") == set()


def test_cleared_first_and_then_imported_from_another_provider() -> None:
    district = school()
    district.night("clear", **asked())
    district.records.integration(ACCOUNT).provider = "another"
    assert district.night()["status"] == "applied"
    assert len(district.roster.of("contact of another", "student")) == 4
    assert left_of(district, "contact") == {"T1", "P-S1"}


def test_an_account_without_a_provider_clears_what_was_kept_by_hand() -> None:
    district = school()
    district.roster.items = {key: item for key, item in district.roster.items.items() if key[0] == BY}
    table = district.table()
    district.records._integration = None
    for event in district.records.events.values():
        event.snapshot = event.changed = ""
    assert district.night("clear", **asked())["status"] == "applied"
    assert left(district) == {"Administrator", "Support"}
    assert district.night("undo", undo=f"run-{district.runs:03d}")["status"] == "applied"
    assert district.table() == table


@pytest.mark.parametrize("mode", ["clear", "import"])
@pytest.mark.parametrize("provider", ["fake", "another"])
def test_undone_byte_for_byte(mode: str, provider: str) -> None:
    district = school()
    district.records.integration(ACCOUNT).provider = provider
    table = district.table()
    assert district.night(mode, **asked())["status"] == "applied"
    assert district.table() != table
    run = f"run-{district.runs:03d}"
    assert district.night("undo", undo=run)["status"] == "applied"
    assert district.table() == table
    assert district.records.runs[run].decided == "undone"


def test_undone_also_who_was_left_by_an_earlier_provider_and_is_overwritten() -> None:
    district = school()
    integration = district.records.integration(ACCOUNT)
    for provider in ("another", "fake"):
        district.source.change("teacher", "T1", title=provider)
        table = district.table()
        integration.provider = provider
        assert district.night(**asked())["status"] == "applied"
    assert district.contact("teacher", "T1")["person"]["title"] == "fake"
    assert district.night("undo", undo=f"run-{district.runs:03d}")["status"] == "applied"
    assert district.table() == table


def test_what_was_kept_aside_is_forgotten_one_generation_later() -> None:
    district = school()
    district.night(**asked())
    assert [name for name in district.slots.files if "/cleared/" in name]
    district.source.join("S90", "C0")
    district.night()
    assert not [name for name in district.slots.files if "/cleared/" in name]


def failing(district: District, after: int, mode: str, at: str, **more: Any) -> dict[str, Any] | None:
    """A clear of which a step fails for good after so many writes, and is put back; None: it needed no more writes."""
    state = district.judged(district.begun(mode, **more))
    try:
        if at == "apply":
            state = district.cleared(state)
        district.roster.fail_after = after
        if at == "clear":
            district.cleared(state)
            return None
        for shard in state["verdict"]["shards"]:
            district.sync().apply(state, shard)
        return None
    except Killed:
        district.roster.fail_after = None
        return district.put_back(state, StoreBusy("no"))
    finally:
        district.roster.fail_after = None


@pytest.mark.parametrize(("mode", "at"), [("clear", "clear"), ("import", "clear"), ("import", "apply")])
@pytest.mark.parametrize("provider", ["fake", "another"])
def test_what_fails_for_good_is_put_back_whole(mode: str, at: str, provider: str) -> None:
    for after in range(100):
        district = school(3, seed=after)
        district.records.integration(ACCOUNT).provider = provider
        district.source.leave("S2")
        district.source.join("S9", "C1")
        table = district.table()
        report = failing(district, after, mode, at, **asked())
        if report is None:
            assert after > 8
            return
        assert report["status"] == "failed"
        assert "partly" not in report["error"]["message"]
        assert (district.table(), district.records.locks) == (table, {})
        assert district.records.integration(ACCOUNT).applying == district.records.events[EVENT].applying == ""
        assert not [name for name in district.slots.files if "/cleared/" in name or "/plans/" in name]
    raise AssertionError


def test_a_put_back_that_is_killed_is_done_again() -> None:
    for after in range(40):
        district = school(3, seed=after)
        table = district.table()
        state = district.cleared(district.judged(district.begun(**asked())))
        district.roster.fail_after = after
        with_end = False
        try:
            district.put_back(state, StoreBusy("no"))
            with_end = True
        except Killed:
            district.roster.fail_after = None
            district.put_back(state, StoreBusy("no"))
        assert district.table() == table
        if with_end:
            return
    raise AssertionError


@pytest.mark.parametrize("facts", [1, 7])
def test_with_other_numbers_of_shards(facts: int, monkeypatch: pytest.MonkeyPatch) -> None:
    undisturbed = school()
    undisturbed.night(**asked())
    for mode in ("undo", "put back", "kill"):
        district = school()
        before = district.table()
        monkeypatch.setattr(plan, "FACTS_PER_SHARD", facts)
        if mode == "undo":
            assert district.night(**asked())["status"] == "applied"
            assert district.table() == undisturbed.table()
            monkeypatch.undo()
            district.night("undo", undo=f"run-{district.runs:03d}")
        elif mode == "put back":
            district.put_back(district.cleared(district.judged(district.begun(**asked()))), StoreBusy("no"))
        else:
            assert kill(district, 15, "import", **asked())
            monkeypatch.undo()
            district.night()
        monkeypatch.undo()
        assert district.table() == before


def kill(district: District, after: int, mode: str, **more: Any) -> bool:
    district.roster.fail_after = after
    try:
        district.night(mode, **more)
    except Killed:
        return True
    finally:
        district.roster.fail_after = None
    return False


@pytest.mark.parametrize("mode", ["clear", "import"])
def test_killed_at_every_write_and_then_a_night_as_if_nothing_had_been_cleared(mode: str) -> None:
    """Nobody put anything back: the next run distrusts all that the dead one may have deleted."""
    undisturbed = school(3)
    undisturbed.night()
    table = undisturbed.table()
    for after in range(100):
        district = school(3, seed=after)
        if not kill(district, after, mode, **asked()):
            return
        assert district.night()["status"] == "applied"
        assert district.table() == table
        assert nonsense(district.roster) == []
        assert district.night()["writes"] == 0
    raise AssertionError


@pytest.mark.parametrize("mode", ["clear", "import"])
def test_killed_at_every_write_and_then_cleared_again(mode: str) -> None:
    """And undone: what the dead run had deleted was kept for that, too."""
    undisturbed = school(3)
    before = undisturbed.table()
    undisturbed.night(mode, **asked())
    table = undisturbed.table()
    for after in range(100):
        district = school(3, seed=after)
        if not kill(district, after, mode, **asked()):
            return
        assert district.night(mode, **asked())["status"] == "applied"
        assert district.table() == table
        assert district.night("undo", undo=f"run-{district.runs:03d}")["status"] == "applied"
        assert district.table() == before
    raise AssertionError


@pytest.mark.parametrize("mode", ["clear", "import"])
def test_killed_at_every_write_and_then_cleared_up_to_a_lower_level(mode: str) -> None:
    undisturbed = school(3)
    undisturbed.night(mode, **asked("Customer"))
    table = undisturbed.table()
    for after in range(100):
        district = school(3, seed=after)
        if not kill(district, after, mode, **asked()):
            return
        assert district.night(mode, **asked("Customer"))["status"] == "applied"
        assert district.table() == table
    raise AssertionError


def test_a_survivor_who_is_not_at_the_new_import_becomes_inactive() -> None:
    district = school()
    district.source.without("parent", "P-S1")
    district.night(**asked())
    assert district.contact("parent", "P-S1")["inactive_since"]


def test_a_hidden_person_by_another_kind_is_left_alone() -> None:
    district = school()
    district.source.people.append(Person("student", "S99"))
    district.night("clear", **asked("Customer"))
    assert "T0" in left(district)


@pytest.mark.parametrize("mode", ["clear", "import"])
@pytest.mark.parametrize("after_that", ["night", "undo", "clear"])
def test_an_undo_killed_at_every_write(mode: str, after_that: str) -> None:
    """It was not done: a night goes on from what was cleared, and nobody is left whom it had brought back."""
    undisturbed = school(3)
    before = undisturbed.table()
    undisturbed.night(mode, **asked())
    undisturbed.night("clear", **asked()) if after_that == "clear" else undisturbed.night()
    for after in range(100):
        district = school(3, seed=after)
        district.night(mode, **asked())
        run = f"run-{district.runs:03d}"
        if not kill(district, after, "undo", undo=run):
            return
        if after_that == "undo":
            assert district.night("undo", undo=run)["status"] == "applied"
            assert district.table() == before
            continue
        report = district.night("clear", **asked()) if after_that == "clear" else district.night()
        assert report["status"] == "applied"
        assert district.table() == undisturbed.table()
        assert nonsense(district.roster) == [] or after_that == "clear"
    raise AssertionError
