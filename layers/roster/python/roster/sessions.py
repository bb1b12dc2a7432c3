"""Who is signed in: a random secret in a cookie, known here by its digest, and good while its contact is.

The contact is read at every request, so whoever is removed or lowered loses access with the next one. A session ends
after half an hour without a request, after eight hours in any case, and when it or all of its person's are ended.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from roster.errors import NotSignedIn
from roster.model import BY_HAND, Kind
from roster.permissions import Administrator
from roster.ports import Session, SignIns, Staff

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=8)
NOTED = timedelta(minutes=1)  # a session that was seen so lately is not written again


def digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


@dataclass(frozen=True)
class SignedIn:
    """Who sends a request, since when they are signed in, and until when (ISO times) without another request."""

    person: Administrator
    expires: str
    began: str


@dataclass(frozen=True)
class Sessions:
    """`token`: 256 random bits, fit for a cookie and an address. `support`: the number of pickAtime's own account.
    `is_live`: whether the identity provider through which a session came still is the account's.
    """

    kept: SignIns
    staff: Staff
    now: Callable[[], datetime]
    token: Callable[[], str]
    support: str = ""
    is_live: Callable[[Session], bool] = lambda session: False

    def begin(self, person: Administrator) -> str:
        """The secret of a new session: never one that was there before the sign-in."""
        secret, now = self.token(), self.now()
        seen = int(now.timestamp())
        expires = int((now + IDLE).timestamp())
        self.kept.keep_session(digest(secret), Session(person.account, person.id, now.isoformat(), seen, expires))
        return secret

    def of(self, secret: str) -> SignedIn:
        """Raises NotSignedIn, which never says why not."""
        session = self.kept.session(digest(secret)) if secret else None
        now = self.now()
        if not session or session.expires <= now.timestamp() or _last(session) <= now or not self._admits(session):
            raise NotSignedIn("nobody is signed in")
        person = self.staff.of(session.account, session.contact)
        if not person or not person.may_sign_in or session.created <= person.sessions_after:
            raise NotSignedIn("nobody is signed in")
        expires = self._noted(secret, session, now)
        person = replace(person, supports=person.account == self.support)
        return SignedIn(person, datetime.fromtimestamp(expires, UTC).isoformat(), session.created)

    def end(self, secret: str) -> None:
        if secret:
            self.kept.drop_session(digest(secret))

    def end_all(self, person: Administrator) -> None:
        self.staff.sign_out(person, self.now().isoformat())

    def _admits(self, session: Session) -> bool:
        """Of those who came through an identity provider (roster.visits), only whom people keep as an administrator."""
        if not session.connection:
            return True
        kept = session.origin == BY_HAND and session.kind == Kind.ADMINISTRATOR
        return kept and self.is_live(session)

    def _noted(self, secret: str, session: Session, now: datetime) -> int:
        if now.timestamp() - session.seen < NOTED.total_seconds():
            return session.expires
        expires = int(min(now + IDLE, _last(session)).timestamp())
        self.kept.seen(digest(secret), replace(session, seen=int(now.timestamp()), expires=expires))
        return expires


def _last(session: Session) -> datetime:
    return datetime.fromisoformat(session.created) + LONGEST
