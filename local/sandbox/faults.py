"""The ways a provider goes wrong, as switches a test sets on a running sandbox; the same for every provider.

A fault strikes at one of three places: `wire` (the answer is replaced, delayed or damaged on its way out),
`page` (the rows or the next link of a list are wrong) or `world` (something changed at the provider between
two calls).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from threading import Lock
from typing import NamedTuple, Protocol, TypeVar


class Kind(NamedTuple):
    where: str
    times: int | None  # how many requests it strikes unless told otherwise; None = every one
    what: str
    nth: int = 1  # the first matching request it strikes unless told otherwise
    path: str = ""  # what it matches unless told otherwise; "" = any request for data


_KINDS = {
    "too_many": Kind("wire", 1, "429 with rate-limit headers and an empty body"),
    "too_many_bare": Kind("wire", 1, "429 with an empty body and no headers that say when to come back"),
    "too_many_retry_after": Kind("wire", 1, "429 with Retry-After"),
    "error_500": Kind("wire", 1, "500 with a JSON body"),
    "error_502": Kind("wire", 1, "502 with a proxy's HTML page"),
    "error_503": Kind("wire", 1, "503 with an empty body"),
    "slow": Kind("wire", 1, "the answer comes after some seconds"),
    "truncated": Kind("wire", 1, "the connection ends before Content-Length bytes came"),
    "cut_json": Kind("wire", 1, "half of the JSON, with a Content-Length that fits it"),
    "reset": Kind("wire", 1, "the connection is reset before any answer"),
    "html_200": Kind("wire", 1, "an HTML page with status 200"),
    "html_404": Kind("wire", 1, "an HTML page with status 404"),
    "no_list_key": Kind("wire", 1, "a JSON answer without the key that holds the records"),
    "bare_array": Kind("wire", 1, "a JSON array where an object was promised"),
    "contacts_forbidden": Kind(
        "wire", None, "403 on everything about contacts", 1, "*role=contact*|*/mycontacts*|*/contacts*"
    ),
    "empty_list": Kind("page", None, "lists have no rows, with status 200"),
    "half_gone": Kind("page", None, "every other row is missing"),
    "same_cursor": Kind("page", None, "the next link leads to the same page again"),
    "empty_last_page": Kind("page", None, "the last page has a next link, to an empty page"),
    "repeated_rows": Kind("page", None, "a page begins with the last row of the page before it"),
    "rows_inserted": Kind("world", 1, "a student joins while the pull goes on", 2),
    "token_revoked": Kind("world", 1, "the token stops working, and the token listing has a new one", 2),
    "token_withdrawn": Kind("world", 1, "the token stops working, and the token listing has none", 2),
    "synced_midway": Kind("world", 1, "the provider's own sync ends while the pull goes on", 2),
    "district_paused": Kind("world", 1, "the district's state is paused"),
    "district_pending": Kind("world", 1, "the district's state is pending"),
    "district_error": Kind("world", 1, "the district's state is error, with a text"),
    "school_unshared": Kind("world", 1, "the first school is no longer shared with us", 2),
}
FAULTS = {name: kind.what for name, kind in _KINDS.items()}


@dataclass
class Fault:
    """One fault. `path` matches "path?query", with *, in any case, several joined by |."""

    name: str
    path: str = ""
    nth: int = 0
    times: int | None = -1  # -1: as its kind says; None: for ever
    seconds: float = 1.0  # how slow, or how long until the next try is welcome
    seen: int = field(default=0, compare=False)

    def __post_init__(self) -> None:
        if self.name not in _KINDS:
            raise ValueError(f"no fault {self.name!r}; there are: {', '.join(_KINDS)}")
        kind = _KINDS[self.name]
        self.path, self.nth = self.path or kind.path, self.nth or kind.nth
        self.times = kind.times if self.times == -1 else self.times

    @property
    def where(self) -> str:
        return _KINDS[self.name].where

    def matches(self, target: str, is_data: bool) -> bool:
        if not self.path:
            return is_data
        return any(fnmatchcase(target.lower(), pattern) for pattern in self.path.lower().split("|"))

    def strikes(self) -> bool:
        """Count one matching request, and say whether this is one of those that fail."""
        self.seen += 1
        return self.nth <= self.seen and (self.times is None or self.seen < self.nth + self.times)


class Faults:
    """The faults of one running sandbox; a test may change them while it runs."""

    def __init__(self, *faults: Fault | str) -> None:
        self._lock = Lock()
        self._faults: list[Fault] = []
        self.add(*faults)

    def add(self, *faults: Fault | str) -> None:
        with self._lock:
            self._faults += [Fault(f) if isinstance(f, str) else f for f in faults]

    def clear(self) -> None:
        with self._lock:
            self._faults = []

    def __iter__(self) -> Iterator[Fault]:
        return iter(list(self._faults))

    def due(self, where: str, target: str, *, is_data: bool = True) -> list[Fault]:
        with self._lock:
            here = [f for f in self._faults if f.where == where and f.matches(target, is_data)]
            return [f for f in here if f.strikes()]


# -- what a wire fault makes of an answer


@dataclass
class Reply:
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    kind: str = "application/json; charset=utf-8"
    delay: float = 0.0
    cut: bool = False  # end the connection half-way through the body
    reset: bool = False  # end it before any answer


HTML = "text/html; charset=utf-8"
_PAGE = b"<!DOCTYPE html>\n<html><head><title>%s</title></head><body><h1>%s</h1></body></html>\n"
_REPLACED = {
    "too_many_bare": Reply(429),
    "error_500": Reply(500, b'{"message":"Internal Server Error"}'),
    "error_502": Reply(502, _PAGE % (b"502 Bad Gateway", b"502 Bad Gateway"), kind=HTML),
    "error_503": Reply(503),
    "html_200": Reply(200, _PAGE % (b"Sign in", b"We will be right back"), kind=HTML),
    "html_404": Reply(404, _PAGE % (b"Error", b"Not Found"), kind=HTML),
    "contacts_forbidden": Reply(403, b'{"message":"Forbidden"}'),
}


def damaged(reply: Reply, fault: Fault, rate_headers: dict[str, str]) -> Reply:
    """The answer as a wire fault leaves it; `rate_headers`: how this provider says when to come back."""
    if fault.name in _REPLACED:
        return replace(_REPLACED[fault.name], headers=dict(reply.headers) if fault.name != "too_many_bare" else {})
    if fault.name == "too_many":
        return Reply(429, headers=rate_headers)
    if fault.name == "too_many_retry_after":
        return Reply(429, headers={"retry-after": str(max(1, round(fault.seconds)))})
    changes: dict[str, Callable[[], Reply]] = {
        "slow": lambda: replace(reply, delay=fault.seconds),
        "truncated": lambda: replace(reply, cut=True),
        "cut_json": lambda: replace(reply, body=reply.body[: len(reply.body) // 2]),
        "reset": lambda: replace(reply, reset=True),
        "no_list_key": lambda: replace(reply, body=_without_records(reply.body)),
        "bare_array": lambda: replace(reply, body=b"[" + reply.body + b"]"),
    }
    return changes[fault.name]()


def _without_records(body: bytes) -> bytes:
    try:
        told = json.loads(body)
    except ValueError:
        return body
    records = "data" if "data" in told else next((k for k, v in told.items() if isinstance(v, list)), None)
    return json.dumps({k: v for k, v in told.items() if k != records}).encode()


# -- what a page fault makes of a page


class PageLike(Protocol):
    """What any provider's page of a list offers to the faults; `before`: the last row of the page before."""

    rows: list[str]
    before: str | None
    more: bool
    same_again: bool


P = TypeVar("P", bound=PageLike)


def spoiled(page: P, fault: Fault) -> P:
    if fault.name == "empty_list":
        page.rows, page.more = [], False
    elif fault.name == "half_gone":
        page.rows = page.rows[::2]
    elif fault.name == "same_cursor":
        page.same_again = True
    elif fault.name == "empty_last_page":
        page.more = page.more or bool(page.rows)
    elif fault.name == "repeated_rows" and page.before:
        page.rows = [page.before, *page.rows]
    return page


# -- kinds that only some providers have; no part of FAULTS, which every kind above belongs to

_KINDS["scope_removed"] = Kind("world", 1, "the school takes a scope back while the pull goes on", 2)
