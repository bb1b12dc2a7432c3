"""The audit: who did what, when, and what held before and after. Rows are added; nothing changes or removes one.

A row never holds a credential or a birth date: that one was read or changed is what it says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from roster.model import JSON
from roster.permissions import Action, Administrator
from roster.ports import AuditBook, Audited, RunKey

SYSTEM = "pickAtime"  # who did it, where nobody did: a night, a mail that was sent
SUPPORT = "pickAtime support"  # what a school reads in place of the name of who did it there
PORTION = 200  # rows that are read at once
LOOKED_AT = 2_000  # rows for one page of a list that takes few of them


@dataclass(frozen=True)
class Wanted:
    """Which rows are listed: those of this action, by this contact, about this or a part of it; blank is any."""

    action: str = ""
    by: str = ""
    about: str = ""

    def takes(self, row: Audited) -> bool:
        about = f"{row.about} ".startswith(f"{self.about} ") if self.about else True
        return self.action in ("", row.action) and self.by in ("", row.by) and about


EVERYTHING = Wanted()


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
        """The same for what no signed-in person did. Of `before` and `after`, only what differs is kept; blank is as
        good as not there.
        """
        was, shall = _by_field(before or {}), _by_field(after or {})
        differs = [key for key in {**was, **shall} if (was.get(key) or None) != (shall.get(key) or None)]
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

    def page(
        self, account: str, after: str, most: int, wanted: Wanted = EVERYTHING, looked_at: int = LOOKED_AT
    ) -> tuple[Sequence[Audited], str]:
        """Newest first; with what the next page follows on, blank at the end. Where few rows are wanted, a page may be
        short, and the list goes on all the same.
        """
        found: list[Audited] = []
        while looked_at > 0:
            rows = self.book.page(account, after, PORTION)
            for row in rows:
                if len(found) == most:
                    return found, after
                after = row.place
                found += [row] if wanted.takes(row) else []
            if len(rows) < PORTION:
                return found, ""
            looked_at -= PORTION
        return found, after


def of_run(key: RunKey, mode: str, by: str, now: datetime, said: Mapping[str, JSON]) -> Audited:
    """What a run changed, in numbers. The run's id is the row's, and whoever started it did it."""
    sums = _by_field({kind: {name: n for name, n in of.items() if n} for kind, of in said["counts"].items()})
    changed = {name: n for name, n in sums.items() if not name.endswith(".unchanged")}
    after = {"status": said["status"], "writes": said["writes"], **changed}
    at = now.isoformat(timespec="microseconds")
    return Audited(key.account, at, key.run, by or SYSTEM, "", f"run.{mode}", run_of(key.event, key.run), {}, after)


def event_of(event: str) -> str:
    """What a row is about."""
    return f"event {event}"


def run_of(event: str, run: str) -> str:
    return f"{event_of(event)} run {run}"


def _by_field(told: Mapping[str, JSON]) -> dict[str, JSON]:
    """Settings that lie in groups, each by its own name, so that only those are kept that differ."""
    flat: dict[str, JSON] = {}
    for name, value in told.items():
        if isinstance(value, Mapping):
            flat |= {f"{name}.{inner}": one for inner, one in value.items()}
        else:
            flat[name] = value
    return flat
