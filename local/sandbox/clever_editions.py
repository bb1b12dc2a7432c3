"""A Clever district as one version of the API shows it: which ids a kind has there, and the row of each.

v3 shows the tables as they are. v2 shows users as five kinds, most of them under older ids, each row derived
when it is first asked for.
"""

from __future__ import annotations

from collections.abc import Iterable

from .clever_data import CleverDistrict
from .clever_tables import encoded
from .clever_v2 import ROLE_OF, flatten, older

V2_KINDS = ("districts", "schools", "terms", "courses", "sections", *ROLE_OF)
V3_KINDS = ("districts", "schools", "terms", "courses", "sections", "users")


class Edition:
    """v3.0 and v3.1. `contacts` is whether the district shares its contacts with the app."""

    kinds: tuple[str, ...] = V3_KINDS

    def __init__(self, district: CleverDistrict, contacts: bool = True) -> None:
        self.district, self.contacts = district, contacts
        self._revision = -1
        self._lists: dict[tuple[str, str], list[str]] = {}
        self._inner: dict[str, dict[str, str]] = {}
        self._rows: dict[tuple[str, str], bytes] = {}

    def refresh(self) -> None:
        """Forget what was worked out before the district changed."""
        if self._revision != self.district.revision:
            self._revision = self.district.revision
            self._lists, self._inner, self._rows = {}, {}, {}

    def ids(self, kind: str, role: str = "") -> list[str]:
        """Every id of a kind, sorted."""
        if (kind, role) not in self._lists:
            own = self.district.user_ids(role) if role else self.district.tables[kind].rows
            self._lists[kind, role] = sorted(self.shown(kind, own))
        return self._lists[kind, role]

    def shown(self, kind: str, ids: Iterable[str]) -> list[str]:
        """Those of the ids that exist and are shared, as this version calls them."""
        rows = self.district.tables[kind].rows
        return [i for i in ids if i in rows and not (kind == "users" and self._hidden(i))]

    def _hidden(self, user: str) -> bool:
        return not self.contacts and "contact" in self.district.tables["users"].facts[user].role_names

    def inner(self, kind: str, shown_id: str) -> str | None:
        """The v3 id of what this version calls shown_id, or None."""
        return next(iter(self.shown(kind, [shown_id])), None)

    def row(self, kind: str, shown_id: str) -> bytes:
        return self.district.tables[kind].rows[shown_id]


class OlderEdition(Edition):
    """v2.1 and, with fewer fields, v2.0."""

    kinds = V2_KINDS

    def __init__(self, district: CleverDistrict, contacts: bool = True, *, v20: bool = False) -> None:
        super().__init__(district, contacts)
        self.v20 = v20

    def old_id(self, user: str, role: str) -> str:
        facts = self.district.tables["users"].facts.get(user)
        return (facts.legacy(role) if facts else None) or user

    def ids(self, kind: str, role: str = "") -> list[str]:
        if kind not in ROLE_OF:
            return super().ids(kind)
        if (kind, "") not in self._lists:
            self._lists[kind, ""] = sorted(self.shown(kind, self.district.user_ids(ROLE_OF[kind])))
        return self._lists[kind, ""]

    def shown(self, kind: str, ids: Iterable[str]) -> list[str]:
        if kind not in ROLE_OF:
            return super().shown(kind, ids)
        role, facts = ROLE_OF[kind], self.district.tables["users"].facts
        if role == "contact" and not self.contacts:
            return []
        return [self.old_id(i, role) for i in ids if i in facts and role in facts[i].role_names]

    def inner(self, kind: str, shown_id: str) -> str | None:
        if kind not in ROLE_OF:
            return super().inner(kind, shown_id)
        if kind not in self._inner:
            role = ROLE_OF[kind]
            users = self.district.user_ids(role) if role != "contact" or self.contacts else []
            self._inner[kind] = {self.old_id(i, role): i for i in users}
        return self._inner[kind].get(shown_id)

    def row(self, kind: str, shown_id: str) -> bytes:
        if (kind, shown_id) not in self._rows:
            self._rows[kind, shown_id] = self._derived(kind, shown_id)
        return self._rows[kind, shown_id]

    def _derived(self, kind: str, shown_id: str) -> bytes:
        table = self.district.tables["users" if kind in ROLE_OF else kind]
        record = flatten(kind, table.get(self.inner(kind, shown_id) or shown_id), self.old_id)
        told = older(kind, record) if self.v20 else record
        return encoded(told)
