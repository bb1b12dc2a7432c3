"""What a provider's habits make of a row: first of what it says, then of how it is written.

Filters and sorts look between the two: a provider filters on what it means, whatever it writes.
"""

from __future__ import annotations

from typing import Any
from zlib import crc32

from .oneroster_conduct import Conduct
from .oneroster_rows import PARENT_ROLES, REFERS, REQUIRED, SINGULAR, V11, Record

_BOOLEANS = {"enabledUser", "primary"}


def meant(row: Record, kind: str, conduct: Conduct) -> Record:
    """The row as this provider has it: its status, its birth dates, its agents."""
    sid = row.get("sourcedId") or ""
    if "status" in row:
        if (ratio := conduct.of("tobedeleted_ratio", kind)) and crc32(sid.encode()) % 1000 < ratio * 1000:
            row["status"] = "tobedeleted"
        if conduct.of("inactive", kind) and row["status"] == "tobedeleted":
            row["status"] = "inactive"
    if kind == "demographics" and "birthDate" in row:
        row["birthDate"] = _born(row["birthDate"], sid, conduct.of("dob", kind))
    if kind == "users" and row.get("agents"):
        row["agents"] = _agents(row, conduct.of("agents", kind))
    return row


def _born(born: str | None, sid: str, how: str) -> str | None:
    if how == "blank" or (how == "partial" and crc32(sid.encode()) % 3 == 0):
        return None
    return born or ("2012-02-29" if how == "full" else None)


def _agents(row: Record, how: str) -> list[Record]:
    roles = [r["role"] for r in row.get("roles") or ()] or [row.get("role")]
    is_parent = any(role in PARENT_ROLES for role in roles)
    hidden = how == "none" or (how == "student_only" and is_parent) or (how == "parent_only" and not is_parent)
    return [] if hidden else row["agents"]


def spelled(row: Record, kind: str, conduct: Conduct) -> Record:
    """The row as it goes on the wire."""
    if style := conduct.of("date_style", kind):
        row["dateLastModified"] = _dated(row.get("dateLastModified") or "", style)
    if conduct.of("capital_roles", kind):
        _capitalise(row)
    if how := conduct.of("raw_booleans", kind):
        for name in _BOOLEANS & set(row):
            if row[name] is not None:
                row[name] = int(row[name] == "true") if how == "number" else row[name] == "true"
    if conduct.of("flat_refs", kind):
        row = _flat(row, kind)
    row = _without_unknown(row, REQUIRED[kind], conduct.of("null_style", kind) or "missing")
    if conduct.of("single_as_object", kind):
        row = {k: v[0] if isinstance(v, list) and len(v) == 1 else v for k, v in row.items()}
    return _numbered(row) if conduct.of("numeric_ids", kind) else row


def _dated(moment: str, style: str) -> str:
    plain = moment.removesuffix("Z").split(".")[0]
    return {"space": plain.replace("T", " "), "offset": f"{plain}+00:00", "seconds": f"{plain}Z"}[style]


def _capitalise(row: Record) -> None:
    if row.get("role"):
        row["role"] = row["role"].capitalize()
    if "roles" in row:
        row["roles"] = [{**r, "role": r["role"].capitalize()} for r in row["roles"]]


def _flat(row: Record, kind: str) -> Record:
    told: Record = {}
    for name, value in row.items():
        if (kind, name) not in REFERS:
            told[name] = value
        elif isinstance(value, list):
            told[f"{_one(name)}SourcedIds"] = ",".join(ref["sourcedId"] for ref in value)
        else:
            told[f"{name}SourcedId"] = value and value["sourcedId"]
    return told


def _one(name: str) -> str:
    return "children" if name == "children" else name.removesuffix("s")


def _without_unknown(row: Record, required: set[str], style: str) -> Record:
    """None and [] as this provider writes them; `mixed` takes turns by record and field."""
    if style == "missing":  # False and 0 are values, as raw_booleans writes them
        return {k: v if v is not None else "" for k, v in row.items() if v or k in required or v == 0}
    told: Record = {}
    for name, value in row.items():
        if value is None or value == []:
            turn = crc32(f"{row.get('sourcedId')}{name}".encode()) % 3 if style == "mixed" else -1
            if turn == 0 and name not in required:
                continue
            is_null = style == "null" or turn == 1
            told[name] = None if is_null else "" if value is None else value
        else:
            told[name] = value
    return told


def _numbered(value: Any) -> Any:
    if isinstance(value, list):
        return [_numbered(v) if isinstance(v, dict) else v for v in value]
    told = {}
    for name, v in value.items():
        if name == "sourcedId" and v.isascii() and v.isdecimal() and str(int(v)) == v:
            v = int(v)
        told[name] = _numbered(v) if isinstance(v, dict | list) else v
    return told


def envelope_key(kind: str, word: str, conduct: Conduct, *, single: bool) -> str:
    if conduct.of("path_envelope", kind):
        return word if not single else {"classes": "class"}.get(word, word.removesuffix("s"))
    return SINGULAR[kind] if single else kind


# -- errors

_MESSAGE_REF = "0f4c1c3e-0000-4000-8000-000000000001"


def status_info(version: str, minor: str, description: str) -> Record:
    told: Record = {"imsx_codeMajor": "failure", "imsx_severity": "error"}
    if version == V11:
        told["imsx_messageRefIdentifier"] = _MESSAGE_REF
    field = {"imsx_codeMinorFieldName": "TargetEndSystem", "imsx_codeMinorFieldValue": minor}
    return {**told, "imsx_description": description, "imsx_CodeMinor": {"imsx_codeMinorField": [field]}}


def error_body(version: str, minor: str, description: str, style: str) -> Any:
    """An error as this provider words it; `html` has no JSON at all."""
    told = status_info(version, minor, description)
    if style == "wrapped":
        return {"imsx_StatusInfo": told}
    if style == "set":
        return {"statusInfoSet": [told]}
    return {"error": description} if style == "plain" else told
