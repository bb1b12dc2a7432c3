"""A cold start of the sign-on function loads the library of the provider that is asked for, and no other's."""

from __future__ import annotations

import subprocess
import sys

from tests.support import ROOT

PROGRAM = """
import os, sys
os.environ.update(TABLE_NAME="t", SITE_ORIGIN="https://pickatime.example", SECRET_PREFIX="s")
os.environ["AWS_DEFAULT_REGION"] = "us-east-1"
sys.path[:0] = {path!r}
import app
def loaded():
    return sorted({{"onelogin", "msal", "xmlsec", "jwt"}} & sys.modules.keys())
print(loaded())
import {module}
print(loaded())
"""


def loaded(module: str) -> list[str]:
    path = [str(ROOT / "functions" / "sso_callback"), str(ROOT / "layers" / "roster" / "python")]
    program = PROGRAM.format(path=path, module=module)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.split("\n")


def test_each_provider_loads_its_own() -> None:
    assert loaded("saml")[:2] == ["[]", "['onelogin', 'xmlsec']"]
    assert loaded("entra")[:2] == ["[]", "['jwt']"]
    assert loaded("veracross")[:2] == ["[]", "[]"]
    assert loaded("entra_code")[1] == "['jwt', 'msal']"
