"""Walking a collection page by page, with the suspicion that keeps a broken server from looping us for ever.

A page carries the cursor after it. A cursor that comes again, or a page on which every id was seen before, raises:
it would either never end or make a part of the roster look like the whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

from roster.errors import ContractBroken

HELP = "The provider's pages never end, so nothing was changed. Write to support@pickatime.com and name this run."
MOST_EMPTY = 100


class LoopGuard:
    """Remembers cursors and pages of one collection as short digests, small enough to travel in a cursor."""

    def __init__(self, seen: Iterable[str] = ()) -> None:
        self._seen = set(seen)
        self._ids: set[str] = set()

    @property
    def seen(self) -> list[str]:
        return sorted(self._seen)

    def cursor(self, cursor: str) -> None:
        self._remember(_digest("cursor", cursor), "the provider's next page is one that was read already")

    def page(self, ids: Iterable[str]) -> None:
        """`ids`: the ids of the page's rows. An empty page is legal and says nothing, but not for ever."""
        page = list(ids)
        if not page:
            return self._empty()
        if self._ids.issuperset(page):
            raise ContractBroken("a page brought only rows that were read already", HELP)
        self._ids.update(page)
        self._remember(_digest("page", *sorted(page)), "the provider sent the same page twice")

    def _empty(self) -> None:
        """Ever new cursors to pages without a row would end at no repetition."""
        marks = (_digest("empty", str(count)) for count in range(MOST_EMPTY))
        free = next((mark for mark in marks if mark not in self._seen), None)
        if free is None:
            raise ContractBroken(f"the provider sent {MOST_EMPTY} pages without a row", HELP)
        self._seen.add(free)

    def _remember(self, digest: str, complaint: str) -> None:
        if digest in self._seen:
            raise ContractBroken(complaint, HELP)
        self._seen.add(digest)


def _digest(*parts: str) -> str:
    return blake2b("\0".join(parts).encode(), digest_size=6).hexdigest()
