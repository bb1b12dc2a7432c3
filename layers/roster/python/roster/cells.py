"""Cells of a spreadsheet: what is written into one, and what one holds that a person filled in.

A cell that a spreadsheet would take for a formula is told as text, with an apostrophe, and read as it was meant. What
is wrong with a cell is said in words that never quote it: it may be a birth date.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from roster.fields import is_email
from roster.model import KINDS, Level

FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
BEHIND = re.compile(rf"([;\t][\s\"]*)('*)(?=[{re.escape(''.join(FORMULA))}])")
BREAKS = ("\t", "\r", "\n")
LOST = "\ufffd"  # stands where a character could not be read
GARBLED = re.compile("[\u00c2\u00c3][\u0080-\u00bf\u0152-\u2122]")  # UTF-8 that was read as Windows-1252
PHONE = re.compile(r"\+[0-9][0-9 ()./x-]*")
SLASHES = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
LEVELS = {level.value.casefold(): level.value for level in Level}
OFFERED = ", ".join(level.value for level in Level if level != Level.SUPPORT)  # a file gives that one to nobody
LONGEST: Mapping[str, int] = {"first": 100, "last": 100, "email": 254, "phone": 40, "number": 64, "children": 2_000}
LONGEST_OTHER = 60
AS_UTF8 = "Save the file as “CSV UTF-8” and send it again."
DATES = "Write it as year-month-day, or as month/day/year."


class Wrong(Exception):
    """What is wrong with a cell, and what to do about it."""

    def __init__(self, field: str, problem: str, help: str) -> None:
        self.field, self.problem, self.help = field, problem, help
        super().__init__(problem)


def harmless(cell: str) -> str:
    """The cell as it may stand in a spreadsheet, also where that takes `;` or a tab for the end of one."""
    cell = BEHIND.sub(r"\1'\2", cell)
    return f"'{cell}" if cell.startswith(BREAKS) or cell.lstrip().startswith(FORMULA) else cell


def told(cell: str) -> str:
    """The cell with its own apostrophes told apart from those that `harmless` adds: `meant` gives it back."""
    return f"'{cell}" if cell.startswith("'") and _guarded(cell) else cell


def meant(cell: str) -> str:
    cell = cell[1:] if cell.startswith("'") and _guarded(cell) else cell
    return BEHIND.sub(lambda found: found[1] + found[2].removeprefix("'"), cell)


def _guarded(cell: str) -> bool:
    bare = cell.lstrip("'")
    return harmless(bare) != bare


def clean(field: str, raw: str) -> str:
    """The text of a cell. Raises Wrong for what no name, number or address holds."""
    cell = raw.strip()
    if LOST in cell:
        raise Wrong(field, "a character of this cell was lost", AS_UTF8)
    if any(ord(one) < 32 or ord(one) == 127 for one in cell):
        raise Wrong(field, "the cell has a line break, or a quotation mark is not closed", "Correct the cell.")
    if len(cell) > LONGEST.get(field, LONGEST_OTHER):
        raise Wrong(field, f"more than {LONGEST.get(field, LONGEST_OTHER)} characters", "Shorten it.")
    if cell.startswith(FORMULA) and not (field == "phone" and PHONE.fullmatch(cell)):
        raise Wrong(field, "a formula", "Write the text itself; an apostrophe in front says that it is one.")
    return meant(cell)


def kind_of(cell: str) -> str:
    if cell.casefold() not in KINDS:
        raise Wrong("kind", "this is no kind", f"Write one of: {', '.join(KINDS)}.")
    return cell.casefold()


def email_of(cell: str) -> str:
    if not is_email(cell):
        raise Wrong("email", "this is no e-mail address", "Write one address, as in name@school.example.")
    return cell


def number_of(cell: str) -> str:
    if len(cell.split()) != 1:
        raise Wrong("number", "a number with blanks in it", "Take the blanks out.")
    return cell


def level_of(cell: str) -> str:
    if cell.casefold() not in LEVELS:
        raise Wrong("level", "there is no such level", f"Write one of: {OFFERED}.")
    return LEVELS[cell.casefold()]


def day_comes_first(cell: str) -> bool:
    """Whether the date can only be meant as day/month/year."""
    found = SLASHES.fullmatch(cell.strip())
    return bool(found) and int(found[1]) > 12 >= int(found[2])  # type: ignore[index]


def date_of(cell: str, day_first: bool) -> str:
    """ISO. `day_first`: another date of the file can only be meant as day/month/year, so this one may be, too."""
    if found := SLASHES.fullmatch(cell):
        month, day, year = map(int, found.groups())
        if day_comes_first(cell):
            raise Wrong("security", "the day stands before the month", DATES)
        if day_first and month != day and day <= 12:
            raise Wrong(
                "security", "day and month may be meant either way, since other dates have the day first", DATES
            )
        cell = f"{year:04d}-{month:02d}-{day:02d}"
    try:
        found_day = date.fromisoformat(cell) if len(cell) == 10 else None
    except ValueError:
        found_day = None
    if not found_day or not 1900 <= found_day.year <= 2100:
        raise Wrong("security", "this is no date", DATES)
    return found_day.isoformat()
