"""What happens in a OneRoster district between two nights: people join, leave, marry, are linked and unlinked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from threading import RLock
from typing import TYPE_CHECKING

from .district import THIS_YEAR
from .oneroster_forms import enrollment, stamp, user
from .oneroster_rows import PARENT_ROLES, V11, Record, role_names

if TYPE_CHECKING:
    from .oneroster_data import Relations

BORN = "2012-02-29"


class Story:
    tables: dict[str, dict[str, Record]]
    twins: dict[str, str]
    lock: RLock
    revision: int
    _changes = 0
    _joined = 0

    if TYPE_CHECKING:

        @property
        def relations(self) -> Relations: ...

        def put(self, kind: str, record: Record) -> None: ...
        def drop(self, kind: str, sourced_id: str) -> None: ...

    # -- who is there

    def with_role(self, *roles: str, active: bool = True) -> list[str]:
        """The users whose 1.1 role is one of these."""
        users = self.tables["users"].values()
        status = ("active",) if active else ("active", "tobedeleted")
        return [u["sourcedId"] for u in users if role_names(u, V11)[0] in roles and u["status"] in status]

    def students(self) -> list[str]:
        return self.with_role("student")

    def teachers(self) -> list[str]:
        return self.with_role("teacher")

    def parents(self) -> list[str]:
        return self.with_role(*PARENT_ROLES)

    def schools(self) -> list[str]:
        return [o["sourcedId"] for o in self._all("orgs") if o["type"] == "school" and o["status"] == "active"]

    def parents_of(self, student: str) -> list[str]:
        return list(self.tables["users"][student]["agents"])

    def classes_of(self, person: str) -> list[str]:
        return [self.tables["enrollments"][e]["class"] for e in self.relations.enrollments_of_user.get(person, ())]

    def _all(self, kind: str) -> Iterable[Record]:
        return self.tables[kind].values()

    # -- changing one record

    def change(self, kind: str, sourced_id: str, /, **fields: object) -> None:
        """Any fields of any record (neutral ones: ids for references); the record says when it was changed."""
        self.put(kind, {**self.tables[kind][sourced_id], **fields, "dateLastModified": self._now()})

    def _now(self) -> str:
        self._changes += 1
        return stamp(datetime(THIS_YEAR, 9, 1, 6) + timedelta(minutes=self._changes))

    def rename(self, person: str, given: str | None = None, family: str | None = None) -> None:
        told = self.tables["users"][person]
        self.change("users", person, givenName=given or told["givenName"], familyName=family or told["familyName"])

    def flag(self, kind: str, sourced_id: str, status: str = "tobedeleted") -> None:
        self.change(kind, sourced_id, status=status)

    def disable(self, person: str) -> None:
        self.change("users", person, enabledUser="false")

    def link(self, parent: str, student: str) -> None:
        for one, other in ((parent, student), (student, parent)):
            agents = dict.fromkeys([*self.tables["users"][one]["agents"], other])
            self.change("users", one, agents=list(agents))

    def unlink(self, parent: str, student: str) -> None:
        for one, other in ((parent, student), (student, parent)):
            self.change("users", one, agents=[a for a in self.tables["users"][one]["agents"] if a != other])

    def enrol(self, person: str, class_: str, role: str = "student", **more: str | None) -> str:
        school = self.tables["classes"][class_]["school"]
        record = enrollment(person, class_, school, role, 0, **more) | {"dateLastModified": self._now()}
        self.put("enrollments", record)
        return str(record["sourcedId"])

    def unenrol(self, person: str, class_: str, *, flagged: bool = False) -> None:
        for e in list(self.relations.enrollments_of_user.get(person, ())):
            if self.tables["enrollments"][e]["class"] == class_:
                self._remove("enrollments", e, flagged)

    def close_class(self, class_: str, *, flagged: bool = False) -> None:
        for e in list(self.relations.enrollments_of_class.get(class_, ())):
            self._remove("enrollments", e, flagged)
        self._remove("classes", class_, flagged)

    def _remove(self, kind: str, sourced_id: str, flagged: bool) -> None:
        if flagged:
            self.flag(kind, sourced_id)
        else:
            self.drop(kind, sourced_id)

    # -- people come and go

    def join(self, sourced_id: str = "", *, parents: int = 2, classes: int = 3, born: str | None = BORN) -> str:
        """A student with parents and classes, at the first school that has classes."""
        with self.lock:
            self._joined += 1
            me = sourced_id or f"new {self._joined}"
            school = next(s for s in self.schools() if self.relations.classes_of_school.get(s))
            older = [f"{me}/p{k + 1}" for k in range(parents)]
            self._put_new(me, "student", school, older, "Newton", f"Joiner{self._joined}", grades=["03"])
            for k, parent in enumerate(older):
                self._put_new(parent, "parent", school, [me], f"Parent{k + 1}", f"Joiner{self._joined}")
            self.put(
                "demographics",
                {"sourcedId": me, "status": "active", "dateLastModified": self._now(), "birthDate": born, "sex": None},
            )
            for c in self._running(school)[:classes]:
                self.enrol(me, c)
            return me

    def _running(self, school: str) -> list[str]:
        classes = self.tables["classes"]
        return [c for c in self.relations.classes_of_school[school] if classes[c]["status"] == "active"]

    def _put_new(
        self, me: str, role: str, school: str, agents: list[str], given: str, family: str, **more: object
    ) -> None:
        mail = f"{given}.{family}@mail.example.com".lower()
        name: Record = {"username": f"u{self._joined}-{me}", "givenName": given, "familyName": family, "email": mail}
        record = user(me, 0, [(role, school)], agents=agents, **name, **more)
        self.put("users", record | {"dateLastModified": self._now()})

    def leave(self, person: str, *, flagged: bool = False) -> None:
        """Someone's rows vanish, or are flagged tobedeleted; so do those of parents whose last child it was."""
        with self.lock:
            for e in list(self.relations.enrollments_of_user.get(person, ())):
                self._remove("enrollments", e, flagged)
            if person in self.tables["demographics"]:
                self._remove("demographics", person, flagged)
            agents = self.tables["users"][person]["agents"]
            was_student = "student" in [role for role, _ in self.tables["users"][person]["held"]]
            self._remove("users", person, flagged)
            for other in agents if not flagged or was_student else ():
                self._forget(other, person, flagged, was_student)

    def _forget(self, other: str, person: str, flagged: bool, was_student: bool) -> None:
        if (told := self.tables["users"].get(other)) is None:
            return
        left = [a for a in told["agents"] if a != person]
        if was_student and not left:
            self._remove("users", other, flagged)
        elif not flagged:
            self.change("users", other, agents=left)

    def half_gone(self) -> list[str]:
        """Every other student is no longer there, with all that names them; returns them."""
        with self.lock:
            gone = self.students()[1::2]
            names, tables = set(gone), self.tables
            for kind, field in (("users", "sourcedId"), ("demographics", "sourcedId"), ("enrollments", "user")):
                tables[kind] = {i: r for i, r in tables[kind].items() if r[field] not in names}
            for sid, told in list(tables["users"].items()):
                if not names.isdisjoint(told["agents"]):
                    tables["users"][sid] = {**told, "agents": [a for a in told["agents"] if a not in names]}
            self.revision += 1
            return gone

    # -- birth dates

    def set_birth_dates(self, how: str) -> None:
        """full: every student has one; partial: every third has none; blank: nobody has one."""
        with self.lock:
            for n, (sid, told) in enumerate(self.tables["demographics"].items()):
                known = told.get("known") or told["birthDate"]
                hidden = how == "blank" or (how == "partial" and n % 3 == 0)
                born = None if hidden else known or (BORN if how == "full" else None)
                # Not touched: what a district shares is no change of the record, so a delta does not show it.
                self.tables["demographics"][sid] = {**told, "birthDate": born, "known": known}
            self.revision += 1
