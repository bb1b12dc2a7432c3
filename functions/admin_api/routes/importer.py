"""The Importer: what it is set up for, starting a test import or an import, and switching nightly syncs."""

from __future__ import annotations

from typing import Annotated, Literal

from api import audited, person, route
from links import SUPPORT
from pydantic import Field, StringConstraints
from shapes import Asked, EventName, EventPath, Id, Told
from sources import APPLYING, NOTE, SOURCES, STEPS, UNKNOWN

from roster.audit import event_of
from roster.errors import AlreadyRunning, ClearRefused, NotSetUp, NotThere, NotUnderstood
from roster.importing import Clear, Wanted
from roster.keys import provider_of
from roster.model import NO_TERM, Level, Selection, Term
from roster.permissions import Action, permit
from roster.runtime import administration

Ids = Annotated[list[Id], Field(max_length=500)]
ClearLevel = Literal[
    "Customer", "Appointment Viewer", "Appointment Maker", "Resource Administrator", "Event Administrator"
]
CAPTIONS = {
    Level.CUSTOMER: "Customer Access Only",
    Level.APPOINTMENT_VIEWER: "Admin Level - Appointment Viewer",
    Level.APPOINTMENT_MAKER: "Admin Level - Appointment Maker",
    Level.RESOURCE_ADMINISTRATOR: "Admin Level - Resource Administrator",
    Level.EVENT_ADMINISTRATOR: "Admin Level - Event Administrator",
}


class ClearAsked(Asked):
    """Delete contacts up to this level first. `confirm`: the word DELETE, typed; a test import needs none."""

    level: ClearLevel
    confirm: Annotated[str, StringConstraints(max_length=20)] = ""


class RunAsked(Asked):
    """What to import. `schools`, `terms`: ids; no school is all of them, and an import needs a
    term. `nightly`: left out, the event's switch stays."""

    mode: Literal["import", "preview"]
    schools: Ids = Field(default_factory=list)
    terms: Ids = Field(default_factory=list)
    contacts: bool = True
    nightly: bool | None = None
    clear: ClearAsked | None = None


class ClearAlone(ClearAsked):
    """`preview`: only say how many of each level it would delete."""

    event: EventName
    preview: bool = False


class Started(Told):
    """The run; its record tells how it goes."""

    run: str


class LevelTold(Told):
    """A choice of `Level to delete`; it takes all lower levels with it."""

    level: str
    caption: str


class ByHandTold(Told):
    """How many contacts of each kind the account has that no integration brought."""

    student: int = 0
    teacher: int = 0
    parent: int = 0


class ImporterTold(Told):
    """`heading`: the provider that the Importer is set up for, or blank. `ready`: imports can run; else `help` says
    why not. `usual_nightly`: whether a first import ticks "Sync nightly". `no_term`: the id that stands for classes
    without a term. `advice` and `steps`: before an integration's first import into an account that holds older data, as
    `older_data` says of this one; `by_hand` counts what people keep by hand of it, and `note` warns of it.
    """

    provider: str
    heading: str
    state: str
    ready: bool
    help: str
    terms_note: str
    review: str
    review_address: str
    usual_nightly: bool
    no_term: str
    levels: list[LevelTold]
    older_data: bool
    advice: str
    steps: list[str]
    by_hand: ByHandTold
    note: str


class Switch(Asked):
    enabled: bool


class Switched(Told):
    enabled: bool


class NightlyEvent(Told):
    id: str
    name: str


class NightlyTold(Told):
    """Every event that is synced each night."""

    items: list[NightlyEvent]


class Stopped(Told):
    """The events whose nightly sync was stopped."""

    events: list[str]


@route("GET", "/api/importer", Action.SEE_IMPORTER, tag="importer", answer=ImporterTold)
def read_importer() -> ImporterTold:
    """What the Importer is set up for."""
    me, admin = person(), administration()
    standing = admin.integrations.progress(me.account, APPLYING)
    events, _ = admin.events.page(me, "", 1)
    source, state = SOURCES.get(standing.provider, UNKNOWN), standing.state
    by_hand = _by_hand(me.account, standing.provider)
    return ImporterTold(
        provider=standing.provider,
        heading=source.title,
        state=state,
        ready=state == "active" and bool(events),
        help=_why_not(state) or ("" if events else "Create an event first: imports go into an event."),
        terms_note=source.terms,
        review=source.review,
        review_address=source.review_address,
        usual_nightly=source.usual,
        no_term=NO_TERM,
        levels=[LevelTold(level=level.value, caption=caption) for level, caption in CAPTIONS.items()],
        older_data=admin.duplicates.holds_older(admin.importer.integration(me.account)),
        advice="Clear old data before the new import.",
        steps=list(STEPS),
        by_hand=ByHandTold(**by_hand),
        note=NOTE if by_hand else "",
    )


def _by_hand(account: str, provider: str) -> dict[str, int]:
    """Contacts that an integration's first import would bring a second time; none once it has imported."""
    found = administration().importer.integration(account)
    if not provider or (found and provider_of(found.ledger) == provider):
        return {}
    kept = administration().hand_list.book.kinds(account)
    return {kind: kept[kind] for kind in ("student", "teacher", "parent") if kept.get(kind)}


def _why_not(state: str) -> str:
    if state == "active":
        return ""
    if state == "none":
        return "Connect a roster provider first: Global Setup, Business, Integration Options."
    if state == "rejected":
        return f"pickAtime does not set up this import: write to {SUPPORT}."
    return "This import is waiting for pickAtime: you will get an e-mail when it is active and ready for use."


@route(
    "POST", "/api/events/<event>/runs", Action.START_IMPORT, tag="importer", answer=Started, status=202,
    raises=(NotThere, NotSetUp, AlreadyRunning, ClearRefused, NotUnderstood),
)  # fmt: skip
def start_run(event: EventPath, body: RunAsked) -> Started:
    """Start an import, or a test import that changes nothing."""
    me, importer = person(), administration().importer
    wanted = Wanted(Selection(tuple(body.schools), tuple(Term(id) for id in body.terms), body.contacts), body.nightly)
    if body.clear:
        permit(me, Action.DELETE_CONTACTS)
    clear = Clear(body.clear.level, body.clear.confirm) if body.clear else None
    begin = importer.preview if body.mode == "preview" else importer.start
    run = begin(me, event, wanted, clear)
    chosen = body.model_dump(exclude={"clear"}, exclude_none=True)
    audited(event_of(event), {}, {"run": run, **chosen, "clear": body.clear.level if body.clear else ""})
    return Started(run=run)


@route(
    "POST", "/api/contacts/clear", Action.DELETE_CONTACTS, tag="importer", answer=Started, status=202,
    raises=(NotThere, AlreadyRunning, ClearRefused, NotUnderstood),
)  # fmt: skip
def clear_contacts(body: ClearAlone) -> Started:
    """Delete all contacts up to a level, without an import. It can be undone until the account changes again."""
    importer = administration().importer
    if body.preview:
        run = importer.whom(person(), body.event, body.level)
    else:
        run = importer.clear(person(), body.event, Clear(body.level, body.confirm))
    audited(event_of(body.event), {}, {"run": run, "clear": body.level, "preview": body.preview})
    return Started(run=run)


@route(
    "PUT", "/api/events/<event>/nightly", Action.STOP_SYNC, tag="nightly", answer=Switched,
    raises=(NotThere, NotSetUp),
)  # fmt: skip
def switch_nightly(event: EventPath, body: Switch) -> Switched:
    """Start or stop the nightly sync of an event."""
    admin, account = administration(), person().account
    before = admin.events.of(account, event).nightly
    admin.importer.switch(person(), event, body.enabled)
    audited(event_of(event), {"nightly": before}, {"nightly": body.enabled})
    return Switched(enabled=body.enabled)


@route("GET", "/api/nightly", Action.SEE_IMPORTER, tag="nightly", answer=NightlyTold)
def list_nightly() -> NightlyTold:
    """Which of my events are synced every night."""
    me, admin = person(), administration()
    enabled = admin.importer.nights.enabled(me.account)
    found = admin.events.mine(me, enabled)
    return NightlyTold(items=[NightlyEvent(id=one.event, name=one.name) for one in found])


@route("POST", "/api/nightly/stop", Action.STOP_ALL_SYNC, tag="nightly", answer=Stopped)
def stop_all_nightly() -> Stopped:
    """Stop the nightly sync of all events."""
    stopped = administration().importer.nights.stop_all(person().account)
    for event in stopped:
        audited(event_of(event), {"nightly": True}, {"nightly": False})
    return Stopped(events=stopped)
