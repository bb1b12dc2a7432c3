"""Who may import whom, where keys are built, where the environment is read, how long is too long.

The tables come first: a new module is placed here, an exception is listed here with its reason.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.architecture import rules
from tests.architecture.rules import Level, Source

ROOT = Path(__file__).parents[2]

BOTO = ("boto3", "botocore", "mypy_boto3_*")
STRUCTS = ("msgspec",)  # makes, writes and reads records in C; reaches nothing outside
PYNAMODB = ("pynamodb", "botocore")

# From the bottom up: a module imports levels below its own. Per module: the packages it may import.
LEVELS = (
    Level("words", {"errors": (), "model": STRUCTS}, siblings=True, pure=True),
    Level(
        "pure rules",
        dict.fromkeys(
            (
                "admission adoption birthdates budget byhand calendar cells clearing clocks collector contactfile "
                "contactmatch cursor difference facts fees fields folding guard identity invitation keys letters "
                "likeness lines notes notices outcome paging permissions ports provider reconcile refusals settle "
                "signon site sizes slots tally why"
            ).split(),
            STRUCTS,
        ),
        siblings=True,
        pure=True,
    ),
    Level(
        "adapters",
        {
            "applications": PYNAMODB,
            "auditbook": PYNAMODB,
            "classbook": PYNAMODB,
            "contactbook": PYNAMODB,
            "contactmarks": PYNAMODB + STRUCTS,
            "eventbook": PYNAMODB,
            "executions": BOTO,
            "flips": PYNAMODB,
            "functions": BOTO,
            "handbook": PYNAMODB,
            "heldlinks": PYNAMODB,
            "http": ("requests", "urllib3"),
            "integrationbook": PYNAMODB,
            "locks": PYNAMODB,
            "later": BOTO,
            "mail": BOTO,
            "marks": PYNAMODB,
            "people": PYNAMODB,
            "secrets": BOTO,
            "snapshots": BOTO + STRUCTS,
            "records": PYNAMODB,
            "runbook": PYNAMODB,
            "schedules": BOTO,
            "signins": PYNAMODB,
            "signonbook": PYNAMODB,
            "signontables": PYNAMODB,
            "staff": PYNAMODB,
            "bulk": PYNAMODB + STRUCTS,
            "store": PYNAMODB + STRUCTS,
            "switches": PYNAMODB,
            "tables": PYNAMODB,
            "ties": PYNAMODB,
            "trouble": PYNAMODB,
        },
        siblings=True,
    ),
    Level(
        "use cases",
        dict.fromkeys(
            (
                "administration administrators adopting announcing apart arriving audit beginning belonging "
                "billing booking cancelling classes clearance comparing connect contacts deciding desk duplicates "
                "editing events explaining filing finishing handlist importing inherited integrated integrations "
                "ledgers leftovers linking matching mending nights onboarding place plan previews proving pull "
                "pulled reading recognising report rewriting sessions settled sharing sheaf signin staging "
                "starting state support switching sync tabular telling timeline tokens turn visits"
            ).split(),
            STRUCTS,
        ),
        siblings=True,
    ),
    Level("root", {"runtime": ("*",)}, siblings=False),
)
USE_CASES_SEE = {"words", "pure rules", "use cases"}

# What a function may import directly of what its layers hold; the rest comes through the roster.
FUNCTION_PACKAGES = ("aws_lambda_powertools",)
PACKAGES_OF = {"functions/import_classlink/oauth1.py": ("oauthlib",)}
WEB_PACKAGES = ("pydantic",)  # of admin_api alone: what the web client sends and gets, checked and described
SSO_PACKAGES = ("onelogin", "xmlsec", "lxml", "msal", "jwt", "cryptography", "urllib3")

PROVIDERS = ("clever", "classlink", "veracross")

# (path, text) of identifiers and strings of the roster layer that may name a provider, and why.
PROVIDER_NAMED: dict[tuple[str, str], str] = {}

# (path, text) of strings outside keys.py that hold a `#` and are no key, and why.
HASH_HARMLESS: dict[tuple[str, str], str] = {
    ("functions/sso_callback/preparse.py", "#"): "a reference within the same XML document begins with it",
    ("functions/sso_callback/entra.py", "#ext#"): "Microsoft's mark of a guest",
    ("layers/roster/python/roster/bulk.py", "#"): "what DynamoDB calls an attribute in an expression begins with it",
}

LONGEST_FILE, LONGEST_FUNCTION = 250, 45

# `path` or `path::function` that is longer, and why it is better long.
LONG: dict[str, str] = {
    "layers/roster/python/roster/runtime.py": "the composition root: every kind of handler and what it needs, once",
    "layers/roster/python/roster/ports.py": "the ports in one place: protocols without logic",
    "layers/roster/python/roster/runtime.py::administration": "what the administration is made of, in one list",
    "layers/roster/python/roster/keys.py": "every key and name in one place, a line or two each",
    "functions/import_classlink/normalize.py": "every collection of OneRoster, in every spelling of it",
    "functions/admin_api/guides.py": "the text of the help pages, one after the other",
    "local/stack.py": "what starts, in which order, and what stops it again",
    "local/resources.py": "one short handler per resource type, read as a table",
    "layers/roster/python/roster/model.py": "the words in one place: data classes without logic",
    "layers/roster/python/roster/tables.py": "every item of the table in one place: models without logic",
}


# Changing routes that add no row to the audit, and why.
UNAUDITED = {
    "end_session": "signing out here changes nothing for anybody else",
    "show_security_value": "its use case writes the row, and before it answers",
    "check_integration": "asks the provider, and keeps nothing",
}


def sources(*folders: str) -> list[Source]:
    files = [file for folder in folders for file in sorted((ROOT / folder).rglob("*.py"))]
    return [Source.read(ROOT, file) for file in files if "node_modules" not in file.parts]


ROSTER = sources("layers/roster/python/roster")
FUNCTIONS = sources("functions")
SHIPPED = ROSTER + FUNCTIONS


def is_(source: Source, module: str) -> bool:
    return source.path == f"layers/roster/python/roster/{module}.py"


def none(complaints: list[str]) -> None:
    assert not complaints, "\n" + "\n".join(complaints)


def test_every_roster_module_is_at_a_level() -> None:
    none(rules.unplaced(LEVELS, ROSTER))


def test_roster_modules_import_downwards() -> None:
    placed = {module for level in LEVELS for module in level.modules}
    modules = [source for source in ROSTER if rules.roster_module(source.path) in placed]
    none([complaint for source in modules for complaint in rules.wrong_direction(LEVELS, source)])


def test_roster_modules_import_in_no_circle() -> None:
    none(rules.circles(ROSTER))


def test_use_cases_know_no_adapter() -> None:
    none([complaint for source in ROSTER for complaint in adapters_seen(source)])


def adapters_seen(source: Source) -> list[str]:
    levels = {module: level.name for level in LEVELS for module in level.modules}
    if levels.get(rules.roster_module(source.path)) != "use cases":
        return []
    return [
        source.at(line, f"imports {name}: a use case takes adapters as arguments, typed by roster.ports")
        for line, name in rules.imports(source)
        if name.startswith("roster.") and levels.get(name.split(".")[1], "") not in USE_CASES_SEE
    ]


def test_pure_modules_read_no_clock_and_reach_nothing_outside() -> None:
    pure = {module for level in LEVELS if level.pure for module in level.modules}
    chosen = [s for s in ROSTER if rules.roster_module(s.path) in pure]
    chosen += [s for s in FUNCTIONS if Path(s.path).name == "normalize.py"]
    none([complaint for source in chosen for complaint in rules.impurities(source)])


def test_functions_import_their_own_folder_and_their_layers() -> None:
    none([complaint for source in FUNCTIONS for complaint in foreign(source)])


def foreign(source: Source) -> list[str]:
    folder = ROOT / Path(*Path(source.path).parts[:2])
    siblings = {path.stem for path in folder.iterdir()} if folder.is_dir() else set()
    of_folder = {"sso_callback": SSO_PACKAGES, "admin_api": WEB_PACKAGES}.get(folder.name, ())
    packages = FUNCTION_PACKAGES + PACKAGES_OF.get(source.path, ()) + of_folder
    return rules.foreign_imports(source, siblings, packages)


def test_nothing_shipped_imports_what_is_not() -> None:
    none([complaint for source in SHIPPED for complaint in rules.never_shipped(source)])


def test_the_environment_is_read_in_runtime_alone() -> None:
    none([c for source in SHIPPED if not is_(source, "runtime") for c in rules.environment(source)])


def test_keys_are_built_in_keys_alone() -> None:
    none(
        [
            complaint
            for source in SHIPPED
            if not is_(source, "keys")
            for complaint in rules.hand_made_keys(source, listed(HASH_HARMLESS, source))
        ]
    )


def test_the_roster_knows_no_provider_by_name() -> None:
    none([c for s in ROSTER for c in rules.named_providers(s, PROVIDERS, listed(PROVIDER_NAMED, s))])


def listed(exceptions: dict[tuple[str, str], str], source: Source) -> list[str]:
    return [text for path, text in exceptions if path == source.path]


def test_files_and_functions_are_short_or_have_a_reason() -> None:
    found = {
        name: length
        for source in SHIPPED + sources("local", "bench")
        for name, length in rules.lengths(source, LONGEST_FILE, LONGEST_FUNCTION).items()
    }
    none(
        [
            f"{name}: {length} lines; split it, or list it in LONG with a reason"
            for name, length in found.items()
            if name not in LONG
        ]
    )
    none([f"{name} is in LONG and no longer long: take it out" for name in LONG if name not in found])


def test_every_changing_route_adds_a_row_to_the_audit() -> None:
    complaints = [complaint for source in FUNCTIONS for complaint in rules.unaudited(source)]
    none([one for one in complaints if not any(f" {name} " in one for name in UNAUDITED)])
    assert len(complaints) == len(UNAUDITED), "take out what is audited by now"


def test_nothing_shipped_prints() -> None:
    none([complaint for source in SHIPPED for complaint in rules.prints(source)])


# Every rule must refuse a bad example: a rule that finds nothing anywhere proves nothing.
Rule = Callable[[Source], list[str]]


def direction(source: Source) -> list[str]:
    return rules.wrong_direction(LEVELS, source)


BAD: list[tuple[str, Rule, str, str]] = [
    ("word imports rule", direction, "roster/model.py", "from roster.keys import contact"),
    ("word imports package", direction, "roster/model.py", "import requests"),
    ("rule imports package", direction, "roster/keys.py", "from boto3 import client"),
    ("rule imports adapter", direction, "roster/identity.py", "from roster import store"),
    ("rule imports the impure", direction, "roster/reconcile.py", "from urllib.request import urlopen"),
    ("rule imports inside a function", direction, "roster/paging.py", "def f():\n    import os"),
    ("adapter imports another's package", direction, "roster/http.py", "import boto3"),
    ("adapter imports use case", direction, "roster/mail.py", "import roster.sync"),
    ("use case imports package", direction, "roster/sync.py", "import pynamodb.models"),
    ("use case imports root", direction, "roster/sync.py", "from roster import runtime"),
    ("relative import", direction, "roster/store.py", "from .tables import Contact"),
    ("use case imports adapter", adapters_seen, "roster/sync.py", "from roster.store import Store"),
    ("clock", rules.impurities, "x.py", "import datetime\nx = datetime.date.today()"),
    ("time", rules.impurities, "x.py", "from time import time"),
    (
        "function imports function",
        foreign,
        "functions/sync_roster/app.py",
        "from import_clever import provider",
    ),
    (
        "function imports functions",
        foreign,
        "functions/sync_roster/app.py",
        "import functions.import_clever.app",
    ),
    ("function imports a package", foreign, "functions/sync_roster/app.py", "import onelogin.saml2.auth"),
    (
        "function leaves its folder",
        foreign,
        "functions/sync_roster/app.py",
        "from ..import_clever import app",
    ),
    ("imports moto", rules.never_shipped, "x.py", "from moto import mock_aws"),
    ("imports local", rules.never_shipped, "x.py", "import local.aws"),
    ("imports tests", rules.never_shipped, "x.py", "def f():\n    from tests import fakes"),
    ("environ", rules.environment, "x.py", "import os\nos.environ['A']"),
    ("environ under another name", rules.environment, "x.py", "from os import environ as e"),
    ("getenv", rules.environment, "x.py", "import os as o\no.getenv('A')"),
    ("key by f-string", rules.hand_made_keys, "x.py", "pk = f'contact#{account}'"),
    ("key by join", rules.hand_made_keys, "x.py", "pk = '#'.join(parts)"),
    ("key by format", rules.hand_made_keys, "x.py", "pk = 'contact#%s' % account"),
    ("key taken apart", rules.hand_made_keys, "x.py", "kind, id = sk.split('#')"),
    ("key from constants", rules.hand_made_keys, "x.py", "from roster import keys\nkeys.Key('a', 'b')"),
    (
        "provider in a string",
        lambda s: rules.named_providers(s, PROVIDERS),
        "x.py",
        "if provider == 'clever': ...",
    ),
    (
        "provider in a name",
        lambda s: rules.named_providers(s, PROVIDERS),
        "x.py",
        "class ClassLinkThing: ...",
    ),
    ("provider in an argument", lambda s: rules.named_providers(s, PROVIDERS), "x.py", "f(veracross_id=1)"),
    ("long file", lambda s: list(rules.lengths(s, 3, 45)), "x.py", "a = 1\n" * 4),
    (
        "long function",
        lambda s: list(rules.lengths(s, 250, 3)),
        "x.py",
        "def f():\n    a = 1\n    b = 2\n    return a",
    ),
    (
        "route without a row",
        rules.unaudited,
        "x.py",
        '@route("POST", "/api/x", Action.CHANGE_ACCOUNT, tag="x")\ndef change() -> None:\n    rename()',
    ),
    ("print", rules.prints, "x.py", "def f():\n    print('hello')"),
]


@pytest.mark.parametrize(("rule", "path", "text"), [bad[1:] for bad in BAD], ids=[bad[0] for bad in BAD])
def test_the_rule_refuses(rule: Rule, path: str, text: str) -> None:
    assert rule(Source(path, text))


def test_an_unknown_module_is_refused() -> None:
    assert rules.unplaced(LEVELS, [Source("roster/helpers.py", "")])


def test_a_circle_is_refused() -> None:
    pair = [
        Source("roster/keys.py", "import roster.paging"),
        Source("roster/paging.py", "from roster.keys import a"),
    ]
    assert rules.circles(pair) == ["circle: keys -> paging -> keys"]


def test_docstrings_and_xml_names_are_no_keys() -> None:
    text = '"""A # here."""\nRSA = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"\n'
    assert rules.hand_made_keys(Source("x.py", text)) == []
