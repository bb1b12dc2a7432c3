"""How a Veracross may behave that its documentation leaves open, or that went wrong at some school: switches.

A fault strikes once or for a while; a conduct is how the server simply is. Both are on in any combination.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any


def _switch(what: str, on: Any = True, off: Any = False) -> Any:
    """A switch, off unless named; `on`: the value it has when it is switched on by its name alone."""
    return field(default=off, metadata={"what": what, "on": on})


@dataclass(frozen=True)
class Conduct:
    # -- the authorization side
    scope_error_401: bool = _switch("a token request for a scope that is not enabled is answered 401, not 400")
    grant_error_400: bool = _switch("a bad authorization code is answered 400, not 401")
    short_tokens: int = _switch("a token expires after this many requests for data", on=4, off=0)
    # -- limits and pages
    lower_rate_limit: int = _switch("so few requests are allowed, in a window of two seconds", on=5, off=0)
    page_size_clamped: bool = _switch("a page size over 1000 is taken for 1000, instead of 400")
    row_moved_between_pages: bool = _switch("from page 2 on, each page begins one row early: a row comes twice")
    row_lost_between_pages: bool = _switch("from page 2 on, each page begins one row late: a row never comes")
    full_page_repeated: bool = _switch("page 2 is page 1 once more, and the rest comes one page later")
    # -- shapes
    string_codes: bool = _switch("value-list items have their ids as strings, while records keep numbers")
    string_ids: bool = _switch("ids in records are strings")
    null_nested: bool = _switch("a missing teacher, advisor, spouse… is null, not an object of nulls")
    older_api: bool = _switch("without the fields and filters that were added after April 2026")
    # -- what is told
    hidden_birthdays: bool = _switch("no student has a birthday")
    no_reciprocal_rows: bool = _switch("a relationship is told once, from the student's side")
    parent_side_only: bool = _switch("relationships of children to adults are told from the adult's side only")
    current_students_only: bool = _switch("future and former students are listed only when asked for by role")
    current_year_only: bool = _switch("classes and enrollments without a school_year filter are this year's")
    advisory_elsewhere: bool = _switch("homeroom and advisory classes are not among /academics/classes")
    single_value_filters: bool = _switch("a filter of several values joined by ; is refused")

    # -- who signs in
    sub_is_account: bool = _switch("userinfo's sub is an account id, not the person's id")
    userinfo_email_null: bool = _switch("userinfo's email is null")
    userinfo_email_absent: bool = _switch("userinfo has no email")
    userinfo_roles_null: bool = _switch("userinfo's roles are null")
    userinfo_roles_absent: bool = _switch("userinfo has no roles")

    @classmethod
    def named(cls, *names: str) -> Conduct:
        for name in names:
            if name not in CONDUCTS:
                raise ValueError(f"no conduct {name!r}; there are: {', '.join(CONDUCTS)}")
        return cls(**{name: _ON[name] for name in names})


CONDUCTS: dict[str, str] = {f.name: f.metadata["what"] for f in fields(Conduct)}
_ON = {f.name: f.metadata["on"] for f in fields(Conduct)}
