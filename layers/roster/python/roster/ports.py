"""What the use cases need of the world, as protocols; adapters implement them, runtime hands them in.

Keeping them here lets the pipeline run against DynamoDB and S3, or against dictionaries in a test.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import msgspec
from msgspec import Struct

from roster.admission import Application
from roster.errors import ProviderUnavailable
from roster.letters import Letter
from roster.model import JSON, ClassEntry, ContactEntry
from roster.permissions import Administrator


@dataclass(frozen=True)
class Answer:
    """An HTTP answer. Header names are lower case. `body` is complete, or the adapter has raised."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""

    def json(self) -> JSON:
        """The body as JSON; anything else (HTML, cut off) is the provider being unavailable, not empty.

        The standard library has the last word: it also reads half an emoji, or a number that is none.
        """
        try:
            return msgspec.json.decode(self.body)
        except (ValueError, RecursionError):
            pass
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            kind = self.headers.get("content-type", "no content type")
            raise ProviderUnavailable(f"the answer is not complete JSON ({kind}, {len(self.body)} bytes)") from error


class Http(Protocol):
    """One pooled HTTP client. Raises ProviderUnavailable when no complete answer arrives."""

    def get(self, url: str, headers: Mapping[str, str] = ..., auth: tuple[str, str] | None = ...) -> Answer: ...

    def post(
        self,
        url: str,
        form: Mapping[str, str],
        headers: Mapping[str, str] = ...,
        auth: tuple[str, str] | None = ...,
    ) -> Answer: ...


@dataclass(frozen=True)
class Token:
    """An access token. `expires`: Unix seconds. `scopes`: what was granted; empty where the provider does not say."""

    value: str
    expires: float
    scopes: tuple[str, ...] = ()


class Tokens(Protocol):
    """The access token of one integration, shared by all functions that pull for it."""

    def get(self, mint: Callable[[], Token], refused: str = "") -> Token:
        """The kept token, or a new one: when none is kept, it is about to expire, or its value is `refused`."""
        ...


Packed: TypeAlias = list[bytes]  # a part of a file: what it holds of each slot, compressed


class Slots(Protocol):
    """Files of lines, sorted into 256 slots by a hash of the id each line is about.

    A shard is a range of slots, so any number of shards can read any file.
    """

    def write(self, name: str, lines: Iterable[tuple[int, bytes]]) -> None: ...

    def pack(self, lines: Iterable[tuple[int, bytes]]) -> Packed:
        """The lines as a part of a file."""
        ...

    def store(self, name: str, parts: Sequence[Packed], memo: JSON = None) -> None:
        """Write a file of several parts; `memo` is what `opened` gives back with them."""
        ...

    def opened(self, name: str) -> tuple[list[Packed], JSON]:
        """The parts of a file that has a memo, and the memo. Raises FilesMissing where it is gone."""
        ...

    def read(self, name: str, slots: range) -> bytes:
        """The lines of those slots, in slot order, each ended by a line end."""
        ...

    def names(self, prefix: str) -> Sequence[str]: ...

    def write_json(self, name: str, value: JSON) -> None: ...

    def read_json(self, name: str) -> JSON: ...

    def delete(self, names: Sequence[str]) -> None: ...


@dataclass(frozen=True)
class RunKey:
    """Which run: account number (ven), event id, run id."""

    account: str
    event: str
    run: str


@dataclass
class Integration:
    """An account's roster provider: its settings, and where its applied ledger is.

    `applying` names the plan whose application was begun and not finished: its contacts are in doubt.
    `pulled` says where the pages of the last complete pull lie and when it began, `pulling` who is at it just now.
    Nothing is imported before `state` is active: the connection was checked, and where pickAtime's support sets
    imports up, they have.
    """

    account: str
    provider: str
    settings: dict[str, JSON] = field(default_factory=dict)
    ledger: str = ""
    applying: str = ""
    state: str = "active"
    pulled: dict[str, JSON] = field(default_factory=dict)
    pulling: dict[str, JSON] = field(default_factory=dict)


@dataclass
class Event:
    """One conference evening: what it selects, where its applied snapshot is, and what that depends on."""

    account: str
    event: str
    name: str = ""
    selection: dict[str, JSON] = field(default_factory=dict)
    snapshot: str = ""
    applying: str = ""
    settled: dict[str, JSON] = field(default_factory=dict)


class Records(Protocol):
    """Runs, locks, integrations and events."""

    def begin(self, key: RunKey, owner: str, is_running: Callable[[str], bool], mode: str, now: str) -> None:
        """Take the event's lock and write the run's record, or raise AlreadyRunning."""
        ...

    def hold_account(self, key: RunKey, owner: str, is_running: Callable[[str], bool]) -> None:
        """Take the account's lock for planning and applying, or raise AccountBusy."""
        ...

    def holds(self, key: RunKey) -> bool:
        """Whether both locks, the event's and the account's, are still this run's."""
        ...

    def progress(self, key: RunKey, progress: Mapping[str, JSON]) -> None: ...

    def integration(self, account: str) -> Integration: ...

    def event(self, account: str, event: str) -> Event: ...

    def applying(self, key: RunKey, plan: str) -> None:
        """Mark account and event: from here on the roster may be half changed. Raises Superseded unless the run
        holds both locks.
        """
        ...

    def finish(
        self,
        key: RunKey,
        status: str,
        report: Mapping[str, JSON],
        now: str,
        applied: tuple[str, str] | None = None,
        settled: Mapping[str, JSON] | None = None,
    ) -> None:
        """In one transaction: the run's end and report, its locks freed, and, for an applied plan, the flip to its
        (ledger, snapshot) with the mark of `applying` taken off. `settled` is
        kept with the event. Frees only locks that the run holds;
        for an applied plan that must be both, or it raises Superseded. Done twice, it is done once.
        """
        ...

    def pulling(self, account: str, before: Mapping[str, JSON], now: Mapping[str, JSON]) -> bool:
        """Write who is pulling, if what is stored is still `before`; else False: somebody else was faster."""
        ...

    def pulled(self, account: str, where: Mapping[str, JSON]) -> None:
        """Remember where the pages of a complete pull lie."""
        ...

    def renew(self, key: RunKey, chosen: Mapping[str, JSON], selection: Mapping[str, JSON]) -> None:
        """Write the event's selection, if what is stored is still `chosen`."""
        ...


class Roster(Protocol):
    """The roster's items: contacts, classes, a student's classes in one event. Each method returns items written."""

    def apply(self, account: str, event: str, provider: str, changes: Iterable[Change]) -> int: ...


class Change(Struct, frozen=True, array_like=True):
    """One item to write. Exactly one of the four is meant: `entry` None deletes that class or schedule."""

    kind: str
    id: str
    entry: ContactEntry | ClassEntry | tuple[str, ...] | None


class Applications(Protocol):
    """Districts' applications for an import. What the provider says and what support decides are written apart."""

    def all(self, provider: str) -> Sequence[Application]: ...

    def of(self, provider: str, tenant: str) -> Application | None: ...

    def add(self, application: Application) -> bool:
        """False where the tenant has an application already."""
        ...

    def describe(self, application: Application) -> None:
        """Write what the provider says of the district: name, settings, whether it shares."""
        ...

    def notice(self, application: Application) -> None:
        """Write what support should know."""
        ...

    def moved(self, before: Application, after: Application, integration: Integration | None) -> bool:
        """In one transaction: the decision, and the account's integration.

        False where somebody else decided first: state, account or activation are not those of `before` any more.
        """
        ...

    def claim(self, application: Application, mail: str, number: int) -> bool:
        """The right to send this mail (`told` or `mailed`), which each number gives once; writes the notice with it."""
        ...

    def release(self, application: Application, mail: str, number: int) -> None:
        """Give the right back, and write the notice: the mail certainly did not leave."""
        ...


class Accounts(Protocol):
    """What onboarding must know of an account."""

    def account_name(self, account: str) -> str | None: ...

    def integration(self, account: str) -> Integration: ...

    def administrators(self, account: str) -> Sequence[str]:
        """E-mail addresses of the account's full administrators, each once."""
        ...


class Credentials(Protocol):
    """An account's credential at its provider."""

    def of(self, account: str, provider: str) -> dict[str, str]:
        """Raises NotSetUp where there is none."""
        ...

    def keep(self, account: str, provider: str, secret: Mapping[str, str]) -> None: ...


class Mail(Protocol):
    """Sends one mail once. Raises MailNotSent when it certainly did not leave, MailUncertain when nobody knows."""

    def send(self, to: Sequence[str], letter: Letter) -> None: ...


class Staff(Protocol):
    """The people who work in an account: contacts that are kept by hand."""

    def of(self, account: str, id: str) -> Administrator | None: ...

    def with_email(self, account: str, email: str) -> Administrator | None:
        """Whoever has this address, however it is capitalised; of several the one with the highest level."""
        ...

    def keep(self, person: Administrator) -> None: ...

    def sign_out(self, person: Administrator, now: str) -> None:
        """Ends every session that was begun before."""
        ...


@dataclass(frozen=True)
class Account:
    """A school or district that uses pickAtime. `zone`: IANA name."""

    account: str
    name: str = ""
    zone: str = ""


class AccountBook(Protocol):
    """What an account says of itself."""

    def account(self, account: str) -> Account | None: ...

    def change(self, account: Account) -> None:
        """Makes it, too, where it is new."""
        ...


@dataclass(frozen=True)
class SignInLink:
    """A link that was mailed. `to`: the path that it leads to; `expires`: Unix seconds."""

    account: str
    contact: str
    to: str
    expires: int


@dataclass(frozen=True)
class Session:
    """A browser that is signed in. `created`: ISO time; `seen`, `expires`: Unix seconds."""

    account: str
    contact: str
    created: str
    seen: int
    expires: int


class SignIns(Protocol):
    """Links and sessions, each known by the digest of its secret; what has expired may be there or gone."""

    def keep_link(self, digest: str, link: SignInLink) -> None: ...

    def link(self, digest: str) -> SignInLink | None: ...

    def use_link(self, digest: str) -> bool:
        """Takes it away; of several that try at once, one gets True."""
        ...

    def counted(self, whose: str, window: str, most: int, expires: int) -> bool:
        """Counts one more in this window, unless there were `most` already."""
        ...

    def keep_session(self, digest: str, session: Session) -> None: ...

    def session(self, digest: str) -> Session | None: ...

    def seen(self, digest: str, session: Session) -> None:
        """Writes `seen` and `expires` of a session that is still there."""
        ...

    def drop_session(self, digest: str) -> None: ...


@dataclass(frozen=True)
class Conference:
    """An event as its administrators know it. The three groups are what another event takes over from this one.

    `terms`: names of those whose classes it holds, where `imported`. `deleting`: the run that deletes it.
    """

    account: str
    event: str
    name: str = ""
    held_on: str = ""
    created: str = ""
    nightly: bool = False
    settings: Mapping[str, JSON] = field(default_factory=dict)
    notifications: Mapping[str, JSON] = field(default_factory=dict)
    fields: Sequence[JSON] = ()
    template: str = ""
    imported: bool = False
    terms: tuple[str, ...] = ()
    deleting: str = ""


class EventBook(Protocol):
    """An account's events."""

    def page(self, account: str, after: str, most: int) -> Sequence[Conference]:
        """The first ones behind `after`, in the order of their ids."""
        ...

    def of(self, account: str, event: str) -> Conference | None: ...

    def add(self, conference: Conference) -> None: ...

    def change(self, conference: Conference) -> bool:
        """Writes name, day and the three groups; False where the event is gone."""
        ...

    def deleting(self, account: str, event: str, run: str) -> bool:
        """Remembers which run deletes it, and that no night is to begin any more; False where the event is gone."""
        ...

    def holder(self, account: str, event: str) -> tuple[str, str]:
        """Who holds the event's lock: execution and run; blank where nobody does."""
        ...


class Executions(Protocol):
    """The runs' executions."""

    def start(self, run: str, what: Mapping[str, JSON]) -> None:
        """Begins the run with this input (infra/sync.asl.json)."""
        ...

    def is_running(self, owner: str) -> bool: ...


class Nights(Protocol):
    """The events' nightly sync."""

    def stop(self, account: str, event: str) -> None:
        """No night begins any more; done twice, it is done once."""
        ...
