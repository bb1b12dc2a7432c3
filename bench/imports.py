"""What a cold start imports: each function's app.py in a fresh interpreter, beside its unavoidable libraries alone.

Bytecode is there (a run before the first that counts writes it), so this is what the modules themselves cost. What a
function imports only when it is first called counts as the function's too, where every call needs it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bench.targets import Figure
from bench.worlds import ROOT, environment

LIMIT = 1.2
STORE = "import pynamodb.models, pynamodb.attributes, pynamodb.transactions"
LOGGER = "from aws_lambda_powertools import Logger"
AWS = "import boto3"
HTTP = "import requests"
PAGES = "from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response"
VALIDATED = "from aws_lambda_powertools.event_handler.middlewares import openapi_validation"
CHECKED = f"import pydantic; {VALIDATED}; from aws_lambda_powertools.event_handler.openapi import models, params"
JSON = "import msgspec" if find_spec("msgspec") else ""
LATER = "import roster.http"  # the runtime imports it when an importer is first called

# What each kind of function cannot do without: the bucket or the secrets, the table, the log, HTTP, the web.
LIBRARIES = {
    "import_": (AWS, STORE, LOGGER, HTTP, JSON),
    "classlink_districts": (AWS, STORE, LOGGER, HTTP, JSON),
    "sync_roster": (AWS, STORE, LOGGER, JSON),
    "sso_callback": (STORE, LOGGER, PAGES, JSON),
    "admin_api": (AWS, STORE, LOGGER, PAGES, CHECKED, JSON),
}
SPEAK_HTTP = ("import_", "classlink_districts")

TIMED = """
import json, sys
from time import perf_counter
sys.path[:0] = {paths!r}
before = perf_counter()
{code}
took = perf_counter() - before
ours = {{"app", "roster"}} | {{name.split(".")[0] for name in {own!r}}}
real = [name for name, module in sys.modules.items() if getattr(module, "__spec__", None)]
tops = {{name.split(".")[0] for name in real}} - set(sys.stdlib_module_names) - ours
print(json.dumps({{"seconds": took, "modules": len(sys.modules), "libraries": sorted(t for t in tops if t[0] != "_")}}))
"""


def handlers() -> list[Path]:
    return sorted(app.parent for app in (ROOT / "functions").glob("*/app.py"))


def figures(rounds: int) -> list[Figure]:
    """A row for each handler."""
    return [_figure(folder, rounds) for folder in handlers()]


def _figure(folder: Path, rounds: int) -> Figure:
    kind = next((kind for kind in LIBRARIES if folder.name.startswith(kind)), None)
    name = f"import of functions/{folder.name}, against its libraries alone"
    if kind is None:
        return Figure(name, (), note="its unavoidable libraries are not named in bench/imports.py yet")
    handler = "import app" + (f"; {LATER}" if kind in SPEAK_HTTP else "")
    bare = "; ".join(filter(None, LIBRARIES[kind]))
    pairs = [(_timed(folder, handler), _timed(folder, bare)) for _ in range(rounds + 1)][1:]
    seconds = sorted(ours["seconds"] for ours, _ in pairs)[len(pairs) // 2]
    libraries = ", ".join(pairs[0][0]["libraries"])
    note = f"{seconds * 1000:.0f} ms; imports {libraries}"
    return Figure(name, tuple(ours["seconds"] / alone["seconds"] for ours, alone in pairs), limit=LIMIT, note=note)


def _timed(folder: Path, code: str) -> dict[str, Any]:
    paths = [str(folder), str(ROOT / "layers/roster/python")]
    own = [file.stem for file in folder.glob("*.py")]
    source = TIMED.format(paths=paths, code=code, own=own)
    alone = {key: value for key, value in environment().items() if key != "PYTHONPATH"}
    command = [sys.executable, "-c", source]
    told = subprocess.run(command, env=alone, cwd=folder, capture_output=True, text=True, check=True)
    said: dict[str, Any] = json.loads(told.stdout)
    return said
