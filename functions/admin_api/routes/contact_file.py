"""Contacts as a file: those that a person keeps in a spreadsheet, and all of the account's."""

from __future__ import annotations

from typing import Annotated

from api import accepted, person, route
from aws_lambda_powertools.event_handler import Response
from pydantic import StringConstraints
from shapes import Asked, Told
from sources import SOURCES, UNKNOWN
from spreadsheet import CSV, TOO_LONG, spreadsheet

from roster.clearing import origins_of
from roster.errors import AlreadyRunning
from roster.handlist import HEADER, Filed
from roster.permissions import Action
from roster.runtime import administration

LONGEST_FILE = 4_000_000  # characters; a Lambda takes 6 MB, and JSON makes some of it longer
MOST_TOLD = 1_000


class ContactFile(Asked):
    """`csv`: the file's text, with a first line that names the columns. `dry_run`: only say what it would do.
    `skip_problems`: leave out rows with problems, which otherwise stop all of it.
    """

    csv: Annotated[str, StringConstraints(max_length=LONGEST_FILE)]
    dry_run: bool
    skip_problems: bool = False


class ProblemTold(Told):
    """`line`: as an editor counts them. `column`: blank, where it is about the line or the file."""

    line: int
    column: str
    problem: str
    help: str


class MovedTold(Told):
    """`line` 0: a child that another's line links. `changed`: which attributes; never what they hold."""

    line: int
    outcome: str
    kind: str
    name: str
    changed: list[str]


class PassedOver(Told):
    """Rows of contacts that a file does not change, and why."""

    why: str
    rows: int


class FileTold(Told):
    """What the file does, or, once `done`, did. Of long lists the beginning; the numbers count all."""

    done: bool
    created: int
    updated: int
    unchanged: int
    passed_over: list[PassedOver]
    problem_count: int
    problems: list[ProblemTold]
    warnings: list[ProblemTold]
    changes: list[MovedTold]


@route(
    "POST", "/api/contacts/file", Action.CHANGE_CONTACTS, tag="contacts", answer=FileTold, raises=(AlreadyRunning,),
    largest=LONGEST_FILE + LONGEST_FILE // 8,
)  # fmt: skip
def bring_contacts(body: ContactFile) -> FileTold:
    """Make and change contacts that are kept by hand, from a file; the same file again changes nothing."""
    admin, me = administration(), person()
    filed = admin.hand_list.bring(me.account, body.csv, body.dry_run, body.skip_problems)
    if filed.done and filed.moved:
        counts = {name: filed.count(name) for name in ("created", "updated")}
        admin.audit.did(me, Action.CHANGE_CONTACTS, "contacts of a file", after=counts)
    return _told(filed)


@route("GET", "/api/contacts/file", Action.SEE_CONTACTS, tag="contacts", answer=CSV, others=TOO_LONG)
def read_contacts_file() -> Response[str]:
    """All contacts of the account, as CSV; those that are kept by hand can come back so."""
    admin, me = administration(), person()
    found = admin.importer.integration(me.account)
    origins = origins_of(found.origins, found.provider) if found else origins_of(())
    rows = admin.hand_list.rows(me.account, origins, {name: one.title for name, one in SOURCES.items()})
    answer = spreadsheet("contacts", HEADER, rows, accepted())
    admin.audit.did(me, Action.SEE_CONTACTS, "all contacts as a file")
    return answer


def _told(filed: Filed) -> FileTold:
    return FileTold(
        done=filed.done,
        created=filed.count("created"),
        updated=filed.count("updated"),
        unchanged=filed.unchanged,
        passed_over=[PassedOver(why=_why(origin), rows=rows) for origin, rows in sorted(filed.skipped.items())],
        problem_count=len(filed.problems),
        problems=[ProblemTold.model_validate(one) for one in filed.problems[:MOST_TOLD]],
        warnings=[ProblemTold.model_validate(one) for one in filed.warnings[:MOST_TOLD]],
        changes=[
            MovedTold(line=one.line, outcome=one.outcome, kind=one.after.kind, name=one.after.name, changed=one.changed)
            for one in filed.moved[:MOST_TOLD]
        ],
    )


def _why(origin: str) -> str:
    return (
        "is inactive"
        if origin == "inactive"
        else f"comes from {SOURCES.get(origin.casefold(), UNKNOWN).title or origin}"
    )
