"""What is said of a person or a class that somebody misses, and in which order of causes."""

from __future__ import annotations

import pytest

from roster.model import Class, ClassEntry, ContactEntry, Listing, Person
from roster.ports import ClassMark
from roster.why import FINE, Seen, why

MAYA = Person("student", "s1", "Maya", last="Ruiz", birth_date="2012-04-08")
MATH = ClassEntry(Class("c1", "Math 7"), ["t1"], ["s1", "s2"])


def student(person: Person = MAYA, since: str = "", **events: list[str]) -> ContactEntry:
    return ContactEntry(person, {event: Listing(classes) for event, classes in events.items()}, since)


def seen(kind: str = "student", id: str = "s1", **more: object) -> Seen:
    return Seen(kind, id, **{"provider": "Clever", "imported": True, "event": "fall", **more})  # type: ignore[arg-type]


STORIES = {
    "no integration": (seen(provider=""), "not_connected", "not connected"),
    "no import yet": (seen(imported=False), "never_imported", "Nothing was imported"),
    "a held first import": (seen(imported=False, waiting="created"), "held", "would make student s1 created"),
    "a held departure": (seen(entry=student(fall=["c1"]), waiting="departed"), "held", "Maya Ruiz departed"),
    "in no chosen class": (seen(), "missing", "no student s1"),
    "a rejected row": (seen(problems={"row_without_name": "Give them a name."}), "row_without_name", "left student s1"),
    "left the school": (seen(entry=student(since="2026-11-02")), "inactive", "inactive since 2026-11-02"),
    "in another event": (seen(entry=student(spring=["c9"])), "not_in_event", "in 1 other event"),
    "every class hidden": (
        seen(entry=student(fall=["c1"]), hidden=frozenset({"c1", "c2"})), "hidden", "All classes of Maya Ruiz",
    ),
    "one class hidden": (seen(entry=student(fall=["c1", "c3"]), hidden=frozenset({"c1"})), FINE, "in 2 classes"),
    "no birth date": (
        seen(entry=student(Person("student", "s1", "Maya"), fall=["c1"])), "no_security_value", "cannot link to Maya",
    ),
    "an odd e-mail": (seen(entry=student(fall=["c1"]), problems={"email_invalid": "Do."}), "email_invalid", "odd"),
    "all is well": (seen(entry=student(fall=["c1"])), FINE, "Maya Ruiz is in 1 class of this event"),
    "a parent without a child": (
        seen("parent", "p1", entry=ContactEntry(Person("parent", "p1", "Ana"), {"fall": Listing()})), "no_child", "Ana",
    ),
    "a parent": (
        seen("parent", "p1", entry=ContactEntry(Person("parent", "p1"), {"fall": Listing([], [["s1", "Mother", ""]])})),
        FINE, "with 1 child.",
    ),
    "a class": (seen("class", "c1", roster=MATH), FINE, "with 2 students"),
    "a hidden class": (seen("class", "c1", roster=MATH, mark=ClassMark(hidden=True)), "hidden", "Math 7 is hidden"),
    "a class never to be imported": (seen("class", "c1", mark=ClassMark(never=True)), "never", "never to be imported"),
    "a deleted class": (
        seen("class", "c1", mark=ClassMark(removed="2026-11-20T10:00:00")), "removed", "deleted here on 2026-11-20",
    ),
    "a deleted class that is back": (
        seen("class", "c1", roster=MATH, mark=ClassMark(removed="2026-11-20T10:00:00")), FINE, "Math 7",
    ),
    "a class of no chosen term": (seen("class", "c1"), "missing", "no class c1"),
    "a class without a teacher": (
        seen("class", "c1", roster=ClassEntry(Class("c1", "Art"), [], ["s1"])), "no_teacher", "nobody can book",
    ),
}  # fmt: skip


@pytest.mark.parametrize("story", STORIES)
def test_what_is_said(story: str) -> None:
    known, code, words = STORIES[story]
    reason = why(known)
    assert (reason.code, words in reason.sentence) == (code, True), reason
    assert reason.sentence.endswith(".")
    assert bool(reason.click) is (code != FINE)


def test_the_provider_s_own_words_say_what_to_click() -> None:
    known = seen(
        entry=student(Person("student", "s1", "Maya"), fall=["c1"]),
        help={"security_values_empty": "In Clever, share dates of birth."},
    )
    assert why(known).click == "In Clever, share dates of birth."


def test_no_reason_holds_a_birth_date() -> None:
    for known, _, _ in STORIES.values():
        assert "2012" not in repr(why(known))
