"""Onboarding's ports over dictionaries, and a provider's list of districts that a test changes as it goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from roster.admission import Application, Listed
from roster.announcing import Addresses, Announcer
from roster.errors import NotSetUp
from roster.letters import Letter
from roster.model import JSON
from roster.onboarding import Onboarding
from roster.ports import Integration

PROVIDER = "district-list"
ACCOUNT, OTHER_ACCOUNT = "11600001", "11600002"
SUPPORT, IMPORTER = "support@pickatime.example", "https://pickatime.example/importer"


class MemoryAccounts:
    """roster.ports.Accounts over dictionaries."""

    def __init__(self) -> None:
        self.names = {ACCOUNT: "Springfield Unified", OTHER_ACCOUNT: "Shelbyville High"}
        self.admins = {ACCOUNT: ["edna@springfield.example", "seymour@springfield.example"]}
        self.named: dict[str, list[str]] = {}
        self.integrations: dict[str, Integration] = {}

    def account_name(self, account: str) -> str | None:
        return self.names.get(account)

    def integration(self, account: str) -> Integration:
        if account not in self.integrations:
            raise NotSetUp(f"account {account}")
        return self.integrations[account]

    def administrators(self, account: str) -> Sequence[str]:
        return self.admins.get(account, [])

    def notified(self, account: str) -> Sequence[str]:
        return self.named.get(account) or self.administrators(account)


class MemoryApplications:
    """roster.ports.Applications over a dictionary; `writes` names every change. `meanwhile`: somebody is faster."""

    def __init__(self, accounts: MemoryAccounts) -> None:
        self._accounts = accounts
        self.items: dict[str, Application] = {}
        self.writes: list[str] = []
        self.meanwhile: Mapping[str, JSON] = {}

    def all(self, provider: str, account: str = "") -> Sequence[Application]:
        return [self.items[tenant] for tenant in sorted(self.items) if account in ("", self.items[tenant].account)]

    def of(self, provider: str, tenant: str) -> Application | None:
        return self.items.get(tenant)

    def add(self, application: Application) -> bool:
        if application.tenant in self.items:
            return False
        self._write("add", application)
        return True

    def describe(self, application: Application) -> None:
        told = {name: getattr(application, name) for name in "name settings shared shared_since obstacle".split()}
        self._write("describe", replace(self.items[application.tenant], **told))

    def notice(self, application: Application) -> None:
        self._write("notice", replace(self.items[application.tenant], notice=application.notice))

    def moved(self, before: Application, after: Application, integration: Integration | None) -> bool:
        current = replace(self.items[before.tenant], **self.meanwhile)
        decided_on = [(one.state, one.activation, one.account) for one in (current, before)]
        if decided_on[0] != decided_on[1]:
            return False
        decided = {name: getattr(after, name) for name in "state state_since account activation notice".split()}
        self._write("moved", replace(current, **decided))
        if integration:
            self._accounts.integrations[integration.account] = integration
        return True

    def claim(self, application: Application, mail: str, number: int) -> bool:
        current = self.items[application.tenant]
        if getattr(current, mail) >= number:
            return False
        self._write("claim", replace(current, notice=application.notice, **{mail: number}))
        return True

    def release(self, application: Application, mail: str, number: int) -> None:
        current = self.items[application.tenant]
        self._write("release", replace(current, notice=application.notice, **{mail: number - 1}))

    def _write(self, what: str, application: Application) -> None:
        self.writes.append(f"{what} {application.tenant}")
        self.items[application.tenant] = application


class MemoryCredentials:
    """roster.ports.Credentials over a dictionary. `broken`: accounts whose secret cannot be had, and why."""

    def __init__(self) -> None:
        self.secrets: dict[str, dict[str, str]] = {}
        self.broken: dict[str, Exception] = {}
        self.kept = 0

    def of(self, account: str, provider: str) -> dict[str, str]:
        if account in self.broken:
            raise self.broken[account]
        if account not in self.secrets:
            raise NotSetUp(f"account {account}")
        return self.secrets[account]

    def keep(self, account: str, provider: str, secret: Mapping[str, str]) -> None:
        self.secrets[account] = dict(secret)
        self.kept += 1


class MemoryMail:
    """Keeps what was sent; `trouble` strikes instead of the next mail."""

    def __init__(self) -> None:
        self.sent: list[tuple[Sequence[str], Letter]] = []
        self.trouble: BaseException | None = None

    def send(self, to: Sequence[str], letter: Letter) -> None:
        trouble, self.trouble = self.trouble, None
        if trouble:
            raise trouble
        self.sent.append((to, letter))

    def to(self, address: str) -> list[Letter]:
        return [letter for to, letter in self.sent if address in to]


def shares(tenant: str = "2001", name: str = "Springfield", bearer: str = "bearer-1", **more: str) -> Listed:
    settings = {"base_url": "https://proxy.example", "application": more.get("application", f"%2Fapp{tenant}%3D")}
    return Listed(tenant, name, settings, {"token": bearer}, more.get("obstacle", ""))


@dataclass
class Desk:
    """Support's desk: the provider lists `districts`, `poll` looks, and `move` decides."""

    districts: list[Listed] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.accounts, self.credentials, self.mail = MemoryAccounts(), MemoryCredentials(), MemoryMail()
        self.applications = MemoryApplications(self.accounts)
        self.now = datetime(2026, 9, 1, 8, tzinfo=UTC)
        announcer = Announcer(self.applications, self.accounts, self.mail, Addresses(SUPPORT, IMPORTER))
        self.onboarding = Onboarding(
            PROVIDER,
            self.applications,
            self.accounts,
            self.credentials,
            announcer,
            lambda: self.districts,
            lambda: self.now,
        )

    def poll(self) -> dict[str, JSON]:
        self.now += timedelta(hours=1)
        return self.onboarding.poll()

    def move(self, to: str, account: str = "", tenant: str = "2001", level: str = "Support") -> dict[str, JSON]:
        self.now += timedelta(minutes=1)
        return self.onboarding.move(tenant, to, level, account)

    def one(self, tenant: str = "2001") -> Application:
        return self.applications.items[tenant]

    def activated(self) -> dict[str, JSON]:
        """The whole way of the first district."""
        self.poll()
        self.move("configuring", ACCOUNT)
        return self.move("active")
