"""What the command line asks for each provider, and what it makes of the answers: settings, secret, selection.

Also each provider's sandbox, for `run`. Adding a provider here makes it appear in `python -m local import --help`.
"""

from __future__ import annotations

import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from local.arguments import FROM_ENVIRONMENT, address, credential, whole
from local.sandbox.clever import CleverSandbox
from local.sandbox.clever_data import CleverDistrict
from local.sandbox.oneroster import OneRosterSandbox
from local.sandbox.oneroster_data import OneRosterDistrict
from local.sandbox.veracross import VeracrossSandbox
from local.sandbox.veracross_school import VeracrossSchool


class Served(Protocol):
    """A provider's sandbox while it serves."""

    url: str


@dataclass(frozen=True)
class CommandLine:
    """One provider on the command line. `account`: the account number it gets when none is named; `addresses`: where
    a run will ask, by the option that says so. `sandbox`: of the published data, in so many students, for the site at
    this address.
    """

    title: str
    account: str
    add_arguments: Callable[[ArgumentParser], None]
    settings: Callable[[Namespace], Mapping[str, Any]]
    secret: Callable[[Namespace], Mapping[str, str]]
    addresses: Callable[[Namespace], Mapping[str, str]]
    sandbox: Callable[[Path, int, str], AbstractContextManager[Served]]
    sandbox_arguments: Callable[[Any], list[str]]


def _given(args: Namespace, *names: str) -> dict[str, Any]:
    """The named arguments that were given."""
    return {name: value for name in names if (value := getattr(args, name))}


def _page_size(parser: ArgumentParser, most: int) -> None:
    parser.add_argument("--page-size", type=whole(1, most), help=f"rows per page, at most {most:,}")


def _clever_address(given: str) -> str:
    if version := re.search(r"/v\d+(?:\.\d+)?(?=/|$)", address(given)):
        raise ArgumentTypeError(f"leave {version[0]} out of the address: --api-version chooses it, and it is added")
    return given


def _clever_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--base-url", required=True, type=_clever_address, help="https://api.clever.com, or a sandbox's address"
    )
    parser.add_argument("--token", required=True, type=credential, help=f"the district's token; {FROM_ENVIRONMENT}")
    parser.add_argument("--api-version", default="v3.0", choices=("v3.0", "v2.1", "v2.0"), help="default: %(default)s")
    _page_size(parser, 10_000)


def _clever_sandbox(shared: Path, students: int, site: str) -> CleverSandbox:
    folder = shared / "data" / "clever" / "full_district_v3.0"
    real = folder.is_dir() and not students
    district = CleverDistrict.from_folder(folder) if real else CleverDistrict.generated(students=students or 300)
    return CleverSandbox.start(district)


# -- ClassLink, and any other OneRoster server

FORMS = "bearer:TOKEN, oauth1:KEY:SECRET[:sha1|:sha256] or oauth2:TOKEN_URL:ID:SECRET"
AUTH = re.compile(
    r"bearer:(?P<token>.+)"
    r"|oauth1:(?P<key>(?:env:)?[^:]+):(?P<secret>.+?)(?::(?P<signature>sha1|sha256))?"
    r"|oauth2:(?P<token_url>env:[^:]+|https?://[^:/]+(?::\d+)?(?:/[^:]*)?):(?P<client_id>(?:env:)?[^:]+):"
    r"(?P<client_secret>.+)"
)
# How OAuth 1 is spelled elsewhere: taken for the end of a secret, it would only be said that the secret is wrong.
OTHER_SIGNATURE = re.compile(r"oauth1:[^:]+:.+(?<!:env):((?:hmac|rsa)?[-_]?(?:md5|sha-?\d+)|plaintext)", re.IGNORECASE)


def _auth(given: str) -> dict[str, str]:
    """How to sign in, and with what: all of it, or any part, may be that of an environment variable."""
    whole = credential(given)
    found = AUTH.fullmatch(whole)
    if whole.startswith("oauth2:") and not re.match(r"oauth2:(env:|https?://)", whole):
        raise ArgumentTypeError("the TOKEN_URL of oauth2:TOKEN_URL:ID:SECRET begins with http:// or https://")
    if not found:
        raise ArgumentTypeError(f"give {FORMS}")
    other = OTHER_SIGNATURE.fullmatch(whole)
    if other and not found["signature"]:
        raise ArgumentTypeError(f"{other[1]}: an OAuth 1 signature is sha1 or sha256, as in oauth1:KEY:SECRET:sha1")
    parts = {name: credential(value) for name, value in found.groupdict().items() if value}
    if "token_url" in parts:
        address(parts["token_url"])
    return {"auth": whole.partition(":")[0], **parts}


def _classlink_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--base-url", required=True, type=address, help="of the OneRoster server, with or without /ims/oneroster/..."
    )
    parser.add_argument("--version", choices=("v1p1", "v1p2"), help="default: as the address says, else v1p1")
    parser.add_argument(
        "--auth",
        required=True,
        type=_auth,
        help=f"{FORMS}; {FROM_ENVIRONMENT}",
    )
    parser.add_argument("--application", help="ClassLink's oneroster_application_id, exactly as ClassLink gives it")
    parser.add_argument("--parent-roles", metavar="ROLE,ROLE", help="default: parent,guardian (not: relative)")
    _page_size(parser, 10_000)


def _classlink_settings(args: Namespace) -> dict[str, Any]:
    how = {name: args.auth[name] for name in ("auth", "signature", "token_url") if name in args.auth}
    return _given(args, "base_url", "version", "application", "page_size", "parent_roles") | how


def _classlink_secret(args: Namespace) -> dict[str, str]:
    return {
        name: args.auth[name] for name in ("token", "key", "secret", "client_id", "client_secret") if name in args.auth
    }


def _classlink_addresses(args: Namespace) -> dict[str, str]:
    tokens = {"the TOKEN_URL of --auth": args.auth["token_url"]} if "token_url" in args.auth else {}
    return {"--base-url": args.base_url, **tokens}


def _classlink_sandbox(shared: Path, students: int, site: str) -> OneRosterSandbox:
    return OneRosterSandbox.start(OneRosterDistrict.generated(students or 300))


# -- Veracross

VERACROSS = "school api_url accounts_url integration_type policy school_years advisory page_size".split()
VERACROSS_API, VERACROSS_ACCOUNTS = "https://api.veracross.com", "https://accounts.veracross.com"


def _years(given: str) -> list[int]:
    try:
        return [int(year) for year in given.split(",")]
    except ValueError:
        raise ArgumentTypeError("give the first calendar year of each school year, such as 2026") from None


def _veracross_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--school", required=True, help="School Domain: the school's part of its Veracross addresses")
    parser.add_argument("--client-id", required=True, type=credential)
    parser.add_argument("--client-secret", required=True, type=credential, help=FROM_ENVIRONMENT)
    parser.add_argument("--api-url", type=address, help=f"default: {VERACROSS_API}")
    parser.add_argument("--accounts-url", type=address, help=f"default: {VERACROSS_ACCOUNTS}")
    parser.add_argument(
        "--policy",
        choices=("portal_or_custody", "portal_only", "custody_only", "any_parent"),
        help="which relationships tie a parent to a student; default: portal_or_custody",
    )
    parser.add_argument("--integration-type", choices=("import", "sso", "both"), help="default: import")
    parser.add_argument("--school-years", type=_years, metavar="YEAR,YEAR", help="first calendar years; default: all")
    parser.add_argument(
        "--advisory", action="store_true", help="make a class of every advisor's and homeroom's students"
    )
    _page_size(parser, 1_000)


def _veracross_addresses(args: Namespace) -> dict[str, str]:
    return {
        "--accounts-url": args.accounts_url or VERACROSS_ACCOUNTS,
        "--api-url": args.api_url or VERACROSS_API,
    }


def _veracross_sandbox(shared: Path, students: int, site: str) -> VeracrossSandbox:
    server = VeracrossSandbox.start(VeracrossSchool.generated(students or 300))
    server.offer_sign_on([f"{site}/client"])
    return server


PROVIDERS: Mapping[str, CommandLine] = {
    "clever": CommandLine(
        title="Clever",
        account="11600000",
        add_arguments=_clever_arguments,
        settings=lambda args: _given(args, "base_url", "api_version", "page_size"),
        secret=lambda args: {"token": args.token},
        addresses=lambda args: {"--base-url": args.base_url},
        sandbox=_clever_sandbox,
        sandbox_arguments=lambda server: ["--base-url", server.url, "--token", server.token],
    ),
    "classlink": CommandLine(
        title="ClassLink or another OneRoster server",
        account="11600001",
        add_arguments=_classlink_arguments,
        settings=_classlink_settings,
        secret=_classlink_secret,
        addresses=_classlink_addresses,
        sandbox=_classlink_sandbox,
        sandbox_arguments=lambda server: ["--base-url", server.url, "--auth", f"bearer:{server.token}"],
    ),
    "veracross": CommandLine(
        title="Veracross",
        account="11600002",
        add_arguments=_veracross_arguments,
        settings=lambda args: _given(args, *VERACROSS),
        secret=lambda args: {"client_id": args.client_id, "client_secret": args.client_secret},
        addresses=_veracross_addresses,
        sandbox=_veracross_sandbox,
        sandbox_arguments=lambda server: [
            *("--api-url", server.url, "--accounts-url", server.url, "--school", server.route),
            *("--client-id", server.client_id, "--client-secret", server.client_secret),
        ],
    ),
}
