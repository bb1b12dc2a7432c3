"""Tells a school how a run ended, by mail, where that is news to it; once, whatever is tried again.

It runs after the run and beside it: a mail that cannot be sent fails nothing, and stands on the run's record. The right
to send it is claimed with the doubt whether it has left, so a crash in between is no silence, and no second mail.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from roster import notes
from roster.announcing import MOST_RECIPIENTS
from roster.clocks import DEFAULT_ZONE
from roster.errors import MailNotSent, MailUncertain, NotSetUp
from roster.letters import Letter, activated, certificate, code, importer_of
from roster.notes import About
from roster.notices import Failing, News, news
from roster.ports import AccountBook, Accounts, Event, Mail, Records, Run, RunBook, RunKey
from roster.proving import GOOD_FOR

NOTHING = "nothing to tell"
NOBODY = "nobody was mailed: the account has nobody to notify"
NOT_SENT = "not mailed: the mail service refused it, or was not reached"
UNCERTAIN = "perhaps not mailed: the mail service did not say"


@dataclass(frozen=True)
class Teller:
    """`links`: the addresses of a yes and of a no to a held run. `importer`: the web page that mails lead to."""

    records: Records
    runs: RunBook
    accounts: Accounts
    book: AccountBook
    mail: Mail
    links: Callable[[RunKey], tuple[str, str]]
    importer: str
    now: Callable[[], datetime]

    def tell(self, key: RunKey, mode: str, by: str, new: Sequence[str] = ()) -> str:
        """What came of it, for the log and the run's record. `mode`, `by`: of a run that failed before it had a record
        of its own; `new`: warnings that the run before did not have.
        """
        record = self.records.run(key)
        try:
            about = self.records.event(key.account, key.event)
        except NotSetUp:
            return NOTHING
        if not record or not record.ended or record.mail:
            return NOTHING
        record = replace(record, mode=record.mode or mode, by=record.by or by)
        before = Failing.of(about.failing)
        found = news(record, before, new, self.now())
        if not found.kind:
            self._remember(key, before, found.failing)
            return NOTHING
        letter = self._letter(key, record, about, found.spoken, found.kind, new)
        to = self.accounts.notified(key.account)[:MOST_RECIPIENTS]
        if not self.runs.claim_mail(key, UNCERTAIN):
            return NOTHING
        return self._told(key, letter, to, before, found)

    def activated(self, account: str) -> str:
        """The account's import is active and ready for use."""
        school = self.book.account(account)
        letter = activated(school.name if school else "", account, self.importer)
        return self._sent(letter, self.accounts.notified(account)[:MOST_RECIPIENTS])

    def code(self, account: str, email: str, said: str) -> str:
        """A code to type where somebody signs in as the contact of this address."""
        school = self.book.account(account)
        letter = code(school.name if school else "", said, int(GOOD_FOR.total_seconds() / 60))
        return self._sent(letter, [email])

    def certificate(self, account: str, days: int, ends: str) -> str:
        """The last certificate of the account's sign-on ends in so many days, on this date (ISO)."""
        school = self.book.account(account)
        name, importer = school.name if school else "", importer_of(self.importer, account)
        return self._sent(certificate(name, days, ends, importer), self.accounts.notified(account)[:MOST_RECIPIENTS])

    def _told(self, key: RunKey, letter: Letter, to: Sequence[str], before: Failing, found: News) -> str:
        self._remember(key, before, found.failing)
        outcome = self._sent(letter, to)
        self.runs.note_mail(key, outcome)
        if outcome in (NOBODY, NOT_SENT) and found.spoken.cause == found.failing.cause:
            self._remember(key, found.failing, found.spoken)  # the next failure tries again
        return outcome

    def _letter(
        self, key: RunKey, record: Run, event: Event, failing: Failing, kind: str, new: Sequence[str]
    ) -> Letter:
        school = self.book.account(key.account)
        zone = (school.zone if school else "") or DEFAULT_ZONE
        importer = importer_of(self.importer, key.account)
        about = About(school.name if school else "", event.name, zone, importer)
        if kind == "held":
            return notes.held(about, record, *self.links(key))
        if kind == "failed":
            return notes.failed(about, record, failing)
        return notes.night(about, record, failing, new)

    def _sent(self, letter: Letter, to: Sequence[str]) -> str:
        if not to:
            return NOBODY
        try:
            self.mail.send(to, letter)
        except MailNotSent:
            return NOT_SENT
        except MailUncertain:
            return UNCERTAIN
        return f"mailed to {len(to)}: {letter.subject}"

    def _remember(self, key: RunKey, before: Failing, after: Failing) -> None:
        if after != before:
            self.runs.failing(key.account, key.event, asdict(after) if after.cause else {})
