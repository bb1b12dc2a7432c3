"""Batches that DynamoDB takes only in part: what it left is sent again, later and later, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pynamodb.connection import Connection
from pynamodb.exceptions import VerboseClientError

from roster.errors import StoreBusy, StoreRefused
from roster.model import ContactEntry, Person
from roster.ports import Change
from roster.store import PATIENCE, DynamoRoster
from roster.tables import Item, use_table

STUDENTS = [f"S{n}" for n in range(60)]


class Table:
    """Takes the first so many items of each batch, as a partition does that is written to too fast."""

    def __init__(self, takes: Iterator[int]) -> None:
        self.takes, self.sent = takes, list[list[str]]()
        self.items: dict[str, Any] = {}

    def call(self, operation: str, named: dict[str, Any]) -> dict[str, Any]:
        assert operation == "BatchWriteItem"
        (requests,) = named["RequestItems"].values()
        assert 0 < len(requests) <= 25
        self.sent.append([self._key(request) for request in requests])
        taken = next(self.takes)
        for request in requests[:taken]:
            self.items[self._key(request)] = request
        left = requests[taken:]
        return {"UnprocessedItems": {"roster": left} if left else {}}

    @staticmethod
    def _key(request: dict[str, Any]) -> str:
        (operation,) = request.values()
        item = operation.get("Item") or operation["Key"]
        return str(item["sk"]["S"])


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def roster(slept: list[float]) -> DynamoRoster:
    return DynamoRoster(slept.append)


def at(table: Table, monkeypatch: pytest.MonkeyPatch) -> Table:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr(
        Connection, "_make_api_call", lambda self, operation, named: table.call(operation, unpacked(named))
    )
    for model in Item.__subclasses__():
        monkeypatch.setattr(model, "_connection", None)
    use_table("roster")
    return table


def unpacked(named: dict[str, Any]) -> dict[str, Any]:
    """What is sent instead of the parameters: the body that was prepared."""
    body: dict[str, Any] = json.loads(named["Prepared"])
    return body


def people() -> list[Change]:
    return [Change("student", id, ContactEntry(Person("student", id))) for id in STUDENTS]


def test_a_table_that_takes_all_is_asked_once_for_each_batch(
    roster: DynamoRoster, slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = at(Table(iter([25] * 9)), monkeypatch)
    assert roster.apply("116", "spring", "fake", people()) == 60
    assert ([len(batch) for batch in table.sent], slept) == ([25, 25, 10], [])
    assert set(table.items) == {f"student#{id}" for id in STUDENTS}


def test_only_what_was_left_is_sent_again_and_not_at_once(
    roster: DynamoRoster, slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = at(Table(iter([20, 0, 0, 3, 25, 25, 25])), monkeypatch)
    assert roster.apply("116", "spring", "fake", people()) == 60
    assert [len(batch) for batch in table.sent] == [25, 5, 5, 5, 2, 25, 10]
    assert table.sent[1] == table.sent[0][20:]
    assert set(table.items) == {f"student#{id}" for id in STUDENTS}
    assert len(slept) == 4
    assert all(pause > 0 for pause in slept)


def test_deletions_that_were_left_are_sent_again(roster: DynamoRoster, monkeypatch: pytest.MonkeyPatch) -> None:
    table = at(Table(iter([1, 1, 1])), monkeypatch)
    assert roster.apply("116", "spring", "fake", [Change("class", f"C{n}", None) for n in range(3)]) == 3
    assert table.sent == [["C0", "C1", "C2"], ["C1", "C2"], ["C2"]]
    assert [list(request) for request in table.items.values()] == [["DeleteRequest"]] * 3


def test_patience_ends_after_a_minute_or_two(
    roster: DynamoRoster, slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The state machine tries again then, and can wait longer than a function should."""
    table = at(Table(iter([0] * 1000)), monkeypatch)
    with pytest.raises(StoreBusy):
        roster.apply("116", "spring", "fake", people())
    assert 30 < sum(slept) <= PATIENCE <= 120
    assert 5 < len(table.sent) < 60
    assert max(slept) < 15


def test_two_shards_do_not_come_back_in_step(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses = []
    for _ in range(2):
        slept: list[float] = []
        at(Table(iter([0] * 6 + [25] * 9)), monkeypatch)
        DynamoRoster(slept.append).apply("116", "spring", "fake", people())
        pauses.append(slept)
    assert pauses[0] != pauses[1]


@pytest.mark.parametrize(
    ("code", "raised"),
    [("ProvisionedThroughputExceededException", StoreBusy), ("ValidationException", StoreRefused)],
)
def test_a_batch_that_is_refused_whole(
    code: str, raised: type[Exception], roster: DynamoRoster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A throttled table passes; an item that is too large never will."""

    def call(self: Connection, operation: str, named: dict[str, Any]) -> Any:
        error = ClientError({"Error": {"Code": code, "Message": "Sam, 2012-04-08"}}, operation)
        raise VerboseClientError(error.response, operation, {})

    at(Table(iter([])), monkeypatch)
    monkeypatch.setattr(Connection, "_make_api_call", call)
    with pytest.raises(raised) as caught:
        roster.apply("116", "spring", "fake", people())
    assert "2012" not in str(caught.value)
