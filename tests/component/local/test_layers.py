"""Layers are installed once, whole or not at all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local.layers import LayerError, LayerStore
from tests.component.local.conftest import FIXTURE

BUILT = FIXTURE / "layers/built"


def test_two_at_once_install_one_layer(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as threads:
        folders = list(threads.map(lambda _: LayerStore(tmp_path).packages_of(BUILT), range(2)))
    assert folders[0] == folders[1]
    assert (folders[0] / "iniconfig").is_dir()
    assert not list(tmp_path.glob("*.tmp"))


def test_a_hash_that_does_not_fit_installs_nothing(tmp_path: Path) -> None:
    layer = tmp_path / "layer"
    layer.mkdir()
    (layer / "requirements.txt").write_text("iniconfig==2.3.1 --hash=sha256:" + "0" * 64)
    with pytest.raises(LayerError, match="iniconfig"):
        LayerStore(tmp_path / "cache").packages_of(layer)
    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".lock"]


def test_a_folder_that_is_no_layer_is_named(tmp_path: Path) -> None:
    with pytest.raises(LayerError, match="neither"):
        LayerStore(tmp_path).packages_of(tmp_path)
