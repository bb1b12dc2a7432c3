"""What a list selects: the filters of its endpoint, those rows that are told only on request, and the conduct.

Filters add up. An unknown one is an error, never ignored; so is a value that cannot be one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .district import THIS_YEAR
from .veracross_conduct import Conduct
from .veracross_resources import Resource
from .veracross_school import VeracrossSchool

Record = dict[str, Any]
Test = Callable[[Record], bool]


class BadQuery(Exception):
    """A parameter that this endpoint does not have, or a value that it cannot have."""


def selected(
    school: VeracrossSchool, resource: Resource, query: list[tuple[str, str]], conduct: Conduct, *, alone: bool = False
) -> list[int]:
    """The ids of a list's rows, in order. `alone`: a single record is asked for, which has no filters."""
    known = set() if alone else set(resource.filters())
    if conduct.older_api:
        known -= set(resource.added)
    if unknown := sorted({name for name, _ in query} - known):
        raise BadQuery(f"Unknown parameters were provided: {', '.join(unknown)}")
    if alone:
        return []
    asked = dict(query)
    tests = [_test(school, resource, name, value, conduct) for name, value in asked.items()]
    tests += _population(resource, asked, conduct)
    table = school.tables[resource.table]
    return [i for i in table.ids if all(test(table.rows[i]) for test in tests)] if tests else table.ids


def _population(resource: Resource, asked: dict[str, str], conduct: Conduct) -> list[Test]:
    """Who is in a list without being asked for, beyond what filters say."""
    tests: list[Test] = []
    if resource.table == "parents" and asked.get("include_deceased") != "true":
        tests.append(lambda row: not row["_deceased"])
    if resource.table == "students" and conduct.current_students_only and "role" not in asked:
        tests.append(lambda row: bool(row["_current"]))
    if resource.table == "relationships" and conduct.no_reciprocal_rows:
        tests.append(lambda row: not row["_mirror"])
    if resource.table == "relationships" and conduct.parent_side_only:
        tests.append(lambda row: row["_side"] != "child")
    if resource.table in ("classes", "enrollments"):
        year = resource.integers["school_year"]
        if conduct.current_year_only and "school_year" not in asked:
            tests.append(lambda row: row[year] == THIS_YEAR)
        if conduct.advisory_elsewhere:
            tests.append(lambda row: not row["_advisory"])
    return tests


def _test(school: VeracrossSchool, resource: Resource, name: str, value: str, conduct: Conduct) -> Test:
    if name in resource.integers:
        return _integers(name, resource.integers[name].split("."), value, conduct)
    if name in resource.booleans:
        if value not in ("true", "false"):
            raise BadQuery(f"The value of {name} must be true or false")
        return lambda row: name not in row or row[name] == (value == "true")
    if name in resource.texts:
        roles = {str(code): code for code in school.values.lists["role"]}
        wanted = roles.get(value, school.values.code("role", value))
        return lambda row: wanted in row[resource.texts[name]]
    return _dates(name, value)


def _integers(name: str, path: list[str], value: str, conduct: Conduct) -> Test:
    """One number, or several joined by semicolons."""
    parts = value.split(";") if not conduct.single_value_filters else [value]
    if not all(part.removeprefix("-").isdecimal() for part in parts):
        raise BadQuery(f"The value of {name} must be an integer")
    wanted = {int(part) for part in parts}

    def holds(row: Record) -> bool:
        found: Any = row
        for key in path:
            found = found[key]
        hit = not wanted.isdisjoint(found) if isinstance(found, list) else found in wanted
        return hit != name.endswith("_not")

    return holds


def _dates(name: str, value: str) -> Test:
    """Both ends are inclusive. A day is compared with a time by its day."""
    if len(value) < 10 or not value[:10].replace("-", "").isdecimal():
        raise BadQuery(f"The value of {name} must be a date")
    before, after = name.startswith("on_or_before_"), name.startswith("on_or_after_")
    field = name.removeprefix("on_or_before_").removeprefix("on_or_after_")

    def holds(row: Record) -> bool:
        if row[field] is None:
            return False
        has = row[field][: len(value)] if len(value) == 10 else row[field]
        return bool(has <= value if before else has >= value if after else has == value)

    return holds
