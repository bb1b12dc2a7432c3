"""What no item of the table can hold: left out with a word about it, never a night that tears in its middle."""

from __future__ import annotations

from typing import Any

import pytest
from boto3.dynamodb.types import TypeSerializer

from roster import keys, settle
from roster.model import BirthDate, Class, ContactEntry, Enrolment, Listing, Person, Rejected, Relationship, Remark
from roster.sizes import LONGEST_TEXT, ROOM, fitting, storable, weight
from roster.store import contact_item
from tests.fakes.school import District, Source

LIMIT = 400 * 1024


def size(value: Any) -> int:
    """Bytes of an attribute, by the rules that AWS publishes."""
    (kind, inner), *_ = value.items()
    if kind == "L":
        return 3 + sum(1 + size(one) for one in inner)
    return len(str(inner).encode())


def item_size(item: dict[str, Any]) -> int:
    return sum(len(name) + size(value) for name, value in item.items())


def test_weights_are_dynamodbs() -> None:
    for value in ("", "a", "é", ["a", "bc"], [["1", "Mother", ""], ["2", "Père", "Family"]], []):
        assert weight(value) == size(TypeSerializer().serialize(value))


def test_what_fits_is_kept_from_the_front() -> None:
    assert fitting(["aaa", "bbb", "ccc"], 3 + 4 + 4) == ["aaa", "bbb"]
    assert fitting([], 3) == []
    few = [["1", "Mother", ""]]
    assert fitting(few) == few


def test_a_parent_of_everybody_fits_an_item() -> None:
    """A placeholder that a school ties all its students to."""
    ties = [[f"{n:036d}", "Emergency contact", "Other"] for n in range(9_000)]
    person = Person("parent", "P", *["x" * LONGEST_TEXT] * 3)
    item = contact_item("116", "fake", ContactEntry(person, {"spring": Listing([], ties)}))
    assert ROOM < item_size(item) < LIMIT


@pytest.fixture
def crowded(monkeypatch: pytest.MonkeyPatch) -> District:
    """P-S0 is the parent of all, and there is room for a few only."""
    monkeypatch.setattr("roster.sizes.ROOM", 90)
    district = District(Source.small())
    for n in range(1, 6):
        district.source.ties.append(Relationship("P-S0", f"S{n}", "Mother", "Family"))
    return district


def test_a_contact_keeps_the_ties_that_fit_and_the_report_says_so(crowded: District) -> None:
    report = crowded.night()
    assert (report["status"], report["warnings"]) == ("applied", {"more_than_fits": 1})
    kept = [tie[0] for tie in crowded.contact("parent", "P-S0")["related"]]
    assert 0 < len(kept) < 6
    assert report["counts"]["relationship"]["created"] == 17, "what is left out of an item is known all the same"
    crowded.later()
    again = crowded.night()
    assert (again["writes"], again["warnings"]) == (0, {"more_than_fits": 1})


def test_a_tie_that_was_left_out_comes_in_when_there_is_room(crowded: District) -> None:
    crowded.night()
    for n in (1, 2, 3):
        crowded.source.leave(f"S{n}")
    assert crowded.night()["warnings"] == {}
    assert [tie[0] for tie in crowded.contact("parent", "P-S0")["related"]] == ["S0", "S4", "S5"]


def test_a_student_of_every_class_keeps_the_classes_that_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("roster.sizes.ROOM", 90)
    district = District(Source.small())
    for n in range(20, 50):
        district.source.classes.append(Class(f"C{n}", "", "school-1", ("t1",)))
        district.source.members.append(Enrolment(f"C{n}", "S0", "student"))
    report = district.night()
    assert report["warnings"]["more_than_fits"] == 1
    assert 3 < len(district.roster.items["schedule", "spring", "S0"]) < 31
    assert district.night()["writes"] == 0


def test_a_class_is_weighed_as_dynamodb_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each short id takes a byte more than its letters."""
    monkeypatch.setattr(settle, "LARGEST_CLASS", 3 + 6 * 3 + 2)
    district = District(Source.small(12))
    report = district.night()
    assert (report["status"], report["error"]["code"]) == ("failed", "ClassTooLarge")


LONG = "x" * 1_001
BEYOND = [
    (Person("student", LONG), "student"),
    (Class(LONG), "class"),
    (Enrolment(LONG, "S1", "student"), "enrolment"),
    (Enrolment("C1", LONG, "student"), "enrolment"),
    (Relationship(LONG, "S1"), "relationship"),
    (Relationship("P1", "/" * 400), "relationship"),  # each takes three bytes in a key
]


@pytest.mark.parametrize(("record", "kind"), BEYOND)
def test_an_id_that_no_key_can_hold_is_rejected(record: Any, kind: str) -> None:
    (rejected,) = storable(record)
    assert rejected == Rejected(kind, "id too long")


def test_what_says_something_about_it_goes_with_it() -> None:
    for record in (BirthDate(LONG, "2012-04-08"), Remark("email_invalid", "parent", LONG)):
        assert list(storable(record)) == []


@pytest.mark.parametrize("id", ["x" * 1_000, "/" * 333, "é" * 166])
def test_the_longest_ids_make_keys(id: str) -> None:
    assert list(storable(Person("administrator", id))) == [Person("administrator", id)]
    made = keys.contact("1", "p", "administrator", id), keys.event_class("1", "e", id), keys.schedule("1", "e", id)
    assert all(len(key.sk.encode()) <= 1024 for key in made)


def test_a_text_that_goes_on_for_ever_is_cut() -> None:
    (person,) = storable(Person("student", "S1", "y" * 5_000, last="Short"))
    assert person == Person("student", "S1", "y" * LONGEST_TEXT, last="Short")


def test_one_such_row_is_one_rejected_row(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source.small(40)
    source.people.append(Person("student", LONG, "Sam"))
    source.members.append(Enrolment("C0", LONG, "student"))
    report = District(source).night()
    assert (report["status"], report["counts"]["student"]["rejected"]) == ("applied", 1)
    assert report["counts"]["enrolment"]["rejected"] == 1
