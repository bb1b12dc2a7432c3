"""Signing in through an identity provider, from its beginning to a session: one use, ten minutes, one browser.

What the provider's answer is worth, its own module decides (functions/sso_callback). Here: whose sign-in it was, that
it is answered once, whom of the account's contacts it means, and what becomes of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hmac import compare_digest
from json import dumps

from roster.belonging import Belonging
from roster.ports import Contact, ContactBook, SignIns, SignOnBook
from roster.proving import Proving
from roster.recognising import Policy, Recognised, Unproven, recognise
from roster.sessions import digest
from roster.signon import (
    Connection,
    Pending,
    SignOn,
    SignOnRefused,
    Started,
    Trace,
    VerifiedAssertion,
)
from roster.visits import Visits

GOOD_FOR = timedelta(minutes=10)
TRACED = timedelta(days=30)
SECRET = re.compile(r"[A-Za-z0-9_-]{43}")  # of a cookie: another sign-in of the same browser may be under way
MOST_PER_PLACE = 600  # sign-ins that begin at one source IP in an hour: all of a school sits behind one
RENEWED = ("certificates", "fetched")  # of a connection's settings, by nobody's decision

Start = Callable[[Connection, str], Started]
Complete = Callable[[Connection, Pending], VerifiedAssertion]


@dataclass(frozen=True)
class Begun:
    """Where the browser goes on to, and the secret that its cookie holds until it is back."""

    url: str = field(repr=False)
    cookie: str = field(repr=False)


@dataclass(frozen=True)
class Tried:
    """What a trial of settings came to. `contact`: whom it means, None where one would be made; `how`: a key of WELL;
    `claims`: all that was said, for the one who tries alone: it is kept nowhere.
    """

    contact: Contact | None = field(repr=False)
    how: str
    claims: Mapping[str, tuple[str, ...]] = field(repr=False)


@dataclass(frozen=True)
class Arrived:
    """`session`: blank after a trial, and where a code has to be typed first: `proof` is the secret that the browser
    keeps until then.
    """

    session: str = field(repr=False)
    to: str
    account: str
    tried: Tried | None = None
    proof: str = field(default="", repr=False)


@dataclass(eq=False)
class Refusal(Exception):
    """A sign-in that came to nothing. `account`: blank where not even that is known; `id`: what the log knows it by."""

    reason: str
    id: str
    account: str = ""
    trial: bool = False


@dataclass(frozen=True)
class Arriving:
    """`token`: 256 random bits; `short`: a few, to find a sign-in again in the log."""

    book: SignOnBook
    contacts: ContactBook
    belonging: Belonging
    kept: SignIns
    visits: Visits
    proving: Proving
    now: Callable[[], datetime]
    token: Callable[[], str]
    short: Callable[[], str]

    def begin(
        self, connection: Connection, start: Start, to: str, place: str, trial: bool = False, cookie: str = ""
    ) -> Begun:
        """Raises Refusal where too many begin at one place, and where the provider has to be asked and says nothing."""
        now = self.now()
        window, forget = f"{now:%Y-%m-%dT%H}", int((now + timedelta(hours=2)).timestamp())
        if not self.kept.counted(digest(f"sign-on {place}"), window, MOST_PER_PLACE, forget):
            raise Refusal("throttled", self.short(), connection.account)
        state, cookie = self.token(), cookie if SECRET.fullmatch(cookie) else self.token()
        try:
            started = start(connection, state)
        except SignOnRefused as refused:
            trace = Trace(connection.account, now.isoformat(), self.short(), connection.provider, refused.reason, trial)
            self._keep(replace(trace, detail=refused.detail))
            raise Refusal(refused.reason, trace.id, connection.account, trial) from None
        pending = Pending(
            connection.account,
            connection.id,
            connection.provider,
            digest(cookie),
            started.check,
            started.redirect,
            to,
            now.isoformat(),
            int((now + GOOD_FOR).timestamp()),
            seal(connection),
            started.verifier,
            trial,
        )
        self.book.begin(digest(state), pending)
        return Begun(started.url, cookie)

    def complete(self, state: str, cookie: str, fits: Callable[[Pending], bool], complete: Complete) -> Arrived:
        """The provider's answer is back. `fits`: whether it came to the address of this sign-in. Raises Refusal."""
        pending = self.book.pending(digest(state)) if state else None
        if not pending or not self.book.take(digest(state)):
            raise Refusal("state_unknown", self.short())
        trace = Trace(pending.account, self.now().isoformat(), self.short(), pending.provider, "", pending.trial)
        try:
            connection, signon = self._checked(pending, cookie, fits)
            said = complete(connection, pending)
            if not self.book.once(said.once, said.until, int(self.now().timestamp())):
                raise SignOnRefused("replay")
            return self._arrived(said, signon, connection, pending, replace(trace, detail=said.remark))
        except SignOnRefused as refused:
            where = pending.redirect if refused.reason == "redirect_mismatch" else ""
            self._keep(replace(trace, outcome=refused.reason, detail=f"{refused.detail} {where}".strip()))
            raise Refusal(refused.reason, trace.id, pending.account, pending.trial) from None

    def prove(self, secret: str, code: str) -> Arrived:
        """The code that was mailed is typed, in the browser that has the secret. Raises Refusal."""
        trace = Trace("", self.now().isoformat(), self.short(), "", "")
        try:
            proof = self.proving.settled(secret, code)
            trace = replace(trace, account=proof.account, provider=proof.provider)
            signon = self.book.settings(proof.account)
            connection = signon.connection(proof.provider)
            if signon.provider != proof.provider or not connection or seal(connection) != proof.seal:
                raise SignOnRefused("settings_changed")
            contact = self.contacts.of(proof.account, [proof.contact]).get(proof.contact)
            if not contact or contact.inactive_since:
                raise SignOnRefused("inactive")
            self.belonging.settle(proof, self.book.identity(proof), contact, sure=True)
        except SignOnRefused as refused:
            if trace.account:
                self._keep(replace(trace, outcome=refused.reason))
            raise Refusal(refused.reason, trace.id, trace.account) from None
        self._keep(replace(trace, outcome="code"))
        return Arrived(self.visits.begin(proof, contact.key, proof.connection), proof.to, proof.account)

    def _checked(self, pending: Pending, cookie: str, fits: Callable[[Pending], bool]) -> tuple[Connection, SignOn]:
        if pending.expires <= self.now().timestamp():
            raise SignOnRefused("state_expired")
        if not cookie or not compare_digest(digest(cookie), pending.cookie):
            raise SignOnRefused("other_browser")
        if not fits(pending):
            raise SignOnRefused("wrong_account")
        signon = self.book.settings(pending.account)
        if not pending.trial and signon.provider != pending.provider:
            raise SignOnRefused("switched_off")
        connection = signon.connection(pending.provider, pending.trial)
        if not connection or connection.id != pending.connection or seal(connection) != pending.seal:
            raise SignOnRefused("settings_changed")
        return connection, signon

    def _arrived(
        self, said: VerifiedAssertion, signon: SignOn, connection: Connection, pending: Pending, trace: Trace
    ) -> Arrived:
        before = self.book.identity(said)
        try:
            met = recognise(
                said, self.belonging.candidates(said, before), Policy(signon.trust_email, signon.just_in_time)
            )
        except Unproven as unproven:
            met = Recognised(unproven.contact, "code_mailed")
            if not pending.trial:
                proof = self.proving.ask(said, unproven.contact, connection, seal(connection), pending.to)
                self._keep(replace(trace, outcome=met.how))
                return Arrived("", pending.to, pending.account, proof=proof)
        if pending.trial:
            self._keep(replace(trace, outcome=met.how))
            return Arrived("", pending.to, pending.account, Tried(met.contact, met.how, said.claims))
        contact = met.contact or (signon.trust_email and self.belonging.left_behind(said)) or self.belonging.made(said)
        settled = self.belonging.settle(said, before, contact, sure=met.how == "roster id")
        self._keep(replace(trace, outcome=met.how if settled.key == contact.key else "link"))
        return Arrived(self.visits.begin(said, settled.key, pending.connection), pending.to, said.account)

    def _keep(self, trace: Trace) -> None:
        self.book.trace(trace, int((self.now() + TRACED).timestamp()))


def seal(connection: Connection) -> str:
    """A digest of the settings: a sign-in that began with others does not end. Certificates are renewed meanwhile."""
    chosen = {name: value for name, value in connection.settings.items() if name not in RENEWED}
    return digest(dumps([connection.id, chosen], sort_keys=True))
