"""Signing in by Microsoft Entra ID, one tenant: an ID token that the browser posts, with Client ID and Tenant ID alone.

msal cannot begin that flow, and validates no ID token in any: it is asked for the code flow alone, which a school may
have that enters a secret, and the token is verified by us in both. (providers/sign-on.md §7)
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any
from urllib.parse import urlencode

from idtoken import Keys, verified
from providers import ENTRA

from roster.errors import NotUnderstood
from roster.ports import Http
from roster.signon import Connection, Pending, SignOnRefused, Started, VerifiedAssertion

HOSTS: Mapping[str, str] = {
    "global": "https://login.microsoftonline.com",
    "us": "https://login.microsoftonline.us",
    "china": "https://login.partner.microsoftonline.cn",
}
SCOPES = ("openid", "profile", "email")
LONGEST_TEXT = 256
OVERVIEW = "In Entra, open the application's Overview and copy {}."
GUEST = "#ext#"  # in the name of whoever was invited from another directory
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_CODE = re.compile(r"AADSTS(\d{4,8})")
# What Microsoft's codes mean to whoever set it up.
REASONS: Mapping[str, str] = {
    "700054": "id_tokens_off",
    "700016": "credential",
    "7000215": "credential",
    "7000222": "credential",
    "7000218": "secret_needed",
    "9002327": "secret_needed",
    "50105": "not_assigned",
    "50011": "redirect_mismatch",
    "50076": "more_needed",
    "50079": "more_needed",
    "50158": "more_needed",
    "53003": "more_needed",
    "65001": "denied",
    "65004": "denied",
}
ERRORS: Mapping[str, str] = {
    "unsupported_response_type": "id_tokens_off",
    "unsupported_response": "id_tokens_off",
    "interaction_required": "more_needed",
    "consent_required": "denied",
    "access_denied": "denied",
    "temporarily_unavailable": "unavailable",
    "server_error": "unavailable",
    "invalid_client": "credential",
    "unauthorized_client": "credential",
    "invalid_grant": "replay",
}


def authority(connection: Connection, loopback: str = "") -> str:
    """The tenant's own address. `loopback`: in place of Microsoft's hosts, where a stand-in runs on this machine."""
    tenant = str(connection.settings["tenant_id"])
    if not GUID.fullmatch(tenant):
        raise SignOnRefused("issuer")
    return f"{loopback or HOSTS[str(connection.settings.get('cloud', 'global'))]}/{tenant}"


def start(
    connection: Connection, state: str, redirect: str, http: Http, secret: str = "", loopback: str = ""
) -> Started:
    """Where the browser goes on to, with an ID token to be posted; with a secret, a code."""
    if secret:
        import entra_code  # msal takes a tenth of a second to load, which no other sign-in pays for

        return entra_code.start(connection, state, redirect, http, secret, authority(connection, loopback))
    nonce = token_urlsafe(32)
    asked = {
        "client_id": connection.settings["client_id"],
        "response_type": "id_token",
        "response_mode": "form_post",
        "redirect_uri": redirect,
        "scope": " ".join(SCOPES),
        "state": state,
        "nonce": nonce,
    }
    return Started(f"{authority(connection, loopback)}/oauth2/v2.0/authorize?{urlencode(asked)}", nonce, redirect)


def complete(
    connection: Connection, pending: Pending, sent: Mapping[str, str], now: datetime, keys: Keys, secret: str = "",
    loopback: str = "",
) -> VerifiedAssertion:  # fmt: skip
    """Who is there, of the form that was posted. Raises SignOnRefused, and nothing else."""
    if "error" in sent:
        raise refused(sent["error"], sent.get("error_description", ""))
    token = sent.get("id_token", "")
    if pending.verifier:
        import entra_code

        token = entra_code.redeemed(connection, pending, sent, keys.http, secret, authority(connection, loopback))
    elif not token or "code" in sent:
        raise SignOnRefused("malformed")
    where = authority(connection, loopback)
    tenant, client = str(connection.settings["tenant_id"]), str(connection.settings["client_id"])
    issuer = f"{where}/v2.0"
    claims = verified(token, f"{where}/discovery/v2.0/keys", keys, issuer, client, pending.check, now.timestamp())
    if claims["tid"] != tenant or claims.get("ver") != "2.0":
        raise SignOnRefused("issuer")
    return _said(connection, token, claims, tenant)


def refused(error: str, description: str) -> SignOnRefused:
    """What an error of Microsoft's means; of its text, only the number goes on."""
    number = _CODE.search(description)
    code = number[1] if number else ""
    return SignOnRefused(REASONS.get(code) or ERRORS.get(error, "status"), f"AADSTS{code}" if code else "")


def settings(given: Mapping[str, Any], http: Http) -> dict[str, Any]:
    """The two ids of an application, as they are kept. Raises NotUnderstood, also where they are swapped."""
    ids = {name: str(given.get(name) or "").strip().lower() for name in ("client_id", "tenant_id")}
    for name, title in (("client_id", "Application (client) ID"), ("tenant_id", "Directory (tenant) ID")):
        if not GUID.fullmatch(ids[name]):
            like = "11111111-2222-3333-4444-555555555555"
            raise NotUnderstood(f"{name}: it is no id such as {like}", OVERVIEW.format(title))
    if ids["client_id"] == ids["tenant_id"]:
        raise NotUnderstood("the two ids are the same", OVERVIEW.format("both of them"))
    cloud = str(given.get("cloud") or "global")
    if not _is_tenant(ids["tenant_id"], cloud, http):
        if _is_tenant(ids["client_id"], cloud, http):
            raise NotUnderstood("Client ID and Tenant ID are swapped", "Put each into the other field.")
        raise NotUnderstood("Microsoft knows no tenant of this id", OVERVIEW.format("Directory (tenant) ID"))
    return {**ids, "cloud": cloud}


def _is_tenant(id: str, cloud: str, http: Http) -> bool:
    return http.get(f"{HOSTS[cloud]}/{id}/v2.0/.well-known/openid-configuration").status == 200


def _said(connection: Connection, token: str, claims: Mapping[str, Any], tenant: str) -> VerifiedAssertion:
    subject = claims["oid"]
    if not isinstance(subject, str) or not GUID.fullmatch(subject.lower()):
        raise SignOnRefused("subject")
    told = {name: _text(claims.get(name)) for name in ("email", "given_name", "family_name", "name")}
    first, last = told["given_name"], told["family_name"]
    if not first and not last:
        first, _, last = told["name"].partition(" ")
    return VerifiedAssertion(
        connection.account,
        connection.id,
        ENTRA,
        tenant,
        subject.lower(),
        sha256(f"entra\n{token}".encode()).hexdigest(),
        int(claims["exp"]) + 300,
        told["email"],
        first,
        last,
        guest=_is_guest(claims),
        may_be_new=True,  # a tenant lets in whom its administrators assign or invite
        claims={name: (_shown(value),) for name, value in claims.items() if name not in ("nonce", "aio", "rh", "uti")},
    )


def _is_guest(claims: Mapping[str, Any]) -> bool:
    """Of another directory, or said to be one: the address may be anybody's."""
    other = "idp" in claims and claims["idp"] != claims["iss"]
    return other or str(claims.get("acct", "0")) == "1" or GUEST in _text(claims.get("preferred_username")).casefold()


def _text(value: Any) -> str:
    """A claim of people's; whatever is no plain text says nothing."""
    plain = isinstance(value, str) and len(value) <= LONGEST_TEXT and value.isprintable()
    return value.strip() if plain else ""


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
