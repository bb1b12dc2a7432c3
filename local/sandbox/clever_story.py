"""What can happen to a school district between two nights, as small named changes to a CleverDistrict.

Each is one sync from the school's SIS into Clever, so each moves the district's `last_sync`, as Clever would.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import RLock
from typing import Any

from .clever_tables import Record, Table

NEW_IDS = 0x6A000000  # the "creation time" of what joins later, so that it sorts after everything else


class Story:
    tables: dict[str, Table]
    lock: RLock
    revision: int
    id: str
    _joined = 0

    @contextmanager
    def synced(self) -> Iterator[None]:
        """Inside, the source changes; after it, Clever has taken the change over."""
        with self.lock:
            yield
            record = self.tables["districts"].get(self.id)
            last = datetime.fromisoformat(record["last_sync"].replace("Z", "+00:00")) + timedelta(hours=1)
            record["last_sync"] = last.strftime("%Y-%m-%dT%H:%M:%S.") + "000Z"
            self.tables["districts"].put(record)
            self.revision += 1

    def new_id(self) -> str:
        self._joined += 1
        return f"{NEW_IDS:08x}{0:08x}{self._joined:08x}"

    def edit(self, kind: str, record_id: str, **changes: Any) -> None:
        """Set top-level fields of any record; None writes null."""
        with self.synced():
            self.tables[kind].put(self.tables[kind].get(record_id) | changes)

    # -- people

    def leave(self, user_id: str) -> list[tuple[str, Record]]:
        """A person leaves; with a student go contacts of no one else. come_back takes what is returned."""
        with self.synced():
            gone = [("users", self.tables["users"].pop(user_id))]
            for contact, facts in list(self.tables["users"].facts.items()):
                if user_id in facts.students:
                    gone.append(("users", self._unrelate(contact, user_id)))
            for section, facts in list(self.tables["sections"].facts.items()):
                if user_id in facts.students or user_id in facts.teachers:
                    gone.append(("sections", self._unenrol(section, user_id)))
            return gone

    def come_back(self, gone: list[tuple[str, Record]]) -> None:
        """Restored as it was, under the same ids."""
        with self.synced():
            for kind, record in gone:
                self.tables[kind].put(record)

    def vanish(self, user_id: str) -> None:
        """No longer shared, while its sections still name it: a member id that answers 404."""
        with self.synced():
            self.tables["users"].pop(user_id)

    def join(self, like: str | None = None, *, sections: tuple[str, ...] = (), **fields: Any) -> str:
        """A new student (or a person like the given one), enrolled in the sections; the new id."""
        with self.synced():
            users = self.tables["users"]
            like = like or next(i for i, facts in users.facts.items() if "student" in facts.role_names)
            record = users.get(like) | {"id": self.new_id(), "name": {"first": "Nova", "last": "Comer"}} | fields
            for role in record["roles"].values():
                role.pop("legacy_id", None)
                role |= {"sis_id": record["id"][-6:]} if "sis_id" in role else {}
            users.put(record)
            for section in sections:
                self._enrol(section, record["id"])
            return str(record["id"])

    def change_email(self, user_id: str, email: str) -> str:
        """For a contact without SIS id that is a deletion and a new contact: the e-mail is who they are."""
        with self.synced():
            record = self.tables["users"].get(user_id) | {"email": email}
            for role in record["roles"].values():
                role |= {"email": email} if "email" in role else {}
            contact = record["roles"].get("contact")
            if contact and not contact.get("sis_id"):
                return self._renamed(record)
            self.tables["users"].put(record)
            return user_id

    def change_sis_id(self, user_id: str, sis_id: str) -> str:
        """The person is the same and the Clever id is new."""
        with self.synced():
            record = self.tables["users"].get(user_id)
            for role in record["roles"].values():
                role |= {"sis_id": sis_id} if "sis_id" in role else {}
            return self._renamed(record)

    def rotate_ids(self, role: str) -> dict[str, str]:
        """Everyone with a role under a new id, as after a re-import; old to new."""
        with self.synced():
            facts = self.tables["users"].facts
            new = {i: self.new_id() for i in sorted(facts) if role in facts[i].role_names}
            self._rename(new)
            return new

    def _renamed(self, record: Record) -> str:
        self.tables["users"].put(record)
        new = self.new_id()
        self._rename({record["id"]: new})
        return new

    def _rename(self, new: dict[str, str]) -> None:
        """Under new ids, there and wherever they are named; what an id was in v2 is forgotten."""
        users, sections = self.tables["users"], self.tables["sections"]
        for old in new:
            record = users.pop(old) | {"id": new[old]}
            for role in record["roles"].values():
                role.pop("legacy_id", None)
            users.put(record)
        named = [(users, i) for i, f in users.facts.items() if not new.keys().isdisjoint(f.students)]
        for i, facts in sections.facts.items():
            if not new.keys().isdisjoint((*facts.students, *facts.teachers)):
                named.append((sections, i))
        for table, i in named:
            table.put(replaced(table.get(i), new))

    def _unrelate(self, contact: str, student: str) -> Record:
        users = self.tables["users"]
        before = users.pop(contact)
        related = [r for r in before["roles"]["contact"]["student_relationships"] if r["student"] != student]
        if related:
            role = before["roles"]["contact"] | {"student_relationships": related}
            record = before | {"roles": before["roles"] | {"contact": role}}
            users.put(record)
        return before

    # -- sections

    def add_section(self, like: str | None = None, **fields: Any) -> str:
        with self.synced():
            sections = self.tables["sections"]
            new = sections.get(like or next(iter(sections.rows))) | {"id": self.new_id(), "name": "New class"}
            sections.put(new | fields)
            return str(new["id"])

    def drop_section(self, section_id: str) -> list[tuple[str, Record]]:
        with self.synced():
            return [("sections", self.tables["sections"].pop(section_id))]

    def enrol(self, section_id: str, student_id: str) -> None:
        with self.synced():
            self._enrol(section_id, student_id)

    def unenrol(self, section_id: str, user_id: str) -> None:
        with self.synced():
            self._unenrol(section_id, user_id)

    def _enrol(self, section_id: str, student_id: str) -> None:
        record = self.tables["sections"].get(section_id)
        self.tables["sections"].put(record | {"students": [*(record.get("students") or ()), student_id]})

    def _unenrol(self, section_id: str, user_id: str) -> Record:
        sections = self.tables["sections"]
        before = sections.get(section_id)
        record = before | {k: [i for i in before.get(k) or () if i != user_id] for k in ("students", "teachers")}
        if record.get("teacher") == user_id:
            record["teacher"] = next(iter(record["teachers"]), None)
        sections.put(record)
        return before

    # -- terms, schools, the district

    def roll_over_terms(self) -> dict[str, str]:
        """A new school year: new ids for every term and section, a year later; old term id to new."""
        with self.synced():
            terms, sections = self.tables["terms"], self.tables["sections"]
            new = {old: self.new_id() for old in list(terms.rows)}
            for old in new:
                terms.put(_a_year_later(terms.pop(old)) | {"id": new[old]})
            for old in list(sections.rows):
                record = sections.pop(old)
                term = {"term_id": new[record["term_id"]]} if record.get("term_id") else {}
                sections.put(record | term | {"id": self.new_id()})
            return new

    def unshare_school(self, school_id: str) -> list[tuple[str, Record]]:
        """The school, its sections and whoever was at no other school vanish. come_back shares it again."""
        with self.synced():
            gone = [("schools", self.tables["schools"].pop(school_id))]
            sections = self.tables["sections"]
            here = [i for i, facts in sections.facts.items() if facts.school == school_id]
            gone += [("sections", sections.pop(i)) for i in here]
            gone += [("users", self.tables["users"].pop(i)) for i in self._only_at(school_id)]
            return gone

    def _only_at(self, school_id: str) -> list[str]:
        facts = self.tables["users"].facts
        at = {i for i, f in facts.items() if (s := {x for *_, own in f.roles for x in own}) and s == {school_id}}
        return sorted(at | {i for i, f in facts.items() if f.students and at.issuperset(f.students)})

    def set_state(self, state: str, error: str = "") -> None:
        """running, success, pending, error or paused: how the district's own sync is. last_sync stays."""
        with self.lock:
            record = self.tables["districts"].get(self.id) | {"state": state, "error": error}
            self.tables["districts"].put(record)
            self.revision += 1

    def sync_again(self) -> None:
        """A sync that changed nothing."""
        with self.synced():
            pass


def _a_year_later(term: Record) -> Record:
    dates = {k: f"{int(term[k][:4]) + 1}{term[k][4:]}" for k in ("start_date", "end_date") if term.get(k)}
    return term | dates


def replaced(value: Any, new: dict[str, str]) -> Any:
    """The same JSON with every old id, at any depth, made new."""
    if isinstance(value, dict):
        return {k: replaced(v, new) for k, v in value.items()}
    if isinstance(value, list):
        return [replaced(v, new) for v in value]
    return new.get(value, value) if isinstance(value, str) else value
