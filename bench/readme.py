"""Puts the last table into README.md, between its two marks, and draws the plot that it shows."""

from __future__ import annotations

from bench.plot import PLOT, draw
from bench.report import newest, table
from bench.worlds import ROOT

BEGIN, END = "<!-- bench: written by `python -m bench readme` -->", "<!-- /bench -->"


def update() -> None:
    figures, facts, quick = newest()
    PLOT.write_text(draw(figures))
    file = ROOT / "README.md"
    text = file.read_text()
    before, _, rest = text.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise SystemExit(f"README.md has no {BEGIN} … {END}")
    size = "a quick run, of 10,000 students" if quick else "a whole run"
    about = f"Last measured {facts['date']}, {size}, on {facts['cores']} cores with Python {facts['python']}:"
    file.write_text(f"{before}{BEGIN}\n{about}\n\n{table(figures)}{END}{after}")
