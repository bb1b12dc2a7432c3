"""What end-to-end tests share: small districts, one import and its report, an account's roster as canonical bytes."""

from __future__ import annotations

import itertools
import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

from moto.dynamodb.models import dynamodb_backends

from local import names, run_import
from local.account import LocalAccount
from local.observe import AwsRequest
from local.sandbox.clever import CleverSandbox
from local.sandbox.clever_data import CleverDistrict
from local.sandbox.clever_generated import Telling
from local.sandbox.district import District
from local.stack import Stack
from roster import keys
from roster.fields import iso_date
from roster.model import COUNTED, OUTCOMES, Selection
from roster.tables import ClassItem, ContactItem, ScheduleItem

Report = dict[str, Any]
ROSTER = ("contact", "class", "schedule")
INDEXED = ("name_part", "email_key", "number_key", "sis_key")
EVERYTHING = Selection()


def tiny(students: int = 12, sections: int = 6) -> CleverDistrict:
    """A generated district cut down to a few classes and to who teaches them; every student but one is in two.

    One class has no students, one student and one teacher have no class: what a join loses first.
    """
    records = list(Telling(District(students)).records())
    taught = [record for kind, record in records if kind == "sections" and record["teachers"]]
    full = [r for r in taught if r["students"]][: sections - 1]
    kept = {r["id"]: r for r in (*full, next(r for r in taught if not r["students"]))}
    pupils = [record["id"] for kind, record in records if kind == "users" and "student" in record["roles"]]
    for n, section in enumerate(full):
        section["students"] = [id for i, id in enumerate(pupils[:-1]) if n in (i % len(full), (i + 1) % len(full))]
    staff = [r["id"] for kind, r in records if kind == "users" and not {"student", "contact"} & r["roles"].keys()]
    teaching = {id for section in kept.values() for id in section["teachers"]}
    wanted = kept.keys() | teaching | {next(id for id in staff if id not in teaching)}
    left_out = {r["id"] for kind, r in records if kind == "sections"} | set(staff)
    return CleverDistrict(
        (kind, record)
        for kind, record in records
        if kind != "courses" and (record["id"] in wanted or record["id"] not in left_out)
    )


def students_of(district: CleverDistrict) -> list[str]:
    return sorted(district.user_ids("student"))


def enrolled_of(district: CleverDistrict) -> list[str]:
    """Students who are in a class, hence contacts of the event."""
    return sorted({id for facts in district.tables["sections"].facts.values() for id in facts.students})


def birth_dates(district: CleverDistrict) -> set[str]:
    """Every birth date of the district, as ISO and as Clever writes it."""
    told = (district.tables["users"].get(id)["roles"]["student"].get("dob") for id in students_of(district))
    dates = [date.fromisoformat(iso_date(text)) for text in told if text and iso_date(text)]
    return {d.isoformat() for d in dates} | {f"{d.month}/{d.day}/{d.year}" for d in dates}


@dataclass
class Evidence:
    """What must never be found in a log, and every place where it is looked for."""

    secrets: set[str] = field(default_factory=set)
    dates: set[str] = field(default_factory=set)
    folders: list[Path] = field(default_factory=list)
    said: list[tuple[str, str]] = field(default_factory=list)

    def watch(self, sandbox: CleverSandbox) -> None:
        """The sandbox's credentials and its district's birth dates, from now on."""
        self.add((sandbox.token or "", sandbox.client_secret), birth_dates(sandbox.district))

    def add(self, secrets: Iterable[str], dates: Iterable[str]) -> None:
        self.secrets |= {secret for secret in secrets if secret}
        self.dates |= set(dates)

    def leaks(self, said: Iterable[tuple[str, str]] = ()) -> list[str]:
        """Where a secret or a birth date was found: the place, and which kind of thing; never the thing itself."""
        texts = (*self._texts(), *said)
        return [f"{place}: {what}" for place, text in texts for what in self.found_in(text)]

    def found_in(self, text: str) -> list[str]:
        found = [f"secret {secret[:4]}…" for secret in self.secrets if secret in text]
        dates = set(_ISO.findall(text)) | set(_AMERICAN.findall(text)) | set(_SHORT_MONTH.findall(text))
        return found + (["a birth date"] if dates & self.dates else [])

    def _texts(self) -> Iterator[tuple[str, str]]:
        for folder in self.folders:
            for path in sorted(folder.rglob("*.log")):
                yield str(path), path.read_text(errors="replace")
        yield from self.said


# Look-ahead: every position counts, so that a digit in front of a date does not hide it.
_ISO = re.compile(r"(?=(\d{4}-\d\d-\d\d))")
_AMERICAN = re.compile(r"(?=(\d{1,2}/\d{1,2}/\d{4}))")
_SHORT_MONTH = re.compile(r"(?=(\d/\d{1,2}/\d{4}))")


@dataclass
class AnySchool:
    """An account of its own, and the sandbox that it imports from. A provider's own school says how it is set up."""

    stack: Stack
    sandbox: Any
    evidence: Evidence
    account: str
    event: str = "conference"
    page_size: int = 10_000

    provider: ClassVar[str]

    def __post_init__(self) -> None:
        self.local = LocalAccount(self.stack, self.account, self.event)
        self.settle()

    def settings(self) -> dict[str, Any]:
        raise NotImplementedError

    def secret(self) -> dict[str, str]:
        raise NotImplementedError

    def watch(self) -> None:
        """Tell the evidence what must not be found: the sandbox's credentials and its birth dates."""
        raise NotImplementedError

    def settle(self, *, selection: Selection = EVERYTHING, secret: Mapping[str, str] | None = None) -> None:
        """Set up the integration and the event; again changes them."""
        self.local.set_up("Test school", self.provider, self.settings(), secret or self.secret())
        self.local.select("Conference", selection)

    def start(self, mode: str = "import") -> str:
        self.watch()
        return run_import.start(self.local, mode)

    def follow(self, run: str) -> Report:
        report = run_import.follow(self.local, run, lambda progress: None)
        self.watch()
        self.evidence.said.append((f"the record of run {run}", json.dumps(self.local.run(run), default=str)))
        return report

    def run(self, mode: str = "import") -> Report:
        """One run, from its start to its report."""
        return self.follow(self.start(mode))

    def applied(self) -> Report:
        report = self.run()
        assert report["status"] == "applied", report
        return report

    def items(self) -> list[dict[str, Any]]:
        """The account's roster items: contacts, classes and schedules, without the account's number."""
        return roster_items(_stored(self.local.table), self.account)

    def table(self) -> bytes:
        """The roster as canonical bytes, comparable across accounts."""
        return canonical(self.items())

    def contacts(self) -> dict[tuple[str, str], ContactItem]:
        return {(c.kind, c.id): c for c in self.local.contacts(self.provider)}

    def of_kind(self, kind: str) -> list[Any]:
        model = {"class": ClassItem, "schedule": ScheduleItem}[kind]
        return [model.from_raw_data(item) for item in self.items() if item["pk"]["S"].startswith(f"{kind}#")]

    def classes(self) -> dict[str, ClassItem]:
        return {item.id: item for item in self.of_kind("class")}


@dataclass
class School(AnySchool):
    """A Clever district."""

    sandbox: CleverSandbox
    version: str = "v3.0"

    provider = "clever"

    @property
    def district(self) -> CleverDistrict:
        return self.sandbox.district

    def settings(self) -> dict[str, Any]:
        """With the district's id as well: it is used where the secret is the application's."""
        given = {"base_url": self.sandbox.url, "api_version": self.version, "page_size": self.page_size}
        return {**given, "district": self.sandbox.district_id}

    def secret(self) -> dict[str, str]:
        return {"token": self.sandbox.token or ""}

    def client_credentials(self) -> dict[str, str]:
        return {"client_id": self.sandbox.client_id, "client_secret": self.sandbox.client_secret}

    def watch(self) -> None:
        self.evidence.watch(self.sandbox)

    def other_event(self, event: str) -> School:
        return School(self.stack, self.sandbox, self.evidence, self.account, event, self.page_size, self.version)


def _stored(table: str) -> Iterator[dict[str, Any]]:
    """Straight from the emulator's memory: 48 queries per look would be most of a crash test's time."""
    partitions = dynamodb_backends[names.ACCOUNT][names.REGION].tables[table].items
    for partition in list(partitions.values()):
        for item in list(partition.values()):
            yield item.to_json()["Attributes"]


def queried(client: Any, table: str, account: str, event: str) -> list[dict[str, Any]]:
    """The same items as any client reads them."""
    partitions = [
        *keys.contact_partitions(account, "clever"),
        *keys.event_partitions("class", account, event),
        *keys.event_partitions("schedule", account, event),
    ]
    found: list[dict[str, Any]] = []
    for partition in partitions:
        asked = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": partition}}}
        for page in client.get_paginator("query").paginate(TableName=table, **asked):
            found += page["Items"]
    return roster_items(found, account)


def roster_items(items: Iterable[dict[str, Any]], account: str) -> list[dict[str, Any]]:
    found = []
    for item in items:
        kind, owner, *rest = item["pk"]["S"].split("#")
        if kind in ROSTER and owner == account:
            indexed = {name: _anywhere(item[name]["S"]) for name in INDEXED if name in item}
            found.append({**item, **indexed, "pk": {"S": "#".join((kind, "ACCOUNT", *rest))}})
    return found


def _anywhere(key: str) -> dict[str, str]:
    """The partition key of an index without the account."""
    what, _, rest = key.split("#", 2)
    return {"S": f"{what}#ACCOUNT#{rest}"}


def canonical(items: Iterable[dict[str, Any]]) -> bytes:
    lines = (json.dumps(item, sort_keys=True, ensure_ascii=False) for item in items)
    return "\n".join(sorted(lines)).encode()


def difference(one: bytes, other: bytes) -> str:
    """A few lines that only one of two tables has, for a failing assertion."""
    left, right = set(one.decode().splitlines()), set(other.decode().splitlines())
    missing, extra = sorted(left - right), sorted(right - left)
    return "\n".join([f"{len(missing)} missing, {len(extra)} extra", *missing[:3], "---", *extra[:3]])


def moved(report: Report, *outcomes: str) -> dict[str, int]:
    """How many of each outcome, over all kinds; zeros left out."""
    sums: Counter[str] = Counter()
    for counts in report["counts"].values():
        sums.update({outcome: counts[outcome] for outcome in outcomes or OUTCOMES if outcome != "unchanged"})
    return {outcome: n for outcome, n in sums.items() if n}


def created(report: Report) -> dict[str, int]:
    return {kind: report["counts"][kind]["created"] for kind in COUNTED}


@contextmanager
def observed(school: AnySchool, callback: Callable[[AwsRequest], None]) -> Iterator[None]:
    """Shows the workers' AWS requests to the callback, one at a time; what it raises is raised here.

    Those of the school's account alone: what the run of an earlier test does at its end comes at any time.
    """
    lock = threading.Lock()
    raised: list[Exception] = []
    account = school.account

    def one_at_a_time(request: AwsRequest) -> None:
        if account not in request.path and account.encode() not in request.body:
            return
        with lock:
            try:
                callback(request)
            except Exception as error:
                raised.append(error)

    end = school.stack.observe(one_at_a_time)
    try:
        yield
    finally:
        end()
    if raised:
        raise raised[0]


account_numbers = itertools.count(20_000_001)
