"""Files that a pointer or a mark promises and that are not there: a question for support, never an empty school."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from roster import plan
from roster.errors import FilesMissing
from tests.fakes.school import ACCOUNT, EVENT, District, Source
from tests.fakes.sense import nonsense

LEDGER, SNAPSHOT = "/contacts/", f"/events/{EVENT}/"


@pytest.fixture
def district(monkeypatch: pytest.MonkeyPatch) -> District:
    """Imported once, in several shards."""
    monkeypatch.setattr(plan, "FACTS_PER_SHARD", 8)
    district = District(Source.small())
    district.night()
    district.later()
    district.source.change("student", "S1", birth_date="")
    return district


def lose(district: District, wanted: Callable[[str], bool]) -> None:
    names = [name for name in district.slots.files if wanted(name)]
    assert names
    district.slots.delete(names)


LOST: dict[str, Callable[[str], bool]] = {
    "the ledger": lambda name: LEDGER in name,
    "one file of the ledger's people": lambda name: LEDGER in name and "/people-003-of-008" in name,
    "the last file of the ledger's rosters": lambda name: LEDGER in name and "/rosters-007-of-008" in name,
    "the snapshot": lambda name: SNAPSHOT in name,
    "one file of the snapshot": lambda name: SNAPSHOT in name and "/classes-000-of-008" in name,
    "the snapshot's manifest": lambda name: SNAPSHOT in name and name.endswith("/manifest"),
}


@pytest.mark.parametrize("lost", LOST)
def test_what_was_applied_last_is_there_or_nothing_is_done(district: District, lost: str) -> None:
    """Taken for a first import, it would write the blank birth date of tonight over the stored one."""
    lose(district, LOST[lost])
    table = district.table()
    report = district.night()
    assert (report["status"], report["error"]["code"]) == ("failed", "FilesMissing")
    assert "support@pickatime.com" in report["error"]["help"]
    assert (district.table(), district.records.locks) == (table, {})
    assert district.contact("student", "S1")["person"]["birth_date"] == "2012-04-08"


@pytest.mark.parametrize("name", ["people", "rosters"])
def test_a_plan_in_doubt_is_there_or_nothing_is_done(district: District, name: str) -> None:
    district.source.join("S90", "C0")
    assert district.killed(1)
    lose(district, lambda file: f"/plans/fake/{EVENT}/" in file and f"/{name}-002-of-008" in file)
    report = district.night()
    assert (report["status"], report["error"]["code"]) == ("failed", "FilesMissing")


def test_a_plan_in_doubt_outlives_what_the_bucket_forgets(district: District) -> None:
    """Everything that has a lifecycle rule is gone after a month; the night after it mends the roster all the same."""
    for n in (90, 91):
        district.source.join(f"S{n}", "C0")
    assert district.killed(3)
    district.source.leave("S90")
    lose(district, lambda name: name.startswith(("runs/", "pulled/")))
    district.later(31)
    assert district.night()["status"] == "applied"
    assert nonsense(district.roster) == []
    assert district.night()["writes"] == 0


def test_a_plan_is_kept_for_as_long_as_it_is_in_doubt_and_no_longer(district: District) -> None:
    district.source.join("S90", "C0")
    assert district.killed(1)
    marked = district.records.integration(ACCOUNT).applying
    assert marked.startswith(f"applied/{ACCOUNT}/plans/fake/{EVENT}/")
    assert district.night("preview")["status"] == "preview"
    assert district.slots.names(f"{marked}/")
    assert district.night()["status"] == "applied"
    assert district.slots.names(f"applied/{ACCOUNT}/plans/") == []


def test_a_page_that_was_pulled_is_there_or_nothing_is_done(district: District) -> None:
    district.source.join("S90", "C0")
    state = district.pulled(district.begun())
    lose(district, lambda name: name.startswith("pulled/") and "/pull/0/04-000000-" in name)
    with pytest.raises(FilesMissing):
        district.planned(state)
