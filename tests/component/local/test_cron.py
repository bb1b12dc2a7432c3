"""When schedules are due, with the two nights a year on which the clocks are wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from local.cron import BadExpression, parse


def due(expression: str, zone: str, begin: str, days: float) -> list[str]:
    """Due times, in local time with offset."""
    after = datetime.fromisoformat(begin).replace(tzinfo=UTC)
    expr = parse(expression, zone)
    return [
        moment.astimezone(expr.zone).strftime("%Y-%m-%d %H:%M %z")
        for moment in expr.due(after, after + timedelta(days=days), after)
    ]


def test_one_in_the_morning_is_local_time() -> None:
    assert due("cron(0 1 * * ? *)", "America/New_York", "2027-01-10", 2) == [
        "2027-01-10 01:00 -0500",
        "2027-01-11 01:00 -0500",
    ]


def test_a_local_time_that_does_not_exist_is_skipped() -> None:
    """London, 2027-03-28: 01:00 becomes 02:00."""
    assert due("cron(0 1 * * ? *)", "Europe/London", "2027-03-27", 2.5) == [
        "2027-03-27 01:00 +0000",
        "2027-03-29 01:00 +0100",
    ]


def test_a_local_time_that_comes_twice_fires_once() -> None:
    """New York, 2027-11-07: 01:00 comes at -0400 and again at -0500."""
    assert due("cron(0 1 * * ? *)", "America/New_York", "2027-11-06T12:00", 2) == [
        "2027-11-07 01:00 -0400",
        "2027-11-08 01:00 -0500",
    ]


@pytest.mark.parametrize(
    ("expression", "days"),
    [
        ("cron(30 12 ? * MON-FRI *)", [1, 4, 5, 6, 7, 8]),
        ("cron(0 0 1,8 * ? *)", [1, 8]),
        ("cron(0 12 L * ? *)", [31]),
        ("cron(0 12 ? * 6L *)", [29]),
        ("cron(0 12 ? JAN TUE#2 2027)", [12]),
        ("cron(0 12 */7 * ? 2027-2028)", [1, 8, 15, 22, 29]),
    ],
)
def test_days(expression: str, days: list[int]) -> None:
    found = due(expression, "UTC", "2026-12-31T23:59", 31)
    assert [int(moment[8:10]) for moment in found][: len(days)] == days


def test_minutes_and_steps() -> None:
    found = due("cron(0/20 8-9 * * ? *)", "UTC", "2027-01-01", 1)
    assert [moment[11:16] for moment in found] == ["08:00", "08:20", "08:40", "09:00", "09:20", "09:40"]


def test_rate_counts_from_its_beginning() -> None:
    assert len(due("rate(5 minutes)", "UTC", "2027-01-01", 1 / 24)) == 12


def test_at_is_local_time_and_comes_once() -> None:
    assert due("at(2027-01-02T01:00:00)", "Asia/Tokyo", "2027-01-01", 9) == ["2027-01-02 01:00 +0900"]


@pytest.mark.parametrize(
    ("expression", "zone"),
    [
        ("cron(0 1 * * *)", "UTC"),
        ("cron(0 1 * * * *)", "UTC"),
        ("cron(0 1 ? * ? *)", "UTC"),
        ("cron(0 25 * * ? *)", "UTC"),
        ("cron(0 1 15W * ? *)", "UTC"),
        ("rate(0 minutes)", "UTC"),
        ("rate(5 fortnights)", "UTC"),
        ("at(tomorrow)", "UTC"),
        ("nonsense", "UTC"),
        ("cron(0 1 * * ? *)", "Mars/Olympus"),
    ],
)
def test_what_aws_would_refuse_is_refused(expression: str, zone: str) -> None:
    with pytest.raises(BadExpression):
        parse(expression, zone)
