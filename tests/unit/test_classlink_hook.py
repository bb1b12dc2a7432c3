"""The webhook's signature: what is believed, what is not, and that no secret is read for what is obviously unsigned."""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from hashlib import sha256
from typing import Any

import pytest

from roster.errors import NotSignedIn, NotUnderstood
from tests.support import function_module

hook = function_module("classlink_districts", "hook")
KEY, NOW = "the-hook-key", 1_795_780_000.0
BODY = {"tenant_id": 2001, "tenant_name": " Springfield "}


def signed(body: Any = BODY, key: str = KEY, at: float = NOW, **changes: Any) -> dict[str, Any]:
    sent = body if isinstance(body, str) else json.dumps(body)
    timestamp = str(int(at))
    headers = {
        "x-pickatime-timestamp": timestamp,
        "x-pickatime-signature": hook.signature(key, timestamp, sent.encode()),
    }
    return {"headers": {**headers, **changes.pop("headers", {})}, "body": sent, **changes}


def read(request: dict[str, Any], key: str = KEY, now: float = NOW) -> Any:
    return hook.read(request, lambda: key, now)


def unread() -> str:
    raise AssertionError("the secret is not read for this")


def test_the_signature_is_the_one_that_we_have_described() -> None:
    """HMAC-SHA256 of timestamp, full stop and body: a sender can be written from the words alone."""
    assert hook.signature("k", "1", b"{}") == hmac.new(b"k", b"1.{}", sha256).hexdigest()


def test_a_signed_event_names_its_district() -> None:
    assert read(signed()) == ("2001", "Springfield")
    encoded = signed() | {"body": b64encode(json.dumps(BODY).encode()).decode(), "isBase64Encoded": True}
    assert read(encoded) == ("2001", "Springfield")
    assert read(signed({"tenant_id": "2002"})) == ("2002", "")


@pytest.mark.parametrize("late", [-300, 0, 300])
def test_clocks_may_differ(late: float) -> None:
    assert read(signed(), now=NOW + late) == ("2001", "Springfield")


@pytest.mark.parametrize("late", [-301, 301, 3_600, -86_400])
def test_what_was_signed_at_another_time_is_refused(late: float) -> None:
    with pytest.raises(NotSignedIn, match="too long ago"):
        hook.read(signed(), unread, NOW + late)


@pytest.mark.parametrize(
    "request_",
    [
        signed(key="another"),
        signed() | {"body": json.dumps({"tenant_id": 2002})},
        signed() | {"body": json.dumps(BODY) + " "},
        signed() | {"body": None},
        signed(headers={"x-pickatime-timestamp": str(int(NOW) + 1)}),
        signed(headers={"x-pickatime-signature": "0" * 64}),
    ],
)
def test_what_is_signed_otherwise_is_refused(request_: dict[str, Any]) -> None:
    with pytest.raises(NotSignedIn, match="not right"):
        read(request_)


@pytest.mark.parametrize(
    "headers",
    [
        {"x-pickatime-signature": ""},
        {"x-pickatime-signature": "A" * 64},
        {"x-pickatime-signature": "0" * 63},
        {"x-pickatime-timestamp": ""},
        {"x-pickatime-timestamp": "now"},
        {"x-pickatime-timestamp": "-1"},
        {"x-pickatime-timestamp": "1" * 13},
        {"x-pickatime-timestamp": "1.5"},
    ],
)
def test_what_is_not_signed_at_all_costs_no_secret(headers: dict[str, str]) -> None:
    with pytest.raises(NotSignedIn):
        hook.read(signed(headers=headers), unread, NOW)
    with pytest.raises(NotSignedIn):
        hook.read({"body": "{}"}, unread, NOW)


def test_without_a_key_nothing_is_believed() -> None:
    with pytest.raises(NotSignedIn, match="not right"):
        read(signed(key=""), key="")


@pytest.mark.parametrize("body", ["", "[]", "no", "{}", '{"tenant_id": ""}', '{"tenant_id": true}', "[" * 5_000])
def test_a_signed_body_that_names_no_district(body: str) -> None:
    with pytest.raises(NotUnderstood):
        read(signed(body))


def test_a_tenant_that_no_key_can_hold_or_a_long_body() -> None:
    with pytest.raises(NotUnderstood, match="no district"):
        read(signed({"tenant_id": "x" * 2_000}))
    with pytest.raises(NotUnderstood, match="longer"):
        hook.read(signed("x" * 10_001), unread, NOW)
    assert len(read(signed({"tenant_id": 1, "tenant_name": "x" * 900}))[1]) == 200
