"""Who is whom: people kept here against a new provider's, one story for each doubt, and what holds for all of them."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roster.adoption import NEW, SURE, UNSURE, Match, decided, kept_ties, matches, with_students
from roster.likeness import Trace, similar
from roster.model import BY_HAND, Person

KEY, BORN, OTHER_DAY = "run-1", "2012-04-08", "2012-04-09"


def trace(kind: str, id: str, origin: str, children: tuple[str, ...] = (), **fields: Any) -> Trace:
    return Trace.of(origin, Person(kind, id, **fields), children, KEY)


def old(id: str, kind: str = "student", children: tuple[str, ...] = (), **fields: Any) -> Trace:
    return trace(kind, id, BY_HAND, children, **fields)


def new(id: str, kind: str = "student", children: tuple[str, ...] = (), **fields: Any) -> Trace:
    return trace(kind, id, "provider", children, **fields)


def found(olds: list[Trace], news: list[Trace]) -> dict[str, tuple[str, tuple[str, ...]]]:
    """By the id here: the verdict, and who they may be."""
    return {one.id: (one.verdict, tuple(other.id for other in one.candidates)) for one in matches(olds, news)}


def reason(one: Trace, *news: Trace) -> str:
    (match,) = matches([one], news)
    return match.reason


def left(id: str, kind: str = "student", **fields: Any) -> Trace:
    return Trace.of(BY_HAND, Person(kind, id, **fields), (), KEY, True)


ANNA: dict[str, Any] = {"first": "Anna", "last": "Lee"}


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ({**ANNA, "number": "007"}, {**ANNA, "sis_id": "7"}),
        ({**ANNA, "number": "7"}, {"first": "Ann", "last": "Lee", "number": "7"}),
        ({**ANNA, "number": "7"}, {"first": "Anna", "last": "Smith", "number": "7"}),
        ({"first": "Anna", "email": "A@x.example"}, {"first": "Anna", "last": "Lee", "email": "a@X.example"}),
        ({**ANNA, "birth_date": BORN}, {**ANNA, "birth_date": BORN}),
        ({"first": "José", "last": "O'Ha", "birth_date": BORN}, {"first": "JOSE", "last": "O Ha", "birth_date": BORN}),
        ({**ANNA, "number": "7", "birth_date": BORN}, {**ANNA, "number": "7", "birth_date": OTHER_DAY}),
    ],
)  # fmt: skip
def test_surely_the_same(here: dict[str, Any], there: dict[str, Any]) -> None:
    assert found([old("h", **here)], [new("n", **there)]) == {"h": (SURE, ("n",))}


@pytest.mark.parametrize(
    ("here", "there", "why"),
    [
        ({**ANNA, "number": "7"}, {"first": "Bob", "last": "Fox", "number": "7"}, "the name is not"),
        ({"number": "7"}, {**ANNA, "number": "7"}, "the name is not"),
        (
            {**ANNA, "number": "7", "birth_date": BORN},
            {"first": "Bob", "last": "Lee", "number": "7", "birth_date": OTHER_DAY},
            "the name and the birth date differ",
        ),
        ({**ANNA, "email": "a@x"}, {"first": "Bob", "last": "Lee", "email": "a@x"}, "the first name does not agree"),
        (
            {**ANNA, "email": "a@x", "birth_date": BORN},
            {**ANNA, "email": "a@x", "birth_date": OTHER_DAY},
            "another birth date",
        ),
        ({**ANNA, "birth_date": BORN}, {"first": "Hanna", "last": "Lee", "birth_date": BORN}, "spelt otherwise"),
        ({**ANNA, "birth_date": BORN}, {"first": "Anna", "last": "Leigh", "birth_date": BORN}, ""),
        (
            {"first": "Anna", "last": "Schmidt", "birth_date": BORN},
            {"first": "Anna", "last": "Schmitt", "birth_date": BORN},
            "spelt otherwise",
        ),
        (ANNA, ANNA, "nothing else that tells"),
        (ANNA, {**ANNA, "birth_date": BORN}, "nothing else that tells"),
    ],
)  # fmt: skip
def test_perhaps_the_same(here: dict[str, Any], there: dict[str, Any], why: str) -> None:
    (match,) = matches([old("h", **here)], [new("n", **there)])
    assert (match.verdict, why in match.reason) == (UNSURE if why else NEW, True), match


def test_two_people_of_one_name_who_were_born_on_other_days_are_two() -> None:
    here, there = old("h", **ANNA, birth_date=BORN), new("n", **ANNA, birth_date=OTHER_DAY)
    assert found([here], [there]) == {"h": (NEW, ())}
    assert reason(here, there) == "nobody is"


def test_twins_are_not_each_other() -> None:
    max, tim = ({"first": name, "last": "Lee", "birth_date": BORN} for name in ("Max", "Tim"))
    assert found([old("h1", **max), old("h2", **tim)], [new("n1", **max), new("n2", **tim)]) == {
        "h1": (SURE, ("n1",)),
        "h2": (SURE, ("n2",)),
    }
    assert found([old("h1", **max)], [new("n2", **tim)]) == {"h1": (NEW, ())}


def test_twins_whose_names_are_alike_are_never_sure() -> None:
    mia, lia = ({"first": name, "last": "Lee", "birth_date": BORN} for name in ("Marie", "Maria"))
    assert found([old("h1", **mia)], [new("n2", **lia)])["h1"] == (UNSURE, ("n2",))
    assert found([old("h1", **mia)], [new("n1", **mia), new("n2", **lia)])["h1"] == (SURE, ("n1",))


def test_namesakes_with_one_birth_date_are_left_to_a_person() -> None:
    both = {**ANNA, "birth_date": BORN}
    assert found([old("h", **both)], [new("n1", **both), new("n2", **both)]) == {"h": (UNSURE, ("n1", "n2"))}
    assert found([old("h", **both, number="7")], [new("n1", **both), new("n2", **both, number="7")]) == {
        "h": (SURE, ("n2",))
    }


def test_one_number_on_two_people() -> None:
    news = [new("n1", **ANNA, number="7"), new("n2", first="Bob", last="Fox", number="7")]
    assert found([old("h", **ANNA, number="7")], news) == {"h": (UNSURE, ("n1", "n2"))}
    assert reason(old("h", **ANNA, number="7"), *news) == "several people have this number"


def test_a_number_that_leads_elsewhere_makes_a_good_address_doubtful() -> None:
    here = old("h", **ANNA, email="a@x", number="7")
    news = [new("n1", **ANNA, email="a@x"), new("n2", first="Bob", last="Fox", number="7")]
    assert found([here], news) == {"h": (UNSURE, ("n1", "n2"))}
    assert reason(here, *news) == "the number is the same, the name is not"


def test_what_is_known_leads_to_two() -> None:
    here = old("h", **ANNA, email="a@x", number="7")
    news = [new("n1", **ANNA, email="a@x"), new("n2", **ANNA, number="7")]
    assert reason(here, *news) == "what is known leads to several people"


def test_a_family_that_shares_an_address() -> None:
    """Students are told apart by more than that; parents by their first names."""
    here = [old("h1", first="Ann", last="Lee", email="lee@x"), old("h2", first="Bob", last="Lee", email="lee@x")]
    there = [new("n1", first="Ann", last="Lee", email="lee@x"), new("n2", first="Bob", last="Lee", email="lee@x")]
    assert found(here, there) == {"h1": (UNSURE, ("n1",)), "h2": (UNSURE, ("n2",))}
    parents = [[Trace(*one[:1], "parent", *one[2:]) for one in map(fields, side)] for side in (here, there)]
    assert found(*parents) == {"h1": (SURE, ("n1",)), "h2": (SURE, ("n2",))}


def fields(one: Trace) -> tuple[Any, ...]:
    return tuple(getattr(one, name) for name in Trace.__struct_fields__)


def test_parents_by_a_child_in_common() -> None:
    here = [
        old("h", "parent", ("h-s",), first="Pam", last="Lee"),
        old("h2", "parent", ("h-s",), first="Jim", last="Lee"),
    ]
    there = [new("n", "parent", ("s",), first="Pam", last="Lee"), new("m", "parent", ("t",), first="Pam", last="Lee")]
    pairs = {(BY_HAND, "student", "h-s"): "s"}
    assert found([with_students(one, pairs) for one in here], there) == {"h": (SURE, ("n",)), "h2": (NEW, ())}
    assert found(here, there)["h"] == (UNSURE, ("m", "n")), "while nobody knows whose child it is"


def test_a_parent_who_has_married() -> None:
    here, there = (
        old("h", "parent", ("s",), first="Pam", last="Lee"),
        new("n", "parent", ("s",), first="Pam", last="Fox"),
    )
    assert found([here], [there]) == {"h": (UNSURE, ("n",))}


def test_two_who_are_one_are_left_to_a_person() -> None:
    here = [old("h1", **ANNA, number="7"), old("h2", **ANNA, email="a@x")]
    there = [new("n", **ANNA, number="7", email="a@x")]
    assert found(here, there) == {"h1": (UNSURE, ("n",)), "h2": (UNSURE, ("n",))}
    assert {one.reason for one in matches(here, there)} >= {
        "the same number, and the name agrees, but not of this contact alone"
    }


def test_whoever_is_somebodys_already_is_no_choice_for_another() -> None:
    here = [old("h1", **ANNA, number="7"), old("h2", **ANNA)]
    assert found(here, [new("n", **ANNA, number="7")]) == {"h1": (SURE, ("n",)), "h2": (NEW, ())}


@pytest.mark.parametrize(
    "nothing", [{}, {"number": "0"}, {"number": " ", "email": "none"}, {"first": "-", "last": "'"}]
)
def test_blanks_say_nothing(nothing: dict[str, Any]) -> None:
    assert found([old("h", **nothing)], [new("n", **nothing)]) == {"h": (NEW, ())}


def test_what_a_crowd_shares_says_nothing() -> None:
    everybody = [new(f"n{n}", first="Anna", last="Lee", number="1") for n in range(500)]
    assert found([old("h", first="Anna", last="Lee", number="1")], everybody) == {"h": (NEW, ())}


def test_a_birth_date_is_a_digest_that_another_run_does_not_share() -> None:
    one = old("h", birth_date=BORN)
    assert BORN not in one.born
    assert one.born != Trace.of(BY_HAND, Person("student", "h", birth_date=BORN), (), "run-2").born


def test_names_are_compared_without_what_people_leave_out() -> None:
    born = {"birth_date": BORN}
    here = old("h", first=" Zoë ", last="O'Hara-Łęcki", **born)
    assert reason(here, new("n", first="zoe", last="o hara lecki", **born)) == "the same name and birth date"
    assert reason(old("h", first="राम", **born), new("n", first="रमा", **born)) == "nobody is", (
        "vowel signs are letters"
    )
    assert similar("alex", "alexander")
    assert similar("jon", "john")
    assert not similar("max", "tim")
    assert not similar("", "a")


def test_what_was_settled() -> None:
    here = [old("h1", **ANNA), old("h2", first="Bob", last="Fox", number="7"), old("h3", first="Eve", last="May")]
    there = [new("n1", **ANNA), new("n2", first="Bob", last="Fox", number="7"), new("n3", first="Eve", last="May")]
    met = matches(here, there)
    h1, h2, h3 = ((BY_HAND, "student", id) for id in ("h1", "h2", "h3"))
    assert decided(met, {}) == ({h2: "n2"}, [])
    assert decided(met, {h1: "n1", h2: ""}) == ({h1: "n1"}, [])
    assert decided(met, {h1: "n2", h3: "n3"}) == ({h2: "n2", h3: "n3"}, [h1])


def test_nobody_is_settled_twice() -> None:
    met = matches([old("h1", **ANNA), old("h2", **ANNA)], [new("n", **ANNA)])
    h1, h2 = ((BY_HAND, "student", id) for id in ("h1", "h2"))
    assert decided(met, {h1: "n", h2: "n"}) == ({}, [h1, h2])
    assert decided(met, {h1: "n", h2: ""}) == ({h1: "n"}, [])


def test_ties_lead_on() -> None:
    pairs = {(BY_HAND, "student", "h-s"): "s", (BY_HAND, "student", "h-t"): "t"}
    ties = [
        [BY_HAND, "h-s", "Mother", ""],
        [BY_HAND, "h-u", "Mother", ""],
        [BY_HAND, "h-t", "", ""],
        ["b", "t", "Aunt", ""],
    ]
    assert kept_ties("parent", ties, pairs, "b", ["s"]) == [["b", "t", "", ""], [BY_HAND, "h-u", "Mother", ""]]


few = st.sampled_from(["", "a", "b", "c"])
names = st.sampled_from(["", "Max", "Tim", "Marie", "Maria"])


def people(origin: str, kind: str = "student") -> st.SearchStrategy[list[Trace]]:
    person = st.builds(
        lambda **told: told, first=names, last=st.sampled_from(["", "Lee", "Lea"]), number=few,
        email=st.sampled_from(["", "x@x", "y@x"]), birth_date=st.sampled_from(["", BORN, OTHER_DAY]),
    )  # fmt: skip
    children = st.lists(st.sampled_from(["s", "t"]), max_size=2, unique=True)
    both = st.lists(st.tuples(person, children), max_size=6)
    return both.map(
        lambda told: [trace(kind, f"{origin}{n}", origin, tuple(own), **one) for n, (one, own) in enumerate(told)]
    )


@pytest.mark.parametrize("kind", ["student", "parent"])
def test_for_all_people(kind: str) -> None:
    @settings(max_examples=300, deadline=None, derandomize=True, database=None)
    @given(people("h", kind), people("n", kind), st.integers())
    def holds(here: list[Trace], there: list[Trace], seed: int) -> None:
        told = matches(here, there)
        dice = Random(seed)
        assert matches(dice.sample(here, len(here)), dice.sample(there, len(there))) == told, "the order says nothing"
        assert [one.id for one in told] == sorted(one.id for one in here)
        sure = [one.candidates[0].id for one in told if one.verdict == SURE]
        assert len(sure) == len(set(sure)), "nobody is two people"
        turned = {one.candidates[0].id: one.id for one in matches(there, here) if one.verdict == SURE}
        assert turned == {one.id: one.candidates[0].id for one in told if one.verdict == SURE}, "from either side"
        for one in told:
            consistent(one, {other.id: other for other in there}, next(h for h in here if h.id == one.id))

    holds()


def consistent(one: Match, there: dict[str, Trace], own: Trace) -> None:
    assert (one.verdict == NEW) == (not one.candidates)
    assert one.reason
    assert one.verdict != SURE or len(one.candidates) == 1
    for candidate in one.candidates:
        other = there[candidate.id]
        assert other.kind == one.kind
        assert {*own.signs()} & {*other.signs()}, "only blanks in common"


def test_whoever_has_left_and_is_back_is_themselves() -> None:
    assert found([left("h", **ANNA, number="7")], [new("n", **ANNA, number="7")]) == {"h": (SURE, ("n",))}


@pytest.mark.parametrize(
    ("here", "there"),
    [
        (ANNA, ANNA),
        ({**ANNA, "number": "7"}, {"first": "Bob", "last": "Fox", "number": "7"}),
        ({**ANNA, "birth_date": BORN}, {"first": "Anna", "last": "Leigh", "birth_date": BORN}),
    ],
)
def test_nobody_is_asked_about_whoever_has_left(here: dict[str, Any], there: dict[str, Any]) -> None:
    assert found([left("h", **here)], [new("n", **there)]) == {"h": (NEW, ())}


def test_whoever_has_left_is_in_nobodys_way() -> None:
    """The number of one who left was given again; and a second contact of the same person was made inactive."""
    gone = left("gone", first="Bob", last="Fox", number="7")
    twice = left("twice", **ANNA, number="7")
    here, came = old("h", **ANNA, number="7"), new("n", **ANNA, number="7")
    assert found([gone, twice, here], [came]) == {"h": (SURE, ("n",)), "gone": (NEW, ()), "twice": (NEW, ())}
