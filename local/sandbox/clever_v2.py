"""What Clever v2.0 and v2.1 say of a v3 record: one flat record per role, under the older ids.

v2.0 is v2.1 with fewer fields and shorter lists of grades.
"""

from __future__ import annotations

from collections.abc import Callable

from .clever_tables import Record

ROLE_OF = {
    "students": "student",
    "teachers": "teacher",
    "school_admins": "staff",
    "district_admins": "district_admin",
    "contacts": "contact",
}
COMMON = ("district", "email", "created", "last_modified")
V20_GRADES = {"PreKindergarten", "Kindergarten", *(str(n) for n in range(1, 13)), "PostGraduate", "Other"}
NOT_IN_V20 = {
    "districts": ("portal_url", "login_methods", "district_contact"),
    "students": ("enrollments", "ext"),
    "teachers": ("ext",),
    "school_admins": ("ext", "department"),
    "schools": ("ext",),
    "sections": ("ext",),
}
OldId = Callable[[str, str], str]  # (user id, role) -> the id in v2


def flatten(kind: str, record: Record, old_id: OldId) -> Record:
    """One v3 record as v2.1 tells it."""
    if kind == "sections":
        return _section(record, old_id)
    if kind == "contacts":
        return _contact(record, old_id)
    return _person(kind, record, old_id) if kind in ROLE_OF else record


def _person(kind: str, user: Record, old_id: OldId) -> Record:
    role = user["roles"][ROLE_OF[kind]]
    flat = {k: user[k] for k in COMMON if k in user}
    flat |= {"name": user.get("name", {})} | {k: v for k, v in role.items() if k not in ("legacy_id", "roles")}
    if kind.endswith("admins"):  # v2 keeps no dates for administrators, and only two names
        flat = {k: v for k, v in flat.items() if k not in ("created", "last_modified")}
        flat["name"] = {k: v for k, v in flat["name"].items() if k != "middle"}
        flat["email"] = flat.get("email") or ""
    return flat | {"id": old_id(user["id"], ROLE_OF[kind])}


def _contact(user: Record, old_id: OldId) -> Record:
    """One relationship for all of a contact's students, the first: that was wrong with v2 contacts."""
    role = user["roles"]["contact"]
    related = role["student_relationships"]
    flat: Record = {k: user[k] for k in ("district", "email") if k in user}
    flat |= {k: role[k] for k in ("phone", "phone_type", "sis_id") if k in role}
    first = {k: related[0][k] for k in ("relationship", "type") if related and k in related[0]}
    name = user.get("name", {}).get("last") or ""
    return (
        flat | first | {"id": old_id(user["id"], "contact"), "name": name, "students": [r["student"] for r in related]}
    )


def _section(section: Record, old_id: OldId) -> Record:
    teachers: Record = {"teachers": [old_id(t, "teacher") for t in section.get("teachers") or ()]}
    if section.get("teacher"):
        teachers["teacher"] = old_id(section["teacher"], "teacher")
    return section | teachers


def older(kind: str, record: Record) -> Record:
    """A v2.1 record as v2.0 tells it: fewer fields, and no blank where v2.0 lists no blank."""
    record = {k: v for k, v in record.items() if k not in NOT_IN_V20.get(kind, ())}
    for key in ("grade", "low_grade", "high_grade"):
        if record.get(key) and record[key] not in V20_GRADES:
            record[key] = "Other"
    if record.get("gender") == "X":
        record["gender"] = ""
    blank_in_v21_only = ("grade", "low_grade", "high_grade", "subject", "state")
    return {k: v for k, v in record.items() if not (k in blank_in_v21_only and v == "")}
