"""A OneRoster district on the local stack, and what its import must give, worked out from the district itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from local.sandbox.oneroster import OneRosterSandbox
from local.sandbox.oneroster_data import OneRosterDistrict
from tests.e2e.toolkit import AnySchool

PARENTS = ("parent", "guardian", "relative")


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
        born = (told.get("birthDate") or told.get("known") for told in self.district.tables["demographics"].values())
        self.evidence.add((self.sandbox.token, self.sandbox.secret), {day for day in born if day})


def expected(district: OneRosterDistrict, version: str) -> Counter[str]:
    """How many contacts, classes, enrolments and relationships the district makes, counted row by row."""
    users = {id: district.get("users", id, version) for id in district.ids("users", version)}
    roles = {id: {role for role, _ in user["held"]} for id, user in users.items() if _active(user)}
    classes = {id for id, row in district.tables["classes"].items() if _active(row)}
    taught = set(_enrolled(district, roles, classes))
    students = {person for role, person, _ in taught if role == "student"}
    ties = {
        (parent, student)
        for one, user in users.items()
        if _active(user)
        for other in user["agents"]
        for parent, student in ((one, other), (other, one))
        if student in students and "student" in roles[student] and not roles.get(parent, set()).isdisjoint(PARENTS)
    }
    return Counter(
        student=len(students),
        teacher=len({person for role, person, _ in taught if role == "teacher"}),
        parent=len({parent for parent, _ in ties}),
        enrolment=len([1 for role, *_ in taught if role == "student"]),
        relationship=len(ties),
        **{"class": len(classes)},
    )


def _active(row: Any) -> bool:
    return row is not None and row["status"] == "active"


def _enrolled(
    district: OneRosterDistrict, roles: dict[str, set[str]], classes: set[str]
) -> Iterator[tuple[str, str, str]]:
    """(role, person, class) of who is in class today, or on the class's day nearest to it."""
    for row in district.tables["enrollments"].values():
        role, person, class_ = row["role"], row["user"], row["class"]
        held = roles.get(person, set())
        fits = role in held if role == "student" else role == "teacher" and bool(held - {"student", *PARENTS})
        if _active(row) and class_ in classes and fits and _today_in(district, row, class_):
            yield role, person, class_


def _today_in(district: OneRosterDistrict, row: Any, class_: str) -> bool:
    sessions = [district.tables["academicSessions"][s] for s in district.tables["classes"][class_]["terms"]]
    day = date.today()
    if sessions:
        last = max(date.fromisoformat(s["endDate"]) for s in sessions) - timedelta(days=1)
        day = max(min(day, last), min(date.fromisoformat(s["startDate"]) for s in sessions))
    begin, end = row.get("beginDate"), row.get("endDate")
    return (not begin or begin <= day.isoformat()) and (not end or day.isoformat() < end)
