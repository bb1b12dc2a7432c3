"""Which record of a made-up district is odd, and how: what was seen or documented at a provider.

A quirk strikes the records of its kind whose number leaves `at` when divided by `every`, so that a test can
find them again, and any district of 300 students or more has each of them.
"""

from __future__ import annotations

from typing import NamedTuple


class Quirk(NamedTuple):
    name: str
    kind: str  # student, adult, guardian (numbered by family), section
    every: int
    at: int
    what: str


QUIRKS = (
    Quirk("no birth date", "student", 97, 5, "the birth date is missing: absent, blank or null by turns"),
    Quirk("iso birth date", "student", 101, 7, "the birth date comes as 2010-05-21T00:00:00.000Z"),
    Quirk("no email", "student", 53, 11, "the e-mail is missing: absent, blank or null by turns"),
    Quirk("bad email", "student", 127, 13, "the e-mail has no @"),
    Quirk("accents", "student", 89, 17, "apostrophes, accents and hyphens in the name"),
    Quirk("long name", "student", 149, 19, "very long first and last names"),
    Quirk("short name", "student", 151, 23, "two-letter names"),
    Quirk("repeated name", "student", 83, 29, "the same first and last name as other students"),
    Quirk("two schools", "student", 37, 31, "also listed at a second school"),
    Quirk("no class", "student", 211, 37, "enrolled in nothing"),
    Quirk("odd grade", "student", 139, 41, "a grade that is no number"),
    Quirk("no email", "adult", 17, 3, "a teacher without an e-mail"),
    Quirk("two schools", "adult", 11, 4, "works in two schools"),
    Quirk("two roles", "adult", 13, 5, "teacher and staff at once"),
    Quirk("sis id of a student", "adult", 19, 6, "shares its SIS id with a student"),
    Quirk("odd relationship", "guardian", 61, 3, "a relationship that is in no published list: Guardian"),
    Quirk("shared email", "guardian", 43, 5, "both parents of a family give one e-mail"),
    Quirk("no email", "guardian", 31, 7, "no e-mail, only a telephone"),
    Quirk("is a teacher", "guardian", 71, 9, "has the e-mail of a teacher of the district"),
    Quirk("no term", "section", 29, 3, "belongs to no term"),
    Quirk("no teacher", "section", 41, 5, "has no teacher"),
    Quirk("co-teachers", "section", 11, 7, "two teachers"),
    Quirk("four teachers", "section", 47, 9, "four teachers"),
    Quirk("repeated name", "section", 23, 11, "shares its name with other sections"),
    Quirk("guest", "section", 31, 13, "a student of another school is enrolled"),
    Quirk("no course", "section", 37, 15, "belongs to no course"),
    Quirk("old term", "section", 19, 17, "left over from a term of last year"),
    Quirk("undated term", "section", 43, 19, "in the term that has no dates"),
)

_BY_KIND: dict[str, list[Quirk]] = {}
for _quirk in QUIRKS:
    _BY_KIND.setdefault(_quirk.kind, []).append(_quirk)


_PERIOD = {(q.kind, q.name): q.every for q in QUIRKS}


def turn(kind: str, name: str, number: int) -> int:
    """Which of the records with a quirk this is: 0, 1, 2… for those that take turns at how they are odd."""
    return number // _PERIOD[kind, name]


def quirks_of(kind: str, number: int) -> tuple[str, ...]:
    return tuple([q.name for q in _BY_KIND[kind] if number % q.every == q.at])
