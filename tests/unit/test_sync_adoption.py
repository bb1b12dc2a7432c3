"""People kept by hand become those of a provider: nobody is wiped, nobody is there twice, and all can be undone."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from roster.errors import StoreBusy
from roster.model import BY_HAND, Enrolment, Person, Relationship, replace
from roster.ports import RunKey
from roster.staging import Staging
from roster.timeline import taken_over, told_of
from tests.fakes.kept import KEPT, keep, kept, mark, marks
from tests.fakes.memory import Killed
from tests.fakes.school import ACCOUNT, EVENT, OTHER, District, Source
from tests.fakes.sense import nonsense

ADOPT = {"adopt": {"settled": []}}
BORN = "2012-04-08"


def settled(*pairs: tuple[str, str, str]) -> dict[str, Any]:
    """(kind, id here, id at the provider or blank)."""
    return {"adopt": {"settled": [[BY_HAND, *pair] for pair in pairs]}}


def school(students: int = 4, seed: int | None = None) -> District:
    """Nothing imported yet. By hand: a teacher and the first students and parents, an administrator, one unsure."""
    district = District(Source.small(students))
    district.source.page_size = 1000
    keep(district, "administrator", "edna", level="Administrator", email="s0@home.example")
    keep(
        district, "teacher", "h-t0", level="Event Administrator", first="Tess", last="Teach0", email="T0@school.example"
    )
    keep(district, "student", "h-s0", "", ("h-p0",), first="Sam", last="Student S0", number="9S0")
    keep(district, "parent", "h-p0", "", ("h-s0",), last="Parent S0", email="s0@home.example")
    keep(district, "student", "h-s1", "", ("h-p1",), first="Samm", last="Student S1", birth_date=BORN)
    keep(district, "parent", "h-p1", "", ("h-s1",), first="Pat", last="Longgone", email="pat@home.example")
    keep(district, "student", "h-x", first="Nobody", last="Known")
    mark(district, BY_HAND, "student", "h-s0", level="Appointment Maker", edits={"first": "Sammy"})
    mark(district, BY_HAND, "administrator", "edna", level="Administrator")
    district.source.people = [named(one) for one in district.source.people]
    district.roster.order = Random(seed) if seed is not None else None
    return district


def named(one: Person) -> Person:
    """Parents have first names, as some at the provider do."""
    return replace(one, first=f"Pam{one.id[-1]}") if one.kind == "parent" and one.id != "P-S0" else one


def test_a_test_import_counts_the_duplicates_there_would_be_and_changes_nothing() -> None:
    district = school()
    before = district.table()
    report = district.night("preview")
    assert report["duplicates"] == {
        "sure": {"student": 1, "teacher": 1, "parent": 0},
        "unsure": {"student": 1, "teacher": 0, "parent": 1},
    }
    assert district.table() == before
    assert report["warnings"]["possible_duplicate"] == 2
    assert "compare the two" in report["help"]["possible_duplicate"]


def test_whoever_is_surely_somebody_becomes_them_and_the_others_stay() -> None:
    district = school()
    report = district.night(**ADOPT)
    assert report["status"] == "applied"
    assert report["adopted"] == {"student": 1, "teacher": 1, "parent": 0}
    assert report["duplicates"]["unsure"] == {"student": 1, "teacher": 0, "parent": 1}
    assert kept(district) == {"edna", "h-p0", "h-s1", "h-p1", "h-x"}
    assert nonsense(district.roster) == []
    people = [key for key in district.roster.items if key[0].startswith("contact")]
    assert len(people) == len(district.source.people) + len(kept(district))
    district.later()
    assert district.night()["writes"] == 0
    district.later(8)  # everything is looked at again
    assert district.night()["writes"] == 0


def test_what_was_set_by_hand_stays_with_the_person() -> None:
    district = school()
    district.night(**ADOPT)
    assert marks(district) == {
        (BY_HAND, "administrator", "edna"): {"level": "Administrator"},
        ("fake", "teacher", "T0"): {"level": "Event Administrator"},
        ("fake", "student", "S0"): {
            "level": "Appointment Maker",
            "edits": {"first": "Sammy"},
            "related": [[BY_HAND, "h-p0", "Mother", "Family"]],
        },
        (BY_HAND, "parent", "h-p0"): {"related": [["fake", "S0", "Mother", "Family"]]},
    }


def test_the_administrator_settles_who_is_unsure() -> None:
    district = school()
    report = district.night(**settled(("parent", "h-p0", "P-S0"), ("student", "h-s1", "S1"), ("student", "h-s0", "")))
    assert report["adopted"] == {"student": 1, "teacher": 1, "parent": 1}
    assert kept(district) == {"edna", "h-s0", "h-p1", "h-x"}
    assert "possible_duplicate" not in report["warnings"]
    found = marks(district)
    assert found["fake", "student", "S1"] == {"related": [[BY_HAND, "h-p1", "Mother", "Family"]]}
    assert found[BY_HAND, "parent", "h-p1"] == {"related": [["fake", "S1", "Mother", "Family"]]}
    assert found["fake", "parent", "P-S0"] == {"related": [[BY_HAND, "h-s0", "Mother", "Family"]]}
    assert district.contact("parent", "P-S0")["related"] == [["S0", "Mother", "Family"]]


@pytest.mark.parametrize("imported", [False, True])
def test_a_birth_date_that_the_provider_does_not_share_stays_with_the_student(imported: bool) -> None:
    district = school()
    shared = {"S2": "2013-01-02"}
    district.source.people = [replace(one, birth_date=shared.get(one.id, "")) for one in district.source.people]
    keep(district, "student", "h-s2", first="Sam", last="Student S2", number="9S2", birth_date="2010-10-10")
    district.roster.items[KEPT, "student", "h-s1"]["person"]["number"] = "9S1"
    if imported:
        district.night()
        district.later()
    before = district.table()
    report = district.night(**settled(("student", "h-s1", "S1")))
    assert report["adopted"]["student"] == 3
    assert [district.contact("student", id)["person"]["birth_date"] for id in ("S0", "S1", "S2")] == [
        "", BORN, shared["S2"],
    ]  # fmt: skip
    assert report["security_values"]["missing"] == 2
    assert without_a_date(district) == ["S0", "S3"]
    after, run = district.table(), last(district)
    for days in (1, 8):  # a quiet night, and one that looks at everything again
        district.later(days)
        night = district.night()
        assert (night["writes"], night["security_values"]["missing"]) == (0, 2)
        assert without_a_date(district) == ["S0", "S3"]
    assert district.table() == after
    district.night("undo", undo=run)
    assert district.table() == before


def test_and_a_date_that_it_shares_later_counts() -> None:
    district = school()
    district.source.change("student", "S1", birth_date="")
    district.roster.items[KEPT, "student", "h-s1"]["person"]["number"] = "9S1"
    district.night(**settled(("student", "h-s1", "S1")))
    district.source.change("student", "S1", birth_date="2012-04-09")
    district.later()
    assert district.night()["status"] == "applied"
    assert district.contact("student", "S1")["person"]["birth_date"] == "2012-04-09"


def test_whoever_has_left_is_not_asked_about_and_comes_back_where_that_is_sure() -> None:
    district = school()
    keep(district, "student", "h-s2", first="Sam", last="Student S2", number="9S2")["inactive_since"] = "2025-06-20"
    district.roster.items[KEPT, "student", "h-s1"]["inactive_since"] = "2025-06-20"  # misspelt
    report = district.night("preview")["duplicates"]
    assert (report["sure"]["student"], report["unsure"]["student"]) == (2, 0)
    district.night(**ADOPT)
    assert {"h-s1", "h-s2"} & kept(district) == {"h-s1"}


def test_it_is_told_who_took_over_and_of_which_origin_the_others_were() -> None:
    district = school()
    district.night(**ADOPT)
    key = RunKey(ACCOUNT, EVENT, last(district))
    assert taken_over(district.slots, key, ("fake", "student", "S0")) == "manual"
    assert taken_over(district.slots, key, ("fake", "student", "S1")) == ""
    assert taken_over(district.slots, key, (BY_HAND, "student", "S0")) == ""
    assert told_of(district.slots, key, (BY_HAND, "student", "h-s0")) == [("student", "adopted", [])]
    assert told_of(district.slots, key, ("fake", "student", "h-s0")) == []
    district.night("undo", undo=last(district))
    key = RunKey(ACCOUNT, EVENT, last(district))
    assert told_of(district.slots, key, (BY_HAND, "student", "h-s0")) == [("student", "created", [])]
    assert told_of(district.slots, key, ("fake", "student", "h-s0")) == []


def test_two_who_were_said_to_be_two_are_asked_about_once() -> None:
    """Unless that import is undone, or somebody else is like them."""
    district = school()
    two = settled(("student", "h-s1", ""), ("student", "h-s0", ""))
    assert district.night(**two)["adopted"]["student"] == 0
    district.later()
    duplicates = district.night("preview")["duplicates"]
    assert (duplicates["sure"]["student"], duplicates["unsure"]["student"]) == (0, 0)
    assert district.night(**ADOPT)["adopted"]["student"] == 0
    district.later()
    district.source.people.append(Person("student", "N", "Samm", last="Student S1"))
    district.source.members.append(Enrolment("C0", "N", "student"))
    assert district.night("preview")["duplicates"]["unsure"]["student"] == 1

    again = school()
    again.night(**two)
    again.night("undo", undo=last(again))
    duplicates = again.night("preview")["duplicates"]
    assert (duplicates["sure"]["student"], duplicates["unsure"]["student"]) == (1, 1)


def without_a_date(district: District) -> list[str]:
    found = Staging(district.slots, RunKey(ACCOUNT, EVENT, last(district)), "fake").problems()
    return sorted(id for code, _, id in found if code == "student_without_birth_date")


def test_and_the_rest_another_time() -> None:
    """What was led on to somebody kept here leads on to whom they become."""
    district = school()
    district.night(**ADOPT)
    district.later()
    assert district.night("preview")["duplicates"]["unsure"] == {"student": 1, "teacher": 0, "parent": 1}
    report = district.night(**settled(("parent", "h-p0", "P-S0"), ("student", "h-s1", "")))
    assert (report["adopted"], report["counts"]["student"]["created"]) == ({"student": 0, "teacher": 0, "parent": 1}, 0)
    assert ("fake", "parent", "P-S0") not in marks(district), "the provider tells of the child"
    assert marks(district)["fake", "student", "S0"] == {"level": "Appointment Maker", "edits": {"first": "Sammy"}}
    assert nonsense(district.roster) == []
    nobody = {"student": 0, "teacher": 0, "parent": 0}
    district.later()
    assert district.night("preview")["duplicates"] == {"sure": nobody, "unsure": nobody}


def test_what_was_set_of_the_new_contact_itself_goes_before() -> None:
    district = school()
    district.night()
    mark(district, "fake", "student", "S0", level="Appointment Viewer", related=[["fake", "P-S0", "Aunt", ""]])
    district.later()
    before = district.table()
    report = district.night(**ADOPT)
    assert (report["adopted"]["student"], report["counts"]["student"]["updated"]) == (1, 0)
    assert marks(district)["fake", "student", "S0"] == {
        "level": "Appointment Viewer",
        "edits": {"first": "Sammy"},
        "related": [[BY_HAND, "h-p0", "Mother", "Family"]],
    }
    assert district.night("undo", undo=last(district))["status"] == "applied"
    assert district.table() == before


def last(district: District) -> str:
    return f"run-{district.runs:03d}"


def test_what_does_not_hold_any_more_is_reported_and_left_alone() -> None:
    district = school()
    keep(district, "student", "h-s1b", first="Samm", last="Student S1", birth_date=BORN)
    twice = [("student", "h-s1", "S1"), ("student", "h-s1b", "S1")]
    report = district.night(**settled(*twice, ("student", "h-x", "S2"), ("parent", "h-gone", "P-S1")))
    assert report["status"] == "applied"
    assert report["warnings"]["settled_no_more"] == 4
    assert kept(district) >= {"h-s1", "h-s1b", "h-x"}
    assert report["duplicates"]["unsure"]["student"] == 2, "they are still open"


def test_nobody_is_taken_for_somebody_who_does_not_come() -> None:
    """At the provider, and in no class of the event."""
    district = school()
    district.source.members = [one for one in district.source.members if one.person != "S0"]
    report = district.night(**ADOPT)
    assert report["adopted"]["student"] == 0
    assert "h-s0" in kept(district)


def test_administrators_stay_whatever_they_are_called() -> None:
    district = school()
    keep(district, "administrator", "tess", first="Tess", last="Teach1", email="t1@school.example")
    district.night(**ADOPT)
    assert {"edna", "tess"} <= kept(district)


@pytest.mark.parametrize("first", [False, True])
def test_undone_byte_for_byte(first: bool) -> None:
    district = school()
    if first:
        assert district.night()["status"] == "applied"
        district.later()
    before, applied = district.table(), district.applied()
    assert district.night(**settled(("parent", "h-p0", "P-S0"), ("student", "h-s1", "S1")))["status"] == "applied"
    assert district.table() != before
    report = district.night("undo", undo=last(district))
    assert (report["status"], district.table()) == ("applied", before)
    assert {**district.applied(), "selections": None} == {**applied, "selections": None}
    assert district.night("undo", undo=last(district))["error"]["code"] == "UndoRefused"
    district.later()
    assert district.night(**ADOPT)["adopted"] == {"student": 1, "teacher": 1, "parent": 0}


def moved(district: District) -> District:
    """Imported once already; two who are unsure, and one with a mark on both sides."""
    assert district.night()["status"] == "applied"
    mark(district, "fake", "student", "S0", level="Appointment Viewer")
    district.later()
    return district


STARTS = {"first import": lambda seed: school(3, seed), "later": lambda seed: moved(school(3, seed))}
ASKED = settled(("parent", "h-p0", "P-S0"), ("student", "h-s1", "S1"))


def kill(district: District, after: int, mode: str = "import", **more: Any) -> bool:
    district.roster.fail_after = after
    try:
        district.night(mode, **more)
    except Killed:
        return True
    finally:
        district.roster.fail_after = None
    return False


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("again", [{}, ASKED], ids=["a night", "the same"])
def test_killed_at_every_write_and_then(start: str, again: dict[str, Any]) -> None:
    """A night mends it as if nobody had been adopted; the same adoption as if nobody had been killed."""
    undisturbed = STARTS[start](None)
    before = undisturbed.table()
    undisturbed.night(**again)
    for after in range(100):
        district = STARTS[start](after)
        if not kill(district, after, **ASKED):
            assert after > 8
            return
        assert district.night(**again)["status"] == "applied"
        assert district.table() == undisturbed.table()
        if again:
            assert district.night("undo", undo=last(district))["status"] == "applied"
            assert district.table() == before
        else:
            assert district.night()["writes"] == 0
    raise AssertionError


@pytest.mark.parametrize("start", STARTS)
def test_an_undo_killed_at_every_write(start: str) -> None:
    """It was not done: a night goes on from what was adopted; or it is done again."""
    for then in ("night", "undo"):
        undisturbed = STARTS[start](None)
        before = undisturbed.table()
        undisturbed.night(**ASKED)
        for after in range(100):
            district = STARTS[start](after)
            district.night(**ASKED)
            run = last(district)
            if not kill(district, after, "undo", undo=run):
                break
            if then == "undo":
                assert district.night("undo", undo=run)["status"] == "applied"
                assert district.table() == before
            else:
                assert district.night()["status"] == "applied"
                assert district.table() == undisturbed.table()
        assert 8 < after < 99


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("at", ["clear", "apply"])
def test_what_fails_for_good_is_put_back_whole(start: str, at: str) -> None:
    for after in range(100):
        district = STARTS[start](after)
        before = district.table()
        state = district.judged(district.begun(**ASKED))
        try:
            state = district.cleared(state) if at == "apply" else state
            district.roster.fail_after = after
            state = district.cleared(state) if at == "clear" else state
            for shard in state["verdict"]["shards"] if at == "apply" else ():
                district.sync().apply(state, shard)
            break
        except Killed:
            district.roster.fail_after = None
            report = district.put_back(state, StoreBusy("no"))
            assert "partly" not in report["error"]["message"]
            assert (district.table(), district.records.locks) == (before, {})
    assert after < 99


def test_a_clear_after_a_killed_adoption_clears_everybody() -> None:
    undisturbed = school(3)
    undisturbed.night("clear", clear={"level": "Event Administrator"})
    for after in range(100):
        district = school(3, after)
        if not kill(district, after, **ASKED):
            return
        assert district.night("clear", clear={"level": "Event Administrator"})["status"] == "applied"
        assert district.table() == undisturbed.table()
    raise AssertionError


def test_a_held_adoption_changes_nothing() -> None:
    district = moved(school(30))
    before = district.table()
    for n in range(14):
        district.source.leave(f"S{n + 2}")
    assert district.night(**ADOPT)["status"] == "held"
    assert district.table() == before
    report = district.night(allow=last(district), **ADOPT)
    assert (report["status"], report["adopted"]["teacher"]) == ("applied", 1)


def test_links_that_people_told_and_the_provider_does_not_go_on() -> None:
    district = school()
    keep(district, "student", "h-s2", "", ("h-p0", "h-p2"), first="Sam", last="Student S2", number="9S2")
    keep(district, "parent", "h-p2", "", ("h-s2", "h-s0"), first="Pam2", last="Parent S2", email="S2@home.example")
    district.source.ties.append(Relationship("P-S2", "S3", "Aunt"))
    district.night(**settled(("parent", "h-p0", "P-S0")))
    assert district.contact("parent", "P-S2")["related"] == [["S2", "Mother", "Family"], ["S3", "Aunt", ""]]
    found = marks(district)
    assert found["fake", "parent", "P-S2"] == {"related": [["fake", "S0", "Mother", "Family"]]}
    assert found["fake", "student", "S2"] == {"related": [["fake", "P-S0", "Mother", "Family"]]}


# -- from another provider, whose roster is left behind


def switched(seed: int | None = None) -> District:
    """Imported from one provider; the people of another one, who has the same ones under other ids."""
    district = school(3, seed)
    assert district.night()["status"] == "applied"
    mark(district, "fake", "student", "S1", level="Appointment Maker")
    source = district.source
    new = {one.id: f"new-{one.id}" for one in source.people}
    source.people = [replace(one, id=new[one.id]) for one in source.people]
    source.members = [replace(one, person=new[one.person]) for one in source.members]
    source.ties = [replace(one, parent=new[one.parent], student=new[one.student]) for one in source.ties]
    source.leave("new-S2")
    district.records.integration(ACCOUNT).provider = "another"
    district.later()
    return district


def test_a_school_that_changes_its_provider_keeps_its_people() -> None:
    district = switched()
    before = district.table()
    report = district.night(**ADOPT)
    assert report["status"] == "applied", report
    assert report["adopted"] == {"student": 2, "teacher": 1, "parent": 1}
    assert set(district.roster.of("contact", "student")) == {"S2"}
    assert set(district.roster.of("contact of another", "student")) == {"new-S0", "new-S1"}
    assert marks(district)["another", "student", "new-S1"]["level"] == "Appointment Maker"
    assert set(district.roster.of("schedule", EVENT)) == {"new-S0", "new-S1"}
    run = last(district)
    district.later()
    assert district.night()["writes"] == 0
    assert district.night("undo", undo=run)["status"] == "applied"
    assert district.table() == before


def test_killed_at_every_write_while_the_provider_changes() -> None:
    undisturbed = switched()
    before = undisturbed.table()
    undisturbed.night(**ADOPT)
    for after in range(0, 100, 2):
        district = switched(after)
        if not kill(district, after, **ADOPT):
            assert after > 20
            return
        assert district.night(**ADOPT)["status"] == "applied"
        assert district.table() == undisturbed.table()
        assert district.night("undo", undo=last(district))["status"] == "applied"
        assert district.table() == before
    raise AssertionError


def test_not_while_other_events_hold_classes_of_the_old_one() -> None:
    district = switched()
    district.records.integration(ACCOUNT).provider = "fake"
    district.night(event=OTHER)
    district.records.integration(ACCOUNT).provider = "another"
    assert district.night(**ADOPT)["error"]["code"] == "ClearRefused"


# -- five hundred people


def crowd(seed: int = 7) -> tuple[District, dict[str, int]]:
    """A district, and an account that has typed most of its people: misspelt, twins, namesakes, shared addresses."""
    dice, source = Random(seed), Source.small(0)
    made = {"surely": 0, "perhaps": 0, "strangers": 0}
    district = District(source)
    source.page_size = 1000
    for n in range(250):
        source.join(f"S{n}", f"C{n % 2}")
        last, born = f"{LASTS[n % 25]}{SYLLABLES[n // 25]}", f"2012-{1 + n % 12:02d}-{1 + n % 28:02d}"
        first = FIRSTS[n % len(FIRSTS)]
        source.change("student", f"S{n}", first=first, last=last, number=str(1000 + n), birth_date=born)
        source.change("parent", f"P-S{n}", first=f"Pat{first}", last=last, email=f"home{n // 2}@home.example")
        how = dice.choice(["number", "email", "born", "misspelt", "name", "twin", "stranger"])
        given: dict[str, Any] = {"first": first, "last": last}
        if how == "twin":  # born together, only one of them at the school
            given = {"first": "Zacharias", "last": last, "birth_date": born}
        elif how == "stranger":
            given = {"first": "Nobody", "last": "Atall", "number": f"x{n}"}
        elif how == "misspelt":
            given |= {"last": f"{last}h", "birth_date": born}
        else:
            given |= {"number": {"number": str(1000 + n)}, "born": {"birth_date": born}}.get(how, {})
        made["surely"] += 2 * (how in ("number", "born"))
        made["perhaps"] += how in ("misspelt", "name", "email")
        keep(district, "student", f"h{n}", "", (f"hp{n}",), **given)
        parent = {"first": f"Pat{first}", "last": last, "email": f"home{n // 2}@home.example"}
        keep(district, "parent", f"hp{n}", "", (f"h{n}",), **parent)
        if how not in ("number", "born"):
            made["surely"] += 1  # the parent alone, by the family's address and their own first name
        made["strangers"] += how in ("twin", "stranger")
    return district, made


LASTS = [f"{a}{b}" for a in ("Bar", "Cul", "Dov", "Fen", "Gor") for b in ("kun", "lid", "mop", "net", "rux")]
SYLLABLES = ("", "aux", "berg", "ciq", "dottir", "escu", "fjord", "gasse", "holm", "ivic")
FIRSTS = ("Ada", "Ben", "Cleo", "Dimitri", "Eve", "Fred", "Gwen")


def test_five_hundred_people_move_and_come_back() -> None:
    district, made = crowd()
    before = district.table()
    preview = district.night("preview")
    sums = {verdict: sum(counts.values()) for verdict, counts in preview["duplicates"].items()}
    assert sums == {"sure": made["surely"], "unsure": made["perhaps"]}
    report = district.night(**ADOPT)
    assert report["status"] == "applied"
    assert sum(report["adopted"].values()) == made["surely"]
    left = 500 - made["surely"]
    people = [key for key in district.roster.items if key[0].startswith("contact")]
    assert len(people) == len(district.source.people) + left
    assert nonsense(district.roster) == []
    run = last(district)
    district.later()
    assert district.night()["writes"] == 0
    again = district.night("preview")["duplicates"]
    assert (sum(again["sure"].values()), sum(again["unsure"].values())) == (0, made["perhaps"])
    assert district.night("undo", undo=run)["status"] == "applied"
    assert district.table() == before
