"""Which schools an account has attached, and what that costs: kept explicitly, whoever attaches them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from roster import fees
from roster.clocks import DEFAULT_ZONE, zone_of
from roster.errors import AccountBusy, NotThere
from roster.fees import Attachments, Statement
from roster.ports import AccountBook, IntegrationBook


@dataclass(frozen=True)
class Billing:
    book: IntegrationBook
    accounts: AccountBook
    now: Callable[[], datetime]

    def statement(self, account: str) -> Statement:
        return fees.stated(self.book.agreement(account).attachments, self._today(account))

    def attach(self, account: str, names: Iterable[str]) -> tuple[Attachments, Attachments]:
        """These schools and no others; what was attached before, and what is now."""
        today = self._today(account)
        before = self.book.agreement(account).attachments
        after = fees.attached(before, names, today)
        if after != before and not self.book.attach(account, before, after):
            raise AccountBusy(f"somebody else has just changed the schools of account {account}", "Look again.")
        return before, after

    def _today(self, account: str) -> date:
        """On the clocks of the account."""
        found = self.accounts.account(account)
        if not found:
            raise NotThere(f"there is no account {account}")
        return self.now().astimezone(zone_of(found.zone or DEFAULT_ZONE)).date()
