"""The administration's ports over dictionaries: people, accounts, links, sessions, events, and a mailbox."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from roster.errors import RosterError
from roster.letters import Letter
from roster.permissions import Administrator, rank
from roster.ports import Account, Audited, Conference, RunKey, Session, SignInLink

ACCOUNT = "11600000"
ORIGIN = "https://pickatime.example"


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 27, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def wait(self, **time: float) -> None:
        self.now += timedelta(**time)


class MemoryStaff:
    """roster.ports.Staff."""

    def __init__(self, *people: Administrator) -> None:
        self.people = {(one.account, one.id): one for one in people}

    def of(self, account: str, id: str) -> Administrator | None:
        return self.people.get((account, id))

    def with_email(self, account: str, email: str) -> Administrator | None:
        found = [
            one for one in self.people.values() if one.account == account and one.email.casefold() == email.casefold()
        ]
        return max(found, key=lambda one: rank(one.level), default=None)

    def keep(self, person: Administrator) -> None:
        self.people[person.account, person.id] = person

    def sign_out(self, person: Administrator, now: str) -> None:
        self.keep(replace(person, sessions_after=now))


class MemoryAccountBook:
    """roster.ports.AccountBook."""

    def __init__(self) -> None:
        self.accounts = {ACCOUNT: Account(ACCOUNT, "Harbor High")}

    def account(self, account: str) -> Account | None:
        return self.accounts.get(account)

    def rename(self, account: str, name: str) -> None:
        self.accounts[account] = replace(self.accounts.get(account, Account(account)), name=name)

    def notify(self, account: str, emails: Sequence[str]) -> None:
        self.accounts[account] = replace(self.accounts[account], notify=tuple(emails))


class MemoryAuditBook:
    """roster.ports.AuditBook."""

    def __init__(self) -> None:
        self.rows: list[Audited] = []

    def add(self, row: Audited) -> None:
        self.rows.append(row)

    def page(self, account: str, after: str, most: int) -> Sequence[Audited]:
        newest = sorted((row for row in self.rows if row.account == account), key=lambda row: row.place, reverse=True)
        return [row for row in newest if not after or row.place < after][:most]


class MemorySignIns:
    """roster.ports.SignIns."""

    def __init__(self) -> None:
        self.links: dict[str, SignInLink] = {}
        self.sessions: dict[str, Session] = {}
        self.counts: dict[tuple[str, str], int] = {}
        self.written = 0

    def keep_link(self, digest: str, link: SignInLink) -> None:
        self.links[digest] = link

    def link(self, digest: str) -> SignInLink | None:
        return self.links.get(digest)

    def use_link(self, digest: str) -> bool:
        return self.links.pop(digest, None) is not None

    def counted(self, whose: str, window: str, most: int, expires: int) -> bool:
        few = self.counts.get((whose, window), 0) < most
        self.counts[whose, window] = self.counts.get((whose, window), 0) + few
        return few

    def keep_session(self, digest: str, session: Session) -> None:
        self.sessions[digest] = session

    def session(self, digest: str) -> Session | None:
        return self.sessions.get(digest)

    def seen(self, digest: str, session: Session) -> None:
        self.written += 1
        if digest in self.sessions:
            self.sessions[digest] = session

    def drop_session(self, digest: str) -> None:
        self.sessions.pop(digest, None)


class Mailbox:
    """roster.ports.Mail; `trouble` is raised in place of sending."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Letter]] = []
        self.trouble: RosterError | None = None

    def send(self, to: Sequence[str], letter: Letter) -> None:
        if self.trouble:
            raise self.trouble
        self.sent += [(one, letter) for one in to]


class MemoryEventBook:
    """roster.ports.EventBook and Nights; `log` is what happened, in order."""

    def __init__(self, *events: Conference) -> None:
        self.events = {one.event: one for one in events}
        self.holders: dict[str, tuple[str, str]] = {}
        self.log: list[str] = []

    def page(self, account: str, after: str, most: int) -> Sequence[Conference]:
        return [self.events[id] for id in sorted(self.events) if id > after][:most]

    def of(self, account: str, event: str) -> Conference | None:
        return self.events.get(event)

    def add(self, conference: Conference) -> None:
        self.events[conference.event] = conference

    def change(self, account: str, event: str, given: Mapping[str, Any]) -> bool:
        there = event in self.events
        if there:
            self.events[event] = replace(self.events[event], **given)
        return there

    def arrange(self, account: str, event: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
        there = self.events.get(event)
        return there is not None and there.booking == before and self.change(account, event, {"booking": after})

    def deleting(self, account: str, event: str, run: str) -> bool:
        self.log.append(f"{event} is deleted by {run}")
        return self.change(account, event, {"deleting": run})

    def spared(self, account: str, event: str, run: str) -> None:
        if event in self.events and self.events[event].deleting == run:
            self.change(account, event, {"deleting": ""})

    def holder(self, account: str, event: str) -> tuple[str, str]:
        return self.holders.get(event, ("", ""))

    def reserve(self, key: RunKey, owner: str, is_running: Callable[[str], bool]) -> str:
        holder, run = self.holder(key.account, key.event)
        if holder and holder != owner and is_running(holder):
            return run
        self.holders[key.event] = owner, key.run
        return ""

    def release(self, key: RunKey, owner: str) -> None:
        if self.holders.get(key.event, ("", ""))[0] == owner:
            del self.holders[key.event]

    def enable(self, account: str, event: str) -> None:
        self.change(account, event, {"nightly": True})

    def stop(self, account: str, event: str) -> None:
        self.log.append(f"no more nights of {event}")
        self.change(account, event, {"nightly": False})


class MemoryExecutions:
    """roster.ports.Executions; `trouble` is raised in place of starting."""

    def __init__(self, log: list[str]) -> None:
        self.started: dict[str, Mapping[str, Any]] = {}
        self.running: set[str] = set()
        self.trouble: RosterError | None = None
        self._log = log

    def owner_of(self, run: str) -> str:
        return f"execution {run}"

    def input_of(self, owner: str) -> Mapping[str, Any]:
        return self.started.get(owner.removeprefix("execution "), {})

    def stop(self, owner: str) -> None:
        self.running.discard(owner)

    def start(self, run: str, what: Mapping[str, Any]) -> None:
        if self.trouble:
            raise self.trouble
        self.started[run] = what
        self._log.append(f"run {run} starts")

    def is_running(self, owner: str) -> bool:
        return owner in self.running


def numbered(word: str) -> Any:
    """word1, word2 and so on: in place of chance."""
    numbers = itertools.count(1)
    return lambda: f"{word}{next(numbers)}"
