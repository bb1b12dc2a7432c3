"""Veracross' value lists: codes that a school makes up for itself, and the labels that say what they mean.

Two schools (seeds) have different codes for the same label, as in reality; only grades and years are alike.
"""

from __future__ import annotations

import html
from typing import Any

from .district import THIS_YEAR
from .names import GRADES, LEVELS, SUBJECTS

_LABELS = {
    "relationship": "Mother|Father|Parent|Guardian|Guardian &amp; Trustee|Step-Mother|Step-Father|Grandmother"
    "|Grandfather|Son|Daughter|Child|Step-Son|Step-Daughter|Step-Child|Ward|Grandson|Granddaughter|Grandchild"
    "|Brother|Sister|Sibling|Husband|Wife|Ex-Husband|Ex-Wife|Domestic Partner|Physician|Nanny",
    "role": "Student|Future Student|Former Student|Parent|Faculty|Staff|Grandparent|Former Faculty|Donor",
    "gender": "Female|Male|Not Specified",
    "name_prefix": "Ms.|Mr.|Dr.",
    "name_suffix": "Jr.|III",
    "faculty_type": "Full-Time Teacher|Part-Time Teacher|Administrator|Bus Driver",
    "department": "|".join(dict.fromkeys(subject.title() for _, subject, _ in SUBJECTS)) + "|Office",
    "employee_code": "Salaried|Hourly",
    "school_level": "|".join(level for level, _ in LEVELS),
    "homeroom": "Room A|Room B|Room C|Room D",
    "enrollment_status": "Enrolled|Future|Withdrawn",
    "student_group": "Day|Boarding",
    "country": "United States|Canada",
    "occupation": "Engineer|Nurse",
    "group_type": "Academic|Summer",
    "class_status": "Future|Active|Completed|Cancelled",
    "course_type": "Academic|Homeroom|Advisory|Summer",
    "subject": "|".join(subject.title() for _, subject, _ in SUBJECTS),
    "visibility": "Visible|Hidden",
    "level": "Standard|Honors",
    "teacher_role": "Primary Teacher|Co-Teacher|Substitute",
}
OBSOLETE = {("relationship", "Nanny")}  # still in the list, no longer to be chosen
# Which list a field or filter has its codes from, where it is not named like it.
_LIST_OF = {
    "related_person_role": "role",
    "campus.id": "campus",
    "address.country": "country",
    "group.type": "group_type",
    "status": "class_status",
    "subject_id": "subject",
    "course.course_type": "course_type",
    "course_type_not": "course_type",
    "parent_portal_visibility": "visibility",
    "parent_portal_assignment_display": "visibility",
    "student_portal_visibility": "visibility",
    "student_portal_assignment_display": "visibility",
}
SUMMER = -THIS_YEAR  # summer terms have years that are not positive


class ValueLists:
    def __init__(self, seed: int, campuses: int) -> None:
        shift = (seed - 1) % 7 * 100
        self.lists: dict[str, dict[int, str]] = {
            name: {0: "None"} | {shift + 3 * k: label for k, label in enumerate(labels.split("|"), 1)}
            for name, labels in _LABELS.items()
        }
        self.lists["campus"] = {0: "None"} | {shift + c: f"Campus {c}" for c in range(1, campuses + 1)}
        self.lists["grade_level"] = {0: "None"} | {g or 20: grade for g, grade in enumerate(GRADES)}
        self.lists["school_year"] = {
            0: "None",
            SUMMER: f"Summer {THIS_YEAR}",
            THIS_YEAR - 1: f"{THIS_YEAR - 1}-{THIS_YEAR}",
            THIS_YEAR: f"{THIS_YEAR}-{THIS_YEAR + 1}",
        }
        self._codes = {
            name: {html.unescape(label): code for code, label in items.items()} for name, items in self.lists.items()
        }

    def code(self, name: str, label: str | None) -> int:
        """The code of a label; 0, which commonly means None, where there is no such label."""
        return self._codes[name].get(label or "None", 0)

    def label(self, name: str, code: int | None) -> str:
        return html.unescape(self.lists[name].get(code or 0, ""))

    def told(self, fields: tuple[str, ...], *, strings: bool) -> list[dict[str, Any]]:
        """What `value_lists` says for these fields: one entry for each list, with all that share it."""
        sharing: dict[str, list[str]] = {}
        for field in fields:
            name, _, own = field.partition("<")
            sharing.setdefault(own or _LIST_OF.get(name, name), []).append(name)
        return [self._entry(name, named, strings) for name, named in sharing.items()]

    def _entry(self, name: str, fields: list[str], strings: bool) -> dict[str, Any]:
        items = [
            {"id": str(code) if strings else code, "description": label, "category": 0, "sort_key": key}
            | ({"obsolete": True} if (name, label) in OBSOLETE else {})
            for key, (code, label) in enumerate(self.lists[name].items(), 1)
        ]
        none = {"id": 0, "description": "&lt;None&gt;", "sort_key": 0}  # escaped so by Veracross itself
        return {"fields": fields, "items": items, "categories": [none]}
