"""What a person reads at the end of a run, and of contacts."""

from __future__ import annotations

import pytest

from local.show import FIRST_TRY, contacts_table, report_lines
from roster.model import COUNTED, OUTCOMES
from roster.tables import ContactItem

COUNTS = {kind: dict.fromkeys(OUTCOMES, 0) for kind in COUNTED}
REPORT = {"status": "applied", "reasons": [], "counts": COUNTS, "requests": 1, "writes": 0, "warnings": {}, "help": {}}


@pytest.mark.parametrize(
    ("state", "help", "end"),
    [("full", "", "(birth dates: full)."), ("partial", "Ask them.", "(birth dates: partial). Ask them.")],
)
def test_the_line_about_birth_dates_ends_with_a_sentence(state: str, help: str, end: str) -> None:
    values = {"state": state, "students": 300, "missing": 2, "help": help}
    lines = list(report_lines({**REPORT, "security_values": values}))
    assert lines[-1] == f"  2 of 300 students have no security value {end}"


def test_a_held_run_says_who_can_let_it_pass() -> None:
    values = {"state": "full", "students": 300, "missing": 0, "help": ""}
    lines = list(report_lines({**REPORT, "status": "held", "reasons": ["All left."], "security_values": values}))
    assert lines[1] == "  All left."
    assert "--account" in lines[3]
    assert "administrator's yes" in lines[4]


def test_a_table_says_how_many_it_leaves_out() -> None:
    found = [ContactItem("p", "s", kind="parent", id=f"{n}", origin="x", level="1") for n in range(5)]
    assert list(contacts_table(found, "parent", 2))[-1] == "and 3 more: --limit 5"
    assert len(list(contacts_table(found, "parent", 5))) == 6
    failed = {"status": "failed", "run": "r1", "error": {"code": "CredentialRejected", "message": "m", "help": "h"}}
    assert list(report_lines(failed))[3:] == [f"  {FIRST_TRY}", "  Its number is r1."]


def test_what_is_cut_is_marked() -> None:
    person = {"kind": "parent", "id": "1", "origin": "x", "level": "1", "first": "A" * 40}
    long, fits = (ContactItem("p", "s", **person, email="e" * n) for n in (34, 33))
    _, cut, whole = contacts_table([long, fits], None, 2)
    assert f" {'A' * 26}… {'e' * 32}… " in cut.replace("  ", " ")
    assert f"{'e' * 33} " in whole
