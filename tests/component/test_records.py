"""Runs, locks and pointers in DynamoDB: what conditions and transactions make of runs that are in each other's way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from roster import keys
from roster.errors import AccountBusy, AlreadyRunning, Superseded
from roster.integrationbook import DynamoIntegrationBook
from roster.ports import Integration, RunKey
from roster.records import DynamoRecords
from roster.tables import EventItem, IntegrationItem, LockItem, RunItem

A, B = RunKey("116", "spring", "run-a"), RunKey("116", "spring", "run-b")
A_PARTS = (A.account, A.event, A.run)
NOW = "2026-10-01T01:00:00+00:00"


def never(owner: str) -> bool:
    return False


@pytest.fixture
def records(table: str) -> DynamoRecords:
    IntegrationItem(*keys.integration("116"), provider="fake", settings={}).save()
    EventItem(*keys.event("116", "spring"), selection={}).save()
    return DynamoRecords()


def holding(records: DynamoRecords, key: RunKey) -> None:
    records.begin(key, f"arn {key.run}", never, "import", NOW)
    records.hold_account(key, f"arn {key.run}", never)


def pointers() -> tuple[str | None, str | None, str | None, str | None]:
    integration = IntegrationItem.get(*keys.integration("116"))
    event = EventItem.get(*keys.event("116", "spring"))
    return integration.ledger, event.snapshot, integration.applying, event.applying


def locks() -> list[str]:
    return [lock.run for lock in LockItem.query(keys.account_lock("116").pk)]


def test_a_run_from_its_locks_to_its_pointers(records: DynamoRecords) -> None:
    holding(records, A)
    assert records.holds(A)
    records.applying(A, "plan-a")
    assert pointers() == (None, None, "plan-a", "plan-a")
    records.finish(A, "applied", {"writes": 3}, NOW, ("ledger-a", "snapshot-a"))
    assert pointers() == ("ledger-a", "snapshot-a", None, None)
    assert (locks(), records.holds(A)) == ([], False)
    run = RunItem.get(*keys.run(*A_PARTS))
    assert (run.status, run.ended, run.report) == ("applied", NOW, {"writes": 3})


def test_who_runs_is_not_taken_over(records: DynamoRecords) -> None:
    holding(records, A)
    with pytest.raises(AlreadyRunning):
        records.begin(B, "arn run-b", lambda owner: True, "import", NOW)
    with pytest.raises(AccountBusy):
        records.hold_account(B, "arn run-b", lambda owner: True)
    assert records.holds(A)


def test_a_lock_that_its_dead_owner_s_cleaner_releases_meanwhile_is_taken(records: DynamoRecords) -> None:
    holding(records, A)

    def dies(owner: str) -> bool:
        LockItem(*keys.event_lock("116", A.event)).delete()
        return False

    records.begin(B, "arn run-b", dies, "import", NOW)
    assert LockItem.get(*keys.event_lock("116", A.event)).run == B.run


def test_a_superseded_run_marks_and_flips_nothing(records: DynamoRecords) -> None:
    holding(records, A)
    records.applying(A, "plan-a")
    holding(records, B)
    assert RunItem.get(*keys.run(*A_PARTS)).status == "interrupted"
    assert (records.holds(A), records.holds(B)) == (False, True)
    records.applying(B, "plan-b")
    with pytest.raises(Superseded):
        records.applying(A, "plan-a")
    with pytest.raises(Superseded):
        records.finish(A, "applied", {}, NOW, ("ledger-a", "snapshot-a"))
    assert pointers() == (None, None, "plan-b", "plan-b")
    records.finish(B, "applied", {}, NOW, ("ledger-b", "snapshot-b"))
    with pytest.raises(Superseded):
        records.finish(A, "applied", {}, NOW, ("ledger-a", "snapshot-a"))
    assert pointers() == ("ledger-b", "snapshot-b", None, None)
    records.finish(A, "failed", {}, NOW)
    assert RunItem.get(*keys.run(*A_PARTS)).status == "failed"


@pytest.mark.parametrize("lost", [keys.event_lock("116", "spring"), keys.account_lock("116")], ids=["event", "account"])
def test_a_flip_needs_both_locks(records: DynamoRecords, lost: keys.Key) -> None:
    holding(records, A)
    LockItem(*lost).delete()
    assert not records.holds(A)
    with pytest.raises(Superseded):
        records.finish(A, "applied", {}, NOW, ("ledger-a", "snapshot-a"))
    assert pointers()[:2] == (None, None)


def test_a_finish_done_twice_is_done_once(records: DynamoRecords) -> None:
    holding(records, A)
    records.finish(A, "applied", {}, NOW, ("ledger-a", "snapshot-a"))
    holding(records, B)
    records.finish(A, "applied", {}, NOW, ("ledger-a", "snapshot-a"))
    records.finish(A, "failed", {}, NOW)
    assert (RunItem.get(*keys.run(*A_PARTS)).status, locks()) == ("applied", ["run-b", "run-b"])


def test_two_finishes_of_one_run_at_the_same_time(records: DynamoRecords, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither sees the other's end when it looks, so one of them is refused: the flip is done all the same."""
    holding(records, A)
    records.finish(A, "applied", {}, NOW, ("ledger-a", "snapshot-a"))
    answers = iter([False, True])
    monkeypatch.setattr("roster.records._ended", lambda key: next(answers))
    records.finish(A, "applied", {}, NOW, ("ledger-a", "snapshot-a"))
    assert pointers()[:2] == ("ledger-a", "snapshot-a")


def test_a_failed_run_frees_only_what_it_holds(records: DynamoRecords) -> None:
    records.begin(A, "arn run-a", never, "import", NOW)
    records.hold_account(RunKey("116", "autumn", "run-c"), "arn run-c", never)
    records.finish(A, "failed", {}, NOW)
    assert locks() == ["run-c"]


def test_a_selection_is_renewed_unless_somebody_has_chosen_anew(records: DynamoRecords) -> None:
    def stored() -> object:
        return records.event("116", "spring").selection

    records.renew(A, {}, {"terms": ["new"]})
    assert stored() == {"terms": ["new"]}
    records.renew(A, {"terms": ["old"]}, {"terms": ["newer"]})
    assert stored() == {"terms": ["new"]}


def test_a_run_that_was_cancelled_before_it_began_begins_no_more(records: DynamoRecords) -> None:
    records.finish(A, "cancelled", {"status": "cancelled"}, NOW)
    with pytest.raises(Superseded):
        records.begin(A, "arn run-a", never, "import", NOW)
    assert RunItem.get(*keys.run(*A_PARTS)).status == "cancelled"
    assert locks() == []


def test_another_provider_is_not_connected_while_a_run_holds_the_account(records: DynamoRecords) -> None:
    book = DynamoIntegrationBook()
    before = records.integration("116")
    assert book.connect(before, replace(before, settings={"district": "d"}))
    before = records.integration("116")
    other = Integration("116", "other", {"school": "s"})
    holding(records, A)
    assert book.connect(before, before), "the same one anew, as with a new credential"
    assert not book.connect(before, other)
    records.finish(A, "applied", {}, NOW, ("ledger-a", "snapshot-a"))
    assert book.connect(before, other)
    now = records.integration("116")
    assert (now.provider, now.settings, now.ledger, now.state) == ("other", {"school": "s"}, "ledger-a", "active")
    assert not book.connect(before, other), "somebody else was faster"


def test_of_two_who_connect_an_account_first_one_does(table: str) -> None:
    book, first = DynamoIntegrationBook(), Integration("117", "fake", {})
    assert book.connect(None, first)
    assert not book.connect(None, replace(first, provider="other"))
