"""Sign-on: a school's identity provider says who somebody is; these are the words for it, and the reasons to refuse.

A `complete` of a provider's module in functions/sso_callback makes a `VerifiedAssertion`, once it has checked
signature, audience, time, tenant and state; nothing else may make one (tests/architecture).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from roster.model import JSON

NONE = "none"  # of an account whose people do not sign in through an identity provider

# Why a sign-in was refused: the code for the log and the trace, and what the school's administrator can do about it.
# Whoever signs in is shown none of it.
REASONS: Mapping[str, str] = {
    "state_unknown": (
        "The sign-in did not begin in this browser, or it was used before. Start again from the sign-in link."
    ),
    "state_expired": "The sign-in took longer than ten minutes. Start again from the sign-in link.",
    "other_browser": "The answer came to another browser than the one that began. Start again from the sign-in link.",
    "settings_changed": "The sign-on settings were changed during this sign-in. Start again from the sign-in link.",
    "wrong_account": (
        "The address names another account than the one that the sign-in began for. Use the account's own link."
    ),
    "switched_off": (
        "This provider is not the account's SSO Provider (any more). Choose it, or use the other sign-in link."
    ),
    "too_large": "The identity provider's answer is far larger than any sign-in. Write to pickAtime's support.",
    "malformed": "The identity provider's answer cannot be read. Try again; if it stays, write to pickAtime's support.",
    "hostile": (
        "The answer holds what no identity provider sends, so nothing of it was used. Write to pickAtime's support."
    ),
    "unsolicited": "The identity provider sent somebody who had not started here. Give the tile our sign-in link.",
    "signature": "The signature is missing or not by a certificate we know. Check the IDP Metadata URL, or refresh it.",
    "sha1": "The answer is signed with SHA-1. Ask the provider for SHA-256, or allow SHA-1 for this connection.",
    "issuer": "The answer comes from another identity provider or tenant than the one that is set up.",
    "audience": (
        "The answer is meant for another application. Compare the Client ID, or the SP metadata, with the provider's."
    ),
    "destination": "The answer was made for another address. Compare the ACS or redirect URL with the provider's.",
    "clock": "The answer is not valid at this time: the clock of the provider or of ours is off, or it came very late.",
    "binding": "The answer belongs to another sign-in than the one that was begun. Start again from the sign-in link.",
    "replay": "The same answer was used before. Start again from the sign-in link.",
    "status": "The identity provider says that the sign-in did not succeed there.",
    "subject": "The answer names nobody, or in an odd way. Check which field is sent as NameID.",
    "attribute": "An attribute comes twice or is too long. Check the attribute mapping at the provider.",
    "encryption": "The answer is encrypted in a way that we do not take. Switch encryption off at the provider.",
    "denied": "The person or the school's rules stopped the sign-in at the provider.",
    "not_assigned": (
        "The person is not assigned to the application: Enterprise Applications > Users and Groups (AADSTS50105)."
    ),
    "id_tokens_off": (
        "The registration gives no ID tokens: tick Access tokens and ID tokens under Authentication (AADSTS700054)."
    ),
    "redirect_mismatch": "The redirect URL is not registered at the provider exactly as shown on the settings page.",
    "more_needed": (
        "The provider asks for more first, such as multifactor authentication. Sign in there once, then try again."
    ),
    "secret_needed": (
        "This registration needs a client secret: use a Single-page or Web platform with ID tokens, or enter a secret."
    ),
    "credential": "The provider refuses our client id or secret. Enter them again.",
    "unavailable": "The identity provider did not answer. Try again in a few minutes.",
    "no_email": "The school account has no e-mail address: fill Email under Contact Info at Microsoft Entra ID.",
    "nobody": "No contact of the account has this id or e-mail address, and none may be made by a sign-in.",
    "several": "More than one contact fits. Give them different e-mail addresses, or merge them on the Contacts page.",
    "confirm": (
        "An e-mail address is not proof enough for whoever administers. Administrators who are kept by hand sign in by "
        "their mailed link; of others, lower the level at the contact until they have signed in once."
    ),
    "taken": "The contact is linked with another person at the provider already. Unlink it on the Contacts page first.",
    "inactive": "The contact has left. An import that lists it again brings it back.",
    "guest": "A guest's e-mail address is not proof enough for a member of staff.",
    "not_admitted": "The person has no role at the school that takes part in conferences.",
    "throttled": "Too many sign-ins began from one place within an hour.",
}


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
    roster_ids: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    guest: bool = False
    may_be_new: bool = False
    claims: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)


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
        """What a sign-in goes by; None where nothing was entered."""
        settings = (self.drafts if trial else self.live).get(provider)
        return Connection(self.ids[provider], self.account, provider, settings) if settings else None


@dataclass(frozen=True)
class Identity:
    """Whom a person at an identity provider is here: the contact's origin, kind and id.

    `number`, `sis_id`, `email`: what the contact was known by, to find it again under a new id.
    """

    origin: str
    kind: str
    id: str
    number: str = field(default="", repr=False)
    sis_id: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    since: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        return self.origin, self.kind, self.id


@dataclass(frozen=True)
class Trace:
    """One sign-in that came to an end. `outcome`: `link`, `roster id`, `e-mail`, `new`, or the reason of a refusal.

    `seen`: what a trial was told, claim by claim; of a sign-in that is live, nothing. `whom`: the contact, or blank.
    """

    account: str
    at: str
    id: str
    provider: str
    outcome: str
    trial: bool = False
    detail: str = ""
    whom: str = ""
    seen: Mapping[str, JSON] = field(default_factory=dict, repr=False)

    @property
    def well(self) -> bool:
        return self.outcome not in REASONS
