"""What a sign-in by Veracross takes and refuses, against its sandbox. The numbers are those of sign-on.md §11."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from local.sandbox.faults import Reply
from local.sandbox.veracross import VeracrossSandbox
from roster.errors import NotUnderstood
from roster.http import RequestsHttp
from roster.signon import Connection, Pending, SignOnRefused
from tests.e2e.veracross import plain
from tests.support import function_module

veracross = function_module("sso_callback", "veracross")
REDIRECT = "https://pickatime.com/client"
HTTP = RequestsHttp(loopback=True, patience=1.0)


@pytest.fixture
def school() -> Iterator[VeracrossSandbox]:
    with VeracrossSandbox.start(plain(10)) as server:
        server.sso.redirect_uris.append(REDIRECT)
        server.add_scope("sso")
        server.sign_in(server.school.tables["parents"].ids[0])
        yield server


def connection(school: VeracrossSandbox) -> Connection:
    return Connection("c0ffee", "11600000", "veracross", {"route": school.route, "client_id": school.client_id})


PENDING = Pending("11600000", "c0ffee", "veracross", "", "", REDIRECT, "/", "", 0)


def code(school: VeracrossSandbox) -> dict[str, str]:
    started = veracross.start(connection(school), "the-state", REDIRECT, school.url)
    answer = requests.get(started.url, allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.text
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


def complete(school: VeracrossSandbox, sent: dict[str, str], **more: Any) -> Any:
    told = more.pop("pending", PENDING)
    return veracross.complete(
        connection(school), told, sent, datetime.now(UTC), HTTP, more.pop("secret", school.client_secret), school.url
    )


def refused(school: VeracrossSandbox, sent: dict[str, str], **more: Any) -> str:
    with pytest.raises(SignOnRefused) as info:
        complete(school, sent, **more)
    return info.value.reason


def test_vs06_a_code_is_worth_a_person_of_this_school(school: VeracrossSandbox) -> None:
    sent = code(school)
    assert sent["state"] == "the-state"
    found = complete(school, sent)
    assert found.subject == str(school.sso.user)
    assert found.issuer == school.route
    assert found.roster_ids == (("veracross", found.subject),)
    assert found.claims["roles"]


def test_vs06_the_browser_asks_for_the_scope_sso_alone() -> None:
    asked = Connection("c", "1", "veracross", {"route": "abc", "client_id": "id"})
    started = veracross.start(asked, "s", REDIRECT)
    where = urlsplit(started.url)
    assert (where.netloc, where.path) == ("accounts.veracross.com", "/abc/oauth/authorize")
    assert dict(parse_qsl(where.query))["scope"] == "sso"


def test_079_a_code_of_another_school_is_worth_nothing(school: VeracrossSandbox) -> None:
    with VeracrossSandbox.start(plain(10), route="other") as other:
        other.sso.redirect_uris.append(REDIRECT)
        other.add_scope("sso")
        other.sign_in(other.school.tables["parents"].ids[0])
        assert refused(school, code(other)) == "replay"


def test_080_a_code_counts_once(school: VeracrossSandbox) -> None:
    sent = code(school)
    complete(school, sent)
    assert refused(school, sent) == "replay"


NOBODY = ({"roles": []}, {"roles": None}, {"sub": ""}, {"sub": None}, {"sub": " 7"}, {"sub": True})


@pytest.mark.parametrize("told", NOBODY)
def test_080_userinfo_that_names_nobody(school: VeracrossSandbox, monkeypatch: pytest.MonkeyPatch, told: Any) -> None:
    sent = code(school)
    whole = school.sso._claims
    monkeypatch.setattr(school.sso, "_claims", lambda user: {**whole(user), **told})
    assert refused(school, sent) in ("not_admitted", "subject")


def test_080_userinfo_that_is_refused(school: VeracrossSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = code(school)
    monkeypatch.setattr(school.sso, "_userinfo", lambda request: Reply(401, b"{}", kind="application/json"))
    assert refused(school, sent) == "credential"


def test_a_wrong_secret_and_another_redirect(school: VeracrossSandbox) -> None:
    assert refused(school, code(school), secret="wrong") == "credential"
    assert refused(school, code(school), pending=replace(PENDING, redirect=f"{REDIRECT}x")) == "replay"


@pytest.mark.parametrize("sent", [{}, {"code": ""}, {"code": "a b"}, {"code": "x" * 600}, {"error": "access_denied"}])
def test_an_answer_without_a_code(school: VeracrossSandbox, sent: dict[str, str]) -> None:
    assert refused(school, sent) in ("malformed", "denied")


@pytest.mark.parametrize("how", ["slow", "500", "html", "list"])
def test_082_a_token_endpoint_in_trouble(
    school: VeracrossSandbox, monkeypatch: pytest.MonkeyPatch, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    sent, honest = code(school), school.answer
    replies = {"500": Reply(500, b"{}"), "html": Reply(200, b"<html>"), "list": Reply(200, b"[]")}

    def answer(request: Any) -> Any:
        if not request.path.endswith("/oauth/token"):
            return honest(request)
        if how == "slow":
            time.sleep(2)
        return replies.get(how) or honest(request)

    monkeypatch.setattr(school, "answer", answer)
    began = time.monotonic()
    assert refused(school, sent) == "unavailable"
    assert time.monotonic() - began < 10
    assert school.client_secret not in caplog.text
    assert sent["code"] not in caplog.text


@pytest.mark.parametrize(
    "typed", ["abcd", "ABCD", "https://portals.veracross.com/abcd/parent/x?y", "axiom.veracross.com/abcd#z"]
)
def test_a_school_domain_is_the_word_or_an_address_that_holds_it(typed: str) -> None:
    assert veracross.settings({"route": typed, "client_id": "id"})["route"] == "abcd"


@pytest.mark.parametrize(
    "route",
    ["https://evil.example", "a/b", "a.b", "..%2f", "x" * 64, "", "-a", "https://axiom.veracross.com/a/testing"],
)
def test_056_a_school_domain_that_leads_elsewhere(route: str) -> None:
    with pytest.raises(NotUnderstood, match="School Domain"):
        veracross.settings({"route": route, "client_id": "id"})
    bad = Connection("c", "1", "veracross", {"route": route, "client_id": "id"})
    with pytest.raises(SignOnRefused):
        veracross.start(bad, "s", REDIRECT)
    with pytest.raises(SignOnRefused):
        veracross.complete(bad, PENDING, {"code": "x"}, datetime.now(UTC), HTTP, "secret")
