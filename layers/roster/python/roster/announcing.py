"""Announcing: the two mails of an onboarding, each claimed before it is sent, so that none is sent twice.

A mail that certainly did not leave gives its claim back; one that may have left does not. Nothing fails silently:
what went wrong stands on the application as its `notice`, for support to read.
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


@dataclass(frozen=True)
class Addresses:
    """`support`: whose mail tells of new districts. `importer`: the web page that administrators are sent to."""

    support: str
    importer: str


class Announcer:
    """Tells support of new districts, and administrators of their active import."""

    def __init__(self, applications: Applications, accounts: Accounts, mail: Mail, addresses: Addresses) -> None:
        self._applications, self._accounts = applications, accounts
        self._mail, self._addresses = mail, addresses

    def tell_support(self, application: Application) -> bool:
        """Once per district. False when the mail was not sent; the next poll tries again where it may."""
        if application.told:
            return True
        letter = letters.requested(application.provider, application.tenant, application.name, application.obstacle)
        return not self._send(application, "told", 1, [self._addresses.support], letter)

    def announce(self, application: Application) -> Application:
        """Mail the administrators about this activation, unless that was done."""
        if application.mailed >= application.activation:
            return application
        to = self._accounts.administrators(application.account)[:MOST_RECIPIENTS]
        if not to:
            return self.noticed(application, NOBODY)
        school = self._accounts.account_name(application.account) or application.name
        letter = letters.activated(school, application.account, self._addresses.importer)
        failed = self._send(application, "mailed", application.activation, to, letter)
        claimed = application if failed == NOT_SENT else replace(application, mailed=application.activation)
        return self.noticed(claimed, failed)

    def _send(self, application: Application, mail: str, number: int, to: Sequence[str], letter: Letter) -> str:
        """Blank when sent, now or by somebody else; otherwise what support should know."""
        if not self._applications.claim(application, mail, number):
            return ""
        try:
            self._mail.send(to, letter)
        except MailNotSent:
            self._applications.release(application, mail, number)
            return NOT_SENT
        except MailUncertain:
            return UNCERTAIN
        return ""

    def noticed(self, application: Application, notice: str) -> Application:
        """The application with what support should know, written down where it is news."""
        after = replace(application, notice=notice)
        if after != application:
            self._applications.notice(after)
        return after
