"""The search for secrets and birth dates that every stack's logs go through at its end can really find one."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.e2e.toolkit import Evidence, School, birth_dates, tiny

TOKEN = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c"


@pytest.fixture
def found(tmp_path: Path) -> Evidence:
    return Evidence({TOKEN}, {"2014-12-02", "12/2/2014"}, [tmp_path])


@pytest.mark.parametrize(
    "line",
    [
        f'{{"level": "INFO", "message": "Bearer {TOKEN}"}}',
        "born 2014-12-02T00:00:00.000Z",
        '"dob": "12/2/2014"',
        "112/2/2014",
        "12014-12-02",
    ],
)
def test_a_canary_is_found(line: str, found: Evidence, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "local-import-clever.log").write_text(f"START\n{line}\nEND\n")
    assert len(found.leaks()) == 1
    assert TOKEN not in str(found.leaks()), "the complaint does not repeat it"
    assert len(found.leaks([("what a test printed", line)])) == 2


@pytest.mark.parametrize("line", ["2026-11-23 run 12 of 2014", "12/22/2014", "2014-12-03", TOKEN[:-1]])
def test_what_only_looks_like_one_is_not(line: str, found: Evidence) -> None:
    assert found.leaks([("a log", line)]) == []


def test_birth_dates_are_known_in_both_spellings() -> None:
    dates = birth_dates(tiny(40, 12))
    iso = {day for day in dates if "-" in day}
    assert len(iso) > 30
    assert {f"{d.month}/{d.day}/{d.year}" for d in map(date.fromisoformat, iso)} == dates - iso


def test_what_is_searched_is_there(school: School) -> None:
    """An empty log, a forgotten folder or a district without birth dates would pass the search too."""
    school.applied()
    school.settle(secret={"token": "1" * 40})
    school.run()
    logs = {path.name: path.read_text() for folder in school.evidence.folders for path in folder.rglob("*.log")}
    assert "pulled" in logs["local-import-clever.log"]
    assert "CredentialRejected" in logs["local-import-clever.log"]
    assert "REPORT" in logs["local-sync-roster.log"]
    assert school.sandbox.token in school.evidence.secrets
    assert school.sandbox.client_secret in school.evidence.secrets
    on_file = {c.security_value for c in school.contacts().values() if c.security_value}
    assert on_file
    assert on_file <= school.evidence.dates
    assert school.evidence.leaks() == []
