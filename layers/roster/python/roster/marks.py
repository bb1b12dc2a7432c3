"""What people decided about an event's classes, in DynamoDB: one item per class.

A run reads them once, and takes off what it has done; nobody's later decision is lost with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from roster import keys
from roster.ports import ClassMark
from roster.tables import ClassMarkItem
from roster.trouble import TABLE, trouble, written


class DynamoMarks:
    """The marks' part of roster.ports.Records."""

    @trouble(TABLE)
    def class_marks(self, account: str, event: str) -> Mapping[str, ClassMark]:
        found = ClassMarkItem.query(keys.class_marks(account, event), consistent_read=True)
        return {
            keys.id_of(item.sk): ClassMark(bool(item.hidden), bool(item.never), item.removed or "") for item in found
        }

    @trouble(TABLE)
    def unmark(self, account: str, event: str, removed: Mapping[str, str]) -> None:
        for id, when in removed.items():
            item = ClassMarkItem(*keys.class_mark(account, event, id))
            written(item.update, [ClassMarkItem.removed.remove()], condition=ClassMarkItem.removed == when)

    @trouble(TABLE)
    def remark(self, account: str, event: str, removed: Mapping[str, str], instead: Iterable[str]) -> None:
        for id in sorted({*instead} - removed.keys()):
            ClassMarkItem(*keys.class_mark(account, event, id)).update([ClassMarkItem.removed.remove()])
        for id, when in removed.items():
            ClassMarkItem(*keys.class_mark(account, event, id)).update([ClassMarkItem.removed.set(when)])
