"""The audit and what is mailed about runs, in DynamoDB: rows that are added once, claims that are given once."""

from __future__ import annotations

import pytest

from roster import keys
from roster.applications import DynamoAccounts
from roster.auditbook import DynamoAuditBook
from roster.errors import StoreBusy
from roster.heldlinks import DynamoHeldLinks
from roster.model import BY_HAND, Kind, Level
from roster.ports import Audited, Ending, HeldLink, RunKey
from roster.records import DynamoRecords
from roster.runbook import DynamoRunBook
from roster.staff import DynamoAccountBook
from roster.tables import ContactItem, EventItem, IntegrationItem

RUN = RunKey("116", "spring", "run-a")
NOW = "2026-10-01T01:00:00+00:00"
pytestmark = pytest.mark.usefixtures("table")


def row(n: int, account: str = "116") -> Audited:
    return Audited(
        account, f"2026-10-01T01:00:{n:02d}.000000+00:00", f"id{n}", "edna", "", "x", "event 1", {}, {"n": n}
    )


def test_rows_come_newest_first_page_by_page_and_by_account() -> None:
    book = DynamoAuditBook()
    for n in (1, 3, 2):
        book.add(row(n))
    book.add(row(9, "117"))
    first = book.page("116", "", 2)
    assert first == [row(3), row(2)]
    assert book.page("116", first[-1].place, 2) == [row(1)]


def test_a_row_is_never_written_over() -> None:
    book = DynamoAuditBook()
    book.add(row(1))
    with pytest.raises(StoreBusy):
        book.add(row(1))


@pytest.fixture
def records() -> DynamoRecords:
    IntegrationItem(*keys.integration("116"), provider="fake", settings={}).save()
    EventItem(*keys.event("116", "spring"), selection={}).save()
    found = DynamoRecords()
    found.begin(RUN, "arn run-a", lambda owner: False, "import", NOW)
    found.hold_account(RUN, "arn run-a", lambda owner: False)
    return found


def test_a_run_adds_its_row_in_the_transaction_that_ends_it(
    records: DynamoRecords, monkeypatch: pytest.MonkeyPatch
) -> None:
    ending = Ending(warned=["parents_missing"], audited=row(1))
    records.finish(RUN, "applied", {}, NOW, ("ledger", "snapshot"), {}, ending)
    assert records.event("116", "spring").warned == ("parents_missing",)
    records.finish(RUN, "applied", {}, NOW, ("ledger", "snapshot"), {}, ending)
    answers = iter([False, True])  # the same step, twice at once
    monkeypatch.setattr("roster.records._ended", lambda key: next(answers))
    records.finish(RUN, "failed", {}, NOW, ending=Ending(audited=row(2)))
    assert DynamoAuditBook().page("116", "", 9) == [row(1)]


def test_a_mail_is_claimed_once_and_its_outcome_noted(records: DynamoRecords) -> None:
    book = DynamoRunBook()
    assert book.claim_mail(RUN, "in doubt")
    assert not book.claim_mail(RUN, "again")
    book.note_mail(RUN, "mailed")
    found = records.run(RUN)
    assert found
    assert found.mail == "mailed"


def test_what_an_event_fails_at_makes_no_event_that_is_gone(records: DynamoRecords) -> None:
    book = DynamoRunBook()
    book.failing("116", "spring", {"cause": "X"})
    assert records.event("116", "spring").failing == {"cause": "X"}
    book.failing("116", "gone", {"cause": "X"})
    assert [event.event for event in records.all_events("116")] == ["spring"]


def test_whom_an_account_names_is_notified_else_its_full_administrators() -> None:
    accounts, book = DynamoAccounts(), DynamoAccountBook()
    book.rename("116", "Elm School")
    for id, level in (("edna", Level.ADMINISTRATOR), ("otto", Level.EVENT_ADMINISTRATOR)):
        key = keys.contact("116", BY_HAND, Kind.ADMINISTRATOR, id)
        ContactItem(*key, kind="administrator", id=id, origin=BY_HAND, level=level, email=f"{id}@elm.example").save()
    assert accounts.notified("116") == ["edna@elm.example"]
    book.notify("116", ["it@elm.example"])
    assert accounts.notified("116") == ["it@elm.example"]
    found = book.account("116")
    assert found
    assert found.notify == ("it@elm.example",)
    book.notify("116", [])
    assert accounts.notified("116") == ["edna@elm.example"]
    assert accounts.notified("117") == []


def test_a_link_is_found_by_its_digest() -> None:
    links, link = DynamoHeldLinks(), HeldLink("116", "spring", "run-a", 4_000_000_000)
    links.keep("digest", link)
    assert links.of("digest") == link
    assert links.of("token") is None
