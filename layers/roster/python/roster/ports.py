"""What the use cases need of the world, as protocols; adapters implement them, runtime hands them in.

Keeping them here lets the pipeline run against DynamoDB and S3, or against dictionaries in a test.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol, TypeAlias

import msgspec
from msgspec import Struct

from roster.admission import Application
from roster.errors import ProviderUnavailable
from roster.fees import Attachments
from roster.invitation import Invitation
from roster.letters import Letter
from roster.model import JSON, ClassEntry, ContactEntry, Person
from roster.permissions import Administrator
from roster.signon import Identity, Pending, Proof, SignOn, Trace, Whose


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
    `origins`: providers that contacts of the account came from. `changed`: the run whose change can be undone.
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
    origins: tuple[str, ...] = ()
    changed: str = ""


@dataclass
class Event:
    """One conference evening: what it selects, where its applied snapshot is, and what that depends on.

    `warned`: codes of the warnings that its last run came with. `failing`: what its imports fail at (see
    roster.notices); empty when they do not.
    """

    account: str
    event: str
    name: str = ""
    selection: dict[str, JSON] = field(default_factory=dict)
    snapshot: str = ""
    applying: str = ""
    settled: dict[str, JSON] = field(default_factory=dict)
    nightly: bool = False
    changed: str = ""
    warned: tuple[str, ...] = ()
    failing: dict[str, JSON] = field(default_factory=dict)


@dataclass
class Run:
    """A run's record. `before`: what an applied run replaced. `decided`: approved, discarded or undone, and by whom or
    which run. `asked`: its own choice of what to import, and whom it was to clear. `started`, `ended`: ISO times, UTC.
    `mail`: what came of the mail that tells of its end; blank where there was nothing to tell.
    """

    status: str
    mode: str = ""
    owner: str = ""
    ended: str = ""
    report: dict[str, JSON] = field(default_factory=dict)
    before: dict[str, JSON] = field(default_factory=dict)
    decided: str = ""
    decided_by: str = ""
    by: str = ""
    night: str = ""
    run: str = ""
    started: str = ""
    progress: dict[str, JSON] = field(default_factory=dict)
    asked: dict[str, JSON] = field(default_factory=dict)
    mail: str = ""


class RunBook(Protocol):
    """An event's runs, as people look at them and decide about them."""

    def page(self, account: str, event: str, after: str, most: int) -> Sequence[Run]:
        """Newest first, without reports, behind `after` (start and id of a run)."""
        ...

    def decide(self, key: RunKey, decision: str, by: str) -> bool:
        """False where the run does not wait for a decision any more."""
        ...

    def undecide(self, key: RunKey, by: str) -> None:
        """It waits again, if this was who decided."""
        ...

    def claim_mail(self, key: RunKey, doubt: str) -> bool:
        """The right to send the one mail about the run's end; writes with it what holds until `note_mail`."""
        ...

    def note_mail(self, key: RunKey, outcome: str) -> None: ...

    def failing(self, account: str, event: str, failing: Mapping[str, JSON]) -> None:
        """Remembers what the event's imports fail at; an event that is gone is no error."""
        ...


@dataclass(frozen=True)
class ClassMark:
    """What people decided about a class: not shown, never imported again, deleted here at that time (ISO)."""

    hidden: bool = False
    never: bool = False
    removed: str = ""


@dataclass(frozen=True)
class Ending:
    """What else happens as a run ends. `before`: what it replaced, so that it can be undone; `selection`: the event's
    goes back to this; `undone`: the run that it took back; `deleted`: the event's item goes. Without `integrated`, the
    account has no provider. `restored`: the roster is as it was, so nothing is in doubt. `lingers`: its Lambdas may
    still write, so its locks stay. `warned`: the event's last warnings are these now. `audited`: a row for the audit.
    """

    before: Mapping[str, JSON] | None = None
    selection: Mapping[str, JSON] | None = None
    undone: str = ""
    deleted: bool = False
    integrated: bool = True
    restored: bool = False
    lingers: bool = False
    warned: Collection[str] | None = None
    audited: Audited | None = None


PLAIN_ENDING = Ending()


class Records(Protocol):
    """Runs, locks, integrations and events."""

    def begin(
        self,
        key: RunKey,
        owner: str,
        is_running: Callable[[str], bool],
        mode: str,
        now: str,
        by: str = "",
        night: str = "",
        asked: Mapping[str, JSON] | None = None,
    ) -> bool:
        """Take the event's lock and write the run's record, or raise AlreadyRunning.

        `night` (a date) is claimed for this run; False, and nothing is taken or written, where another run had it.
        """
        ...

    def run(self, key: RunKey) -> Run | None: ...

    def hold_account(self, key: RunKey, owner: str, is_running: Callable[[str], bool], rewrites: bool = False) -> None:
        """Take the account's lock for planning and applying, or raise AccountBusy. `rewrites`: also against whoever
        would change contacts by hand meanwhile.
        """
        ...

    def holds(self, key: RunKey) -> bool:
        """Whether both locks, the event's and the account's, are still this run's."""
        ...

    def progress(self, key: RunKey, progress: Mapping[str, JSON]) -> None: ...

    def integration(self, account: str) -> Integration: ...

    def event(self, account: str, event: str) -> Event: ...

    def all_events(self, account: str) -> Sequence[Event]: ...

    def class_marks(self, account: str, event: str) -> Mapping[str, ClassMark]: ...

    def unmark(self, account: str, event: str, removed: Mapping[str, str]) -> None:
        """These classes (id → when they were deleted here) are back, unless somebody has deleted them again."""
        ...

    def remark(self, account: str, event: str, removed: Mapping[str, str], instead: Iterable[str]) -> None:
        """An undo: these classes count as deleted here again, and those that count so now (`instead`) do not."""
        ...

    def applying(self, key: RunKey, plan: str, origin: str = "") -> None:
        """Mark account and event: from here on the roster may be half changed. Raises Superseded unless the run
        holds both locks. `origin`, the provider whose contacts are written, is remembered with the account; of an
        account that has none, only the event is marked.
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
        ending: Ending = PLAIN_ENDING,
    ) -> None:
        """In one transaction: the run's end and report, its locks freed, and, for an applied plan, the flip to its
        (ledger, snapshot; either may be blank) with the mark of `applying` taken off. `settled` is kept with the event.
        Frees only locks that the run holds; for an applied plan that must be both, or it raises Superseded. Done twice,
        it is done once.
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

    def found(self, account: str, origin: str, part: int) -> Iterator[Change]:
        """The contacts of one of the 16 partitions of a provider, as the table holds them."""
        ...

    def levels(self, account: str) -> Sequence[Change]:
        """What was set by hand of contacts, levels above all, as the table holds it."""
        ...

    def person(self, found: Change) -> tuple[Person, list[list[str]]]:
        """Whom such an item tells of, and their ties (see ContactItem, ContactMarkItem)."""
        ...


class Stored(Struct, frozen=True, omit_defaults=True, tag_field="of", tag="stored"):
    """A contact's item, or that of its hand-set level (`mark`), as the table holds it. Without `item` it is deleted.
    `email`: of a mark, the one that was corrected by hand.
    """

    origin: str
    item: JSON = None
    level: str = ""
    email: str = ""
    mark: bool = False
    inactive: bool = False


class Moved(Struct, frozen=True, omit_defaults=True, tag_field="of", tag="moved"):
    """The mark of a contact once somebody has become it: what was set of the old one (the item of its mark) goes on,
    but not before what was set of the contact itself. `level`: where neither says one. `ties`: all that it shall hold.
    `last`, `first`: the contact's own name.
    """

    origin: str
    old: JSON = None
    own: JSON = None
    level: str = ""
    ties: list[list[str]] = []
    last: str = ""
    first: str = ""


class Change(Struct, frozen=True, array_like=True):
    """One item to write. `entry` None deletes that contact, class, schedule or (kind `class_mark`) class's mark."""

    kind: str
    id: str
    entry: ContactEntry | ClassEntry | Stored | Moved | tuple[str, ...] | None


ContactId: TypeAlias = tuple[str, str, str]  # origin, kind, id


class Kept(Protocol):
    """Contacts of an account, whoever they came from."""

    def named(self, account: str, whose: Collection[ContactId]) -> Mapping[ContactId, Person]:
        """Names, e-mail, numbers and grade of those who are there; never a birth date."""
        ...

    def by_hand(self, account: str) -> bool:
        """Whether people keep any student, teacher or parent themselves."""
        ...


class Executions(Protocol):
    """Runs, as executions of the state machine."""

    def is_running(self, owner: str) -> bool: ...

    def start(self, run: str, what: Mapping[str, JSON]) -> None:
        """Begins the run with this input (infra/sync.asl.json)."""
        ...

    def stop(self, owner: str) -> None:
        """One that has ended already is no error."""
        ...

    def owner_of(self, run: str) -> str:
        """The execution that is named after the run."""
        ...

    def input_of(self, owner: str) -> Mapping[str, JSON]:
        """What the execution was started with; empty once Step Functions has forgotten it."""
        ...


@dataclass(frozen=True)
class ClassRow:
    """A class as it is listed. `type`: Class or Hidden."""

    id: str
    name: str
    school: str
    terms: tuple[str, ...]
    teachers: tuple[str, ...]
    students: int
    type: str = "Class"
    never: bool = False
    removed: str = ""


class ClassBook(Protocol):
    """An event's classes, as people change and look at them."""

    def open(self, account: str, event: str) -> None:
        """What follows is done behind the runs' back: the next night looks at everything again. Raises AlreadyRunning
        while a run of the event writes.
        """
        ...

    def mark(
        self,
        account: str,
        event: str,
        id: str,
        hidden: bool | None = None,
        never: bool | None = None,
        removed: str = "",
    ) -> None:
        """Write what is given, and leave what is not."""
        ...

    def remove(self, account: str, event: str, ids: Collection[str]) -> None:
        """The classes go, out of their students' schedules first. One that is gone is no error."""
        ...

    def page(self, account: str, event: str, cursor: str, size: int) -> tuple[Sequence[ClassRow], str]:
        """Some classes, and the cursor of those that follow; blank at the end. Raises NotUnderstood."""
        ...


@dataclass(frozen=True)
class Contact:
    """A contact as people see it: what they edited by hand (`edited`: names of attributes) and the level that they set
    (`level_by_hand`) go before what an import wrote. A list leaves blank what no index holds. `on_file`: whether there
    is a security value, never which. `related`: origin, id, relation, type.
    """

    origin: str
    kind: str
    id: str
    level: str = ""
    level_by_hand: bool = False
    first: str = ""
    middle: str = ""
    last: str = ""
    email: str = ""
    username: str = ""
    phone: str = ""
    number: str = ""
    sis_id: str = ""
    grade: str = ""
    title: str = ""
    inactive_since: str = ""
    schools: tuple[str, ...] = ()
    other_ids: tuple[str, ...] = ()
    related: tuple[tuple[str, str, str, str], ...] = ()
    edited: tuple[str, ...] = ()
    on_file: bool = False

    @property
    def key(self) -> ContactId:
        return self.origin, self.kind, self.id

    @property
    def name(self) -> str:
        return " ".join(part for part in (self.first, self.last) if part)


class ContactBook(Protocol):
    """An account's contacts, as people look at them."""

    def named(
        self, account: str, kinds: Sequence[str], beginnings: Sequence[str], after: str, most: int
    ) -> tuple[Sequence[Contact], str]:
        """By last name, then first name: whose place (keys.name_order) begins with one of these, behind `after`.

        With the place that the next page follows on, blank at the end. A page may be shorter than `most`.
        """
        ...

    def with_email(self, account: str, kinds: Sequence[str], address: str) -> Sequence[Contact]: ...

    def with_number(self, account: str, kinds: Sequence[str], number: str) -> Sequence[Contact]:
        """Whose number, or the id that the school's own system has for them, it is."""
        ...

    def of(self, account: str, ids: Iterable[ContactId]) -> Mapping[ContactId, Contact]:
        """Those of them that are there, with all that is known of them."""
        ...

    def security_value(self, account: str, id: ContactId) -> str:
        """The value itself; blank where there is none. Raises NotThere where there is no such contact."""
        ...

    def classes(self, account: str, ids: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], str]:
        """(event, class) → the class's name, of those that are there."""
        ...


class Applications(Protocol):
    """Districts' applications for an import. What the provider says and what support decides are written apart."""

    def all(self, provider: str, account: str = "") -> Sequence[Application]:
        """Of all accounts, or of one."""
        ...

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


class Integrated(Protocol):
    """Knows accounts' integrations."""

    def integration(self, account: str) -> Integration:
        """Raises NotSetUp where there is none."""
        ...


class Accounts(Protocol):
    """What onboarding must know of an account."""

    def account_name(self, account: str) -> str | None: ...

    def integration(self, account: str) -> Integration: ...

    def administrators(self, account: str) -> Sequence[str]:
        """E-mail addresses of the account's full administrators, each once."""
        ...

    def notified(self, account: str) -> Sequence[str]:
        """Who is mailed about the account's imports: whom it names, else its full administrators."""
        ...


class Credentials(Protocol):
    """An account's credential at its provider."""

    def of(self, account: str, provider: str) -> dict[str, str]:
        """Raises NotSetUp where there is none."""
        ...

    def keep(self, account: str, provider: str, secret: Mapping[str, str]) -> None: ...


@dataclass(frozen=True)
class Agreement:
    """What was agreed on with an account beside its import."""

    attachments: Attachments = field(default_factory=Attachments)
    invitation: Invitation = field(default_factory=Invitation)


@dataclass(frozen=True)
class Check:
    """Whether a provider was seen to share birth dates: `yes`, `no` or `unknown`; when (ISO time); what to click."""

    at: str = ""
    shared: str = "unknown"
    help: str = ""


class IntegrationBook(Protocol):
    """What support and an account's administrators decide about its integration. False: somebody else was faster."""

    def agreement(self, account: str) -> Agreement: ...

    def attach(self, account: str, before: Attachments, after: Attachments) -> bool: ...

    def invite(self, account: str, before: Invitation, after: Invitation) -> bool: ...

    def configure(self, before: Integration, settings: Mapping[str, JSON]) -> bool: ...

    def connect(self, before: Integration | None, after: Integration) -> bool:
        """Provider, settings and state. Another provider is not connected while a run holds the account."""
        ...

    def check(self, account: str) -> Check: ...

    def keep_check(self, integration: Integration, check: Check) -> None: ...


class Functions(Protocol):
    """Our other functions. `function`: the end of its name."""

    def ask(self, function: str, event: Mapping[str, JSON]) -> JSON:
        """What it answers. Raises what it has refused."""
        ...


class Mail(Protocol):
    """Sends one mail once. Raises MailNotSent when it certainly did not leave, MailUncertain when nobody knows."""

    def send(self, to: Sequence[str], letter: Letter) -> None: ...


class Switches(Protocol):
    """Which events are to be synced every night, and the time zone of their account."""

    def zone(self, account: str) -> str: ...

    def move(self, account: str, zone: str) -> None:
        """Write the account's time zone. Raises NotSetUp where there is no such account."""
        ...

    def is_on(self, account: str, event: str) -> bool:
        """False as well where there is no such event."""
        ...

    def turn(self, account: str, event: str, on: bool) -> bool:
        """False, and nothing is written, where there is no such event."""
        ...

    def all_on(self, account: str) -> Sequence[str]: ...


@dataclass(frozen=True)
class Schedule:
    """What is started when. `given` is the run's input; `patience`: for so long a start that failed is tried again."""

    name: str
    expression: str
    zone: str
    patience: timedelta
    given: Mapping[str, JSON]


class Schedules(Protocol):
    """Schedules that start runs."""

    def put(self, schedule: Schedule) -> None:
        """Make it, or make the one of this name like it."""
        ...

    def delete(self, name: str) -> None:
        """One that is gone already is no error."""
        ...


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
    """A school or district that uses pickAtime. `zone`: IANA name. `notify`: whom its imports' mails go to; nobody
    named is all full administrators.
    """

    account: str
    name: str = ""
    zone: str = ""
    notify: tuple[str, ...] = ()


class AccountBook(Protocol):
    """What an account says of itself."""

    def account(self, account: str) -> Account | None: ...

    def rename(self, account: str, name: str) -> None:
        """Makes it, too, where it is new; its zone is not written here, since its nights go by it."""
        ...

    def notify(self, account: str, emails: Sequence[str]) -> None:
        """Names whom its imports' mails go to."""
        ...


@dataclass(frozen=True)
class SignInLink:
    """A link that was mailed. `to`: the path that it leads to; `made`: ISO time; `expires`: Unix seconds."""

    account: str
    contact: str
    to: str
    made: str
    expires: int


@dataclass(frozen=True)
class Session:
    """A browser that is signed in. `created`: ISO time; `seen`, `expires`: Unix seconds.

    `origin`, `kind`: the contact's, where an identity provider signed it in through the `connection`; `who`: the name
    of the person there (roster.signon.named).
    """

    account: str
    contact: str
    created: str
    seen: int
    expires: int
    origin: str = ""
    kind: str = ""
    connection: str = ""
    who: str = ""


@dataclass(frozen=True)
class HeldLink:
    """What a mail about a held run links to. `expires`: Unix seconds."""

    account: str
    event: str
    run: str
    expires: int


class HeldLinks(Protocol):
    """Links to held runs, each known by the digest of its token; what has expired may be there or gone."""

    def keep(self, digest: str, link: HeldLink) -> None: ...

    def of(self, digest: str) -> HeldLink | None: ...


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


class Ties(Protocol):
    """Children that were linked by hand, beyond those that a provider tells."""

    def tie(self, account: str, parent: ContactId, student: ContactId, relation: str) -> None:
        """From both sides; a second time it changes nothing."""
        ...

    def untie(self, account: str, parent: ContactId, student: ContactId) -> None: ...


@dataclass(frozen=True)
class Attempt:
    """A parent tried to link a child at this time (ISO): what came of it (roster.linking.CAUSES), and with whom."""

    at: str
    cause: str
    student: ContactId | None = None


class Attempts(Protocol):
    """What came of parents' tries to link children; forgotten after 30 days."""

    def note(self, account: str, parent: ContactId, attempt: Attempt) -> None: ...

    def of(self, account: str, parent: ContactId, since: str) -> Sequence[Attempt]:
        """Newest first."""
        ...


class SignOnBook(Protocol):
    """How accounts' people sign in through an identity provider; what has expired may be there or gone."""

    def settings(self, account: str) -> SignOn:
        """Those of an account that never entered any are blank."""
        ...

    def change(self, before: SignOn, after: SignOn) -> bool:
        """False where somebody else changed them meanwhile."""
        ...

    def accounts(self, provider: str) -> Sequence[str]:
        """Those that have chosen this provider, at some time."""
        ...

    def renew(self, before: SignOn, provider: str, settings: Mapping[str, JSON]) -> bool:
        """Live settings with other certificates: nobody is signed out. False where somebody changed them meanwhile."""
        ...

    def connection(self, id: str) -> tuple[str, str] | None:
        """Account and provider of a connection."""
        ...

    def begin(self, digest: str, pending: Pending) -> None: ...

    def pending(self, digest: str) -> Pending | None: ...

    def take(self, digest: str) -> bool:
        """Takes a pending sign-in away; of several that try at once, one gets True."""
        ...

    def once(self, digest: str, until: int, now: int) -> bool:
        """Whether this is the first time. It is remembered `until` then (seconds since 1970, as `now`)."""
        ...

    def keep_proof(self, digest: str, proof: Proof) -> None: ...

    def proof(self, digest: str) -> Proof | None: ...

    def take_proof(self, digest: str) -> bool:
        """Takes it away; of several that try at once, one gets True."""
        ...

    def identity(self, who: Whose) -> Identity | None: ...

    def bind(self, who: Whose, before: Identity | None, after: Identity) -> bool:
        """Whom the person is from now on. False where that has changed since `before` was read, or where the contact
        has another identity at the provider: two people are never one contact.
        """
        ...

    def holder(self, account: str, contact: ContactId, provider: str) -> tuple[str, str]:
        """The name of the person whose contact it is (roster.signon.named), and the issuer; both may be blank."""
        ...

    def unbind(self, account: str, contact: ContactId, provider: str, unless: str = "") -> bool:
        """Takes a contact's identity away. False where it has none, or one of the issuer `unless`."""
        ...

    def trace(self, trace: Trace, expires: int) -> None: ...

    def traces(self, account: str, now: int, most: int) -> Sequence[Trace]:
        """Newest first."""
        ...


@dataclass(frozen=True)
class Conference:
    """An event as its administrators know it. The three groups are what another event takes over from this one.

    `terms`: names of those whose classes it holds, where `imported`. `deleting`: the run that deletes it. `selection`:
    what its nights bring. `booking`: the window of its slots, and once it was opened, whether booking is `on`.
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
    selection: Mapping[str, JSON] = field(default_factory=dict)
    booking: Mapping[str, JSON] = field(default_factory=dict)


class EventBook(Protocol):
    """An account's events."""

    def page(self, account: str, after: str, most: int) -> Sequence[Conference]:
        """The first ones behind `after`, in the order of their ids."""
        ...

    def of(self, account: str, event: str) -> Conference | None: ...

    def add(self, conference: Conference) -> None: ...

    def change(self, account: str, event: str, given: Mapping[str, JSON]) -> bool:
        """Writes what is given of name, day and the three groups; False where the event is gone."""
        ...

    def arrange(self, account: str, event: str, before: Mapping[str, JSON], after: Mapping[str, JSON]) -> bool:
        """Its slots and booking; False where they are not as before any more, or the event is gone."""
        ...

    def reserve(self, key: RunKey, owner: str, is_running: Callable[[str], bool]) -> str:
        """Take the event's lock for a run that is about to start; the run that holds it instead, or blank."""
        ...

    def release(self, key: RunKey, owner: str) -> None:
        """Give that lock back: the run did not start."""
        ...

    def deleting(self, account: str, event: str, run: str) -> bool:
        """Remembers which run deletes it; False where the event is gone."""
        ...

    def spared(self, account: str, event: str, run: str) -> None:
        """That run does not delete it after all; of another one, nothing is forgotten."""
        ...

    def holder(self, account: str, event: str) -> tuple[str, str]:
        """Who holds the event's lock: execution and run; blank where nobody does."""
        ...


@dataclass(frozen=True)
class Audited:
    """One row of the audit. `at`: ISO time, UTC; `by`: a contact's id, or who else; `about`: what it was done to."""

    account: str
    at: str
    id: str
    by: str
    name: str
    action: str
    about: str = ""
    before: Mapping[str, JSON] = field(default_factory=dict)
    after: Mapping[str, JSON] = field(default_factory=dict)

    @property
    def place(self) -> str:
        return f"{self.at} {self.id}"


class AuditBook(Protocol):
    """The rows of the audit, which nobody changes."""

    def add(self, row: Audited) -> None: ...

    def page(self, account: str, after: str, most: int) -> Sequence[Audited]:
        """Newest first, behind `after` (a row's place)."""
        ...


@dataclass(frozen=True)
class ContactCard:
    """A contact as people see and change it. `related`: a parent's children or a student's parents. Of those who are
    kept by hand, `made`: `file` where one brought them, else blank.
    """

    origin: str
    kind: str
    id: str
    level: str = ""
    first: str = ""
    last: str = ""
    email: str = ""
    phone: str = ""
    number: str = ""
    sis_id: str = ""
    grade: str = ""
    security_value: str = field(default="", repr=False)
    related: tuple[tuple[str, ...], ...] = ()
    events: tuple[str, ...] = ()
    inactive_since: str = ""
    made: str = ""

    @property
    def key(self) -> ContactId:
        return self.origin, self.kind, self.id

    @property
    def name(self) -> str:
        return " ".join(part for part in (self.first, self.last) if part)


@dataclass(frozen=True)
class ContactMark:
    """What people set by hand on a contact that an import brought: a level, and attributes by their names. `related`:
    the ties that an adoption kept there, as (origin, id, relation, type); nobody sets them.
    """

    level: str = ""
    edits: Mapping[str, JSON] = field(default_factory=dict)
    related: tuple[tuple[str, ...], ...] = field(default=(), compare=False)


class HandBook(Protocol):
    """Contacts that people keep by hand, and what they set by hand on others.

    Nothing is changed while a run rewrites the account's contacts: AlreadyRunning is raised.
    """

    def of(self, account: str, contact: ContactId) -> ContactCard | None:
        """The contact itself, without what was set by hand beside it."""
        ...

    def all(self, account: str, origin: str) -> Iterator[ContactCard]:
        """The same of all contacts of an origin."""
        ...

    def some(self, account: str, contacts: Iterable[ContactId]) -> Mapping[ContactId, ContactCard]:
        """The same of these, where they are there."""
        ...

    def kinds(self, account: str) -> Mapping[str, int]:
        """How many contacts are kept by hand, kind by kind, without those that are inactive."""
        ...

    def mark(self, account: str, contact: ContactId) -> ContactMark: ...

    def marks(self, account: str, edited: bool = False) -> Mapping[ContactId, ContactMark]:
        """All of the account; or those alone that correct something, since each linked child makes one as well."""
        ...

    def set_mark(self, account: str, card: ContactCard, before: ContactMark, after: ContactMark) -> bool:
        """False, and nothing is written, where it is not `before` any more. `card`: the contact as it counts then."""
        ...

    def change(self, account: str, card: ContactCard, names: Collection[str], beside: ContactId | None = None) -> bool:
        """Write these attributes of a contact that is kept by hand, blank ones away; False where there is none, or
        where `beside` does not administer the account (any more).
        """
        ...

    def change_all(self, account: str, changes: Sequence[tuple[ContactCard, Collection[str]]]) -> None:
        """The same of many; whoever is not there is left out."""
        ...

    def add(self, account: str, cards: Sequence[ContactCard]) -> None:
        """New contacts that are kept by hand; again leaves the same."""
        ...
