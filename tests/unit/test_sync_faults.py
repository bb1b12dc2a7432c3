"""A provider that stumbles, asks for patience, lies about its pages or refuses: half a pull changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from roster.errors import ProviderUnavailable
from roster.model import Selection, SourceState, Term
from roster.ports import Answer
from roster.sync import State
from tests.fakes.school import ATTEMPTS, EVENT, HELP, District, Source, page

Fault = Callable[[str, int], Answer | None]
STEPS = [("state", 0), ("terms", 0), ("classes", 0), ("classes", 8), ("students", 4), ("parents", 20)]


@pytest.fixture
def district() -> District:
    district = District(Source.small())
    district.night()
    district.later()
    district.source.join("S99", "C0")
    return district


class Times:
    """A fault at one page, so many times."""

    def __init__(self, resource: str, offset: int, answer: Answer | Exception, times: int = 1) -> None:
        self.at, self.answer, self.times = (resource, offset), answer, times

    def __call__(self, resource: str, offset: int) -> Answer | None:
        if (resource, offset) != self.at or self.times == 0:
            return None
        self.times -= 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def expected() -> dict[tuple[str, ...], Any]:
    """What an undisturbed night leaves."""
    undisturbed = District(Source.small())
    undisturbed.night()
    undisturbed.source.join("S99", "C0")
    undisturbed.night()
    return undisturbed.table()


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    "stumble",
    [
        Answer(500, {}),
        Answer(503, {}),
        Answer(200, {"content-type": "text/html"}, b"<html>"),
        Answer(200, {}, b'{"rows": ['),
        ProviderUnavailable("no complete answer"),
    ],
    ids=["500", "503", "HTML", "cut off", "time-out"],
)
def test_a_stumble_at_any_page_is_got_over(
    district: District, step: tuple[str, int], stumble: Answer | Exception
) -> None:
    district.source.fault = Times(*step, stumble)
    assert district.night()["status"] == "applied"
    assert district.table() == expected()


@pytest.mark.parametrize("step", STEPS)
def test_patience_is_handed_to_the_state_machine(district: District, step: tuple[str, int]) -> None:
    district.source.fault = Times(*step, Answer(429, {"retry-after": "6.2"}), times=2)
    assert district.night()["status"] == "applied"
    assert district.waited == [7, 7]
    assert district.table() == expected()


@pytest.mark.parametrize(("asked", "waits"), [("0", 1), ("86400", 3600), ("", 60)])
def test_how_long_to_wait(district: District, asked: str, waits: int) -> None:
    headers = {"retry-after": asked} if asked else {}
    district.source.fault = Times("students", 4, Answer(429, headers))
    district.night()
    assert district.waited == [waits]


def test_patience_starts_anew_at_every_page(district: District) -> None:
    """Nine waits at each of three pages are no reason to give up."""
    faults = [Times("students", offset, Answer(429, {"retry-after": "1"}), times=9) for offset in (0, 4, 8)]
    district.source.fault = lambda resource, offset: next(filter(None, (f(resource, offset) for f in faults)), None)
    assert district.night()["status"] == "applied"
    assert len(district.waited) == 27


def test_patience_ends_some_day(district: District) -> None:
    before = district.table()
    district.source.fault = Times("students", 4, Answer(429, {"retry-after": "1"}), times=10**6)
    report = district.night()
    assert (report["status"], report["error"]["code"]) == ("failed", "ProviderUnavailable")
    assert report["error"]["help"] == HELP["unavailable"]
    assert len(district.waited) == 10
    assert district.table() == before


def test_a_turn_keeps_what_it_read_before_it_stumbled(district: District) -> None:
    asked: list[tuple[str, int]] = []
    stumble = Times("students", 8, Answer(500, {}))

    def fault(resource: str, offset: int) -> Answer | None:
        asked.append((resource, offset))
        return stumble(resource, offset)

    district.source.fault = fault
    district.night()
    assert asked.count(("students", 4)) == 1
    assert asked.count(("students", 8)) == 2


def test_a_turn_stops_when_its_time_is_up_and_the_next_one_goes_on(district: District) -> None:
    asked: list[tuple[str, int]] = []
    district.source.fault = lambda resource, offset: asked.append((resource, offset))
    district.left = lambda: 0.0
    state = district.begun()
    turns = 0
    while not state["place"]["done"]:
        state = district.turned(state)
        turns += 1
    assert turns == len(asked) == state["place"]["requests"]
    assert len(set(asked)) == len(asked) - 1  # only the state of the source is asked for twice
    assert district.ended(district.judged(state))["status"] == "applied"
    assert district.table() == expected()


def test_a_lasting_stumble_fails_the_run_and_changes_nothing(district: District) -> None:
    table, applied = district.table(), district.applied()
    stumble = Times("students", 8, Answer(500, {}), times=10**6)
    district.source.fault = stumble
    report = district.night()
    assert (report["status"], report["error"]["code"]) == ("failed", "ProviderUnavailable")
    assert report["error"]["help"] == HELP["unavailable"]
    assert 10**6 - stumble.times == ATTEMPTS + 2  # once at the end of each turn that had read pages of any list
    assert (district.table(), district.applied(), district.records.locks) == (table, applied, {})


def rows_of(source: Source, resource: str, offset: int = 0) -> list[Any]:
    return source.rows(resource)[offset : offset + source.page_size]


TERMINAL: dict[str, tuple[Callable[[Source], Answer], str, str]] = {
    "credential": (lambda s: Answer(401, {}), "CredentialRejected", HELP["credential_rejected"]),
    "forbidden": (lambda s: Answer(403, {}), "AccessMissing", HELP["access_missing"]),
    "gone": (lambda s: Answer(404, {}), "AccessMissing", HELP["access_missing"]),
    "redirected": (lambda s: Answer(302, {"location": "/login"}), "ContractBroken", HELP["contract_broken"]),
    "created": (lambda s: Answer(204, {}), "ContractBroken", HELP["contract_broken"]),
    "other shape": (lambda s: Answer(200, {}, b'{"rows": 3}'), "ContractBroken", HELP["contract_broken"]),
    "a list": (lambda s: Answer(200, {}, b"[]"), "ContractBroken", HELP["contract_broken"]),
    "repeated cursor": (lambda s: page([["?", {"n": 1}]], "students/0"), "ContractBroken", ""),
    "only rows read before": (lambda s: page(rows_of(s, "students"), "students/8"), "ContractBroken", ""),
    "the page before": (lambda s: page(rows_of(s, "students")[1:2], "students/8"), "ContractBroken", ""),
}


# A part of a page of an earlier turn cannot be known again; the cursors end such a list all the same.
TOLD_APART = [(name, left) for name in TERMINAL for left in (900.0, 0.0) if (name, left) != ("the page before", 0.0)]


@pytest.mark.parametrize(("name", "left"), TOLD_APART)
def test_a_terminal_error_fails_the_run_with_help_and_changes_nothing(
    district: District, name: str, left: float
) -> None:
    answer, code, help = TERMINAL[name]
    table, applied = district.table(), district.applied()
    district.left = lambda: left
    bad = answer(district.source)
    district.source.fault = lambda resource, offset: bad if (resource, offset) == ("students", 4) else None
    report = district.night()
    assert (report["status"], report["error"]["code"]) == ("failed", code)
    assert report["error"]["help"]
    assert not help or report["error"]["help"] == help
    assert (district.table(), district.applied(), district.records.locks) == (table, applied, {})
    district.source.fault = lambda resource, offset: None
    assert district.night()["status"] == "applied"
    assert district.table() == expected()


def test_a_failed_first_run_leaves_nothing() -> None:
    district = District(Source.small())
    district.source.fault = Times("parents", 4, Answer(401, {}), times=10**6)
    assert district.night()["status"] == "failed"
    assert (district.roster.items, district.records.locks) == ({}, {})


def test_an_empty_page_in_the_middle_is_not_the_end(district: District) -> None:
    """An empty page with a next one: `students/00` is `students/0` under another cursor."""
    asked: list[int] = []

    def fault(resource: str, offset: int) -> Answer | None:
        if (resource, offset) != ("students", 0):
            return None
        asked.append(offset)
        return page([], "students/00") if len(asked) == 1 else None

    district.source.fault = fault
    assert district.night()["status"] == "applied"
    assert len(asked) == 2
    assert district.table() == expected()


def killed_turn(district: District, state: State) -> None:
    """The turn did its work, and was killed before it could say where it stands."""
    district.turned(state)


def test_pages_of_a_killed_turn_are_ignored_when_the_source_has_fewer(district: District) -> None:
    state = district.begun()
    for n in range(50, 62):
        district.source.join(f"S{n}", "C0")
    killed_turn(district, state)
    for n in range(50, 62):
        district.source.leave(f"S{n}")
    assert district.ended(district.judged(state))["status"] == "applied"
    assert district.table() == expected()


def test_notes_of_a_killed_turn_are_ignored_too() -> None:
    """A term, a rejected row and an unsettled state that only the killed turn saw."""
    district = District(Source.small())
    district.source.page_size = 1000
    district.night()
    state = district.begun()
    district.source.states = [SourceState("", False, "pending")]
    district.source.bad_rows = 1
    killed_turn(district, state)
    district.source.states = []
    district.source.terms = []
    district.source.bad_rows = 0
    district.source.leave("S3")
    state = district.judged(state)
    report = district.ended(state)
    assert report["warnings"] == {}
    assert report["counts"]["student"]["departed"] == 1
    folder = f"runs/11600000/{EVENT}/{state['run']}"
    assert district.slots.names(f"{folder}/problems/") == []
    assert district.slots.read_json(f"{folder}/offer")["terms"] == [
        {"id": "t1", "name": "", "start": "", "end": "", "school": "", "rank": 0, "classes": 2}
    ]


def test_a_killed_turn_does_not_hide_that_a_chosen_term_vanished() -> None:
    district = District(Source.small())
    district.select(Selection(terms=(district.source.terms[0],)))
    district.night()
    state = district.begun()
    killed_turn(district, state)
    district.source.terms = []
    assert district.ended(district.judged(state))["status"] == "held"


def test_what_there_is_to_choose_from() -> None:
    source = Source.small()
    source.terms = [*source.terms, Term("t2", "Spring")]
    source.change_class("C1", terms=())
    district = District(source)
    state = district.judged(district.begun("preview"))
    district.ended(state)
    offer = district.slots.read_json(f"runs/11600000/{EVENT}/{state['run']}/offer")
    assert {term["id"]: term["classes"] for term in offer["terms"]} == {"t1": 1, "t2": 0, "(no term)": 1}


def test_no_place_holds_a_row_or_a_birth_date(district: District) -> None:
    """The place travels through the state machine's history."""
    state = district.pulled(district.begun())
    assert "2012-04-08" not in json.dumps(state)
    assert "Student S3" not in json.dumps(state)
