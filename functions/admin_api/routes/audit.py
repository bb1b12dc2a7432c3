"""The account's audit: who did what, when, and what held before and after. It is read here, and changed nowhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Any

from api import accepted, person, route
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from shapes import Cursor, Limit, Page, Told
from spreadsheet import CSV, TOO_LONG, spreadsheet

from roster.audit import Wanted
from roster.cursor import cursor_after, last_before
from roster.errors import NotUnderstood
from roster.permissions import Action
from roster.ports import Audited
from roster.runtime import administration
from roster.tabular import Row

HEADER: Row = ("when", "by", "name", "action", "about", "before", "after")
LONGEST_FILE = 20_000  # rows, the newest ones
ByAction = Annotated[str, Query(description="an action, as in import.start", max_length=100)]
ByPerson = Annotated[str, Query(description="a contact's id, or night", max_length=300)]
ByAbout = Annotated[str, Query(description="what it was done to, as in `event spring`; its parts too", max_length=500)]


class Entry(Told):
    """Who (`by`: a contact's id, night, or pickAtime itself) did what (`action`) to what (`about`), and when (ISO,
    UTC). `before` and `after`: the fields that differ.
    """

    at: str
    by: str
    name: str
    action: str
    about: str
    before: dict[str, Any]
    after: dict[str, Any]


@route("GET", "/api/audit", Action.SEE_AUDIT, tag="audit", answer=Page[Entry], raises=(NotUnderstood,))
def list_audit(
    action: ByAction = "", by: ByPerson = "", about: ByAbout = "", cursor: Cursor = "", limit: Limit = 50
) -> Page[Entry]:
    """Newest first. With a filter a page may be short, even empty, and have a next one."""
    wanted, last = Wanted(action, by, about), last_before("audit", cursor)
    found, following = administration().audit.page(person().account, last, limit, wanted)
    return Page(items=[Entry.model_validate(row) for row in found], next=cursor_after("audit", following))


@route("GET", "/api/audit/file", Action.SEE_AUDIT, tag="audit", answer=CSV, others=TOO_LONG)
def read_audit_file(action: ByAction = "", by: ByPerson = "", about: ByAbout = "") -> Response[str]:
    """The newest 20,000 rows, as CSV."""
    rows = islice(_rows(Wanted(action, by, about)), LONGEST_FILE)
    return spreadsheet("audit", HEADER, map(_cells, rows), accepted())


def _rows(wanted: Wanted) -> Iterator[Audited]:
    after = ""
    while True:
        found, after = administration().audit.page(person().account, after, LONGEST_FILE, wanted)
        yield from found
        if not after:
            return


def _cells(row: Audited) -> Row:
    return row.at, row.by, row.name, row.action, row.about, _said(row.before), _said(row.after)


def _said(values: Any) -> str:
    return json.dumps(values, ensure_ascii=False) if values else ""
