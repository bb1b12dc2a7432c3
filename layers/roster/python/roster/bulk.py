"""Many items at once through pynamodb's client, without botocore's walk over every attribute of each.

A batch that was encoded already is handed to botocore in its `before-call` event; what whole partitions are read as is
decoded in `before-parse`, which takes a tenth of the time of botocore's own parser.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from functools import cache
from typing import Any

from msgspec.json import decode, encode
from pynamodb.connection import Connection

from roster.tables import Item
from roster.trouble import TABLE, trouble

PREPARED = "Prepared"
Request = bytes  # one PutRequest or DeleteRequest of BatchWriteItem, as JSON
_decoding: ContextVar[bool] = ContextVar("decoding", default=False)


def queried(partition: str, names: Sequence[str] = ()) -> Iterator[dict[str, Any]]:
    """Every item of a partition, attribute by attribute; or with these alone."""
    table, start = Item.Meta.table_name, None
    while True:
        asked: dict[str, Any] = {"TableName": table, "KeyConditionExpression": "pk = :pk", "ConsistentRead": True}
        asked |= {"ExpressionAttributeValues": {":pk": {"S": partition}}}
        if names:  # some of which are words of DynamoDB's own
            known = {f"#{n}": name for n, name in enumerate(names)}
            asked |= {"ProjectionExpression": ", ".join(known), "ExpressionAttributeNames": known}
        with trouble(TABLE):
            decoding = _decoding.set(True)
            try:
                answer = _connection().dispatch("Query", asked | ({"ExclusiveStartKey": start} if start else {}))
            finally:
                _decoding.reset(decoding)
        yield from answer["Items"]
        start = answer.get("LastEvaluatedKey")
        if not start:
            return


def ask(batch: list[Request]) -> list[Request]:
    """Sends the batch once; returns what DynamoDB did not take of it."""
    table = Item.Meta.table_name
    body = b'{"RequestItems":{%s:[%s]}}' % (encode(table), b",".join(batch))
    answer = _connection().dispatch("BatchWriteItem", {"RequestItems": {table: []}, PREPARED: body})
    return [encode(request) for request in answer.get("UnprocessedItems", {}).get(table, [])]


def _connection() -> Connection:
    connection: Connection = Item._get_connection().connection
    _listen(connection.client)
    return connection


@cache
def _listen(client: Any) -> None:
    """Have pynamodb's client send a body that is prepared, and leave to us what we read whole."""
    for event, handler in (("before-parameter-build", _take_prepared), ("before-call", _put_prepared)):
        client.meta.events.register(f"{event}.dynamodb.BatchWriteItem", handler, unique_id=f"{PREPARED} {event}")
    client.meta.events.register("before-parse.dynamodb.Query", _decode, unique_id="decoded")


def _decode(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any) -> None:
    """Items of texts, lists and maps alone: nothing that JSON holds otherwise than Python."""
    if _decoding.get() and response_dict["status_code"] == 200:
        customized_response_dict.update(decode(response_dict["body"]))
        response_dict["body"] = b"{}"


def _take_prepared(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    if PREPARED in params:
        context[PREPARED] = params.pop(PREPARED)


def _put_prepared(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    if context.get(PREPARED):
        params["body"] = context[PREPARED]
