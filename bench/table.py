"""A DynamoDB table that takes every write at once and keeps nothing of it but counts.

Counting items costs it little, so that is always done. Weighing them (size, write units) means reading every item,
which would slow a timed run down: it is switched on for runs that are not timed.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from bench.bucket import Reply

# What the index projects; roster.tables.LISTED, which the world does without.
LISTED = tuple("kind id origin level first last email number sis_id grade inactive_since".split())

UNIT = 1024  # bytes that one write unit takes
READ_UNIT = 4096  # bytes that one read unit takes, or two of them where the read need not be of the newest
BY_NAME = ("name_part", "name_order")
INDEXED = (BY_NAME, ("email_key", "sk"), ("number_key", "sk"), ("sis_key", "sk"))  # of roster.tables


class Table:
    """`item` is what every GetItem finds; `items`, where there are any, are found by their keys.

    `names`: once it is there (see `keep_names`), whatever is put is kept as the index `by_name` holds it.
    """

    def __init__(self, counts: Counter[str]) -> None:
        self._counts = counts
        self.weighing = False
        self.item: dict[str, Any] = {}
        self.items: list[dict[str, Any]] = []
        self.names: dict[str, list[tuple[str, dict[str, Any]]]] | None = None

    def answer(self, target: str, body: bytes) -> Reply:
        action = target.rsplit(".", 1)[-1]
        self._counts[action] += 1
        said: dict[str, Any] = {}
        if action == "BatchWriteItem":
            self._counts["items"] += body.count(b'Request":')
            self._counts["item_bytes"] += len(body)
            if self.names is not None:
                self._keep(json.loads(body))
            said = {"UnprocessedItems": {}}
            if self.weighing:
                self._weigh(request for listed in json.loads(body)["RequestItems"].values() for request in listed)
        elif action == "PutItem":
            self._counts["items"] += 1
        elif action == "Query" and self.names is not None:
            said = self._named(json.loads(body))
        elif action == "Query":
            said = self._found(json.loads(body))
        elif action == "BatchGetItem":
            said = self._batch(json.loads(body))
        elif action == "GetItem":
            found = self._got(json.loads(body)["Key"]) if self.items else self.item
            said = {"Item": found} if found else {}
        return 200, {"content-type": "application/x-amz-json-1.0"}, json.dumps(said).encode()

    def _got(self, key: dict[str, Any]) -> dict[str, Any]:
        return next((item for item in self.items if (item["pk"], item["sk"]) == (key["pk"], key["sk"])), {})

    def _found(self, asked: dict[str, Any]) -> dict[str, Any]:
        """All items of the partition, whatever else the query asks."""
        values = [value.get("S") for value in asked.get("ExpressionAttributeValues", {}).values()]
        found = [item for item in self.items if item["pk"]["S"] in values]
        return {"Items": found, "Count": len(found), "ScannedCount": len(found)}

    def keep_names(self) -> None:
        self.names = defaultdict(list)

    def _keep(self, told: dict[str, Any]) -> None:
        for listed in told["RequestItems"].values():
            for request in listed:
                item = request["PutRequest"]["Item"]
                part, order = (item[name]["S"] for name in BY_NAME)
                held = {name: item[name] for name in (*LISTED, *BY_NAME, "pk", "sk") if name in item}
                self.names[part].append((order, held))

    def _named(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Between two places of a partition, in order, no more than the limit: it costs what it reads."""
        part, low, high = (asked["ExpressionAttributeValues"][f":{n}"]["S"] for n in range(3))
        low = max(low, asked.get("ExclusiveStartKey", {}).get("name_order", {}).get("S", ""))
        held = self.names.get(part, [])
        held.sort(key=_order)
        begin = bisect_right if "ExclusiveStartKey" in asked else bisect_left
        first, last = begin(held, low, key=_order), bisect_right(held, high, key=_order)
        page = [item for _, item in held[first : min(last, first + asked["Limit"])]]
        self._counts["half_read_units"] += max(1, -(-sum(map(item_size, page)) // READ_UNIT))
        more = first + len(page) < last
        key = {name: page[-1][name] for name in ("pk", "sk", *BY_NAME)} if more else {}
        return {
            "Items": page,
            "Count": len(page),
            "ScannedCount": len(page),
            **({"LastEvaluatedKey": key} if more else {}),
        }

    def _batch(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Nothing is there, which costs the least that a read can cost."""
        self._counts["half_read_units"] += sum(len(one["Keys"]) for one in asked["RequestItems"].values())
        return {"Responses": {name: [] for name in asked["RequestItems"]}, "UnprocessedKeys": {}}

    def _weigh(self, requests: Any) -> None:
        for request in requests:
            written = next(iter(request.values()))
            size = item_size(next(iter(written.values())))
            self._counts["write_units"] += units(size)
            self._counts["index_units"] += sum(_index_units(request))
            self._counts["largest_item"] = max(self._counts["largest_item"], size)


def _index_units(request: dict[str, Any]) -> Iterator[int]:
    """Of each index that a put item stands in, as if what the index holds of it were new there, which it mostly is."""
    item = request["PutRequest"]["Item"] if "PutRequest" in request else {}
    for partition, order in INDEXED:
        if partition in item:
            held = {name: item[name] for name in (*LISTED, "pk", "sk", partition, order) if name in item}
            yield units(item_size(held))


def _order(held: tuple[str, dict[str, Any]]) -> str:
    return held[0]


def units(size: int) -> int:
    """One per started KB."""
    return max(1, -(-size // UNIT))


def item_size(item: dict[str, Any]) -> int:
    """Bytes, by DynamoDB's published rules: names and values in UTF-8, and a few for each list and map."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(value: dict[str, Any]) -> int:
    kind, held = next(iter(value.items()))
    if kind == "S":
        return len(held.encode())
    if kind == "N":
        return len(held) // 2 + 2
    if kind == "L":
        return 3 + sum(1 + _value_size(one) for one in held)
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + _value_size(one) for name, one in held.items())
    return 1  # BOOL, NULL
