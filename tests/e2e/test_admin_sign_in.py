"""Signing in by a mailed link, staying signed in and being signed out, as a browser and an attacker see it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from local import administrators
from local.stack import Stack
from roster import keys
from roster.model import Level
from roster.sessions import digest
from tests.e2e.admin import Admin, mails_to, put, refusal
from tests.e2e.toolkit import account_numbers

LINK = re.compile(r"http://[\w.:]+/api/sign-in/[\w-]{43}")


@pytest.fixture
def account() -> str:
    return str(next(account_numbers))


class From(HTTPAdapter):
    """Asks from another address of this machine."""

    def __init__(self, ip: str) -> None:
        self.ip = ip
        super().__init__()

    def init_poolmanager(self, *given: Any, **more: Any) -> None:
        super().init_poolmanager(*given, **more, source_address=(self.ip, 0))


def ask(stack: Stack, account: str, email: str, to: str = "", ip: str = "127.0.0.1") -> requests.Response:
    body = {"account": account, "email": email, "to": to}
    with requests.Session() as web:
        web.mount("http://", From(ip))
        return web.post(f"{stack.url}/api/sign-in", json=body, headers={"Origin": stack.url}, timeout=30)


def wait_for(found: Callable[[], Any]) -> Any:
    """What is done after the answer takes a moment."""
    for _ in range(200):
        if result := found():
            return result
        time.sleep(0.05)
    return found()


def log(stack: Stack) -> str:
    return (stack.logs / "local-admin-api.log").read_text()


def test_a_mailed_link_signs_in_and_leads_on(stack: Stack, account: str) -> None:
    edna = Admin.made(stack, account)
    assert ask(stack, account, edna.email.upper(), "/importer?ven=1").status_code == 202
    (mail,) = wait_for(lambda: mails_to(edna.email))
    assert "15 minutes" in str(vars(mail))
    (link,) = set(LINK.findall(str(vars(mail))))
    done = edna.use(link)
    assert (done.status_code, done.headers["location"]) == (303, "/importer?ven=1")
    cookie = done.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/;" in cookie
    told = edna.get("/api/session").json()
    assert told["person"]["email"] == edna.email
    assert told["account"]["name"] == "Harbor High School"
    assert "event.create" in told["may"]
    assert "api_version.change" not in told["may"]


def test_nobody_learns_whether_an_address_is_known(stack: Stack, account: str) -> None:
    edna = Admin.made(stack, account)
    customer = Admin.made(stack, account, Level.APPOINTMENT_VIEWER)
    customer.set(level={"S": "Customer"})
    answers = [
        ask(stack, account, edna.email),
        ask(stack, account, "stranger@harbor.example"),
        ask(stack, account, customer.email),
        ask(stack, "99999999", edna.email),
    ]
    assert {(one.status_code, one.text) for one in answers} == {(202, answers[0].text)}
    told = [{name: value for name, value in one.headers.items() if name != "date"} for one in answers]
    assert all(one == told[0] for one in told)
    assert wait_for(lambda: mails_to(edna.email))
    wait_for(lambda: log(stack).count('"unknown"') >= 3)
    assert mails_to("stranger@harbor.example") == mails_to(customer.email) == []


def test_a_place_that_has_asked_too_often_is_told_the_same_and_gets_no_mail(stack: Stack, account: str) -> None:
    edna = Admin.made(stack, account)
    ip = "127.0.0.9"
    for hour in (0, 1):
        window = f"{datetime.now(UTC) + timedelta(hours=hour):%Y-%m-%dT%H}"
        put(stack, keys.sign_in_count(digest(ip), window), {"sent": {"N": "60"}, "expires": {"N": "4000000000"}})
    refused, heard = ask(stack, account, edna.email, ip=ip), ask(stack, account, edna.email)
    assert (refused.status_code, refused.text) == (202, heard.text)
    wait_for(lambda: mails_to(edna.email))
    assert len(mails_to(edna.email)) == 1


def test_an_address_gets_five_links_an_hour_from_one_place(stack: Stack, account: str) -> None:
    edna = Admin.made(stack, account)
    statuses = []
    for n in range(7):
        statuses.append(ask(stack, account, edna.email).status_code)
        wait_for(lambda n=n: len(mails_to(edna.email)) == min(n + 1, 5))  # type: ignore[misc]
    assert statuses == [202] * 7
    assert wait_for(lambda: log(stack).count("too many") >= 2)
    assert len(mails_to(edna.email)) == 5
    ask(stack, account, edna.email, ip="127.0.0.2")
    wait_for(lambda: len(mails_to(edna.email)) == 6)
    assert len(mails_to(edna.email)) == 6, "nobody else keeps its owner out"


def test_a_link_works_once(stack: Stack, account: str) -> None:
    edna = Admin.made(stack, account)
    link = edna.link()
    assert edna.use(link).status_code == 303
    thief = Admin(stack, account)
    again = thief.use(link)
    assert again.status_code == 404
    assert "does not work any more" in again.text
    assert refusal(thief.get("/api/session")) == (401, "NotSignedIn")
    assert edna.get("/api/session").status_code == 200


def test_a_scanner_that_opens_a_link_does_not_use_it(stack: Stack, account: str) -> None:
    edna = Admin.made(stack, account)
    link = edna.link()
    for _ in range(3):
        page = requests.get(link, timeout=30)
        assert page.status_code == 200
        assert "set-cookie" not in page.headers
    assert '<html lang="en">' in page.text
    assert "Edna Krabappel" in page.text
    assert "<script" not in page.text
    assert "form-action 'self'" in page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "same-origin", "a stricter one would make the form's Origin null"
    assert requests.head(link, timeout=30).status_code == 405
    assert edna.use(link).status_code == 303


def test_an_old_link_does_not_work(stack: Stack, account: str) -> None:
    edna = Admin.made(stack, account)
    link = edna.link()
    put(stack, keys.sign_in(digest(link.rpartition("/")[2])), {"expires": {"N": str(int(time.time()) - 1)}})
    assert requests.get(link, timeout=30).status_code == 404
    assert edna.use(link).status_code == 404
    assert edna.use(f"{stack.url}/api/sign-in/{'x' * 43}").status_code == 404


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "", "http://127.0.0.1.evil.example"])
def test_another_site_cannot_press_the_button(stack: Stack, account: str, origin: str) -> None:
    edna = Admin.made(stack, account)
    link = edna.link()
    answer = requests.post(link, headers={"Origin": origin}, allow_redirects=False, timeout=30)
    assert refusal(answer) == (403, "Forbidden")
    assert edna.use(link).status_code == 303, "and the link is still good"


@pytest.mark.parametrize("to", ["//evil.example", "https://evil.example", "/\\evil.example", "/a\tb", "x", "/é"])
def test_a_link_leads_nowhere_else(stack: Stack, account: str, to: str) -> None:
    edna = Admin.made(stack, account)
    if ask(stack, account, edna.email, to).status_code == 202:
        (mail,) = wait_for(lambda: mails_to(edna.email))
        (link,) = set(LINK.findall(str(vars(mail))))
        assert edna.use(link).headers["location"] == "/admin"


@pytest.mark.parametrize("value", ["", "x", "0" * 43, "' OR 1=1", "a" * 4000])
def test_a_forged_cookie_is_nobody(stack: Stack, value: str) -> None:
    answer = requests.get(f"{stack.url}/api/session", headers={"Cookie": f"sid={value}"}, timeout=30)
    assert refusal(answer) == (401, "NotSignedIn")


def test_signing_in_again_gives_another_session_and_ends_the_one_before(stack: Stack, account: str) -> None:
    edna = Admin.of(stack, account)
    before = edna.web.cookies["sid"]
    assert edna.use(edna.link()).status_code == 303
    assert edna.web.cookies["sid"] != before
    old = requests.get(f"{stack.url}/api/session", headers={"Cookie": f"sid={before}"}, timeout=30)
    assert refusal(old) == (401, "NotSignedIn")


def test_signing_out_here_and_everywhere(stack: Stack, account: str) -> None:
    edna = Admin.of(stack, account)
    phone = Admin(stack, account, edna.email, edna.id)
    phone.use(phone.link())
    stolen = edna.web.cookies["sid"]
    assert edna.delete("/api/session").status_code == 204
    assert "sid" not in edna.web.cookies
    kept = requests.get(f"{stack.url}/api/session", headers={"Cookie": f"sid={stolen}"}, timeout=30)
    assert refusal(kept) == (401, "NotSignedIn"), "the session itself is gone, not only the cookie"
    assert phone.get("/api/session").status_code == 200
    edna.use(edna.link())
    mailed = edna.link()
    assert edna.delete("/api/sessions").status_code == 204
    assert edna.use(mailed).status_code == 404
    assert refusal(phone.get("/api/session")) == (401, "NotSignedIn")
    edna.use(edna.link())
    assert edna.get("/api/session").status_code == 200


def test_a_session_ends_when_it_is_left_alone_and_after_a_day_of_work(stack: Stack, account: str) -> None:
    for values in ({"expires": {"N": str(int(time.time()) - 1)}}, {"created": {"S": "2026-01-01T00:00:00+00:00"}}):
        edna = Admin.of(stack, account)
        put(stack, keys.session(digest(edna.web.cookies["sid"])), values)
        assert refusal(edna.get("/api/session")) == (401, "NotSignedIn")


def test_whoever_is_lowered_or_removed_loses_access_at_once(stack: Stack, account: str) -> None:
    edna = Admin.of(stack, account)
    assert edna.get("/api/events").status_code == 200
    edna.set(level={"S": "Resource Administrator"})
    assert refusal(edna.get("/api/events")) == (403, "Forbidden")
    assert edna.get("/api/session").status_code == 200
    edna.set(level={"S": "Customer"})
    assert refusal(edna.get("/api/session")) == (401, "NotSignedIn")
    edna.set(level={"S": "Administrator"})
    assert edna.get("/api/session").status_code == 200
    edna.remove()
    assert refusal(edna.get("/api/session")) == (401, "NotSignedIn")


def test_no_secret_of_a_sign_in_is_stored_or_logged(stack: Stack, account: str) -> None:
    edna = Admin.made(stack, account)
    link = edna.link()
    edna.use(link)
    secrets = link.rpartition("/")[2], edna.web.cookies["sid"]
    stored = str(stack.client("dynamodb").scan(TableName=stack.outputs["TableName"])["Items"])
    for secret in secrets:
        assert secret not in stored
        assert secret not in log(stack)
    assert edna.email not in log(stack)


def test_the_first_administrator_is_made_by_who_may_invoke_the_function(stack: Stack, account: str) -> None:
    with pytest.raises(administrators.Refused, match="Name its school"):
        administrators.make(stack, account, "a@b.example", "A")
    with pytest.raises(administrators.Refused, match="e-mail"):
        administrators.make(stack, account, "no address", "A", school="S")
    made = administrators.make(stack, account, "a@b.example", "A B", school="S")
    again = administrators.make(stack, account, "A@b.example", "A C", level="Event Administrator")
    assert again == {**made, "level": "Event Administrator"}
    sent = requests.post(
        f"{stack.url}/api/session",
        json={"step": "administrator", "account": account},
        headers={"Origin": stack.url},
        timeout=30,
    )
    assert sent.status_code == 405, "what a browser sends is never a step"
