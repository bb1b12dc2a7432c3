"""A made-up district told as Clever v3.0 records.

Optional fields are left out, blank or null by turns, because a reader must treat the three alike; so must
it the two ways of writing a birth date.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from .clever_tables import Record
from .district import District
from .people import Adult, Guardian, School, Section, Student, Term
from .quirks import turn

KINDS = (
    "district",
    "school",
    "term",
    "course",
    "student",
    "adult",
    "adult's old",
    "guardian",
    "guardian's old",
    "section",
)
LOADED = "2026-08-03T06:00:00.000Z"


def birth_date(born: date | None, quirks: tuple[str, ...]) -> str | None:
    """As Clever writes it, M/D/YYYY with no zeros in front; or, as its user-token answers do, ISO."""
    if born is None:
        return None
    if "iso birth date" in quirks:
        return f"{born.isoformat()}T00:00:00.000Z"
    return f"{born.month}/{born.day}/{born.year}"


def spell(record: Record, key: str, value: str | None, turn: int) -> None:
    """Write a field; what is not known is absent, "" or null by turns."""
    if value is not None:
        record[key] = value
    elif turn % 3:
        record[key] = "" if turn % 3 == 1 else None


class Telling:
    def __init__(self, district: District) -> None:
        self.told = district
        tag = f"{district.seed % 2**24:06x}"
        self._prefix = {k: f"{0x65000000 + n * 0x1000:08x}{tag}{n:02x}" for n, k in enumerate(KINDS)}
        self.district = self.id("district", 0)

    def id(self, kind: str, number: int) -> str:
        """Like a Mongo ObjectID: a creation time that grows with the kind, the seed, and a counter."""
        return f"{self._prefix[kind]}{number + 1:08x}"

    def records(self) -> Iterator[tuple[str, Record]]:
        told = self.told
        yield "districts", self.district_record()
        yield from (("schools", self.school(s)) for s in told.schools())
        yield from (("terms", self.term(t)) for t in told.terms())
        for c in told.courses():
            yield "courses", self._own("course", c.number, name=c.name, number=f"C{c.number:04d}")
        yield from (("users", self.student(s)) for s in told.students())
        yield from (("users", self.adult(a)) for a in told.adults())
        yield from (("users", self.guardian(g)) for g in told.guardians())
        yield from (("sections", self.section(s)) for s in told.sections())

    def _own(self, kind: str, number: int, /, **fields: object) -> Record:
        return {"id": self.id(kind, number), "district": self.district, **fields}

    def district_record(self) -> Record:
        name = {"first": "Robin", "last": "Garza"}
        contact = {
            "id": self.id("adult's old", 0),
            "district": self.district,
            "name": name,
            "email": "robin.garza@staff.example.org",
            "title": "",
        }
        return {
            "id": self.district,
            "name": f"Made-up District {self.told.seed}",
            "sis_type": "sftp",
            "error": "",
            "state": "running",
            "last_sync": LOADED,
            "launch_date": "2026-08-10",
            "login_methods": ["Google"],
            "portal_url": "https://clever.example/in/made-up",
            "district_contact": contact,
        }

    def school(self, s: School) -> Record:
        return self._own(
            "school",
            s.number,
            name=s.name,
            sis_id=f"S{s.number}",
            school_number=str(100 + s.number),
            low_grade=s.grades[0],
            high_grade=s.grades[-1],
            phone="",
            created=LOADED,
            last_modified=LOADED,
            location={"address": "", "city": "", "state": "", "zip": "00000"},
            principal={"name": "", "email": ""},
        )

    def term(self, t: Term) -> Record:
        record = self._own("term", t.number, name=t.name)
        if t.start and t.end:
            record |= {"start_date": t.start.isoformat(), "end_date": t.end.isoformat()}
        return record

    def _user(self, kind: str, number: int, name: Record, email: str | None, turn: int) -> Record:
        record = self._own(kind, number, name=name, created=LOADED, last_modified=LOADED)
        spell(record, "email", email, turn)
        return record

    def student(self, s: Student) -> Record:
        name = {"first": s.first, "last": s.last, "middle": s.middle}
        record = self._user("student", s.number, name, s.email, turn("student", "no email", s.number))
        role = {
            "credentials": {"district_username": f"s{s.number}"},
            "enrollments": [],
            "gender": s.gender,
            "grade": s.grade,
            "graduation_year": "",
            "hispanic_ethnicity": "",
            "race": "",
            "location": {"address": "", "city": "", "state": "", "zip": "00000"},
            "school": self.id("school", s.schools[0]),
            "schools": [self.id("school", n) for n in s.schools],
            "sis_id": f"{100000 + s.number}",
            "student_number": f"{100000 + s.number}",
        }
        spell(role, "dob", birth_date(s.born, s.quirks), turn("student", "no birth date", s.number))
        spell(role, "state_id", None, s.number)
        if s.email:
            role["email"] = s.email  # the lists say it twice
        return record | {"roles": {"student": role}}

    def adult(self, a: Adult) -> Record:
        record = self._user(
            "adult", a.number, {"first": a.first, "last": a.last}, a.email, turn("adult", "no email", a.number)
        )
        tell = {"teacher": self._teacher, "staff": self._staff, "district_admin": self._admin}
        return record | {"roles": {role: tell[role](a) for role in a.roles}}

    def _teacher(self, a: Adult) -> Record:
        return {
            "legacy_id": self.id("adult's old", 2 * a.number),
            "title": "Teacher",
            "sis_id": f"{100000 + a.number if 'sis id of a student' in a.quirks else 5000000 + a.number}",
            "teacher_number": f"T{a.number}",
            "credentials": {"district_username": f"t{a.number}"},
            "school": self.id("school", a.schools[0]),
            "schools": [self.id("school", n) for n in a.schools],
        }

    def _staff(self, a: Adult) -> Record:
        return {
            "legacy_id": self.id("adult's old", 2 * a.number + 1),
            "staff_id": f"A{a.number}",
            "title": "Office",
            "department": "",
            "roles": [],
            "credentials": {"district_username": f"a{a.number}"},
            "schools": [self.id("school", n) for n in a.schools],
        }

    def _admin(self, a: Adult) -> Record:
        return {"legacy_id": self.id("adult's old", 2 * a.number), "title": "Admin"}

    def guardian(self, g: Guardian) -> Record:
        # Clever keeps a contact's whole name in `last`, and has no `first`
        record = self._user(
            "guardian",
            g.number,
            {"last": f"{g.first} {g.last}"},
            g.email,
            turn("guardian", "no email", g.number // 3),
        )
        related = [
            {"student": self.id("student", r.student), "relationship": r.relationship, "type": r.type}
            for r in g.relations
        ]
        role = {
            "phone": g.phone,
            "phone_type": "Cell",
            "sis_id": "",
            "student_relationships": related,
            "legacy_id": self.id("guardian's old", g.number),
        }
        return record | {"roles": {"contact": role}}

    def section(self, s: Section) -> Record:
        record = self._own(
            "section",
            s.number,
            name=s.name,
            school=self.id("school", s.school),
            sis_id=f"SEC{s.number}",
            grade=s.grade,
            subject=s.subject,
            period=str(s.period),
            section_number="",
            created=LOADED,
            last_modified=LOADED,
            students=[self.id("student", n) for n in s.students],
            teachers=[self.id("adult", n) for n in s.teachers],
        )
        spell(record, "teacher", record["teachers"][0] if record["teachers"] else None, 3 + s.number % 2 * 2)
        spell(record, "term_id", None if s.term is None else self.id("term", s.term), s.number % 2 * 2)
        spell(record, "course", None if s.course is None else self.id("course", s.course), s.number % 2 * 2)
        return record
