"""The ports over dictionaries: the pipeline's own rules, tested without AWS and in milliseconds.

Everything that crosses a port goes through JSON, as it does over S3, DynamoDB and Step Functions.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random

from roster.errors import AccountBusy, AlreadyRunning, FilesMissing, Superseded
from roster.keys import SLOTS
from roster.model import JSON, ClassEntry, ContactEntry, asdict
from roster.ports import Change, Event, Integration, Packed, RunKey, Token
from roster.sizes import fitting


class MemorySlots:
    """roster.ports.Slots over a dictionary."""

    def __init__(self) -> None:
        self.files: dict[str, list[Packed] | str] = {}
        self.memos: dict[str, str] = {}

    def write(self, name: str, lines: Iterable[tuple[int, bytes]]) -> None:
        self.store(name, [self.pack(lines)])

    def pack(self, lines: Iterable[tuple[int, bytes]]) -> Packed:
        slots = [b""] * SLOTS
        for slot, line in lines:
            slots[slot] += line + b"\n"
        return slots

    def store(self, name: str, parts: Sequence[Packed], memo: JSON = None) -> None:
        self.files[name] = [*parts]
        self.memos[name] = json.dumps(memo)

    def opened(self, name: str) -> tuple[list[Packed], JSON]:
        return self._parts(name), json.loads(self.memos[name])

    def read(self, name: str, slots: range) -> bytes:
        return b"".join(part[slot] for slot in slots for part in self._parts(name))

    def names(self, prefix: str) -> Sequence[str]:
        return sorted(name for name in self.files if name.startswith(prefix))

    def write_json(self, name: str, value: JSON) -> None:
        self.files[name] = json.dumps(value)

    def read_json(self, name: str) -> JSON:
        file = self._file(name)
        assert isinstance(file, str)
        return json.loads(file)

    def _parts(self, name: str) -> list[Packed]:
        file = self._file(name)
        assert isinstance(file, list)
        return file

    def _file(self, name: str) -> list[Packed] | str:
        if name not in self.files:
            raise FilesMissing(name)
        return self.files[name]

    def delete(self, names: Sequence[str]) -> None:
        for name in names:
            self.files.pop(name, None)  # as S3 does: what is gone already is no error


class MemoryRecords:
    """roster.ports.Records over dictionaries. `reports` holds every run's end."""

    def __init__(self, integration: Integration, *events: Event) -> None:
        self._integration = integration
        self.events = {event.event: event for event in events}
        self.locks: dict[str, str] = {}
        self.reports: dict[str, dict[str, JSON]] = {}
        self.told: list[Mapping[str, JSON]] = []

    def begin(self, key: RunKey, owner: str, is_running: Callable[[str], bool], mode: str, now: str) -> None:
        if self.locks.setdefault(f"event {key.event}", owner) != owner:
            if is_running(self.locks[f"event {key.event}"]):
                raise AlreadyRunning(f"event {key.event}")
            self.locks[f"event {key.event}"] = owner

    def hold_account(self, key: RunKey, owner: str, is_running: Callable[[str], bool]) -> None:
        if self.locks.setdefault("account", owner) != owner:
            if is_running(self.locks["account"]):
                raise AccountBusy("account")
            self.locks["account"] = owner

    def holds(self, key: RunKey) -> bool:
        return {self.locks.get(f"event {key.event}"), self.locks.get("account")} == {key.run}

    def progress(self, key: RunKey, progress: Mapping[str, JSON]) -> None:
        self.told.append(json.loads(json.dumps(progress)))

    def integration(self, account: str) -> Integration:
        return self._integration

    def event(self, account: str, event: str) -> Event:
        return self.events[event]

    def applying(self, key: RunKey, plan: str) -> None:
        if not self.holds(key):
            raise Superseded(key.run)
        self._integration.applying = self.events[key.event].applying = plan

    def finish(
        self,
        key: RunKey,
        status: str,
        report: Mapping[str, JSON],
        now: str,
        applied: tuple[str, str] | None = None,
        settled: Mapping[str, JSON] | None = None,
    ) -> None:
        if key.run in self.reports:
            return  # this step was done before, and killed before it could say so
        if applied and not self.holds(key):
            raise Superseded(key.run)
        self.reports[key.run] = json.loads(json.dumps(report))
        self.locks = {lock: owner for lock, owner in self.locks.items() if owner != key.run}
        if settled is not None:
            self.events[key.event].settled = json.loads(json.dumps(settled))
        if applied:
            event = self.events[key.event]
            self._integration.ledger, event.snapshot = applied
            self._integration.applying = event.applying = ""

    def pulling(self, account: str, before: Mapping[str, JSON], now: Mapping[str, JSON]) -> bool:
        if self._integration.pulling != before:
            return False
        self._integration.pulling = json.loads(json.dumps(now))
        return True

    def pulled(self, account: str, where: Mapping[str, JSON]) -> None:
        self._integration.pulled = json.loads(json.dumps(where))

    def renew(self, key: RunKey, chosen: Mapping[str, JSON], selection: Mapping[str, JSON]) -> None:
        event = self.events[key.event]
        if event.selection == chosen:
            event.selection = json.loads(json.dumps(selection))


class Killed(Exception):
    """The process ends here, without a word and without tidying up."""


class MemoryRoster:
    """roster.ports.Roster over a dictionary; `fail_after` kills the process after so many writes, over all shards.

    `order` shuffles the writes of a shard: DynamoDB takes a batch in any order, so a crash may leave any part of it.
    """

    def __init__(self) -> None:
        self.items: dict[tuple[str, ...], JSON] = {}
        self.fail_after: int | None = None
        self.order: Random | None = None

    def apply(self, account: str, event: str, provider: str, changes: Iterable[Change]) -> int:
        listed = list(changes)
        keys = [(change.kind, change.id) for change in listed]
        assert len(keys) == len(set(keys)), "DynamoDB refuses a batch that writes an item twice"
        if self.order:
            self.order.shuffle(listed)
        for change in listed:
            if self.fail_after is not None:
                if self.fail_after == 0:
                    raise Killed
                self.fail_after -= 1
            self._write(event, change)
        return len(listed)

    def _write(self, event: str, change: Change) -> None:
        entry = change.entry
        if isinstance(entry, ContactEntry):
            item = {
                "person": asdict(entry.person),
                "related": fitting(entry.related()),
                "inactive_since": entry.inactive_since,
            }
            self.items["contact", change.kind, change.id] = item
        elif entry is None:
            self.items.pop((change.kind, event, change.id), None)
        else:
            value = _class(entry) if isinstance(entry, ClassEntry) else list(entry)
            self.items[change.kind, event, change.id] = value

    def of(self, *key: str) -> dict[str, JSON]:
        """Items whose key begins so, by id."""
        return {name[-1]: item for name, item in self.items.items() if name[: len(key)] == key}


class MemoryTokens:
    """Keeps one token for ever, unless it is refused."""

    def __init__(self) -> None:
        self.kept: Token | None = None

    def get(self, mint: Callable[[], Token], refused: str = "") -> Token:
        if self.kept is None or self.kept.value == refused:
            self.kept = mint()
        return self.kept


def _class(entry: ClassEntry) -> JSON:
    info = {name: value for name, value in asdict(entry.info).items() if value}
    return {"info": info, "teachers": entry.teachers, "students": entry.students}
