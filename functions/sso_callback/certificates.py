"""A connection's certificates, read again: each night, and where an answer's signature fits none that we know."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from idp_metadata import fetched, refreshed
from providers import CLASSLINK

from roster.arriving import seal
from roster.errors import RosterError
from roster.model import JSON
from roster.runtime import Signing, logger
from roster.sessions import digest
from roster.signon import Connection, SignOn

WARNED = (60, 30, 7)  # days before the last certificate ends
TOGETHER = 25  # accounts that one call looks at, one after the other
MARGIN = 8.0  # seconds that have to be left for one more
AGAIN = timedelta(minutes=10)  # or whoever signs badly has us ask the provider as often as they like


def renewed(signing: Signing, before: SignOn, now: datetime) -> tuple[dict[str, JSON], bool]:
    """The live settings with the certificates that the provider publishes, and whether others were kept with that.

    Raises RosterError where they cannot be read, or are another provider's by now: the last good copy stays.
    """
    settings = before.live[CLASSLINK]
    after = refreshed(settings, fetched(settings["metadata_url"], now, signing.sandboxes))
    changed = after["certificates"] != settings["certificates"]
    if changed and signing.book.renew(before, CLASSLINK, after):
        logger().info("certificates have changed", extra={"account": before.account, "now": len(after["certificates"])})
    return after, changed


def newer(signing: Signing, connection: Connection, now: datetime) -> Connection | None:
    """The connection with the provider's new certificates; None where it has none, or was asked a moment ago."""
    before, until = signing.book.settings(connection.account), int((now + AGAIN).timestamp())
    live = before.connection(CLASSLINK)
    if not live or seal(live) != seal(connection):
        return None
    if live.settings != connection.settings:
        return live  # somebody else has had them read meanwhile
    if not signing.book.once(digest(f"certificates {connection.id}"), until, int(now.timestamp())):
        return None
    try:
        settings, changed = renewed(signing, before, now)
    except RosterError as error:
        extra = {"account": connection.account, "error": error.message}
        logger().warning("no new certificates were found", extra=extra)
        return None
    return replace(connection, settings=settings) if changed else None


def spread(signing: Signing) -> dict[str, int]:
    """Has all accounts by ClassLink looked at, in calls of their own: no slow district keeps the others from it."""
    accounts = list(signing.book.accounts(CLASSLINK))
    for n in range(0, len(accounts), TOGETHER):
        signing.again(step="refresh", accounts=accounts[n : n + TOGETHER])
    return {"accounts": len(accounts)}


def refresh(signing: Signing, accounts: Sequence[str], seconds: Callable[[], float]) -> dict[str, int]:
    """What became of these; those that no time is left for are handed on."""
    counts = {"refreshed": 0, "unchanged": 0, "failed": 0}
    for n, account in enumerate(accounts):
        if seconds() < MARGIN:
            signing.again(step="refresh", accounts=list(accounts[n:]))
            break
        counts[_refreshed(signing, account)] += 1
    return counts


def _refreshed(signing: Signing, account: str) -> str:
    now = datetime.now(UTC)
    try:
        before = signing.book.settings(account)
        if CLASSLINK not in before.live:
            return "unchanged"
        after, changed = renewed(signing, before, now)
        _warn(signing, account, after["certificates"], now)
    except Exception as error:  # whatever is the matter with one, the others are looked at
        why = error.message if isinstance(error, RosterError) else type(error).__name__
        logger().warning("metadata were not refreshed", extra={"account": account, "error": why})
        return "failed"
    return "refreshed" if changed else "unchanged"


def _warn(signing: Signing, account: str, certificates: Sequence[Mapping[str, str]], now: datetime) -> None:
    """The school, on the days that are asked for: the provider has published no newer one so far."""
    ends = max(datetime.fromisoformat(one["ends"]) for one in certificates).date()
    days = (ends - now.date()).days
    if days in WARNED:
        signing.tell(step="certificate", account=account, days=days, ends=ends.isoformat())
