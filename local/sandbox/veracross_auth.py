"""Veracross' authorization host (accounts.veracross.com): getting a token, asking about one, ending one.

Client credentials only; signing users in is in veracross_sso.py.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable
from urllib.parse import parse_qsl

from .faults import Reply
from .serving import Request
from .veracross_conduct import Conduct
from .veracross_tokens import Application, Token

FORM = "application/x-www-form-urlencoded"
Form = dict[str, str]
Grant = Callable[[Form], Reply]


class AuthRefused(Exception):
    def __init__(self, status: int, error: str, text: str) -> None:
        super().__init__(text)
        told = {"error": error, "error_description": text, "error_id": str(uuid.uuid4())}
        self.reply = Reply(status, json.dumps(told).encode())


def unknown_client() -> AuthRefused:
    return AuthRefused(401, "invalid_client", "The requested client id is unknown or unauthorized.")


def told(body: object) -> Reply:
    return Reply(200, json.dumps(body).encode(), {"cache-control": "no-store"})


def token_body(token: Token) -> dict[str, object]:
    refresh = {"refresh_token": token.refresh} if token.refresh else {}
    return {
        "access_token": token.value,
        **refresh,
        "created_at": token.created,
        "expires_in": token.expires_in,
        "scope": " ".join(token.scopes),
        "token_type": "Bearer",
    }


class AuthApi:
    """`grants`: by grant_type, what else the token endpoint can do."""

    def __init__(self, application: Application, conduct: Callable[[], Conduct]) -> None:
        self.application, self.conduct = application, conduct
        self.grants: dict[str, Grant] = {"client_credentials": self._client_credentials}

    def answer(self, request: Request, path: str) -> Reply:
        endpoints = {"/oauth/token": self._token, "/oauth/introspect": self._introspect, "/oauth/revoke": self._revoke}
        if path not in endpoints or request.method != "POST":
            return AuthRefused(404, "not_found", "The requested endpoint wasn't found.").reply
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
            return Reply(415, b"{}")
        try:
            return endpoints[path](dict(parse_qsl(request.body.decode(errors="replace"), keep_blank_values=True)))
        except AuthRefused as refused:
            return refused.reply

    def _token(self, form: Form) -> Reply:
        required(form, "grant_type")
        if form["grant_type"] not in self.grants:
            raise AuthRefused(400, "unsupported_grant_type", "The grant type is not supported.")
        self.check_client(form)
        return self.grants[form["grant_type"]](form)

    def check_client(self, form: Form) -> None:
        """The credentials are read from the form only: HTTP Basic is not supported."""
        if not self.application.is_client(form.get("client_id"), form.get("client_secret")):
            raise unknown_client()

    def check_scopes(self, wanted: Iterable[str]) -> None:
        """One scope that is not enabled sinks the whole request, and is not named."""
        if not set(wanted) <= set(self.application.scopes):
            status = 401 if self.conduct().scope_error_401 else 400
            raise AuthRefused(status, "invalid_scope", "The requested scope is invalid, unknown, or malformed.")

    def _client_credentials(self, form: Form) -> Reply:
        required(form, "scope")
        wanted = tuple(dict.fromkeys(form["scope"].split(" ")))
        self.check_scopes(wanted)
        return told(token_body(self.application.issue(wanted)))

    def _introspect(self, form: Form) -> Reply:
        self.check_client(form)
        token = self.application.find(form.get("token"))
        if token is None or not self.application.active(token):
            return told({"active": False})
        return told(
            {
                "active": True,
                "scope": " ".join(token.scopes),
                "client_id": self.application.client_id,
                "token_type": "Bearer",
                "exp": token.created + token.expires_in,
                "iat": token.created,
            }
        )

    def _revoke(self, form: Form) -> Reply:
        """200 whether or not there is such a token."""
        self.check_client(form)
        if token := self.application.find(form.get("token")):
            token.revoked = True
        return told({})


def required(form: Form, *names: str) -> None:
    for name in names:
        if not form.get(name):
            raise AuthRefused(400, "invalid_request", f"Missing required parameter: {name}.")
