"""Round trips with identity providers that nobody here wrote: samlp for SAML, oidc-provider for Entra's flow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import requests

from roster.http import RequestsHttp
from roster.signon import Connection, Pending, SignOnRefused
from tests.fakes.entra import CLIENT, PERSON, TENANT
from tests.fakes.saml_idp import key
from tests.peers import form, started, through_oidc
from tests.support import function_module

ORIGIN, REDIRECT = "https://pickatime.com", "https://pickatime.com/client?ven=11600000&azuresso=on"
saml = function_module("sso_callback", "saml")
entra = function_module("sso_callback", "entra")
idtoken = function_module("sso_callback", "idtoken")
HTTP = RequestsHttp(loopback=True)

# -- SAML


@pytest.fixture(scope="module")
def idp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("samlp")
    pem, certificate = folder / "key.pem", folder / "cert.pem"
    pem.write_bytes(key("samlp").pem)
    certificate.write_bytes(key("samlp").certificate)
    with started("saml.mjs", str(pem), str(certificate), "urn:samlp") as url:
        yield url


def connection(idp: str, **more: Any) -> Connection:
    settings = {"entity_id": "urn:samlp", "sso_url": f"{idp}/sso", "certificates": [{"der": key("samlp").der}], **more}
    return Connection("c0ffee", "11600000", "classlink", settings)


def round_trip(idp: str, told: dict[str, Any], to: Connection | None = None) -> Any:
    made = to or connection(idp)
    begun = saml.start(made, "the-state", ORIGIN)
    page = requests.get(f"{begun.url}&{urlencode({'told': json.dumps(told)})}", timeout=10).text
    action, sent = form(page)
    assert action == begun.redirect
    assert sent["RelayState"] == "the-state"
    pending = Pending("11600000", "c0ffee", "classlink", "", begun.check, begun.redirect, "/", "", 0)
    return saml.complete(made, pending, sent, datetime.now(UTC), ORIGIN)


@pytest.mark.parametrize("told", [{}, {"signResponse": True}])
def test_samlp_signs_somebody_in(idp: str, told: dict[str, Any]) -> None:
    found = round_trip(idp, told)
    assert (found.subject, found.email, found.first) == ("jan.novak", "jan@school.example", "Jan")
    assert found.roster_ids == (("classlink", "T1"),)
    assert round_trip(idp, {**told, "email": None}).email == ""


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"signature": "rsa-sha1", "digest": "sha1"}, "sha1"),
        ({"audience": "https://other.example"}, "audience"),
        ({"lifetime": 86_400}, "clock"),
        ({"id": " jan"}, "subject"),
    ],
)
def test_samlp_is_refused_what_it_should_not_say(idp: str, told: dict[str, Any], reason: str) -> None:
    with pytest.raises(SignOnRefused) as info:
        round_trip(idp, told)
    assert info.value.reason == reason


def test_samlp_with_sha1_where_that_is_allowed(idp: str) -> None:
    told = {"signature": "rsa-sha1", "digest": "sha1"}
    assert round_trip(idp, told, connection(idp, allow_sha1=True)).subject == "jan.novak"


def test_samlp_by_another_key(idp: str) -> None:
    with pytest.raises(SignOnRefused) as info:
        round_trip(idp, {}, connection(idp, certificates=[{"der": key("another").der}]))
    assert info.value.reason == "signature"


# -- OpenID Connect


@pytest.fixture(scope="module")
def tenant() -> Iterator[str]:
    with started("oidc.mjs", TENANT, CLIENT, "", REDIRECT) as url:
        yield url


def test_oidc_provider_signs_somebody_in_by_an_id_token_alone(tenant: str) -> None:
    settings = {"client_id": CLIENT, "tenant_id": TENANT}
    made = Connection("c0ffee", "11600000", "azure", settings)
    begun = entra.start(made, "the-state", REDIRECT, HTTP, loopback=tenant)
    action, sent = through_oidc(tenant, begun.url)
    assert action == REDIRECT
    assert sent["state"] == "the-state"
    assert "code" not in sent
    pending = Pending("11600000", "c0ffee", "azure", "", begun.check, REDIRECT, "/", "", 0)
    keys = idtoken.Keys(HTTP, lambda: 0.0)
    found = entra.complete(made, pending, sent, datetime.now(UTC), keys, loopback=tenant)
    assert (found.subject, found.issuer, found.email) == (PERSON, TENANT, "jan@school.example")
    other = Pending("11600000", "c0ffee", "azure", "", "another nonce", REDIRECT, "/", "", 0)
    with pytest.raises(SignOnRefused) as info:
        entra.complete(made, other, sent, datetime.now(UTC), keys, loopback=tenant)
    assert info.value.reason == "binding"


def test_oidc_provider_refuses_a_redirect_that_is_not_registered(tenant: str) -> None:
    made = Connection("c0ffee", "11600000", "azure", {"client_id": CLIENT, "tenant_id": TENANT})
    begun = entra.start(made, "the-state", REDIRECT.replace("11600000", "11600001"), HTTP, loopback=tenant)
    answer = requests.get(begun.url, timeout=10)
    assert answer.status_code == 400
    assert Path(answer.url).name != "client"
