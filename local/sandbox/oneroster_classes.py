"""The classes of a made-up district and who is in them, as OneRoster tells it.

Rows that a careful reader leaves out (gone, not begun, ended) are added to the generator's, not made of them,
so that who is in a class today stays what District says.
"""

from __future__ import annotations

from collections.abc import Iterator

from . import names
from .district import THIS_YEAR, District
from .names import SUBJECTS
from .oneroster_forms import (
    FALL,
    SESSION_OF_TERM,
    SPRING,
    YEAR,
    class_id,
    enrollment,
    record,
    school_id,
    short,
    student_id,
    teacher_id,
    user,
)
from .oneroster_rows import Record
from .people import Section
from .timetable import NO_CLASS


class Classes:
    def __init__(self, told: District) -> None:
        self.told = told

    def records(self) -> Iterator[tuple[str, Record]]:
        for section in self.told.sections():
            yield from self._section(section)
        for n in range(self.told.school_count):
            yield from self._gone(n)

    def _section(self, s: Section) -> Iterator[tuple[str, Record]]:
        sid, school = class_id(s.number), school_id(s.school)
        yield (
            "classes",
            record(
                sid,
                s.number,
                title=s.name,
                classCode=None if s.number % 9 == 4 else f"{s.school}-{s.number}",
                classType="homeroom" if s.subject == SUBJECTS[0][1] else "scheduled",
                location=f"Room {s.number % 40 + 1}" if s.number % 3 else None,
                grades=[short(s.grade)],
                subjects=[s.subject],
                course=None if s.course is None else f"CRS{s.course}",
                school=school,
                terms=self._terms(s),
                subjectCodes=[],
                periods=[str(s.period)],
            ),
        )
        for rank, n in enumerate(s.teachers):
            lead = "false" if rank else "true"
            yield "enrollments", enrollment(teacher_id(n), sid, school, "teacher", n, primary=lead)
        ends = {"beginDate": f"{THIS_YEAR}-08-17", "endDate": f"{THIS_YEAR + 1}-06-12"}
        for k, n in enumerate(s.students):
            yield "enrollments", enrollment(student_id(n), sid, school, "student", n, **ends if k % 7 == 0 else {})
        yield from self._not_now(s, sid, school)

    def _terms(self, s: Section) -> list[str]:
        """Mostly the session that the generator says; some sit lower in the tree, or on several."""
        if s.term == 1 and s.number % 5 == 2:
            return ["Q1"]
        if s.term == 0 and s.number % 8 == 4:
            return [FALL, SPRING]
        return [] if s.term is None else [SESSION_OF_TERM[s.term]]

    def _not_now(self, s: Section, sid: str, school: str) -> Iterator[tuple[str, Record]]:
        """Someone who has left the class already, or comes in the second half, in every tenth class each."""
        if s.number % 10 not in (1, 6) or not s.students:
            return
        outside = {*s.students, *range(NO_CLASS.at, self.told.size, NO_CLASS.every)}
        local = range(s.school, self.told.size, self.told.school_count)
        if (other := next((n for n in local if n not in outside), None)) is None:
            return
        dates = (f"{THIS_YEAR}-08-17", f"{THIS_YEAR}-08-24")
        if s.number % 10 == 6:
            dates = (f"{THIS_YEAR + 1}-01-11", f"{THIS_YEAR + 1}-06-12")
        ends = {"beginDate": dates[0], "endDate": dates[1]}
        yield "enrollments", enrollment(student_id(other), sid, school, "student", other, **ends)

    def _gone(self, n: int) -> Iterator[tuple[str, Record]]:
        """What each school has told that it will not tell again: a student, a parent, a class."""
        student, parent, sid, school = f"gone {n}", f"gone/{n}", f"gone-{n}", school_id(n)
        name: Record = {"givenName": "Gone", "familyName": names.LAST[n % len(names.LAST)]}
        clas: Record = {"title": "Closed class", "school": school, "terms": [YEAR], "course": "CRS0", "grades": []}
        gone = {"status": "tobedeleted"}
        yield "users", user(student, n, [("student", school)], username=f"x{n}", agents=[parent], **name) | gone
        yield "users", user(parent, n, [("parent", school)], username=f"xp{n}", agents=[student], **name) | gone
        yield "demographics", record(student, n, birthDate="2012-02-29", sex=None) | gone
        yield "classes", record(sid, n, subjects=[], subjectCodes=[], periods=[], **clas) | gone
        yield "enrollments", enrollment(student, sid, school, "student", n) | gone
