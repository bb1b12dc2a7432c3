"""A file of contacts: what each row makes, what is wrong with it in words, and the same file again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roster.contactfile import COLUMNS, MOST_ROWS, read
from roster.handlist import HEADER, Filed, HandList
from roster.model import BY_HAND, KINDS, Level
from roster.ports import ContactCard, ContactMark
from roster.tabular import as_csv
from tests.fakes.handbook import MemoryHandBook
from tests.fakes.staff import ACCOUNT

STUDENT = "kind,first name,last name,SIS number,security value\n"
FAMILY = """\
kind,first name,last name,e-mail,SIS number,security value,children
parent,Marge,Simpson,marge@home.example,,,17 18
student,Bart,Simpson,,17,4/8/2012,
student,Lisa,Simpson,,18,2014-05-09,
teacher,Edna,Krabappel,edna@school.example,T1,,
"""


def bring(text: str, book: MemoryHandBook | None = None, dry: bool = False, skip: bool = False) -> Filed:
    return HandList(book or MemoryHandBook()).bring(ACCOUNT, text, dry, skip)


def problems(text: str, book: MemoryHandBook | None = None) -> list[tuple[int, str, str]]:
    filed = bring(text, book)
    assert all(one.help for one in filed.problems)
    assert filed.done is not bool(filed.problems)
    return [(one.line, one.column, one.problem) for one in filed.problems]


def export(book: MemoryHandBook) -> str:
    return as_csv(HEADER, HandList(book).rows(ACCOUNT, ["clever", BY_HAND], {"clever": "Clever"}))


def test_a_family_and_their_teacher() -> None:
    book = MemoryHandBook()
    filed = bring(FAMILY, book)
    assert (filed.done, filed.count("created"), filed.problems) == (True, 4, [])
    bart, lisa, edna, marge = (
        next(card for card in book.cards.values() if card.first == name) for name in ("Bart", "Lisa", "Edna", "Marge")
    )
    assert (bart.security_value, lisa.security_value) == ("2012-04-08", "2014-05-09")
    assert (bart.level, edna.level, marge.level) == ("Customer", "Appointment Viewer", "Customer")
    assert {tie[0] for tie in marge.related} == {bart.id, lisa.id}
    assert bart.related == lisa.related == ((marge.id, "", ""),)
    assert {card.made for card in book.cards.values()} == {"file"}
    for id in (bart.id, marge.id):
        assert len(id) == 20
        assert int(id, 16)
    again, before = bring(FAMILY, book), book.writes
    assert (again.done, again.unchanged, list(again.moved)) == (True, 4, [])
    assert book.writes == before == 4


def test_nothing_is_written_by_a_dry_run_and_nothing_where_a_row_is_wrong() -> None:
    book = MemoryHandBook()
    assert bring(FAMILY, book, dry=True).count("created") == 4
    wrong = FAMILY + "teacher,,,nobody,,,\n"
    refused = bring(wrong, book)
    assert (refused.done, len(refused.problems), book.cards) == (False, 1, {})
    skipped = bring(wrong, book, skip=True)
    assert (skipped.done, skipped.count("created"), len(book.cards)) == (True, 4, 4)


def test_a_changed_row_changes_that_and_a_blank_cell_nothing() -> None:
    book = MemoryHandBook()
    bring(FAMILY, book)
    filed = bring("kind,first name,last name,e-mail,SIS number,phone\nteacher,Edna,Flanders,,T1,+1 (555) 01\n", book)
    (moved,) = filed.moved
    assert (moved.outcome, moved.changed) == ("updated", ["last", "phone"])
    assert moved.after.email == "edna@school.example"


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        ("janitor,W,W,7,", "kind", "no kind"),
        (",W,W,7,", "kind", "missing"),
        ("student,,,7,", "last name", "name is missing"),
        ("student,W,W,,", "SIS number", "neither"),
        ("student,W,W,7 8,", "SIS number", "blanks"),
        ("student,W,W,7,2012-02-30", "security value", "no date"),
        ("student,W,W,7,4/8/12", "security value", "no date"),
        ("student,W,W,7,30/4/2012", "security value", "day stands before the month"),
        ("teacher,W,W,7,2012-04-08", "security value", "no security value"),
        ("student,=1+1,W,7,", "first name", "formula"),
        ("student,W,@W,7,", "last name", "formula"),
        ("student,W," + "W" * 101 + ",7,", "last name", "more than 100"),
        ("student,W,W\ufffd,7,", "last name", "lost"),
        ('student,W,"W\nX",7,', "last name", "line break"),
        ("student,W,W,7,,more", "", "more cells"),
        ("student,W,W,7,\n", "", ""),
    ],
)
def test_what_is_wrong_is_said_in_words(row: str, column: str, words: str) -> None:
    found = problems(STUDENT + row)
    if not words:
        assert found == []
        return
    ((line, where, problem),) = found
    assert (line, where) == (2, column)
    assert words in problem
    assert "2012" not in problem, "never a birth date"


def test_half_a_character_is_a_lost_one() -> None:
    ((line, column, words),) = problems(STUDENT + "student,W,W" + chr(0xD800) + ",7,\n")
    assert (line, column) == (2, "last name")
    assert "lost" in words


def test_a_date_that_may_be_meant_either_way_is_refused_where_others_have_the_day_first() -> None:
    text = (
        STUDENT + "student,A,A,1,4/8/2012\nstudent,B,B,2,30/4/2012\nstudent,C,C,3,5/5/2012\nstudent,D,D,4,2012-04-08\n"
    )
    assert [(line, column) for line, column, _ in problems(text)] == [(2, "security value"), (3, "security value")]


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("", 1, "", "does not name"),
        ("student,Bart,Simpson\n", 1, "", "does not name"),
        ("kind,shoe size\n", 1, "shoe size", "no such column"),
        ("kind,e-mail,email\n", 1, "e-mail", "twice"),
        (STUDENT + "student,W,W,7,\n" * (MOST_ROWS + 1), 1, "", "5,001 rows"),
        (STUDENT + "student,A,A,7,\n\nstudent,B,B,7,\n", 4, "SIS number", "same person as in line 2"),
        (
            "kind,last name,e-mail\nparent,A,a@b.example\nparent,A,A@B.example\n",
            3,
            "e-mail",
            "same person as in line 2",
        ),
        ("kind,last name,e-mail,level\nteacher,A,a@b.example,Boss\n", 2, "level", "no such level"),
        ("kind,last name,e-mail,level\nteacher,A,a@b.example,Support\n", 2, "level", "above Appointment Maker"),
        ("kind,last name,e-mail,level\nteacher,A,a@b.example,Administrator\n", 2, "level", "above Appointment Maker"),
        ("kind,last name,e-mail\nteacher,A,a@b\n", 2, "e-mail", "no e-mail"),
        ("kind,last name,number\nadministrator,A,7\n", 2, "e-mail", "without an e-mail"),
        ("kind,last name,e-mail,children\nparent,A,a@b.example,99\n", 2, "children", "no such student"),
        ("kind,last name,number,children\nteacher,A,7,99\n", 2, "children", "no children"),
        ("kind,last name,number,id\nteacher,A,7,nobody\n", 2, "id", "has this id"),
    ],
)
def test_what_is_wrong_with_a_file(text: str, line: int, column: str, words: str) -> None:
    ((where, named, problem),) = problems(text)
    assert (where, named) == (line, column)
    assert words in problem


def test_an_unreadable_file_is_not_brought_whatever_is_skipped() -> None:
    assert not bring("name\nBart\n", skip=True).done
    assert not bring(STUDENT + "student,W,W,7,\n" * (MOST_ROWS + 1), skip=True).done


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_as_spreadsheets_save_it(separator: str, ending: str) -> None:
    text = "\ufeffKind,First Name,Last_Name,Student Number\nStudent,Zoë,O'Neil,7\n"
    filed = bring(text.replace(",", separator).replace("\n", ending))
    assert [(one.after.name, one.after.number) for one in filed.moved] == [("Zoë O'Neil", "7")]
    assert not filed.warnings


def test_garbled_accents_are_warned_of() -> None:
    filed = bring(STUDENT + "student,Zo\u00c3\u00ab,W,7,\n")
    assert filed.done
    assert [(one.line, one.column) for one in filed.warnings] == [(2, "first name")]
    assert "UTF-8" in filed.warnings[0].help


def test_an_apostrophe_makes_a_text_of_a_formula() -> None:
    filed = bring(STUDENT + "student,'=Bob,'Ann,7,\n")
    assert [(one.after.first, one.after.last) for one in filed.moved] == [("=Bob", "'Ann")]


def test_a_number_that_comes_later_finds_the_same_person() -> None:
    book = MemoryHandBook()
    bring("kind,last name,e-mail\nteacher,Edna,edna@school.example\n", book)
    filed = bring("kind,last name,e-mail,SIS number\nteacher,Edna,edna@school.example,T1\n", book)
    assert [one.outcome for one in filed.moved] == ["updated"]
    assert len(book.cards) == 1


def test_a_file_finds_whom_it_made_though_the_address_was_corrected_by_hand() -> None:
    book = MemoryHandBook()
    bring("kind,last name,e-mail\nteacher,Edna,edna@school.example\n", book)
    (card,) = book.cards.values()
    book.cards[card.key] = replace(card, email="edna@other.example")
    filed = bring("kind,last name,e-mail\nteacher,Edna,edna@school.example\n", book, dry=True)
    assert [(one.outcome, one.changed) for one in filed.moved] == [("updated", ["email"])]


def test_a_number_that_became_free_is_another_person() -> None:
    book = MemoryHandBook()
    bring(STUDENT + "student,Bart,S,17,\n", book)
    (card,) = book.cards.values()
    book.cards[card.key] = replace(card, number="18")
    assert [one.outcome for one in bring(STUDENT + "student,Maggie,S,17,\n", book).moved] == ["created"]
    assert len(book.cards) == 2


def test_a_number_that_became_free_makes_nobody_the_child_of_others() -> None:
    """Next year's Milhouse is not Bart come back: he has neither Bart's mother nor his birth date."""
    book = MemoryHandBook()
    bring(FAMILY, book)
    bart = next(card for card in book.cards.values() if card.first == "Bart")
    gone = book.cards[bart.key] = replace(bart, inactive_since="2026-11-27")
    text = "kind,first name,last name,SIS number\nstudent,Milhouse,Van Houten,17\n"
    assert bring(text, book).count("created") == 1
    (milhouse,) = (card for card in book.cards.values() if card.first == "Milhouse")
    assert (milhouse.number, milhouse.related, milhouse.security_value) == ("17", (), "")
    assert book.cards[bart.key] == gone
    assert (bring(text, book).unchanged, len(book.cards)) == (1, 5)


def test_whoever_was_made_inactive_comes_back_as_themselves() -> None:
    book = MemoryHandBook()
    bring(FAMILY, book)
    bart = next(card for card in book.cards.values() if card.first == "Bart")
    book.cards[bart.key] = replace(bart, inactive_since="2026-11-27")
    (moved,) = bring(FAMILY, book).moved
    assert (moved.outcome, moved.changed) == ("updated", ["active again"])
    assert book.cards[bart.key] == bart


def test_a_file_changes_no_administrator() -> None:
    boss = ContactCard(BY_HAND, "administrator", "a1", "Administrator", "Seymour", "Skinner", "boss@school.example")
    book = MemoryHandBook(boss)
    header = "kind,first name,last name,e-mail,phone,level\n"
    same = "administrator,Seymour,Skinner,boss@school.example,,Administrator\n"
    assert bring(header + same, book).unchanged == 1
    lower = "administrator,Seymour,Skinner,boss@school.example,,Customer\n"
    assert "above" in problems(header + lower, book)[0][2]
    other = "administrator,Agnes,Skinner,boss@school.example,,\n"
    assert "has this address" in problems(header + other, book)[0][2]
    support = "administrator,Ann,Support,ann@pickatime.example,,Support\n"
    assert "above" in problems(header + support, book)[0][2]
    assert book.cards == {boss.key: boss}


def test_another_file_links_a_child_that_is_there() -> None:
    book = MemoryHandBook()
    bring(STUDENT + "student,Bart,S,17,\n", book)
    filed = bring("kind,last name,e-mail,children\nparent,Homer,h@home.example,17\n", book)
    assert [(one.line, one.outcome) for one in filed.moved] == [(0, "updated"), (2, "created")]
    assert filed.moved[0].changed == ["links"]
    assert "links" in filed.moved[1].changed


def test_whom_an_import_brought_is_in_the_list_as_they_count_and_passed_over_when_it_comes_back() -> None:
    imported = ContactCard("clever", "teacher", "c1", "Appointment Viewer", "Edna", "K", "edna@wrong.example")
    book = MemoryHandBook(imported)
    book.set[imported.key] = ContactMark("Appointment Maker", {"email": "edna@school.example"})
    text = export(book)
    assert "edna@school.example" in text
    assert "Appointment Maker" in text
    filed = bring(text, book)
    assert (filed.done, dict(filed.skipped), book.writes) == (True, {"Clever": 1}, 0)


def test_children_whom_an_adoption_left_in_a_mark_are_in_the_list_and_no_problem_when_it_comes_back() -> None:
    bart = ContactCard("clever", "student", "c1", "Customer", "Bart", "S", number="17")
    marge = ContactCard(BY_HAND, "parent", "p1", "Customer", "Marge", "S", "m@home.example")
    lisa = ContactCard(BY_HAND, "student", "s2", "Customer", "Lisa", "S", number="18", related=(("p1", "", ""),))
    homer = ContactCard("clever", "parent", "c2", "Customer", "Homer", "S", related=(("c1", "Father", ""),))
    book = MemoryHandBook(bart, replace(marge, related=(("s2", "", ""),)), lisa, homer)
    book.set[marge.key] = ContactMark(related=(("clever", "c1", "Mother", ""), (BY_HAND, "s2", "Mother", "")))
    book.set[homer.key] = ContactMark(related=((BY_HAND, "s2", "Father", ""),))
    text = export(book)
    assert [row.split(",")[9] for row in text.splitlines()[1:] if "parent" in row] == ["17 18", "18 17"]
    filed = bring(text, book)
    assert (filed.done, list(filed.problems), list(filed.moved), filed.unchanged) == (True, [], [], 2)


def test_only_the_children_of_those_whom_a_file_names_are_looked_up() -> None:
    """Of families that have linked their children themselves there are thousands."""
    book = MemoryHandBook()
    for n in range(50):
        child = ContactCard("clever", "student", f"c{n}", "Customer", "Bart", "S", number=f"{n}")
        parent = ContactCard(BY_HAND, "parent", f"p{n}", "Customer", "Homer", "S", f"h{n}@home.example")
        book.cards |= {one.key: one for one in (child, parent)}
        book.set[parent.key] = ContactMark(related=(("clever", child.id, "", ""),))
    filed = bring("kind,id,last name,children\nparent,p7,Simpson,7\nparent,p8,Simpson,8\n", book)
    assert (filed.done, list(filed.problems), filed.count("updated")) == (True, [], 2)
    assert sorted(book.looked_up) == [("clever", "student", "c7"), ("clever", "student", "c8")]


def test_no_list_holds_a_security_value() -> None:
    book = MemoryHandBook()
    bring(FAMILY, book)
    text = export(book)
    assert "2012" not in text
    assert "2014" not in text
    assert text.count("on file") == 2
    assert "2012" not in repr([*book.cards.values(), *read(FAMILY).rows])


text_of = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="\ufffd"), min_size=1, max_size=12)
quoted = st.sampled_from(["", "=", "'", "'=", "''+", "'a", "a;=", "';'-"])
names = st.builds(lambda front, rest: front + rest, quoted, text_of)


@st.composite
def kept(draw: st.DrawFn) -> list[ContactCard]:
    """Contacts that people keep by hand, however they came to be so."""
    numbers = iter(draw(st.lists(text_of, min_size=8, max_size=8, unique=True)))
    cards = []
    for n in range(draw(st.integers(0, 8))):
        kind = draw(st.sampled_from(KINDS))
        card = ContactCard(
            BY_HAND,
            kind,
            f"id{n}",
            draw(st.sampled_from([level.value for level in Level])),
            draw(names),
            draw(names | st.just("")),
            f"a{n}@b.example" if kind == "administrator" else draw(st.sampled_from(["", "a@b.example"])),
            draw(st.sampled_from(["", "+1 555", "=2", "555 x 1"])),
            draw(st.sampled_from(["", next(numbers)])),
            security_value=draw(st.sampled_from(["", "2012-04-08"])) if kind == "student" else "",
            inactive_since=draw(st.sampled_from(["", "", "2026-11-27"])),
            made=draw(st.sampled_from(["", "file"])),
        )
        cards.append(card)
    students = [card for card in cards if card.kind == "student"]
    for parent in (card for card in list(cards) if card.kind == "parent" and students):
        child = students[0]
        cards[cards.index(parent)] = replace(parent, related=((child.id, "", ""),))
        students[0] = replace(child, related=(*child.related, (parent.id, "", "")))
        cards[cards.index(child)] = students[0]
    return cards


@settings(max_examples=100, deadline=None)
@given(kept())
def test_what_was_exported_comes_back_unchanged(cards: list[ContactCard]) -> None:
    book = MemoryHandBook(*cards)
    filed = bring(export(book), book)
    assert (filed.done, list(filed.problems), list(filed.moved), book.writes) == (True, [], [], 0)
    active = [card for card in cards if not card.inactive_since]
    assert filed.unchanged == len(active)


lines = st.lists(st.sampled_from(["kind", *COLUMNS, "student", "parent", "17", '"', ",", ";", "\n", "\r", "4/8/2012"]))


@settings(max_examples=100, deadline=None)
@given(st.text() | lines.map("".join) | st.text().map(lambda text: FAMILY + text))
def test_any_text_is_read(text: str) -> None:
    book = MemoryHandBook()
    filed = bring(text, book, skip=True)
    again = bring(text, book, skip=True)
    assert not again.moved
    assert [one for one in again.problems if one not in filed.problems] == []
