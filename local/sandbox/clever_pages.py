"""Clever's lists: cursors that are ranges over ids, links that echo the request, `data` inside `data`."""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote_plus

from .faults import Fault, Reply, spoiled
from .serving import Request

DEFAULT_LIMIT, MOST = 100, 10_000
CURSORS = ("starting_after", "ending_before")


class Refused(Exception):
    """A request that Clever answers with an error."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.reply = Reply(status, json.dumps({"message": message}).encode())


@dataclass
class Page:
    rows: list[str]
    more: bool  # rows follow
    earlier: bool  # a prev link is due
    before: str | None = None  # the row that the page was asked to start after
    same_again: bool = False
    last: str | None = None  # the last id of the honest page: faults on the rows do not move the cursor


def limit_of(request: Request) -> int:
    given = dict(request.query).get("limit")
    if given is None:
        return DEFAULT_LIMIT
    if not given.isdecimal() or not int(given):
        raise Refused(400, f"limit: expected a positive integer, got {given[:40]!r}")
    if int(given) > MOST:
        raise Refused(413, f"limit: at most {MOST} records can be asked for at once")
    return int(given)


def cut(ids: list[str], request: Request, limit: int) -> Page:
    """One page of a sorted list. The cursors need not exist (any more): they are ends of a range."""
    query = dict(request.query)
    after, until = query.get("starting_after"), query.get("ending_before")
    low = bisect_right(ids, after) if after else 0
    high = bisect_left(ids, until) if until and until != "last" else len(ids)
    backwards = until is not None and not after
    rows = ids[max(low, high - limit) : high] if backwards else ids[low : min(high, low + limit)]
    more = bool(rows) and rows[-1] < ids[-1]
    earlier = bool(rows) and (after is not None or (backwards and rows[0] > ids[0]))
    return Page(
        rows,
        more,
        earlier,
        after if after and low and ids[low - 1] == after else None,
        last=rows[-1] if rows else None,
    )


def with_faults(page: Page, faults: list[Fault]) -> Page:
    for fault in faults:
        page = spoiled(page, fault)
    return page


def links(request: Request, page: Page) -> list[dict[str, str]]:
    told = [{"rel": "self", "uri": request.target}]
    if page.earlier and page.rows:
        told.append({"rel": "prev", "uri": _link(request, "ending_before", page.rows[0])})
    if page.same_again:
        told.append({"rel": "next", "uri": request.target})
    elif page.more and page.last:
        told.append({"rel": "next", "uri": _link(request, "starting_after", page.last)})
    return told


def _link(request: Request, cursor: str, value: str) -> str:
    """The limit first, then whatever else was asked, then the cursor."""
    kept = [(k, v) for k, v in request.query if k not in CURSORS]
    kept.sort(key=lambda pair: pair[0] != "limit")
    return f"{request.path}?" + "&".join(f"{k}={quote_plus(v)}" for k, v in [*kept, (cursor, value)])


def list_body(request: Request, page: Page, uri: str, row: Callable[[str], bytes]) -> bytes:
    start = uri.encode()
    items = b",".join([b'{"data":%b,"uri":"%b/%b"}' % (row(i), start, i.encode()) for i in page.rows])
    return b'{"data":[%b],"links":%b}' % (items, _json(links(request, page)))


def count_body(request: Request, count: int) -> bytes:
    return _json({"count": count, "links": [{"rel": "self", "uri": request.target}]})


def single_body(uri: str, row: bytes, related: list[tuple[str, str]]) -> bytes:
    told = [{"rel": "self", "uri": uri}, *({"rel": rel, "uri": f"{uri}/{path}"} for rel, path in related)]
    return b'{"data":%b,"links":%b}' % (row, _json(told))


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
