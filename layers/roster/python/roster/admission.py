"""A district's application for an import, and where it may be moved.

A district applies in its provider's console; pickAtime's support alone decides. Whether the district still shares is
the provider's word, kept beside the state: it comes and goes without anybody deciding anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime

from roster.errors import Forbidden, MoveRefused
from roster.model import JSON, Level

REQUESTED, CONFIGURING, ACTIVE, REJECTED = "requested", "configuring", "active", "rejected"
MOVES: Mapping[str, tuple[str, ...]] = {
    REQUESTED: (CONFIGURING, REJECTED),
    CONFIGURING: (ACTIVE, REJECTED),
    ACTIVE: (CONFIGURING,),
    REJECTED: (CONFIGURING,),
}
UNLISTED = "the provider no longer lists the district"
NOT_YET = "the provider has told of the district, and does not list it yet"


@dataclass(frozen=True)
class Listed:
    """A district as its provider lists it now.

    `settings` and `secret`: what its import needs, as its importer reads them. `obstacle`: why it cannot be imported;
    blank when it shares.
    """

    tenant: str
    name: str
    settings: Mapping[str, JSON] = field(default_factory=dict)
    secret: Mapping[str, str] = field(default_factory=dict, repr=False)
    obstacle: str = ""

    @property
    def shares(self) -> bool:
        return not self.obstacle


@dataclass(frozen=True)
class Application:
    """What is known and decided of one district. Times are ISO 8601, UTC.

    `shared_since`: since when it shares, or no longer does.
    `activation` counts how often it became active; `mailed` is the latest activation that the administrators were
    mailed about. `told` is 1 when support was told of the district, and the day when it was told that an active one
    stopped sharing. `notice`: what support should know.
    """

    provider: str
    tenant: str
    name: str = ""
    settings: Mapping[str, JSON] = field(default_factory=dict)
    shared: bool = False
    shared_since: str = ""
    obstacle: str = ""
    state: str = REQUESTED
    state_since: str = ""
    account: str = ""
    activation: int = 0
    mailed: int = 0
    told: int = 0
    notice: str = ""

    @property
    def stopped(self) -> int:
        """The day on which an active import's district stopped sharing, as a number; 0 while it shares."""
        if self.state != ACTIVE or self.shared or not self.shared_since:
            return 0
        return datetime.fromisoformat(self.shared_since).toordinal()

    def to_json(self) -> dict[str, JSON]:
        return {**asdict(self), "allowed": list(MOVES[self.state])}


def only_support(level: str) -> None:
    if level != Level.SUPPORT:
        raise Forbidden("only pickAtime's support may move an application")


def may_move(application: Application, to: str) -> None:
    """Raises MoveRefused, which names what is allowed."""
    if to not in MOVES[application.state]:
        allowed = " or ".join(MOVES[application.state])
        raise MoveRefused(f"application {application.tenant} is {application.state}, so it can become {allowed}")


def is_repeated(application: Application, to: str, account: str) -> bool:
    """Whether the application is there already; a configuring one may still be given another account."""
    return to == application.state and account in ("", application.account)


def corrects_account(application: Application, to: str) -> bool:
    return to == application.state == CONFIGURING


def unmoved(before: Application, now: Application) -> bool:
    """Whether nobody has decided anything since."""
    return (before.state, before.account, before.activation) == (now.state, now.account, now.activation)


def described(application: Application, row: Listed | None, now: str) -> Application:
    """The application as the provider tells of it now; no row: it no longer lists the district.

    A row that does not share may lack what the import needs, so what was known stays known.
    """
    row = row or Listed(application.tenant, "", obstacle=UNLISTED)
    told = replace(
        application,
        name=row.name or application.name,
        settings=dict(row.settings) if row.shares else application.settings,
        shared=row.shares,
        obstacle=row.obstacle,
    )
    changed = told.shared != application.shared or not application.shared_since
    return replace(told, shared_since=now) if changed else told


def by_tenant(listing: Iterable[Listed], known: Mapping[str, Application]) -> dict[str, Listed]:
    """One row per district. Of several, one that shares counts, rather the one that was followed until now."""
    rows: dict[str, list[Listed]] = {}
    for row in listing:
        rows.setdefault(row.tenant, []).append(row)
    return {tenant: _chosen(found, known.get(tenant)) for tenant, found in rows.items()}


def _chosen(rows: Sequence[Listed], before: Application | None) -> Listed:
    followed = before.settings if before else None
    return max(rows, key=lambda row: (row.shares, row.settings == followed))


def compared(
    before: Mapping[str, Application],
    now: Mapping[str, Application],
    suspicious: str = "",
    unsent: Iterable[str] = (),
    unrenewed: Mapping[str, str] | None = None,
) -> dict[str, JSON]:
    """The report of a poll. Counts and tenants: nothing that must not be logged."""
    return {
        "districts": len(now),
        "new": sorted(now.keys() - before.keys()),
        "stopped": sorted(tenant for tenant in before if before[tenant].shared and not now[tenant].shared),
        "resumed": sorted(tenant for tenant in before if now[tenant].shared and not before[tenant].shared),
        "suspicious": suspicious,
        "unsent": list(unsent),
        "unrenewed": dict(unrenewed or {}),
    }
