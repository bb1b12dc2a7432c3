"""Which paths OneRoster has, and which rows stand behind each: the same tails in 1.1 and 1.2.

The tables are written from the fact sheet; tests/contract checks them against the official file, path by path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from .oneroster_query import Refused
from .oneroster_rows import Record, role_names

if TYPE_CHECKING:
    from .oneroster_data import OneRosterDistrict


class Nested(NamedTuple):
    kind: str
    word: str  # what keeps a row in the list, as in TOP
    select: Callable[[OneRosterDistrict, list[str]], Iterable[str]]  # of the ids in the path


class Found(NamedTuple):
    """What a path means: one record, or a list; `word` is the path's last word."""

    kind: str
    word: str
    single: str | None = None
    parents: tuple[tuple[str, str], ...] = ()  # (word, id) that the list is nested under
    nested: Nested | None = None


# The word of a path, and the kind of record behind it.
TOP = {
    "orgs": "orgs",
    "schools": "orgs",
    "academicSessions": "academicSessions",
    "terms": "academicSessions",
    "gradingPeriods": "academicSessions",
    "courses": "courses",
    "classes": "classes",
    "users": "users",
    "students": "users",
    "teachers": "users",
    "enrollments": "enrollments",
    "demographics": "demographics",
}
_TYPE_OF = {"schools": "school", "terms": "term", "gradingPeriods": "gradingPeriod"}
_ROLE_OF = {"students": "student", "teachers": "teacher"}


def belongs(word: str, record: Record, version: str) -> bool:
    """Whether /schools lists this org, /students this user, and so on."""
    if word in _TYPE_OF:
        return bool(record["type"] == _TYPE_OF[word])
    return word not in _ROLE_OF or _ROLE_OF[word] in role_names(record, version)


def _people_at(district: OneRosterDistrict, ids: list[str]) -> list[str]:
    users = district.tables["users"]
    return [i for i, u in users.items() if any(org == ids[0] for _, org in u["held"])]


def _enrolled(role: str) -> Callable[[OneRosterDistrict, list[str]], list[str]]:
    def select(district: OneRosterDistrict, ids: list[str]) -> list[str]:
        rows = [district.tables["enrollments"][e] for e in district.relations.enrollments_of_class.get(ids[-1], ())]
        return list(dict.fromkeys(e["user"] for e in rows if e["role"] == role))

    return select


def _classes_of_user(district: OneRosterDistrict, ids: list[str]) -> list[str]:
    return list(dict.fromkeys(district.classes_of(ids[0])))


def _at_school(field: str) -> Callable[[OneRosterDistrict, list[str]], list[str]]:
    def select(district: OneRosterDistrict, ids: list[str]) -> list[str]:
        classes = [district.tables["classes"][c] for c in district.relations.classes_of_school.get(ids[0], ())]
        found = [i for c in classes for i in (c[field] if isinstance(c[field], list) else [c[field]])]
        return [i for i in dict.fromkeys(found) if i]

    return select


def _periods(district: OneRosterDistrict, ids: list[str]) -> list[str]:
    return list(district.tables["academicSessions"][ids[0]]["children"])


NESTED: dict[tuple[str, ...], Nested] = {
    ("schools", "courses"): Nested("courses", "courses", _at_school("course")),
    ("schools", "enrollments"): Nested(
        "enrollments", "enrollments", lambda d, i: d.relations.enrollments_of_school.get(i[0], ())
    ),
    ("schools", "classes"): Nested("classes", "classes", lambda d, i: d.relations.classes_of_school.get(i[0], ())),
    ("schools", "students"): Nested("users", "students", _people_at),
    ("schools", "teachers"): Nested("users", "teachers", _people_at),
    ("schools", "terms"): Nested("academicSessions", "terms", _at_school("terms")),
    ("schools", "classes", "enrollments"): Nested(
        "enrollments", "enrollments", lambda d, i: d.relations.enrollments_of_class.get(i[1], ())
    ),
    ("schools", "classes", "students"): Nested("users", "users", _enrolled("student")),
    ("schools", "classes", "teachers"): Nested("users", "users", _enrolled("teacher")),
    ("terms", "classes"): Nested("classes", "classes", lambda d, i: d.relations.classes_of_term.get(i[0], ())),
    ("terms", "gradingPeriods"): Nested("academicSessions", "gradingPeriods", _periods),
    ("courses", "classes"): Nested("classes", "classes", lambda d, i: d.relations.classes_of_course.get(i[0], ())),
    ("students", "classes"): Nested("classes", "classes", _classes_of_user),
    ("teachers", "classes"): Nested("classes", "classes", _classes_of_user),
    ("users", "classes"): Nested("classes", "classes", _classes_of_user),
    ("classes", "students"): Nested("users", "users", _enrolled("student")),
    ("classes", "teachers"): Nested("users", "users", _enrolled("teacher")),
}


def found(tail: str) -> Found:
    """What the part of a path after the version means; ids in it are percent-encoded, slashes too."""
    words = [unquote(part) for part in tail.strip("/").split("/")]
    kind = TOP.get(words[0])
    if kind and len(words) == 1:
        return Found(kind, words[0])
    if kind and len(words) == 2:
        return Found(kind, words[0], single=words[1])
    nested = NESTED.get(tuple(words[::2])) if len(words) % 2 else None
    if nested is None:
        raise Refused(404, "unknownobject", f"There is nothing at {tail[:80]}")
    return Found(nested.kind, words[-1], parents=tuple(zip(words[::2], words[1::2], strict=False)), nested=nested)


def scope_of(what: Found) -> str:
    """The scope that the path is under; `roster` is enough for what is in `roster-core` too."""
    if what.kind == "demographics":
        return "roster-demographics"
    return "roster" if what.nested else "roster-core"
