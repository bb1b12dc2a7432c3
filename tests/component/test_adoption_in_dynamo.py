"""What an adoption makes of marks in DynamoDB, attribute by attribute, and how contacts are read for it."""

from __future__ import annotations

from typing import Any

import boto3

from roster import keys
from roster.lines import changes
from roster.model import ContactEntry, Listing, Person, to_line
from roster.people import DynamoKept
from roster.ports import Change, Moved, Stored
from roster.store import DynamoRoster
from roster.tables import ContactMarkItem

PERSON = Person("student", "S/1", "Ann", "", "Lee", "ann@x.example", number="7", grade="5", birth_date="2012-04-08")


def kept(table: str, person: Person = PERSON, origin: str = "pickatime") -> Change:
    roster = DynamoRoster()
    entry = ContactEntry(person, {"e": Listing([], [["P1", "Mother", ""]])})
    roster.apply("116", "spring", origin, [Change(*entry.key, entry)])
    (found,) = [one for part in range(16) for one in roster.found("116", origin, part)]
    return found


def marks() -> dict[str, Any]:
    items = boto3.client("dynamodb").scan(TableName="roster")["Items"]
    return {
        item["sk"]["S"]: {name: value for name, value in item.items() if name not in ("pk", "sk")}
        for item in items
        if item["pk"]["S"] == keys.contact_marks("116")
    }


def move(moved: Moved) -> None:
    """Planned, written down and done, as a run does it."""
    (planned,) = changes(to_line(Change("student", "N1", moved)))
    DynamoRoster().apply("116", "spring", "fake", [planned])


def test_a_contact_is_read_as_it_was_written(table: str) -> None:
    found = kept(table)
    assert DynamoRoster().person(found) == (PERSON, [["P1", "Mother", ""]])


def test_all_that_was_set_by_hand_moves(table: str) -> None:
    """Also what these models do not know yet."""
    key = keys.contact_mark("116", "pickatime", "student", "S/1")
    edits = '{"first":"Annie","email":"A@x.example"}'
    stale = {"name_part": "name#116#student#0", "name_order": "a#b#c", "email_key": "email#116#old@x.example"}
    told = {"pk": key.pk, "sk": key.sk, "level": "Appointment Maker", "edits": edits, "since": 3, **stale}
    boto3.resource("dynamodb").Table("roster").put_item(Item=told)
    (mark,) = DynamoRoster().levels("116")
    assert isinstance(mark.entry, Stored)
    ties = [["fake", "P2", "Aunt", ""]]
    move(Moved("fake", mark.entry.item, level="Customer", ties=ties, last="Yao", first="Ann"))
    found = keys.indexed("116", "fake", "student", "N1", "Yao", "Annie", "A@x.example", ("", ""))
    assert marks()["fake#student#N1"] == {
        "level": {"S": "Appointment Maker"},
        "edits": {"S": edits},
        "since": {"N": "3"},
        **{name: {"S": found[name]} for name in ("name_part", "name_order", "email_key")},
        "related": {"L": [{"L": [{"S": "fake"}, {"S": "P2"}, {"S": "Aunt"}, {"S": ""}]}]},
    }
    moved = next(one for one in DynamoRoster().levels("116") if one.id == "N1")
    assert DynamoRoster().person(moved) == (Person("student", "N1"), [["fake", "P2", "Aunt", ""]])


def test_whoever_stays_is_found_by_the_edited_name_as_before(table: str) -> None:
    """Of them the run knows no name: only a tie in their mark leads elsewhere now."""
    found_by = {"name_part": {"S": "name#116#student#0"}, "name_order": {"S": "a#b#c"}, "email_key": {"S": "email#x"}}
    own = {"edits": {"S": '{"first":"B"}'}, **found_by}
    move(Moved("older", own=own, ties=[["fake", "P2", "Aunt", ""]]))
    assert {name: marks()["older#student#N1"].get(name) for name in found_by} == found_by


def test_what_was_set_of_the_new_contact_goes_before_and_nothing_is_no_mark(table: str) -> None:
    old, own = ({"level": {"S": level}, "x": {"S": level}} for level in ("Customer", "Support"))
    del own["x"]
    move(Moved("fake", old, own, "Administrator"))
    assert marks() == {"fake#student#N1": {"level": {"S": "Support"}, "x": {"S": "Customer"}}}
    related = {"related": {"L": []}}
    move(Moved("fake", related, related))
    assert marks() == {}
    move(Moved("fake", level="Administrator"))
    assert marks() == {"fake#student#N1": {"level": {"S": "Administrator"}}}
    assert ContactMarkItem.get(*keys.contact_mark("116", "fake", "student", "N1")).level == "Administrator"


def test_whether_anybody_but_administrators_is_kept_by_hand(table: str) -> None:
    assert not DynamoKept().by_hand("116")
    kept(table, Person("administrator", "7"))
    assert not DynamoKept().by_hand("116")
    DynamoRoster().apply("116", "e", "pickatime", [Change("parent", "P9", ContactEntry(Person("parent", "P9")))])
    assert DynamoKept().by_hand("116")
    assert not DynamoKept().by_hand("117")


def test_some_contacts_by_name_and_never_their_birth_dates(table: str) -> None:
    kept(table)
    kept(table, Person("parent", "P1", "Pam", "", "Lee"), "fake")
    wanted = [("pickatime", "student", "S/1"), ("fake", "parent", "P1"), ("fake", "student", "S/1")]
    found = DynamoKept().named("116", wanted)
    assert found == {
        wanted[0]: Person("student", "S/1", "Ann", "", "Lee", "ann@x.example", number="7", grade="5"),
        wanted[1]: Person("parent", "P1", "Pam", "", "Lee"),
    }
    assert DynamoKept().named("116", []) == {}
