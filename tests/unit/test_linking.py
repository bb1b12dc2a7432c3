"""A parent links a child by what both know; whoever guesses is stopped, and told nothing.

The numbers are those of the refusals in providers/sign-on.md §11.
"""

from __future__ import annotations

from typing import Any

import pytest

from roster.birthdates import typed
from roster.linking import CAUSES, FLOOR, LINKED, Linking, Sought
from roster.ports import Contact
from tests.fakes.signon import Counts, MemoryAttempts, MemoryPeople
from tests.fakes.staff import ACCOUNT, Clock

BORN = "2012-04-08"
MARY = Contact("clever", "parent", "mary", "Customer", first="Mary", last="Lee")
ANN = Contact("clever", "student", "ann", "Customer", first="Ann", last="Lee", number="7", sis_id="S7")
ANN_TOO = Contact("clever", "student", "ann2", "Customer", first="Ann", last="Lee", number="8")


class Home:
    """Mary is signed in, and types."""

    def __init__(self, *others: Contact) -> None:
        self.people, self.kept, self.attempts, self.clock = MemoryPeople(), Counts(), MemoryAttempts(), Clock()
        self.people.put(MARY, ANN, *others)
        self.people.dates[ANN.key] = BORN
        self.spent, self.waited = 0.0, list[float]()
        self.linking = Linking(
            self.people, self.people, self.kept, self.attempts, self.clock, lambda: self.spent, self.waited.append
        )

    def link(self, who: str = "7", born: str = BORN, parent: Contact = MARY, **more: Any) -> bool:
        self.clock.wait(seconds=1)
        sought = Sought(**more, born=born) if more else Sought(who, born=born)
        return self.linking.link(ACCOUNT, parent, sought, "place")

    @property
    def cause(self) -> str:
        return self.attempts.told[-1][1].cause


@pytest.mark.parametrize("who", [{"number": "7"}, {"number": "S7"}, {"first": "ann", "last": "LEE"}])
def test_co25_the_right_values_link_and_both_sides_know(who: dict[str, str]) -> None:
    home = Home()
    assert home.link(**who)
    assert home.people.all[MARY.key].related == (("clever", "ann", "", ""),)
    assert home.people.all[ANN.key].related == (("clever", "mary", "", ""),)
    assert home.waited == []
    assert home.link(**who), "again is no harm"
    assert len(home.people.all[MARY.key].related) == 1


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2015-03-04", "2015-03-04"),
        ("3/4/2015", "2015-03-04"),
        ("03/04/2015", "2015-03-04"),
        ("04.03.2015", "2015-03-04"),
        (" 2015-3-4 ", "2015-03-04"),
        ("2015-02-30", ""),
        ("\uff12\uff10\uff11\uff15-03-04", ""),
        ("", ""),
        ("   ", ""),
        ("20150304", ""),
        ("3/4/15", ""),
        ("31/12/2015", ""),
    ],
)
def test_095_one_documented_way_to_read_a_date(text: str, iso: str) -> None:
    assert typed(text) == iso


def test_a_student_is_found_by_the_providers_own_id_as_well() -> None:
    """Veracross has no number beside the person's id, which is what its families know."""
    home = Home(Contact("veracross", "student", "12171", "Customer", first="Omar", last="Sato"))
    home.people.dates["veracross", "student", "12171"] = "2012-04-08"
    assert not home.linking.link(ACCOUNT, MARY, Sought("12171", born="2012-04-08"), "place")
    known = Sought(" 12171 ", born="2012-04-08", origins=("clever", "veracross"))
    assert home.linking.link(ACCOUNT, MARY, known, "place")


def test_cl23_a_blank_value_denies_also_a_blank() -> None:
    home = Home()
    home.people.dates[ANN.key] = ""
    for born in ("", "   ", BORN):
        assert not home.link(born=born)
        assert home.cause == "blank_value"


def test_cl24_once_the_value_is_there_the_same_try_succeeds() -> None:
    home = Home()
    home.people.dates[ANN.key] = ""
    assert not home.link()
    home.people.dates[ANN.key] = BORN
    assert home.link()


def test_094_every_refusal_takes_the_same_time() -> None:
    home = Home(ANN_TOO)
    tries: list[dict[str, str]] = [{"born": "2001-01-01"}, {"who": "nobody"}, {"born": "rubbish"}]
    for n, told in enumerate([*tries, {"first": "Ann", "last": "Lee"}]):
        home.spent = float(n)
        assert not home.link(**told)
    assert home.waited == pytest.approx([FLOOR] * 4)


def test_two_of_one_name_are_told_apart_by_their_number() -> None:
    home = Home(ANN_TOO)
    assert not home.link(first="Ann", last="Lee")
    assert home.cause == "several"
    assert home.link("7")


def test_092_after_five_wrong_dates_the_right_one_waits() -> None:
    home = Home()
    for _ in range(5):
        assert not home.link(born="2001-01-01")
    assert not home.link()
    assert home.cause == "locked"
    home.clock.wait(hours=1)
    assert home.link(), "the next hour is another one"


def test_093_many_parents_against_one_child_and_one_parent_against_many() -> None:
    home = Home()
    parents = [Contact("clever", "parent", f"p{n}", "Customer") for n in range(6)]
    for parent in parents[:5]:
        for _ in range(2):
            assert not home.link(born="2001-01-01", parent=parent)
    assert not home.link(parent=parents[5])
    assert home.cause == "locked", "ten in a day, whoever tries"
    other = Home()
    for n in range(20):
        assert not other.link(f"unknown-{n}")
    assert not other.link()
    assert other.cause == "locked"


def test_097_a_student_of_another_account_is_unknown() -> None:
    home = Home()
    home.people.all.pop(ANN.key)
    assert not home.link()
    assert home.cause == "unknown_student"


def test_a_student_who_has_left_is_unknown() -> None:
    home = Home()
    home.people.put(Contact("clever", "student", "ann", number="7", inactive_since="2026-06-20"))
    assert not home.link()
    assert home.cause == "unknown_student"


def test_the_administrator_is_told_what_stood_in_the_way_and_what_to_click() -> None:
    home = Home()
    home.people.dates[ANN.key] = ""
    home.link()
    home.link("nobody")
    (_, unknown, look), (_, blank, enter) = home.linking.why(ACCOUNT, MARY.key)
    assert blank == "the security value (date of birth) of Ann Lee is blank, so nobody can link to them."
    assert "import again" in enter
    assert "no active student" in unknown
    assert look
    home.clock.wait(days=31)
    assert home.linking.why(ACCOUNT, MARY.key) == []
    assert BORN not in str(home.attempts.told)
    assert LINKED in CAUSES
