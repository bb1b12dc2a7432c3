"""Signing in without a password and without an identity provider: a link by mail, for one use, within 15 minutes.

Whoever asks for a link is told the same whether we know the address or not, and the link is made and mailed after
that answer. Mail scanners open links, so opening one only shows whom it would sign in; a button does it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from roster import letters
from roster.errors import MailNotSent, MailUncertain
from roster.permissions import Administrator
from roster.ports import AccountBook, Mail, SignInLink, SignIns, Staff
from roster.sessions import Sessions, digest
from roster.site import is_path

GOOD_FOR = timedelta(minutes=15)
# In an hour. A place is a source IP: all of a school sits behind one.
MOST_PER_PLACE, MOST_FROM_ONE_PLACE, MOST_PER_ADDRESS, MOST_PER_ACCOUNT = 60, 5, 20, 50
AFTER_SIGN_IN = "/admin"
PATH = "/api/sign-in/"


@dataclass(frozen=True)
class Welcome:
    """Whom a link signs in, and where it leads."""

    person: Administrator
    school: str
    to: str
    link: str = field(repr=False)


@dataclass(frozen=True)
class SignIn:
    """`origin`: our own address, which the links begin with."""

    staff: Staff
    accounts: AccountBook
    kept: SignIns
    sessions: Sessions
    mail: Mail
    origin: str
    now: Callable[[], datetime]
    token: Callable[[], str]

    def place_of(self, ip: str) -> str:
        """Where a request comes from, as a digest; blank where too many came from there within the hour."""
        place = digest(ip)
        return place if self._few([(place, MOST_PER_PLACE)]) else ""

    def mail_link(self, account: str, email: str, place: str, to: str = "") -> str:
        """Mails a link where the address may have one; says what came of it, for the log alone.

        Only known addresses are counted: else anybody could use up an account's links. And from each place apart: else
        whoever knows an address could keep its owner out.
        """
        person = self.staff.with_email(account, email)
        if not person or not person.may_sign_in:
            return "unknown"
        address = f"{person.account} {person.id}"
        if not self._few(
            [
                (digest(f"{address} {place}"), MOST_FROM_ONE_PLACE),
                (digest(address), MOST_PER_ADDRESS),
                (person.account, MOST_PER_ACCOUNT),
            ]
        ):
            return "too many"
        school = self.accounts.account(account)
        letter = letters.sign_in(
            school.name if school else "", self.link(person, to), int(GOOD_FOR.total_seconds() / 60)
        )
        try:
            self.mail.send([person.email], letter)
        except (MailNotSent, MailUncertain) as error:
            return error.message
        return "sent"

    def link(self, person: Administrator, to: str = "") -> str:
        """A new link for this person. A path that leads elsewhere is left out."""
        token, now, target = self.token(), self.now(), to if is_path(to) else AFTER_SIGN_IN
        expires = int((now + GOOD_FOR).timestamp())
        self.kept.keep_link(digest(token), SignInLink(person.account, person.id, target, now.isoformat(), expires))
        return f"{self.origin}{PATH}{token}"

    def opened(self, token: str) -> Welcome | None:
        """Whom the link would sign in; None when it is used, too old, from before its person signed out everywhere, or
        they are no longer who they were.
        """
        link = self.kept.link(digest(token))
        if not link or link.expires <= self.now().timestamp():
            return None
        person = self.staff.of(link.account, link.contact)
        if not person or not person.may_sign_in or link.made <= person.sessions_after:
            return None
        school = self.accounts.account(link.account)
        return Welcome(person, school.name if school else "", link.to, token)

    def complete(self, token: str, before: str = "") -> tuple[str, str] | None:
        """The secret of a new session and the path to go on to; a session that the browser had before is ended."""
        welcome = self.opened(token)
        if not welcome or not self.kept.use_link(digest(token)):
            return None
        self.sessions.end(before)
        return self.sessions.begin(welcome.person), welcome.to

    def _few(self, limits: Sequence[tuple[str, int]]) -> bool:
        """Counts one more for each; False at the first that has had its share of the hour."""
        now = self.now()
        window, expires = f"{now:%Y-%m-%dT%H}", int((now + timedelta(hours=2)).timestamp())
        return all(self.kept.counted(whose, window, most, expires) for whose, most in limits)
