"""OneRoster's query: limit, offset, sort, orderBy, filter and fields, read from the URL as it was sent.

Read by hand, because a `+` in a OneRoster URL is a plus, and every library's parser makes it a space.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from .oneroster_rows import FIELDS, V11, Record

DEFAULT_LIMIT = 100
_CLAUSE = re.compile(r"\s*([A-Za-z][\w.]*)\s*(!=|>=|<=|=|>|<|~)\s*'(.*?)'(?=\s+(?:AND|OR)\s|\s*$)", re.DOTALL)
_JOIN = re.compile(r"\s+(AND|OR)\s+")
_COMPARED: dict[str, Callable[[str, str], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


class Refused(Exception):
    """A request that is answered with an error: an HTTP status and a code minor of the standard."""

    def __init__(self, status: int, minor: str, description: str) -> None:
        super().__init__(description)
        self.status, self.minor, self.description = status, minor, description


@dataclass(frozen=True)
class Clause:
    field: str
    predicate: str
    value: str

    def holds(self, row: Record) -> bool:
        found = value_at(row, self.field)
        if isinstance(found, list):
            # "=" is the exact list, "~" is any one of it.
            wanted = [v.strip().casefold() for v in self.value.split(",")]
            have = [text(v) for v in found]
            if self.predicate == "~":
                return not set(wanted).isdisjoint(have)
            return (sorted(have) == sorted(wanted)) is (self.predicate == "=")
        if found is None:
            return self.predicate == "!="
        return _matches(text(found), self.predicate, self.value.casefold())


def _matches(have: str, predicate: str, wanted: str) -> bool:
    if predicate in _COMPARED:
        return _COMPARED[predicate](have, wanted)
    if predicate == "~":
        return wanted in have
    return (have == wanted) is (predicate == "=")


def text(value: object) -> str:
    return str(value).casefold()


def value_at(row: Record, path: str) -> Any:
    """`school.sourcedId` goes into references, and through lists of them."""
    found: Any = row
    for step in path.split("."):
        if isinstance(found, list):
            found = [f.get(step) for f in found if isinstance(f, dict)]
        else:
            found = found.get(step) if isinstance(found, dict) else None
    return found


Filter = tuple[tuple[Clause, ...], ...]  # groups joined by OR, each of clauses joined by AND


def parsed_filter(given: str, known: tuple[str, ...], most: int) -> Filter:
    groups: list[list[Clause]] = [[]]
    position, count = 0, 0
    while True:
        if not (found := _CLAUSE.match(given, position)):
            raise Refused(400, "invalid_filter_field", "The filter cannot be read")
        groups[-1].append(_known(Clause(*found.groups()), known))
        position, count = found.end(), count + 1
        if not (join := _JOIN.match(given, position)):
            break
        position = join.end()
        if join.group(1) == "OR":
            groups.append([])
    if count > most or given[position:].strip():
        raise Refused(400, "invalid_filter_field", f"A filter has at most {most} clauses")
    return tuple(map(tuple, groups))


def _known(clause: Clause, known: tuple[str, ...]) -> Clause:
    if clause.field.split(".")[0] not in known:
        raise Refused(400, "invalid_filter_field", f"{clause.field} is no field to filter on")
    return clause


@dataclass(frozen=True)
class Query:
    limit: int = DEFAULT_LIMIT
    offset: int = 0
    sort: str = ""
    descending: bool = False
    filter: Filter = ()
    fields: tuple[str, ...] = ()
    filtered: str = ""  # the filter as it was sent, decoded
    others: str = ""  # the query string without limit and offset, for links

    @property
    def needed(self) -> set[str]:
        """The fields that choosing and sorting look at."""
        return {c.field.split(".")[0] for group in self.filter for c in group} | {
            self.sort.split(".")[0] or "sourcedId"
        }

    def chooses(self, row: Record) -> bool:
        return not self.filter or any(all(c.holds(row) for c in group) for group in self.filter)


def pairs(query: str) -> list[tuple[str, str, str]]:
    """(name, value, as sent) of every parameter."""
    parts = [part for part in query.split("&") if part]
    return [(*_decoded(part), part) for part in parts]


def _decoded(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    return unquote(name), unquote(value)


def parsed(query: str, version: str, kind: str, *, most_clauses: int = 2) -> Query:
    told = pairs(query)
    given = {name: value for name, value, _ in told}
    known = FIELDS[version][kind]
    fields = tuple(f.strip() for f in given.get("fields", "").split(",") if f.strip())
    if unknown := [f for f in fields if f not in known]:
        raise Refused(400, "invalid_selection_field", f"{unknown[0]} is no field of {kind}")
    sort = given.get("sort", "")
    if sort and sort.split(".")[0] not in known:
        minor = "invalid_sort_field" if version == V11 else "invaliddata"
        raise Refused(400, minor, f"{sort} is no field to sort by")
    direction = given.get("orderBy", "asc")
    if direction not in ("asc", "desc") and version != V11:  # ClassLink, and 1.1 with it, takes "dsc" for nothing
        raise Refused(400, "invaliddata", "orderBy: asc or desc")
    wanted = given.get("filter", "").strip()
    return Query(
        _number(given, "limit", DEFAULT_LIMIT, least=1),
        _number(given, "offset", 0, least=0),
        sort,
        direction == "desc",
        parsed_filter(wanted, known, most_clauses) if wanted else (),
        fields,
        wanted,
        "&".join(raw for name, _, raw in told if name not in ("limit", "offset")),
    )


def _number(given: dict[str, str], name: str, default: int, least: int) -> int:
    value = given.get(name, str(default))
    if not value.isdecimal() or int(value) < least:
        raise Refused(400, "invaliddata", f"{name}: a number from {least} on")
    return int(value)
