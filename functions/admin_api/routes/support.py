"""pickAtime's own support: the queue of districts, and an account's invitation and API version.

It reaches any account; what it changes there stands in that account's audit.
"""

from __future__ import annotations

from typing import Annotated, Literal

from api import person, route
from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import StringConstraints
from shapes import AccountPath, Asked, Told
from sources import APPLYING, SOURCES

from roster.admission import MOVES, Application
from roster.errors import AccountBusy, CredentialRejected, MoveRefused, NotSetUp, NotThere, ProviderUnavailable
from roster.permissions import Action
from roster.runtime import administration
from routes.integration import IntegrationTold, integration_of

INVITING = next(name for name, source in SOURCES.items() if source.invites)
VERSIONED = next(name for name, source in SOURCES.items() if source.versions)
OF_ACCOUNT = "/api/support/accounts/<account>"

ProviderPath = Annotated[str, Path(description="a provider in whose console districts apply", max_length=40)]
TenantPath = Annotated[str, Path(description="the district's number at the provider", max_length=300)]


class ApplicationTold(Told):
    """A district. `obstacle`: why it cannot be imported, or blank; `shared`: it can. `allowed`: what it can become.
    `notice`: what went wrong beside a move. Times are ISO.
    """

    provider: str
    tenant: str
    name: str
    state: str
    since: str
    shared: bool
    shared_since: str
    obstacle: str
    account: str
    notice: str
    allowed: list[str]


class QueueTold(Told):
    """Whose state changed last comes first."""

    items: list[ApplicationTold]


class MoveAsked(Asked):
    """`account`: needed for configuring, where the district has none yet."""

    to: Literal["configuring", "active", "rejected"]
    account: Annotated[str, StringConstraints(pattern=r"^[0-9]{0,20}$")] = ""


class InvitationAsked(Asked):
    to: Literal["invited", "accepted", "set up"]


class VersionAsked(Asked):
    version: Literal["v3.0", "v2.1", "v2.0"]


@route("GET", "/api/support/applications", Action.SEE_SUPPORT, tag="support", answer=QueueTold)
def list_applications() -> QueueTold:
    """Which districts have added pickAtime, and how far each is."""
    return QueueTold(items=[_told(one) for one in administration().support.queue(APPLYING)])


@route(
    "POST", "/api/support/applications/<provider>/<tenant>/move", Action.CHANGE_ACTIVATION, tag="support",
    answer=ApplicationTold, raises=(NotThere, NotSetUp, MoveRefused, CredentialRejected, ProviderUnavailable),
)  # fmt: skip
def move_application(provider: ProviderPath, tenant: TenantPath, body: MoveAsked) -> ApplicationTold:
    """Move a district on. Once it is active, the account's administrators are mailed, once."""
    if provider not in APPLYING:
        raise NotThere(f"districts do not apply at {provider[:40]}")
    before, after = administration().support.move(person(), provider, tenant, body.to, body.account)
    _audit_move(before, after)
    return _told(after)


@route(
    "GET", f"{OF_ACCOUNT}/integration", Action.SEE_SUPPORT, tag="support", answer=IntegrationTold, raises=(NotThere,)
)
def read_integration_of(account: AccountPath) -> IntegrationTold:
    """An account's integration, as the account sees it."""
    return integration_of(account)


@route(
    "POST", f"{OF_ACCOUNT}/invitation", Action.CHANGE_ACTIVATION, tag="support", answer=IntegrationTold,
    raises=(NotThere, MoveRefused, AccountBusy),
)  # fmt: skip
def move_invitation(account: AccountPath, body: InvitationAsked) -> IntegrationTold:
    """Note that the account was invited, that it has accepted, or that it is set up."""
    admin, me = administration(), person()
    before, after = admin.support.invite(me, account, INVITING, body.to)
    was, now = {"state": before.state}, {"state": after.state}
    admin.audit.did(me, Action.CHANGE_ACTIVATION, f"invitation {INVITING}", was, now, account)
    return integration_of(account)


@route(
    "PUT", f"{OF_ACCOUNT}/api-version", Action.CHANGE_API_VERSION, tag="support", answer=IntegrationTold,
    raises=(NotThere, NotSetUp, AccountBusy),
)  # fmt: skip
def switch_api_version(account: AccountPath, body: VersionAsked) -> IntegrationTold:
    """Import from another version of the provider's API, from the next run on. People stay who they are."""
    admin = administration()
    before = admin.support.switch_version(account, VERSIONED, body.version) or SOURCES[VERSIONED].versions[0]
    if before != body.version:
        was, now = {"api_version": before}, {"api_version": body.version}
        admin.audit.did(person(), Action.CHANGE_API_VERSION, f"integration {VERSIONED}", was, now, account)
    return integration_of(account)


def _audit_move(before: Application, after: Application) -> None:
    """In the account that the district belongs to, in the one that it has left, or in pickAtime's own."""
    was, now = _decided(before), _decided(after)
    if was == now:
        return
    audit, about = administration().audit, f"application {after.provider} {after.tenant}"
    for account in sorted({before.account, after.account} - {""}) or [""]:
        audit.did(person(), Action.CHANGE_ACTIVATION, about, was, now, account)


def _decided(one: Application) -> dict[str, object]:
    return {"state": one.state, "account": one.account, "activation": one.activation}


def _told(one: Application) -> ApplicationTold:
    return ApplicationTold(
        provider=one.provider,
        tenant=one.tenant,
        name=one.name,
        state=one.state,
        since=one.state_since,
        shared=one.shared,
        shared_since=one.shared_since,
        obstacle=one.obstacle,
        account=one.account,
        notice=one.notice,
        allowed=list(MOVES[one.state]),
    )
