"""The classes of a made-up district: every student in one section of each subject, but for the odd ones."""

from __future__ import annotations

from collections.abc import Iterator
from math import gcd
from typing import TYPE_CHECKING

from . import names
from .names import CLASS_SIZE, GRADES, LEVELS
from .people import Section
from .quirks import QUIRKS, quirks_of

if TYPE_CHECKING:
    from .district import District


NO_CLASS = next(quirk for quirk in QUIRKS if quirk.name == "no class")


class Timetable:
    def __init__(self, told: District) -> None:
        self.told = told

    def sections(self) -> Iterator[Section]:
        number = 0
        for school in range(self.told.school_count):
            for grade, subject, members in self._groups(school):
                yield self._section(number, school, grade, subject, members)
                number += 1
            empty = LEVELS[school % 3][1][0], 0, ()  # every school has a class with no students
            yield self._section(number, school, *empty)
            number += 1

    def _groups(self, school: int) -> Iterator[tuple[str, int, tuple[int, ...]]]:
        edges = self.told.grade_edges(school)
        for g, grade in enumerate(LEVELS[school % 3][1]):
            low, count = edges[g], edges[g + 1] - edges[g]
            for subject in range(len(names.SUBJECTS)) if count else ():
                groups = max(1, round(count / CLASS_SIZE))
                order = self._shuffled(school, low, count, subject)
                for j in range(groups):
                    yield grade, subject, tuple(order[j * count // groups : (j + 1) * count // groups])

    def _shuffled(self, school: int, low: int, count: int, subject: int) -> list[int]:
        """A grade's students in another order for every subject, so that classes are not all one set."""
        stride = next(a for a in range(2 * subject + 1, count + 2 * subject + 2) if gcd(a, count) == 1)
        return [school + self.told.school_count * (low + (i * stride + subject) % count) for i in range(count)]

    def _section(self, n: int, school: int, grade: str, k: int, members: tuple[int, ...]) -> Section:
        odd = quirks_of("section", n)
        word, subject, term = names.SUBJECTS[k]
        teachers, period = self._teachers_of(n, school, odd), n % 8 + 1
        last = self.told.adult_name(teachers[0])[1] if teachers else "Staff"
        return Section(
            n,
            "Advisory" if "repeated name" in odd else f"{word} {grade} - {last} - {period}",
            school,
            None if "no course" in odd else GRADES.index(grade) * len(names.SUBJECTS) + k,
            self._term_of(term, odd),
            grade,
            subject,
            period,
            teachers,
            self._enrolled(n, school, members, odd),
            odd,
        )

    def _term_of(self, term: int, odd: tuple[str, ...]) -> int | None:
        if "no term" in odd:
            return None
        return 3 if "old term" in odd else 4 if "undated term" in odd else term

    def _teachers_of(self, n: int, school: int, odd: tuple[str, ...]) -> tuple[int, ...]:
        start = self.told.teacher_start[school]
        teaching = self.told.teacher_start[school + 1] - start - 1
        count = 0 if "no teacher" in odd else 4 if "four teachers" in odd else 2 if "co-teachers" in odd else 1
        return tuple(start + (n + i) % teaching for i in range(count))

    def _enrolled(self, n: int, school: int, members: tuple[int, ...], odd: tuple[str, ...]) -> tuple[int, ...]:
        enrolled = [m for m in members if m % NO_CLASS.every != NO_CLASS.at]
        guest = (school + 1) % self.told.school_count
        if "guest" in odd and members and guest < self.told.size:
            enrolled.append(guest)
        return tuple(sorted(enrolled))
