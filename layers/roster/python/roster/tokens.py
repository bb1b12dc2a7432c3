"""The access token of one turn, whose lanes need it at the same time and must not each have one made."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from roster.ports import Token, Tokens


class OneToken:
    """roster.ports.Tokens for several threads: one renews, the others wait and use what it got.

    A renewal that failed has failed for all of them: a server that said no, or asked for quiet, is not asked again.
    """

    def __init__(self, tokens: Tokens) -> None:
        self._tokens, self._lock = tokens, Lock()
        self._held: Token | None = None
        self._trouble: Exception | None = None

    def get(self, mint: Callable[[], Token], refused: str = "") -> Token:
        """Whoever had an older token refused gets the one that was made since."""
        with self._lock:
            if self._trouble:
                raise self._trouble
            if self._held is None or self._held.value == refused:
                try:
                    self._held = self._tokens.get(mint, refused)
                except Exception as trouble:
                    self._trouble = trouble
                    raise
            return self._held
