"""The three ways into a OneRoster server: a bearer that was handed over, OAuth 1.0a signing, OAuth 2 tokens.

The OAuth 1 verifier is our own (a library's may be wrong in the same way as the client's under test), and is
held to a published vector and to oauthlib by the contract tests.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
import time
from collections.abc import Iterable
from typing import Protocol
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from .faults import Reply
from .oneroster_query import Refused, pairs
from .oneroster_rows import BASES, V11
from .serving import Request

CORE, NESTED, DEMOGRAPHICS = SCOPES = ("roster-core", "roster", "roster-demographics")
HASHES = {"HMAC-SHA1": hashlib.sha1, "HMAC-SHA256": hashlib.sha256}
SKEW = 300


def scope_name(version: str, scope: str) -> str:
    return f"https://purl.imsglobal.org/spec/or/{version}/scope/{scope}.readonly"


class Auth(Protocol):
    def check(self, request: Request, version: str, scope: str) -> None:
        """Raises Refused unless the request may read what `scope` covers."""

    def rotate(self, *, withdraw: bool = False) -> None:
        """What opened the door no longer does; something else may."""


def unauthorised(why: str) -> Refused:
    return Refused(401, "unauthorisedrequest", why)


class Bearer:
    def __init__(self, token: str = "") -> None:
        self.token: str | None = token or secrets.token_hex(20)

    def check(self, request: Request, version: str, scope: str) -> None:
        if not self.token or request.headers.get("authorization") != f"Bearer {self.token}":
            raise unauthorised("The bearer token is not valid")

    def rotate(self, *, withdraw: bool = False) -> None:
        self.token = None if withdraw else secrets.token_hex(20)


# -- OAuth 1.0a, two-legged


def enc(value: str) -> str:
    return quote(value, safe="-._~")


def base_string(method: str, url: str, oauth: Iterable[tuple[str, str]]) -> str:
    parts = urlsplit(url)
    port = {"http": ":80", "https": ":443"}[parts.scheme]
    where = f"{parts.scheme}://{parts.netloc.lower().removesuffix(port)}{parts.path or '/'}"
    told = [(name, value) for name, value, _ in pairs(parts.query)]
    told += [(name, value) for name, value in oauth if name not in ("oauth_signature", "realm")]
    signed = "&".join(f"{name}={value}" for name, value in sorted((enc(n), enc(v)) for n, v in told))
    return "&".join(map(enc, (method.upper(), where, signed)))


def signature(method: str, url: str, oauth: dict[str, str], secret: str) -> str:
    digest = HASHES[oauth["oauth_signature_method"]]
    text = base_string(method, url, oauth.items())
    return base64.b64encode(hmac.new(f"{enc(secret)}&".encode(), text.encode(), digest).digest()).decode()


class OAuth1:
    """Key and secret; `methods` is what the provider accepts, `clock_offset` how wrong its clock is."""

    def __init__(self, key: str = "", secret: str = "", methods: Iterable[str] = tuple(HASHES)) -> None:
        self.key, self.secret = key or secrets.token_hex(8), secret or secrets.token_hex(16)
        self.methods, self.clock_offset = tuple(methods), 0
        self._used: set[tuple[str, str]] = set()

    def check(self, request: Request, version: str, scope: str) -> None:
        if version != V11:
            raise unauthorised("OneRoster 1.2 has no OAuth 1")
        told = _oauth_header(request.headers.get("authorization", ""))
        if told.get("oauth_consumer_key") != self.key:
            raise unauthorised("The consumer key is not known")
        if told.get("oauth_signature_method") not in self.methods or told.get("oauth_version", "1.0") != "1.0":
            raise unauthorised("The signature method is not supported")
        moment, nonce = told.get("oauth_timestamp", ""), told.get("oauth_nonce", "")
        if not moment.isdecimal() or abs(int(moment) - time.time() - self.clock_offset) > SKEW:
            raise unauthorised("The timestamp is too far from ours")
        if not nonce or (moment, nonce) in self._used:
            raise unauthorised("The nonce has been used")
        url = f"http://{request.headers.get('host', '')}{request.target}"
        expected = signature(request.method, url, told, self.secret)
        if not hmac.compare_digest(expected, told.get("oauth_signature", "")):
            raise unauthorised("The signature does not fit")
        self._used.add((moment, nonce))

    def rotate(self, *, withdraw: bool = False) -> None:
        self.secret = secrets.token_hex(16)


def _oauth_header(given: str) -> dict[str, str]:
    if not given.lower().startswith("oauth "):
        raise unauthorised("There is no OAuth header")
    return {unquote(name): unquote(value) for name, value in re.findall(r'([\w%]+)="([^"]*)"', given[6:])}


# -- OAuth 2 client credentials


class OAuth2:
    """A token endpoint; `scopes` is what the district granted, `accepts` where credentials may stand."""

    def __init__(
        self,
        client_id: str = "",
        client_secret: str = "",
        *,
        scopes: Iterable[str] = SCOPES,
        life: int = 3600,
        accepts: Iterable[str] = ("basic", "body"),
    ) -> None:
        self.client_id = client_id or secrets.token_hex(10)
        self.client_secret = client_secret or secrets.token_hex(20)
        self.scopes, self.life, self.accepts = tuple(scopes), life, tuple(accepts)
        self._tokens: dict[str, tuple[float, frozenset[str]]] = {}

    def check(self, request: Request, version: str, scope: str) -> None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        until, granted = self._tokens.get(token, (0.0, frozenset()))
        if until <= time.time():
            raise unauthorised("The token is not known, or has expired")
        enough = {scope, NESTED} if scope == CORE else {scope}
        if granted.isdisjoint(scope_name(version, s) for s in enough):
            raise Refused(403, "forbidden", "Insufficient scope")

    def rotate(self, *, withdraw: bool = False) -> None:
        """The tokens stop working; with `withdraw` so does the secret."""
        self._tokens.clear()
        if withdraw:
            self.client_secret = secrets.token_hex(20)

    def token(self, request: Request) -> Reply:
        form = dict(parse_qsl(request.body.decode(errors="replace")))
        if self._credentials(request, form) != (self.client_id, self.client_secret):
            return _said(401, error="invalid_client", error_description="Client authentication failed")
        if form.get("grant_type") != "client_credentials":
            return _said(400, error="unsupported_grant_type")
        asked = (form.get("scope") or dict(request.query).get("scope") or "").split()
        have = [scope_name(version, s) for version in BASES for s in self.scopes]
        # Like servers seen: what is not granted is left out of the answer, not refused, while something is left.
        granted = [s for s in have if s in asked] if asked else have
        if not granted:
            return _said(400, error="invalid_scope")
        token = secrets.token_hex(24)
        self._tokens[token] = (time.time() + self.life, frozenset(granted))
        return _said(200, access_token=token, token_type="bearer", expires_in=self.life, scope=" ".join(granted))

    def _credentials(self, request: Request, form: dict[str, str]) -> tuple[str, str]:
        given = request.headers.get("authorization", "")
        if given.startswith("Basic ") and "basic" in self.accepts:
            try:
                name, _, secret = base64.b64decode(given[6:]).decode().partition(":")
            except ValueError:
                return "", ""
            return unquote(name), unquote(secret)
        if "body" in self.accepts and not given:
            return form.get("client_id", ""), form.get("client_secret", "")
        return "", ""


def _said(status: int, **told: object) -> Reply:
    return Reply(status, json.dumps(told).encode(), {"cache-control": "no-store"})
