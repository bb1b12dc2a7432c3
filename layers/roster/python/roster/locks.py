"""Locks, which an execution owns: whoever finds the owner ended takes the lock over. Nights are claimed like locks."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pynamodb.exceptions import DoesNotExist

from roster import keys
from roster.flips import event_item, run_item
from roster.ports import RunKey
from roster.tables import EventItem, LockItem, RunItem
from roster.trouble import written


def claim(key: RunKey, night: str) -> bool:
    """Whether that night is this run's, from now on or already: Lambda may call a step twice."""
    event = event_item(key)
    mine = EventItem.night.does_not_exist() | (EventItem.night < night)
    return written(
        event.update,
        [EventItem.night.set(night), EventItem.night_run.set(key.run)],
        condition=EventItem.pk.exists() & (mine | (EventItem.night_run == key.run)),
    )


def take(
    key: keys.Key, run: RunKey, owner: str, is_running: Callable[[str], bool], rewrites: bool | None = None
) -> str:
    """Take a lock. Returns the run that holds it instead, or blank when it is ours.

    A lock whose execution has ended (killed, aborted) is taken over; the condition lets only one taker win.
    """
    lock = LockItem(*key, owner=owner, run=run.run, event=run.event, rewrites=rewrites)
    if written(lock.save, condition=LockItem.pk.does_not_exist() | (LockItem.owner == owner)):
        return ""
    try:
        holder = LockItem.get(*key, consistent_read=True)
    except DoesNotExist:
        return take(key, run, owner, is_running, rewrites)
    if is_running(holder.owner):
        return str(holder.run)
    _interrupt(RunKey(run.account, holder.event, holder.run))
    mine = LockItem.pk.does_not_exist() | (LockItem.owner == holder.owner)  # whoever cleans up may have released it
    return "" if written(lock.save, condition=mine) else str(holder.run)


def release(key: keys.Key, owner: str) -> None:
    """Give a lock back, unless it is another's by now."""
    written(LockItem(*key).delete, condition=LockItem.owner == owner)


def _interrupt(key: RunKey) -> None:
    """The run whose lock is taken over did not live to say how it ended."""
    if not ended(key):
        run_item(key).update([RunItem.status.set("interrupted")])


def ended(key: RunKey) -> bool:
    try:
        return RunItem.get(*keys.run(key.account, key.event, key.run), consistent_read=True).ended is not None
    except DoesNotExist:
        return False


def locks_of(key: RunKey) -> tuple[keys.Key, keys.Key]:
    return keys.event_lock(key.account, key.event), keys.account_lock(key.account)


def held_by(key: RunKey) -> Iterator[keys.Key]:
    """The locks that this run holds."""
    for lock in locks_of(key):
        try:
            item = LockItem.get(*lock, consistent_read=True)
        except DoesNotExist:
            continue
        if item.run == key.run:
            yield lock
