"""The ports of support and of a school's integration over dictionaries, and the functions that they ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from roster.fees import Attachments
from roster.invitation import Invitation
from roster.model import JSON
from roster.ports import Agreement, Check, Integration
from tests.fakes.onboarding import MemoryAccounts


class MemoryIntegrationBook:
    """roster.ports.IntegrationBook. `faster`: somebody else has changed everything meanwhile."""

    def __init__(self, accounts: MemoryAccounts) -> None:
        self._accounts = accounts
        self.agreements: dict[str, Agreement] = {}
        self.checks: dict[str, Check] = {}
        self.faster = False

    def agreement(self, account: str) -> Agreement:
        return self.agreements.get(account, Agreement())

    def attach(self, account: str, before: Attachments, after: Attachments) -> bool:
        return self._agreed(account, before == self.agreement(account).attachments, attachments=after)

    def invite(self, account: str, before: Invitation, after: Invitation) -> bool:
        return self._agreed(account, before == self.agreement(account).invitation, invitation=after)

    def configure(self, before: Integration, settings: Mapping[str, JSON]) -> bool:
        same = before == self._accounts.integrations.get(before.account) and not self.faster
        if same:
            self._accounts.integrations[before.account] = replace(before, settings=dict(settings))
        return same

    def connect(self, before: Integration | None, after: Integration) -> bool:
        same = before == self._accounts.integrations.get(after.account) and not self.faster
        if same:
            self._accounts.integrations[after.account] = after
        return same

    def check(self, account: str) -> Check:
        return self.checks.get(account, Check())

    def keep_check(self, integration: Integration, check: Check) -> None:
        self.checks[integration.account] = check

    def _agreed(self, account: str, same: bool, **change: JSON) -> bool:
        if not same or self.faster:
            return False
        self.agreements[account] = replace(self.agreement(account), **change)
        return True


class MemoryFunctions:
    """roster.ports.Functions: each is a Python function. `asked` is what was asked, in order."""

    def __init__(self, **functions: Callable[[Mapping[str, JSON]], JSON]) -> None:
        self.functions = {name.replace("_", "-"): function for name, function in functions.items()}
        self.asked: list[tuple[str, Mapping[str, JSON]]] = []

    def ask(self, function: str, event: Mapping[str, JSON]) -> JSON:
        self.asked.append((function, event))
        return self.functions[function](event)
