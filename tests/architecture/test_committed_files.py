"""What is in the repository must make sense anywhere: no path of one machine, no host of a registry."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Written in halves, so that this file passes its own test. A path begins where no word or slash precedes it.
FORBIDDEN = {
    "a path of one machine": r"(?<![\w./-])/(?:wo" + r"rk|ro" + r"ot|ho" + r"me/[a-z]\w*|Us" + r"ers/\w+)/",
    "a registry's host": r"pythonho" + r"sted\.org|pypi\.o" + r"rg|npm" + r"js\.(?:org|com)|yarn" + r"pkg\.com",
    "a note about how it was written": r"(?i)\bsub-?ag" + r"ents?\b|session n" + r"otes?\b|language mo" + r"del",
}


def committed() -> list[Path]:
    """Tracked files, and those that the next `git add` would track."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def found(text: str) -> list[str]:
    return [f"{what}: {hit.group()}" for what, words in FORBIDDEN.items() for hit in re.finditer(words, text)]


def test_no_file_names_this_machine_or_a_registry() -> None:
    complaints = [
        f"{file.relative_to(ROOT)}: {complaint}"
        for file in committed()
        for complaint in found(file.read_bytes().decode(errors="ignore"))
    ]
    assert not complaints, "\n" + "\n".join(complaints)


@pytest.mark.parametrize(
    "text",
    [
        "open('/wo" + "rk/main/x')",
        "cd /ro" + "ot/.cache",
        "at /ho" + "me/someone/x",
        "https://files.pythonho" + "sted.org/packages/x",
        '"resolved": "https://registry.npm' + 'js.org/ajv"',
        "--index-url https://pypi.o" + "rg/simple",
        "found by a suba" + "gent",
        "see the session n" + "otes",
    ],
)
def test_the_rule_refuses(text: str) -> None:
    assert found(text)


@pytest.mark.parametrize("text", ["https://school.test/wo" + "rk/1", "a/ho" + "me/page/", "the root / the tree"])
def test_the_rule_lets_pass(text: str) -> None:
    assert not found(text)
