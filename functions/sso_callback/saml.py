"""Signing in by ClassLink SAML: python3-saml verifies, and what it leaves to its caller is checked around it.

Before it, roster's own whitelist (preparse.py); after it, on the verified assertion only: exact addresses, our own
audience, one bearer, an answer to our own request, one value an attribute. (providers/sign-on.md §2.4 and §4)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import preparse
from assertion import NAMES, moment, verified
from idp_metadata import fetched
from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.errors import OneLogin_Saml2_ValidationError as Invalid
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from preparse import SAML

from roster.errors import NotUnderstood
from roster.model import JSON
from roster.signon import Connection, Pending, SignOnRefused, Started, VerifiedAssertion

REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
SHA1 = "signed with SHA-1"
REASONS: Mapping[int, str] = {
    Invalid.STATUS_CODE_IS_NOT_SUCCESS: "status",
    Invalid.WRONG_INRESPONSETO: "binding",
    Invalid.ASSERTION_TOO_EARLY: "clock",
    Invalid.ASSERTION_EXPIRED: "clock",
    Invalid.SESSION_EXPIRED: "clock",
    Invalid.RESPONSE_EXPIRED: "clock",
    Invalid.WRONG_DESTINATION: "destination",
    Invalid.EMPTY_DESTINATION: "destination",
    Invalid.WRONG_AUDIENCE: "audience",
    Invalid.ISSUER_NOT_FOUND_IN_ASSERTION: "issuer",
    Invalid.ISSUER_MULTIPLE_IN_RESPONSE: "issuer",
    Invalid.WRONG_ISSUER: "issuer",
    Invalid.WRONG_SUBJECTCONFIRMATION: "binding",
    Invalid.NO_SIGNATURE_FOUND: "signature",
    Invalid.INVALID_SIGNATURE: "signature",
    Invalid.DEPRECATED_SIGNATURE_METHOD: "sha1",
    Invalid.DEPRECATED_DIGEST_METHOD: "sha1",
    Invalid.NO_NAMEID: "subject",
    Invalid.EMPTY_NAMEID: "subject",
    Invalid.SP_NAME_QUALIFIER_NAME_MISMATCH: "subject",
    Invalid.DUPLICATED_ATTRIBUTE_NAME_FOUND: "attribute",
}


def addresses(origin: str, connection: str) -> dict[str, str]:
    """Our own of one connection, by name: start, acs and metadata, which is our entityID as well."""
    return {name: f"{origin}/sso/saml/{connection}/{name}" for name in ("start", "acs", "metadata")}


def start(connection: Connection, state: str, origin: str) -> Started:
    """A request to sign in, by redirect; `state` travels as RelayState."""
    ours = addresses(origin, connection.id)
    auth = OneLogin_Saml2_Auth(_request(ours["acs"]), _settings(connection, origin))
    url = auth.login(return_to=state)
    return Started(url, auth.get_last_request_id(), ours["acs"])


def complete(
    connection: Connection, pending: Pending, sent: Mapping[str, str], now: datetime, origin: str
) -> VerifiedAssertion:
    """Who is there, of the form that came to our ACS. Raises SignOnRefused, and nothing else."""
    encoded = sent.get("SAMLResponse", "")
    if not encoded:
        raise SignOnRefused("malformed")
    root = preparse.parsed(encoded, bool(connection.settings.get("allow_sha1")))
    if not pending.check:
        raise SignOnRefused("binding")
    try:
        response = OneLogin_Saml2_Response(OneLogin_Saml2_Settings(_settings(connection, origin)), encoded)
        response.is_valid(_request(pending.redirect), pending.check, raise_exceptions=True)
        response.get_nameid()
    except Invalid as error:
        raise SignOnRefused(_reason(error, root, now)) from None
    except Exception:  # the library's parsers raise whatever they meet
        raise SignOnRefused("malformed") from None
    said = verified(connection, pending, response.document, now, addresses(origin, connection.id)["metadata"])
    return replace(said, remark=SHA1) if preparse.uses_sha1(root) else said


def settings(given: Mapping[str, JSON], now: datetime, loopback: bool) -> dict[str, JSON]:
    """What is kept of what an administrator gave, with what the metadata say today. Raises NotUnderstood."""
    url = str(given.get("metadata_url") or "").strip()
    if not url:
        raise NotUnderstood("metadata_url: it is blank", "Paste the IDP Metadata URL of ClassLink's SAML Console.")
    names = given.get("attributes") or {}
    return {
        **fetched(url, now, loopback),
        "metadata_url": url,
        "allow_sha1": bool(given.get("allow_sha1")),
        "attributes": {name: str(names[name]).strip() for name in NAMES if names.get(name)},
    }


def unsolicited(sent: Mapping[str, str]) -> bool:
    """Whether the provider sends somebody who did not start here: the answer names no request at all."""
    encoded = sent.get("SAMLResponse", "")
    return bool(encoded) and not preparse.in_response_to(encoded)


def metadata(connection: str, origin: str) -> str:
    """What the identity provider's administrator enters: our entityID and ACS."""
    ours = addresses(origin, connection)
    sp = {"sp": _sp(ours), "idp": {}, "strict": True, "security": {"metadataCacheDuration": "P1D"}}
    settings = OneLogin_Saml2_Settings(sp, sp_validation_only=True)
    text = settings.get_sp_metadata()
    return text.decode() if isinstance(text, bytes) else str(text)


def _sp(ours: Mapping[str, str]) -> dict[str, JSON]:
    return {"entityId": ours["metadata"], "assertionConsumerService": {"url": ours["acs"], "binding": POST}}


def _settings(connection: Connection, origin: str) -> dict[str, JSON]:
    known = connection.settings
    return {
        "strict": True,
        "debug": False,
        "sp": _sp(addresses(origin, connection.id)),
        "idp": {
            "entityId": known["entity_id"],
            "singleSignOnService": {"url": known["sso_url"], "binding": REDIRECT},
            "x509certMulti": {"signing": [one["der"] for one in known["certificates"]]},
        },
        "security": {
            "rejectDeprecatedAlgorithm": not known.get("allow_sha1"),
            "requestedAuthnContext": False,  # or whoever signs in by a badge or another factor is turned away
            "wantAssertionsSigned": False,  # the Response's signature is as good, and covers more
            "wantAttributeStatement": False,
            "allowRepeatAttributeName": False,
            "wantNameId": True,
        },
    }


def _request(acs: str) -> dict[str, JSON]:
    """From what is configured: a header could say anything."""
    where = urlsplit(acs)
    return {
        "https": "on" if where.scheme == "https" else "off",
        "http_host": where.netloc,
        "script_name": where.path,
        "get_data": {},
        "post_data": {},
    }


def _reason(error: Invalid, root: Any, now: datetime) -> str:
    """The library has one code for all that may be wrong with a confirmation; what comes too late is told apart."""
    reason = REASONS.get(error.code, "malformed")
    if error.code == Invalid.WRONG_SUBJECTCONFIRMATION:
        ends = [one.get("NotOnOrAfter") for one in root.iter(f"{SAML}SubjectConfirmationData")]
        if any(end and moment(end) <= now for end in ends):
            return "clock"
    return reason
