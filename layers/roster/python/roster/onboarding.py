"""Onboarding: districts are found by polling their provider, and pickAtime's support moves them until they import.

Found means written down, nothing more. Only at activation is the listing read again for the district's credential,
which then lies in its secret and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from roster.admission import (
    ACTIVE,
    CONFIGURING,
    NOT_YET,
    REJECTED,
    Application,
    Listed,
    by_tenant,
    compared,
    corrects_account,
    described,
    is_repeated,
    may_move,
    only_support,
    unmoved,
)
from roster.announcing import NOT_SENT, Announcer
from roster.errors import MoveRefused, NotSetUp, RosterError
from roster.integrated import known_integration
from roster.model import JSON
from roster.ports import Accounts, Applications, Credentials, Integration

EMPTY = "the provider lists no district at all, which is not believed: yesterday's districts stay as they are"
NOT_EMPTIED = "the district's credential may still be in the secret of account {}, which cannot be emptied: look there"
UNUSABLE = (RosterError, ValueError, TypeError)  # a secret that is refused, or that holds no JSON object


class Onboarding:
    """The applications of one provider. `listing` asks the provider which districts there are now."""

    def __init__(
        self,
        provider: str,
        applications: Applications,
        accounts: Accounts,
        credentials: Credentials,
        announcer: Announcer,
        listing: Callable[[], Sequence[Listed]],
        clock: Callable[[], datetime],
    ) -> None:
        self._provider, self._listing, self._clock = provider, listing, clock
        self._applications, self._accounts, self._credentials = applications, accounts, credentials
        self._announcer = announcer

    def applications(self) -> list[dict[str, JSON]]:
        """Every application, and what it can become."""
        return [application.to_json() for application in self._all().values()]

    # -- the poll

    def poll(self) -> dict[str, JSON]:
        return self.found(self._listing())

    def found(self, listing: Sequence[Listed]) -> dict[str, JSON]:
        """Write down what the provider lists; the report counts, and names tenants. Again, it changes nothing."""
        known = self._all()
        if not listing and any(application.shared for application in known.values()):
            return compared(known, known, suspicious=EMPTY)
        rows = by_tenant(listing, known)
        renewed = {tenant: self._trouble_renewing(known.get(tenant), row) for tenant, row in rows.items()}
        unrenewed = {tenant: trouble for tenant, trouble in renewed.items() if trouble}
        now = {tenant: self._seen(known.get(tenant), row, tenant in unrenewed) for tenant, row in rows.items()}
        for tenant in known.keys() - rows.keys():
            now[tenant] = self._announcer.polled(known[tenant], self._described(known[tenant], None))
        unsent = [tenant for tenant in sorted(now) if not self._announcer.tell_support(now[tenant])]
        return compared(known, now, unsent=unsent, unrenewed=unrenewed)

    def announced(self, tenant: str, name: str) -> bool:
        """The provider itself says that a district has added us; again, it changes nothing. Whether support knows."""
        known = self._applications.of(self._provider, tenant)
        if known is None:
            row = by_tenant(self._listing(), {}).get(tenant) or Listed(tenant, name, obstacle=NOT_YET)
            known = self._seen(None, row, False)
        return self._announcer.tell_support(known)

    def _seen(self, before: Application | None, row: Listed, unrenewed: bool) -> Application:
        if before is None:
            new = described(Application(self._provider, row.tenant, state_since=self._now()), row, self._now())
            # where another poll was faster, its application counts
            return new if self._applications.add(new) else self._application(row.tenant)
        # settings that the import could not follow stay news for the next poll
        after = self._described(before, replace(row, settings=before.settings) if unrenewed else row)
        return self._announcer.polled(before, after, unrenewed)

    def _described(self, before: Application, row: Listed | None) -> Application:
        after = described(before, row, self._now())
        if after != before:
            self._applications.describe(after)
        return after

    def _trouble_renewing(self, before: Application | None, row: Listed) -> str:
        """An active import follows its district; one account's bad secret is that account's trouble alone."""
        try:
            if before and before.state == ACTIVE and row.shares:
                return self._renew(before, row)
        except UNUSABLE as error:
            return error.message if isinstance(error, RosterError) else "the secret holds no JSON object"
        return ""

    def _renew(self, known: Application, row: Listed) -> str:
        """The district made a new credential, or added us anew: its import goes on with what holds now.

        Settings are compared with what the provider said last, so that what support has set by hand stays. Where
        support has moved the district since it was read, the next poll goes on; blank, or what is not right then.
        """
        before = self._application(known.tenant)
        if not unmoved(known, before):
            return ""
        self._keep(before.account, row)
        if not unmoved(before, self._application(before.tenant)):
            return self._take_back(before)
        if dict(before.settings) != dict(row.settings):
            self._applications.moved(before, before, self._integration(before.account, row.settings))
        return ""

    # -- support's decisions

    def move(self, tenant: str, to: str, level: str, account: str = "") -> dict[str, JSON]:
        """The application after the move; its `notice` says what went wrong beside it: a mail, an old secret."""
        only_support(level)
        before = self._application(tenant)
        if not is_repeated(before, to, account):
            before = self._moved(before, to, account)
        return (self._announcer.announce(before) if to == ACTIVE else before).to_json()

    def _moved(self, before: Application, to: str, account: str) -> Application:
        if not corrects_account(before, to):
            may_move(before, to)
        if to == CONFIGURING:
            tied = account or before.account
            self._may_tie(before, tied)
            return self._leave(before, replace(before, state=to, account=tied), tied)
        if to != ACTIVE:
            return self._leave(before, replace(before, state=to), "")
        if account not in ("", before.account):
            raise MoveRefused(f"application {before.tenant} is tied to another account: move it to configuring first")
        return self._activate(before)

    def _leave(self, before: Application, after: Application, tied: str) -> Application:
        """The secret is emptied before the move, so that a crash leaves nothing behind; and again after it, as a poll
        that still saw the district active may have filled it in between.
        """
        after = self._decide(before, after, notice=self._left_behind(before, tied))
        return self._announcer.noticed(after, self._left_behind(before, tied))

    def _may_tie(self, application: Application, account: str) -> None:
        """The account must be there and import from nowhere else: an account has one integration."""
        if not account:
            raise MoveRefused("name the account that the district belongs to")
        if self._accounts.account_name(account) is None:
            raise MoveRefused(f"there is no account {account}")
        integration = known_integration(self._accounts, account)
        if integration and integration.provider != self._provider:
            raise MoveRefused(f"account {account} imports from {integration.provider}")
        other = self._other_of(account, application.tenant)
        if other:
            raise MoveRefused(f"account {account} belongs to application {other.tenant}, which is {other.state}")

    def _other_of(self, account: str, tenant: str) -> Application | None:
        """Another district that the account belongs to."""
        others = (one for one in self._all().values() if one.account == account and one.tenant != tenant)
        return next((other for other in others if other.state != REJECTED), None)

    def _activate(self, before: Application) -> Application:
        """The listing is read again for the credential; the secret first: an active import without one would fail."""
        row = by_tenant(self._listing(), {before.tenant: before}).get(before.tenant)
        before = self._described(before, row)
        if row is None or not before.shared:
            raise MoveRefused(f"application {before.tenant} cannot become active: {before.obstacle}")
        self._may_tie(before, before.account)
        self._keep(before.account, row)
        after = replace(before, state=ACTIVE, activation=before.activation + 1)
        # not mailed until the announcer has done so: a crash before that does not stay silent
        return self._decide(before, after, self._integration(before.account, row.settings), NOT_SENT)

    def _decide(
        self, before: Application, after: Application, integration: Integration | None = None, notice: str = ""
    ) -> Application:
        """The account's integration follows at the same moment: nothing is imported unless it is active."""
        after = replace(after, state_since=self._now(), notice=notice)
        if before.state == ACTIVE:
            known = known_integration(self._accounts, before.account)
            integration = replace(known, state=after.state) if known else None
        if not self._applications.moved(before, after, integration):
            # what an activation has kept is not for an account that the district has left meanwhile
            raise MoveRefused(f"somebody else has just moved application {before.tenant}", self._take_back(before))
        return after

    # -- what both need

    def _keep(self, account: str, row: Listed) -> None:
        """The district's credential into its secret, where it differs; what support has added there stays."""
        try:
            kept = self._credentials.of(account, self._provider)
        except NotSetUp:
            kept = {}
        if kept != {**kept, **row.secret}:
            self._credentials.keep(account, self._provider, {**kept, **row.secret})

    def _left_behind(self, before: Application, tied: str) -> str:
        """The account that the district leaves keeps no credential of it. Blank, or what support should know."""
        left = before.account
        if left in ("", tied) or self._other_of(left, before.tenant) or self._imports_by_hand(before):
            return ""
        try:
            if self._credentials.of(left, self._provider):
                self._credentials.keep(left, self._provider, {})
        except NotSetUp:
            return ""
        except UNUSABLE:
            return NOT_EMPTIED.format(left)
        return ""

    def _take_back(self, before: Application) -> str:
        """The account that a credential was just kept for keeps it only while the district is tied to it."""
        now = self._application(before.tenant)
        return self._left_behind(before, "" if now.state == REJECTED else now.account)

    def _imports_by_hand(self, before: Application) -> bool:
        """An import that runs while its district is not active was set up by hand, and so was its credential."""
        known = known_integration(self._accounts, before.account) if before.state != ACTIVE else None
        return known is not None and (known.provider, known.state) == (self._provider, ACTIVE)

    def _integration(self, account: str, settings: Mapping[str, JSON]) -> Integration:
        known = known_integration(self._accounts, account) or Integration(account, self._provider)
        return replace(known, state=ACTIVE, settings={**known.settings, **settings})

    def _all(self) -> dict[str, Application]:
        return {application.tenant: application for application in self._applications.all(self._provider)}

    def _application(self, tenant: str) -> Application:
        application = self._applications.of(self._provider, tenant)
        if application is None:
            raise NotSetUp(f"no district {tenant} has added pickAtime", "Wait for the next poll, then look again.")
        return application

    def _now(self) -> str:
        return self._clock().isoformat(timespec="seconds")
