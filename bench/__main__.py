"""`python -m bench`: every figure with its peers and its verdict; `million`, `cost` and `readme` are said below."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "layers" / "roster" / "python"))

from bench import counted, report
from bench.suite import FULL, PAGE, QUICK, Suite
from bench.targets import missed


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="10,000 students instead of 100,000, fewer rounds")
    commands = parser.add_subparsers(dest="command")
    many = commands.add_parser("million", help="time and memory per step from 10,000 students up")
    many.add_argument("--students", type=int, default=1_000_000)
    commands.add_parser("count", help="only count what runs ask of AWS; a whole run does so too")
    commands.add_parser("cost", help="write bench/COST.md from what was counted last")
    commands.add_parser("readme", help="put the last table and the plot into README.md")
    told = parser.parse_args()
    if told.command == "million":
        from bench.million import climb

        climb(told.students)
    elif told.command == "count":
        counted.keep(counted.alone((FULL.small, FULL.middle, FULL.big), PAGE), report.machine()["date"])
    elif told.command == "cost":
        from bench.costpage import write

        write()
    elif told.command == "readme":
        from bench.readme import update

        update()
    else:
        compare(told.quick)
    return 0


def compare(quick: bool) -> None:
    began = perf_counter()
    facts = report.machine()
    suite = Suite(QUICK if quick else FULL, say)
    suite.run()
    file = report.keep(suite.figures, facts, quick)
    if not quick:
        counted.keep(suite.scales, facts["date"])
    print(file.read_text())
    say(f"{perf_counter() - began:.0f} s in all; missed: {', '.join(missed(suite.figures)) or 'none'}")


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
