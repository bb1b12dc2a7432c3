"""Walking a collection page by page, with the suspicion that keeps a broken server from looping us for ever.

A page carries the cursor after it. A cursor or a page that comes again raises, and so does a page on which every id
was seen before: it would either never end or make a part of the roster look like the whole. Only where pages are
counted off may rows slide from one page to the next while we read: such a page brings nothing, and is no loop yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from hashlib import blake2b

from roster.errors import ContractBroken
from roster.model import JSON

HELP = "The provider's pages never end, so nothing was changed. Write to support@pickatime.com and name this run."
MOST_FRUITLESS = 100  # pages that bring nobody new
REMEMBERED = 32


@dataclass
class Trail:
    """What was met on the way, as short digests: the latest ones, and one from longer ago.

    `anchor` is renewed at every power of two (Brent's cycle detection), so that a loop of any length is noticed
    while what travels in the state machine stays as small as ever.
    """

    count: int = 0
    anchor: str = ""
    recent: list[str] = field(default_factory=list)

    def step(self, digest: str, complaint: str) -> None:
        if digest == self.anchor or digest in self.recent:
            raise ContractBroken(complaint, HELP)
        self.count += 1
        self.recent = [*self.recent, digest][-REMEMBERED:]
        if self.count & (self.count - 1) == 0:
            self.anchor = digest


class LoopGuard:
    """Follows one collection's cursors and pages; `state` travels from turn to turn as JSON."""

    def __init__(self, state: Mapping[str, JSON] | None = None) -> None:
        state = state or {}
        self._cursors, self._pages = Trail(**state.get("cursors", {})), Trail(**state.get("pages", {}))
        self._empty: int = state.get("empty", 0)
        self._ids: set[str] = set()

    @property
    def ids(self) -> list[str]:
        """This turn's ids."""
        return sorted(self._ids)

    @property
    def state(self) -> dict[str, JSON]:
        return {"cursors": asdict(self._cursors), "pages": asdict(self._pages), "empty": self._empty}

    def cursor(self, cursor: str) -> None:
        self._cursors.step(_digest("cursor", cursor), "the provider's next page is one that was read already")

    def page(self, ids: Iterable[str], shifting: bool = False, complete: bool = False) -> int:
        """How many of the page's ids are new to this turn. An empty page is legal and says nothing, not for ever.

        Once the collection is `complete`, nothing new is no trouble.
        """
        page = list(ids)
        before = len(self._ids)
        self._ids.update(page)
        new = len(self._ids) - before
        if page and not new and not shifting:
            raise ContractBroken("a page brought only rows that were read already", HELP)
        if page and (new or not complete):
            self._pages.step(_digest("page", *sorted(page)), "the provider sent the same page twice")
        return new or self._fruitless()

    def _fruitless(self) -> int:
        """Ever new cursors to pages without a new row would end at no repetition."""
        self._empty += 1
        if self._empty > MOST_FRUITLESS:
            raise ContractBroken(f"the provider sent {MOST_FRUITLESS} pages without a new row", HELP)
        return 0


def _digest(*parts: str) -> str:
    return blake2b("\0".join(parts).encode(), digest_size=6).hexdigest()
