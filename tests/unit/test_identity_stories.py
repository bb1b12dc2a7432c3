"""People whose provider gives them another id: one contact before, one contact after, nobody departed."""

from __future__ import annotations

from typing import Any

import pytest

from roster.model import Enrolment, Person, Relationship, Selection, Term, replace
from roster.ports import Answer
from tests.fakes.school import EVENT, OTHER, District, Source
from tests.fakes.sense import nonsense


class Versions:
    """A source whose teachers have an old id (v2), or a new one that names the old (v3)."""

    def __init__(self, teachers: int = 2) -> None:
        self.source = Source(page_size=1000)
        self.source.terms = [Term("t1", "Autumn")]
        for n in range(teachers):
            self.source.people.append(Person("teacher", f"old-{n}", "Tess", last=f"Teach{n}"))
        from roster.model import Class

        for n in range(teachers):
            self.source.classes.append(Class(f"C{n}", f"Class {n}", "school-1", ("t1",)))
            self.source.members.append(Enrolment(f"C{n}", f"old-{n}", "teacher", True))
            self.source.join(f"S{n}", f"C{n}")

    def show(self, version: str) -> None:
        into, out = ("new-", "old-") if version == "v3" else ("old-", "new-")
        for at, person in enumerate(self.source.people):
            if person.kind == "teacher":
                id = person.id.replace(out, into)
                others = (id.replace("new-", "old-"),) if version == "v3" else ()
                self.source.people[at] = replace(person, id=id, other_ids=others)
        self.source.members = [replace(m, person=m.person.replace(out, into)) for m in self.source.members]


def teachers(district: District) -> list[str]:
    return sorted(district.roster.of("contact", "teacher"))


def same(report: dict[str, Any], kind: str = "teacher") -> bool:
    """Nobody of the kind came, went or came back."""
    assert report["status"] == "applied", report["reasons"]
    return not any(report["counts"][kind][outcome] for outcome in ("created", "departed", "returned"))


@pytest.mark.parametrize("sequence", [("v2", "v3"), ("v3", "v2"), ("v2", "v3", "v2", "v3"), ("v3", "v2", "v3", "v2")])
def test_a_switch_of_version_keeps_every_teacher(sequence: tuple[str, ...]) -> None:
    versions = Versions(20)
    versions.show(sequence[0])
    district = District(versions.source)
    district.night()
    contacts = teachers(district)
    for version in sequence[1:]:
        versions.show(version)
        assert same(district.night())
        assert teachers(district) == contacts
        assert nonsense(district.roster) == []
        assert district.night()["writes"] == 0


@pytest.mark.parametrize(("first", "then"), [("v2", "v3"), ("v3", "v2")])
def test_a_switch_of_version_rewrites_no_class(first: str, then: str) -> None:
    versions = Versions()
    versions.show(first)
    district = District(versions.source)
    district.night()
    classes = district.roster.of("class", EVENT)
    versions.show(then)
    district.night()
    assert district.roster.of("class", EVENT) == classes


def test_both_ids_are_remembered() -> None:
    versions = Versions()
    district = District(versions.source)
    district.night()
    versions.show("v3")
    district.night()
    versions.show("v2")
    district.night()
    assert district.contact("teacher", "old-0")["person"]["other_ids"] == ("new-0",)


def test_a_joiner_in_the_other_version_is_new_under_their_own_id() -> None:
    versions = Versions()
    district = District(versions.source)
    district.night()
    versions.source.people.append(Person("teacher", "old-9"))
    versions.source.members.append(Enrolment("C0", "old-9", "teacher"))
    versions.show("v3")
    assert district.night()["counts"]["teacher"]["created"] == 1
    assert teachers(district) == ["new-9", "old-0", "old-1"]
    versions.show("v2")
    assert same(district.night())


def test_two_events_switched_one_after_the_other() -> None:
    versions = Versions()
    district = District(versions.source)
    district.night(event=EVENT)
    district.night(event=OTHER)
    versions.show("v3")
    assert same(district.night(event=EVENT))
    assert same(district.night(event=OTHER))
    assert teachers(district) == ["old-0", "old-1"]
    assert nonsense(district.roster) == []


def test_who_had_left_before_the_switch_returns_as_themselves_after_it() -> None:
    versions = Versions()
    district = District(versions.source)
    district.night()
    gone = versions.source.without("teacher", "old-0")
    district.night()
    assert district.contact("teacher", "old-0")["inactive_since"]
    versions.source.people.append(gone)
    versions.show("v3")
    report = district.night()
    assert report["counts"]["teacher"] == {**report["counts"]["teacher"], "returned": 1, "created": 0}
    assert teachers(district) == ["old-0", "old-1"]
    assert not district.contact("teacher", "old-0")["inactive_since"]


def test_a_switch_while_a_term_is_deselected() -> None:
    """The teachers are in no event just now; they are known all the same."""
    versions = Versions()
    versions.source.terms.append(Term("t2", "Spring"))
    versions.source.change_class("C1", terms=("t2",))
    district = District(versions.source)
    district.night()
    district.select(Selection(terms=(Term("t2", "Spring"),)))
    assert district.night()["status"] == "applied"
    versions.show("v3")
    district.night()
    district.select(Selection())
    assert district.night()["counts"]["teacher"]["created"] == 0
    assert teachers(district) == ["old-0", "old-1"]


def test_a_switch_in_an_unsettled_night_keeps_everybody() -> None:
    from roster.model import SourceState

    versions = Versions()
    district = District(versions.source)
    district.night()
    versions.show("v3")
    versions.source.states = [SourceState("", False, "pending")]
    assert same(district.night())
    assert teachers(district) == ["old-0", "old-1"]
    assert nonsense(district.roster) == []


def family(**parent: str) -> District:
    """12 families; the mother of S3 can be reached."""
    source = Source.small()
    source.change("parent", "P-S3", first="Ada", last="Poe", phone="555 0100", **parent)
    district = District(source)
    district.night()
    district.later()
    return district


def renumber(district: District, new: str, **fields: Any) -> None:
    """The provider drops the mother of S3 and lists her anew, with those fields changed."""
    source = district.source
    mother = source.without("parent", "P-S3")
    source.people.append(replace(mother, id=new, **fields))
    source.ties = [replace(t, parent=new) if t.parent == "P-S3" else t for t in source.ties]


def parents_of(district: District, student: str) -> list[str]:
    return [tie[0] for tie in district.contact("student", student)["related"]]


@pytest.mark.parametrize(
    "fields",
    [
        {"other_ids": ("P-S3",), "email": "else@home.example", "last": "Else", "phone": ""},
        {"last": "Married", "phone": ""},
        {"email": "S3@HOME.example", "last": "Married"},
        {"email": "new@home.example"},
        {"email": "new@home.example", "phone": "(555) 01-00", "last": "POE"},
        {"email": "", "last": " poe"},
    ],
    ids=["an id", "an e-mail", "an e-mail in capitals", "name and phone", "the same, differently written", "no e-mail"],
)
def test_a_parent_listed_anew_is_the_same_contact(fields: dict[str, Any]) -> None:
    district = family()
    renumber(district, "P-new", **fields)
    assert same(district.night(), "parent")
    assert parents_of(district, "S3") == ["P-S3"]
    assert "P-new" in district.contact("parent", "P-S3")["person"]["other_ids"]
    assert district.night()["writes"] == 0
    assert nonsense(district.roster) == []


def test_a_match_by_person_is_reported_once() -> None:
    district = family()
    renumber(district, "P-new", last="Married")
    assert district.night()["warnings"] == {"matched_by_person": 1}
    assert district.night()["warnings"] == {}


def test_a_parent_listed_anew_again_and_again() -> None:
    """At every change of e-mail the provider makes another id."""
    district = family()
    for n in range(3):
        mother = next(p.id for p in district.source.people if p.last == "Poe")
        renumbered = replace(district.source.without("parent", mother), id=f"P-{n}", email=f"{n}@home.example")
        district.source.people.append(renumbered)
        district.source.ties = [replace(t, parent=f"P-{n}") if t.parent == mother else t for t in district.source.ties]
        assert same(district.night(), "parent")
    assert set(district.contact("parent", "P-S3")["person"]["other_ids"]) == {"P-0", "P-1", "P-2"}


def test_a_parent_who_shares_only_the_name_is_somebody_else() -> None:
    district = family()
    renumber(district, "P-new", email="new@home.example", phone="")
    report = district.night()
    assert (report["counts"]["parent"]["created"], report["counts"]["parent"]["departed"]) == (1, 1)
    assert parents_of(district, "S3") == ["P-new"]


def test_the_same_email_without_a_child_in_common_is_somebody_else() -> None:
    district = family()
    renumber(district, "P-new")
    district.source.ties = [replace(t, student="S4") if t.parent == "P-new" else t for t in district.source.ties]
    assert district.night()["counts"]["parent"]["created"] == 1


def test_something_without_an_at_sign_is_no_email() -> None:
    district = family(email="none")
    renumber(district, "P-new", last="Married", phone="")
    assert district.night()["counts"]["parent"]["created"] == 1


def test_two_newcomers_who_claim_one_parent_are_two_people() -> None:
    """Mother and stepmother of one first name use the family's address: which of them was known cannot be told."""
    district = family()
    renumber(district, "P-new", last="Married", phone="")
    district.source.people.append(Person("parent", "P-dad", "Ada", last="Poe", email="S3@home.example"))
    district.source.ties.append(Relationship("P-dad", "S3", "Father"))
    report = district.night()
    assert (report["counts"]["parent"]["created"], report["counts"]["parent"]["departed"]) == (2, 1)
    assert parents_of(district, "S3") == ["P-dad", "P-new"]
    assert nonsense(district.roster) == []


def test_the_father_does_not_take_over_the_mothers_contact() -> None:
    """She leaves the provider's list on the night that he comes, with the address and the surname of both."""
    district = family()
    renumber(district, "P-dad", first="Bob", phone="")
    report = district.night()
    assert (report["counts"]["parent"]["created"], report["counts"]["parent"]["departed"]) == (1, 1)
    assert district.contact("parent", "P-S3")["person"]["first"] == "Ada"


def test_one_newcomer_who_could_be_either_of_two_parents_is_a_third() -> None:
    district = family()
    district.source.people.append(Person("parent", "P-dad", "Bob", last="Poe", email="S3@home.example"))
    district.source.ties.append(Relationship("P-dad", "S3", "Father"))
    district.night()
    district.source.without("parent", "P-dad")
    renumber(district, "P-new", first="Cleo", phone="")
    report = district.night()
    assert (report["counts"]["parent"]["created"], report["counts"]["parent"]["departed"]) == (1, 2)


def test_an_id_outweighs_an_email() -> None:
    """The mother is listed anew and names her old id; the father, new too, uses the family's address."""
    district = family()
    renumber(district, "P-new", other_ids=("P-S3",))
    district.source.people.append(Person("parent", "P-dad", "Bob", last="Poe", email="S3@home.example"))
    district.source.ties.append(Relationship("P-dad", "S3", "Father"))
    report = district.night()
    assert (report["counts"]["parent"]["created"], report["counts"]["parent"]["departed"]) == (1, 0)
    assert parents_of(district, "S3") == ["P-S3", "P-dad"]
    assert district.contact("parent", "P-S3")["person"]["first"] == "Ada"
    assert nonsense(district.roster) == []


def test_two_newcomers_who_name_the_same_old_id_are_two_people() -> None:
    versions = Versions(3)
    district = District(versions.source)
    district.night()
    versions.source.without("teacher", "old-0")
    for id in ("new-a", "new-b"):
        versions.source.people.append(Person("teacher", id, last=id, other_ids=("old-0",)))
        versions.source.members.append(Enrolment("C0", id, "teacher"))
    report = district.night()
    assert report["counts"]["teacher"]["created"] == 2
    assert teachers(district) == ["new-a", "new-b", "old-0", "old-1", "old-2"]
    assert district.contact("teacher", "new-a")["person"]["last"] == "new-a"


def test_who_is_still_listed_is_nobody_elses_past() -> None:
    """A newcomer names the id of somebody who is still there."""
    district = family()
    district.source.people.append(Person("parent", "P-dad", email="S3@home.example", other_ids=("P-S3",)))
    district.source.ties.append(Relationship("P-dad", "S3", "Father"))
    assert district.night()["counts"]["parent"] == {
        "created": 1,
        "updated": 0,
        "unchanged": 12,
        "departed": 0,
        "returned": 0,
        "rejected": 0,
    }


def test_students_keep_their_ids_and_are_never_guessed_at() -> None:
    district = family()
    student = district.source.without("student", "S3")
    district.source.people.append(replace(student, id="S3-new", other_ids=("S3",)))
    district.source.members = [replace(m, person="S3-new") if m.person == "S3" else m for m in district.source.members]
    counts = district.night()["counts"]["student"]
    assert (counts["created"], counts["departed"]) == (1, 1)


def test_hidden_parents_are_not_taken_for_departed_ones() -> None:
    """Parents were refused for a night; the teacher who came that night is matched all the same."""
    versions = Versions()
    district = District(versions.source)
    district.night()
    versions.source.shows_parents = False
    versions.show("v3")
    assert same(district.night())
    assert district.night()["counts"]["parent"]["unchanged"] == 2


def test_nobody_is_recognised_among_parents_who_are_refused_in_mid_list() -> None:
    """Those not shown are not gone, so whoever was shown is nobody's new self."""
    district = family()
    before = district.table()
    renumber(district, "P-new", last="Married")
    district.source.page_size = 23  # all the parents, and all the ties but the last
    district.source.fault = lambda resource, offset: Answer(403, {}) if (resource, offset) == ("parents", 23) else None
    report = district.night()
    assert (report["warnings"], report["writes"]) == ({"not_shared": 1}, 0)
    assert district.table() == before
