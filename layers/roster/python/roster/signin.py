"""Signing in without a password and without an identity provider: a link by mail, for one use, within 15 minutes.

Whoever asks for a link is told the same whether we know the address or not, and the link is made and mailed after
that answer. Mail scanners open links, so opening one only shows whom it would sign in; a button does it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from roster import letters
from roster.errors import MailNotSent, MailUncertain
from roster.permissions import Administrator
from roster.ports import AccountBook, Mail, SignInLink, SignIns, Staff
from roster.sessions import Sessions, digest
from roster.site import is_path

GOOD_FOR = timedelta(minutes=15)
MOST_PER_ADDRESS, MOST_PER_ACCOUNT = 5, 50  # in an hour
AFTER_SIGN_IN = "/api/session"
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

    def mail_link(self, account: str, email: str, to: str = "") -> str:
        """Mails a link where the address may have one; says what came of it, for the log alone.

        Only known addresses are counted: else anybody could use up an account's links.
        """
        person = self.staff.with_email(account, email)
        if not person or not person.may_sign_in:
            return "unknown"
        if not self._counted(person):
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
        token, expires = self.token(), int((self.now() + GOOD_FOR).timestamp())
        target = to if is_path(to) else AFTER_SIGN_IN
        self.kept.keep_link(digest(token), SignInLink(person.account, person.id, target, expires))
        return f"{self.origin}{PATH}{token}"

    def opened(self, token: str) -> Welcome | None:
        """Whom the link would sign in; None when it is used, too old, or its person is no longer who they were."""
        link = self.kept.link(digest(token))
        if not link or link.expires <= self.now().timestamp():
            return None
        person = self.staff.of(link.account, link.contact)
        if not person or not person.may_sign_in:
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

    def _counted(self, person: Administrator) -> bool:
        now = self.now()
        window, expires = f"{now:%Y-%m-%dT%H}", int((now + timedelta(hours=2)).timestamp())
        address = digest(f"{person.account} {person.id}")
        return self.kept.counted(address, window, MOST_PER_ADDRESS, expires) and self.kept.counted(
            person.account, window, MOST_PER_ACCOUNT, expires
        )
