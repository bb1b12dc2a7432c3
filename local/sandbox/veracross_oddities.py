"""Which record of a made-up Veracross school is odd, beyond what quirks.py says of every district.

As there, an oddity strikes the numbers that leave `at` when divided by `every`. What came of it is listed by
name in `VeracrossSchool.odd`, with the quirks that matter here.
"""

from __future__ import annotations

from typing import NamedTuple

# name: (table that the ids in VeracrossSchool.odd belong to, what it means)
ODD: dict[str, tuple[str, str]] = {
    "divorced parents": ("students", "a child in one household, a parent with custody and portal in another"),
    "step-parent without custody": ("relationships", "resident, with neither custody nor portal access"),
    "custody without portal access": ("relationships", "legal custody only"),
    "portal access without custody": ("relationships", "portal access only"),
    "grandparent with portal access": ("relationships", "a related person who is not in /parents"),
    "deceased parent": ("parents", "listed only with include_deceased; custody and portal were never cleared"),
    "teacher who is a parent": ("parents", "the same id in /staff_faculty"),
    "shared e-mail": ("parents", "both parents give one address"),
    "parent without e-mail": ("parents", "email_1 is null"),
    "student without birthday": ("students", "birthday is null"),
    "former student": ("students", "still listed; exit_date is past, enrollment status Withdrawn"),
    "future student": ("students", "listed already; entry_date is to come, enrollment status Future"),
    "withdrawn and re-enrolled": ("enrollments", "the later of two rows for one student and class"),
    "withdrawn from a class": ("enrollments", "date_withdrawn is past"),
    "late enrolment": ("enrollments", "late_date_enrolled is past"),
    "late enrolment to come": ("enrollments", "late_date_enrolled is still to come"),
    "class without teacher": ("classes", "primary_teacher_id is null"),
    "class with terminated teacher": ("classes", "a teacher who is not in /staff_faculty"),
    "class with co-teachers": ("classes", "only the first of them is told"),
    "class without dates": ("classes", "begin_date and end_date are null"),
    "class without students": ("classes", "nobody is enrolled"),
    "cancelled class": ("classes", "status Cancelled"),
    "year-long class": ("classes", "the whole of this year"),
    "semester 1 class": ("classes", "the first semester only"),
    "semester 2 class": ("classes", "the second semester only"),
    "class of last year": ("classes", "school_year is the one before"),
    "summer class": ("classes", "school_year is not positive"),
    "advisory class": ("classes", "course type Advisory or Homeroom"),
    "name with apostrophe or accent": ("students", ""),
    "CJK name": ("students", ""),
}


class Oddity(NamedTuple):
    name: str
    kind: str  # family, student, class
    every: int
    at: int


_ODDITIES = (
    Oddity("divorced parents", "family", 11, 1),
    Oddity("step-parent without custody", "family", 22, 12),  # every other divorced family
    Oddity("custody without portal access", "family", 17, 4),
    Oddity("portal access without custody", "family", 17, 6),
    Oddity("grandparent with portal access", "family", 19, 8),
    Oddity("deceased parent", "family", 23, 10),
    Oddity("former student", "student", 59, 2),
    Oddity("future student", "student", 67, 4),
    Oddity("CJK name", "student", 71, 9),
    Oddity("withdrawn and re-enrolled", "student", 61, 10),
    Oddity("withdrawn from a class", "student", 29, 12),
    Oddity("late enrolment", "student", 43, 6),
    Oddity("late enrolment to come", "student", 47, 8),
    Oddity("class with terminated teacher", "class", 17, 2),
    Oddity("cancelled class", "class", 31, 4),
)


def oddities_of(kind: str, number: int) -> frozenset[str]:
    return frozenset(o.name for o in _ODDITIES if o.kind == kind and number % o.every == o.at)
