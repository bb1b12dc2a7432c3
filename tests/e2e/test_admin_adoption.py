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
from roster.tabular import as_csv
from tests.e2e.admin import Admin, refusal
from tests.e2e.oneroster import OneRosterSchool, birthdays
from tests.e2e.toolkit import Evidence, _stored, account_numbers, canonical

SIZES = {True: (230, 500), False: (60, 120)}  # by --whole: students of the district, people kept in the file
HEADER = ("kind", "first name", "last name", "e-mail", "SIS number", "security value", "level", "children")
ENDED = {"applied", "preview", "held", "failed"}
Key = tuple[str, str]


class Office:
    """An administrator of an account that has kept its people in a file, and is connected to a district now."""

    def __init__(self, school: OneRosterSchool, known: dict[Key, ContactItem], size: int) -> None:
        self.school, self.known, self.size = school, known, size
        self.stack, self.account = school.stack, school.account
        self.admin = Admin.of(school.stack, school.account)
        self.path = f"/api/events/{school.event}"
        named = [
            one
            for _, one in sorted(known.items(), reverse=True)
            if one.first and one.last and len(one.first + one.last) < 100
        ]
        order = ("teacher", "student", "parent")
        self.people = sorted(named, key=lambda one: order.index(one.kind))[:size]
        assert len(self.people) == size
        self.truth: dict[Key, str] = {}
        self.bring()

    def bring(self) -> None:
        """The file, over the web. Who is whom is known by the address that it gives everybody for the purpose."""
        rows = [self.row(n, one) for n, one in enumerate(self.people)]
        text = as_csv(HEADER, rows)
        answer = self.admin.post("/api/contacts/file", {"csv": text, "dry_run": False})
        assert (answer.status_code, answer.json()["created"]) == (200, self.size), answer.text
        ids = {(one.kind, one.email, one.first, one.last): one.id for one in self.school.local.contacts(BY_HAND)}
        told = zip(rows, self.people, strict=True)
        self.truth = {(one.kind, ids[one.kind, row[3], row[1], row[2]]): one.id for row, one in told}

    def row(self, n: int, one: ContactItem) -> tuple[str, ...]:
        """Some are misspelt, namesakes are known by nothing else, and half the parents share the family's address."""
        misspelt, alike = one.kind == "student" and n % 40 == 0, one.id in NAMESAKES
        number = "" if one.kind == "parent" or misspelt or alike else one.number or one.sis_id or ""
        born = "" if alike else one.security_value or ""
        email = f"{one.kind}{n}@old.example"
        children: list[str] = []
        if one.kind == "parent":
            pupils = [self.known["student", tie[0]] for tie in one.related]
            children = [pupil.number or pupil.sis_id for pupil in pupils if self.numbered(pupil)]
            if n % 2 and pupils:
                email = f"family{list(self.known).index(('student', pupils[0].id))}@old.example"
        level = "Appointment Maker" if one.kind == "teacher" or n % 100 == 99 else ""
        last = f"{one.last}e" if misspelt else one.last
        return one.kind, one.first, last, email, number, born, level, " ".join(children)

    def numbered(self, pupil: ContactItem) -> bool:
        n = next((n for n, one in enumerate(self.people) if one is pupil), 0)
        return bool(n and n % 40 and pupil.id not in NAMESAKES and (pupil.number or pupil.sis_id))

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


NAMESAKES: list[str] = []


def with_twins(district: OneRosterDistrict) -> OneRosterDistrict:
    """Two who were born on one day and have one last name, and two who have both names in common."""
    one, other, *alike = district.students()[4:8]
    users = district.tables["users"]
    district.rename(other, family=users[one]["familyName"])
    for twin in (one, other):
        district.change("demographics", twin, birthDate="2014-05-06")
    district.rename(alike[1], users[alike[0]]["givenName"], users[alike[0]]["familyName"])
    NAMESAKES[:] = alike
    return district


@pytest.fixture(scope="module")
def office(stack: Stack, evidence: Evidence, request: pytest.FixtureRequest) -> Iterator[Office]:
    students, size = SIZES[request.config.option.whole]
    sandbox = OneRosterSandbox.start(with_twins(OneRosterDistrict.generated(students)), auth=("bearer",))
    elsewhere = OneRosterSchool(stack, sandbox, evidence, str(next(account_numbers)))
    elsewhere.applied()
    school = OneRosterSchool(stack, sandbox, evidence, str(next(account_numbers)))
    school.watch()
    yield Office(school, elsewhere.contacts(), size)
    sandbox.stop()


def test_looked_at_settled_held_approved_applied_and_undone(office: Office) -> None:
    before, ties, admin = office.table(), links(office, BY_HAND), office.admin
    by_hand = [(one.kind, one.id, one.level) for one in office.school.local.contacts(BY_HAND)]
    assert len(office.kept()) == office.size
    assert admin.get("/api/importer").json()["older_data"]
    preview = office.ended(admin.post(f"{office.path}/runs", {"mode": "preview"}))
    duplicates = preview["report"]["duplicates"]
    assert sum(duplicates["sure"].values()) + sum(duplicates["unsure"].values()) == office.size
    assert office.table() == before

    listed = office.listed(preview["run"])
    some = admin.get(f"{office.path}/runs/{preview['run']}/adoption?limit=7").json()
    assert (some["items"], bool(some["next"])) == (listed[:7], True)
    unsure = [one for one in listed if one["verdict"] == "unsure"]
    assert listed[: len(unsure)] == unsure
    assert len(listed) == office.size
    for one in listed[len(unsure) :]:
        assert [other["id"] for other in one["candidates"]] == [office.truth[one["kind"], one["id"]]]
    reasons = {one["reason"] for one in unsure if one["kind"] == "student"}
    assert reasons == {
        "the same birth date, and a name that is spelt otherwise",
        "the same name, and nothing else that tells",
    }
    settled = [{"old": old_of(one), "new": office.truth[one["kind"], one["id"]]} for one in unsure]
    asked = {"preview": preview["run"], "terms": [*office_terms(office, preview["run"]), "a term that is gone"]}
    twice = admin.post(f"{office.path}/adopt", {**asked, "settled": settled[:1] * 2})
    assert refusal(twice) == (400, "NotUnderstood")

    held = office.ended(admin.post(f"{office.path}/adopt", {**asked, "settled": settled}))
    assert (held["status"], office.table()) == ("held", before)
    adopted = office.ended(admin.post(f"{office.path}/runs/{held['run']}/approve", {}))
    assert adopted["status"] == "applied", adopted["report"]
    assert sum(adopted["report"]["adopted"].values()) == office.size
    assert office.kept() == set()
    assert ("contact.adopt", f"event {office.school.event}", office.admin.id) in office.audited()
    assert office.school.contacts().keys() == office.known.keys(), "nobody is there twice"
    new = {(kind, old): office.truth[kind, old] for kind, old in office.truth}
    moved = {(new["parent", parent], new["student", child]) for parent, child in ties}
    assert moved <= links(office, "classlink")
    makers = {(kind, new[kind, id]) for kind, id, level in by_hand if level == "Appointment Maker"}
    assert {key for key, level in marks(office).items() if level == "Appointment Maker"} == makers
    assert office.school.run()["writes"] == 0
    assert not admin.get("/api/importer").json()["older_data"], "imported once, so it is no surprise any more"

    refused = admin.get(f"{office.path}/runs/{adopted['run']}/adoption")
    assert refusal(refused) == (404, "NotThere")
    undone = office.ended(admin.post(f"{office.path}/runs/{adopted['run']}/undo", {}))
    assert undone["status"] == "applied"
    assert office.table() == before


def old_of(pair: dict[str, Any]) -> dict[str, str]:
    return {name: pair[name] for name in ("origin", "kind", "id")}


def links(office: Office, origin: str) -> set[tuple[str, str]]:
    """(parent, child), by the parents' items."""
    found = office.school.local.contacts(origin)
    return {(one.id, tie[0]) for one in found if one.kind == "parent" for tie in one.related or ()}


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
