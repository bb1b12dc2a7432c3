"""The guard: whether a plan may be applied without a person's yes.

A school can lose its roster through one unticked box at the provider; these limits make that a question instead of
an accident. Figures are of this event's previous applied run, per kind.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from roster.model import COUNTED, JSON, NO_TERM, Selection, Term
from roster.tally import Tally

DEPARTED_SHARE, DEPARTED_FLOOR = 0.10, 10
UPDATED_SHARE, UPDATED_FLOOR = 0.75, 10
REJECTED_SHARE = 0.05
HALF = 0.5  # of a kind, of what a clear deletes
PRESENT = ("created", "updated", "unchanged", "returned")


Excess: TypeAlias = dict[str, tuple[int, str]]


def excess(tally: Tally, vanished: Iterable[str]) -> Excess:
    """Why the plan must be held, code → figure and plain sentence; nothing lets it pass."""
    found: Excess = {f"vanished.{choice}": (1, f"The chosen {choice} no longer exists.") for choice in vanished}
    for kind in COUNTED:
        found.update(_of_kind(kind, tally.guard, tally.outcomes))
    return found


def excess_of_clear(tally: Tally, vanished: Iterable[str], absent: Container[str], whole: bool = True) -> Excess:
    """As much for a run that clears first: everybody is new, so nobody departs; but a kind must not stay away.

    `whole`: whether the pull is trusted to show everybody. Who is not shown would be deleted for good.
    """
    found = excess(tally, vanished)
    found = {code: told for code, told in found.items() if not code.endswith((".departed", ".updated"))}
    for kind in COUNTED[:4]:
        gone = tally.guard.get(f"cleared.{kind}", 0)
        came = _present(kind, tally.outcomes)
        if gone and kind not in absent and not came:
            found[f"{kind}.departed"] = (gone, f"All {gone} {_plural(kind)} would leave.")
        elif kind not in absent and gone - came > DEPARTED_FLOOR and came < HALF * gone:
            found[f"{kind}.departed"] = (gone - came, f"Only {came} {_plural(kind)} would come for {gone}.")
    if not whole:
        found["source.partial"] = (1, "The provider shows only a part of the roster, and the rest would be deleted.")
    if not any(_present(kind, tally.outcomes) for kind in COUNTED):
        found["nobody"] = (1, "Nobody would come.")
    return found


def allowed(excess: Excess, before: Mapping[str, Sequence[JSON]]) -> bool:
    """Whether all of it was allowed: `before` is the excess of the run that somebody said yes to."""
    return all(code in before and figure <= before[code][0] for code, (figure, _) in excess.items())


def _of_kind(kind: str, guard: Mapping[str, int], outcomes: Mapping[str, int]) -> Iterable[tuple[str, tuple[int, str]]]:
    excused = guard.get(f"{kind}.excused", 0)
    previous = guard.get(f"{kind}.previous", 0) - excused  # of those whom nobody has just deselected
    known = previous + guard.get(f"{kind}.met", 0)
    departed = outcomes.get(f"{kind}.departed", 0) - excused
    updated = outcomes.get(f"{kind}.updated", 0) - guard.get(f"{kind}.filled", 0)
    everybody = guard.get(f"{kind}.previous", 0)
    if previous and departed >= previous:
        yield f"{kind}.departed", (previous, f"All {previous} {_plural(kind)} would leave.")
    elif everybody and outcomes.get(f"{kind}.departed", 0) >= everybody and not _present(kind, outcomes):
        yield f"{kind}.departed", (everybody, f"All {everybody} {_plural(kind)} would leave.")
    elif departed > DEPARTED_FLOOR and departed > DEPARTED_SHARE * previous:
        yield f"{kind}.departed", (departed, f"{departed} of {previous} {_plural(kind)} would leave.")
    if updated > UPDATED_FLOOR and updated > UPDATED_SHARE * known:
        yield f"{kind}.updated", (updated, f"{updated} of {known} {_plural(kind)} would change.")
    rejected, rows = outcomes.get(f"{kind}.rejected", 0), guard.get(f"{kind}.rows", 0)
    if rejected > REJECTED_SHARE * rows:
        yield f"{kind}.rejected", (rejected, f"{rejected} of {rows} {_plural(kind)} cannot be read.")


def _present(kind: str, outcomes: Mapping[str, int]) -> int:
    """How many of the kind the event would hold; a slip in the selection must not empty it either."""
    return sum(outcomes.get(f"{kind}.{outcome}", 0) for outcome in PRESENT)


def _plural(kind: str) -> str:
    return {"class": "classes"}.get(kind, f"{kind}s")


def resolve_terms(selection: Selection, offered: Iterable[Term]) -> tuple[Selection, list[str]]:
    """The selection with terms found again under a new id, and the names of those that are gone.

    A provider drops a term and makes it anew when its dates are edited; only an unmistakable twin (one with the
    same name and dates) is taken for it.
    """
    now = list(offered)
    ids = {term.id for term in now} | {NO_TERM}
    terms, vanished = [], []
    for term in selection.terms:
        twins = [t for t in now if term.name and (t.name, t.start, t.end) == (term.name, term.start, term.end)]
        if term.id in ids:
            terms.append(next((t for t in now if t.id == term.id), term))
        elif len(twins) == 1:
            terms.append(twins[0])
        else:
            terms.append(term)  # kept: without any term left, the selection would mean every term
            vanished.append(term.name or term.id)
    return replace(selection, terms=tuple(terms)), vanished


def renewed(before: Selection, now: Selection) -> dict[str, str]:
    """Old id → new id of the chosen terms that `resolve_terms` found again."""
    kept = before.term_ids() | {NO_TERM}
    ids = {(term.name, term.start, term.end): term.id for term in now.terms if term.name and term.id not in kept}
    twins = ((term.id, ids.get((term.name, term.start, term.end), "")) for term in before.terms)
    return {old: new for old, new in twins if new and old not in now.term_ids()}
