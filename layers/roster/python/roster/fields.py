"""Reading fields that a stranger filled in: any JSON in, a clean value or a blank out, never an exception.

Absent, null and "" are the same to every provider we read, so they are the same here.
"""

from __future__ import annotations

import re
from datetime import date, datetime

from roster.model import JSON

# One segment of a path, escaped (RFC 3986), that does not lead out of it (requests unescapes dots before it looks).
SEGMENT = re.compile(r"(?!(?:\.|%2[Ee]){1,2}$)(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+")

EMAIL = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;:\"()\[\]\\]{1,180}\.[^\s@.<>,;:\"()\[\]\\]{2,60}")


def is_email(text: str) -> bool:
    """Whether it looks like one address; whether it is somebody's, only a mail can tell."""
    return len(text) <= 254 and EMAIL.fullmatch(text) is not None and text.isascii()


def mapping(value: JSON) -> dict[str, JSON]:
    """The object, or an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: JSON) -> list[JSON]:
    """The list; a lone object where a list was promised counts as a list of one."""
    if isinstance(value, list):
        return value
    return [value] if isinstance(value, dict) else []


def text(value: JSON) -> str:
    """Text without surrounding space; numbers as written; everything else is blank."""
    if type(value) is str and value.isascii():
        return value.strip()
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return _printable(str(value)).strip()


def texts(value: JSON) -> tuple[str, ...]:
    """The non-blank texts of a list, each once, in their order."""
    return tuple(dict.fromkeys(filter(None, map(text, items(value)))))


def iso_date(value: JSON) -> str:
    """`2007-02-11` from `2/11/2007`, `02/11/2007`, `20070211`, `2007-02-11` or a timestamp that begins so; or blank.

    A date before 1900 or one that does not exist is blank too.
    """
    given = text(value)
    if not given:
        return ""
    day = given.partition(" ")[0]
    if day.isdecimal() and len(day) == 8:
        day = f"{day[:4]}-{day[4:6]}-{day[6:]}"
    parsed = _from_iso(day[:10]) or _from_slashes(day)
    return parsed.isoformat() if parsed and parsed.year >= 1900 else ""


def _from_iso(given: str) -> date | None:
    try:
        return date.fromisoformat(given) if len(given) == 10 else None
    except ValueError:
        return None


def _from_slashes(given: str) -> date | None:
    try:
        return datetime.strptime(given, "%m/%d/%Y").date()
    except ValueError:
        return None


def _printable(given: str) -> str:
    """Lone surrogates (half an emoji, legal in JSON) cannot be stored as UTF-8."""
    return given.encode("utf-8", "replace").decode() if not given.isascii() else given
