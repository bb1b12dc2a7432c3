"""The DynamoDB adapter of `Applications`: one item per provider and district, over the models of roster.tables.

The poll and support write different attributes, so neither undoes the other; a decision counts only where state and
account are still those that it was made on.
"""

from __future__ import annotations

from collections.abc import Sequence

from pynamodb.attributes import NumberAttribute
from pynamodb.exceptions import DoesNotExist, TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from roster import keys
from roster.admission import Application
from roster.model import BY_HAND, Kind, Level
from roster.ports import Integration
from roster.records import DynamoRecords
from roster.tables import AccountItem, ApplicationItem, ContactItem, IntegrationItem
from roster.trouble import TABLE, condition_failed, trouble, written

MAILS: dict[str, NumberAttribute] = {"told": ApplicationItem.told, "mailed": ApplicationItem.mailed}


class DynamoApplications:
    """Districts' applications (see roster.ports.Applications)."""

    @trouble(TABLE)
    def all(self, provider: str, account: str = "") -> Sequence[Application]:
        its = ApplicationItem.account == account if account else None
        items = ApplicationItem.query(keys.applications(provider), filter_condition=its, consistent_read=True)
        return [_application(item) for item in items]

    @trouble(TABLE)
    def of(self, provider: str, tenant: str) -> Application | None:
        try:
            return _application(ApplicationItem.get(*keys.application(provider, tenant), consistent_read=True))
        except DoesNotExist:
            return None

    @trouble(TABLE)
    def add(self, application: Application) -> bool:
        item = ApplicationItem(*_key(application), **vars(application))
        return written(item.save, condition=ApplicationItem.pk.does_not_exist())

    @trouble(TABLE)
    def describe(self, application: Application) -> None:
        ApplicationItem(*_key(application)).update(
            [
                ApplicationItem.name.set(application.name),
                ApplicationItem.settings.set(dict(application.settings)),
                ApplicationItem.shared.set(application.shared),
                ApplicationItem.shared_since.set(application.shared_since),
                ApplicationItem.obstacle.set(application.obstacle),
            ]
        )

    @trouble(TABLE)
    def notice(self, application: Application) -> None:
        ApplicationItem(*_key(application)).update([ApplicationItem.notice.set(application.notice)])

    @trouble(TABLE)
    def moved(self, before: Application, after: Application, integration: Integration | None) -> bool:
        decision: list[Action] = [
            ApplicationItem.state.set(after.state),
            ApplicationItem.state_since.set(after.state_since),
            ApplicationItem.account.set(after.account),
            ApplicationItem.activation.set(after.activation),
            ApplicationItem.notice.set(after.notice),
        ]
        try:
            with TransactWrite(connection=ApplicationItem._get_connection().connection) as transaction:
                transaction.update(ApplicationItem(*_key(before)), actions=decision, condition=_unmoved(before))
                if integration:
                    _follow(transaction, integration)
        except TransactWriteError as error:
            if condition_failed(error):
                return False
            raise
        return True

    @trouble(TABLE)
    def claim(self, application: Application, mail: str, number: int) -> bool:
        return _numbered(application, mail, number, MAILS[mail] < number)

    @trouble(TABLE)
    def release(self, application: Application, mail: str, number: int) -> None:
        _numbered(application, mail, number - 1, MAILS[mail] == number)


class DynamoAccounts(DynamoRecords):
    """Accounts, and who administers them (see roster.ports.Accounts)."""

    @trouble(TABLE)
    def administrators(self, account: str) -> Sequence[str]:
        found: dict[str, str] = {}
        for partition in keys.contact_partitions(account, BY_HAND):
            administrator = ContactItem.sk.startswith(keys.contacts_of_kind(Kind.ADMINISTRATOR))
            for item in ContactItem.query(partition, administrator, consistent_read=True):
                if item.level == Level.ADMINISTRATOR and item.email and not item.inactive_since:
                    found.setdefault(item.email.casefold(), item.email)
        return sorted(found.values())

    @trouble(TABLE)
    def notified(self, account: str) -> Sequence[str]:
        try:
            named = AccountItem.get(*keys.account(account), consistent_read=True).notify
        except DoesNotExist:
            named = None
        return list(named) if named else self.administrators(account)


def _follow(transaction: TransactWrite, integration: Integration) -> None:
    """Makes the integration, or changes it; what was applied stays known. Never over another provider's."""
    ours = IntegrationItem.pk.does_not_exist() | (IntegrationItem.provider == integration.provider)
    transaction.update(
        IntegrationItem(*keys.integration(integration.account)),
        actions=[
            IntegrationItem.provider.set(integration.provider),
            IntegrationItem.settings.set(integration.settings),
            IntegrationItem.state.set(integration.state),
        ],
        condition=ours,
    )


def _unmoved(before: Application) -> Condition:
    """A blank account may be stored as such, or not at all."""
    tied = ApplicationItem.account == before.account
    if not before.account:
        tied = tied | ApplicationItem.account.does_not_exist()
    decided = (ApplicationItem.state == before.state) & (ApplicationItem.activation == before.activation)
    both: Condition = decided & tied
    return both


def _numbered(application: Application, mail: str, number: int, condition: Condition) -> bool:
    """The number of the mail, and in the same write what support should know: a crash leaves both or neither."""
    said: list[Action] = [MAILS[mail].set(number), ApplicationItem.notice.set(application.notice)]
    return written(ApplicationItem(*_key(application)).update, said, condition=condition)


def _key(application: Application) -> keys.Key:
    return keys.application(application.provider, application.tenant)


def _application(item: ApplicationItem) -> Application:
    return Application(
        item.provider,
        item.tenant,
        item.name or "",
        dict(item.settings or {}),
        item.shared,
        item.shared_since or "",
        item.obstacle or "",
        item.state,
        item.state_since or "",
        item.account or "",
        int(item.activation),
        int(item.mailed),
        int(item.told),
        item.notice or "",
    )
