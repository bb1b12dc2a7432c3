"""An event's runs: their history, how one goes, what it would bring or did, and deciding about it."""

from __future__ import annotations

from typing import Annotated, Any

from api import accepted, audited, person, route
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from pydantic import Field
from shapes import Cursor, EventPath, Limit, Page, Told
from spreadsheet import CSV, TOO_LONG, spreadsheet

from roster import tabular
from roster.audit import run_of
from roster.cursor import cursor_after, last_before
from roster.errors import (
    AlreadyRunning,
    CancelRefused,
    FilesMissing,
    NotSetUp,
    NotThere,
    NotUnderstood,
    UndoRefused,
)
from roster.permissions import Action
from roster.ports import Run, RunKey
from roster.previews import previewed
from roster.runtime import administration
from routes.importer import Started

RunPath = Annotated[str, Path(description="the run's id", pattern=r"^[A-Za-z0-9_-]{1,80}$")]
# Each page reads all that the run staged: a list of usual length is one.
Many = Annotated[int, Query(description="items on a page", ge=1, le=1_000)]


class RunInList(Told):
    """`status`: starting, running, applied, preview, held, failed, cancelled or interrupted. `by`: a contact's id, or
    night. `decided`: approved, discarded or undone.
    """

    run: str
    mode: str
    status: str
    started: str
    ended: str
    by: str
    night: str
    decided: str


class RunTold(RunInList):
    """`progress` while it runs, `report` once it has ended. `undoable`: it is the newest change of the account.
    `selection`: what it was to import, where that was its own choice. `mail`: what came of the mail that tells of it.
    """

    progress: dict[str, Any]
    report: dict[str, Any]
    undoable: bool
    decided_by: str
    selection: dict[str, Any]
    mail: str


class Choice(Told):
    """A school or a term that can be chosen. Dates are ISO or blank."""

    id: str
    name: str
    classes: int
    start: str = ""
    end: str = ""
    school: str = ""
    rank: int = 0


class OfferTold(Told):
    """What the provider had to choose from when that run read it."""

    schools: list[Choice]
    terms: list[Choice]


class PreviewedClass(Told):
    id: str
    name: str
    school: str
    terms: list[str]
    teachers: list[str]
    students: int


class Cancelled(Told):
    """`stopped`: false where it had ended already."""

    stopped: bool


class Discarded(Told):
    run: str
    decided: str = Field(default="discarded")


@route(
    "GET",
    "/api/events/<event>/runs",
    Action.SEE_HISTORY,
    tag="runs",
    answer=Page[RunInList],
    raises=(NotThere, NotUnderstood),
)
def list_runs(event: EventPath, cursor: Cursor = "", limit: Limit = 50) -> Page[RunInList]:
    """The event's runs, newest first."""
    importer = administration().importer
    administration().events.of(person().account, event)
    found, last = importer.history(person().account, event, last_before("runs", cursor), limit)
    return Page(items=[RunInList.model_validate(one) for one in found], next=cursor_after("runs", last))


@route("GET", "/api/events/<event>/runs/<run>", Action.SEE_HISTORY, tag="runs", answer=RunTold, raises=(NotThere,))
def read_run(event: EventPath, run: RunPath) -> RunTold:
    """How a run goes, or how it ended."""
    importer, account = administration().importer, person().account
    found = importer.run(account, event, run)
    return RunTold(
        **RunInList.model_validate(found).model_dump(),
        progress=found.progress,
        report=found.report,
        undoable=importer.undoable(account, event, found),
        decided_by=found.decided_by,
        selection=found.asked.get("selection") or {},
        mail=found.mail,
    )


@route(
    "GET", "/api/events/<event>/runs/<run>/offer", Action.SEE_HISTORY, tag="runs", answer=OfferTold,
    raises=(NotThere, FilesMissing),
)  # fmt: skip
def read_offer(event: EventPath, run: RunPath) -> OfferTold:
    """Schools and terms to choose from, as that run found them."""
    offer = administration().files.offer(_found(event, run)[0])
    return OfferTold(schools=[_choice(one) for one in offer["schools"]], terms=[_choice(one) for one in offer["terms"]])


@route(
    "GET", "/api/events/<event>/runs/<run>/classes", Action.SEE_HISTORY, tag="runs", answer=Page[PreviewedClass],
    raises=(NotThere, FilesMissing, NotUnderstood),
)  # fmt: skip
def list_previewed(event: EventPath, run: RunPath, cursor: Cursor = "", limit: Many = 100) -> Page[PreviewedClass]:
    """The classes that a test import would bring, each with its teachers and its number of students."""
    key, record = _found(event, run)
    if record.mode != "preview":
        raise NotThere("only a test import lists classes", "Start a test import, or look at the event's classes.")
    last = last_before("previewed", cursor)
    rows = sorted(previewed(administration().files.slots, key), key=lambda row: row.id)
    found = [row for row in rows if row.id > last][: limit + 1]
    items = [PreviewedClass.model_validate(row) for row in found[:limit]]
    return Page(items=items, next=cursor_after("previewed", found[limit - 1].id if len(found) > limit else ""))


@route(
    "GET", "/api/events/<event>/runs/<run>/changes", Action.SEE_HISTORY, tag="runs", answer=CSV, raises=(NotThere,),
    others=TOO_LONG,
)  # fmt: skip
def read_changes(event: EventPath, run: RunPath) -> Response[str]:
    """Whom or what the run changed, as CSV: never what the values were."""
    rows = tabular.changes(administration().files.slots, _found(event, run)[0])
    return spreadsheet(f"changes-{run}", tabular.CHANGES, rows, accepted())


@route(
    "GET", "/api/events/<event>/runs/<run>/problems", Action.SEE_HISTORY, tag="runs", answer=CSV, raises=(NotThere,),
    others=TOO_LONG,
)  # fmt: skip
def read_problems(event: EventPath, run: RunPath) -> Response[str]:
    """What the run found wrong, a row each with what to do about it, as CSV."""
    key, record = _found(event, run)
    rows = tabular.problems(administration().files.slots, key, record.report)
    return spreadsheet(f"problems-{run}", tabular.PROBLEMS, rows, accepted())


@route(
    "POST", "/api/events/<event>/runs/<run>/cancel", Action.STOP_IMPORT, tag="runs", answer=Cancelled,
    raises=(NotThere, CancelRefused),
)  # fmt: skip
def cancel_run(event: EventPath, run: RunPath) -> Cancelled:
    """Stop a run that has not begun to write."""
    stopped = administration().importer.cancel(person().account, event, run)
    audited(run_of(event, run), {}, {"cancelled": stopped})
    return Cancelled(stopped=stopped)


@route(
    "POST", "/api/events/<event>/runs/<run>/approve", Action.DECIDE_HELD, tag="runs", answer=Started, status=202,
    raises=(NotThere, AlreadyRunning, NotUnderstood, NotSetUp),
)  # fmt: skip
def approve_run(event: EventPath, run: RunPath) -> Started:
    """Say yes to a held run: a new one reads the provider afresh, and may do as much as that one would have done."""
    new = administration().importer.approve(person(), event, run)
    audited(run_of(event, run), {}, {"decided": "approved", "run": new})
    return Started(run=new)


@route(
    "POST", "/api/events/<event>/runs/<run>/discard", Action.DECIDE_HELD, tag="runs", answer=Discarded,
    raises=(NotThere, NotUnderstood),
)  # fmt: skip
def discard_run(event: EventPath, run: RunPath) -> Discarded:
    """Say no to a held run."""
    administration().importer.discard(person(), event, run)
    audited(run_of(event, run), {}, {"decided": "discarded"})
    return Discarded(run=run)


@route(
    "POST", "/api/events/<event>/runs/<run>/undo", Action.DECIDE_HELD, tag="runs", answer=Started, status=202,
    raises=(NotThere, AlreadyRunning, UndoRefused),
)  # fmt: skip
def undo_run(event: EventPath, run: RunPath) -> Started:
    """Take back what a run changed: the roster is byte for byte as it was before."""
    new = administration().importer.undo(person(), event, run)
    audited(run_of(event, run), {}, {"decided": "undone", "run": new})
    return Started(run=new)


def _found(event: str, run: str) -> tuple[RunKey, Run]:
    """A run that is there, and what it is found by: another account's has another key."""
    key = RunKey(person().account, event, run)
    return key, administration().importer.run(key.account, event, run)


def _choice(told: dict[str, Any]) -> Choice:
    return Choice(**{name: told[name] for name in Choice.model_fields if name in told})
