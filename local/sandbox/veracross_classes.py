"""Classes and enrollments of a made-up Veracross school.

A class carries dates and a school year, no grading period; an enrollment carries neither, only its class.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from .district import THIS_YEAR, District
from .names import LEVELS
from .people import Section, Term
from .veracross_oddities import oddities_of
from .veracross_people import People, Person, adult_id, student_id
from .veracross_periods import LOWER, SUMMER_DATES, UPPER
from .veracross_values import SUMMER, ValueLists

Record = dict[str, Any]

_OF_TERM = {0: "year-long class", 1: "semester 1 class", 2: "semester 2 class", 3: "class of last year"}


def class_number_id(number: int) -> int:
    return 5_000 + number


class Classes:
    def __init__(
        self, district: District, people: People, values: ValueLists, odd: dict[str, list[int]], today: date
    ) -> None:
        self.people, self.values, self.odd, self.today = people, values, odd, today
        self.terms: dict[int | None, Term] = {term.number: term for term in district.terms()}
        self.sections = list(district.sections())
        self.names = {course.number: course.name for course in district.courses()}
        self._codes: Counter[tuple[int, str]] = Counter()
        self._enrolled = 700_000

    def mentors(self) -> dict[int, Person | None]:
        """By student id: whose homeroom or advisory they are in."""
        homerooms = [s for s in self.sections if s.subject == "homeroom/advisory" and s.term == 0]
        return {student_id(n): self._teacher(s) for s in homerooms for n in s.students}

    def _teacher(self, section: Section) -> Person | None:
        if "class with terminated teacher" in oddities_of("class", section.number) and section.teachers:
            return self.people.former_teacher(section.number)
        return self.people.everyone[adult_id(section.teachers[0])] if section.teachers else None

    # -- classes

    def classes(self) -> Iterator[Record]:
        for section in self.sections:
            record = self._class(section)
            self._note(section, record)
            yield record
        yield self._summer_class()

    def _class(self, section: Section) -> Record:
        year, (begin, end) = self._year(section), self._dates(section)
        code, level = self.values.code, LEVELS[section.school % 3][0]
        subject, campus = section.subject.title(), section.school // 3 + 1
        short = f"{section.subject[:4].upper()}-{section.grade[:2]}"
        self._codes[year, short] += 1
        course: Record = {"id": None, "course_id": None, "course_name": None}
        if section.course is not None:
            course = {"id": 800 + section.course, "course_id": short, "course_name": self.names[section.course]}
        return self._frame(self._teacher(section)) | {
            "id": class_number_id(section.number),
            "class_id": f"{short}-{self._codes[year, short]}",  # comes back every year
            "description": section.name,
            "status": code("class_status", self._status(section, begin, end)),
            "school_year": year,
            "campus_id": code("campus", f"Campus {campus}"),
            "campus_description": f"Campus {campus}",
            "begin_date": begin and begin.isoformat(),
            "end_date": end and end.isoformat(),
            "primary_grade_level_id": code("grade_level", section.grade),
            "school_level": code("school_level", level),
            "course_type": code("course_type", _course_type(section, level)),
            "internal_course_id": course["id"],
            "course": course,
            "subject_id": code("subject", subject),
            "subject_description": subject,
            "department_id": code("department", subject),
            "department_description": subject,
            "internal_group_id": LOWER if level == "Elementary" else UPPER,
            "_section": section,
            "_advisory": section.subject == "homeroom/advisory",
        }

    def _frame(self, teacher: Person | None) -> Record:
        visible = self.values.code("visibility", "Visible")
        return {
            "primary_teacher_id": teacher.id if teacher else None,
            "primary_teacher_name": teacher.name if teacher else None,
            "room_id": None,
            "virtual_meeting_url": None,
            "term_credit_hours": None,
            "total_credits": 1,
            "parent_portal_visibility": visible,
            "parent_portal_assignment_display": visible,
            "student_portal_visibility": visible,
            "student_portal_assignment_display": visible,
            "track_class_attendance": True,
            "trigger_imperfect_attendance": False,
        }

    def _summer_class(self) -> Record:
        """As the first class, months ago; summer years are not positive."""
        model = self._class(self.sections[0])
        record = model | {"id": class_number_id(len(self.sections)), "class_id": "SUMMER-1", "school_year": SUMMER}
        record |= {"description": "Summer Reading", "status": self.values.code("class_status", "Completed")}
        record |= {"begin_date": str(SUMMER_DATES[0]), "end_date": str(SUMMER_DATES[1]), "_advisory": False}
        record["course_type"] = self.values.code("course_type", "Summer")
        self.odd["summer class"].append(record["id"])
        return record

    def _year(self, section: Section) -> int:
        return THIS_YEAR - 1 if section.term == 3 else THIS_YEAR

    def _dates(self, section: Section) -> tuple[date | None, date | None]:
        term = self.terms.get(section.term)
        return (term.start, term.end) if term else (None, None)

    def _status(self, section: Section, begin: date | None, end: date | None) -> str:
        if "cancelled class" in oddities_of("class", section.number):
            return "Cancelled"
        if end and end < self.today:
            return "Completed"
        return "Future" if begin and begin > self.today else "Active"

    def _note(self, section: Section, record: Record) -> None:
        facts = {
            "class without teacher": record["primary_teacher_id"] is None,
            "class with terminated teacher": record["primary_teacher_id"] not in (None, *self.people.staff),
            "class with co-teachers": len(section.teachers) > 1,
            "class without dates": record["begin_date"] is None,
            "class without students": not section.students,
            "cancelled class": record["status"] == self.values.code("class_status", "Cancelled"),
            "advisory class": record["_advisory"],
            _OF_TERM.get(section.term if section.term is not None else -1, ""): True,
        }
        for name, holds in facts.items():
            if name and holds:
                self.odd[name].append(record["id"])

    # -- enrollments

    def enrollments(self, classes: list[Record]) -> Iterator[Record]:
        met: set[int] = set()  # a student is odd in the first class of this year that they are in
        for record in classes:
            ordinary = record["school_year"] == THIS_YEAR and record["begin_date"] is not None
            for number in record["_section"].students:
                odd = frozenset() if number in met or not ordinary else oddities_of("student", number)
                if ordinary:
                    met.add(number)
                yield from self._rows(record, self.people.everyone[student_id(number)], odd)

    def _rows(self, record: Record, student: Person, odd: frozenset[str]) -> Iterator[Record]:
        if student.roles == ["Future Student"]:
            return
        if student.roles == ["Former Student"]:
            yield self.enrollment(record, student, withdrawn=self._day(-10))
            return
        dates: dict[str, tuple[str | None, str | None]] = {
            "withdrawn and re-enrolled": (self._day(-7), None),
            "withdrawn from a class": (None, self._day(-17)),
            "late enrolment": (self._day(-21), None),
            "late enrolment to come": (self._day(28), None),
        }
        name = next((n for n in dates if n in odd), "")
        if name == "withdrawn and re-enrolled":
            yield self.enrollment(record, student, withdrawn=self._day(-17))
        row = self.enrollment(record, student, *dates.get(name, (None, None)))
        if name:
            self.odd[name].append(row["id"])
        yield row

    def _day(self, days: int) -> str:
        return (self.today + timedelta(days)).isoformat()

    def enrollment(
        self, record: Record, student: Person, late: str | None = None, withdrawn: str | None = None
    ) -> Record:
        self._enrolled += 1
        today, teacher = self.today.isoformat(), self.people.everyone.get(record["primary_teacher_id"] or 0)
        return {
            "id": self._enrolled,
            "internal_class_id": record["id"],
            "class_description": record["description"],
            "class_status": record["status"],
            "primary_teacher": self.teacher_of(teacher),
            "person_id": student.id,
            "person_name": student.name,
            "grade_level_id": record["primary_grade_level_id"],
            "currently_enrolled": max(record["begin_date"] or "", late or "") <= today < (withdrawn or "9")
            and today <= (record["end_date"] or "9"),
            "late_date_enrolled": late,
            "date_withdrawn": withdrawn,
            "level": self.values.code("level", "Standard"),
            "exclude_from_transcript": False,
            "notes": "Private: do not show" if withdrawn else None,
            "_school_year": record["school_year"],
            "_course_type": record["course_type"],
            "_subject": record["subject_id"],
            "_advisory": record["_advisory"],
        }

    @staticmethod
    def teacher_of(teacher: Person | None) -> Record:
        """The prefix is text here, and a code elsewhere."""
        told = dict.fromkeys("id name_prefix first_name middle_name last_name name_suffix preferred_name".split())
        if teacher is None:
            return told
        return told | {
            "id": teacher.id,
            "name_prefix": {"F": "Ms.", "M": "Mr."}[teacher.gender],
            "first_name": teacher.first,
            "middle_name": teacher.middle,
            "last_name": teacher.last,
            "preferred_name": teacher.preferred,
        }


def _course_type(section: Section, level: str) -> str:
    if section.subject != "homeroom/advisory":
        return "Academic"
    return "Homeroom" if level == "Elementary" else "Advisory"
