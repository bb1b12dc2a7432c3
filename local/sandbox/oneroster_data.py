"""A OneRoster district that a test can change between two nights, told alike to readers of 1.1 and of 1.2.

Records are never changed in place: a change puts another one, and moves the revision on, which is how
everything worked out from them knows that it is stale.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from threading import RLock

from .district import District
from .oneroster_generated import Telling
from .oneroster_rows import KINDS, V12, Record
from .oneroster_story import Story

Index = dict[str, list[str]]


class OneRosterDistrict(Story):
    def __init__(self, records: Iterable[tuple[str, Record]], twins: dict[str, str] | None = None) -> None:
        self.tables: dict[str, dict[str, Record]] = {kind: {} for kind in KINDS}
        self.lock = RLock()
        self.revision = 0
        for kind, record in records:
            self.tables[kind][record["sourcedId"]] = record
        # A guardian who teaches here: in 1.1 a user beside the teacher, in 1.2 one more role of the teacher.
        self.twins = twins if twins is not None else {}
        self._relations: tuple[int, Relations] | None = None

    @classmethod
    def generated(cls, students: int = 300, seed: int = 1, *, halves: str = "semester") -> OneRosterDistrict:
        """`halves` is the type of the two sessions of a year: with "term", /terms has them."""
        telling = Telling(District(students, seed), halves)
        return cls(telling.records(), telling.twins)

    # -- as a reader of one version sees it

    def ids(self, kind: str, version: str) -> list[str]:
        ids = self.tables[kind]
        return [i for i in ids if i not in self.twins] if kind == "users" and version == V12 else list(ids)

    def get(self, kind: str, sourced_id: str, version: str) -> Record | None:
        record = self.tables[kind].get(sourced_id)
        if record is None or kind != "users" or version != V12 or not self.twins:
            return record
        return None if sourced_id in self.twins else self._whole_person(record)

    def _whole_person(self, user: Record) -> Record:
        me = user["sourcedId"]
        twins = [t for g in self.relations.twins_of.get(me, ()) if (t := self.tables["users"].get(g))]
        agents = dict.fromkeys(self.twins.get(a, a) for u in (user, *twins) for a in u["agents"])
        held = dict.fromkeys(role for u in (user, *twins) for role in u["held"])
        return {**user, "held": list(held), "agents": list(agents)}

    # -- changing

    def put(self, kind: str, record: Record) -> None:
        with self.lock:
            self.tables[kind][record["sourcedId"]] = record
            self.revision += 1

    def drop(self, kind: str, sourced_id: str) -> None:
        with self.lock:
            self.tables[kind].pop(sourced_id, None)
            self.revision += 1

    @property
    def relations(self) -> Relations:
        """Who belongs to what, worked out anew after a change."""
        with self.lock:
            if self._relations is None or self._relations[0] != self.revision:
                self._relations = (self.revision, Relations(self))
            return self._relations[1]


class Relations:
    def __init__(self, district: OneRosterDistrict) -> None:
        tables = district.tables
        self.enrollments_of_class: Index = defaultdict(list)
        self.enrollments_of_user: Index = defaultdict(list)
        self.enrollments_of_school: Index = defaultdict(list)
        for sid, e in tables["enrollments"].items():
            self.enrollments_of_class[e["class"]].append(sid)
            self.enrollments_of_user[e["user"]].append(sid)
            self.enrollments_of_school[e["school"]].append(sid)
        self.classes_of_school: Index = defaultdict(list)
        self.classes_of_course: Index = defaultdict(list)
        self.classes_of_term: Index = defaultdict(list)
        for sid, c in tables["classes"].items():
            self.classes_of_school[c["school"]].append(sid)
            self.classes_of_course[c["course"] or ""].append(sid)
            for term in c["terms"]:
                self.classes_of_term[term].append(sid)
        self.twins_of: Index = defaultdict(list)
        for guardian, teacher in district.twins.items():
            self.twins_of[teacher].append(guardian)
