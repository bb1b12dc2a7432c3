"""The DynamoDB adapter of `Records`: runs, locks, integrations and events, over the models of roster.tables.

Locks are items that an execution owns; whoever finds the owner ended takes the lock over.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping

from pynamodb.connection import Connection
from pynamodb.exceptions import DoesNotExist, PutError, PynamoDBException, TransactWriteError, UpdateError
from pynamodb.transactions import TransactWrite

from roster import keys
from roster.errors import AccountBusy, AlreadyRunning, NotSetUp, Superseded
from roster.model import JSON
from roster.ports import Event, Integration, RunKey
from roster.tables import (
    AccountItem,
    EventItem,
    IntegrationItem,
    Item,
    LockItem,
    RunItem,
)
from roster.trouble import code_of, condition_failed, trouble

TABLE = "the table"
log = logging.getLogger(__name__)


class DynamoRecords:
    """Runs, locks, integrations and events (see roster.ports.Records)."""

    @trouble(TABLE)
    def begin(self, key: RunKey, owner: str, is_running: Callable[[str], bool], mode: str, now: str) -> None:
        held = _take(keys.event_lock(key.account, key.event), key, owner, is_running)
        if held:
            raise AlreadyRunning(f"run {held} of event {key.event} has not ended yet")
        run = _run(key)
        run.owner, run.mode, run.status, run.started = owner, mode, "running", now
        run.save()

    @trouble(TABLE)
    def hold_account(self, key: RunKey, owner: str, is_running: Callable[[str], bool]) -> None:
        held = _take(keys.account_lock(key.account), key, owner, is_running)
        if held:
            raise AccountBusy(f"run {held} is changing the contacts of account {key.account}")

    @trouble(TABLE)
    def holds(self, key: RunKey) -> bool:
        return len(list(_held(key))) == len(_locks(key))

    def progress(self, key: RunKey, progress: Mapping[str, JSON]) -> None:
        try:
            _run(key).update([RunItem.progress.set(dict(progress))])
        except PynamoDBException as error:  # a run must not die of its progress bar
            log.warning("the progress of run %s could not be written (%s)", key.run, code_of(error))

    @trouble(TABLE)
    def integration(self, account: str) -> Integration:
        try:
            item = IntegrationItem.get(*keys.integration(account), consistent_read=True)
        except DoesNotExist:
            raise NotSetUp(f"account {account} has no roster provider") from None
        return Integration(
            account,
            item.provider,
            dict(item.settings),
            item.ledger or "",
            item.applying or "",
            item.state or "active",
            dict(item.pulled or {}),
            dict(item.pulling or {}),
        )

    @trouble(TABLE)
    def event(self, account: str, event: str) -> Event:
        try:
            item = EventItem.get(*keys.event(account, event), consistent_read=True)
        except DoesNotExist:
            raise NotSetUp(f"account {account} has no event {event}", "Create an event first.") from None
        selection = dict(item.selection or {})
        settled = dict(item.settled or {})
        return Event(account, event, item.name or "", selection, item.snapshot or "", item.applying or "", settled)

    @trouble(TABLE)
    def account_name(self, account: str) -> str | None:
        try:
            return str(AccountItem.get(*keys.account(account)).name)
        except DoesNotExist:
            return None

    @trouble(TABLE)
    def applying(self, key: RunKey, plan: str) -> None:
        try:
            with TransactWrite(connection=_connection()) as transaction:
                for lock in _locks(key):
                    transaction.condition_check(LockItem, *lock, condition=LockItem.run == key.run)
                for item, attribute in _marks(key):
                    transaction.update(item, actions=[attribute.set(plan)])
        except TransactWriteError as error:
            if condition_failed(error):
                raise _superseded(key) from None
            raise

    @trouble(TABLE)
    def finish(
        self,
        key: RunKey,
        status: str,
        report: Mapping[str, JSON],
        now: str,
        applied: tuple[str, str] | None = None,
        settled: Mapping[str, JSON] | None = None,
    ) -> None:
        if _ended(key):
            return  # this step was done before, and killed before it could say so
        try:
            with TransactWrite(connection=_connection()) as transaction:
                ended = [RunItem.status.set(status), RunItem.ended.set(now), RunItem.report.set(dict(report))]
                transaction.update(_run(key), actions=[RunItem.run.set(key.run), *ended])
                for lock in _locks(key) if applied else _held(key):
                    transaction.delete(LockItem(*lock), condition=LockItem.run == key.run)
                if applied:
                    _flip(transaction, key, *applied, dict(settled or {}))
                elif settled is not None:
                    event = EventItem(*keys.event(key.account, key.event))
                    transaction.update(event, actions=[EventItem.settled.set(dict(settled))])
        except TransactWriteError as error:
            if condition_failed(error) and _ended(key):
                return  # by the same step, which Lambda ran twice at once
            if condition_failed(error) and applied:
                raise _superseded(key) from None
            raise

    @trouble(TABLE)
    def pulling(self, account: str, before: Mapping[str, JSON], now: Mapping[str, JSON]) -> bool:
        same = IntegrationItem.pulling == dict(before)
        if not before:
            same = IntegrationItem.pulling.does_not_exist() | same
        try:
            IntegrationItem(*keys.integration(account)).update([IntegrationItem.pulling.set(dict(now))], condition=same)
        except UpdateError as error:
            if not condition_failed(error):
                raise
            return False
        return True

    @trouble(TABLE)
    def pulled(self, account: str, where: Mapping[str, JSON]) -> None:
        IntegrationItem(*keys.integration(account)).update([IntegrationItem.pulled.set(dict(where))])

    @trouble(TABLE)
    def renew(self, key: RunKey, chosen: Mapping[str, JSON], selection: Mapping[str, JSON]) -> None:
        event = EventItem(*keys.event(key.account, key.event))
        try:
            event.update([EventItem.selection.set(dict(selection))], condition=EventItem.selection == dict(chosen))
        except UpdateError as error:
            if not condition_failed(error):
                raise


def _flip(transaction: TransactWrite, key: RunKey, ledger: str, snapshot: str, settled: dict[str, JSON]) -> None:
    integration = IntegrationItem(*keys.integration(key.account))
    event = EventItem(*keys.event(key.account, key.event))
    transaction.update(integration, actions=[IntegrationItem.ledger.set(ledger), IntegrationItem.applying.remove()])
    pointers = EventItem.snapshot.set(snapshot), EventItem.settled.set(settled)
    transaction.update(event, actions=[*pointers, EventItem.applying.remove()])


def _take(key: keys.Key, run: RunKey, owner: str, is_running: Callable[[str], bool]) -> str:
    """Take a lock. Returns the run that holds it instead, or blank when it is ours.

    A lock whose execution has ended (killed, aborted) is taken over; the condition lets only one taker win.
    """
    lock = LockItem(*key, owner=owner, run=run.run, event=run.event)
    try:
        lock.save(condition=LockItem.pk.does_not_exist() | (LockItem.owner == owner))
        return ""
    except PutError as error:
        if not condition_failed(error):
            raise
    try:
        holder = LockItem.get(*key, consistent_read=True)
    except DoesNotExist:
        return _take(key, run, owner, is_running)
    if is_running(holder.owner):
        return str(holder.run)
    _interrupted(RunKey(run.account, holder.event, holder.run))
    try:
        lock.save(condition=LockItem.owner == holder.owner)
    except PutError as error:
        if not condition_failed(error):
            raise
        return str(holder.run)
    return ""


def _interrupted(key: RunKey) -> None:
    """The run whose lock is taken over did not live to say how it ended."""
    if not _ended(key):
        _run(key).update([RunItem.status.set("interrupted")])


def _ended(key: RunKey) -> bool:
    try:
        return RunItem.get(*keys.run(key.account, key.event, key.run), consistent_read=True).ended is not None
    except DoesNotExist:
        return False


def _locks(key: RunKey) -> tuple[keys.Key, keys.Key]:
    return keys.event_lock(key.account, key.event), keys.account_lock(key.account)


def _held(key: RunKey) -> Iterator[keys.Key]:
    """The locks that this run holds."""
    for lock in _locks(key):
        try:
            item = LockItem.get(*lock, consistent_read=True)
        except DoesNotExist:
            continue
        if item.run == key.run:
            yield lock


def _superseded(key: RunKey) -> Superseded:
    return Superseded(f"another run has taken over from run {key.run}")


def _run(key: RunKey) -> RunItem:
    return RunItem(*keys.run(key.account, key.event, key.run), run=key.run)


def _marks(key: RunKey) -> list[tuple[Item, JSON]]:
    return [
        (IntegrationItem(*keys.integration(key.account)), IntegrationItem.applying),
        (EventItem(*keys.event(key.account, key.event)), EventItem.applying),
    ]


def _connection() -> Connection:
    return RunItem._get_connection().connection
