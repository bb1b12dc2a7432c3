"""A SAML assertion whose signature was verified: what the library leaves to its caller, and what it says of somebody.

Exact addresses, our own audience in every restriction, one bearer, an answer to our own request that is said in signed
bytes, one value an attribute. (providers/sign-on.md §2.4 and §4 C)
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from onelogin.saml2.utils import OneLogin_Saml2_Utils
from preparse import ASSERTION, SAML, SIGNATURE
from providers import CLASSLINK

from roster.signon import Connection, Pending, SignOnRefused, VerifiedAssertion

LONGEST_LIFE, OLDEST_SIGN_IN = timedelta(hours=1), timedelta(hours=12)
SKEW = timedelta(minutes=5)  # what the library allows a clock to be off
LONGEST_TEXT = 256
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
NAMES: Mapping[str, str] = {
    "email": "Email",
    "first": "Given Name",
    "last": "Family Name",
    "roster_id": "OR:userSourcedId",
}


def verified(connection: Connection, pending: Pending, root: Any, now: datetime, entity_id: str) -> VerifiedAssertion:
    assertion = root.find(ASSERTION)
    whole = root.find(SIGNATURE) is not None
    _check_addresses(root, assertion, whole, pending.redirect, entity_id, connection.settings["entity_id"])
    confirmed = _confirmation(assertion, pending.redirect)
    ends = moment(confirmed.get("NotOnOrAfter"))
    if not now - SKEW < ends <= now + LONGEST_LIFE + SKEW:
        raise SignOnRefused("clock")
    _check_binding(root, confirmed, whole, pending.check)
    for one in assertion.iter(f"{SAML}AuthnStatement"):
        if not now - OLDEST_SIGN_IN <= moment(one.get("AuthnInstant")) <= now + SKEW:
            raise SignOnRefused("clock")
    subject = _subject(assertion)
    said = _attributes(assertion)
    names = {**NAMES, **(connection.settings.get("attributes") or {})}
    email, first, last, roster_id = (_single(said, names[name]) for name in ("email", "first", "last", "roster_id"))
    once = "\n".join(("saml", connection.settings["entity_id"], assertion.get("ID")))
    return VerifiedAssertion(
        connection.account,
        connection.id,
        CLASSLINK,
        connection.settings["entity_id"],
        subject,
        sha256(once.encode()).hexdigest(),
        int((ends + SKEW).timestamp()),
        email,
        first,
        last,
        roster_ids=((CLASSLINK, roster_id),) if roster_id else (),
        claims={"NameID": (subject,), **said},
    )


def _check_addresses(root: Any, assertion: Any, whole: bool, acs: str, ours: str, theirs: str) -> None:
    destination = root.get("Destination")
    if destination != acs and (whole or destination is not None):
        raise SignOnRefused("destination")
    issuers = [assertion.find(f"{SAML}Issuer"), *root.findall(f"{SAML}Issuer")]
    if any(one is None or one.text != theirs for one in issuers):
        raise SignOnRefused("issuer")
    restrictions = list(assertion.iter(f"{SAML}AudienceRestriction"))
    audiences = [[one.text for one in each.iter(f"{SAML}Audience")] for each in restrictions]
    if not audiences or any(ours not in each for each in audiences):
        raise SignOnRefused("audience")


def _confirmation(assertion: Any, acs: str) -> Any:
    """The data of the one confirmation, by a bearer and for our own address."""
    found = assertion.findall(f"{SAML}Subject/{SAML}SubjectConfirmation")
    confirmed = found[0].find(f"{SAML}SubjectConfirmationData") if len(found) == 1 else None
    if confirmed is None or found[0].get("Method") != BEARER:
        raise SignOnRefused("subject")
    if confirmed.get("Recipient") != acs:
        raise SignOnRefused("destination")
    if not confirmed.get("NotOnOrAfter"):
        raise SignOnRefused("clock")
    return confirmed


def _check_binding(root: Any, confirmed: Any, whole: bool, request: str) -> None:
    """Only what is signed says which request it answers; what is not signed may not say another."""
    inner, outer = confirmed.get("InResponseTo"), root.get("InResponseTo")
    signed = {inner, outer if whole else None} - {None}
    if signed != {request} or outer not in (None, request):
        raise SignOnRefused("binding")


def _subject(assertion: Any) -> str:
    text = assertion.findtext(f"{SAML}Subject/{SAML}NameID") or ""
    if not text or text != text.strip() or len(text) > LONGEST_TEXT or not text.isprintable():
        raise SignOnRefused("subject")
    return text


def _attributes(assertion: Any) -> dict[str, tuple[str, ...]]:
    said: dict[str, tuple[str, ...]] = {}
    for one in assertion.iter(f"{SAML}Attribute"):
        name = one.get("Name") or ""
        if name in said:
            raise SignOnRefused("attribute")
        said[name] = tuple((value.text or "").strip() for value in one.findall(f"{SAML}AttributeValue"))
    return said


def _single(said: Mapping[str, tuple[str, ...]], name: str) -> str:
    values = [value for value in said.get(name, ()) if value]
    if len(values) > 1 or any(len(value) > LONGEST_TEXT or not value.isprintable() for value in values):
        raise SignOnRefused("attribute")
    return values[0] if values else ""


def moment(text: str | None) -> datetime:
    try:
        return datetime.fromtimestamp(OneLogin_Saml2_Utils.parse_SAML_to_time(text), UTC)
    except Exception:
        raise SignOnRefused("clock") from None
