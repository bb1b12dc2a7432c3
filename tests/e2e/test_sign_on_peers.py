"""Whole sign-ins with identity providers that nobody here wrote, from our start page to the page of who is signed in.

Real HTTP on loopback in a browser's place: it follows what it is sent, and posts what it is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from json import dumps, loads
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
import requests

from local.stack import Stack
from roster.signon import SignOn
from tests.e2e.admin import Admin
from tests.e2e.sign_on import Browser, write_settings
from tests.e2e.test_admin_importer import Office
from tests.e2e.toolkit import Evidence, School, tiny
from tests.fakes.entra import CLIENT, PERSON, TENANT
from tests.fakes.saml_idp import key
from tests.peers import form, started, through_oidc

SECRET, SINCE = "the secret of the peer", "2026-01-01T00:00:00+00:00"
MICROSOFT = "https://login.microsoftonline.com"


def outcomes(admin: Admin) -> list[tuple[str, str]]:
    """Of the account's sign-ins, the newest first."""
    return [(one["provider"], one["outcome"]) for one in admin.get("/api/sign-on/log").json()["items"]]


def keep_secret(stack: Stack, account: str) -> str:
    """The name that settings know it by."""
    told = {"step": "secret", "account": account, "secret": SECRET}
    answer = stack.client("lambda").invoke(FunctionName="local-sso-callback", Payload=dumps(told).encode())
    return str(loads(answer["Payload"].read())["name"])


# -- SAML, by samlp


@pytest.fixture(scope="module")
def samlp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("samlp")
    pem, certificate = folder / "key.pem", folder / "cert.pem"
    pem.write_bytes(key("samlp").pem)
    certificate.write_bytes(key("samlp").certificate)
    with started("saml.mjs", str(pem), str(certificate), "urn:samlp") as url:
        yield url


@pytest.fixture(scope="module")
def office(stack: Stack, open_school: Callable[..., School], samlp: str) -> Office:
    """A school that gave the peer's own metadata URL."""
    office = Office(stack, open_school(tiny()))
    assert office.run()["status"] == "applied"
    saved = office.admin.call("PUT", "/api/sign-on/classlink", {"metadata_url": f"{samlp}/metadata"})
    assert saved.status_code == 200, saved.text
    assert office.admin.patch("/api/sign-on", {"provider": "classlink"}).status_code == 200
    return office


def by_samlp(office: Office, browser: Browser, **told: Any) -> requests.Response:
    """From the account's page: our link, the provider's page, which a browser posts on, and our answer to it."""
    page = browser.get(f"/client?ven={office.admin.account}")
    start = page.text.partition('href="')[2].partition('"')[0]
    at_provider = browser.get(start).headers["location"]
    action, sent = form(browser.get(f"{at_provider}&told={quote(dumps(told))}").text)
    assert urlsplit(action).netloc == urlsplit(browser.stack.url).netloc
    return browser.post(action, sent, origin="null")


@pytest.mark.parametrize("signs", ["assertion", "response"])
def test_a_parent_signs_in_by_samlp(stack: Stack, office: Office, signs: str) -> None:
    contacts = office.school.contacts()
    emails = [one.email for one in contacts.values()]
    parent = next(
        one for (kind, _), one in sorted(contacts.items()) if kind == "parent" and emails.count(one.email) == 1
    )
    browser = Browser(stack)
    told = {"id": parent.id, "email": parent.email, "signResponse": signs == "response"}
    answer = by_samlp(office, browser, **told)
    assert (answer.status_code, answer.headers["location"]) == (303, "/client/home")
    home = browser.home()
    assert (home.status_code, parent.last in home.text) == (200, True)


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        ({"signature": "rsa-sha1", "digest": "sha1"}, "sha1"),
        ({"audience": "https://other.example"}, "audience"),
        ({"id": "nobody", "email": "nobody@school.example"}, "nobody"),
    ],
)
def test_samlp_is_not_believed_everything(stack: Stack, office: Office, told: dict[str, Any], outcome: str) -> None:
    browser = Browser(stack)
    assert by_samlp(office, browser, **told).status_code == 403
    assert outcomes(office.admin)[0] == ("classlink", outcome)
    assert browser.home().status_code == 401


# -- Entra's flows, by oidc-provider


@pytest.mark.parametrize("secret", ["", SECRET], ids=["id token", "code"])
def test_a_participant_signs_in_by_oidc_provider(stack: Stack, secret: str) -> None:
    """With Client ID and Tenant ID alone an ID token is posted; with a secret a code, which msal redeems.

    The secret of a draft changes nothing for anybody.
    """
    admin = Admin.of(stack, "31900001" if secret else "31900000")
    redirect = f"{stack.url}/client?ven={admin.account}&azuresso=on"
    name = keep_secret(stack, admin.account)
    with started("oidc.mjs", TENANT, CLIENT, secret, redirect) as provider:
        settings = {"client_id": CLIENT, "tenant_id": TENANT, "base_url": provider}
        ids = {"azure": ("d" if secret else "c") * 24}
        with_secret = {**settings, "secret": name}
        live = with_secret if secret else settings
        write_settings(stack, SignOn(admin.account, "azure", {"azure": live}, {"azure": with_secret}, ids, since=SINCE))
        for outcome in ("new", "link"):
            browser = Browser(stack)
            start = browser.get(f"/client?ven={admin.account}&azuresso=on")
            assert start.status_code == 303, (start.text, (stack.logs / "local-sso-callback.log").read_text()[-1500:])
            begun = start.headers["location"]
            asked = dict(parse_qsl(urlsplit(begun).query))
            assert asked["response_type"] == ("code" if secret else "id_token")
            action, sent = through_oidc(provider, begun)
            assert action == redirect
            answer = browser.post(action, sent, origin=MICROSOFT)
            assert (answer.status_code, answer.headers.get("location")) == (303, "/client/home"), outcomes(admin)
            assert "Jan Novak" in browser.home().text
            assert outcomes(admin)[0] == ("azure", outcome)
            assert browser.post(action, sent, origin=MICROSOFT).status_code == 403, "once"
    if secret:  # its addresses are asked for when somebody begins
        silent = Browser(stack).get(f"/client?ven={admin.account}&azuresso=on")
        assert (silent.status_code, "does not answer" in silent.text) == (503, True)
        assert outcomes(admin)[0] == ("azure", "unavailable")
    (made,) = admin.get("/api/contacts?kind=parent").json()["items"]
    assert (made["level"], made["email"]) == ("Customer", "jan@school.example")
    assert PERSON not in dumps(made)


# -- Veracross, by oauth2-mock-server


@pytest.mark.parametrize(("roles", "status"), [(("Parent",), 303), ((), 403)], ids=["a parent", "without a role"])
def test_somebody_signs_in_by_another_oauth_server(
    stack: Stack, evidence: Evidence, roles: tuple[str, ...], status: int
) -> None:
    admin = Admin.of(stack, "31900002" if roles else "31900003")
    id = ("a" if roles else "b") * 24
    application = {"client_id": "the-client", "client_secret": SECRET}
    stack.client("secretsmanager").create_secret(
        Name=f"local/{admin.account}/veracross", SecretString=dumps(application)
    )
    made = admin.post(
        "/api/contacts", {"kind": "parent", "first": "Jan", "last": "Novak", "email": "jan@school.example"}
    )
    assert made.status_code == 201, made.text
    with started("oauth.mjs", "school", "4711", *roles) as provider:
        settings = {"route": "school", "client_id": "as it was before the import was reconnected", "base_url": provider}
        write_settings(
            stack, SignOn(admin.account, "veracross", {"veracross": settings}, {}, {"veracross": id}, since=SINCE)
        )
        browser = Browser(stack)
        at_provider = browser.get(f"/sso/veracross/{id}/start").headers["location"]
        assert "client_id=the-client&" in at_provider
        back = browser.get(at_provider).headers["location"]
        answer = browser.get(back)
        assert answer.status_code == status, (answer.text, outcomes(admin))
        assert outcomes(admin)[0] == ("veracross", "e-mail" if roles else "not_admitted")
        assert browser.home().status_code == (200 if roles else 401)
        assert browser.get(back).status_code == 403, "once"
