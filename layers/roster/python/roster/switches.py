"""The DynamoDB adapter of `Switches`: an event's nightly sync and its account's time zone."""

from __future__ import annotations

from collections.abc import Sequence

from pynamodb.exceptions import DoesNotExist

from roster import keys
from roster.clocks import DEFAULT_ZONE
from roster.errors import NotSetUp
from roster.tables import AccountItem, EventItem
from roster.trouble import TABLE, trouble, written


class DynamoSwitches:
    """See roster.ports.Switches. Reads are consistent: they follow a write, and decide about the next one."""

    @trouble(TABLE)
    def zone(self, account: str) -> str:
        try:
            return AccountItem.get(*keys.account(account), consistent_read=True).zone or DEFAULT_ZONE
        except DoesNotExist:
            return DEFAULT_ZONE

    @trouble(TABLE)
    def move(self, account: str, zone: str) -> None:
        item = AccountItem(*keys.account(account))
        if not written(item.update, [AccountItem.zone.set(zone)], condition=AccountItem.pk.exists()):
            raise NotSetUp(f"there is no account {account}")

    @trouble(TABLE)
    def is_on(self, account: str, event: str) -> bool:
        try:
            return bool(EventItem.get(*keys.event(account, event), consistent_read=True).nightly)
        except DoesNotExist:
            return False

    @trouble(TABLE)
    def turn(self, account: str, event: str, on: bool) -> bool:
        item = EventItem(*keys.event(account, event))
        there = EventItem.pk.exists() & EventItem.deleting.does_not_exist() if on else EventItem.pk.exists()
        return written(item.update, [EventItem.nightly.set(on)], condition=there)

    @trouble(TABLE)
    def all_on(self, account: str) -> Sequence[str]:
        pk, before = keys.event(account, "")
        found = EventItem.query(
            pk, EventItem.sk.startswith(before), EventItem.nightly == True, consistent_read=True  # noqa: E712
        )  # fmt: skip
        return [keys.id_of(item.sk) for item in found]
