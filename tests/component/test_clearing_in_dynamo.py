"""What clears, undos, nights and the class editor do to items of DynamoDB, attribute by attribute."""

from __future__ import annotations

from collections import Counter
from typing import Any

import boto3
import pytest

from roster import keys
from roster.classbook import DynamoClassBook
from roster.classes import hide_classes, list_classes, never_import, remove_classes
from roster.errors import AlreadyRunning, NotSetUp, NotUnderstood, Superseded
from roster.lines import changes
from roster.model import Class, ClassEntry, ContactEntry, Person, to_line
from roster.ports import Change, ClassMark, Ending, RunKey, Stored
from roster.records import DynamoRecords
from roster.store import DynamoRoster
from roster.tables import (
    ClassItem,
    ClassMarkItem,
    ContactMarkItem,
    EventItem,
    IntegrationItem,
    LockItem,
    RunItem,
    ScheduleItem,
)

A, B = RunKey("116", "spring", "run-a"), RunKey("116", "spring", "run-b")
NOW = "2026-10-01T01:00:00+00:00"
AGAIN = "2026-10-01T01:00:00.000001+00:00"  # a deletion marks its classes before and after


@pytest.fixture
def records(table: str) -> DynamoRecords:
    IntegrationItem(*keys.integration("116"), provider="fake", settings={}).save()
    EventItem(*keys.event("116", "spring"), selection={}).save()
    return DynamoRecords()


def raw() -> list[Any]:
    items = boto3.client("dynamodb").scan(TableName="roster")["Items"]
    return sorted(items, key=lambda item: (item["pk"]["S"], item["sk"]["S"]))


def holding(records: DynamoRecords, key: RunKey, night: str = "") -> bool:
    begun = records.begin(key, f"arn {key.run}", lambda owner: False, "import", NOW, "somebody", night)
    if begun:
        records.hold_account(key, f"arn {key.run}", lambda owner: False)
    return begun


def test_contacts_and_levels_are_found_deleted_and_put_back_byte_for_byte(records: DynamoRecords) -> None:
    roster = DynamoRoster()
    people = [ContactEntry(Person("student", f"S {n}#", email=f"S{n}@x.example")) for n in range(40)]
    roster.apply("116", "spring", "fake", [Change(*one.key, one) for one in people])
    key = keys.contact("116", "pickatime", "administrator", "7")
    told = {"pk": key.pk, "sk": key.sk, "kind": "administrator", "id": "7", "level": "Administrator"}
    boto3.resource("dynamodb").Table("roster").put_item(Item={**told, "numbers": {1, 2}, "none": None})
    ContactMarkItem(*keys.contact_mark("116", "fake", "student", "S 3#"), level="Support").save()
    before = raw()
    found = [one for part in range(16) for one in roster.found("116", "fake", part)]
    assert sorted(one.id for one in found) == sorted(f"S {n}#" for n in range(40))
    assert {one.entry.level for one in found if isinstance(one.entry, Stored)} == {"Customer"}
    (by_hand,) = [one for part in range(16) for one in roster.found("116", "pickatime", part)]
    assert isinstance(by_hand.entry, Stored)
    assert by_hand.entry.level == "Administrator"
    (mark,) = roster.levels("116")
    assert (mark.kind, mark.id, mark.entry) == (
        "student", "S 3#", Stored("fake", mark.entry.item, "Support", mark=True),  # type: ignore[union-attr]
    )  # fmt: skip
    images = [*found, by_hand, mark]
    gone = [(one, one.entry) for one in images if isinstance(one.entry, Stored)]
    roster.apply("116", "spring", "fake", [Change(c.kind, c.id, Stored(e.origin, mark=e.mark)) for c, e in gone])
    assert [item["pk"]["S"] for item in raw()] == ["account#116", "account#116"]
    roster.apply("116", "spring", "fake", changes(b"\n".join(map(to_line, images))))
    assert raw() == before


def test_entries_classes_and_marks_are_deleted(records: DynamoRecords) -> None:
    roster, before = DynamoRoster(), raw()
    ClassMarkItem(*keys.class_mark("116", "spring", "C0"), hidden=True).save()
    made = [
        Change("student", "S0", ContactEntry(Person("student", "S0"))),
        Change("class", "C0", ClassEntry(Class("C0"), [], ["S0"])),
        Change("schedule", "S0", ("C0",)),
    ]
    roster.apply("116", "spring", "fake", made)
    assert len(raw()) == len(before) + 4
    kinds = [("student", "S0"), ("class", "C0"), ("schedule", "S0"), ("class_mark", "C0")]
    roster.apply("116", "spring", "fake", [Change(*one, None) for one in kinds])
    assert raw() == before


def test_a_night_is_claimed_once(records: DynamoRecords) -> None:
    assert holding(records, A, "2026-10-01")
    assert holding(records, A, "2026-10-01"), "Lambda may call a step twice"
    records.finish(A, "applied", {}, NOW, ("l", "s"), ending=Ending(before={"ledger": ""}))
    assert not holding(records, B, "2026-10-01")
    assert not [item for item in raw() if item["pk"]["S"].startswith("lock#")]
    assert records.run(B) is None
    assert holding(records, B, "2026-10-02")
    told = records.run(B)
    assert told is not None
    assert (told.status, told.by, told.night, told.owner) == ("running", "somebody", "2026-10-02", "arn run-b")


def test_an_undo_turns_everything_back_in_one_transaction(records: DynamoRecords) -> None:
    holding(records, A)
    records.applying(A, "plan-a", "fake")
    records.finish(A, "applied", {}, NOW, ("l", "s"), {"x": 1}, Ending(before={"ledger": "", "snapshot": ""}))
    integration, event = records.integration("116"), records.event("116", "spring")
    assert (integration.origins, integration.changed, event.changed) == (("fake",), "run-a", "run-a")
    told = records.run(A)
    assert told is not None
    assert told.before == {"ledger": "", "snapshot": ""}
    holding(records, B)
    records.applying(B, "plan-b", "fake")
    records.finish(B, "applied", {}, NOW, ("", ""), {}, Ending(selection={"terms": []}, undone="run-a"))
    integration, event = records.integration("116"), records.event("116", "spring")
    assert (integration.ledger, integration.changed, integration.applying) == ("", "", "")
    assert (event.snapshot, event.changed, event.selection, event.applying) == ("", "", {"terms": []}, "")
    told = records.run(A)
    assert told is not None
    assert told.decided == "undone"


def test_what_was_put_back_is_in_no_doubt(records: DynamoRecords) -> None:
    holding(records, A)
    records.applying(A, "plan-a", "fake")
    records.finish(A, "failed", {}, NOW, ending=Ending(restored=True))
    assert records.integration("116").applying == records.event("116", "spring").applying == ""
    holding(records, B)
    LockItem(*keys.account_lock("116")).delete()
    with pytest.raises(Superseded):
        records.finish(B, "failed", {}, NOW, ending=Ending(restored=True))


def test_a_stopped_run_that_may_still_write_keeps_its_locks(records: DynamoRecords) -> None:
    holding(records, A)
    records.finish(A, "cancelled", {}, NOW, ending=Ending(lingers=True))
    assert records.holds(A)


def test_an_event_goes_with_its_run(records: DynamoRecords) -> None:
    EventItem(*keys.event("116", "fall 2026"), name="Fall", nightly=True).save()
    assert [(event.event, event.nightly) for event in records.all_events("116")] == [
        ("fall 2026", True),
        ("spring", False),
    ]
    holding(records, A)
    records.applying(A, "plan-a", "fake")
    records.finish(A, "applied", {}, NOW, ("l", ""), {}, Ending(deleted=True))
    assert [event.event for event in records.all_events("116")] == ["fall 2026"]
    with pytest.raises(NotSetUp):
        records.event("116", "spring")
    assert RunItem.get(*keys.run(*("116", "spring", "run-a"))).status == "applied"


def test_without_a_provider_no_integration_comes_into_being(records: DynamoRecords) -> None:
    IntegrationItem(*keys.integration("116")).delete()
    holding(records, A)
    records.applying(A, "plan-a", "pickatime")
    records.finish(A, "applied", {}, NOW, ("", ""), {}, Ending(before={}, integrated=False))
    with pytest.raises(NotSetUp):
        records.integration("116")


def school(classes: int = 30) -> None:
    entries = [
        ClassEntry(Class(f"C{n}", f"Class {n}", "sch", ("t1",)), ["T0"], ["S0", f"S{n}"]) for n in range(classes)
    ]
    schedules = [Change("schedule", "S0", tuple(f"C{n}" for n in range(classes)))]
    schedules += [Change("schedule", f"S{n}", (f"C{n}",)) for n in range(1, classes)]
    DynamoRoster().apply("116", "spring", "fake", [*(Change("class", one.key, one) for one in entries), *schedules])


def test_a_deleted_class_is_out_of_every_schedule_and_marked(records: DynamoRecords) -> None:
    school()
    book = DynamoClassBook()
    EventItem(*keys.event("116", "spring")).update([EventItem.settled.set({"content": "x"})])
    for _ in range(2):
        remove_classes(book, "116", "spring", ["C3", "C4", "gone"], NOW)
    assert records.event("116", "spring").settled == {}
    assert records.class_marks("116", "spring") == {id: ClassMark(removed=AGAIN) for id in ("C3", "C4", "gone")}
    left = ScheduleItem.get(*keys.schedule("116", "spring", "S0")).classes
    assert len(left) == 28
    assert not {"C3", "C4"} & set(left)
    for student in ("S3", "S4"):
        with pytest.raises(ScheduleItem.DoesNotExist):
            ScheduleItem.get(*keys.schedule("116", "spring", student))
    with pytest.raises(ClassItem.DoesNotExist):
        ClassItem.get(*keys.event_class("116", "spring", "C3"))
    records.unmark("116", "spring", {"C3": AGAIN, "C4": "another time"})
    assert records.class_marks("116", "spring")["C3"] == ClassMark()
    assert records.class_marks("116", "spring")["C4"].removed == AGAIN
    records.remark("116", "spring", {"C3": "then"}, ["C4"])
    assert records.class_marks("116", "spring")["C3"].removed == "then"
    assert records.class_marks("116", "spring")["C4"].removed == ""


def test_several_classes_cost_their_students_one_write_each(
    records: DynamoRecords, monkeypatch: pytest.MonkeyPatch
) -> None:
    school()
    touched: list[str] = []
    for name in ("get", "update", "delete"):
        whole = getattr(ScheduleItem, name)

        def counted(*given: Any, name: str = name, whole: Any = whole, **more: Any) -> Any:
            touched.append(name)
            return whole(*given, **more)

        monkeypatch.setattr(ScheduleItem, name, counted)
    remove_classes(DynamoClassBook(), "116", "spring", [f"C{n}" for n in range(25)], NOW)
    assert Counter(touched) == {"get": 25, "update": 1, "delete": 24}  # S0 keeps five classes
    assert len(ScheduleItem.get(*keys.schedule("116", "spring", "S0")).classes) == 5


@pytest.mark.parametrize(
    "cursor", ["x", "16", "0", "05\nC1", "\u0660\u0665", "05é", "05\ud800", "05" + "a" * 1001, "MDU="]
)
def test_a_made_up_place_is_not_understood(records: DynamoRecords, cursor: str) -> None:
    with pytest.raises(NotUnderstood):
        list_classes(DynamoClassBook(), "116", "spring", cursor)


def test_not_while_a_run_writes_and_not_without_an_event(records: DynamoRecords) -> None:
    school(2)
    holding(records, A)
    records.applying(A, "plan", "fake")
    with pytest.raises(AlreadyRunning):
        remove_classes(DynamoClassBook(), "116", "spring", ["C1"], NOW)
    with pytest.raises(NotSetUp):
        never_import(DynamoClassBook(), "116", "nowhere", ["C1"], NOW)
    assert records.class_marks("116", "spring") == {}
    records.finish(A, "failed", {}, NOW)
    remove_classes(DynamoClassBook(), "116", "spring", ["C1"], NOW)
    assert set(records.class_marks("116", "spring")) == {"C1"}


@pytest.mark.parametrize("size", [1, 7, 30, 100])
def test_classes_are_listed_page_by_page_hidden_ones_too(records: DynamoRecords, size: int) -> None:
    school()
    book = DynamoClassBook()
    hide_classes(book, "116", "spring", ["C7"])
    never_import(book, "116", "spring", ["C9"], NOW)
    rows, cursor = list_classes(book, "116", "spring", "", size)
    while cursor:
        assert len(rows) <= size * 100
        more, cursor = list_classes(book, "116", "spring", cursor, size)
        assert len(more) <= size
        rows = [*rows, *more]
    assert sorted(row.id for row in rows) == sorted(f"C{n}" for n in range(30) if n != 9)
    (hidden,) = [row for row in rows if row.type == "Hidden"]
    assert (hidden.id, hidden.name, hidden.school, hidden.terms, hidden.teachers, hidden.students) == (
        "C7", "Class 7", "sch", ("t1",), ("T0",), 2,
    )  # fmt: skip
