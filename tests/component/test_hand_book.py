"""Contacts by hand as items of DynamoDB: what is written, what is left alone, what a clear takes and brings back."""

from __future__ import annotations

from dataclasses import replace
from time import monotonic
from typing import Any

import boto3
import pytest

from roster import keys
from roster.clearing import by_id, effective
from roster.errors import AlreadyRunning
from roster.handbook import DynamoHandBook
from roster.handlist import HandList
from roster.lines import changes
from roster.model import BY_HAND, ContactEntry, Person, to_line
from roster.permissions import Administrator
from roster.ports import Change, ContactCard, ContactMark, RunKey, Stored
from roster.records import DynamoRecords
from roster.staff import DynamoStaff
from roster.store import DynamoRoster
from roster.tables import ContactItem, ContactMarkItem

ACCOUNT = "116"
EDNA = ("fake", "teacher", "T 1#")
LEVEL = ContactMark("Appointment Maker", {"email": "edna@school.example", "phone": ""})


@pytest.fixture
def book(table: str) -> DynamoHandBook:
    person = Person(EDNA[1], EDNA[2], first="Edna", email="edna@wrong.example", birth_date="")
    DynamoRoster().apply(ACCOUNT, "e", "fake", [Change(*EDNA[1:], ContactEntry(person))])
    return DynamoHandBook()


def raw() -> list[Any]:
    items = boto3.client("dynamodb").scan(TableName="roster")["Items"]
    return sorted(items, key=lambda item: (item["pk"]["S"], item["sk"]["S"]))


def card(book: DynamoHandBook) -> ContactCard:
    found = book.of(ACCOUNT, EDNA)
    assert found
    return found


def test_a_mark_is_set_where_it_is_still_what_was_seen(book: DynamoHandBook) -> None:
    before, nothing = raw(), ContactMark()
    assert book.mark(ACCOUNT, EDNA) == nothing
    assert book.set_mark(ACCOUNT, card(book), nothing, LEVEL)
    assert not book.set_mark(ACCOUNT, card(book), nothing, ContactMark("Customer"))
    assert book.mark(ACCOUNT, EDNA) == LEVEL
    assert book.marks(ACCOUNT) == {EDNA: LEVEL}
    assert book.set_mark(ACCOUNT, card(book), LEVEL, ContactMark(edits={"first": "E"}))
    assert book.marks(ACCOUNT) == {EDNA: ContactMark(edits={"first": "E"})}
    assert book.set_mark(ACCOUNT, card(book), ContactMark(edits={"first": "E"}), nothing)
    assert raw() == before


def test_ties_in_a_mark_outlive_what_was_set_beside_them(book: DynamoHandBook) -> None:
    """An adoption left them there, and nothing else has them."""
    ties = [["pickatime", "p", "Mother", ""]]
    book.set_mark(ACCOUNT, card(book), ContactMark(), LEVEL)
    ContactMarkItem(*keys.contact_mark(ACCOUNT, *EDNA)).update([ContactMarkItem.related.set(ties)])
    assert not book.set_mark(ACCOUNT, card(book), ContactMark("Customer"), ContactMark())
    assert book.set_mark(ACCOUNT, card(book), LEVEL, ContactMark())
    assert book.mark(ACCOUNT, EDNA) == ContactMark()
    (mark,) = DynamoRoster().levels(ACCOUNT)
    assert DynamoRoster().person(mark)[1] == ties


def test_an_id_that_no_key_holds_is_nobodys_and_not_asked_for() -> None:
    """DynamoDB refuses such a key, which would read as trouble of ours."""
    assert DynamoHandBook().of(ACCOUNT, ("fake", "teacher", "x" * 2_000)) is None


def test_a_mark_with_edits_goes_with_its_contact_and_comes_back_byte_for_byte(book: DynamoHandBook) -> None:
    roster = DynamoRoster()
    book.set_mark(ACCOUNT, card(book), ContactMark(), ContactMark(edits={"email": "edna@school.example"}))
    before = raw()
    (mark,) = roster.levels(ACCOUNT)
    (found,) = [one for part in range(16) for one in roster.found(ACCOUNT, "fake", part)]
    assert effective(found, by_id([mark])) == "Appointment Viewer", "edits alone leave the level as it is"
    gone = [(one, one.entry) for one in (found, mark) if isinstance(one.entry, Stored)]
    bare = [Change(one.kind, one.id, Stored(entry.origin, mark=entry.mark)) for one, entry in gone]
    roster.apply(ACCOUNT, "e", "fake", bare)
    assert raw() == []
    roster.apply(ACCOUNT, "e", "fake", changes(b"\n".join(map(to_line, (found, mark)))))
    assert raw() == before


def test_a_contact_is_written_read_and_changed_attribute_by_attribute(book: DynamoHandBook) -> None:
    marge = ContactCard(BY_HAND, "parent", "p", "Customer", "Marge", "S", related=(("s", "", ""),), made="file")
    bart = ContactCard(BY_HAND, "student", "s", "Customer", "Bart", number="17", security_value="2012-04-08")
    book.add(ACCOUNT, [marge, bart])
    assert sorted(book.all(ACCOUNT, BY_HAND), key=lambda one: one.id) == [marge, bart]
    assert (book.of(ACCOUNT, marge.key), book.of(ACCOUNT, bart.key)) == (marge, bart)
    assert book.kinds(ACCOUNT) == {"parent": 1, "student": 1}
    assert book.change(ACCOUNT, ContactCard(*marge.key, last="Bouvier", phone=""), ["last", "phone", "related"])
    now = book.of(ACCOUNT, marge.key)
    assert now
    assert (now.last, now.first, now.related) == ("Bouvier", "Marge", ())
    assert book.change(ACCOUNT, ContactCard(*bart.key, inactive_since="2026-11-27"), ["inactive_since"])
    assert book.kinds(ACCOUNT) == {"parent": 1}
    assert not book.change(ACCOUNT, ContactCard(BY_HAND, "parent", "nobody", first="N"), ["first"])
    assert book.of(ACCOUNT, (BY_HAND, "parent", "nobody")) is None


def test_what_sessions_and_others_keep_on_a_contact_stays(book: DynamoHandBook) -> None:
    staff = DynamoStaff()
    staff.keep(Administrator(ACCOUNT, "a", "a@school.example", "Ann Lee", "Appointment Viewer"))
    staff.sign_out(Administrator(ACCOUNT, "a"), "2026-11-27T12:00:00")
    ContactItem(*keys.contact(ACCOUNT, BY_HAND, "administrator", "a")).update([ContactItem.title.set("Head")])
    text = "kind,first name,last name,e-mail,phone\nadministrator,Ann,Lee,a@school.example,555\n"
    filed = HandList(book).bring(ACCOUNT, text, dry=False, skip=False)
    assert [one.changed for one in filed.moved] == [["phone"]]
    item = ContactItem.get(*keys.contact(ACCOUNT, BY_HAND, "administrator", "a"))
    assert (item.phone, item.title, item.sessions_after) == ("555", "Head", "2026-11-27T12:00:00")


def test_nothing_is_changed_by_hand_while_a_run_rewrites_the_contacts(book: DynamoHandBook) -> None:
    """It has looked at them already: what is written now would be lost, also to an undo."""
    seen, key = card(book), RunKey(ACCOUNT, "e", "run-a")
    anna = ContactCard(BY_HAND, "student", "a", "Customer", "Anna")
    book.add(ACCOUNT, [anna])
    DynamoRecords().hold_account(key, "arn run-a", lambda owner: True, rewrites=True)
    before = raw()
    with pytest.raises(AlreadyRunning, match="nothing was changed"):
        book.set_mark(ACCOUNT, seen, ContactMark(), LEVEL)
    with pytest.raises(AlreadyRunning):
        book.change(ACCOUNT, replace(anna, first="Hanna"), ["first"])
    with pytest.raises(AlreadyRunning):
        book.change_all(ACCOUNT, [(replace(anna, first="Hanna"), ["first"])])
    assert raw() == before
    DynamoRecords().hold_account(key, "arn run-a", lambda owner: True)
    assert book.set_mark(ACCOUNT, seen, ContactMark(), LEVEL), "a night writes nothing that people set"
    assert book.change(ACCOUNT, replace(anna, first="Hanna"), ["first"])


def test_whoever_is_lowered_leaves_another_administrator(book: DynamoHandBook) -> None:
    one, two = (ContactCard(BY_HAND, "administrator", id, "Administrator", id) for id in ("one", "two"))
    book.add(ACCOUNT, [one, two])
    assert book.change(ACCOUNT, replace(one, level="Customer"), ["level"], two.key)
    before = raw()
    assert not book.change(ACCOUNT, replace(two, level="Customer"), ["level"], one.key)
    assert not book.change(ACCOUNT, replace(two, inactive_since="2026-11-27"), ["inactive_since"], one.key)
    assert raw() == before


def test_five_hundred_rows_in_seconds_and_again_nothing(book: DynamoHandBook) -> None:
    rows = "".join(f"student,A{n},B,{n},2012-04-08,\nparent,P{n},B,P{n},,{n}\n" for n in range(250))
    text = f"kind,first name,last name,number,security value,children\n{rows}"
    began = monotonic()
    filed = HandList(book).bring(ACCOUNT, text, dry=False, skip=False)
    assert (filed.done, filed.count("created")) == (True, 500)
    assert monotonic() - began < 10
    again = HandList(book).bring(ACCOUNT, text, dry=False, skip=False)
    assert (again.unchanged, list(again.moved)) == (500, [])


def test_nobody_new_is_kept_while_a_run_rewrites_the_contacts(book: DynamoHandBook) -> None:
    """Whom an adoption has taken away already would be made anew beside whom it took them for."""
    DynamoRecords().hold_account(RunKey(ACCOUNT, "e", "run-a"), "arn run-a", lambda owner: True, rewrites=True)
    with pytest.raises(AlreadyRunning):
        book.add(ACCOUNT, [replace(card(book), id="new")])
    book.add(ACCOUNT, [])


def test_some_are_read_at_once_and_only_marks_that_correct_something_where_that_is_asked(book: DynamoHandBook) -> None:
    known = card(book)
    assert book.some(ACCOUNT, [EDNA, EDNA, (BY_HAND, "teacher", "nobody")]) == {EDNA: known}
    assert book.some(ACCOUNT, []) == {}
    level = ContactMark("Appointment Maker")
    assert book.set_mark(ACCOUNT, known, ContactMark(), level)
    assert book.marks(ACCOUNT, edited=True) == {}
    assert book.set_mark(ACCOUNT, known, level, ContactMark(edits={"first": "E"}))
    assert book.marks(ACCOUNT, edited=True) == {EDNA: ContactMark(edits={"first": "E"})}
