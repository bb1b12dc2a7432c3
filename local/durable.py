"""What survives a `kill -9`: every write that was acknowledged, kept as the touched thing's current state.

After each successful write and before its answer, the items, objects, secrets and schedules it touched are
read from moto and stored in one sqlite file (WAL, no fsync: enough when the process dies, not the machine).
Not kept: running executions, queues, old versions of S3 objects, KMS keys (they hold nothing here).
"""

from __future__ import annotations

import base64
import json
import pickle
import re
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import FakeDeleteMarker, FakeKey, s3_backends
from moto.scheduler.models import scheduler_backends
from moto.secretsmanager.models import FakeSecret, secretsmanager_backends

from local.aws import Answer
from local.entries import find, schedule_named
from local.names import ACCOUNT, PARTITION, REGION
from local.repairs import DYNAMODB_WRITES, item_key
from local.wire import Call

_SERVICES = ("dynamodb", "s3", "secretsmanager", "scheduler")
_SCHEMA = """CREATE TABLE IF NOT EXISTS state (kind TEXT, name TEXT, value BLOB, PRIMARY KEY (kind, name))
WITHOUT ROWID"""
_SECRET_READS = (
    "GetSecretValue",
    "DescribeSecret",
    "ListSecrets",
    "GetRandomPassword",
    "BatchGetSecretValue",
)
State = tuple[str, str, bytes | None]  # kind, name, value; no value: it is gone


class DurableStore:
    """A hook of the gate. Records only while `recording`: a deploy is no user's write."""

    def __init__(self, folder: Path) -> None:
        self._db = sqlite3.connect(folder / "state.sqlite", check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.execute(_SCHEMA)
        self._lock = threading.Lock()
        self.recording = False

    def guards(self, call: Call) -> bool:
        if not self.recording or call.service not in _SERVICES:
            return False
        if call.service == "dynamodb":
            return call.action in DYNAMODB_WRITES
        if call.service == "secretsmanager":
            return call.action not in _SECRET_READS
        return call.method in ("PUT", "POST", "DELETE")

    def done(self, call: Call, answer: Answer) -> None:
        find = {"dynamodb": _items, "s3": _objects, "secretsmanager": _secrets, "scheduler": _schedules}
        self._save(find[call.service](call, answer))

    def adopt(self) -> None:
        """Keeps what the deploy itself made up, such as generated secrets."""
        self._save(_all_secrets())

    def _save(self, states: Iterable[State]) -> None:
        found = list({(kind, name): value for kind, name, value in states}.items())
        kept = [(*key, value) for key, value in found if value is not None]
        gone = [key for key, value in found if value is None]
        with self._lock:
            self._db.execute("BEGIN")
            self._db.executemany("INSERT OR REPLACE INTO state VALUES (?, ?, ?)", kept)
            self._db.executemany("DELETE FROM state WHERE kind = ? AND name = ?", gone)
            self._db.execute("COMMIT")

    def restore_secrets(self) -> None:
        """Before the deploy, so that what refers to a secret gets the ARN it had."""
        for _, value in self._rows("secret"):
            secret = pickle.loads(value)  # noqa: S301 - our own file
            secretsmanager_backends[ACCOUNT][REGION].secrets[secret.name] = secret

    def restore(self) -> list[str]:
        """After the deploy. Returns what has no place any more: its table, bucket or group is gone."""
        return [*self._restore_items(), *self._restore_objects(), *self._restore_schedules()]

    def _restore_items(self) -> Iterator[str]:
        tables = dynamodb_backends[ACCOUNT][REGION].tables
        for name, value in self._rows("item"):
            table = tables.get(json.loads(name)[0])
            if table is None:
                yield f"item {name}"
            else:
                table.put_item(json.loads(value), overwrite=True)

    def _restore_objects(self) -> Iterator[str]:
        backend = s3_backends[ACCOUNT][PARTITION]
        for name, value in self._rows("object"):
            bucket, key = json.loads(name)
            if bucket not in backend.buckets:
                yield f"object {name}"
                continue
            body, metadata, modified = pickle.loads(value)  # noqa: S301 - our own file
            restored = backend.put_object(bucket, key, body)
            restored.set_metadata(metadata)
            restored.last_modified = modified

    def _restore_schedules(self) -> Iterator[str]:
        groups = scheduler_backends[ACCOUNT][REGION].schedule_groups
        for name, value in self._rows("schedule"):
            group = groups.get(json.loads(name)[0])
            if group is None:
                yield f"schedule {name}"
            else:
                group.add_schedule(pickle.loads(value))  # noqa: S301 - our own file

    def marks(self) -> dict[str, str]:
        """How far each schedule was fired (local.marks)."""
        return {name: value.decode() for name, value in self._rows("mark")}

    def mark(self, name: str, value: str | None) -> None:
        self._save([("mark", name, value.encode() if value else None)])

    def _rows(self, kind: str) -> list[tuple[str, bytes]]:
        return self._db.execute("SELECT name, value FROM state WHERE kind = ?", (kind,)).fetchall()

    def close(self) -> None:
        with self._lock:
            self._db.close()


def _items(call: Call, answer: Answer) -> Iterator[State]:
    for table_name, operation in _written(call.action, json.loads(call.body)):
        table = dynamodb_backends[ACCOUNT][REGION].get_table(table_name)
        named = operation.get("Item") or operation["Key"]
        key = [named[name] for name in (table.hash_key_attr, table.range_key_attr) if name]
        yield "item", _json([table.name, key]), _item_now(table, operation)


def _item_now(table: Any, operation: dict[str, Any]) -> bytes | None:
    """What was put is what is there: writes come one at a time. Only an update has to be looked up."""
    if "Item" in operation:
        return _json(operation["Item"]).encode()
    item = table.get_item(*item_key(table, operation["Key"]))
    return None if item is None else _json(item.to_json()["Attributes"]).encode()


def _json(value: Any) -> str:
    """DynamoDB JSON as it goes over the wire: binary in base64."""
    return json.dumps(value, default=lambda raw: base64.b64encode(raw).decode())


def _written(action: str, body: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The table and the operation, with the Key or the Item, of each write."""
    if action == "BatchWriteItem":
        for table, requests in body["RequestItems"].items():
            yield from ((table, operation) for request in requests for operation in request.values())
    elif action == "TransactWriteItems":
        for named in body["TransactItems"]:
            yield from ((operation["TableName"], operation) for operation in named.values())
    else:
        yield body["TableName"], body


def _objects(call: Call, answer: Answer) -> Iterator[State]:
    bucket_name, _, key = call.path.lstrip("/").partition("/")
    bucket = s3_backends[ACCOUNT][PARTITION].buckets.get(bucket_name)
    if bucket is None:
        return
    for name in [key] if key else _deleted_keys(call):
        found = bucket.keys.get(name)
        alive = isinstance(found, FakeKey) and not isinstance(found, FakeDeleteMarker)
        value = pickle.dumps((found.value, dict(found.metadata), found.last_modified)) if alive else None
        yield "object", json.dumps([bucket_name, name]), value


def _deleted_keys(call: Call) -> list[str]:
    """The keys of a DeleteObjects request."""
    from xml.sax.saxutils import unescape

    if "delete" not in call.query:
        return []
    entities = {"&quot;": '"', "&apos;": "'", "&#13;": "\r", "&#10;": "\n"}
    return [unescape(key, entities) for key in re.findall(r"<Key>(.*?)</Key>", call.body.decode())]


def _secrets(call: Call, answer: Answer) -> Iterator[State]:
    wanted = json.loads(call.body)
    name = wanted.get("SecretId") or wanted.get("Name")
    backend = secretsmanager_backends[ACCOUNT][REGION]
    found = backend.secrets.get(name)
    if isinstance(found, FakeSecret):
        yield "secret", found.name, pickle.dumps(found)
    else:
        gone = json.loads(answer.body).get("Name")
        yield "secret", str(gone), None


def _all_secrets() -> Iterator[State]:
    for secret in list(secretsmanager_backends[ACCOUNT][REGION].secrets.values()):
        if isinstance(secret, FakeSecret):
            yield "secret", secret.name, pickle.dumps(secret)


def _schedules(call: Call, answer: Answer) -> Iterator[State]:
    group, name = schedule_named(call)
    if name:
        schedule = find(group, name)
        yield "schedule", json.dumps([group, name]), pickle.dumps(schedule) if schedule else None
