"""Clears, undos, deletions, allowances and nights through the real state machine, started as the web client will."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from local.observe import AwsRequest
from local.stack import Stack
from roster import keys
from roster.classbook import DynamoClassBook
from roster.classes import remove_classes
from roster.ports import Run, RunKey
from roster.records import DynamoRecords
from roster.starting import run_id as new_id
from roster.tables import EventItem, Item, use_table
from tests.e2e.toolkit import Report, School, difference, enrolled_of, observed, students_of, tiny

Open = Callable[..., School]
CLEAR = {"clear": {"level": "Event Administrator", "keep": {"contacts": [], "emails": []}}}


@pytest.fixture(autouse=True)
def _models(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process's models, at the stack's table; other tests have their own."""
    before = {model: model.Meta.table_name for model in (Item, *Item.__subclasses__())}
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "local")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for model in before:
        monkeypatch.setattr(model, "_connection", None)
        monkeypatch.setattr(model.Meta, "host", stack.endpoint, raising=False)
    use_table(stack.outputs["TableName"])
    yield
    for model, name in before.items():
        model.Meta.table_name = name


def run_id() -> str:
    return new_id(datetime.now(UTC), uuid4().hex[:6])


def start(school: School, mode: str = "import", name: str = "", **more: Any) -> str:
    school.watch()
    run = name or run_id()
    asked = {"account": school.account, "event": school.event, "mode": mode, **more}
    arn = school.stack.outputs["SyncArn"]
    school.stack.client("stepfunctions").start_execution(stateMachineArn=arn, name=run, input=json.dumps(asked))
    return run


def run(school: School, mode: str = "import", **more: Any) -> Report:
    return school.follow(start(school, mode, **more))


def owner(school: School, run: str) -> str:
    return school.stack.outputs["SyncArn"].replace(":stateMachine:", ":execution:") + f":{run}"


def state_of(school: School, run: str) -> str:
    states = school.stack.client("stepfunctions")
    while (told := states.describe_execution(executionArn=owner(school, run)))["status"] == "RUNNING":
        time.sleep(0.05)
    return str(told["status"])


def recorded(school: School, run: str) -> Run:
    found = DynamoRecords().run(RunKey(school.account, school.event, run))
    assert found
    return found


def entered(school: School, run: str) -> list[str]:
    pages = school.stack.client("stepfunctions").get_paginator("get_execution_history")
    events = [one for page in pages.paginate(executionArn=owner(school, run)) for one in page["events"]]
    return [one["stateEnteredEventDetails"]["name"] for one in events if "stateEnteredEventDetails" in one]


def put_raw(school: School, item: dict[str, Any]) -> None:
    school.stack.client("dynamodb").put_item(TableName=school.local.table, Item=item)


def by_hand(school: School, id: str, level: str) -> None:
    key = keys.contact(school.account, "pickatime", "administrator", id)
    told = {"pk": key.pk, "sk": key.sk, "kind": "administrator", "id": id, "origin": "pickatime", "level": level}
    put_raw(school, {name: {"S": value} for name, value in told.items()})


def level_of(school: School, kind: str, id: str, level: str) -> None:
    key = keys.contact_mark(school.account, "clever", kind, id)
    put_raw(school, {"pk": {"S": key.pk}, "sk": {"S": key.sk}, "level": {"S": level}})


def test_cleared_and_imported_in_one_run_and_undone(school: School) -> None:
    school.applied()
    by_hand(school, "me", "Administrator")
    by_hand(school, "old", "Appointment Viewer")
    teacher = next(id for kind, id in school.contacts() if kind == "teacher")
    level_of(school, "teacher", teacher, "Administrator")
    before, people = school.table(), len(school.contacts())
    previewed = run(school, "preview", **CLEAR)
    assert (previewed["status"], previewed["writes"], school.table()) == ("preview", 0, before)
    report = run(school, **CLEAR)
    assert report["status"] == "applied", report
    assert report["clearing"] == previewed["clearing"]
    assert report["clearing"]["kept"] == 2
    assert sum(report["clearing"]["levels"].values()) == people - 1 + 1
    assert len(school.contacts()) == people
    told = ("Guard", "Clear", "Apply", "Finish", "PutBack")
    steps = [step for step in entered(school, report["run"]) if step in told]
    assert steps == ["Guard", "Clear", "Apply", "Finish"]
    assert len(enrolled_of(school.district)) == sum(kind == "student" for kind, _ in school.contacts())
    assert run(school, "undo", undo=report["run"])["status"] == "applied"
    assert school.table() == before, difference(school.table(), before)
    assert recorded(school, report["run"]).decided == "undone"
    assert school.run()["status"] == "applied"


def test_a_clear_alone_and_back(school: School) -> None:
    school.applied()
    before = school.table()
    report = run(school, "clear", **CLEAR)
    assert (report["status"], school.items()) == ("applied", [])
    assert run(school, "undo", undo=report["run"])["status"] == "applied"
    assert school.table() == before
    refused = run(school, "undo", undo=report["run"])
    assert refused["error"]["code"] == "UndoRefused"
    assert school.table() == before


def test_an_event_is_deleted(school: School, open_school: Open) -> None:
    school.applied()
    other = school.other_event("other")
    assert other.run()["status"] == "applied"
    report = run(school, "delete")
    assert report["status"] == "applied"
    assert {item["pk"]["S"].split("#")[2] for item in school.items() if not item["pk"]["S"].startswith("contact")} == {
        "other"
    }
    assert not [c for c in school.contacts().values() if c.inactive_since]
    assert run(other, "delete")["status"] == "applied"
    assert all(contact.inactive_since for contact in school.contacts().values())


def test_a_clear_that_fails_is_put_back(school: School) -> None:
    """The import's own files vanish before Apply reads them: for good, so nobody tries it again."""
    school.applied()
    by_hand(school, "old", "Appointment Viewer")
    before = school.table()
    gone: list[str] = []

    def lose_the_plan(request: AwsRequest) -> None:
        if request.action == "BatchWriteItem" and not gone:
            s3, bucket = school.stack.client("s3"), school.stack.outputs["StagingBucket"]
            found = s3.list_objects_v2(Bucket=bucket, Prefix=f"applied/{school.account}/plans/")["Contents"]
            gone.extend(one["Key"] for one in found if "/rosters-" in one["Key"])
            for key in gone:
                s3.delete_object(Bucket=bucket, Key=key)

    with observed(school, lose_the_plan):
        report = run(school, **CLEAR)
    assert gone
    assert (report["status"], report["error"]["code"]) == ("failed", "FilesMissing"), report
    assert "PutBack" in entered(school, report["run"])
    assert school.table() == before, difference(school.table(), before)
    assert run(school, **CLEAR)["status"] == "applied"


def test_a_held_run_is_allowed(open_school: Open) -> None:
    school = open_school(tiny(40))
    school.applied()
    for student in enrolled_of(school.district)[:15]:
        school.district.leave(student)
    held = run(school)
    assert held["status"] == "held"
    assert "student.departed" in held["excess"]
    assert run(school, allow=held["run"])["status"] == "applied"
    assert len(students_of(school.district)) < 40


def test_a_night_is_had_once_and_leaves_nothing_the_second_time(school: School) -> None:
    school.applied()
    EventItem(*keys.event(school.account, school.event)).update([EventItem.nightly.set(True)])
    at = {"night": "2026-10-02T05:00:00+00:00", "zone": "America/New_York", "shared": True}
    first = run(school, **at)
    assert first["status"] == "applied", first
    told = recorded(school, first["run"])
    assert (told.by, told.night) == ("night", "2026-10-02")
    second = start(school, **at)
    assert state_of(school, second) == "SUCCEEDED"
    assert not school.local.run(second)
    assert entered(school, second)[-1] == "NothingToDo"
    EventItem(*keys.event(school.account, school.event)).update([EventItem.nightly.set(False)])
    third = start(school, **{**at, "night": "2026-10-03T05:00:00+00:00"})
    assert state_of(school, third) == "SUCCEEDED"
    assert not school.local.run(third)


def test_a_stopped_execution_ends_as_cancelled_and_frees_its_event(school: School) -> None:
    first, stopped = run_id(), threading.Event()

    def stop(request: AwsRequest) -> None:
        if request.action == "PutObject" and not stopped.is_set():
            stopped.set()
            school.stack.client("stepfunctions").stop_execution(executionArn=owner(school, first))

    with observed(school, stop):
        start(school, name=first)
        assert state_of(school, first) == "ABORTED"
    until = time.monotonic() + 30
    while not school.local.run(first).get("ended") and time.monotonic() < until:
        time.sleep(0.05)
    assert school.local.run(first)["status"] == "cancelled"
    assert run(school)["status"] == "applied"


def test_a_deleted_class_is_back_after_the_next_run(school: School) -> None:
    school.applied()
    before = school.table()
    some = sorted(school.classes())[:2]
    remove_classes(DynamoClassBook(), school.account, school.event, some, "2026-10-02T12:00:00+00:00")
    assert not set(some) & set(school.classes())
    report = school.run()
    assert (report["status"], report["counts"]["class"]["created"]) == ("applied", 2)
    assert school.table() == before, difference(school.table(), before)
    assert school.run()["writes"] == 0
