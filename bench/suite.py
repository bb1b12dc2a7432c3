"""Every figure of one go: what is run beside what, how often, and which row it makes.

Runs that are compared alternate (A B C, A B C …), so that whatever slows the machine down slows all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from bench import contacts, counted, hostile, imports
from bench.district import District
from bench.targets import Figure, ratios
from bench.worlds import World, world

PAGE = 5000  # rows a page, for everybody: what the importer asks for by itself
Runs = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Size:
    """How many students and how often; `slow` is for peers that take minutes."""

    big: int
    middle: int
    small: int
    rounds: int
    slow: int
    imports: int
    nights: tuple[str, ...] = counted.NEEDED


FULL = Size(100_000, 10_000, 1_000, rounds=4, slow=3, imports=9, nights=tuple(counted.NIGHTS))
QUICK = Size(10_000, 1_000, 1_000, rounds=3, slow=1, imports=3)


@dataclass
class Suite:
    """`say` is told what is being done; `figures` fills up in the order of the table."""

    size: Size
    say: Callable[[str], None]
    figures: list[Figure] = field(default_factory=list)
    scales: dict[int, dict[str, counted.Counted]] = field(default_factory=dict)

    def run(self) -> None:
        with ExitStack() as stack:
            big, small = stack.enter_context(world()), stack.enter_context(world())
            with self._saying(f"preparing {self.size.big:,} and {self.size.small:,} students"):
                for place, students in ((big, self.size.big), (small, self.size.small)):
                    place.control(students=students)
                    place.measure("floor.prepare", students=students, folder=str(place.folder))
            of_handlers = self._of_handlers(small)  # a minute, and what the web is asked: what has broken shows now
            first = self._first(big, small)
            slow = self._slow(small)
            self._against_floor(first)
            self._against_peers(first, slow)
            self._nights(big)
            self._count(big, small)
            self._weighed()
            self._per_record(first)
            self.figures.extend(of_handlers)
            self._contacts()
            self._latencies(small)

    # -- the runs

    def _first(self, big: World, small: World) -> Runs:
        """A first import of the big district, its floor and dlt, and a first import of the small one."""
        arms = {
            "floor": self._floor(big, self.size.big),
            "ours": self._import(big),
            "dlt": lambda: big.measure("peers.dlt", page=PAGE),
            "small": self._import(small),
        }
        runs = self._alternate(f"first import of {self.size.big:,} students", arms, self.size.rounds)
        complete(runs, District(self.size.big).rows(), "rows", "floor", "dlt")
        return runs

    def _slow(self, small: World) -> Runs:
        arms = {
            "floor": self._floor(small, self.size.small),
            "ours": self._import(small),
            "batch_write": lambda: small.measure("peers.batch_write", page=PAGE),
            "save": lambda: small.measure("peers.save", page=PAGE),
        }
        runs = self._alternate(f"slow peers, {self.size.small:,} students", arms, self.size.slow)
        complete(runs, District(self.size.small).items(), "items", "batch_write", "save")
        return runs

    def _floor(self, place: World, students: int) -> Callable[[], dict[str, Any]]:
        return lambda: place.measure("floor.run", page=PAGE, students=students, folder=str(place.folder))

    @staticmethod
    def _import(place: World, **switches: Any) -> Callable[[], dict[str, Any]]:
        def run() -> dict[str, Any]:
            place.control(forget=True, **switches)
            said = place.measure("ours.run", page=PAGE, folder=str(place.folder / "ours"), run="first", anew=True)
            place.control(**dict.fromkeys(switches, 0))
            return said

        return run

    def _alternate(self, what: str, arms: Mapping[str, Callable[[], dict[str, Any]]], rounds: int) -> Runs:
        runs: Runs = {name: [] for name in arms}
        with self._saying(f"{what}: {', '.join(arms)}; rounds: {rounds}"):
            for _ in range(rounds):
                for name, arm in arms.items():
                    runs[name].append(arm())
        return runs

    @contextmanager
    def _saying(self, what: str) -> Iterator[None]:
        began = perf_counter()
        yield
        self.say(f"{what} ({perf_counter() - began:.0f} s)")

    # -- the rows

    def _add(self, name: str, values: tuple[float, ...], **more: Any) -> None:
        self.figures.append(Figure(name, values, **more))

    def _against_floor(self, first: Runs) -> None:
        students = f"{self.size.big:,} students"
        ours, floor = first["ours"], first["floor"]
        self._add(f"first import, {students}, against the floor", ratios(ours, floor), limit=1.5, note=_took(ours))
        self._add("the same, CPU time of the client", ratios(ours, floor, "cpu"), note=f"floor: {_took(floor)}")
        fetched = tuple(one["fetch_seconds"] / one["seconds"] for one in floor)
        self._add("of the floor, fetching and parsing", fetched, note="the rest: writing prepared bodies")
        for step in counted.STEPS:
            steps = [{"seconds": one["steps"][step]} for one in ours]
            self._add(f"of it the {step}, against the whole floor", ratios(steps, floor))

    def _against_peers(self, first: Runs, slow: Runs) -> None:
        big, small = f"{self.size.big:,} students", f"{self.size.small:,} students"
        dlt = ratios(first["dlt"], first["ours"])
        self._add(f"dlt into DuckDB against it, {big}", dlt, limit=2.5, at_least=True, note=_took(first["dlt"]))
        for peer, limit in (("save", 25.0), ("batch_write", None)):
            name = f"pynamodb's `{peer}` against it, {small}"
            values = ratios(slow[peer], slow["ours"])
            self._add(name, values, limit=limit, at_least=True, note=_took(slow[peer]))
        for peer, runs in (("dlt", first), ("save", slow), ("batch_write", slow)):
            size = big if runs is first else small
            self._add(f"{peer} against the floor, {size}", ratios(runs[peer], runs["floor"]))

    def _nights(self, big: World) -> None:
        """The big world still holds the last first import."""
        number = iter(range(1000))

        def quiet() -> dict[str, Any]:
            folder = str(big.folder / "ours")
            return big.measure("ours.run", page=PAGE, folder=folder, run=f"night-{next(number)}")

        arms = {"quiet": quiet, "alone": lambda: big.measure("ours.normalise", page=PAGE)}
        runs = self._alternate("quiet nights", arms, self.size.rounds)
        writes = tuple(float(one["writes"]) for one in runs["quiet"])
        self._add("a quiet night: items written", writes, unit="items", limit=0)
        name = "a quiet night against fetch, parse and normalise alone"
        self._add(name, ratios(runs["quiet"], runs["alone"]), limit=1.0, note=_took(runs["quiet"]))

    def _count(self, big: World, small: World) -> None:
        """At each size once: counts do not vary, and a peak hardly."""
        places = {self.size.small: small, self.size.middle: small, self.size.big: big}
        for students, place in places.items():
            with self._saying(f"counting and weighing, {students:,} students"):
                self.scales[students] = counted.nights(place, students, PAGE, self.size.nights)
        small.control(students=self.size.small)

    def _weighed(self) -> None:
        big, middle = self.scales[self.size.big], self.scales[self.size.middle]
        units, full = (big[night]["asked"]["write_units"] for night in ("1 %", "first"))
        note = f"{units:,} of {full:,} write units"
        name = "a night with 1 % of students changed, write units against a full rewrite"
        self._add(name, (100 * units / full,), unit="%", limit=2, note=note)
        peaks = [counted.peak(scale["first"]) for scale in (big, middle)]
        name = f"peak memory, {self.size.big:,} against {self.size.middle:,} students"
        self._add(name, (peaks[0] / peaks[1],), limit=1.2, note=f"{peaks[0]:.0f} and {peaks[1]:.0f} MB")
        most = max((night["peak_mb"][step], f"{step}, {name}") for name, night in big.items() for step in counted.STEPS)
        self._add("peak memory of any step and night", (most[0],), unit="MB", limit=256, note=most[1])

    def _per_record(self, first: Runs) -> None:
        values = ratios(first["ours"], first["small"], scale=self.size.small / self.size.big)
        name = f"time per record, {self.size.big:,} against {self.size.small:,} students"
        self._add(name, values, limit=1.2, note=f"small: {_took(first['small'])}")

    def _of_handlers(self, small: World) -> list[Figure]:
        """Their rows, which stand further down in the table."""
        self._handlers()
        self._web(small)
        self.figures.extend(hostile.figures())
        rows, self.figures = self.figures, []
        return rows

    def _handlers(self) -> None:
        with self._saying(f"imports of the handlers; rounds: {self.size.imports}"):
            self.figures.extend(imports.figures(self.size.imports))

    def _web(self, small: World) -> None:
        signed_in = small.measure("ours.administered", classes=100)
        small.control(items=signed_in["items"])
        took = small.measure("lookup.administration", rounds=self.size.imports, cookie=signed_in["cookie"])
        for read, name in (("one", "one by id (an event)"), ("page", "list page (100 classes)")):
            values = tuple(ours / bare for ours, bare in zip(took[read], took[f"bare {read}"], strict=True))
            bare = sorted(took[f"bare {read}"])[len(values) // 2]
            note = f"with two reads that say who asks; the bare call takes {bare:.0f} µs"
            self._add(f"API read, {name}, against the bare DynamoDB call", values, limit=2, note=note)
        small.control(items=[small.measure("ours.account_item", name="Benchmark Academy")])
        took = small.measure("lookup.client_page", rounds=self.size.imports)
        values = tuple(ours / bare for ours, bare in zip(took["handler"], took["bare"], strict=True))
        bare = sorted(took["bare"])[len(took["bare"]) // 2]
        note = f"who the account is and how its people sign in; the two bare calls take {bare:.0f} µs"
        self._add("`/client` page, warm, against its two bare GetItems", values, limit=2, note=note)

    def _contacts(self) -> None:
        with self._saying("pages of contacts"):
            self.figures.extend(contacts.figures(self.size.big, self.size.small))

    def _latencies(self, small: World) -> None:
        """Informative: what waiting costs, and how much of it the threads hide."""
        arms = {
            "at once": self._import(small),
            "10 ms a write": self._import(small, write_delay=0.01),
            "50 ms a page": self._import(small, page_delay=0.05),
        }
        runs = self._alternate("latencies", arms, self.size.slow)
        for arm, step in (("10 ms a write", "apply"), ("50 ms a page", "pull")):
            seconds = [[{"seconds": one["steps"][step]} for one in runs[name]] for name in (arm, "at once")]
            name = f"the {step} with {arm} against none, {self.size.small:,} students"
            took = " and ".join(f"{_middle(one)['seconds']:.1f} s" for one in seconds)
            self._add(name, ratios(*seconds), note=took)


def complete(runs: Runs, wanted: int, what: str, *names: str) -> None:
    """Whoever left something out was not faster."""
    for name in names:
        if any(run[what] != wanted for run in runs[name]):
            raise RuntimeError(f"{name} did {runs[name][0][what]} of {wanted} {what}")


def _took(runs: list[dict[str, Any]]) -> str:
    one = _middle(runs)
    return f"{one['seconds']:.1f} s, {one['cpu']:.1f} s CPU, {one['peak_mb']:.0f} MB"


def _middle(runs: list[dict[str, Any]]) -> dict[str, Any]:
    return sorted(runs, key=lambda run: run["seconds"])[len(runs) // 2]
