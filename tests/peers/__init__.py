"""Identity providers that nobody here wrote, on loopback: samlp, oidc-provider and oauth2-mock-server, from npm."""

from __future__ import annotations

import html
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin

import pytest
import requests

from tests.fakes.entra import PERSON
from tests.support import ROOT

HERE = Path(__file__).parent
FIELD = re.compile(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"')
ACTION = re.compile(r'<form[^>]*action="([^"]+)"')


def node() -> str:
    """The Node.js of the environment that `make test` sets up, or the machine's own."""
    own = ROOT / ".venv-sam" / "bin" / "node"
    found = str(own) if own.exists() else shutil.which("node")
    if not found or not (HERE / "node_modules").is_dir():
        pytest.skip("Node.js and tests/peers/node_modules are set up by `make test`")
    return found


@contextmanager
def started(script: str, *arguments: str) -> Iterator[str]:
    """Its address. In a session of its own, because the wheel's `node` is a program that starts another one."""
    command = [node(), str(HERE / script), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            assert process.stdout
            line = process.stdout.readline()
            assert line.strip().isdigit(), f"{script} did not start"
            yield f"http://127.0.0.1:{line.strip()}"
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def form(page: str) -> tuple[str, dict[str, str]]:
    """Where a page's form goes to, and what it holds."""
    action = ACTION.search(page)
    assert action, page[:500]
    return html.unescape(action[1]), {html.unescape(name): html.unescape(value) for name, value in FIELD.findall(page)}


def through_oidc(provider: str, url: str) -> tuple[str, dict[str, str]]:
    """What the browser posts to us, and where to, after oidc-provider's own pages."""
    browser = requests.Session()
    for name in ("login", "consent", ""):
        page = browser.get(url, timeout=10)
        action, sent = form(page.text)
        action = urljoin(page.url, action)
        if not action.startswith(provider):
            return action, sent
        told = {"prompt": name, "login": PERSON, "password": "x"}
        url = urljoin(page.url, browser.post(action, data=told, timeout=10, allow_redirects=False).headers["location"])
    raise AssertionError("it asks for more")
