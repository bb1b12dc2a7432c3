"""OneRoster's pages: cursors that are sent as they stand, and what of an answer is believed.

Totals are wrong, links are missing, limits are cut silently, so a collection ends only where two of three say so (a
short page, the total, the links), or at a page without rows. `href` and `Link` are never followed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl

from wording import HELP

from roster.errors import ContractBroken, ProviderUnavailable
from roster.fields import items, mapping, text
from roster.model import JSON
from roster.ports import Answer
from roster.provider import Page

ASKED = "x-cursor-asked"  # our own: what the connection had to ask instead of the cursor, so that it is asked again
TOLD = (ASKED, "x-total-count", "link", "x-perm-rev")  # the headers that `read` looks at
REL = r'rel\s*=\s*("[^"]*\b({0})\b|({0})\b)'
NEXT = re.compile(REL.format("next"), re.IGNORECASE)
PAGED = re.compile(REL.format("first|prev|previous|last"), re.IGNORECASE)  # other links say nothing about pages
ADDRESS = re.compile("<[^>]*>")
FAILED = frozenset({"failure", "unsupported"})
PAST = frozenset({400, 404, 416})  # how servers refuse to look past the last row
PERHAPS = "?"
SHORT = 1_000  # bytes; whatever is longer says something
LONGEST_TOTAL = 12  # digits
ROUND = 50  # a limit that is cut silently is cut to a round number, and then a total may count the page alone


@dataclass(frozen=True)
class Cursor:
    """A page's address below the service: digits and plain words alone, so that nothing needs an escape.

    `told`: how many rows there are in all, as the pages before said; where they did not say, PERHAPS no more. It
    stands behind the address, and is not sent.
    """

    path: str
    limit: int
    offset: int = 0
    sort: bool = True
    told: str = ""

    @property
    def query(self) -> str:
        order = "&sort=sourcedId&orderBy=asc" if self.sort else ""
        return f"/{self.path}?limit={self.limit}&offset={self.offset}{order}"

    @property
    def past(self) -> bool:
        """Whether no more rows are promised from here on."""
        return self.told in (PERHAPS, str(self.offset))

    def __str__(self) -> str:
        return f"{self.query}|{self.told}" if self.told else self.query

    @classmethod
    def parse(cls, cursor: str) -> Cursor:
        address, _, told = cursor.partition("|")
        path, _, query = address.partition("?")
        asked = dict(parse_qsl(query))
        return cls(path.lstrip("/"), int(asked["limit"]), int(asked["offset"]), "sort" in asked, told)


def read(keys: tuple[str, ...], cursor: str, answer: Answer) -> Page:
    """The page of a list answer; the next one begins after the rows that came, however many were asked for."""
    asked = Cursor.parse(answer.headers.get(ASKED, cursor))
    body = mapping(answer.json())
    rows = _rows(keys, body)
    received = asked.offset + len(rows)
    total = _total(answer.headers, body, asked)
    believed = None if total is not None and total < received else total
    more = NEXT.search(ADDRESS.sub("", answer.headers.get("link", "")))
    told = "" if more else PERHAPS
    following = replace(asked, offset=received, told=told if believed is None else str(believed))
    ended = _ended(len(rows), asked, total, answer.headers)
    return Page(rows, None if ended else str(following), believed, answer.headers.get("x-perm-rev", "").strip())


def nothing(asked: Cursor, answer: Answer) -> Answer:
    """A page without rows, in place of a refusal to look past the last row, and of an answer that says nothing.

    Only a total says that it was the last. Where nothing but a short page did, one row more is said to be missing, so
    that the pull does not count as whole and nobody departs.
    """
    if answer.status not in PAST and not _says_nothing(answer):
        return answer
    missing = {"x-total-count": str(asked.offset + 1)} if asked.told == PERHAPS else {}
    return Answer(200, missing, json.dumps({asked.path: []}).encode())


def _says_nothing(answer: Answer) -> bool:
    """Servers in Go say null of an empty list; others send no content, or an object without the list."""
    if answer.status == 200 and len(answer.body) < SHORT:
        try:
            body = answer.json()
        except ProviderUnavailable:
            return False
        return body is None or (isinstance(body, dict) and not any(one or one == [] for one in body.values()))
    return answer.status == 204


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


def _total(headers: Mapping[str, str], body: Mapping[str, JSON], asked: Cursor) -> int | None:
    """What the header says or, where there is none, the body or the pages before; None for what is no count."""
    for given in (headers.get("x-total-count", "").strip() or text(body.get("totalCount")), asked.told):
        if given.isdecimal() and len(given) <= LONGEST_TOTAL:
            return int(given)
    return None


def _ended(rows: int, asked: Cursor, total: int | None, headers: Mapping[str, str]) -> bool:
    """Whether nothing follows: two of three say so, and none of them denies it.

    More rows than a total promised prove it wrong: then nothing but a page without rows ends the collection.
    """
    link = ADDRESS.sub("", headers.get("link", ""))
    if NEXT.search(link):
        return not rows
    short, last = bool(rows < asked.limit and rows % ROUND), bool(PAGED.search(link))
    said = short and last if total is None else asked.offset + rows == total and (short or last)
    return said or not rows
