"""What must be true of a table after every applied run, whatever happened before it.

Each broken promise is a sentence, so that a failing test says what a school would see.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.fakes.memory import MemoryRoster


def nonsense(roster: MemoryRoster) -> list[str]:
    """Everything in the table that contradicts something else in it."""
    return sorted({*_classes(roster), *_schedules(roster), *_people(roster), *_ties(roster)})


def _active(roster: MemoryRoster, kind: str) -> set[str]:
    return {id for id, item in roster.of("contact", kind).items() if not item["inactive_since"]}


def _classes(roster: MemoryRoster) -> Iterator[str]:
    students, teachers = _active(roster, "student"), _active(roster, "teacher")
    for (kind, *rest), item in roster.items.items():
        if kind != "class":
            continue
        event, id = rest
        for student in item["students"]:
            if student not in students:
                yield f"class {id} lists {student}, who is no active student"
            if id not in roster.items.get(("schedule", event, student), []):
                yield f"class {id} lists {student}, whose schedule does not list it"
        for teacher in item["teachers"]:
            if teacher not in teachers:
                yield f"class {id} is taught by {teacher}, who is no active teacher"


def _schedules(roster: MemoryRoster) -> Iterator[str]:
    for (kind, *rest), classes in roster.items.items():
        if kind != "schedule":
            continue
        event, student = rest
        if not classes:
            yield f"the schedule of {student} is empty"
        for id in classes:
            if student not in roster.items.get(("class", event, id), {"students": []})["students"]:
                yield f"the schedule of {student} lists {id}, which does not list {student}"


def _people(roster: MemoryRoster) -> Iterator[str]:
    scheduled = {name[-1] for name in roster.items if name[0] == "schedule"}
    teaching = {id for name, item in roster.items.items() if name[0] == "class" for id in item["teachers"]}
    for student in _active(roster, "student") - scheduled:
        yield f"student {student} is active and in no event"
    for teacher in _active(roster, "teacher") - teaching:
        yield f"teacher {teacher} is active and in no event"
    for parent in _active(roster, "parent"):
        if not roster.items["contact", "parent", parent]["related"]:
            yield f"parent {parent} is active and has no child"
    for name, item in roster.items.items():
        if name[0] == "contact" and item["inactive_since"] and item["related"]:
            yield f"{name[1]} {name[2]} is inactive and still related"


def _ties(roster: MemoryRoster) -> Iterator[str]:
    for kind, other in (("student", "parent"), ("parent", "student")):
        for id in _active(roster, kind):
            for tie in roster.items["contact", kind, id]["related"]:
                back = roster.items.get(("contact", other, tie[0]), {"related": []})["related"]
                if [id, *tie[1:]] not in back:
                    yield f"{kind} {id} is tied to {other} {tie[0]}, who is not tied back"
