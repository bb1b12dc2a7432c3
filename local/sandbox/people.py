"""The records of a made-up district, in no provider's terms: numbers for ids, None for what is not known.

`schools[0]` is the primary school, `teachers[0]` the primary teacher; `quirks` says what is odd (quirks.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class School:
    number: int
    name: str
    level: str
    grades: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Term:
    number: int
    name: str
    start: date | None
    end: date | None


@dataclass(frozen=True, slots=True)
class Course:
    number: int
    name: str
    subject: str


@dataclass(frozen=True, slots=True)
class Student:
    number: int
    first: str
    middle: str
    last: str
    email: str | None
    born: date | None
    gender: str
    grade: str
    schools: tuple[int, ...]  # the first is the primary one
    quirks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Adult:
    number: int
    first: str
    last: str
    email: str | None
    roles: tuple[str, ...]  # teacher, staff, district_admin
    schools: tuple[int, ...]
    quirks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Relation:
    student: int
    relationship: str
    type: str


@dataclass(frozen=True, slots=True)
class Guardian:
    number: int
    first: str
    last: str
    email: str | None
    phone: str
    relations: tuple[Relation, ...]
    quirks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    number: int
    name: str
    school: int
    course: int | None
    term: int | None
    grade: str
    subject: str
    period: int
    teachers: tuple[int, ...]  # the first is the primary one
    students: tuple[int, ...]
    quirks: tuple[str, ...]
