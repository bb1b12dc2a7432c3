"""A Veracross school through the real template: what it becomes, and what happens from one night to the next."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from local.sandbox.veracross_resources import ALL
from local.sandbox.veracross_school import VeracrossSchool as Source
from local.stack import Stack
from tests.e2e.toolkit import Evidence, created, difference, moved, observed
from tests.e2e.veracross import Open, VeracrossSchool, birthdays, odd, plain, pupils, schools, stored, today, truth


@pytest.fixture(scope="module")
def open_veracross(stack: Stack, evidence: Evidence) -> Iterator[Open]:
    with schools(stack, evidence) as open_one:
        yield open_one


@pytest.fixture
def school(open_veracross: Open) -> VeracrossSchool:
    """Twenty students, and most of what is odd at a Veracross school."""
    return open_veracross()


# -- the first night and the second


def test_a_school_becomes_what_its_own_tables_say(school: VeracrossSchool) -> None:
    report, expected = school.applied(), truth(school.source)
    assert created(report) == expected.counts()
    assert min(created(report).values()) > 10
    assert stored(school) == expected
    assert report["writes"] == len(school.items())
    assert report["requests"] == len(school.asked()) == 7
    assert {contact.level for contact in school.contacts().values()} == {"Customer", "Appointment Viewer"}
    classes = [row for row in school.source.rows("classes") if (str(row["id"]), "") in expected.classes]
    assert report["warnings"]["class_without_teacher"] == len(classes) > 0
    assert report["warnings"]["student_without_birth_date"] == 1
    assert all("Axiom" in report["help"][code] for code in report["warnings"])


def test_a_contact_and_a_class_say_what_veracross_says(school: VeracrossSchool) -> None:
    school.applied()
    contacts, source = school.contacts(), school.source
    for row in (r for r in source.rows("students") if r["id"] in pupils(source)):
        contact = contacts["student", str(row["id"])]
        assert (contact.first, contact.last) == (row["preferred_name"] or row["first_name"], row["last_name"])
        assert (contact.email, contact.username) == (row["email_1"], row["username"])
        assert contact.grade == source.values.label("grade_level", row["grade_level"])
        assert contact.security_value == row["birthday"]
    row = next(r for r in source.rows("classes") if str(r["id"]) in school.classes() and r["begin_date"])
    item = school.classes()[str(row["id"])]
    assert (item.name, item.sis_id, item.subject) == (row["description"], row["class_id"], row["subject_description"])
    assert (item.start, item.end) == (row["begin_date"], row["end_date"])
    assert b"Private" not in school.table(), "notes of an enrolment are nobody's business"
    assert b"sandbox_unknown" not in school.table()
    assert "O'Dálaigh" in {contact.last for contact in contacts.values()}
    assert "佐藤" in {contact.last for contact in contacts.values()}


def test_the_second_night_writes_nothing(school: VeracrossSchool) -> None:
    school.applied()
    school.night_passes()
    before, writes = school.table(), []
    with observed(school, lambda r: writes.append(r.action) if r.action == "BatchWriteItem" else None):
        report = school.applied()
    assert (moved(report), report["writes"], writes) == ({}, 0, [])
    assert school.table() == before
    assert len(school.sandbox.tokens) == 2, "one for each night"


def test_one_token_for_a_whole_import_and_for_two_events_of_one_account(school: VeracrossSchool) -> None:
    """Veracross revokes the oldest of ten; whoever mints for every function locks others out."""
    school.page_size = 40
    school.settle()
    school.sandbox.add_scope("sso")
    other = school.other_event("graduation")
    runs = school.start(), other.start()
    assert [school.follow(runs[0])["status"], other.follow(runs[1])["status"]] == ["applied", "applied"]
    assert other.applied()["writes"] == 0
    (token,) = [token for token in school.sandbox.tokens if token.requests > 0]
    assert len(school.sandbox.tokens) <= 2, "two that begin at once may both ask, but both go on with the first"
    assert token.requests == len(school.asked()) > 40, "every request carried it as a Bearer"
    assert {status for _, status in school.asked()} == {200}
    assert sorted(token.scopes) == sorted(ALL), "the 14 of the guide, no sign-on"
    assert len(ALL) == 14


def test_the_preview_says_what_a_run_does_and_changes_nothing(school: VeracrossSchool) -> None:
    preview = school.run("preview")
    assert (preview["status"], preview["writes"], school.items()) == ("preview", 0, [])
    assert school.applied()["counts"] == preview["counts"]


def test_small_pages_give_the_same_table(open_veracross: Open) -> None:
    one = open_veracross()
    other = open_veracross(sandbox=one.sandbox, size=25)
    one.applied()
    other.applied()
    assert one.table() == other.table(), difference(one.table(), other.table())
    assert len(other.asked()) > 25


def test_more_relationships_than_a_page_holds(open_veracross: Open) -> None:
    source = Source.generated(250, today=today())
    rows = len(source.rows("relationships"))
    school = open_veracross(source, size=1000)
    report = school.applied()
    assert created(report) == truth(source).counts()
    assert stored(school) == truth(source)
    asked = [target for target, _ in school.asked() if "/relationships" in target]
    assert len(asked) == rows // 1000 + 1 > 1
    assert school.applied()["writes"] == 0


# -- who comes and who goes


def test_who_joins_who_leaves_and_who_comes_back(school: VeracrossSchool) -> None:
    school.applied()
    before, count = school.table(), truth(school.source).counts()
    new = school.source.join()
    report, more = school.applied(), truth(school.source).counts()
    assert created(report) == {kind: more[kind] - count[kind] for kind in count}
    assert [created(report)[kind] for kind in ("student", "parent", "relationship", "class")] == [1, 1, 1, 0]
    assert stored(school) == truth(school.source)

    gone = school.source.leave(new)
    report = school.applied()
    assert [report["counts"][kind]["departed"] for kind in ("student", "parent", "class")] == [1, 1, 0]
    contact = school.contacts()["student", str(new)]
    assert contact.inactive_since
    assert contact.first == "Nova", "a person who left is kept"
    active = b"\n".join(line for line in school.table().splitlines() if b"inactive_since" not in line)
    assert active == before, difference(before, active)

    school.source.come_back(gone)
    report = school.applied()
    assert [report["counts"]["student"][outcome] for outcome in ("returned", "created")] == [1, 0]
    assert stored(school) == truth(school.source)


def test_a_birthday_that_comes_later_is_filled_on_the_same_contact(school: VeracrossSchool) -> None:
    student = odd(school.source, "student without birthday")
    assert school.applied()["security_values"]["state"] == "partial"
    assert school.contacts()["student", str(student)].security_value is None
    school.source.set_birthday(student, date(2012, 3, 4))
    report = school.applied()
    assert (moved(report), report["writes"]) == ({"updated": 1}, 1)
    assert school.contacts()["student", str(student)].security_value == "2012-03-04"
    assert "student_without_birth_date" not in report["warnings"]
    assert report["security_values"]["state"] == "full"


def test_a_blank_birthday_never_overwrites(school: VeracrossSchool) -> None:
    school.applied()
    before = school.table()
    values = {c.security_value for c in school.contacts().values()} - {None}
    assert values <= birthdays(school.source)
    assert len(values) > 10
    school.source.blank_birthdays()
    report = school.applied()
    assert (moved(report), school.table()) == ({}, before)
    assert report["security_values"]["state"] == "empty"
    assert "Birthday" in report["security_values"]["help"]


def test_half_of_the_students_gone_is_held_with_the_numbers(open_veracross: Open) -> None:
    school = open_veracross(plain(30))
    school.applied()
    before, all_of_them = school.table(), pupils(school.source)
    for student in all_of_them[::2]:
        school.source.leave(student)
    report = school.run()
    assert report["status"] == "held"
    gone = len(all_of_them[::2])
    assert f"{gone} of {len(all_of_them)} students would leave." in report["reasons"]
    assert (school.table(), report["writes"]) == (before, 0)
    assert school.run()["reasons"] == report["reasons"], "a held run leaves nothing behind"
