"""How a OneRoster provider misbehaves from the first request to the last: what was seen of real ones, as switches.

faults.py has what goes wrong now and then; these are habits. A value may be a dict of collections
({"users": 50}), and then holds for these alone.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any


@dataclass(frozen=True)
class Conduct:
    no_total: Any = False
    wrong_total: Any = 0
    total_in_body: Any = False
    no_link: Any = False
    clamp: Any = 0
    ignore_offset: Any = False
    ignore_filter: Any = False
    refuse_filter: Any = False
    refuse_sort: Any = False
    unstable_order: Any = False
    dup_ids: Any = False
    null_style: Any = ""
    single_as_object: Any = False
    flat_refs: Any = False
    mixed_shape: Any = False
    path_envelope: Any = False
    error_in_200: Any = False
    error_style: Any = ""
    html_429: Any = 0
    fail_502_over_limit: Any = 0
    refuse_over_limit: Any = 0
    change_mid_pull: Any = False
    dob: Any = ""
    agents: Any = ""
    tobedeleted_ratio: Any = 0.0
    inactive: Any = False
    capital_roles: Any = False
    numeric_ids: Any = False
    raw_booleans: Any = False
    date_style: Any = ""
    hrefs: Any = ""
    duplicate_tenant: Any = False
    perm_rev_moves: Any = False

    def of(self, name: str, kind: str) -> Any:
        """The switch as it stands for one collection."""
        value = getattr(self, name)
        return value.get(kind, _OFF[name]) if isinstance(value, dict) else value

    def __or__(self, other: Conduct) -> Conduct:
        """Both habits at once; the other's where both have one."""
        return replace(self, **{n: v for n in _OFF if (v := getattr(other, n)) != _OFF[n]})


_OFF = {f.name: f.default for f in fields(Conduct)}

# What each switch is set to when it is only named, and what it does.
_SWITCHES: dict[str, tuple[Any, str]] = {
    "no_total": (True, "no X-Total-Count"),
    "wrong_total": (7, "X-Total-Count is off by so many (-n: too few)"),
    "total_in_body": (True, "the total is in the body, as totalCount beside the rows, and in no header"),
    "no_link": (True, "no Link header"),
    "clamp": (50, "never more than so many rows on a page, with status 200, whatever the limit"),
    "ignore_offset": (True, "every page is the first page"),
    "ignore_filter": (True, "the filter is not applied: everything comes"),
    "refuse_filter": (400, "any filter is answered with this status; 'empty': with 200 and no rows"),
    "refuse_sort": (400, "any sort is answered with this status"),
    "unstable_order": (True, "unless a sort is asked for, the order is another on every request"),
    "dup_ids": (True, "after every tenth row, one from a few rows before comes again, and counts in the total"),
    "null_style": ("null", "what is not known is missing, null, empty ('' and []), or mixed by turns"),
    "single_as_object": (True, "a list of one is written as the one, without brackets"),
    "flat_refs": (True, "references are flat, as in CSV: schoolSourcedId, termSourcedIds 'a,b'"),
    "mixed_shape": ("both", "users have the fields of both versions; 'other': those of the other version"),
    "path_envelope": (True, "the envelope is named after the path: students, schools, terms"),
    "error_in_200": (True, "lists are answered with an error body and status 200"),
    "error_style": ("wrapped", "errors are wrapped in imsx_StatusInfo, or: set, plain ({'error': …}), html"),
    "html_429": (1, "every third request is answered 429 in HTML, with Retry-After of so many seconds"),
    "fail_502_over_limit": (200, "a limit above this is answered 502 with a proxy's page"),
    "refuse_over_limit": (200, "a limit above this is answered 400"),
    "change_mid_pull": ("join", "a student joins, or one must 'leave', when a second page is first asked for"),
    "dob": ("blank", "birth dates are full, partial, blank, empty (no rows), refused (403), 404 or 501"),
    "agents": ("student_only", "agents: student_only, parent_only, none, or dangling (no parents delivered)"),
    "tobedeleted_ratio": (0.3, "so large a part of all rows is flagged tobedeleted"),
    "inactive": (True, "tobedeleted is spelled inactive, as in 1.0"),
    "capital_roles": (True, "roles are written Teacher, Student"),
    "numeric_ids": (True, "ids of digits are JSON numbers"),
    "raw_booleans": (True, "enabledUser and primary are JSON booleans; 'number': 1 and 0"),
    "date_style": ("space", "dateLastModified is 2026-10-12 04:14:00; 'offset': +00:00; 'seconds': no millis"),
    "hrefs": ("relative", "references lead to a path without a host; 'elsewhere': to another host"),
    "duplicate_tenant": (True, "ClassLink only: every application is listed twice"),
    "perm_rev_moves": (True, "ClassLink only: x-perm-rev is another on every third request for data"),
}
CONDUCTS = {name: what for name, (_, what) in _SWITCHES.items()}


def conduct(told: str, value: Any = None) -> Conduct:
    """One habit by its name: conduct("clamp"), conduct("clamp", 20) or conduct("clamp=20")."""
    name, _, text = told.partition("=")
    if name not in _SWITCHES:
        raise ValueError(f"no conduct {name!r}; there are: {', '.join(_SWITCHES)}")
    if value is None:
        value = _read(text) if text else _SWITCHES[name][0]
    return replace(Conduct(), **{name: value})


def _read(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text
