"""The DynamoDB adapter of `EventBook`: events as their administrators see and change them.

What runs keep with an event (what was chosen, applied, settled) is left alone: only the attributes that are meant are
written, and only to an event that is still there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pynamodb.attributes import Attribute
from pynamodb.exceptions import DoesNotExist
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from roster import keys
from roster.errors import AlreadyRunning
from roster.locks import release, take
from roster.model import Selection
from roster.ports import Conference, RunKey
from roster.tables import EventItem, LockItem
from roster.trouble import TABLE, trouble, written

TEXTS = ("name", "held_on")
GROUPS = ("settings", "notifications", "fields")
THERE = EventItem.pk.exists()


class DynamoEventBook:
    """An account's events (see roster.ports.EventBook)."""

    @trouble(TABLE)
    def page(self, account: str, after: str, most: int) -> Sequence[Conference]:
        behind = EventItem.sk.between(*keys.events_after(after))
        limit = most + 1 if after else most  # the one that it follows on comes along
        items = EventItem.query(keys.account(account).pk, behind, limit=limit, consistent_read=True)
        found = (_conference(account, item) for item in items)
        return [one for one in found if one.event != after][:most]

    @trouble(TABLE)
    def of(self, account: str, event: str) -> Conference | None:
        try:
            return _conference(account, EventItem.get(*keys.event(account, event), consistent_read=True))
        except DoesNotExist:
            return None

    @trouble(TABLE)
    def add(self, conference: Conference) -> None:
        item = EventItem(
            *keys.event(conference.account, conference.event),
            name=conference.name,
            created=conference.created,
            nightly=conference.nightly,
            template=conference.template or None,
            held_on=conference.held_on or None,
            **{group: _plain(getattr(conference, group)) for group in GROUPS},
        )
        if not written(item.save, condition=EventItem.pk.does_not_exist()):
            raise AlreadyRunning(f"there is an event {conference.event} already")

    def change(self, account: str, event: str, given: Mapping[str, Any]) -> bool:
        return _written(account, event, [_given(name, value) for name, value in given.items()])

    def arrange(self, account: str, event: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
        same = EventItem.booking == dict(before) if before else EventItem.booking.does_not_exist()
        return _written(account, event, [EventItem.booking.set(dict(after))], THERE & same)

    @trouble(TABLE)
    def reserve(self, key: RunKey, owner: str, is_running: Callable[[str], bool]) -> str:
        return take(keys.event_lock(key.account, key.event), key, owner, is_running)

    @trouble(TABLE)
    def release(self, key: RunKey, owner: str) -> None:
        release(keys.event_lock(key.account, key.event), owner)

    def deleting(self, account: str, event: str, run: str) -> bool:
        return _written(account, event, [EventItem.deleting.set(run)])

    def spared(self, account: str, event: str, run: str) -> None:
        _written(account, event, [EventItem.deleting.remove()], EventItem.deleting == run)

    @trouble(TABLE)
    def holder(self, account: str, event: str) -> tuple[str, str]:
        try:
            lock = LockItem.get(*keys.event_lock(account, event), consistent_read=True)
        except DoesNotExist:
            return "", ""
        return lock.owner, lock.run


@trouble(TABLE)
def _written(account: str, event: str, actions: list[Action], where: Condition = THERE) -> bool:
    return written(EventItem(*keys.event(account, event)).update, actions, condition=where)


def _given(name: str, value: Any) -> Action:
    attribute: Attribute[Any] = getattr(EventItem, name)
    if name in TEXTS:
        return attribute.set(value) if value else attribute.remove()
    return attribute.set(_plain(value))


def _plain(group: Mapping[str, Any] | Sequence[Any]) -> Any:
    return dict(group) if isinstance(group, Mapping) else list(group)


def _conference(account: str, item: EventItem) -> Conference:
    selection = Selection.from_json(item.selection)
    return Conference(
        account,
        keys.id_of(item.sk),
        item.name or "",
        item.held_on or "",
        item.created or "",
        bool(item.nightly),
        dict(item.settings or {}),
        dict(item.notifications or {}),
        tuple(item.fields or ()),
        item.template or "",
        bool(item.snapshot),
        tuple(term.name or term.id for term in selection.terms),
        item.deleting or "",
        selection.to_json(),
        dict(item.booking or {}),
    )
