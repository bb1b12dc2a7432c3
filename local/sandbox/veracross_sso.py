"""Signing in with Veracross: plain OAuth (`sso`: ask userinfo) and OpenID Connect (`openid`: a signed id_token).

Nobody types a password here: whoever `user` is has signed in already, so authorize answers at once.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from .faults import HTML, Reply
from .serving import Request
from .veracross_auth import AuthApi, AuthRefused, Form, required, token_body, told
from .veracross_school import VeracrossSchool
from .veracross_tokens import Token

CODE_SECONDS = 600
SCOPES = ("sso", "openid")
_BEARER = "Bearer "


@dataclass
class Code:
    user: int
    redirect_uri: str
    scopes: tuple[str, ...]
    created: float
    nonce: str | None
    used: bool = False


class SignOn:
    """`base`: the address of this school on the accounts host, which is also the issuer."""

    def __init__(self, auth: AuthApi, school: VeracrossSchool, base: Callable[[], str]) -> None:
        self.auth, self.application, self.school, self.base = auth, auth.application, school, base
        self.redirect_uris: list[str] = []  # matched as a whole, query included
        self.user: int | None = None  # the id of the person who has signed in at Veracross
        self.codes: dict[str, Code] = {}
        self._key: rsa.RSAPrivateKey | None = None
        auth.grants |= {"authorization_code": self._exchange, "refresh_token": self._refresh}

    def answer(self, request: Request, path: str) -> Reply | None:
        """None: not about signing in."""
        endpoints: dict[str, Callable[[Request], Reply]] = {
            "/oauth/authorize": self._authorize,
            "/oauth/userinfo": self._userinfo,
            "/oauth/discovery/keys": lambda _: told({"keys": [self._public_key()]}),
            "/.well-known/openid-configuration": lambda _: told(self._discovery()),
            "/logout": self._logout,
        }
        if path not in endpoints or request.method != "GET":
            return None
        try:
            return endpoints[path](request)
        except AuthRefused as refused:
            return refused.reply

    # -- in the browser

    def _authorize(self, request: Request) -> Reply:
        """What is wrong is shown on the screen: no error ever reaches the redirect URI."""
        asked = dict(request.query)
        scopes = tuple(asked.get("scope", "").split())
        if asked.get("client_id") != self.application.client_id:
            return _page(401, "The requested client id is unknown or unauthorized.")
        if asked.get("redirect_uri") not in self.redirect_uris:
            return _page(400, "The redirect uri included is not valid.")
        if asked.get("response_type") != "code":
            return _page(400, "The response type is not supported.")
        if not scopes or not set(scopes) <= set(self.application.scopes):
            return _page(400, "The requested scope is invalid, unknown, or malformed.")
        if self.user is None:
            return _page(200, "Log in")
        value = secrets.token_hex(32)
        self.codes[value] = Code(self.user, asked["redirect_uri"], scopes, self.application.clock(), asked.get("nonce"))
        state = {"state": asked["state"]} if "state" in asked else {}
        join = "&" if "?" in asked["redirect_uri"] else "?"
        return Reply(302, headers={"location": asked["redirect_uri"] + join + urlencode({"code": value} | state)})

    def _logout(self, request: Request) -> Reply:
        self.user = None
        return _page(200, "You are logged out")

    # -- grants

    def _exchange(self, form: Form) -> Reply:
        required(form, "code", "redirect_uri")
        code = self.codes.get(form["code"])
        late = code is None or self.application.clock() >= code.created + CODE_SECONDS
        if code is None or late or code.used or code.redirect_uri != form["redirect_uri"]:
            raise self._bad_grant()
        code.used = True
        return self._issued(code.scopes, code.user, code.nonce)

    def _refresh(self, form: Form) -> Reply:
        required(form, "refresh_token")
        before = next((t for t in self.application.tokens if t.refresh == form["refresh_token"]), None)
        if before is None or before.revoked or before.user is None:
            raise self._bad_grant()
        before.revoked = True
        return self._issued(before.scopes, before.user, None)

    def _bad_grant(self) -> AuthRefused:
        status = 400 if self.auth.conduct().grant_error_400 else 401
        text = "The provided authorization grant is invalid, expired, revoked, or does not match the redirection URI."
        return AuthRefused(status, "invalid_grant", text)

    def _issued(self, scopes: tuple[str, ...], user: int, nonce: str | None) -> Reply:
        token = self.application.issue(scopes, user)
        signed = {"id_token": self._id_token(token, nonce)} if "openid" in scopes else {}
        return told(token_body(token) | signed)

    # -- who it is

    def _userinfo(self, request: Request) -> Reply:
        given = request.headers.get("authorization", "")
        token = self.application.find(given.removeprefix(_BEARER)) if given.startswith(_BEARER) else None
        if token is None or not self.application.active(token):
            raise AuthRefused(401, "invalid_token", "The access token is unknown, expired or revoked.")
        if not set(token.scopes) & set(SCOPES):
            raise AuthRefused(403, "insufficient_scope", "The access token lacks a required scope.")
        if token.user is None:
            raise AuthRefused(404, "not_found", "The access token has no user.")
        return told(self._claims(token.user))

    def _claims(self, user: int) -> dict[str, Any]:
        person, conduct = self.school.person(user), self.auth.conduct()
        claims: dict[str, Any] = {
            "sub": str(900_000_000 - user if conduct.sub_is_account else user),
            "preferred_username": person.username,
            "email": None if conduct.userinfo_email_null else person.email,
            "roles": None if conduct.userinfo_roles_null else list(person.roles),
        }
        absent = {"email": conduct.userinfo_email_absent, "roles": conduct.userinfo_roles_absent}
        return {name: value for name, value in claims.items() if not absent.get(name)}

    # -- OpenID Connect

    def _id_token(self, token: Token, nonce: str | None) -> str:
        claims = self._claims(token.user or 0) | {
            "iss": self.base(),
            "aud": self.application.client_id,
            "iat": token.created,
            "exp": token.created + token.expires_in,
        }
        claims |= {"nonce": nonce} if nonce else {}
        return jwt.encode(claims, self._private_key(), algorithm="RS256", headers={"kid": "sandbox"})

    def _private_key(self) -> rsa.RSAPrivateKey:
        if self._key is None:  # most servers never sign anything
            self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return self._key

    def _public_key(self) -> dict[str, Any]:
        public = jwt.algorithms.RSAAlgorithm.to_jwk(self._private_key().public_key(), as_dict=True)
        kept = {name: public[name] for name in ("kty", "n", "e")}
        return kept | {"kid": "sandbox", "use": "sig", "alg": "RS256"}

    def _discovery(self) -> dict[str, Any]:
        base = self.base()
        return {
            "issuer": base,
            "authorization_endpoint": f"{base}/oauth/authorize",
            "token_endpoint": f"{base}/oauth/token",
            "revocation_endpoint": f"{base}/oauth/revoke",
            "introspection_endpoint": f"{base}/oauth/instrospect",  # Veracross' spelling
            "userinfo_endpoint": f"{base}/oauth/userinfo",
            "jwks_uri": f"{base}/oauth/discovery/keys",
            "scopes_supported": ["openid"],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query", "fragment", "form_post"],
            "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token"],
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "claim_types_supported": ["normal"],
            "claims_supported": ["iss", "sub", "aud", "exp", "iat", "preferred_username", "email", "roles"],
        }


def _page(status: int, text: str) -> Reply:
    body = f"<!DOCTYPE html>\n<html><head><title>Veracross</title></head><body><p>{text}</p></body></html>\n"
    return Reply(status, body.encode(), kind=HTML)
