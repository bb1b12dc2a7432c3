"""What one measured process says of itself: wall time, its own CPU time, its peak memory."""

from __future__ import annotations

from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from time import perf_counter, process_time


class Stopwatch:
    """`with Stopwatch() as watch: …`, and `watch.read()` afterwards."""

    def __enter__(self) -> Stopwatch:
        self._began, self._cpu = perf_counter(), _cpu()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds, self.cpu = perf_counter() - self._began, _cpu() - self._cpu

    def read(self) -> dict[str, float]:
        return {"seconds": self.seconds, "cpu": self.cpu, "peak_mb": peak_mb()}


def _cpu() -> float:
    children = getrusage(RUSAGE_CHILDREN)
    return process_time() + children.ru_utime + children.ru_stime


def peak_mb() -> float:
    """The most memory this process has held. Linux hands getrusage's figure on from the parent, so ask /proc first."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next((line for line in status.read_text().splitlines() if line.startswith("VmHWM")), "")
        if line:
            return int(line.split()[1]) / 1024
    return getrusage(RUSAGE_SELF).ru_maxrss / 1024
