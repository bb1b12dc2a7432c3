"""Which rows a OneRoster list has: under its path, shared with the reader, filtered, sorted, and cut into pages.

Kept from one request to the next, because every page of a pull asks for the same list again.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Protocol
from urllib.parse import urlsplit

from .faults import Fault, spoiled
from .oneroster_conduct import Conduct
from .oneroster_data import OneRosterDistrict
from .oneroster_query import Query, Refused, value_at
from .oneroster_routes import TOP, Found, belongs
from .oneroster_rows import PARENT_ROLES, SINGULAR, V12, Record, Teller, role_names
from .oneroster_spelling import meant

WHOLE = ("empty_list", "half_gone")  # page faults that strike the list before it is cut into pages
_KEPT = 30  # lists remembered


class View(Protocol):
    """Which rows are shared with the reader; `revision` moves when that changes."""

    revision: int

    def shares(self, kind: str, record: Record) -> bool: ...


@dataclass
class Page:
    """A page as the faults of faults.py know one."""

    rows: list[str]
    more: bool
    total: int
    query: Query
    before: str | None = None
    same_again: bool = False
    next_offset: int = 0


class Lists:
    def __init__(self, district: OneRosterDistrict, conduct: Conduct, view: View | None) -> None:
        self.district, self.conduct, self.view = district, conduct, view
        self._kept: dict[tuple[object, ...], list[str]] = {}

    # -- one row

    def record(self, version: str, kind: str, word: str, sourced_id: str) -> Record:
        record = self.district.get(kind, sourced_id, version)
        if record is None or not belongs(word, record, version) or not self._shared(kind, record):
            raise Refused(404, "unknownobject", f"There is no {SINGULAR[kind]} {sourced_id[:60]}")
        return record

    def _shared(self, kind: str, record: Record) -> bool:
        if kind == "users" and self.conduct.of("agents", kind) == "dangling":
            # A teacher who is a parent too is still delivered.
            return role_names(record, V12)[0] not in PARENT_ROLES
        if kind == "demographics" and self.conduct.of("dob", kind) == "empty":
            return False
        return self.view is None or self.view.shares(kind, record)

    def told(self, version: str, base: str, kind: str, record: Record, only: Collection[str] | None) -> Record:
        """The row as this provider means it, before it is spelled."""
        if self.conduct.hrefs:
            path = urlsplit(base).path
            base = path if self.conduct.hrefs == "relative" else f"https://elsewhere.example{path}"
        return meant(Teller(version, base).told(kind, record, only), kind, self.conduct)

    # -- one page

    def page(self, version: str, what: Found, query: Query, faults: list[Fault], turn: int) -> Page:
        ids = self._whole(version, what, query, faults, turn)
        page = self._cut(ids, what.kind, query)
        for fault in faults:
            page = page if fault.name in WHOLE else spoiled(page, fault)
        if page.same_again:
            first = self._cut(ids, what.kind, replace(query, offset=0))
            return replace(first, more=True, query=query, next_offset=query.offset)
        return page

    def _cut(self, ids: list[str], kind: str, query: Query) -> Page:
        limit = min(query.limit, self.conduct.of("clamp", kind) or query.limit)
        offset = 0 if self.conduct.of("ignore_offset", kind) else query.offset
        rows = ids[offset : offset + limit]
        end = query.offset + len(rows)
        before = ids[offset - 1] if 0 < offset <= len(ids) else None
        return Page(rows, bool(rows) and end < len(ids), len(ids), replace(query, limit=limit), before, next_offset=end)

    def _whole(self, version: str, what: Found, query: Query, faults: list[Fault], turn: int) -> list[str]:
        """The ids of the whole list, as this request would page through them; `turn` stirs an unstable order."""
        ids = self._chosen(version, what, query)
        for fault in faults:
            if fault.name in WHOLE:
                ids = spoiled(Page(list(ids), False, 0, query), fault).rows
        if self.conduct.of("unstable_order", what.kind) and not query.sort:
            start = turn * 37 % max(1, len(ids))
            ids = [*ids[start:], *reversed(ids[:start])]
        if self.conduct.of("dup_ids", what.kind):
            ids = [i for n, sid in enumerate(ids) for i in ([sid, ids[n - 5]] if n % 10 == 9 else [sid])]
        return ids

    def _chosen(self, version: str, what: Found, query: Query) -> list[str]:
        shared = self.view.revision if self.view else 0
        key = (version, what[:4], query.sort, query.descending, query.filtered, self.district.revision, shared)
        if key not in self._kept:
            while len(self._kept) >= _KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = self._choose(version, what, query)
        return self._kept[key]

    def _choose(self, version: str, what: Found, query: Query) -> list[str]:
        kind, word = what.kind, what.nested.word if what.nested else what.word
        if query.filtered and self.conduct.of("refuse_filter", kind) == "empty":
            return []
        if self.conduct.of("ignore_filter", kind):
            query = replace(query, filter=())
        records = ((i, self.district.get(kind, i, version)) for i in self._under(version, what))
        here = [(i, r) for i, r in records if r is not None and belongs(word, r, version) and self._shared(kind, r)]
        if not query.filter and query.sort in ("", "sourcedId"):
            ids = [i for i, _ in here]
            return sorted(ids, reverse=query.descending) if query.sort else ids
        needed = {*query.needed, "sourcedId", "role", "roles"}
        rows = [(i, self.told(version, "", kind, r, needed)) for i, r in here]
        rows = [(i, row) for i, row in rows if query.chooses(row)]
        if query.sort:
            rows.sort(key=lambda told: (str(value_at(told[1], query.sort) or ""), told[0]), reverse=query.descending)
        return [i for i, _ in rows]

    def _under(self, version: str, what: Found) -> list[str]:
        if what.nested is None:
            return self.district.ids(what.kind, version)
        ids = [sid for _, sid in what.parents]
        for word, sid in what.parents:
            record = self.record(version, TOP[word], word, sid)
            if word == "classes" and len(ids) == 2 and record["school"] != ids[0]:
                raise Refused(404, "unknownobject", f"The school has no class {sid[:60]}")
        return list(what.nested.select(self.district, ids))
