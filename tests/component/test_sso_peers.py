"""Round trips with identity providers that nobody here wrote: samlp for SAML, oidc-provider for Entra's flow."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin

import pytest
import requests

from roster.http import RequestsHttp
from roster.signon import Connection, Pending, SignOnRefused
from tests.fakes.entra import CLIENT, PERSON, TENANT
from tests.fakes.saml_idp import key
from tests.support import ROOT, function_module

PEERS = ROOT / "tests" / "peers"
ORIGIN, REDIRECT = "https://pickatime.com", "https://pickatime.com/client?ven=11600000&azuresso=on"
saml = function_module("sso_callback", "saml")
entra = function_module("sso_callback", "entra")
idtoken = function_module("sso_callback", "idtoken")
HTTP = RequestsHttp(loopback=True)
FIELD = re.compile(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"')


def node() -> str:
    """The Node.js of the environment that `make test` sets up, or the machine's own."""
    own = ROOT / ".venv-sam" / "bin" / "node"
    found = str(own) if own.exists() else shutil.which("node")
    if not found or not (PEERS / "node_modules").is_dir():
        pytest.skip("Node.js and tests/peers/node_modules are set up by `make test`")
    return found


def started(script: str, *arguments: str) -> Iterator[str]:
    """In a session of its own, because the wheel's `node` is a program that starts another one."""
    command = [node(), str(PEERS / script), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            assert process.stdout
            line = process.stdout.readline()
            assert line.strip().isdigit(), f"{script} did not start"
            yield f"http://127.0.0.1:{line.strip()}"
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def fields(page: str) -> dict[str, str]:
    return {html.unescape(name): html.unescape(value) for name, value in FIELD.findall(page)}


# -- SAML


@pytest.fixture(scope="module")
def idp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("samlp")
    pem, certificate = folder / "key.pem", folder / "cert.pem"
    pem.write_bytes(key("samlp").pem)
    certificate.write_bytes(key("samlp").certificate)
    yield from started("saml.mjs", str(pem), str(certificate), "urn:samlp")


def connection(idp: str, **more: Any) -> Connection:
    settings = {"entity_id": "urn:samlp", "sso_url": f"{idp}/sso", "certificates": [{"der": key("samlp").der}], **more}
    return Connection("c0ffee", "11600000", "classlink", settings)


def round_trip(idp: str, told: dict[str, Any], to: Connection | None = None) -> Any:
    made = to or connection(idp)
    begun = saml.start(made, "the-state", ORIGIN)
    more = urlencode({"told": json.dumps(told), "acs": begun.redirect})
    page = requests.get(f"{begun.url}&{more}", timeout=10).text
    sent = fields(page)
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
    yield from started("oidc.mjs", TENANT, CLIENT, REDIRECT)


def posted(tenant: str, url: str) -> dict[str, str]:
    """What the browser posts to us, after the provider's own pages."""
    browser, page = requests.Session(), None
    for name in ("login", "consent", ""):
        page = browser.get(url, timeout=10)
        form = re.search(r'<form[^>]*action="([^"]+)"', page.text)
        assert form, page.text[:500]
        action = urljoin(page.url, html.unescape(form[1]))
        if not action.startswith(tenant):
            assert html.unescape(form[1]) == REDIRECT
            return fields(page.text)
        sent = {"prompt": name, "login": PERSON, "password": "x"}
        url = urljoin(page.url, browser.post(action, data=sent, timeout=10, allow_redirects=False).headers["location"])
    raise AssertionError(page.text[:500] if page else "no page")


def test_oidc_provider_signs_somebody_in_by_an_id_token_alone(tenant: str) -> None:
    settings = {"client_id": CLIENT, "tenant_id": TENANT}
    made = Connection("c0ffee", "11600000", "azure", settings)
    begun = entra.start(made, "the-state", REDIRECT, HTTP, loopback=tenant)
    sent = posted(tenant, begun.url)
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
