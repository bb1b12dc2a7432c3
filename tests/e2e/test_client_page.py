"""/client over the HTTP front that the template describes: who asks is told something they can read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests

from local.account import LocalAccount
from local.stack import Stack

Get = Callable[..., requests.Response]


@pytest.fixture
def get(stack: Stack) -> Get:
    return lambda path, **more: requests.get(stack.url + path, timeout=20, **more)


def _name(stack: Stack, account: str, name: str) -> None:
    LocalAccount(stack, account, "conference").set_up(name, "clever", {}, {"token": "unused"})


def test_a_known_school_is_called_by_its_name(get: Get, stack: Stack) -> None:
    _name(stack, "31000001", "Harbor High School")
    answer = get("/client?ven=31000001")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "<h1>Harbor High School</h1>" in answer.text
    assert 'lang="en"' in answer.text


def test_a_name_is_text_and_never_markup(get: Get, stack: Stack) -> None:
    _name(stack, "31000002", """<script>alert("1")</script> & $text's""")
    answer = get("/client?ven=31000002")
    assert "<script" not in answer.text
    assert "&lt;script&gt;" in answer.text
    assert "&amp; $text&#x27;s" in answer.text


@pytest.mark.parametrize(
    "query",
    [
        "?ven=99999999",
        "?ven=",
        "",
        "?ven=31000001%23x",
        "?ven=%2e%2e%2f",
        "?ven=%00",
        "?ven=<b>&x=1",
        "?ven=" + "9" * 3000,
    ],
)
def test_an_unknown_address_is_a_friendly_page(query: str, get: Get) -> None:
    answer = get(f"/client{query}")
    assert answer.status_code == 404
    assert "We do not know this address" in answer.text
    assert "Please use the link that your school sent you" in answer.text
    assert "<b>" not in answer.text


@pytest.mark.parametrize("query", ["?ven=31000003", "?ven=99999999"])
def test_security_headers(query: str, get: Get, stack: Stack) -> None:
    _name(stack, "31000003", "Elm School")
    headers = get(f"/client{query}").headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


def test_an_importers_account_item_is_no_page(get: Get, stack: Stack) -> None:
    """Only the account's name is shown, nothing of its integration."""
    _name(stack, "31000004", "Knoll School")
    assert "clever" not in get("/client?ven=31000004").text.lower()


def test_other_paths_and_methods_are_not_there(get: Get, stack: Stack) -> None:
    assert get("/other").status_code == 404
    answer = requests.post(f"{stack.url}/client?ven=31000001", timeout=20)
    assert answer.status_code == 403, "an answer of an identity provider that nobody asked"
