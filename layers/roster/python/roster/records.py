"""The DynamoDB adapter of `Records`: runs, locks, integrations and events, over the models of roster.tables.

Locks are items that an execution owns; whoever finds the owner ended takes the lock over.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence

from pynamodb.connection import Connection
from pynamodb.exceptions import DoesNotExist, PynamoDBException, TransactWriteError
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from roster import keys
from roster.auditbook import audit_item
from roster.errors import AccountBusy, AlreadyRunning, NotSetUp, Superseded
from roster.flips import event_item, flip, integration_item, remember, run_item, unmark_applying
from roster.locks import claim, held_by, locks_of, release, take
from roster.locks import ended as _ended
from roster.marks import DynamoMarks
from roster.model import BY_HAND, JSON
from roster.ports import PLAIN_ENDING, Ending, Event, Integration, Run, RunKey
from roster.tables import (
    AccountItem,
    AuditItem,
    EventItem,
    IntegrationItem,
    LockItem,
    RunItem,
)
from roster.trouble import TABLE, code_of, condition_failed, trouble, written

log = logging.getLogger(__name__)


class DynamoRecords(DynamoMarks):
    """Runs, locks, integrations and events (see roster.ports.Records)."""

    @trouble(TABLE)
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
        lock = keys.event_lock(key.account, key.event)
        held = take(lock, key, owner, is_running)
        if held:
            raise AlreadyRunning(f"run {held} of event {key.event} has not ended yet")
        if night and not claim(key, night):
            release(lock, owner)
            return False
        run = run_item(key)
        run.owner, run.mode, run.status, run.started = owner, mode, "running", now
        run.by, run.night, run.asked = by or None, night or None, dict(asked or {}) or None
        if not written(run.save, condition=RunItem.ended.does_not_exist()):
            release(lock, owner)
            raise Superseded(f"run {key.run} was cancelled before it began")
        return True

    @trouble(TABLE)
    def run(self, key: RunKey) -> Run | None:
        try:
            item = RunItem.get(*keys.run(key.account, key.event, key.run), consistent_read=True)
        except DoesNotExist:
            return None
        return run_of_item(item)

    @trouble(TABLE)
    def hold_account(self, key: RunKey, owner: str, is_running: Callable[[str], bool], rewrites: bool = False) -> None:
        held = take(keys.account_lock(key.account), key, owner, is_running, rewrites or None)
        if held:
            raise AccountBusy(f"run {held} is changing the contacts of account {key.account}")

    @trouble(TABLE)
    def holds(self, key: RunKey) -> bool:
        return len(list(held_by(key))) == len(locks_of(key))

    def progress(self, key: RunKey, progress: Mapping[str, JSON]) -> None:
        try:
            run_item(key).update([RunItem.progress.set(dict(progress))])
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
            tuple(sorted(item.origins or ())),
            item.changed or "",
        )

    @trouble(TABLE)
    def event(self, account: str, event: str) -> Event:
        try:
            item = EventItem.get(*keys.event(account, event), consistent_read=True)
        except DoesNotExist:
            raise NotSetUp(f"account {account} has no event {event}", "Create an event first.") from None
        return _event(account, event, item)

    @trouble(TABLE)
    def all_events(self, account: str) -> Sequence[Event]:
        pk, before = keys.event(account, "")
        found = EventItem.query(pk, EventItem.sk.startswith(before), consistent_read=True)
        return [_event(account, keys.id_of(item.sk), item) for item in found]

    @trouble(TABLE)
    def account_name(self, account: str) -> str | None:
        try:
            return str(AccountItem.get(*keys.account(account)).name)
        except DoesNotExist:
            return None

    @trouble(TABLE)
    def applying(self, key: RunKey, plan: str, origin: str = "") -> None:
        try:
            with TransactWrite(connection=_connection()) as transaction:
                for lock in locks_of(key):
                    transaction.condition_check(LockItem, *lock, condition=LockItem.run == key.run)
                transaction.update(event_item(key), actions=[EventItem.applying.set(plan)])
                if origin != BY_HAND:
                    came = [IntegrationItem.origins.add({origin})] if origin else []
                    transaction.update(integration_item(key), actions=[IntegrationItem.applying.set(plan), *came])
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
        ending: Ending = PLAIN_ENDING,
    ) -> None:
        if _ended(key):
            return  # this step was done before, and killed before it could say so
        try:
            with TransactWrite(connection=_connection()) as transaction:
                ended = [RunItem.status.set(status), RunItem.ended.set(now), RunItem.report.set(dict(report))]
                before = [RunItem.before.set(dict(ending.before))] if ending.before else []
                actions: list[Action] = [RunItem.run.set(key.run), *ended, *before]
                transaction.update(run_item(key), actions=actions, condition=RunItem.ended.does_not_exist())
                both = applied or ending.restored
                for lock in () if ending.lingers else locks_of(key) if both else held_by(key):
                    transaction.delete(LockItem(*lock), condition=LockItem.run == key.run)
                if ending.restored:
                    unmark_applying(transaction, key)
                elif applied:
                    flip(transaction, key, *applied, dict(settled or {}), ending)
                else:
                    remember(transaction, key, settled, ending.warned)
                if ending.audited:
                    transaction.save(audit_item(ending.audited), condition=AuditItem.pk.does_not_exist())
        except TransactWriteError as error:
            if condition_failed(error) and _ended(key):
                return  # by the same step, which Lambda ran twice at once
            if condition_failed(error) and (applied or ending.restored):
                raise _superseded(key) from None
            raise

    @trouble(TABLE)
    def pulling(self, account: str, before: Mapping[str, JSON], now: Mapping[str, JSON]) -> bool:
        same = IntegrationItem.pulling == dict(before)
        if not before:
            same = IntegrationItem.pulling.does_not_exist() | same
        integration = IntegrationItem(*keys.integration(account))
        return written(integration.update, [IntegrationItem.pulling.set(dict(now))], condition=same)

    @trouble(TABLE)
    def pulled(self, account: str, where: Mapping[str, JSON]) -> None:
        IntegrationItem(*keys.integration(account)).update([IntegrationItem.pulled.set(dict(where))])

    @trouble(TABLE)
    def renew(self, key: RunKey, chosen: Mapping[str, JSON], selection: Mapping[str, JSON]) -> None:
        event = EventItem(*keys.event(key.account, key.event))
        written(event.update, [EventItem.selection.set(dict(selection))], condition=EventItem.selection == dict(chosen))


def _superseded(key: RunKey) -> Superseded:
    return Superseded(f"another run has taken over from run {key.run}")


def _event(account: str, event: str, item: EventItem) -> Event:
    return Event(
        account,
        event,
        item.name or "",
        dict(item.selection or {}),
        item.snapshot or "",
        item.applying or "",
        dict(item.settled or {}),
        bool(item.nightly),
        item.changed or "",
        tuple(item.warned or ()),
        dict(item.failing or {}),
    )


def _connection() -> Connection:
    return RunItem._get_connection().connection


def run_of_item(item: RunItem) -> Run:
    return Run(
        item.status,
        item.mode or "",
        item.owner or "",
        item.ended or "",
        dict(item.report or {}),
        dict(item.before or {}),
        item.decided or "",
        item.decided_by or "",
        item.by or "",
        item.night or "",
        item.run or "",
        item.started or "",
        dict(item.progress or {}),
        dict(item.asked or {}),
        item.mail or "",
    )
