"""An administrator changes contacts by hand and brings a file of them: through the web address, nights and clears."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable
from typing import Any

import pytest

from local.stack import Stack
from roster import keys
from roster.model import Level
from tests.e2e.admin import Admin, refusal
from tests.e2e.toolkit import School, account_numbers, difference, tiny

ENDED = {"applied", "preview", "held", "failed", "cancelled", "interrupted"}
HEADER = "kind,first name,last name,e-mail,SIS number,grade,phone,security value,level,children\n"


@pytest.fixture
def school(open_school: Callable[..., School]) -> School:
    return open_school(tiny())


def ended(admin: Admin, event: str, answer: Any) -> dict[str, Any]:
    assert answer.status_code == 202, answer.text
    path, until = f"/api/events/{event}/runs/{answer.json()['run']}", time.monotonic() + 120
    while time.monotonic() < until:
        told: dict[str, Any] = admin.get(path).json()
        if told["status"] in ENDED and told["report"]:
            assert told["status"] == "applied", told
            return told
        time.sleep(0.2)
    raise AssertionError("the run does not end")


def rows(admin: Admin) -> list[dict[str, str]]:
    answer = admin.get("/api/contacts/file")
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def file(admin: Admin, text: str, **more: Any) -> dict[str, Any]:
    answer = admin.post("/api/contacts/file", {"csv": text, "dry_run": False, **more})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def audited(stack: Stack, account: str) -> list[dict[str, Any]]:
    """Rows of the audit as the table holds them, oldest first."""
    asked = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": keys.audits(account)}}}
    found = stack.client("dynamodb").query(TableName=stack.outputs["TableName"], **asked)["Items"]
    return [{name: value.get("S", "") for name, value in item.items()} for item in found]


def test_what_was_set_by_hand_outlives_the_night_and_a_clear_that_is_undone(school: School, stack: Stack) -> None:
    admin = Admin.of(stack, school.account)
    assert admin.get("/api/importer").json()["note"] == ""
    assert school.run()["status"] == "applied"
    teacher = next(id for kind, id in sorted(school.contacts()) if kind == "teacher")
    path = f"/api/contacts/clever/teacher/{teacher}"
    given = {"level": "Appointment Maker", "email": "corrected@school.example"}
    answer = admin.patch(path, given)
    assert answer.status_code == 200, answer.text
    assert answer.json()["by_hand"] == ["email", "level"]
    assert answer.json()["source"] == "Clever"

    def now() -> dict[str, str]:
        (found,) = [row for row in rows(admin) if row["id"] == teacher and row["kind"] == "teacher"]
        assert (found["level"], found["e-mail"]) == tuple(given.values())
        return found

    school.district.edit("users", teacher, email="renamed@school.example")
    before = now()
    assert school.run()["counts"]["teacher"]["updated"] == 1
    assert school.contacts()["teacher", teacher].email == "renamed@school.example"
    found = admin.get("/api/contacts?search=corrected@school.example").json()["items"]
    assert [(one["id"], one["level"], one["level_by_hand"]) for one in found] == [(teacher, "Appointment Maker", True)]
    assert now() == before
    held = school.table()
    asked = {"event": school.event, "level": "Event Administrator", "confirm": "DELETE"}
    cleared = ended(admin, school.event, admin.post("/api/contacts/clear", asked))
    assert [row["kind"] for row in rows(admin)] == ["administrator"]
    ended(admin, school.event, admin.post(f"/api/events/{school.event}/runs/{cleared['run']}/undo", {}))
    assert school.table() == held, difference(school.table(), held)
    assert now() == before
    taken_back = admin.patch(path, {"level": None, "email": None}).json()
    assert (taken_back["level"], taken_back["email"]) == ("Appointment Viewer", "renamed@school.example")
    assert refusal(admin.delete(path)) == (400, "NotUnderstood")
    changes = [row for row in audited(stack, school.account) if row["action"] == "contact.change"]
    assert [row["about"] for row in changes] == [f"contact clever teacher {teacher}"] * 2
    assert '"level": "Appointment Viewer"' in changes[0]["before"]
    assert "corrected@school.example" in changes[0]["after"]


def test_a_file_of_twenty_with_three_bad_rows(school: School, stack: Stack) -> None:
    admin = Admin.of(stack, school.account)
    good = "".join(f"student,Ann{n},Lee,,10{n},3,,4/{n + 1}/2012,,\n" for n in range(10))
    good += "".join(f"parent,Pat{n},Lee,pat{n}@home.example,,,,,,10{n}\n" for n in range(6))
    good += "teacher,Edna,K,edna@school.example,T1,,+1 555,,Appointment Maker,\n"
    bad = "janitor,Willie,W,w@school.example,,,,,,\n"
    bad += "teacher,Seymour,S,seymour@school,,,,,Administrator,\n"
    bad += "student,Ann0,Lee,,100,3,,,,\n"
    dry = file(admin, HEADER + good + bad, dry_run=True)
    assert (dry["done"], dry["created"], dry["updated"], dry["unchanged"]) == (False, 17, 0, 0)
    assert [(one["line"], one["column"]) for one in dry["problems"]] == [
        (19, "kind"), (20, "e-mail"), (21, "SIS number"),
    ]  # fmt: skip
    assert all(one["help"] for one in dry["problems"])
    assert file(admin, HEADER + good + bad)["done"] is False
    assert len(rows(admin)) == 1
    done = file(admin, HEADER + good + bad, skip_problems=True)
    assert (done["done"], done["created"], done["problem_count"]) == (True, 17, 3)
    again = file(admin, HEADER + good + bad, skip_problems=True)
    assert (again["created"], again["updated"], again["unchanged"], again["changes"]) == (0, 0, 17, [])
    listed = rows(admin)
    assert len(listed) == 18
    assert {row["origin"] for row in listed} == {"file", "manual"}
    assert {row["security value"] for row in listed if row["kind"] == "student"} == {"on file"}
    exported = admin.get("/api/contacts/file").content.decode("utf-8-sig")
    assert "2012" not in exported
    back = file(admin, exported)
    assert (back["done"], back["created"], back["updated"], back["unchanged"]) == (True, 0, 0, 18)
    told = admin.get("/api/importer").json()
    assert told["by_hand"] == {"student": 10, "teacher": 1, "parent": 6}
    assert told["note"].startswith("NOTE: ")
    assert "Clear old data before the new import." in told["note"]
    assert "support@pickatime.com" in told["note"]
    brought = [row for row in audited(stack, school.account) if row["about"] == "contacts of a file"]
    assert [row["after"] for row in brought] == ['{"created": 17}']
    assert school.run()["status"] == "applied"
    told = admin.get("/api/importer").json()
    assert (told["note"], told["by_hand"]["student"]) == ("", 0)
    back = file(admin, admin.get("/api/contacts/file").content.decode("utf-8-sig"))
    assert back["passed_over"] == [{"why": "comes from Clever", "rows": len(school.contacts())}]
    assert (back["done"], back["created"], back["updated"], back["unchanged"]) == (True, 0, 0, 18)


def test_contacts_by_hand_and_who_may_make_them(stack: Stack) -> None:
    account = str(next(account_numbers))
    admin = Admin.of(stack, account)
    new = {"kind": "student", "first": "Ann", "number": "17", "security_value": "2012-04-08"}
    made = admin.post("/api/contacts", new)
    assert made.status_code == 201, made.text
    told = made.json()
    assert (told["source"], told["security_value"], told["level"]) == ("manual", "on file", "Customer")
    assert [one["id"] for one in admin.get("/api/contacts?search=17").json()["items"]] == [told["id"]]
    assert refusal(admin.post("/api/contacts", {**new, "kind": "parent"})) == (400, "NotUnderstood")
    helper = admin.post(
        "/api/contacts", {"kind": "administrator", "first": "Hal", "email": "hal@school.example"}
    ).json()
    hal = Admin(stack, account, "hal@school.example", helper["id"])
    assert hal.use(hal.link()).status_code == 303
    path = f"/api/contacts/pickatime/administrator/{hal.id}"
    for level in (Level.APPOINTMENT_VIEWER, Level.EVENT_ADMINISTRATOR):
        assert admin.patch(path, {"level": level.value, "events": ["fall"]}).json()["level"] == level
        for answer in (
            hal.post("/api/contacts", new),
            hal.patch(path, {"level": "Administrator"}),
            hal.delete(f"/api/contacts/pickatime/student/{told['id']}"),
            hal.post("/api/contacts/file", {"csv": HEADER, "dry_run": True}),
            hal.get("/api/contacts/file"),
        ):
            assert refusal(answer) == (403, "Forbidden")
    mine = f"/api/contacts/pickatime/administrator/{admin.id}"
    assert refusal(admin.patch(mine, {"level": "Customer"})) == (403, "Forbidden")
    assert refusal(admin.delete(mine)) == (403, "Forbidden")
    assert refusal(admin.patch(path, {"level": "Support"})) == (422, "NotValid")
    for sent, said in (
        ({"email": "nonsense"}, "email: not an e-mail address"),
        ({"emial": "a@b.example"}, "emial: there is no such field here"),
    ):
        assert admin.patch(path, sent).json()["message"] == said
    assert refusal(admin.patch("/api/contacts/clever/teacher/nobody", {"first": "X"})) == (404, "NotThere")
    assert admin.delete(path).json()["inactive_since"]
    assert refusal(hal.get("/api/session")) == (401, "NotSignedIn")
    stranger = Admin.of(stack, str(next(account_numbers)))
    assert refusal(stranger.patch(path, {"first": "X"})) == (404, "NotThere")
    assert "2012-04-08" not in str(audited(stack, account))


def test_a_large_file_passes_the_gate_and_a_larger_one_does_not(stack: Stack) -> None:
    admin = Admin.of(stack, str(next(account_numbers)))
    assert file(admin, HEADER + "x" * 200_000, dry_run=True)["problem_count"] == 1
    many = HEADER + "".join(f"student,A,B,,{n},,,,,\n" for n in range(5_001))
    told = file(admin, many, skip_problems=True)
    assert (told["done"], told["created"]) == (False, 0)
    assert "5,000" in told["problems"][0]["help"]
    too_long = admin.post("/api/contacts/file", {"csv": "x" * 4_000_001, "dry_run": True})
    assert too_long.status_code in (413, 422)
    assert refusal(admin.post("/api/contacts", {"kind": "student", "first": "x" * 200_000})) == (413, "TooLarge")
