"""`python -m local`: exit statuses, the JSON on the last line, what a preview leaves alone, state between calls."""

from __future__ import annotations

import csv
import json
import re
import shlex
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from local.account import Chosen, LocalAccount
from local.cli import main
from local.sandbox.clever import CleverSandbox
from local.sandbox.faults import Fault
from local.stack import connect
from roster.model import COUNTED, OUTCOMES
from tests.e2e.processes import ENVIRONMENT, Said, Started, command, import_arguments, local, when
from tests.e2e.toolkit import Evidence, birth_dates, canonical, created, moved, queried, tiny
from tests.support import ROOT

CLEVER = ["import", "clever", "--base-url", "http://127.0.0.1:1", "--token", "x"]
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
    assert "Only an administrator's yes lets it pass" in held.err

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


def _stored(data: Path, account: str) -> Chosen:
    attached = connect(data)
    assert attached
    found = LocalAccount(attached, account, "conference").chosen("clever")
    attached.client.close()
    return found


@pytest.mark.parametrize("more", [["--preview", "--no-contacts"], ["--token", "wrong", "--terms", "none"]])
@pytest.mark.parametrize("first", [True, False])
def test_a_preview_or_a_failed_run_leaves_the_connection_and_the_selection_that_were_stored(
    more: list[str], first: bool, data: Path, sandbox: CleverSandbox, capsys: Captured
) -> None:
    """Tonight's run goes on with what worked; where nothing was stored, nothing is."""
    account = f"702{len(more)}{int(first)}{int('--preview' in more)}"
    arguments = import_arguments(sandbox, data, "--account", account)
    if not first:
        assert _in_process(capsys, *arguments).status == 0
    before = _stored(data, account)
    assert (before.secret is None) == first
    assert any(before.values.values()) != first
    assert _in_process(capsys, *arguments, *more).status == (0 if "--preview" in more else 1)
    assert _stored(data, account) == before
    if not first:
        again = _in_process(capsys, *arguments, "--json").report
        assert (again["status"], again["writes"]) == ("applied", 0), "what was applied is known as before"


def test_a_run_that_is_interrupted_ends_and_the_next_one_starts_at_once(
    data: Path, evidence: Evidence, capsys: Captured
) -> None:
    """While another process serves: the run is that one's, and would go on for half an hour."""
    with CleverSandbox.start(tiny()) as away:
        evidence.watch(away)
        away.faults.add(Fault("error_503", "*/sections*", times=None))
        arguments = import_arguments(away, data, "--account", "7030")
        started = Started(*arguments)
        when(lambda: any("/sections" in target for _, target, _ in away.requests), started.process)
        status = started.end(signal.SIGINT)
        assert (status, "".join(started.lines)) == (130, "The run was stopped: nothing was changed.\n")
        assert _stored(data, "7030").secret is None
        away.faults.clear()
        assert _in_process(capsys, *arguments).status == 0


@pytest.mark.parametrize("command", ["import", "connect"])
def test_nobody_listens_at_the_address(command: str, tmp_path: Path, capsys: Captured) -> None:
    with CleverSandbox.start(tiny()) as gone:
        arguments = import_arguments(gone, tmp_path / "none")
    said = _in_process(capsys, command, *arguments[1:])
    where = gone.url.removeprefix("http://")
    assert (said.status, said.out) == (1, "")
    assert said.err == f"error: cannot reach {where} (Connection refused); check --base-url\n"
    assert not (tmp_path / "none").exists()


def test_a_second_run_on_a_folder_that_is_served(serving: Started, data: Path, capsys: Captured) -> None:
    said = _in_process(capsys, "run", "--data", str(data))
    assert said.status == 2
    assert f"is being served already, by process {serving.process.pid}" in said.err
    assert "make run DATA=folder" in said.err
    assert "connect(" not in said.err


@pytest.mark.parametrize("command", ["contacts", "problems"])
def test_a_folder_where_nothing_was_imported(command: str, tmp_path: Path, capsys: Captured) -> None:
    said = _in_process(capsys, command, "--data", str(tmp_path / "none"))
    assert (said.status, said.out) == (2, "")
    assert "nothing was imported into" in said.err
    assert not (tmp_path / "none").exists()


def test_an_account_where_nothing_was_imported(data: Path, capsys: Captured) -> None:
    said = _in_process(capsys, "contacts", "--account", "7031", "--data", str(data))
    assert (said.status, said.out) == (2, "")
    assert "account 7031: nothing was imported yet" in said.err
    assert "11600001 is classlink's" in said.err


def test_a_reader_who_goes_away_is_no_error(data: Path, sandbox: CleverSandbox, capsys: Captured) -> None:
    """`contacts | head -2`"""
    assert _in_process(capsys, *import_arguments(sandbox, data, "--account", "7032")).status == 0
    shown = command("contacts", "--account", "7032", "--limit", "1000", "--data", str(data))
    piped = f"{shlex.join(shown)} | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", piped], cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


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


def test_problems_of_a_held_run(data: Path, sandbox: CleverSandbox, evidence: Evidence, capsys: Captured) -> None:
    """Its plan was discarded, its problems are what a person has to look at."""
    arguments = import_arguments(sandbox, data, "--account", "7009", "--json")
    assert _in_process(capsys, *arguments).status == 0
    sandbox.faults.add(Fault("half_gone", "*role=student*"))
    assert _in_process(capsys, *arguments).report["status"] == "held"
    said = _in_process(capsys, "problems", "--account", "7009", "--data", str(data))
    evidence.said.append(("problems", said.out))
    rows = list(csv.DictReader(said.out.splitlines()))
    assert list(rows[0]) == ["code", "kind", "id", "what to do"]
    assert rows == sorted(rows, key=lambda row: (row["code"], row["kind"], row["id"]))
    assert "dangling_enrolment" in {row["code"] for row in rows}
    assert all(row["what to do"] for row in rows)
    assert not [day for day in birth_dates(sandbox.district) if day in said.out]


def test_problems_of_a_run_that_failed_at_once(data: Path, sandbox: CleverSandbox, capsys: Captured) -> None:
    arguments = import_arguments(sandbox, data, "--account", "7010", "--json")
    arguments[arguments.index("--token") + 1] = "wrong"
    assert _in_process(capsys, *arguments).status == 1
    said = _in_process(capsys, "problems", "--account", "7010", "--data", str(data))
    assert (said.status, said.out) == (0, "code,kind,id,what to do\n")


@pytest.mark.parametrize("more", [[], ["--event", "other"], ["--run", "20200101T000000-abcdef"]])
def test_problems_of_no_run(more: list[str], data: Path, sandbox: CleverSandbox, capsys: Captured) -> None:
    if more:
        assert _in_process(capsys, *import_arguments(sandbox, data, "--account", "7011", "--preview")).status == 0
    account = "7011" if more else "7012"
    said = _in_process(capsys, "problems", "--account", account, "--data", str(data), *more)
    assert (said.status, said.out) == (2, "")
    assert "no run" in said.err


# -- trying a connection


def _try(sandbox: CleverSandbox, data: Path, *more: str) -> list[str]:
    return ["connect", *import_arguments(sandbox, data, "--account", "7013", *more)[1:]]


def _secrets(data: Path) -> list[str]:
    attached = connect(data)
    assert attached
    pages = attached.client("secretsmanager").get_paginator("list_secrets").paginate()
    found = [secret["Name"] for page in pages for secret in page["SecretList"]]
    attached.client.close()
    return [name for name in found if "/7013/" in name]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"account": "7013", "settings": {}}, "account 7013 has no credential for its roster provider"),
        ({}, "the function stopped unexpectedly (KeyError)"),
    ],
)
def test_connect_when_the_function_ends_in_an_error(
    asked: dict[str, Any],
    message: str,
    data: Path,
    sandbox: CleverSandbox,
    capsys: Captured,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first is told with its own help; the second says nothing of what it choked on."""
    monkeypatch.setattr(LocalAccount, "_check", lambda self, settings, secret: {"step": "check", **asked})
    said = _in_process(capsys, *_try(sandbox, data))
    lines = said.out.splitlines()
    assert (said.status, said.err) == (1, "")
    assert lines[0].startswith("Not connected")
    assert lines[1].endswith(message)
    assert lines[2].strip()
    said = _in_process(capsys, *_try(sandbox, data, "--json"))
    assert (said.status, said.report["connected"], said.report["checks"][0]["message"]) == (1, False, message)
    assert _secrets(data) == []


def test_a_connection_is_kept_once_it_works(data: Path, sandbox: CleverSandbox, capsys: Captured) -> None:
    refused = _in_process(capsys, *_try(sandbox, data, "--token", "0" * 40, "--json"))
    assert (refused.status, refused.report["connected"]) == (1, False)
    assert _secrets(data) == []
    said = _in_process(capsys, *_try(sandbox, data, "--json"))
    assert (said.status, said.report["connected"]) == (0, True)
    assert _secrets(data) == ["local/7013/clever"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "COMMAND"),
        (["import"], "PROVIDER"),
        (["import", "clever"], "--base-url"),
        (["import", "clever", "--base-url", "http://127.0.0.1:1"], "--token"),
        (["import", "nobody"], "invalid choice"),
        ([*CLEVER, "--api-version", "v1.2"], "invalid choice"),
        ([*CLEVER, "--terms", ","], "at least one id"),
        ([*CLEVER, "--page-size", "many"], "whole number"),
        ([*CLEVER, "--page-size", "10001"], "from 1 to 10,000"),
        ([*CLEVER, "--base-url", "127.0.0.1:1"], "begins with http:// or https://"),
        ([*CLEVER, "--base-url", "http://127.0.0.1:1/v3.0"], "leave /v3.0 out"),
        ([*CLEVER, "--event", ""], "one word"),
        ([*CLEVER, "--event", "a/b"], "one word"),
        ([*CLEVER, "--account", "seven"], "digits only"),
        (["contacts", "--kind", "dog"], "invalid choice"),
        (["contacts", "--limit", "-3"], "1 or more"),
        (["contacts", "--data", "/etc/passwd"], "/etc/passwd is no folder"),
        (["contacts", "--data", "/etc/passwd/data"], "/etc/passwd is no folder"),
        (["run", "--students", "-4"], "from 1 to"),
        (["run", "--students", "0"], "from 1 to"),
        (["run", "--port", "99999"], "from 0 to 65,535"),
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
    assert serving.end(signal.SIGINT) == 0, "make would call anything else an error"
    assert "Traceback" not in "".join(serving.lines)
    assert connect(data) is None
    said = _in_process(capsys, "contacts", "--account", "7002", "--limit", "1000", "--data", str(data))
    assert len(said.out.splitlines()) == 1 + 39 + 4 + 47
    assert before.count(b'"kind"') == 39 + 4 + 47
