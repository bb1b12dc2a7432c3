"""A verdict goes by the median and by the side of the limit it has to be on; what is not there has none."""

from __future__ import annotations

import json

import pytest

from bench.plot import draw
from bench.report import table
from bench.targets import ABSENT, INFORMATIVE, MET, MISSED, TIMES, Figure, missed, ratios


@pytest.mark.parametrize(
    ("values", "limit", "at_least", "verdict"),
    [
        ((1.0, 1.5, 9.0), 1.5, False, MET),
        ((1.4, 1.6, 1.7), 1.5, False, MISSED),
        ((2.5,), 2.5, True, MET),
        ((2.0, 2.4, 30.0), 2.5, True, MISSED),
        ((0.0, 0.0), 0, False, MET),
        ((0.0, 2.0), 0, False, MISSED),
        ((7.0,), None, False, INFORMATIVE),
        ((), 2.0, False, ABSENT),
    ],
)
def test_verdict(values: tuple[float, ...], limit: float | None, at_least: bool, verdict: str) -> None:
    assert Figure("x", values, limit=limit, at_least=at_least).verdict == verdict


def test_ratios_are_of_one_round() -> None:
    ours = [{"seconds": 2.0}, {"seconds": 9.0}]
    theirs = [{"seconds": 1.0}, {"seconds": 3.0}]
    assert ratios(ours, theirs) == (2.0, 3.0)
    assert ratios(ours, theirs, scale=0.5) == (1.0, 1.5)


def test_the_missed_are_named() -> None:
    assert missed([Figure("good", (1.0,), limit=2), Figure("bad", (3.0,), limit=2), Figure("none", ())]) == ["bad"]


def test_a_figure_survives_its_file() -> None:
    figure = Figure("x", (1.0, 2.0), limit=1.5, note="why")
    assert Figure.from_json(json.loads(json.dumps(figure.to_json()))) == figure


def test_the_table_has_a_line_for_each_figure() -> None:
    lines = table([Figure("a", (1.0, 3.0), limit=2), Figure("b", (), limit=2, note="no such handler")]).splitlines()
    assert lines[2].startswith(f"| a | 2 {TIMES} | 1 to 3 | ≤ 2 {TIMES} | met |")
    assert "not there yet | no such handler" in lines[3]


def test_the_plot_shows_what_is_compared_with_the_floor() -> None:
    figures = [
        Figure("first import, 10 students, against the floor", (1.2, 1.4)),
        Figure("dlt against the floor, 10 students", (4.0,)),
        Figure("a quiet night", (0.3,)),
    ]
    drawn = draw(figures)
    assert "this importer" in drawn
    assert "dlt into DuckDB, 10 students" in drawn
    assert "quiet" not in drawn
