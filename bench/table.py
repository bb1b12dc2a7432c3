"""A DynamoDB table that takes every write at once and keeps nothing of it but counts.

Counting items costs it little, so that is always done. Weighing them (size, write units) means reading every item,
which would slow a timed run down: it is switched on for runs that are not timed.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from bench.bucket import Reply

UNIT = 1024  # bytes that one write unit takes


class Table:
    """`item` is what every GetItem finds; `items`, where there are any, are found by their keys."""

    def __init__(self, counts: Counter[str]) -> None:
        self._counts = counts
        self.weighing = False
        self.item: dict[str, Any] = {}
        self.items: list[dict[str, Any]] = []

    def answer(self, target: str, body: bytes) -> Reply:
        action = target.rsplit(".", 1)[-1]
        self._counts[action] += 1
        said: dict[str, Any] = {}
        if action == "BatchWriteItem":
            self._counts["items"] += body.count(b'Request":')
            self._counts["item_bytes"] += len(body)
            said = {"UnprocessedItems": {}}
            if self.weighing:
                self._weigh(request for listed in json.loads(body)["RequestItems"].values() for request in listed)
        elif action == "PutItem":
            self._counts["items"] += 1
        elif action == "Query":
            said = self._found(json.loads(body))
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

    def _weigh(self, requests: Any) -> None:
        for request in requests:
            written = next(iter(request.values()))
            size = item_size(next(iter(written.values())))
            self._counts["write_units"] += units(size)
            self._counts["largest_item"] = max(self._counts["largest_item"], size)


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
