"""What is asked of this function directly: check settings that an administrator gave, keep a client secret.

And every night on a schedule: read each live connection's metadata again, because certificates change every summer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from providers import CLASSLINK, ENTRA

from roster.errors import RosterError
from roster.runtime import logger, signing

WARNED = (60, 30, 7)  # days before the last certificate ends


def _warn(account: str, certificates: Sequence[Mapping[str, str]], now: datetime) -> None:
    """The school, on the days that are asked for: the provider has published no newer one so far."""
    ends = max(datetime.fromisoformat(one["ends"]) for one in certificates).date()
    days = (ends - now.date()).days
    if days in WARNED:
        signing().tell(step="certificate", account=account, days=days, ends=ends.isoformat())


def step(event: dict[str, Any]) -> Any:
    """Raises RosterError, which the asking function raises again in the same words."""
    name = event.get("step", "refresh")
    if name == "settings":
        return _settings(str(event["provider"]), event["given"])
    if name == "secret":
        signing().secrets.keep(str(event["account"]), str(event["provider"]), {"client_secret": str(event["secret"])})
        return {"kept": True}
    if name == "refresh":
        return _refresh()
    raise ValueError("there is no such step")


def _settings(provider: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Each provider knows what its own need."""
    if provider == CLASSLINK:
        import saml

        return saml.settings(given, datetime.now(UTC), signing().sandboxes)
    if provider == ENTRA:
        import entra

        return entra.settings(given, signing().http)
    import veracross

    return veracross.settings(given)


def _refresh() -> dict[str, int]:
    """Of each account by ClassLink. What cannot be read, or is another provider by now, leaves the last good copy."""
    from certificates import renewed

    counts = {"refreshed": 0, "unchanged": 0, "failed": 0}
    for account in signing().book.accounts(CLASSLINK):
        before = signing().book.settings(account)
        if CLASSLINK not in before.live:
            continue
        try:
            after, changed = renewed(signing(), before, datetime.now(UTC))
        except RosterError as error:
            logger().warning("metadata were not refreshed", extra={"account": account, "error": error.message})
            counts["failed"] += 1
            continue
        _warn(account, after["certificates"], datetime.now(UTC))
        counts["refreshed" if changed else "unchanged"] += 1
    return counts
