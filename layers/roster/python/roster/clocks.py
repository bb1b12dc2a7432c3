"""When a night's sync is due in a time zone, and which night a due time belongs to.

At 01:00 on the school's clocks. AWS skips a local time that the clocks skip (01:00 in London on the last Sunday of
March) and takes one that comes twice once; so where 01:00 may be skipped, the minute that follows the gap is due as
well, every night, and whoever begins a run takes each night once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from roster.errors import ZoneUnknown

DEFAULT_ZONE = "America/New_York"
DUE = time(1)
OVER = time(5)  # a start that failed is not tried again after that: the school's day begins
YEARS_AHEAD = 5  # an event is over long before
_NAME = re.compile(r"UTC|[A-Z][A-Za-z_]{1,30}(/[A-Z][A-Za-z0-9_+-]{1,30}){1,2}")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@dataclass(frozen=True)
class Times:
    """`expression`: as EventBridge Scheduler reads it. `patience`: how long a start that failed may be tried again."""

    expression: str
    patience: timedelta


def night_of(scheduled: datetime, zone: str) -> date:
    """The night that a due time belongs to: the date on the school's clocks. Each night is to be begun once."""
    return scheduled.astimezone(zone_of(zone)).date()


@lru_cache(1024)
def times(zone: str, year: int) -> Times:
    """When nights are due in the years from `year` on.

    A cron expression is hours times minutes: it may name more times than the two that are meant, all of them later.
    """
    due = {DUE, *_after_gaps(zone_of(zone), year)}
    minutes = ",".join(str(minute) for minute in sorted({one.minute for one in due}))
    hours = ",".join(str(hour) for hour in sorted({one.hour for one in due}))
    last = max(one.hour for one in due) * 60 + max(one.minute for one in due)
    return Times(f"cron({minutes} {hours} * * ? *)", timedelta(hours=OVER.hour) - last * MINUTE)


def zone_of(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # unknown, a path that leads out, a folder of zones
        raise ZoneUnknown(f"there is no time zone {name}") from None


def is_zone(name: str) -> bool:
    """Whether nights can be counted in it. Files that only lie beside the zones are none."""
    if not _NAME.fullmatch(name):
        return False
    try:
        zone_of(name)
    except ZoneUnknown:
        return False
    return True


def _after_gaps(zone: ZoneInfo, year: int) -> Iterator[time]:
    """Of each day on which the clocks skip 01:00, the minute that they show next; none of a day that they skip."""
    moment = datetime.combine(date(year, 1, 1), DUE)
    while moment.year < year + YEARS_AHEAD:
        if not _shown(moment, zone):
            rest = (moment + n * MINUTE for n in range(1, 23 * 60))
            yield from (shown.time() for shown in islice((one for one in rest if _shown(one, zone)), 1))
        moment += DAY


def _shown(local: datetime, zone: ZoneInfo) -> bool:
    """Whether the clocks ever show this time. Of one that they skip, `fold` tells the offsets before and after."""
    before, after = (local.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    return before is None or after is None or before >= after
