"""Fields that a stranger filled in: any JSON in, a clean value or a blank out."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roster import fields

ANY_TEXT = st.text(max_size=12) | st.text(st.characters(categories=["Cs", "Cc", "Nd", "Lu"]), max_size=6)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT
ANY_JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4)
)
bounded = settings(derandomize=True, max_examples=150, deadline=None)


@bounded
@given(ANY_JSON)
def test_nothing_raises_and_everything_can_be_stored(value: Any) -> None:
    for text in (fields.text(value), fields.iso_date(value), *fields.texts(value)):
        text.encode()
        assert text == text.strip()
    assert isinstance(fields.mapping(value), dict)
    assert isinstance(fields.items(value), list)
    assert "" not in fields.texts(value)


@pytest.mark.parametrize(
    "written", ["2016-05-01", "2016-05-01T00:00:00", "5/1/2016", "5/1/2016 12:00:00 AM", "20160501"]
)
def test_dates_as_schools_write_them(written: str) -> None:
    assert fields.iso_date(written) == "2016-05-01"


@bounded
@given(ANY_JSON)
def test_a_date_is_a_date_or_blank(value: Any) -> None:
    found = fields.iso_date(value)
    assert found == "" or date.fromisoformat(found).year >= 1900


@bounded
@given(st.dates(min_value=date(1900, 1, 1)))
def test_every_date_in_every_form(day: date) -> None:
    iso = day.isoformat()
    american = f"{day.month}/{day.day}/{day.year}"
    padded = f"{day.month:02}/{day.day:02}/{day.year}"
    for form in (
        iso,
        american,
        padded,
        f" {iso} ",
        f"{iso}T00:00:00.000Z",
        f"{iso} 00:00:00",
        f"{iso}T23:59:59-05:00",
    ):
        assert fields.iso_date(form) == iso


@pytest.mark.parametrize(
    "value",
    [
        *"2007 2007-02 2007-02-30 02/30/2007 13/01/2007 1899-12-31 12/31/1899 0007-02-11 11.2.2007".split(),
        *"2/11/07 20070231 02112007 2007-2-11 unknown".split(),
        *("", "Feb 11 2007", None, True, 20070231, [], {}),
    ],
)
def test_no_date(value: Any) -> None:
    assert fields.iso_date(value) == ""


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("x", "x"),
        ("  x\t", "x"),
        ("   ", ""),
        ("", ""),
        (None, ""),
        (7, "7"),
        (0, "0"),
        (-1.5, "-1.5"),
        (True, ""),
        (False, ""),
        ([], ""),
        (["x"], ""),
        ({"x": 1}, ""),
        ("José 😀", "José 😀"),
        ("half \ud83d emoji", "half ? emoji"),
    ],
)
def test_text(value: Any, read: str) -> None:
    assert fields.text(value) == read


def test_texts_come_once_each_and_in_their_order() -> None:
    assert fields.texts(["b", " a ", "b", None, "", 7, ["c"], "a"]) == ("b", "a", "7")
    assert fields.texts("ab") == ()
    assert fields.texts(None) == ()


def test_a_lone_object_counts_as_a_list_of_one() -> None:
    assert fields.items({"a": 1}) == [{"a": 1}]
    assert fields.items([1, None]) == [1, None]
    assert fields.items("ab") == fields.items(None) == fields.items(3) == []


def test_what_is_no_object_is_an_empty_one() -> None:
    assert fields.mapping({"a": 1}) == {"a": 1}
    assert fields.mapping(None) == fields.mapping([1]) == fields.mapping("ab") == {}
