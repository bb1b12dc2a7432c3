"""A date as a parent types it: 2012-04-08, 4/8/2012 (month first) or 8.4.2012 (day first), and nothing else.

Month first is what American families write, and what the help page's own examples are; whoever has the day first in
their language writes dots. (REQUIREMENTS.md CL-26)
"""

from __future__ import annotations

import re
from datetime import date

_FORMS = (
    re.compile(r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})", re.ASCII),
    re.compile(r"(?P<m>\d{1,2})/(?P<d>\d{1,2})/(?P<y>\d{4})", re.ASCII),
    re.compile(r"(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>\d{4})", re.ASCII),
)


def typed(text: str) -> str:
    """The ISO date; blank where it is none."""
    found = next(filter(None, (form.fullmatch(text.strip()) for form in _FORMS)), None)
    try:
        return date(int(found["y"]), int(found["m"]), int(found["d"])).isoformat() if found else ""
    except ValueError:
        return ""
