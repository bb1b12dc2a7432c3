"""OneRoster's two read APIs over one district: lists with their pages, single records, errors.

What surrounds them (addresses, credentials, ClassLink's headers) is oneroster.py's and classlink.py's.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import urlsplit

from .faults import HTML, Fault, Reply
from .oneroster_conduct import Conduct
from .oneroster_data import OneRosterDistrict
from .oneroster_lists import Lists, Page, View
from .oneroster_query import Query, Refused, parsed
from .oneroster_routes import Found, found
from .oneroster_rows import V11, V12, Record
from .oneroster_spelling import envelope_key, error_body, spelled
from .serving import Request

_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode
PROXY_PAGE = b"<html><head><title>%s</title></head><body><h1>%s</h1></body></html>\n"
_DOB_REFUSED = {
    "refused": (403, "forbidden", "Insufficient scope"),
    "404": (404, "unknownobject", "There is nothing at demographics"),
    "501": (501, "unsupportedoperation", "Demographics are not supported"),
}


def json_reply(status: int, value: object, headers: dict[str, str] | None = None) -> Reply:
    return Reply(status, _encode(value).encode(), dict(headers or {}))


def page_reply(status: int, words: str, headers: dict[str, str] | None = None) -> Reply:
    """What a proxy says in HTML."""
    return Reply(status, PROXY_PAGE % (words.encode(), words.encode()), dict(headers or {}), kind=HTML)


class OneRosterApi:
    def __init__(
        self,
        district: OneRosterDistrict,
        page_faults: Callable[[Request], list[Fault]],
        hrefs: Callable[[str], str],
        *,
        conduct: Conduct | None = None,
        view: View | None = None,
        most_clauses: int = 2,
    ) -> None:
        self.district, self.page_faults, self.hrefs = district, page_faults, hrefs
        self.view, self.most_clauses = view, most_clauses
        self.conduct = conduct or Conduct()

    @property
    def conduct(self) -> Conduct:
        return self._conduct

    @conduct.setter
    def conduct(self, conduct: Conduct) -> None:
        self._conduct, self._asked, self._moved = conduct, 0, False
        self.lists = Lists(self.district, conduct, self.view)

    # -- one request

    def answer(self, request: Request, version: str, tail: str) -> Reply:
        try:
            if request.method != "GET":
                raise Refused(405, "unsupportedoperation", "Rosters are only read here")
            what = found(tail)
            query = parsed(urlsplit(request.target).query, version, what.kind, most_clauses=self.most_clauses)
            with self.district.lock:
                self._asked += 1
                if early := self._habits(what.kind, query):
                    return early
                if what.single is None:
                    return self._list(request, version, what, query)
                return self._single(version, what, query)
        except Refused as refused:
            return self.refusal(version, refused)

    def refusal(self, version: str, refused: Refused, headers: dict[str, str] | None = None) -> Reply:
        style = self.conduct.error_style
        if style == "html":
            return page_reply(refused.status, refused.description, headers)
        return json_reply(refused.status, error_body(version, refused.minor, refused.description, style), headers)

    def _habits(self, kind: str, query: Query) -> Reply | None:
        """The answers that this provider gives without looking at its rows."""

        def of(name: str) -> int:
            return int(self.conduct.of(name, kind))

        if of("html_429") and self._asked % 3 == 0:
            return page_reply(429, "Too many requests", {"retry-after": str(of("html_429"))})
        if of("fail_502_over_limit") and query.limit > of("fail_502_over_limit"):
            return page_reply(502, "502 Bad Gateway")
        if of("refuse_over_limit") and query.limit > of("refuse_over_limit"):
            raise Refused(400, "invaliddata", f"limit: at most {of('refuse_over_limit')}")
        if of("refuse_sort") and query.sort:
            raise Refused(of("refuse_sort"), "invalid_sort_field", "Sorting is not supported")
        refuses = self.conduct.of("refuse_filter", kind)
        if refuses and refuses != "empty" and query.filtered:
            raise Refused(int(refuses), "invalid_filter_field", "Filtering is not supported")
        if kind == "demographics" and (refused := _DOB_REFUSED.get(str(self.conduct.of("dob", kind)))):
            raise Refused(*refused)
        return None

    def _single(self, version: str, what: Found, query: Query) -> Reply:
        record = self.lists.record(version, what.kind, what.word, what.single or "")
        key = envelope_key(what.kind, what.word, self.conduct, single=True)
        return json_reply(200, {key: self._written(version, what.kind, record, query)})

    def _written(self, version: str, kind: str, record: Record, query: Query) -> Record:
        """The row on the wire; a provider of mixed shapes takes fields from the other version too."""
        only = query.fields or None
        row = self.lists.told(version, self.hrefs(version), kind, record, only)
        if kind == "users" and (mixed := self.conduct.of("mixed_shape", kind)):
            other = V11 if version == V12 else V12
            told = self.lists.told(other, self.hrefs(other), kind, record, only)
            row = told if mixed == "other" else {**row, **told}
        return spelled(row, kind, self.conduct)

    # -- lists

    def _list(self, request: Request, version: str, what: Found, query: Query) -> Reply:
        kind = what.kind
        if self.conduct.of("error_in_200", kind):
            body = error_body(version, "internal_server_error", "Something went wrong", self.conduct.error_style)
            return json_reply(200, body)
        self._move(kind, query)
        page = self.lists.page(version, what, query, self.page_faults(request), self._asked)
        records = (self.district.get(kind, i, version) for i in page.rows)
        rows = [self._written(version, kind, r, query) for r in records if r is not None]
        return self._enveloped(request, what, page, rows)

    def _move(self, kind: str, query: Query) -> None:
        if not query.offset or self._moved or not (how := self.conduct.of("change_mid_pull", kind)):
            return
        self._moved = True
        if how == "leave":  # the first in any order: all that follow move up, over the edge of the page
            self.district.leave(min(self.district.students()))
        else:
            self.district.join("!joined")

    def _enveloped(self, request: Request, what: Found, page: Page, rows: list[Record]) -> Reply:
        total = page.total + self.conduct.of("wrong_total", what.kind)
        told: Record = {envelope_key(what.kind, what.word, self.conduct, single=False): rows}
        if in_body := self.conduct.of("total_in_body", what.kind):
            told |= {"totalCount": total, "offset": page.query.offset, "limit": page.query.limit}
        has_total = not in_body and not self.conduct.of("no_total", what.kind)
        headers = self.headers(request, page, len(rows), total if has_total else None)
        if self.conduct.of("no_link", what.kind):
            headers.pop("link", None)
        return json_reply(200, told, headers)

    def headers(self, request: Request, page: Page, count: int, total: int | None) -> dict[str, str]:
        """What a list says in its headers: the total, and absolute links. ClassLink has others."""
        told = {"X-Total-Count": str(total)} if total is not None else {}
        query, limit = page.query, page.query.limit
        at = {"first": 0, "last": (page.total - 1) // limit * limit if page.total else 0}
        if query.offset:
            at["prev"] = max(0, query.offset - limit)
        if page.more:
            at["next"] = page.next_offset
        start = f"http://{request.headers.get('host', '')}{request.path}?"
        rest = f"&{query.others}" if query.others else ""
        links = [f'<{start}limit={limit}&offset={offset}{rest}>; rel="{rel}"' for rel, offset in at.items()]
        return told | {"link": ", ".join(links)}
