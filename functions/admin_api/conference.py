"""What there is to say about an event: its three groups, which a template hands on, and how each is told and asked.

Times are the account's own, without an offset: a conference begins at six wherever the school is.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints, model_validator
from shapes import Asked, Day, Email, EventName, Line, Name, Text, Told

from roster.model import Selection
from roster.ports import Conference


def _moment(text: str) -> str:
    datetime.fromisoformat(text)
    return text


Moment = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$"), AfterValidator(_moment)]
Hours = Annotated[int, Field(ge=1, le=336)]


class Settings(Asked):
    """How appointments are made. Booking is open from `booking_opens` until `booking_closes`."""

    slot_minutes: Annotated[int, Field(ge=1, le=240)] = 10
    gap_minutes: Annotated[int, Field(ge=0, le=60)] = 0
    location: Line = ""
    booking_opens: Moment | None = None
    booking_closes: Moment | None = None
    message: Text = ""

    @model_validator(mode="after")
    def _in_order(self) -> Settings:
        if self.booking_opens and self.booking_closes and self.booking_opens >= self.booking_closes:
            raise ValueError("booking has to open before it closes")
        return self


class Notifications(Asked):
    """What families are mailed. `reminder_hours`: so long before the appointment."""

    confirmation: bool = True
    cancellation: bool = True
    reminder_hours: Annotated[list[Hours], Field(max_length=5)] = Field(default_factory=lambda: [24])
    reply_to: Email | None = None
    message: Text = ""


class AppointmentField(Asked):
    """What a family is asked when it books."""

    name: Name
    required: bool = False


Fields = Annotated[list[AppointmentField], Field(max_length=20)]


class EventAsked(Asked):
    """A new event. `template`: the event whose groups it takes over, where they are not given."""

    name: Name
    held_on: Day = ""
    template: EventName | None = None
    settings: Settings | None = None
    notifications: Notifications | None = None
    fields: Fields | None = None


class EventChange(Asked):
    """What is left out stays; a group that is given replaces the one before."""

    name: Name | None = None
    held_on: Day | None = None
    settings: Settings | None = None
    notifications: Notifications | None = None
    fields: Fields | None = None


class EventInList(Told):
    """An event. `imported`: it holds classes; `deleting`: a run is deleting it."""

    id: str
    name: str
    held_on: str
    created: str
    nightly: bool
    imported: bool
    deleting: bool


class EventTold(EventInList):
    """`selection`: the schools, terms and contacts that its nights bring; `warnings`: what to think of."""

    template: str
    settings: Settings
    notifications: Notifications
    fields: list[AppointmentField]
    selection: dict[str, Any]
    warnings: list[str] = Field(default_factory=list)


def told(event: Conference, warnings: list[str] | None = None) -> EventTold:
    return EventTold(
        **in_list(event).model_dump(),
        template=event.template,
        settings=Settings(**event.settings),
        notifications=Notifications(**event.notifications),
        fields=[AppointmentField(**one) for one in event.fields],
        selection=Selection.from_json(event.selection).to_json(),
        warnings=warnings or [],
    )


def in_list(event: Conference) -> EventInList:
    return EventInList(
        id=event.event,
        name=event.name,
        held_on=event.held_on,
        created=event.created,
        nightly=event.nightly,
        imported=event.imported,
        deleting=bool(event.deleting),
    )
