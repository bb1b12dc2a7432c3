"""What a sign-in by Microsoft Entra ID takes and refuses: real signatures, and a tenant on loopback.

The numbers are those of the refusals in providers/sign-on.md §11.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from roster.http import RequestsHttp
from roster.signon import Connection, Pending, SignOnRefused, VerifiedAssertion
from tests.fakes.entra import CLIENT, PERSON, TENANT, Entra, key
from tests.support import ROOT, function_module

entra = function_module("sso_callback", "entra")
idtoken = function_module("sso_callback", "idtoken")
ENTRA = entra.ENTRA
REDIRECT = "https://pickatime.com/client?ven=11600000&azuresso=on"
NONCE = "the-nonce"
CONNECTION = Connection("c0ffee", "11600000", ENTRA, {"client_id": CLIENT, "tenant_id": TENANT})
PENDING = Pending("11600000", "c0ffee", ENTRA, "", NONCE, REDIRECT, "/", "", 0)
HTTP = RequestsHttp(loopback=True)


@pytest.fixture
def tenant() -> Iterator[Entra]:
    with Entra() as server:
        yield server


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def fresh_keys() -> Any:
    return idtoken.Keys(HTTP, Clock())


def complete(tenant: Entra, token: str, keys: Any = None, **more: Any) -> VerifiedAssertion:
    sent = more.pop("sent", {"id_token": token})
    known = keys or fresh_keys()
    found: VerifiedAssertion = entra.complete(
        more.pop("connection", CONNECTION), more.pop("pending", PENDING), sent, datetime.now(UTC), known,
        loopback=tenant.url, **more,
    )  # fmt: skip
    return found


def refused(tenant: Entra, token: str, keys: Any = None, **more: Any) -> str:
    with pytest.raises(SignOnRefused) as info:
        complete(tenant, token, keys, **more)
    return info.value.reason


def asked_for_keys(tenant: Entra) -> int:
    return sum("discovery" in target for _, target, _ in tenant.requests)


def test_a_member_is_known_by_tenant_and_object_id(tenant: Entra) -> None:
    found = complete(tenant, tenant.token(NONCE))
    assert (found.provider, found.issuer, found.subject) == (ENTRA, TENANT, PERSON)
    assert (found.email, found.first, found.last, found.guest) == ("jan@school.example", "Jan", "Novak", False)


def test_the_browser_is_sent_to_the_tenant_and_asks_for_an_id_token_alone() -> None:
    started = entra.start(CONNECTION, "the-state", REDIRECT, HTTP)
    where, asked = urlsplit(started.url), parse_qs(urlsplit(started.url).query)
    assert (where.netloc, where.path) == ("login.microsoftonline.com", f"/{TENANT}/oauth2/v2.0/authorize")
    assert asked == {
        "client_id": [CLIENT], "response_type": ["id_token"], "response_mode": ["form_post"], "state": ["the-state"],
        "redirect_uri": [REDIRECT], "scope": ["openid profile email"], "nonce": [started.check],
    }  # fmt: skip


def unsigned(claims: dict[str, Any], alg: str) -> str:
    parts = ({"alg": alg, "kid": "k1", "typ": "JWT"}, claims)
    return ".".join(base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in parts) + "."


@pytest.mark.parametrize("alg", ["none", "None", "HS256", "RS384", "PS256"])
def test_058_another_algorithm(tenant: Entra, alg: str) -> None:
    claims = tenant.claims(NONCE)
    if alg.lower() == "none":
        token = unsigned(claims, alg)
    elif alg == "HS256":
        public = key("k1").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        head, body, _ = jwt.encode(claims, "x" * 64, algorithm="HS256", headers={"kid": "k1"}).split(".")
        import hashlib
        import hmac

        mac = hmac.new(public, f"{head}.{body}".encode(), hashlib.sha256).digest()
        token = f"{head}.{body}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"
    else:
        token = jwt.encode(claims, key("k1"), algorithm=alg, headers={"kid": "k1"})
    assert refused(tenant, token) == "signature"


@pytest.mark.parametrize(
    "header",
    [{"kid": "k1"}, {"kid": "unknown"}, {"kid": "../../etc/passwd"}, {"kid": "' OR 1=1"}, {"jku": "https://evil.example"},
     {"x5u": "https://evil.example"}, {"jwk": {"kty": "RSA"}}, {"x5c": ["x"]}, {"crit": ["exp"], "exp": 1}],
)  # fmt: skip
def test_059_an_attackers_key(tenant: Entra, header: dict[str, Any]) -> None:
    token = tenant.token(NONCE, by="evil", header={"kid": "k1", **header})
    assert refused(tenant, token) in ("signature", "malformed")


def test_059_an_unknown_key_is_asked_for_once_in_five_minutes(tenant: Entra) -> None:
    keys = fresh_keys()
    complete(tenant, tenant.token(NONCE), keys)
    for _ in range(20):
        assert refused(tenant, tenant.token(NONCE, by="evil"), keys) == "signature"
    assert asked_for_keys(tenant) == 1
    keys.clock.now += 301
    tenant.keys.append("k2")
    assert complete(tenant, tenant.token(NONCE, by="k2"), keys).subject == PERSON
    assert asked_for_keys(tenant) == 2


@pytest.mark.parametrize(
    "aud", ["another", None, [CLIENT], [CLIENT, "x"], "00000003-0000-0000-c000-000000000000"], ids=str
)
def test_060_another_audience(tenant: Entra, aud: Any) -> None:
    assert refused(tenant, tenant.token(NONCE, aud=aud)) == "audience"


def test_061_another_tenant(tenant: Entra) -> None:
    other = "22222222-2222-3333-4444-555555555555"
    for iss in (
        tenant.issuer.replace(TENANT, other), f"https://sts.windows.net/{TENANT}/", tenant.issuer + "x", None,
    ):  # fmt: skip
        assert refused(tenant, tenant.token(NONCE, iss=iss)) == "issuer"
    for tid in (other, None):
        assert refused(tenant, tenant.token(NONCE, tid=tid)) == "issuer"
    assert refused(tenant, tenant.token(NONCE, ver="1.0")) == "issuer"


def test_062_the_wrong_time(tenant: Entra) -> None:
    now = int(time.time())
    for told in (
        {"exp": now - 180}, {"exp": None}, {"nbf": now + 300}, {"iat": now + 300}, {"iat": now - 86_400}, {"iat": None},
    ):  # fmt: skip
        assert refused(tenant, tenant.token(NONCE, **told)) == "clock", told
    assert complete(tenant, tenant.token(NONCE, exp=now - 60)).subject == PERSON


def test_063_another_nonce(tenant: Entra) -> None:
    for nonce in ("wrong", ""):
        assert refused(tenant, tenant.token(nonce)) == "binding"
    token = jwt.encode({**tenant.claims(NONCE), "nonce": 7}, key("k1"), algorithm="RS256", headers={"kid": "k1"})
    assert refused(tenant, token) == "binding"
    claims = {name: value for name, value in tenant.claims(NONCE).items() if name != "nonce"}
    assert refused(tenant, jwt.encode(claims, key("k1"), algorithm="RS256", headers={"kid": "k1"})) == "binding"


def test_066_a_code_that_nobody_asked_for(tenant: Entra) -> None:
    assert refused(tenant, "", sent={"code": "x"}) == "malformed"
    assert refused(tenant, "", sent={"id_token": tenant.token(NONCE), "code": "x"}) == "malformed"
    assert refused(tenant, "", sent={}) == "malformed"


def test_067_the_same_token_is_the_same_answer(tenant: Entra) -> None:
    token = tenant.token(NONCE)
    assert complete(tenant, token).once == complete(tenant, token).once
    assert complete(tenant, tenant.token(NONCE, sub="x")).once != complete(tenant, token).once


@pytest.mark.parametrize(
    ("error", "description", "reason"),
    [
        ("access_denied", "AADSTS65004: <script>alert(1)</script>", "denied"),
        ("unsupported_response_type", "Expected value is 'code'", "id_tokens_off"),
        ("unauthorized_client", "AADSTS700054: response_type 'id_token' is not enabled", "id_tokens_off"),
        ("access_denied", "AADSTS50105: Your administrator has configured", "not_assigned"),
        ("invalid_request", "AADSTS50011: The redirect URI", "redirect_mismatch"),
        ("interaction_required", "AADSTS50076: MFA", "more_needed"),
        ("rubbish", "", "status"),
    ],
)
def test_068_errors_in_words(tenant: Entra, error: str, description: str, reason: str) -> None:
    sent = {"error": error, "error_description": description}
    with pytest.raises(SignOnRefused) as info:
        complete(tenant, "", sent=sent)
    assert info.value.reason == reason
    assert "<" not in info.value.detail


@pytest.fixture
def with_its_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """The module of the code flow is imported when it is needed, from the function's own folder."""
    monkeypatch.syspath_prepend(ROOT / "functions" / "sso_callback")


def code_flow(tenant: Entra) -> Pending:
    started = entra.start(CONNECTION, "the-state", REDIRECT, HTTP, "the-secret", tenant.url)
    asked = parse_qs(urlsplit(started.url).query)
    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    return replace(PENDING, check=started.check, verifier=started.verifier)


def redeem(tenant: Entra, pending: Pending) -> Any:
    sent = {"code": "the-code", "state": "the-state"}
    return entra.complete(CONNECTION, pending, sent, datetime.now(UTC), fresh_keys(), "the-secret", tenant.url)


@pytest.mark.usefixtures("with_its_folder")
def test_069_with_a_secret_the_token_is_verified_all_the_same(tenant: Entra) -> None:
    pending = code_flow(tenant)
    for told, by in (({}, "evil"), ({"aud": "x"}, "k1"), ({"iss": "x"}, "k1"), ({"exp": 1}, "k1")):
        tenant.redeemed = {"access_token": "a", "id_token": tenant.token(pending.check, by, {"kid": "k1"}, **told)}
        with pytest.raises(SignOnRefused):
            redeem(tenant, pending)
    forms: list[dict[str, str]] = []

    def good(form: dict[str, str]) -> dict[str, str]:
        forms.append(form)
        return {"access_token": "a", "id_token": tenant.token(pending.check)}

    tenant.redeemed = good
    assert redeem(tenant, pending).subject == PERSON
    assert forms[0]["client_secret"] == "the-secret"
    assert forms[0]["code_verifier"]
    with pytest.raises(SignOnRefused) as info:
        entra.complete(
            CONNECTION, pending, {"code": "x", "state": "other"}, datetime.now(UTC), fresh_keys(), "s", tenant.url
        )
    assert info.value.reason == "binding"


@pytest.mark.usefixtures("with_its_folder")
def test_071_a_provider_that_does_not_answer_the_code_flow(tenant: Entra) -> None:
    """When a sign-in begins, and when it comes back."""
    pending = code_flow(tenant)
    tenant.down = True
    with pytest.raises(SignOnRefused) as info:
        redeem(tenant, pending)
    assert info.value.reason == "unavailable"
    with pytest.raises(SignOnRefused) as info:
        code_flow(tenant)
    assert info.value.reason == "unavailable"


@pytest.mark.usefixtures("with_its_folder")
def test_070_a_registration_that_needs_a_secret(tenant: Entra) -> None:
    pending = code_flow(tenant)
    tenant.redeemed = {"error": "invalid_client", "error_description": "AADSTS7000218: The request body must contain"}
    with pytest.raises(SignOnRefused) as info:
        redeem(tenant, pending)
    assert info.value.reason == "secret_needed"
    assert sum("token" in target for _, target, _ in tenant.requests) == 1


def test_071_keys_that_cannot_be_fetched(tenant: Entra) -> None:
    keys = fresh_keys()
    tenant.down = True
    assert refused(tenant, tenant.token(NONCE), keys) == "unavailable"
    tenant.down = False
    assert complete(tenant, tenant.token(NONCE), keys).subject == PERSON
    tenant.down = True
    keys.clock.now += 2 * 86_400
    assert complete(tenant, tenant.token(NONCE), keys).subject == PERSON, "the old ones go on"


def test_072_without_an_e_mail_address_nobody_is_guessed(tenant: Entra) -> None:
    found = complete(tenant, tenant.token(NONCE, email=None, preferred_username="jan_gmail.com#EXT#@x.onmicrosoft.com"))
    assert (found.email, found.guest) == ("", True)


@pytest.mark.parametrize("told", [{"idp": "https://sts.windows.net/other/"}, {"acct": 1}, {"acct": "1"}])
def test_073_a_guest_is_told_apart(tenant: Entra, told: dict[str, Any]) -> None:
    assert complete(tenant, tenant.token(NONCE, **told)).guest


def test_078_too_many_groups_are_no_role(tenant: Entra) -> None:
    told = {
        "_claim_names": {"groups": "src1"},
        "_claim_sources": {"src1": {"endpoint": "https://x"}},
        "hasgroups": True,
    }
    assert complete(tenant, tenant.token(NONCE, **told)).subject == PERSON


def test_a_token_of_20_kb_is_not_looked_at(tenant: Entra) -> None:
    assert refused(tenant, tenant.token(NONCE, name="x" * 20_000)) == "too_large"


@pytest.mark.parametrize("tenant_id", ["common", "../x", "school.example", f"{TENANT}\n"])
def test_055_a_tenant_that_is_no_guid_is_never_asked(tenant: Entra, tenant_id: str) -> None:
    bad = replace(CONNECTION, settings={"client_id": CLIENT, "tenant_id": tenant_id})
    assert refused(tenant, tenant.token(NONCE), connection=bad) == "issuer"
    with pytest.raises(SignOnRefused):
        entra.start(bad, "s", REDIRECT, HTTP)
    assert tenant.requests == []


@pytest.mark.parametrize(
    ("cloud", "host"),
    [
        ("", "https://login.microsoftonline.com"),
        ("us", "https://login.microsoftonline.us"),
        ("china", "https://login.partner.microsoftonline.cn"),
    ],
)
def test_a_tenant_is_asked_for_in_its_own_cloud(cloud: str, host: str) -> None:
    asked: list[str] = []

    def get(url: str) -> Any:
        asked.append(url)
        return SimpleNamespace(status=200)

    given = {"client_id": CLIENT, "tenant_id": TENANT, **({"cloud": cloud} if cloud else {})}
    kept = entra.settings(given, SimpleNamespace(get=get))
    assert asked == [f"{host}/{TENANT}/v2.0/.well-known/openid-configuration"]
    made = Connection("c0ffee", "11600000", "azure", kept)
    assert entra.start(made, "the-state", REDIRECT, HTTP).url.startswith(f"{host}/{TENANT}/oauth2/v2.0/authorize?")
