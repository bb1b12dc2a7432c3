"""Reports of an event, for a spreadsheet: what was imported into it last."""

from __future__ import annotations

from typing import Annotated, Literal

from api import accepted, person, route
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path
from shapes import EventPath
from spreadsheet import CSV, TOO_LONG, spreadsheet

from roster import tabular
from roster.errors import NotSetUp, NotThere
from roster.permissions import Action
from roster.runtime import administration

ReportPath = Annotated[Literal["classes", "enrolments", "people"], Path(description="which report")]


@route(
    "GET", "/api/events/<event>/reports/<report>", Action.SEE_REPORTS, tag="reports", answer=CSV,
    raises=(NotThere, NotSetUp), others=TOO_LONG,
)  # fmt: skip
def read_report(event: EventPath, report: ReportPath) -> Response[str]:
    """An event's classes, enrolments or people, as CSV."""
    admin, account = administration(), person().account
    admin.events.of(account, event)
    found = admin.importer.records.event(account, event)
    marks = admin.hand_list.book.marks(account, edited=True)
    rows = tabular.report(admin.files.slots, report, admin.importer.integration(account), found, marks)
    return spreadsheet(f"{report}-{event}", tabular.REPORTS[report], rows, accepted())
