"""What a school sees of its integration: provider, state, fee, help, and whether birth dates are shared."""

from __future__ import annotations

from typing import Any

from api import person, route
from links import SUPPORT, links_of
from shapes import LinkTold, Told
from sources import APPLYING, SOURCES, UNKNOWN

from roster.errors import ContractBroken, NotSetUp, NotThere, ProviderUnavailable
from roster.fees import TERMS
from roster.permissions import Action
from roster.ports import Check
from roster.runtime import administration

STATES = {
    "none": "No roster provider is connected yet.",
    "requested": "Your district has added pickAtime: waiting for pickAtime.",
    "configuring": "pickAtime is setting up your import: waiting for pickAtime.",
    "active": "The data import is active and ready for use.",
    "rejected": f"pickAtime does not set up this import: write to {SUPPORT}.",
}


class SecurityTold(Told):
    """Whether the provider shares birth dates: `yes`, `no` or `unknown`, as seen at that time (ISO, or blank)."""

    shared: str
    at: str
    help: str


class StepTold(Told):
    """`state`: invited, accepted or set up."""

    state: str
    at: str


class IntegrationTold(Told):
    """`state`: none, requested, configuring, active or rejected, since then (ISO time, or blank); `text` says it in
    words. `api_version`: where its provider has several. `fee`: what each attached school costs, `schools`: how many
    there are, `annual`: dollars a year for all of them. `invitation`: oldest step first, where the provider sends one.
    """

    provider: str
    heading: str
    state: str
    since: str
    text: str
    api_version: str
    fee: str
    schools: int
    annual: int
    security_values: SecurityTold
    invitation: list[StepTold]
    links: list[LinkTold]
    support: str


class ResourceTold(Told):
    resource: str
    ok: bool
    code: str
    message: str
    help: str


class CheckTold(Told):
    """`connected`: an import has all that it cannot do without. `security_values`: shared, or none seen. `schools`:
    names of some.
    """

    connected: bool
    checks: list[ResourceTold]
    security_values: str
    security_values_help: str
    schools: list[str]


@route("GET", "/api/integration", Action.SEE_INTEGRATION, tag="integration", answer=IntegrationTold, raises=(NotThere,))
def read_integration() -> IntegrationTold:
    """My account's integration, and what waits for pickAtime."""
    return integration_of(person().account)


@route(
    "POST", "/api/integration/check", Action.SEE_INTEGRATION, tag="integration", answer=CheckTold,
    raises=(NotSetUp, ProviderUnavailable, ContractBroken),
)  # fmt: skip
def check_integration() -> CheckTold:
    """Ask the provider now what it shares, birth dates among it. Nothing is imported."""
    told: dict[str, Any] = administration().integrations.check(person().account)
    return CheckTold.model_validate(told)


def integration_of(account: str) -> IntegrationTold:
    admin = administration()
    standing, statement = admin.integrations.standing(account, APPLYING), admin.billing.statement(account)
    source = SOURCES.get(standing.provider, UNKNOWN)
    usual = source.versions[0] if source.versions else ""
    return IntegrationTold(
        provider=standing.provider,
        heading=source.title,
        state=standing.state,
        since=standing.since,
        text=STATES.get(standing.state, ""),
        api_version=str(standing.settings.get("api_version") or usual) if usual else "",
        fee=TERMS,
        schools=len(statement.schools),
        annual=statement.annual,
        security_values=_security(standing.security, source.security),
        invitation=[StepTold(state=step.state, at=step.at) for step in standing.invitation.steps],
        links=[LinkTold.model_validate(link) for link in links_of(standing.provider)],
        support=SUPPORT,
    )


def _security(seen: Check, where: str) -> SecurityTold:
    return SecurityTold(shared=seen.shared, at=seen.at, help=seen.help or ("" if seen.shared == "yes" else where))
