"""How Clever is asked: address, token, pages and patience, over a function in place of a network."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from roster.errors import AccessMissing, ContractBroken, CredentialRejected, NotSetUp, ProviderUnavailable, RosterError
from roster.model import JSON, Selection
from roster.paging import MOST_FRUITLESS, LoopGuard
from roster.ports import Answer
from tests.fakes.memory import MemoryTokens
from tests.support import function_module

clever: Any = function_module("import_clever", "provider")
PROVIDER = clever.PROVIDER
SECRET = {"client_id": "app", "client_secret": "app-secret"}
SETTINGS = {"district": "d1"}
LIST = "/v3.0/users?role=student&limit=10"


def answer(body: JSON, status: int = 200) -> Answer:
    return Answer(status, {}, json.dumps(body).encode())


def grant(token: str = "t1", district: str = "d1", scopes: tuple[str, ...] = ()) -> dict[str, JSON]:
    return {"owner": {"type": "district", "id": district}, "access_token": token, "scopes": list(scopes)}


class Wire:
    """The network, as a function from address and credential to an answer; it keeps what it was asked."""

    def __init__(self, *grants: dict[str, JSON], data: Callable[[str], Answer] = lambda token: answer({})) -> None:
        self.listing: Answer = answer({"data": list(grants), "links": []})
        self.data, self.asked, self.auth = data, list[str](), list[object]()

    def get(self, url: str, headers: Mapping[str, str] | None = None, auth: tuple[str, str] | None = None) -> Answer:
        self.asked.append(url)
        self.auth.append(auth or (headers or {}).get("Authorization"))
        return self.listing if "/oauth/tokens" in url else self.data(str(self.auth[-1]).removeprefix("Bearer "))


def page(next: JSON = None, **body: JSON) -> Answer:
    links = [{"rel": "self", "uri": LIST}, *([{"rel": "next", "uri": next}] if next is not None else [])]
    return answer({"data": [], "links": links, **body})


# -- pages


def test_next_page_keeps_our_filters() -> None:
    found = clever.read(LIST, page("/v3.0/users?starting_after=a1&limit=3&role=teacher&new=1"))
    assert parse_qs(urlsplit(found.next).query) == {
        "role": ["student"],
        "limit": ["10"],
        "starting_after": ["a1"],
        "new": ["1"],
    }
    assert urlsplit(found.next).path == "/v3.0/users"
    assert clever.read(LIST, page()).next is None


@pytest.mark.parametrize(
    "next",
    [
        "https://evil.example/v3.0/users?starting_after=a",
        "//evil.example/v3.0/users?starting_after=a",
        "https://api.clever.com/v3.0/users?starting_after=a",
        "/v3.0/sections?starting_after=a",
        "/v2.0/users?starting_after=a",
        "v3.0/users?starting_after=a",
        "@evil.example/v3.0/users",
        "http://[broken",
        "?starting_after=a",
        "",
        {},
        5,
    ],
)
def test_next_page_elsewhere_is_refused(next: JSON) -> None:
    """A link that leaves the list would take the district's token along; one without address would end the list."""
    with pytest.raises(ContractBroken) as caught:
        clever.read(LIST, page(next))
    assert caught.value.help == PROVIDER.help["contract_broken"]
    assert "evil" not in str(caught.value)


@pytest.mark.parametrize("links", [None, "next", {"rel": "next"}])
def test_without_links_nobody_knows_whether_more_follow(links: JSON) -> None:
    with pytest.raises(ContractBroken):
        clever.read(LIST, page(links=links))


def test_an_answer_without_the_district_is_no_answer() -> None:
    for rows in ([], [{"data": {}}], [None]):
        with pytest.raises(ContractBroken):
            clever.read_district("/v3.0/districts", page(data=rows))
    assert clever.read_district("/v3.0/districts", page(data=[{"data": {"id": "d1"}}])).rows


# -- what is asked for


@pytest.mark.parametrize(
    ("given", "asked"),
    [(None, 10_000), (10_000, 10_000), (10_001, 10_000), ("500", 500), (0, 10_000), (-5, 10_000), ("many", 10_000)],
)
def test_page_size(given: JSON, asked: int) -> None:
    starts = [r.start for r in PROVIDER.resources({"page_size": given}, Selection())]
    limits = [parse_qs(urlsplit(start).query).get("limit") for start in starts]
    assert limits == [None, *[[str(asked)]] * 6, None]


def test_resources_of_each_version() -> None:
    starts = {
        v: [urlsplit(r.start).path for r in PROVIDER.resources({"api_version": v}, Selection())]
        for v in clever.VERSIONS
    }
    assert [path.removeprefix("/v3.0/") for path in starts["v3.0"]] == (
        ["districts", "schools", "terms", "sections", "users", "users", "users", "districts"]
    )
    for older in ("v2.0", "v2.1"):
        assert starts[older][4:] == [f"/{older}/teachers", f"/{older}/students", "/v3.0/users", f"/{older}/districts"]


def test_without_contacts_none_are_asked_for() -> None:
    assert not [r for r in PROVIDER.resources({}, Selection(contacts=False)) if "contact" in r.start]


def test_unknown_version() -> None:
    with pytest.raises(NotSetUp) as caught:
        PROVIDER.resources({"api_version": "v1.2"}, Selection())
    assert caught.value.help == PROVIDER.help["settings"]


# -- tokens


def test_token_of_the_district() -> None:
    wire = Wire(grant("other", "d2"), grant("mine"))
    PROVIDER.connect(wire, SETTINGS, SECRET, MemoryTokens())("/v3.0/schools?limit=1")
    assert wire.asked == [
        "https://clever.com/oauth/tokens?owner_type=district&district=d1",
        "https://api.clever.com/v3.0/schools?limit=1",
    ]
    assert wire.auth == [("app", "app-secret"), "Bearer mine"]


def test_own_token_needs_no_listing() -> None:
    wire = Wire()
    PROVIDER.connect(wire, {"base_url": "http://sandbox/"}, {"token": " t9 "}, MemoryTokens())("/v3.0/schools")
    assert (wire.asked, wire.auth) == (["http://sandbox/v3.0/schools"], ["Bearer t9"])


def test_rotated_token_is_read_once_again() -> None:
    wire = Wire(grant("new"), data=lambda token: answer({}, 200 if token == "new" else 401))
    ask = PROVIDER.connect(wire, SETTINGS, SECRET | {"token": "old"}, MemoryTokens())
    assert [ask("/a").status, ask("/b").status] == [200, 200]
    assert [urlsplit(url).path for url in wire.asked] == ["/a", "/oauth/tokens", "/a", "/b"]


def test_refused_token_is_not_read_for_ever() -> None:
    wire = Wire(grant("t1"), data=lambda token: answer({}, 401))
    assert PROVIDER.connect(wire, SETTINGS, SECRET, MemoryTokens())("/a").status == 401
    assert [urlsplit(url).path for url in wire.asked] == ["/oauth/tokens", "/a", "/oauth/tokens", "/a"]


def test_without_the_application_a_401_is_the_answer() -> None:
    wire = Wire(data=lambda token: answer({}, 401))
    assert PROVIDER.connect(wire, {}, {"token": "t"}, MemoryTokens())("/a").status == 401
    assert len(wire.asked) == 1


LISTINGS: list[tuple[Answer, type[RosterError], str]] = [
    (answer({"data": []}), CredentialRejected, "credential_rejected"),
    (answer({"data": [grant("t", "d2")]}), CredentialRejected, "credential_rejected"),
    (answer({"data": [grant(scopes=("read:students",))]}), AccessMissing, "access_missing"),
    (answer({"error": "invalid_client"}, 401), CredentialRejected, "not_set_up"),
    (answer({}, 403), CredentialRejected, "not_set_up"),
    (answer({}), ContractBroken, "contract_broken"),
    (answer([]), ContractBroken, "contract_broken"),
    (answer({"data": {}}), ContractBroken, "contract_broken"),
    (answer({}, 503), ProviderUnavailable, "unavailable"),
    (Answer(429, {}), ProviderUnavailable, "unavailable"),
]


@pytest.mark.parametrize(("listing", "error", "help"), LISTINGS)
def test_listings_without_our_token(listing: Answer, error: type[RosterError], help: str) -> None:
    wire = Wire()
    wire.listing = listing
    with pytest.raises(error) as caught:
        PROVIDER.connect(wire, SETTINGS, SECRET, MemoryTokens())
    assert caught.value.help == PROVIDER.help[help]
    assert "secret" not in str(caught.value).replace("client id and secret", "")


def test_listing_that_is_no_json() -> None:
    wire = Wire()
    wire.listing = Answer(200, {"content-type": "text/html"}, b"<html>")
    with pytest.raises(ProviderUnavailable):
        PROVIDER.connect(wire, SETTINGS, SECRET, MemoryTokens())


@pytest.mark.parametrize("lacks", ["client_id", "client_secret", "district"])
def test_not_set_up(lacks: str) -> None:
    wire = Wire(grant())
    settings, secret = SETTINGS.copy(), SECRET.copy()
    (settings if lacks == "district" else secret).pop(lacks)
    with pytest.raises(NotSetUp) as caught:
        PROVIDER.connect(wire, settings, secret, MemoryTokens())
    assert (wire.asked, caught.value.help) == ([], PROVIDER.help["not_set_up"])


def test_contacts_without_their_scope_are_refused_without_a_request() -> None:
    for scopes, asked in ((("read:sections",), 0), (("read:sections", "read:student_contacts"), 1), ((), 1)):
        wire = Wire(grant(scopes=scopes))
        ask = PROVIDER.connect(wire, SETTINGS, SECRET, MemoryTokens())
        assert ask("/v3.0/users?role=contact&limit=9").status == (200 if asked else 403)
        assert len(wire.asked) - 1 == asked


# -- patience


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        ({"x-ratelimit-reset": "1030"}, 31),
        ({"x-ratelimit-reset": "900"}, 1),
        ({"x-ratelimit-reset": "soon"}, None),
        ({"x-ratelimit-reset": "²"}, None),
        ({"retry-after": "7", "x-ratelimit-reset": "1030"}, 7),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"retry-after": "²"}, None),
        ({"retry-after": "-1"}, None),
    ],
)
def test_wait(headers: dict[str, str], wait: float | None) -> None:
    assert PROVIDER.wait(Answer(429, headers), 1000.0) == wait


# -- the guard that every list is walked under


def test_pages_without_a_row_end() -> None:
    """A server that invents cursors for ever, also over turns."""
    guard = LoopGuard()
    for n in range(MOST_FRUITLESS):
        guard.cursor(f"c{n}")
        guard.page([])
        guard = LoopGuard(json.loads(json.dumps(guard.state)))
    with pytest.raises(ContractBroken) as caught:
        guard.page([])
    assert caught.value.help != RosterError.default_help


def test_pages_that_overlap_are_legal() -> None:
    guard = LoopGuard()
    for ids in (["a", "b"], ["b", "c"], [], ["d"]):
        guard.page(ids)
    with pytest.raises(ContractBroken):
        guard.page(["a", "d"])
