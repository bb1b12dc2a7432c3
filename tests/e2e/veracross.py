"""A Veracross school on the local stack, and what its import must give, worked out from the sandbox's own tables.

Nothing here comes from our normaliser: labels, dates and families are read once more, in the plainest way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from local.sandbox.veracross import VeracrossSandbox
from local.sandbox.veracross_school import VeracrossSchool as Source
from local.stack import Stack
from tests.e2e.toolkit import AnySchool, Evidence, account_numbers

Row = dict[str, Any]
Open = Callable[..., "VeracrossSchool"]
NIGHT = 86_400.0
PARENTS = {"Mother", "Father", "Parent", "Guardian", "Guardian & Trustee", "Step-Mother", "Step-Father"}


def today() -> date:
    """The pipeline's: it asks the clock, not the sandbox."""
    return datetime.now(UTC).date()


@dataclass
class VeracrossSchool(AnySchool):
    """`more`: settings beside the addresses, such as a policy."""

    sandbox: VeracrossSandbox
    more: dict[str, Any] = field(default_factory=dict)

    provider = "veracross"

    @property
    def source(self) -> Source:
        return self.sandbox.school

    def settings(self) -> dict[str, Any]:
        at = {"school": self.sandbox.route, "api_url": self.sandbox.url, "accounts_url": self.sandbox.url}
        return {**at, "page_size": self.page_size, **self.more}

    def secret(self) -> dict[str, str]:
        return {"client_id": self.sandbox.client_id, "client_secret": self.sandbox.client_secret}

    def watch(self) -> None:
        tokens = (token.value for token in self.sandbox.tokens)
        self.evidence.add((self.sandbox.client_secret, *tokens), birthdays(self.source))

    def other_event(self, event: str) -> VeracrossSchool:
        return VeracrossSchool(
            self.stack, self.sandbox, self.evidence, self.account, event, self.page_size, more=self.more
        )

    def choose(self, **more: Any) -> None:
        """Other settings from now on."""
        self.more |= more
        self.settle()

    def night_passes(self) -> None:
        """At Veracross it is tomorrow: whatever token was given out has expired."""
        clock = self.sandbox.application.clock
        self.sandbox.application.clock = lambda: clock() + NIGHT

    def asked(self) -> list[tuple[str, int]]:
        """Every request for data: its target and status."""
        return [(target, status) for method, target, status in self.sandbox.requests if method == "GET"]


@contextmanager
def schools(stack: Stack, evidence: Evidence) -> Iterator[Open]:
    """Makes schools: an account of its own over a source of its own, or over a sandbox that is there."""
    started: list[VeracrossSandbox] = []

    def open_one(
        source: Source | None = None, *, sandbox: VeracrossSandbox | None = None, size: int = 1000, **more: Any
    ) -> VeracrossSchool:
        if sandbox is None:
            sandbox = VeracrossSandbox.start(source or Source.generated(20, today=today()), rate_limit=10**6)
            started.append(sandbox)
        return VeracrossSchool(stack, sandbox, evidence, str(next(account_numbers)), page_size=size, more=more)

    yield open_one
    for sandbox in started:
        sandbox.stop()


def pupils(source: Source) -> list[int]:
    """Students who are in a class today."""
    return sorted(map(int, truth(source).students))


def odd(source: Source, name: str) -> int:
    """The first that is odd in this way (veracross_oddities.ODD says of which table it is)."""
    assert source.odd[name], f"the school has no {name}"
    return source.odd[name][0]


def birthdays(source: Source) -> set[str]:
    dates = [date.fromisoformat(row["birthday"]) for row in source.rows("students") if row["birthday"]]
    return {d.isoformat() for d in dates} | {f"{d.month}/{d.day}/{d.year}" for d in dates}


def plain(students: int = 30, classes: int = 6) -> Source:
    """A school with nothing odd about its few classes, of this year alone, and every student in two of them."""
    source = Source.generated(students, today=today())
    odd = {id for name, ids in source.odd.items() if name not in ("year-long class", "semester 1 class") for id in ids}
    kept = [id for id in source.tables["classes"].ids if id not in odd][:classes]
    for kind, keep in (("enrollments", ()), ("classes", kept)):
        for id in [id for id in source.tables[kind].ids if id not in keep]:
            source.remove(kind, id)
    for n, student in enumerate(row["id"] for row in source.rows("students") if row["_current"]):
        for place in (n, n + 1):
            source.enrol(kept[place % classes], student)
    return source


# -- what an import must give


@dataclass(frozen=True)
class Truth:
    """`classes`: (class, its teacher or blank); `ties`: (parent, student)."""

    students: frozenset[str]
    teachers: frozenset[str]
    parents: frozenset[str]
    classes: frozenset[tuple[str, str]]
    enrolments: frozenset[tuple[str, str]]
    ties: frozenset[tuple[str, str]]

    def counts(self) -> dict[str, int]:
        sets = (self.students, self.teachers, self.parents, self.classes, self.enrolments, self.ties)
        names = ("student", "teacher", "parent", "class", "enrolment", "relationship")
        return {name: len(found) for name, found in zip(names, sets, strict=True)}


def truth(source: Source, *, policy: str = "portal_or_custody", terms: Iterable[int] = ()) -> Truth:
    """Of the tables as they are now."""
    classes = {row["id"]: row for row in source.rows("classes") if _in_event(source, row, list(terms))}
    known = {row["id"] for row in source.rows("students") if (row["exit_date"] or "9999") >= today().isoformat()}
    rolls: dict[int, list[Row]] = {id: [] for id in classes}
    for row in source.rows("enrollments"):
        rolls.get(row["internal_class_id"], []).append(row)
    enrolled = {
        (id, row["person_id"])
        for id in classes
        for row in _on_roll(classes[id], rolls[id])
        if row["person_id"] in known
    }
    students = {student for _, student in enrolled}
    listed = {row["id"] for row in source.rows("parents") if not row["_deceased"]}
    ties = {
        (row["related_person_id"], row["person_id"])
        for row in source.rows("relationships")
        if row["person_id"] in students and row["related_person_id"] in listed and _lets_in(source, row, policy)
    }
    return Truth(
        students=_texts(students),
        teachers=_texts({row["primary_teacher_id"] for row in classes.values()} - {None}),
        parents=_texts({parent for parent, _ in ties}),
        classes=frozenset((str(id), str(row["primary_teacher_id"] or "")) for id, row in classes.items()),
        enrolments=frozenset((str(one), str(other)) for one, other in enrolled),
        ties=frozenset((str(one), str(other)) for one, other in ties),
    )


def _texts(ids: Iterable[int]) -> frozenset[str]:
    return frozenset(map(str, ids))


def _in_event(source: Source, row: Row, terms: list[int]) -> bool:
    """Not cancelled, and, where terms are chosen, some day of the class is a day of one of them."""
    if source.values.label("class_status", row["status"]) == "Cancelled":
        return False
    days = [source.tables["grading_periods"].rows[term] for term in terms]
    first, last = _days(row)
    return not terms or any(first <= p["end_date"][:10] and p["start_date"][:10] <= last for p in days)


def _on_roll(of: Row, rows: list[Row]) -> Iterator[Row]:
    """Today or, where the class has not begun or is over, on its day that is nearest.

    It begins with its first enrolment; over, it ended with its last one if that was within a month of its end.
    """
    begins, ends = [row["late_date_enrolled"] or "" for row in rows], [row["date_withdrawn"] or "" for row in rows]
    opens, last = _days(of)
    first = max(opens, min(begins, default=""))
    if rows and all(ends) and max(ends) >= _before(last, 31) and today().isoformat() > last:
        last = min(last, _before(max(ends), 1))
    day = max(min(today().isoformat(), last), first)
    return (row for row, begin, end in zip(rows, begins, ends, strict=True) if begin <= day < (end or "9999"))


def _days(of: Row) -> tuple[str, str]:
    """First and last day of a class; without any, its school year is all that is known, wherever on earth it is."""
    if of["begin_date"] or of["end_date"] or of["school_year"] <= 0:
        return of["begin_date"] or "0001-01-01", of["end_date"] or "9999-12-31"
    return f"{of['school_year']}-01-01", f"{of['school_year'] + 1}-06-30"


def _before(day: str, days: int) -> str:
    return (date.fromisoformat(day) - timedelta(days)).isoformat()


def _lets_in(source: Source, row: Row, policy: str) -> bool:
    portal, custody = row["parent_portal_access"], row["legal_custody"]
    kin = source.values.label("relationship", row["relationship"]) in PARENTS
    ways = {
        "portal_or_custody": portal or custody,
        "portal_only": portal,
        "custody_only": custody,
        "any_parent": portal or custody or kin,
    }
    return bool(ways[policy]) and not row["related_person_is_deceased"]


def stored(school: VeracrossSchool) -> Truth:
    """The same of the table: classes, schedules and both ends of every tie must tell one story."""
    active = {key: contact for key, contact in school.contacts().items() if not contact.inactive_since}
    of = {kind: frozenset(id for k, id in active if k == kind) for kind in ("student", "teacher", "parent")}
    classes = school.classes()
    enrolments = frozenset((id, student) for id, item in classes.items() for student in item.students or ())
    assert enrolments == {(id, item.student) for item in school.of_kind("schedule") for id in item.classes}
    ties = {(tie[0], id) for (kind, id), c in active.items() if kind == "student" for tie in c.related or ()}
    assert ties == {(id, tie[0]) for (kind, id), c in active.items() if kind == "parent" for tie in c.related or ()}
    taught = frozenset((id, "".join(item.teachers or ())) for id, item in classes.items())
    return Truth(of["student"], of["teacher"], of["parent"], taught, enrolments, frozenset(ties))
