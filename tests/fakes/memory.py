"""The ports over dictionaries: the pipeline's own rules, tested without AWS and in milliseconds.

Everything that crosses a port goes through JSON, as it does over S3, DynamoDB and Step Functions.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from random import Random

from roster.errors import AccountBusy, AlreadyRunning, FilesMissing, NotSetUp, Superseded
from roster.keys import PARTITIONS, SLOTS, slot
from roster.model import BY_HAND, JSON, KINDS, ClassEntry, ContactEntry, Person, asdict
from roster.ports import (
    PLAIN_ENDING,
    Audited,
    Change,
    ClassMark,
    Ending,
    Event,
    Integration,
    Moved,
    Packed,
    Run,
    RunKey,
    Stored,
    Token,
)
from roster.sizes import fitting

MAIN = "fake"
FIRST_LEVELS = {"teacher": "Appointment Viewer"}


class MemorySlots:
    """roster.ports.Slots over a dictionary."""

    def __init__(self) -> None:
        self.files: dict[str, list[Packed] | str] = {}
        self.memos: dict[str, str] = {}

    def write(self, name: str, lines: Iterable[tuple[int, bytes]]) -> None:
        self.store(name, [self.pack(lines)])

    def pack(self, lines: Iterable[tuple[int, bytes]]) -> Packed:
        slots = [b""] * SLOTS
        for place, line in lines:
            slots[place] += line + b"\n"
        return slots

    def store(self, name: str, parts: Sequence[Packed], memo: JSON = None) -> None:
        self.files[name] = [*parts]
        self.memos[name] = json.dumps(memo)

    def opened(self, name: str) -> tuple[list[Packed], JSON]:
        return self._parts(name), json.loads(self.memos[name])

    def read(self, name: str, slots: range) -> bytes:
        parts = self._parts(name)
        if len(parts) == 1:
            return b"".join(parts[0][slots.start : slots.stop])
        return b"".join(part[place] for place in slots for part in parts)

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

    def __init__(self, integration: Integration | None, *events: Event) -> None:
        self._integration = integration
        self.events = {event.event: event for event in events}
        self.locks: dict[str, str] = {}
        self.reports: dict[str, dict[str, JSON]] = {}
        self.told: list[Mapping[str, JSON]] = []
        self.runs: dict[str, Run] = {}
        self.nights: dict[str, tuple[str, str]] = {}
        self.marks: dict[str, dict[str, ClassMark]] = {}
        self.audit: list[Audited] = []

    def begin(
        self,
        key: RunKey,
        owner: str,
        is_running: Callable[[str], bool],
        mode: str,
        now: str,
        by: str = "",
        night: str = "",
        asked: Mapping[str, JSON] | None = None,
    ) -> bool:
        if self.locks.setdefault(f"event {key.event}", owner) != owner:
            if is_running(self.locks[f"event {key.event}"]):
                raise AlreadyRunning(f"event {key.event}")
            self.locks[f"event {key.event}"] = owner
        had, whose = self.nights.get(key.event, ("", ""))
        if night and had >= night and whose != key.run:
            del self.locks[f"event {key.event}"]
            return False
        if night:
            self.nights[key.event] = night, key.run
        self.runs[key.run] = Run("running", mode, owner, by=by, night=night, started=now, asked=dict(asked or {}))
        return True

    def run(self, key: RunKey) -> Run | None:
        return self.runs.get(key.run)

    def hold_account(self, key: RunKey, owner: str, is_running: Callable[[str], bool], rewrites: bool = False) -> None:
        if self.locks.setdefault("account", owner) != owner:
            if is_running(self.locks["account"]):
                raise AccountBusy("account")
            self.locks["account"] = owner

    def holds(self, key: RunKey) -> bool:
        return {self.locks.get(f"event {key.event}"), self.locks.get("account")} == {key.run}

    def progress(self, key: RunKey, progress: Mapping[str, JSON]) -> None:
        self.told.append(json.loads(json.dumps(progress)))

    def integration(self, account: str) -> Integration:
        if self._integration is None:
            raise NotSetUp("no roster provider")
        return self._integration

    def event(self, account: str, event: str) -> Event:
        if event not in self.events:
            raise NotSetUp(f"no event {event}")
        return self.events[event]

    def all_events(self, account: str) -> Sequence[Event]:
        return list(self.events.values())

    def class_marks(self, account: str, event: str) -> Mapping[str, ClassMark]:
        return dict(self.marks.get(event, {}))

    def unmark(self, account: str, event: str, removed: Mapping[str, str]) -> None:
        marks = self.marks.get(event, {})
        for id, when in removed.items():
            if id in marks and marks[id].removed == when:
                marks[id] = replace(marks[id], removed="")

    def remark(self, account: str, event: str, removed: Mapping[str, str], instead: Iterable[str]) -> None:
        marks = self.marks.setdefault(event, {})
        for id in {*instead, *removed}:
            marks[id] = replace(marks.get(id, ClassMark()), removed=removed.get(id, ""))

    def applying(self, key: RunKey, plan: str, origin: str = "") -> None:
        if not self.holds(key):
            raise Superseded(key.run)
        self.events[key.event].applying = plan
        if self._integration and origin != BY_HAND:
            self._integration.applying = plan
            self._integration.origins = (*self._integration.origins, *({origin} - {*self._integration.origins, ""}))

    def finish(
        self,
        key: RunKey,
        status: str,
        report: Mapping[str, JSON],
        now: str,
        applied: tuple[str, str] | None = None,
        settled: Mapping[str, JSON] | None = None,
        ending: Ending = PLAIN_ENDING,
    ) -> None:
        if key.run in self.reports:
            return  # this step was done before, and killed before it could say so
        if (applied or ending.restored) and not self.holds(key):
            raise Superseded(key.run)
        self.reports[key.run] = json.loads(json.dumps(report))
        run = self.runs.setdefault(key.run, Run(status))
        run.status, run.ended, run.report = status, now, self.reports[key.run]
        if not ending.lingers:
            self.locks = {lock: owner for lock, owner in self.locks.items() if owner != key.run}
        if ending.audited:
            self.audit.append(ending.audited)
        if ending.warned is not None:
            self.events[key.event].warned = tuple(ending.warned)
        if settled is not None:
            self.events[key.event].settled = json.loads(json.dumps(settled))
        if ending.restored or applied:
            self.events[key.event].applying = ""
            if self._integration and ending.integrated:
                self._integration.applying = ""
        if applied:
            self._flip(key, *applied, ending)

    def _flip(self, key: RunKey, ledger: str, snapshot: str, ending: Ending) -> None:
        event, changed = self.events[key.event], key.run if ending.before is not None else ""
        if ending.before is not None:
            self.runs[key.run].before = json.loads(json.dumps(ending.before))
        if self._integration and ending.integrated:
            self._integration.ledger, self._integration.changed = ledger, changed
        if ending.undone:
            self.runs[ending.undone].decided = "undone"
        event.snapshot, event.changed = snapshot, changed
        if ending.selection is not None:
            event.selection = json.loads(json.dumps(ending.selection))
        if ending.deleted:
            del self.events[key.event]

    def pulling(self, account: str, before: Mapping[str, JSON], now: Mapping[str, JSON]) -> bool:
        if self.integration(account).pulling != before:
            return False
        self.integration(account).pulling = json.loads(json.dumps(now))
        return True

    def pulled(self, account: str, where: Mapping[str, JSON]) -> None:
        self.integration(account).pulled = json.loads(json.dumps(where))

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
        self.records: MemoryRecords | None = None  # where the marks of classes are
        self.order: Random | None = None

    def apply(self, account: str, event: str, provider: str, changes: Iterable[Change]) -> int:
        listed = list(changes)
        keys = [_key(event, provider, change) for change in listed]
        assert len(keys) == len(set(keys)), "DynamoDB refuses a batch that writes an item twice"
        if self.order:
            self.order.shuffle(listed)
        for change in listed:
            if self.fail_after is not None:
                if self.fail_after == 0:
                    raise Killed
                self.fail_after -= 1
            self._write(event, provider, change)
        return len(listed)

    def found(self, account: str, origin: str, part: int) -> Iterator[Change]:
        for (what, *rest), item in list(self.items.items()):
            if what == _contact(origin) and slot(rest[1]) % PARTITIONS == part:
                level = item.get("level") or FIRST_LEVELS.get(rest[0], "Customer")
                email = item["person"]["email"] if "person" in item else item.get("email", "")
                inactive = bool(item.get("inactive_since"))
                yield Change(rest[0], rest[1], Stored(origin, deepcopy(item), level, email, inactive=inactive))

    def levels(self, account: str) -> list[Change]:
        found = [(key, item) for key, item in self.items.items() if key[0] == "level"]
        return [
            Change(
                kind,
                id,
                Stored(
                    origin, deepcopy(item), item.get("level", ""), item.get("edits", {}).get("email") or "", mark=True
                ),
            )
            for (_, origin, kind, id), item in found
        ]

    def person(self, found: Change) -> tuple[Person, list[list[str]]]:
        assert isinstance(found.entry, Stored)
        item = found.entry.item
        return Person(**{**item.get("person", {}), "kind": found.kind, "id": found.id}), item.get("related", [])

    def _write(self, event: str, provider: str, change: Change) -> None:
        entry, key = change.entry, _key(event, provider, change)
        if isinstance(entry, ContactEntry):
            self.items[key] = {
                "person": asdict(entry.person),
                "related": fitting(entry.related()),
                "inactive_since": entry.inactive_since,
            }
        elif isinstance(entry, Moved):
            level = {"level": entry.level} if entry.level else {}
            kept = {**level, **(entry.old or {}), **(entry.own or {})}
            kept.pop("related", None)
            self.items[key] = deepcopy({**kept, **({"related": entry.ties} if entry.ties else {})})
            if not self.items[key]:
                del self.items[key]
        elif change.kind == "class_mark":
            assert self.records
            self.records.marks.get(event, {}).pop(change.id, None)
        elif entry is None or (isinstance(entry, Stored) and entry.item is None):
            self.items.pop(key, None)
        elif isinstance(entry, Stored):
            self.items[key] = _thawed(entry.item)
        else:
            self.items[key] = _class(entry) if isinstance(entry, ClassEntry) else list(entry)

    def of(self, *key: str) -> dict[str, JSON]:
        """Items whose key begins so, by id."""
        return {name[-1]: item for name, item in self.items.items() if name[: len(key)] == key}


def _thawed(item: JSON) -> JSON:
    """An item that went through JSON, as it was put."""
    if "person" not in item:
        return deepcopy(item)
    person = {name: tuple(value) if isinstance(value, list) else value for name, value in item["person"].items()}
    return {**deepcopy(item), "person": person}


def _contact(provider: str) -> str:
    """Contacts of the provider that most tests have are simply contacts."""
    return "contact" if provider == MAIN else f"contact of {provider}"


def _key(event: str, provider: str, change: Change) -> tuple[str, ...]:
    """Which item a change is about."""
    entry = change.entry
    if isinstance(entry, Stored):
        whose = ("level", entry.origin) if entry.mark else (_contact(entry.origin),)
        return (*whose, change.kind, change.id)
    if isinstance(entry, Moved):
        return "level", entry.origin, change.kind, change.id
    if change.kind in KINDS:
        return _contact(provider), change.kind, change.id
    return change.kind, event, change.id


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
