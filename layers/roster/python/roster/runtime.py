"""The composition root: the only reader of the environment, the only chooser of adapters.

A function's app.py is one line over this: which provider it pulls, or that it runs the sync's steps.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import blake2b
from importlib import import_module
from json import dumps, loads
from pathlib import Path
from secrets import randbelow, token_hex, token_urlsafe
from typing import TYPE_CHECKING, Any, Protocol

from aws_lambda_powertools import Logger

from roster.errors import CredentialRejected, MailNotSent, NotSignedIn, NotUnderstood, RosterError
from roster.model import JSON
from roster.ports import Http, RunKey
from roster.tables import use_table

# Each kind of handler imports what it needs where it is made: a cold start pays for that, and for nothing else.
if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from roster.administration import Administration
    from roster.admission import Listed
    from roster.arriving import Arriving
    from roster.linking import Linking
    from roster.nights import Nights
    from roster.onboarding import Onboarding
    from roster.place import Place
    from roster.ports import ContactBook, Session, SignOnBook
    from roster.provider import Provider
    from roster.records import DynamoRecords
    from roster.secrets import SecretsManager
    from roster.signon import Connection
    from roster.site import WebSite
    from roster.snapshots import S3Slots
    from roster.sync import Sync
    from roster.visits import Visits

    Handler = Callable[[dict[str, JSON], LambdaContext], JSON]


PARTNER = "partner"  # in place of an account's number: the secret that a provider gave to pickAtime itself
# What failed otherwise may be sent again.
HOOK_STATUSES: Mapping[type[RosterError], int] = {NotSignedIn: 401, NotUnderstood: 400}


class Step(Protocol):
    """One step of the sync over the event that the state machine sends."""

    def __call__(self, sync: Sync, event: dict[str, Any]) -> JSON: ...


def _warm(modules: str) -> None:
    """Import adapters at the cold start, and not in the first call, which somebody waits for."""
    for module in modules.split():
        import_module(f"roster.{module}")


@cache
def logger() -> Logger:
    """Structured logs: names, places and sums. Never an event, a row or a secret."""
    return Logger(service=os.environ.get("POWERTOOLS_SERVICE_NAME", "roster"), log_uncaught_exceptions=False)


@cache
def _slots() -> S3Slots:
    from roster.snapshots import S3Slots

    return S3Slots(os.environ["STAGING_BUCKET"])


@cache
def _records() -> DynamoRecords:
    from roster.records import DynamoRecords

    use_table(os.environ["TABLE_NAME"])
    return DynamoRecords()


@cache
def _http() -> Http:
    from roster.http import RequestsHttp

    return RequestsHttp(loopback="SANDBOXES" in os.environ)


@cache
def _edition(provider: type) -> str:
    """A digest of all code that a pulled row's records depend on: under another one, no page is taken for known."""
    folders = {Path(__file__).parent, Path(sys.modules[provider.__module__].__file__ or __file__).parent}
    seal = blake2b(digest_size=16)
    for file in sorted(file for folder in folders for file in folder.glob("*.py")):
        seal.update(file.read_bytes())
    return seal.hexdigest()


@cache
def _secrets() -> SecretsManager:
    from roster.secrets import SecretsManager

    return SecretsManager(os.environ["SECRET_PREFIX"])


def importer(provider: Provider) -> Handler:
    """The Lambda handler that pulls this provider, one turn per call: state in, state out.

    With step `check`, and an account and settings to try, it says whether an import would get what it needs: with the
    `secret` that is told, of a connection that is only tried so far, else with the one in use.
    """

    _warm("http records secrets snapshots")
    from roster.place import Place
    from roster.pull import Puller

    def tried(event: dict[str, JSON]) -> JSON:
        from roster.connect import check  # once in a school's life

        secret = event.get("secret") or _secrets().of(event["account"], provider.name)
        return check(provider, _http(), event["settings"], secret)

    def turn(key: RunKey, state: dict[str, JSON], secret: Mapping[str, str], context: LambdaContext) -> Place:
        tokens = _secrets().tokens(key.account, provider.name, state["settings"], secret)
        puller = Puller(
            provider, _http(), _slots(), _records(), tokens, _seconds(context), edition=_edition(type(provider))
        )
        return puller.turn(key, state, secret, Place(**deepcopy(state["place"])))  # tried twice, perhaps

    def handler(event: dict[str, JSON], context: LambdaContext) -> JSON:
        if event["step"] == "check":
            return tried(event)
        state = event["state"]
        key = RunKey(state["account"], state["event"], state["run"])
        secret = _secrets().of(key.account, provider.name)
        try:
            place = _logged("pull", key, lambda: turn(key, state, secret, context))
        except CredentialRejected:
            renewed = _secrets().of(key.account, provider.name)
            if renewed == secret:
                raise
            place = _logged("pull", key, lambda: turn(key, state, renewed, context))  # it was renewed meanwhile
        logger().info("pulled", extra={"run": key.run, "lanes": len(place.lanes), "requests": place.requests})
        return {**state, "place": asdict(place)}

    return handler


STEPS: dict[str, Step] = {
    "begin": lambda sync, event: sync.begin(event["state"], event["run"], event["owner"]),
    "plan": lambda sync, event: sync.plan(event["state"], event["owner"]),
    "guard": lambda sync, event: sync.guard(event["state"]),
    "clear": lambda sync, event: sync.clear(event["state"], event["shard"]),
    "apply": lambda sync, event: sync.apply(event["state"], event["shard"]),
    "put_back": lambda sync, event: sync.put_back(event["state"], event["shard"]),
    "finish": lambda sync, event: sync.finish(event["state"]),
    "fail": lambda sync, event: sync.fail(event["state"], event["run"], event["error"]),
    "ended": lambda sync, event: sync.ended(event["state"], event["run"], event["status"]),
}


def _step(event: dict[str, JSON]) -> dict[str, JSON]:
    """What EventBridge says of an execution, as a step like any other: the execution is named after its run."""
    if "detail" not in event:
        return event
    detail = event["detail"]
    return {"step": "ended", "state": loads(detail["input"]), "run": detail["name"], "status": detail["status"]}


def syncer() -> Handler:
    """The Lambda handler of the sync's steps; `event.step` names which."""
    _warm("records snapshots")
    from roster.executions import StepFunctionsExecutions
    from roster.store import DynamoRoster
    from roster.sync import Sync

    @cache
    def executions() -> StepFunctionsExecutions:
        return StepFunctionsExecutions(timedelta(seconds=float(os.environ["LINGER_SECONDS"])))

    def handler(told: dict[str, JSON], context: LambdaContext) -> JSON:
        event = _step(told)
        state = event["state"]
        key = RunKey(state["account"], state["event"], event["run"])
        sync = Sync(
            _slots(),
            _records(),
            DynamoRoster(),
            executions().is_running,
            lambda: datetime.now(UTC),
            _seconds(context),
            _tell,
        )
        return _logged(event["step"], key, lambda: STEPS[event["step"]](sync, event))

    return handler


def _tell(key: RunKey, told: Mapping[str, JSON]) -> None:
    """Has the administration's function write to the school. A run does not fail of its mail, nor wait for it."""
    from roster.later import Later  # once in a while

    try:
        later = Later(os.environ["TELLING_FUNCTION"])
        later.call(step="tell", account=key.account, event=key.event, run=key.run, **told)
    except RosterError as error:
        logger().warning("nobody is told of the run", extra={"run": key.run, "error": error.message})


class Listing(Protocol):
    """Asks a provider which districts have added us, with the key that it gave to us as its partner."""

    def __call__(self, http: Http, partner: Mapping[str, str]) -> Sequence[Listed]: ...


DISTRICT_STEPS: dict[str, Callable[[Onboarding, dict[str, Any]], JSON]] = {
    "poll": lambda onboarding, event: onboarding.poll(),
    "list": lambda onboarding, event: onboarding.applications(),
    "move": lambda onboarding, event: onboarding.move(
        event["tenant"], event["to"], event["level"], event.get("account") or ""
    ),
}


class Hook(Protocol):
    """Reads a provider's signed request: which district, by tenant and name, has added us.

    Raises NotSignedIn unless it is signed with the key, which is fetched once it looks as if it were.
    """

    def __call__(self, request: Mapping[str, Any], key: Callable[[], str], now: float) -> tuple[str, str]: ...


def onboarder(provider: str, listing: Listing, hook: Hook) -> Handler:
    """The Lambda handler of a provider's districts: polls on a schedule's event, moves and lists when told to.

    What comes from API Gateway is the provider's own word, and nothing but its signature is believed.
    """
    _warm("announcing applications http mail onboarding secrets")

    def told(request: Mapping[str, Any]) -> JSON:
        def key() -> str:
            return _secrets().of(PARTNER, provider).get("hook") or ""

        try:
            tenant, name = hook(request, key, _now().timestamp())
            if not _onboarding(provider, listing).announced(tenant, name):
                raise MailNotSent("support may not have been told")
        except RosterError as error:
            logger().warning(error.message, extra={"step": "announced", "error": type(error).__name__})
            return _answer(HOOK_STATUSES.get(type(error), 503), code=type(error).__name__, message=error.message)
        logger().info("a district was announced", extra={"tenant": tenant})
        return _answer(202, accepted=True)

    def handler(event: dict[str, JSON], context: LambdaContext) -> JSON:
        if "requestContext" in event:
            return told(event)
        step = event.get("step", "poll")
        try:
            done = DISTRICT_STEPS[step](_onboarding(provider, listing), event)
        except RosterError as error:
            logger().warning(error.message, extra={"step": step, "error": type(error).__name__})
            raise
        if step == "poll":
            odd = done["suspicious"] or done["unsent"] or done["unrenewed"] or done["stopped"]
            (logger().warning if odd else logger().info)("polled", extra=done)
        return done

    return handler


def _answer(status: int, **told: JSON) -> dict[str, JSON]:
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    return {"statusCode": status, "headers": headers, "body": dumps(told)}


def _onboarding(provider: str, listing: Listing) -> Onboarding:
    from roster.announcing import Addresses, Announcer
    from roster.applications import DynamoAccounts, DynamoApplications
    from roster.mail import SesMail
    from roster.onboarding import Onboarding

    use_table(os.environ["TABLE_NAME"])
    applications, accounts, secrets = DynamoApplications(), DynamoAccounts(), _secrets()
    addresses = Addresses(os.environ["SUPPORT_ADDRESS"], os.environ["IMPORTER_ADDRESS"])
    announcer = Announcer(applications, accounts, SesMail(os.environ["MAIL_SENDER"]), addresses)
    return Onboarding(
        provider,
        applications,
        accounts,
        secrets,
        announcer,
        lambda: listing(_http(), secrets.of(PARTNER, provider)),
        lambda: datetime.now(UTC),
    )


@cache
def nights() -> Nights:
    """Which events are synced every night, and their schedules; for a function that has NightlyPolicy."""
    from roster.nights import Nights
    from roster.schedules import EventBridgeSchedules
    from roster.switches import DynamoSwitches

    use_table(os.environ["TABLE_NAME"])
    named = "NIGHTLY_GROUP", "SYNC_ARN", "NIGHTLY_ROLE_ARN", "UNDELIVERED_ARN"
    group, machine, role, undelivered = (os.environ[name] for name in named)
    return Nights(DynamoSwitches(), EventBridgeSchedules(group, machine, role, undelivered), _now)


def warm_administration() -> None:
    """Import what the administration needs, at the cold start."""
    _warm("administration applications auditbook classbook contactbook eventbook executions functions handbook")
    _warm("heldlinks integrationbook later mail people records runbook schedules secrets signins snapshots staff")
    _warm("signonbook switches ties visits")


@cache
def administration() -> Administration:
    """The use cases of the administration, over this deployment's table, state machine and mail."""
    from time import monotonic, sleep

    from roster.administration import Administration
    from roster.administrators import Administrators
    from roster.applications import DynamoAccounts, DynamoApplications
    from roster.audit import Audit
    from roster.auditbook import DynamoAuditBook
    from roster.billing import Billing
    from roster.booking import Booking
    from roster.classbook import DynamoClassBook
    from roster.contactbook import DynamoContactBook
    from roster.contacts import Contacts
    from roster.deciding import Deciding
    from roster.duplicates import Duplicates
    from roster.editing import Editing
    from roster.eventbook import DynamoEventBook
    from roster.events import Events
    from roster.executions import StepFunctionsExecutions
    from roster.filing import Files
    from roster.functions import LambdaFunctions
    from roster.handbook import DynamoHandBook
    from roster.handlist import HandList
    from roster.heldlinks import DynamoHeldLinks
    from roster.importing import Importer
    from roster.integrationbook import DynamoIntegrationBook
    from roster.integrations import Integrations
    from roster.later import Later
    from roster.linking import Linking
    from roster.mail import SesMail
    from roster.people import DynamoKept
    from roster.runbook import DynamoRunBook
    from roster.sessions import Sessions
    from roster.signin import SignIn
    from roster.signins import DynamoSignIns
    from roster.signonbook import DynamoSignOnBook
    from roster.site import WebSite
    from roster.staff import DynamoAccountBook, DynamoStaff
    from roster.starting import Starter
    from roster.support import Support
    from roster.switching import Switching
    from roster.telling import Teller
    from roster.ties import DynamoAttempts, DynamoTies
    from roster.timeline import Timeline
    from roster.visits import is_live

    use_table(os.environ["TABLE_NAME"])
    staff, accounts, kept, book = DynamoStaff(), DynamoAccountBook(), DynamoSignIns(), DynamoEventBook()
    linger = timedelta(seconds=float(os.environ["LINGER_SECONDS"]))
    executions = StepFunctionsExecutions(linger, machine=os.environ["SYNC_ARN"])
    signons = DynamoSignOnBook()

    def came(session: Session) -> bool:
        return is_live(session, signons.settings(session.account), signons)

    sessions = Sessions(kept, staff, _now, _token, os.environ["SUPPORT_ACCOUNT"], came)
    site = WebSite(os.environ["SITE_ORIGIN"])
    starter = Starter(book, executions, _now, lambda: token_hex(8))
    later = Later(os.environ["AWS_LAMBDA_FUNCTION_NAME"])
    events = Events(book, nights(), starter, _now, lambda: token_hex(6))
    applications, agreed = DynamoApplications(), DynamoIntegrationBook()
    functions = LambdaFunctions(os.environ["FUNCTION_PREFIX"])
    records, mail, runs = _records(), SesMail(os.environ["MAIL_SENDER"]), DynamoRunBook()
    audit = Audit(DynamoAuditBook(), _now, _short)
    importer = Importer(records, runs, events, DynamoAccounts(), nights(), starter, executions)
    deciding = Deciding(DynamoHeldLinks(), importer, accounts, site.origin, _now, _token)
    address = os.environ["IMPORTER_ADDRESS"]
    return Administration(
        site,
        accounts,
        Administrators(staff, accounts, book, audit, lambda: token_hex(8)),
        sessions,
        SignIn(staff, accounts, kept, sessions, mail, site.origin, _now, _token),
        events,
        starter,
        importer,
        DynamoClassBook(),
        Editing(DynamoHandBook(), staff, _now, lambda: token_hex(8)),
        HandList(DynamoHandBook()),
        Files(_slots()),
        Duplicates(_slots(), DynamoKept()),
        audit,
        Integrations(_records(), applications, agreed, functions, _secrets(), _stamp),
        Support(applications, accounts, _records(), agreed, functions, _stamp),
        Billing(agreed, accounts, _now),
        Contacts(DynamoContactBook(), records, book, _slots(), audit),
        Timeline(records, accounts, book, runs, staff, _slots(), audit),
        _stamp,
        lambda account, email, place, to: later.call(step="mail", account=account, email=email, place=place, to=to),
        deciding,
        Teller(_records(), runs, importer.accounts, accounts, mail, deciding.links, address, _now),
        Booking(book, importer, _slots()),
        Switching(signons, functions, _now, _token, lambda: token_hex(12)),
        Linking(DynamoContactBook(), DynamoTies(), kept, DynamoAttempts(), _now, monotonic, sleep),
    )


def administrative_step(event: Mapping[str, Any]) -> JSON:
    """What is asked of the administration's function directly, which takes the right to invoke it.

    `administrator` makes the first administrator of an account; `mail` is the function's own call to itself, `tell`
    that of a run that has ended.
    """
    if event["step"] == "administrator":
        wanted = {
            name: event[name] for name in ("account", "email", "name", "level", "school", "events") if event.get(name)
        }
        made = administration().administrators.make(**wanted)
        logger().info("an administrator was made", extra={"account": made.account, "access": made.level})
        return {"account": made.account, "id": made.id, "level": made.level}
    if event["step"] == "mail":
        outcome = administration().sign_in.mail_link(event["account"], event["email"], event["place"], event["to"])
        logger().info("a link to sign in was asked for", extra={"account": event["account"], "outcome": outcome})
        return None
    if event["step"] == "tell":
        key = RunKey(event["account"], event["event"], event["run"])
        outcome = administration().teller.tell(key, event["mode"], event["by"], event["new"])
        logger().info("a run has ended", extra={"run": event["run"], "outcome": outcome})
        return None
    if event["step"] == "certificate":
        outcome = administration().teller.certificate(event["account"], event["days"], event["ends"])
        logger().info("a certificate ends", extra={"account": event["account"], "outcome": outcome})
        return None
    if event["step"] == "code":
        outcome = administration().teller.code(event["account"], event["email"], event["code"])
        logger().info("a code to sign in was mailed", extra={"account": event["account"], "outcome": outcome})
        return None
    raise ValueError("there is no such step")


def _now() -> datetime:
    return datetime.now(UTC)


def _stamp() -> str:
    return _now().isoformat(timespec="seconds")


def _token() -> str:
    """256 random bits."""
    return token_urlsafe(32)


def _short() -> str:
    return token_hex(4)


def _code() -> str:
    """Eight digits, for a person to type."""
    return f"{randbelow(10**8):08}"


@dataclass(frozen=True)
class Signing:
    """What sign-on works with. `sandboxes`: whether stand-ins on this machine may be asked, which on AWS nobody may.
    `tell`: has the administration's function write to the school; `again`: calls this function, and waits for nothing.
    """

    site: WebSite
    sandboxes: bool
    book: SignOnBook
    arriving: Arriving
    visits: Visits
    linking: Linking
    contacts: ContactBook
    secrets: SecretsManager
    http: Http
    tell: Callable[..., None]
    again: Callable[..., None]

    @property
    def origin(self) -> str:
        return self.site.origin

    @property
    def secure(self) -> bool:
        return self.site.secure

    def loopback(self, connection: Connection) -> str:
        """In place of the provider's own host."""
        return str(connection.settings.get("base_url") or "") if self.sandboxes else ""


@cache
def signing() -> Signing:
    """Sign-on over this deployment's table."""
    from time import monotonic, sleep

    from roster.arriving import Arriving
    from roster.belonging import Belonging
    from roster.contactbook import DynamoContactBook
    from roster.handbook import DynamoHandBook
    from roster.http import RequestsHttp
    from roster.later import Later
    from roster.linking import Linking
    from roster.proving import Proving
    from roster.signins import DynamoSignIns
    from roster.signonbook import DynamoSignOnBook
    from roster.site import WebSite
    from roster.ties import DynamoAttempts, DynamoTies
    from roster.visits import Visits

    use_table(os.environ["TABLE_NAME"])
    book, kept, contacts, ties = DynamoSignOnBook(), DynamoSignIns(), DynamoContactBook(), DynamoTies()
    visits = Visits(kept, book, contacts, _now, _token)
    belonging = Belonging(book, contacts, DynamoHandBook(), ties, _now)
    site, sandboxes = WebSite(os.environ["SITE_ORIGIN"]), "SANDBOXES" in os.environ
    tell = Later(os.environ["TELLING_FUNCTION"]).call
    proving = Proving(book, kept, _now, _token, _code, tell)
    return Signing(
        site,
        sandboxes,
        book,
        Arriving(book, contacts, belonging, kept, visits, proving, _now, _token, _short),
        visits,
        Linking(contacts, ties, kept, DynamoAttempts(), _now, monotonic, sleep),
        contacts,
        _secrets(),
        RequestsHttp(loopback=sandboxes, patience=4.0),
        tell,
        Later(os.environ["AWS_LAMBDA_FUNCTION_NAME"]).call,
    )


def account_name(account: str) -> str | None:
    """What the account's school calls itself; None where there is no such account."""
    return _records().account_name(account) if account else None


def _logged(step: str, key: RunKey, work: Callable[[], Any]) -> Any:
    """Say that a step failed, and why, in words that hold no row."""
    try:
        return work()
    except RosterError as error:
        logger().warning(error.message, extra={"step": step, "run": key.run, "error": type(error).__name__})
        raise


def _seconds(context: LambdaContext) -> Callable[[], float]:
    return lambda: context.get_remaining_time_in_millis() / 1000
