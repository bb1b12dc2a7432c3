"""Who is signed in through an identity provider: a contact of any kind, from the roster or kept by hand.

The contact, its link and the account's sign-on are read at every request: whoever has left, whose link was taken back,
or whose connection was changed or switched off, is signed out with the next one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from roster.errors import NotSignedIn
from roster.ports import Contact, ContactBook, ContactId, Session, SignIns, SignOnBook
from roster.sessions import IDLE, LONGEST, NOTED, digest
from roster.signon import SignOn, Whose, named


@dataclass(frozen=True)
class Visit:
    """Somebody who is signed in."""

    account: str
    contact: Contact
    provider: str


@dataclass(frozen=True)
class Visits:
    """`token`: 256 random bits, fit for a cookie."""

    kept: SignIns
    book: SignOnBook
    contacts: ContactBook
    now: Callable[[], datetime]
    token: Callable[[], str]

    def begin(self, who: Whose, contact: ContactId, connection: str) -> str:
        """The secret of a new session: never one that was there before."""
        secret, now = self.token(), self.now()
        origin, kind, id = contact
        expires = int((now + IDLE).timestamp())
        seen, created = int(now.timestamp()), now.isoformat()
        session = Session(who.account, id, created, seen, expires, origin, kind, connection, named(who))
        self.kept.keep_session(digest(secret), session)
        return secret

    def of(self, secret: str) -> Visit:
        """Raises NotSignedIn, which never says why not."""
        session, now = self.kept.session(digest(secret)) if secret else None, self.now()
        last = datetime.fromisoformat(session.created) + LONGEST if session else now
        if not session or not session.connection or session.expires <= now.timestamp() or last <= now:
            raise NotSignedIn("nobody is signed in")
        signon = self.book.settings(session.account)
        whom = session.origin, session.kind, session.contact
        contact = self.contacts.of(session.account, [whom]).get(whom)
        if not is_live(session, signon, self.book) or not contact or contact.inactive_since:
            raise NotSignedIn("nobody is signed in")
        if now.timestamp() - session.seen >= NOTED.total_seconds():
            expires = int(min(now + IDLE, last).timestamp())
            self.kept.seen(digest(secret), replace(session, seen=int(now.timestamp()), expires=expires))
        return Visit(session.account, contact, signon.provider)

    def end(self, secret: str) -> None:
        if secret:
            self.kept.drop_session(digest(secret))


def is_live(session: Session, signon: SignOn, book: SignOnBook) -> bool:
    """Whether the connection through which the session came is the account's, with the settings of that time, and the
    contact still is the person's who signed in.
    """
    if signon.ids.get(signon.provider) != session.connection or session.created <= signon.since:
        return False
    whom = session.origin, session.kind, session.contact
    return book.holder(session.account, whom, signon.provider)[0] == session.who
