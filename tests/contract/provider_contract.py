"""The eight points that every provider's plug-in must keep, inherited by every provider's tests.

A provider's test class inherits `ProviderContract` and fills in the hooks at its top, nothing else. Everything is
pulled over real HTTP on loopback through roster.pull, as on Lambda; only the staging bucket is a dictionary.
"""

from __future__ import annotations

import ast
import json
import logging
import re
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from copy import deepcopy
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

import roster.http
import roster.turn
from local.sandbox.faults import Fault
from local.sandbox.serving import Sandbox
from roster.errors import (
    AccessMissing,
    ContractBroken,
    ProviderUnavailable,
    RosterError,
    TerminalError,
)
from roster.fields import iso_date, text
from roster.http import RequestsHttp
from roster.keys import SLOTS
from roster.lines import FACTS, NOTES, fact_line
from roster.model import JSON, Record, Rejected, Selection, to_line
from roster.ports import Answer, Http, Integration, RunKey, Tokens
from roster.provider import Ask, Page, Provider, Resource
from roster.pull import Place, Puller
from roster.staging import Staging
from tests.fakes.memory import MemoryRecords, MemorySlots, MemoryTokens
from tests.support import ROOT

KEY = RunKey("11600000", "spring", "run-1")
RECORDS = tuple(FACTS) + tuple(NOTES)
PLAN = ("pull", "turn", "reading", "sheaf", "plan", "desk", "reconcile", "settle", "sync")
PURE = frozenset("__future__ collections dataclasses datetime enum functools hashlib itertools json re typing".split())

# What lasts for ever ends so; on an optional resource a refusal is told, and nothing else is.
ENDS: Mapping[str, type[RosterError]] = {
    "error_500": ProviderUnavailable,
    "error_502": ProviderUnavailable,
    "error_503": ProviderUnavailable,
    "truncated": ProviderUnavailable,
    "reset": ProviderUnavailable,
    "cut_json": ProviderUnavailable,
    "html_200": ProviderUnavailable,
    "html_404": AccessMissing,
    "no_list_key": ContractBroken,
    "bare_array": ContractBroken,
    "same_cursor": ContractBroken,
}
REFUSALS = (403, 404, 410)
NOT_A_PAGE = (201, 202, 204, 206, 301, 302, 304, 400, 402, 405, 409, 413, 418)
NOT_A_BODY = (b"", b"null", b"{}", b"[]", b"42", b'"page"', b"<html></html>", b"\xff\xfe", b'{"data":', b'{"data":{}}')

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=()))
any_json = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner), max_leaves=9
)
odd_values = (
    st.sampled_from([None, "", " ", 0, -1, 1.5, True, [], {}, [None], [[]], "\ud83d", "\x00", "http://[", "x" * 3000])
    | any_json
)

# Fixtures of the class are read, never changed, so every example may share them.
THOROUGH = effort(
    max_examples=100, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


class Killed(BaseException):
    """The function is gone, in the middle of a turn."""


@dataclass
class Altered:
    """A provider whose resources, or whose answers, are changed on their way to the pipeline."""

    inner: Provider
    answers: Callable[[str, Answer], Answer] = lambda cursor, answer: answer
    change: Callable[[Resource], Resource] = lambda resource: resource
    name: str = "altered"
    help: Mapping[str, str] = field(init=False)
    lanes: int = field(init=False)

    def __post_init__(self) -> None:
        self.help, self.lanes = self.inner.help, self.inner.lanes
        self.wait, self.remaining = self.inner.wait, self.inner.remaining

    def resources(self, settings: Mapping[str, JSON], selection: Selection) -> Sequence[Resource]:
        return [self.change(resource) for resource in self.inner.resources(settings, selection)]

    def connect(self, http: Http, settings: Mapping[str, JSON], secret: Mapping[str, str], tokens: Tokens) -> Ask:
        ask = self.inner.connect(http, settings, secret, tokens)
        return lambda cursor: self.answers(cursor, ask(cursor))


def one_lane(provider: Provider) -> Altered:
    """The provider, asked for one page after the other."""
    altered = Altered(provider)
    altered.lanes, altered.remaining = 1, lambda answer: None
    return altered


@dataclass
class Pull:
    """One pull of one sandbox, which a test stops, kills and resumes."""

    provider: Provider
    settings: Mapping[str, JSON]
    secret: Mapping[str, str]
    slots: MemorySlots = field(default_factory=MemorySlots)
    records: MemoryRecords = field(default_factory=lambda: MemoryRecords(Integration(KEY.account, "any")))
    selection: Selection = field(default_factory=Selection)
    tokens: MemoryTokens = field(default_factory=MemoryTokens)

    def turn(self, place: Place | None = None, seconds: float = 900.0, pages: int | None = None) -> Place:
        """One turn by a fresh Puller, its place through JSON both ways; killed after so many pages, if told."""
        told = json.loads(json.dumps(asdict(place or Place())))
        records = _Deadly(self.records, pages) if pages else self.records
        puller = Puller(self.provider, RequestsHttp(loopback=True), self.slots, records, self.tokens, lambda: seconds)  # type: ignore[arg-type]
        run = {"settings": self.settings, "selection": self.selection.to_json()}
        return puller.turn(KEY, run, self.secret, Place(**told))

    def turns(self, place: Place, seconds: float, count: int) -> Place:
        for _ in range(count):
            place = self.turn(place, seconds)
        return place

    def attempt(self, place: Place) -> Place | RosterError:
        """A turn of one page, or the error it ends in."""
        try:
            return self.turn(place, seconds=0)
        except RosterError as error:
            return error

    def places(self, seconds: float = 900.0) -> list[Place]:
        """Every place of a pull, the end included; 0 seconds make turns of one page. 429s are not slept out."""
        found = [Place()]
        while not found[-1].done:
            found.append(self.turn(found[-1], seconds))
            assert len(found) < 500, "the pull does not end"
        return found

    def staged(self, place: Place) -> dict[str, Any]:
        """All lines of facts, and the notes, that a plan would read."""
        staging = Staging(self.slots, KEY, "any")
        files = staging.pulled(place.round, place.files, place.tags)
        facts = b"".join(self.slots.read(name, range(SLOTS)) for name in files)
        return {"facts": sorted(facts.splitlines()), "notes": list(staging.notes(place.round, place.noted))}

    def facts(self, place: Place) -> list[tuple[str, dict[str, JSON]]]:
        """The staged facts, decoded."""
        return [tuple(json.loads(line)) for line in self.staged(place)["facts"]]


class _Watched(Mapping[str, str]):
    """Headers that remember which of them were looked at."""

    def __init__(self, headers: Mapping[str, str], seen: set[str]) -> None:
        self._headers, self._seen = headers, seen

    def __getitem__(self, name: str) -> str:
        self._seen.add(name)
        return self._headers[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._headers)

    def __len__(self) -> int:
        return len(self._headers)


class _Deadly:
    """Records whose Lambda dies while it reports its n-th page."""

    def __init__(self, inner: MemoryRecords, pages: int) -> None:
        self._inner, self._pages = inner, pages

    def progress(self, key: RunKey, progress: Mapping[str, JSON]) -> None:
        self._pages -= 1
        if not self._pages:
            raise Killed


def mutations(rows: Sequence[JSON]) -> st.SearchStrategy[JSON]:
    """Real rows with one to four of their parts dropped, replaced by odd values, or wrapped."""
    return st.builds(
        _mutated,
        st.sampled_from(rows),
        st.lists(st.tuples(st.integers(0, 10**6), st.booleans(), odd_values), min_size=1, max_size=4),
    )


def _mutated(row: JSON, changes: list[tuple[int, bool, JSON]]) -> JSON:
    told = [deepcopy(row)]
    for number, dropped, value in changes:
        spots = list(_spots(told))
        container, key = spots[number % len(spots)]
        if dropped and isinstance(container, dict):
            del container[key]
        else:
            container[key] = deepcopy(value)
    return told[0]


def _spots(value: JSON) -> Iterator[tuple[Any, Any]]:
    """Every place in a value that can be written to."""
    for key, inner in list(value.items() if isinstance(value, dict) else enumerate(value)):
        yield value, key
        if isinstance(inner, dict | list):
            yield from _spots(inner)


def stranger(value: JSON) -> JSON:
    """The same JSON with unknown fields in every object and the keys in another order."""
    if isinstance(value, dict):
        return {"zz_new": {"a": [1]}, **{k: stranger(value[k]) for k in reversed(list(value))}, "aa_new": None}
    return [stranger(inner) for inner in value] if isinstance(value, list) else value


def codes_of(path: Path) -> set[str]:
    """Codes that a module can say: of remarks, warnings, refusals and help; `*` where a part is computed."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        said: list[ast.expr] = []
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in ("Remark", "warn", "Refused", "_help"):
                said = node.args[:1]
            said += [k.value for k in node.keywords if k.arg == "optional"]
            said += [k.value for k in node.keywords if name == "SourceState" and k.arg == "warning"]
            said += node.args[2:3] if name == "SourceState" else []
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
            held = node.targets[0].value
            said = [node.targets[0].slice] if isinstance(held, ast.Attribute) and held.attr == "warnings" else []
        elif isinstance(node, ast.Subscript) and getattr(node.value, "id", "") == "HELP":
            said = [node.slice]
        found.update(code for expression in said for code in _literals(expression))
    return found - {""}


def _literals(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(p.value if isinstance(p, ast.Constant) else "*" for p in node.values)  # type: ignore[misc]
    elif isinstance(node, ast.IfExp):
        yield from _literals(node.body)
        yield from _literals(node.orelse)


class ProviderContract:
    """Inherit, and fill in the hooks.

    provider: the plug-in. folder: its folder under functions/. label: its name in its help texts.
    codes: warnings that the AST cannot see, because the whole code is computed.
    served(): a sandbox of some 50 students, as a context manager; settings(): with a page size of some 25, so that
    its larger lists have three pages or more; secret(): a credential of it.
    without_id(row): only for a provider whose row id is not a plain value in the row.
    """

    provider: ClassVar[Provider]
    folder: ClassVar[str]
    label: ClassVar[str]
    codes: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def served(cls) -> AbstractContextManager[Sandbox]:
        raise NotImplementedError

    @classmethod
    def settings(cls, sandbox: Any) -> dict[str, JSON]:
        raise NotImplementedError

    @classmethod
    def secret(cls, sandbox: Any) -> dict[str, str]:
        raise NotImplementedError

    @classmethod
    def without_id(cls, row: JSON, id: str) -> JSON:
        if isinstance(row, dict):
            return {k: cls.without_id(v, id) for k, v in row.items() if isinstance(v, dict | list) or text(v) != id}
        return [cls.without_id(inner, id) for inner in row] if isinstance(row, list) else row

    # -- what the tests share

    @pytest.fixture(autouse=True)
    def _quick(self, monkeypatch: pytest.MonkeyPatch) -> None:
        quick = roster.http.RETRIES.new(backoff_factor=0.0001, backoff_jitter=0)
        monkeypatch.setattr(roster.http, "RETRIES", quick)

    @pytest.fixture(scope="class")
    @classmethod
    def sandbox(cls) -> Iterator[Sandbox]:
        with cls.served() as sandbox:
            yield sandbox

    @pytest.fixture(scope="class")
    @classmethod
    def honest(cls, sandbox: Sandbox) -> tuple[Pull, list[Place]]:
        """A pull without faults in turns of one page, and its places."""
        pull = cls.pull(sandbox)
        return pull, pull.places(seconds=0)

    @pytest.fixture(scope="class")
    @classmethod
    def rows(cls, sandbox: Sandbox) -> dict[str, list[JSON]]:
        """Raw rows of each resource, as the provider's own `read` finds them."""
        given: dict[str, list[JSON]] = {}

        def recorded(resource: Resource) -> Resource:
            def read(cursor: str, answer: Answer) -> Page:
                page = resource.read(cursor, answer)
                given.setdefault(resource.name, []).extend(page.rows)
                return page

            return replace(resource, read=read)

        cls.pull(sandbox, Altered(cls.provider, change=recorded)).places()
        return given

    @classmethod
    def pull(cls, sandbox: Sandbox, provider: Provider | None = None) -> Pull:
        return Pull(provider or cls.provider, cls.settings(sandbox), cls.secret(sandbox))

    @classmethod
    def resources(cls, sandbox: Sandbox) -> list[Resource]:
        return list(cls.provider.resources(cls.settings(sandbox), Selection()))

    @staticmethod
    @contextmanager
    def struck(sandbox: Sandbox, *faults: Fault) -> Iterator[None]:
        sandbox.faults.add(*faults)
        try:
            yield
        finally:
            sandbox.faults.clear()

    def begins(self, honest: tuple[Pull, list[Place]]) -> dict[int, Place]:
        """The place at which each resource begins."""
        return {len(place.lanes): place for place in reversed(honest[1]) if place.all_read and not place.done}

    def pages(self, honest: tuple[Pull, list[Place]]) -> list[int]:
        return [lane.page for lane in honest[1][-1].lanes]

    # -- 0: the sandbox is large enough to show anything

    def test_the_sample_says_something(self, honest: tuple[Pull, list[Place]], rows: dict[str, list[JSON]]) -> None:
        pull, places = honest
        assert places[-1].done
        assert sum(pages >= 3 for pages in self.pages(honest)) >= 2, "make the page size smaller"
        assert {"person", "class", "enrolment", "relationship"} <= {tag for tag, _ in pull.facts(places[-1])}
        assert all(rows.values())

    # -- 1: normalise is pure and total

    def checked(self, resource: Resource, row: JSON) -> list[Record]:
        before = json.dumps(row)
        records = list(resource.normalise(row))
        assert records == list(resource.normalise(row))
        assert json.dumps(row) == before, "normalise changed its input"
        assert {type(record) for record in records} <= set(RECORDS)
        [fact_line(record) for record in records if type(record) in FACTS]  # every fact can be written as a line
        to_line(records)
        assert isinstance(resource.row_id(row), str)
        return records

    @THOROUGH
    @given(row=any_json)
    def test_any_json_is_normalised(self, sandbox: Sandbox, row: JSON) -> None:
        for resource in self.resources(sandbox):
            self.checked(resource, row)

    @THOROUGH
    @given(choice=st.data())
    def test_damaged_rows_are_normalised(self, sandbox: Sandbox, rows: dict[str, list[JSON]], choice: Any) -> None:
        for resource in self.resources(sandbox):
            for record in self.checked(resource, choice.draw(mutations(rows[resource.name]))):
                self.has_ids(record)

    def test_normalise_knows_no_clock_and_no_network(self, sandbox: Sandbox) -> None:
        files = {Path(resource.normalise.__code__.co_filename) for resource in self.resources(sandbox)}  # type: ignore[attr-defined]
        for file in files:
            tree = ast.parse(file.read_text(encoding="utf-8"))
            names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
            names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
            assert {name.partition(".")[0] for name in names} <= PURE | {"roster"}
            assert {name for name in names if name.startswith("roster")} <= {"roster.model", "roster.fields"}
            called = {getattr(node, "attr", getattr(node, "id", "")) for node in ast.walk(tree)}
            assert called.isdisjoint({"now", "today", "utcnow", "open", "eval", "exec", "__import__", "global"})

    # -- 2: paging ends

    def test_a_repeated_cursor_raises(self, sandbox: Sandbox, honest: tuple[Pull, list[Place]]) -> None:
        for place in self.begins(honest).values():
            for seconds in (0, 900.0):
                with self.struck(sandbox, Fault("same_cursor", times=None)), pytest.raises(ContractBroken) as caught:
                    self.pull(sandbox).turns(place, seconds, 2)
                assert caught.value.help != RosterError.default_help

    def test_a_repeated_cursor_raises_whatever_the_page_brings(
        self, sandbox: Sandbox, honest: tuple[Pull, list[Place]]
    ) -> None:
        def back(resource: Resource) -> Resource:
            return replace(resource, read=lambda cursor, answer: Page([], resource.start))

        for place in self.begins(honest).values():
            for seconds in (0, 900.0):
                with pytest.raises(ContractBroken):
                    self.pull(sandbox, Altered(self.provider, change=back)).turns(place, seconds, 2)

    def test_a_page_of_rows_seen_raises(self, sandbox: Sandbox, honest: tuple[Pull, list[Place]]) -> None:
        """With ever new cursors, page two brings what page one brought."""
        for number, place in self.begins(honest).items():
            if self.pages(honest)[number] < 2:
                continue
            for seconds in (0, 900.0):
                first: list[Sequence[JSON]] = []

                def again(resource: Resource, first: list[Sequence[JSON]] = first) -> Resource:
                    def read(cursor: str, answer: Answer) -> Page:
                        page = resource.read(cursor, answer)
                        first.append(page.rows)
                        return replace(page, rows=first[0])

                    return replace(resource, read=read)

                pull = self.pull(sandbox, Altered(self.provider, change=again))
                with pytest.raises(ContractBroken):
                    pull.turns(place, seconds, 2)

    # -- 3: what is no page is never skipped

    def ends(self, pull: Pull, place: Place, resource: Resource, expected: tuple[type[RosterError], ...]) -> None:
        """The turn raises what is expected; an optional resource may be refused instead."""
        after = pull.attempt(place)
        if isinstance(after, RosterError):
            assert isinstance(after, expected), f"{resource.name}: {after!r}"
            assert not isinstance(after, TerminalError) or after.help != RosterError.default_help
            return
        assert AccessMissing in expected, f"{resource.name} was skipped"
        assert resource.optional, f"{resource.name} was skipped"
        assert after.warnings[resource.optional] == 1
        assert set(resource.covers) <= set(after.absent), "absence was taken for emptiness"

    @pytest.mark.parametrize("fault", ENDS)
    def test_lasting_faults_end_in_an_error(
        self, sandbox: Sandbox, honest: tuple[Pull, list[Place]], fault: str
    ) -> None:
        """On the first page of every resource, and in the middle of the long ones."""
        listed = self.resources(sandbox)
        for place in honest[1][:-1]:
            if fault == "same_cursor" and not place.all_read:
                continue
            with self.struck(sandbox, Fault(fault, times=None)):
                if fault == "same_cursor":
                    with pytest.raises(ContractBroken):
                        self.pull(sandbox).turns(place, 0, 2)
                else:
                    resource = listed[sum(lane.done for lane in place.lanes)]
                    self.ends(self.pull(sandbox), place, resource, (ENDS[fault],))

    def test_headers_that_are_read_are_told(self, sandbox: Sandbox) -> None:
        """A page is taken for last night's when its body and these are the same."""
        seen: dict[str, set[str]] = {}

        def watched(resource: Resource) -> Resource:
            def read(cursor: str, answer: Answer) -> Page:
                headers = _Watched(answer.headers, seen.setdefault(resource.name, set()))
                return resource.read(cursor, replace(answer, headers=headers))

            return replace(resource, read=read)

        self.pull(sandbox, Altered(self.provider, change=watched)).places()
        told = {resource.name: set(resource.told) for resource in self.resources(sandbox)}
        assert {name: found - told[name] for name, found in seen.items() if found - told[name]} == {}

    @pytest.mark.parametrize("status", [*NOT_A_PAGE, *REFUSALS])
    def test_other_statuses_end_in_an_error(
        self, sandbox: Sandbox, honest: tuple[Pull, list[Place]], status: int
    ) -> None:
        altered = Altered(self.provider, lambda cursor, answer: replace(answer, status=status))
        expected = AccessMissing if status in REFUSALS else TerminalError
        for number, place in self.begins(honest).items():
            resource = self.resources(sandbox)[number]
            if status in REFUSALS:
                self.ends(self.pull(sandbox, altered), place, resource, (expected,))
            else:
                with pytest.raises(ContractBroken):
                    self.pull(sandbox, altered).turn(place, 0)

    @pytest.mark.parametrize("body", NOT_A_BODY)
    def test_other_bodies_end_in_an_error(
        self, sandbox: Sandbox, honest: tuple[Pull, list[Place]], body: bytes
    ) -> None:
        altered = Altered(self.provider, lambda cursor, answer: replace(answer, body=body))
        for place in self.begins(honest).values():
            with pytest.raises((ContractBroken, ProviderUnavailable)):
                self.pull(sandbox, altered).turn(place, 0)

    @THOROUGH
    @given(choice=st.data())
    def test_reading_a_damaged_body_gives_a_page_or_raises(self, sandbox: Sandbox, bodies: Any, choice: Any) -> None:
        for resource in self.resources(sandbox):
            self.reads(resource, choice.draw(any_json | mutations(bodies[resource.name])))

    def test_reading_a_body_with_one_odd_value(self, sandbox: Sandbox, bodies: Any) -> None:
        """Every value in turn, the links and totals too."""
        for resource in self.resources(sandbox):
            for body in bodies[resource.name]:
                for number in range(len(list(_spots([body])))):
                    for value in (None, "", "http://[", "²", -1, 1.5, [], {}):
                        self.reads(resource, _mutated(body, [(number, False, value)]))

    @staticmethod
    def reads(resource: Resource, body: JSON) -> None:
        """Gives a page, or raises what may be raised."""
        try:
            page = resource.read(resource.start, Answer(200, {}, json.dumps(body).encode()))
        except (ContractBroken, ProviderUnavailable):
            return
        assert isinstance(page, Page)
        assert page.next is None or (isinstance(page.next, str) and page.next)

    @pytest.fixture(scope="class")
    @classmethod
    def bodies(cls, sandbox: Sandbox) -> dict[str, list[JSON]]:
        given: dict[str, list[JSON]] = {}

        def keep(cursor: str, answer: Answer) -> Answer:
            shown = [_shortened(answer.json(), rows) for rows in (0, 3)]
            for resource in cls.resources(sandbox):
                if resource.start == cursor:
                    given.setdefault(resource.name, []).extend(shown)
            return answer

        cls.pull(sandbox, Altered(cls.provider, keep)).places()
        assert set(given) == {resource.name for resource in cls.resources(sandbox)}
        return given

    @pytest.mark.parametrize("fault", ["error_500", "error_503", "reset"])
    def test_short_trouble_leaves_no_trace(
        self, sandbox: Sandbox, honest: tuple[Pull, list[Place]], fault: str
    ) -> None:
        pull = self.pull(sandbox)
        with self.struck(sandbox, Fault(fault, nth=2), Fault(fault, nth=9, times=2)):
            after = pull.places()[-1]
        assert pull.staged(after) == honest[0].staged(honest[1][-1])

    @pytest.mark.parametrize("fault", ["too_many", "too_many_bare", "too_many_retry_after"])
    def test_patience(self, sandbox: Sandbox, honest: tuple[Pull, list[Place]], fault: str) -> None:
        """A 429 hands back the very place it came at, with the seconds to wait; then the pull goes on."""
        pull = self.pull(sandbox)
        with self.struck(sandbox, Fault(fault, nth=4, seconds=3)):
            places = pull.places()
        (waiting,) = (place for place in places if place.wait)
        assert waiting.wait == 60 if fault == "too_many_bare" else 1 <= waiting.wait <= 5
        assert pull.staged(places[-1]) == honest[0].staged(honest[1][-1])

    # -- 4: stop after any page, resume from its cursor

    def test_one_long_turn_and_many_short_ones_agree(
        self, sandbox: Sandbox, honest: tuple[Pull, list[Place]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(roster.turn, "PAGES_PER_TURN", 10_000)
        pull, (short, places) = self.pull(sandbox), honest
        after = pull.turn()
        assert after.done
        assert len(places) - 1 == sum(lane.page for lane in after.lanes) == places[-1].requests
        assert pull.staged(after) == short.staged(places[-1])
        kept = ("lanes", "content", "pulled", "rejected", "facts", "absent", "warnings")
        assert [getattr(after, k) for k in kept] == [getattr(places[-1], k) for k in kept]

    def test_killed_after_any_page_and_done_again(self, sandbox: Sandbox, honest: tuple[Pull, list[Place]]) -> None:
        pull, place = self.pull(sandbox), Place()
        while not place.done:
            for pages in (1, 3):
                try:
                    pull.turn(place, pages=pages)
                except Killed:
                    continue
            place = pull.turn(place, seconds=0)
        assert pull.staged(place) == honest[0].staged(honest[1][-1])

    # -- 5: the same said otherwise

    def test_unknown_fields_and_the_order_of_keys_change_nothing(
        self, sandbox: Sandbox, honest: tuple[Pull, list[Place]]
    ) -> None:
        def reworded(cursor: str, answer: Answer) -> Answer:
            return replace(answer, body=json.dumps(stranger(answer.json()), indent=1).encode())

        for provider in (self.provider, Altered(self.provider, reworded)):
            pull = self.pull(sandbox, provider)
            assert pull.staged(pull.places()[-1]) == honest[0].staged(honest[1][-1])

    # -- 6: every record has an id

    @staticmethod
    def has_ids(record: Record) -> None:
        routed = {"id", "student", "class_id", "person", "parent"} & set(record.__struct_fields__)
        blank = [name for name in routed if not getattr(record, name)]
        assert isinstance(record, Rejected) or not blank, record

    def test_every_record_has_an_id(self, sandbox: Sandbox, rows: dict[str, list[JSON]]) -> None:
        for resource in self.resources(sandbox):
            for row in rows[resource.name]:
                assert resource.row_id(row)
                for record in resource.normalise(row):
                    self.has_ids(record)

    def test_a_row_without_an_id_is_rejected(self, sandbox: Sandbox, rows: dict[str, list[JSON]]) -> None:
        for resource in self.resources(sandbox):
            for row in rows[resource.name]:
                nameless = self.without_id(row, resource.row_id(row))
                assert not resource.row_id(nameless)
                told = list(resource.normalise(nameless))
                assert told, f"{resource.name}: a row without an id vanished"
                assert all(isinstance(record, Rejected) and record.reason for record in told)

    # -- 7: no secret and no birth date is told

    @pytest.mark.parametrize("fault", [*ENDS, "too_many", "slow", "repeated_rows", ""])
    def test_nothing_told_is_secret(
        self,
        sandbox: Sandbox,
        honest: tuple[Pull, list[Place]],
        rows: dict[str, list[JSON]],
        caplog: pytest.LogCaptureFixture,
        capsys: pytest.CaptureFixture[str],
        fault: str,
    ) -> None:
        caplog.set_level(logging.DEBUG)
        secrets = {value for value in self.secret(sandbox).values() if len(value) > 5} | _birth_dates(honest, rows)
        told: list[str] = []
        for place in honest[1][:-1]:
            pull = self.pull(sandbox)
            with self.struck(sandbox, *([Fault(fault, times=None, seconds=0.01)] if fault else [])):
                after = pull.attempt(place)
                if isinstance(after, RosterError):
                    told += [str(after), repr(after), repr(vars(after)), *traceback.format_exception(after)]
                else:
                    told.append(json.dumps(asdict(after)))
            told.append(json.dumps(pull.records.told))
        told += [caplog.text, *capsys.readouterr()]
        assert len(secrets) > 20
        assert not [secret for secret in secrets if any(secret in text for text in told)]

    # -- 8: everything that can be said has a help text

    def test_every_code_has_a_help_text(self, honest: tuple[Pull, list[Place]]) -> None:
        files = [*(ROOT / "functions" / self.folder).glob("*.py")]
        files += [ROOT / "layers/roster/python/roster" / f"{name}.py" for name in (*PLAN, "provider")]
        codes = {code for file in files for code in codes_of(file)} | self.codes
        codes |= {"not_set_up"} | set(honest[1][-1].warnings)
        assert {"source_moved", "departures_held_back", "contract_broken", "student_without_birth_date"} <= codes
        patterns = [re.compile(re.escape(code).replace(r"\*", ".+")) for code in sorted(codes)]
        missing = [p.pattern for p in patterns if not any(map(p.fullmatch, self.provider.help))]
        assert not missing, f"no help for {missing}"

    def test_help_is_in_full_sentences(self) -> None:
        for code, help in self.provider.help.items():
            assert re.fullmatch(r"[A-Z“].{30,}\.", help), f"{code}: {help}"
            assert not re.search("  |[{}]", help), code
        own = ("credential_rejected", "access_missing", "contract_broken", "not_set_up", "unavailable")
        assert [code for code in own if self.label not in self.provider.help[code]] == []


def _shortened(body: JSON, rows: int) -> JSON:
    """Long lists with few rows, or none, so that damage strikes the envelope too."""
    if isinstance(body, dict):
        return {key: _shortened(value, rows) for key, value in body.items()}
    return body[:rows] if isinstance(body, list) and len(body) > 3 else body


def _birth_dates(honest: tuple[Pull, list[Place]], rows: Mapping[str, list[JSON]]) -> set[str]:
    """As the provider writes them, and as we do."""
    dates = {fact.get("birth_date") or "" for tag, fact in honest[0].facts(honest[1][-1]) if tag == "person"}
    dates |= {fact.get("value", "") for tag, fact in honest[0].facts(honest[1][-1]) if tag == "birth_date"}
    raw = {text(v) for several in rows.values() for row in several for v in _leaves(row) if iso_date(v) in dates - {""}}
    return dates - {""} | {value for value in raw if len(value) >= 8}


def _leaves(value: JSON) -> Iterator[JSON]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _leaves(inner)
    else:
        yield value
