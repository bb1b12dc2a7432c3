"""What an account sees of its integration: whose it is, how far pickAtime is with it, whether birth dates are shared.

A district that has applied has no integration before it is active, so what support decides is read beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from roster.admission import ACTIVE, REJECTED, Application
from roster.beginning import check_active
from roster.integrated import known_integration
from roster.invitation import Invitation
from roster.model import JSON
from roster.ports import Applications, Check, Functions, Integration, IntegrationBook, Records, Run, RunKey

NONE = "none"
SHOWN = {"full": "yes", "partial": "yes", "empty": "no", "refused": "no"}  # by the state that a run's report tells


@dataclass(frozen=True)
class Standing:
    """`state`: none, requested, configuring, active or rejected, since then (ISO time, or blank where unknown)."""

    provider: str = ""
    state: str = NONE
    since: str = ""
    settings: Mapping[str, JSON] = field(default_factory=dict)
    security: Check = field(default_factory=Check)
    invitation: Invitation = field(default_factory=Invitation)


@dataclass(frozen=True)
class Integrations:
    """`now`: ISO time."""

    records: Records
    applications: Applications
    book: IntegrationBook
    functions: Functions
    now: Callable[[], str]

    def progress(self, account: str, applying: Iterable[str] = ()) -> Standing:
        """Provider and state. `applying`: the providers in whose consoles districts apply."""
        return self._progress(account, known_integration(self.records, account), applying)

    def standing(self, account: str, applying: Iterable[str] = ()) -> Standing:
        """The same, with all else that is known."""
        integration, agreement = known_integration(self.records, account), self.book.agreement(account)
        security = self._security(integration) if integration else Check()
        found = self._progress(account, integration, applying)
        return replace(found, security=security, invitation=agreement.invitation)

    def _progress(self, account: str, integration: Integration | None, applying: Iterable[str]) -> Standing:
        found = Standing(integration.provider, integration.state) if integration else Standing()
        application = self._application(account, [found.provider] if integration else applying)
        if application and found.state != ACTIVE:  # what runs while its district is not active, was set up by hand
            found = Standing(application.provider, application.state)
        settings = integration.settings if integration else {}
        since = application.state_since if application and application.state == found.state else ""
        return replace(found, since=since, settings=settings)

    def check(self, account: str) -> dict[str, Any]:
        """Ask the provider for a small page of everything (see roster.connect), with the credential in use."""
        integration = self.records.integration(account)
        check_active(integration)
        asked = {"step": "check", "account": account, "settings": integration.settings}
        told: dict[str, Any] = self.functions.ask(f"import-{integration.provider}", asked)
        if told["connected"]:  # else nothing is known of what it would share
            shared = "yes" if told["security_values"] == "shared" else "no"
            self.book.keep_check(integration, Check(self.now(), shared, told["security_values_help"]))
        return told

    def _application(self, account: str, providers: Iterable[str]) -> Application | None:
        found = (one for provider in providers for one in self.applications.all(provider) if one.account == account)
        return max(found, key=lambda one: (one.state != REJECTED, one.state_since), default=None)

    def _security(self, integration: Integration) -> Check:
        """What was seen last: by a check, or by the run that has changed the account last."""
        account, newest = integration.account, integration.changed
        events = self.records.all_events(account) if newest else ()
        runs = (RunKey(account, one.event, newest) for one in events if one.changed == newest)
        reported = (_reported(self.records.run(key)) for key in runs)
        return max([self.book.check(account), *reported], key=lambda one: one.at)


def _reported(run: Run | None) -> Check:
    security = run.report.get("security_values") if run else None
    if not run or not security or not security["students"]:
        return Check()
    return Check(run.started, SHOWN[security["state"]], security["help"])
