"""A made-up school district of any size, in no provider's terms: the same for the same (students, seed).

Every record is computed from its number alone, so that a district of a million students can be walked
without being held, and a test can name the one record it is about. quirks.py says which records are odd.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import date

from . import names
from .names import CLASS_SIZE, GRADES, LEVELS, dice, plain
from .people import Adult, Course, Guardian, Relation, School, Section, Student, Term
from .quirks import quirks_of, turn
from .timetable import Timetable

SCHOOL_SIZE = 600
THIS_YEAR = 2026
# Ten students live in seven families; this is who lives with whom.
FAMILY_OF = (0, 1, 2, 2, 3, 4, 4, 4, 5, 6)
CHILDREN_OF = tuple(tuple(i for i in range(10) if FAMILY_OF[i] == f) for f in range(7))


class District:
    def __init__(self, students: int, seed: int = 1) -> None:
        self.size, self.seed = students, seed
        self.school_count = max(3, students // SCHOOL_SIZE)
        starts = [0]
        for school in range(self.school_count):
            starts.append(starts[-1] + self._teachers_at(school))
        self.teacher_start = starts

    # -- schools, terms, courses

    def schools(self) -> Iterator[School]:
        return (self.school(n) for n in range(self.school_count))

    def school(self, n: int) -> School:
        level, grades = LEVELS[n % 3]
        place, row = names.PLACES[n % len(names.PLACES)], n // len(names.PLACES)
        return School(n, f"{place} {level} School" + (f" {row + 1}" if row else ""), level, grades)

    def terms(self) -> Iterator[Term]:
        y = THIS_YEAR
        yield Term(0, f"Year {y}-{y + 1}", date(y, 8, 17), date(y + 1, 6, 11))
        yield Term(1, "Semester 1", date(y, 8, 17), date(y, 12, 18))
        yield Term(2, "Semester 2", date(y + 1, 1, 11), date(y + 1, 6, 11))
        yield Term(3, "Semester 1", date(y - 1, 8, 18), date(y - 1, 12, 19))  # the name comes back every year
        yield Term(4, "Independent study", None, None)

    def courses(self) -> Iterator[Course]:
        for g, grade in enumerate(GRADES):
            for k, (word, subject, _) in enumerate(names.SUBJECTS):
                yield Course(g * len(names.SUBJECTS) + k, f"{word} {grade}", subject)

    # -- students

    def students(self) -> Iterator[Student]:
        return (self.student(n) for n in range(self.size))

    def student(self, n: int) -> Student:
        odd, roll = quirks_of("student", n), dice(self.seed, 1, n)
        first, last = self._student_name(n, roll, odd)
        home = n % self.school_count
        grade = self._grade(n)
        return Student(
            n,
            first,
            "ABCDEFGHJKLMNPRST"[roll % 17],
            last,
            self._student_email(n, first, last, odd),
            None if "no birth date" in odd else self._born(grade, roll),
            "X" if roll % 41 == 0 else "MF"[roll % 2],
            "Ungraded" if "odd grade" in odd else grade,
            (home, (home + 1) % self.school_count) if "two schools" in odd else (home,),
            odd,
        )

    def _student_name(self, n: int, roll: int, odd: tuple[str, ...]) -> tuple[str, str]:
        if "accents" in odd:
            return names.APOSTROPHES[turn("student", "accents", n) % len(names.APOSTROPHES)]
        for quirk, pair in (
            ("long name", names.LONG),
            ("short name", names.SHORT),
            ("repeated name", names.REPEATED),
        ):
            if quirk in odd:
                return pair
        return names.FIRST[roll % len(names.FIRST)], self._family_name(self.family(n))

    def _student_email(self, n: int, first: str, last: str, odd: tuple[str, ...]) -> str | None:
        if "no email" in odd:
            return None
        at = "." if "bad email" in odd else "@"
        return f"{plain(first)}.{plain(last)}{n}{at}students.example.org"

    def _born(self, grade: str, roll: int) -> date:
        return date(THIS_YEAR - 6 - GRADES.index(grade), 1 + roll // 41 % 12, 1 + roll // 509 % 28)

    def _grade(self, n: int) -> str:
        home, position = n % self.school_count, n // self.school_count
        return LEVELS[home % 3][1][bisect_right(self.grade_edges(home), position) - 1]

    # -- families

    def family(self, student: int) -> int:
        return student // 10 * 7 + FAMILY_OF[student % 10]

    def children(self, family: int) -> list[int]:
        return [n for c in CHILDREN_OF[family % 7] if (n := family // 7 * 10 + c) < self.size]

    def guardians(self) -> Iterator[Guardian]:
        for family in range((self.size + 9) // 10 * 7):
            if children := self.children(family):
                for k in range(self._parents_in(family)):
                    yield self._guardian(family, k, children)

    def _parents_in(self, family: int) -> int:
        if "shared email" in quirks_of("guardian", family):
            return 2
        percent = dice(self.seed, 2, family) % 100
        return 1 if percent < 22 else 2 if percent < 97 else 3

    def _family_name(self, family: int) -> str:
        return names.LAST[dice(self.seed, 3, family) % len(names.LAST)]

    def _guardian(self, family: int, k: int, children: list[int]) -> Guardian:
        odd = quirks_of("guardian", family) if k == 0 or "shared email" in quirks_of("guardian", family) else ()
        number, roll = family * 3 + k, dice(self.seed, 4, family * 3 + k)
        first, last = names.FIRST[roll % len(names.FIRST)], self._family_name(family)
        relationship, kind = ("Parent", "Parent/Guardian") if k < 2 else ("Grandparent", "Emergency")
        if "odd relationship" in odd:
            relationship = "Guardian"
        return Guardian(
            number,
            first,
            last,
            self._guardian_email(family, number, first, last, odd),
            f"(555) {roll % 900 + 100}-{roll // 900 % 10000:04d}",
            tuple(Relation(child, relationship, kind) for child in children),
            odd,
        )

    def _guardian_email(self, family: int, number: int, first: str, last: str, odd: tuple[str, ...]) -> str | None:
        if "no email" in odd:
            return None
        if "is a teacher" in odd:
            return self.teacher(family % self.teacher_start[-1]).email
        if "shared email" in odd:
            return f"the.{plain(last)}s{family}@mail.example.com"
        return f"{plain(first)}.{plain(last)}{number}@mail.example.com"

    # -- adults: the teachers of every school, then a clerk for each, then the district's administrators

    def adults(self) -> Iterator[Adult]:
        yield from (self.teacher(n) for n in range(self.teacher_start[-1]))
        last = self.teacher_start[-1]
        for school in range(self.school_count):
            yield self._adult(last + school, ("staff",), (school,), ())
        for k in range(3):
            yield self._adult(last + self.school_count + k, ("district_admin",), (), ())

    def teacher(self, n: int) -> Adult:
        odd = quirks_of("adult", n)
        home = bisect_right(self.teacher_start, n) - 1
        schools = (home, (home + 1) % self.school_count) if "two schools" in odd else (home,)
        return self._adult(n, ("teacher", "staff") if "two roles" in odd else ("teacher",), schools, odd)

    def _adult(self, n: int, roles: tuple[str, ...], schools: tuple[int, ...], odd: tuple[str, ...]) -> Adult:
        first, last = self.adult_name(n)
        email = None if "no email" in odd else f"{plain(first)}.{plain(last)}{n}@staff.example.org"
        return Adult(n, first, last, email, roles, schools, odd)

    def adult_name(self, n: int) -> tuple[str, str]:
        roll = dice(self.seed, 5, n)
        return names.FIRST[roll % len(names.FIRST)], names.LAST[roll // 64 % len(names.LAST)]

    def _teachers_at(self, school: int) -> int:
        """One teacher for five sections, and one more, who teaches nothing."""
        return max(4, len(names.SUBJECTS) * self._population(school) // CLASS_SIZE // 5 + 1) + 1

    # -- sections

    def sections(self) -> Iterator[Section]:
        return Timetable(self).sections()

    # -- student n is at school n % schools, and the n // schools-th there; grades are runs of these

    def _population(self, school: int) -> int:
        return (self.size - school + self.school_count - 1) // self.school_count

    def grade_edges(self, school: int) -> list[int]:
        count, grades = self._population(school), len(LEVELS[school % 3][1])
        return [g * count // grades for g in range(grades + 1)]
