"""What tests of every level share: where shared reference data lies, and how a function folder is imported.

Function folders are import roots of their own (each has an app.py and a provider.py), as in Lambda; the loader
imports one module of one folder without the others' names getting in the way.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("PICKATIME_SHARED", ROOT.parent / "shared"))
CLEVER_DATA = SHARED / "data" / "clever" / "full_district_v3.0"

needs_clever_data = pytest.mark.skipif(
    not CLEVER_DATA.is_dir(), reason="the published Clever sandbox district (../shared/data) is not on this machine"
)


class TemplateLoader(yaml.SafeLoader):
    """`!GetAtt Table.Arn` becomes {"GetAtt": "Table.Arn"}."""


TemplateLoader.add_multi_constructor(
    "!", lambda loader, suffix, node: {suffix: getattr(loader, f"construct_{node.id}")(node)}
)


def template_properties(resource: str) -> dict[str, Any]:
    """What infra/template.yaml says of a resource."""
    text = (ROOT / "infra" / "template.yaml").read_text()
    found: dict[str, Any] = yaml.load(text, Loader=TemplateLoader)["Resources"][resource]["Properties"]  # noqa: S506 - a SafeLoader
    return found


_loaded: dict[tuple[str, str], ModuleType] = {}


def function_module(function: str, module: str) -> ModuleType:
    """`functions/<function>/<module>.py`, imported as that function would import it."""
    if (function, module) not in _loaded:
        folder = str(ROOT / "functions" / function)
        names = {path.stem for path in Path(folder).glob("*.py")}
        before = {name: sys.modules.pop(name) for name in names if name in sys.modules}
        sys.path.insert(0, folder)
        try:
            _loaded[function, module] = importlib.import_module(module)
        finally:
            sys.path.remove(folder)
            for name in names:
                sys.modules.pop(name, None)
            sys.modules.update(before)
    return _loaded[function, module]
