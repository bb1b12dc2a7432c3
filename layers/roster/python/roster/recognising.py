"""Whom of an account's contacts an identity provider means: pure, given everybody who may be meant.

In this order: the contact that this identity was linked with, an id that the roster has as well, an e-mail address that
exactly one active contact has. Whatever is ambiguous is refused; nothing here raises anybody's level.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from roster.model import BY_HAND, RANKS, Kind, Level
from roster.ports import Contact
from roster.signon import SignOnRefused, VerifiedAssertion

MADE = "sso-"  # what the ids of contacts begin with that a sign-in made
HIGH = RANKS[Level.EVENT_ADMINISTRATOR]


@dataclass(frozen=True)
class Policy:
    """What the account allows. `trust_email`: an address that the provider tells is proof, though not for a guest of
    being staff. `just_in_time`: a sign-in may make a contact of level Customer for whom nobody knows.
    """

    trust_email: bool = True
    just_in_time: bool = True


@dataclass(frozen=True)
class Candidates:
    """`linked`: the contact of this identity's link, if both are there. `by_id`: whom a roster id names, of the
    assertion or of the link's lost contact; `by_email`: who has the address.
    """

    linked: Contact | None = None
    by_id: tuple[Contact, ...] = ()
    by_email: tuple[Contact, ...] = ()


@dataclass(frozen=True)
class Recognised:
    """`contact`: None where one is to be made. `how`: `link`, `roster id`, `e-mail` or `new`. `instead`: the contact
    that an earlier sign-in made, and that this one takes the place of.
    """

    contact: Contact | None
    how: str
    instead: Contact | None = None


class Unproven(SignOnRefused):
    """The contact whom an address means, and of whom it is not proof enough."""

    def __init__(self, reason: str, contact: Contact) -> None:
        super().__init__(reason)
        self.contact = contact


def recognise(said: VerifiedAssertion, found: Candidates, policy: Policy) -> Recognised:
    """Raises SignOnRefused: inactive, several, no_email or nobody; Unproven: guest or confirm."""
    linked = found.linked
    if linked and not linked.inactive_since and not made_here(linked):
        return Recognised(linked, "link")
    try:
        met = _met(said, found, policy)
    except SignOnRefused:
        if linked and not linked.inactive_since:
            return Recognised(linked, "link")  # whom a sign-in made stays who they are
        raise
    if met:
        return Recognised(met[0], met[1], linked if linked and made_here(linked) else None)
    if linked:
        if linked.inactive_since:
            raise SignOnRefused("inactive")
        return Recognised(linked, "link")
    if policy.just_in_time and said.may_be_new:
        if not said.email:
            raise SignOnRefused("no_email")
        return Recognised(None, "new")
    raise SignOnRefused("nobody")


def made_here(contact: Contact) -> bool:
    """Whether a sign-in made it, and nobody else knows of it."""
    return contact.origin == BY_HAND and contact.id.startswith(MADE)


def _met(said: VerifiedAssertion, found: Candidates, policy: Policy) -> tuple[Contact, str] | None:
    known = _only(found.by_id)
    if known:
        return known, "roster id"
    if not policy.trust_email or not said.email:
        return None
    known = _only(found.by_email)
    if known and said.guest and known.kind != Kind.PARENT:
        raise Unproven("guest", known)
    return (_low(known), "e-mail") if known else None


def _only(found: Iterable[Contact]) -> Contact | None:
    """The one who is active. Those whom a sign-in made stand behind everybody whom the school knows.

    One id of one provider in two roles, such as a teacher who is a parent, is one person: their higher level is shown.
    """
    contacts = {one.key: one for one in found}.values()
    active = [one for one in contacts if not one.inactive_since]
    known = [one for one in active if not made_here(one)]
    if len({(one.origin, one.id) for one in known}) > 1:
        raise SignOnRefused("several")
    if not known and contacts and not active:
        raise SignOnRefused("inactive")
    return max(known, key=lambda one: (RANKS.get(one.level, HIGH), one.kind), default=None)


def _low(contact: Contact) -> Contact:
    """Whoever administers is not taken for somebody by an address alone, which may be anybody's word."""
    if (contact.origin == BY_HAND and contact.kind == Kind.ADMINISTRATOR) or RANKS.get(contact.level, HIGH) >= HIGH:
        raise Unproven("confirm", contact)
    return contact
