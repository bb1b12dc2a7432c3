"""How a OneRoster server is asked: addresses, what it cannot bear, and patience, over a function for a network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from roster.errors import AccessMissing, CredentialRejected, NotSetUp, ProviderUnavailable
from roster.model import JSON, Selection
from roster.ports import Answer
from tests.fakes.memory import MemoryTokens
from tests.support import function_module

classlink: Any = function_module("import_classlink", "provider")
address: Any = function_module("import_classlink", "address")
PROVIDER = classlink.PROVIDER
HELP = PROVIDER.help
BASE = "https://roster.example.test"
START = "/users?limit=5000&offset=0&sort=sourcedId&orderBy=asc"
Settings = dict[str, JSON]


class Wire:
    """The network as a function from path and query to a status, or to an error; it keeps what it was asked."""

    def __init__(self, status: Callable[[str, dict[str, str]], int] = lambda path, query: 200) -> None:
        self.status, self.asked, self.auth = status, list[str](), list[str]()

    def get(self, url: str, headers: Mapping[str, str] | None = None, auth: Any = None) -> Answer:
        self.asked.append(url)
        self.auth.append((headers or {}).get("Authorization", ""))
        status = self.status(urlsplit(url).path.rsplit("/", 1)[1], dict(parse_qsl(urlsplit(url).query)))
        if not status:
            raise ProviderUnavailable("no complete answer")
        return Answer(status, {"x-total-count": "3", "x-cursor-asked": "/evil?limit=1&offset=0"}, b"{}")

    def post(self, *args: Any, **more: Any) -> Answer:
        raise AssertionError("a bearer needs no token")

    @property
    def limits(self) -> list[int]:
        return [int(dict(parse_qsl(urlsplit(url).query))["limit"]) for url in self.asked]

    @property
    def words(self) -> list[str]:
        return [urlsplit(url).path.rsplit("/", 1)[1] for url in self.asked]


def connect(wire: Wire, **settings: JSON) -> Callable[[str], Answer]:
    told: Settings = {"base_url": BASE, **settings}
    ask: Callable[[str], Answer] = PROVIDER.connect(wire, told, {"token": "t9"}, MemoryTokens())
    return ask


# -- what is asked for


def test_collections_in_their_order() -> None:
    resources = PROVIDER.resources({}, Selection())
    names = ["orgs", "academicSessions", "classes", "users", "enrollments", "demographics"]
    assert [r.name for r in resources] == names
    assert [r.start for r in resources] == [START.replace("users", name) for name in names]
    assert [(r.optional, r.covers) for r in resources] == [("", ())] * 5 + [("demographics_refused", ("birth_date",))]
    assert resources[-1].refusals == {401, 403, 404, 410, 501}


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        (10_000, 10_000),
        (10_001, 10_000),
        ("500", 500),
        *[(given, 5000) for given in (None, 0, -5, "many", "²", "9" * 5000)],
    ],
)
def test_page_size(given: JSON, asked: int) -> None:
    starts = {r.start.split("&")[0] for r in PROVIDER.resources({"page_size": given}, Selection())}
    assert {start.split("=")[1] for start in starts} == {str(asked)}


def test_without_contacts_users_are_still_pulled() -> None:
    """Teachers and students are among them; of the parents nothing is kept."""
    (users,) = (r for r in PROVIDER.resources({}, Selection(contacts=False)) if r.name == "users")
    parent = {"sourcedId": "p1", "role": "parent", "agents": [{"sourcedId": "s1"}]}
    assert list(users.normalise(parent)) == []
    assert list(users.normalise({**parent, "role": "teacher"})) != []


# -- addresses

V11, V12 = "/ims/oneroster/v1p1", "/ims/oneroster/rostering/v1p2"
APPLICATION = "%2FgVa0ed75Gs%3D"


@pytest.mark.parametrize(
    ("settings", "service"),
    [
        ({"base_url": BASE}, BASE + V11),
        ({"base_url": f" {BASE}/ "}, BASE + V11),
        ({"base_url": BASE, "version": "v1p2"}, BASE + V12),
        ({"base_url": f"{BASE}:8443/sis"}, f"{BASE}:8443/sis{V11}"),
        ({"base_url": f"{BASE}{V11}/"}, BASE + V11),
        ({"base_url": f"{BASE}{V12}"}, BASE + V12),
        ({"base_url": f"{BASE}{V11}", "version": "v1p2"}, BASE + V11),
        ({"base_url": f"{BASE}/proxy/v1p0/{APPLICATION}{V11}"}, f"{BASE}/proxy/v1p0/{APPLICATION}{V11}"),
        ({"base_url": BASE, "application": APPLICATION}, f"{BASE}/{APPLICATION}{V11}"),
        ({"base_url": f"{BASE}/proxy/v1p0", "application": 31001}, f"{BASE}/proxy/v1p0/31001{V11}"),
        ({"base_url": f"{BASE}{V11}", "application": APPLICATION}, f"{BASE}/{APPLICATION}{V11}"),
        ({"base_url": f"{BASE}/ims/oneroster"}, BASE + V11),
        ({"base_url": f"{BASE}/ims/oneroster/", "version": "v1p2"}, BASE + V12),
        ({"base_url": f"{BASE}/ims/oneroster/rostering"}, BASE + V12),
        ({"base_url": f"{BASE}/ims/oneroster/rostering/", "version": "v1p1"}, BASE + V12),
        ({"base_url": f"{BASE}/ims/oneroster/v1p2"}, BASE + V12),
        ({"base_url": f"{BASE}{V11}/orgs"}, BASE + V11),
        ({"base_url": f"{BASE}/sis{V12}/schools/s1/classes"}, f"{BASE}/sis{V12}"),
        ({"base_url": f"{BASE}/IMS/OneRoster/v1p1"}, BASE + V11),
        ({"base_url": f"{BASE}/Sis/IMS/OneRoster/Rostering/V1P2/"}, f"{BASE}/Sis{V12}"),
        ({"base_url": f"{BASE}/rostering{V11}"}, f"{BASE}/rostering{V11}"),
        ({"base_url": f"{BASE}/ims/onerosters"}, f"{BASE}/ims/onerosters{V11}"),
    ],
)
def test_address_of_the_service(settings: Settings, service: str) -> None:
    assert address.service(settings) == service


def test_the_application_id_is_sent_verbatim() -> None:
    """As a prepared request too: an id that is escaped once more is an id that nobody knows."""
    wire = Wire()
    connect(wire, application=APPLICATION)(START)
    assert wire.asked == [f"{BASE}/{APPLICATION}{V11}{START}"]
    assert requests.Request("GET", wire.asked[0]).prepare().url == wire.asked[0]


@pytest.mark.parametrize(
    "application", ["/gVa0ed75Gs=", "a b", "%zz", "%2", "a?b", "a#b", "é", ".", "..", "%2E%2e", ".%2e"]
)
def test_an_application_id_that_is_no_escaped_segment(application: str) -> None:
    with pytest.raises(NotSetUp) as caught:
        connect(Wire(), application=application)
    assert caught.value.help == HELP["settings"]


@pytest.mark.parametrize(
    "base_url",
    [
        *[None, "", 5, {}, "roster.example.test", "ftp://x.test", "https://", "http://["],
        *["https://x.test:port", "https://x.test:0", "https://u:p@x.test", "https://x.test?a=1"],
        *["https://x.test#a", "https://x .test", "https://x.test/é"],
    ],
)
def test_a_base_url_that_is_no_address(base_url: JSON) -> None:
    with pytest.raises(NotSetUp) as caught:
        connect(Wire(), base_url=base_url)
    assert caught.value.help == HELP["not_set_up"]
    assert "u:p" not in str(caught.value)


@pytest.mark.parametrize(
    "base_url",
    [
        *["http://roster.example.test", "http://10.0.0.1", "http://127.0.0.1.example.test", "http://localhost.test"],
        *["https://169.254.169.254", "https://169.254.169.254.", "https://2852039166", "https://0xa9fea9fe/latest"],
        *["https://[fe80::1]", "https://[::ffff:169.254.169.254]", "https://[fd00:ec2::254]", "http://0.0.0.0"],
    ],
)
@pytest.mark.parametrize("name", ["base_url", "token_url"])
def test_credentials_go_out_encrypted_and_not_to_a_clouds_own_services(name: str, base_url: str) -> None:
    secret = {"client_id": "id", "client_secret": "s"}
    told = {"base_url": BASE, "token_url": BASE, "auth": "oauth2", name: base_url}
    with pytest.raises(NotSetUp) as caught:
        PROVIDER.connect(Wire(), told, secret, MemoryTokens())
    assert name in caught.value.message
    assert caught.value.help == HELP["address"]


@pytest.mark.parametrize("host", ["127.0.0.1:9", "127.8.8.8", "[::1]:9", "localhost", "LocalHost:9", "127.1"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_this_machine_needs_no_encryption(scheme: str, host: str) -> None:
    assert address.service({"base_url": f"{scheme}://{host}"}) == f"{scheme}://{host}{V11}"


def test_unknown_version() -> None:
    with pytest.raises(NotSetUp) as caught:
        connect(Wire(), version="v1p3")
    assert caught.value.help == HELP["settings"]


# -- the bearer


def test_bearer() -> None:
    wire = Wire()
    answer = connect(wire)(START)
    assert wire.auth == ["Bearer t9"]
    assert answer.headers["x-cursor-asked"] == START, "a server's header of that name must not be believed"


def test_a_refused_bearer_is_said_so_and_not_tried_again() -> None:
    wire = Wire(lambda path, query: 401)
    with pytest.raises(CredentialRejected) as caught:
        connect(wire)(START)
    assert caught.value.help == HELP["credential_rejected"]
    assert len(wire.asked) == 1
    assert "t9" not in str(caught.value)


def test_demographics_refused_with_401_are_an_answer() -> None:
    assert connect(Wire(lambda path, query: 401))(START.replace("users", "demographics")).status == 401


# -- what a server cannot bear


@pytest.mark.parametrize("status", [400, 422])
def test_without_sort_where_it_is_refused(status: int) -> None:
    wire = Wire(lambda path, query: status if "sort" in query else 200)
    ask = connect(wire)
    assert ask(START).headers["x-cursor-asked"] == "/users?limit=5000&offset=0"
    assert ask(START.replace("users", "classes")).status == 200
    assert [("sort" in url) for url in wire.asked] == [True, False, False]


@pytest.mark.parametrize(("most", "asked"), [(1000, 1000), (600, 100)])
def test_fewer_rows_where_so_many_are_refused(most: int, asked: int) -> None:
    wire = Wire(lambda path, query: 400 if int(query["limit"]) > most else 200)
    ask = connect(wire)
    assert ask(START).headers["x-cursor-asked"] == START.replace("5000", str(asked))
    assert ask(START.replace("users", "classes")).headers["x-cursor-asked"].startswith(f"/classes?limit={asked}&")
    assert wire.limits == [5000, 5000, *([1000] if asked == 100 else []), asked, asked]
    assert "sort=sourcedId" in wire.asked[-1], "a sort that was not at fault is asked for again"


def test_both_refused() -> None:
    wire = Wire(lambda path, query: 400 if "sort" in query or int(query["limit"]) > 50 else 200)
    assert connect(wire)(START).headers["x-cursor-asked"] == "/users?limit=50&offset=0"


def test_a_400_that_stays_is_the_answer() -> None:
    wire = Wire(lambda path, query: 400)
    answer = connect(wire)(START)
    assert (answer.status, answer.headers["x-cursor-asked"]) == (400, START)
    assert len(wire.asked) == 6


@pytest.mark.parametrize("trouble", [502, 504])
def test_fewer_rows_where_so_many_break_it(trouble: int) -> None:
    wire = Wire(lambda path, query: trouble if int(query["limit"]) > 700 else 200)
    ask = connect(wire)
    assert ask(START).headers["x-cursor-asked"] == START.replace("5000", "625")
    ask(START.replace("users", "classes"))
    assert wire.limits == [5000, 2500, 1250, 625, 625]


@pytest.mark.parametrize("trouble", [502, 504])
def test_trouble_that_stays_is_the_answer(trouble: int) -> None:
    wire = Wire(lambda path, query: trouble)
    ask = connect(wire)
    assert ask(START).status == trouble
    assert wire.limits == [5000, 2500, 1250, 625, 312, 156, 78, 50]
    assert ask(START).headers["x-cursor-asked"] == START, "a break-down teaches nothing about pages"
    assert connect(wire)(START.replace("5000", "50")).status == trouble
    assert wire.limits[16:] == [50]


@pytest.mark.parametrize("status", [400, 404, 416])
@pytest.mark.parametrize(("told", "total"), [("60", None), ("?", "61")])
def test_a_refusal_past_the_last_row_is_a_page_without_rows(status: int, told: str, total: str | None) -> None:
    """Where nobody told how many rows there are, one more is counted, so that the pull is not taken for whole."""
    wire = Wire(lambda path, query: status)
    answer = connect(wire)(START.replace("offset=0", "offset=60") + f"|{told}")
    assert (answer.status, answer.json(), answer.headers.get("x-total-count")) == (200, {"users": []}, total)
    assert [url.partition("?")[2] for url in wire.asked] == ["limit=5000&offset=60&sort=sourcedId&orderBy=asc"]


@pytest.mark.parametrize("status", [400, 404, 416, 403, 501, 503])
@pytest.mark.parametrize("cursor", ["offset=60|61", "offset=60|59", "offset=60", "offset=0"])
def test_every_other_refusal_stays_one(status: int, cursor: str) -> None:
    offset, bar, told = cursor.partition("|")
    wire = Wire(lambda path, query: status)
    assert connect(wire)(START.replace("offset=0", offset) + bar + told).status == status
    if status in (403, 501, 503):
        assert connect(wire)(START.replace("offset=0", "offset=60") + "|60").status == status


@pytest.mark.parametrize("status", [401, 403, 404, 410, 501])
def test_demographics_that_stop_in_the_middle_were_not_refused(status: int) -> None:
    wire = Wire(lambda path, query: status)
    start = START.replace("users", "demographics")
    assert connect(wire)(start).status == status
    with pytest.raises(CredentialRejected if status == 401 else AccessMissing) as caught:
        connect(wire)(start.replace("offset=0", "offset=40") + "|60")
    assert caught.value.help == HELP["credential_rejected" if status == 401 else "demographics_broken_off"]


@pytest.mark.parametrize("status", [500, 503, 429, 200, 403])
def test_other_statuses_are_no_matter_of_size(status: int) -> None:
    wire = Wire(lambda path, query: status)
    assert connect(wire)(START).status == status
    assert len(wire.asked) == 1


def test_after_a_time_out_there_is_time_for_one_much_smaller_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """A time-out costs a minute and a half of the function's fifteen: halving would use them up."""
    wire = Wire(lambda path, query: 0)
    monkeypatch.setitem(classlink.Connection.ask.__globals__, "monotonic", lambda: 90.0 * len(wire.asked))
    with pytest.raises(ProviderUnavailable, match="no complete answer"):
        connect(wire)(START)
    assert wire.limits == [5000, 500]


def test_what_a_time_out_taught_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire(lambda path, query: 0 if int(query["limit"]) > 700 else 200)
    monkeypatch.setitem(classlink.Connection.ask.__globals__, "monotonic", lambda: 30.0 * len(wire.asked))
    ask = connect(wire)
    assert ask(START).headers["x-cursor-asked"] == START.replace("5000", "500")
    ask(START.replace("users", "classes"))
    assert wire.limits == [5000, 500, 500]


# -- collections that a server lacks


@pytest.mark.parametrize("status", [403, 404, 501])
@pytest.mark.parametrize(("path", "instead"), [("orgs", "schools"), ("academicSessions", "terms")])
def test_the_part_that_matters_where_the_whole_is_refused(status: int, path: str, instead: str) -> None:
    wire = Wire(lambda asked, query: status if asked == path else 200)
    ask = connect(wire)
    answer = ask(START.replace("users", path))
    assert (answer.status, answer.headers["x-cursor-asked"]) == (200, START.replace("users", instead))
    assert wire.words == [path, instead]


def test_both_refused_is_refused_and_patience_is_patience() -> None:
    for status, told in ((404, 403), (429, 429), (503, 503)):
        wire = Wire(lambda path, query, status=status: 403 if path == "orgs" else status)  # type: ignore[misc]
        assert connect(wire)(START.replace("users", "orgs")).status == told
    later = START.replace("users", "orgs").replace("offset=0", "offset=9")
    wire = Wire(lambda path, query: 404)
    assert (connect(wire)(later).status, wire.words) == (404, ["orgs"])


def test_nothing_stands_in_for_users() -> None:
    wire = Wire(lambda path, query: 403)
    assert (connect(wire)(START).status, wire.words) == (403, ["users"])


# -- patience


@pytest.mark.parametrize(
    ("after", "wait"),
    [
        ("", None),
        ("7", 7),
        (" 60 ", 60),
        ("Thu, 01 Jan 1970 00:17:00 GMT", 20),
        ("Thu, 01 Jan 1970 00:17:00 -0000", 20),
        ("Thu, 01 Jan 1970 00:00:01 GMT", 0),
        ("soon", None),
        ("²", None),
        ("-1", None),
        ("Thu, 99 Jan 1970 00:00:01 GMT", None),
    ],
)
def test_wait(after: str, wait: float | None) -> None:
    assert PROVIDER.wait(Answer(429, {"retry-after": after} if after else {}), 1000.0) == wait
