"""The DynamoDB adapter of `Roster`: contacts, classes and schedules, written in full batches.

Which item an entry becomes is decided here and nowhere else; the models are in roster.tables. Each item is encoded
once, and roster.bulk sends it. The batches are made up here because pynamodb's own sends what DynamoDB left again at
once, and soon gives up.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from random import uniform
from time import perf_counter, sleep, thread_time
from typing import Any

from msgspec.json import decode, encode

from roster import keys
from roster.bulk import Request, ask, queried
from roster.contactmarks import mark_item
from roster.errors import StoreBusy
from roster.model import FIRST_LEVEL, KINDS, Class, ClassEntry, ContactEntry, Level, Person
from roster.ports import Change, Moved, Stored
from roster.sizes import fitting
from roster.tables import ClassItem, ContactItem, ScheduleItem, plain, wired
from roster.trouble import TABLE, trouble

# Attributes of an item that are the record's own, under the same name.
PERSONAL = tuple(name for name in Person.__struct_fields__ if hasattr(ContactItem, name))
OF_CLASS = tuple(name for name in Class.__struct_fields__ if hasattr(ClassItem, name))
BATCH = 25  # DynamoDB takes no more at once
MOST_AT_ONCE = 8  # batches under way
PATIENCE = 90.0  # seconds of waiting for one batch; the state machine can wait longer than a function should
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 10.0
SHORT = 0.002  # seconds that are not worth a thread


class DynamoRoster:
    """Contacts, classes and schedules (see roster.ports.Roster)."""

    def __init__(self, sleep: Callable[[float], None] = sleep) -> None:
        self._sleep = sleep

    @trouble(TABLE)
    def apply(self, account: str, event: str, provider: str, changes: Iterable[Change]) -> int:
        """Put and delete in batches; returns how many items. Doing it again leaves the same items.

        The longer a batch waits for its answer, the more of them are under way at once.
        """
        requests = (_request(change, account, event, provider) for change in changes)
        writes, at_once = 0, 1
        under_way: deque[Future[int]] = deque()
        with ThreadPoolExecutor(MOST_AT_ONCE) as threads:
            while batch := list(islice(requests, BATCH)):
                writes += len(batch)
                if at_once > 1:
                    under_way.append(threads.submit(self._send, batch))
                else:  # a table that answers at once: another thread would only be in the way
                    at_once = self._send(batch)
                while len(under_way) >= at_once:
                    at_once = under_way.popleft().result()
            for sent in under_way:
                sent.result()
        return writes

    def found(self, account: str, origin: str, part: int) -> Iterator[Change]:
        """As the table holds them: pynamodb's models would leave out what they do not know."""
        for item in queried(keys.contact_partitions(account, origin)[part]):
            level, email = (item.get(name, {}).get("S", "") for name in ("level", "email"))
            inactive = bool(item.get("inactive_since", {}).get("S"))
            yield Change(item["kind"]["S"], item["id"]["S"], Stored(origin, item, level, email, inactive=inactive))

    def columns(self, account: str, origin: str, names: Sequence[str]) -> Iterator[dict[str, Any]]:
        """These attributes alone of all contacts of an origin: half of an item is what the indexes find it by."""
        for partition in keys.contact_partitions(account, origin):
            yield from queried(partition, names)

    @trouble(TABLE)
    def levels(self, account: str) -> list[Change]:
        marks = ((keys.contact_of_mark(item["sk"]["S"]), item) for item in queried(keys.contact_marks(account)))
        return [
            Change(kind, id, Stored(origin, item, item.get("level", {}).get("S", ""), _corrected(item), mark=True))
            for (origin, kind, id), item in marks
        ]

    def person(self, found: Change) -> tuple[Person, list[list[str]]]:
        item = found.entry.item if isinstance(found.entry, Stored) else None
        told = {name: plain(value) for name, value in (item or {}).items()}
        known = {name: told[name] for name in PERSONAL if name in told and type(told[name]) is str}
        born = told.get("security_value", "")
        return Person(**{**known, "kind": found.kind, "id": found.id, "birth_date": born}), told.get("related", [])

    def _send(self, batch: list[Request]) -> int:
        """Send the batch, and what DynamoDB leaves of it again, until nothing is left.

        Returns how many batches should be under way: as many as fit into the time that one waits, and one where
        the table is busy.
        """
        began, busy = perf_counter(), thread_time()
        left = ask(batch)
        waited, busy = perf_counter() - began, thread_time() - busy
        if not left:
            return max(1, min(MOST_AT_ONCE, int(waited / max(2 * busy, SHORT))))
        pauses = _pauses()
        while left:
            pause = next(pauses, None)
            if pause is None:
                raise StoreBusy(f"the table left {len(left)} items of a batch for {PATIENCE:.0f} seconds")
            self._sleep(pause)
            left = ask(left)
        return 1


def _corrected(mark: dict[str, Any]) -> str:
    """The e-mail address that was set by hand, or blank."""
    return (decode(mark["edits"]["S"]).get("email") if "edits" in mark else "") or ""


def _pauses() -> Iterator[float]:
    """Twice as long each time and never in step with other shards, until the patience is used up."""
    spent, longest = 0.0, FIRST_PAUSE
    while True:
        pause = uniform(longest / 2, longest)  # noqa: S311 - no secret
        spent += pause
        if spent > PATIENCE:
            return
        yield pause
        longest = min(LONGEST_PAUSE, 2 * longest)


def _request(change: Change, account: str, event: str, provider: str) -> Request:
    entry = change.entry
    if isinstance(entry, ContactEntry):
        return _put(contact_item(account, provider, entry))
    if isinstance(entry, Stored):
        built = keys.contact_mark if entry.mark else keys.contact
        return _put(entry.item) if entry.item else _delete(built(account, entry.origin, change.kind, change.id))
    if isinstance(entry, Moved):
        item = mark_item(account, change, entry)
        return (
            _put(item) if len(item) > 2 else _delete(keys.contact_mark(account, entry.origin, change.kind, change.id))
        )
    if change.kind in KINDS:
        return _delete(keys.contact(account, provider, change.kind, change.id))
    if change.kind == "class_mark":
        return _delete(keys.class_mark(account, event, change.id))
    if change.kind == "class":
        key = keys.event_class(account, event, change.id)
        return _put(class_item(account, event, entry)) if isinstance(entry, ClassEntry) else _delete(key)
    key = keys.schedule(account, event, change.id)
    if not entry:
        return _delete(key)
    return _put(wired(ScheduleItem, {"pk": key.pk, "sk": key.sk, "student": change.id, "classes": entry}))


def _put(item: dict[str, Any]) -> Request:
    return b'{"PutRequest":{"Item":%s}}' % encode(item)


def _delete(key: keys.Key) -> Request:
    return b'{"DeleteRequest":{"Key":%s}}' % encode({"pk": {"S": key.pk}, "sk": {"S": key.sk}})


def contact_item(account: str, provider: str, entry: ContactEntry) -> dict[str, Any]:
    """The contact's item; blanks are not stored."""
    person = entry.person
    key = keys.contact(account, provider, person.kind, person.id)
    numbers = person.number, person.sis_id
    found_by = keys.indexed(account, provider, person.kind, person.id, person.last, person.first, person.email, numbers)
    values = (
        {name: getattr(person, name) for name in PERSONAL}
        | found_by
        | {
            "pk": key.pk,
            "sk": key.sk,
            "origin": provider,
            "level": FIRST_LEVEL.get(person.kind, Level.CUSTOMER.value),
            "security_value": person.birth_date,
            "related": fitting(entry.related()),
            "inactive_since": entry.inactive_since,
        }
    )
    return wired(ContactItem, values)


def class_item(account: str, event: str, entry: ClassEntry) -> dict[str, Any]:
    """The class's item with its roster."""
    info = entry.info
    key = keys.event_class(account, event, info.id)
    values = {name: getattr(info, name) for name in OF_CLASS} | {
        "pk": key.pk,
        "sk": key.sk,
        "teachers": entry.teachers,
        "students": entry.students,
    }
    return wired(ClassItem, values)
