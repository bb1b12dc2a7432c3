"""How a list is sent to a browser: compressed where it reads that, and refused where a Lambda could not answer it."""

from __future__ import annotations

import base64
import gzip
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).parents[2] / "functions" / "admin_api"


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A function's folder is an import root of its own, as on Lambda."""
    known = set(sys.modules)
    monkeypatch.syspath_prepend(str(FOLDER))
    yield importlib.import_module("spreadsheet")
    for name in set(sys.modules) - known:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(FOLDER)):
            del sys.modules[name]


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        ("gzip, deflate, br", True),
        ("br;q=1.0, GZIP;q=0.8, *;q=0.1", True),
        ("gzip;q=0, identity", False),
        ("gzip; q=0.000", False),
        ("br", False),
        ("xgzip", False),
        ("", False),
    ],
)
def test_it_is_compressed_where_the_browser_reads_that(module: ModuleType, accepted: str, packed: bool) -> None:
    answer = module.spreadsheet("people", ("name",), [("Zoë",)], accepted)
    assert answer.base64_encoded is packed
    assert ("Content-Encoding" in answer.headers) is packed
    told = gzip.decompress(base64.b64decode(answer.body)).decode() if packed else answer.body
    assert told == "\ufeffname\r\nZoë\r\n"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="people.csv"'


def test_thirty_megabytes_of_people_pass(module: ModuleType) -> None:
    rows = (("student", f"64f0c{n:019x}", f"S{n}", "Ann", "Krabappel", f"s{n}@harbor.example") for n in range(430_000))
    answer = module.spreadsheet("people", ("kind", "id", "number", "first", "last", "e-mail"), rows, "gzip")
    assert len(gzip.decompress(base64.b64decode(answer.body))) > 30_000_000
    assert len(answer.body) < 6 * 1024 * 1024


def test_what_a_lambda_cannot_answer_is_refused(module: ModuleType) -> None:
    for cell, many in (("x" * 1000, 6_100), ('"' * 1000, 2_000), ("ë" * 1000, 1_100)):
        with pytest.raises(module.Refused) as refused:
            module.spreadsheet("people", ("name",), ((cell,) for _ in range(many)), "")
        assert refused.value.status == 413
