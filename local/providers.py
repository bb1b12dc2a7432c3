"""What the command line asks for each provider, and what it makes of the answers: settings, secret, selection.

Also each provider's sandbox, for `run`. Adding a provider here makes it appear in `python -m local import --help`.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from local.sandbox.clever import CleverSandbox
from local.sandbox.clever_data import CleverDistrict


class Served(Protocol):
    """A provider's sandbox while it serves."""

    url: str


@dataclass(frozen=True)
class CommandLine:
    """One provider on the command line. `account`: the account number it gets when none is named."""

    title: str
    account: str
    add_arguments: Callable[[ArgumentParser], None]
    settings: Callable[[Namespace], Mapping[str, Any]]
    secret: Callable[[Namespace], Mapping[str, str]]
    sandbox: Callable[[Path, int], AbstractContextManager[Served]]
    sandbox_arguments: Callable[[Any], list[str]]


def _clever_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--base-url", required=True, help="for example https://api.clever.com, or a sandbox's address")
    parser.add_argument("--token", required=True, help="the district's token (Clever: district-app token)")
    parser.add_argument("--api-version", default="v3.0", choices=("v3.0", "v2.1", "v2.0"), help="default: %(default)s")
    parser.add_argument("--page-size", type=int, help="rows per page, at most and by default 10,000")


def _clever_settings(args: Namespace) -> dict[str, Any]:
    given = {"base_url": args.base_url, "api_version": args.api_version, "page_size": args.page_size}
    return {name: value for name, value in given.items() if value}


def _clever_sandbox(shared: Path, students: int) -> CleverSandbox:
    folder = shared / "data" / "clever" / "full_district_v3.0"
    real = folder.is_dir() and not students
    district = CleverDistrict.from_folder(folder) if real else CleverDistrict.generated(students=students or 300)
    return CleverSandbox.start(district)


PROVIDERS: Mapping[str, CommandLine] = {
    "clever": CommandLine(
        title="Clever",
        account="11600000",
        add_arguments=_clever_arguments,
        settings=_clever_settings,
        secret=lambda args: {"token": args.token},
        sandbox=_clever_sandbox,
        sandbox_arguments=lambda server: ["--base-url", server.url, "--token", server.token],
    ),
}
