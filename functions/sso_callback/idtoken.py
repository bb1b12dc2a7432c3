"""An ID token of one tenant, verified as OpenID Connect and Microsoft's own rules ask; PyJWT does the cryptography.

PyJWT by itself takes a token without an end, for several audiences, of any age and tenant; all of that is asked for
here. Keys are the tenant's own, kept for a day, and an unknown one has them fetched once in five minutes: a forged
header is no lever. (providers/sign-on.md §7.5)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Any

import jwt
from jwt import algorithms

from roster.errors import RosterError
from roster.ports import Http
from roster.signon import SignOnRefused

LONGEST = 16 * 1024
SKEW, OLDEST = 120, 600  # seconds
KEPT, AGAIN = 86_400.0, 300.0  # seconds
MOST_KEYS = 50
NEVER = ("jku", "x5u", "jwk", "x5c", "crit")  # headers that would bring a key of their own
REQUIRED = ("exp", "iat", "nbf", "iss", "aud", "sub", "tid", "oid", "nonce")


@dataclass
class Keys:
    """The signing keys of tenants, by the address that tells them; one of it lives as long as its container."""

    http: Http
    clock: Callable[[], float]
    known: dict[str, tuple[float, dict[str, Any]]] = field(default_factory=dict)
    asked: dict[str, float] = field(default_factory=dict)

    def of(self, address: str, kid: str) -> Any:
        """Raises SignOnRefused: unavailable while nobody tells any key, signature where this one is not among them."""
        now = self.clock()
        fetched, keys = self.known.get(address, (0.0, {}))
        if (kid not in keys or now - fetched > KEPT) and now - self.asked.get(address, -AGAIN) >= AGAIN:
            self.asked[address] = now
            keys = self._fetched(address) or keys
            self.known[address] = now, keys
        if not keys:
            self.asked.pop(address, None)  # cold: the next sign-in asks again
            raise SignOnRefused("unavailable")
        if kid not in keys:
            raise SignOnRefused("signature")
        return keys[kid]

    def _fetched(self, address: str) -> dict[str, Any]:
        try:
            answer = self.http.get(address)
            told = answer.json() if answer.status == 200 else {}
        except RosterError:
            return {}
        found = told.get("keys") if isinstance(told, dict) else None
        return dict(_usable(one) for one in (found if isinstance(found, list) else [])[:MOST_KEYS] if _is_key(one))


def verified(
    token: str, address: str, keys: Keys, issuer: str, audience: str, nonce: str, now: float
) -> dict[str, Any]:
    """Its claims. Raises SignOnRefused."""
    if len(token) > LONGEST:
        raise SignOnRefused("too_large")
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError:
        raise SignOnRefused("malformed") from None
    kid = header.get("kid")
    if header.get("alg") != "RS256" or any(name in header for name in NEVER) or not isinstance(kid, str):
        raise SignOnRefused("signature")
    claims = _decoded(token, keys.of(address, kid), issuer, audience)
    if not compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
        raise SignOnRefused("binding")
    if not now - OLDEST - SKEW <= claims["iat"] <= now + SKEW:
        raise SignOnRefused("clock")
    return claims


def _decoded(token: str, key: Any, issuer: str, audience: str) -> dict[str, Any]:
    options: Any = {"require": list(REQUIRED), "strict_aud": True}
    try:
        claims: dict[str, Any] = jwt.decode(
            token, key, algorithms=["RS256"], audience=audience, issuer=issuer, leeway=SKEW, options=options
        )
    except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError, jwt.InvalidIssuedAtError):
        raise SignOnRefused("clock") from None
    except jwt.InvalidAudienceError:
        raise SignOnRefused("audience") from None
    except jwt.InvalidIssuerError:
        raise SignOnRefused("issuer") from None
    except jwt.MissingRequiredClaimError as error:
        missing = {
            "aud": "audience",
            "iss": "issuer",
            "tid": "issuer",
            "nonce": "binding",
            "oid": "subject",
            "sub": "subject",
        }
        raise SignOnRefused(missing.get(error.claim, "clock")) from None
    except jwt.InvalidSignatureError:
        raise SignOnRefused("signature") from None
    except jwt.PyJWTError:
        raise SignOnRefused("malformed") from None
    return claims


def _is_key(one: Any) -> bool:
    signs = isinstance(one, Mapping) and one.get("kty") == "RSA" and one.get("use", "sig") == "sig"
    return signs and isinstance(one.get("kid"), str)


def _usable(one: Mapping[str, Any]) -> tuple[str, Any]:
    try:
        return one["kid"], algorithms.RSAAlgorithm.from_jwk(dict(one))
    except Exception:  # a key that cannot be read is nobody's
        return "", None
