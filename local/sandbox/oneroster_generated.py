"""A made-up district told as OneRoster records: orgs, sessions as a tree, people with agents both ways.

What a guardian who teaches here is differs between the versions: `twins` says who they are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date

from . import names
from .district import THIS_YEAR, District
from .oneroster_classes import Classes
from .oneroster_forms import (
    CLOSED,
    DISTRICT,
    FALL,
    INDEPENDENT,
    OLD_FALL,
    SPRING,
    YEAR,
    guardian_id,
    record,
    school_id,
    short,
    student_id,
    teacher_id,
    user,
)
from .oneroster_rows import Record
from .people import Adult, Guardian, Student

ROLE_OF = {"Parent": "parent", "Guardian": "guardian", "Grandparent": "relative"}


class Telling:
    def __init__(self, told: District, halves: str = "semester") -> None:
        self.told, self.halves = told, halves
        self.parents: dict[int, list[str]] = defaultdict(list)  # of a student, by number
        self.twins: dict[str, str] = {}  # a guardian who is a teacher too, and the teacher
        for g in told.guardians():
            for relation in g.relations:
                self.parents[relation.student].append(guardian_id(g.number))

    def records(self) -> Iterator[tuple[str, Record]]:
        told = self.told
        yield from (("orgs", org) for org in self._orgs())
        yield from (("academicSessions", session) for session in self._sessions())
        for c in told.courses():
            grades = [short(names.GRADES[c.number // len(names.SUBJECTS)])]
            subject = {"subjects": [c.subject], "subjectCodes": [], "grades": grades}
            ends = {"schoolYear": YEAR, "org": DISTRICT}
            yield (
                "courses",
                record(f"CRS{c.number}", c.number, title=c.name, courseCode=f"{c.number:04d}", **subject, **ends),
            )
        for s in told.students():
            yield "users", self._student(s)
            yield "demographics", self._demographics(s)
        for a in told.adults():
            yield "users", self._adult(a)
            yield "demographics", self._staff_demographics(a)
        yield from (("users", self._guardian(g)) for g in told.guardians())
        yield from Classes(told).records()

    # -- orgs and sessions

    def _orgs(self) -> Iterator[Record]:
        schools = [school_id(s.number) for s in self.told.schools()]
        title = f"Made-up District {self.told.seed}"
        below: Record = {"parent": DISTRICT, "children": []}
        yield record(DISTRICT, 0, name=title, type="district", identifier="9900000", parent=None, children=schools)
        for s in self.told.schools():
            yield record(
                school_id(s.number), s.number, name=s.name, type="school", identifier=f"99{s.number:05d}", **below
            )
        gone = record(CLOSED, 1, name="Closed School", type="school", identifier="9999999", **below)
        yield gone | {"status": "tobedeleted"}

    def _sessions(self) -> Iterator[Record]:
        y = THIS_YEAR
        days = (
            date(y, 8, 17),
            date(y, 10, 19),
            date(y, 12, 19),
            date(y + 1, 1, 11),
            date(y + 1, 3, 22),
            date(y + 1, 6, 12),
        )
        tree = (
            (YEAR, f"Year {y}-{y + 1}", "schoolYear", None, days[0], days[5]),
            (FALL, "Semester 1", self.halves, YEAR, days[0], days[2]),
            (SPRING, "Semester 2", self.halves, YEAR, days[3], days[5]),
            ("Q1", "Quarter 1", "gradingPeriod", FALL, days[0], days[1]),
            ("Q2", "Quarter 2", "gradingPeriod", FALL, days[1], days[2]),
            ("Q3", "Quarter 3", "gradingPeriod", SPRING, days[3], days[4]),
            ("Q4", "Quarter 4", "gradingPeriod", SPRING, days[4], days[5]),
            # Of the type that /terms lists, and the only one there: a reader of /terms alone misses the others.
            (INDEPENDENT, "Independent study", "term", YEAR, days[0], days[5]),
            ("IS/1", "Independent study 1", "gradingPeriod", INDEPENDENT, days[0], days[2]),
            ("FY old", f"Year {y - 1}-{y}", "schoolYear", None, date(y - 1, 8, 18), date(y, 6, 13)),
            (OLD_FALL, "Semester 1", self.halves, "FY old", date(y - 1, 8, 18), date(y - 1, 12, 20)),
            ("S2 old", "Semester 2", self.halves, "FY old", date(y, 1, 12), date(y, 6, 13)),
        )
        for number, (sid, title, kind, parent, start, end) in enumerate(tree):
            below = [row[0] for row in tree if row[3] == sid]
            ends = {"startDate": start.isoformat(), "endDate": end.isoformat()}
            year = str(y if sid.endswith("old") else y + 1)
            yield record(sid, number, title=title, type=kind, parent=parent, children=below, schoolYear=year, **ends)

    # -- people

    def _student(self, s: Student) -> Record:
        return user(
            student_id(s.number),
            s.number,
            [("student", school_id(n)) for n in s.schools],
            username=f"s{s.number}",
            userIds=[{"type": "StateID", "identifier": f"ST{s.number:07d}"}],
            enabledUser="false" if s.number % 157 == 60 else "true",
            givenName=s.first,
            familyName=s.last,
            middleName=s.middle,
            identifier=str(100_000 + s.number),
            email=s.email,
            agents=list(self.parents[s.number]),
            grades=[short(s.grade)],
        )

    def _demographics(self, s: Student) -> Record:
        born = s.born.isoformat() if s.born else None
        if born and "iso birth date" in s.quirks:
            born += "T00:00:00"
        sex = {"M": "male", "F": "female"}.get(s.gender)
        return record(student_id(s.number), s.number, birthDate=born, sex=sex)

    def _adult(self, a: Adult) -> Record:
        return user(
            teacher_id(a.number),
            a.number,
            self._held(a),
            username=f"t{a.number}",
            givenName=a.first,
            familyName=a.last,
            # Two people of one number: an identifier is no key.
            identifier=str(100_000 + a.number if "sis id of a student" in a.quirks else 5_000_000 + a.number),
            email=a.email,
        )

    @staticmethod
    def _staff_demographics(a: Adult) -> Record:
        """Who shares demographics shares everybody's, and nobody links by a teacher's."""
        born = date(THIS_YEAR - 24 - a.number * 7 % 40, 1 + a.number % 12, 1 + a.number % 28)
        return record(teacher_id(a.number), a.number, birthDate=born.isoformat(), sex=None)

    def _held(self, a: Adult) -> list[tuple[str, str]]:
        if a.roles == ("district_admin",):
            return [("districtAdministrator", DISTRICT)]
        if a.roles == ("staff",):
            return [("aide" if a.number % 2 else "siteAdministrator", school_id(n)) for n in a.schools]
        second = [("aide", school_id(a.schools[0]))] if "staff" in a.roles else []
        return [("teacher", school_id(n)) for n in a.schools] + second

    def _guardian(self, g: Guardian) -> Record:
        schools = dict.fromkeys(n for r in g.relations for n in self.told.student(r.student).schools[:1])
        first, last, identifier = g.first, g.last, None
        if "is a teacher" in g.quirks:
            teacher = self.told.teacher(g.number // 3 % self.told.teacher_start[-1])
            self.twins[guardian_id(g.number)] = teacher_id(teacher.number)
            first, last, identifier = teacher.first, teacher.last, str(5_000_000 + teacher.number)
        return user(
            guardian_id(g.number),
            g.number,
            [(ROLE_OF[g.relations[0].relationship], school_id(n)) for n in schools],
            username=f"g{g.number}",
            givenName=first,
            familyName=last,
            identifier=identifier,
            email=g.email,
            phone=g.phone,
            agents=[student_id(r.student) for r in g.relations],
        )
