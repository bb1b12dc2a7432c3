"""The districts that added the app in ClassLink: what /applications says of each, and what each shares with it.

A tenant's rows are a OneRosterDistrict behind a view, because in ClassLink the district chooses which users,
schools and fields the app may see, and may choose otherwise tomorrow.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from dataclasses import dataclass, replace
from urllib.parse import quote

from .oneroster_api import OneRosterApi
from .oneroster_auth import OAuth1
from .oneroster_data import OneRosterDistrict
from .oneroster_lists import Page
from .oneroster_query import Query
from .oneroster_rows import PARENT_ROLES, V12, Record, role_names
from .serving import Request


@dataclass(frozen=True)
class Permissions:
    """What the district's administrator switched on for the app."""

    demographics: bool = True
    unenrolled: bool = True  # users who are in no class; without it, parents still follow their students
    guardians: bool = True
    schools: tuple[str, ...] | None = None  # None: all of them


class Shared:
    """The View of a tenant's district through its permissions."""

    def __init__(self, district: OneRosterDistrict, permissions: Permissions) -> None:
        self.district, self._permissions, self.revision = district, permissions, 1
        self._users: tuple[tuple[int, int], set[str]] = ((0, 0), set())

    @property
    def permissions(self) -> Permissions:
        return self._permissions

    @permissions.setter
    def permissions(self, permissions: Permissions) -> None:
        self._permissions, self.revision = permissions, self.revision + 1

    def shares(self, kind: str, record: Record) -> bool:
        schools = self.permissions.schools
        if kind in ("users", "demographics"):
            return record["sourcedId"] in self._people()
        if schools is None or kind in ("academicSessions", "courses"):
            return True
        if kind == "orgs":
            return record["type"] != "school" or record["sourcedId"] in schools
        return record["school"] in schools

    def _people(self) -> set[str]:
        """Who is delivered: those at shared schools (and in a class), and the parents of these students."""
        now = (self.district.revision, self.revision)
        if self._users[0] != now:
            self._users = (now, self._delivered())
        return self._users[1]

    def _delivered(self) -> set[str]:
        users, allowed = self.district.tables["users"], self.permissions
        mine = {u for u, told in users.items() if role_names(told, V12)[0] not in PARENT_ROLES and self._here(told)}
        if not allowed.unenrolled:
            mine &= set(self.district.relations.enrollments_of_user)
        if not allowed.guardians:
            return mine
        parents = [u for u, told in users.items() if role_names(told, V12)[0] in PARENT_ROLES]
        if allowed.schools is None and allowed.unenrolled:
            return mine | set(parents)
        return mine | {p for p in parents if not mine.isdisjoint(users[p]["agents"])}

    def _here(self, user: Record) -> bool:
        schools = self.permissions.schools
        return schools is None or any(org in schools for _, org in user["held"])


class ClassLinkApi(OneRosterApi):
    """The same lists in ClassLink's dialect: counts in lower-case headers, and no links."""

    def headers(self, request: Request, page: Page, count: int, total: int | None) -> dict[str, str]:
        told = {"x-count": str(count), "x-endpoint": request.path.rsplit("/", 1)[-1], "x-page-generation-time-ms": "4"}
        return told if total is None else {**told, "x-total-count": str(total)}

    def _written(self, version: str, kind: str, record: Record, query: Query) -> Record:
        """Some fields are hardly ever filled in there."""
        if kind == "classes":
            record = {**record, "classCode": None, "periods": []}
        return super()._written(version, kind, record, query)


@dataclass(eq=False)
class Tenant:
    name: str
    number: int
    district: OneRosterDistrict
    shared: Shared
    api: ClassLinkApi
    signed: OAuth1
    bearer: str
    enabled: bool = True
    tenant_status: str = "Active"

    @property
    def tenant_id(self) -> int:
        return 2000 + self.number

    @property
    def application_id(self) -> int:
        return 31000 + self.number

    @property
    def oneroster_application_id(self) -> str:
        """Escaped already, and to be sent just so: it always has a slash and a padding in it."""
        return quote(_raw_id(self.number), safe="")

    @property
    def permissions(self) -> Permissions:
        return self.shared.permissions

    def permit(self, **changes: object) -> None:
        """Other permissions from now on; ClassLink counts such changes in x-perm-rev."""
        self.shared.permissions = replace(self.permissions, **changes)  # type: ignore[arg-type]

    def rotate_bearer(self) -> str:
        self.bearer = _bearer(f"{self.bearer} again")
        return self.bearer

    def listed(self) -> Record:
        """The tenant's row of /applications."""
        return {
            "id": 700 + self.number,
            "application_id": self.application_id,
            "tenant_id": self.tenant_id,
            "bearer": self.bearer or None,
            "tenant_name": self.name,
            "enabled": "true" if self.enabled else "false",
            "tenant_status": self.tenant_status,
            "oneroster_application_id": self.oneroster_application_id,
            "name": "pickAtime",
            "version": "",
        }


def _raw_id(number: int) -> str:
    digest = hashlib.sha256(f"application {number}".encode()).digest()[:8]
    return "/" + base64.b64encode(digest).decode().replace("+", "a").replace("/", "b")[1:]


def _bearer(seed: str) -> str:
    return str(uuid.UUID(bytes=hashlib.sha256(seed.encode()).digest()[:16]))


def first_bearer(number: int) -> str:
    return _bearer(f"bearer {number}")
