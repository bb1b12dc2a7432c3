"""What a run's last transaction does to the items of its account and event: pointers turned over, marks taken off."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from roster import keys
from roster.model import JSON
from roster.ports import Ending, RunKey
from roster.tables import EventItem, IntegrationItem, RunItem


def event_item(key: RunKey) -> EventItem:
    return EventItem(*keys.event(key.account, key.event))


def integration_item(key: RunKey) -> IntegrationItem:
    return IntegrationItem(*keys.integration(key.account))


def run_item(key: RunKey) -> RunItem:
    return RunItem(*keys.run(key.account, key.event, key.run), run=key.run)


def flip(
    transaction: TransactWrite, key: RunKey, ledger: str, snapshot: str, settled: dict[str, JSON], ending: Ending
) -> None:
    """Point at what is applied now. Only the newest change can be undone: whatever cannot, takes that away as well."""
    if ending.integrated:
        ours: list[Action] = [_set(IntegrationItem.ledger, ledger), IntegrationItem.applying.remove()]
        transaction.update(integration_item(key), actions=[*ours, _changed(IntegrationItem.changed, key, ending)])
    if ending.undone:
        record = RunItem(*keys.run(key.account, key.event, ending.undone))
        decided: list[Action] = [RunItem.decided.set("undone"), RunItem.decided_by.set(key.run)]
        transaction.update(record, actions=decided)
    if ending.deleted:
        transaction.delete(event_item(key))
        return
    chosen: list[Action] = [] if ending.selection is None else [EventItem.selection.set(dict(ending.selection))]
    pointers: list[Action] = [
        _set(EventItem.snapshot, snapshot),
        EventItem.settled.set(settled),
        EventItem.applying.remove(),
    ]
    warned = [] if ending.warned is None else [EventItem.warned.set(list(ending.warned))]
    transaction.update(event_item(key), actions=[*pointers, *chosen, *warned, _changed(EventItem.changed, key, ending)])


def remember(
    transaction: TransactWrite, key: RunKey, settled: Mapping[str, JSON] | None, warned: Collection[str] | None
) -> None:
    """What the next run of the event is compared with, where nothing was applied."""
    known: list[Action] = [] if settled is None else [EventItem.settled.set(dict(settled))]
    if warned is not None:
        known.append(EventItem.warned.set(list(warned)))
    if known:
        transaction.update(event_item(key), actions=known)


def unmark_applying(transaction: TransactWrite, key: RunKey) -> None:
    """Everything was put back."""
    transaction.update(event_item(key), actions=[EventItem.applying.remove()])
    transaction.update(
        integration_item(key), actions=[IntegrationItem.applying.remove()], condition=IntegrationItem.pk.exists()
    )


def _set(attribute: JSON, value: str) -> Action:
    action: Action = attribute.set(value) if value else attribute.remove()
    return action


def _changed(attribute: JSON, key: RunKey, ending: Ending) -> Action:
    return _set(attribute, key.run if ending.before is not None else "")
