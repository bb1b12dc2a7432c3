"""A OneRoster 1.1 district of any size, row by row: prepared pages for the benchmarks.

1.8 parents and 7 enrolments a student, one teacher per 15, classes of 25; a million students need no more memory
than one, because every row follows from its number.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

SCHOOL = 600  # students
PER_CLASS = 25
CLASSES_EACH = 7
FIRST = (
    "Ada Ben Cem Dea Eli Fay Gus Hal Ida Jon Kai Lea Mia Noa Ole Pia Quy Rio Sue Tim Uma Vic Wyn Xia Yan Zoe".split()
)
LAST = "Abel Boyd Cruz Diaz Egan Ford Gray Hull Ives Jain Kerr Lowe Mott Nash Orr Pike Quin Ross Shah Tran".split()

Row = dict[str, object]


@dataclass(frozen=True)
class District:
    """`changed`: every how many-th student has another name and one other class than the night before (0: none)."""

    students: int
    changed: int = 0

    @property
    def schools(self) -> int:
        return -(-self.students // SCHOOL)

    @property
    def teachers(self) -> int:
        return -(-self.students // 15)

    @property
    def parents(self) -> int:
        return self.students * 9 // 5

    @property
    def classes(self) -> int:
        return self._groups * CLASSES_EACH

    @property
    def _groups(self) -> int:
        """Who is in one class together is so in all seven."""
        return -(-self.students // PER_CLASS)

    def collections(self) -> dict[str, tuple[int, Callable[[int], Row]]]:
        """Per collection: how many rows, and the row of a number."""
        return {
            "orgs": (self.schools, self._org),
            "academicSessions": (3, self._session),
            "classes": (self.classes, self._class),
            "users": (self.students + self.parents + self.teachers, self._user),
            "enrollments": (self.students * CLASSES_EACH + self.classes, self._enrolment),
            "demographics": (self.students, self._demographics),
        }

    def rows(self) -> int:
        """Records, as the provider counts them."""
        return sum(count for count, _ in self.collections().values())

    def items(self) -> int:
        """Items of the layout that has one per person, class, enrolment and relationship."""
        people = self.students + self.parents + self.teachers
        return people + self.classes + self.students * CLASSES_EACH + self.classes + self.parents

    def _org(self, n: int) -> Row:
        return {"sourcedId": f"org{n:05d}", **STATE, "name": f"School {n}", "type": "school", "identifier": str(n)}

    def _session(self, n: int) -> Row:
        start, end, kind = (
            ("2026-08-15", "2027-06-15", "schoolYear"),
            ("2026-08-15", "2027-01-15", "semester"),
            ("2027-01-15", "2027-06-15", "semester"),
        )[n]
        parent = {} if n == 0 else {"parent": _ref("ses0", "academicSession")}
        return {
            "sourcedId": f"ses{n}",
            **STATE,
            "title": f"Session {n}",
            "type": kind,
            "startDate": start,
            "endDate": end,
            "schoolYear": "2027",
            **parent,
        }

    def _class(self, n: int) -> Row:
        return {
            "sourcedId": f"cls{n:07d}",
            **STATE,
            "title": f"Class {n}",
            "classCode": f"C-{n}",
            "classType": "scheduled",
            "location": f"Room {n % 40}",
            "grades": ["0" + str(1 + n % 9)],
            "subjects": ["Mathematics"],
            "course": _ref(f"crs{n % 300:04d}", "course"),
            "school": _ref(self._school_of_class(n), "org"),
            "terms": [_ref("ses0", "academicSession")],
            "periods": [str(1 + n % 8)],
        }

    def _school_of_class(self, n: int) -> str:
        return f"org{min(self.schools - 1, n * PER_CLASS // CLASSES_EACH // SCHOOL):05d}"

    def _user(self, n: int) -> Row:
        if n < self.students:
            return self._student(n)
        if n < self.students + self.parents:
            return self._parent(n - self.students)
        return self._teacher(n - self.students - self.parents)

    def _student(self, n: int) -> Row:
        first = -(-n * 9 // 5)
        parents = [p for p in (first, first + 1) if p * 5 // 9 == n and p < self.parents]
        agents = [_ref(f"par{p:07d}", "user") for p in parents]
        renamed = "x" if self._differs(n) else ""
        return {**_person("stu", n, "student", f"{n // SCHOOL:05d}", renamed), "grades": ["07"], "agents": agents}

    def _differs(self, student: int) -> bool:
        return bool(self.changed) and student % self.changed == 0

    def _parent(self, n: int) -> Row:
        child = n * 5 // 9
        return {**_person("par", n, "parent", f"{child // SCHOOL:05d}"), "agents": [_ref(f"stu{child:07d}", "user")]}

    def _teacher(self, n: int) -> Row:
        return {**_person("tea", n, "teacher", f"{n * 15 // SCHOOL:05d}"), "agents": []}

    def _enrolment(self, n: int) -> Row:
        ours = self.students * CLASSES_EACH
        if n < ours:
            student, nth = divmod(n, CLASSES_EACH)
            group = (student // PER_CLASS + (nth == 0 and self._differs(student))) % self._groups
            return self._membership(n, group * CLASSES_EACH + nth, f"stu{student:07d}", "student")
        class_id = n - ours
        teacher = min(self.teachers - 1, class_id * self.teachers // self.classes)
        return self._membership(n, class_id, f"tea{teacher:07d}", "teacher")

    def _membership(self, n: int, class_id: int, user: str, role: str) -> Row:
        return {
            "sourcedId": f"enr{n:08d}",
            **STATE,
            "role": role,
            "primary": "true" if role == "teacher" else "false",
            "user": _ref(user, "user"),
            "class": _ref(f"cls{class_id:07d}", "class"),
            "school": _ref(self._school_of_class(class_id), "org"),
        }

    def _demographics(self, n: int) -> Row:
        return {
            "sourcedId": f"stu{n:07d}",
            **STATE,
            "birthDate": f"{2008 + n % 11}-{1 + n % 12:02d}-{1 + n % 28:02d}",
            "sex": "female",
        }


STATE = {"status": "active", "dateLastModified": "2026-08-01T00:00:00.000Z"}


def _ref(id: str, type: str) -> Row:
    return {"href": f"https://roster.example.test/ims/oneroster/v1p1/{type}s/{id}", "sourcedId": id, "type": type}


def _person(prefix: str, n: int, role: str, school: str, renamed: str = "") -> Row:
    first, last = FIRST[n % len(FIRST)], LAST[n // 7 % len(LAST)]
    return {
        "sourcedId": f"{prefix}{n:07d}",
        **STATE,
        "enabledUser": "true",
        "username": f"{first}.{last}.{n}".lower(),
        "givenName": first,
        "familyName": last + renamed,
        "middleName": "",
        "identifier": str(100000 + n),
        "email": f"{first}.{last}.{n}@example.test".lower(),
        "phone": "",
        "sms": "",
        "role": role,
        "orgs": [_ref(f"org{school}", "org")],
        "userIds": [],
        "password": "",
    }


def encoded(row: Callable[[int], Row], numbers: range) -> Iterator[bytes]:
    """These rows of a collection, as JSON."""
    encode = json.JSONEncoder(separators=(",", ":")).encode
    return (encode(row(n)).encode() for n in numbers)
