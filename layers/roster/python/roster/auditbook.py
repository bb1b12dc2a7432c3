"""The DynamoDB adapter of `AuditBook`."""

from __future__ import annotations

from collections.abc import Sequence

from roster import keys
from roster.ports import Audited
from roster.tables import AuditItem
from roster.trouble import TABLE, trouble


class DynamoAuditBook:
    """An account's audit, one partition (see roster.ports.AuditBook)."""

    @trouble(TABLE)
    def add(self, row: Audited) -> None:
        audit_item(row).save(condition=AuditItem.pk.does_not_exist())

    @trouble(TABLE)
    def page(self, account: str, after: str, most: int) -> Sequence[Audited]:
        before = AuditItem.sk < keys.audited_before(after)
        found = AuditItem.query(keys.audits(account), before, scan_index_forward=False, limit=most)
        return [_row(account, item) for item in found]


def audit_item(row: Audited) -> AuditItem:
    told = {name: value for name, value in vars(row).items() if value and name != "account"}
    return AuditItem(*keys.audit(row.account, row.at, row.id), **told)


def _row(account: str, item: AuditItem) -> Audited:
    before, after = dict(item.before or {}), dict(item.after or {})
    return Audited(account, item.at, item.id, item.by, item.name or "", item.action, item.about or "", before, after)
