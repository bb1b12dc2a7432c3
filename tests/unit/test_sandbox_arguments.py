"""What the sandboxes' own command lines refuse, in one line, before they serve."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

from local.sandbox import classlink, clever, oneroster, veracross

Main = Callable[[list[str]], int]
MAINS = [clever.main, oneroster.main, veracross.main, classlink.main]


def refused(main: Main, capsys: pytest.CaptureFixture[str], *given: str) -> str:
    with pytest.raises(SystemExit) as stopped:
        main(list(given))
    assert stopped.value.code == 2
    return capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize("main", MAINS)
def test_a_port_that_another_process_has(main: Main, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refused(main, capsys, "--port", str(port))
    assert said.endswith(f"argument --port: port {port} cannot be had: Address already in use")


@pytest.mark.parametrize("main", MAINS)
@pytest.mark.parametrize(
    ("given", "complaint"),
    [(["--port", "99999"], "from 0 to 65,535"), (["--students", "-4"], "from 1 to"), (["--conduct", "nope"], "nope")],
)
def test_numbers_and_names_that_mean_nothing(
    main: Main, given: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert complaint in refused(main, capsys, *given)


@pytest.mark.parametrize("main", [oneroster.main, classlink.main])
@pytest.mark.parametrize(
    ("told", "complaint"),
    [
        ("clamp=abc", "'clamp=abc': clamp is a number"),
        ("clamp=1.5", "clamp is a number"),
        ("clamp=true", "clamp is a number"),
        ("no_total=abc", "no_total is true or false"),
        ("refuse_filter=full", "refuse_filter is a number"),
    ],
)
def test_a_conduct_whose_value_would_break_every_answer(
    main: Main, told: str, complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert complaint in refused(main, capsys, "--conduct", told)


@pytest.mark.parametrize(
    ("told", "value"),
    [
        ("clamp", 50),
        ("clamp=20", 20),
        ("wrong_total=-3", -3),
        ("refuse_filter=empty", "empty"),
        ("raw_booleans=number", "number"),
        ("tobedeleted_ratio=1", 1),
        ("dob=404", 404),
        ("no_total=false", False),
    ],
)
def test_a_conduct_that_is_understood(told: str, value: object) -> None:
    assert getattr(oneroster.habit(told), told.partition("=")[0]) == value


def test_a_folder_that_holds_no_district(capsys: pytest.CaptureFixture[str]) -> None:
    assert "there is no districts.json" in refused(clever.main, capsys, "--data", "/nowhere")
