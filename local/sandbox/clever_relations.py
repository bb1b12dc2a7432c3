"""Who belongs to what in a Clever district: the indexes that nested lists are cut from.

Each is built when it is first asked for, and all are thrown away when the district changes.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from .clever_tables import SectionFacts, Table, UserFacts

Index = dict[str, list[str]]


def index(pairs: Iterable[tuple[str | None, str]]) -> Index:
    """Key to the sorted, distinct values that stand with it."""
    grouped: dict[str, set[str]] = {}
    for key, value in pairs:
        if key is not None:
            grouped.setdefault(key, set()).add(value)
    return {key: sorted(values) for key, values in grouped.items()}


class Relations:
    def __init__(self, tables: dict[str, Table]) -> None:
        self.sections: dict[str, SectionFacts] = tables["sections"].facts
        self.users: dict[str, UserFacts] = tables["users"].facts

    @cached_property
    def users_with_role(self) -> Index:
        return index((role, i) for i, facts in self.users.items() for role in facts.role_names)

    @cached_property
    def users_of_school(self) -> Index:
        """By "school/role", whether it is their primary school or not."""
        return index(
            (f"{school}/{role}", i)
            for i, facts in self.users.items()
            for role, _, _, schools in facts.roles
            for school in schools
        )

    @cached_property
    def primary_users_of_school(self) -> Index:
        """Staff have no primary school in v3."""
        return index(
            (f"{primary}/{role}", i)
            for i, facts in self.users.items()
            for role, _, primary, _ in facts.roles
            if primary
        )

    @cached_property
    def contacts_of_student(self) -> Index:
        return index((student, i) for i, facts in self.users.items() for student in facts.students)

    @cached_property
    def sections_of_user(self) -> Index:
        return index((u, i) for i, s in self.sections.items() for u in (*s.students, *s.teachers))

    @cached_property
    def sections_of_school(self) -> Index:
        return index((s.school, i) for i, s in self.sections.items())

    @cached_property
    def sections_of_term(self) -> Index:
        return index((s.term, i) for i, s in self.sections.items())

    @cached_property
    def sections_of_course(self) -> Index:
        return index((s.course, i) for i, s in self.sections.items())

    def schools_of_user(self, user: str, primary: bool = False) -> set[str]:
        roles = self.users[user].roles
        return {p for _, _, p, _ in roles if p} if primary else {s for *_, schools in roles for s in schools}

    def teachers_of(self, sections: Iterable[str]) -> set[str]:
        return {t for i in sections for t in self.sections[i].teachers}

    def students_of(self, sections: Iterable[str]) -> set[str]:
        return {s for i in sections for s in self.sections[i].students}

    def students_of_user(self, user: str) -> set[str]:
        """A teacher's students, or a contact's; a student has none."""
        related = set(self.users[user].students)
        taught = [i for i in self.sections_of_user.get(user, ()) if user in self.sections[i].teachers]
        return related | self.students_of(taught)

    def teachers_of_student(self, student: str) -> set[str]:
        return self.teachers_of(
            i for i in self.sections_of_user.get(student, ()) if student in self.sections[i].students
        )

    def of_sections(self, sections: Iterable[str], fact: str) -> set[str]:
        """The schools, terms or courses that some sections name."""
        return {value for i in sections if (value := getattr(self.sections[i], fact))}
