"""The DynamoDB adapter of `HandBook`: contacts that people keep by hand, and what they set by hand beside others.

Contacts are read as the table holds them, since a list of all would cost several times as much through the models.
Only the attributes that are meant are written to a contact that is there; runs and sessions keep theirs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from time import sleep
from typing import Any

from pynamodb.exceptions import DoesNotExist, TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from roster import keys
from roster.errors import AlreadyRunning
from roster.model import BY_HAND, Level
from roster.ports import Change, ContactCard, ContactId, ContactMark, Stored
from roster.store import DynamoRoster
from roster.tables import ContactItem, ContactMarkItem, LockItem, wired
from roster.trouble import TABLE, trouble

TOGETHER = 50  # contacts that are changed in one transaction; DynamoDB takes 100 actions
FAILED, CONFLICT = "ConditionalCheckFailed", "TransactionConflict"  # AWS's codes
PAUSES = (0.0, 0.1, 0.3)  # seconds before another try where somebody writes the same items
NAMES = tuple(ContactCard.__dataclass_fields__)


class DynamoHandBook:
    """See roster.ports.HandBook."""

    @trouble(TABLE)
    def of(self, account: str, contact: ContactId) -> ContactCard | None:
        if not keys.fits(contact[2]):
            return None
        try:
            item = ContactItem.get(*keys.contact(account, *contact), consistent_read=True)
        except DoesNotExist:
            return None
        return _told(item)

    def all(self, account: str, origin: str) -> Iterator[ContactCard]:
        return map(_card, DynamoRoster().columns(account, origin, NAMES))

    @trouble(TABLE)
    def some(self, account: str, contacts: Iterable[ContactId]) -> Mapping[ContactId, ContactCard]:
        wanted = [tuple(keys.contact(account, *one)) for one in dict.fromkeys(contacts) if keys.fits(one[2])]
        found = ContactItem.batch_get(wanted, consistent_read=True, attributes_to_get=list(NAMES)) if wanted else ()
        cards = (_told(item) for item in found)
        return {card.key: card for card in cards}

    @trouble(TABLE)
    def kinds(self, account: str) -> Mapping[str, int]:
        wanted = ["kind", "inactive_since"]
        partitions = keys.contact_partitions(account, BY_HAND)
        found = (item for one in partitions for item in ContactItem.query(one, attributes_to_get=wanted))
        return Counter(item.kind for item in found if not item.inactive_since)

    @trouble(TABLE)
    def mark(self, account: str, contact: ContactId) -> ContactMark:
        try:
            return _mark(ContactMarkItem.get(*keys.contact_mark(account, *contact), consistent_read=True))
        except DoesNotExist:
            return ContactMark()

    @trouble(TABLE)
    def marks(self, account: str, edited: bool = False) -> Mapping[ContactId, ContactMark]:
        only = ContactMarkItem.edits.exists() if edited else None
        found = ContactMarkItem.query(keys.contact_marks(account), filter_condition=only, consistent_read=True)
        return {keys.contact_of_mark(item.sk): _mark(item) for item in found}

    @trouble(TABLE)
    def set_mark(self, account: str, card: ContactCard, before: ContactMark, after: ContactMark) -> bool:
        item, same = ContactMarkItem(*keys.contact_mark(account, *card.key)), _same(before)
        alone = ContactMarkItem.related.does_not_exist()
        if after == ContactMark() and written_by_hand(
            account, lambda write: write.delete(item, condition=same & alone)
        ):
            return True  # else there are ties in it, which nothing else has
        values = {"level": after.level, "edits": dict(after.edits), **_found_by_edits(account, card, after)}
        actions = [_set(ContactMarkItem, *one) for one in values.items()]
        return written_by_hand(account, lambda write: write.update(item, actions, condition=same))

    @trouble(TABLE)
    def change(self, account: str, card: ContactCard, names: Collection[str], beside: ContactId | None = None) -> bool:
        def write(transaction: TransactWrite) -> None:
            _change(transaction, account, card, names)
            if beside:
                active = ContactItem.inactive_since.does_not_exist()
                administers = active & (ContactItem.level == Level.ADMINISTRATOR.value)
                transaction.condition_check(ContactItem, *keys.contact(account, *beside), condition=administers)

        return written_by_hand(account, write)

    @trouble(TABLE)
    def change_all(self, account: str, changes: Sequence[tuple[ContactCard, Collection[str]]]) -> None:
        for n in range(0, len(changes), TOGETHER):
            some = changes[n : n + TOGETHER]
            if not written_by_hand(account, partial(_change_some, account, some)):
                for one in some:  # somebody is gone meanwhile: the others are changed
                    self.change(account, *one)

    @trouble(TABLE)
    def add(self, account: str, cards: Sequence[ContactCard]) -> None:
        if not cards:
            return
        written_by_hand(account, lambda write: None)
        items = ((card, hand_item(account, card)) for card in cards)
        added = (Change(card.kind, card.id, Stored(card.origin, item)) for card, item in items)
        DynamoRoster().apply(account, "", BY_HAND, added)


def _change_some(account: str, some: Sequence[tuple[ContactCard, Collection[str]]], transaction: TransactWrite) -> None:
    for card, names in some:
        _change(transaction, account, card, names)


def _change(transaction: TransactWrite, account: str, card: ContactCard, names: Collection[str]) -> None:
    item, found_by = ContactItem(*keys.contact(account, *card.key)), _found_by(account, card)
    values = {**{name: getattr(card, name) for name in names}, **found_by}
    actions = [_set(ContactItem, name, _plain(value)) for name, value in values.items()]
    transaction.update(item, actions, condition=ContactItem.pk.exists())


def written_by_hand(account: str, change: Callable[[TransactWrite], None]) -> bool:
    """False, and nothing is written, where a condition of the change does not hold.

    A run that rewrites contacts has looked at them before: what is written meanwhile would be lost.
    """
    lock = keys.account_lock(account)
    for pause in PAUSES:
        sleep(pause)
        try:
            with TransactWrite(connection=ContactItem._get_connection().connection) as transaction:
                transaction.condition_check(LockItem, *lock, condition=LockItem.rewrites.does_not_exist())
                change(transaction)
        except TransactWriteError as error:
            held, *others = [reason.code if reason else "" for reason in error.cancellation_reasons] or [""]
            if held == FAILED:
                raise AlreadyRunning(
                    "a run is moving or deleting this account's contacts just now, so nothing was changed",
                    "Wait until it has ended, then try again. If none is under way, one has died as it wrote: start an "
                    "import, which mends what is left.",
                ) from None
            if FAILED in others:
                return False
            if CONFLICT not in (held, *others) or pause == PAUSES[-1]:
                raise
        else:
            break
    return True


def hand_item(account: str, card: ContactCard) -> dict[str, Any]:
    """The item of a contact that is kept by hand; blanks are not stored."""
    key = keys.contact(account, *card.key)
    return wired(ContactItem, {**vars(card), **_found_by(account, card), "pk": key.pk, "sk": key.sk})


def _found_by(account: str, card: ContactCard) -> dict[str, str]:
    """What the indexes find it by."""
    return keys.indexed(account, *card.key, card.last, card.first, card.email, (card.number, card.sis_id))


def _found_by_edits(account: str, card: ContactCard, mark: ContactMark) -> dict[str, str]:
    """By a name or an address that was edited, the mark is found; the contact itself stays under its own."""
    found_by = _found_by(account, card)
    named, mailed = {"first", "last"} & mark.edits.keys(), "email" in mark.edits
    names = {name: found_by[name] if named else "" for name in ("name_part", "name_order")}
    return {**names, "email_key": found_by["email_key"] if mailed else ""}


def _told(item: ContactItem) -> ContactCard:
    found = {name: getattr(item, name) for name in NAMES}
    return ContactCard(**{name: _fixed(value) for name, value in found.items() if value})


def _card(item: Mapping[str, Any]) -> ContactCard:
    return ContactCard(**{name: _read(item[name]) for name in NAMES if name in item})


def _read(value: Mapping[str, Any]) -> Any:
    """A text, or a list of them, as DynamoDB tells it; anything else is blank."""
    return tuple(map(_read, value["L"])) if "L" in value else value.get("S", "")


def _fixed(value: Any) -> Any:
    return value if isinstance(value, str) else tuple(_fixed(one) for one in value)


def _plain(value: Any) -> Any:
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


def _mark(item: ContactMarkItem) -> ContactMark:
    return ContactMark(item.level or "", item.edits or {}, tuple(map(tuple, item.related or ())))


def _same(mark: ContactMark) -> Condition:
    """That the mark is still this one."""
    level = ContactMarkItem.level == mark.level if mark.level else ContactMarkItem.level.does_not_exist()
    edits = ContactMarkItem.edits == mark.edits if mark.edits else ContactMarkItem.edits.does_not_exist()
    both: Condition = level & edits
    return both


def _set(model: type[ContactItem] | type[ContactMarkItem], name: str, value: Any) -> Action:
    attribute = getattr(model, name)
    action: Action = attribute.set(value) if value else attribute.remove()
    return action
