"""The DynamoDB adapter of `HeldLinks`; DynamoDB forgets a link some time after it has expired."""

from __future__ import annotations

from pynamodb.exceptions import DoesNotExist

from roster import keys
from roster.ports import HeldLink
from roster.tables import HeldLinkItem
from roster.trouble import TABLE, trouble


class DynamoHeldLinks:
    """See roster.ports.HeldLinks. The token itself is never stored."""

    @trouble(TABLE)
    def keep(self, digest: str, link: HeldLink) -> None:
        HeldLinkItem(*keys.held_link(digest), **vars(link)).save()

    @trouble(TABLE)
    def of(self, digest: str) -> HeldLink | None:
        try:
            item = HeldLinkItem.get(*keys.held_link(digest), consistent_read=True)
        except DoesNotExist:
            return None
        return HeldLink(item.account, item.event, item.run, int(item.expires))
