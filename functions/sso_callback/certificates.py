"""A connection's certificates, read again: each night, and where an answer's signature fits none that we know."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from idp_metadata import fetched, refreshed
from providers import CLASSLINK

from roster.errors import RosterError
from roster.model import JSON
from roster.runtime import Signing, logger
from roster.sessions import digest
from roster.signon import Connection, SignOn

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
    if before.live.get(CLASSLINK) != connection.settings:
        return None
    if not signing.book.once(digest(f"certificates {connection.id}"), until, int(now.timestamp())):
        return None
    try:
        settings, changed = renewed(signing, before, now)
    except RosterError as error:
        extra = {"account": connection.account, "error": error.message}
        logger().warning("no new certificates were found", extra=extra)
        return None
    return replace(connection, settings=settings) if changed else None
