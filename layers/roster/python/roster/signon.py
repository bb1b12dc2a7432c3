"""Sign-on: a school's identity provider says who somebody is; these are the words for it.

A `complete` of a provider's module in functions/sso_callback makes a `VerifiedAssertion`, once it has checked
signature, audience, time, tenant and state; nothing else may make one (tests/architecture).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Protocol

from roster.model import JSON
from roster.refusals import REASONS

NONE = "none"  # of an account whose people do not sign in through an identity provider


class SignOnRefused(Exception):
    """A sign-in that comes to nothing. `reason`: a key of REASONS; `detail`: for the administrator, not personal."""

    def __init__(self, reason: str, detail: str = "") -> None:
        self.said = REASONS[reason]
        self.reason, self.detail = reason, detail
        super().__init__(reason)


@dataclass(frozen=True)
class Connection:
    """An account's settings for one identity provider. `id`: random, part of its addresses, and tells nothing."""

    id: str
    account: str
    provider: str
    settings: Mapping[str, JSON] = field(repr=False)


@dataclass(frozen=True)
class Started:
    """Where the browser goes on to, and what has to come back.

    `check`: a SAML request's id, or a nonce. `verifier`: a secret of the code flow. `redirect`: where it returns to.
    """

    url: str = field(repr=False)
    check: str = field(repr=False)
    redirect: str
    verifier: str = field(default="", repr=False)


@dataclass(frozen=True)
class Pending:
    """A sign-in that has begun: for one use, and ten minutes.

    `cookie`: the digest of the browser's cookie. `to`: the path to go on to. `trial`: a test of settings that are not
    live. `seal`: the digest of the settings that it began with. `expires`: seconds since 1970.
    """

    account: str
    connection: str
    provider: str
    cookie: str = field(repr=False)
    check: str = field(repr=False)
    redirect: str
    to: str
    created: str
    expires: int
    seal: str = ""
    verifier: str = field(default="", repr=False)
    trial: bool = False


@dataclass(frozen=True)
class VerifiedAssertion:
    """Who an identity provider says is there, after every check.

    (`provider`, `issuer`, `subject`) names the person for good: the entityID and NameID, tenant and oid, or school
    route and sub. `email` may be anybody's word. `roster_ids`: (origin, id) that the roster may have. `once`: a digest
    that must not be seen twice before `until` (seconds since 1970). `claims`: all that was said, for the trial's page
    alone. `may_be_new`: the provider vouches for who is let in, so that whom nobody knows may get a contact.
    `id_is_the_rosters`: whether a roster id can be no other number, so that it is proof by itself. `remark`: what the
    administrator should know of this answer, not personal.
    """

    account: str
    connection: str
    provider: str
    issuer: str = field(repr=False)
    subject: str = field(repr=False)
    once: str = field(repr=False)
    until: int
    email: str = field(default="", repr=False)
    first: str = field(default="", repr=False)
    last: str = field(default="", repr=False)
    username: str = field(default="", repr=False)
    roster_ids: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    id_is_the_rosters: bool = True
    guest: bool = False
    may_be_new: bool = False
    claims: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    remark: str = ""


class Whose(Protocol):
    """A person at an identity provider, as far as it is the same person at the next sign-in."""

    @property
    def account(self) -> str: ...
    @property
    def provider(self) -> str: ...
    @property
    def issuer(self) -> str: ...
    @property
    def subject(self) -> str: ...


def named(who: Whose) -> str:
    """One short name for a person, of provider, issuer and subject, which may be of any length."""
    return blake2b("\n".join((who.provider, who.issuer, who.subject)).encode(), digest_size=32).hexdigest()


@dataclass(frozen=True)
class Proof:
    """A sign-in that waits for a code, which was mailed to the address of the contact (`origin`, `kind`, `id`).

    `issuer`, `subject`: as in the VerifiedAssertion that it was made of. `code`: a digest. `seal`: the digest of the
    connection's settings. `to`: the path to go on to. `expires`: seconds since 1970.
    """

    account: str
    connection: str
    provider: str
    issuer: str = field(repr=False)
    subject: str = field(repr=False)
    origin: str
    kind: str
    id: str
    code: str = field(repr=False)
    seal: str
    to: str
    expires: int

    @property
    def contact(self) -> tuple[str, str, str]:
        return self.origin, self.kind, self.id


@dataclass(frozen=True)
class SignOn:
    """How an account's people sign in. `provider`: whose sign-ins are taken, or none.

    `live` and `drafts`: settings by provider, those in use and those that are still tried; a provider that is not in
    use keeps its own. `ids`: the connection's id by provider. `since`: when what is live changed last (ISO): sessions
    from before are over. `version`: counts the changes, so that of two at once one is told to look again.
    """

    account: str
    provider: str = NONE
    live: Mapping[str, Mapping[str, JSON]] = field(default_factory=dict, repr=False)
    drafts: Mapping[str, Mapping[str, JSON]] = field(default_factory=dict, repr=False)
    ids: Mapping[str, str] = field(default_factory=dict)
    trust_email: bool = True
    just_in_time: bool = True
    since: str = ""
    version: int = 0

    def connection(self, provider: str, trial: bool = False) -> Connection | None:
        """What a sign-in goes by; a trial, by the draft where there is one. None where nothing was entered."""
        settings = (trial and self.drafts.get(provider)) or self.live.get(provider)
        return Connection(self.ids[provider], self.account, provider, settings) if settings else None


@dataclass(frozen=True)
class Identity:
    """Whom a person at an identity provider is here: the contact's origin, kind and id.

    `number`, `sis_id`, `email`, `name` (a digest): what the contact was known by, to find it again under a new id.
    """

    origin: str
    kind: str
    id: str
    number: str = field(default="", repr=False)
    sis_id: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    name: str = field(default="", repr=False)
    since: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        return self.origin, self.kind, self.id


@dataclass(frozen=True)
class Trace:
    """One sign-in that came to an end: nothing personal. `outcome`: a key of WELL or of REASONS (roster.refusals)."""

    account: str
    at: str
    id: str
    provider: str
    outcome: str
    trial: bool = False
    detail: str = ""

    @property
    def well(self) -> bool:
        return self.outcome not in REASONS
