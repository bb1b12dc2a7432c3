"""The grading periods of a made-up Veracross school: two groups, two school years, and a summer.

They are typed date-time though days are meant, and no class names one: only dates and years connect them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from .district import THIS_YEAR
from .veracross_values import SUMMER, ValueLists

Record = dict[str, Any]

UPPER, LOWER, SUMMERS = 31, 32, 33
_GROUPS = {UPPER: "Upper School Semesters", LOWER: "Lower School Trimesters", SUMMERS: "Summer Session"}
# group, description, abbreviation, major/minor, first and last day (month, day), of the year that begins in August
_PERIODS = (
    (UPPER, "Semester 1", "S1", "major", (8, 17), (12, 18)),
    (UPPER, "Semester 2", "S2", "major", (1, 11), (6, 11)),
    (UPPER, "Quarter 1", "Q1", "minor", (8, 17), (10, 16)),
    (UPPER, "Quarter 2", "Q2", "minor", (10, 19), (12, 18)),
    (UPPER, "Quarter 3", "Q3", "minor", (1, 11), (3, 19)),
    (UPPER, "Quarter 4", "Q4", "minor", (3, 22), (6, 11)),
    (UPPER, "Mid-Quarter 1", "MQ1", "", (8, 17), (9, 18)),
    (LOWER, "Year", "Y", "major", (8, 17), (6, 11)),
    (LOWER, "Trimester 1", "T1", "minor", (8, 17), (11, 20)),
    (LOWER, "Trimester 2", "T2", "minor", (11, 23), (3, 5)),
    (LOWER, "Trimester 3", "T3", "minor", (3, 8), (6, 11)),
)
SUMMER_DATES = (date(THIS_YEAR, 6, 22), date(THIS_YEAR, 7, 24))


def grading_periods(values: ValueLists) -> Iterator[Record]:
    number = 700
    for year in (THIS_YEAR - 1, THIS_YEAR):
        for index, (group, name, short, size, first, last) in enumerate(_PERIODS, 1):
            number += 1
            start, end = (date(year + (month < 8), month, day) for month, day in (first, last))
            yield _period(values, number, name, short, (start, end), group, size, index, year)
    yield _period(values, number + 1, "Summer Session", "SUM", SUMMER_DATES, SUMMERS, "major", 1, SUMMER)


def _period(
    values: ValueLists,
    number: int,
    name: str,
    short: str,
    dates: tuple[date, date],
    group: int,
    size: str,
    index: int,
    year: int,
) -> Record:
    kind = values.code("group_type", "Summer" if group == SUMMERS else "Academic")
    return {
        "id": number,
        "description": name,
        "abbreviation": short,
        "start_date": f"{dates[0]}T00:00:00Z",  # typed date-time, though a day is meant
        "end_date": f"{dates[1]}T00:00:00Z",
        "group": {"id": group, "description": _GROUPS[group], "type": kind},
        "major": size == "major",
        "minor": size == "minor",
        "period_index": index,
        "school_year": year,
    }
