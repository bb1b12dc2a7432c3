"""Every key of the table and every name in the staging bucket is built, and parsed, here and nowhere else.

Contacts are keyed by provider id: partition = account, provider and one of 16 shards (so that no partition takes
all the writes of a night), sort = kind and id. Ids come from outside: they are quoted, so that none can break out.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote, unquote
from zlib import crc32

SLOTS = 256
PARTITIONS = 16


class Key(NamedTuple):
    """Partition key and sort key of one item."""

    pk: str
    sk: str


def slot(id: str) -> int:
    """Which of the 256 slots an id belongs to, the same on every machine and night."""
    return crc32(id.encode()) % SLOTS


def shard_slots(shard: int, shards: int) -> range:
    """The slots of one of `shards` (a power of two, at most 256) shards."""
    width = SLOTS // shards
    return range(shard * width, (shard + 1) * width)


def _join(*parts: str) -> str:
    return "#".join(quote(part, safe=" @.:,()") for part in parts)


def _split(key: str) -> list[str]:
    return [unquote(part) for part in key.split("#")]


def _partition(id: str) -> str:
    return f"{slot(id) % PARTITIONS:02d}"


def contact(account: str, provider: str, kind: str, id: str) -> Key:
    return Key(_join("contact", account, provider, _partition(id)), _join(kind, id))


def contact_partitions(account: str, provider: str) -> list[str]:
    return [_join("contact", account, provider, f"{n:02d}") for n in range(PARTITIONS)]


def contact_id(sk: str) -> tuple[str, str]:
    """Kind and provider id of a contact's sort key."""
    kind, id = _split(sk)
    return kind, id


def event_class(account: str, event: str, id: str) -> Key:
    return Key(_join("class", account, event, _partition(id)), _join(id))


def schedule(account: str, event: str, student: str) -> Key:
    return Key(_join("schedule", account, event, _partition(student)), _join(student))


def event_partitions(item: str, account: str, event: str) -> list[str]:
    """Partitions of an event's items: `class` or `schedule`."""
    return [_join(item, account, event, f"{n:02d}") for n in range(PARTITIONS)]


def plain_id(sk: str) -> str:
    """The id in a class's or schedule's sort key."""
    return _split(sk)[0]


def account(account: str) -> Key:
    return Key(_join("account", account), "account")


def integration(account: str) -> Key:
    """One roster provider per account, hence one item."""
    return Key(_join("account", account), "integration")


def event(account: str, event: str) -> Key:
    return Key(_join("account", account), _join("event", event))


def run(account: str, event: str, run: str) -> Key:
    """Runs have a partition of their own: importers may write here, and nowhere else."""
    return Key(_join("run", account, event), _join(run))


def event_lock(account: str, event: str) -> Key:
    return Key(_join("lock", account), _join("event", event))


def account_lock(account: str) -> Key:
    return Key(_join("lock", account), "account")


def run_folder(account: str, event: str, run: str) -> str:
    """Where a run stages what it pulled and planned; the bucket's lifecycle forgets it."""
    return "/".join(("runs", *(quote(part, safe="") for part in (account, event, run))))


def ledger_folder(account: str, provider: str, run: str) -> str:
    """Where a run leaves what it applied to the account's contacts."""
    return "/".join(("applied", *(quote(part, safe="") for part in (account, "contacts", provider, run))))


def snapshot_folder(account: str, event: str, run: str) -> str:
    """Where a run leaves what it applied to the event's classes."""
    return "/".join(("applied", *(quote(part, safe="") for part in (account, "events", event, run))))
