"""The DynamoDB adapter of `ClassBook`: an event's class items, its students' schedules, and the marks of classes."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

from pynamodb.exceptions import DoesNotExist
from pynamodb.expressions.update import Action

from roster import keys
from roster.cursor import FRESH
from roster.errors import AlreadyRunning, NotSetUp, NotUnderstood
from roster.marks import DynamoMarks
from roster.ports import ClassMark, ClassRow
from roster.tables import ClassItem, ClassMarkItem, EventItem, LockItem, ScheduleItem
from roster.trouble import TABLE, trouble, written

GONE_HELP = "Look at the list of events again."
FIRST = "00"
PLACE = re.compile(rf"(0[0-9]|1[0-5])([ -~]{{0,{keys.LONGEST_ID}}})")
TRIES = 20  # two people who delete classes of the same students at the same time


class DynamoClassBook:
    """See roster.ports.ClassBook."""

    @trouble(TABLE)
    def open(self, account: str, event: str) -> None:
        if _writing(account, event):
            raise AlreadyRunning(f"a run is writing the classes of event {event}")
        item = EventItem(*keys.event(account, event))
        if not written(item.update, [EventItem.settled.remove()], condition=EventItem.pk.exists()):
            raise NotSetUp(f"account {account} has no event {event}", GONE_HELP)

    @trouble(TABLE)
    def mark(
        self,
        account: str,
        event: str,
        id: str,
        hidden: bool | None = None,
        never: bool | None = None,
        removed: str = "",
    ) -> None:
        actions: list[Action] = [] if hidden is None else [ClassMarkItem.hidden.set(hidden)]
        actions += [] if never is None else [ClassMarkItem.never.set(never)]
        actions += [ClassMarkItem.removed.set(removed)] if removed else []
        ClassMarkItem(*keys.class_mark(account, event, id)).update(actions)

    @trouble(TABLE)
    def remove(self, account: str, event: str, ids: Collection[str]) -> None:
        found = list(filter(None, (_class(keys.event_class(account, event, id)) for id in ids)))
        for student in sorted({student for item in found for student in item.students or ()}):
            _unschedule(keys.schedule(account, event, student), ids)
        for item in found:
            item.delete()

    @trouble(TABLE)
    def page(self, account: str, event: str, cursor: str, size: int) -> tuple[Sequence[ClassRow], str]:
        partitions = keys.event_partitions("class", account, event)
        part, last = _read_cursor(cursor)
        marks, found = DynamoMarks().class_marks(account, event), list[ClassRow]()
        while part < len(partitions) and len(found) < size:
            start = {"pk": {"S": partitions[part]}, "sk": {"S": last}} if last else None
            asked = ClassItem.query(partitions[part], limit=size - len(found), last_evaluated_key=start)
            items = list(asked)
            found += [_row(item, marks.get(item.id, ClassMark())) for item in items]
            more = asked.last_evaluated_key
            part, last = (part, more["sk"]["S"]) if more else (part + 1, "")
        return found, f"{part:02d}{last}" if part < len(partitions) else ""


def _writing(account: str, event: str) -> bool:
    """A plan that is marked, and a run that holds the event. Of one that has failed, the mark alone is left."""
    try:
        marked = EventItem.get(*keys.event(account, event), consistent_read=True).applying
        return bool(marked and LockItem.get(*keys.event_lock(account, event), consistent_read=True))
    except DoesNotExist:
        return False


def _class(key: keys.Key) -> ClassItem | None:
    try:
        return ClassItem.get(*key, consistent_read=True)
    except DoesNotExist:
        return None


def _unschedule(key: keys.Key, ids: Collection[str]) -> None:
    """Take the classes out, unless somebody else writes the same schedule just now: then look again."""
    for _ in range(TRIES):
        try:
            item = ScheduleItem.get(*key, consistent_read=True)
        except DoesNotExist:
            return
        left = [one for one in item.classes if one not in ids]
        if len(left) == len(item.classes):
            return
        if _write(item, left):
            return
    raise AlreadyRunning("somebody else is changing the same classes")


def _write(item: ScheduleItem, left: list[Any]) -> bool:
    same = ScheduleItem.classes == item.classes
    if left:
        return written(item.update, [ScheduleItem.classes.set(left)], condition=same)
    return written(item.delete, condition=same)


def _row(item: ClassItem, mark: ClassMark) -> ClassRow:
    return ClassRow(
        item.id,
        item.name or "",
        item.school or "",
        tuple(item.terms or ()),
        tuple(item.teachers or ()),
        len(item.students or ()),
        "Hidden" if mark.hidden else "Class",
        mark.never,
        mark.removed,
    )


def _read_cursor(cursor: str) -> tuple[int, str]:
    """Partition, and the sort key in it that the page follows on."""
    if not (found := PLACE.fullmatch(cursor or FIRST)):
        raise NotUnderstood("this is no cursor of this list", FRESH)
    return int(found[1]), found[2]
