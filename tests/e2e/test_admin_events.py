"""An account's events through its web address: made, copied, listed in pages, changed, deleted; and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from local.stack import Stack
from roster import keys
from roster.cursor import cursor_after
from roster.model import Level
from tests.e2e.admin import Admin, put, refusal, stored_event
from tests.e2e.toolkit import account_numbers

GROUPS = {
    "settings": {
        "slot_minutes": 15,
        "gap_minutes": 5,
        "location": "Gym",
        "booking_opens": "2026-10-01T08:00",
        "booking_closes": "2026-10-09T18:00",
        "message": "Welcome!\nPlease park behind the gym.",
    },
    "notifications": {
        "confirmation": True,
        "cancellation": False,
        "reminder_hours": [2, 24],
        "reply_to": "office@harbor.example",
        "message": "See you soon",
    },
    "fields": [{"name": "Phone", "required": True}, {"name": "Interpreter", "required": False}],
}


@pytest.fixture
def edna(stack: Stack) -> Admin:
    return Admin.of(stack, str(next(account_numbers)))


def test_a_new_event_has_sensible_settings(edna: Admin) -> None:
    made = edna.new_event("  Fall conferences  ", held_on="2026-10-15")
    assert (made["name"], made["held_on"], made["nightly"], made["imported"]) == (
        "Fall conferences",
        "2026-10-15",
        False,
        False,
    )
    assert made["settings"]["slot_minutes"] == 10
    assert made["notifications"]["reminder_hours"] == [24]
    assert edna.get(f"/api/events/{made['id']}").json() == made


def test_a_template_hands_on_its_three_groups_and_nothing_else(stack: Stack, edna: Admin) -> None:
    old = edna.new_event("Spring", held_on="2026-04-01", **GROUPS)
    held = {"snapshot": {"S": "applied/x"}, "selection": {"S": json.dumps({"terms": [{"id": "t1", "name": "Spring"}]})}}
    put(stack, keys.event(edna.account, old["id"]), {**held, "nightly": {"BOOL": True}})
    new = edna.new_event("Fall", template=old["id"])
    assert {group: new[group] for group in GROUPS} == GROUPS
    assert (new["template"], new["held_on"], new["nightly"], new["imported"]) == (old["id"], "", False, False)
    stored = stored_event(stack, edna.account, new["id"])
    assert stored
    assert stored.selection is stored.snapshot is stored.settled is None
    other = edna.new_event("Winter", template=old["id"], fields=[])
    assert other["fields"] == []
    assert other["settings"] == GROUPS["settings"]


def test_what_is_left_out_stays(edna: Admin) -> None:
    made = edna.new_event("Spring", **GROUPS)
    changed = edna.patch(f"/api/events/{made['id']}", {"settings": {"slot_minutes": 20}}).json()
    assert changed["settings"] == {
        "slot_minutes": 20, "gap_minutes": 0, "location": "", "booking_opens": None, "booking_closes": None,
        "message": "",
    }  # fmt: skip
    assert (changed["name"], changed["notifications"], changed["fields"]) == (
        "Spring", GROUPS["notifications"], GROUPS["fields"],
    )  # fmt: skip
    assert edna.get(f"/api/events/{made['id']}").json() == changed


def test_renaming_an_event_with_classes_warns(stack: Stack, edna: Admin) -> None:
    made = edna.new_event("Spring")
    assert edna.patch(f"/api/events/{made['id']}", {"name": "Spring 2"}).json()["warnings"] == []
    held = {"snapshot": {"S": "applied/x"}, "selection": {"S": json.dumps({"terms": [{"id": "t1", "name": "Q3"}]})}}
    put(stack, keys.event(edna.account, made["id"]), held)
    (warning,) = edna.patch(f"/api/events/{made['id']}", {"name": "Fall"}).json()["warnings"]
    assert "classes of Q3" in warning
    assert edna.patch(f"/api/events/{made['id']}", {"held_on": "2026-10-01"}).json()["warnings"] == []
    stored = stored_event(stack, edna.account, made["id"])
    assert stored
    assert stored.snapshot == "applied/x", "what runs keep with the event stays"


def pages(admin: Admin, limit: int) -> Iterator[list[str]]:
    cursor = ""
    while True:
        told = admin.get(f"/api/events?limit={limit}" + (f"&cursor={cursor}" if cursor else "")).json()
        yield [one["id"] for one in told["items"]]
        cursor = told["next"]
        if not cursor:
            return


@pytest.mark.parametrize("limit", [1, 2, 5, 6, 100])
def test_pages_of_a_list_give_each_event_once(edna: Admin, limit: int) -> None:
    made = sorted(edna.new_event(f"Event {n}")["id"] for n in range(5))
    got = list(pages(edna, limit))
    assert [id for page in got for id in page] == made
    assert all(len(page) == limit for page in got[:-1])


def test_an_event_administrator_lists_their_own(stack: Stack, edna: Admin) -> None:
    made = sorted(edna.new_event(f"Event {n}")["id"] for n in range(4))
    helper = Admin.of(stack, edna.account, Level.EVENT_ADMINISTRATOR, [made[3], "gone", made[1]])
    assert list(pages(helper, 1)) == [[made[1]], [made[3]]]
    assert list(pages(Admin.of(stack, edna.account, Level.EVENT_ADMINISTRATOR), 10)) == [[]]


@pytest.mark.parametrize(
    "cursor", ["x", "%00", "A" * 1999, cursor_after("contacts", "a"), cursor_after("events", "a") + "="]
)
def test_a_made_up_cursor_is_refused(edna: Admin, cursor: str) -> None:
    assert refusal(edna.get(f"/api/events?cursor={cursor}")) == (400, "NotUnderstood")


@pytest.mark.parametrize(
    "place", ["\ud800", "x", "99", "\u0660\u0665", "05\ud800", "05" + "a" * 1022, "05" + "é" * 500]
)
def test_a_made_up_place_in_a_list_is_refused(edna: Admin, place: str) -> None:
    event = edna.new_event()["id"]
    cursor = cursor_after("classes", place)[:2000]
    assert refusal(edna.get(f"/api/events/{event}/classes?cursor={cursor}")) == (400, "NotUnderstood")


@pytest.mark.parametrize("place", ["\ud800", "é" * 300, "a" * 1025])
def test_no_key_is_made_of_a_made_up_place(edna: Admin, place: str) -> None:
    answer = edna.get(f"/api/events?cursor={cursor_after('events', place)}")
    assert refusal(answer)[0] in (400, 422)


@pytest.mark.parametrize("ids", [["\U0001f600" * 300], ["A\ud800"], ["é" * 200], ["A"] * 26])
def test_an_id_that_no_key_holds_and_too_many_ids(edna: Admin, ids: list[str]) -> None:
    event = edna.new_event()["id"]
    answer = edna.post(f"/api/events/{event}/classes/delete", {"ids": ids, "confirm": "1"})
    assert refusal(answer) == (422, "NotValid")


def executions(stack: Stack, run: str) -> dict[str, Any]:
    arn = stack.outputs["SyncArn"].replace(":stateMachine:", ":execution:") + f":{run}"
    told: dict[str, Any] = json.loads(stack.client("stepfunctions").describe_execution(executionArn=arn)["input"])
    return told


def test_deleting_an_event_ends_its_nights_and_starts_a_run(stack: Stack, edna: Admin) -> None:
    made = edna.new_event()
    put(stack, keys.event(edna.account, made["id"]), {"nightly": {"BOOL": True}})
    answer = edna.delete(f"/api/events/{made['id']}")
    assert answer.status_code == 202
    run = answer.json()["run"]
    assert executions(stack, run) == {
        "account": edna.account, "event": made["id"], "mode": "delete", "by": edna.id,
    }  # fmt: skip
    stored = stored_event(stack, edna.account, made["id"])
    assert stored is None or (stored.nightly, stored.deleting) == (False, run)


def test_an_event_whose_run_goes_on_is_not_deleted(stack: Stack, edna: Admin) -> None:
    made = edna.new_event()
    lock = keys.event_lock(edna.account, made["id"])
    running = start_something(stack)
    put(stack, lock, {"owner": {"S": running}, "run": {"S": "r1"}, "event": {"S": made["id"]}})
    assert refusal(edna.delete(f"/api/events/{made['id']}")) == (409, "AlreadyRunning")
    assert edna.get(f"/api/events/{made['id']}").json()["deleting"] is False
    stack.client("stepfunctions").stop_execution(executionArn=running)
    assert edna.delete(f"/api/events/{made['id']}").status_code == 202


def start_something(stack: Stack) -> str:
    """An execution that goes on until it is stopped."""
    states = stack.client("stepfunctions")
    waits = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Timestamp": "2030-01-01T00:00:00Z", "End": True}}}
    made = states.create_state_machine(
        name="waits", definition=json.dumps(waits), roleArn="arn:aws:iam::123456789012:role/waits"
    )
    arn: str = states.start_execution(stateMachineArn=made["stateMachineArn"], name="w1")["executionArn"]
    return arn


def test_deleting_several_takes_their_number_and_spares_the_newest_copy(stack: Stack, edna: Admin) -> None:
    old = [edna.new_event(f"Old {n}")["id"] for n in range(2)]
    new = edna.new_event("New", template=old[0])["id"]
    for confirm in ("", "3", "yes", "2 "):
        answer = edna.post("/api/events/delete", {"events": old, "confirm": confirm})
        assert refusal(answer) == (400, "NotUnderstood")
    spared = edna.post("/api/events/delete", {"events": [*old, new], "confirm": "3"})
    assert refusal(spared) == (400, "NotUnderstood")
    assert new in spared.json()["message"]
    missing = edna.post("/api/events/delete", {"events": [*old, "nothing"], "confirm": "3"})
    assert refusal(missing) == (404, "NotThere")
    assert not any(one["deleting"] for one in edna.get("/api/events").json()["items"]), "all or nothing"
    many = edna.post("/api/events/delete", {"events": ["e"] * 21, "confirm": "1"})
    assert refusal(many) == (422, "NotValid")
    done = edna.post("/api/events/delete", {"events": [*old, old[0]], "confirm": "2"})
    assert done.status_code == 202
    assert [one["event"] for one in done.json()["items"]] == old


def test_the_account_is_renamed_and_moved_to_a_known_zone(edna: Admin) -> None:
    assert edna.get("/api/account").json()["zone"] == "America/New_York"
    changed = edna.patch("/api/account", {"zone": "Europe/London"}).json()
    assert (changed["name"], changed["zone"]) == ("Harbor High School", "Europe/London")
    assert edna.patch("/api/account", {"name": "Elm School"}).json()["zone"] == "Europe/London"
    for zone in ("Mars/Olympus", "../etc/passwd", "", "localtime", "posix/UTC", "x" * 65):
        assert refusal(edna.patch("/api/account", {"zone": zone})) == (422, "NotValid")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "A", "level": "Support"}, "level"),
        ({"name": "A", "nightly": True}, "nightly"),
        ({}, "name"),
        ({"name": " "}, "name"),
        ({"name": "A" * 101}, "name"),
        ({"name": "A\x00B"}, "name"),
        ({"name": "A\ud800"}, "name"),
        ({"name": 7}, "name"),
        ({"name": ["A"]}, "name"),
        ({"name": "A", "held_on": "2026-02-30"}, "held_on"),
        ({"name": "A", "held_on": "20260201"}, "held_on"),
        ({"name": "A", "template": "../x"}, "template"),
        ({"name": "A", "settings": {"slot_minutes": "10"}}, "settings.slot_minutes"),
        ({"name": "A", "settings": {"slot_minutes": 0}}, "settings.slot_minutes"),
        ({"name": "A", "settings": {"booking_opens": "2026-13-01T00:00"}}, "settings.booking_opens"),
        ({"name": "A", "settings": {"message": "x" * 2001}}, "settings.message"),
        ({"name": "A", "settings": {"colour": "red"}}, "settings.colour"),
        (
            {"name": "A", "settings": {"booking_opens": "2026-10-02T00:00", "booking_closes": "2026-10-01T00:00"}},
            "settings",
        ),
        ({"name": "A", "notifications": {"reminder_hours": [1] * 6}}, "notifications.reminder_hours"),
        ({"name": "A", "notifications": {"reply_to": "a@b"}}, "notifications.reply_to"),
        ({"name": "A", "fields": [{"name": "A"}, {"required": True}]}, "fields.1.name"),
        ({"name": "A", "fields": [{"name": "A"}] * 21}, "fields"),
    ],
)
def test_a_wrong_field_is_named(edna: Admin, body: dict[str, Any], field: str) -> None:
    answer = edna.post("/api/events", body)
    assert refusal(answer) == (422, "NotValid")
    assert answer.json()["message"].startswith(f"{field}: "), answer.json()
    assert edna.get("/api/events").json()["items"] == []


@pytest.mark.parametrize(
    ("sent", "kind", "told"),
    [
        (b"{", "application/json", (400, "NotJson")),
        (b"", "application/json", (400, "NotJson")),
        (b"\xff\xfe", "application/json", (400, "NotJson")),
        (b"[" * 50_000, "application/json", (400, "NotJson")),
        (b'[{"name": "A"}]', "application/json", (422, "NotValid")),
        (b'"name"', "application/json", (422, "NotValid")),
        (b"null", "application/json", (422, "NotValid")),
        (b'{"name": NaN}', "application/json", (422, "NotValid")),
        (b'{"name": "' + b"x" * 100_001 + b'"}', "application/json", (413, "TooLarge")),
        (b'{"name": "A"}', "text/plain", (415, "NotJson")),
        (b"name=A", "application/x-www-form-urlencoded", (415, "NotJson")),
        (b'{"name": "A"}', "", (415, "NotJson")),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_body_that_is_no_json_object_is_refused(edna: Admin, sent: bytes, kind: str, told: tuple[int, str]) -> None:
    headers = {"Origin": edna.stack.url, **({"Content-Type": kind} if kind else {})}
    answer = edna.web.post(f"{edna.stack.url}/api/events", data=sent, headers=headers, timeout=30)
    assert refusal(answer) == told


def test_a_media_type_has_no_case(edna: Admin) -> None:
    headers = {"Origin": edna.stack.url, "Content-Type": "Application/JSON; charset=UTF-8"}
    answer = edna.web.post(f"{edna.stack.url}/api/events", data=b'{"name": "A"}', headers=headers, timeout=30)
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 201),
    ],
)
def test_only_our_own_pages_may_change_something(edna: Admin, headers: dict[str, str], status: int) -> None:
    answer = edna.web.post(f"{edna.stack.url}/api/events", json={"name": "A"}, headers=headers, timeout=30)
    assert answer.status_code == status
    assert status == 201 or refusal(answer) == (403, "Forbidden")


def test_an_address_that_is_none_and_a_method_that_is_not_there(edna: Admin) -> None:
    for path in ("/api/nothing", "/api/events/", "/api/events/a/b", "/api/%00", "/api/events%2f"):
        answer = edna.get(path)
        assert answer.status_code == 404, path
        refusal(answer)
    answer = edna.call("PUT", "/api/events", {})
    assert refusal(answer) == (405, "MethodNotAllowed")
    assert answer.headers["allow"] == "GET, POST"
    assert edna.call("OPTIONS", "/api/session").status_code == 405
