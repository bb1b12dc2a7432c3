"""How Veracross is asked: route, token, scopes, pages and patience, over a function in place of a network."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roster.connect import check
from roster.errors import AccessMissing, ContractBroken, CredentialRejected, NotSetUp, ProviderUnavailable, RosterError
from roster.fields import text
from roster.model import JSON, Selection, Term
from roster.ports import Answer, Integration, RunKey, Token
from roster.pull import Place, Puller
from roster.turn import LONGEST_PATIENCE
from tests.fakes.memory import MemoryRecords, MemorySlots, MemoryTokens
from tests.support import function_module

veracross: Any = function_module("import_veracross", "provider")
connection: Any = function_module("import_veracross", "connection")
PROVIDER = veracross.PROVIDER
HELP = PROVIDER.help
SECRET = {"client_id": "app", "client_secret": "app-secret"}
SETTINGS = {"school": "abcd"}
TOKEN_URL = "https://accounts.veracross.com/abcd/oauth/token"
PAGE = "/students?page=1"
IMPORT_SCOPES = {  # row VI-11, word by word
    f"{name}:{right}"
    for name in (
        "staff_faculty", "parents", "students", "relationships",
        "academics.config.grading_periods", "academics.classes", "academics.enrollments",
    )
    for right in ("list", "read")
}  # fmt: skip


def answer(body: JSON, status: int = 200) -> Answer:
    return Answer(status, {}, json.dumps(body).encode())


def refused(error: str, status: int = 401) -> Answer:
    return answer({"error": error, "error_description": "Text may change.", "error_id": "896204e2-89e9-46c9"}, status)


class Wire:
    """The network, as functions: the token endpoint from the scopes asked for, data from the token sent."""

    def __init__(
        self,
        enabled: set[str] | None = None,
        token: Callable[[list[str]], Answer | None] = lambda scopes: None,
        data: Callable[[str], Answer] = lambda token: answer({"data": [], "value_lists": []}),
    ) -> None:
        self.enabled, self.token, self.data = enabled, token, data
        self.minted = 0
        self.forms: list[Mapping[str, str]] = []
        self.asked: list[tuple[str, Mapping[str, str]]] = []
        self.told: list[str] = []

    def post(
        self, url: str, form: Mapping[str, str], headers: Mapping[str, str] | None = None, auth: object = None
    ) -> Answer:
        assert auth is None
        assert "Authorization" not in (headers or {})
        self.told.append(url)
        self.forms.append(dict(form))
        scopes = form["scope"].split(" ")
        if (special := self.token(scopes)) is not None:
            return special
        if self.enabled is not None and not set(scopes) <= self.enabled:
            return refused("invalid_scope", 400)
        self.minted += 1
        body = {"access_token": f"t{self.minted}", "expires_in": 3600, "scope": form["scope"], "token_type": "Bearer"}
        return answer(body)

    def get(self, url: str, headers: Mapping[str, str] | None = None, auth: object = None) -> Answer:
        assert auth is None
        self.told.append(url)
        self.asked.append((url, dict(headers or {})))
        return self.data((headers or {})["Authorization"].removeprefix("Bearer "))


def connect(wire: Wire, tokens: MemoryTokens | None = None, **more: JSON) -> Callable[[str], Answer]:
    ask: Callable[[str], Answer] = PROVIDER.connect(wire, SETTINGS | more, SECRET, tokens or MemoryTokens())
    return ask


# -- the School Domain


@pytest.mark.parametrize(
    ("typed", "route"),
    [
        ("abcd", "abcd"),
        (" ABCD\n", "abcd"),
        ("abcd/", "abcd"),
        ("st-mary_2", "st-mary_2"),
        ("abcd/testing", "abcd/testing"),
        (1234, "1234"),
        ("https://axiom.veracross.com/abcd", "abcd"),
        ("https://axiom.veracross.com/abcd/#/academics/classes?x=1", "abcd"),
        ("https://portals.veracross.com/ABCD/parent", "abcd"),
        ("https://accounts.veracross.com/abcd/oauth/authorize?client_id=1&redirect_uri=https://evil.example", "abcd"),
        ("https://api.veracross.com/abcd/v3/students", "abcd"),
        ("https://api.veracross.com/abcd/testing/v3/students", "abcd/testing"),
        ("https://portals.veracross.com/abcd/testing-room", "abcd"),
        ("HTTPS://Portals.Veracross.Com/abcd/", "abcd"),
        ("portals.veracross.com/abcd/parent", "abcd"),
    ],
)
def test_school_domains(typed: JSON, route: str) -> None:
    assert connection.school_route(typed) == route


@pytest.mark.parametrize(
    "typed",
    [
        None, "", " ", {}, ["abcd"], True,
        "abcd.org", "ab cd", "..", "abcd/..", "../abcd", "abcd/../evil", "abcd//x", "a/b/c", "//evil.example/abcd",
        "abcd@evil.example", "abcd:80", "abcd?x", "abcd#x", "abcd%2f", "abcd\\evil", "abcd\u2024com", "\u212aabc",
        "x" * 65, "https://veracross.com/abcd", "https://www.veracross.com/abcd", "https://evil.example/abcd",
        "https://axiom.veracross.com.evil.example/abcd", "https://axiom.veracross.com@evil.example/abcd",
        "https://user:pw@axiom.veracross.com/abcd", "https://axiom.veracross.com:8443/abcd",
        "https://axiom.veracross.com", "https://axiom.veracross.com/", "https://axiom.veracross.com/#/abcd/classes",
        "https://axiom.veracross.com//abcd", "https://axiom.veracross.com/../abcd", "https://api.veracross.com/%61bcd",
        "https://axiomxveracross.com/abcd", "ftp://axiom.veracross.com/abcd", "http://axiom.veracross.com/abcd",
        "https://portals.veracross.com/abcd\nevil",
    ],
)  # fmt: skip
def test_no_school_domain(typed: JSON) -> None:
    with pytest.raises(NotSetUp) as caught:
        connection.school_route(typed)
    assert caught.value.help == HELP["school_domain"]
    assert "evil" not in str(caught.value)


HOSTS = ("axiom", "portals", "accounts", "api", "evil")
PIECES = (
    "abcd testing .. / // \\ @ : # ? %2f %00 . evil.example https:// HTTP:// veracross.com axiom.veracross.com".split()
)
LOOKALIKES = [" ", "\n", "\t", "\x00", "\u202e", "\u212a", "\u2024", "\uff0e", "\uff0f", "\uff20", "\u2170"]
hosts = st.sampled_from([f"https://{host}.veracross.com/" for host in HOSTS])
pieces = st.sampled_from([*PIECES, *LOOKALIKES])
typed_words = st.builds(lambda start, parts: start + "".join(parts), hosts | st.just(""), st.lists(pieces | st.text()))


@settings(max_examples=600, deadline=None, database=None, derandomize=True)
@given(typed=typed_words | st.text() | st.integers() | st.none() | st.lists(st.text()))
def test_nothing_that_is_typed_changes_the_host(typed: JSON) -> None:
    wire = Wire()
    try:
        PROVIDER.connect(wire, {"school": typed}, SECRET, MemoryTokens())(PAGE)
    except NotSetUp:
        assert wire.told == []
        return
    (token, data) = (urlsplit(url) for url in wire.told)
    assert (token.scheme, token.netloc) == ("https", "accounts.veracross.com")
    assert (data.scheme, data.netloc) == ("https", "api.veracross.com")
    assert re.fullmatch(r"/[a-z0-9_-]+(/[a-z0-9_-]+)?/oauth/token", token.path)
    assert re.fullmatch(r"/[a-z0-9_-]+(/[a-z0-9_-]+)?/v3/students", data.path)
    assert {token.query, data.query, token.fragment, data.fragment} == {""}


# -- settings


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:1", "https://127.255.0.9", "http://localhost:65535", "HTTP://LocalHost", "http://[::1]:8"],
)
def test_a_sandbox_is_on_this_machine(address: str) -> None:
    wire = Wire()
    connect(wire, api_url="http://127.0.0.1:1/", accounts_url=address)(PAGE)
    assert wire.told == [f"{address}/abcd/oauth/token", "http://127.0.0.1:1/abcd/v3/students"]


@pytest.mark.parametrize("setting", ["api_url", "accounts_url"])
@pytest.mark.parametrize(
    "address",
    [
        "http://evil.example", "https://accounts.veracross.com.evil.example", "//evil.example", "evil.example",
        "http://localhost.evil.example", "http://127.0.0.1.evil.example", "http://127.0.0.1@evil.example",
        "http://evil.example#127.0.0.1", "http://user:pw@127.0.0.1:1", "http://127.0.0.1:1/path", "http://127.0.0.1?x",
        "http://127.0.0.1:1\\@evil.example", "http://127.0.0.1:80:1", "http://127.0.0.1\n.evil.example",
        "http://128.0.0.1", "http://0.0.0.0", "http://10.0.0.1", "http://169.254.169.254", "http://[::2]",
        "http://[::ffff:10.0.0.1]", "http://127.0.0.999", "http://127.1", "http://127.0.0.\u0661", "http://loc\u0430lhost",
        "ftp://127.0.0.1", "file://localhost", "127.0.0.1:1", "http://", "http://127.0.0.1//",
    ],
)  # fmt: skip
def test_nothing_is_sent_to_another_machine(setting: str, address: str) -> None:
    wire = Wire()
    with pytest.raises(NotSetUp) as caught:
        connect(wire, **{setting: address})
    assert (wire.told, caught.value.help) == ([], HELP["settings"])
    assert "evil" not in str(caught.value)


@pytest.mark.parametrize("lacks", SECRET)
def test_not_set_up(lacks: str) -> None:
    wire = Wire()
    for secret in ({**SECRET, lacks: " "}, {k: v for k, v in SECRET.items() if k != lacks}):
        with pytest.raises(NotSetUp) as caught:
            PROVIDER.connect(wire, SETTINGS, secret, MemoryTokens())
        assert (wire.told, caught.value.help) == ([], HELP["not_set_up"])


def test_a_connection_for_single_sign_on_cannot_import() -> None:
    for kind, help in (("sso", "sign_on_only"), ("sync", "settings")):
        with pytest.raises(NotSetUp) as caught:
            connect(Wire(), integration_type=kind)
        assert caught.value.help == HELP[help]
    for kind in ("import", "both", ""):
        assert connect(Wire(), integration_type=kind)(PAGE).status == 200


@pytest.mark.parametrize("wrong", [{"policy": "all"}, {"school_years": ["this"]}, {"school_years": "2026&x=1"}])
def test_unknown_settings(wrong: dict[str, JSON]) -> None:
    with pytest.raises(NotSetUp) as caught:
        PROVIDER.resources(wrong, Selection())
    assert caught.value.help == HELP["settings"]


# -- tokens


def test_one_token_for_exactly_the_scopes_of_an_import() -> None:
    wire, tokens = Wire(), MemoryTokens()
    ask = connect(wire, tokens)
    assert [ask(f"/students?page={n}").status for n in (1, 2, 3)] == [200] * 3
    connect(wire, tokens)(PAGE)
    assert wire.told[0] == TOKEN_URL
    (form,) = wire.forms
    assert set(form["scope"].split(" ")) == IMPORT_SCOPES
    assert len(form["scope"].split(" ")) == 14
    assert {**form, "scope": ""} == {"grant_type": "client_credentials", **SECRET, "scope": ""}
    assert {headers["Authorization"] for _, headers in wire.asked} == {"Bearer t1"}
    assert tokens.kept
    assert set(tokens.kept.scopes) == IMPORT_SCOPES


@pytest.mark.parametrize(("told", "seconds"), [(3600, 3600), (60, 60), (None, 3600), ("soon", 3600), (-1, 3600)])
def test_a_token_lives_as_long_as_is_said(told: JSON, seconds: float) -> None:
    tokens, wire = MemoryTokens(), Wire(token=lambda scopes: answer({"access_token": "t", "expires_in": told}))
    connection.Connection(wire, SETTINGS, SECRET, tokens, 1000, lambda: 1_000_000.0)
    assert tokens.kept == Token("t", 1_000_000.0 + seconds, ())


def test_a_token_that_is_refused_is_renewed_once() -> None:
    wire = Wire(data=lambda token: answer({"error": "expired"}, 401) if token == "t1" else answer({"data": []}))
    ask = connect(wire)
    assert [ask(PAGE).status, ask(PAGE).status] == [200, 200]
    assert (wire.minted, len(wire.asked)) == (2, 3)


def test_a_token_that_is_always_refused_is_not_renewed_for_ever() -> None:
    wire = Wire(data=lambda token: answer({}, 401))
    assert connect(wire)(PAGE).status == 401
    assert (wire.minted, len(wire.asked)) == (2, 2)


def test_a_token_that_is_older_than_a_scope() -> None:
    """The kept one lacks it, and the school has granted it since."""
    wire, tokens = Wire(data=lambda token: answer({}, 401 if token == "old" else 200)), MemoryTokens()
    tokens.kept = Token("old", 9e9, ("students:list",))
    assert connect(wire, tokens)("/parents?page=1").status == 200
    assert (wire.minted, len(wire.asked)) == (1, 2)


def test_a_scope_that_another_functions_token_lacks_is_named() -> None:
    class Others(MemoryTokens):
        def get(self, mint: Callable[[], Token], refused: str = "") -> Token:
            return Token("theirs", 9e9, ("students:list",))

    wire = Wire(data=lambda token: answer({}, 401))
    with pytest.raises(AccessMissing, match=r"academics\.classes:list") as caught:
        connect(wire, Others())("/academics/classes?school_year=2026&page=1")
    assert caught.value.help.endswith("Missing: academics.classes:list.")
    assert connect(wire, Others())(PAGE).status == 401


def few_missing(missing: set[str]) -> tuple[Wire, RosterError]:
    wire = Wire(IMPORT_SCOPES - missing)
    with pytest.raises(AccessMissing) as caught:
        connect(wire)
    return wire, caught.value


@pytest.mark.parametrize(
    "missing",
    [
        {"students:list"},
        {"students:read"},
        {"academics.enrollments:list", "academics.enrollments:read"},
        {"staff_faculty:list", "students:list", "academics.classes:read"},
        {scope for scope in IMPORT_SCOPES if scope.endswith(":list")},
        {scope for scope in IMPORT_SCOPES if scope.endswith(":read")},
        IMPORT_SCOPES,
    ],
)
def test_exactly_the_missing_scopes_are_named(missing: set[str]) -> None:
    wire, error = few_missing(missing)
    assert isinstance(error, AccessMissing)
    assert error.help.startswith(HELP["access_missing"])
    named = error.help.partition("Missing: ")[2].rstrip(".").split(", ")
    assert sorted(named) == sorted(missing)
    assert error.message.endswith(", ".join(named))
    assert wire.minted <= 8, "the eleventh token would revoke one that is in use"


@settings(max_examples=200, deadline=None, database=None, derandomize=True)
@given(missing=st.sets(st.sampled_from(sorted(IMPORT_SCOPES)), min_size=1))
def test_whatever_is_missing_few_tokens_are_made(missing: set[str]) -> None:
    wire, error = few_missing(missing)
    assert {scope for scope in IMPORT_SCOPES if scope in error.help} == missing
    assert wire.minted <= 8


def test_scopes_that_are_silently_narrowed_are_missed_too() -> None:
    wire = Wire(token=lambda scopes: answer({"access_token": "t", "scope": " ".join(sorted(IMPORT_SCOPES)[1:])}))
    with pytest.raises(AccessMissing, match=sorted(IMPORT_SCOPES)[0]):
        connect(wire)


def test_the_status_of_a_missing_scope_is_not_documented() -> None:
    lacking = "relationships:list"
    for other in (refused("invalid_scope", 401), refused("", 400), refused("access_denied", 403), answer([], 401)):
        with pytest.raises(AccessMissing, match=lacking):
            connect(Wire(token=lambda scopes, other=other: other if lacking in scopes else None))  # type: ignore[misc]


REFUSED: list[tuple[Answer, type[RosterError], str]] = [
    (refused("invalid_client"), CredentialRejected, "credential_rejected"),
    (refused("invalid_client", 400), CredentialRejected, "credential_rejected"),
    (refused("unauthorized_client", 403), CredentialRejected, "credential_rejected"),
    (answer({"error": "The requested client is unknown"}, 404), NotSetUp, "school_unknown"),
    (Answer(404, {"content-type": "text/html"}, b"<html>"), NotSetUp, "school_unknown"),
    (refused("invalid_request", 400), ContractBroken, "contract_broken"),
    (refused("unsupported_grant_type", 400), ContractBroken, "contract_broken"),
    (answer({}, 415), ContractBroken, "contract_broken"),
    (answer({}, 302), ContractBroken, "contract_broken"),
    (answer({"scope": "students:list"}), ContractBroken, "contract_broken"),
    (answer([]), ContractBroken, "contract_broken"),
    (answer({}, 500), ProviderUnavailable, "unavailable"),
    (Answer(503, {}, b"<html>"), ProviderUnavailable, "unavailable"),
    (Answer(200, {}, b"<html>"), ProviderUnavailable, ""),
    (Answer(401, {}, b"<html>"), ProviderUnavailable, ""),
]


@pytest.mark.parametrize(("said", "error", "help"), REFUSED)
def test_token_requests_that_fail(said: Answer, error: type[RosterError], help: str) -> None:
    """Each in its own words, at once: a wrong secret is not tried fourteen times."""
    wire = Wire(token=lambda scopes: said)
    with pytest.raises(error) as caught:
        connect(wire)
    assert len(wire.forms) == 1
    assert caught.value.help == HELP.get(help, ProviderUnavailable.default_help)
    assert "app-secret" not in repr(vars(caught.value)) + str(caught.value)


def test_a_secret_that_dies_while_scopes_are_probed() -> None:
    wire = Wire(token=lambda scopes: refused("invalid_scope" if len(scopes) > 4 else "invalid_client"))
    with pytest.raises(CredentialRejected):
        connect(wire)


def test_every_scope_is_there_and_all_together_are_refused() -> None:
    wire = Wire(token=lambda scopes: refused("invalid_scope", 400) if len(scopes) == 14 else None)
    with pytest.raises(ContractBroken, match=r"grants every scope .*896204e2-89e9-46c9"):
        connect(wire)


def test_an_error_id_is_told_only_if_it_is_one() -> None:
    for told, shown in (("896204e2-89e9", True), ("app-secret", False), ({}, False), (None, False)):
        said = answer({"error": "invalid_client", "error_id": told}, 401)
        with pytest.raises(CredentialRejected) as caught:
            connect(Wire(token=lambda scopes, said=said: said))  # type: ignore[misc]
        assert ("Veracross error" in caught.value.message) is shown


# -- a token endpoint that asks for patience


def pulled(wire: Wire, place: Place, tokens: MemoryTokens | None = None) -> Place:
    """One turn; its clock stands, as in test_wait."""
    records = MemoryRecords(Integration("116", "veracross", SETTINGS))
    puller = Puller(
        PROVIDER, wire, MemorySlots(), records, tokens or MemoryTokens(), lambda: 900.0, lambda: 1_700_000_000.0
    )
    return puller.turn(RunKey("116", "spring", "run-1"), {"settings": SETTINGS}, SECRET, place)


def too_many(scopes: list[str]) -> Answer:
    return Answer(429, {"x-rate-limit-reset": "1700000119"}, b"<html>")


def test_the_state_machine_waits_for_a_token() -> None:
    """As long as it is told to, and not for ever."""
    wire, place = Wire(token=too_many), Place()
    for turn in range(LONGEST_PATIENCE):
        place = pulled(wire, place)
        assert (place.wait, place.lanes[0].waits, place.requests, place.done) == (120, turn + 1, turn + 1, False)
    with pytest.raises(ProviderUnavailable, match="keeps asking to wait"):
        pulled(wire, place)
    assert (len(wire.forms), wire.asked) == (LONGEST_PATIENCE + 1, [])
    assert pulled(Wire(), place).done


def test_the_state_machine_waits_for_a_renewal() -> None:
    tokens, wire = MemoryTokens(), Wire(token=too_many, data=lambda token: answer({}, 401))
    tokens.kept = Token("old", 9e9)
    assert pulled(wire, Place(), tokens).wait == 120
    assert (len(wire.forms), len(wire.asked)) == (1, 1)


def test_patience_in_the_midst_of_a_search_for_missing_scopes() -> None:
    wire = Wire(token=lambda scopes: refused("invalid_scope") if len(scopes) > 4 else too_many(scopes))
    assert connect(wire)(PAGE).status == 429
    assert [len(form["scope"].split(" ")) for form in wire.forms] == [14, 7, 3]


def test_connect_asks_once_for_a_token_that_has_to_wait() -> None:
    wire = Wire(token=too_many)
    told = check(PROVIDER, wire, SETTINGS, SECRET)
    assert {found["code"] for found in told["checks"]} == {"RateLimited"}
    assert (told["connected"], len(wire.forms), wire.asked) == (False, 1, [])


# -- pages


def test_what_a_page_is_asked_with() -> None:
    """The number in a header: as a parameter it would be answered 400."""
    wire = Wire()
    ask = connect(wire, page_size=20)
    ask("/academics/config/grading_periods?page=3")
    ask("/academics/enrollments?school_year=-2026&page=12")
    (first, headers), (second, more) = wire.asked
    assert first == "https://api.veracross.com/abcd/v3/academics/config/grading_periods"
    assert second == "https://api.veracross.com/abcd/v3/academics/enrollments?school_year=-2026"
    assert headers == {
        "Authorization": "Bearer t1",
        "Accept": "application/json",
        "X-Page-Number": "3",
        "X-Page-Size": "20",
        "X-API-Value-Lists": "include",
    }
    assert more["X-Page-Number"] == "12"


@pytest.mark.parametrize(
    ("given", "asked"), [(None, 1000), (1000, 1000), (1001, 1000), ("500", 500), (0, 1000), (-5, 1000), ("many", 1000)]
)
def test_page_size(given: JSON, asked: int) -> None:
    wire = Wire()
    connect(wire, page_size=given)(PAGE)
    assert wire.asked[0][1]["X-Page-Size"] == str(asked)


def page(rows: int, **body: JSON) -> Answer:
    return answer({"data": [{"id": n} for n in range(rows)], "value_lists": [], **body})


@pytest.mark.parametrize(
    ("rows", "next"),
    [(0, None), (1, None), (999, None), (1000, "/a?x=1&page=10"), (1001, "/a?x=1&page=10")],
)
def test_a_short_page_ends_the_list(rows: int, next: str | None) -> None:
    found = veracross.reader(1000)("/a?x=1&page=9", page(rows))
    assert (len(found.rows), found.next, found.total, found.marker) == (rows, next, None, "")


def test_a_page_of_the_default_size_is_no_end() -> None:
    """Headers that were lost on the way would make the first hundred rows the whole school."""
    assert veracross.reader(1000)("/a?page=1", page(100)).next == "/a?page=2"
    assert veracross.reader(1000)("/a?page=1", page(99)).next is None


@pytest.mark.parametrize("data", [None, {}, "rows", 5])
def test_no_list_of_data(data: JSON) -> None:
    with pytest.raises(ContractBroken) as caught:
        veracross.reader(10)(PAGE, answer({"data": data, "value_lists": []}))
    assert caught.value.help == HELP["contract_broken"]


def test_codes_without_their_meaning_are_no_page() -> None:
    no_lists: list[JSON] = [None, {}, "lists"]
    for lists in no_lists:
        with pytest.raises(ContractBroken):
            veracross.reader(10)(PAGE, page(1, value_lists=lists))
        assert veracross.reader(10)(PAGE, page(0, value_lists=lists)).rows == []


LISTS = [
    {"fields": ["homeroom"], "items": [{"id": 3, "description": "Room A"}]},
    {"fields": ["related", "relationship"], "items": [{"id": "43", "description": "Guardian &amp; Trustee"}]},
    {"fields": ["grade_level"], "items": [{"id": 0, "description": "&lt;None&gt;"}, {"id": 20, "description": "K"}]},
    {"fields": ["status"], "items": [{"id": 0, "description": "None"}]},
    {"fields": ["grade_level"], "items": [{"id": 1, "description": "1", "obsolete": True}]},
    None,
    {"fields": "status", "items": {"id": 5, "description": "5"}},
]


def test_labels_are_put_beside_codes() -> None:
    """By the fields that a list names, whatever its place; codes as text; several lists of one field are merged."""
    rows = [
        {"id": 1, "relationship": 43, "grade_level": 1, "status": 0},
        {"id": 2, "relationship": "43", "grade_level": "20", "homeroom": 99, "zebra": 3},
        {"id": 3, "_labels": {"relationship": "Queen"}, "relationship": {}},
        "no row",
    ]
    body = answer({"data": rows, "value_lists": LISTS})
    found = veracross.reader(10)(PAGE, body).rows
    assert found == [
        {**rows[0], "_labels": {"grade_level": "1", "relationship": "Guardian & Trustee"}},  # type: ignore[dict-item]
        {**rows[1], "_labels": {"grade_level": "K", "relationship": "Guardian & Trustee"}},  # type: ignore[dict-item]
        {**rows[2], "_labels": {}},  # type: ignore[dict-item]
        "no row",
    ]
    assert found == veracross.reader(10)(PAGE, answer({"data": rows, "value_lists": LISTS[::-1]})).rows


# -- what is asked for


def names(settings: dict[str, JSON] | None = None, **selection: Any) -> list[str]:
    return [r.start for r in PROVIDER.resources(settings or {}, Selection(**selection))]


def test_resources_in_order() -> None:
    terms = (Term("701", "Semester 1", "2026-08-17", "2026-12-18"),)
    assert names() == names(terms=terms, schools=("1",)) == [
        "/academics/config/grading_periods?page=1",
        "/academics/classes?page=1",
        "/academics/enrollments?page=1",
        "/staff_faculty?page=1",
        "/students?page=1",
        "/relationships?page=1",
        "/parents?page=1",
    ]  # fmt: skip
    assert names(contacts=False) == names()[:-2]
    scopes = {connection.scope_of(start.partition("?")[0]) for start in names()}
    assert scopes == {scope for scope in IMPORT_SCOPES if scope.endswith(":list")}


@pytest.mark.parametrize("years", [[2025, 2026, -2026], ["2025", "2026", "-2026", 2026]])
def test_school_years_are_asked_for_one_by_one(years: JSON) -> None:
    resources = PROVIDER.resources({"school_years": years}, Selection())
    assert [r.start for r in resources][1:7] == [
        f"/academics/{name}?school_year={year}&page=1"
        for name in ("classes", "enrollments")
        for year in (2025, 2026, -2026)
    ]
    assert [r.name for r in resources][1:4] == ["classes 2025", "classes 2026", "classes -2026"]
    assert len({r.name for r in resources}) == len(resources)


def test_a_single_school_year() -> None:
    for year in (2026, "2026", [2026]):
        assert names({"school_years": year})[1] == "/academics/classes?school_year=2026&page=1"


def test_nothing_of_an_import_may_be_refused() -> None:
    """A missing scope is an error that names it: without relationships, parents would look like departures."""
    resources = PROVIDER.resources({}, Selection())
    assert {r.optional for r in resources} == {""}


def test_help_leads_to_the_place_in_axiom() -> None:
    path = "Identity & Access Management > Configuration > OAuth Applications"
    for code in ("credential_rejected", "access_missing"):
        assert path in HELP[code]
    assert "OAuth_App_Admin" in HELP["access_missing"]
    assert "Scopes tab" in HELP["access_missing"]
    assert "General tab" in HELP["credential_rejected"]
    assert "again" in HELP["credential_rejected"]
    assert "Parent role" in HELP["dangling_relationship"]


# -- patience


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        ({"x-rate-limit-reset": "1700000030"}, 31),
        ({"x-rate-limit-reset": "1699999000"}, 1),
        ({"x-rate-limit-reset": "1700000030000"}, 31),
        ({"x-rate-limit-reset": "120"}, 120),
        ({"x-rate-limit-reset": "0"}, 0),
        ({"x-rate-limit-reset": "soon"}, None),
        ({"x-rate-limit-reset": "²"}, None),
        ({"x-rate-limit-reset": "-1"}, None),
        ({"retry-after": "7", "x-rate-limit-reset": "1700000030"}, 7),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT", "x-rate-limit-reset": "1700000030"}, 31),
    ],
)
def test_wait(headers: dict[str, str], wait: float | None) -> None:
    assert PROVIDER.wait(Answer(429, headers), 1_700_000_000.0) == wait


def test_ids_of_rows() -> None:
    (resource, *_) = PROVIDER.resources({}, Selection())
    assert [resource.row_id(row) for row in ({"id": 5}, {"id": "5"}, {}, None)] == ["5", "5", "", ""]
    assert text(5) == "5"
