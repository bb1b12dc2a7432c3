"""One record as Veracross tells it: the fields of the list or of the single record, as the conduct shapes them."""

from __future__ import annotations

from typing import Any

from .veracross_conduct import Conduct
from .veracross_resources import Resource

Record = dict[str, Any]

UNKNOWN = "sandbox_unknown_field"  # in every record: a client must not mind what it does not know


def told(record: Record, fields: tuple[str, ...], resource: Resource, conduct: Conduct) -> Record:
    row: Record = {}
    for field in fields:
        name, _, source = field.partition("<")
        if not (conduct.older_api and name in resource.added):
            row[name] = record[source or name]
    if conduct.hidden_birthdays and "birthday" in row:
        row["birthday"] = None
    if conduct.null_nested:
        row = {name: _null_if_empty(value) for name, value in row.items()}
    if conduct.string_ids:
        row = _with_string_ids(row)
    row[UNKNOWN] = {"since": "tomorrow"}
    return row


def _null_if_empty(value: Any) -> Any:
    return None if isinstance(value, dict) and all(v is None for v in value.values()) else value


def _with_string_ids(row: Record) -> Record:
    """Ids of records and references to them; codes of value lists stay numbers."""
    changed = dict(row)
    for name, value in row.items():
        if isinstance(value, dict):
            changed[name] = _with_string_ids(value) if name not in ("campus", "group") else value
        elif isinstance(value, int) and (name == "id" or name.endswith("_id")) and name not in _CODES:
            changed[name] = str(value)
    return changed


_CODES = frozenset({"primary_grade_level_id", "grade_level_id", "subject_id", "department_id", "campus_id"})
