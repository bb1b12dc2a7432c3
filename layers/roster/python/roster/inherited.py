"""Birth dates that people kept here, and a provider does not share: they stay with the student, as in any sync.

The ledger holds them from then on, so a later run keeps them until the provider tells another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from roster.facts import ContactKey
from roster.ledgers import CHANGING
from roster.lines import fact_line
from roster.model import BirthDate, replace
from roster.outcome import Outcome
from roster.ports import Change
from roster.staging import Staging

KEPT = "kept"
PEOPLE = CHANGING[0]  # the pass that students are of
MISSING = "student_without_birth_date"


def keep_dates(staging: Staging, name: str, dates: Iterable[BirthDate]) -> None:
    """Hand them to the shards of whoever they are of now."""
    if lines := [fact_line(one) for one in dates]:
        staging.slots.write(f"{staging.folder}/routed/{KEPT}-{name}", lines)


def fill_dates(staging: Staging, shard: int, out: Outcome) -> None:
    """In what the plan says of a shard, those that are blank. Done twice, it writes the same."""
    folder = f"{staging.folder}/routed/"
    called = [name.removeprefix(folder) for name in staging.slots.names(f"{folder}{KEPT}-")]
    dates = staging.facts({}, shard, ("birth_date",), called).birth_dates
    known = staging.known(staging.ledger, CHANGING, shard) if dates else {}
    filled = {
        key: replace(entry, person=replace(entry.person, birth_date=dates[key[1]]))
        for key, entry in known.items()
        if key[0] == "student" and not entry.person.birth_date and key[1] in dates
    }
    if filled:
        planned = {(one.kind, one.id): one for one in staging.of_pass(PEOPLE, shard)}
        new = {key: Change(*key, entry) for key, entry in filled.items()}
        staging.write_changes(PEOPLE, shard, (planned | new).values())
        out.told += [(*key, "updated", ["birth_date"]) for key in filled.keys() - planned.keys()]
        out.tally.judge("plan", "moved", len(filled))
        out.tally.warnings[MISSING] -= _solved(staging, shard, filled)
        staging.write_contacts(staging.ledger, shard, (known | filled).values())  # last: else it is done again


def _solved(staging: Staging, shard: int, filled: Collection[ContactKey]) -> int:
    """How many of them the pass had warned of; it is forgotten."""
    file = f"{staging.folder}/problems/{PEOPLE}-{staging.place(shard)}"
    if not staging.slots.names(file):
        return 0
    problems: list[list[str]] = staging.slots.read_json(file)
    left = [one for one in problems if one[0] != MISSING or tuple(one[1:]) not in filled]
    staging.slots.write_json(file, left)
    return len(problems) - len(left)
