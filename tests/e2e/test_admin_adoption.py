"""People kept by hand become those of a OneRoster district: looked at, settled, applied and undone over the web."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from local.sandbox.oneroster import OneRosterSandbox
from local.sandbox.oneroster_data import OneRosterDistrict
from local.stack import Stack
from roster import keys
from roster.model import BY_HAND, Level
from roster.tables import ContactItem
from tests.e2e.admin import Admin, put, refusal
from tests.e2e.oneroster import OneRosterSchool, birthdays
from tests.e2e.toolkit import Evidence, _stored, account_numbers, canonical

KEPT = 6  # students kept by hand, each with a parent
BLANK = {name: {"S": ""} for name in ("number", "sis_id", "email")}
ENDED = {"applied", "preview", "held", "failed"}


class Office:
    """An administrator of an account that has kept its people by hand, and is connected to a district now."""

    def __init__(self, school: OneRosterSchool, known: dict[tuple[str, str], ContactItem]) -> None:
        self.school, self.known = school, known
        self.stack, self.account = school.stack, school.account
        self.admin = Admin.of(school.stack, school.account)
        self.path = f"/api/events/{school.event}"
        pupils = [one for (kind, _), one in sorted(known.items()) if kind == "student" and one.related]
        self.students = list({one.related[0][0]: one for one in pupils}.values())[:KEPT]  # no brothers or sisters
        self.teachers = [one for (kind, _), one in sorted(known.items()) if kind == "teacher"][:3]
        self.keep_all()

    def keep_all(self) -> None:
        """The first student is misspelt, the second teacher known by name alone, one student is nobody's."""
        for n, one in enumerate(self.students):
            tie = one.related[0]
            self.keep("student", f"s{n}", one, related=[f"p{n}", *tie[1:]])
            self.keep("parent", f"p{n}", self.known["parent", tie[0]], related=[f"s{n}", *tie[1:]])
        self.put("student", "s0", {"last": {"S": f"{self.students[0].last}e"}, **BLANK})
        for n, one in enumerate(self.teachers):
            self.keep("teacher", f"t{n}", one)
        self.put("teacher", "t1", BLANK)
        self.put("teacher", "t0", {"level": {"S": Level.EVENT_ADMINISTRATOR.value}})
        stranger = {"first": {"S": "Zaphod"}, "last": {"S": "Beeblebrox"}, "security_value": {"S": "2011-02-03"}}
        self.put("student", "stranger", stranger | _plain("student", "stranger"))
        put(
            self.stack, keys.contact_mark(self.account, BY_HAND, "parent", "p1"), {"level": {"S": "Appointment Viewer"}}
        )

    def keep(self, kind: str, id: str, like: ContactItem, related: list[str] | None = None) -> None:
        told = {name: getattr(like, name) or "" for name in ("first", "last", "email", "number", "sis_id", "grade")}
        values = {name: {"S": value} for name, value in {**told, "security_value": like.security_value or ""}.items()}
        ties = {"related": {"L": [{"L": [{"S": one} for one in related]}]}} if related else {}
        self.put(kind, id, values | _plain(kind, id) | ties)

    def put(self, kind: str, id: str, values: dict[str, Any]) -> None:
        put(self.stack, keys.contact(self.account, BY_HAND, kind, id), values)

    def table(self) -> bytes:
        """Contacts, marks, classes and schedules."""
        wanted = tuple(f"{what}#{self.account}" for what in ("contact", "mark", "class", "schedule"))
        return canonical(one for one in _stored(self.school.local.table) if one["pk"]["S"].startswith(wanted))

    def kept(self) -> set[str]:
        return {one.id for one in self.school.local.contacts(BY_HAND) if one.kind != "administrator"}

    def audited(self) -> list[tuple[str, ...]]:
        audits = keys.audits(self.account)
        rows = [one for one in _stored(self.school.local.table) if one["pk"]["S"] == audits]
        return [tuple(one[name]["S"] for name in ("action", "about", "by")) for one in rows]

    def ended(self, answer: Any) -> dict[str, Any]:
        assert answer.status_code == 202, answer.text
        until = time.monotonic() + 60
        while time.monotonic() < until:
            told: dict[str, Any] = self.admin.get(f"{self.path}/runs/{answer.json()['run']}").json()
            if told["status"] in ENDED and told["report"]:
                return told
            time.sleep(0.1)
        raise AssertionError(told)

    def listed(self, run: str, limit: int = 100) -> list[dict[str, Any]]:
        found, cursor = [], ""
        while True:
            answer = self.admin.get(f"{self.path}/runs/{run}/adoption?limit={limit}&cursor={cursor}")
            assert answer.status_code == 200, answer.text
            assert not [date for date in birthdays(self.school.district) if date in answer.text]
            found += answer.json()["items"]
            cursor = answer.json()["next"]
            if not cursor:
                return found


def _plain(kind: str, id: str) -> dict[str, Any]:
    return {"kind": {"S": kind}, "id": {"S": id}, "origin": {"S": BY_HAND}, "level": {"S": "Customer"}}


@pytest.fixture(scope="module")
def office(stack: Stack, evidence: Evidence) -> Iterator[Office]:
    sandbox = OneRosterSandbox.start(OneRosterDistrict.generated(25), auth=("bearer",))
    elsewhere = OneRosterSchool(stack, sandbox, evidence, str(next(account_numbers)))
    elsewhere.applied()
    school = OneRosterSchool(stack, sandbox, evidence, str(next(account_numbers)))
    school.watch()
    yield Office(school, elsewhere.contacts())
    sandbox.stop()


def test_looked_at_settled_applied_and_undone(office: Office) -> None:
    before, admin = office.table(), office.admin
    assert admin.get("/api/importer").json()["older_data"]
    preview = office.ended(admin.post(f"{office.path}/runs", {"mode": "preview"}))
    duplicates = preview["report"]["duplicates"]
    assert duplicates["sure"] == {"student": KEPT - 1, "teacher": 2, "parent": KEPT}
    assert duplicates["unsure"] == {"student": 1, "teacher": 1, "parent": 0}
    assert office.table() == before

    listed = office.listed(preview["run"])
    assert listed == office.listed(preview["run"], limit=3)
    assert [one["verdict"] for one in listed] == ["unsure"] * 2 + ["sure"] * (2 * KEPT + 1)
    misspelt = listed[0]
    assert (misspelt["id"], misspelt["kind"], misspelt["origin"]) == ("s0", "student", BY_HAND)
    assert misspelt["name"] == f"{office.students[0].first} {office.students[0].last}e"
    (candidate,) = misspelt["candidates"]
    assert (candidate["id"], candidate["birth_dates"]) == (office.students[0].id, "yes")
    assert candidate["name"] == f"{office.students[0].first} {office.students[0].last}"
    assert misspelt["reason"] == "the same birth date, and a name that is spelt otherwise"

    old = {"origin": BY_HAND, "kind": "student", "id": "s0"}
    asked = {"preview": preview["run"], "terms": office_terms(office, preview["run"])}
    asked["settled"] = [{"old": old, "new": candidate["id"]}]
    twice = admin.post(f"{office.path}/adopt", {**asked, "settled": asked["settled"] * 2})
    assert refusal(twice) == (400, "NotUnderstood")
    adopted = office.ended(admin.post(f"{office.path}/adopt", asked))
    assert adopted["status"] == "applied", adopted["report"]
    assert adopted["report"]["adopted"] == {"student": KEPT, "teacher": 2, "parent": KEPT}
    assert adopted["report"]["duplicates"]["unsure"] == {"student": 0, "teacher": 1, "parent": 0}
    assert office.kept() == {"t1", "stranger"}
    assert ("contact.adopt", f"event {office.school.event}", office.admin.id) in office.audited()
    assert office.school.contacts().keys() == office.known.keys()
    assert marks(office) == {
        ("teacher", office.teachers[0].id): Level.EVENT_ADMINISTRATOR.value,
        ("parent", office.students[1].related[0][0]): "Appointment Viewer",
        **{("teacher", one.id): "Customer" for one in office.teachers[2:]},
    }
    assert office.school.run()["writes"] == 0
    assert not admin.get("/api/importer").json()["older_data"], "imported once, so it is no surprise any more"

    refused = admin.get(f"{office.path}/runs/{adopted['run']}/adoption")
    assert refusal(refused) == (404, "NotThere")
    undone = office.ended(admin.post(f"{office.path}/runs/{adopted['run']}/undo", {}))
    assert undone["status"] == "applied"
    assert office.table() == before


def office_terms(office: Office, run: str) -> list[str]:
    offer = office.admin.get(f"{office.path}/runs/{run}/offer").json()
    return [one["id"] for one in offer["terms"]]


def marks(office: Office) -> dict[tuple[str, str], str]:
    partition = keys.contact_marks(office.account)
    found = [one for one in _stored(office.school.local.table) if one["pk"]["S"] == partition]
    return {keys.contact_of_mark(one["sk"]["S"])[1:]: one["level"]["S"] for one in found if "level" in one}


def test_an_event_administrator_neither_lists_nor_adopts(office: Office) -> None:
    helper = Admin.of(office.stack, office.account, Level.EVENT_ADMINISTRATOR, [office.school.event])
    assert refusal(helper.get(f"{office.path}/runs/any/adoption")) == (403, "Forbidden")
    assert refusal(helper.post(f"{office.path}/adopt", {"preview": "any"})) == (403, "Forbidden")
    text = json.dumps({"preview": "any", "terms": ["t"]})
    assert refusal(office.admin.post(f"{office.path}/adopt", json.loads(text))) == (404, "NotThere")
