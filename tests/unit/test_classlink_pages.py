"""OneRoster's pages: which answers are pages, where a collection ends, and that no habit of a server loses a row."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from roster.errors import ContractBroken, ProviderUnavailable, RosterError
from roster.model import JSON
from roster.ports import Answer, Integration, RunKey
from roster.pull import Place, Puller
from tests.fakes.memory import MemoryRecords, MemorySlots, MemoryTokens
from tests.support import function_module

pages: Any = function_module("import_classlink", "pages")
provider: Any = function_module("import_classlink", "provider")
BASE = "https://roster.example.test"
KEYS = ("users",)


def cursor(limit: int = 10, offset: int = 0, sort: bool = True) -> str:
    return str(pages.Cursor("users", limit, offset, sort))


def rows(count: int, first: int = 0) -> list[JSON]:
    return [{"sourcedId": f"u{n:04d}", "status": "active", "role": "student"} for n in range(first, first + count)]


def answer(body: JSON, **headers: str) -> Answer:
    return Answer(200, {name.replace("_", "-"): value for name, value in headers.items()}, json.dumps(body).encode())


def read(body: JSON, at: str = "", keys: tuple[str, ...] = KEYS, **headers: str) -> Any:
    return pages.read(keys, at or cursor(), answer(body, **headers))


# -- cursors


def test_cursors_are_what_is_sent() -> None:
    assert cursor(5000, 10) == "/users?limit=5000&offset=10&sort=sourcedId&orderBy=asc"
    assert cursor(5000, 10, sort=False) == "/users?limit=5000&offset=10"
    for sort in (True, False):
        for told in ("", "9", "?"):
            whole = pages.Cursor("users", 7, 8, sort, told)
            assert whole.query == cursor(7, 8, sort)
            assert pages.Cursor.parse(str(whole)) == whole


@pytest.mark.parametrize("size", [1, 10, 5000])
def test_the_next_page_begins_after_the_rows_received(size: int) -> None:
    """Not after the rows asked for: a server that sends fewer than that would have the others skipped."""
    assert pages.Cursor.parse(read({"users": rows(3)}, cursor(size, 40)).next).query == cursor(size, 43)


@pytest.mark.parametrize(
    ("count", "before", "headers", "told"),
    [
        (10, "", {}, "?"),
        (10, "", {"link": '<x>; rel="next"'}, ""),
        (3, "", {}, "?"),
        (10, "", {"x_total_count": "99"}, "99"),
        (10, "99", {}, "99"),
        (10, "99", {"x_total_count": "98"}, "98"),
        (10, "?", {}, "?"),
        (10, "15", {}, "?"),
        (3, "", {"x_total_count": "2"}, "?"),
    ],
)
def test_the_next_page_knows_what_the_pages_before_told(
    count: int, before: str, headers: dict[str, str], told: str
) -> None:
    """A total that more rows have proved wrong is forgotten."""
    at = pages.Cursor("users", 10, 10, True, before)
    assert pages.Cursor.parse(read({"users": rows(count)}, str(at), **headers).next).told == told


def test_what_was_really_asked_is_asked_on() -> None:
    """A connection that had to ask for less says so; see the connection's own tests."""
    asked = cursor(5, 20, sort=False)
    assert read({"users": rows(5)}, cursor(10, 20), x_cursor_asked=asked).next == f"{cursor(5, 25, sort=False)}|?"
    assert read({"users": rows(3)}, cursor(10, 20), x_cursor_asked=asked, x_total_count="23").next is None


# -- envelopes


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        None,
        "users",
        {"users": None},
        {"users": "u1"},
        {"users": {}},
        {"users": {"error": "no"}},
        {"user": []},
        {"data": []},
        {"error": "server_error"},
        {"imsx_codeMajor": "failure", "imsx_severity": "error"},
        {"imsx_codeMajor": "failure", "users": []},
        {"imsx_StatusInfo": {"imsx_codeMajor": "Failure"}, "users": []},
        {"statusInfoSet": [{"imsx_codeMajor": "unsupported"}], "users": []},
    ],
)
def test_an_answer_without_the_list_is_never_an_empty_list(body: JSON) -> None:
    with pytest.raises(ContractBroken) as caught:
        read(body)
    assert caught.value.help == provider.HELP["contract_broken"]


def test_an_answer_that_is_cut_off_or_html() -> None:
    for body in (b'{"users": [{"sourcedId"', b"<html>", b""):
        with pytest.raises(ProviderUnavailable):
            pages.read(KEYS, cursor(), Answer(200, {}, body))


def test_lists_under_the_word_of_the_path() -> None:
    """/schools is a list of orgs; some servers name it schools."""
    for key in ("orgs", "schools"):
        assert read({key: rows(2)}, keys=("orgs", "schools")).rows == rows(2)
    for name, key in {"orgs": "schools", "academicSessions": "terms", "classes": "classes"}.items():
        resource = next(r for r in provider.PROVIDER.resources({}, _selection()) if r.name == name)
        assert resource.read(resource.start, answer({key: rows(1)})).rows == rows(1)


def _selection() -> Any:
    from roster.model import Selection

    return Selection()


def test_a_list_of_one_without_its_brackets() -> None:
    assert read({"users": rows(1)[0]}).rows == rows(1)


def test_a_status_of_success_is_no_error() -> None:
    assert read({"users": rows(1), "statusInfoSet": [{"imsx_codeMajor": "success"}]}).rows == rows(1)


# -- ends


NEXT, LAST = '<https://x/users?offset=3>; rel="next"', '<https://x/users?offset=0>; rel="first",'
OTHER = "<https://x/style.css>; rel=preload, <https://x/last>; rel=self"


@pytest.mark.parametrize(
    ("count", "headers", "ends"),
    [
        (0, {}, True),
        (0, {"x_total_count": "99"}, True),
        (3, {}, False),
        (10, {}, False),
        (3, {"x_total_count": "3"}, True),
        (3, {"x_total_count": " 3 "}, True),
        (10, {"x_total_count": "10"}, False),
        (10, {"x_total_count": "10", "link": LAST}, True),
        (10, {"x_total_count": "10", "link": NEXT}, False),
        (10, {"x_total_count": "10", "link": OTHER}, False),
        (10, {"x_total_count": "9", "link": LAST}, False),
        (10, {"x_total_count": "11", "link": LAST}, False),
        (3, {"x_total_count": "5"}, False),
        (3, {"x_total_count": "2"}, False),
        (3, {"x_total_count": "2", "link": LAST}, False),
        (3, {"x_total_count": "5", "link": LAST}, False),
        (3, {"x_total_count": "3", "link": NEXT}, False),
        (3, {"link": LAST}, True),
        (3, {"link": '<https://x/?rel=next>; rel="last"'}, True),
        (10, {"link": LAST}, False),
        (3, {"link": NEXT}, False),
        (3, {"link": OTHER}, False),
        (3, {"link": "<https://x>; rel=next"}, False),
        (3, {"link": '<https://x>; REL = "last Next"'}, False),
        (3, {"link": ""}, False),
        (3, {"x_count": "3"}, False),
    ],
)
def test_where_a_collection_ends(count: int, headers: dict[str, str], ends: bool) -> None:
    assert (read({"users": rows(count)}, **headers).next is None) == ends


@pytest.mark.parametrize(("count", "ends"), [(49, True), (50, False), (51, True), (500, False)])
def test_a_short_page_of_a_round_number_may_be_cut(count: int, ends: bool) -> None:
    """Unless total and links agree that nothing follows."""
    body = {"users": rows(count)}
    assert (read(body, cursor(5000), x_total_count=str(count)).next is None) == ends
    assert (read(body, cursor(5000), link=LAST).next is None) == ends
    assert read(body, cursor(5000), x_total_count=str(count), link=LAST).next is None
    assert read(body, cursor(5000), x_total_count=str(count), link=NEXT).next is not None


@pytest.mark.parametrize(
    ("header", "body", "total"),
    [
        ("7", None, 7),
        ("", 7, 7),
        ("", "7", 7),
        ("7", 9, 7),
        ("many", 7, None),
        ("-1", None, None),
        ("²", None, None),
        ("1e3", None, None),
        ("9" * 5000, None, None),
        ("", True, None),
        ("", 7.5, None),
        ("", [7], None),
        ("2", None, None),
    ],
)
def test_totals_that_are_believed(header: str, body: JSON, total: int | None) -> None:
    headers = {"x_total_count": header} if header else {}
    assert read({"users": rows(3), "totalCount": body}, **headers).total == total


def test_marker() -> None:
    assert read({"users": []}, x_perm_rev=" 12 ").marker == "12"
    assert read({"users": []}).marker == ""


# -- servers as they are: every row is read exactly once, or the pull says that it is not whole


@dataclass
class Server:
    """A OneRoster server with habits; `total` is off by so many, or how it is told.

    `refusal`: its status for requests from row `refuse_from` on, or for those past the last row. `void`: how it says
    that there is nothing.
    """

    count: int
    clamp: int = 0
    total: int | str | None = 0
    links: bool = False
    ignore_offset: bool = False
    refuse_sort: int = 0
    refuse_over: int = 0
    fail_over: int = 0
    silent_over: int = 0
    refusal: int = 0
    refuse_from: int = 9999
    void: bytes = b""
    dated: int = 0
    asked: list[str] = field(default_factory=list)

    def get(self, url: str, headers: Mapping[str, str] | None = None, auth: Any = None) -> Answer:
        self.asked.append(url)
        query = dict(parse_qsl(urlsplit(url).query))
        limit, path = int(query["limit"]), urlsplit(url).path.rsplit("/", 1)[1]
        if self.refuse_sort and "sort" in query:
            return Answer(self.refuse_sort, {})
        if self.refuse_over and limit > self.refuse_over:
            return Answer(400, {})
        if self.fail_over and limit > self.fail_over:
            return Answer(502, {}, b"<html>")
        if self.silent_over and limit > self.silent_over:
            raise ProviderUnavailable("no complete answer")
        return self._page(path, limit, int(query["offset"]))

    def post(self, *args: Any, **more: Any) -> Answer:
        raise AssertionError("a bearer needs no token")

    def _page(self, path: str, limit: int, offset: int) -> Answer:
        everything = rows({"users": self.count, "demographics": self.dated}.get(path, 0))
        if self.refusal and offset >= min(self.refuse_from, max(1, len(everything))):
            return Answer(self.refusal, {})
        at = 0 if self.ignore_offset else offset
        page = everything[at : at + min(limit, self.clamp or limit)]
        if self.void and not page and (everything or not self.count):
            return Answer(200, {}, self.void.replace(b"PATH", path.encode()))
        body: dict[str, JSON] = {path: page}
        headers = {}
        if self.total == "body":
            body["totalCount"] = len(everything)
        elif self.total == "page":
            headers["x-total-count"] = str(len(page))
        elif isinstance(self.total, int):
            headers["x-total-count"] = str(max(0, len(everything) + (self.total if path == "users" else 0)))
        if self.links:
            more = offset + len(page) < len(everything)
            headers["link"] = NEXT if more else LAST
        return Answer(200, headers, json.dumps(body).encode())


def pulled(server: Server, size: int, seconds: float = 900.0) -> tuple[Place, list[str]]:
    """The end of a pull, and the ids of all users that were staged."""
    key, slots = RunKey("1", "e", "r"), MemorySlots()
    records, tokens = MemoryRecords(Integration("1", "any")), MemoryTokens()
    run = {"settings": {"base_url": BASE, "page_size": size}}
    place = Place()
    while not place.done:
        puller = Puller(provider.PROVIDER, server, slots, records, tokens, lambda: seconds)
        place = puller.turn(key, run, {"token": "t"}, Place(**json.loads(json.dumps(asdict(place)))))
    files = [name for name, file in slots.files.items() if f"/pull/{place.round}/" in name]
    lines = [json.loads(line) for name in files for line in slots.read(name, range(256)).splitlines()]
    return place, [fact["id"] for tag, fact in lines if tag == "person"]


honest_servers = st.builds(
    Server,
    count=st.integers(0, 260),
    clamp=st.integers(0, 90),
    total=st.sampled_from([0, None, "body"]),
    links=st.booleans(),
    refuse_sort=st.sampled_from([0, 400, 422]),
    refuse_over=st.sampled_from([0, 100]),
    fail_over=st.sampled_from([0, 50, 60]),
    silent_over=st.sampled_from([0, 50, 60]),
)
lying_servers = st.builds(
    Server,
    count=st.integers(0, 260),
    clamp=st.sampled_from([0, 50, 100]),
    total=st.integers(-200, 9) | st.sampled_from(["page", None]),
    links=st.booleans(),
    ignore_offset=st.booleans(),
)
HARD = effort(max_examples=150, deadline=None, database=None, derandomize=True)


@HARD
@given(server=honest_servers, size=st.integers(5, 130), seconds=st.sampled_from([0.0, 900.0]))
def test_whatever_the_pages_every_row_is_read_once(server: Server, size: int, seconds: float) -> None:
    """Any page size, limits cut silently, no totals or links, sorts refused, break-downs over large pages."""
    end, ids = pulled(server, size, seconds)
    assert Counter(ids) == Counter(row["sourcedId"] for row in rows(server.count))
    assert end.warnings == {}


@HARD
@given(server=lying_servers, size=st.integers(5, 130), seconds=st.sampled_from([0.0, 900.0]))
@example(server=Server(60, clamp=50, total="page"), size=120, seconds=900.0)
@example(server=Server(150, clamp=50, total=-50), size=120, seconds=900.0)
@example(server=Server(30, ignore_offset=True, total=None), size=20, seconds=0.0)
def test_a_server_that_lies_loses_nobody_silently(server: Server, size: int, seconds: float) -> None:
    try:
        end, ids = pulled(server, size, seconds)
    except ContractBroken:
        assert server.ignore_offset
        return
    whole = Counter(ids) == Counter(row["sourcedId"] for row in rows(server.count))
    assert whole or {"source_incomplete", "source_moved"} & set(end.warnings)
    assert not whole or isinstance(server.total, int) or not end.warnings


@pytest.mark.parametrize("refusal", [400, 404, 416])
@pytest.mark.parametrize(
    ("server", "size", "warnings"),
    [
        (Server(50, links=True), 5000, {}),
        (Server(50), 5000, {}),
        (Server(50), 25, {}),
        (Server(60), 30, {}),
        (Server(60, total="body"), 30, {}),
        (Server(60, links=True, total=None), 5000, {}),
        (Server(60, total=None), 5000, {"source_incomplete": 1}),
        (Server(50, total=None), 25, {"source_incomplete": 1}),
        (Server(60, total=None, clamp=25), 5000, {"source_incomplete": 1}),
        (Server(60, total=-7), 5000, {"source_incomplete": 1}),
    ],
    ids=str,
)
@pytest.mark.parametrize("seconds", [0.0, 900.0])
def test_a_server_that_refuses_to_look_past_the_last_row(
    server: Server, size: int, warnings: dict[str, int], refusal: int, seconds: float
) -> None:
    """Where no total was told, nobody knows that it was the last: all of them are taken, and nobody departs."""
    end, ids = pulled(replace(server, refusal=refusal, asked=[]), size, seconds)
    assert Counter(ids) == Counter(row["sourcedId"] for row in rows(server.count))
    assert end.warnings == warnings


@pytest.mark.parametrize("void", [b"null", b"{}", b'{"PATH": null}', b'{"PATH": null, "totalCount": 0}'])
@pytest.mark.parametrize(("total", "warnings"), [(0, {}), (None, {"source_incomplete": 1})])
def test_a_server_that_says_null_of_an_empty_list(void: bytes, total: int | None, warnings: dict[str, int]) -> None:
    """As Go does; from the first row on it would be an error in disguise."""
    end, ids = pulled(Server(50, total=total, clamp=25, void=void), 5000)
    assert Counter(ids) == Counter(row["sourcedId"] for row in rows(50))
    assert end.warnings == warnings


def test_no_content_past_the_last_row() -> None:
    end, ids = pulled(Server(50, total=None, clamp=25, refusal=204), 5000)
    assert (len(ids), end.warnings) == (50, {"source_incomplete": 1})


@pytest.mark.parametrize("void", [b"null", b"{}", b'{"users": null}'])
def test_nothing_from_the_first_row_on_is_not_taken_for_an_empty_school(void: bytes) -> None:
    with pytest.raises(ContractBroken):
        pulled(Server(0, void=void), 5000)


def test_a_server_that_ignores_pages_and_tells_the_total() -> None:
    """What it shows past the last row is what it has shown already; but its total may have been the page's own."""
    end, ids = pulled(Server(100, ignore_offset=True), 5000)
    assert (len(ids), end.warnings) == (100, {"source_incomplete": 1})


truthful_servers = st.builds(
    Server,
    count=st.integers(0, 260),
    clamp=st.sampled_from([0, 30, 50]),
    total=st.sampled_from([0, None, "body"]),
    links=st.booleans(),
    refusal=st.sampled_from([400, 401, 403, 404, 410, 416, 501]),
    refuse_from=st.integers(1, 260),
    dated=st.integers(0, 260),
)


@HARD
@given(server=truthful_servers, size=st.integers(5, 130), seconds=st.sampled_from([0.0, 900.0]))
def test_a_refusal_in_the_middle_cuts_nothing_off_silently(server: Server, size: int, seconds: float) -> None:
    """A total that is wrong as well is not among these: who is told that the rows are all there believes it."""
    try:
        end, ids = pulled(server, size, seconds)
    except RosterError:
        return
    whole = Counter(ids) == Counter(row["sourcedId"] for row in rows(server.count))
    assert whole or "source_incomplete" in end.warnings
    dated = end.pulled.get("birthdate", server.dated)
    assert dated == server.dated or end.warnings
    assert "demographics_refused" not in end.warnings
    assert end.absent == []


@pytest.mark.parametrize("refusal", [401, 403, 404, 410, 501])
def test_demographics_that_stop_in_the_middle(refusal: int) -> None:
    with pytest.raises(RosterError):
        pulled(Server(10, dated=60, refusal=refusal, refuse_from=40), 20)


def test_a_page_that_is_not_the_last_costs_one_request_to_see() -> None:
    server = Server(60, total=None)
    pulled(server, 1000)
    asked = [urlsplit(url).query for url in server.asked if "/users" in url]
    assert [dict(parse_qsl(query))["offset"] for query in asked] == ["0", "60"]
