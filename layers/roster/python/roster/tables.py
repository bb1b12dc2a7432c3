"""The table's items, as pynamodb models: the one description of what is stored.

One table, items told apart by their keys (roster.keys). A security value (date of birth) has an attribute of its
own, which no index projects. No roster item holds a time or a run's id: the same roster is the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from pynamodb.attributes import (
    BooleanAttribute,
    JSONAttribute,
    ListAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
)
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection
from pynamodb.models import Model

LISTED = ("kind", "id", "origin", "level", "first", "last", "email", "number", "sis_id", "grade", "inactive_since")
"""What the indexes hold of a contact, and a list may show. Never a security value."""


class Item(Model):
    """What all items share. Time-outs are ours: pynamodb's own are 15 and 30 seconds."""

    class Meta:
        table_name = "unset"
        connect_timeout_seconds = 3
        read_timeout_seconds = 10
        max_retry_attempts = 8

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)


class _Index(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    """What all indexes share. Their keys are attributes of contacts, and of marks that edit a name or an address."""

    class Meta:
        projection = IncludeProjection(list(LISTED))


class ByName(_Index):  # type: ignore[no-untyped-call]
    class Meta(_Index.Meta):
        index_name = "by_name"

    name_part = UnicodeAttribute(hash_key=True)
    name_order = UnicodeAttribute(range_key=True)


class ByEmail(_Index):  # type: ignore[no-untyped-call]
    class Meta(_Index.Meta):
        index_name = "by_email"

    email_key = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)


class ByNumber(_Index):  # type: ignore[no-untyped-call]
    class Meta(_Index.Meta):
        index_name = "by_number"

    number_key = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)


class BySisId(_Index):  # type: ignore[no-untyped-call]
    """Of those alone whose number is another than the SIS's own id."""

    class Meta(_Index.Meta):
        index_name = "by_sis_id"

    sis_key = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)


class ContactItem(Item):
    """One person at one provider. `related`: [id, relation, type] of a student's parents or a parent's children.

    Of people kept by hand only: `events`, those of an Event Administrator; `sessions_after`, ISO time before which
    every session was ended; `made`, whether from a `file` (none: typed). The last attributes are functions of the
    others, which the indexes go by (keys.indexed).
    """

    kind = UnicodeAttribute()
    id = UnicodeAttribute()
    origin = UnicodeAttribute()
    level = UnicodeAttribute()
    first = UnicodeAttribute(null=True)
    middle = UnicodeAttribute(null=True)
    last = UnicodeAttribute(null=True)
    email = UnicodeAttribute(null=True)
    username = UnicodeAttribute(null=True)
    phone = UnicodeAttribute(null=True)
    sis_id = UnicodeAttribute(null=True)
    number = UnicodeAttribute(null=True)
    grade = UnicodeAttribute(null=True)
    title = UnicodeAttribute(null=True)
    security_value = UnicodeAttribute(null=True)
    schools: ListAttribute[Any] = ListAttribute(null=True)
    other_ids: ListAttribute[Any] = ListAttribute(null=True)
    related: ListAttribute[Any] = ListAttribute(null=True)
    inactive_since = UnicodeAttribute(null=True)
    events: ListAttribute[Any] = ListAttribute(null=True)
    sessions_after = UnicodeAttribute(null=True)
    made = UnicodeAttribute(null=True)
    name_part = UnicodeAttribute(null=True)
    name_order = UnicodeAttribute(null=True)
    email_key = UnicodeAttribute(null=True)
    number_key = UnicodeAttribute(null=True)
    sis_key = UnicodeAttribute(null=True)
    by_name = ByName()
    by_email = ByEmail()
    by_number = ByNumber()
    by_sis_id = BySisId()


class ClassItem(Item):
    """One class of one event, with its roster: ids of teachers (the primary one first) and students."""

    id = UnicodeAttribute()
    name = UnicodeAttribute(null=True)
    school = UnicodeAttribute(null=True)
    terms: ListAttribute[Any] = ListAttribute(null=True)
    course = UnicodeAttribute(null=True)
    subject = UnicodeAttribute(null=True)
    period = UnicodeAttribute(null=True)
    grade = UnicodeAttribute(null=True)
    sis_id = UnicodeAttribute(null=True)
    start = UnicodeAttribute(null=True)
    end = UnicodeAttribute(null=True)
    teachers: ListAttribute[Any] = ListAttribute(null=True)
    students: ListAttribute[Any] = ListAttribute(null=True)


class ScheduleItem(Item):
    """One student's classes in one event."""

    student = UnicodeAttribute()
    classes: ListAttribute[Any] = ListAttribute()


class AccountItem(Item):
    """A school or district that uses pickAtime. `zone`: its time zone (IANA); none is roster.clocks.DEFAULT_ZONE.
    `notify`: whom its imports' mails go to.
    """

    name = UnicodeAttribute()
    zone = UnicodeAttribute(null=True)
    notify: ListAttribute[Any] = ListAttribute(null=True)


class IntegrationItem(Item):
    """An account's roster provider. `ledger`: folder of the applied contacts. `applying`: a plan in progress.

    `state`: imports run once it is active. `origins`: providers that contacts came from. `changed`: the run whose
    change can be undone. `checked`: what the last check of the connection saw (roster.ports.Check).
    """

    provider = UnicodeAttribute()
    settings: JSONAttribute = JSONAttribute()
    ledger = UnicodeAttribute(null=True)
    applying = UnicodeAttribute(null=True)
    state = UnicodeAttribute(null=True)
    pulled: JSONAttribute = JSONAttribute(null=True)
    pulling: JSONAttribute = JSONAttribute(null=True)
    origins = UnicodeSetAttribute(null=True)
    changed = UnicodeAttribute(null=True)
    checked: JSONAttribute = JSONAttribute(null=True)


class AgreementItem(Item):
    """What was agreed on with an account: schools that are attached (roster.fees), a provider's invitation."""

    attachments: JSONAttribute = JSONAttribute(null=True)
    invitation: JSONAttribute = JSONAttribute(null=True)


class ApplicationItem(Item):
    """A district's application for an import (see roster.admission). Never a credential."""

    provider = UnicodeAttribute()
    tenant = UnicodeAttribute()
    name = UnicodeAttribute(null=True)
    settings: JSONAttribute = JSONAttribute(null=True)
    shared = BooleanAttribute(default=False)
    shared_since = UnicodeAttribute(null=True)
    obstacle = UnicodeAttribute(null=True)
    state = UnicodeAttribute()
    state_since = UnicodeAttribute(null=True)
    account = UnicodeAttribute(null=True)
    activation = NumberAttribute(default=0)
    mailed = NumberAttribute(default=0)
    told = NumberAttribute(default=0)
    notice = UnicodeAttribute(null=True)


class EventItem(Item):
    """One conference evening, what it selects, and the folder of its applied classes.

    `night`: the last night (ISO date) for which a run was begun, and `night_run`, by whom. `changed`: the run whose
    change can be undone.
    `nightly`: it is to be synced every night; whether its schedule is there follows from it (roster.nights).

    `settings`, `notifications` and `fields` are what another event takes over that is made from this one, its
    `template`. `deleting`: the run that deletes it. `warned`: codes of its last run's warnings; `failing`: what its
    imports fail at. `booking`: the window of its slots, and whether somebody has opened booking; no run writes it.
    """

    name = UnicodeAttribute(null=True)
    selection: JSONAttribute = JSONAttribute(null=True)
    snapshot = UnicodeAttribute(null=True)
    applying = UnicodeAttribute(null=True)
    settled: JSONAttribute = JSONAttribute(null=True)
    nightly = BooleanAttribute(default=False)
    night = UnicodeAttribute(null=True)
    night_run = UnicodeAttribute(null=True)
    changed = UnicodeAttribute(null=True)
    created = UnicodeAttribute(null=True)
    held_on = UnicodeAttribute(null=True)
    settings: JSONAttribute = JSONAttribute(null=True)
    notifications: JSONAttribute = JSONAttribute(null=True)
    fields: JSONAttribute = JSONAttribute(null=True)
    template = UnicodeAttribute(null=True)
    deleting = UnicodeAttribute(null=True)
    warned: JSONAttribute = JSONAttribute(null=True)
    failing: JSONAttribute = JSONAttribute(null=True)
    booking: JSONAttribute = JSONAttribute(null=True)


class RunItem(Item):
    """One run: how far it is, and its report when it has ended. Times are ISO 8601, UTC.

    `by`: the contact who started it, or "night". `asked`: what it was to do. `before`: what an applied run replaced.
    `decided`: approved, discarded or undone, and `decided_by` whom or which run. `mail`: what came of the mail
    about it.
    """

    run = UnicodeAttribute()
    owner = UnicodeAttribute(null=True)
    mode = UnicodeAttribute(null=True)
    status = UnicodeAttribute()
    started = UnicodeAttribute(null=True)
    ended = UnicodeAttribute(null=True)
    progress: JSONAttribute = JSONAttribute(null=True)
    report: JSONAttribute = JSONAttribute(null=True)
    by = UnicodeAttribute(null=True)
    night = UnicodeAttribute(null=True)
    before: JSONAttribute = JSONAttribute(null=True)
    asked: JSONAttribute = JSONAttribute(null=True)
    decided = UnicodeAttribute(null=True)
    decided_by = UnicodeAttribute(null=True)
    mail = UnicodeAttribute(null=True)


class LockItem(Item):
    """Whoever holds this item, holds the lock: `owner` is an execution, `run` its run. `rewrites`: it writes over what
    people keep and set by hand, so nobody else may.
    """

    owner = UnicodeAttribute()
    run = UnicodeAttribute()
    event = UnicodeAttribute()
    rewrites = BooleanAttribute(null=True)


class ContactMarkItem(Item):
    """What a person set by hand of a contact: its access level, and `edits`, attributes that win over the item's.
    `related`: [origin, id, relation, type] of parents or children beyond those of the contact's own item, whoever keeps
    them.
    """

    level = UnicodeAttribute(null=True)
    edits: JSONAttribute = JSONAttribute(null=True)
    related: ListAttribute[Any] = ListAttribute(null=True)
    name_part = UnicodeAttribute(null=True)
    name_order = UnicodeAttribute(null=True)
    email_key = UnicodeAttribute(null=True)


class ClassMarkItem(Item):
    """What people decided about a class of an event. `removed`: when it was deleted here; an import brings it back."""

    hidden = BooleanAttribute(null=True)
    never = BooleanAttribute(null=True)
    removed = UnicodeAttribute(null=True)


class AuditItem(Item):
    """One row of the audit (see roster.ports.Audited): put once, and never written again."""

    at = UnicodeAttribute()
    id = UnicodeAttribute()
    by = UnicodeAttribute()
    name = UnicodeAttribute(null=True)
    action = UnicodeAttribute()
    about = UnicodeAttribute(null=True)
    before: JSONAttribute = JSONAttribute(null=True)
    after: JSONAttribute = JSONAttribute(null=True)


class SignInItem(Item):
    """A link that signs an administrator in, once. `to`: the path that it leads to; `made`: ISO time."""

    account = UnicodeAttribute()
    contact = UnicodeAttribute()
    to = UnicodeAttribute()
    made = UnicodeAttribute()
    expires = NumberAttribute()


class HeldLinkItem(Item):
    """What a mail about a held run links to. `expires`: Unix seconds."""

    account = UnicodeAttribute()
    event = UnicodeAttribute()
    run = UnicodeAttribute()
    expires = NumberAttribute()


class SessionItem(Item):
    """A browser that is signed in (see roster.ports.Session)."""

    account = UnicodeAttribute()
    contact = UnicodeAttribute()
    created = UnicodeAttribute()
    seen = NumberAttribute()
    expires = NumberAttribute()
    origin = UnicodeAttribute(null=True)
    kind = UnicodeAttribute(null=True)
    connection = UnicodeAttribute(null=True)
    who = UnicodeAttribute(null=True)


class SignInCountItem(Item):
    """How many links were sent, or asked for from one place, in an hour."""

    sent = NumberAttribute()
    expires = NumberAttribute()


def use_table(name: str) -> None:
    """Point every model at the table; the composition root calls this once."""
    Item.Meta.table_name = name
    for model in Item.__subclasses__():
        model.Meta.table_name = name


def wired(model: type[Item], values: Mapping[str, Any]) -> dict[str, Any]:
    """The item as DynamoDB takes it: what `model(**values).serialize()` gives, at a fifth of its cost.

    Texts and lists of texts, however nested; blanks are left out.
    """
    names = _names(model)
    return {names[name]: {"S": one} if type(one) is str else _list(one) for name, one in values.items() if one}


@cache
def _names(model: type[Item]) -> Mapping[str, str]:
    """The attributes' names in the table, by their names here; none is typed otherwise than texts and lists are."""
    return {name: one.attr_name for name, one in model.get_attributes().items() if one.attr_type in ("S", "L")}


def plain(value: Mapping[str, Any]) -> Any:
    """A text or a list as DynamoDB holds it; of any other type, nothing."""
    if "L" in value:
        return [plain(one) for one in value["L"]]
    return value.get("S", "")


def _list(values: Iterable[Any]) -> dict[str, Any]:
    return {"L": [{"S": one} if type(one) is str else _list(one) for one in values]}
