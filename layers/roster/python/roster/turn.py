"""One turn of a pull: page after page, what each brings, and where the next turn goes on.

What the pages brought is written at the end of the turn, or of the resource; the place says which files count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from math import ceil

from roster.collector import sweep
from roster.errors import ProviderUnavailable, RateLimited, TransientError
from roster.keys import slot
from roster.model import JSON, to_line
from roster.paging import LoopGuard
from roster.place import Place, sealed
from roster.ports import Answer, Packed, Records, RunKey, Slots
from roster.provider import Ask, Checker, Page, Provider, Refused, Resource
from roster.sheaf import Leaf, Sheaf, Yesterday, digest, leaf_of, normalised

PAGES_PER_TURN = 20
ROUNDS = 3
LONGEST_PATIENCE = 10


@dataclass
class Turn:
    """Up to so many pages. The page after is asked for while the rows of this one are read."""

    provider: Provider
    slots: Slots
    records: Records
    clock: Callable[[], float]
    time_left: Callable[[], bool]
    key: RunKey
    folder: str
    resources: list[Resource]
    ask: Ask
    place: Place
    recipe: str
    yesterday: Yesterday
    ahead: ThreadPoolExecutor
    guard: LoopGuard = field(init=False)
    sheaf: Sheaf = field(init=False)
    coming: Future[Answer] | None = None

    def __post_init__(self) -> None:
        self.guard, self.sheaf = LoopGuard(self.place.loop), Sheaf(self.place.page)

    def walk(self) -> Place:
        place = self.place
        place.wait = 0
        for turn in range(PAGES_PER_TURN):
            if turn and not self.coming and not self.time_left():
                break
            resource = self.resources[place.resource]
            try:
                answer, page = self._fetch(resource)
            except RateLimited as patience:
                self._be_patient(patience)
                break
            except TransientError:
                if not turn:
                    raise
                break  # what was read so far is kept; the next turn begins at the page that failed
            place.waits = 0
            rows = self._take(resource, answer, page, turn + 1 < PAGES_PER_TURN)
            del answer, page
            sweep()
            self.records.progress(self.key, self._progress(resource, rows))
            if place.resource == len(self.resources):
                place.done = True
                break
        self._write()
        if place.page and self.guard.ids and self.resources[place.resource].shifting:
            self._keep_ids()
        place.loop = self.guard.state
        return place

    def _fetch(self, resource: Resource) -> tuple[Answer, tuple[Leaf, Packed] | Page | Refused]:
        """The answer, and what it is: last night's page, another, or a refusal."""
        place, coming = self.place, self.coming
        self.coming = None
        cursor = place.cursor or resource.start
        answer = coming.result() if coming else self.ask(cursor)
        if answer.status == 200 and self.yesterday.files:
            seal = digest(self.recipe, resource, cursor, answer)
            if known := self.yesterday.find(place.resource, place.page, cursor, seal):
                return answer, known
        return answer, Checker(self.provider, self.clock).page(resource, cursor, answer)

    def _take(self, resource: Resource, answer: Answer, page: tuple[Leaf, Packed] | Page | Refused, on: bool) -> int:
        """Keep what the page brings, and go on to the next. Returns how many rows it had."""
        place = self.place
        if isinstance(page, Refused):
            place.warnings[page.code] = 1
            place.absent.extend(resource.covers)
            place.content = sealed(place.content, resource.name, page.code)
            self._next_resource()
            return 0
        cursor = place.cursor or resource.start
        leaf = page[0] if isinstance(page, tuple) else self._leaf(resource, cursor, answer, page)
        self.guard.cursor(cursor)
        complete = resource.shifting and place.total is not None and place.distinct >= place.total
        new = self.guard.page(leaf.ids, resource.shifting, complete)
        place.distinct += new
        stuck = complete and not new and leaf.rows > 0  # a server without offsets, whose total may be of one page
        following = None if stuck else leaf.next
        moved = self._moved(leaf)
        if following is not None and on and not moved and self.time_left():
            self.coming = self.ahead.submit(self.ask, following)
        if not stuck:
            leaf = self._keep(resource, leaf, page)
            moved = self._moved(leaf) or moved
        if moved and place.round + 1 < ROUNDS:
            self._again()
            return leaf.rows
        if moved:  # it will not hold still: read on to the end, and trust no departure
            place.warnings["source_moved"] = 1
        place.page += 1
        place.rows += 0 if stuck else leaf.rows
        place.cursor = following or ""
        if following is None:
            self._end(resource, stuck)
        return leaf.rows

    def _leaf(self, resource: Resource, cursor: str, answer: Answer, page: Page) -> Leaf:
        return leaf_of(resource, cursor, page, digest(self.recipe, resource, cursor, answer))

    def _keep(self, resource: Resource, leaf: Leaf, page: tuple[Leaf, Packed] | Page) -> Leaf:
        """The page's part of the file that is written at the end of the turn, and its sums."""
        if isinstance(page, tuple):
            part = page[1]
        else:
            leaf, lines = normalised(resource, page, leaf)
            part = self.slots.pack(lines)
        self.sheaf.add(leaf, part)
        place = self.place
        place.content = sealed(place.content, leaf.digest)
        place.facts += leaf.facts
        place.pulled = dict(Counter(place.pulled) + Counter(leaf.pulled))
        place.rejected = dict(Counter(place.rejected) + Counter(leaf.rejected))
        tags = {*leaf.tags, *place.tags.get(str(place.resource), ())}
        place.tags[str(place.resource)] = sorted(tags)
        return leaf

    def _moved(self, leaf: Leaf) -> bool:
        """Whether the provider says, by a marker or another total, that this is not the data we began with."""
        place = self.place
        moved = leaf.total is not None and place.total not in (None, leaf.total)
        place.total = place.total if leaf.total is None else leaf.total
        for marker in filter(None, leaf.markers()):
            moved = moved or place.marker not in ("", marker)
            place.marker = marker
        return moved

    def _end(self, resource: Resource, stuck: bool) -> None:
        """The resource's last page was read."""
        place = self.place
        if place.ids and place.ids[-1].startswith(f"{place.resource:02d}-"):
            self._keep_ids()
        promised = place.total if place.total is not None else place.rows if resource.shifting else 0
        if stuck or place.distinct < promised:  # somebody may be missing, and we do not know who
            place.warnings["source_incomplete"] = place.warnings.get("source_incomplete", 0) + 1
        self._next_resource()

    def _next_resource(self) -> None:
        self._write()
        place = self.place
        place.pages.append(place.page)
        place.resource += 1
        place.cursor, place.page, place.rows, place.distinct, place.total = "", 0, 0, 0, None
        self.guard, self.sheaf = LoopGuard(), Sheaf(0)

    def _write(self) -> None:
        """The files are named in the place: a killed turn may have left others."""
        if not self.sheaf.leaves:
            return
        place = self.place
        name = self.sheaf.name(place.resource, place.content)
        self.sheaf.write(self.slots, f"{self.folder}/pull/{place.round}/{name}")
        place.files.append(name)
        if notes := self.sheaf.notes():
            self.slots.write_json(f"{self.folder}/notes/{place.round}/{name}", notes)
            place.noted.append(name)

    def _keep_ids(self) -> None:
        """For the plan, which can tell whether a row of this turn came in another one as well."""
        place = self.place
        name = f"{place.resource:02d}-{place.page:06d}-{place.content[:12]}"
        lines = ((slot(id), to_line(id)) for id in self.guard.ids)
        self.slots.write(f"{self.folder}/ids/{place.round}/{name}", lines)
        place.ids.append(name)

    def _again(self) -> None:
        """A new load arrived at the provider mid-pull: two halves would not fit, so pull once more."""
        if self.coming:
            wait([self.coming])  # a connection is asked one thing at a time
        place = self.place
        started = Place(round=place.round + 1, requests=place.requests, marker=place.marker)
        vars(place).update(vars(started))
        self.guard, self.sheaf, self.coming = LoopGuard(), Sheaf(0), None

    def _be_patient(self, patience: RateLimited) -> None:
        """The state machine waits, not this function; but not for ever at one page."""
        place = self.place
        if place.waits >= LONGEST_PATIENCE:
            raise ProviderUnavailable("the provider keeps asking to wait", patience.help) from patience
        place.waits += 1
        place.wait = ceil(patience.wait)

    def _progress(self, resource: Resource, rows: int) -> dict[str, JSON]:
        place = self.place
        return {
            "stage": "pull",
            "resource": resource.name,
            "page": place.page,
            "rows": place.rows or rows,
            "of": place.total,
        }
