"""The yes or no to a held run that a mail links to: whoever opens it is shown what it does, and signs in to do it.

A link alone decides nothing: mail scanners open links, and mails are forwarded. It is used up by the run's own
decision, which is taken once, and dies after a week in any case.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from roster.errors import NotSetUp, NotThere
from roster.importing import Importer
from roster.notes import GOOD_FOR_DAYS
from roster.permissions import Action, may
from roster.ports import AccountBook, HeldLink, HeldLinks, Run, RunKey
from roster.sessions import SignedIn, digest
from roster.signin import GOOD_FOR

PATH = "/api/held/"
DECISIONS = ("approve", "discard")


@dataclass(frozen=True)
class Held:
    """What a link is about. `reasons`: the guard's sentences."""

    key: RunKey
    school: str
    event: str
    reasons: Sequence[str]


@dataclass(frozen=True)
class Deciding:
    """`origin`: our own address, which the links begin with."""

    kept: HeldLinks
    importer: Importer
    accounts: AccountBook
    origin: str
    now: Callable[[], datetime]
    token: Callable[[], str]

    def links(self, key: RunKey) -> tuple[str, str]:
        """The addresses of a yes and of a no, for one mail."""
        token = self.token()
        expires = int((self.now() + timedelta(days=GOOD_FOR_DAYS)).timestamp())
        self.kept.keep(digest(token), HeldLink(key.account, key.event, key.run, expires))
        approve, discard = (f"{self.origin}{PATH}{token}/{decision}" for decision in DECISIONS)
        return approve, discard

    def opened(self, token: str) -> Held | None:
        """None once it was decided or another import was started, is too old, or its run or event is gone."""
        link = self.kept.of(digest(token))
        if not link or link.expires <= self.now().timestamp():
            return None
        run = self._run(link)
        if not run or run.status != "held" or run.decided:
            return None
        school = self.accounts.account(link.account)
        key = RunKey(link.account, link.event, link.run)
        if not self.importer.is_latest(key):
            return None
        return Held(key, school.name if school else "", self._name(link), run.report["reasons"])

    def is_for(self, held: Held, signed_in: SignedIn) -> bool:
        """Whether this is an administrator of that account, who has signed in just now."""
        person = signed_in.person
        lately = self.now() - datetime.fromisoformat(signed_in.began) <= GOOD_FOR
        return lately and person.account == held.key.account and may(person, Action.DECIDE_HELD)

    def decide(self, held: Held, signed_in: SignedIn, decision: str) -> str:
        """The run that was started; blank after a no. Raises NotThere for whom it is not."""
        if not self.is_for(held, signed_in):
            raise NotThere("there is no such run")
        if decision == "approve":
            return self.importer.approve(signed_in.person, held.key.event, held.key.run)
        self.importer.discard(signed_in.person, held.key.event, held.key.run)
        return ""

    def _run(self, link: HeldLink) -> Run | None:
        return self.importer.records.run(RunKey(link.account, link.event, link.run))

    def _name(self, link: HeldLink) -> str:
        try:
            return self.importer.records.event(link.account, link.event).name or link.event
        except NotSetUp:
            return link.event
