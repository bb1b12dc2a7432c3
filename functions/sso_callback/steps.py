"""What is asked of this function directly: check settings that an administrator gave, keep a client secret.

And every night on a schedule: read each live connection's metadata again, because certificates change every summer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any

from flows import secrets_of
from providers import CLASSLINK, ENTRA, VERACROSS

from roster.errors import NotUnderstood
from roster.runtime import signing

VERACROSS_ONE = "Sign-on uses the import's: enter Client ID and Client Secret with the Veracross Integration."


def step(event: dict[str, Any], seconds: Callable[[], float]) -> Any:
    """`seconds`: that are left. Raises RosterError, which the asking function raises again in the same words."""
    name = event.get("step", "refresh")
    if name == "settings":
        return _settings(str(event["provider"]), event["given"], str(event.get("of", "")))
    if name == "secret":
        return {"name": _keep_secret(str(event["account"]), str(event["secret"]))}
    if name == "refresh":
        import certificates

        accounts = event.get("accounts")
        return certificates.refresh(signing(), accounts, seconds) if accounts else certificates.spread(signing())
    raise ValueError("there is no such step")


def _keep_secret(account: str, secret: str) -> str:
    """The name that settings know it by; whatever neither the live ones nor a draft name is forgotten."""
    name, found = token_hex(8), signing().book.settings(account)
    used = {one.get("secret") for side in (found.live, found.drafts) for one in side.values()}
    known = secrets_of(signing(), account, ENTRA)
    signing().secrets.keep(account, ENTRA, {name: secret} | {one: known[one] for one in known if one in used})
    return name


def _settings(provider: str, given: Mapping[str, Any], account: str) -> dict[str, Any]:
    """Each provider knows what its own need. `account`: whose import they have to agree with, or blank."""
    if provider == CLASSLINK:
        import saml

        return saml.settings(given, datetime.now(UTC), signing().sandboxes)
    if provider == ENTRA:
        import entra

        return entra.settings(given, signing().http)
    import veracross

    kept = veracross.settings(given, signing().sandboxes)
    if account and secrets_of(signing(), account, VERACROSS).get("client_id", kept["client_id"]) != kept["client_id"]:
        raise NotUnderstood("client_id: the Veracross Integration has another OAuth application", VERACROSS_ONE)
    return kept
