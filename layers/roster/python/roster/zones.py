"""Time zones by their IANA names: which of them there are, and which one an account has that has chosen none."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DEFAULT_ZONE = "America/New_York"
_NAME = re.compile(r"UTC|[A-Z][A-Za-z_]+(/[A-Z][A-Za-z0-9_+-]+){1,2}")


def is_zone(name: str) -> bool:
    """Whether nights can be counted in it. Files that only lie beside the zones are none."""
    if len(name) > 64 or not _NAME.fullmatch(name):
        return False
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
