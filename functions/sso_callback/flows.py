"""What each provider's sign-in is begun and ended with: its module, our address, its secret.

A provider's library is loaded by its own sign-in alone: the others do not wait for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from providers import CLASSLINK, ENTRA, VERACROSS

from roster.errors import NotSetUp
from roster.runtime import Signing
from roster.signon import Connection, Pending, SignOnRefused, Started, VerifiedAssertion

_keys: list[Any] = []


def start(signing: Signing, connection: Connection, state: str, redirect: str) -> Started:
    """`redirect`: our address that the answer shall come to; SAML has its own."""
    if connection.provider == CLASSLINK:
        import saml

        return saml.start(connection, state, signing.origin)
    if connection.provider == ENTRA:
        import entra

        secret = _secret(signing, connection)
        return entra.start(connection, state, redirect, signing.http, secret, signing.loopback(connection))
    import veracross

    return veracross.start(_of_import(signing, connection)[0], state, redirect, signing.loopback(connection))


def complete(
    signing: Signing, connection: Connection, pending: Pending, sent: Mapping[str, str], now: datetime
) -> VerifiedAssertion:
    """Raises SignOnRefused."""
    if connection.provider == CLASSLINK:
        said = _by_saml(signing, connection, pending, sent, now)
        if said.remark:
            _count(said)
        return said
    loopback = signing.loopback(connection)
    if connection.provider == ENTRA:
        import entra

        secret = _secret(signing, connection)
        return entra.complete(connection, pending, sent, now, _known_keys(signing), secret, loopback)
    import veracross

    connection, secret = _of_import(signing, connection)
    return veracross.complete(connection, pending, sent, now, signing.http, secret, loopback)


def _by_saml(
    signing: Signing, connection: Connection, pending: Pending, sent: Mapping[str, str], now: datetime
) -> VerifiedAssertion:
    """Where no certificate fits, the provider may have one since the last night."""
    import saml

    try:
        return saml.complete(connection, pending, sent, now, signing.origin)
    except SignOnRefused as refused:
        if refused.reason != "signature":
            raise
        import certificates

        newer = certificates.newer(signing, connection, now)
        if not newer:
            raise
    return saml.complete(newer, pending, sent, now, signing.origin)


def _count(said: VerifiedAssertion) -> None:
    """A metric, which tells how many schools a stricter rule would lock out."""
    from aws_lambda_powertools.metrics import MetricUnit, single_metric

    with single_metric(name=said.remark, unit=MetricUnit.Count, value=1, namespace="pickAtime") as metric:
        metric.add_dimension(name="account", value=said.account)


def redirects(signing: Signing, provider: str, account: str) -> list[str]:
    """Our addresses that a provider's answer may come to, as they are registered there; SAML has its own."""
    if provider == ENTRA:
        return [f"{signing.origin}/client?ven={account}&azuresso=on"]
    if provider == VERACROSS:
        return [f"{origin}/client" for origin in (signing.site.origin, signing.site.www)]
    return []


def _secret(signing: Signing, connection: Connection) -> str:
    """Of Entra's registrations that have one, by the name that its settings have it under: a draft's is another."""
    name = str(connection.settings.get("secret") or "")
    return secrets_of(signing, connection.account, ENTRA).get(name, "") if name else ""


def _of_import(signing: Signing, connection: Connection) -> tuple[Connection, str]:
    """Veracross' application is the one of the import, whose two parts are entered, and change, together."""
    known = secrets_of(signing, connection.account, VERACROSS)
    client = known.get("client_id") or connection.settings["client_id"]
    return replace(connection, settings={**connection.settings, "client_id": client}), known.get("client_secret", "")


def secrets_of(signing: Signing, account: str, provider: str) -> dict[str, str]:
    """What is kept for the account there; nothing where nothing is."""
    try:
        return signing.secrets.of(account, provider)
    except NotSetUp:
        return {}


def _known_keys(signing: Signing) -> Any:
    """Of this container."""
    from time import time

    from idtoken import Keys

    if not _keys:
        _keys.append(Keys(signing.http, time))
    return _keys[0]
