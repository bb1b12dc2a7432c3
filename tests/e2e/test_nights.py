"""What happens from one night to the next: nothing new, changes, joiners and leavers, two runs at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from time import monotonic, sleep

from local.sandbox.faults import Fault
from roster.model import COUNTED, OUTCOMES, Selection, Term
from tests.e2e.toolkit import (
    School,
    canonical,
    created,
    difference,
    enrolled_of,
    moved,
    observed,
    queried,
    students_of,
    tiny,
)

Open = Callable[..., School]


def test_a_district_becomes_contacts_classes_and_schedules(school: School) -> None:
    report = school.applied()
    enrolled = enrolled_of(school.district)
    assert report["counts"]["student"]["created"] == len(enrolled) == 11
    assert created(report) == {
        "student": 11, "teacher": 4, "parent": 14, "class": 6, "enrolment": 22, "relationship": 19,
    }  # fmt: skip
    contacts = school.contacts()
    assert {id for kind, id in contacts if kind == "student"} == set(enrolled)
    assert {contact.level for contact in contacts.values()} == {"Customer", "Appointment Viewer"}
    kinds = [item["pk"]["S"].split("#")[0] for item in school.items()]
    assert {kind: kinds.count(kind) for kind in kinds} == {"contact": 29, "class": 6, "schedule": 11}
    assert report["writes"] == len(kinds)
    read = queried(school.stack.client("dynamodb"), school.local.table, school.account, school.event)
    assert canonical(read) == school.table(), "the emulator's memory is what a client reads"
    assert set(report["counts"]) == set(COUNTED)
    assert all(set(counts) == set(OUTCOMES) for counts in report["counts"].values())
    assert report["requests"] == len(school.sandbox.requests)
    assert report["warnings"] == {"student_without_birth_date": 1}
    assert "Clever" in report["help"]["student_without_birth_date"]


def test_the_second_night_writes_nothing(school: School) -> None:
    school.applied()
    before, writes = school.table(), []
    with observed(school, lambda r: writes.append(r.action) if r.action == "BatchWriteItem" else None):
        report = school.applied()
    assert (moved(report), report["writes"], writes) == ({}, 0, [])
    assert school.table() == before


def test_two_accounts_of_one_district_hold_the_same_roster(open_school: Open) -> None:
    one = open_school()
    other = open_school(sandbox=one.sandbox, page_size=5)
    one.applied()
    other.applied()
    assert one.table() == other.table(), difference(one.table(), other.table())


def test_a_changed_name_is_one_update_and_one_write(school: School) -> None:
    school.applied()
    student = enrolled_of(school.district)[3]
    school.district.edit("users", student, name={"first": "Renamed", "last": "Person"})
    report = school.applied()
    assert (moved(report), report["writes"]) == ({"updated": 1}, 1)
    assert school.contacts()["student", student].first == "Renamed"


def test_who_leaves_becomes_inactive_and_comes_back_as_themselves(school: School) -> None:
    school.applied()
    before, student = school.table(), enrolled_of(school.district)[0]
    gone = school.district.leave(student)
    report = school.applied()
    contact = school.contacts()["student", student]
    assert report["counts"]["student"]["departed"] == 1
    assert contact.inactive_since
    assert contact.first, "a person who left is kept"
    school.district.come_back(gone)
    report = school.applied()
    assert report["counts"]["student"]["returned"] == 1
    assert report["counts"]["student"]["created"] == 0
    assert school.table() == before, difference(before, school.table())


def test_a_stored_birth_date_outlives_a_blank_one(school: School) -> None:
    school.applied()
    student = next(id for id in enrolled_of(school.district) if school.contacts()["student", id].security_value)
    roles = school.district.tables["users"].get(student)["roles"]
    blank = {"student": {**roles["student"], "dob": "", "grade": "PostGraduate"}}
    before = school.contacts()["student", student].security_value
    school.district.edit("users", student, roles=blank)
    assert school.applied()["counts"]["student"]["updated"] == 1
    assert school.contacts()["student", student].security_value == before


def test_the_preview_says_what_a_run_does_and_changes_nothing(school: School) -> None:
    preview = school.run("preview")
    assert (preview["status"], preview["writes"], school.items()) == ("preview", 0, [])
    report = school.applied()
    assert report["counts"] == preview["counts"]
    table = school.table()
    school.district.leave(enrolled_of(school.district)[0])
    preview = school.run("preview")
    assert preview["counts"]["student"]["departed"] == 1
    assert school.table() == table
    assert school.applied()["counts"] == preview["counts"]


def test_without_contacts_parents_stay_as_they_are(school: School) -> None:
    school.applied()
    before, asked = school.table(), len(school.sandbox.requests)
    school.settle(selection=Selection(contacts=False))
    report = school.applied()
    assert moved(report) == {}
    assert report["counts"]["parent"]["departed"] == 0
    assert school.table() == before
    assert not [target for _, target, _ in school.sandbox.requests[asked:] if "contact" in target]


def test_a_deselected_class_leaves_and_its_people_with_it(open_school: Open, school: School) -> None:
    """Deselecting is the administrator's own doing: it is never held, however much it takes away."""
    school.applied()
    sections = [school.district.tables["sections"].get(id) for id in school.district.tables["sections"].rows]
    term = sections[0]["term_id"]
    staying = [s for s in sections if s.get("term_id") == term]
    assert 0 < len(staying) < len(sections)
    school.settle(selection=Selection(terms=(Term(term),)))
    report = school.applied()
    assert report["counts"]["class"]["departed"] == len(sections) - len(staying)
    fresh = open_school(sandbox=school.sandbox)
    fresh.settle(selection=Selection(terms=(Term(term),)))
    fresh.applied()
    active = [i for i in school.items() if "inactive_since" not in i]
    assert canonical(active) == fresh.table(), difference(fresh.table(), canonical(active))


def test_a_chosen_term_that_vanished_holds_the_run(school: School) -> None:
    sections = school.district.tables["sections"]
    term = sections.get(next(iter(sections.rows)))["term_id"]
    name = school.district.tables["terms"].get(term)["name"]
    school.settle(selection=Selection(terms=(Term(term, name),)))
    school.applied()
    before = school.table()
    school.district.roll_over_terms()
    report = school.run()
    assert report["status"] == "held"
    assert any(name in reason and "no longer exists" in reason for reason in report["reasons"])
    assert school.table() == before


def test_half_of_the_students_gone_is_held_with_the_numbers(open_school: Open) -> None:
    school = open_school(tiny(40, 12))
    school.applied()
    before = school.table()
    for student in students_of(school.district)[::2]:
        school.district.vanish(student)
    report = school.run()
    assert report["status"] == "held"
    assert report["counts"]["student"]["departed"] == 20
    assert any("20 of 39 students would leave" in reason for reason in report["reasons"]), report["reasons"]
    assert (school.table(), report["writes"]) == (before, 0)
    again = school.run()
    assert (again["status"], again["reasons"]) == ("held", report["reasons"]), "a held run leaves nothing behind"


@contextmanager
def held_at(school: School, action: str) -> Iterator[Callable[[], None]]:
    """Whichever run comes to that request first stays there until released."""
    released, first = Event(), iter([True])
    end = school.stack.observe(
        lambda request: released.wait(60) if request.action == action and next(first, False) else None
    )
    try:
        yield released.set
    finally:
        released.set()
        end()


def until(happened: Callable[[], bool], seconds: float = 45) -> None:
    deadline = monotonic() + seconds
    while not happened():
        assert monotonic() < deadline, "it did not happen in time"
        sleep(0.02)


def test_one_run_per_event_at_a_time(open_school: Open) -> None:
    undisturbed = open_school()
    undisturbed.applied()
    school = open_school(sandbox=undisturbed.sandbox)
    with held_at(school, "GetSecretValue") as release:
        runs = school.start(), school.start()
        until(lambda: any(school.local.run(run).get("ended") for run in runs))
        release()
        reports = [school.follow(run) for run in runs]
    by_status = {report["status"]: report for report in reports}
    assert set(by_status) == {"applied", "failed"}
    error = by_status["failed"]["error"]
    assert error["code"] == "AlreadyRunning"
    assert "Wait until the run that is under way has ended" in error["help"]
    assert by_status["applied"]["writes"] == len(school.items())
    assert school.table() == undisturbed.table()
    assert school.applied()["writes"] == 0, "both locks are free again"


def test_two_events_of_one_account_both_get_their_turn(open_school: Open) -> None:
    school = open_school()
    other = school.other_event("graduation")
    with held_at(school, "TransactWriteItems") as release:
        runs = school.start(), other.start()
        until(lambda: any("AccountBusy" in history(school, run) for run in runs))
        release()
        reports = school.follow(runs[0]), other.follow(runs[1])
    assert [report["status"] for report in reports] == ["applied", "applied"]
    people = [sum(report["counts"][kind]["created"] for kind in ("student", "teacher")) for report in reports]
    assert sorted(people) == [0, 15], "the second to plan knows the contacts of the first"
    assert all(report["counts"]["class"]["created"] == 6 for report in reports)
    kinds = [item["pk"]["S"].split("#")[0] for item in school.items()]
    assert {kind: kinds.count(kind) for kind in kinds} == {"contact": 29, "class": 12, "schedule": 22}
    assert school.applied()["writes"] == other.applied()["writes"] == 0


def test_one_event_does_not_retire_the_other_ones_people(open_school: Open) -> None:
    school = open_school()
    other = school.other_event("graduation")
    school.applied()
    other.applied()
    school.settle(selection=Selection(terms=(Term("no such term"),)))
    report = school.run()
    assert report["status"] == "held", "a chosen term that nobody knows is a question"
    assert all("inactive_since" not in item for item in school.items())


def history(school: School, run: str) -> str:
    """Everything that Step Functions keeps of a run."""
    states = school.stack.client("stepfunctions")
    arn = school.stack.outputs["SyncArn"].replace(":stateMachine:", ":execution:") + f":{run}"
    pages = states.get_paginator("get_execution_history").paginate(executionArn=arn)
    return json.dumps([page["events"] for page in pages], default=str)


def test_a_failed_run_says_what_to_do_and_the_next_one_works(school: School) -> None:
    school.settle(secret={"token": "0" * 40})
    report = school.run()
    assert (report["status"], report["error"]["code"]) == ("failed", "CredentialRejected")
    assert "My Applications" in report["error"]["help"]
    assert {"counts", "warnings", "requests", "writes"} <= report.keys()
    assert school.items() == []
    school.settle()
    assert school.applied()["counts"]["student"]["created"] == 11


def test_an_account_without_a_secret_is_told_so(school: School) -> None:
    name = f"{school.stack.outputs['SecretPrefix']}/{school.account}/clever"
    school.stack.client("secretsmanager").delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    report = school.run()
    assert (report["status"], report["error"]["code"]) == ("failed", "NotSetUp")
    assert report["error"]["help"]


def test_the_state_machine_carries_no_row_and_no_secret(school: School) -> None:
    """Executions are shown in the console to whoever may look at Step Functions."""
    school.sandbox.faults.add(Fault("error_500", "*role=student*", times=8))
    run = school.start()
    assert school.follow(run)["status"] == "applied"
    told = history(school, run)
    assert school.account in told
    assert "LambdaFunctionFailed" in told or "TaskFailed" in told, "a turn failed and was tried again"
    assert school.evidence.found_in(told) == []
    users = school.district.tables["users"]
    assert not [id for id in users.rows if id in told]


def test_a_district_token_is_read_from_the_listing(school: School) -> None:
    school.settle(secret=school.client_credentials())
    assert school.applied()["counts"]["student"]["created"] == 11
    assert any(target.startswith("/oauth/tokens") for _, target, _ in school.sandbox.requests)
