"""A Veracross school that a test can change between two nights, made from the shared generator.

Rows are kept as the richest answer needs them; names that begin with _ are for filters and never told.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from threading import RLock
from typing import Any

from .district import THIS_YEAR, District
from .names import dice
from .veracross_classes import Classes
from .veracross_families import Relations
from .veracross_oddities import ODD
from .veracross_people import People, Person
from .veracross_periods import grading_periods
from .veracross_permissions import permissions
from .veracross_persons import Persons
from .veracross_resources import EVERY
from .veracross_story import Story
from .veracross_values import ValueLists

Record = dict[str, Any]

TODAY = date(THIS_YEAR, 10, 5)


class Table:
    """The rows of one resource by id; `ids` in order, as pages are cut from it."""

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self.rows: dict[int, Record] = {record["id"]: record for record in records}
        self._ids: tuple[int, list[int]] = (-1, [])
        self.revision = 0

    @property
    def ids(self) -> list[int]:
        if self._ids[0] != self.revision:
            self._ids = (self.revision, sorted(self.rows))
        return self._ids[1]

    def put(self, record: Record) -> None:
        self.rows[record["id"]] = record
        self.revision += 1

    def pop(self, record_id: int) -> Record:
        self.revision += 1
        return self.rows.pop(record_id)


class VeracrossSchool(Story):
    """`odd`: ids by what is odd about them (veracross_oddities.ODD says which table each is of)."""

    def __init__(self, district: District, today: date = TODAY) -> None:
        self.today, self.lock = today, RLock()
        self.odd: dict[str, list[int]] = {name: [] for name in ODD}
        self.values = ValueLists(district.seed, (district.school_count - 1) // 3 + 1)
        self.people = People(district, self.odd)
        self.classes = Classes(district, self.people, self.values, self.odd, today)
        self.relations = Relations(self.people, self.values, self.odd)
        persons = Persons(self.people, self.values, self.classes.mentors(), today)
        classes = list(self.classes.classes())
        told: dict[str, Iterable[Record]] = {
            "staff_faculty": persons.staff(),
            "parents": persons.parents(),
            "students": persons.students(),
            "relationships": self.relations.records(),
            "grading_periods": grading_periods(self.values),
            "classes": classes,
            "enrollments": self.classes.enrollments(classes),
            "permissions": permissions(self.people, self.values, classes),
        }
        self.tables = {resource.table: Table(told[resource.table]) for resource in EVERY}
        for kind, table in enumerate(self.tables.values()):
            for record in table.rows.values():
                record["last_modified_date"] = _stamp(district.seed, kind, record["id"])

    @classmethod
    def generated(cls, students: int = 300, seed: int = 1, *, today: date = TODAY) -> VeracrossSchool:
        return cls(District(students, seed), today)

    @property
    def revision(self) -> int:
        return sum(table.revision for table in self.tables.values())

    def rows(self, table: str) -> list[Record]:
        return [self.tables[table].rows[i] for i in self.tables[table].ids]

    def person(self, person_id: int) -> Person:
        return self.people.everyone[person_id]


def _stamp(seed: int, kind: int, number: int) -> str:
    """Some time in the months before the school year."""
    roll = dice(seed, 30 + kind, number)
    return f"{THIS_YEAR}-{2 + roll % 7:02d}-{1 + roll // 7 % 28:02d}T{roll // 200 % 24:02d}:{roll // 5000 % 60:02d}:00Z"
