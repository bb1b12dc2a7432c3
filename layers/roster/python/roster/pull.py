"""Fetch, normalise, stage: one turn of a pull, which stops by itself and hands its place to the next turn.

A turn that is killed is done again from the place it began at and writes the same files under the same names.
Nothing here touches the roster: a pull only fills the run's own staging folder.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import ceil
from time import time

from roster.errors import ContractBroken, ProviderUnavailable, RateLimited, TransientError
from roster.keys import pulled_folder
from roster.lines import NOTES, fact_lines, note_line
from roster.model import (
    JSON,
    BirthDate,
    Person,
    Record,
    Rejected,
    Remark,
    Selection,
    SourceState,
    Within,
)
from roster.paging import LoopGuard
from roster.ports import Answer, Http, Records, RunKey, Slots, Tokens
from roster.provider import Ask, Checker, Page, Provider, Refused, Resource
from roster.sizes import storable

PAGES_PER_TURN = 20
ROUNDS = 3
LONGEST_PATIENCE = 10


@dataclass
class Place:
    """Where a pull stands; travels through the state machine as JSON, so it holds no row and no secret.

    `rows`, `distinct`: of the present resource, all and those whose ids are new to their turn. `total`: what its
    provider promised. `ids`: files of the ids of resources that took more than one turn, a file for each.
    """

    round: int = 0
    resource: int = 0
    cursor: str = ""
    page: int = 0
    rows: int = 0
    distinct: int = 0
    total: int | None = None
    requests: int = 0
    facts: int = 0
    pages: list[int] = field(default_factory=list)
    noted: list[str] = field(default_factory=list)
    pulled: dict[str, int] = field(default_factory=dict)
    rejected: dict[str, int] = field(default_factory=dict)
    marker: str = ""
    absent: list[str] = field(default_factory=list)
    warnings: dict[str, int] = field(default_factory=dict)
    ids: list[str] = field(default_factory=list)
    loop: dict[str, JSON] = field(default_factory=dict)
    wait: int = 0
    waits: int = 0
    done: bool = False


@dataclass
class Puller:
    """One turn of one provider's pull. `left()` gives the seconds this function may still run."""

    provider: Provider
    http: Http
    slots: Slots
    records: Records
    tokens: Tokens
    left: Callable[[], float]
    clock: Callable[[], float] = time
    reserve: float = 240.0  # one request, tried three times and then for a smaller page, may take 210 seconds

    def turn(self, key: RunKey, run: Mapping[str, JSON], secret: Mapping[str, str], place: Place) -> Place:
        """Pull pages until the end, the time, or the provider's patience is up. Returns the next place."""
        selection = Selection.from_json(run.get("selection"))
        settings = run.get("settings") or {}
        resources = self.provider.resources(settings, selection)
        folder = pulled_folder(key.account, key.event, key.run)
        if place == Place():
            self.slots.write_json(f"{folder}/provider", {"help": dict(self.provider.help)})
        try:
            ask = self._counting(self.provider.connect(self.http, settings, secret, self.tokens), place)
            return self._walk(key, folder, resources, ask, place)
        except (ProviderUnavailable, ContractBroken) as error:
            code = "unavailable" if isinstance(error, ProviderUnavailable) else "contract_broken"
            raise type(error)(error.message, self.provider.help.get(code) or error.help) from error

    def _walk(self, key: RunKey, folder: str, resources: Iterable[Resource], ask: Ask, place: Place) -> Place:
        listed = list(resources)
        place.wait = 0
        guard = LoopGuard(place.loop)
        for turn in range(PAGES_PER_TURN):
            if turn and self.left() < self.reserve:
                break
            resource = listed[place.resource]
            try:
                page = self._fetch(resource, ask, place)
            except RateLimited as patience:
                self._be_patient(patience, place)
                break
            except TransientError:
                if not turn:
                    raise
                break  # what was read so far is kept; the next turn begins at the page that failed
            place.waits = 0
            before, round = place.resource, place.round
            self._take(folder, resource, page, place, guard)
            if (place.resource, place.round) != (before, round):
                guard = LoopGuard()
            self.records.progress(key, self._progress(resource, page, place))
            if place.resource == len(listed):
                place.done = True
                break
        if place.page and listed[place.resource].shifting:
            self._keep_ids(folder, guard, place)
        place.loop = guard.state
        return place

    def _keep_ids(self, folder: str, guard: LoopGuard, place: Place) -> None:
        """For the plan, which can tell whether a row of this turn came in another one as well."""
        name = f"{place.resource:02d}-{place.page:06d}"
        self.slots.write_json(f"{folder}/ids/{place.round}/{name}", guard.ids)
        place.ids.append(name)

    @staticmethod
    def _be_patient(patience: RateLimited, place: Place) -> None:
        """The state machine waits, not this function; but not for ever at one page."""
        if place.waits >= LONGEST_PATIENCE:
            raise ProviderUnavailable("the provider keeps asking to wait", patience.help) from patience
        place.waits += 1
        place.wait = ceil(patience.wait)

    def _fetch(self, resource: Resource, ask: Ask, place: Place) -> Page | Refused:
        cursor = place.cursor or resource.start
        return Checker(self.provider, self.clock).page(resource, cursor, ask(cursor))

    def _take(self, folder: str, resource: Resource, page: Page | Refused, place: Place, guard: LoopGuard) -> None:
        if isinstance(page, Refused):
            place.warnings[page.code] = 1
            place.absent.extend(resource.covers)
            return self._next_resource(place)
        guard.cursor(place.cursor or resource.start)
        complete = resource.shifting and place.total is not None and place.distinct >= place.total
        new = guard.page(filter(None, map(resource.row_id, page.rows)), resource.shifting, complete)
        place.distinct += new
        stuck = complete and not new and bool(page.rows)  # a server without offsets, whose total may be of one page
        page = replace(page, rows=(), next=None) if stuck else page
        moved = self._stage(folder, resource, page, place)
        if moved and place.round + 1 < ROUNDS:
            return self._again(place)
        if moved:  # it will not hold still: read on to the end, and trust no departure
            place.warnings["source_moved"] = 1
        place.page += 1
        place.rows += len(page.rows)
        place.cursor = page.next or ""
        if page.next is None:
            if place.ids and place.ids[-1].startswith(f"{place.resource:02d}-"):
                self._keep_ids(folder, guard, place)
            promised = place.total if place.total is not None else place.rows if resource.shifting else 0
            if stuck or place.distinct < promised:  # somebody may be missing, and we do not know who
                place.warnings["source_incomplete"] = place.warnings.get("source_incomplete", 0) + 1
            self._next_resource(place)

    def _stage(self, folder: str, resource: Resource, page: Page, place: Place) -> bool:
        """Write the page's facts and notes. True when the provider's data moved while we were reading."""
        at = f"{place.resource:02d}-{place.page:06d}"
        records = [kept for row in page.rows for record in resource.normalise(row) for kept in storable(record)]
        notes = [record for record in records if type(record) in NOTES]
        lines = list(fact_lines(records))
        self.slots.write(f"{folder}/pull/{place.round}/{at}", lines)
        self._count(records, len(lines), place)
        if notes:
            self.slots.write_json(f"{folder}/notes/{place.round}/{at}", [note_line(note) for note in notes])
            place.noted.append(at)
        return self._moved(page, notes, place)

    @staticmethod
    def _count(records: Iterable[Record], facts: int, place: Place) -> None:
        """What was read of each kind, and how much of it cannot be used."""
        place.facts += facts
        pulled, rejected = Counter(place.pulled), Counter(place.rejected)
        for record in records:
            kind = _kind(record)
            pulled[kind] += bool(kind)
            rejected[kind] += isinstance(record, Rejected)
        place.pulled, place.rejected = dict(+pulled), dict(+rejected)

    @staticmethod
    def _moved(page: Page, notes: Iterable[Record], place: Place) -> bool:
        """Whether the provider says, by a marker or another total, that this is not the data we began with."""
        moved = page.total is not None and place.total not in (None, page.total)
        place.total = place.total if page.total is None else page.total
        for marker in (page.marker, *(note.marker for note in notes if isinstance(note, SourceState))):
            if marker:
                moved = moved or place.marker not in ("", marker)
                place.marker = marker
        return moved

    @staticmethod
    def _again(place: Place) -> None:
        """A new load arrived at the provider mid-pull: two halves would not fit, so pull once more."""
        started = Place(round=place.round + 1, requests=place.requests, marker=place.marker)
        vars(place).update(vars(started))

    @staticmethod
    def _next_resource(place: Place) -> None:
        """`pages` says how many there were of each, `noted` which had notes: a killed turn may have left others."""
        place.pages.append(place.page)
        place.resource += 1
        place.cursor, place.page, place.rows, place.distinct, place.total = "", 0, 0, 0, None

    @staticmethod
    def _progress(resource: Resource, page: Page | Refused, place: Place) -> dict[str, JSON]:
        total = page.total if isinstance(page, Page) else 0
        rows = place.rows or (len(page.rows) if isinstance(page, Page) else 0)
        return {"stage": "pull", "resource": resource.name, "page": place.page, "rows": rows, "of": total}

    @staticmethod
    def _counting(ask: Ask, place: Place) -> Ask:
        def counted(cursor: str) -> Answer:
            place.requests += 1
            return ask(cursor)

        return counted


def _kind(record: Record) -> str:
    """What a record is counted as; blank for what says something about another record."""
    if isinstance(record, Person | Rejected):
        return record.kind
    return "" if isinstance(record, Remark | BirthDate | Within | SourceState) else type(record).__name__.lower()
