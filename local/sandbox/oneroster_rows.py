"""OneRoster's records as the wire has them: which fields each version has, in which order, and what refers to what.

The district keeps one neutral record of each thing (ids for references, None for what is not known); both
versions are told from it, so that a reader of the one can be compared with a reader of the other.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from typing import Any
from urllib.parse import quote

Record = dict[str, Any]
V11, V12 = "v1p1", "v1p2"
BASES = {V11: "/ims/oneroster/v1p1", V12: "/ims/oneroster/rostering/v1p2"}

SINGULAR = {
    "orgs": "org",
    "academicSessions": "academicSession",
    "courses": "course",
    "classes": "class",
    "users": "user",
    "enrollments": "enrollment",
    "demographics": "demographics",  # the one word that is its own singular
}
KINDS = tuple(SINGULAR)

ALWAYS = ("sourcedId", "status", "dateLastModified")
_USER_NAMES = ("username", "userIds", "enabledUser", "givenName", "familyName", "middleName")
_USER_REST = ("identifier", "email", "sms", "phone", "agents")
_SHARED_FIELDS = {
    "orgs": ("name", "type", "identifier", "parent", "children"),
    "academicSessions": ("title", "startDate", "endDate", "type", "parent", "children", "schoolYear"),
    "courses": ("title", "schoolYear", "courseCode", "grades", "subjects", "org", "subjectCodes"),
    "classes": (
        "title",
        "classCode",
        "classType",
        "location",
        "grades",
        "subjects",
        "course",
        "school",
        "terms",
        "subjectCodes",
        "periods",
    ),
    "enrollments": ("user", "class", "school", "role", "primary", "beginDate", "endDate"),
    "demographics": ("birthDate", "sex"),
}
_PEOPLE = {
    V11: (*_USER_NAMES, "role", *_USER_REST, "orgs", "grades", "password"),
    V12: (*_USER_NAMES, "preferredFirstName", "roles", "primaryOrg", *_USER_REST, "grades", "password"),
}
FIELDS = {
    version: {kind: ALWAYS + (_PEOPLE[version] if kind == "users" else _SHARED_FIELDS[kind]) for kind in KINDS}
    for version in BASES
}
# A record without these breaks the standard, so even a sparing provider writes them.
REQUIRED = {
    "orgs": {*ALWAYS, "name", "type", "identifier"},
    "academicSessions": {*ALWAYS, "title", "type", "schoolYear"},
    "courses": {*ALWAYS, "title", "courseCode"},
    "classes": {*ALWAYS, "title", "terms"},
    "users": {*ALWAYS, "givenName", "familyName", "username", "orgs", "roles"},
    "enrollments": set(ALWAYS),
    "demographics": set(ALWAYS),
}

REFERS = {
    ("orgs", "parent"): "orgs",
    ("orgs", "children"): "orgs",
    ("academicSessions", "parent"): "academicSessions",
    ("academicSessions", "children"): "academicSessions",
    ("courses", "schoolYear"): "academicSessions",
    ("courses", "org"): "orgs",
    ("classes", "course"): "courses",
    ("classes", "school"): "orgs",
    ("classes", "terms"): "academicSessions",
    ("users", "agents"): "users",
    ("users", "orgs"): "orgs",
    ("users", "primaryOrg"): "orgs",
    ("enrollments", "user"): "users",
    ("enrollments", "class"): "classes",
    ("enrollments", "school"): "orgs",
}
# 1.1 has one word for all who administer.
_OLD_ROLE = {"siteAdministrator": "administrator", "districtAdministrator": "administrator"}
PARENT_ROLES = ("parent", "guardian", "relative")


@lru_cache(100_000)
def escaped(sourced_id: str) -> str:
    return quote(sourced_id, safe="")


def role_names(user: Record, version: str) -> list[str]:
    """The roles that a reader of this version sees: 1.1 has room for the first alone."""
    names = [role for role, _ in user["held"]]
    return [_OLD_ROLE.get(names[0], names[0])] if version == V11 else names


class Teller:
    """Tells records of one version; `base` is where its references say that things are."""

    def __init__(self, version: str, base: str) -> None:
        self.version, self.base = version, base

    def ref(self, kind: str, sourced_id: str) -> Record:
        return {
            "href": f"{self.base}/{kind}/{escaped(sourced_id)}",
            "sourcedId": sourced_id,
            "type": SINGULAR[kind],
        }

    def told(self, kind: str, record: Record, only: Collection[str] | None = None) -> Record:
        """The record with all its fields, None and [] included; `only` names the few that are wanted."""
        if kind == "users":
            record = {**record, **self._standing(record)}
        row = {}
        for field in FIELDS[self.version][kind]:
            if only is None or field in only:
                value = record.get(field)
                if value and (target := REFERS.get((kind, field))):
                    value = [self.ref(target, i) for i in value] if isinstance(value, list) else self.ref(target, value)
                row[field] = value
        return row

    def _standing(self, user: Record) -> Record:
        """What someone is, and where: 1.1 has one role and a list of orgs, 1.2 a list of roles at orgs."""
        held = user["held"]
        orgs = list(dict.fromkeys(org for _, org in held))
        if self.version == V11:
            return {"role": role_names(user, V11)[0], "orgs": orgs}
        roles, seen = [], set()
        for role, org in held:  # exactly one role at each org is the primary one
            kind = "secondary" if org in seen else "primary"
            seen.add(org)
            roles.append({"roleType": kind, "role": role, "org": self.ref("orgs", org)})
        return {"roles": roles, "primaryOrg": orgs[0]}
