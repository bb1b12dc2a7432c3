"""Lists as a spreadsheet reads them: what would be a formula is text, and names keep their accents."""

from __future__ import annotations

import csv
import io

import pytest

from roster import keys
from roster.cells import meant, told
from roster.ledgers import write_contacts
from roster.model import ContactEntry, Listing, Person
from roster.ports import ContactMark, Event, Integration
from roster.tabular import as_csv, report
from tests.fakes.memory import MemorySlots

FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\tx",
    "\rx",
    "\nx",
    "\uff1d1",
    "\uff0b1",
    "\uff0d1",
    "\uff20A",
    "  =1",
    "\u00a0=1",
]
TEXTS = ["", "Zoë", "O'Brien", "a=1", "1-2", " Ann", "Ann\n=1"]


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.encode().decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("cell", FORMULAS)
def test_what_would_be_a_formula_is_told_as_text(cell: str) -> None:
    assert read(as_csv(("name",), [(cell,)])) == [["name"], [f"'{cell}"]]


@pytest.mark.parametrize("cell", ["Ann;=1+1", "Ann\t=1", "a; @b", "a;'=1", "=1;=2", "'x;=1", 'Ann;"=1;b', "a\t \"'@b"])
def test_a_formula_behind_what_other_countries_spreadsheets_separate_by_is_text_and_comes_back(cell: str) -> None:
    ((shown,),) = read(as_csv(("name",), [(told(cell),)]))[1:]
    for part in shown.replace("\t", ";").split(";"):
        assert not part.strip(' "').startswith(tuple("=+-@"))
    assert meant(shown) == cell


@pytest.mark.parametrize("cell", TEXTS)
def test_any_other_text_stays_as_it_is(cell: str) -> None:
    assert read(as_csv(("name", "id"), [(cell, "1")]))[1] == [cell, "1"]


def test_a_list_says_that_it_is_unicode() -> None:
    """Without the mark Excel takes it for the code page of its country."""
    assert as_csv(("name",), []).encode() == b"\xef\xbb\xbfname\r\n"


def test_people_are_reported_by_the_names_that_were_set_by_hand() -> None:
    """Those of this provider: another one's contact may have the same id."""
    slots, ledger = MemorySlots(), keys.ledger_folder("1", "fake", "run1")
    people = [Person("teacher", id, first="Edna", last="K", email=f"{id}@wrong.example") for id in ("T1", "T2")]
    write_contacts(slots, ledger, "000-of-001", [ContactEntry(one, {"spring": Listing([], [])}) for one in people])
    marks = {
        ("fake", "teacher", "T1"): ContactMark("", {"last": "Krabappel", "email": "edna@school.example"}),
        ("older", "teacher", "T2"): ContactMark("", {"last": "Hoover"}),
    }
    rows = report(slots, "people", Integration("1", "fake", ledger=ledger), Event("1", "spring"), marks)
    assert [row[4:6] for row in sorted(rows)] == [("Krabappel", "edna@school.example"), ("K", "T2@wrong.example")]
