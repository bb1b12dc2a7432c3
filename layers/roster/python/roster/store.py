"""The DynamoDB adapter of `Roster`: contacts, classes and schedules, written in full batches.

Which item an entry becomes is decided here and nowhere else; the models are in roster.tables.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from pynamodb.exceptions import DeleteError, PutError, PynamoDBException

from roster import keys
from roster.errors import StoreBusy
from roster.model import ClassEntry, ContactEntry, Kind, Level
from roster.ports import Change
from roster.tables import ClassItem, ContactItem, Item, ScheduleItem

FIRST_LEVEL = {Kind.TEACHER: Level.APPOINTMENT_VIEWER}
BATCH = 1_000


class DynamoRoster:
    """Contacts, classes and schedules (see roster.ports.Roster)."""

    def apply(self, account: str, event: str, provider: str, changes: Iterable[Change]) -> int:
        """Put and delete in batches; returns how many items. Doing it again leaves the same items."""
        writes = 0
        stream = iter(changes)
        while batch := list(islice(stream, BATCH)):
            self._write(ContactItem, [c for c in batch if isinstance(c.entry, ContactEntry)], account, event, provider)
            self._write(ClassItem, [c for c in batch if c.kind == "class"], account, event, provider)
            self._write(ScheduleItem, [c for c in batch if c.kind == "schedule"], account, event, provider)
            writes += len(batch)
        return writes

    @staticmethod
    def _write(model: type[Item], changes: list[Change], account: str, event: str, provider: str) -> None:
        try:
            with model.batch_write() as batch:
                for change in changes:
                    item = _item(change, account, event, provider)
                    batch.delete(item) if change.entry is None else batch.save(item)
        except (PutError, DeleteError) as error:
            raise StoreBusy(f"the table did not take a batch ({error.cause_response_code})") from None
        except PynamoDBException as error:
            raise StoreBusy(f"the table did not take a batch ({type(error).__name__})") from None


def _item(change: Change, account: str, event: str, provider: str) -> Item:
    entry = change.entry
    if isinstance(entry, ContactEntry):
        return contact_item(account, provider, entry)
    if isinstance(entry, ClassEntry):
        return class_item(account, event, entry)
    if change.kind == "class":
        return ClassItem(*keys.event_class(account, event, change.id))
    key = keys.schedule(account, event, change.id)
    return ScheduleItem(*key, student=change.id, classes=list(entry) if entry else [])


def contact_item(account: str, provider: str, entry: ContactEntry) -> ContactItem:
    """The contact's item; blanks are not stored."""
    person = entry.person
    return ContactItem(
        *keys.contact(account, provider, person.kind, person.id),
        kind=person.kind,
        id=person.id,
        origin=provider,
        level=FIRST_LEVEL.get(Kind(person.kind), Level.CUSTOMER).value,
        first=person.first or None,
        middle=person.middle or None,
        last=person.last or None,
        email=person.email or None,
        username=person.username or None,
        phone=person.phone or None,
        sis_id=person.sis_id or None,
        number=person.number or None,
        grade=person.grade or None,
        title=person.title or None,
        security_value=person.birth_date or None,
        schools=list(person.schools) or None,
        other_ids=list(person.other_ids) or None,
        related=entry.related() or None,
        inactive_since=entry.inactive_since or None,
    )


def class_item(account: str, event: str, entry: ClassEntry) -> ClassItem:
    """The class's item with its roster."""
    info = entry.info
    return ClassItem(
        *keys.event_class(account, event, info.id),
        id=info.id,
        name=info.name or None,
        school=info.school or None,
        terms=list(info.terms) or None,
        course=info.course or None,
        subject=info.subject or None,
        period=info.period or None,
        grade=info.grade or None,
        sis_id=info.sis_id or None,
        start=info.start or None,
        end=info.end or None,
        teachers=entry.teachers or None,
        students=entry.students or None,
    )
