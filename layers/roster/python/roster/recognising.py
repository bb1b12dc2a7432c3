"""Whom of an account's contacts an identity provider means: pure, given everybody who may be meant.

In this order: the contact that this identity was linked with, an id that the roster has as well, the linked contact
under a new id, an e-mail address that exactly one active contact has. Whatever is ambiguous is refused; nothing here
raises anybody's level.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from roster.model import BY_HAND, RANKS, Kind, Level
from roster.ports import Contact
from roster.signon import Identity, SignOnRefused, VerifiedAssertion

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
    """`linked`: the contact of this identity's link, if both are there; `address`: what it had when it was linked.
    `by_id`: whom a roster id of the assertion names; `by_email`: who has its address. `again`: of the same name as the
    linked contact that is not there any more, or not active, with its number or address.
    """

    linked: Contact | None = None
    address: str = ""
    by_id: tuple[Contact, ...] = ()
    by_email: tuple[Contact, ...] = ()
    again: tuple[Contact, ...] = ()


@dataclass(frozen=True)
class Recognised:
    """`contact`: None where one is to be made. `how`: `link`, `roster id`, `e-mail` or `new`."""

    contact: Contact | None
    how: str


class Unproven(SignOnRefused):
    """The contact whom an address means, and of whom it is not proof enough."""

    def __init__(self, reason: str, contact: Contact) -> None:
        super().__init__(reason)
        self.contact = contact


def recognise(said: VerifiedAssertion, found: Candidates, policy: Policy) -> Recognised:
    """Raises SignOnRefused: two_contacts, inactive, several, no_email or nobody; Unproven: guest or confirm."""
    linked = found.linked if found.linked and not found.linked.inactive_since else None
    if linked and not made_here(linked):
        return Recognised(_still(linked, said, found), "link")
    try:
        met = _met(said, found, policy)
    except Unproven:
        raise
    except SignOnRefused:
        if not linked:
            raise
        met = None
    if met:
        return met
    if linked:  # whom a sign-in made stays who they are
        return Recognised(linked, "link")
    if found.linked:
        raise SignOnRefused("inactive")
    if policy.just_in_time and said.may_be_new:
        if not said.email:
            raise SignOnRefused("no_email")
        return Recognised(None, "new")
    raise SignOnRefused("nobody")


def made_here(contact: Contact | Identity) -> bool:
    """Whether a sign-in made it, and nobody else knows of it; also of the contact that an identity names."""
    return contact.origin == BY_HAND and contact.id.startswith(MADE)


def _still(linked: Contact, said: VerifiedAssertion, found: Candidates) -> Contact:
    """Unless the provider names another one by now: a login is given to somebody else when its first owner has left.

    Who administers is asked again when the school has given the contact another address: to a successor, it may be.
    """
    named = [one for one in _by_id(said, found) if one.origin == linked.origin and not one.inactive_since]
    if any(one.id != linked.id for one in named):
        raise SignOnRefused("two_contacts")
    if not named and _administers(linked) and linked.email.casefold() != found.address.casefold():
        raise Unproven("confirm", linked)
    return linked


def _met(said: VerifiedAssertion, found: Candidates, policy: Policy) -> Recognised | None:
    known = _only(_by_id(said, found))
    if known:
        return Recognised(known, "roster id")
    known = _only(found.again)
    if known:
        return Recognised(known, "link")
    if found.linked and not made_here(found.linked):
        return None  # has left, and whoever has the address now may be their spouse
    if not policy.trust_email or not said.email:
        return None
    known = _only(_instead_of_keepers(found.by_email))
    if known and said.guest and known.kind != Kind.PARENT:
        raise Unproven("guest", known)
    if known and _administers(known):  # who is not taken for somebody by an address alone, which may be anybody's word
        raise Unproven("confirm", known)
    return Recognised(known, "e-mail") if known else None


def _by_id(said: VerifiedAssertion, found: Candidates) -> list[Contact]:
    """Where the id may be another number than the roster's, those alone of whom something else says the same."""
    if said.id_is_the_rosters:
        return list(found.by_id)
    user, email = said.username.casefold(), said.email.casefold()
    return [
        one
        for one in found.by_id
        if (user and one.username.casefold() == user) or (email and one.email.casefold() == email)
    ]


def _instead_of_keepers(found: Iterable[Contact]) -> list[Contact]:
    """Without those whom people keep as administrators, where the roster has the person as well, as a teacher perhaps:
    who is one and the other administers through the mailed link.
    """
    others = [one for one in found if not _is_kept_administrator(one) and not one.inactive_since]
    return others if any(not made_here(one) for one in others) else list(found)


def _only(found: Iterable[Contact]) -> Contact | None:
    """The one who is active, of those whom the school knows: whom a sign-in made is met by their link alone.

    One id of one provider in two roles, such as a teacher who is a parent, is one person: their higher level is shown.
    """
    known = [one for one in {one.key: one for one in found}.values() if not made_here(one)]
    active = [one for one in known if not one.inactive_since]
    if len({(one.origin, one.id) for one in active}) > 1:
        raise SignOnRefused("several")
    if known and not active:
        raise SignOnRefused("inactive")
    return max(active, key=lambda one: (RANKS.get(one.level, HIGH), one.kind), default=None)


def _administers(contact: Contact) -> bool:
    return _is_kept_administrator(contact) or RANKS.get(contact.level, HIGH) >= HIGH


def _is_kept_administrator(contact: Contact) -> bool:
    return contact.origin == BY_HAND and contact.kind == Kind.ADMINISTRATOR
