"""`python -m local` with Veracross: exit statuses, the JSON on the last line, test imports, terms, and connecting."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.cli import main
from local.sandbox.veracross import VeracrossSandbox
from local.stack import Stack
from roster.model import COUNTED, OUTCOMES
from tests.e2e.processes import Said, local
from tests.e2e.shared import TIME_SCALE
from tests.e2e.toolkit import Evidence, created, moved
from tests.e2e.veracross import VeracrossSchool, birthdays, plain, pupils, stored, truth

Captured = pytest.CaptureFixture[str]
PROMISED = {"status", "counts", "warnings", "requests", "writes"}


@pytest.fixture(scope="module")
def sandbox(evidence: Evidence) -> Iterator[VeracrossSandbox]:
    with VeracrossSandbox.start(plain(30)) as server:
        yield server
        evidence.add((server.client_secret, *(token.value for token in server.tokens)), birthdays(server.school))


@pytest.fixture(scope="module")
def data(searched_folder: Path, evidence: Evidence, sandbox: VeracrossSandbox) -> Iterator[Path]:
    """A folder that a running stack serves: the commands find it there, as from another terminal."""
    evidence.add([sandbox.client_secret], birthdays(sandbox.school))
    folder = searched_folder / "veracross"
    with Stack.start(data=folder, time_scale=TIME_SCALE) as running:
        serving[folder] = running
        yield folder


serving: dict[Path, Stack] = {}


def given(sandbox: VeracrossSandbox, data: Path, *more: str) -> list[str]:
    at = ["--school", sandbox.route, "--api-url", sandbox.url, "--accounts-url", sandbox.url]
    secret = ["--client-id", sandbox.client_id, "--client-secret", sandbox.client_secret]
    return ["veracross", *at, *secret, "--data", str(data), *more]


def said_by(capsys: Captured, *arguments: str) -> Said:
    """The command line without 2 s of imports."""
    try:
        status = main(list(arguments))
    except SystemExit as stop:
        status = int(stop.code or 0)
    told = capsys.readouterr()
    done = Said.__new__(Said)
    done.status, done.out, done.err = status, told.out, told.err
    return done


def is_promised(report: dict[str, object]) -> bool:
    counts = report["counts"]
    assert isinstance(counts, dict)
    whole = set(counts) == set(COUNTED) and all(set(outcomes) == set(OUTCOMES) for outcomes in counts.values())
    return whole and report.keys() >= PROMISED


def school_of(sandbox: VeracrossSandbox, data: Path, account: str, evidence: Evidence) -> VeracrossSchool:
    return VeracrossSchool(serving[data], sandbox, evidence, account)


# -- processes of their own


def test_import_from_a_shell(sandbox: VeracrossSandbox, data: Path, evidence: Evidence) -> None:
    """Nothing of a secret or a birth date is on the screen: the module's end searches what was said."""
    done = local(evidence, "import", *given(sandbox, data, "--json"))
    assert (done.status, done.report["status"]) == (0, "applied"), done.err
    assert is_promised(done.report)
    assert created(done.report) == truth(sandbox.school).counts()
    assert "The roster was imported." in done.err


def test_run_once_with_its_own_sandbox(searched_folder: Path, evidence: Evidence) -> None:
    arguments = ["run", "--provider", "veracross", "--once", "--students", "20"]
    done = local(evidence, *arguments, "--data", str(searched_folder / "once"))
    assert (done.status, done.report["status"]) == (0, "applied"), done.err
    assert is_promised(done.report)
    assert created(done.report)["student"] > 10


# -- the same commands against the stack that is running


def test_a_second_night_and_a_held_one(
    sandbox: VeracrossSandbox, data: Path, capsys: Captured, evidence: Evidence
) -> None:
    arguments = ["import", *given(sandbox, data, "--account", "8001", "--json")]
    assert said_by(capsys, *arguments).status == 0
    again = said_by(capsys, *arguments)
    assert (again.status, moved(again.report), again.report["writes"]) == (0, {}, 0)
    assert again.out.count("\n") == 1
    there = pupils(sandbox.school)
    gone = [sandbox.school.leave(student) for student in there[::2]]
    held = said_by(capsys, *arguments)
    for rows in gone:
        sandbox.school.come_back(rows)
    assert (held.status, held.report["status"]) == (3, "held")
    assert f"{len(gone)} of {len(there)} students would leave." in held.report["reasons"]


def test_a_test_import_changes_nothing_and_says_what_to_choose_from(
    sandbox: VeracrossSandbox, data: Path, capsys: Captured, evidence: Evidence
) -> None:
    arguments = ["import", *given(sandbox, data, "--account", "8002")]
    preview = said_by(capsys, *arguments, "--preview")
    assert preview.status == 0
    assert "This was a test import: nothing was changed." in preview.out
    for row in sandbox.school.rows("grading_periods"):
        assert f"term   {row['id']} " in preview.out
    assert sandbox.school.rows("classes")[0]["campus_description"] in preview.out
    counted = said_by(capsys, *arguments, "--preview", "--json").report
    assert (counted["status"], counted["writes"]) == ("preview", 0)
    applied = said_by(capsys, *arguments, "--json").report
    assert (applied["status"], applied["counts"]) == ("applied", counted["counts"])


def test_chosen_terms_policy_and_no_contacts(
    sandbox: VeracrossSandbox, data: Path, capsys: Captured, evidence: Evidence
) -> None:
    source = sandbox.school
    spring = max(row["id"] for row in source.rows("grading_periods") if row["description"] == "Semester 2")
    more = ["--terms", f"{spring},", "--policy", "custody_only", "--account", "8003", "--json"]
    assert said_by(capsys, "import", *given(sandbox, data, *more)).status == 0
    there = stored(school_of(sandbox, data, "8003", evidence))
    assert there == truth(source, policy="custody_only", terms=[spring])
    assert there.classes < truth(source).classes
    more = ["--no-contacts", "--account", "8004", "--json", "--page-size", "20"]
    counts = created(said_by(capsys, "import", *given(sandbox, data, *more)).report)
    assert (counts["parent"], counts["relationship"]) == (0, 0)
    assert counts["student"] == len(pupils(source))


def test_contacts_show_no_birth_date(sandbox: VeracrossSandbox, data: Path, capsys: Captured) -> None:
    assert said_by(capsys, "import", *given(sandbox, data, "--account", "8005", "--json")).status == 0
    shown = said_by(capsys, "contacts", "--account", "8005", "--limit", "1000", "--data", str(data))
    assert shown.out.count("on file") + shown.out.count("blank") == len(pupils(sandbox.school))
    assert not [day for day in birthdays(sandbox.school) if day in shown.out]


def test_connect(sandbox: VeracrossSandbox, data: Path, capsys: Captured) -> None:
    arguments = ["connect", *given(sandbox, data, "--account", "8006")]
    done = said_by(capsys, *arguments)
    assert done.status == 0
    assert done.out.startswith("Connected.")
    assert "birth dates: shared" in done.out
    assert "Campus 1" in done.out
    told = said_by(capsys, *arguments, "--json")
    assert json.loads(told.out.splitlines()[-1])["connected"] is True
    assert sandbox.client_secret not in done.out + done.err + told.out + told.err


def test_connect_names_what_is_wrong_and_saves_nothing(sandbox: VeracrossSandbox, data: Path, capsys: Captured) -> None:
    arguments = ["connect", *given(sandbox, data, "--account", "8007")]
    wrong = [*arguments]
    wrong[wrong.index("--client-secret") + 1] = "0" * 64
    sandbox.remove_scope("parents:list")
    try:
        answers = {
            "Missing: parents:list.": said_by(capsys, *arguments),
            "copy both": said_by(capsys, *wrong),
            "knows no school by this School Domain": said_by(capsys, *arguments, "--school", "nosuchschool"),
        }
    finally:
        sandbox.add_scope("parents:list")
    for words, done in answers.items():
        assert done.status == 1
        assert "Not connected: nothing was saved as active." in done.out
        assert words in done.out
        assert "Traceback" not in done.out + done.err
    shown = said_by(capsys, "contacts", "--account", "8007", "--data", str(data))
    assert (shown.status, shown.out) == (2, "")
    assert "account 8007: nothing was imported yet" in shown.err


def test_a_failed_run_exits_with_1_and_says_what_to_do(sandbox: VeracrossSandbox, data: Path, capsys: Captured) -> None:
    arguments = ["import", *given(sandbox, data, "--account", "8008")]
    arguments[arguments.index("--client-secret") + 1] = "0" * 64
    done = said_by(capsys, *arguments, "--json")
    assert (done.status, done.report["error"]["code"]) == (1, "CredentialRejected")
    assert is_promised(done.report)
    shown = said_by(capsys, *arguments)
    assert "in Axiom, open" in shown.out
    assert "Traceback" not in shown.out + shown.err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["import", "veracross"], "--school"),
        (["import", "veracross", "--school", "abcd"], "--client-id"),
        (["import", "veracross", "--school", "x", "--client-id", "x"], "--client-secret"),
        (["import", "veracross", "--school", "x", "--client-id", "x", "--client-secret", "env:NO_SUCH"], "NO_SUCH"),
        (["import", "veracross", "--policy", "everybody"], "invalid choice"),
        (["import", "veracross", "--page-size", "1001"], "from 1 to 1,000"),
        (["import", "veracross", "--api-url", "api.veracross.com"], "begins with http:// or https://"),
        (["import", "veracross", "--accounts-url", "https://"], "names a host"),
    ],
)
def test_bad_arguments(arguments: list[str], complaint: str, capsys: Captured) -> None:
    done = said_by(capsys, *arguments)
    assert done.status == 2
    assert complaint in done.err
