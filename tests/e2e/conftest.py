"""One local stack per test process, one account per test, and the search for secrets in everything it said."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local.sandbox.clever import CleverSandbox
from local.sandbox.clever_data import CleverDistrict
from local.stack import Stack
from tests.e2e.crashes import PAGE_SIZE, Undisturbed, district_to_kill
from tests.e2e.shared import forget, running_stack
from tests.e2e.toolkit import Evidence, School, account_numbers, tiny

OUTCOMES_KEY = "fault_outcome"  # of Clever; followed by a blank and the provider's name for any other
_said: list[tuple[str, str]] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[Any]:
    """Keep what every test printed or logged: it is searched for secrets at the end."""
    report = yield
    _said.extend((f"{item.nodeid}: {title}", text) for title, text in report.sections)
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What each fault of the sandboxes led to, one table for each provider."""
    tables: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in getattr(report, "user_properties", ()):
                if name.startswith(OUTCOMES_KEY) and getattr(report, "when", "") == "call":
                    tables[name.removeprefix(OUTCOMES_KEY).strip() or "Clever"].append(tuple(value))
    for provider, told in sorted(tables.items()):
        terminalreporter.section(f"faults of the {provider} sandbox, and what the import made of them")
        for fault, outcome, said in sorted(told):
            terminalreporter.write_line(f"{fault:<34} {outcome:<28} {said}")


@pytest.fixture(scope="session")
def evidence() -> Evidence:
    return Evidence()


def _searched(evidence: Evidence) -> list[str]:
    """What is found in all that was said since the last module ended: each text is searched once."""
    leaks = evidence.leaks(_said)
    _said.clear()
    evidence.said.clear()
    return leaks


@pytest.fixture(scope="module")
def shared_stack() -> Iterator[Stack]:
    """Found running by whoever asks for it, also through others; stopped before all others (tests/conftest.py)."""
    stack = running_stack()
    yield stack
    forget(stack)


@pytest.fixture(scope="module")
def stack(shared_stack: Stack, evidence: Evidence) -> Iterator[Stack]:
    """The real template on this machine; when a module ends, nothing that it said may hold a secret or a birth date."""
    evidence.folders.append(shared_stack.logs)
    yield shared_stack
    leaks = _searched(evidence)
    evidence.folders.remove(shared_stack.logs)
    assert leaks == []


@pytest.fixture(scope="module")
def searched_folder(evidence: Evidence, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where processes of their own keep their data folders; at its end, their logs are searched as well."""
    folder = tmp_path_factory.mktemp("data")
    evidence.folders.append(folder)
    yield folder
    leaks = _searched(evidence)
    evidence.folders.remove(folder)
    assert leaks == []


@pytest.fixture(scope="module")
def open_school(stack: Stack, evidence: Evidence) -> Iterator[Callable[..., School]]:
    """Makes a school: an account of its own over a district of its own, or over a sandbox that is there."""
    started: list[CleverSandbox] = []

    def open_one(district: CleverDistrict | None = None, sandbox: CleverSandbox | None = None, **more: Any) -> School:
        if sandbox is None:
            sandbox = CleverSandbox.start(district or tiny())
            started.append(sandbox)
        return School(stack, sandbox, evidence, str(next(account_numbers)), **more)

    yield open_one
    for sandbox in started:
        sandbox.stop()


@pytest.fixture
def school(open_school: Callable[..., School]) -> School:
    """A school of about a dozen students."""
    return open_school()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[CleverSandbox]:
    """The district of the crash tests; other modules have one of their own."""
    with district_to_kill() as server:
        yield server


@pytest.fixture(scope="module")
def fresh(open_school: Callable[..., School], sandbox: CleverSandbox) -> Callable[[], School]:
    """A new school over that district, in small pages."""
    return lambda: open_school(sandbox=sandbox, page_size=PAGE_SIZE)


@pytest.fixture(scope="module")
def undisturbed(fresh: Callable[[], School]) -> Undisturbed:
    """What a run gives that nobody kills."""
    return Undisturbed.of(fresh())
