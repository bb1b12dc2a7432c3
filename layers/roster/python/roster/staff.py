"""The DynamoDB adapters of `Staff` and `AccountBook`: the people who work in an account, and the account itself.

Staff are contacts that people keep by hand: no import writes them, so a level that somebody set stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pynamodb.exceptions import DoesNotExist
from pynamodb.expressions.update import Action

from roster import keys
from roster.model import BY_HAND, Kind
from roster.permissions import Administrator, rank
from roster.ports import Account
from roster.tables import AccountItem, ContactItem
from roster.trouble import TABLE, trouble, written


class DynamoStaff:
    """Contacts kept by hand (see roster.ports.Staff). Those that were made inactive are nobody."""

    @trouble(TABLE)
    def of(self, account: str, id: str) -> Administrator | None:
        try:
            item = ContactItem.get(*_key(account, id), consistent_read=True)
        except DoesNotExist:
            return None
        return None if item.inactive_since else _person(account, item)

    @trouble(TABLE)
    def with_email(self, account: str, email: str) -> Administrator | None:
        wanted = email.strip().casefold()
        found = [one for one in _all(account) if wanted and one.email.casefold() == wanted]
        return max(found, key=lambda one: (rank(one.level), one.id), default=None)

    @trouble(TABLE)
    def keep(self, person: Administrator) -> None:
        first, _, last = person.name.partition(" ")
        whom = person.account, BY_HAND, Kind.ADMINISTRATOR.value, person.id
        found_by = keys.indexed(*whom, last, first, person.email, ("", ""))
        found_by = {name: found_by[name] for name in ("name_part", "name_order", "email_key")}  # a number stays
        values = {"first": first, "last": last, "email": person.email, **found_by}
        known: list[Action] = [
            ContactItem.kind.set(Kind.ADMINISTRATOR.value),
            ContactItem.id.set(person.id),
            ContactItem.origin.set(BY_HAND),
            ContactItem.level.set(str(person.level)),
            ContactItem.events.set(list(person.events)),
            ContactItem.inactive_since.remove(),
        ]
        for name, value in values.items():
            attribute = getattr(ContactItem, name)
            known.append(attribute.set(value) if value else attribute.remove())
        ContactItem(*_key(person.account, person.id)).update(known)

    @trouble(TABLE)
    def sign_out(self, person: Administrator, now: str) -> None:
        contact = ContactItem(*_key(person.account, person.id))
        # whoever is gone is signed out already
        written(contact.update, [ContactItem.sessions_after.set(now)], condition=ContactItem.pk.exists())


class DynamoAccountBook:
    """What accounts say of themselves (see roster.ports.AccountBook)."""

    @trouble(TABLE)
    def account(self, account: str) -> Account | None:
        try:
            item = AccountItem.get(*keys.account(account), consistent_read=True)
        except DoesNotExist:
            return None
        return Account(account, item.name, item.zone or "", tuple(item.notify or ()))

    @trouble(TABLE)
    def rename(self, account: str, name: str) -> None:
        AccountItem(*keys.account(account)).update([AccountItem.name.set(name)])

    @trouble(TABLE)
    def notify(self, account: str, emails: Sequence[str]) -> None:
        AccountItem(*keys.account(account)).update([AccountItem.notify.set(list(emails))])


def _all(account: str) -> Iterator[Administrator]:
    administrators = ContactItem.sk.startswith(keys.contacts_of_kind(Kind.ADMINISTRATOR))
    for partition in keys.contact_partitions(account, BY_HAND):
        for item in ContactItem.query(partition, administrators, consistent_read=True):
            if not item.inactive_since:
                yield _person(account, item)


def _key(account: str, id: str) -> keys.Key:
    return keys.contact(account, BY_HAND, Kind.ADMINISTRATOR, id)


def _person(account: str, item: ContactItem) -> Administrator:
    return Administrator(
        account,
        item.id,
        item.email or "",
        " ".join(part for part in (item.first, item.last) if part),
        item.level,
        tuple(item.events or ()),
        item.sessions_after or "",
    )
