"""What people set by hand: over what an import brought, on contacts of their own, and whose level nobody touches."""

from __future__ import annotations

from typing import Any

import pytest

from roster.editing import Editing, administers, audited
from roster.errors import AlreadyRunning, Forbidden, NotThere, NotUnderstood
from roster.model import BY_HAND, Level
from roster.permissions import Administrator
from roster.ports import ContactCard, ContactMark
from tests.fakes.handbook import MemoryHandBook
from tests.fakes.staff import ACCOUNT, Clock, MemoryStaff, numbered

EDNA = ContactCard("clever", "teacher", "c1", "Appointment Viewer", "Edna", "Krabappel", "edna@wrong.example")
BOSS = ContactCard(BY_HAND, "administrator", "boss", "Administrator", "Seymour", "Skinner", "boss@school.example")
VICE = ContactCard(BY_HAND, "administrator", "vice", "Administrator", "Gary", "Chalmers", "vice@school.example")
HELP = ContactCard(BY_HAND, "administrator", "help", "Support", "Pick", "Atime", "help@pickatime.example")


class Office:
    """Seymour's: he is signed in, and changes contacts."""

    def __init__(self, *cards: ContactCard) -> None:
        self.book = MemoryHandBook(EDNA, BOSS, *cards)
        staff = [one for one in self.book.cards.values() if one.kind == "administrator"]
        self.people = {one.id: Administrator(ACCOUNT, one.id, one.email, one.name, one.level) for one in staff}
        self.staff = MemoryStaff(*self.people.values())
        self.editing = Editing(self.book, self.staff, Clock(), numbered("new"))

    def change(self, card: ContactCard, by: str = "boss", **given: Any) -> ContactCard:
        return self.editing.change(self.people[by], card.key, given).after

    def remove(self, card: ContactCard, by: str = "boss") -> ContactCard:
        return self.editing.remove(self.people[by], card.key).after


def test_an_edit_lies_beside_what_the_import_wrote_until_it_is_taken_back() -> None:
    office = Office()
    now = office.change(EDNA, level="Appointment Maker", email="edna@school.example", phone="")
    assert (now.level, now.email, now.last) == ("Appointment Maker", "edna@school.example", "Krabappel")
    assert office.book.cards[EDNA.key] == EDNA
    assert office.book.set[EDNA.key] == ContactMark("Appointment Maker", {"email": "edna@school.example", "phone": ""})
    told = office.editing.change(office.people["boss"], EDNA.key, {})
    assert told.by_hand == ("email", "level", "phone")
    assert told.before == told.after == now
    assert office.change(EDNA, level=None, email=None, phone=None) == EDNA
    assert office.book.set[EDNA.key] == ContactMark()


def test_two_who_edit_the_same_contact_lose_nothing() -> None:
    office = Office()
    office.book.meanwhile = [(EDNA.key, ContactMark(edits={"first": "Ed"}))]
    now = office.change(EDNA, last="Flanders")
    assert (now.first, now.last) == ("Ed", "Flanders")
    office.book.meanwhile = [(EDNA.key, ContactMark(edits={"first": str(n)})) for n in range(9)]
    with pytest.raises(AlreadyRunning):
        office.change(EDNA, last="Skinner")


def test_a_contact_of_ones_own_changes_itself() -> None:
    office = Office(VICE)
    assert office.change(VICE, first="Garold", level="Event Administrator", events=["fall"]).events == ("fall",)
    assert office.book.cards[VICE.key].first == "Garold"
    assert office.book.set == {}
    assert office.change(VICE, events=None).events == ()
    with pytest.raises(NotUnderstood):
        office.change(VICE, level=None)
    with pytest.raises(NotUnderstood):
        office.change(VICE, first=None, last="")


def test_nobody_becomes_support_and_nobody_below_touches_it() -> None:
    office = Office(HELP)
    with pytest.raises(Forbidden):
        office.change(EDNA, level=Level.SUPPORT.value)
    for given in ({"level": "Customer"}, {"email": "mine@school.example"}, {"phone": "1"}):
        with pytest.raises(Forbidden):
            office.change(HELP, **given)
    with pytest.raises(Forbidden):
        office.remove(HELP)
    assert office.change(HELP, by="help", phone="1").phone == "1"


def test_nobody_lowers_themselves_nor_the_last_administrator() -> None:
    office = Office(VICE, HELP)
    for change in (lambda: office.change(BOSS, level="Customer"), lambda: office.remove(BOSS)):
        with pytest.raises(Forbidden, match="themselves"):
            change()
    assert office.change(BOSS, phone="1").phone == "1"
    assert office.change(VICE, level="Appointment Viewer").level == "Appointment Viewer"
    for change in (lambda: office.change(BOSS, by="help", level="Customer"), lambda: office.remove(BOSS, by="help")):
        with pytest.raises(Forbidden, match="last"):
            change()


@pytest.mark.parametrize("how", ["change", "remove"])
def test_of_two_administrators_who_lower_each_other_at_once_one_stays(how: str) -> None:
    office = Office(VICE)

    def lower(card: ContactCard, by: str) -> ContactCard:
        return office.remove(card, by) if how == "remove" else office.change(card, by, level="Customer")

    office.book.before_change.append(lambda: lower(BOSS, "vice"))
    with pytest.raises(AlreadyRunning):
        lower(VICE, "boss")
    assert [card.id for card in office.book.cards.values() if administers(card)] == ["vice"]


def test_people_sign_in_by_an_address_of_their_own() -> None:
    office = Office(VICE)
    for email in ("boss@school.example", "BOSS@school.example", "", None):
        with pytest.raises(NotUnderstood):
            office.change(VICE, email=email)
    office.change(VICE, email="gary@school.example")
    gary = office.staff.of(ACCOUNT, "vice")
    assert gary
    assert gary.sessions_after, "links to the old address are good no more"
    assert office.change(EDNA, email="boss@school.example").email == "boss@school.example"


def test_whoever_is_made_and_given_up_by_hand() -> None:
    office = Office()
    ann = ContactCard("", "student", "", first="Ann", number="17", security_value="2012-04-08")
    made = office.editing.make(office.people["boss"], ann)
    assert (made.origin, made.id, made.level, made.made) == (BY_HAND, "new1", "Customer", "")
    told = audited(made)
    assert told["security value"] == "on file"
    assert "2012" not in str(told)
    for wrong in (ann, ContactCard("", "parent", ""), ContactCard("", "administrator", "", first="A")):
        with pytest.raises(NotUnderstood):
            office.editing.make(office.people["boss"], wrong)
    gone = office.remove(made)
    assert gone.inactive_since == "2026-11-27"
    assert office.editing.make(office.people["boss"], ann).id != made.id
    with pytest.raises(NotUnderstood, match="import"):
        office.remove(EDNA)
    with pytest.raises(NotThere):
        office.change(ContactCard("clever", "teacher", "nobody"))


def test_an_administrator_may_be_made_at_any_level_but_support() -> None:
    office = Office()
    new = ContactCard("", "administrator", "", "Administrator", "Ann", email="ann@school.example")
    assert office.editing.make(office.people["boss"], new).level == "Administrator"
    with pytest.raises(Forbidden):
        office.editing.make(
            office.people["boss"], ContactCard("", "administrator", "", "Support", "B", email="b@school.example")
        )
