"""The data folder holds children's data in the clear: nobody else of this machine reads it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.stack import Stack
from tests.component.local.conftest import TEMPLATE


@pytest.fixture
def generous() -> Iterator[None]:
    """Whatever the machine's umask allows, as many do."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {
        path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir()) if not path.is_symlink()
    }


@pytest.mark.usefixtures("generous")
def test_it_is_its_owners_alone(tmp_path: Path) -> None:
    with Stack.start(data=tmp_path / "data", template=TEMPLATE):
        found = modes(tmp_path / "data")
    assert {"data", "logs", "state.sqlite", "lock", "stack.json"} <= found.keys()
    assert [name for name, mode in found.items() if mode & 0o077] == []


@pytest.mark.usefixtures("generous")
def test_one_that_is_there_already_becomes_its_owners_alone(tmp_path: Path) -> None:
    """Made by a version that did not care."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "lock").touch()
    (data / "state.sqlite").touch()
    with Stack.start(data=data, template=TEMPLATE):
        assert [name for name, mode in modes(data).items() if mode & 0o077] == []


@pytest.mark.usefixtures("generous")
def test_a_folder_of_somebody_elses_keeps_its_mode(tmp_path: Path) -> None:
    """`--data` may name any folder; what lies in it is ours."""
    data = tmp_path / "shared"
    data.mkdir(mode=0o755)
    (data / "something").touch()
    with Stack.start(data=data, template=TEMPLATE):
        found = modes(data)
    assert (found.pop("shared"), found.pop("something")) == (0o755, 0o644)
    assert [name for name, mode in found.items() if mode & 0o077] == []
