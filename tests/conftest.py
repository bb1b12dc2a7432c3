"""Which cases of the large end-to-end matrices are run: each sixth one, or with `--whole` (make test WHOLE=1) all.

What such a case is about is tested case by case below the end-to-end level too; here the whole machine runs for each.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import shared

EACH = 6
CASE = re.compile(r"_(\d{3})(?=_)")
HERE = Path(__file__).parent
STARTING_STACKS = (HERE / "component", HERE / "e2e")
_sharing: set[Path] = set()  # modules that use the stack of their process


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--whole", action="store_true", help="every case of the tests that are marked as a matrix")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    _sharing.update(item.path for item in items if "shared_stack" in getattr(item, "fixturenames", ()))
    items.sort(key=lambda item: item.path not in _sharing)  # these first, so that each process starts one stack
    if config.option.whole or config.option.keyword:
        return
    met: Counter[str] = Counter()
    left_out = []
    for item in items:
        if item.get_closest_marker("whole"):
            left_out.append(item)
        elif item.get_closest_marker("matrix"):
            name = item.nodeid.partition("[")[0]
            if met[name] % EACH:
                left_out.append(item)
            met[name] += 1
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A process has room for one local stack: the shared one makes place for a test that may start its own."""
    if item.path not in _sharing and set(item.path.parents) & set(STARTING_STACKS):
        shared.stop_stack()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Which of the refusals of providers/sign-on.md §11 were tested: their numbers are in the tests' names."""
    tested: Counter[int] = Counter()
    for report in terminalreporter.stats.get("passed", ()):
        if any(about in report.nodeid for about in ("sso", "sign_on", "arriving", "linking")):
            tested.update(map(int, CASE.findall(report.nodeid.partition("::")[2])))
    if tested:
        terminalreporter.section("refusals of a sign-in, by number: how many tests passed")
        numbers = [f"{n:3d}: {tested[n]:2d}" for n in range(1, 101)]
        for row in range(0, 100, 10):
            terminalreporter.write_line("   ".join(numbers[row : row + 10]))


def pytest_sessionfinish() -> None:
    shared.stop_stack()
