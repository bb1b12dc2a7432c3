"""What a browser keeps of a sign-in, and who may have it sent. The number is that of sign-on.md §11."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest

from tests.support import function_module

browser = function_module("sso_callback", "browser")


def test_087_cookies_are_ours_alone_and_only_the_one_of_a_sign_in_under_way_crosses_sites() -> None:
    cookies = browser.Cookies(secure=True)
    begun, signed = str(cookies.begun("one", timedelta(minutes=10))), str(cookies.signed_in("two"))
    for cookie in (begun, signed):
        assert {"Secure", "HttpOnly", "Path=/"} <= set(cookie.split("; "))
        assert "Domain" not in cookie
    assert begun.startswith("__Host-login=one;")
    assert "SameSite=None" in begun
    assert "Max-Age=600" in begun
    assert signed.startswith("__Host-sid=two;")
    assert "SameSite=Lax" in signed


@pytest.mark.parametrize("answer", [browser.page(403, "No", ["x"]), browser.page(200, "Yes", ["x"])])
def test_087_no_page_is_kept_and_no_refusal_sets_a_cookie(answer: object) -> None:
    assert answer.headers["Cache-Control"] == "no-store"  # type: ignore[attr-defined]
    assert answer.cookies == []  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("sent", "fields"),
    [
        ('{"number": "1", "born": "2012-04-08"}', {"number": "1", "born": "2012-04-08"}),
        ('{"number": 1}', {}),
        ('{"number": "1", "number": "2"}', {}),
        ("[1]", {}),
        ('[["number", "1"]]', {}),
        ("{", {}),
        ("[" * 100_000, {}),
    ],
)
def test_what_is_no_object_of_texts_holds_no_field(sent: str, fields: dict[str, str]) -> None:
    event = SimpleNamespace(headers={"content-type": "application/json"}, decoded_body=sent)
    assert browser.form(event, ["application/json"]) == fields


def test_a_page_escapes_whatever_it_is_told() -> None:
    shown = browser.page(200, "<b>", ["<script>"], browser.table([("<i>", "<u>")]))
    assert not {"<b>", "<script>", "<i>", "<u>"} & set(shown.body.split("\n"))
    assert "<script>" not in shown.body
