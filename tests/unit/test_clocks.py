"""One sync per night and event, at 01:00 on the school's clocks or at the next minute that they show."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local import cron
from roster.clocks import night_of, times
from roster.errors import ZoneUnknown
from tests.fakes.nights import CLOCK_CHANGES

ZONES = sorted(available_timezones())
CHANGING = ["America/New_York", "Europe/London", "Australia/Sydney", "Australia/Lord_Howe", "Antarctica/Troll"]


def fired(zone: str, first: date, last: date) -> Iterator[datetime]:
    """When the schedule fires on these dates."""
    begin = datetime.combine(first, time(), ZoneInfo(zone)).astimezone(UTC)
    end = datetime.combine(last, time(23, 59), ZoneInfo(zone)).astimezone(UTC)
    return cron.parse(times(zone, first.year).expression, zone).due(begin - timedelta(minutes=1), end, begin)


def begun(zone: str, first: date, last: date) -> dict[date, datetime]:
    """When each night is begun, where each is begun once: local time."""
    nights: dict[date, datetime] = {}
    for due in fired(zone, first, last):
        nights.setdefault(night_of(due, zone), due.astimezone(ZoneInfo(zone)))
    return nights


def dates(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def first_minute(day: date, zone: str) -> time:
    """Counted minute by minute as the clocks go, from midnight UTC of the day before."""
    moment = datetime.combine(day, time(), UTC) - timedelta(days=1)
    while True:
        local = moment.astimezone(ZoneInfo(zone))
        if local.date() == day and local.time() >= time(1):
            return local.time()
        moment += timedelta(minutes=1)


@pytest.mark.parametrize("zone", CHANGING)
def test_every_night_of_two_years_is_begun_once(zone: str) -> None:
    first, last = date(2026, 1, 1), date(2027, 12, 31)
    found = begun(zone, first, last)
    assert list(found) == dates(first, last), "each date once, and in order"
    odd = {day: begin.time() for day, begin in found.items() if begin.time() != time(1)}
    assert odd == {day: first_minute(day, zone) for day in odd}
    assert all(begin.fold == 0 for begin in found.values()), "of two ones in the morning, the first"


@pytest.mark.parametrize(
    ("zone", "day", "begins"),
    [
        *CLOCK_CHANGES,
        ("Europe/London", date(2026, 3, 29), "02:00+0100"),
        ("Antarctica/Troll", date(2027, 3, 28), "03:00+0200"),
    ],
)
def test_the_nights_on_which_the_clocks_change(zone: str, day: date, begins: str) -> None:
    assert begun(zone, day, day)[day].strftime("%H:%M%z") == begins


@settings(deadline=None)  # the first look at a zone reads its file
@given(st.sampled_from(ZONES), st.dates(date(2026, 1, 1), date(2027, 12, 1)))
def test_in_every_zone_each_date_has_one_night(zone: str, first: date) -> None:
    last = first + timedelta(days=30)
    found = begun(zone, first, last)
    assert list(found) == dates(first, last)
    assert {begin.time() for begin in found.values()} <= {time(1), time(2), time(3)}


def test_every_zone_in_which_one_in_the_morning_is_skipped_has_a_second_time() -> None:
    """No list of zones: every change of every zone's clocks in a year is looked at."""
    for name in ZONES:
        zone = ZoneInfo(name)
        noons = [datetime.combine(day, time(12), zone) for day in dates(date(2026, 12, 31), date(2027, 12, 31))]
        changed = [now.date() for before, now in pairwise(noons) if before.utcoffset() != now.utcoffset()]
        skipped = [day for day in changed if not shown(day, zone)]
        assert ("(0 1 *" not in times(name, 2027).expression) == bool(skipped), name


def shown(day: date, zone: ZoneInfo) -> bool:
    local = datetime.combine(day, time(1), zone)
    return local.astimezone(UTC).astimezone(zone).time() == time(1)


@pytest.mark.parametrize(
    ("zone", "expression", "hours"),
    [
        ("America/New_York", "cron(0 1 * * ? *)", 4),
        ("Asia/Kathmandu", "cron(0 1 * * ? *)", 4),
        ("Europe/London", "cron(0 1,2 * * ? *)", 3),
        ("Antarctica/Troll", "cron(0 1,3 * * ? *)", 2),
    ],
)
def test_a_second_time_only_where_it_is_needed_and_none_is_tried_after_five(
    zone: str, expression: str, hours: int
) -> None:
    due = times(zone, 2026)
    assert (due.expression, due.patience) == (expression, timedelta(hours=hours))


def test_a_night_is_the_date_on_the_schools_clocks() -> None:
    due = datetime(2027, 3, 14, 12, 0, tzinfo=UTC)
    assert night_of(due, "America/New_York") == date(2027, 3, 14)
    assert night_of(due, "Pacific/Auckland") == date(2027, 3, 15)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "America", "../etc/passwd", "/etc/localtime"])
def test_a_zone_that_is_none_is_refused(zone: str) -> None:
    with pytest.raises(ZoneUnknown):
        times(zone, 2026)
