"""Adoption: who of the people kept here a provider knows, as a test import found it, and the import that goes by it."""

from __future__ import annotations

from typing import Annotated, Literal

from api import audited, person, route
from pydantic import Field
from shapes import Asked, Cursor, EventPath, Id, Limit, Page, Told

from roster.audit import event_of
from roster.cursor import cursor_after, last_before
from roster.duplicates import Pair
from roster.errors import AlreadyRunning, ClearRefused, FilesMissing, NotSetUp, NotThere, NotUnderstood
from roster.importing import MOST_SETTLED, Wanted
from roster.model import Person, Selection, Term
from roster.permissions import Action
from roster.ports import RunKey
from roster.runtime import administration
from routes.importer import Ids, Started
from routes.runs import RunPath


class PersonTold(Told):
    """`number`: the student's number or that of the student information system."""

    id: str
    name: str
    email: str
    number: str
    grade: str


class CandidateTold(PersonTold):
    """Who it may be. `birth_dates`: whether the two are on file and agree; never the dates."""

    birth_dates: Literal["yes", "no", "unknown"]


class PairTold(PersonTold):
    """Somebody kept here. `origin`: who keeps them; `verdict`: what an import that adopts does unless it is settled."""

    origin: str
    kind: str
    verdict: Literal["sure", "unsure"]
    reason: str
    candidates: list[CandidateTold]


class OldAsked(Asked):
    """A contact that is kept here."""

    origin: Id
    kind: Literal["student", "teacher", "parent"]
    id: Id


class SettledAsked(Asked):
    """`new`: the id of the provider's contact who the old one is; null: nobody."""

    old: OldAsked
    new: Id | None


class AdoptAsked(Asked):
    """What to import, as of any import. `preview`: the test import that was looked at; `settled`: who is whom where
    that was unsure, or was taken wrongly. Whoever stays unsure stays as they are, for another time.
    """

    preview: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,80}$")]
    settled: Annotated[list[SettledAsked], Field(max_length=MOST_SETTLED)] = Field(default_factory=list)
    schools: Ids = Field(default_factory=list)
    terms: Ids = Field(default_factory=list)
    contacts: bool = True
    nightly: bool | None = None


@route(
    "GET", "/api/events/<event>/runs/<run>/adoption", Action.SEE_CONTACTS, tag="runs", answer=Page[PairTold],
    raises=(NotThere, FilesMissing, NotUnderstood),
)  # fmt: skip
def list_adoption(event: EventPath, run: RunPath, cursor: Cursor = "", limit: Limit = 25) -> Page[PairTold]:
    """Who may be there twice after this test import, unsure ones first."""
    account, admin = person().account, administration()
    last = last_before("adoption", cursor)
    if admin.importer.run(account, event, run).mode != "preview":
        raise NotThere("only a test import compares people", "Start a test import.")
    if last and not last.isdigit():
        raise NotUnderstood("this is no cursor of this list", "Leave the cursor out to begin with the first page.")
    found, after = admin.duplicates.page(RunKey(account, event, run), int(last or 0), limit)
    return Page(items=[_pair(one) for one in found], next=cursor_after("adoption", str(after or "")))


@route(
    "POST", "/api/events/<event>/adopt", Action.ADOPT_CONTACTS, tag="importer", answer=Started, status=202,
    raises=(NotThere, NotSetUp, AlreadyRunning, ClearRefused, NotUnderstood),
)  # fmt: skip
def adopt_contacts(event: EventPath, body: AdoptAsked) -> Started:
    """Import, and let people kept here become those of the provider: what was set by hand stays with them."""
    me, admin = person(), administration()
    settled = {(one.old.origin, str(one.old.kind), one.old.id): one.new or "" for one in body.settled}
    if len(settled) != len(body.settled):
        raise NotUnderstood("settled: a contact is named twice", "Settle each contact once.")
    selection = Selection(tuple(body.schools), tuple(Term(id) for id in body.terms), body.contacts)
    run = admin.importer.adopt(me, event, Wanted(selection, body.nightly), body.preview, settled)
    audited(event_of(event), {}, {"run": run, "preview": body.preview, "settled": len(settled)})
    return Started(run=run)


def _pair(pair: Pair) -> PairTold:
    match = pair.match
    candidates = [CandidateTold(**_person(one), birth_dates=found.birth_dates) for found, one in pair.candidates]  # type: ignore[arg-type]
    return PairTold(
        **_person(pair.old),
        origin=match.origin,
        kind=match.kind,
        verdict=match.verdict,  # type: ignore[arg-type]
        reason=match.reason,
        candidates=candidates,
    )


def _person(told: Person) -> dict[str, str]:
    number = told.number or told.sis_id
    return {"id": told.id, "name": told.name, "email": told.email, "number": number, "grade": told.grade}
