"""How a OneRoster server lets us in: OAuth 1 signatures, OAuth 2 tokens, and what is said when it does not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from urllib.parse import quote, unquote

import pytest

from roster.connect import check
from roster.errors import ContractBroken, CredentialRejected, NotSetUp, ProviderUnavailable, RateLimited, RosterError
from roster.model import JSON, Selection
from roster.ports import Answer, Token, Tokens
from roster.provider import Checker
from roster.tokens import OneToken
from tests.fakes.memory import MemoryTokens
from tests.support import function_module

classlink: Any = function_module("import_classlink", "provider")
oauth1: Any = function_module("import_classlink", "oauth1")
PROVIDER = classlink.PROVIDER
HELP = PROVIDER.help
BASE = "https://roster.example.test"
START = "/users?limit=5000&offset=0&sort=sourcedId&orderBy=asc"
SIGNED = {"key": "key123", "secret": "s3cr+t&"}
CLIENT = {"client_id": "id:1", "client_secret": "s&1"}
SCOPE = "https://purl.imsglobal.org/spec/or/{}/scope/roster{}.readonly"


def scopes(version: str = "v1p1", *names: str) -> str:
    return " ".join(SCOPE.format(version, name) for name in names or ("-core", "", "-demographics"))


def answer(status: int = 200, **body: JSON) -> Answer:
    return Answer(status, {}, json.dumps(body).encode())


class Wire:
    """Data for whoever bears what `opens` accepts (or the status that it gives); tokens as `grants` gives them."""

    def __init__(
        self,
        opens: Callable[[str], int] = lambda auth: True,
        grants: Callable[[dict[str, str], Any], Answer] = lambda form, auth: answer(access_token="t1", expires_in=60),
    ) -> None:
        self.opens, self.grants = opens, grants
        self.auth, self.forms = list[str](), list[tuple[str, dict[str, str], Any]]()

    def get(self, url: str, headers: Mapping[str, str] | None = None, auth: Any = None) -> Answer:
        self.auth.append((headers or {}).get("Authorization", ""))
        status = self.opens(self.auth[-1])
        return answer({True: 200, False: 401}.get(status, status))

    def post(
        self, url: str, form: Mapping[str, str], headers: Mapping[str, str] | None = None, auth: Any = None
    ) -> Answer:
        self.forms.append((url, dict(form), auth))
        return self.grants(dict(form), auth)


def connect(
    wire: Wire, secret: dict[str, str], tokens: Tokens | None = None, **settings: JSON
) -> Callable[[str], Answer]:
    told = {"base_url": BASE, "token_url": f"{BASE}/token", **settings}
    ask: Callable[[str], Answer] = PROVIDER.connect(wire, told, secret, tokens or MemoryTokens())
    return ask


@pytest.mark.parametrize(
    ("settings", "secret", "help"),
    [
        ({}, {}, "not_set_up"),
        ({}, {"token": "  "}, "not_set_up"),
        ({"auth": "bearer"}, SIGNED, "not_set_up"),
        ({"auth": "oauth1"}, {"key": "k"}, "not_set_up"),
        ({"auth": "oauth2"}, {"client_id": "k"}, "not_set_up"),
        ({"auth": "oauth2", "token_url": None}, CLIENT, "not_set_up"),
        ({"auth": "oauth2", "token_url": "file:///x"}, CLIENT, "not_set_up"),
        ({"auth": "saml"}, {"token": "t"}, "settings"),
        ({"auth": "oauth1", "signature": "md5"}, SIGNED, "settings"),
    ],
)
def test_not_set_up(settings: dict[str, JSON], secret: dict[str, str], help: str) -> None:
    wire = Wire()
    with pytest.raises(NotSetUp) as caught:
        connect(wire, secret, **settings)
    assert caught.value.help == HELP[help]
    assert (wire.auth, wire.forms) == ([], [])


# -- OAuth 1

VECTOR = (
    f"{BASE}/ims/oneroster/v1p1/users?limit=1000&offset=0&filter=role%3D%27guardian%27%20AND%20"
    "dateLastModified%3E%272026-09-01T00%3A00%3A00.000Z%27"
)


def told(header: str) -> dict[str, str]:
    assert header.startswith("OAuth ")
    return {name: unquote(value) for name, value in re.findall(r'(\w+)="([^"]*)"', header)}


@pytest.mark.parametrize(
    ("method", "signature"),
    [("sha256", "jkvhqUu4rE1OXHYu8kqS/vtSskZ11/2NIKvfH2ONG0Q="), ("sha1", "v5Yl0Sz+mC+RL/EMD73F2UTc42A=")],
)
def test_signature_of_the_published_vector(method: str, signature: str) -> None:
    header = oauth1.signed(VECTOR, "key123", "s3cr+t&", method, nonce="abc123XYZ", timestamp="1700000000")
    assert list(header) == ["Authorization"]
    assert told(header["Authorization"])["oauth_signature"] == signature


def by_hand(url: str, sent: dict[str, str], secret: str) -> str:
    """OAuth 1's signature, written out from its definition."""
    place, _, query = url.partition("?")
    pairs = [pair.split("=") for pair in query.split("&")]
    signed = [(unquote(name), unquote(value)) for name, value in pairs] + [
        item for item in sent.items() if item[0] != "oauth_signature"
    ]
    listed = "&".join(f"{n}={v}" for n, v in sorted((quote(n, safe=""), quote(v, safe="")) for n, v in signed))
    base = "&".join(quote(part, safe="") for part in ("GET", place, listed))
    key = f"{quote(secret, safe='')}&".encode()
    return base64.b64encode(hmac.new(key, base.encode(), hashlib.sha256).digest()).decode()


def test_what_is_signed_is_what_is_sent() -> None:
    wire = Wire()
    connect(wire, SIGNED, auth="oauth1", application="%2FgVa0ed75Gs%3D")(START)
    sent = told(wire.auth[0])
    assert sent["oauth_consumer_key"] == "key123"
    assert abs(int(sent["oauth_timestamp"]) - time.time()) < 60
    assert sent["oauth_signature_method"] == "HMAC-SHA256"
    url = f"{BASE}/%2FgVa0ed75Gs%3D/ims/oneroster/v1p1{START}"
    assert sent["oauth_signature"] == by_hand(url, sent, "s3cr+t&")


def methods(wire: Wire) -> list[str]:
    return [told(header)["oauth_signature_method"][5:] for header in wire.auth]


def test_every_attempt_has_a_nonce_of_its_own() -> None:
    """A server that saw the adapter's repetition of a request refuses its nonce; a new one is believed."""
    seen: set[str] = set()

    def opens(header: str) -> bool:
        nonce = told(header)["oauth_nonce"]
        fresh = nonce not in seen and len(seen) != 2
        seen.add(nonce)
        return fresh

    wire = Wire(opens)
    ask = connect(wire, SIGNED, auth="oauth1")
    assert [ask(START).status for _ in range(3)] == [200, 200, 200]
    assert len({told(header)["oauth_nonce"] for header in wire.auth}) == 4


def test_sha1_where_nothing_is_set_and_sha256_is_refused() -> None:
    wire = Wire(lambda header: "SHA1" in header)
    ask = connect(wire, SIGNED, auth="oauth1")
    assert [ask(START).status, ask(START).status] == [200, 200]
    assert methods(wire) == ["SHA256", "SHA1", "SHA1"]


@pytest.mark.parametrize("method", ["sha1", "sha256"])
def test_a_signature_that_is_set_is_the_only_one(method: str) -> None:
    wire = Wire(lambda header: False)
    with pytest.raises(CredentialRejected) as caught:
        connect(wire, SIGNED, auth="oauth1", signature=method)(START)
    assert methods(wire) == [method.upper()] * 2
    assert caught.value.help == HELP["signature_rejected"]
    assert "s3cr" not in repr(caught.value)


# -- OAuth 2


def test_token_and_its_scopes() -> None:
    wire, tokens = Wire(), MemoryTokens()
    ask = connect(wire, CLIENT, tokens, auth="oauth2")
    ask(START)
    ask(START)
    form = {"grant_type": "client_credentials", "scope": scopes()}
    assert wire.forms == [(f"{BASE}/token", form, ("id%3A1", "s%261"))]
    assert wire.auth == ["Bearer t1"] * 2
    assert tokens.kept is not None
    assert abs(tokens.kept.expires - time.time() - 60) < 30


@pytest.mark.parametrize("settings", [{"version": "v1p2"}, {"base_url": f"{BASE}/ims/oneroster/rostering/v1p2"}])
def test_scopes_of_version_12(settings: dict[str, JSON]) -> None:
    wire = Wire()
    connect(wire, CLIENT, auth="oauth2", **settings)(START)
    assert wire.forms[0][1]["scope"] == scopes("v1p2")


def test_scope_of_ones_own() -> None:
    wire = Wire()
    connect(wire, CLIENT, auth="oauth2", scope="api.read")(START)
    assert wire.forms[0][1]["scope"] == "api.read"


@pytest.mark.parametrize("status", [400, 401])
def test_in_the_form_where_basic_is_refused(status: int) -> None:
    def grants(form: dict[str, str], auth: Any) -> Answer:
        return answer(status, error="invalid_client") if auth else answer(access_token="t1")

    wire = Wire(grants=grants)
    connect(wire, CLIENT, auth="oauth2")(START)
    assert wire.forms[-1][1:] == (wire.forms[0][1] | CLIENT, None)


def test_unquoted_where_basic_is_compared_as_it_comes() -> None:
    """Generated secrets often end in =, and many servers quote nothing."""

    def grants(form: dict[str, str], auth: Any) -> Answer:
        plain = auth == tuple(CLIENT.values())
        return answer(access_token="t1") if plain else answer(401, error="invalid_client")

    assert connect(Wire(grants=grants), CLIENT, auth="oauth2")(START).status == 200


def test_fewer_scopes_where_they_are_unknown() -> None:
    def grants(form: dict[str, str], auth: Any) -> Answer:
        return answer(400, error="invalid_scope") if "scope" in form else answer(access_token="t1")

    wire = Wire(grants=grants)
    connect(wire, CLIENT, auth="oauth2")(START)
    assert [form.get("scope", "") for _, form, _ in wire.forms] == KNOWN


KNOWN = [scopes(), scopes("v1p1", "-core", "-demographics"), scopes("v1p1", "-core"), ""]


@pytest.mark.parametrize("place", ["basic", "form"])
@pytest.mark.parametrize("known", KNOWN)
@pytest.mark.parametrize(
    "refusal",
    [
        *(answer(status, error=code) for status in (400, 401, 403) for code in ("invalid_scope", "invalid_request")),
        answer(403, error="access_denied"),
        answer(400, error={"code": 7}),
        Answer(400, {}, b"<html>"),
        Answer(401, {}),
    ],
)
@pytest.mark.parametrize("elsewhere", [answer(401, error="invalid_client"), Answer(403, {})])
def test_sound_servers_give_a_token(place: str, known: str, refusal: Answer, elsewhere: Answer) -> None:
    """Whichever scopes they know, wherever they want the secret, and whatever they call all else."""

    def grants(form: dict[str, str], auth: Any) -> Answer:
        if bool(auth) != (place == "basic"):
            return elsewhere
        return answer(access_token="t1") if form.get("scope", "") == known else refusal

    wire = Wire(grants=grants)
    assert connect(wire, CLIENT, auth="oauth2")(START).status == 200
    assert len(wire.forms) <= 12


@pytest.mark.parametrize("said", [answer(400, error="unknown"), Answer(401, {}), answer(401, error="invalid_client")])
def test_no_more_token_requests_than_there_are_ways(said: Answer) -> None:
    wire = Wire(grants=lambda form, auth: said)
    with pytest.raises(CredentialRejected):
        connect(wire, CLIENT, auth="oauth2")(START)
    assert len(wire.forms) == (3 if b"invalid_client" in said.body else 12), "quoted, plain, in the form"


def test_a_refusal_names_what_the_server_said() -> None:
    """Its status and its own code for it, if that is a word; no more, because a server may repeat what it was sent."""

    def message(basic: Answer, form: Answer, **client: str) -> str:
        wire = Wire(grants=lambda _, auth: basic if auth else form)
        with pytest.raises(CredentialRejected) as caught:
            connect(wire, CLIENT | client, auth="oauth2")(START)
        return caught.value.message

    told = message(answer(401, error="Invalid_Client"), answer(400, error="invalid_request"))
    assert told.endswith(": HTTP 401 invalid_client, HTTP 400 invalid_request")
    for echo in ("s&1", "no s&1", "x" * 99, {"a": "s&1"}, "hunter"):
        told = message(answer(401, error=echo), answer(401), client_secret="hunter" if echo == "hunter" else "s&1")
        assert told.endswith(": HTTP 401")


REFUSALS: list[tuple[Answer, type[RosterError], str]] = [
    (answer(401, error="invalid_client"), CredentialRejected, "client_rejected"),
    (answer(400, error="invalid_scope"), CredentialRejected, "token_refused"),
    (answer(400, error="unauthorized_client"), CredentialRejected, "token_refused"),
    (Answer(403, {}, b"<html>"), CredentialRejected, "client_rejected"),
    (Answer(302, {}), CredentialRejected, "token_refused"),
    (Answer(404, {}), CredentialRejected, "token_refused"),
    *((answer(status), ProviderUnavailable, "unavailable") for status in (500, 502, 503, 504)),
    (Answer(200, {}, b"<html>"), ProviderUnavailable, ""),
    (answer(200), ContractBroken, "contract_broken"),
    (answer(200, access_token=""), ContractBroken, "contract_broken"),
]


@pytest.mark.parametrize(("said", "error", "help"), REFUSALS)
def test_no_token(said: Answer, error: type[RosterError], help: str) -> None:
    wire = Wire(grants=lambda form, auth: said)
    with pytest.raises(error) as caught:
        connect(wire, CLIENT, auth="oauth2")(START)
    assert caught.value.help == (HELP[help] if help else RosterError.default_help)
    assert "s&1" not in repr(caught.value)
    assert wire.auth == []
    if error is ProviderUnavailable:
        assert len(wire.forms) == 1, "the trouble of a token address is no matter of a page's size"


def paged(ask: Callable[[str], Answer], cursor: str = START) -> object:
    """The page as an import reads it."""
    resource = PROVIDER.resources({}, Selection())[3]
    return Checker(PROVIDER, lambda: 1000.0).page(resource, cursor, ask(cursor))


TOO_MANY = [({"retry-after": "120"}, 120), ({"retry-after": "Thu, 01 Jan 1970 00:17:00 GMT"}, 20), ({}, 60)]


@pytest.mark.parametrize(("headers", "seconds"), TOO_MANY)
def test_a_token_address_that_asks_to_wait(headers: dict[str, str], seconds: int) -> None:
    """Once: a smaller page would send the secret to it again, and so would the next page of this turn."""
    wire = Wire(grants=lambda form, auth: Answer(429, headers, b"<html>"))
    ask = connect(wire, CLIENT, auth="oauth2")
    for _ in range(2):
        with pytest.raises(RateLimited) as caught:
            paged(ask)
        assert (caught.value.wait, caught.value.help) == (seconds, HELP["rate_limited"])
    assert (len(wire.forms), wire.auth) == (1, [])


@pytest.mark.parametrize("path", ["users", "orgs", "demographics"])
@pytest.mark.parametrize("status", [401, 403])
def test_a_renewal_that_has_to_wait(path: str, status: int) -> None:
    """Neither of the two refusals is believed before the token has been renewed."""
    wire = Wire(lambda header: status, lambda form, auth: Answer(429, {"retry-after": "120"}))
    with pytest.raises(RateLimited):
        paged(connect(wire, CLIENT, kept(), auth="oauth2"), START.replace("users", path))
    assert (len(wire.forms), wire.auth) == (1, ["Bearer old"])


def test_connect_sends_the_secret_once_to_a_token_address_that_asks_to_wait() -> None:
    wire = Wire(grants=lambda form, auth: Answer(429, {"retry-after": "120"}))
    told = check(PROVIDER, wire, {"base_url": BASE, "token_url": f"{BASE}/token", "auth": "oauth2"}, CLIENT)
    assert {found["code"] for found in told["checks"]} == {"RateLimited"}
    assert (told["connected"], len(wire.forms)) == (False, 1)


def test_a_slow_token_address_is_no_slow_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """A time-out there is no reason to ask for fewer rows, whichever request needed the token."""
    clock = [0.0]

    def grants(form: dict[str, str], auth: Any) -> Answer:
        clock[0] += 30
        raise ProviderUnavailable("no complete answer")

    monkeypatch.setitem(classlink.Connection.ask.__globals__, "monotonic", lambda: clock[0])
    for tokens in (MemoryTokens(), kept()):
        wire = Wire(lambda header: False, grants)
        with pytest.raises(ProviderUnavailable):
            connect(wire, CLIENT, tokens, auth="oauth2")(START)
        assert len(wire.forms) == 1


@pytest.mark.parametrize("lasts", [None, "", "soon", 0.5, "9" * 5000, -1, True])
def test_a_token_without_a_life_lasts_an_hour(lasts: JSON) -> None:
    tokens = MemoryTokens()
    wire = Wire(grants=lambda form, auth: answer(access_token="t1", expires_in=lasts))
    connect(wire, CLIENT, tokens, auth="oauth2")(START)
    assert tokens.kept is not None
    assert abs(tokens.kept.expires - time.time() - 3600) < 30


def numbered(wire: Wire) -> Callable[[dict[str, str], Any], Answer]:
    return lambda form, auth: answer(access_token=f"t{len(wire.forms)}")


def test_a_refused_token_is_renewed_once() -> None:
    wire = Wire(lambda header: header == "Bearer t2")
    wire.grants = numbered(wire)
    ask = connect(wire, CLIENT, auth="oauth2")
    assert [ask(START).status, ask(START).status] == [200, 200]
    assert wire.auth == ["Bearer t1", "Bearer t2", "Bearer t2"]


class Impatient(MemoryTokens):
    """As Secrets Manager's: a token that lasts less than two minutes is as good as none."""

    def get(self, mint: Callable[[], Token], refused: str = "") -> Token:
        if self.kept and self.kept.expires - 120 < time.time():
            self.kept = None
        return super().get(mint, refused)


@pytest.mark.parametrize("lasts", [0, 60, "60", 3600])
def test_a_short_life_costs_no_token_per_request(lasts: JSON) -> None:
    wire, tokens = Wire(), Impatient()
    wire.grants = lambda form, auth: answer(access_token=f"t{len(wire.forms)}", expires_in=lasts)
    ask = connect(wire, CLIENT, tokens, auth="oauth2")
    for path in ("users", "users", "demographics", "demographics"):
        ask(START.replace("users", path))
    assert wire.auth == ["Bearer t1"] * 4
    wire.opens = lambda header: header != "Bearer t1"
    assert ask(START).status == 200
    assert wire.auth[4:] == ["Bearer t1", "Bearer t2"], "until it is refused"


def kept(*names: str) -> MemoryTokens:
    tokens = MemoryTokens()
    tokens.kept = Token("old", time.time() + 3000, tuple(scopes("v1p1", *names).split()) if names else ())
    return tokens


def test_a_kept_token_that_is_older_than_the_grant_of_demographics() -> None:
    """Demographics are switched on and the import is run again, while the token of the first run still lasts."""
    wire = Wire(grants=lambda form, auth: answer(access_token="new", scope=scopes()))
    ask = connect(wire, CLIENT, kept("-core", ""), auth="oauth2")
    assert ask(START.replace("users", "demographics")).status == 200
    assert (wire.auth, len(wire.forms)) == (["Bearer new"], 1)


@pytest.mark.parametrize("first", ["users", "demographics"])
def test_one_new_token_that_lacks_demographics_as_well_is_believed(first: str) -> None:
    wire = Wire(grants=lambda form, auth: answer(access_token="new", scope=scopes("v1p1", "-core")))
    ask = connect(wire, CLIENT, kept("-core"), auth="oauth2")
    ask(START.replace("users", first))
    assert [ask(START.replace("users", "demographics")).status for _ in range(3)] == [403] * 3
    assert (len(wire.forms), len(wire.auth)) == (1, first == "users")


@pytest.mark.parametrize("granted", [True, False])
def test_a_kept_token_that_is_forbidden_something_is_renewed_once(granted: bool) -> None:
    """Many servers do not say what a token opens: only the answer tells."""
    wire = Wire(lambda header: granted or 403 if header == "Bearer new" else 403)
    wire.grants = lambda form, auth: answer(access_token="new")
    ask = connect(wire, CLIENT, kept(), auth="oauth2")
    assert {ask(START.replace("users", "demographics")).status for _ in range(3)} == {200 if granted else 403}
    assert (len(wire.forms), wire.auth) == (1, ["Bearer old", *["Bearer new"] * 3])


@pytest.mark.parametrize("refusal", [401, 403])
def test_two_lanes_whose_kept_token_is_refused_at_the_same_time_share_a_new_one(refusal: int) -> None:
    both = Barrier(2, timeout=20)

    def opens(header: str) -> int:
        if header == "Bearer new":
            return 200
        both.wait()
        return refusal

    wire = Wire(opens, lambda form, auth: answer(access_token="new"))
    ask = connect(wire, CLIENT, OneToken(kept()), auth="oauth2")
    with ThreadPoolExecutor(2) as threads:
        said = list(threads.map(ask, [START, START.replace("users", "classes")]))
    assert [one.status for one in said] == [200, 200]
    assert (len(wire.forms), sorted(wire.auth)) == (1, ["Bearer new"] * 2 + ["Bearer old"] * 2)


def test_a_token_that_stays_refused_is_said_so() -> None:
    wire = Wire(lambda header: False)
    wire.grants = numbered(wire)
    with pytest.raises(CredentialRejected) as caught:
        connect(wire, CLIENT, auth="oauth2")(START)
    assert wire.auth == ["Bearer t1", "Bearer t2"]
    assert caught.value.help == HELP["client_rejected"]


@pytest.mark.parametrize(
    ("granted", "asked"),
    [
        (scopes(), True),
        (None, True),
        ("", True),
        ("api.read", True),
        ("oneroster.read", True),
        (scopes("v1p1", "-core", ""), False),
        (scopes("v1p1", "-core").split(), False),
        (scopes().replace(" ", ","), True),
    ],
)
def test_demographics_without_their_scope_are_refused_without_a_request(granted: JSON, asked: bool) -> None:
    """The server's own answer may be an empty list, which looks like a district without birth dates."""
    wire = Wire(grants=lambda form, auth: answer(access_token="t1", scope=granted))
    ask = connect(wire, CLIENT, auth="oauth2")
    assert ask(START.replace("users", "demographics")).status == (200 if asked else 403)
    assert len(wire.auth) == asked
    assert ask(START).status == 200


def test_three_causes_of_a_401_have_three_texts() -> None:
    codes = ("credential_rejected", "signature_rejected", "client_rejected", "token_refused")
    texts = {HELP[code] for code in codes}
    assert len(texts) == len(codes)
    assert all("ClassLink" in text for text in texts)
