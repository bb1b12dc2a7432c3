"""When the slots of an evening begin, and whether families can book: the least that shows what an import is for.

pickAtime's own slot engine is another product. Nothing here is known to an import, and none ever opens booking.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from roster.clocks import zone_of
from roster.errors import NotUnderstood
from roster.model import JSON

MOST = 200  # slots of one teacher: more is a slip of the pen


def times(begins: str, ends: str, minutes: int, gap: int) -> list[str]:
    """The start of each slot that ends within the window; all of them local times, as in 2027-02-02T17:00."""
    first, end = datetime.fromisoformat(begins), datetime.fromisoformat(ends)
    if end <= first:
        raise NotUnderstood("ends: the window ends before it begins", "Choose an end that is later than the begin.")
    if end.date() != first.date():
        raise NotUnderstood("ends: the window goes on over midnight", "Choose a begin and an end on the same day.")
    slot, step = timedelta(minutes=minutes), timedelta(minutes=minutes + gap)
    number = (end - first - slot) // step + 1
    if number < 1:
        raise NotUnderstood(f"ends: the window has no room for a slot of {minutes} minutes", "Choose a later end.")
    if number > MOST:
        raise NotUnderstood(f"ends: {number} slots for each teacher are more than {MOST}", "Choose longer slots.")
    return [(first + n * step).isoformat(timespec="minutes") for n in range(number)]


def is_open(booking: Mapping[str, JSON], opens: str, closes: str, zone: str, now: datetime) -> bool:
    """Somebody has opened it, and it is not before or after the event's own times, which may be blank."""
    begun = not opens or _moment(opens, zone) <= now
    over = bool(closes) and _moment(closes, zone) <= now
    return bool(booking.get("on")) and begun and not over


def _moment(local: str, zone: str) -> datetime:
    return datetime.fromisoformat(local).replace(tzinfo=zone_of(zone))
