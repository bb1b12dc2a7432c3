"""Who of the people kept here is whom of a new provider: sure, unsure or new, each with its reason in words.

What several people share makes nobody sure: twins, families and namesakes are left to a person, who settles them.
Whoever has left is in nobody's way: nobody is asked about them, and they come back where that is sure. Whoever is taken
for another is so once; and what was settled holds only while it is still possible.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from roster.likeness import Alone, Likeness, Trace, dates, likeness
from roster.model import JSON
from roster.ports import ContactId

ADOPTED = ("student", "teacher", "parent")  # in this order: parents are known by their children
SURE, UNSURE, NEW = "sure", "unsure", "new"
Like: TypeAlias = dict[str, tuple[Trace, Likeness]]  # by id, who is like somebody
Tie: TypeAlias = list[str]  # origin, id, relation, type
CROWD = 20  # what more people than this share on one side says nothing of any of them
LEFT = "they have left, and nobody is surely the same"
HELP = {
    "possible_duplicate": "This contact may be somebody whom the import brings: compare the two in the list of a test "
    "import, and say who is whom when you import.",
    "settled_no_more": "What was decided about this contact does not hold any more, so it was left alone: look at it "
    "in a new test import.",
}


class Candidate(Struct, frozen=True):
    """Somebody of the new provider. `birth_dates`: whether the two agree: yes, no or unknown."""

    id: str
    birth_dates: str


class Match(Struct, frozen=True):
    """What was found of one contact that is kept here."""

    origin: str
    kind: str
    id: str
    verdict: str
    candidates: tuple[Candidate, ...]
    reason: str

    @property
    def whose(self) -> ContactId:
        return self.origin, self.kind, self.id


def matches(old: Iterable[Trace], new: Iterable[Trace], apart: Set[tuple[ContactId, str]] = frozenset()) -> list[Match]:
    """Everybody of `old`, who are of one kind, in a stable order. `new` is read once, and few of them are kept.
    `apart`: who is not whom, as somebody has said.
    """
    olds = sorted(old, key=lambda one: one.whose)
    known = {key for one in olds for key in one.signs()}
    came = [one for one in new if not known.isdisjoint(one.signs())]
    found = _compared([one for one in olds if not one.left], came, apart)
    wanted = {other.id for match in found for other in match.candidates}
    gone = _compared([one for one in olds if one.left], [one for one in came if one.id not in wanted], apart)
    sure = [one if one.verdict == SURE else Match(*one.whose, NEW, (), LEFT) for one in gone]
    return sorted([*found, *sure], key=lambda one: one.whose)


def _compared(olds: Sequence[Trace], news: Iterable[Trace], apart: Set[tuple[ContactId, str]]) -> list[Match]:
    here = _by_key(olds)
    there = _by_key(one for one in news if any(key in here for key in one.signs()))
    shared = {key: (len(here[key]), len(found)) for key, found in there.items() if key in here}
    alone = {key for key, sizes in shared.items() if sizes == (1, 1)}
    found = {one.whose: _likenesses(one, there, shared, alone.__contains__) for one in olds}
    like = {whose: {id: one for id, one in its.items() if (whose, id) not in apart} for whose, its in found.items()}
    return _resolved(olds, like)


def _by_key(traces: Iterable[Trace]) -> dict[tuple[str, ...], list[Trace]]:
    found: dict[tuple[str, ...], list[Trace]] = defaultdict(list)
    for one in traces:
        for key in set(one.signs()):
            found[key].append(one)
    return dict(found)


def _likenesses(
    one: Trace,
    there: Mapping[tuple[str, ...], list[Trace]],
    shared: Mapping[tuple[str, ...], tuple[int, int]],
    alone: Alone,
) -> Like:
    """By the id of the other, who is like this one in some way."""
    found: Like = {}
    for key in set(one.signs()):
        for other in there[key] if max(shared.get(key, (CROWD + 1, 0))) <= CROWD else ():
            if other.id not in found:
                alike = likeness(one, other, alone)
                if alike:
                    found[other.id] = other, alike
    return found


def _resolved(olds: Sequence[Trace], like: Mapping[ContactId, Like]) -> list[Match]:
    """Sure is who is sure of one person, who is nobody else's, and whose number leads nowhere else."""
    claims = Counter(id for found in like.values() for id in _sure_of(found))
    hard = {id for found in like.values() for id, (_, one) in found.items() if one.hard}
    sure: dict[ContactId, str] = {}
    for whose, found in like.items():
        ids = _sure_of(found)
        if (
            len(ids) == 1
            and claims[ids[0]] == 1
            and hard.isdisjoint(ids)
            and not any(one.hard for _, one in found.values())
        ):
            sure[whose] = ids[0]
    taken = set(sure.values())
    return [_match(one, like[one.whose], sure.get(one.whose, ""), taken) for one in olds]


def _sure_of(found: Like) -> list[str]:
    return [id for id, (_, one) in found.items() if one.sure]


def _match(one: Trace, like: Like, sure: str, taken: set[str]) -> Match:
    if sure:
        other, found = like[sure]
        return Match(*one.whose, SURE, (Candidate(sure, dates(one, other)),), found.reason)
    left = {id: found for id, found in sorted(like.items()) if id not in taken}
    if not left:
        return Match(*one.whose, NEW, (), "whoever is like this contact is somebody else" if like else "nobody is")
    candidates = tuple(Candidate(id, dates(one, other)) for id, (other, _) in left.items())
    return Match(*one.whose, UNSURE, candidates, _doubt([found for _, found in left.values()]))


def _doubt(found: Sequence[Likeness]) -> str:
    certain = [one for one in found if one.sure]
    if len(certain) > 1:
        return "what is known leads to several people"
    if certain and not any(one.hard for one in found):
        return f"{certain[0].reason}, but not of this contact alone"
    return min(found, key=lambda one: (not one.hard, one.reason)).reason


def decided(found: Iterable[Match], settled: Mapping[ContactId, str]) -> tuple[dict[ContactId, str], list[ContactId]]:
    """(who is whom: contact → the new provider's id, whose settling does not hold any more).

    `settled`: what an administrator decided, blank where two people are two. Nobody is taken twice.
    """
    pairs, stale, by_hand = dict[ContactId, str](), list[ContactId](), dict[ContactId, str]()
    for match in found:
        wanted = settled.get(match.whose)
        if wanted is None and match.verdict == SURE:
            pairs[match.whose] = match.candidates[0].id
        elif wanted and wanted in {one.id for one in match.candidates}:
            by_hand[match.whose] = wanted
        elif wanted:
            stale.append(match.whose)
    times = Counter([*pairs.values(), *by_hand.values()])
    for whose, new in by_hand.items():
        if times[new] == 1:
            pairs[whose] = new
        else:
            stale.append(whose)
    return pairs, sorted(stale)


def with_students(trace: Trace, pairs: Mapping[ContactId, str]) -> Trace:
    """A parent kept here, with the ids that their children get."""
    known = (pairs.get((trace.origin, "student", id), "") for id in trace.students)
    return replace(trace, students=tuple(sorted(filter(None, known))))


def other_kind(kind: str) -> str:
    """Of whom somebody's ties lead to."""
    return "parent" if kind == "student" else "student"


def kept_ties(
    kind: str, ties: Iterable[Sequence[str]], pairs: Mapping[ContactId, str], provider: str, told: Iterable[str]
) -> list[Tie]:
    """The ties that go on in a mark: led on to who was adopted, without those of which the provider tells (`told`)."""
    found: dict[tuple[str, str], Tie] = {}
    for origin, id, *rest in ties:
        new = pairs.get((origin, other_kind(kind), id))
        place = (provider, new) if new else (origin, id)
        found.setdefault(place, [*place, *rest])
    known = {(provider, id) for id in told}
    return [tie for place, tie in sorted(found.items()) if place not in known]


def figures(guard: Mapping[str, int], name: str) -> dict[str, JSON]:
    """For the report: how many of each kind."""
    return {kind: guard.get(f"{name}.{kind}", 0) for kind in ADOPTED}
