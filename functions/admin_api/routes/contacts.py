"""The account's contacts: a list by name, a search, one contact, its security value and what became of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from api import person, route
from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from shapes import ONE_LINE, Cursor, Limit, Page, Told
from sources import origin_title

from roster.cursor import cursor_after, last_before
from roster.errors import FilesMissing, NotThere, NotUnderstood
from roster.keys import in_address, of_address
from roster.model import Kind
from roster.permissions import Action
from roster.ports import Contact, ContactId
from roster.runtime import administration

OriginPath = Annotated[str, Path(description="the provider that it came from, or pickatime", pattern=r"^[a-z]{1,40}$")]
KindName = Literal["student", "teacher", "parent", "administrator"]
KindPath = Annotated[KindName, Path(description="student, teacher, parent or administrator")]
IdPath = Annotated[
    str, Path(description="the end of its `address` in the list", max_length=1_400, pattern=r"^~?[0-9A-Za-z._=-]+$")
]
KindAsked = Annotated[KindName | None, Query(description="only these")]
Search = Annotated[
    str,
    Query(
        description="the beginning of a last name, `first last` or `last first`; or exactly an e-mail address, a "
        "student or staff number, a SIS id, or the provider's id",
        max_length=200,
        pattern=ONE_LINE,
    ),
]


class ContactInList(Told):
    """`origin`: who keeps it, `origin_title` what people call that. `address`: where it is read. `level_by_hand`:
    somebody set the level here, and no import changes it. `inactive_since`: ISO date, or blank.
    """

    origin: str
    origin_title: str
    kind: str
    id: str
    address: str
    first: str
    last: str
    email: str
    number: str
    sis_id: str
    grade: str
    level: str
    level_by_hand: bool
    active: bool
    inactive_since: str


class RelatedTold(Told):
    """A parent or child. `origin`: who keeps them; `relation`, `type`: the provider's words."""

    origin: str
    kind: str
    id: str
    address: str
    name: str
    relation: str
    type: str


class ClassTold(Told):
    id: str
    name: str


class AttendedTold(Told):
    """The contact's classes in an event."""

    event: str
    name: str
    classes: list[ClassTold]


class ContactTold(ContactInList):
    """`security_value`: on file or blank; of nobody but students is there any. `edited`: attributes changed by hand."""

    middle: str
    username: str
    phone: str
    title: str
    schools: list[str]
    other_ids: list[str]
    edited: list[str]
    security_value: Literal["on file", "blank", ""]
    related: list[RelatedTold]
    events: list[AttendedTold]


class SecurityValue(Told):
    """The student's date of birth (ISO), or blank."""

    security_value: str


class MomentTold(Told):
    """`at`: ISO time, UTC; `text`: in words, on the account's clocks. `by`: a contact's id, or night."""

    at: str
    text: str
    by: str
    name: str
    run: str
    event: str
    fields: list[str]


class TimelineTold(Told):
    """Newest first. What runs changed is known from `since` on: of the newest runs, and for a month."""

    items: list[MomentTold]
    since: str


@route("GET", "/api/contacts", Action.SEE_CONTACTS, tag="contacts", answer=Page[ContactInList], raises=(NotUnderstood,))
def list_contacts(
    cursor: Cursor = "", limit: Limit = 50, kind: KindAsked = None, search: Search = ""
) -> Page[ContactInList]:
    """Contacts by last name and first name. A page that is not the last may be shorter than `limit`; who is found by
    an address, a number or an id comes on the first one, beside it.
    """
    found, last = administration().contacts.page(
        person().account, kind or "", search.strip(), last_before("contacts", cursor), limit
    )
    return Page(items=[ContactInList(**_listed(one)) for one in found], next=cursor_after("contacts", last))


@route(
    "GET", "/api/contacts/<origin>/<kind>/<id>", Action.SEE_CONTACTS, tag="contacts", answer=ContactTold,
    raises=(NotThere, FilesMissing),
)  # fmt: skip
def read_contact(origin: OriginPath, kind: KindPath, id: IdPath) -> ContactTold:
    """One contact, with its relationships and its classes. Never the security value itself."""
    shown = administration().contacts.of(person().account, _key(origin, kind, id))
    one = shown.contact
    known: dict[str, Any] = {name: getattr(one, name) for name in ("middle", "username", "phone", "title")}
    known |= {name: list(getattr(one, name)) for name in ("schools", "other_ids", "edited")}
    return ContactTold(
        **_listed(one),
        **known,
        security_value=_on_file(one),
        related=[
            RelatedTold(**vars(other), address=_address((other.origin, other.kind, other.id)))
            for other in shown.related
        ],
        events=[
            AttendedTold(
                event=event.event, name=event.name, classes=[ClassTold(id=id, name=name) for id, name in event.classes]
            )
            for event in shown.events
        ],
    )


@route(
    "POST", "/api/contacts/<origin>/<kind>/<id>/security-value", Action.SEE_SECURITY_VALUE, tag="contacts",
    answer=SecurityValue, raises=(NotThere,),
)  # fmt: skip
def show_security_value(origin: OriginPath, kind: KindPath, id: IdPath) -> SecurityValue:
    """A student's date of birth. That it was asked for is written to the audit first."""
    value = administration().contacts.security_value(person(), _key(origin, kind, id))
    return SecurityValue(security_value=value)


@route(
    "GET", "/api/contacts/<origin>/<kind>/<id>/timeline", Action.SEE_CONTACTS, tag="contacts", answer=TimelineTold,
)  # fmt: skip
def read_timeline(origin: OriginPath, kind: KindPath, id: IdPath) -> TimelineTold:
    """What became of a contact, by which run or whom; of one that is gone, too."""
    found, since = administration().timeline.of(person().account, _key(origin, kind, id))
    return TimelineTold(items=[MomentTold(**{**vars(one), "fields": list(one.fields)}) for one in found], since=since)


def _on_file(one: Contact) -> Literal["on file", "blank", ""]:
    if one.kind != Kind.STUDENT:
        return ""
    return "on file" if one.on_file else "blank"


def _key(origin: str, kind: str, part: str) -> ContactId:
    id = of_address(part)
    if not id:
        raise NotThere("there is no such contact", "Take the address that the list gives.")
    return origin, kind, id


def _address(key: ContactId) -> str:
    origin, kind, id = key
    return f"/api/contacts/{origin}/{kind}/{in_address(id)}"


def _listed(one: Contact) -> dict[str, Any]:
    names = ContactInList.model_fields.keys() & vars(one).keys()
    return {
        **{name: getattr(one, name) for name in names},
        "origin_title": origin_title(one.origin),
        "address": _address(one.key),
        "active": not one.inactive_since,
    }
