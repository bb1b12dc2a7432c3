"""What integrations cost: a fee for each attached school and year, whatever it imports from or signs in with.

A school is known by its name, so it counts once. The account's year begins on the day on which its first school was
attached; who is detached stays until that year is over, as it is paid for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date

from roster.model import JSON

FEE = 230  # dollars
TERMS = f"${FEE} annually per school attached"


@dataclass(frozen=True)
class Attached:
    """A school. Dates are ISO; `until`: the day from which it is no longer attached, or blank."""

    name: str
    since: str
    until: str = ""


@dataclass(frozen=True)
class Attachments:
    """An account's schools. `began`: when the first of them was attached, so that the year is told from it."""

    began: str = ""
    schools: tuple[Attached, ...] = ()

    def to_json(self) -> dict[str, JSON]:
        return {"began": self.began, "schools": [asdict(one) for one in self.schools]}

    @classmethod
    def from_json(cls, told: Mapping[str, JSON]) -> Attachments:
        return cls(told.get("began", ""), tuple(Attached(**one) for one in told.get("schools", ())))


@dataclass(frozen=True)
class Statement:
    """Dollars a year: `annual` for all schools that are attached, `next_annual` for those that stay at `renews`."""

    schools: tuple[Attached, ...]
    annual: int
    renews: str
    next_annual: int


def current(attachments: Attachments, today: date) -> tuple[Attached, ...]:
    return tuple(one for one in attachments.schools if not one.until or one.until > today.isoformat())


def attached(before: Attachments, names: Iterable[str], today: date) -> Attachments:
    """These schools and no others: new ones are attached today, those left out stay until the renewal."""
    known = {_same(one.name): one for one in current(before, today)}
    began = before.began if known else today.isoformat()
    ends = renewal(date.fromisoformat(began), today).isoformat()
    wanted: dict[str, str] = {}
    for name in filter(_same, names):
        wanted.setdefault(_same(name), name)
    stay = [
        replace(one, name=wanted[same], until="") if same in wanted else replace(one, until=one.until or ends)
        for same, one in known.items()
    ]
    new = [Attached(name, today.isoformat()) for same, name in wanted.items() if same not in known]
    schools = tuple(sorted([*stay, *new], key=lambda one: _same(one.name)))
    return Attachments(began, schools) if schools else Attachments()


def stated(attachments: Attachments, today: date) -> Statement:
    schools = current(attachments, today)
    renews = renewal(date.fromisoformat(attachments.began), today).isoformat() if schools else ""
    return Statement(schools, _fees(schools), renews, _fees([one for one in schools if not one.until]))


def renewal(began: date, today: date) -> date:
    """The first anniversary after today. A year that began on 29 February ends on the 28th where there is none."""
    first = max(began, today)
    this_year = _anniversary(began, first.year)
    return this_year if this_year > first else _anniversary(began, first.year + 1)


def _anniversary(began: date, year: int) -> date:
    try:
        return began.replace(year=year)
    except ValueError:
        return began.replace(year=year, day=28)


def _fees(schools: Sequence[Attached]) -> int:
    return FEE * len(schools)


def _same(name: str) -> str:
    """Names that differ in capitals or blanks alone are one school's."""
    return " ".join(name.split()).casefold()
