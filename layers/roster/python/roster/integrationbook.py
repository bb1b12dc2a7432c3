"""The DynamoDB adapter of `IntegrationBook`: what was agreed on with an account, and how its integration is set up.

Each write is on condition that what it was decided on still holds, so of two people at once one is told to look again.
"""

from __future__ import annotations

from collections.abc import Mapping

from pynamodb.attributes import JSONAttribute
from pynamodb.exceptions import DoesNotExist, TransactWriteError
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from roster import keys
from roster.fees import Attachments
from roster.invitation import Invitation
from roster.model import JSON
from roster.ports import Agreement, Check, Integration
from roster.tables import AgreementItem, IntegrationItem, LockItem
from roster.trouble import TABLE, condition_failed, trouble, written


class DynamoIntegrationBook:
    """See roster.ports.IntegrationBook."""

    @trouble(TABLE)
    def agreement(self, account: str) -> Agreement:
        try:
            item = AgreementItem.get(*keys.agreement(account), consistent_read=True)
        except DoesNotExist:
            return Agreement()
        return Agreement(Attachments.from_json(item.attachments or {}), Invitation.from_json(item.invitation or []))

    @trouble(TABLE)
    def attach(self, account: str, before: Attachments, after: Attachments) -> bool:
        return _agreed(account, AgreementItem.attachments, before.to_json(), after.to_json())

    @trouble(TABLE)
    def invite(self, account: str, before: Invitation, after: Invitation) -> bool:
        return _agreed(account, AgreementItem.invitation, before.to_json(), after.to_json())

    @trouble(TABLE)
    def configure(self, before: Integration, settings: Mapping[str, JSON]) -> bool:
        same = (IntegrationItem.provider == before.provider) & (IntegrationItem.settings == before.settings)
        change = [IntegrationItem.settings.set(dict(settings))]
        return written(IntegrationItem(*keys.integration(before.account)).update, change, condition=same)

    @trouble(TABLE)
    def connect(self, before: Integration | None, after: Integration) -> bool:
        item = IntegrationItem(*keys.integration(after.account))
        same = IntegrationItem.pk.does_not_exist()
        if before:
            same = (IntegrationItem.provider == before.provider) & (IntegrationItem.settings == before.settings)
        change: list[Action] = [
            IntegrationItem.provider.set(after.provider),
            IntegrationItem.settings.set(after.settings),
            IntegrationItem.state.set(after.state),
        ]
        try:
            with TransactWrite(connection=IntegrationItem._get_connection().connection) as transaction:
                if before and before.provider != after.provider:
                    free = LockItem.pk.does_not_exist()
                    transaction.condition_check(LockItem, *keys.account_lock(after.account), condition=free)
                transaction.update(item, change, condition=same)
        except TransactWriteError as error:
            if condition_failed(error):
                return False
            raise
        return True

    @trouble(TABLE)
    def check(self, account: str) -> Check:
        try:
            item = IntegrationItem.get(*keys.integration(account), consistent_read=True)
        except DoesNotExist:
            return Check()
        return Check(**(item.checked or {}))

    @trouble(TABLE)
    def keep_check(self, integration: Integration, check: Check) -> None:
        """An integration that was taken off, or is another provider's now, keeps none."""
        ours = IntegrationItem.provider == integration.provider
        change = [IntegrationItem.checked.set(dict(vars(check)))]
        written(IntegrationItem(*keys.integration(integration.account)).update, change, condition=ours)


def _agreed(account: str, attribute: JSONAttribute, before: JSON, after: JSON) -> bool:
    same = (attribute == before) | attribute.does_not_exist()
    return written(AgreementItem(*keys.agreement(account)).update, [attribute.set(after)], condition=same)
