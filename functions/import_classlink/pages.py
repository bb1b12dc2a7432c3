"""OneRoster's pages: cursors that are sent exactly as they stand, and what of an answer is believed.

Totals are wrong, links are missing, limits are cut silently, so a collection ends only where two things say so: a
short page and a total or a link, or a page without rows. `href` and `Link` are never followed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl

from help_texts import HELP

from roster.errors import ContractBroken
from roster.fields import items, mapping, text
from roster.model import JSON
from roster.ports import Answer
from roster.provider import Page

ASKED = "x-cursor-asked"  # our own: what the connection had to ask instead of the cursor, so that it is asked again
NEXT = re.compile(r'rel\s*=\s*("[^"]*\bnext\b|next\b)', re.IGNORECASE)
ADDRESS = re.compile("<[^>]*>")
FAILED = frozenset({"failure", "unsupported"})
LONGEST_TOTAL = 12  # digits
ROUND = 50  # a limit that is cut silently is cut to a round number, and then a total may count the page alone


@dataclass(frozen=True)
class Cursor:
    """A page's address below the service: digits and plain words alone, so that nothing needs an escape."""

    path: str
    limit: int
    offset: int = 0
    sort: bool = True

    def __str__(self) -> str:
        order = "&sort=sourcedId&orderBy=asc" if self.sort else ""
        return f"/{self.path}?limit={self.limit}&offset={self.offset}{order}"

    @classmethod
    def parse(cls, cursor: str) -> Cursor:
        path, _, query = cursor.partition("?")
        told = dict(parse_qsl(query))
        return cls(path.lstrip("/"), int(told["limit"]), int(told["offset"]), "sort" in told)


def read(keys: tuple[str, ...], cursor: str, answer: Answer) -> Page:
    """The page of a list answer; the next one begins after the rows that came, however many were asked for."""
    asked = Cursor.parse(answer.headers.get(ASKED, cursor))
    body = mapping(answer.json())
    rows = _rows(keys, body)
    received = asked.offset + len(rows)
    total = _total(answer.headers, body)
    believed = None if total is not None and total < received else total
    short = len(rows) < asked.limit and len(rows) % ROUND
    ended = not rows or bool(short and _complete(received, total, answer.headers))
    following = None if ended else str(replace(asked, offset=received))
    return Page(rows, following, believed, answer.headers.get("x-perm-rev", "").strip())


def _rows(keys: tuple[str, ...], body: Mapping[str, JSON]) -> list[JSON]:
    """A missing list is no empty list: it is an error in disguise, and would make everybody depart."""
    if any(text(mapping(status).get("imsx_codeMajor")).lower() in FAILED for status in _statuses(body)):
        raise ContractBroken(f"{keys[0]}: an error with status 200", HELP["contract_broken"])
    for value in map(body.get, keys):
        if isinstance(value, list):
            return value
        if isinstance(value, dict) and "sourcedId" in value:
            return [value]
    raise ContractBroken(f"{keys[0]}: the answer holds no such list", HELP["contract_broken"])


def _statuses(body: Mapping[str, JSON]) -> list[JSON]:
    return [body, *items(body.get("imsx_StatusInfo")), *items(body.get("statusInfoSet"))]


def _total(headers: Mapping[str, str], body: Mapping[str, JSON]) -> int | None:
    """What the header says or, where there is none, the body; None for what is no count."""
    given = headers.get("x-total-count", "").strip() or text(body.get("totalCount"))
    return int(given) if given.isdecimal() and len(given) <= LONGEST_TOTAL else None


def _complete(received: int, total: int | None, headers: Mapping[str, str]) -> bool:
    """Whether a short page is the last: the total says so, or the links where there is none, and neither denies it.

    More rows than a total promised prove it wrong: then nothing but a page without rows ends the collection.
    """
    link = ADDRESS.sub("", headers.get("link", "")).strip()
    if NEXT.search(link):
        return False
    return bool(link) if total is None else received == total
