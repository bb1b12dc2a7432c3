"""The floor: fetch every page, parse it, and write bodies that were prepared and signed beforehand.

Nothing lies in between, so no importer that writes an item per record can be faster, whatever it does. Pages come
over requests, as the importer's do; bodies go over one kept-alive connection of http.client, the leanest client that
comes with Python.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from bench.district import District
from bench.layout import COLLECTIONS, batches
from bench.stopwatch import Stopwatch
from bench.worlds import ROSTER

Row = dict[str, Any]


def fetched(port: int, page: int) -> Iterator[tuple[str, list[Row]]]:
    """Every page of every collection, parsed."""
    session = requests.Session()
    session.trust_env = False  # reading .netrc for each page is no part of a floor
    for collection in COLLECTIONS:
        offset, total = 0, 1
        while offset < total:
            query = f"limit={page}&offset={offset}"
            answer = session.get(f"http://127.0.0.1:{port}{ROSTER}{collection}?{query}")
            rows = json.loads(answer.content)[collection]
            total = int(answer.headers["x-total-count"])
            offset += page
            yield collection, rows


def prepare(port: int, students: int, folder: str) -> dict[str, float]:
    """Write the bodies, and the headers that sign each, where `run` finds them."""
    auth = SigV4Auth(Credentials("x", "y"), "dynamodb", "us-east-1")
    sizes: list[tuple[int, dict[str, str]]] = []
    with _bodies(folder, students).open("wb") as file:
        for body in batches(District(students)):
            headers = {
                "Content-Type": "application/x-amz-json-1.0",
                "X-Amz-Target": "DynamoDB_20120810.BatchWriteItem",
            }
            request = AWSRequest("POST", f"http://127.0.0.1:{port}/", headers=headers, data=body)
            auth.add_auth(request)
            sizes.append((len(body), dict(request.headers.items())))
            file.write(body)
    _heads(folder, students).write_text(json.dumps(sizes))
    return {"bodies": len(sizes), "bytes": sum(size for size, _ in sizes)}


def run(port: int, page: int, students: int, folder: str) -> dict[str, float]:
    """Fetch and parse, then write what was prepared."""
    heads = json.loads(_heads(folder, students).read_text())
    with Stopwatch() as fetching:
        rows = sum(len(rows) for _, rows in fetched(port, page))
    with _bodies(folder, students).open("rb") as file, Stopwatch() as writing:
        connection = HTTPConnection("127.0.0.1", port)
        for size, headers in heads:
            connection.request("POST", "/", file.read(size), headers)
            answer = connection.getresponse()
            if answer.status != 200:
                raise RuntimeError(f"the table answered {answer.status}")
            answer.read()
    told = writing.read()
    told["seconds"] += fetching.seconds
    told["cpu"] += fetching.cpu
    return {**told, "rows": rows, "fetch_seconds": fetching.seconds, "write_seconds": writing.seconds}


def _bodies(folder: str, students: int) -> Path:
    return Path(folder) / f"bodies-{students}"


def _heads(folder: str, students: int) -> Path:
    return Path(folder) / f"heads-{students}.json"
