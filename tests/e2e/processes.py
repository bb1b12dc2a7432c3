"""`python -m local …` as a process of its own: run to its end, or started and watched, or killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from local.sandbox.clever import CleverSandbox
from tests.e2e.toolkit import Evidence
from tests.support import ROOT

# Without the published district: `run` then makes one up, which is quicker and on every machine.
ENVIRONMENT = {**os.environ, "PICKATIME_SHARED": os.devnull, "PYTHONUNBUFFERED": "1"}


def command(*args: str) -> list[str]:
    return [sys.executable, "-m", "local", *args]


def import_arguments(sandbox: CleverSandbox, data: Path, *more: str) -> list[str]:
    given = ["--base-url", sandbox.url, "--token", str(sandbox.token), "--data", str(data)]
    return ["import", "clever", *given, *more]


class Said:
    """What a finished process said."""

    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        self.status, self.out, self.err = done.returncode, done.stdout, done.stderr

    @property
    def report(self) -> dict[str, Any]:
        """The last line is one JSON object."""
        found: dict[str, Any] = json.loads(self.out.splitlines()[-1])
        return found


def local(evidence: Evidence, *args: str) -> Said:
    done = subprocess.run(command(*args), cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=120)
    evidence.said += [(f"stdout of {args[:2]}", done.stdout), (f"stderr of {args[:2]}", done.stderr)]
    return Said(done)


class Started:
    """A process that goes on. Its own session, so that a kill takes no one else."""

    def __init__(self, *args: str) -> None:
        self.process = subprocess.Popen(
            command(*args), cwd=ROOT, env=ENVIRONMENT, text=True, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.lines: list[str] = []

    def until(self, word: str) -> None:
        """Read what it says until a line holds the word."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line)
            if word in line:
                return
        raise AssertionError(f"it ended without saying {word!r}: {''.join(self.lines)}")

    def end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        assert self.process.stdout
        self.lines += self.process.stdout
        self.process.stdout.close()
        return self.process.wait(timeout=30)


def when(happened: Callable[[], Any], process: subprocess.Popen[str], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert process.poll() is None, "it ended before that happened"
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.002)
