"""`python -m local import classlink` and `connect classlink`, as a person types them: every way of signing in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.cli import main
from local.providers import PROVIDERS
from local.sandbox.oneroster import OneRosterSandbox
from local.sandbox.oneroster_conduct import Conduct, conduct
from local.sandbox.oneroster_data import OneRosterDistrict
from local.sandbox.oneroster_rows import V11, V12
from tests.e2e.oneroster import expected
from tests.e2e.processes import Started, local
from tests.e2e.toolkit import Evidence, created, moved

Captured = pytest.CaptureFixture[str]


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


@pytest.mark.parametrize("given", ["", "bearer:", "oauth1:key", "oauth2:id:secret", "basic:a:b"])
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
        server.conduct = Conduct()
        assert main([*arguments, "--auth", "bearer:wrong"]) == 1
        assert "Not connected" in capsys.readouterr().out
        imports = ["import", "classlink", *arguments[2:], "--auth", f"bearer:{server.token}", "--json"]
        assert main(imports) == 0


def test_run_once_twice(searched_folder: Path, evidence: Evidence) -> None:
    """`make run PROVIDER=classlink ONCE=1`."""
    assert PROVIDERS["classlink"].account == "11600001"
    arguments = ["run", "--provider", "classlink", "--once", "--students", "30", "--data"]
    first, second = (local(evidence, *arguments, str(searched_folder / "once")) for _ in range(2))
    assert (first.status, second.status) == (0, 0), first.err + second.err
    assert created(first.report) == expected(OneRosterDistrict.generated(30), V11)
    assert (moved(second.report), second.report["writes"]) == ({}, 0)
