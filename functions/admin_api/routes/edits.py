"""Contacts by hand: what an administrator sets on one, and contacts that no import brings."""

from __future__ import annotations

from typing import Annotated, Literal

from api import person, route
from pydantic import Field, StringConstraints
from shapes import ONE_LINE, Asked, Day, Email, EventName, Told
from sources import origin_title

from roster.contacts import about
from roster.editing import audited
from roster.errors import AlreadyRunning, NotThere, NotUnderstood
from roster.keys import of_address
from roster.model import BY_HAND
from roster.permissions import Action
from roster.ports import ContactCard
from roster.runtime import administration
from routes.contacts import IdPath, KindName, KindPath, OriginPath

LevelName = Literal[
    "Customer",
    "Appointment Viewer",
    "Appointment Maker",
    "Resource Administrator",
    "Event Administrator",
    "Administrator",
]


Part = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100, pattern=ONE_LINE)]
Phone = Annotated[str, StringConstraints(strip_whitespace=True, max_length=40, pattern=ONE_LINE)]
Number = Annotated[str, StringConstraints(max_length=64, pattern=r"^[^\s\x00-\x1f\x7f]*$")]
Grade = Annotated[str, StringConstraints(strip_whitespace=True, max_length=60, pattern=ONE_LINE)]
EmailOrNone = Email | Literal[""]
Events = Annotated[list[EventName], Field(max_length=500)]


class ContactEdit(Asked):
    """What is left out stays; null takes back what was set by hand, and the provider's own counts again. `events`:
    those of an Event Administrator.
    """

    level: LevelName | None = None
    first: Part | None = None
    last: Part | None = None
    email: EmailOrNone | None = None
    phone: Phone | None = None
    events: Events | None = None


class NewContact(Asked):
    """`security_value`: of a student. `level`: left out, the kind's own."""

    kind: KindName
    first: Part = ""
    last: Part = ""
    email: EmailOrNone = ""
    phone: Phone = ""
    number: Number = ""
    grade: Grade = ""
    security_value: Day = ""
    level: LevelName | Literal[""] = ""
    events: Events = Field(default_factory=list)


class EditedContact(Told):
    """A contact as it counts. `source`: file, manual, or the provider's name; `by_hand`: what was set over that.
    `security_value`: on file or blank, of a student.
    """

    origin: str
    kind: str
    id: str
    source: str
    level: str
    first: str
    last: str
    email: str
    phone: str
    number: str
    grade: str
    events: list[str]
    inactive_since: str
    security_value: str
    by_hand: list[str]


@route(
    "PATCH", "/api/contacts/<origin>/<kind>/<id>", Action.CHANGE_CONTACTS, tag="contacts", answer=EditedContact,
    raises=(NotThere, NotUnderstood, AlreadyRunning),
)  # fmt: skip
def change_contact(origin: OriginPath, kind: KindPath, id: IdPath, body: ContactEdit) -> EditedContact:
    """Set a contact's level, name, address or phone by hand: no import changes them afterwards."""
    contact, admin = (origin, str(kind), of_address(id)), administration()
    told = admin.editing.change(person(), contact, body.model_dump(exclude_unset=True))
    if told.before != told.after:
        _audit(Action.CHANGE_CONTACTS, told.before, told.after)
    return _told(told.after, told.by_hand)


@route(
    "POST", "/api/contacts", Action.CHANGE_CONTACTS, tag="contacts", answer=EditedContact, status=201,
    raises=(NotUnderstood,),
)  # fmt: skip
def make_contact(body: NewContact) -> EditedContact:
    """Make a contact by hand."""
    if body.security_value and body.kind != "student":
        raise NotUnderstood("security_value: only students have one", "Leave it out.")
    given = body.model_dump()
    card = ContactCard(BY_HAND, id="", **{**given, "events": tuple(given["events"])})
    made = administration().editing.make(person(), card)
    _audit(Action.CHANGE_CONTACTS, None, made)
    return _told(made)


@route(
    "DELETE", "/api/contacts/<origin>/<kind>/<id>", Action.CHANGE_CONTACTS, tag="contacts", answer=EditedContact,
    raises=(NotThere, NotUnderstood, AlreadyRunning),
)  # fmt: skip
def remove_contact(origin: OriginPath, kind: KindPath, id: IdPath) -> EditedContact:
    """Make a contact inactive that is kept by hand."""
    told = administration().editing.remove(person(), (origin, str(kind), of_address(id)))
    _audit(Action.CHANGE_CONTACTS, told.before, told.after)
    return _told(told.after)


def _audit(action: Action, before: ContactCard | None, after: ContactCard) -> None:
    was = audited(before) if before else None
    administration().audit.did(person(), action, about(after.key), was, audited(after))


def _told(card: ContactCard, by_hand: tuple[str, ...] = ()) -> EditedContact:
    on_file = "" if card.kind != "student" else "on file" if card.security_value else "blank"
    return EditedContact(
        origin=card.origin,
        kind=card.kind,
        id=card.id,
        source=(card.made or "manual") if card.origin == BY_HAND else origin_title(card.origin),
        level=card.level,
        first=card.first,
        last=card.last,
        email=card.email,
        phone=card.phone,
        number=card.number or card.sis_id,
        grade=card.grade,
        events=list(card.events),
        inactive_since=card.inactive_since,
        security_value=on_file,
        by_hand=list(by_hand),
    )
