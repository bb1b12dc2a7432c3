"""Who may do what in a class: beside the primary teacher, the co-teachers that no other list tells of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .veracross_people import People, adult_id
from .veracross_persons import named
from .veracross_values import ValueLists

Record = dict[str, Any]

_RIGHTS = (
    "update_grades view_all_student_grades view_attendance update_attendance view_behavior view_grades"
    " view_progress_report view_report_card show_in_teacher_portal"
).split()


def permissions(people: People, values: ValueLists, classes: list[Record]) -> Iterator[Record]:
    number = 600_000
    for record in classes:
        first = record["primary_teacher_id"]
        others = [adult_id(t) for t in record["_section"].teachers[1:]]
        for person in [first, *others] if first else ():
            number += 1
            course = record["course"]
            yield {
                "id": number,
                "school_year": record["school_year"],
                "school_level": record["school_level"],
                "course": {
                    "id": course["id"],
                    "description": course["course_name"],
                    "course_type": record["course_type"],
                },
                "class": {"id": record["id"], "description": record["description"]},
                "person": named(people.everyone[person]),
                "role": values.code("teacher_role", "Primary Teacher" if person == first else "Co-Teacher"),
                "title": None,
                **dict.fromkeys(_RIGHTS, True),
            }
