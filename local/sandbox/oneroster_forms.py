"""What the made-up records of OneRoster are made from: ids of every ugly kind, and the fields that none lacks."""

from __future__ import annotations

from datetime import datetime, timedelta

from .district import THIS_YEAR
from .oneroster_rows import Record

LOADED = datetime(THIS_YEAR, 7, 1, 6)
DISTRICT, CLOSED = "D 1", "S/closed"
# The generator's terms, as sessions; an end date is the first day that no longer counts.
YEAR, FALL, SPRING, OLD_FALL, INDEPENDENT = SESSION_OF_TERM = ("FY", "S1", "S2", "S1 old", "IS")


def stamp(moment: datetime) -> str:
    return f"{moment.isoformat()}.000Z"


def spread(number: int) -> str:
    """When a record was last changed: some time in the month before the year began."""
    return stamp(LOADED + timedelta(minutes=number * 97 % 40_000))


def student_id(n: int) -> str:
    """Most are digits; some are what SISs export: slashes, spaces, bars, zeros in front, letters of any kind."""
    for every, at, form in (
        (59, 2, "S/{}"),
        (61, 4, "STU {}"),
        (67, 6, "7|{}"),
        (71, 8, "00{}"),
        (73, 9, "Ñ%{}"),
    ):
        if n % every == at:
            return form.format(n)
    return str(100_000 + n)


def short(grade: str) -> str:
    """A grade in the standard's words: KG, 01 to 12, UG."""
    return {"Kindergarten": "KG", "Ungraded": "UG"}.get(grade, grade.zfill(2))


def teacher_id(n: int) -> str:
    return f"T/{n}" if n % 23 == 7 else f"T{n}"


def guardian_id(n: int) -> str:
    return f"G {n}" if n % 47 == 3 else f"G{n}"


def class_id(n: int) -> str:
    return f"C/{n}|a" if n % 19 == 6 else f"C{n}"


def school_id(n: int) -> str:
    return f"0{n + 1}" if n != 1 else "S/02"


def enrollment(user: str, class_: str, school: str, role: str, number: int, **more: str | None) -> Record:
    empty = {"primary": "false", "beginDate": None, "endDate": None}
    ends = {"user": user, "class": class_, "school": school, "role": role}
    return record(f"{class_}_{user}", number, **ends, **{**empty, **more})


def user(sourced_id: str, number: int, /, held: list[tuple[str, str]], **fields: object) -> Record:
    empty: Record = {"userIds": [], "middleName": None, "email": None, "sms": None, "phone": None, "password": None}
    more: Record = {"enabledUser": "true", "identifier": None, "agents": [], "grades": [], **empty, **fields}
    return record(sourced_id, number, held=held, **more)


def record(sourced_id: str, number: int, /, **fields: object) -> Record:
    common = {"sourcedId": sourced_id, "status": "active", "dateLastModified": spread(number)}
    return {**common, **fields}
