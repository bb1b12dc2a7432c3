"""How many requests may be under way: as many as the provider's answers leave room for, whatever order they come in."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roster.budget import MOST, SHARE, Budget, Ticket, lanes


@pytest.mark.parametrize(
    ("usual", "left", "at_once"),
    [
        (1, None, 1),
        (2, None, 2),
        (9, None, MOST),
        (1, 1199, MOST),
        (4, 4 * SHARE, 4),
        (4, 4 * SHARE - 1, 3),
        (4, 2 * SHARE - 1, 1),
        (4, 1, 1),
        (4, 0, 0),
        (4, -3, 0),
    ],
)
def test_how_many_at_once(usual: int, left: int | None, at_once: int) -> None:
    assert lanes(usual, left) == at_once


@given(usual=st.integers(1, 9), left=st.integers(-9, 2000))
def test_never_more_than_what_remains(usual: int, left: int) -> None:
    assert 0 <= lanes(usual, left) <= min(MOST, max(0, left))


def test_the_first_answer_comes_alone() -> None:
    budget = Budget(4)
    ticket = budget.ask()
    assert not budget.open
    budget.answered(ticket, None)
    assert [(budget.open, budget.ask()) for _ in range(4)] == [(True, Ticket(n, 1)) for n in (2, 3, 4, 5)]
    assert not budget.open


def test_an_answer_that_was_overtaken_does_not_count() -> None:
    """What it says was true before the other one was counted."""
    budget = Budget(4)
    budget.answered(budget.ask(), 90)
    slow, quick = budget.ask(), budget.ask()
    budget.answered(quick, 20)
    assert budget.left == 19, "the slow one may be counted after it"
    budget.answered(slow, 80)
    assert budget.left == 19


@dataclass
class Window:
    """A provider that allows so many requests; those on the way are counted, and answered, in any order."""

    limit: int
    used: int = 0
    on_the_way: list[Ticket] = field(default_factory=list)
    counted: list[tuple[Ticket, int]] = field(default_factory=list)


@settings(max_examples=300, deadline=None)
@given(limit=st.integers(1, 60), usual=st.integers(1, 5), choices=st.lists(st.integers(0, 10**6), max_size=250))
def test_a_provider_that_says_what_is_left_is_never_asked_for_more(limit: int, usual: int, choices: list[int]) -> None:
    budget, window = Budget(usual), Window(limit)
    for choice in choices:
        kind, which = choice % 3, choice // 3
        if kind == 0 and budget.open:
            window.on_the_way.append(budget.ask())
        elif kind == 1 and window.on_the_way:
            ticket = window.on_the_way.pop(which % len(window.on_the_way))
            window.used += 1
            window.counted.append((ticket, window.limit - window.used))
        elif kind == 2 and window.counted:
            budget.answered(*window.counted.pop(which % len(window.counted)))
        assert window.used + len(window.on_the_way) <= limit
        assert len(window.on_the_way) + len(window.counted) <= MOST
