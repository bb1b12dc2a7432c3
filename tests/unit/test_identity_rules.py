"""identify: the rules of recognition by themselves, without a night around them."""

from __future__ import annotations

from roster.identity import Trace, identify, newcomers
from roster.model import ContactEntry, Listing, Person, Relationship


def parent(id: str, *others: str, email: str = "", name: str = "", phone: str = "", of: str = "S1") -> Trace:
    return Trace.of(Person("parent", id, last=name, email=email, phone=phone, other_ids=others), of.split())


def teacher(id: str, *others: str) -> Trace:
    return Trace.of(Person("teacher", id, other_ids=others), ())


def test_an_id_that_both_know() -> None:
    assert identify([teacher("n", "o")], [teacher("o")]) == ({"teacher": {"n": "o"}}, [])
    assert identify([teacher("o")], [teacher("n", "o")]) == ({"teacher": {"o": "n"}}, [])
    assert identify([teacher("a", "x")], [teacher("b", "x")]) == ({"teacher": {"a": "b"}}, [])


def test_kinds_do_not_mix() -> None:
    assert identify([teacher("n", "o")], [parent("o")]) == ({}, [])


def test_an_id_of_ones_own_outweighs_one_that_was_borrowed() -> None:
    for gone in ([teacher("o"), teacher("z", "o")], [teacher("z", "o"), teacher("o")]):
        assert identify([teacher("n", "o")], gone) == ({"teacher": {"n": "o"}}, [])


def test_two_who_know_the_same_other_id_are_not_guessed_at() -> None:
    assert identify([teacher("n", "x")], [teacher("a", "x"), teacher("b", "x")]) == ({}, [])


def test_two_newcomers_with_one_id_are_not_guessed_at() -> None:
    assert identify([teacher("n", "o"), teacher("m", "o")], [teacher("o")]) == ({}, [])


def test_the_email_is_found_in_any_case_and_reported() -> None:
    found = identify(
        [parent("n", name="Ada Poe", email="A@x.example")], [parent("o", name="ADA King", email="a@X.example")]
    )
    assert found == ({"parent": {"n": "o"}}, [("parent", "o")])


def test_parents_who_share_an_address_and_a_surname_are_two_people() -> None:
    """One leaves the provider's list as the other comes: the contact must not pass from one to the other."""
    new = parent("n", name="John Poe", email="poes@x.example")
    assert identify([new], [parent("o", name="Mary Poe", email="poes@x.example")]) == ({}, [])
    assert identify([parent("n", email="poes@x.example")], [parent("o", email="poes@x.example")]) == ({}, [])


def test_any_child_in_common_will_do() -> None:
    new = parent("n", name="Ada", email="a@x.example", of="S1 S2")
    gone = parent("o", name="Ada", email="a@x.example", of="S2 S3")
    assert identify([new], [gone])[0] == {"parent": {"n": "o"}}


def test_a_mark_that_leads_to_two_people_leads_nowhere() -> None:
    gone = [parent("o", email="a@x.example", of="S1"), parent("p", email="a@x.example", of="S2")]
    assert identify([parent("n", email="a@x.example", of="S1 S2")], gone) == ({}, [])


def test_a_name_without_a_phone_is_no_mark_and_neither_is_a_phone_without_a_name() -> None:
    assert identify([parent("n", name="Poe")], [parent("o", name="Poe")]) == ({}, [])
    assert identify([parent("n", phone="555")], [parent("o", phone="555")]) == ({}, [])


def test_who_was_recognised_by_id_is_not_given_away_again() -> None:
    gone = [parent("o", email="a@x.example")]
    new = [parent("n", "o", email="a@x.example"), parent("m", email="a@x.example")]
    for order in (new, new[::-1]):
        assert identify(order, gone) == ({"parent": {"n": "o"}}, [])


def test_nobody_new_or_nobody_gone() -> None:
    assert identify([], [parent("o")]) == ({}, [])
    assert identify([parent("n")], []) == ({}, [])


def test_a_trace_survives_the_staging() -> None:
    trace = parent("n", "o", email="a@x.example", name="Poe", phone="5 5", of="S2 S1")
    assert Trace.from_json(trace.to_json()) == trace


def known(person: Person, *events: str, of: tuple[str, ...] = ()) -> dict[tuple[str, str], ContactEntry]:
    listing = Listing(["C1"], [[id, "", ""] for id in of])
    entry = ContactEntry(person, dict.fromkeys(events, listing), "" if events else "2026-01-01")
    return {entry.key: entry}


def test_new_is_who_was_never_known_and_gone_is_who_is_not_shown() -> None:
    persons = [Person("teacher", "n"), Person("teacher", "k"), Person("student", "s")]
    before = {**known(Person("teacher", "k"), "e"), **known(Person("teacher", "o"), "e")}
    new, gone = newcomers(persons, [], before)
    assert ([t.id for t in new], [t.id for t in gone]) == (["n"], ["o"])


def test_parents_are_traced_with_their_children() -> None:
    new, gone = newcomers(
        [Person("parent", "n")],
        [Relationship("n", "S2"), Relationship("n", "S1"), Relationship("x", "S9")],
        known(Person("parent", "o"), "e", of=("S1",)),
    )
    assert (new[0].students, gone[0].students) == (("S1", "S2"), ("S1",))


def test_a_teacher_long_inactive_may_come_back_under_another_id() -> None:
    _, gone = newcomers([], [], known(Person("teacher", "o")))
    assert [trace.id for trace in gone] == ["o"]


def test_a_parent_long_inactive_is_remembered_by_other_ids_alone() -> None:
    assert newcomers([], [], known(Person("parent", "o")))[1] == []
    assert len(newcomers([], [], known(Person("parent", "o", other_ids=("x",))))[1]) == 1
