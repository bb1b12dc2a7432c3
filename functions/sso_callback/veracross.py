"""Signing in by Veracross: a code, redeemed with the school's secret, and `userinfo`, which says who it is.

The scope `sso` gives no signed token: what is said is believed because it comes over TLS from Veracross' own host. A
`sub` means somebody within one school alone. (providers/sign-on.md §8)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from providers import VERACROSS

from roster.errors import NotUnderstood, RosterError
from roster.ports import Answer, Http
from roster.signon import Connection, Pending, SignOnRefused, Started, VerifiedAssertion

ACCOUNTS = "https://accounts.veracross.com"
ROUTE = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
# Of a page of the school; what leads into its test database is another school's.
ADDRESS = re.compile(
    r"(?:https://)?[a-z]+\.veracross\.com/(?P<route>[a-z0-9_-]+)(?!/testing(?![^/?#]))(?:[/?#].*)?", re.IGNORECASE
)
CODE = re.compile(r"[!-~]{1,512}")
LONGEST_TEXT = 256
USED_FOR = 3600  # seconds that a code is remembered; it lives ten minutes
ERRORS: Mapping[str, str] = {
    "invalid_grant": "replay",
    "invalid_client": "credential",
    "unauthorized_client": "credential",
    "redirect_uri_mismatch": "redirect_mismatch",
    "access_denied": "denied",
}


def start(connection: Connection, state: str, redirect: str, loopback: str = "") -> Started:
    """Where the browser goes on to; `state` comes back with a code."""
    asked = {
        "client_id": connection.settings["client_id"],
        "redirect_uri": redirect,
        "scope": "sso",
        "response_type": "code",
        "state": state,
    }
    return Started(f"{_school(connection, loopback)}/oauth/authorize?{urlencode(asked)}", "", redirect)


def complete(
    connection: Connection, pending: Pending, sent: Mapping[str, str], now: datetime, http: Http, secret: str,
    loopback: str = "",
) -> VerifiedAssertion:  # fmt: skip
    """Who is there, of the query that came back. Raises SignOnRefused, and nothing else."""
    if "error" in sent:
        raise SignOnRefused(ERRORS.get(sent["error"], "status"))
    code = sent.get("code", "")
    if not CODE.fullmatch(code):
        raise SignOnRefused("malformed")
    told = _userinfo(connection, pending, http, secret, code, _school(connection, loopback))
    route, subject = str(connection.settings["route"]), told.get("sub")
    if isinstance(subject, int) and not isinstance(subject, bool):
        subject = str(subject)
    if not isinstance(subject, str) or not subject or subject != subject.strip() or len(subject) > LONGEST_TEXT:
        raise SignOnRefused("subject")
    roles = told.get("roles")
    if not isinstance(roles, list) or not roles:
        raise SignOnRefused("not_admitted")
    email, name = _text(told.get("email")), _text(told.get("preferred_username"))
    return VerifiedAssertion(
        connection.account,
        connection.id,
        VERACROSS,
        route,
        subject,
        sha256(f"veracross\n{route}\n{code}".encode()).hexdigest(),
        int(now.timestamp()) + USED_FOR,
        email,
        username=name,
        roster_ids=((VERACROSS, subject),),
        id_is_the_rosters=False,  # an account's number by the vendor's word, a person's in practice (§7.3)
        claims={
            "sub": (subject,),
            "email": (email,),
            "preferred_username": (name,),
            "roles": tuple(_text(one) for one in roles),
        },
    )


def settings(given: Mapping[str, Any], sandboxes: bool = False) -> dict[str, Any]:
    """What is kept of what an administrator gave. `sandboxes`: whether one may stand in for Veracross (`sandbox`).
    Raises NotUnderstood.
    """
    typed, client = (str(given.get(name) or "").strip() for name in ("route", "client_id"))
    address = ADDRESS.fullmatch(typed)
    route = address["route"] if address else typed
    if not ROUTE.fullmatch(route.lower()):
        help = "Enter it as it stands in the address of your Veracross pages."
        raise NotUnderstood("route: a School Domain is letters, digits, - and _ alone", help)
    if not client or len(client) > LONGEST_TEXT or not client.isascii() or not client.isprintable():
        help = "Copy it from the OAuth application in Veracross."
        raise NotUnderstood("client_id: it is blank or holds odd characters", help)
    instead = {"base_url": given["sandbox"]} if sandboxes and given.get("sandbox") else {}
    return {"route": route.lower(), "client_id": client, **instead}


def _userinfo(
    connection: Connection, pending: Pending, http: Http, secret: str, code: str, school: str
) -> Mapping[str, Any]:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": pending.redirect,
        "client_id": str(connection.settings["client_id"]),
        "client_secret": secret,
    }
    try:
        token = _told(http.post(f"{school}/oauth/token", form)).get("access_token")
        if not isinstance(token, str) or not token:
            raise SignOnRefused("unavailable")
        return _told(http.get(f"{school}/oauth/userinfo", {"Authorization": f"Bearer {token}"}))
    except RosterError:
        raise SignOnRefused("unavailable") from None


def _told(answer: Answer) -> Mapping[str, Any]:
    try:
        told = answer.json()
    except RosterError:
        raise SignOnRefused("unavailable") from None
    if not isinstance(told, dict):
        raise SignOnRefused("unavailable")
    if answer.status != 200:
        raise SignOnRefused(ERRORS.get(str(told.get("error")), "unavailable" if answer.status >= 500 else "credential"))
    return told


def _school(connection: Connection, loopback: str) -> str:
    """One path segment of a constant host: what a school types cannot send its secret elsewhere."""
    route = str(connection.settings["route"])
    if not ROUTE.fullmatch(route):
        raise SignOnRefused("issuer")
    return f"{loopback or ACCOUNTS}/{route}"


def _text(value: Any) -> str:
    plain = isinstance(value, str) and len(value) <= LONGEST_TEXT and value.isprintable()
    return value.strip() if plain else ""
