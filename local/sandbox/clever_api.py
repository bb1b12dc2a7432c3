"""What Clever's Data API answers to one authorised GET: a list, a count, a record or a refusal."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from html import escape

from .clever_data import CleverDistrict
from .clever_editions import Edition, OlderEdition
from .clever_pages import Page, Refused, count_body, cut, limit_of, links, list_body, single_body
from .clever_routes import DISTRICT, RESOURCES, USER_ROLES, VERSIONS, Nested, related_links
from .clever_tables import encoded
from .faults import HTML, Reply
from .serving import Request

Spoil = Callable[[Request, Page], Page]  # the faults that strike lists
GONE = {
    "gone": lambda path: Reply(410, b'{"message":"This endpoint is no longer available"}'),
    "missing": lambda path: no_such_path(path),
    "forbidden": lambda path: Reply(403, b'{"message":"Forbidden"}'),
}


def no_such_path(path: str, method: str = "GET") -> Reply:
    """Express's own page: this is what a wrong version or a wrong kind of token gets."""
    said = escape(f"Cannot {method} {path}")
    page = (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Error</title>\n</head>\n'
        f"<body>\n<pre>{said}</pre>\n</body>\n</html>\n"
    )
    return Reply(404, page.encode(), kind=HTML)


class CleverApi:
    """`v2_contacts`: what v2's contacts answer: gone, missing, forbidden; or served, as before July 2025."""

    def __init__(self, district: CleverDistrict, *, contacts: bool, v2_contacts: str, spoil: Spoil) -> None:
        self.district, self.v2_contacts, self.spoil = district, v2_contacts, spoil
        newer = Edition(district, contacts)
        self.editions: dict[str, Edition] = {
            "v2.0": OlderEdition(district, contacts, v20=True),
            "v2.1": OlderEdition(district, contacts),
            "v3.0": newer,
            "v3.1": newer,
        }

    def warm(self) -> None:
        """Sort the long lists now, so that the first page is as quick as the others."""
        for role in ("", *USER_ROLES):
            self.editions["v3.0"].ids("users", role)

    def answer(self, request: Request) -> Reply:
        version, *steps = request.path.strip("/").split("/")
        steps = [step if n == 1 else step.lower() for n, step in enumerate(steps)]  # Express ignores case
        with self.district.lock:
            try:
                if version not in VERSIONS or not steps:
                    return no_such_path(request.path)
                self.editions[version].refresh()
                return self._routed(request, version, steps)
            except Refused as refused:
                return refused.reply

    def _routed(self, request: Request, version: str, steps: list[str]) -> Reply:
        if steps[0] == "events":
            return self._events(request, steps[1:])
        routes = VERSIONS[version]
        if steps[0] not in routes or len(steps) > 3 or (len(steps) == 3 and steps[2] not in routes[steps[0]]):
            return no_such_path(request.path)
        if "contacts" in (steps[0], steps[-1]) and self.v2_contacts in GONE:
            return GONE[self.v2_contacts](request.path)
        if len(steps) == 1:
            return self._collection(request, version, steps[0])
        if len(steps) == 2:
            return self._single(version, steps[0], steps[1])
        return self._nested(request, version, steps[0], steps[1], routes[steps[0]][steps[2]])

    # -- lists

    def _collection(self, request: Request, version: str, kind: str) -> Reply:
        query = dict(request.query)
        role = self._role(query, USER_ROLES) if kind == "users" else ""
        ids = self.editions[version].ids(kind, role)
        if query.get("count") == "true" and version != "v2.0":
            return self._json(count_body(request, len(ids)))
        return self._list(request, version, kind, ids)

    def _nested(self, request: Request, version: str, kind: str, shown_id: str, nested: Nested) -> Reply:
        edition = self.editions[version]
        inner = edition.inner(kind, shown_id)
        if inner is None:
            raise Refused(404, "Resource not found")
        if nested is RESOURCES:
            return self._json(b'{"resources":[]}')  # recorded: no envelope, whatever the spec says
        query = dict(request.query)
        self._role(query, nested.roles)
        found = [self.district.id] if nested is DISTRICT else nested.select(self.district.relations, inner, query)
        ids = sorted(edition.shown(nested.kind, [i for i in found if i]))
        if nested.many:
            return self._list(request, version, nested.kind, ids, parent=kind)
        if not ids:
            raise Refused(404, "Resource not found")
        return self._single(version, nested.kind, ids[0])

    def _role(self, query: dict[str, str], allowed: tuple[str, ...]) -> str:
        role = query.get("role", "")
        if role and allowed and role not in allowed:
            raise Refused(400, f"role: expected one of {', '.join(allowed)}")
        return role

    def _list(self, request: Request, version: str, kind: str, ids: list[str], parent: str = "") -> Reply:
        edition = self.editions[version]
        page = self.spoil(request, cut(ids, request, limit_of(request)))

        def row(shown_id: str) -> bytes:
            told = edition.row(kind, shown_id)
            return _with_times(told) if (kind, parent) == ("terms", "schools") else told

        reply = self._json(list_body(request, page, f"/{version}/{kind}", row))
        tag = zlib.crc32(f"{self.district.revision} {request.target} {page.rows}".encode())
        reply.headers["etag"] = f'W/"{len(reply.body):x}-{tag:08x}"'
        return reply

    def _single(self, version: str, kind: str, shown_id: str) -> Reply:
        edition = self.editions[version]
        if edition.inner(kind, shown_id) is None:
            raise Refused(404, "Resource not found")
        roles = self.district.tables["users"].facts[shown_id].role_names if kind == "users" else []
        related = [(name, name) for name in related_links(version, kind, roles)]
        return self._json(single_body(f"/{version}/{kind}/{shown_id}", edition.row(kind, shown_id), related))

    # -- events: the app has not enabled them, which is an empty feed

    def _events(self, request: Request, steps: list[str]) -> Reply:
        if steps:
            raise Refused(404, "Resource not found")
        limit_of(request)
        asked = request if "?" in request.target else Request(request.method, f"{request.target}?", {})
        return self._json(json.dumps({"data": [], "links": links(asked, Page([], False, False))}).encode())

    def _json(self, body: bytes) -> Reply:
        return Reply(200, body, {"cache-control": "no-store"})


def _with_times(row: bytes) -> bytes:
    """/schools/{id}/terms writes the same dates as times."""
    term = json.loads(row)
    dates = {k: f"{term[k]}T00:00:00.000Z" for k in ("start_date", "end_date") if term.get(k)}
    return encoded(term | dates)
