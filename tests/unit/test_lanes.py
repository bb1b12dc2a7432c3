"""Resources read side by side: they overlap, keep what each has read, and leave what one by one would leave."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from threading import Barrier, Event, Lock, Thread
from time import sleep
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import roster.turn
from roster.errors import CredentialRejected
from roster.model import JSON
from roster.ports import Answer, Http, RunKey, Token, Tokens
from roster.provider import Ask
from roster.sync import State
from roster.tokens import OneToken
from tests.fakes.memory import Killed, MemoryRecords, MemoryTokens
from tests.fakes.school import District, FakeProvider, Source

Page = tuple[str, int]
PATIENT = 20.0  # seconds until a test that hangs gives up


@dataclass
class Watched:
    """A provider's wire: what was asked and answered, in which order, and who was under way at the same time.

    `before(page)` runs on the way. `limit`: requests that are answered until `renew`; each answer says what is left.
    """

    limit: int | None = None
    lanes: int = 3
    before: Callable[[Page], Answer | None] = lambda page: None
    asked: list[Page] = field(default_factory=list)
    answered: list[Page] = field(default_factory=list)
    under_way: Counter[str] = field(default_factory=Counter)
    most: int = 0
    used: int = 0
    refused: int = 0
    lock: Any = field(default_factory=Lock)

    def __call__(self, source: Source) -> FakeProvider:
        return Provider(source, lanes=self.lanes, wire=self)

    def ask(self, ask: Ask, cursor: str) -> Answer:
        name, offset = cursor.split("/")
        page = name, int(offset)
        with self.lock:
            self.asked.append(page)
            self.used += 1
            left = None if self.limit is None else self.limit - self.used
            self.under_way[name] += 1
            self.most = max(self.most, self.under_way.total())
            assert self.under_way[name] == 1, "one request for each resource"
        try:
            if left is not None and left < 0:
                self.refused += 1
                return Answer(429, {"retry-after": "1", "x-left": "0"})
            answer = self.before(page) or ask(cursor)
            told = {} if left is None else {"x-left": str(left)}
            return replace(answer, headers={**answer.headers, **told})
        finally:
            with self.lock:
                self.under_way[name] -= 1
                self.answered.append(page)


@dataclass
class Provider(FakeProvider):
    wire: Watched = field(default_factory=Watched)

    def connect(self, http: Http, settings: Mapping[str, JSON], secret: Mapping[str, str], tokens: Tokens) -> Ask:
        ask = super().connect(http, settings, secret, tokens)
        return lambda cursor: self.wire.ask(ask, cursor)


def district(wire: Watched, students: int = 12) -> District:
    district = District(Source.small(students))
    district.provider = wire
    return district


def once_each(wire: Watched, *again: Page) -> bool:
    """The state of the source is asked for before and after; `again`: what had to be asked for twice as well."""
    return {page for page, times in Counter(wire.asked).items() if times > 1} == {("state", 0), *again}


def pages(state: State) -> dict[str, int]:
    names = ("state", "terms", "classes", "teachers", "students", "parents", "state again")
    return {name: lane["page"] for name, lane in zip(names, state["place"]["lanes"], strict=False)}


# -- side by side


def test_two_slow_resources_overlap() -> None:
    """Each waits on its way until the other is on its way as well."""
    both = Barrier(2, timeout=PATIENT)

    def before(page: Page) -> None:
        if page in (("terms", 0), ("classes", 0)):
            both.wait()

    ours = district(Watched(before=before))
    assert ours.night()["status"] == "applied"
    assert not both.broken


@pytest.mark.parametrize("lanes", [1, 2, 4])
def test_no_more_at_once_than_the_provider_declares(lanes: int) -> None:
    wire = Watched(lanes=lanes, before=lambda page: sleep(0.001))
    assert district(wire).night()["status"] == "applied"
    assert wire.most <= lanes
    assert once_each(wire)


def test_the_first_page_comes_alone_and_the_closing_one_last() -> None:
    wire = Watched(lanes=4)
    district(wire).night()
    assert wire.asked[0] == wire.answered[0] == wire.asked[-1] == wire.answered[-1] == ("state", 0)
    assert wire.asked.index(("terms", 0)) == 1


def test_a_refused_credential_is_shown_once() -> None:
    wire = Watched(lanes=4, before=lambda page: Answer(401, {}))
    assert district(wire).night()["error"]["code"] == "CredentialRejected"
    assert wire.asked == [("state", 0)]


# -- the provider's limit


@settings(max_examples=60, deadline=None)
@given(limit=st.integers(1, 60), delays=st.lists(st.integers(0, 2), min_size=1, max_size=9))
def test_a_healthy_pull_is_never_answered_429(limit: int, delays: list[int]) -> None:
    wire = Watched(limit, before=lambda page: sleep(delays[hash(page) % len(delays)] / 2000))
    ours = district(wire, students=20)
    state = ours.begun()
    while not state["place"]["done"]:
        state = ours.turned(state)
        if state["place"]["wait"]:
            wire.used = 0
    assert wire.refused == 0
    assert ours.ended(ours.judged(state))["status"] == "applied"


def test_with_plenty_left_four_go_at_once() -> None:
    four = Barrier(4, timeout=PATIENT)
    first = {("terms", 0), ("classes", 0), ("teachers", 0), ("students", 0)}
    wire = Watched(1000, lanes=1, before=lambda page: four.wait() and None if page in first else None)
    assert district(wire).night()["status"] == "applied"


# -- one lane in trouble


@pytest.mark.parametrize(("trouble", "wait"), [(Answer(429, {"retry-after": "7"}), 7), (Answer(500, {}), 0)])
def test_trouble_in_one_lane_keeps_what_the_others_read(trouble: Answer, wait: int) -> None:
    """Their answers are on the way when it comes, and are not asked for again."""
    told = Event()

    def before(page: Page) -> Answer | None:
        if page == ("terms", 0) and not told.is_set():
            told.set()
            return trouble
        if page in (("classes", 0), ("teachers", 0)):
            assert told.wait(PATIENT)
        return None

    wire = Watched(before=before)
    ours = district(wire)
    state = ours.turned(ours.begun())
    assert state["place"]["wait"] == wait
    assert {**pages(state), "terms": 0} == pages(state)
    assert (pages(state)["classes"] >= 1, pages(state)["teachers"]) == (True, 1)
    assert ours.ended(ours.judged(state))["status"] == "applied"
    assert once_each(wire, ("terms", 0))


def test_a_source_that_moves_in_one_lane_is_read_anew_in_all() -> None:
    ours = District(Source.small())
    ours.source.shifting = True
    ours.source.promised = {"students": 12}

    def before(page: Page) -> None:
        if page == ("students", 4) and ours.source.promised["students"] == 12:
            ours.source.join("S50", "C0")
            ours.source.promised = {"students": 13}

    wire = ours.provider = Watched(before=before)
    state = ours.pulled(ours.begun())
    assert (state["place"]["round"], state["place"]["warnings"]) == (1, {})
    assert Counter(wire.asked)["terms", 0] == 2
    assert state["place"]["requests"] == len(wire.asked)
    assert ours.ended(ours.judged(state))["status"] == "applied"
    assert ("contact", "student", "S50") in ours.table()


# -- stopped, killed, done again


class Mortal(MemoryRecords):
    """Records of a function that dies when it reports so many pages."""

    pages = 0

    def progress(self, key: RunKey, progress: Mapping[str, JSON]) -> None:
        super().progress(key, progress)
        self.pages -= 1
        if self.pages == 0:
            raise Killed


@pytest.mark.parametrize("pages", range(1, 8))
def test_killed_after_any_page_and_done_again(pages: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The source changes when a turn was killed: what it staged must not count."""
    monkeypatch.setattr(roster.turn, "PAGES_PER_TURN", 7)
    undisturbed, ours = district(Watched(lanes=1)), district(Watched(before=lambda page: sleep(0.001)))
    undisturbed.night()
    mortal = Mortal(ours.records.integration(""))
    vars(mortal).update(vars(ours.records))
    ours.records = mortal
    state = ours.begun()
    deaths = 0
    while not state["place"]["done"]:
        mortal.pages = pages
        ours.source.join("S77", "C0")
        try:
            ours.turned(state)
        except Killed:
            deaths += 1
        mortal.pages = 0
        ours.source.leave("S77")
        state = ours.turned(state)
    assert deaths
    assert ours.ended(ours.judged(state))["status"] == "applied"
    assert ours.table() == undisturbed.table()


@pytest.fixture(scope="module")
def one_by_one() -> State:
    ours = district(Watched(lanes=1))
    return ours.pulled(ours.begun())


@settings(max_examples=60, deadline=None)
@given(
    lanes=st.integers(1, 4),
    turns=st.integers(2, 20),
    delays=st.dictionaries(st.sampled_from(["classes", "teachers", "students", "parents"]), st.integers(0, 3)),
)
def test_whatever_comes_first_the_pull_is_the_same(
    one_by_one: State, lanes: int, turns: int, delays: dict[str, int]
) -> None:
    ours = district(Watched(lanes=lanes, before=lambda page: sleep(delays.get(page[0], 0) / 1000)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(roster.turn, "PAGES_PER_TURN", turns)
        place, other = ours.pulled(ours.begun())["place"], one_by_one["place"]
    same = ("content", "lanes", "facts", "pulled", "tags", "requests", "warnings")
    assert {name: place[name] for name in same} == {name: other[name] for name in same}
    assert place["files"] == sorted(place["files"])


def test_a_place_is_small_json() -> None:
    ours = district(Watched(), students=200)
    state = ours.begun()
    while not state["place"]["done"]:
        state = ours.turned(state)
        assert len(json.dumps(state["place"])) < 20_000
    assert all(lane["loop"] == {} for lane in state["place"]["lanes"])


# -- one token


def at_once(*works: Callable[[], object]) -> list[object]:
    """What each gives, or the error it ends in, in threads of their own."""
    said: list[object] = []

    def run(work: Callable[[], object]) -> None:
        try:
            said.append(work())
        except CredentialRejected as error:
            said.append(error)

    threads = [Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENT)
    return said


def test_lanes_whose_token_is_refused_have_one_made() -> None:
    kept = MemoryTokens()
    kept.kept = Token("old", 9e9)
    tokens, minted = OneToken(kept), list[Token]()

    def mint() -> Token:
        sleep(0.01)
        minted.append(Token(f"new {len(minted)}", 9e9))
        return minted[-1]

    assert tokens.get(mint).value == "old"
    said = at_once(*[lambda: tokens.get(mint, "old")] * 4)
    assert said == [Token("new 0", 9e9)] * 4
    assert len(minted) == 1
    assert tokens.get(mint, "new 0").value == "new 1"


def test_a_refusal_of_a_new_token_is_every_lanes() -> None:
    asked = []

    def mint() -> Token:
        asked.append(1)
        sleep(0.01)
        raise CredentialRejected("no")

    tokens = OneToken(MemoryTokens())
    said = at_once(*[lambda: tokens.get(mint)] * 3)
    assert [type(one) for one in said] == [CredentialRejected] * 3
    assert len(asked) == 1
