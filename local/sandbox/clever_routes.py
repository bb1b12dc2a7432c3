"""Which paths each version of Clever's API has, and which records stand behind a nested one.

The tables are written from the published specs; tests/contract checks them against the specs, path by path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from .clever_relations import Relations

Query = dict[str, str]
Select = Callable[[Relations, str, Query], Iterable[str | None]]


class Nested(NamedTuple):
    kind: str  # what the path lists, in that version's kinds; "resources" is answered in its own way
    select: Select
    many: bool = True
    roles: tuple[str, ...] = ()  # the roles that `role=` may name


def none(r: Relations, i: str, q: Query) -> list[str]:
    return []


def _of_section(fact: str) -> Select:
    return lambda r, i, q: r.of_sections([i], fact)


def _index(name: str) -> Select:
    return lambda r, i, q: getattr(r, name).get(i, ())


def _through(name: str, fact: str) -> Select:
    """The schools, terms or courses of all sections that an index lists."""
    return lambda r, i, q: r.of_sections(getattr(r, name).get(i, ()), fact)


def _school_users(r: Relations, i: str, q: Query) -> set[str]:
    listed = r.primary_users_of_school if q.get("primary") == "true" else r.users_of_school
    roles = [q["role"]] if q.get("role") else ["staff", "student", "teacher"]
    return {u for role in roles for u in listed.get(f"{i}/{role}", ())}


def _primary(role: str) -> Select:
    """v2 lists a school's people only at their primary school."""
    return lambda r, i, q: r.primary_users_of_school.get(f"{i}/{role}", ())


def _section_users(r: Relations, i: str, q: Query) -> set[str]:
    students, teachers = r.students_of([i]), r.teachers_of([i])
    return {"student": students, "teacher": teachers}.get(q.get("role", ""), students | teachers)


def _user_schools(r: Relations, i: str, q: Query) -> set[str]:
    return r.schools_of_user(i, q.get("primary") == "true")


DISTRICT = Nested("districts", none, many=False)  # the one district: the server knows it
RESOURCES = Nested("resources", none)
_SECTION_ONE = {
    "course": Nested("courses", _of_section("course"), many=False),
    "district": DISTRICT,
    "school": Nested("schools", _of_section("school"), many=False),
    "term": Nested("terms", _of_section("term"), many=False),
}
_SECTIONS_OF_USER = Nested("sections", _index("sections_of_user"))
_SCHOOLS_OF_USER = Nested("schools", _user_schools)
_SCHOOL_OF_USER = Nested("schools", lambda r, i, q: r.schools_of_user(i, primary=True), many=False)

V3: dict[str, dict[str, Nested]] = {
    "districts": {},
    "schools": {
        "courses": Nested("courses", _through("sections_of_school", "course")),
        "district": DISTRICT,
        "sections": Nested("sections", _index("sections_of_school")),
        "terms": Nested("terms", _through("sections_of_school", "term")),
        "users": Nested("users", _school_users, roles=("staff", "student", "teacher")),
    },
    "terms": {
        "district": DISTRICT,
        "schools": Nested("schools", _through("sections_of_term", "school")),
        "sections": Nested("sections", _index("sections_of_term")),
    },
    "courses": {
        "district": DISTRICT,
        "resources": RESOURCES,
        "schools": Nested("schools", _through("sections_of_course", "school")),
        "sections": Nested("sections", _index("sections_of_course")),
    },
    "sections": {
        **_SECTION_ONE,
        "resources": RESOURCES,
        "users": Nested("users", _section_users, roles=("student", "teacher")),
    },
    "users": {
        "district": DISTRICT,
        "mycontacts": Nested("users", _index("contacts_of_student")),
        "mystudents": Nested("users", lambda r, i, q: r.students_of_user(i)),
        "myteachers": Nested("users", lambda r, i, q: r.teachers_of_student(i)),
        "resources": RESOURCES,
        "schools": _SCHOOLS_OF_USER,
        "sections": _SECTIONS_OF_USER,
    },
}
V2: dict[str, dict[str, Nested]] = {
    "districts": {},
    "schools": {
        "district": DISTRICT,
        "sections": Nested("sections", _index("sections_of_school")),
        "students": Nested("students", _primary("student")),
        "teachers": Nested("teachers", _primary("teacher")),
    },
    "terms": {"district": DISTRICT, "sections": Nested("sections", _index("sections_of_term"))},
    "courses": {"district": DISTRICT, "sections": Nested("sections", _index("sections_of_course"))},
    "sections": {
        **_SECTION_ONE,
        "students": Nested("students", lambda r, i, q: r.students_of([i])),
        "teacher": Nested("teachers", lambda r, i, q: r.sections[i].teachers[:1], many=False),
        "teachers": Nested("teachers", lambda r, i, q: r.teachers_of([i])),
    },
    "students": {
        "contacts": Nested("contacts", _index("contacts_of_student")),
        "district": DISTRICT,
        "school": _SCHOOL_OF_USER,
        "schools": _SCHOOLS_OF_USER,
        "sections": _SECTIONS_OF_USER,
        "teachers": Nested("teachers", lambda r, i, q: r.teachers_of_student(i)),
    },
    "teachers": {
        "district": DISTRICT,
        "school": _SCHOOL_OF_USER,
        "schools": _SCHOOLS_OF_USER,
        "sections": _SECTIONS_OF_USER,
        "students": Nested("students", lambda r, i, q: r.students_of_user(i)),
    },
    "school_admins": {"district": DISTRICT, "schools": _SCHOOLS_OF_USER},
    "district_admins": {"district": DISTRICT},
    "contacts": {"district": DISTRICT, "students": Nested("students", lambda r, i, q: r.students_of_user(i))},
}
USER_ROLES = ("contact", "district_admin", "staff", "student", "teacher")
VERSIONS = {"v2.0": V2, "v2.1": V2, "v3.0": V3, "v3.1": V3}

# The links of a single record, as recorded: not every nested path, and some in camel case.
LINKS = {
    "schools": ("district", "sections", "users", "terms", "courses"),
    "terms": ("district", "sections", "schools"),
    "courses": ("district", "sections", "schools"),
    "sections": ("district", "school", "term", "course", "users"),
    "student": ("district", "sections", "myContacts", "myTeachers", "schools"),
    "teacher": ("district", "sections", "myStudents", "schools"),
    "contact": ("district", "myStudents"),
}


def related_links(version: str, kind: str, roles: list[str]) -> list[str]:
    """v2's own links are not recorded: there, every nested path is named."""
    if not version.startswith("v3"):
        return list(VERSIONS[version][kind])
    names = [name for k in (roles or [kind]) for name in LINKS.get(k, ("district",) if roles else ())]
    return list(dict.fromkeys(names))
