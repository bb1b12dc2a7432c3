"""An OAuth application of a school: its credentials, the scopes the school enabled, and the tokens it gave out.

Ten tokens are active at most; one more revokes the oldest, which is how careless clients log themselves out.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

MOST_ACTIVE = 10
Clock = Callable[[], float]


class RateWindow:
    """So many requests, counted from the first one; then the count begins anew. It ends on a full second."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._lock, self._end, self._used = clock, threading.Lock(), 0.0, 0

    def count(self, limit: int, seconds: float) -> tuple[bool, dict[str, str]]:
        """Whether one more request is allowed, and the headers that say what is left."""
        with self._lock:
            now = self._clock()
            if now >= self._end:
                self._end, self._used = int(now) + seconds, 0
            self._used += 1
            return self._used <= limit, rate_headers(limit, max(0, limit - self._used), self._end)


def rate_headers(limit: int, remaining: int, end: float) -> dict[str, str]:
    return {
        "X-Rate-Limit-Limit": str(limit),
        "X-Rate-Limit-Remaining": str(remaining),
        "X-Rate-Limit-Reset": str(int(-(-end // 1))),
    }


@dataclass
class Token:
    value: str
    scopes: tuple[str, ...]
    created: int
    expires_in: int
    rate: RateWindow
    user: int | None = None  # the person who signed in; nobody with client_credentials
    refresh: str | None = None
    revoked: bool = False
    requests: int = field(default=0, compare=False)  # for data

    def expired(self, now: float, most: int = 0) -> bool:
        return now >= self.created + self.expires_in or bool(most and self.requests > most)


class Application:
    def __init__(self, scopes: Iterable[str], expires_in: int, clock: Clock = time.time) -> None:
        self.client_id, self.client_secret = secrets.token_hex(16), secrets.token_hex(32)
        self.scopes, self.expires_in, self.clock = list(scopes), expires_in, clock
        self.tokens: list[Token] = []  # all that were ever issued, in order
        self._lock = threading.Lock()

    def issue(self, scopes: Iterable[str], user: int | None = None) -> Token:
        """The cap is per application, and for tokens of users per user and application."""
        with self._lock:
            token = Token(
                secrets.token_hex(32),
                tuple(scopes),
                int(self.clock()),
                self.expires_in,
                RateWindow(self.clock),
                user,
                secrets.token_hex(32) if user is not None else None,
            )
            active = [t for t in self.tokens if t.user == user and self.active(t)]
            for oldest in active[: max(0, len(active) + 1 - MOST_ACTIVE)]:
                oldest.revoked = True
            self.tokens.append(token)
            return token

    def find(self, value: str | None) -> Token | None:
        return next((t for t in self.tokens if t.value == value), None)

    def active(self, token: Token) -> bool:
        return not token.revoked and not token.expired(self.clock())

    def is_client(self, client_id: str | None, secret: str | None) -> bool:
        return (client_id, secret) == (self.client_id, self.client_secret)

    def reset_secret(self) -> str:
        """The old secret is dead at once; tokens live on."""
        self.client_secret = secrets.token_hex(32)
        return self.client_secret

    def revoke_tokens(self) -> None:
        for token in self.tokens:
            token.revoked = True

    def remove_scope(self, name: str, *, from_tokens: bool = True) -> None:
        """The school takes a scope back: no new token has it, nor (unless told otherwise) any old one."""
        self.scopes = [s for s in self.scopes if s != name]
        for token in self.tokens if from_tokens else ():
            token.scopes = tuple(s for s in token.scopes if s != name)

    def add_scope(self, name: str) -> None:
        """Tokens that were issued before do not have it."""
        self.scopes.append(name)
