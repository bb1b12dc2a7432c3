"""One picture, drawn by hand: the first import and its peers as bars on a logarithmic scale of the floor."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from math import log10
from pathlib import Path

from bench.targets import Figure, written

PLOT = Path(__file__).parent / "results" / "first-import.svg"
WIDTH, LEFT, BAR, GAP = 760, 250, 22, 12
SPAN = WIDTH - LEFT - 70
LARGEST = 100.0
OURS, THEIRS, INK = "#1b6ca8", "#b8b8b8", "#333333"
BARS = {
    "first import,": "this importer",
    "dlt against the floor": "dlt into DuckDB",
    "batch_write against the floor": "pynamodb batch_write",
    "save against the floor": "pynamodb save()",
}


def draw(figures: Iterable[Figure]) -> str:
    """The SVG; a whisker shows the spread."""
    chosen = [
        (label, figure)
        for start, label in BARS.items()
        for figure in figures
        if figure.values and figure.name.startswith(start) and "floor" in figure.name
    ]
    height = 70 + len(chosen) * (BAR + GAP)
    parts = [_text(10, 22, "First import: time against the floor (logarithmic, less is better)", size=15)]
    parts += [_grid(mark, height) for mark in (1, 2, 5, 10, 20, 50, 100)]
    for n, (label, figure) in enumerate(chosen):
        parts.append(_bar(44 + n * (BAR + GAP), label, figure, OURS if n == 0 else THEIRS))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">'
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>{"".join(parts)}</svg>\n'
    )


def _x(ratio: float) -> float:
    """From 0.5, so that something faster than the floor still has a bar."""
    return LEFT + SPAN * log10(min(max(ratio, 0.5), LARGEST) / 0.5) / log10(LARGEST / 0.5)


def _grid(mark: int, height: int) -> str:
    x = _x(mark)
    dash = "" if mark == 1 else ' stroke-dasharray="2 3"'
    line = f'<line x1="{x:.1f}" y1="36" x2="{x:.1f}" y2="{height - 24}" stroke="#999999"{dash}/>'
    return line + _text(x - 4, height - 8, f"{mark}", size=11)


def _bar(y: int, label: str, figure: Figure, colour: str) -> str:
    middle = figure.median or 0.0
    size = figure.name.rpartition(", ")[2] if "students" in figure.name.rpartition(", ")[2] else ""
    first, last = _x(min(figure.values)), _x(max(figure.values))
    rect = f'<rect x="{LEFT}" y="{y}" width="{_x(middle) - LEFT:.1f}" height="{BAR}" fill="{colour}"/>'
    whisker = f'<line x1="{first:.1f}" y1="{y + 11}" x2="{last:.1f}" y2="{y + 11}" stroke="{INK}" stroke-width="2"/>'
    named = _text(10, y + 15, f"{label}{', ' + size if size else ''}", size=12)
    return rect + whisker + named + _text(max(last, _x(middle)) + 6, y + 15, written(middle), size=12)


def _text(x: float, y: float, text: str, size: int) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{INK}">{escape(text)}</text>'
