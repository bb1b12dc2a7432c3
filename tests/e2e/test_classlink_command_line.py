"""`python -m local import classlink` and `connect classlink`, as a person types them: every way of signing in."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.cli import main
from local.providers import PROVIDERS
from local.sandbox.oneroster import OneRosterSandbox
from local.sandbox.oneroster_conduct import Conduct, conduct
from local.sandbox.oneroster_data import OneRosterDistrict
from local.sandbox.oneroster_rows import V11, V12
from tests.e2e.oneroster import truth
from tests.e2e.processes import Started, local
from tests.e2e.toolkit import Evidence, created, moved
from tests.support import function_module

Captured = pytest.CaptureFixture[str]
HELP = function_module("import_classlink", "provider").PROVIDER.help


@pytest.fixture(scope="module")
def district() -> OneRosterDistrict:
    return OneRosterDistrict.generated(40)


@pytest.fixture(scope="module")
def serving(searched_folder: Path) -> Iterator[Path]:
    """A process that serves its data folder, so that each call need not start one."""
    data = searched_folder / "serving"
    started = Started("run", "--students", "30", "--data", str(data))
    started.until("--preview")
    yield data
    started.process.terminate()
    started.end(15)


def served(district: OneRosterDistrict, version: str, auth: str, evidence: Evidence) -> OneRosterSandbox:
    server = OneRosterSandbox.start(district, version=version, auth=(auth,))
    evidence.add((server.token, server.secret), ())
    return server


@pytest.mark.parametrize(
    ("version", "auth", "given"),
    [
        (V11, "bearer", "bearer:{0.token}"),
        (V11, "oauth1", "oauth1:{0.key}:{0.secret}"),
        (V11, "oauth1", "oauth1:{0.key}:{0.secret}:sha1"),
        (V11, "oauth1", "oauth1:{0.key}:{0.secret}:sha256"),
        (V12, "oauth2", "oauth2:{0.token_url}:{0.key}:{0.secret}"),
    ],
)
@pytest.mark.parametrize("whole", [False, True])
def test_import(
    version: str,
    auth: str,
    given: str,
    whole: bool,
    serving: Path,
    district: OneRosterDistrict,
    evidence: Evidence,
    capsys: Captured,
) -> None:
    """The address may be the server's, or that of the service."""
    with served(district, version, auth, evidence) as server:
        base = server.base_url if whole else server.url
        arguments = ["--base-url", base, "--version", version, "--auth", given.format(server), "--data", str(serving)]
        account = ["--account", {V11: "30000001", V12: "30000002"}[version]]
        assert main(["import", "classlink", *arguments, *account, "--json"]) == 0
        assert '"status": "applied"' in capsys.readouterr().out.splitlines()[-1]


def test_a_credential_from_the_environment(
    serving: Path, district: OneRosterDistrict, evidence: Evidence, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(district, V11, "bearer", evidence) as server:
        monkeypatch.setenv("ROSTER_AUTH", f"bearer:{server.token}")
        arguments = ["--base-url", server.url, "--data", str(serving), "--account", "30000003"]
        assert main(["import", "classlink", *arguments, "--auth", "env:ROSTER_AUTH", "--preview"]) == 0
        assert "to choose from" in capsys.readouterr().out
        with pytest.raises(SystemExit):
            main(["import", "classlink", *arguments, "--auth", "env:NOT_THERE"])
        assert "no environment variable NOT_THERE" in capsys.readouterr().err


@pytest.mark.parametrize("given", ["bearer:", "oauth1:key", "oauth2:id:secret", "basic:a:b"])
def test_a_way_in_that_cannot_be_understood(given: str, capsys: Captured) -> None:
    with pytest.raises(SystemExit):
        main(["import", "classlink", "--base-url", "http://127.0.0.1:1", "--auth", given])
    assert "oauth2:TOKEN_URL:ID:SECRET" in capsys.readouterr().err


def test_connect_says_what_an_import_would_get(
    serving: Path, district: OneRosterDistrict, evidence: Evidence, capsys: Captured
) -> None:
    with served(district, V11, "bearer", evidence) as server:
        arguments = ["connect", "classlink", "--base-url", server.url, "--data", str(serving), "--account", "30000004"]
        assert main([*arguments, "--auth", f"bearer:{server.token}"]) == 0
        assert "birth dates: shared" in capsys.readouterr().out
        server.conduct = conduct("dob", "refused")
        assert main([*arguments, "--auth", f"bearer:{server.token}"]) == 0
        said = capsys.readouterr().out
        assert "birth dates: none seen" in said
        assert "Demographics" in said
        server.conduct = conduct("dob", "blank")
        assert main([*arguments, "--auth", f"bearer:{server.token}"]) == 0
        _, _, said = capsys.readouterr().out.partition("birth dates: none seen; ")
        assert said.splitlines()[1:] == [f"    {HELP['security_values_empty']}"]
        server.conduct = Conduct()
        assert main([*arguments, "--auth", "bearer:wrong"]) == 1
        said = capsys.readouterr().out
        assert "Not connected" in said
        assert HELP["security_values_empty"] not in said, "that is not what to mend first"
        imports = ["import", "classlink", *arguments[2:], "--auth", f"bearer:{server.token}", "--json"]
        assert main(imports) == 0


def problems(capsys: Captured, *arguments: str) -> list[dict[str, str]]:
    assert main(["problems", *arguments]) == 0
    said = capsys.readouterr().out
    assert said.startswith("code,kind,id,what to do\n")
    return list(csv.DictReader(said.splitlines()))


def test_problems_names_exactly_the_students_without_a_birth_date(
    serving: Path, evidence: Evidence, capsys: Captured
) -> None:
    """Of the newest run, unless another one is named."""
    district = OneRosterDistrict.generated(60)
    district.set_birth_dates("partial")
    students = {id: born for kind, id, _, born in truth(district).people if kind == "student"}
    where = ["--data", str(serving), "--account", "30000005"]
    with served(district, V11, "bearer", evidence) as server:
        given = ["import", "classlink", "--base-url", server.url, "--auth", f"bearer:{server.token}", *where, "--json"]
        assert main(given) == 0
        report = json.loads(capsys.readouterr().out)
        first = problems(capsys, *where)
        district.set_birth_dates("full")
        assert main([*given, "--preview"]) == 0
        assert json.loads(capsys.readouterr().out)["status"] == "preview"
    assert 0 < len(without_birth_date(first)) < len(students)
    assert without_birth_date(first) == sorted(id for id, born in students.items() if not born)
    assert Counter(row["code"] for row in first) == report["warnings"]
    assert {row["what to do"] for row in first} == set(report["help"].values())
    assert without_birth_date(problems(capsys, *where)) == []
    assert problems(capsys, *where, "--run", report["run"]) == first


def without_birth_date(found: list[dict[str, str]]) -> list[str]:
    return [row["id"] for row in found if (row["code"], row["kind"]) == ("student_without_birth_date", "student")]


def test_run_once_twice(searched_folder: Path, evidence: Evidence) -> None:
    """`make run PROVIDER=classlink ONCE=1`."""
    assert PROVIDERS["classlink"].account == "11600001"
    arguments = ["run", "--provider", "classlink", "--once", "--students", "30", "--data"]
    first, second = (local(evidence, *arguments, str(searched_folder / "once")) for _ in range(2))
    assert (first.status, second.status) == (0, 0), first.err + second.err
    assert created(first.report) == truth(OneRosterDistrict.generated(30)).counts()
    assert (moved(second.report), second.report["writes"]) == ({}, 0)
