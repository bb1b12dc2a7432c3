"""Which schools the account has attached, and what they cost; support does the same for any account."""

from __future__ import annotations

from typing import Annotated

from api import person, route
from pydantic import Field
from shapes import AccountPath, Asked, Name, Told

from roster.errors import AccountBusy, NotThere
from roster.fees import FEE, TERMS, Attachments
from roster.permissions import Action
from roster.runtime import administration


class SchoolsAsked(Asked):
    """All schools that shall be attached, by name. One that is left out stays until the next renewal."""

    schools: Annotated[list[Name], Field(max_length=500)]


class SchoolTold(Told):
    """Dates are ISO; `until`: from then on it is no longer attached, or blank. `fee`: dollars a year."""

    name: str
    since: str
    until: str
    fee: int = FEE


class StatementTold(Told):
    """`annual`: dollars a year for the schools that are attached; `next_annual`: from `renews` on, for those that stay.
    A school counts once, however many integrations it uses.
    """

    fee: str
    currency: str
    schools: list[SchoolTold]
    annual: int
    renews: str
    next_annual: int


MINE, ANYBODYS = "/api/account", "/api/support/accounts/<account>"


@route("GET", f"{MINE}/schools", Action.SEE_FEES, tag="fees", answer=StatementTold, raises=(NotThere,))
def list_schools() -> StatementTold:
    """The attached schools."""
    return statement_of(person().account)


@route(
    "PUT", f"{MINE}/schools", Action.ATTACH_SCHOOLS, tag="fees", answer=StatementTold, raises=(NotThere, AccountBusy)
)
def attach_schools(body: SchoolsAsked) -> StatementTold:
    """Attach these schools and no others. Each costs the fee; one that is left out stays until the renewal."""
    return _attached(person().account, Action.ATTACH_SCHOOLS, body)


@route("GET", f"{MINE}/statement", Action.SEE_FEES, tag="fees", answer=StatementTold, raises=(NotThere,))
def read_statement() -> StatementTold:
    """What the account pays, school by school."""
    return statement_of(person().account)


@route("GET", f"{ANYBODYS}/schools", Action.SEE_SUPPORT, tag="support", answer=StatementTold, raises=(NotThere,))
def list_schools_of(account: AccountPath) -> StatementTold:
    """An account's attached schools, and what it pays."""
    return statement_of(account)


@route(
    "PUT", f"{ANYBODYS}/schools", Action.CHANGE_FEES, tag="support", answer=StatementTold,
    raises=(NotThere, AccountBusy),
)  # fmt: skip
def attach_schools_of(account: AccountPath, body: SchoolsAsked) -> StatementTold:
    """Attach these schools, and no others, to an account."""
    return _attached(account, Action.CHANGE_FEES, body)


def statement_of(account: str) -> StatementTold:
    found = administration().billing.statement(account)
    return StatementTold(
        fee=TERMS,
        currency="USD",
        schools=[SchoolTold(name=one.name, since=one.since, until=one.until) for one in found.schools],
        annual=found.annual,
        renews=found.renews,
        next_annual=found.next_annual,
    )


def _attached(account: str, action: Action, body: SchoolsAsked) -> StatementTold:
    admin = administration()
    before, after = admin.billing.attach(account, body.schools)
    if before != after:
        admin.audit.did(person(), action, "attached schools", _audited(before), _audited(after), account)
    return statement_of(account)


def _audited(attachments: Attachments) -> dict[str, object]:
    return {one.name: f"until {one.until}" if one.until else f"since {one.since}" for one in attachments.schools}
