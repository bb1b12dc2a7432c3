"""The rows of /students, /parents and /staff_faculty of a made-up Veracross school."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from .district import THIS_YEAR
from .names import GRADES, LEVELS, dice
from .people import Student
from .veracross_people import Family, People, Person
from .veracross_values import ValueLists

Record = dict[str, Any]

NOBODY: Record = {"name": None, "id": None}
_PREFIX = {"F": "Ms.", "M": "Mr."}
_GENDER = {"F": "Female", "M": "Male", "X": "Not Specified"}


def named(person: Person | None) -> Record:
    return {"name": person.name, "id": person.id} if person else dict(NOBODY)


class Persons:
    """`mentors`: by student id, the primary teacher of the homeroom (or advisory) that they are in."""

    def __init__(self, people: People, values: ValueLists, mentors: dict[int, Person | None], today: date) -> None:
        self.people, self.values, self.mentors = people, values, mentors
        self.left, self.comes = today - timedelta(days=10), today + timedelta(days=98)
        self.seed, self.schools = people.district.seed, people.district.school_count

    def _common(self, person: Person) -> Record:
        return {
            "id": person.id,
            "name_prefix": self.values.code("name_prefix", _PREFIX.get(person.gender)),
            "name_suffix": 0,
            "first_name": person.first,
            "middle_name": person.middle,
            "last_name": person.last,
            "preferred_name": person.preferred,
            "household_id": person.household,
            "gender": self.values.code("gender", _GENDER[person.gender]),
            "roles": ", ".join(person.roles),
            "email_1": person.email,
            "username": person.username,
            "_roles": [self.values.code("role", r) for r in person.roles],
        }

    # -- students

    def students(self) -> Iterator[Record]:
        for person_id, told in self.people.students.items():
            yield self.student(self.people.everyone[person_id], told, self.mentors.get(person_id))

    def student(self, person: Person, told: Student, mentor: Person | None) -> Record:
        code, level, campus = self.values.code, LEVELS[told.schools[0] % 3][0], told.schools[0] // 3 + 1
        role, years = person.roles[0], GRADES.index(told.grade) if told.grade in GRADES else 0
        entry = self.comes if role == "Future Student" else date(THIS_YEAR - told.number % 4, 8, 17)
        status = {"Former Student": "Withdrawn", "Future Student": "Future"}.get(role, "Enrolled")
        return self._common(person) | {
            "name_prefix": 0,
            "grade_level": code("grade_level", told.grade),
            "school_level": code("school_level", level),
            "graduation_year": THIS_YEAR + 1 + 12 - years,
            "homeroom": code("homeroom", f"Room {'ABCD'[told.number % 4]}") if level == "Elementary" else 0,
            "homeroom_teacher": named(mentor if level == "Elementary" else None),
            "advisor": named(mentor if level != "Elementary" else None),
            "campus": {"description": f"Campus {campus}", "id": code("campus", f"Campus {campus}")},
            "_campus": code("campus", f"Campus {campus}"),
            "current_location": None,
            "entry_date": entry.isoformat(),
            "exit_date": self.left.isoformat() if role == "Former Student" else None,
            "birthday": told.born and told.born.isoformat(),
            "enrollment_status": code("enrollment_status", status),
            "house": dict(NOBODY),
            "student_group": code("student_group", "Day"),
            "_current": role == "Student",
        }

    # -- parents

    def parents(self) -> Iterator[Record]:
        told: set[int] = set()
        for family in self.people.families.values():
            for person in (*family.parents, *((family.step_parent,) if family.step_parent else ())):
                if person.id not in told:
                    told.add(person.id)
                    yield self.parent(person, _spouse(person, family), head=person is family.parents[0])

    def parent(self, person: Person, spouse: Person | None, *, head: bool) -> Record:
        roll = dice(self.seed, 24, person.id)
        home = person.household or 0
        return self._common(person) | {
            "head_of_household": head,
            "first_nick_name": person.preferred,
            "spouse": named(spouse),
            "email_2": None,
            "home_phone": f"(555) {home % 900 + 100}-{roll % 10000:04d}",
            "mobile_phone": f"(555) {roll % 900 + 100}-{roll // 900 % 10000:04d}",
            "business_phone": None,
            "address": {
                "address_1": f"{home} Elm Street",
                "address_2": None,
                "address_3": None,
                "city": "Harbor",
                "state_province": "NY",
                "postal_code": f"{10_000 + home % 90_000}",
                "country": self.values.code("country", "United States"),
            },
            "employer": None,
            "occupation": 0,
            "job_title": None,
            "_deceased": person.deceased,
        }

    # -- staff

    def staff(self) -> Iterator[Record]:
        for person_id, adult in self.people.staff.items():
            person, teaches = self.people.everyone[person_id], "teacher" in adult.roles
            levels = list(dict.fromkeys(LEVELS[s % 3][0] for s in adult.schools))
            code, campus = self.values.code, adult.schools[0] // 3 + 1 if adult.schools else 1
            kind = "Full-Time Teacher" if teaches else "Administrator" if not adult.schools else "Bus Driver"
            department = list(self.values.lists["department"])[1 + adult.number % 7]
            yield self._common(person) | {
                "faculty_type": code("faculty_type", kind),
                "department": department if teaches else code("department", "Office"),
                "job_title": "Teacher" if teaches else "Head of School" if not adult.schools else "Driver",
                "employee_code": code("employee_code", "Salaried"),
                "date_hired": date(THIS_YEAR - 1 - adult.number % 20, 8, 1).isoformat(),
                # Known to leave when the year ends: still here.
                "date_terminated": f"{THIS_YEAR + 1}-06-30" if adult.number % 23 == 7 else None,
                "campus": code("campus", f"Campus {campus}"),
                "departments": [department] if teaches else [],
                "school_levels": [code("school_level", level) for level in levels],
            }


def _spouse(person: Person, family: Family) -> Person | None:
    """Only who lives together: divorced parents have none, or the step-parent."""
    adults = [*family.parents, *((family.step_parent,) if family.step_parent else ())]
    here = [p for p in adults if p.household == person.household and p is not person and not p.deceased]
    return here[0] if here and not person.deceased else None
