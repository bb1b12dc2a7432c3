"""The DynamoDB adapters of `Ties` and `Attempts`: children that a parent linked, and tries that came to nothing.

A tie lies in the marks of both, which no import writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from pynamodb.exceptions import DoesNotExist
from pynamodb.expressions.condition import Condition
from pynamodb.transactions import TransactWrite

from roster import keys
from roster.errors import StoreBusy
from roster.handbook import written_by_hand
from roster.ports import Attempt, ContactId
from roster.signontables import AttemptItem
from roster.tables import ContactMarkItem
from roster.trouble import TABLE, trouble

KEPT = timedelta(days=30)
MOST_SHOWN = 50
TRIES = 8  # of who links, or edits, the same person at the same time
Tie = list[str]  # origin, id, relation, type


class DynamoAttempts:
    """See roster.ports.Attempts."""

    @trouble(TABLE)
    def note(self, account: str, parent: ContactId, attempt: Attempt) -> None:
        expires = int((datetime.fromisoformat(attempt.at) + KEPT).timestamp())
        key, student = keys.attempt(account, *parent, attempt.at), list(attempt.student) if attempt.student else None
        AttemptItem(*key, at=attempt.at, cause=attempt.cause, student=student, expires=expires).save()

    @trouble(TABLE)
    def of(self, account: str, parent: ContactId, since: str) -> Sequence[Attempt]:
        found = AttemptItem.query(keys.attempts(account, *parent), scan_index_forward=False, limit=MOST_SHOWN)
        shown = (one for one in found if one.at >= since)
        return [Attempt(one.at, one.cause, tuple(one.student) if one.student else None) for one in shown]


class DynamoTies:
    """See roster.ports.Ties."""

    @trouble(TABLE)
    def tie(self, account: str, parent: ContactId, student: ContactId, relation: str) -> None:
        wanted = (parent, [student[0], student[2], relation, ""]), (student, [parent[0], parent[2], relation, ""])
        _rewrite(account, {whose: (tie, True) for whose, tie in wanted})

    @trouble(TABLE)
    def untie(self, account: str, parent: ContactId, student: ContactId) -> None:
        wanted = (parent, [student[0], student[2], "", ""]), (student, [parent[0], parent[2], "", ""])
        _rewrite(account, {whose: (tie, False) for whose, tie in wanted})


def _rewrite(account: str, wanted: dict[ContactId, tuple[Tie, bool]]) -> None:
    """Both or none, and nothing that somebody wrote meanwhile is lost. Raises AlreadyRunning, as an edit does."""

    def change(write: TransactWrite) -> None:
        for whose, (tie, there) in wanted.items():
            known = _known(account, whose)
            others = [one for one in known if one[:2] != tie[:2]]
            kept = known if there and len(others) < len(known) else [*others, tie] if there else others
            item, related = ContactMarkItem(*keys.contact_mark(account, *whose)), ContactMarkItem.related
            write.update(item, [related.set(kept) if kept else related.remove()], condition=_same(known))

    if not any(written_by_hand(account, change) for _ in range(TRIES)):
        raise StoreBusy("too many link the same person at the same time")


def _known(account: str, whose: ContactId) -> list[Tie]:
    try:
        item = ContactMarkItem.get(*keys.contact_mark(account, *whose), consistent_read=True)
    except DoesNotExist:
        return []
    return [list(one) for one in item.related or ()]


def _same(known: list[Tie]) -> Condition:
    same: Condition = ContactMarkItem.related == known if known else ContactMarkItem.related.does_not_exist()
    return same
