"""The guard against servers that never end, or show a part as the whole."""

from __future__ import annotations

import json

import pytest

from roster.errors import ContractBroken
from roster.model import JSON
from roster.paging import MOST_FRUITLESS, LoopGuard


def after(*pages: tuple[str, list[str]]) -> LoopGuard:
    guard = LoopGuard()
    for cursor, ids in pages:
        guard.cursor(cursor)
        guard.page(ids)
    return guard


def test_pages_that_go_on_are_fine() -> None:
    after(("a", ["1", "2"]), ("b", ["3"]), ("c", []), ("d", []), ("e", ["4", "1"]))


def test_a_repeated_cursor() -> None:
    with pytest.raises(ContractBroken) as caught:
        after(("a", ["1"]), ("b", ["2"]), ("a", ["3"]))
    assert caught.value.help


@pytest.mark.parametrize("page", [["1", "2"], ["2", "1"], ["1"], ["1", "1"]])
def test_a_page_of_rows_that_were_read_before(page: list[str]) -> None:
    with pytest.raises(ContractBroken):
        after(("a", ["1", "2"]), ("b", page))


def test_rows_that_shift_between_pages_are_fine_as_long_as_one_is_new() -> None:
    after(("a", ["1", "2"]), ("b", ["2", "3"]), ("c", ["3", "4"]))


def test_where_pages_are_counted_off_a_page_may_bring_nobody_new() -> None:
    """A row was inserted before the last page's first while we read: the last page holds only the row before it."""
    guard = after(("a", ["1", "2"]), ("b", ["3", "4"]))
    assert guard.page(["4"], shifting=True) == 0
    with pytest.raises(ContractBroken):
        guard.page(["4"], shifting=True)  # but one page over and over is a loop
    assert after(("a", ["1", "2"])).page(["2", "3"], shifting=True) == 1


def test_what_was_seen_is_remembered_by_the_next_turn() -> None:
    seen = after(("a", ["1", "2"])).state
    with pytest.raises(ContractBroken):
        LoopGuard(seen).cursor("a")
    with pytest.raises(ContractBroken):
        LoopGuard(seen).page(["2", "1"])
    LoopGuard(seen).page(["2"])  # part of a page of an earlier turn: let through, the cursors end it


def test_a_cursor_is_not_taken_for_a_page() -> None:
    guard = after(("a", ["b"]))
    guard.cursor("b")
    guard.page(["a"])


def test_ids_do_not_run_into_each_other() -> None:
    LoopGuard(after(("a", ["1", "23"])).state).page(["12", "3"])


def test_empty_pages_are_fine_but_not_for_ever() -> None:
    guard = LoopGuard()
    for _ in range(MOST_FRUITLESS):
        guard.page([])
    with pytest.raises(ContractBroken):
        guard.page([])


def test_empty_pages_are_counted_over_turns() -> None:
    seen: dict[str, JSON] = {}
    for _ in range(MOST_FRUITLESS):
        guard = LoopGuard(seen)
        guard.page([])
        seen = guard.state
    with pytest.raises(ContractBroken):
        LoopGuard(seen).page([])


def test_what_travels_is_small_and_says_nothing() -> None:
    guard = after(("a", [f"student-{n}" for n in range(10_000)]))
    for n in range(100_000):
        guard.cursor(f"b{n}")
        guard.page([f"teacher-{n}"])
    assert len(json.dumps(guard.state)) < 1_500


@pytest.mark.parametrize("length", [1, 2, 7, 40, 500])
@pytest.mark.parametrize("lead", [0, 3, 100])
def test_a_loop_of_any_length_ends(length: int, lead: int) -> None:
    """However far it lies ahead, and although every turn of the loop guard begins anew."""
    guard = LoopGuard()
    loop = [f"row-{n if n < lead else lead + (n - lead) % length}" for n in range(lead + 4 * (lead + length) + 10)]

    def follow(guard: LoopGuard) -> None:
        for n, row in enumerate(loop):
            guard = LoopGuard(json.loads(json.dumps(guard.state)))
            guard.cursor(f"cursor-{n}")
            guard.page([row])

    with pytest.raises(ContractBroken, match="same page twice"):
        follow(guard)
