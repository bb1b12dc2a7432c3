"""The DynamoDB adapter of `Kept`: a few contacts by name, whoever they came from."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from roster import keys
from roster.model import BY_HAND, Kind, Person
from roster.ports import ContactId
from roster.tables import ContactItem
from roster.trouble import TABLE, trouble

NAMED = ("first", "last", "email", "number", "sis_id", "grade")


class DynamoKept:
    """See roster.ports.Kept."""

    @trouble(TABLE)
    def named(self, account: str, whose: Collection[ContactId]) -> Mapping[ContactId, Person]:
        wanted = [tuple(keys.contact(account, *one)) for one in whose]
        asked = ["kind", "id", "origin", *NAMED]
        found = ContactItem.batch_get(wanted, consistent_read=True, attributes_to_get=asked) if wanted else ()
        return {(item.origin, item.kind, item.id): _person(item) for item in found}

    @trouble(TABLE)
    def by_hand(self, account: str) -> bool:
        others = ContactItem.sk > keys.behind_kind(Kind.ADMINISTRATOR)  # the first of all kinds
        partitions = keys.contact_partitions(account, BY_HAND)
        return any(
            True for one in partitions for _ in ContactItem.query(one, others, limit=1, attributes_to_get=["id"])
        )


def _person(item: ContactItem) -> Person:
    told: dict[str, Any] = {name: getattr(item, name) or "" for name in NAMED}
    return Person(item.kind, item.id, **told)
