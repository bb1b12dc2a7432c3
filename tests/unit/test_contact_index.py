"""What the indexes go by: names folded so that people find each other, and keys that hold whatever a name holds."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roster import keys
from roster.folding import folded

bounded = settings(derandomize=True, max_examples=200, deadline=None)
NAMES = st.text(max_size=30) | st.sampled_from(
    ["", "#", "O'Brien", "Ångström", "Straße", "a#b", "-", "王", "😀", "\u0e33"]
)
LETTERS = "abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("Smith", "smith"),
        ("Müller", "muller"),
        ("Mu\u0308ller", "muller"),
        ("Straße", "strasse"),
        ("STRASSE", "strasse"),
        ("O'Brien", "obrien"),
        ("O\u2019Brien", "obrien"),
        ("Smith-Jones", "smith-jones"),
        ("  van  der Berg ", "van-der-berg"),
        ("Łukasz", "lukasz"),
        ("Ørsted", "orsted"),
        ("St. John", "st-john"),
        ("D'Angelo#1", "dangelo-1"),
        ("李", "李"),
        ("राम", "राम"),  # vowel signs are letters
        ("", ""),
        ("#", ""),
        ("--", ""),
        ("7th", "7th"),
    ],
)
def test_a_name_is_folded(name: str, wanted: str) -> None:
    assert folded(name) == wanted


@bounded
@given(NAMES)
def test_folding_again_changes_nothing_and_breaks_out_of_no_key(name: str) -> None:
    once = folded(name)
    assert folded(once) == once
    assert len(once.encode()) <= 400
    assert "#" not in once
    assert " " not in once


def order(last: str, first: str = "", id: str = "1") -> str:
    return keys.name_order(last, first, "fake", "student", id)


def test_smiths_stand_together_and_by_their_first_names() -> None:
    people = [("", "Cher"), ("7th", ""), ("Smith", "Adam"), ("Smith", "Zoë"), ("Smith Jones", "Al"), ("Smithson", "A")]
    places = [order(last, first) for last, first in people]
    assert places == sorted(places)


def test_two_of_one_name_have_a_place_each() -> None:
    assert order("Smith", "Ann", "1") != order("Smith", "Ann", "2")
    assert order("Smith", "Ann") != keys.name_order("Smith", "Ann", "other", "student", "1")
    assert order("Smith", "Ann") != keys.name_order("Smith", "Ann", "fake", "parent", "1")


@bounded
@given(NAMES, NAMES, st.lists(NAMES, max_size=4))
def test_partitions_follow_on_each_other_as_the_names_do(last: str, first: str, others: list[str]) -> None:
    places = sorted([order(last, first), *(order(other) for other in others)])
    assert all(len(place.encode()) <= 1_024 for place in places)
    parts = [keys.name_part(place) for place in places]
    assert parts == sorted(parts)
    assert set(parts) <= set(keys.NAME_PARTS)


def test_every_partition_has_its_letters() -> None:
    parts = [keys.name_part(order(letter)) for letter in LETTERS]
    assert {*parts} == {*keys.NAME_PARTS}
    assert all(later - earlier in (0, 1) for earlier, later in pairwise(parts))


def found_by(**more: str) -> dict[str, str]:
    known = {"last": "", "first": "", "address": "", "number": "", "sis_id": "", **more}
    numbers = known.pop("number"), known.pop("sis_id")
    return keys.indexed("116", "fake", "student", "1", known["last"], known["first"], known["address"], numbers)


def test_what_a_contact_has_not_is_no_key_at_all() -> None:
    """DynamoDB refuses an index key that is blank, and with it the whole batch."""
    assert [name for name, key in found_by().items() if key] == ["name_part", "name_order"]


def test_a_number_and_another_id_of_the_schools_system_are_both_found() -> None:
    both = found_by(number="7", sis_id="S7")
    assert (both["number_key"], both["sis_key"]) == (keys.number("116", "7"), keys.number("116", "s7"))
    same = found_by(number="7", sis_id="7")
    assert (same["number_key"], same["sis_key"]) == (keys.number("116", "7"), "")
    only = found_by(sis_id="S7")
    assert (only["number_key"], only["sis_key"]) == (keys.number("116", "S7"), "")


def test_an_address_is_found_however_it_is_capitalised() -> None:
    assert found_by(address=" Ann@School.example ")["email_key"] == keys.email("116", "ann@school.EXAMPLE")
    assert keys.email("11", "6#a@x.example") != keys.email("11#6", "a@x.example")


@pytest.mark.parametrize("text", ["a" * 300 + "@x.example", "  ", ""])
def test_what_no_key_can_hold_is_left_out(text: str) -> None:
    assert keys.email("116", text) == keys.number("116", text) == ""


@bounded
@given(st.text(min_size=1, max_size=100) | st.sampled_from(["a/b", "a#b", "~", "~YQ", "100%", "a b", "..", "58da8c"]))
def test_an_id_comes_back_from_an_address(id: str) -> None:
    part = keys.in_address(id)
    assert keys.of_address(part) == id
    assert set(part) <= set(LETTERS + LETTERS.upper() + "0123456789._-~")


@pytest.mark.parametrize("part", ["~", "~a", "~YQ==", "~NThkYQ", "~\u00e4", "~_w"])
def test_an_address_has_one_spelling(part: str) -> None:
    assert keys.of_address(part) == ""


def test_whose_item_or_mark_it_is() -> None:
    id = ("fake", "student", "a#b/c")
    for key in (keys.contact("116", *id), keys.contact_mark("116", *id)):
        assert keys.contact_of(*key) == id
