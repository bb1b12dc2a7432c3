"""Python's collector of cycles, kept away from rosters.

It walks everything that is alive, again and again, while millions of rows are made; rows hold no cycles, and go when
they are let go. A third of an import's time was this walk.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def undisturbed() -> Iterator[None]:
    """Around work, or as a decorator: no collection meanwhile but where the work asks for one (`sweep`)."""
    was = gc.isenabled()
    gc.disable()
    gc.freeze()  # what is alive by now stays so, and need not be walked by any sweep
    try:
        yield
    finally:
        gc.unfreeze()
        if was:
            gc.enable()


def sweep() -> None:
    """Between two pages or shards: an HTTP answer leaves its body in a cycle, and no row is left to be walked."""
    gc.collect()
