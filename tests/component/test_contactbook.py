"""Contacts in a table of moto's, found through its indexes: each once and in order, and by what people know of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roster import keys
from roster.contactbook import DynamoContactBook
from roster.errors import NotThere
from roster.handbook import DynamoHandBook
from roster.model import BY_HAND, KINDS, Class, ClassEntry, ContactEntry, Listing, Person
from roster.permissions import Administrator
from roster.ports import Change, Contact, ContactCard, ContactMark
from roster.staff import DynamoStaff
from roster.store import DynamoRoster
from roster.tables import ContactMarkItem, Item

ACCOUNT = "116"
BORN = "2012-04-08"
BOOK = DynamoContactBook()


def stored(*people: Person, account: str = ACCOUNT, inactive_since: str = "") -> None:
    changes = [Change(one.kind, one.id, ContactEntry(one, {}, inactive_since)) for one in people]
    DynamoRoster().apply(account, "spring", "fake", changes)


def edited(kind: str, id: str, last: str, first: str, email: str = "") -> None:
    """As the administration writes what somebody changed by hand."""
    found_by = keys.indexed(ACCOUNT, "fake", kind, id, last, first, email, ("", ""))
    edits = {"last": last, "first": first, **({"email": email} if email else {})}
    known = {name: value for name, value in found_by.items() if value}
    ContactMarkItem(*keys.contact_mark(ACCOUNT, "fake", kind, id), edits=edits, **known).save()


def listed(most: int = 100, kinds: Sequence[str] = KINDS, *beginnings: str) -> list[Contact]:
    """Page by page."""
    found, after = list[Contact](), ""
    while True:
        page, after = BOOK.named(ACCOUNT, kinds, beginnings, after, most)
        assert len(page) <= most
        found += page
        if not after:
            return found


def ids(found: Sequence[Contact]) -> list[str]:
    return [one.id for one in found]


ANN = Person("student", "1", "Ann", last="Smith", email="Ann@X.example", number="7", sis_id="S7", birth_date=BORN)
BOB = Person("teacher", "2", "Bob", last="Smith", email="bob@x.example", sis_id="T2")
CLEO = Person("parent", "3", "Cleo", last="Smith-Jones", phone="555")
DAN = Person("student", "4", "Dan", last="Müller", number="9")


def test_a_list_is_in_the_order_of_names_and_shows_what_may_be_shown(table: str) -> None:
    stored(CLEO, DAN, BOB, ANN)
    stored(Person("student", "5", last="Adams"), inactive_since="2026-09-01")
    stored(Person("student", "6", last="Another"), account="117")
    found = listed()
    assert ids(found) == ["5", "4", "1", "2", "3"]
    assert found[0].inactive_since == "2026-09-01"
    assert found[2] == Contact(
        "fake", "student", "1", "Customer", first="Ann", last="Smith", email="Ann@X.example", number="7", sis_id="S7"
    )
    assert ids(listed(2, ["student"])) == ["5", "4", "1"]
    assert ids(listed(2, ["administrator"])) == []


def test_names_are_found_by_how_they_begin(table: str) -> None:
    stored(ANN, BOB, CLEO, DAN)
    assert ids(listed(2, KINDS, keys.names_from("SMI"))) == ["1", "2", "3"]
    assert ids(listed(2, KINDS, keys.names_from("Smith", "a"))) == ["1"]
    assert ids(listed(2, KINDS, keys.names_from("Smith", "Bob"), keys.names_from("Bob", "Smith"))) == ["2"]
    assert ids(listed(2, KINDS, keys.names_from("mull"))) == ["4"]
    assert ids(listed(2, ["parent"], keys.names_from("smith"))) == ["3"]


def test_an_address_a_number_and_an_id(table: str) -> None:
    stored(ANN, BOB, CLEO, DAN)
    assert ids(BOOK.with_email(ACCOUNT, KINDS, "ann@x.EXAMPLE")) == ["1"]
    assert ids(BOOK.with_email(ACCOUNT, ["teacher"], "ann@x.example")) == []
    assert ids(BOOK.with_email(ACCOUNT, KINDS, " ")) == []
    for number in ("7", "s7"):
        assert ids(BOOK.with_number(ACCOUNT, KINDS, number)) == ["1"]
    assert ids(BOOK.with_number(ACCOUNT, KINDS, "T2")) == ["2"]
    wanted = [("fake", "student", "1"), ("fake", "teacher", "1"), ("fake", "student", "x" * 2_000)]
    (found,) = BOOK.of(ACCOUNT, wanted).values()
    assert (found.key, found.on_file, found.level_by_hand) == (("fake", "student", "1"), True, False)


def test_a_list_never_holds_a_security_value(table: str) -> None:
    stored(ANN)
    index = Item._get_connection().connection.dispatch(
        "Query",
        {
            "TableName": table,
            "IndexName": "by_name",
            "KeyConditionExpression": "name_part = :it",
            "ExpressionAttributeValues": {":it": {"S": keys.names(ACCOUNT, "student", 6)}},
        },
    )
    (item,) = index["Items"]
    assert item["last"] == {"S": "Smith"}
    assert BORN not in str(item)
    assert BOOK.security_value(ACCOUNT, ("fake", "student", "1")) == BORN
    for nobody in ("2", "x" * 2_000):
        with pytest.raises(NotThere):
            BOOK.security_value(ACCOUNT, ("fake", "student", nobody))


def test_what_was_edited_by_hand_goes_before_the_import(table: str) -> None:
    stored(ANN, BOB)
    edited("student", "1", "Adams", "Anna", "anna@home.example")
    found = listed()
    assert [(one.id, one.name) for one in found] == [("1", "Anna Adams"), ("2", "Bob Smith")]
    assert found[0].edited == ("email", "first", "last")
    assert ids(listed(5, KINDS, keys.names_from("Smith"))) == ["2"]
    assert ids(BOOK.with_email(ACCOUNT, KINDS, "ann@x.example")) == []
    assert ids(BOOK.with_email(ACCOUNT, KINDS, "anna@home.example")) == ["1"]
    stored(Person("student", "1", "Ann", last="Zorn"))  # a night
    assert [(one.id, one.name) for one in listed()] == [("1", "Anna Adams"), ("2", "Bob Smith")]
    DynamoRoster().apply(ACCOUNT, "spring", "fake", [Change("student", "1", None)])
    assert ids(listed()) == ["2"]


def test_nobody_leaves_the_list_whose_other_name_the_provider_changes(table: str) -> None:
    stored(ANN, BOB)
    DynamoHandBook().set_mark(
        ACCOUNT,
        ContactCard("fake", "student", "1", first="Anna", last="Smith"),
        ContactMark(),
        ContactMark("", {"first": "Anna"}),
    )
    assert [one.name for one in listed()] == ["Anna Smith", "Bob Smith"]
    stored(Person("student", "1", "Ann", last="Zorn"))  # a night, after a wedding
    for most in (1, 2, 5):
        assert [one.name for one in listed(most)] == ["Bob Smith", "Anna Zorn"]
    assert ids(listed(5, KINDS, keys.names_from("zorn"))) == ["1"]


def test_nobody_leaves_the_list_whose_names_two_people_changed_at_once(table: str) -> None:
    book, adam = DynamoHandBook(), ContactCard(BY_HAND, "teacher", "a", first="Adam", last="Able")
    book.add(ACCOUNT, [adam])
    book.change(ACCOUNT, replace(adam, last="Young"), ["last"])
    book.change(ACCOUNT, replace(adam, first="Art"), ["first"])  # by what was read before
    assert [one.name for one in listed()] == ["Art Young"]


def test_whose_address_alone_was_edited_is_listed_once(table: str) -> None:
    stored(ANN, BOB)
    edited("student", "1", "Smith", "Ann", "anna@home.example")
    for most in (1, 2, 5):
        assert [(one.id, one.email) for one in listed(most)] == [("1", "anna@home.example"), ("2", "bob@x.example")]


def test_a_level_that_was_set_by_hand_is_said_to_be(table: str) -> None:
    stored(BOB)
    ContactMarkItem(*keys.contact_mark(ACCOUNT, "fake", "teacher", "2"), level="Appointment Maker").save()
    (found,) = listed()
    assert (found.level, found.level_by_hand) == ("Appointment Maker", True)


def test_people_kept_by_hand_are_in_the_list_under_their_newest_name(table: str) -> None:
    staff = DynamoStaff()
    staff.keep(Administrator(ACCOUNT, "e", "edna@x.example", "Edna Krabappel", "Administrator"))
    staff.keep(Administrator(ACCOUNT, "e", "edna@x.example", "Edna", "Administrator"))
    (found,) = listed(5, ["administrator"])
    assert (found.origin, found.name, found.level) == (BY_HAND, "Edna", "Administrator")
    assert ids(BOOK.with_email(ACCOUNT, KINDS, "EDNA@x.example")) == ["e"]


def test_an_administrator_who_is_kept_anew_is_found_by_the_number_as_before(table: str) -> None:
    edna = ContactCard(BY_HAND, "administrator", "e", "Customer", "Edna", "K", "e@x.example", number="12")
    DynamoHandBook().add(ACCOUNT, [edna])
    DynamoStaff().keep(Administrator(ACCOUNT, "e", "edna@x.example", "Edna Krabappel", "Administrator"))
    assert (
        ids(BOOK.with_number(ACCOUNT, KINDS, "12")) == ids(BOOK.with_email(ACCOUNT, KINDS, "edna@x.example")) == ["e"]
    )


def test_the_names_of_classes_that_are_there(table: str) -> None:
    DynamoRoster().apply(ACCOUNT, "spring", "fake", [Change("class", "C1", ClassEntry(Class("C1", "Art")))])
    assert BOOK.classes(ACCOUNT, [("spring", "C1"), ("spring", "C2"), ("fall", "C1")]) == {("spring", "C1"): "Art"}
    assert BOOK.classes(ACCOUNT, []) == {}


def test_ties_that_an_adoption_kept_in_the_mark_are_read_with_the_items_own(table: str) -> None:
    stored(ANN, BOB)
    for kind, id in (("student", "1"), ("teacher", "2")):
        mark = ContactMarkItem(*keys.contact_mark(ACCOUNT, "fake", kind, id))
        mark.related = [[BY_HAND, "p", "Aunt", ""]]
        mark.save()
    entry = ContactEntry(ANN, {"spring": Listing([], [["3", "Mother", "Guardian"]])})
    DynamoRoster().apply(ACCOUNT, "spring", "fake", [Change("student", "1", entry)])
    found = BOOK.of(ACCOUNT, [("fake", "student", "1"), ("fake", "teacher", "2")])
    assert found["fake", "student", "1"].related == (("fake", "3", "Mother", "Guardian"), (BY_HAND, "p", "Aunt", ""))
    assert found["fake", "teacher", "2"].related == ((BY_HAND, "p", "Aunt", ""),)


def test_relationships_are_read_whole(table: str) -> None:
    entry = ContactEntry(ANN, {"spring": Listing([], [["3", "Mother", "Guardian"]])})
    DynamoRoster().apply(ACCOUNT, "spring", "fake", [Change("student", "1", entry)])
    assert BOOK.of(ACCOUNT, [("fake", "student", "1")])["fake", "student", "1"].related == (
        ("fake", "3", "Mother", "Guardian"),
    )


NAMES = st.sampled_from(["", "Smith", "smith", "Smith Jones", "Abel", "Zorn", "李", "#", "O'Neil", "Müller"])
PEOPLE = st.lists(st.tuples(st.sampled_from(KINDS), NAMES, NAMES), max_size=25)


@settings(derandomize=True, max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PEOPLE, st.integers(2, 9), st.sampled_from(KINDS))
def test_paging_lists_each_contact_once_and_in_order(
    table: str, people: list[tuple[str, str, str]], most: int, kind: str
) -> None:
    before = [Change(one.kind, one.id, None) for one in listed()]
    DynamoRoster().apply(ACCOUNT, "spring", "fake", before)
    stored(*(Person(their, str(n), first, last=last) for n, (their, last, first) in enumerate(people)))
    found = listed(most)
    places = [keys.name_order(one.last, one.first, *one.key) for one in found]
    assert places == sorted(places)
    assert sorted(ids(found)) == sorted(map(str, range(len(people))))
    assert ids(listed(most, [kind])) == [one.id for one in found if one.kind == kind]
