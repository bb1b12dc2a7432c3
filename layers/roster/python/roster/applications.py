"""The DynamoDB adapter of `Applications`: one item per provider and district, over the models of roster.tables.

The poll and support write different attributes, so neither undoes the other; a decision counts only where the state
is still the one it was made on.
"""

from __future__ import annotations

from collections.abc import Sequence

from pynamodb.attributes import NumberAttribute
from pynamodb.exceptions import DoesNotExist, PutError, TransactWriteError, UpdateError
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from roster import keys
from roster.admission import Application
from roster.errors import StoreBusy
from roster.model import Kind, Level
from roster.ports import Integration
from roster.records import DynamoRecords
from roster.tables import ApplicationItem, ContactItem, IntegrationItem
from roster.trouble import code_of

BY_HAND = "pickatime"  # the provider of contacts that people keep themselves
CONDITION = "ConditionalCheckFailed"
MAILS: dict[str, NumberAttribute] = {"told": ApplicationItem.told, "mailed": ApplicationItem.mailed}


class DynamoApplications:
    """Districts' applications (see roster.ports.Applications)."""

    def all(self, provider: str) -> Sequence[Application]:
        items = ApplicationItem.query(keys.applications(provider), consistent_read=True)
        return [_application(item) for item in items]

    def of(self, provider: str, tenant: str) -> Application | None:
        try:
            return _application(ApplicationItem.get(*keys.application(provider, tenant), consistent_read=True))
        except DoesNotExist:
            return None

    def add(self, application: Application) -> bool:
        item = ApplicationItem(*_key(application), **vars(application))
        try:
            item.save(condition=ApplicationItem.pk.does_not_exist())
        except PutError as error:
            return _refused(error)
        return True

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

    def notice(self, application: Application) -> None:
        ApplicationItem(*_key(application)).update([ApplicationItem.notice.set(application.notice)])

    def moved(self, before: Application, after: Application, integration: Integration | None) -> bool:
        unmoved = (ApplicationItem.state == before.state) & (ApplicationItem.activation == before.activation)
        decision: list[Action] = [
            ApplicationItem.state.set(after.state),
            ApplicationItem.state_since.set(after.state_since),
            ApplicationItem.account.set(after.account),
            ApplicationItem.activation.set(after.activation),
            ApplicationItem.notice.set(after.notice),
        ]
        try:
            with TransactWrite(connection=ApplicationItem._get_connection().connection) as transaction:
                transaction.update(ApplicationItem(*_key(before)), actions=decision, condition=unmoved)
                if integration:
                    _follow(transaction, integration)
        except TransactWriteError as error:
            if any(reason and reason.code == CONDITION for reason in error.cancellation_reasons):
                return False
            raise StoreBusy("an application's move could not be written") from error
        return True

    def claim(self, application: Application, mail: str, number: int) -> bool:
        try:
            ApplicationItem(*_key(application)).update([MAILS[mail].set(number)], condition=MAILS[mail] < number)
        except UpdateError as error:
            return _refused(error)
        return True

    def release(self, application: Application, mail: str, number: int) -> None:
        try:
            ApplicationItem(*_key(application)).update([MAILS[mail].set(number - 1)], condition=MAILS[mail] == number)
        except UpdateError as error:
            _refused(error)


class DynamoAccounts(DynamoRecords):
    """Accounts, and who administers them (see roster.ports.Accounts)."""

    def administrators(self, account: str) -> Sequence[str]:
        found: dict[str, str] = {}
        for partition in keys.contact_partitions(account, BY_HAND):
            administrator = ContactItem.sk.startswith(keys.contacts_of_kind(Kind.ADMINISTRATOR))
            for item in ContactItem.query(partition, administrator, consistent_read=True):
                if item.level == Level.ADMINISTRATOR and item.email and not item.inactive_since:
                    found.setdefault(item.email.casefold(), item.email)
        return sorted(found.values())


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


def _refused(error: PutError | UpdateError) -> bool:
    """False when a condition did not hold; anything else is no answer."""
    if code_of(error) != "ConditionalCheckFailedException":
        raise StoreBusy("an application could not be written") from error
    return False
