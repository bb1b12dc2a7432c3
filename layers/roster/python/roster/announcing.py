"""Announcing: the mails of an onboarding, each claimed before it is sent, so that none is sent twice.

A mail that certainly did not leave gives its claim back; one that may have left does not. Nothing fails silently:
what went wrong stands on the application as its `notice`, for support to read. The doubt is written with the claim
and taken off once the mail has left: a crash in between leaves it standing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from roster import letters
from roster.admission import Application
from roster.errors import MailNotSent, MailUncertain
from roster.letters import Letter
from roster.ports import Accounts, Applications, Mail

MOST_RECIPIENTS = 50  # the mail service takes no more, and no school has as many administrators
NOBODY = "nobody was mailed: the account has no administrator with an e-mail address; add one and activate again"
NOT_SENT = "the administrators were not mailed: activate again to try once more"
UNCERTAIN = "the administrators may not have been mailed: the mail service did not say; ask them"
UNRENEWED = "its import does not follow the district: the secret of the district's account cannot be read or written"
STOPPED = "its imports fail: the district no longer shares its data"
POLLED = ("", UNRENEWED, STOPPED)  # what the poll says, and takes back when it no longer holds
UNTOLD = "support may not have been mailed what the poll found: the mail service did not say"


@dataclass(frozen=True)
class Addresses:
    """`support`: whose mail tells of new districts. `importer`: the web page that administrators are sent to."""

    support: str
    importer: str


class Announcer:
    """Tells support of districts that are new or stop sharing, and administrators of their active import."""

    def __init__(self, applications: Applications, accounts: Accounts, mail: Mail, addresses: Addresses) -> None:
        self._applications, self._accounts = applications, accounts
        self._mail, self._addresses = mail, addresses

    def tell_support(self, application: Application) -> bool:
        """Of a new district once; of an active one that stops sharing once a day, however often it comes and goes.

        False when the mail was not sent; the next poll tries again where it may.
        """
        district, why = (application.provider, application.tenant, application.name), application.obstacle
        if not application.told:
            return self._told(application, 1, letters.requested(*district, why))
        if application.stopped > application.told:
            return self._told(application, application.stopped, letters.stopped(*district, application.account, why))
        return True

    def polled(self, before: Application, after: Application, unrenewed: bool = False) -> Application:
        """What the poll has to say, in place of what it said last; what others have said stays."""
        own = STOPPED if after.stopped else UNRENEWED if unrenewed else ""
        others = (said for said in before.notice.split("; ") if said not in POLLED)
        return self.noticed(after, "; ".join(filter(None, (own, *others))))

    def _told(self, application: Application, number: int, letter: Letter) -> bool:
        """What the notice said before stays beside the doubt, and stands alone when the mail has left."""
        said = application.notice
        claimed = replace(application, told=number, notice=f"{said}; {UNTOLD}" if said else UNTOLD)
        return self._send(claimed, "told", number, [self._addresses.support], letter, sent=said, unsent=said)

    def announce(self, application: Application) -> Application:
        """Mail the administrators about this activation, unless that was done."""
        if application.mailed >= application.activation:
            return application
        to = self._accounts.notified(application.account)[:MOST_RECIPIENTS]
        if not to:
            return self.noticed(application, NOBODY)
        school = self._accounts.account_name(application.account) or application.name
        letter = letters.activated(school, application.account, self._addresses.importer)
        claimed = replace(application, mailed=application.activation, notice=UNCERTAIN)
        self._send(claimed, "mailed", application.activation, to, letter, sent="", unsent=NOT_SENT)
        return self._applications.of(application.provider, application.tenant) or claimed

    def _send(
        self, claimed: Application, mail: str, number: int, to: Sequence[str], letter: Letter, sent: str, unsent: str
    ) -> bool:
        """Whether it was sent, now or by somebody else. `sent`, `unsent`: what the notice says afterwards."""
        if not self._applications.claim(claimed, mail, number):
            return True
        try:
            self._mail.send(to, letter)
        except MailNotSent:
            self._applications.release(replace(claimed, notice=unsent), mail, number)
            return False
        except MailUncertain:
            return False
        self.noticed(claimed, sent)
        return True

    def noticed(self, application: Application, notice: str) -> Application:
        """The application with what support should know, written down where it is news."""
        after = replace(application, notice=notice)
        if after != application:
            self._applications.notice(after)
        return after
