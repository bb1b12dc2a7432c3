"""Veracross' Data API (api.veracross.com): what is checked of a request, in which order, and what is answered.

The order is: path, method, Accept, bearer, token, scope, rate, query, page headers.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from .faults import Fault, Reply
from .serving import Request
from .veracross_conduct import Conduct
from .veracross_pages import BadPage, cut, page_asked
from .veracross_query import BadQuery, selected
from .veracross_records import told
from .veracross_resources import EVERY, Resource
from .veracross_school import VeracrossSchool
from .veracross_tokens import Application, Token, rate_headers

REVISION = "2026-09-23"
_SCHEME = re.compile(r"Bearer (\S+)")


class Refused(Exception):
    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.reply = Reply(status, json.dumps({"error": text, "error_id": str(uuid.uuid4())}).encode())


class Target(NamedTuple):
    resource: Resource
    record: str | None  # None: the list

    @property
    def scope(self) -> str:
        return f"{self.resource.scope}:{'list' if self.record is None else 'read'}"


class DataApi:
    """`limit` and `window`: how many requests a token may make in how many seconds."""

    def __init__(
        self,
        school: VeracrossSchool,
        application: Application,
        conduct: Callable[[], Conduct],
        faults: Callable[[Request], list[Fault]],
        limit: int,
        window: float,
    ) -> None:
        self.school, self.application, self.conduct, self.faults = school, application, conduct, faults
        self.limit, self.window = limit, window
        self._last: dict[str, tuple[object, list[int]]] = {}

    def answer(self, request: Request, path: str | None) -> Reply:
        """`path`: after the route; None if the route is unknown."""
        rate = self._rate_untouched()
        try:
            target = self._target(path)
            self._check_form(request, path or "")
            token = self._token(request, target)
            allowed, rate = token.rate.count(*self.allowance)
            if not allowed:
                raise Refused(429, "Too Many Requests")
            reply = Reply(200, self._body(request, target))
        except Refused as refused:
            reply = refused.reply
        except (BadQuery, BadPage) as bad:
            reply = Refused(400, str(bad)).reply
        reply.headers |= rate | {"X-API-Revision": REVISION}
        return reply

    @property
    def allowance(self) -> tuple[int, float]:
        lower = self.conduct().lower_rate_limit
        return (lower, min(2.0, self.window)) if lower else (self.limit, self.window)

    def exhausted(self, seconds: float) -> dict[str, str]:
        return rate_headers(self.allowance[0], 0, self.application.clock() + seconds)

    def _rate_untouched(self) -> dict[str, str]:
        """What the headers say of a request that was refused before it counted."""
        limit, window = self.allowance
        return rate_headers(limit, limit, self.application.clock() + window)

    # -- the checks

    def _target(self, path: str | None) -> Target:
        if path is None:
            raise Refused(404, "The requested client is unknown")
        plain = path.removesuffix(".json")
        for resource in EVERY:
            if plain == f"/v3{resource.path}":
                return Target(resource, None)
            start, _, record = plain.rpartition("/")
            if start == f"/v3{resource.path}" and record and resource.read:
                if literal := re.fullmatch(r"(?:\{|%7B)(\w+)(?:\}|%7D)", record, re.IGNORECASE):
                    raise Refused(400, f"The URL path is missing required parameters: {literal[1]}")
                return Target(resource, record)
        raise Refused(404, "The requested endpoint wasn't found")

    def _check_form(self, request: Request, path: str) -> None:
        if request.method != "GET":
            raise Refused(405, "The requested method is not allowed")
        types = {"application/json", "application/*", "*/*"}
        if not path.endswith(".json") and not _accepts(request.headers.get("accept"), types):
            raise Refused(406, "The requested content type is not acceptable")
        if not _accepts(request.headers.get("accept-encoding"), {"deflate", "identity", "*"}):
            raise Refused(406, "The requested encoding is not acceptable")

    def _token(self, request: Request, target: Target) -> Token:
        given = _SCHEME.fullmatch(request.headers.get("authorization", ""))
        if not given:
            raise Refused(401, "An authorization header with a bearer token is required")
        token = self.application.find(given[1])
        if token is None:
            raise Refused(401, "The provided access token is unknown")
        token.requests += 1
        if token.revoked:
            raise Refused(401, "The provided access token has been revoked")
        if token.expired(self.application.clock(), self.conduct().short_tokens):
            raise Refused(401, "The provided access token has expired")
        if target.scope not in token.scopes:
            raise Refused(401, f"The provided access token is missing a required scope: {target.scope}")
        return token

    # -- the answer

    def _body(self, request: Request, target: Target) -> bytes:
        with self.school.lock:
            resource, conduct = target.resource, self.conduct()
            data: Any
            if target.record is None:
                ids = self._selected(resource, request, conduct)
                rows = cut(ids, *page_asked(request.headers, conduct), conduct, self.faults(request))
                data = self._records(resource, resource.listed, rows)
            else:
                selected(self.school, resource, request.query, conduct, alone=True)
                data = self._record(resource, target.record)
            # A key that no client knows, as the breaking changes policy allows at any time.
            body: dict[str, Any] = {"data": data, "sandbox_unknown": {"rows": len(data)}}
            if request.headers.get("x-api-value-lists", "").lower() == "include":
                fields = resource.list_codes if target.record is None else resource.read_codes
                body["value_lists"] = self.school.values.told(fields, strings=conduct.string_codes)
            return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()

    def _selected(self, resource: Resource, request: Request, conduct: Conduct) -> list[int]:
        """Kept for the next page of the same list: a school may have 100,000 rows in it."""
        key = (self.school.tables[resource.table].revision, tuple(request.query), conduct)
        if self._last.get(resource.table, (None, []))[0] != key:
            self._last[resource.table] = (key, selected(self.school, resource, request.query, conduct))
        return self._last[resource.table][1]

    def _record(self, resource: Resource, record: str) -> dict[str, Any]:
        rows = self.school.tables[resource.table].rows
        if not record.isdecimal() or int(record) not in rows:
            raise Refused(404, "The requested record wasn't found")
        return self._records(resource, resource.read, [int(record)])[0]

    def _records(self, resource: Resource, fields: tuple[str, ...], ids: Iterable[int]) -> list[dict[str, Any]]:
        rows, conduct = self.school.tables[resource.table].rows, self.conduct()
        return [told(rows[i], fields, resource, conduct) for i in ids]


def _accepts(header: str | None, good: set[str]) -> bool:
    """Whether a header that lists what a client takes names one of these; none at all takes anything."""
    if not header:
        return True
    parts = [part.replace(" ", "").lower().partition(";q=") for part in header.split(",")]
    return any(name.partition(";")[0] in good and not re.fullmatch(r"0(\.0*)?", q) for name, _, q in parts)
