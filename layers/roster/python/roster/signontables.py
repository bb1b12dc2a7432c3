"""The items of sign-on, as pynamodb models: settings, sign-ins under way, identities, and what became of sign-ins."""

from __future__ import annotations

from typing import Any

from pynamodb.attributes import BooleanAttribute, JSONAttribute, ListAttribute, NumberAttribute, UnicodeAttribute

from roster.tables import Item


class SignOnItem(Item):
    """How an account's people sign in (see roster.signon.SignOn). Never a client secret."""

    provider = UnicodeAttribute()
    live: JSONAttribute = JSONAttribute()
    drafts: JSONAttribute = JSONAttribute()
    ids: JSONAttribute = JSONAttribute()
    trust_email = BooleanAttribute()
    just_in_time = BooleanAttribute()
    since = UnicodeAttribute(null=True)
    version = NumberAttribute()


class ConnectionItem(Item):
    """Whose connection it is."""

    account = UnicodeAttribute()
    provider = UnicodeAttribute()


class PendingItem(Item):
    """A sign-in that has begun (see roster.signon.Pending)."""

    account = UnicodeAttribute()
    connection = UnicodeAttribute()
    provider = UnicodeAttribute()
    cookie = UnicodeAttribute()
    check = UnicodeAttribute(null=True)
    redirect = UnicodeAttribute()
    to = UnicodeAttribute()
    created = UnicodeAttribute()
    expires = NumberAttribute()
    seal = UnicodeAttribute(null=True)
    verifier = UnicodeAttribute(null=True)
    trial = BooleanAttribute()


class ProofItem(Item):
    """A sign-in that waits for a code (see roster.signon.Proof)."""

    account = UnicodeAttribute()
    connection = UnicodeAttribute()
    provider = UnicodeAttribute()
    issuer = UnicodeAttribute()
    subject = UnicodeAttribute()
    origin = UnicodeAttribute()
    kind = UnicodeAttribute()
    id = UnicodeAttribute()
    code = UnicodeAttribute()
    seal = UnicodeAttribute()
    to = UnicodeAttribute()
    expires = NumberAttribute()


class AssertionItem(Item):
    """An answer that was used. `expires`: Unix seconds."""

    expires = NumberAttribute()


class IdentityItem(Item):
    """Whom a person at an identity provider is here (see roster.signon.Identity)."""

    origin = UnicodeAttribute()
    kind = UnicodeAttribute()
    id = UnicodeAttribute()
    number = UnicodeAttribute(null=True)
    sis_id = UnicodeAttribute(null=True)
    email = UnicodeAttribute(null=True)
    name = UnicodeAttribute(null=True)
    since = UnicodeAttribute(null=True)


class IdentifiedItem(Item):
    """That a contact has an identity: `who`, the sort key of its item; `issuer`: who vouches for it."""

    who = UnicodeAttribute()
    issuer = UnicodeAttribute(null=True)


class AttemptItem(Item):
    """What came of a parent's try to link a child. `student`: origin, kind, id. `expires`: Unix seconds."""

    at = UnicodeAttribute()
    cause = UnicodeAttribute()
    student: ListAttribute[Any] = ListAttribute(null=True)
    expires = NumberAttribute()


class TraceItem(Item):
    """What became of one sign-in (see roster.signon.Trace). `expires`: Unix seconds."""

    at = UnicodeAttribute()
    id = UnicodeAttribute()
    provider = UnicodeAttribute()
    outcome = UnicodeAttribute()
    trial = BooleanAttribute()
    detail = UnicodeAttribute(null=True)
    expires = NumberAttribute()
