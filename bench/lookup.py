"""What a warm web handler adds to the DynamoDB call that it makes, through the same botocore client.

The `/client` page looks an account up by its number: one GetItem. The administration looks an event up and lists a
page of classes: one GetItem and one Query, and before them the reads that say who asks.
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
CONFERENCE = "conference"
CALLS = 100
EVENT = {
    "version": "2.0",
    "routeKey": "GET /client",
    "rawPath": "/client",
    "rawQueryString": f"ven={ACCOUNT}",
    "headers": {"host": "roster.example.test"},
    "queryStringParameters": {"ven": ACCOUNT},
    "requestContext": {"domainName": "127.0.0.1:0", "http": {"method": "GET", "path": "/client"}, "stage": "$default"},
    "isBase64Encoded": False,
}


DEPLOYED = {
    "TABLE_NAME": TABLE,
    "STAGING_BUCKET": "bucket",
    "SITE_ORIGIN": "http://roster.example.test",
    "SYNC_ARN": "arn:aws:states:us-east-1:1:stateMachine:sync",
    "LINGER_SECONDS": "0",
    "NIGHTLY_GROUP": "nightly",
    "NIGHTLY_ROLE_ARN": "arn:aws:iam::1:role/nightly",
    "UNDELIVERED_ARN": "arn:aws:sqs:us-east-1:1:undelivered",
    "MAIL_SENDER": "nobody@roster.example.test",
    "IMPORTER_ADDRESS": "http://roster.example.test/importer",
    "SUPPORT_ACCOUNT": "1",
    "SECRET_PREFIX": "bench",
    "FUNCTION_PREFIX": "roster",
    "TELLING_FUNCTION": "admin-api",
    "AWS_LAMBDA_FUNCTION_NAME": "admin-api",
}


def administration(port: int, rounds: int, cookie: str) -> dict[str, Any]:
    """Median microseconds per round: `one` and `page` with the handler, `bare one` and `bare page` without."""
    os.environ |= DEPLOYED
    sys.path.insert(0, str(ROOT / "functions" / "admin_api"))
    from app import handler

    from roster import keys
    from roster.tables import Item

    one, page = (_asked(path, cookie) for path in (f"/api/events/{CONFERENCE}", f"/api/events/{CONFERENCE}/classes"))
    for event in (one, page):
        if (answer := handler(event, None))["statusCode"] != 200:
            raise RuntimeError(f"{event['rawPath']} answers {answer}")
    client = Item._get_connection().connection.client
    key, part = keys.event(ACCOUNT, CONFERENCE), keys.event_partitions("class", ACCOUNT, CONFERENCE)[0]
    got = {"TableName": TABLE, "Key": {"pk": {"S": key.pk}, "sk": {"S": key.sk}}}
    values = {":pk": {"S": part}}
    listed = {"TableName": TABLE, "KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": values}
    arms: dict[str, Callable[[], Any]] = {
        "one": lambda: handler(one, None),
        "bare one": lambda: client.get_item(**got),
        "page": lambda: handler(page, None),
        "bare page": lambda: client.query(**listed),
    }
    took: dict[str, list[float]] = {name: [] for name in arms}
    for _ in range(rounds):
        for name, arm in arms.items():
            took[name].append(_timed(arm))
    return took


def _asked(path: str, cookie: str) -> dict[str, Any]:
    told = {**EVENT["requestContext"], "http": {"method": "GET", "path": path}}
    asked = {"rawPath": path, "rawQueryString": "", "queryStringParameters": {}, "requestContext": told}
    return {**EVENT, **asked, "routeKey": "ANY /api/{proxy+}", "cookies": [f"sid={cookie}"]}


def client_page(port: int, rounds: int) -> dict[str, Any]:
    """Median microseconds of one call, per round, with and without the handler."""
    os.environ |= DEPLOYED
    sys.path.insert(0, str(ROOT / "functions" / "sso_callback"))
    from app import handler

    from roster import keys
    from roster.tables import Item

    if handler(EVENT, None)["statusCode"] != 200:
        raise RuntimeError("the page does not know the account")
    client = Item._get_connection().connection.client
    asked = [
        {"TableName": TABLE, "Key": {"pk": {"S": key.pk}, "sk": {"S": key.sk}}}
        for key in (keys.account(ACCOUNT), keys.sign_on(ACCOUNT))
    ]
    took: dict[str, list[float]] = {"handler": [], "bare": []}
    for _ in range(rounds):
        took["handler"].append(_timed(lambda: handler(EVENT, None)))
        took["bare"].append(_timed(lambda: [client.get_item(**one) for one in asked]))
    return took


def _timed(call: Callable[[], Any]) -> float:
    times = []
    for _ in range(CALLS):
        before = perf_counter()
        call()
        times.append(perf_counter() - before)
    return median(times) * 1e6
