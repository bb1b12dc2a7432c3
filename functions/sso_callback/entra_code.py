"""Entra's code flow, for a registration that has a client secret: msal asks for the code and redeems it.

msal validates no ID token (since 1.38), so what comes out of here is verified as any other. (providers/sign-on.md §7.4)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from entra import authority, refused
from msal import ConfidentialClientApplication

from roster.errors import RosterError
from roster.ports import Answer, Http
from roster.signon import Connection, Pending, SignOnRefused, Started


def _application(connection: Connection, http: Http, secret: str, instead: str) -> Any:
    where = authority(connection)  # msal takes https alone; a stand-in is put in its place below
    try:
        return ConfidentialClientApplication(
            str(connection.settings["client_id"]),
            client_credential=secret,
            authority=where,
            http_client=_Plain(http, where, instead),
        )
    except ValueError:  # msal's word for a tenant that Microsoft says nothing of
        raise SignOnRefused("credential") from None


def start(connection: Connection, state: str, redirect: str, http: Http, secret: str, instead: str) -> Started:
    """A code, to be posted. `instead`: the authority that is asked in place of Microsoft's own, or the same."""
    application = _application(connection, http, secret, instead)
    flow = application.initiate_auth_code_flow(["email"], redirect_uri=redirect, state=state, response_mode="form_post")
    nonce = sha256(flow["nonce"].encode()).hexdigest()
    url = flow["auth_uri"].replace(authority(connection), instead)
    return Started(url, nonce, redirect, json.dumps(flow))


def redeemed(
    connection: Connection, pending: Pending, sent: Mapping[str, str], http: Http, secret: str, instead: str
) -> str:
    """The ID token that the code is worth; msal believes whatever it says, and we do not."""
    if not sent.get("code") or not secret:
        raise SignOnRefused("malformed")
    application = _application(connection, http, secret, instead)
    try:
        told = application.acquire_token_by_auth_code_flow(json.loads(pending.verifier), dict(sent))
    except ValueError:  # msal's word for a state or a shape that does not fit
        raise SignOnRefused("binding") from None
    if "error" in told:
        raise refused(str(told["error"]), str(told.get("error_description", "")))
    return str(told.get("id_token") or "")


class _Plain:
    """What msal asks for: `get` and `post` of requests' shape, over our own adapter, which no environment changes."""

    def __init__(self, http: Http, microsoft: str, instead: str) -> None:
        self._http, self._hosts = http, (microsoft, instead)

    def get(self, url: str, params: Any = None, headers: Any = None, **more: Any) -> Any:
        asked = url.replace(*self._hosts)
        query = f"?{urlencode(params)}" if params else ""
        return self._answered(lambda: self._http.get(asked + query, headers or {}))

    def post(self, url: str, params: Any = None, data: Any = None, headers: Any = None, **more: Any) -> Any:
        return self._answered(lambda: self._http.post(url.replace(*self._hosts), data or {}, headers or {}))

    def _answered(self, ask: Callable[[], Answer]) -> _Answered:
        microsoft, instead = self._hosts
        try:
            answer = ask()
        except RosterError:
            raise SignOnRefused("unavailable") from None
        if answer.status // 100 not in (2, 4):
            raise SignOnRefused("unavailable")
        return _Answered(
            answer.status, answer.headers, answer.body.decode("utf-8", "replace").replace(instead, microsoft)
        )

    def close(self) -> None: ...


@dataclass
class _Answered:
    status_code: int
    headers: Mapping[str, str]
    text: str

    def raise_for_status(self) -> None:
        if self.status_code >= 400:
            raise SignOnRefused("unavailable")
