"""Where a Lambda worker finds its packages: layers, installed once for this machine's Python; the runtime.

A layer with a requirements.txt is installed into a cache named by what decides its content; a layer without
one is used as it lies in the tree, so that an edit is seen by the next worker.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

RUNTIME_REQUIREMENTS = Path(__file__).with_name("runtime-requirements.txt")
DEFAULT_CACHE = Path(".build/layers")


class LayerError(Exception):
    """A layer cannot be made; the text says which and what pip said."""


class LayerStore:
    def __init__(self, cache: Path = DEFAULT_CACHE) -> None:
        self._cache = cache.resolve()

    def packages_of(self, layer: Path) -> Path:
        """The folder that /opt/python would be."""
        requirements = layer / "requirements.txt"
        if requirements.exists():
            return self.installed(requirements)
        if (layer / "python").is_dir():
            return (layer / "python").resolve()
        raise LayerError(f"layer {layer} has neither requirements.txt nor a folder python/")

    def runtime(self) -> Path:
        return self.installed(RUNTIME_REQUIREMENTS)

    def installed(self, requirements: Path) -> Path:
        home = self._cache / _digest(requirements)
        if not home.exists():
            self._cache.mkdir(parents=True, exist_ok=True)
            with _locked(home.with_suffix(".lock")):
                if not home.exists():
                    _install(requirements, home)
        return home / "python"


def _digest(requirements: Path) -> str:
    python = f"{sys.version_info[:3]} {platform.machine()} {sys.platform}"
    return hashlib.sha256(requirements.read_bytes() + python.encode()).hexdigest()[:20]


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Two stacks that start at once must not install into the same place."""
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _install(requirements: Path, home: Path) -> None:
    """Into a folder of its own, renamed when complete: a half-installed layer is never seen."""
    unfinished = home.with_suffix(f".{os.getpid()}.tmp")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        _pip(requirements, unfinished / "python")
        unfinished.rename(home)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _pip(requirements: Path, target: Path) -> None:
    hashes = ["--require-hashes"] if "--hash=" in requirements.read_text() else []
    command = [
        sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check",
        "--only-binary", ":all:", "--no-deps", *hashes, "--target", str(target), "-r", str(requirements),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LayerError(f"pip could not install {requirements}:\n{done.stderr.strip()}")
