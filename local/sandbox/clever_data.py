"""A Clever district that a test can change between two nights: from the recorded folder, or made up.

The records are Clever v3.0's; what v2.0 and v2.1 would say of them is derived in clever_v2.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from threading import RLock

from .clever_generated import Telling
from .clever_relations import Relations
from .clever_story import Story
from .clever_tables import Record, Table
from .district import District

KINDS = ("districts", "schools", "terms", "courses", "sections", "users")
# The recorded district names schools and terms that were not recorded; these are ours, by the id's end.
SCHOOLS = {
    "04": ("Harbor High School", "9", "12"),
    "05": ("Elm Elementary School", "PreKindergarten", "5"),
    "06": ("Knoll Middle School", "6", "8"),
}
TERMS = {
    "62": ("Semester 1", "2025-08-18", "2025-12-19"),
    "63": ("Semester 1", "2026-08-17", "2026-12-18"),  # the same name a year later
    "64": ("Year 2026-2027", "2026-08-17", "2027-06-11"),
    "65": ("Semester 2", "2027-01-11", "2027-06-11"),
    "66": ("Clubs", None, None),
}


class CleverDistrict(Story):
    def __init__(self, records: Iterable[tuple[str, Record]]) -> None:
        self.tables = {kind: Table(kind) for kind in KINDS}
        self.events: list[Record] = []  # no events: the app has not enabled them
        self.lock = RLock()
        self.revision = 0
        for kind, record in records:
            self.tables[kind].put(record)
        self.id = next(iter(self.tables["districts"].rows))
        self._relations: tuple[int, Relations] = (-1, Relations(self.tables))

    @classmethod
    def generated(cls, students: int = 300, seed: int = 1) -> CleverDistrict:
        return cls(Telling(District(students, seed)).records())

    @classmethod
    def from_folder(cls, folder: Path) -> CleverDistrict:
        """The recorded sandbox district, with schools, terms and courses made up for the ids it refers to."""
        (district,) = _recorded(folder / "districts.json")
        users, sections = (_recorded(folder / f"{kind}_limit10000.json") for kind in ("users", "sections"))
        made_up = {
            "schools": _schools(district["id"], sections),
            "terms": _terms(district["id"], sections),
            "courses": _courses(district["id"], sections),
        }
        told = {"districts": [district], "users": users, "sections": sections, **made_up}
        return cls((kind, record) for kind in KINDS for record in told[kind])

    @property
    def relations(self) -> Relations:
        """Who belongs to what, worked out anew after a change."""
        if self._relations[0] != self.revision:
            self._relations = (self.revision, Relations(self.tables))
        return self._relations[1]

    def user_ids(self, role: str) -> list[str]:
        return self.relations.users_with_role.get(role, [])


def _recorded(path: Path) -> list[Record]:
    return [item["data"] for item in json.loads(path.read_text(encoding="utf-8"))["data"]]


def _schools(district: str, sections: list[Record]) -> list[Record]:
    stamp = "2021-03-02T22:24:50.000Z"
    told = []
    for number, school in enumerate(sorted({s["school"] for s in sections})):
        name, low, high = SCHOOLS[school[-2:]]
        told.append(
            {
                "id": school,
                "district": district,
                "name": name,
                "sis_id": f"{number + 1}",
                "school_number": f"{number + 1}",
                "low_grade": low,
                "high_grade": high,
                "created": stamp,
                "last_modified": stamp,
            }
        )
    return told


def _terms(district: str, sections: list[Record]) -> list[Record]:
    told = []
    for term in sorted({s["term_id"] for s in sections}):
        name, start, end = TERMS[term[-2:]]
        dates = {"start_date": start, "end_date": end} if start else {}
        told.append({"id": term, "district": district, "name": name, **dates})
    return told


def _courses(district: str, sections: list[Record]) -> list[Record]:
    """A section's name is "Course - Teacher - Period" when it has a course."""
    names = {s["course"]: s["name"].rsplit(" - ", 2)[0] for s in sections}
    return [
        {"id": course, "district": district, "name": name, "number": course[-4:]}
        for course, name in sorted(names.items())
    ]
