"""Our own web address: which requests come from it, how a browser keeps its session, where a path may lead.

Decided from what is configured, never from a header that the client sends. Over plain http, as on one machine, no
browser keeps a `__Host-` cookie, so the name follows the configured address.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from roster.errors import Forbidden

LONGEST_PATH = 500
_PATH = re.compile(r"/(?!/)[!-\[\]-~]*")  # printable ASCII without the backslash
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class WebSite:
    """`origin`: scheme, host and port, as browsers write it."""

    origin: str

    @property
    def secure(self) -> bool:
        return self.origin.startswith("https://")

    @property
    def cookie(self) -> str:
        return "__Host-sid" if self.secure else "sid"

    @property
    def www(self) -> str:
        """The origin of the other host that is ours."""
        return self.origin.replace("://", "://www.", 1)

    def at(self, host: str) -> WebSite:
        """The same at the host that was asked: www. is ours as well, and somebody may have signed in there."""
        return WebSite(self.www) if host == self.www.partition("://")[2] else self

    def check_origin(self, method: str, origin: str | None, fetch_site: str | None) -> None:
        """Raises Forbidden when another site may have made the browser send this (CSRF).

        Both absent is refused as well: every browser that we know of sends one of them with a change.
        """
        if method in SAFE_METHODS:
            return
        ours = origin == self.origin if origin is not None else fetch_site == "same-origin"
        if not ours or fetch_site not in (None, "same-origin"):
            raise Forbidden("this request does not come from our own pages", "Open pickAtime and try again there.")


def is_path(to: str) -> bool:
    """Whether a browser that is sent there stays with us: `//host` and `/\\host` name another site."""
    return len(to) <= LONGEST_PATH and _PATH.fullmatch(to) is not None
