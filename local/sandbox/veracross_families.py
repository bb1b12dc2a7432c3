"""Who is what to whom at a made-up Veracross school: the rows of /relationships, in both directions.

The related person *is the relationship to* the person: student 10's mother 20 is {10, 20, Mother}. Veracross
makes the row of the other direction itself; what is true of custody and portal stands on the student's row.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

from .veracross_people import Family, People, Person, student_id
from .veracross_values import ValueLists

Record = dict[str, Any]

_WORDS = {  # for a woman, a man, anyone
    "parent": ("Mother", "Father", "Parent"),
    "step-parent": ("Step-Mother", "Step-Father", "Step-Father"),
    "grandparent": ("Grandmother", "Grandfather", "Grandmother"),
    "child": ("Daughter", "Son", "Child"),
    "step-child": ("Step-Daughter", "Step-Son", "Step-Child"),
    "grandchild": ("Granddaughter", "Grandson", "Grandchild"),
    "sibling": ("Sister", "Brother", "Sibling"),
    "spouse": ("Wife", "Husband", "Domestic Partner"),
    "ex-spouse": ("Ex-Wife", "Ex-Husband", "Domestic Partner"),
}
FLAGS = (
    "resident legal_custody emergency pick_up parent_portal_access profile_update_permission"
    " receive_general_correspondence receive_report_cards receive_invoices receive_other medical_notification"
).split()
_EVERY_FLAG = dict.fromkeys(FLAGS, True)


def word(kind: str, person: Person) -> str:
    return _WORDS[kind]["FMX".index(person.gender)]


class Relations:
    def __init__(self, people: People, values: ValueLists, odd: dict[str, list[int]]) -> None:
        self.people, self.values, self.odd = people, values, odd
        self._id = 100_000

    def records(self) -> Iterator[Record]:
        for family in self.people.families.values():
            children = [self.people.everyone[student_id(n)] for n in family.children]
            for child in children:
                yield from self._adults_of(child, family)
            for one, other in combinations(children, 2):
                yield from self.pair(one, other, word("sibling", other), word("sibling", one))
            yield from self._couples(family)

    def _adults_of(self, child: Person, family: Family) -> Iterator[Record]:
        for k, parent in enumerate(family.parents):
            label = family.guardian if not k and family.guardian else word("parent", parent)
            flags, odd = self._rights(family, k)
            back = "Ward" if not k and family.guardian else word("child", child)
            yield from self._noted(odd, self.pair(child, parent, label, back, **flags))
        if "divorced parents" in family.odd and len(family.parents) == 2:
            self.odd["divorced parents"].append(child.id)
        if step := family.step_parent:
            flags = {"resident": True, "emergency": True, "pick_up": True}
            rows = self.pair(child, step, word("step-parent", step), word("step-child", child), **flags)
            yield from self._noted("step-parent without custody", rows)
        for grandparent in family.grandparents:
            labels = word("grandparent", grandparent), word("grandchild", child)
            portal = "grandparent with portal access" in family.odd
            rights = {"emergency": True, "pick_up": True, "parent_portal_access": portal}
            rows = self.pair(child, grandparent, labels[0], labels[1], **rights)
            yield from self._noted("grandparent with portal access" if portal else "", rows)

    def _rights(self, family: Family, k: int) -> tuple[dict[str, bool], str]:
        """The flags of a parent, and what is odd about them: only second parents are."""
        if k == 0 or family.parents[k].deceased:
            return _EVERY_FLAG, ""
        if "divorced parents" in family.odd:
            return _EVERY_FLAG | {"resident": False}, ""
        if "custody without portal access" in family.odd:
            return {"legal_custody": True}, "custody without portal access"
        if "portal access without custody" in family.odd:
            return {"parent_portal_access": True}, "portal access without custody"
        return _EVERY_FLAG, ""

    def _couples(self, family: Family) -> Iterator[Record]:
        if len(family.parents) < 2:
            return
        one, other = family.parents
        kind = "ex-spouse" if "divorced parents" in family.odd else "spouse"
        yield from self.pair(one, other, word(kind, other), word(kind, one))
        if step := family.step_parent:
            yield from self.pair(one, step, word("spouse", step), word("spouse", one))

    def _noted(self, name: str, rows: list[Record]) -> list[Record]:
        if name:
            self.odd[name].append(rows[0]["id"])
        return rows

    # -- rows

    def pair(self, person: Person, related: Person, label: str, back: str, **flags: bool) -> list[Record]:
        """Both directions. `_side`: child for the row of a student about an adult, adult for its mirror."""
        side = "child" if flags else ""
        row = self._row(person, related, label) | flags
        mirror = self._row(related, person, back) | {"_mirror": True}
        if side:
            row |= {"_side": "child", "custody_status": "Custody" if flags.get("legal_custody") else None}
            mirror["_side"] = "adult"
        return [row, mirror]

    def _row(self, person: Person, related: Person, label: str) -> Record:
        self._id += 1
        return {
            "id": self._id,
            "person_id": person.id,
            "related_person_id": related.id,
            "first_name": related.first,
            "middle_name": related.middle,
            "last_name": related.last,
            "preferred_name": related.preferred,
            "relationship": self.values.code("relationship", label),
            "custody_status": None,
            **dict.fromkeys(FLAGS, False),
            "related_person_is_deceased": related.deceased,
            "_roles": [self.values.code("role", r) for r in person.roles],
            "_related_roles": [self.values.code("role", r) for r in related.roles],
            "_side": "",
            "_mirror": False,
        }
