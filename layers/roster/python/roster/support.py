"""What pickAtime's own support does for schools: the queue of districts, invitations, API versions.

Each takes the account, and returns what held before and what holds now, for the account's audit. Credentials are
handled by the functions that need them: districts are moved by their provider's function, which is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from roster.admission import Application
from roster.errors import AccountBusy, MoveRefused, NotSetUp, NotThere
from roster.integrated import known_integration
from roster.invitation import SET_UP, Invitation, moved
from roster.permissions import Administrator
from roster.ports import AccountBook, Applications, Functions, IntegrationBook, Records

VERSION = "api_version"
LOOK_AGAIN = "Look at it again, and decide anew."


@dataclass(frozen=True)
class Support:
    """`now`: ISO time."""

    applications: Applications
    accounts: AccountBook
    records: Records
    book: IntegrationBook
    functions: Functions
    now: Callable[[], str]

    def queue(self, providers: Iterable[str]) -> list[Application]:
        """Every district that has applied; whose state changed last comes first."""
        found = [one for provider in providers for one in self.applications.all(provider)]
        return sorted(found, key=lambda one: one.state_since, reverse=True)

    def check_account(self, account: str) -> None:
        if not self.accounts.account(account):
            raise NotThere(f"there is no account {account}")

    def move(
        self, person: Administrator, provider: str, tenant: str, to: str, account: str = ""
    ) -> tuple[Application, Application]:
        before = self._application(provider, tenant)
        asked = {"step": "move", "tenant": tenant, "to": to, "account": account, "level": str(person.level)}
        self.functions.ask(f"{provider}-districts", asked)
        return before, self._application(provider, tenant)

    def switch_version(self, account: str, provider: str, version: str) -> str:
        """The version before, blank where none was chosen. The next run uses the new one."""
        self.check_account(account)
        integration = known_integration(self.records, account)
        if not integration or integration.provider != provider:
            raise NotSetUp(f"account {account} does not import from {provider}")
        before = str(integration.settings.get(VERSION) or "")
        if before != version and not self.book.configure(integration, {**integration.settings, VERSION: version}):
            raise AccountBusy(f"somebody else has just changed the integration of account {account}", LOOK_AGAIN)
        return before

    def invite(self, person: Administrator, account: str, provider: str, to: str) -> tuple[Invitation, Invitation]:
        """Set up is an account whose import from this provider is connected."""
        self.check_account(account)
        integration = known_integration(self.records, account)
        if integration and integration.provider != provider:
            raise MoveRefused(f"account {account} imports from {integration.provider}")
        before = self.book.agreement(account).invitation
        after = moved(before, to, self.now(), person.id)
        if to == SET_UP and not integration:
            raise MoveRefused(f"account {account} is not connected yet", "Connect it first.")
        if not self.book.invite(account, before, after):
            raise AccountBusy(f"somebody else has just moved the invitation of account {account}", LOOK_AGAIN)
        return before, after

    def _application(self, provider: str, tenant: str) -> Application:
        found = self.applications.of(provider, tenant)
        if not found:
            raise NotThere(f"no district {tenant} has added pickAtime at {provider}")
        return found
