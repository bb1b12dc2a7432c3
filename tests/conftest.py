"""Which cases of the large end-to-end matrices are run: each fourth one, or with `--whole` (make test WHOLE=1) all.

What such a case is about is tested case by case below the end-to-end level too; here the whole machine runs for each.
"""

from __future__ import annotations

from collections import Counter

import pytest

EACH = 4


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--whole", action="store_true", help="every case of the tests that are marked as a matrix")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
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
