"""An administrator imports, looks on, decides and undoes: through the web address and the real state machine."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from local.sandbox.faults import Fault
from local.stack import Stack
from roster import keys
from roster.model import NO_TERM, Level
from tests.e2e.admin import Admin, put, refusal
from tests.e2e.toolkit import School, enrolled_of, tiny

ENDED = {"applied", "preview", "held", "failed", "cancelled", "interrupted"}


class Office:
    """An administrator of a school, and an event of theirs."""

    def __init__(self, stack: Stack, school: School) -> None:
        self.school = school
        self.admin = Admin.of(stack, school.account)
        self.event = school.event

    @property
    def path(self) -> str:
        return f"/api/events/{self.event}"

    def every_term(self) -> list[str]:
        """All that Clever has, and classes without one."""
        return [*self.school.district.tables["terms"].rows, NO_TERM]

    def begin(self, mode: str = "import", **more: Any) -> str:
        self.school.watch()
        if mode == "import" and "terms" not in more:
            more = {"terms": self.every_term(), **more}
        answer = self.admin.post(f"{self.path}/runs", {"mode": mode, **more})
        assert answer.status_code == 202, answer.text
        return str(answer.json()["run"])

    def told(self, run: str) -> dict[str, Any]:
        answer = self.admin.get(f"{self.path}/runs/{run}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def ended(self, run: str) -> dict[str, Any]:
        until = time.monotonic() + 120
        while time.monotonic() < until:
            told = self.told(run)
            if told["status"] in ENDED and told["report"]:
                return told
            time.sleep(0.2)
        raise AssertionError(f"run {run} does not end: {told}")

    def run(self, mode: str = "import", **more: Any) -> dict[str, Any]:
        return self.ended(self.begin(mode, **more))

    def undo(self, run: str) -> dict[str, Any]:
        answer = self.admin.post(f"{self.path}/runs/{run}/undo", {})
        assert answer.status_code == 202, answer.text
        return self.ended(answer.json()["run"])

    def rows(self, path: str) -> list[dict[str, str]]:
        answer = self.admin.get(path)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith("text/csv")
        assert answer.headers["content-encoding"] == "gzip"
        return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))

    def classes(self) -> list[dict[str, Any]]:
        answer = self.admin.get(f"{self.path}/classes?limit=100")
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["items"]
        return found


@pytest.fixture
def office(stack: Stack, open_school: Callable[..., School]) -> Office:
    return Office(stack, open_school(tiny()))


def test_the_importer_says_what_it_is_set_up_for(office: Office) -> None:
    told = office.admin.get("/api/importer").json()
    assert (told["provider"], told["heading"], told["ready"]) == ("clever", "Clever", True)
    assert "may differ from those of your student information system" in told["terms_note"]
    assert "Data Browser" in told["review"]
    assert "Terms" in told["review"]
    assert [one["caption"] for one in told["levels"]][-1] == "Admin Level - Event Administrator"
    assert told["advice"] == "Clear old data before the new import."
    assert len(told["steps"]) == 5


def test_a_test_import_shows_each_class_and_changes_nothing(office: Office) -> None:
    before = office.school.table()
    told = office.run("preview")
    assert told["status"] == "preview"
    assert office.school.table() == before
    run = told["run"]
    offer = office.admin.get(f"{office.path}/runs/{run}/offer").json()
    assert offer["schools"]
    assert offer["terms"]
    classes = office.admin.get(f"{office.path}/runs/{run}/classes").json()["items"]
    assert len(classes) == told["report"]["counts"]["class"]["created"]
    assert office.admin.get(f"{office.path}/runs/{run}/classes?limit=1000").json()["items"] == classes
    taught = [one for one in classes if one["students"]]
    assert taught
    assert all(one["teachers"] and one["name"] for one in taught)
    assert office.rows(f"{office.path}/runs/{run}/changes")
    live = office.run()
    assert live["report"]["counts"] == told["report"]["counts"]
    again = office.run("preview")
    listed = office.admin.get(f"{office.path}/runs/{again['run']}/classes").json()["items"]
    assert len(listed) == len(classes), "be they last night's"
    refused = office.admin.get(f"{office.path}/runs/{live['run']}/classes")
    assert refusal(refused) == (404, "NotThere")


def test_one_import_then_what_it_brought_is_on_the_account(office: Office) -> None:
    told = office.run()
    assert told["status"] == "applied"
    assert told["by"] == office.admin.id
    assert told["undoable"]
    assert len(office.classes()) == len(office.school.classes())
    people = office.rows(f"{office.path}/reports/people")
    assert len(people) == len(office.school.contacts())
    assert {one["security value"] for one in people if one["kind"] == "student"} <= {"on file", "blank"}
    assert office.rows(f"{office.path}/reports/classes")
    enrolments = office.rows(f"{office.path}/reports/enrolments")
    assert (
        len([one for one in enrolments if one["role"] == "student"]) == told["report"]["counts"]["enrolment"]["created"]
    )
    assert office.admin.get("/api/nightly").json() == {"items": []}  # once, and no night after it
    again = office.run()
    assert again["report"]["writes"] == 0
    history = office.admin.get(f"{office.path}/runs?limit=1").json()
    assert [one["run"] for one in history["items"]] == [again["run"]]
    older = office.admin.get(f"{office.path}/runs?limit=1&cursor={history['next']}").json()
    assert [one["run"] for one in older["items"]] == [told["run"]]
    assert not older["next"]


def test_only_the_chosen_terms_arrive(office: Office) -> None:
    preview = office.run("preview")
    terms = office.admin.get(f"{office.path}/runs/{preview['run']}/offer").json()["terms"]
    chosen = next(term for term in terms if term["classes"])
    told = office.run(terms=[chosen["id"]])
    assert told["report"]["counts"]["class"]["created"] == chosen["classes"]
    assert all(chosen["id"] in one["terms"] for one in office.classes())


def test_half_gone_is_held_then_discarded_or_approved(stack: Stack, open_school: Callable[..., School]) -> None:
    office = Office(stack, open_school(tiny(40)))
    office.run()
    before = office.school.table()
    for student in enrolled_of(office.school.district)[:15]:
        office.school.district.leave(student)
    held = office.run()
    assert held["status"] == "held"
    assert "student.departed" in held["report"]["excess"]
    assert office.school.table() == before
    run = f"{office.path}/runs/{held['run']}"
    assert office.admin.post(f"{run}/discard", {}).json()["decided"] == "discarded"
    assert refusal(office.admin.post(f"{run}/approve", {})) == (400, "NotUnderstood")
    again = office.run()
    assert again["status"] == "held"
    assert office.run("preview")["status"] == "preview", "which is in nobody's way"
    answer = office.admin.post(f"{office.path}/runs/{again['run']}/approve", {})
    assert answer.status_code == 202, answer.text
    approved = office.ended(answer.json()["run"])
    assert approved["status"] == "applied", approved
    told = office.told(again["run"])
    assert (told["decided"], told["decided_by"]) == ("approved", approved["run"])
    assert office.school.table() != before
    undone = office.undo(approved["run"])
    assert undone["status"] == "applied"
    assert office.school.table() == before


def test_more_than_was_allowed_is_held_again(stack: Stack, open_school: Callable[..., School]) -> None:
    office = Office(stack, open_school(tiny(40)))
    office.run()
    enrolled = enrolled_of(office.school.district)
    for student in enrolled[:12]:
        office.school.district.leave(student)
    held = office.run()
    for student in enrolled[12:20]:
        office.school.district.leave(student)
    approved = office.ended(office.admin.post(f"{office.path}/runs/{held['run']}/approve", {}).json()["run"])
    assert approved["status"] == "held"
    assert approved["report"]["excess"]["student.departed"][0] > held["report"]["excess"]["student.departed"][0]


def test_a_yes_comes_too_late_once_another_run_was_started(stack: Stack, open_school: Callable[..., School]) -> None:
    office = Office(stack, open_school(tiny(40)))
    office.run()
    held = office.run(terms=["nosuch"])
    assert held["status"] == "held"
    assert [term["id"] for term in held["selection"]["terms"]] == ["nosuch"]
    before = office.school.table()
    assert office.run()["status"] == "applied"
    answer = office.admin.post(f"{office.path}/runs/{held['run']}/approve", {})
    assert refusal(answer) == (400, "NotUnderstood")
    assert office.school.table() == before
    chosen = office.admin.get(office.path).json()["selection"]["terms"]
    assert sorted(term["id"] for term in chosen) == sorted(office.every_term())


def test_cleared_and_imported_without_duplicates_then_undone(office: Office) -> None:
    office.run()
    before, people = office.school.table(), len(office.school.contacts())
    clear = {"level": "Event Administrator"}
    told = office.run("preview", clear=clear)["report"]["clearing"]
    assert sum(told["levels"].values()) == people
    refused = office.admin.post(
        f"{office.path}/runs", {"mode": "import", "terms": ["t"], "clear": {**clear, "confirm": "delete"}}
    )
    assert refusal(refused) == (400, "NotUnderstood")
    done = office.run(clear={**clear, "confirm": "DELETE"})
    assert done["status"] == "applied"
    assert done["report"]["clearing"] == told
    assert len(office.school.contacts()) == people
    assert office.admin.get("/api/session").status_code == 200  # who did it is still there
    assert office.undo(done["run"])["status"] == "applied"
    assert office.school.table() == before


def test_a_clear_alone_and_the_import_after_it(office: Office) -> None:
    office.run()
    people = sorted(office.school.contacts())
    asked = {"event": office.event, "level": "Event Administrator", "confirm": "DELETE"}
    answer = office.admin.post("/api/contacts/clear", asked)
    assert answer.status_code == 202, answer.text
    assert office.ended(answer.json()["run"])["status"] == "applied"
    assert not office.school.contacts()
    assert not office.classes()
    assert office.run()["status"] == "applied"
    assert sorted(office.school.contacts()) == people


def test_other_events_with_classes_are_in_the_way_of_a_clear(
    office: Office, open_school: Callable[..., School]
) -> None:
    office.run()
    other = office.school.other_event("spring")
    assert other.run()["status"] == "applied"
    asked = {"event": office.event, "level": "Customer", "confirm": "DELETE"}
    answer = office.admin.post("/api/contacts/clear", asked)
    assert refusal(answer) == (409, "ClearRefused")
    assert "Conference" in answer.json()["message"]


def test_an_event_administrator_clears_nothing(office: Office, stack: Stack) -> None:
    mine = Admin.of(stack, office.school.account, Level.EVENT_ADMINISTRATOR, [office.event])
    clear = {"level": "Customer", "confirm": "DELETE"}
    assert refusal(mine.post(f"{office.path}/runs", {"mode": "import", "clear": clear})) == (403, "Forbidden")
    assert refusal(mine.post("/api/contacts/clear", {"event": office.event, **clear})) == (403, "Forbidden")
    assert refusal(mine.post("/api/nightly/stop", {})) == (403, "Forbidden")
    assert mine.post(f"{office.path}/runs", {"mode": "preview"}).status_code == 202


def test_the_class_editor_hides_deletes_and_never_imports_again(office: Office) -> None:
    office.run(nightly=True)
    hidden, deleted, never, *_ = sorted(one["id"] for one in office.classes())
    path = f"{office.path}/classes"
    assert office.admin.post(f"{path}/hide", {"ids": [hidden], "hidden": True}).status_code == 200
    refused = office.admin.post(f"{path}/delete", {"ids": [deleted], "confirm": "yes"})
    assert refusal(refused) == (400, "NotUnderstood")
    answer = office.admin.post(f"{path}/delete", {"ids": [deleted], "confirm": "1"})
    assert "come back with the next import" in answer.json()["message"]
    assert "hide" in answer.json()["message"]
    office.admin.post(f"{path}/delete", {"ids": [never], "confirm": "1", "never": True})
    now = {one["id"]: one["type"] for one in office.classes()}
    assert not {deleted, never} & now.keys()
    assert now[hidden] == "Hidden"
    marks = {one["id"]: one for one in office.admin.get(f"{path}/marks").json()["items"]}
    assert marks[never]["never"]
    assert marks[deleted]["removed"]
    office.school.district.edit("sections", hidden, name="Renamed")
    assert office.run()["status"] == "applied"
    after = {one["id"]: one for one in office.classes()}
    assert deleted in after
    assert never not in after
    assert (after[hidden]["type"], after[hidden]["name"]) == ("Hidden", "Renamed")
    office.admin.post(f"{path}/allow", {"ids": [never]})
    office.run()
    assert never in {one["id"] for one in office.classes()}


def test_nights_are_started_and_stopped(office: Office, stack: Stack) -> None:
    assert refusal(office.admin.call("PUT", f"{office.path}/nightly", {"on": True})) == (422, "NotValid")
    assert refusal(office.admin.call("PUT", f"{office.path}/nightly", {"enabled": True})) == (409, "NotSetUp")
    office.run(nightly=True)
    listed = office.admin.get("/api/nightly").json()["items"]
    assert [one["id"] for one in listed] == [office.event]
    before = office.school.table()
    assert office.admin.call("PUT", f"{office.path}/nightly", {"enabled": False}).json() == {"enabled": False}
    assert office.admin.get("/api/nightly").json()["items"] == []
    assert office.school.table() == before
    assert office.admin.call("PUT", f"{office.path}/nightly", {"enabled": True}).status_code == 200
    other = office.school.other_event("spring").event
    assert office.school.other_event(other).run()["status"] == "applied"
    assert office.admin.call("PUT", f"/api/events/{other}/nightly", {"enabled": True}).status_code == 200
    assert sorted(office.admin.post("/api/nightly/stop", {}).json()["events"]) == sorted([office.event, other])
    assert office.admin.get("/api/nightly").json()["items"] == []


def test_the_account_moves_and_its_nights_with_it(office: Office, stack: Stack) -> None:
    office.run(nightly=True)
    office.admin.patch("/api/account", {"zone": "Europe/London"})
    name = keys.nightly_schedule(office.school.account, office.event)
    told = stack.client("scheduler").get_schedule(Name=name, GroupName=stack.outputs["NightlyGroup"])
    assert told["ScheduleExpressionTimezone"] == "Europe/London"
    assert told["Target"]["Arn"] == stack.outputs["SyncArn"]


def test_a_zone_that_is_given_again_moves_what_was_left_behind(office: Office, stack: Stack) -> None:
    office.run(nightly=True)
    put(stack, keys.account(office.school.account), {"zone": {"S": "Europe/London"}})  # and its nights were not moved
    office.admin.patch("/api/account", {"zone": "Europe/London"})
    name = keys.nightly_schedule(office.school.account, office.event)
    told = stack.client("scheduler").get_schedule(Name=name, GroupName=stack.outputs["NightlyGroup"])
    assert told["ScheduleExpressionTimezone"] == "Europe/London"


def test_not_before_pickatime_has_set_it_up(office: Office, stack: Stack) -> None:
    put(stack, keys.integration(office.school.account), {"state": {"S": "configuring"}})
    told = office.admin.get("/api/importer").json()
    assert not told["ready"]
    assert "active and ready for use" in told["help"]
    assert refusal(office.admin.post(f"{office.path}/runs", {"mode": "import"})) == (409, "NotSetUp")


def test_without_an_event_there_is_nothing_to_import_into(stack: Stack) -> None:
    admin = Admin.of(stack, "77000005")
    put(stack, keys.integration("77000005"), {"provider": {"S": "clever"}, "settings": {"S": "{}"}})
    told = admin.get("/api/importer").json()
    assert not told["ready"]
    assert told["help"].startswith("Create an event first")
    admin.new_event()
    assert admin.get("/api/importer").json()["ready"]


def test_an_account_without_a_provider(stack: Stack, open_school: Callable[..., School]) -> None:
    admin = Admin.of(stack, "77000001")
    event = admin.new_event()["id"]
    assert admin.get("/api/importer").json()["state"] == "none"
    assert refusal(admin.post(f"/api/events/{event}/runs", {"mode": "import"})) == (409, "NotSetUp")
    assert admin.get(f"/api/events/{event}/reports/people").text.startswith("\ufeffkind,id,")
    assert admin.get(f"/api/events/{event}/classes").json() == {"items": [], "next": ""}


def test_a_run_is_cancelled_before_it_writes(office: Office) -> None:
    office.school.sandbox.faults.add(Fault("slow", "*", times=None, seconds=0.8))
    run = office.begin()
    answer = office.admin.post(f"{office.path}/runs/{run}/cancel", {})
    assert answer.json() == {"stopped": True}, answer.text
    assert office.ended(run)["status"] == "cancelled"
    assert not office.school.contacts()
    assert not office.classes()
    assert office.admin.post(f"{office.path}/runs/{run}/cancel", {}).json() == {"stopped": False}
    office.school.sandbox.faults.clear()
    assert office.run()["status"] == "applied"


def test_one_run_at_a_time(office: Office) -> None:
    office.school.sandbox.faults.add(Fault("slow", "*", times=None, seconds=0.7))
    run = office.begin()
    deadline = time.monotonic() + 20
    while office.told(run)["status"] == "starting" and time.monotonic() < deadline:
        time.sleep(0.05)
    again = office.admin.post(f"{office.path}/runs", {"mode": "import", "terms": office.every_term()})
    assert refusal(again) == (409, "AlreadyRunning")
    office.school.sandbox.faults.clear()
    assert office.ended(run)["status"] == "applied"


def test_problems_say_what_to_do(office: Office) -> None:
    told = office.run()
    rows = office.rows(f"{office.path}/runs/{told['run']}/problems")
    assert {one["code"] for one in rows} == set(told["report"]["warnings"])
    assert all(one["what to do"] for one in rows)


def test_another_accounts_runs_are_not_there(office: Office, stack: Stack) -> None:
    told = office.run()
    stranger = Admin.of(stack, "77000002")
    for path in ("", "/offer", "/classes", "/changes", "/problems"):
        answer = stranger.get(f"{office.path}/runs/{told['run']}{path}")
        assert refusal(answer) == (404, "NotThere"), path
    assert refusal(stranger.get(f"{office.path}/runs")) == (404, "NotThere")


def test_an_import_needs_a_term(office: Office) -> None:
    answer = office.admin.post(f"{office.path}/runs", {"mode": "import"})
    assert refusal(answer) == (400, "NotUnderstood")
    assert "at least one term" in answer.json()["help"]


def test_a_choice_that_was_not_applied_is_nobodys(office: Office) -> None:
    """Cancelled at once: tonight goes by what was applied."""
    office.run()
    before = office.school.table()
    office.school.sandbox.faults.add(Fault("slow", "*", times=None, seconds=0.8))
    run = office.begin(terms=[NO_TERM])
    assert office.admin.post(f"{office.path}/runs/{run}/cancel", {}).json() == {"stopped": True}
    assert office.ended(run)["status"] == "cancelled"
    office.school.sandbox.faults.clear()
    assert office.school.run()["writes"] == 0
    assert office.school.table() == before


def test_what_was_held_is_what_is_approved(stack: Stack, open_school: Callable[..., School]) -> None:
    office = Office(stack, open_school(tiny(40)))
    office.run()
    for student in enrolled_of(office.school.district)[:15]:
        office.school.district.leave(student)
    held = office.run(contacts=False)
    assert held["status"] == "held"
    approved = office.ended(office.admin.post(f"{office.path}/runs/{held['run']}/approve", {}).json()["run"])
    assert approved["status"] == "applied"
    stored = office.school.stack.client("dynamodb")
    key = keys.event(office.school.account, office.event)
    found = stored.get_item(TableName=office.school.local.table, Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}})
    assert '"contacts": false' in found["Item"]["selection"]["S"]


def test_two_who_start_at_once(office: Office) -> None:
    office.school.sandbox.faults.add(Fault("slow", "*", times=None, seconds=0.5))
    asked = {"mode": "import", "terms": office.every_term()}
    colleague = Admin.of(office.admin.stack, office.school.account)
    with ThreadPoolExecutor(2) as both:
        answers = list(both.map(lambda one: one.post(f"{office.path}/runs", asked), (office.admin, colleague)))
    assert sorted(answer.status_code for answer in answers) == [202, 409]
    office.school.sandbox.faults.clear()
    run = next(answer.json()["run"] for answer in answers if answer.status_code == 202)
    assert office.ended(run)["status"] == "applied"


def test_another_accounts_run_cannot_be_stopped(office: Office, stack: Stack) -> None:
    office.school.sandbox.faults.add(Fault("slow", "*", times=None, seconds=0.7))
    run = office.begin()
    stranger = Admin.of(stack, "77000003")
    theirs = stranger.new_event()["id"]
    path = f"/api/events/{theirs}/runs/{run}"
    assert refusal(stranger.get(path)) == (404, "NotThere")
    assert refusal(stranger.post(f"{path}/cancel", {})) == (404, "NotThere")
    other = office.admin.new_event("Spring")["id"]
    assert refusal(office.admin.post(f"/api/events/{other}/runs/{run}/cancel", {})) == (404, "NotThere")
    office.school.sandbox.faults.clear()
    assert office.ended(run)["status"] == "applied"


def test_a_clear_before_there_is_a_provider(stack: Stack) -> None:
    """Counts first, then the clear, then everybody back: people kept by hand are all that there are."""
    admin = Admin.of(stack, "77000004")
    Admin.made(stack, "77000004", Level.APPOINTMENT_VIEWER)
    event = admin.new_event()["id"]
    asked = {"event": event, "level": "Event Administrator"}

    def done(answer: Any) -> dict[str, Any]:
        assert answer.status_code == 202, answer.text
        path = f"/api/events/{event}/runs/{answer.json()['run']}"
        until = time.monotonic() + 60
        while (told := admin.get(path).json())["status"] not in ENDED and time.monotonic() < until:
            time.sleep(0.1)
        return told

    counted = done(admin.post("/api/contacts/clear", {**asked, "preview": True}))
    assert counted["status"] == "preview"
    assert counted["report"]["clearing"]["levels"]["Appointment Viewer"] == 1
    cleared = done(admin.post("/api/contacts/clear", {**asked, "confirm": "DELETE"}))
    assert cleared["report"]["clearing"] == counted["report"]["clearing"]
    assert cleared["undoable"]
    assert done(admin.post(f"/api/events/{event}/runs/{cleared['run']}/undo", {}))["status"] == "applied"
