"""Clever v3 records kept as encoded JSON, with the few facts that lists select on beside each.

Encoded, because 230,000 people as Python dicts would take gigabytes, and because a page is then a
join of bytes.
"""

from __future__ import annotations

import json
from sys import intern
from typing import Any, NamedTuple

Record = dict[str, Any]
_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode


def encoded(record: Record) -> bytes:
    return _encode(record).encode()


class UserFacts(NamedTuple):
    roles: tuple[tuple[str, str, str | None, tuple[str, ...]], ...]  # (role, legacy id, primary school, schools)
    students: tuple[str, ...] = ()  # whom a contact is related to

    @property
    def role_names(self) -> list[str]:
        return [role for role, *_ in self.roles]

    def legacy(self, role: str) -> str | None:
        return next((old for name, old, *_ in self.roles if name == role), None)


class SectionFacts(NamedTuple):
    school: str
    term: str | None
    course: str | None
    teachers: tuple[str, ...]
    students: tuple[str, ...]


def user_facts(user: Record) -> UserFacts:
    roles = tuple([_role_facts(user["id"], name, role) for name, role in user["roles"].items()])
    contact = user["roles"].get("contact")
    return UserFacts(roles, tuple(r["student"] for r in contact["student_relationships"]) if contact else ())


def _role_facts(user_id: str, name: str, role: Record) -> tuple[str, str, str | None, tuple[str, ...]]:
    legacy = user_id if name == "student" else role.get("legacy_id") or user_id
    return name, legacy, role.get("school"), _ids(role.get("schools"))


def section_facts(section: Record) -> SectionFacts:
    return SectionFacts(
        section["school"],
        section.get("term_id"),
        section.get("course"),
        _ids(section.get("teachers")),
        _ids(section.get("students")),
    )


def _ids(ids: list[str] | None) -> tuple[str, ...]:
    """Each student is in some seven classes: one string for all of them."""
    return tuple([intern(i) for i in ids or ()])


FACTS = {"users": user_facts, "sections": section_facts}


class Table:
    """The records of one kind by id. The order does not matter: every list sorts."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.rows: dict[str, bytes] = {}
        self.facts: dict[str, Any] = {}

    def put(self, record: Record) -> None:
        record_id = intern(record["id"])
        self.rows[record_id] = encoded(record)
        if self.kind in FACTS:
            self.facts[record_id] = FACTS[self.kind](record)

    def get(self, record_id: str) -> Record:
        record: Record = json.loads(self.rows[record_id])
        return record

    def pop(self, record_id: str) -> Record:
        record = self.get(record_id)
        del self.rows[record_id]
        self.facts.pop(record_id, None)
        return record
