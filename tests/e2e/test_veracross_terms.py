"""Terms of a Veracross school: its grading periods, to which classes belong by their dates alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.run_import import offer
from local.sandbox.veracross_conduct import Conduct
from local.sandbox.veracross_school import VeracrossSchool as Source
from local.stack import Stack
from roster.model import Selection, Term
from tests.e2e.toolkit import Evidence, moved
from tests.e2e.veracross import Open, VeracrossSchool, schools, stored, today, truth

AUTUMN, SPRING, LATE_WINTER = "Semester 1", "Semester 2", "Trimester 3"


@pytest.fixture(scope="module")
def open_veracross(stack: Stack, evidence: Evidence) -> Iterator[Open]:
    with schools(stack, evidence) as open_one:
        yield open_one


@pytest.fixture
def school(open_veracross: Open) -> VeracrossSchool:
    return open_veracross(Source.generated(12, today=today()))


def period(source: Source, name: str) -> int:
    """Of this year; last year's has the same name."""
    return max(int(row["id"]) for row in source.rows("grading_periods") if row["description"] == name)


def choose(school: VeracrossSchool, *terms: int) -> None:
    school.settle(selection=Selection(terms=tuple(Term(str(term)) for term in terms)))


def brought(school: VeracrossSchool) -> set[int]:
    return set(map(int, school.classes()))


def test_terms_to_choose_from_are_the_grading_periods(school: VeracrossSchool) -> None:
    """With the classes that each would bring; a day is told as it is written, in no time zone."""
    preview, source = school.run("preview"), school.source
    told = {term["id"]: term for term in offer(school.local, preview["run"])["terms"]}
    assert set(told) == {str(row["id"]) for row in source.rows("grading_periods")}
    for row in source.rows("grading_periods"):
        term = told[str(row["id"])]
        assert (term["start"], term["end"]) == (row["start_date"][:10], row["end_date"][:10])
        assert row["description"] in term["name"]
        assert row["group"]["description"] in term["name"]
        assert term["classes"] == len(truth(source, terms=[row["id"]]).classes), row["description"]
    assert len({(term["name"], term["start"]) for term in told.values()}) == len(told)


def test_one_term_then_another_then_two_of_different_groups(school: VeracrossSchool) -> None:
    """What the administrator has just deselected leaves without an alarm, however much it is."""
    source = school.source
    school.applied()
    everything = brought(school)
    for names in ([AUTUMN], [SPRING], [AUTUMN, LATE_WINTER]):
        terms = [period(source, name) for name in names]
        choose(school, *terms)
        report = school.applied()
        assert report["counts"]["class"]["departed"] > 0 or AUTUMN in names
        assert stored(school) == truth(source, terms=terms), names
        assert brought(school) < everything
    choose(school)
    school.applied()
    assert stored(school) == truth(source)


def test_dates_decide_not_names(school: VeracrossSchool) -> None:
    source = school.source
    choose(school, period(source, AUTUMN))
    school.applied()
    cancelled = set(source.odd["cancelled class"])
    there = {
        "year-long class": True,
        "semester 1 class": True,
        "class without dates": True,
        "semester 2 class": False,
        "class of last year": False,
        "summer class": False,
    }
    for name, is_there in there.items():
        ids = set(source.odd[name]) - cancelled
        assert ids, name
        assert ids <= brought(school) if is_there else ids.isdisjoint(brought(school)), name
    assert cancelled.isdisjoint(brought(school))


def test_a_class_that_begins_on_the_last_day_of_a_term_is_of_it(school: VeracrossSchool) -> None:
    source = school.source
    term = source.tables["grading_periods"].rows[period(source, AUTUMN)]
    last = term["end_date"][:10]
    on, after = source.odd["semester 2 class"][:2]
    source.edit("classes", on, begin_date=last)
    source.edit("classes", after, begin_date=source.tables["grading_periods"].rows[term["id"] + 1]["start_date"][:10])
    choose(school, term["id"])
    school.applied()
    assert on in brought(school)
    assert after not in brought(school)


def test_a_class_that_moves_out_of_the_term_leaves(school: VeracrossSchool) -> None:
    source = school.source
    term = period(source, AUTUMN)
    choose(school, term)
    school.applied()
    moving = next(id for id in source.odd["semester 1 class"] if id in brought(school))
    spring = source.tables["classes"].rows[source.odd["semester 2 class"][0]]
    source.edit("classes", moving, begin_date=spring["begin_date"], end_date=spring["end_date"])
    report = school.applied()
    assert report["counts"]["class"]["departed"] == 1
    assert stored(school) == truth(source, terms=[term])


def test_a_chosen_grading_period_that_vanished_holds_the_run(school: VeracrossSchool) -> None:
    source = school.source
    term = period(source, AUTUMN)
    school.settle(selection=Selection(terms=(Term(str(term), AUTUMN),)))
    school.applied()
    before = school.table()
    source.remove("grading_periods", term)
    report = school.run()
    assert report["status"] == "held"
    assert any(AUTUMN in reason and "no longer exists" in reason for reason in report["reasons"])
    assert school.table() == before


def test_a_grading_period_that_was_made_anew_is_found_again(school: VeracrossSchool) -> None:
    source = school.source
    term = period(source, AUTUMN)
    preview = school.run("preview")
    told = next(t for t in offer(school.local, preview["run"])["terms"] if t["id"] == str(term))
    chosen = Term(**{name: told[name] for name in ("id", "name", "start", "end")})
    school.settle(selection=Selection(terms=(chosen,)))
    school.applied()
    ((_, row),) = source.remove("grading_periods", term)
    source.tables["grading_periods"].put(row | {"id": 9_999})
    report = school.applied()
    assert (moved(report), report["writes"]) == ({}, 0)


def test_a_veracross_that_gives_this_year_only_can_be_asked_for_others(school: VeracrossSchool) -> None:
    source = school.source
    everything = truth(source)
    school.sandbox.conduct = Conduct.named("current_year_only")
    years = sorted({row["school_year"] for row in source.rows("classes")})
    school.choose(school_years=years)
    school.applied()
    assert stored(school) == everything
    assert years[0] < 0, "a summer's year is not positive"


def test_advisories_that_are_not_among_the_classes_are_made_of_their_students(school: VeracrossSchool) -> None:
    source = school.source
    school.sandbox.conduct = Conduct.named("advisory_elsewhere")
    school.choose(advisory=True)
    school.applied()
    made = {id: set(item.students or ()) for id, item in school.classes().items() if not id.isdecimal()}
    expected: dict[str, set[str]] = {}
    for row in source.rows("students"):
        here = row["entry_date"] <= today().isoformat() < (row["exit_date"] or "9999")
        for word, name in (("advisor", "advisor"), ("homeroom", "homeroom_teacher")):
            if mentor := row[name]["id"]:
                expected.setdefault(f"{word}:{mentor}", set()).update({str(row["id"])} if here else ())
    assert made == expected
    assert sum(map(len, made.values())) > 5
    assert all(school.classes()[id].teachers == [id.partition(":")[2]] for id in made)
    assert not set(source.odd["advisory class"]) & {int(id) for id in school.classes() if id.isdecimal()}
