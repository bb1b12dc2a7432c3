"""The DynamoDB adapter of `Roster`: contacts, classes and schedules, written in full batches.

Which item an entry becomes is decided here and nowhere else; the models are in roster.tables. The batches are sent
from here because pynamodb's own sends what DynamoDB left again at once, eight times within a second, and gives up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from random import uniform
from time import sleep
from typing import Any

from roster import keys
from roster.errors import StoreBusy
from roster.model import ClassEntry, ContactEntry, Kind, Level
from roster.ports import Change
from roster.sizes import fitting
from roster.tables import ClassItem, ContactItem, Item, ScheduleItem
from roster.trouble import trouble

FIRST_LEVEL = {Kind.TEACHER: Level.APPOINTMENT_VIEWER}
CHUNK = 1_000  # sorted by kind of item
BATCH = 25  # DynamoDB takes no more at once
PATIENCE = 90.0  # seconds of waiting for one batch; the state machine can wait longer than a function should
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 10.0
Request = tuple[bool, dict[str, Any]]  # put or delete, and the item or its key as DynamoDB writes them


class DynamoRoster:
    """Contacts, classes and schedules (see roster.ports.Roster)."""

    def __init__(self, sleep: Callable[[float], None] = sleep) -> None:
        self._sleep = sleep

    @trouble("the table")
    def apply(self, account: str, event: str, provider: str, changes: Iterable[Change]) -> int:
        """Put and delete in batches; returns how many items. Doing it again leaves the same items."""
        writes = 0
        stream = iter(changes)
        while chunk := list(islice(stream, CHUNK)):
            for mine in (_is_contact, _is_class, _is_schedule):
                requests = (_request(change, account, event, provider) for change in chunk if mine(change))
                while batch := list(islice(requests, BATCH)):
                    self._send(batch)
            writes += len(chunk)
        return writes

    def _send(self, batch: list[Request]) -> None:
        """Send the batch, and what DynamoDB leaves of it again, until nothing is left."""
        pauses = _pauses()
        while batch := _left(batch):
            pause = next(pauses, None)
            if pause is None:
                raise StoreBusy(f"the table left {len(batch)} items of a batch for {PATIENCE:.0f} seconds")
            self._sleep(pause)


def _left(batch: list[Request]) -> list[Request]:
    """Sends the batch once; returns what DynamoDB did not take of it."""
    puts = [value for put, value in batch if put]
    deletes = [value for put, value in batch if not put]
    answer = Item._get_connection().batch_write_item(put_items=puts, delete_items=deletes)
    left = answer.get("UnprocessedItems", {}).get(Item.Meta.table_name, [])
    return [
        (True, request["PutRequest"]["Item"]) if "PutRequest" in request else (False, request["DeleteRequest"]["Key"])
        for request in left
    ]


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
    item = _item(change, account, event, provider).serialize()
    return (True, item) if change.entry is not None else (False, {name: item[name] for name in ("pk", "sk")})


def _is_contact(change: Change) -> bool:
    return isinstance(change.entry, ContactEntry)


def _is_class(change: Change) -> bool:
    return change.kind == "class"


def _is_schedule(change: Change) -> bool:
    return change.kind == "schedule"


def _item(change: Change, account: str, event: str, provider: str) -> Item:
    entry = change.entry
    if isinstance(entry, ContactEntry):
        return contact_item(account, provider, entry)
    if isinstance(entry, ClassEntry):
        return class_item(account, event, entry)
    if change.kind == "class":
        return ClassItem(*keys.event_class(account, event, change.id), id=change.id)
    key = keys.schedule(account, event, change.id)
    return ScheduleItem(*key, student=change.id, classes=list(entry) if entry else [])


def contact_item(account: str, provider: str, entry: ContactEntry) -> ContactItem:
    """The contact's item; blanks are not stored."""
    person = entry.person
    return ContactItem(
        *keys.contact(account, provider, person.kind, person.id),
        kind=person.kind,
        id=person.id,
        origin=provider,
        level=FIRST_LEVEL.get(Kind(person.kind), Level.CUSTOMER).value,
        first=person.first or None,
        middle=person.middle or None,
        last=person.last or None,
        email=person.email or None,
        username=person.username or None,
        phone=person.phone or None,
        sis_id=person.sis_id or None,
        number=person.number or None,
        grade=person.grade or None,
        title=person.title or None,
        security_value=person.birth_date or None,
        schools=list(person.schools) or None,
        other_ids=list(person.other_ids) or None,
        related=fitting(entry.related()) or None,
        inactive_since=entry.inactive_since or None,
    )


def class_item(account: str, event: str, entry: ClassEntry) -> ClassItem:
    """The class's item with its roster."""
    info = entry.info
    return ClassItem(
        *keys.event_class(account, event, info.id),
        id=info.id,
        name=info.name or None,
        school=info.school or None,
        terms=list(info.terms) or None,
        course=info.course or None,
        subject=info.subject or None,
        period=info.period or None,
        grade=info.grade or None,
        sis_id=info.sis_id or None,
        start=info.start or None,
        end=info.end or None,
        teachers=entry.teachers or None,
        students=entry.students or None,
    )
