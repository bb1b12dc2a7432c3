"""`python -m local`: exit statuses, the JSON on the last line, what a preview leaves alone, state between calls."""

from __future__ import annotations

import json
import re
import shlex
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from local.cli import main
from local.sandbox.clever import CleverSandbox
from local.sandbox.faults import Fault
from local.stack import connect
from roster.model import COUNTED, OUTCOMES
from tests.e2e.processes import Said, Started, import_arguments, local
from tests.e2e.toolkit import Evidence, birth_dates, canonical, created, moved, queried, tiny

PROMISED = {"status", "counts", "warnings", "requests", "writes"}
Captured = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def sandbox(evidence: Evidence) -> Iterator[CleverSandbox]:
    with CleverSandbox.start(tiny(40, 12)) as server:
        evidence.watch(server)
        yield server


@pytest.fixture(autouse=True)
def well(sandbox: CleverSandbox) -> Iterator[None]:
    yield
    sandbox.faults.clear()


def _is_promised(report: dict[str, object]) -> bool:
    counts = report["counts"]
    assert isinstance(counts, dict)
    numbers = [n for outcomes in counts.values() for n in outcomes.values()]
    return (
        report.keys() >= PROMISED
        and set(counts) == set(COUNTED)
        and all(set(outcomes) == set(OUTCOMES) for outcomes in counts.values())
        and all(isinstance(n, int) for n in [*numbers, report["requests"], report["writes"]])
        and isinstance(report["warnings"], dict)
    )


# -- processes of their own, one after another, on one data folder


def test_each_call_goes_on_where_the_last_one_ended(
    sandbox: CleverSandbox, searched_folder: Path, evidence: Evidence
) -> None:
    data = searched_folder / "calls"
    arguments = import_arguments(sandbox, data)

    first = local(evidence, *arguments, "--json")
    assert (first.status, first.report["status"]) == (0, "applied")
    assert _is_promised(first.report)
    assert created(first.report)["student"] == 39

    sandbox.faults.add(Fault("half_gone", "*role=student*"))
    held = local(evidence, *arguments, "--json")
    assert (held.status, held.report["status"]) == (3, "held")
    assert _is_promised(held.report)
    assert "19 of 39 students would leave." in held.report["reasons"]

    shown = local(evidence, "contacts", "--kind", "student", "--limit", "100", "--data", str(data))
    assert shown.out.count("on file") + shown.out.count("blank") == 39
    assert not [day for day in birth_dates(sandbox.district) if day in shown.out + shown.err]


def test_run_once_twice(searched_folder: Path, evidence: Evidence) -> None:
    arguments = ["run", "--once", "--students", "30", "--data", str(searched_folder / "once")]
    first, second = local(evidence, *arguments), local(evidence, *arguments)
    assert (first.status, second.status) == (0, 0), first.err + second.err
    assert _is_promised(first.report)
    assert _is_promised(second.report)
    assert created(first.report)["student"] > 20
    assert first.report["writes"] > 0
    assert (moved(second.report), second.report["writes"]) == ({}, 0)


# -- one process that serves, and others that find it


@pytest.fixture(scope="module")
def serving(searched_folder: Path, evidence: Evidence) -> Iterator[Started]:
    """`run` prints its own made-up sandbox's token, for the reader to type; nothing else may."""
    started = Started("run", "--students", "30", "--data", str(searched_folder / "serving"))
    started.until("--preview")
    evidence.secrets.update(re.findall(r"--token (\S+)", "".join(started.lines)))
    yield started
    if started.process.poll() is None:
        started.end(signal.SIGINT)


@pytest.fixture
def data(serving: Started, searched_folder: Path) -> Path:
    return searched_folder / "serving"


def _in_process(capsys: Captured, *arguments: str) -> Said:
    """The same command line without 2 s of imports; it attaches to the one that serves."""
    try:
        status = main(list(arguments))
    except SystemExit as stop:
        status = int(stop.code or 0)
    said = capsys.readouterr()
    done = Said.__new__(Said)
    done.status, done.out, done.err = status, said.out, said.err
    return done


def test_run_serves_and_says_what_to_try_next(serving: Started, data: Path) -> None:
    said = "".join(serving.lines)
    address = re.search(r"http://127\.0\.0\.1:\d+/client\?ven=\d+", said)
    assert address, said
    assert "Clever school" in requests.get(address[0], timeout=20).text
    assert "python -m local contacts" in said
    attached = connect(data)
    assert attached
    assert attached.pid == serving.process.pid


def test_what_it_says_to_try_next_works(serving: Started, capsys: Captured) -> None:
    lines = [line.strip() for line in serving.lines if line.strip().startswith("python -m local")]
    assert len(lines) == 3
    statuses = []
    for line in lines:
        words = shlex.split(line, comments=True)[3:]
        statuses.append(_in_process(capsys, *words).status)
    assert statuses == [0, 0, 0]


def test_a_second_process_finds_the_one_that_serves(
    data: Path, sandbox: CleverSandbox, evidence: Evidence, serving: Started
) -> None:
    said = local(evidence, *import_arguments(sandbox, data, "--account", "7001", "--json"))
    assert (said.status, created(said.report)["student"]) == (0, 39)
    attached = connect(data)
    assert attached
    assert attached.pid == serving.process.pid, "it is still the same one"
    assert "Clever school" in requests.get(f"{attached.url}/client?ven=7001", timeout=20).text


def _table(data: Path, account: str) -> bytes:
    attached = connect(data)
    assert attached
    items = queried(attached.client("dynamodb"), attached.outputs["TableName"], account, "conference")
    attached.client.close()
    return canonical(items)


def test_preview_changes_nothing(data: Path, sandbox: CleverSandbox, capsys: Captured) -> None:
    arguments = import_arguments(sandbox, data, "--account", "7002")
    preview = _in_process(capsys, *arguments, "--preview", "--json")
    assert (preview.status, preview.report["status"], preview.report["writes"]) == (0, "preview", 0)
    assert _is_promised(preview.report)
    assert _table(data, "7002") == b""
    applied = _in_process(capsys, *arguments, "--json").report
    assert (applied["status"], applied["counts"]) == ("applied", preview.report["counts"])
    before = _table(data, "7002")
    assert before
    said = _in_process(capsys, *arguments, "--no-contacts", "--preview")
    assert "This was a test import: nothing was changed." in said.out
    assert _table(data, "7002") == before


def test_no_contacts(data: Path, sandbox: CleverSandbox, capsys: Captured) -> None:
    said = _in_process(capsys, *import_arguments(sandbox, data, "--account", "7003", "--no-contacts", "--json"))
    assert said.status == 0
    counts = created(said.report)
    assert (counts["parent"], counts["relationship"], counts["student"]) == (0, 0, 39)


def test_chosen_terms_and_schools(data: Path, sandbox: CleverSandbox, capsys: Captured) -> None:
    sections = [sandbox.district.tables["sections"].get(id) for id in sandbox.district.tables["sections"].rows]
    school, term = sections[0]["school"], sections[0]["term_id"]
    wanted = [s for s in sections if (s["school"], s.get("term_id")) == (school, term)]
    assert 0 < len(wanted) < len(sections)
    chosen = ["--schools", school, "--terms", f"{term},", "--account", "7004", "--json"]
    said = _in_process(capsys, *import_arguments(sandbox, data, *chosen))
    assert created(said.report)["class"] == len(wanted)


def test_a_failed_run_exits_with_1_and_says_what_to_do(data: Path, sandbox: CleverSandbox, capsys: Captured) -> None:
    arguments = import_arguments(sandbox, data, "--account", "7005")
    arguments[arguments.index("--token") + 1] = "wrong"
    said = _in_process(capsys, *arguments, "--json")
    assert said.status == 1
    assert _is_promised(said.report)
    assert said.report["error"]["code"] == "CredentialRejected"
    assert "In Clever, open" in said.report["error"]["help"]
    said = _in_process(capsys, *arguments)
    assert "In Clever, open" in said.out
    assert "Traceback" not in said.out + said.err


def test_json_is_the_only_thing_on_standard_output(data: Path, sandbox: CleverSandbox, capsys: Captured) -> None:
    said = _in_process(capsys, *import_arguments(sandbox, data, "--account", "7006", "--json"))
    assert said.out.count("\n") == 1
    assert isinstance(json.loads(said.out), dict)
    assert "The roster was imported." in said.err


def test_api_version_switch(data: Path, sandbox: CleverSandbox, capsys: Captured) -> None:
    arguments = import_arguments(sandbox, data, "--account", "7007", "--json", "--page-size", "12")
    for version, expected in (("v2.0", {"created"}), ("v3.0", {"updated"}), ("v2.1", set())):
        report = _in_process(capsys, *arguments, "--api-version", version).report
        assert set(moved(report)) <= expected, (version, moved(report))


def test_contacts_never_shows_a_birth_date(data: Path, sandbox: CleverSandbox, capsys: Captured) -> None:
    assert _in_process(capsys, *import_arguments(sandbox, data, "--account", "7008", "--json")).status == 0
    said = _in_process(capsys, "contacts", "--account", "7008", "--limit", "1000", "--data", str(data))
    assert said.status == 0
    assert said.out.count("on file") == 38
    assert said.out.count("\n") == 1 + 39 + 4 + 47
    assert not [day for day in birth_dates(sandbox.district) if day in said.out]
    assert str(sandbox.token) not in said.out


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "COMMAND"),
        (["import"], "PROVIDER"),
        (["import", "clever"], "--base-url"),
        (["import", "clever", "--base-url", "http://127.0.0.1:1"], "--token"),
        (["import", "nobody"], "invalid choice"),
        (["import", "clever", "--base-url", "x", "--token", "x", "--api-version", "v1.2"], "invalid choice"),
        (["import", "clever", "--base-url", "x", "--token", "x", "--terms", ","], "at least one id"),
        (["import", "clever", "--base-url", "x", "--token", "x", "--page-size", "many"], "invalid int"),
        (["contacts", "--kind", "dog"], "invalid choice"),
    ],
)
def test_bad_arguments(arguments: list[str], complaint: str, capsys: Captured) -> None:
    said = _in_process(capsys, *arguments)
    assert said.status == 2
    assert complaint in said.err


@pytest.mark.parametrize("arguments", [["--help"], ["import", "--help"], ["import", "clever", "--help"]])
def test_help_explains_itself(arguments: list[str], capsys: Captured) -> None:
    said = _in_process(capsys, *arguments)
    assert said.status == 0
    assert len(said.out.splitlines()) > 5
    if arguments[-2:] == ["clever", "--help"]:
        for option in ("--base-url", "--token", "--api-version", "--terms", "--schools", "--no-contacts",
                       "--preview", "--json", "--data"):  # fmt: skip
            assert option in said.out


def test_ctrl_c_stops_it_and_what_was_imported_stays(serving: Started, data: Path, capsys: Captured) -> None:
    """The last test of this file: it ends the process that serves."""
    before = _table(data, "7002")
    assert serving.end(signal.SIGINT) in (0, 130)
    assert "Traceback" not in "".join(serving.lines)
    assert connect(data) is None
    said = _in_process(capsys, "contacts", "--account", "7002", "--limit", "1000", "--data", str(data))
    assert len(said.out.splitlines()) == 1 + 39 + 4 + 47
    assert before.count(b'"kind"') == 39 + 4 + 47
