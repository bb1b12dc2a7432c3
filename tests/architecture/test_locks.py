"""What is installed is what is locked, what ships is what was tested, and one lock serves both machines.

The tests run on this machine's Python, Lambda runs 3.13 on arm64: nothing else would notice a difference.
"""

from __future__ import annotations

import re
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKS = [
    *sorted((ROOT / "requirements").glob("*.txt")),
    *sorted((ROOT / "layers").glob("*/requirements.txt")),
    ROOT / "local" / "runtime-requirements.txt",
]
FIXED = "boto3 aws-lambda-powertools requests pynamodb python3-saml msal moto pytest".split()
HERE = {"python_version": "3.11", "python_full_version": "3.11.7", "platform_machine": "x86_64"}
LAMBDA = {"python_version": "3.13", "python_full_version": "3.13.0", "platform_machine": "aarch64"}


def entries(lock: Path) -> list[str]:
    """The lock's requirements, each with its hashes on one line."""
    return [line for line in lock.read_text().replace("\\\n", " ").splitlines() if line and line[0] != "#"]


def locked(lock: Path) -> list[Requirement]:
    return [Requirement(entry.split(" --hash")[0]) for entry in entries(lock)]


def versions(lock: Path) -> dict[str, str]:
    return {canonicalize_name(requirement.name): str(requirement.specifier) for requirement in locked(lock)}


DEV, DEPS, SSO = (
    versions(ROOT / name)
    for name in ("requirements/dev.txt", "layers/deps/requirements.txt", "layers/sso/requirements.txt")
)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: str(lock.relative_to(ROOT)))
def test_every_entry_has_one_version_and_a_hash_and_no_address(lock: Path) -> None:
    bad = [
        entry for entry in entries(lock) if not re.match(r"[\w.-]+(\[[\w,.-]+\])?==\S+ .*--hash=sha256:\w{64}", entry)
    ]
    assert entries(lock)
    assert not bad
    assert "://" not in lock.read_text()


def test_the_direct_dependencies_are_pinned_and_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    direct = [
        *project["project"]["dependencies"],
        *groups["local"],
        *(d for d in groups["dev"] if isinstance(d, str)),
    ]
    for requirement in map(Requirement, direct):
        assert DEV[canonicalize_name(requirement.name)] == str(requirement.specifier)


def test_the_fixed_packages_are_there() -> None:
    assert not [name for name in FIXED if name not in DEV]


def test_the_layers_hold_what_was_tested_and_nothing_twice() -> None:
    assert (DEPS | SSO).items() <= DEV.items()
    assert not DEPS.keys() & SSO.keys()


@pytest.mark.parametrize("lock", [lock for lock in LOCKS if lock.parent.parent.name == "layers"], ids=str)
def test_nothing_is_needed_on_lambda_alone(lock: Path) -> None:
    """pip judges markers by the Python it runs on, not by the one it is told to build for."""
    for requirement in locked(lock):
        if requirement.marker and requirement.marker.evaluate(LAMBDA):
            assert requirement.marker.evaluate(HERE), requirement


def test_the_sign_on_packages_work_together() -> None:
    """lxml and xmlsec refuse to be imported together when their libxml2 differ."""
    for name in ("lxml.etree", "xmlsec", "onelogin.saml2.auth", "msal", "jwt", "cryptography"):
        import_module(name)
