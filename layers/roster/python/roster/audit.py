"""The audit: who did what, when, and what held before and after. Rows are added; nothing changes or removes one.

A row never holds a credential or a birth date: that one was read or changed is what it says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from roster.model import JSON
from roster.permissions import Action, Administrator
from roster.ports import AuditBook, Audited

SYSTEM = "pickAtime"  # who did it, where nobody did: a night, a mail that was sent
SUPPORT = "pickAtime support"  # what a school reads in place of the name of who did it there


@dataclass(frozen=True)
class Audit:
    """Adds rows and lists them. `new_id` keeps apart what happens in the same microsecond."""

    book: AuditBook
    now: Callable[[], datetime]
    new_id: Callable[[], str] = field(repr=False)

    def did(
        self,
        person: Administrator,
        action: Action,
        about: str = "",
        before: Mapping[str, JSON] | None = None,
        after: Mapping[str, JSON] | None = None,
        account: str = "",
    ) -> None:
        """Somebody did it. `about`: what it was done to, as in `event spring` or `contact clever student 17`;
        `account`: whose it is, where that is not their own.
        """
        name = SUPPORT if account not in ("", person.account) else person.name
        self.note(account or person.account, person.id, name, action.value, about, before, after)

    def note(
        self,
        account: str,
        by: str,
        name: str,
        action: str,
        about: str = "",
        before: Mapping[str, JSON] | None = None,
        after: Mapping[str, JSON] | None = None,
    ) -> None:
        """The same for what no signed-in person did. Of `before` and `after`, only what differs is kept."""
        was, shall = dict(before or {}), dict(after or {})
        differs = [key for key in {**was, **shall} if was.get(key) != shall.get(key)]
        at = self.now().isoformat(timespec="microseconds")
        self.book.add(
            Audited(
                account,
                at,
                self.new_id(),
                by or SYSTEM,
                name,
                action,
                about,
                {key: was[key] for key in differs if key in was},
                {key: shall[key] for key in differs if key in shall},
            )
        )

    def page(self, account: str, after: str, most: int) -> tuple[Sequence[Audited], str]:
        """Newest first; with what the next page follows on, blank at the end."""
        found = self.book.page(account, after, most + 1)
        return found[:most], found[most - 1].place if len(found) > most else ""
