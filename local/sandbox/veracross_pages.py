"""Veracross' lists: pages asked for by number and size in request headers, with no count and no next link.

A page with fewer rows than its size is the last one; so the faults that are shared with other providers'
sandboxes, which speak of next links, are told here in numbers of rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .faults import Fault, spoiled
from .veracross_conduct import Conduct

DEFAULT_SIZE, MOST = 100, 1000


class BadPage(Exception):
    """A page header that makes no sense."""


@dataclass
class Page:
    rows: list[str]
    before: str | None
    more: bool
    same_again: bool = False


def page_asked(headers: Mapping[str, str], conduct: Conduct) -> tuple[int, int]:
    """Number and size."""
    number = _positive(headers, "X-Page-Number", 1)
    size = _positive(headers, "X-Page-Size", DEFAULT_SIZE)
    if size > MOST and not conduct.page_size_clamped:
        raise BadPage(f"X-Page-Size must be between 1 and {MOST}")
    return number, min(size, MOST)


def _positive(headers: Mapping[str, str], name: str, default: int) -> int:
    given = headers.get(name.lower())
    if given is None:
        return default
    if not given.strip().isdecimal() or int(given) < 1:
        raise BadPage(f"{name} must be a positive integer")
    return int(given)


def cut(ids: list[int], number: int, size: int, conduct: Conduct, faults: list[Fault]) -> list[int]:
    """The rows of one page, as they are, as the conduct has it, and then as the faults leave them."""
    if conduct.full_page_repeated and number > 1:
        number -= 1
    names = {fault.name for fault in faults}
    if "same_cursor" in names:
        number = 1  # whatever page is asked for, the first comes
    start = (number - 1) * size
    if "repeated_rows" in names:
        start = (number - 1) * max(1, size - 1)  # each page begins with the last row of the page before it
    elif number > 1:
        start += conduct.row_lost_between_pages - conduct.row_moved_between_pages
    rows = ids[start : start + size]
    if "empty_last_page" in names:
        rows = _filled(ids, rows, size)
    page = Page([str(i) for i in rows], None, start + size < len(ids))
    for fault in faults:
        page = spoiled(page, fault)
    return [int(row) for row in page.rows]


def _filled(ids: list[int], rows: list[int], size: int) -> list[int]:
    """Rows told before, and then its own, fill the last page up: only an empty page can tell that it is the last."""
    if not rows or len(rows) == size:
        return rows
    repeats = (ids * (size // len(ids) + 1))[: size - len(rows)]
    return rows + repeats
