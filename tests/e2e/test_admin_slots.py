"""What an import is for: slots for the teachers that it brought, and then a person opens booking."""

from __future__ import annotations

from collections.abc import Callable

import requests

from local.stack import Stack
from tests.e2e.admin import refusal
from tests.e2e.test_admin_importer import Office
from tests.e2e.toolkit import School, tiny

EVENING = {"begins": "2027-02-02T17:00", "ends": "2027-02-02T20:00"}
FIELDS = {"school", "event", "held_on", "open", "opens", "closes", "teachers"}


def test_import_then_slots_then_booking(stack: Stack, open_school: Callable[..., School]) -> None:
    office = Office(stack, open_school(tiny()))
    admin, path = office.admin, office.path

    def public(event: str = office.event) -> requests.Response:
        return requests.get(f"{stack.url}/api/booking/{admin.account}/{event}", timeout=30)

    settings = {"slot_minutes": 15, "gap_minutes": 5}
    assert admin.patch(path, {"held_on": "2027-02-02", "settings": settings}).status_code == 200
    refused = admin.call("PUT", f"{path}/slots", EVENING)
    assert refusal(refused) == (409, "NotSetUp")
    assert "Import into it first" in refused.json()["help"]
    assert refusal(admin.call("PUT", f"{path}/booking", {"open": True})) == (409, "NotSetUp")
    assert office.run()["status"] == "applied"
    assert public().status_code == 404

    taught = {id for one in office.school.classes().values() for id in one.teachers}
    assert refusal(admin.call("PUT", f"{path}/slots", {**EVENING, "ends": "2027-02-03T01:00"}))[0] == 400
    made = admin.call("PUT", f"{path}/slots", EVENING)
    assert made.json() == {"teachers": len(taught), "slots": 9}, made.text
    first = admin.get(f"{path}/slots?limit=1").json()
    rest = admin.get(f"{path}/slots?limit=100&cursor={first['next']}").json()
    teachers = [*first["items"], *rest["items"]]
    assert [one["id"] for one in teachers] == sorted(taught)
    assert all(one["name"] and one["classes"] and len(one["slots"]) == 9 for one in teachers)
    assert {name for one in teachers for name in one["classes"]} <= {one["name"] for one in office.classes()}
    assert teachers[0]["slots"][:2] == ["2027-02-02T17:00", "2027-02-02T17:20"]
    never, unknown = public(), public("nosuch")
    assert (never.status_code, never.text) == (unknown.status_code, unknown.text) == (404, unknown.text)

    assert admin.call("PUT", f"{path}/booking", {"open": True}).json()["open"] is True
    told = public().json()
    assert told.keys() == FIELDS
    assert (told["open"], told["teachers"], told["held_on"]) == (True, len(taught), "2027-02-02")
    assert office.run()["status"] == "applied"
    assert public().json() == told, "an import leaves booking open"
    later = {"settings": {**settings, "booking_opens": "2099-01-01T08:00"}}
    assert admin.patch(path, later).status_code == 200
    assert (public().json()["open"], public().json()["opens"]) == (False, "2099-01-01T08:00")
    admin.patch(path, {"settings": settings})

    assert admin.call("PUT", f"{path}/booking", {"open": False}).json()["open"] is False
    assert office.run()["status"] == "applied"
    told = public().json()
    assert (told["open"], told["teachers"]) == (False, None), "an import never opens booking"
    rows = admin.get("/api/audit?action=slot.change").json()["items"]
    assert [one["after"].get("on") for one in rows] == [False, True, None]
