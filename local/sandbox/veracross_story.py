"""What can happen to a Veracross school between two nights, or between two pages of one pull.

Each change takes effect at once and is stamped as modified on the school's `today`, one minute after another.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from threading import RLock
from typing import TYPE_CHECKING, Any

from .veracross_people import People, Person, household_id
from .veracross_persons import Persons

if TYPE_CHECKING:
    from .veracross_classes import Classes
    from .veracross_families import Relations
    from .veracross_school import Table
    from .veracross_values import ValueLists

Record = dict[str, Any]
Gone = list[tuple[str, Record]]

NEW_IDS = 50_000_000  # what joins later sorts after everything else


class Story:
    tables: dict[str, Table]
    lock: RLock
    today: date
    people: People
    values: ValueLists
    classes: Classes
    relations: Relations
    _new = 0
    _changes = 0

    def new_id(self) -> int:
        self._new += 1
        return NEW_IDS + self._new

    @contextmanager
    def _changing(self) -> Iterator[None]:
        with self.lock:
            self._changes += 1
            yield

    def _put(self, kind: str, record: Record) -> None:
        minute = self._changes
        stamp = f"{self.today}T{12 + minute // 60 % 12:02d}:{minute % 60:02d}:00Z"
        self.tables[kind].put(record | {"last_modified_date": stamp})

    # -- any record

    def edit(self, kind: str, record_id: int, **changes: Any) -> None:
        """Set fields of any record as they are kept (a list's `campus` is an object, its read's is `_campus`)."""
        with self._changing():
            self._put(kind, self.tables[kind].rows[record_id] | changes)

    def remove(self, kind: str, record_id: int) -> Gone:
        """One row and nothing else; come_back takes what is returned."""
        with self._changing():
            return [(kind, self.tables[kind].pop(record_id))]

    def come_back(self, gone: Gone) -> None:
        """Restored as it was, under the same ids."""
        with self._changing():
            for kind, record in gone:
                self.tables[kind].put(record)

    # -- students

    def join(self, like: int | None = None, **fields: Any) -> int:
        """A new student with a parent, in the classes of another student; the new id."""
        with self._changing():
            students = self.tables["students"]
            like = like or next(i for i in students.ids if students.rows[i]["_current"])
            family = self.new_id()
            child = Person(self.new_id(), "Nova", "Comer", "F", ["Student"], household=household_id(family))
            adult = Person(self.new_id(), "Stella", "Comer", "F", ["Parent"], household=household_id(family))
            adult.email = f"stella.{adult.id}@mail.example.com"
            self.people.everyone |= {child.id: child, adult.id: adult}
            own = {"id": child.id, "first_name": child.first, "last_name": child.last, "username": child.username}
            own |= {"household_id": child.household, "email_1": None, "preferred_name": None, "middle_name": None}
            self._put("students", students.rows[like] | own | fields)
            self._put("parents", Persons(self.people, self.values, {}, self.today).parent(adult, None, head=True))
            flags = {"resident": True, "legal_custody": True, "parent_portal_access": True}
            for row in self.relations.pair(child, adult, "Mother", "Daughter", **flags):
                self._put("relationships", row | {"id": self.new_id()})
            for internal_class in self.classes_of(like):
                self._enrol(internal_class, child.id)
            return child.id

    def leave(self, student: int) -> Gone:
        """A student is gone, with relationships, enrollments, and parents of no one else."""
        with self._changing():
            gone = [("students", self.tables["students"].pop(student))]
            adults = {r["related_person_id"] for r in self._of(student) if r["_side"] == "child"}
            gone += [("relationships", self.tables["relationships"].pop(r["id"])) for r in self._of(student)]
            for adult in sorted(adults & self.tables["parents"].rows.keys()):
                if not any(r["_side"] == "adult" for r in self._of(adult) if r["person_id"] == adult):
                    gone.append(("parents", self.tables["parents"].pop(adult)))
            enrolled = [r["id"] for r in self.tables["enrollments"].rows.values() if r["person_id"] == student]
            return gone + [("enrollments", self.tables["enrollments"].pop(i)) for i in enrolled]

    def set_birthday(self, student: int, birthday: date | None) -> None:
        self.edit("students", student, birthday=birthday and birthday.isoformat())

    def blank_birthdays(self) -> None:
        """Nobody's birthday is recorded any more."""
        with self._changing():
            for record in list(self.tables["students"].rows.values()):
                self._put("students", record | {"birthday": None})

    def _of(self, person: int) -> list[Record]:
        ends = ("person_id", "related_person_id")
        return [r for r in self.tables["relationships"].rows.values() if person in (r[end] for end in ends)]

    # -- classes

    def classes_of(self, student: int) -> list[int]:
        """Those that a student is in and has not left, each once."""
        rows = [r for r in self.tables["enrollments"].rows.values() if r["person_id"] == student]
        return list(dict.fromkeys(r["internal_class_id"] for r in rows if not r["date_withdrawn"]))

    def enrol(self, internal_class: int, student: int, late: date | None = None) -> int:
        with self._changing():
            return self._enrol(internal_class, student, late.isoformat() if late else None)

    def _enrol(self, internal_class: int, student: int, late: str | None = None) -> int:
        record = self.tables["classes"].rows[internal_class]
        row = self.classes.enrollment(record, self.people.everyone[student], late) | {"id": self.new_id()}
        self._put("enrollments", row)
        return int(row["id"])

    def withdraw(self, internal_class: int, student: int, when: date | None = None) -> None:
        """The row stays, with its date."""
        day = (when or self.today).isoformat()
        for row in list(self.tables["enrollments"].rows.values()):
            if (row["internal_class_id"], row["person_id"], row["date_withdrawn"]) == (internal_class, student, None):
                still = row["currently_enrolled"] and day > self.today.isoformat()
                self.edit("enrollments", row["id"], date_withdrawn=day, currently_enrolled=still)

    def set_teacher(self, internal_class: int, teacher: int | None) -> None:
        """Of the class and of everyone enrolled in it."""
        person = self.people.everyone[teacher] if teacher else None
        told = {"primary_teacher_id": teacher, "primary_teacher_name": person.name if person else None}
        self.edit("classes", internal_class, **told)
        nested = self.classes.teacher_of(person)
        for row in list(self.tables["enrollments"].rows.values()):
            if row["internal_class_id"] == internal_class:
                self.edit("enrollments", row["id"], primary_teacher=nested)
