"""What an account sees of its integration: whose it is, how far pickAtime is with it, whether birth dates are shared.

A district that has applied has no integration before it is active, so what support decides is read beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from roster.admission import ACTIVE, CONFIGURING, REJECTED, Application
from roster.beginning import check_active
from roster.errors import AccountBusy, MoveRefused, RosterError
from roster.integrated import known_integration
from roster.invitation import Invitation
from roster.model import JSON
from roster.ports import (
    Applications,
    Check,
    Credentials,
    Functions,
    Integration,
    IntegrationBook,
    Records,
    Run,
    RunKey,
)

NONE = "none"
INSTEAD = (
    "Say that the new provider takes its place (replace). Its people have other ids: run a test import first, then "
    "adopt the contacts, or clear them."
)
WITHOUT = (
    "The account imports with this connection. Choose “Import and Single Sign-On”, or say that imports shall end "
    "(replace)."
)
UNTRIED: dict[str, Any] = {
    "connected": True,
    "checks": [],
    "security_values": "none seen",
    "security_values_help": "Nothing is imported with it.",
    "schools": [],
}
LOOK_AGAIN = "Look at it again in a few minutes, and connect then."
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
    credentials: Credentials
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
        told = self._asked(integration)
        if told["connected"]:  # else nothing is known of what it would share
            self._keep_check(integration, told)
        return told

    def connect(
        self,
        account: str,
        provider: str,
        settings: Mapping[str, JSON],
        secret: Mapping[str, str],
        instead: bool = False,
        imports: bool = True,
    ) -> dict[str, Any]:
        """Try a connection. It is kept, and imports can run, only where it gives all that an import needs.

        Settings that are not given stay as they are while the provider does; None takes one away. `instead`: in place
        of another provider, or of imports, which raises MoveRefused otherwise. `imports`: whether it is for imports at
        all; one that is not is kept untried, and nothing is imported with it: it stands beside the provider that the
        account imports from, if that is another one.
        """
        before = self.of(account)
        ours = before is not None and before.provider == provider
        if imports and before and not ours and not instead:
            raise MoveRefused(f"the account imports from {before.provider}", INSTEAD)
        if not imports and before and ours and before.state == ACTIVE and not instead:
            raise MoveRefused("imports would end with this", WITHOUT)
        known = before.settings if before and ours else {}
        kept = {name: value for name, value in {**known, **settings}.items() if value is not None}
        after = Integration(account, provider, kept, state=ACTIVE if imports else CONFIGURING)
        told = self._asked(after, secret=dict(secret)) if imports else UNTRIED
        if told["connected"]:
            if (imports or ours) and not self.book.connect(before, after):
                raise AccountBusy("somebody else changes the integration, or an import is under way", LOOK_AGAIN)
            self._keep(before, after, secret, connected=imports or ours)
        if told["connected"] and imports:
            self._keep_check(after, told)
        return told

    def _keep(self, before: Integration | None, after: Integration, secret: Mapping[str, str], connected: bool) -> None:
        """The credential of what is connected now. Where it cannot be kept, the connection of before is back, or none
        is active: else a credential would be sent to another's address, or nights would fail for the want of one.
        """
        try:
            self.credentials.keep(after.account, after.provider, secret)
        except RosterError:
            if connected:
                self.book.connect(after, before or replace(after, state=CONFIGURING))
            raise

    def of(self, account: str) -> Integration | None:
        return known_integration(self.records, account)

    def _asked(self, integration: Integration, **more: JSON) -> dict[str, Any]:
        asked = {"step": "check", "account": integration.account, "settings": integration.settings, **more}
        told: dict[str, Any] = self.functions.ask(f"import-{integration.provider}", asked)
        return told

    def _keep_check(self, integration: Integration, told: Mapping[str, Any]) -> None:
        shared = "yes" if told["security_values"] == "shared" else "no"
        self.book.keep_check(integration, Check(self.now(), shared, told["security_values_help"]))

    def _application(self, account: str, providers: Iterable[str]) -> Application | None:
        found = (one for provider in providers for one in self.applications.all(provider, account))
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
