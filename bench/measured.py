"""One measured run: `python -m bench.measured module.function '{"argument": …}'` prints what the function returns.

A process of its own for every run: its peak memory is its own, and nothing is warm from the run before.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module

if __name__ == "__main__":
    module, _, function = sys.argv[1].partition(".")
    arm = getattr(import_module(f"bench.{module}"), function)
    print(json.dumps(arm(**json.loads(sys.argv[2]))))
