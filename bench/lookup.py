"""What a warm web handler adds to the DynamoDB call that it makes.

The `/client` page looks an account up by its number: one GetItem, with the handler around it, beside the same
GetItem through the same botocore client.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

from bench.layout import TABLE
from bench.worlds import ROOT

ACCOUNT = "11600001"
CALLS = 100
EVENT = {
    "version": "2.0",
    "routeKey": "GET /client",
    "rawPath": "/client",
    "rawQueryString": f"ven={ACCOUNT}",
    "headers": {"host": "roster.example.test"},
    "queryStringParameters": {"ven": ACCOUNT},
    "requestContext": {"http": {"method": "GET", "path": "/client"}, "stage": "$default"},
    "isBase64Encoded": False,
}


def client_page(port: int, rounds: int) -> dict[str, Any]:
    """Median microseconds of one call, per round, with and without the handler."""
    os.environ["TABLE_NAME"] = TABLE
    sys.path.insert(0, str(ROOT / "functions" / "sso_callback"))
    from app import handler

    from roster import keys
    from roster.tables import Item

    if handler(EVENT, None)["statusCode"] != 200:
        raise RuntimeError("the page does not know the account")
    client = Item._get_connection().connection.client
    key = keys.account(ACCOUNT)
    asked = {"TableName": TABLE, "Key": {"pk": {"S": key.pk}, "sk": {"S": key.sk}}}
    took: dict[str, list[float]] = {"handler": [], "bare": []}
    for _ in range(rounds):
        took["handler"].append(_timed(lambda: handler(EVENT, None)))
        took["bare"].append(_timed(lambda: client.get_item(**asked)))
    return took


def _timed(call: Callable[[], Any]) -> float:
    times = []
    for _ in range(CALLS):
        before = perf_counter()
        call()
        times.append(perf_counter() - before)
    return median(times) * 1e6
