"""When an EventBridge Scheduler expression is due: cron(six fields), rate(...) and at(...), in a time zone.

Own code for what AWS documents, without W: no kept library reads AWS's six fields with ? and year. As on AWS,
a local time that does not exist is skipped, and one that comes twice fires once (the first time).
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


class BadExpression(ValueError):
    pass


@dataclass(frozen=True)
class Expression:
    text: str
    zone: ZoneInfo

    def due(self, after: datetime, until: datetime, since: datetime) -> Iterator[datetime]:
        """Every due time t with after < t <= until, in UTC. A rate counts from `since`."""
        raise NotImplementedError


@dataclass(frozen=True)
class At(Expression):
    moment: datetime

    def due(self, after: datetime, until: datetime, since: datetime) -> Iterator[datetime]:
        found = _in_utc(self.moment, self.zone)
        if found and after < found <= until:
            yield found


@dataclass(frozen=True)
class Rate(Expression):
    step: timedelta

    def due(self, after: datetime, until: datetime, since: datetime) -> Iterator[datetime]:
        moment = since + self.step * max(1, (after - since) // self.step)
        while moment <= until:
            if moment > after:
                yield moment
            moment += self.step


@dataclass(frozen=True)
class Cron(Expression):
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: _Days
    months: frozenset[int]
    years: frozenset[int]

    def due(self, after: datetime, until: datetime, since: datetime) -> Iterator[datetime]:
        day, last = after.astimezone(self.zone).date(), until.astimezone(self.zone).date()
        while day <= last:
            if day.year in self.years and day.month in self.months and self.days.fit(day):
                yield from (moment for moment in self._on(day) if after < moment <= until)
            day += timedelta(days=1)

    def _on(self, day: date) -> Iterator[datetime]:
        for hour in self.hours:
            for minute in self.minutes:
                if moment := _in_utc(datetime.combine(day, time(hour, minute)), self.zone):
                    yield moment


def _in_utc(local: datetime, zone: ZoneInfo) -> datetime | None:
    """None for a local time that the clocks skip; the first one for a time that comes twice (fold=0)."""
    moment = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    return moment if moment.astimezone(zone).replace(tzinfo=None) == local else None


@dataclass(frozen=True)
class _Days:
    """Day of month and day of week: one of them is always `?`."""

    of_month: frozenset[int] | None
    of_week: frozenset[int] | None
    last_of_month: bool = False
    nth_of_week: tuple[int, int] | None = None  # (weekday, n); n = 0 is the last one

    def fit(self, day: date) -> bool:
        in_month = calendar.monthrange(day.year, day.month)[1]
        if self.last_of_month:
            return day.day == in_month
        if self.nth_of_week:
            weekday, n = self.nth_of_week
            nth = day.day + 7 > in_month if n == 0 else (day.day - 1) // 7 + 1 == n
            return _weekday(day) == weekday and nth
        if self.of_week is not None:
            return _weekday(day) in self.of_week
        return self.of_month is not None and day.day in self.of_month


def _weekday(day: date) -> int:
    return day.isoweekday() % 7 + 1  # AWS: 1 is Sunday


_MONTHS = {name.upper(): n for n, name in enumerate(calendar.month_abbr) if name}
_WEEKDAYS = {name: n for n, name in enumerate("SUN MON TUE WED THU FRI SAT".split(), 1)}
_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}


@lru_cache(maxsize=4096)
def parse(text: str, zone_name: str | None = None) -> Expression:
    zone = _zone(zone_name or "UTC")
    found = re.fullmatch(r"(cron|rate|at)\((.*)\)", text.strip())
    if not found:
        raise BadExpression(f"Invalid Schedule Expression {text}.")
    kind, inside = found[1], found[2].strip()
    try:
        return {"cron": _cron, "rate": _rate, "at": _at}[kind](text, zone, inside)
    except (ValueError, KeyError) as error:
        raise BadExpression(f"Invalid Schedule Expression {text}. {error}") from error


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadExpression(f"Invalid ScheduleExpressionTimezone {name}.") from error


def _at(text: str, zone: ZoneInfo, inside: str) -> At:
    return At(text, zone, datetime.strptime(inside, "%Y-%m-%dT%H:%M:%S"))


def _rate(text: str, zone: ZoneInfo, inside: str) -> Rate:
    amount, unit = inside.split()
    if int(amount) < 1:
        raise BadExpression("a rate is at least 1")
    return Rate(text, zone, int(amount) * _UNITS[unit.removesuffix("s")])


def _cron(text: str, zone: ZoneInfo, inside: str) -> Cron:
    fields = inside.upper().split()
    if len(fields) != 6:
        raise BadExpression("cron has six fields: minutes hours day-of-month month day-of-week year")
    minutes, hours, of_month, month, of_week, year = fields
    if (of_month == "?") == (of_week == "?"):
        raise BadExpression("exactly one of day-of-month and day-of-week is ?")
    return Cron(
        text,
        zone,
        tuple(sorted(_set(minutes, 0, 59))),
        tuple(sorted(_set(hours, 0, 23))),
        _days(of_month, of_week),
        _set(month, 1, 12, _MONTHS),
        _set(year, 1970, 2199),
    )


def _days(of_month: str, of_week: str) -> _Days:
    if of_week == "?":
        return _Days(None, None, last_of_month=True) if of_month == "L" else _Days(_set(of_month, 1, 31), None)
    if found := re.fullmatch(r"(\w+?)(L|#([1-5]))", of_week):
        return _Days(None, None, nth_of_week=(_number(found[1], _WEEKDAYS), int(found[3] or 0)))
    return _Days(None, _set(of_week, 1, 7, _WEEKDAYS))


def _set(field: str, low: int, high: int, names: dict[str, int] | None = None) -> frozenset[int]:
    """Numbers, names, lists, ranges and steps."""
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, dash, last = span.partition("-")
        start = low if first == "*" else _number(first, names)
        end = _number(last, names) if dash else (high if first == "*" or step else start)
        if not low <= start <= end <= high:
            raise BadExpression(f"{part} is not within {low}-{high}")
        found.update(range(start, end + 1, int(step or 1)))
    return frozenset(found)


def _number(text: str, names: dict[str, int] | None) -> int:
    return (names or {}).get(text) or int(text)
