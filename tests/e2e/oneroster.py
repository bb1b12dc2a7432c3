"""A OneRoster district on the local stack, and what its import must give, worked out from the district itself.

Nothing here comes from our normaliser: roles, dates and agents are read once more, in the plainest way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from statistics import median_low
from typing import Any

from local.sandbox.classlink import ClassLinkSandbox
from local.sandbox.oneroster import OneRosterSandbox
from local.sandbox.oneroster_data import OneRosterDistrict
from local.sandbox.oneroster_rows import V11
from roster.model import COUNTED
from tests.e2e.toolkit import AnySchool

Row = dict[str, Any]
Shows = Callable[[str, Row], bool]
ALL_PARENTS = frozenset({"parent", "guardian", "relative"})
PARENTS = ALL_PARENTS - {"relative"}


@dataclass
class OneRosterSchool(AnySchool):
    """`more`: settings that differ from the sandbox's own, such as a signature."""

    sandbox: OneRosterSandbox
    more: dict[str, Any] = field(default_factory=dict)

    provider = "classlink"

    @property
    def district(self) -> OneRosterDistrict:
        return self.sandbox.district

    @property
    def auth(self) -> str:
        return type(self.sandbox.auth).__name__.lower()

    def settings(self) -> dict[str, Any]:
        given = {"base_url": self.sandbox.url, "version": self.sandbox.version, "page_size": self.page_size}
        token = {"token_url": self.sandbox.token_url} if self.auth == "oauth2" else {}
        return given | {"auth": self.auth} | token | self.more

    def secret(self) -> dict[str, str]:
        if self.auth == "bearer":
            return {"token": self.sandbox.token}
        names = ("key", "secret") if self.auth == "oauth1" else ("client_id", "client_secret")
        return dict(zip(names, (self.sandbox.key, self.sandbox.secret), strict=True))

    def watch(self) -> None:
        self.evidence.add((self.sandbox.token, self.sandbox.secret), birthdays(self.district))

    def choose(self, **more: Any) -> None:
        """Other settings from now on."""
        self.more |= more
        self.settle()


@dataclass
class ProxiedSchool(AnySchool):
    """A district behind ClassLink's proxy, which shows of it what the district permits."""

    sandbox: ClassLinkSandbox

    provider = "classlink"

    @property
    def district(self) -> OneRosterDistrict:
        return self.sandbox.tenant.district

    @property
    def shows(self) -> Shows:
        return self.sandbox.tenant.shared.shares

    def settings(self) -> dict[str, Any]:
        application = self.sandbox.tenant.oneroster_application_id
        proxy = {"base_url": self.sandbox.url, "auth": "bearer", "application": application}
        return {**proxy, "version": V11, "page_size": self.page_size}

    def secret(self) -> dict[str, str]:
        return {"token": self.sandbox.tenant.bearer or ""}

    def watch(self) -> None:
        self.evidence.add(self.secret().values(), birthdays(self.district))


def birthdays(district: OneRosterDistrict) -> set[str]:
    rows = district.tables["demographics"].values()
    return {str(row.get("birthDate") or row.get("known"))[:10] for row in rows} - {"None"}


# -- what an import must give


@dataclass(frozen=True)
class Truth:
    """`people`: (kind, id, first level, security value or blank); `classes`: (class, its teachers, the primary one
    first); `enrolments`: (class, student); `ties`: (parent, student).
    """

    people: frozenset[tuple[str, str, str, str]]
    classes: frozenset[tuple[str, tuple[str, ...]]]
    enrolments: frozenset[tuple[str, str]]
    ties: frozenset[tuple[str, str]]

    def counts(self) -> dict[str, int]:
        found = [kind for kind, *_ in self.people]
        sets = {"class": self.classes, "enrolment": self.enrolments, "relationship": self.ties}
        return {kind: len(sets[kind]) if kind in sets else found.count(kind) for kind in COUNTED}


def truth(
    district: OneRosterDistrict,
    version: str = V11,
    *,
    parents: Iterable[str] = PARENTS,
    shows: Shows = lambda kind, row: True,
) -> Truth:
    """Of the tables as they are now. `parents`: who is a parent; `shows`: which rows a reader sees."""
    rows = {kind: _active(district, kind, version, shows) for kind in ("users", "classes", "enrollments")}
    roles = {id: {role for role, _ in user["held"]} for id, user in rows["users"].items()}
    born = {id: row["birthDate"] or "" for id, row in _active(district, "demographics", version, shows).items()}
    rolls: dict[str, list[Row]] = {id: [] for id in rows["classes"]}
    for row in rows["enrollments"].values():
        rolls.get(row["class"], []).append(row)
    now = [row for id, roll in rolls.items() for row in _on_roll(district, id, roll) if _fits(row, roles)]
    enrolments = {(row["class"], row["user"]) for row in now if row["role"] == "student"}
    students = {student for _, student in enrolments}
    ties = {
        (parent, student)
        for one, user in rows["users"].items()
        for other in user["agents"]
        for parent, student in ((one, other), (other, one))
        if student in students and not roles.get(parent, set()).isdisjoint(parents)
    }
    taught = {id: _teachers(id, now) for id in rows["classes"]}
    return Truth(
        people=frozenset(
            {("student", id, "Customer", born.get(id, "")[:10]) for id in students}
            | {("teacher", id, "Appointment Viewer", "") for several in taught.values() for id in several}
            | {("parent", id, "Customer", "") for id, _ in ties}
        ),
        classes=frozenset(taught.items()),
        enrolments=frozenset(enrolments),
        ties=frozenset(ties),
    )


def dangling(district: OneRosterDistrict, *, parents: Iterable[str] = PARENTS, shows: Shows) -> int:
    """Ties of which a reader of 1.1 sees one end: of a student, or of a parent."""
    users = _active(district, "users", V11, shows)
    kinds = {id: {role for role, _ in user["held"]} for id, user in users.items()}
    pupils = {id for id in users if "student" in kinds[id]}
    elders = {id for id in users if not kinds[id].isdisjoint(parents)}
    lost = {(id, other) for id in pupils for other in users[id]["agents"] if other not in elders}
    return len(lost | {other for id in elders for other in users[id]["agents"] if other not in pupils})


def _active(district: OneRosterDistrict, kind: str, version: str, shows: Shows) -> dict[str, Row]:
    rows = ((id, district.get(kind, id, version)) for id in district.ids(kind, version))
    return {id: row for id, row in rows if row and row["status"] == "active" and shows(kind, row)}


def _fits(row: Row, roles: dict[str, set[str]]) -> bool:
    """A student learns; whoever is neither student nor parent may teach."""
    held = roles.get(row["user"], set())
    return "student" in held if row["role"] == "student" else bool(held - ALL_PARENTS - {"student"})


def _teachers(class_: str, rows: list[Row]) -> tuple[str, ...]:
    teaching = {
        (row["primary"] != "true", row["user"]) for row in rows if (row["class"], row["role"]) == (class_, "teacher")
    }
    return tuple(id for _, id in sorted(teaching))


def _on_roll(district: OneRosterDistrict, class_: str, rows: list[Row]) -> Iterator[Row]:
    """Today or, where the class has not begun or is over, on its day that is nearest.

    It begins when most of its students do, and ends with the last of them if that is within a month of its end.
    """
    sessions = [district.tables["academicSessions"][term] for term in district.tables["classes"][class_]["terms"]]
    pupils = [row for row in rows if row["role"] == "student"]
    first = min((session["startDate"] for session in sessions), default="")
    last = _before(max(session["endDate"] for session in sessions), 1) if sessions else "9999-12-31"
    ends = [row["endDate"] or "" for row in pupils]
    if pupils:
        first = max(first, median_low(row["beginDate"] or "" for row in pupils))
    if pupils and sessions and all(ends) and max(ends) >= _before(last, 31):
        last = min(last, _before(max(ends), 1))
    day = max(min(datetime.now(UTC).date().isoformat(), last), first)
    return (
        row
        for row in rows
        if row["role"] in ("student", "teacher") and (row["beginDate"] or "") <= day < (row["endDate"] or "9999")
    )


def _before(day: str, days: int) -> str:
    return (date.fromisoformat(day) - timedelta(days)).isoformat()


def stored(school: AnySchool) -> Truth:
    """The same of the table: classes, schedules and both ends of every tie must tell one story."""
    active = {key: contact for key, contact in school.contacts().items() if not contact.inactive_since}
    classes = school.classes()
    enrolments = frozenset((id, student) for id, item in classes.items() for student in item.students or ())
    assert enrolments == {(id, item.student) for item in school.of_kind("schedule") for id in item.classes}
    ties = {(tie[0], id) for (kind, id), c in active.items() if kind == "student" for tie in c.related or ()}
    assert ties == {(id, tie[0]) for (kind, id), c in active.items() if kind == "parent" for tie in c.related or ()}
    return Truth(
        frozenset((kind, id, contact.level, contact.security_value or "") for (kind, id), contact in active.items()),
        frozenset((id, tuple(item.teachers or ())) for id, item in classes.items()),
        enrolments,
        frozenset(ties),
    )
