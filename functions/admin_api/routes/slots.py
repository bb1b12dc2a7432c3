"""After the import: slots for its teachers, opening booking, and what families are told of it."""

from __future__ import annotations

from datetime import datetime

from api import OPEN, audited, person, route
from conference import Moment, Settings
from shapes import AccountPath, Asked, Cursor, EventPath, Limit, Page, Told

from roster.audit import event_of
from roster.clocks import DEFAULT_ZONE
from roster.cursor import cursor_after, last_before
from roster.errors import AlreadyRunning, NotSetUp, NotThere, NotUnderstood
from roster.permissions import Action
from roster.ports import Conference
from roster.runtime import administration
from roster.slots import is_open, times


class WindowAsked(Asked):
    """The event's first and last minute, on the account's clocks, as in 2027-02-02T17:00."""

    begins: Moment
    ends: Moment


class SlotsTold(Told):
    """`slots`: of each teacher."""

    teachers: int
    slots: int


class TeacherTold(Told):
    """`slots`: when each of the teacher's slots begins."""

    id: str
    name: str
    classes: list[str]
    slots: list[str]


class BookingAsked(Asked):
    open: bool


class OpenTold(Told):
    """`open`: families can book now; `opens`, `closes`: the event's own times, which count too, or blank."""

    open: bool
    opens: str
    closes: str


class BookingTold(OpenTold):
    """`teachers`: how many have free slots, as counted when booking was opened or slots were created; null while
    booking is closed.
    """

    school: str
    event: str
    held_on: str
    teachers: int | None


@route(
    "PUT", "/api/events/<event>/slots", Action.CHANGE_SLOTS, tag="slots", answer=SlotsTold,
    raises=(NotThere, NotSetUp, AlreadyRunning, NotUnderstood),
)  # fmt: skip
def create_slots(event: EventPath, body: WindowAsked) -> SlotsTold:
    """Create slots for every teacher who has a class in the event, of the length that its settings say."""
    before = administration().events.of(person().account, event)
    settings = Settings(**before.settings)
    given = body.begins, body.ends, settings.slot_minutes, settings.gap_minutes
    after = administration().booking.create(before, *given)
    audited(event_of(event), before.booking, after.booking)
    return SlotsTold(teachers=after.booking["teachers"], slots=len(times(*given)))


@route(
    "GET", "/api/events/<event>/slots", Action.SEE_EVENT, tag="slots", answer=Page[TeacherTold],
    raises=(NotThere, NotUnderstood),
)  # fmt: skip
def list_slots(event: EventPath, cursor: Cursor = "", limit: Limit = 50) -> Page[TeacherTold]:
    """The event's teachers with their slots, by id; nobody before slots were created."""
    found = administration().events.of(person().account, event)
    teachers, last = administration().booking.page(found, last_before("slots", cursor), limit)
    slots = times(*(found.booking[name] for name in ("begins", "ends", "minutes", "gap"))) if teachers else []
    told = [TeacherTold(id=one.id, name=one.name, classes=list(one.classes), slots=slots) for one in teachers]
    return Page(items=told, next=cursor_after("slots", last))


@route(
    "PUT", "/api/events/<event>/booking", Action.CHANGE_SLOTS, tag="slots", answer=OpenTold,
    raises=(NotThere, NotSetUp, AlreadyRunning),
)  # fmt: skip
def switch_booking(event: EventPath, body: BookingAsked) -> OpenTold:
    """Open or close booking. Within the event's own times, it is open from now on."""
    before = administration().events.of(person().account, event)
    after = administration().booking.switch(before, body.open)
    audited(event_of(event), before.booking, after.booking)
    return _told(after)[0]


@route("GET", "/api/booking/<account>/<event>", OPEN, tag="slots", answer=BookingTold)
def read_booking(account: AccountPath, event: EventPath) -> BookingTold:
    """What families see: whether they can book, and from when until when. Nothing of an event that never opened."""
    found = administration().events.book.of(account, event)
    if found is None or found.deleting or "on" not in found.booking:
        raise NotThere("there is no such booking", "Check the address that your school gave you.")
    now, school = _told(found)
    teachers = found.booking["teachers"] if now.open else None
    return BookingTold(
        **now.model_dump(), school=school, event=found.name, held_on=found.held_on, teachers=teachers
    )  # fmt: skip


def _told(event: Conference) -> tuple[OpenTold, str]:
    """Whether it is open at this minute, and the school's name."""
    account, settings = administration().accounts.account(event.account), Settings(**event.settings)
    zone, now = (account.zone if account else "") or DEFAULT_ZONE, datetime.fromisoformat(administration().stamp())
    opens, closes = settings.booking_opens or "", settings.booking_closes or ""
    told = OpenTold(open=is_open(event.booking, opens, closes, zone, now), opens=opens, closes=closes)
    return told, account.name if account else ""
