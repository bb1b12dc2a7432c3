"""What became of one contact, newest first: by which run or whom, and which of its attributes; never what they held.

Runs leave whom they changed in the bucket for a month; the newest of them are looked at, and it is said since when.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from roster.adopting import TOOK_OVER
from roster.audit import Audit
from roster.clocks import DEFAULT_ZONE, zone_of
from roster.contacts import about
from roster.errors import FilesMissing, ZoneUnknown
from roster.keys import run_folder, shard_slots, slot
from roster.model import BY_HAND, Kind
from roster.permissions import Action
from roster.ports import AccountBook, Audited, ContactId, EventBook, Records, Run, RunBook, RunKey, Slots, Staff

MOST_EVENTS = 20  # the newest
MOST_RUNS = 30  # of all of them together: each is a list of files and a file or two
MANUAL = "manual"  # what lists call contacts that people keep by hand
MOST_ROWS = 500  # of the account's audit
NIGHT = "night"
WORDS: Mapping[str, str] = {
    "first": "first name",
    "middle": "middle name",
    "last": "last name",
    "email": "e-mail",
    "username": "user name",
    "sis_id": "SIS id",
    "number": "student or staff number",
    "birth_date": "security value",
    "security_value": "security value",
    "other_ids": "ids at the provider",
    "related": "relationships",
    "until": "last day at the school",
    "partial": "whether the provider shares it",
    "level": "access level",
}
BECAME: Mapping[str, str] = {
    "created": "created",
    "updated": "changed",
    "departed": "made inactive",
    "returned": "active again",
    "deleted": "deleted",
    "anew": "deleted and created anew",
    "adopted": "taken over by the provider's contact",
}
RUNS: Mapping[str, str] = {"import": "import", "clear": "clear", "undo": "undo", "delete": "deletion of an event"}
DONE: Mapping[str, str] = {
    Action.SEE_SECURITY_VALUE: "security value shown to",
    Action.CHANGE_CONTACTS: "changed by hand by",
    Action.DELETE_CONTACTS: "deleted by",
}


@dataclass(frozen=True)
class Moment:
    """`at`: ISO time, UTC; `text`: the whole of it in words, on the account's clocks. `by`: a contact's id, or night;
    `name`: theirs. `run`, `event`: where a run did it. `fields`: what changed, in plain words.
    """

    at: str
    text: str = ""
    by: str = ""
    name: str = ""
    run: str = ""
    event: str = ""
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class Timeline:
    """The use case."""

    records: Records
    accounts: AccountBook
    events: EventBook
    runs: RunBook
    staff: Staff
    slots: Slots
    audit: Audit

    def of(self, account: str, id: ContactId) -> tuple[Sequence[Moment], str]:
        """With the time since which runs were looked at; blank where there were none."""
        runs = self._newest(account)
        rows, _ = self.audit.page(account, "", MOST_ROWS)
        mine = [row for row in rows if row.about == about(id)]
        found = [*self._of_runs(account, runs, id), *map(self._of_row, mine)]
        return sorted(found, key=lambda one: one.at, reverse=True), runs[-1][1].started if runs else ""

    def _newest(self, account: str) -> list[tuple[str, Run]]:
        """(event, run) of those that were applied."""
        events = sorted(self.events.page(account, "", 1_000), key=lambda one: one.created, reverse=True)
        found = [
            (event.event, run)
            for event in events[:MOST_EVENTS]
            for run in self.runs.page(account, event.event, "", MOST_RUNS)
            if run.status == "applied"
        ]
        return sorted(found, key=lambda one: one[1].started, reverse=True)[:MOST_RUNS]

    def _of_runs(self, account: str, runs: Sequence[tuple[str, Run]], id: ContactId) -> Iterator[Moment]:
        for event, run in runs:
            key = RunKey(account, event, run.run)
            moment = Moment(run.started, "", run.by, self._name(account, run.by), run.run, event)
            if origin := taken_over(self.slots, key, id) if run.asked.get("adopt") else "":
                yield replace(moment, text=self._text(account, run, f"taken over from {origin}", moment, "adoption"))
            if told := told_of(self.slots, key, id):
                became, fields = _together(told)
                moment = replace(moment, fields=_words(fields))
                yield replace(moment, text=self._text(account, run, became, moment))

    def _text(self, account: str, run: Run, became: str, moment: Moment, what: str = "") -> str:
        """As in `changed by the sync of 14 October 01:02: e-mail`."""
        what = what or ("sync" if run.by == NIGHT else RUNS.get(run.mode, "run"))
        who = f", started by {moment.name}" if moment.name else ""
        text = f"{BECAME.get(became, became)} by the {what} of {self._clock(account, run.started)}{who}"
        return f"{text}: {', '.join(moment.fields)}" if moment.fields else text

    def _of_row(self, row: Audited) -> Moment:
        fields = _words([*row.before, *row.after])
        text = f"{DONE.get(row.action, row.action)} {row.name or row.by} on {self._clock(row.account, row.at)}"
        if fields:
            text = f"{text}: {', '.join(fields)}"
        return Moment(row.at, text, row.by, row.name, fields=fields)

    def _name(self, account: str, by: str) -> str:
        found = self.staff.of(account, by) if by and by != NIGHT else None
        return found.name if found else ""

    def _clock(self, account: str, at: str) -> str:
        known = self.accounts.account(account)
        try:
            zone = zone_of(known.zone if known and known.zone else DEFAULT_ZONE)
        except ZoneUnknown:
            zone = zone_of(DEFAULT_ZONE)
        local = datetime.fromisoformat(at).astimezone(zone)
        return f"{local.day} {local:%B %H:%M}"


def told_of(slots: Slots, key: RunKey, id: ContactId) -> list[tuple[str, str, Sequence[str]]]:
    """(kind, outcome, names of changed attributes) of a run's changes of a contact: one file of each pass is read. A
    row without an origin is of the run's provider.
    """
    origin, kind, mine = id
    kinds = (kind, "schedule") if kind == Kind.STUDENT else (kind,)
    names = slots.names(f"{run_folder(key.account, key.event, key.run)}/changes/")
    told = [row for name in names if slot(mine) in _slots_of(name) for row in slots.read_json(name)]
    found = [row for row in told if row[1] == mine and row[0] in kinds]
    own = provider_of_run(slots, key) if found else ""
    return [(row[0], row[2], row[3]) for row in found if ("".join(row[4:]) or own) == origin]


def taken_over(slots: Slots, key: RunKey, id: ContactId) -> str:
    """Whose contact this one took the place of, in an adoption; blank where it took nobody's."""
    origin, kind, mine = id
    names = slots.names(f"{run_folder(key.account, key.event, key.run)}/{TOOK_OVER}/")
    rows = [row for name in names if slot(mine) in _slots_of(name) for row in slots.read_json(name)]
    found = next((whose for kinds, new, whose in rows if (kinds, new) == (kind, mine)), "")
    return (MANUAL if found == BY_HAND else found) if found and provider_of_run(slots, key) == origin else ""


def provider_of_run(slots: Slots, key: RunKey) -> str:
    """Of whom a run imported; blank where that is forgotten."""
    try:
        return str(slots.read_json(f"{run_folder(key.account, key.event, key.run)}/context")["provider"])
    except FilesMissing:
        return ""


def _slots_of(name: str) -> range:
    """Of the ids in such a file, as its name says it: `…/people-003-of-016`."""
    _, shard, _, shards = name.rsplit("-", 3)
    return shard_slots(int(shard), int(shards))


def _together(told: Sequence[tuple[str, str, Sequence[str]]]) -> tuple[str, list[str]]:
    """What became of the contact in all, and what changed: its classes are an item of their own."""
    own = [outcome for kind, outcome, _ in told if kind != "schedule"]
    fields = [name for _, _, names in told for name in names]
    if {"deleted", "created"} <= {*own}:
        return "anew", []
    if own and own[0] != "updated":
        return own[0], fields
    return "updated", [*fields, *(["classes"] if any(kind == "schedule" for kind, *_ in told) else [])]


def _words(names: Collection[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(WORDS.get(name, name) for name in names))
