"""The people of a made-up Veracross school: one person with one id, whatever roles they have.

Ids are computed from the generator's numbers, so that a test can name the person it is about.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from .district import District
from .names import dice, plain
from .people import Adult, Guardian, Student
from .veracross_oddities import oddities_of

CJK = (("美咲", "佐藤"), ("伟", "王"), ("지우", "김"))


def student_id(number: int) -> int:
    return 10_001 + 10 * number


def adult_id(number: int) -> int:
    return 10_002 + 10 * number


def guardian_id(number: int) -> int:
    return 10_003 + 10 * number


def grandparent_id(family: int) -> int:
    return 10_004 + 10 * family


def step_parent_id(family: int) -> int:
    return 10_005 + 10 * family


def former_teacher_id(number: int) -> int:
    return 10_006 + 10 * number


def household_id(family: int, second: bool = False) -> int:
    return 3_000 + 10 * family + second


@dataclass
class Person:
    id: int
    first: str
    last: str
    gender: str  # F, M or X
    roles: list[str]
    email: str | None = None
    household: int | None = None
    middle: str | None = None
    preferred: str | None = None
    deceased: bool = False

    @property
    def name(self) -> str:
        return f"{self.preferred or self.first} {self.last}"

    @property
    def username(self) -> str:
        return f"{plain(self.first) or 'user'}.{self.id}"


@dataclass
class Family:
    number: int
    children: list[int] = field(default_factory=list)  # student numbers
    parents: list[Person] = field(default_factory=list)
    guardian: str | None = None  # what the first of them is, if not a parent
    step_parent: Person | None = None
    grandparents: list[Person] = field(default_factory=list)
    odd: frozenset[str] = frozenset()


class People:
    """Everyone, by id; `odd` takes down which of them are what ODD lists."""

    def __init__(self, district: District, odd: dict[str, list[int]]) -> None:
        self.district, self.odd = district, odd
        self.everyone: dict[int, Person] = {}
        self.students: dict[int, Student] = {}  # by person id
        self.staff: dict[int, Adult] = {}
        self.families: dict[int, Family] = {}
        for adult in district.adults():
            self._staff_member(adult)
        for student in district.students():
            self._student(student)
        guardians: dict[int, list[Guardian]] = defaultdict(list)
        for guardian in district.guardians():
            guardians[guardian.number // 3].append(guardian)
        for number, found in guardians.items():
            self._family(number, found)

    def _add(self, person: Person) -> Person:
        return self.everyone.setdefault(person.id, person)

    def _gender(self, number: int, salt: int) -> str:
        return "FM"[dice(self.district.seed, salt, number) % 2]

    # -- who works here, who learns here

    def _staff_member(self, adult: Adult) -> None:
        roles = {"teacher": "Faculty", "staff": "Staff", "district_admin": "Staff"}
        person = Person(
            adult_id(adult.number), adult.first, adult.last, self._gender(adult.number, 21), [], adult.email
        )
        person.roles = list(dict.fromkeys(roles[r] for r in adult.roles))
        self.staff[self._add(person).id] = adult

    def former_teacher(self, number: int) -> Person:
        """Someone who still stands as the teacher of a class, and is in no list any more."""
        first, last = self.district.adult_name(90_000 + number)
        gender = self._gender(number, 22)
        return self._add(Person(former_teacher_id(number), first, last, gender, ["Former Faculty"]))

    def _student(self, told: Student) -> None:
        odd, n = oddities_of("student", told.number), told.number
        first, last = CJK[n // 71 % 3] if "CJK name" in odd else (told.first, told.last)
        role = (
            "Former Student" if "former student" in odd else "Future Student" if "future student" in odd else "Student"
        )
        person = Person(
            student_id(n),
            first,
            last,
            told.gender,
            [role],
            told.email,
            household_id(self.district.family(n)),
            told.middle,
            first[:3] if n % 9 == 4 and len(first) > 4 else None,
        )
        self.students[self._add(person).id] = told
        facts = {
            "CJK name": "CJK name" in odd,
            "name with apostrophe or accent": "accents" in told.quirks and "CJK name" not in odd,
            "student without birthday": told.born is None,
            "former student": role == "Former Student",
            "future student": role == "Future Student",
        }
        for name, holds in facts.items():
            if holds:
                self.odd[name].append(person.id)

    # -- families

    def _family(self, number: int, guardians: list[Guardian]) -> None:
        family = Family(number, [r.student for r in guardians[0].relations], odd=oddities_of("family", number))
        self.families[number] = family
        for k, guardian in enumerate(guardians):
            if k < 2:
                family.parents.append(self._parent(family, k, guardian))
            else:
                family.grandparents.append(self._grandparent(family, guardian))
        if "grandparent with portal access" in family.odd and not family.grandparents:
            family.grandparents.append(self._grandparent(family, guardians[0]))
        if len(family.parents) == 2:
            self._second_parent(family)
        if "odd relationship" in guardians[0].quirks:
            family.guardian = ("Guardian", "Guardian & Trustee")[number // 61 % 2]

    def _parent(self, family: Family, k: int, told: Guardian) -> Person:
        if "is a teacher" in told.quirks:
            teacher = self.everyone[adult_id(family.number % self.district.teacher_start[-1])]
            if "Parent" not in teacher.roles:  # a teacher has one family
                teacher.roles.append("Parent")
                teacher.household = household_id(family.number)
                self.odd["teacher who is a parent"].append(teacher.id)
                return teacher
        gender = "FM"[k] if family.number % 29 != 4 else "FF"[k]
        person = Person(guardian_id(told.number), told.first, told.last, gender, ["Parent"], told.email)
        person.household = household_id(family.number)
        if "shared email" in told.quirks:
            self.odd["shared e-mail"].append(person.id)
        if told.email is None:
            self.odd["parent without e-mail"].append(person.id)
        return self._add(person)

    def _second_parent(self, family: Family) -> None:
        """What befalls the second parent of an odd family."""
        second = family.parents[1]
        if "divorced parents" in family.odd:
            second.household = household_id(family.number, second=True)
            if "step-parent without custody" in family.odd:
                family.step_parent = self._step_parent(family, second)
        elif "deceased parent" in family.odd:
            second.deceased = True
            self.odd["deceased parent"].append(second.id)

    def _step_parent(self, family: Family, replaced: Person) -> Person:
        first, last = self.district.adult_name(70_000 + family.number)
        step = Person(step_parent_id(family.number), first, last, replaced.gender, ["Parent"])
        step.household, step.email = household_id(family.number), f"{plain(first)}.{step.id}@mail.example.com"
        return self._add(step)

    def _grandparent(self, family: Family, like: Guardian) -> Person:
        first, _ = self.district.adult_name(80_000 + family.number)
        gender = self._gender(family.number, 23)
        person = Person(grandparent_id(family.number), first, like.last, gender, ["Grandparent"])
        person.email = f"{plain(first)}.{person.id}@mail.example.com"
        return self._add(person)
