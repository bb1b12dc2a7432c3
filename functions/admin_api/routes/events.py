"""The account's events: list, make (from a template too), look at, change, delete one or several."""

from __future__ import annotations

from typing import Annotated

from api import audited, person, route
from conference import EventAsked, EventChange, EventInList, EventTold, in_list, told
from pydantic import Field, StringConstraints
from shapes import Asked, Cursor, EventName, EventPath, Limit, Page, Told

from roster.audit import event_of
from roster.cursor import cursor_after, last_before
from roster.errors import AlreadyRunning, NotThere, NotUnderstood
from roster.permissions import Action
from roster.runtime import administration


class EventsToDelete(Asked):
    """`confirm`: the number of events, typed."""

    events: Annotated[list[EventName], Field(min_length=1, max_length=20)]
    confirm: Annotated[str, StringConstraints(max_length=10)]


class Deleting(Told):
    """The run that deletes an event; its record tells how it goes."""

    event: str
    run: str


class DeletingAll(Told):
    items: list[Deleting]


@route("GET", "/api/events", Action.LIST_EVENTS, tag="events", answer=Page[EventInList], raises=(NotUnderstood,))
def list_events(cursor: Cursor = "", limit: Limit = 50) -> Page[EventInList]:
    """My events, in the order of their ids."""
    found, last = administration().events.page(person(), last_before("events", cursor), limit)
    return Page(items=[in_list(one) for one in found], next=cursor_after("events", last))


@route(
    "POST", "/api/events", Action.CREATE_EVENT, tag="events", answer=EventTold, status=201,
    raises=(NotThere, AlreadyRunning),
)  # fmt: skip
def create_event(body: EventAsked) -> EventTold:
    """Make an event, from a template or anew."""
    given = body.model_dump(exclude={"template"}, exclude_none=True)
    made = told(administration().events.create(person(), given, body.template or ""))
    audited(event_of(made.id), {}, made.model_dump())
    return made


@route("GET", "/api/events/<event>", Action.SEE_EVENT, tag="events", answer=EventTold, raises=(NotThere,))
def read_event(event: EventPath) -> EventTold:
    """An event."""
    return told(administration().events.of(person().account, event))


@route("PATCH", "/api/events/<event>", Action.CHANGE_EVENT, tag="events", answer=EventTold, raises=(NotThere,))
def change_event(event: EventPath, body: EventChange) -> EventTold:
    """Change an event."""
    events, account = administration().events, person().account
    before = told(events.of(account, event))
    changed, warnings = events.change(account, event, body.model_dump(exclude_unset=True, exclude_none=True))
    after = told(changed)
    audited(event_of(event), before.model_dump(), after.model_dump())
    return told(changed, warnings)


@route(
    "DELETE", "/api/events/<event>", Action.DELETE_EVENT, tag="events", answer=Deleting, status=202,
    raises=(NotThere, AlreadyRunning),
)  # fmt: skip
def delete_event(event: EventPath) -> Deleting:
    """Delete an event: its nightly sync ends, its classes and enrolments go, contacts stay."""
    run = administration().events.delete(person(), event)
    audited(event_of(event), {"deleting": ""}, {"deleting": run})
    return Deleting(event=event, run=run)


@route(
    "POST", "/api/events/delete", Action.DELETE_EVENT, tag="events", answer=DeletingAll, status=202,
    raises=(NotThere, NotUnderstood, AlreadyRunning),
)  # fmt: skip
def delete_events(body: EventsToDelete) -> DeletingAll:
    """Delete several events; `confirm` says how many."""
    runs = administration().events.delete_many(person(), body.events, body.confirm)
    for event, run in runs.items():
        audited(event_of(event), {"deleting": ""}, {"deleting": run})
    return DeletingAll(items=[Deleting(event=event, run=run) for event, run in runs.items()])
