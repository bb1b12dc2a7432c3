"""Connect: what a school's administrator, or pickAtime's support, enters of a roster provider is tried, then kept.

Only a connection that gives all that an import needs is kept; the one in use stays as it is otherwise. A credential
goes in and never comes out.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Any, Literal

from api import audited, person, route
from pydantic import Field, StringConstraints
from shapes import ONE_LINE, AccountPath, Asked, Sandbox

from roster.errors import (
    AccountBusy,
    AlreadyRunning,
    ContractBroken,
    MoveRefused,
    NotSetUp,
    NotThere,
    NotUnderstood,
    ProviderUnavailable,
    RosterError,
)
from roster.model import JSON
from roster.permissions import Action
from roster.ports import Integration
from roster.runtime import administration
from routes.integration import CheckTold

Text = Annotated[str, StringConstraints(max_length=500, pattern=ONE_LINE, strip_whitespace=True, min_length=1)]
Secret = Annotated[Text, Field(repr=False)]
TYPES = {"Import": "import", "Single Sign-On": "sso", "Import and Single Sign-On": "both"}
FAILS = (NotSetUp, NotUnderstood, ProviderUnavailable, ContractBroken, AccountBusy, AlreadyRunning, MoveRefused)


class ConnectAsked(Asked):
    """`replace`: in place of the provider that the account imports from."""

    replace: bool = False


class VeracrossAsked(ConnectAsked):
    """`school`: the School Domain, as the word or pasted with an address of Veracross. `sandbox`: one on the machine
    that this runs on, instead of Veracross; on AWS nothing leads there.
    """

    school: Text
    client_id: Text
    client_secret: Secret
    integration_type: Literal["Import", "Single Sign-On", "Import and Single Sign-On"]
    sandbox: Sandbox | None = None


class CleverAsked(ConnectAsked):
    """Either the district's `token`, or `district` (its id at Clever) with the application's `client_id` and
    `client_secret`.
    """

    token: Secret | None = None
    district: Text | None = None
    client_id: Text | None = None
    client_secret: Secret | None = None
    sandbox: Sandbox | None = None


class ClassLinkAsked(ConnectAsked):
    """The OneRoster server at `base_url`, behind ClassLink's proxy with the `application` as ClassLink gives it; a
    `token`, a `key` and `secret` (OAuth 1), or a `client_id` and `client_secret` for the `token_url` (OAuth 2).
    """

    base_url: Text
    version: Literal["v1p1", "v1p2"] | None = None
    application: Text | None = None
    auth: Literal["bearer", "oauth1", "oauth2"] = "bearer"
    signature: Literal["sha1", "sha256"] | None = None
    token_url: Text | None = None
    token: Secret | None = None
    key: Text | None = None
    secret: Secret | None = None
    client_id: Text | None = None
    client_secret: Secret | None = None


class ConnectionTold(CheckTold):
    """`provider`: as it is told by `GET /api/integration` from now on, where it is connected. `mail`: what came of the
    mail that the import is active and ready for use, where that is news to the school.
    """

    provider: str
    mail: str = ""


@route(
    "PUT", "/api/integration/veracross", Action.CHANGE_INTEGRATION, tag="integration", answer=ConnectionTold,
    raises=FAILS,
)  # fmt: skip
def connect_veracross(body: VeracrossAsked) -> ConnectionTold:
    """Connect Veracross. With Single Sign-On, it can be chosen as the SSO Provider too."""
    account, kind = person().account, TYPES[body.integration_type]
    secret = {"client_id": body.client_id, "client_secret": body.client_secret}
    settings = {
        "school": body.school,
        "integration_type": kind,
        "api_url": body.sandbox,
        "accounts_url": body.sandbox,
    }
    admin = administration()
    before = admin.integrations.of(account)
    if kind == "sso":
        _offer_sign_on(account, body)  # which says what is wrong; nothing else would
    told = admin.integrations.connect(account, "veracross", settings, secret, body.replace, imports=kind != "sso")
    if told["connected"]:
        audited("integration veracross", _settings_of(before, "veracross"), _shown(settings))
        if kind == "both":
            with suppress(NotUnderstood):  # what sign-on does not take, a test database, imports all the same
                _offer_sign_on(account, body)
        if kind == "sso" and before and before.provider == "veracross":
            admin.importer.nights.stop_all(account)
    return _told("veracross", told)


@route(
    "PUT", "/api/support/accounts/<account>/integration/clever", Action.CHANGE_ACTIVATION, tag="support",
    answer=ConnectionTold, raises=(*FAILS, NotThere),
)  # fmt: skip
def connect_clever(account: AccountPath, body: CleverAsked) -> ConnectionTold:
    """Connect an account to Clever."""
    secret = _given(token=body.token, client_id=body.client_id, client_secret=body.client_secret)
    settings = {"district": body.district, "base_url": body.sandbox, "tokens_url": body.sandbox}
    return _by_support(account, "clever", settings, secret, body.replace)


@route(
    "PUT", "/api/support/accounts/<account>/integration/classlink", Action.CHANGE_ACTIVATION, tag="support",
    answer=ConnectionTold, raises=(*FAILS, NotThere),
)  # fmt: skip
def connect_classlink(account: AccountPath, body: ClassLinkAsked) -> ConnectionTold:
    """Connect an account to ClassLink, or to another OneRoster server, whose credential was given to us directly."""
    of_secret = {"token", "key", "secret", "client_id", "client_secret"}
    secret = _given(**body.model_dump(include=of_secret))
    settings = body.model_dump(exclude={*of_secret, "replace"})
    return _by_support(account, "classlink", settings, secret, body.replace)


def _by_support(
    account: str, provider: str, settings: dict[str, JSON], secret: dict[str, str], instead: bool
) -> ConnectionTold:
    """The school is mailed once its import becomes active, and not when it is connected anew."""
    admin = administration()
    admin.support.check_account(account)
    before = admin.integrations.of(account)
    told = admin.integrations.connect(account, provider, settings, secret, instead)
    if told["connected"]:
        audited(f"integration {provider}", _settings_of(before, provider), _shown(settings), account)
        if not before or (before.provider, before.state) != (provider, "active"):
            told = {**told, "mail": _activated(account)}
    return _told(provider, told)


def _activated(account: str) -> str:
    """What came of the mail; what is connected stays so, whatever came of it."""
    try:
        return administration().teller.activated(account)
    except RosterError as error:
        return f"not mailed: {error.message}"


def _settings_of(before: Integration | None, provider: str) -> dict[str, JSON]:
    return _shown(dict(before.settings)) if before and before.provider == provider else {}


def _shown(settings: dict[str, JSON]) -> dict[str, JSON]:
    return {**_given(**settings), "credential": "entered"}


def _offer_sign_on(account: str, body: VeracrossAsked) -> None:
    """Saved beside what is live: choosing it is another decision. Raises NotUnderstood."""
    given = _given(route=body.school, client_id=body.client_id, sandbox=body.sandbox)
    administration().switching.save(account, "veracross", given, connecting=True)


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _told(provider: str, told: dict[str, Any]) -> ConnectionTold:
    return ConnectionTold.model_validate({**told, "provider": provider})
