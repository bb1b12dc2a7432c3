"""The DynamoDB adapter of `RunBook`: an event's runs, newest first, and what was decided about held ones.

Runs of a night have names that Scheduler makes up, so their order is that of their start; an event has a few hundred.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from roster import keys
from roster.flips import run_item
from roster.model import JSON
from roster.ports import Run, RunKey
from roster.records import run_of_item
from roster.tables import EventItem, RunItem
from roster.trouble import TABLE, trouble, written

LISTED = ["run", "started", "ended", "mode", "status", "by", "night", "decided", "decided_by"]


class DynamoRunBook:
    """See roster.ports.RunBook."""

    @trouble(TABLE)
    def page(self, account: str, event: str, after: str, most: int) -> Sequence[Run]:
        partition = keys.run(account, event, "").pk
        items = RunItem.query(partition, attributes_to_get=LISTED, consistent_read=True)
        runs = [run_of_item(item) for item in items]
        runs.sort(key=_place, reverse=True)
        return [run for run in runs if not after or _place(run) < after][:most]

    @trouble(TABLE)
    def decide(self, key: RunKey, decision: str, by: str) -> bool:
        undecided = (RunItem.status == "held") & RunItem.decided.does_not_exist()
        decided = [RunItem.decided.set(decision), RunItem.decided_by.set(by)]
        return written(run_item(key).update, decided, condition=undecided)

    @trouble(TABLE)
    def undecide(self, key: RunKey, by: str) -> None:
        nothing = [RunItem.decided.remove(), RunItem.decided_by.remove()]
        written(run_item(key).update, nothing, condition=RunItem.decided_by == by)

    @trouble(TABLE)
    def claim_mail(self, key: RunKey, doubt: str) -> bool:
        return written(run_item(key).update, [RunItem.mail.set(doubt)], condition=RunItem.mail.does_not_exist())

    @trouble(TABLE)
    def note_mail(self, key: RunKey, outcome: str) -> None:
        run_item(key).update([RunItem.mail.set(outcome)])

    @trouble(TABLE)
    def failing(self, account: str, event: str, failing: Mapping[str, JSON]) -> None:
        item = EventItem(*keys.event(account, event))
        written(item.update, [EventItem.failing.set(dict(failing))], condition=EventItem.pk.exists())


def _place(run: Run) -> str:
    return f"{run.started} {run.run}"
