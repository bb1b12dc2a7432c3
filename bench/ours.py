"""The importer under measurement: the real pull, plan and apply over the real S3 and DynamoDB adapters.

The one file here that knows the pipeline. Each step goes on from the state that the step before left in a file, as
the state machine's would, so that all of them can share a process (time) or have one each (memory). Runs, locks and
integrations are kept in memory: their few small calls are no part of what is compared.
"""

from __future__ import annotations

import json
import pickle
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

from provider import PROVIDER

from bench.floor import fetched
from bench.layout import TABLE
from bench.stopwatch import Stopwatch
from roster import keys
from roster.http import RequestsHttp
from roster.model import BY_HAND, Selection
from roster.ports import Event, Integration, RunKey
from roster.pull import Place, Puller
from roster.sessions import digest
from roster.snapshots import S3Slots
from roster.store import DynamoRoster
from roster.sync import Sync
from roster.tables import AccountItem, ClassItem, ContactItem, EventItem, Item, SessionItem, use_table
from tests.fakes.memory import MemoryRecords

ACCOUNT, EVENT = "11600001", "conference"
LAMBDA_SECONDS = 900.0
STEPS = ("pull", "plan", "apply")


class NoToken:
    """A bearer needs no token server."""

    def get(self, mint: Callable[[], Any], refused: str = "") -> Any:
        return mint()


class Import:
    """One run of the importer. `turns` counts the calls of each step, `largest` is the largest state between two."""

    def __init__(self, port: int, page: int, folder: Path, run: str) -> None:
        url = f"http://127.0.0.1:{port}"
        use_table(TABLE)
        Item.Meta.host = url
        settings = {"base_url": url, "version": "v1p1", "auth": "bearer", "page_size": page}
        self._memory = folder / "records"
        self._state = folder / f"state-{run}"
        self.run = run
        self.records = MemoryRecords(Integration(ACCOUNT, PROVIDER.name, settings), Event(ACCOUNT, EVENT))
        if self._memory.exists():
            vars(self.records).update(pickle.loads(self._memory.read_bytes()))  # noqa: S301 - we wrote it
        self._began = perf_counter()
        slots = S3Slots("staging")
        self.sync = Sync(slots, self.records, DynamoRoster(), lambda _: False, lambda: datetime.now(UTC), self._left)
        self.puller = Puller(
            PROVIDER, RequestsHttp(loopback=True), slots, self.records, NoToken(), self._left, edition="bench"
        )
        self.state: dict[str, Any] = json.loads(self._state.read_text()) if self._state.exists() else {}
        self.turns: Counter[str] = Counter()
        self.largest = 0
        self.said: dict[str, Any] = {}

    def _left(self) -> float:
        return LAMBDA_SECONDS - (perf_counter() - self._began)

    def _turn(self, step: str, work: Callable[[], dict[str, Any]]) -> None:
        """One call of a function, which has the time that a Lambda has."""
        self._began = perf_counter()
        self.state = work()
        self.turns[step] += 1
        self.largest = max(self.largest, len(json.dumps(self.state)))

    def pull(self) -> None:
        begun = {"account": ACCOUNT, "event": EVENT}
        self._turn("begin", lambda: self.sync.begin(begun, self.run, self.run))
        key = RunKey(ACCOUNT, EVENT, self.run)
        while not self.state["place"]["done"]:
            self._turn("pull", lambda: {**self.state, "place": self._pulled(key)})

    def _pulled(self, key: RunKey) -> dict[str, Any]:
        return asdict(self.puller.turn(key, self.state, {"token": "t"}, Place(**self.state["place"])))

    def plan(self) -> None:
        while not self.state.get("plan", {}).get("done"):
            self._turn("plan", lambda: self.sync.plan(self.state, self.run))

    def apply(self) -> None:
        self._turn("guard", lambda: self.sync.guard(self.state))
        verdict = self.state["verdict"]
        if verdict["decision"] not in ("apply", "unchanged"):
            raise RuntimeError(f"the run was not applied but {verdict}")
        writes = []
        for shard in verdict["shards"]:
            self._began = perf_counter()
            writes.append(self.sync.apply(self.state, shard)["writes"])
            self.turns["apply"] += 1
        self.state["applied"] = {"writes": writes}
        self.largest = max(self.largest, len(json.dumps(self.state)))
        self._began = perf_counter()
        self.said = self.sync.finish(self.state)

    def keep(self) -> None:
        """For the next step, or the next night."""
        self._state.write_text(json.dumps(self.state))
        self._memory.write_bytes(pickle.dumps(vars(self.records)))


def run(port: int, page: int, folder: str, run: str, steps: tuple[str, ...] = STEPS, anew: bool = False) -> dict:
    """These steps of a run; `anew`: as if nothing had ever been imported into this folder."""
    place = Path(folder)
    place.mkdir(exist_ok=True)
    if anew:
        (place / "records").unlink(missing_ok=True)
        (place / f"state-{run}").unlink(missing_ok=True)
    took: dict[str, float] = {}
    with Stopwatch() as watch:
        work = Import(port, page, place, run)
        for step in steps:
            with Stopwatch() as one:
                getattr(work, step)()
            took[step] = one.seconds
    work.keep()
    said = {"steps": took, "turns": dict(work.turns), "state_bytes": work.largest}
    return {**watch.read(), **said, "writes": work.said.get("writes", 0)}


def normalise(port: int, page: int) -> dict[str, float]:
    """What a quiet night is compared with: fetch, parse and normalise every row, and drop it."""
    settings = {"base_url": f"http://127.0.0.1:{port}", "version": "v1p1", "auth": "bearer", "page_size": page}
    resources = {resource.name: resource for resource in PROVIDER.resources(settings, Selection())}
    records = 0
    with Stopwatch() as watch:
        for collection, rows in fetched(port, page):
            make = resources[collection].normalise
            for row in rows:
                for _ in make(row):
                    records += 1
    return {**watch.read(), "records": records}


def administered(port: int, classes: int) -> dict[str, Any]:
    """An account with an event, some classes in one partition, and somebody who is signed in; with their cookie."""
    secret, now = "benchmark", datetime.now(UTC)
    expires = int((now + timedelta(hours=1)).timestamp())
    signed_in = {"account": ACCOUNT, "contact": "edna", "created": now.isoformat(), "seen": expires, "expires": expires}
    person = {
        "kind": "administrator",
        "id": "edna",
        "origin": BY_HAND,
        "level": "Administrator",
        "email": "e@x.example",
    }
    pk = keys.event_partitions("class", ACCOUNT, EVENT)[0]
    students = [f"student-{n:04d}" for n in range(25)]
    items = [
        SessionItem(*keys.session(digest(secret)), **signed_in),
        ContactItem(*keys.contact(ACCOUNT, BY_HAND, "administrator", "edna"), **person),
        EventItem(*keys.event(ACCOUNT, EVENT), name="Fall conferences"),
        *(ClassItem(pk, f"class-{n}", id=f"class-{n}", name=f"Class {n}", students=students) for n in range(classes)),
    ]
    return {"cookie": secret, "items": [item.serialize() for item in items]}


def account_item(port: int, name: str) -> dict[str, Any]:
    """The account that the `/client` page looks up, as the table holds it."""
    key = keys.account(ACCOUNT)
    held: dict[str, Any] = AccountItem(*key, name=name).serialize()
    return held
