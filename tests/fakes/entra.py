"""Microsoft Entra ID as far as a sign-in sees it: keys, tokens of any content, and a token endpoint, on loopback."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from local.sandbox.faults import Reply
from local.sandbox.serving import Request, Sandbox

TENANT = "11111111-2222-3333-4444-555555555555"
CLIENT = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
PERSON = "99999999-8888-7777-6666-555555555555"


@cache
def key(name: str) -> rsa.RSAPrivateKey:
    """Always the same one of this name in a test process."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def told(value: Any, status: int = 200) -> Reply:
    return Reply(status, json.dumps(value).encode(), kind="application/json")


@dataclass(eq=False)
class Entra(Sandbox):
    """One tenant. `keys`: names of those it publishes; `redeemed`: what a code is worth."""

    keys: list[str] = field(default_factory=lambda: ["k1"])
    redeemed: Any = None
    down: bool = False

    def __post_init__(self) -> None:
        super().__init__(0, None)

    @property
    def issuer(self) -> str:
        return f"{self.url}/{TENANT}/v2.0"

    def answer(self, request: Request) -> Reply:
        if self.down:
            return Reply(503, b"")
        base = f"{self.url}/{TENANT}"
        if request.path == f"/{TENANT}/discovery/v2.0/keys":
            return told({"keys": [jwk(name) for name in self.keys]})
        if request.path == f"/{TENANT}/v2.0/.well-known/openid-configuration":
            ends = {"authorization": "authorize", "token": "token"}
            told_ends = {f"{name}_endpoint": f"{base}/oauth2/v2.0/{end}" for name, end in ends.items()}
            return told({"issuer": self.issuer, "jwks_uri": f"{base}/discovery/v2.0/keys", **told_ends})
        if request.path == f"/{TENANT}/oauth2/v2.0/token":
            form = dict(parse_qsl(request.body.decode()))
            found = self.redeemed(form) if callable(self.redeemed) else self.redeemed
            return told(found, 400 if "error" in found else 200)
        return Reply(404, b"")

    def claims(self, nonce: str, **more: Any) -> dict[str, Any]:
        """Those of a member; None leaves one out."""
        now = int(datetime.now(UTC).timestamp())
        usual = {
            "iss": self.issuer, "aud": CLIENT, "tid": TENANT, "oid": PERSON, "sub": "pairwise", "ver": "2.0",
            "iat": now, "nbf": now, "exp": now + 3600, "nonce": nonce, "email": "jan@school.example",
            "name": "Jan Novak", "preferred_username": "jan@school.example",
        }  # fmt: skip
        return {name: value for name, value in {**usual, **more}.items() if value is not None}

    def token(self, nonce: str, by: str = "k1", header: Mapping[str, Any] = {}, **more: Any) -> str:
        return jwt.encode(self.claims(nonce, **more), key(by), algorithm="RS256", headers={"kid": by, **header})


def jwk(name: str) -> dict[str, Any]:
    public = jwt.algorithms.RSAAlgorithm.to_jwk(key(name).public_key(), as_dict=True)
    return {**{part: public[part] for part in ("kty", "n", "e")}, "kid": name, "use": "sig"}
