"""The first administrator of an account, made by pickAtime itself: afterwards the account's own administrators decide.

Nobody is signed in when this happens; it is asked for by who may invoke the function directly.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from roster.audit import Audit
from roster.errors import NotSetUp, NotThere, NotUnderstood
from roster.fields import is_email
from roster.model import JSON, Level
from roster.permissions import LEVELS, Administrator
from roster.ports import AccountBook, EventBook, Staff

_ACCOUNT = re.compile(r"[0-9]{1,20}")
MADE = "administrator.make"


@dataclass(frozen=True)
class Administrators:
    staff: Staff
    accounts: AccountBook
    events: EventBook
    audit: Audit
    new_id: Callable[[], str]

    def make(
        self,
        account: str,
        email: str,
        name: str,
        level: str = Level.ADMINISTRATOR,
        school: str = "",
        events: Sequence[str] = (),
    ) -> Administrator:
        """Keeps somebody as administrator; who is there already by this address gets that name and level.

        `events`: those of an Event Administrator; none leaves them as they are.
        """
        if not _ACCOUNT.fullmatch(account) or not is_email(email):
            raise NotUnderstood("give an account number (digits) and an e-mail address")
        if level not in LEVELS[1:]:
            raise NotUnderstood(f"there is no level {level}", f"Give one of: {', '.join(LEVELS[1:])}.")
        if not self.accounts.account(account):
            if not school:
                raise NotSetUp(f"there is no account {account}", "Name its school (school) to make it.")
            self.accounts.rename(account, school)
        for event in events:
            if not self.events.of(account, event):
                raise NotThere(f"there is no event {event}", "Give its id, as the list of events has it.")
        before = self.staff.with_email(account, email)
        known = before or Administrator(account, self.new_id())
        mine = tuple(dict.fromkeys(map(str, events))) or known.events
        person = replace(known, email=email, name=name or known.name, level=level, events=mine)
        self.staff.keep(person)
        self.audit.note(account, "", "", MADE, f"administrator {person.id}", _told(before), _told(person))
        return person


def _told(person: Administrator | None) -> dict[str, JSON]:
    if not person:
        return {}
    return {"email": person.email, "name": person.name, "level": str(person.level), "events": list(person.events)}
