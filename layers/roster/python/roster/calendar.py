"""A provider's terms as a tree with dates: which classes a chosen term brings, and which day an enrolment must cover.

Classes sit on quarters, semesters or whole years, on several terms, on none, or have only dates; whoever chooses the
autumn semester means the class of its first quarter and the class of the whole year too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from statistics import median_low

from roster.model import NO_TERM, Class, Enrolment, Term

ONE_DAY = timedelta(days=1)
LAST_WEEKS = timedelta(days=31)  # a class that everybody leaves earlier than so long before its end was emptied


@dataclass(frozen=True)
class Calendar:
    """`within`: pairs of (term id, id of the term that it lies within)."""

    terms: tuple[Term, ...] = ()
    within: tuple[tuple[str, str], ...] = ()

    def family(self, ids: Iterable[str]) -> frozenset[str]:
        """The terms, all that lie within them, and all that they lie within."""
        chosen = frozenset(ids)
        return chosen | _reached(chosen, self._parents) | _reached(chosen, self._children)

    def terms_of(self, info: Class) -> tuple[str, ...]:
        """Ids of the class's terms; `(no term)` where it has none."""
        if info.dated:
            found = tuple(term.id for term in self.terms if _overlaps(info, term))
            return found or (NO_TERM,)
        return info.terms or (NO_TERM,)

    def day(self, info: Class, students: Iterable[Enrolment], today: str) -> str:
        """The day on which membership counts: today or, when the class has not begun or is over, its nearest day.

        Classes begin when most of their students do and end with their last, whatever their terms say: schools date
        enrolments by the first day of school, terms by the first of a month. Most, because one odd early row would
        otherwise empty the class until its first day. A class that has dates of its own is on between them: it begins
        with its first student, and whoever withdrew before its end has left.
        """
        start, last = self.window(info)
        spans = [(enrolment.begin, enrolment.end) for enrolment in students]
        if spans:
            begins, ends = [begin for begin, _ in spans], [end for _, end in spans]
            start = max(start, min(begins) if info.dated else median_low(begins))
            under_way = info.dated and today <= last
            if last and not under_way and all(ends) and _earlier(last, LAST_WEEKS) <= max(ends):
                last = min(last, _earlier(max(ends), ONE_DAY))
        return max(min(today, last or today), start)

    def over(self, chosen: frozenset[str], today: str) -> bool:
        """Whether all of the chosen terms have ended; of all terms, where none is chosen.

        On the end date itself a term is not over yet: some providers mean its last day, others the day after.
        """
        terms = [term for term in self.terms if not chosen or term.id in chosen]
        return bool(terms) and all(term.end and term.end < today for term in terms)

    def window(self, info: Class) -> tuple[str, str]:
        """First and last day of a class, blank where open. A term ends the day before its end date, a class on it."""
        terms = [self._by_id[id] for id in info.terms if id in self._by_id]
        start = info.start or min((term.start for term in terms), default="")
        end = "" if any(not term.end for term in terms) else max((term.end for term in terms), default="")
        return start, info.end or (_earlier(end, ONE_DAY) if end else "")

    @cached_property
    def _by_id(self) -> Mapping[str, Term]:
        return {term.id: term for term in self.terms}

    @cached_property
    def _pairs(self) -> list[tuple[str, str]]:
        """What the provider says, and for terms of which it says nothing, what their dates say."""
        told = {term for pair in self.within for term in pair}
        inferred = (
            (term.id, other.id)
            for term in self.terms
            for other in self.terms
            if term.id not in told and other.rank and other.rank < term.rank and _contains(other, term)
        )
        return [*self.within, *inferred]

    @cached_property
    def _parents(self) -> Mapping[str, set[str]]:
        return _grouped(self._pairs)

    @cached_property
    def _children(self) -> Mapping[str, set[str]]:
        return _grouped((parent, term) for term, parent in self._pairs)


def enrolled(enrolment: Enrolment, day: str) -> bool:
    """From the day of its begin until the day before its end."""
    return enrolment.begin <= day and (not enrolment.end or day < enrolment.end)


def _earlier(day: str, by: timedelta) -> str:
    return (date.fromisoformat(day) - by).isoformat()


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    groups: dict[str, set[str]] = {}
    for one, other in pairs:
        groups.setdefault(one, set()).add(other)
    return groups


def _reached(ids: Iterable[str], following: Mapping[str, set[str]]) -> frozenset[str]:
    """All that the pairs lead to, however far, and be they a circle."""
    found: set[str] = set()
    waiting = list(ids)
    while waiting:
        new = following.get(waiting.pop(), set()) - found
        found |= new
        waiting.extend(new)
    return frozenset(found)


def _contains(outer: Term, inner: Term) -> bool:
    dated = outer.start and outer.end and inner.start and inner.end
    return bool(dated) and outer.start <= inner.start and inner.end <= outer.end


def _overlaps(info: Class, term: Term) -> bool:
    """Dates of both are whole days; a term's end date and a class's count as days of theirs."""
    return (not info.end or not term.start or term.start <= info.end) and (
        not info.start or not term.end or info.start <= term.end
    )
