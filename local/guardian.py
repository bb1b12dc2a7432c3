"""Kills the Lambda workers when the host dies, however it dies.

A SIGKILL leaves no time to clean up, and Linux's parent-death signal fires too early (when the thread that
started the worker ends). So one tiny process watches a pipe: it closes with the host, and then they all go.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading

# `+pid` adds, `-pid` forgets (its number may be reused), end of input kills what is left.
_PROGRAM = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
alive = set()
for line in sys.stdin:
    (alive.add if line[0] == "+" else alive.discard)(int(line[1:]))
for pid in alive:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
"""


def base_python() -> str:
    """The interpreter under the virtual environment: with -S it sees the standard library alone."""
    return str(getattr(sys, "_base_executable", sys.executable))


class Guardian:
    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [base_python(), "-S", "-c", _PROGRAM], stdin=subprocess.PIPE, start_new_session=True, text=True
        )
        self._lock = threading.Lock()

    def watch(self, pid: int) -> None:
        self._tell(f"+{pid}")

    def forget(self, pid: int) -> None:
        self._tell(f"-{pid}")

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None  # noqa: S101
        with self._lock:
            if not self._process.stdin.closed:
                os.write(self._process.stdin.fileno(), (line + "\n").encode())

    def stop(self) -> None:
        assert self._process.stdin is not None  # noqa: S101
        with self._lock:
            self._process.stdin.close()
        self._process.wait()
