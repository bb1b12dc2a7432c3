"""The webhook by which ClassLink tells that a district has added pickAtime: believed for its signature, and only fresh.

`X-PickAtime-Signature` is the HMAC-SHA256, in hexadecimal digits, of timestamp, a full stop and the body as it came;
`X-PickAtime-Timestamp` is Unix seconds. The key is the partner secret's `hook`. Who sends it twice is told the same.
"""

from __future__ import annotations

import hmac
import json
import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Any

from roster.errors import NotSignedIn, NotUnderstood
from roster.fields import mapping, text
from roster.keys import fits

TOLERANCE = 300.0  # seconds: clocks differ, and a copy that somebody has kept is worth nothing afterwards
LARGEST_BODY = 10_000
LONGEST_NAME = 200
SEND = 'Send {"tenant_id": "...", "tenant_name": "..."}, with X-PickAtime-Timestamp and X-PickAtime-Signature.'

_TIMESTAMP, _SIGNATURE = re.compile(r"[0-9]{1,12}"), re.compile(r"[0-9a-f]{64}")


def read(request: Mapping[str, Any], key: Callable[[], str], now: float) -> tuple[str, str]:
    """Tenant and name of the district (see roster.runtime.Hook)."""
    body = _body(request)
    _check(mapping(request.get("headers")), body, key, now)
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        raise NotUnderstood("the body cannot be read as JSON", SEND) from None
    tenant, name = text(mapping(told).get("tenant_id")), text(mapping(told).get("tenant_name"))
    if not tenant or not fits(tenant):
        raise NotUnderstood("tenant_id: it names no district", SEND)
    return tenant, name[:LONGEST_NAME]


def signature(key: str, timestamp: str, body: bytes) -> str:
    return hmac.new(key.encode(), timestamp.encode() + b"." + body, "sha256").hexdigest()


def _check(headers: Mapping[str, Any], body: bytes, key: Callable[[], str], now: float) -> None:
    """The secret is read only for what could be signed with it."""
    timestamp, given = text(headers.get("x-pickatime-timestamp")), text(headers.get("x-pickatime-signature"))
    if not _TIMESTAMP.fullmatch(timestamp) or not _SIGNATURE.fullmatch(given):
        raise NotSignedIn("this is not signed", SEND)
    if abs(now - int(timestamp)) > TOLERANCE:
        raise NotSignedIn("this was signed too long ago, or our clocks differ", SEND)
    secret = key()  # where there is none, nobody can have signed with it
    if not secret or not hmac.compare_digest(signature(secret, timestamp, body), given):
        raise NotSignedIn("the signature is not right", SEND)


def _body(request: Mapping[str, Any]) -> bytes:
    sent = request.get("body") or ""
    if len(sent) > LARGEST_BODY:
        raise NotUnderstood(f"the body is longer than {LARGEST_BODY:,} characters", SEND)
    return b64decode(sent) if request.get("isBase64Encoded") else str(sent).encode()
