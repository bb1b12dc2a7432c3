"""The DynamoDB adapter of `ContactBook`: contacts by name, address or number, through the indexes, and by their ids.

An index may lag behind, and has a contact twice whose name was edited by hand: under the item's name and, by its mark,
under the edited one. So what an index says is believed only where the contact still belongs there; see _stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from heapq import merge
from itertools import islice
from operator import attrgetter
from typing import Any

from pynamodb.exceptions import DoesNotExist

from roster import keys
from roster.errors import NotThere
from roster.ports import Contact, ContactId
from roster.tables import ClassItem, ContactItem, ContactMarkItem
from roster.trouble import TABLE, trouble

TEXTS = ("first", "middle", "last", "email", "username", "phone", "number", "sis_id", "grade", "title")
LISTS = ("schools", "other_ids")
MOST_FOUND = 100  # with one address or number: a family's, or a school office's


class DynamoContactBook:
    """See roster.ports.ContactBook."""

    @trouble(TABLE)
    def named(
        self, account: str, kinds: Sequence[str], beginnings: Sequence[str], after: str, most: int
    ) -> tuple[Sequence[Contact], str]:
        entries = list(islice(_in_order(account, kinds, beginnings or [""], after, most + 1), most + 1))
        rows = _merged(account, entries[:most])
        found = [one for entry, one, mark in rows if _stands(entry, one, mark)]
        return found, entries[most - 1].name_order if len(entries) > most else ""

    @trouble(TABLE)
    def with_email(self, account: str, kinds: Sequence[str], address: str) -> Sequence[Contact]:
        wanted = keys.email(account, address)
        return _found(account, kinds, wanted, (ContactItem.by_email,), lambda one: [keys.email(account, one.email)])

    @trouble(TABLE)
    def with_number(self, account: str, kinds: Sequence[str], number: str) -> Sequence[Contact]:
        wanted = keys.number(account, number)
        indexes = (ContactItem.by_number, ContactItem.by_sis_id)
        return _found(
            account, kinds, wanted, indexes, lambda one: [keys.number(account, n) for n in (one.number, one.sis_id)]
        )

    @trouble(TABLE)
    def of(self, account: str, ids: Iterable[ContactId]) -> Mapping[ContactId, Contact]:
        wanted = list(dict.fromkeys(id for id in ids if keys.fits(id[2])))
        marks, items = _marks(account, wanted, True), _items(account, wanted, True)
        return {id: _contact(items[id], marks.get(id)) for id in wanted if id in items}

    @trouble(TABLE)
    def security_value(self, account: str, id: ContactId) -> str:
        if keys.fits(id[2]):
            try:
                return ContactItem.get(*keys.contact(account, *id), consistent_read=True).security_value or ""
            except DoesNotExist:
                pass
        raise NotThere("there is no such contact")

    @trouble(TABLE)
    def classes(self, account: str, ids: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], str]:
        wanted: dict[tuple[str, str], tuple[str, str]] = {keys.event_class(account, *id): id for id in ids}
        found = ClassItem.batch_get(list(wanted), attributes_to_get=["pk", "sk", "name"])
        return {wanted[item.pk, item.sk]: item.name or "" for item in found}


def _in_order(
    account: str, kinds: Sequence[str], beginnings: Sequence[str], after: str, most: int
) -> Iterator[ContactItem]:
    """The index's entries behind `after`, as they stand in the list: each kind has a partition of its own."""
    first = keys.name_part(max(after, keys.BEFORE))
    for part in range(first, len(keys.NAME_PARTS)):
        mine = [one for one in beginnings if not one or keys.name_part(one) == part]
        lists = [_entries(keys.names(account, kind, part), one, after) for kind in kinds for one in mine]
        page = most // min(len(lists), 2) + 1 if lists else 1
        yield from merge(*(entries(page) for entries in lists), key=attrgetter("name_order"))


def _entries(partition: str, beginning: str, after: str) -> Callable[[int], Iterator[ContactItem]]:
    """Each place once: the item and the mark of a contact may stand in the same one."""
    low, high = max(after, beginning, keys.BEFORE), beginning + keys.BEHIND

    def read(page: int) -> Iterator[ContactItem]:
        if low > high:
            return
        last, between = after, ContactItem.name_order.between(low, high)
        for entry in ContactItem.by_name.query(partition, between, page_size=page):
            if entry.name_order != last:
                yield entry
            last = entry.name_order

    return read


def _found(
    account: str,
    kinds: Sequence[str],
    wanted: str,
    indexes: Iterable[Any],
    keys_of: Callable[[Contact], Iterable[str]],
) -> list[Contact]:
    entries = [entry for index in indexes for entry in index.query(wanted, limit=MOST_FOUND)] if wanted else []
    rows = {one.key: one for _, one, _ in _merged(account, entries) if one.kind in kinds and wanted in keys_of(one)}
    return sorted(rows.values(), key=lambda one: keys.name_order(one.last, one.first, *one.key))


def _stands(entry: ContactItem, one: Contact, mark: ContactMarkItem | None) -> bool:
    """Whether the contact is listed by this entry: where its name belongs; or, where its mark does not stand there (the
    provider has changed another part of the name since), where its item stands, so that nobody leaves the list.
    """
    place = keys.name_order(one.last, one.first, *one.key)
    return entry.name_order == place or bool(entry.id and (mark is None or mark.name_order != place))


def _merged(account: str, entries: Sequence[ContactItem]) -> list[tuple[ContactItem, Contact, ContactMarkItem | None]]:
    """Each with its contact and that one's mark, unless it is gone."""
    places = [(entry, keys.contact_of(entry.pk, entry.sk)) for entry in entries]
    marks = _marks(account, [id for _, id in places])
    items = _items(account, [id for entry, id in places if not entry.id])  # a mark says only what was edited
    items = {id: entry for entry, id in places if entry.id} | items
    return [(entry, _contact(items[id], marks.get(id)), marks.get(id)) for entry, id in places if id in items]


def _marks(account: str, ids: Iterable[ContactId], newest: bool = False) -> dict[ContactId, ContactMarkItem]:
    wanted = [keys.contact_mark(account, *id) for id in dict.fromkeys(ids)]
    found = ContactMarkItem.batch_get(wanted, consistent_read=newest)
    return {keys.contact_of_mark(mark.sk): mark for mark in found}


def _items(account: str, ids: Iterable[ContactId], newest: bool = False) -> dict[ContactId, ContactItem]:
    wanted = [keys.contact(account, *id) for id in dict.fromkeys(ids)]
    found = ContactItem.batch_get(wanted, consistent_read=newest)
    return {keys.contact_of(item.pk, item.sk): item for item in found}


def _contact(item: ContactItem, mark: ContactMarkItem | None) -> Contact:
    edits = dict(mark.edits or {}) if mark else {}
    told: dict[str, Any] = {name: getattr(item, name) or "" for name in TEXTS}
    told |= {name: tuple(getattr(item, name) or ()) for name in LISTS}
    told |= {name: value for name, value in edits.items() if name in TEXTS}
    ties = [*([item.origin, *tie] for tie in item.related or ()), *((mark and mark.related) or ())]
    return Contact(
        item.origin,
        item.kind,
        item.id,
        level=(mark and mark.level) or item.level,
        level_by_hand=bool(mark and mark.level),
        inactive_since=item.inactive_since or "",
        related=tuple((origin, id, relation, type) for origin, id, relation, type in ties),
        on_file=bool(item.security_value),
        edited=tuple(sorted(edits)),
        **told,
    )
