"""An administrator looks for contacts, at one of them, at a birth date, and at what became of somebody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from local.stack import Stack
from roster.model import Level
from tests.e2e.admin import Admin, refusal
from tests.e2e.test_admin_importer import Office
from tests.e2e.toolkit import School, enrolled_of, tiny

NIGHT = "changed by the import of"


@pytest.fixture(scope="module")
def office(stack: Stack, open_school: Callable[..., School]) -> Office:
    """One district, imported once: of its students the first has no birth date, and a number that is no SIS id."""
    district = tiny()
    first = enrolled_of(district)[0]
    roles = district.tables["users"].get(first)["roles"]
    student = {**roles["student"], "dob": "", "student_number": "N-42"}
    district.edit("users", first, roles={"student": student}, name={"first": "Zoë", "last": "O'Brien-Núñez"})
    made = Office(stack, open_school(district))
    assert made.run()["status"] == "applied"
    return made


@pytest.fixture
def first(office: Office) -> str:
    return enrolled_of(office.school.district)[0]


def everybody(admin: Admin, **asked: Any) -> list[dict[str, Any]]:
    found, cursor = list[dict[str, Any]](), ""
    while True:
        more = {"cursor": cursor} if cursor else {}
        answer = admin.web.get(f"{admin.stack.url}/api/contacts", params={**asked, **more}, timeout=30)
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        cursor = answer.json()["next"]
        if not cursor:
            return found


def read(admin: Admin, address: str) -> dict[str, Any]:
    answer = admin.get(address)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_everybody_is_listed_once_by_name_whatever_the_page(office: Office) -> None:
    found = everybody(office.admin, limit=7)
    stored = office.school.contacts()
    imported = [(one["kind"], one["id"]) for one in found if one["origin"] == "clever"]
    assert len(imported) == len(found) - 1, "and whoever looks"
    assert sorted(imported) == sorted(stored)
    assert {one["origin_title"] for one in found} == {"Clever", "manual"}
    assert [one["id"] for one in everybody(office.admin)] == [one["id"] for one in found]
    students = everybody(office.admin, kind="student", limit=3)
    assert [one["id"] for one in students] == [one["id"] for one in found if one["kind"] == "student"]
    assert all(one["active"] and one["level"] == Level.CUSTOMER for one in students)
    assert not [one for one in found if "birth" in str(one) or "security_value" in one]


@pytest.mark.parametrize(
    "search", ["obrien", "O\u2019BRIEN-N", "zoe o'brien-nunez", "O'Brien Nunez, Zoë", "n-42", "100000"]
)
def test_somebody_is_found_by_what_is_known_of_them(office: Office, first: str, search: str) -> None:
    assert [one["id"] for one in everybody(office.admin, search=search)] == [first]


def test_somebody_is_found_by_their_address_and_by_the_providers_id(office: Office, first: str) -> None:
    (listed,) = everybody(office.admin, search=first)
    assert listed["id"] == first
    found = everybody(office.admin, search=listed["email"].upper())
    assert [one["id"] for one in found] == [first]
    assert everybody(office.admin, search="nobody@nowhere.example") == []
    assert everybody(office.admin, search="!?") == []
    assert refusal(office.admin.get("/api/contacts?cursor=abc")) == (400, "NotUnderstood")


def test_one_contact_shows_its_blank_security_value_its_family_and_its_classes(office: Office, first: str) -> None:
    (listed,) = everybody(office.admin, search=first)
    told = read(office.admin, listed["address"])
    assert (told["security_value"], told["number"], told["sis_id"]) == ("blank", "N-42", "100000")
    assert (told["level_by_hand"], told["active"], told["edited"]) == (False, True, [])
    assert told["related"]
    parent = read(office.admin, told["related"][0]["address"])
    assert parent["security_value"] == ""
    assert parent["id"] == told["related"][0]["id"]
    assert f"{parent['first']} {parent['last']}".strip() == told["related"][0]["name"]
    assert first in [one["id"] for one in parent["related"]]
    (event,) = told["events"]
    assert event["event"] == office.event
    classes = office.school.classes()
    attended = {id: one.name for id, one in classes.items() if first in (one.students or ())}
    assert {one["id"]: one["name"] for one in event["classes"]} == attended != {}
    teacher = next(one for one in classes.values() if one.id in attended).teachers[0]
    taught = read(office.admin, f"/api/contacts/clever/teacher/{teacher}")
    assert {one["id"] for one in taught["events"][0]["classes"]} & attended.keys()
    assert taught["level"] == Level.APPOINTMENT_VIEWER


def test_who_is_not_there(office: Office) -> None:
    for address in ("clever/student/nobody", "classlink/student/nobody", "clever/parent/~_w"):
        assert refusal(office.admin.get(f"/api/contacts/{address}")) == (404, "NotThere")
        assert refusal(office.admin.post(f"/api/contacts/{address}/security-value", None)) == (404, "NotThere")


def test_a_birth_date_is_told_to_an_administrator_and_written_down_first(office: Office, first: str) -> None:
    dated = enrolled_of(office.school.district)[1]
    address = f"/api/contacts/clever/student/{dated}"
    assert read(office.admin, address)["security_value"] == "on file"
    answer = office.admin.post(f"{address}/security-value", None)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == {"security_value": office.school.contacts()["student", dated].security_value}
    assert office.admin.post(f"/api/contacts/clever/student/{first}/security-value", None).json() == {
        "security_value": ""
    }
    (told,) = read(office.admin, f"{address}/timeline")["items"][:1]
    assert (told["by"], told["fields"]) == (office.admin.id, [])
    assert told["text"].startswith("security value shown to Edna Krabappel on ")


def test_lower_levels_see_no_contact(office: Office, first: str) -> None:
    helper = Admin.of(office.admin.stack, office.school.account, Level.EVENT_ADMINISTRATOR, [office.event])
    address = f"/api/contacts/clever/student/{first}"
    for path in ("/api/contacts", address, f"{address}/timeline"):
        assert refusal(helper.get(path)) == (403, "Forbidden")
    assert refusal(helper.post(f"{address}/security-value", None)) == (403, "Forbidden")


def test_the_timeline_says_which_run_changed_what(office: Office, first: str) -> None:
    address = f"/api/contacts/clever/student/{first}"
    roles = office.school.district.tables["users"].get(first)["roles"]
    roles = {"student": {**roles["student"], "email": "zoe@new.example"}}
    office.school.district.edit("users", first, email="zoe@new.example", roles=roles)
    told = office.run()
    assert told["report"]["counts"]["student"]["updated"] == 1
    timeline = read(office.admin, f"{address}/timeline")
    newest, *_, oldest = [one for one in timeline["items"] if one["run"]]
    assert (newest["run"], newest["event"], newest["fields"]) == (told["run"], office.event, ["e-mail"])
    assert newest["text"].startswith(NIGHT)
    assert newest["text"].endswith(", started by Edna Krabappel: e-mail")
    assert oldest["text"].startswith("created by the import of ")
    assert timeline["since"] == oldest["at"]
    assert "zoe@" not in str(timeline)
    assert [one["id"] for one in everybody(office.admin, search="zoe@new.example")] == [first]
    other = enrolled_of(office.school.district)[2]
    untouched = read(office.admin, f"/api/contacts/clever/student/{other}/timeline")["items"]
    assert [one["run"] for one in untouched] == [oldest["run"]]
