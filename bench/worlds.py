"""Starts a world and measured runs, each in a process of its own, and ends the worlds it started."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
OURS = (ROOT / "layers/roster/python", ROOT / "functions/import_classlink")
ROSTER = "/ims/oneroster/v1p1/"
# The world's address and made-up keys; whatever this machine has for AWS is not for a benchmark.
AWS = {
    "AWS_ACCESS_KEY_ID": "x",
    "AWS_SECRET_ACCESS_KEY": "y",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


class World:
    """A world that runs, and the folder that it and its runs keep files in."""

    def __init__(self, port: int, folder: Path) -> None:
        self.port, self.folder = port, folder

    def control(self, **told: Any) -> dict[str, int]:
        """Switch something; the answer says what was asked of the world since its counts were reset."""
        connection = HTTPConnection("127.0.0.1", self.port)
        connection.request("POST", "/control", json.dumps(told).encode())
        counts: dict[str, int] = json.loads(connection.getresponse().read())
        connection.close()
        return counts

    def measure(self, arm: str, **told: Any) -> dict[str, Any]:
        """Run `module.function` of bench in a fresh interpreter; what it returned."""
        return fresh(arm, port=self.port, **told, url=f"http://127.0.0.1:{self.port}")


def fresh(arm: str, url: str = "http://127.0.0.1:9", **told: Any) -> dict[str, Any]:
    """Run `module.function` of bench in an interpreter of its own, and read the JSON that it prints last."""
    command = [sys.executable, "-m", "bench.measured", arm, json.dumps(told)]
    done = subprocess.run(command, env=environment(url), cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{arm} failed:\n{done.stdout}{done.stderr}")
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said


def environment(url: str = "http://127.0.0.1:9") -> dict[str, str]:
    """This process's, with the world for AWS and our own import roots."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "PYTHON"))}
    return kept | AWS | {"AWS_ENDPOINT_URL": url, "PYTHONPATH": os.pathsep.join(map(str, OURS))}


@contextmanager
def world() -> Iterator[World]:
    """A world of its own, until the block ends."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        command = [sys.executable, "-m", "bench.world", folder]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout  # noqa: S101 - we asked for a pipe
            yield World(int(process.stdout.readline()), Path(folder))
        finally:
            process.terminate()
            process.wait()
            if process.stdout:
                process.stdout.close()
