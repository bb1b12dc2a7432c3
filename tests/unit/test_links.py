"""Addresses outside pickAtime stand in one table, and are addresses."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest

from tests.support import ROOT, function_module

links = function_module("admin_api", "links")
ADDRESS = re.compile(r"https?://(?!127)[^\s\"')]+")


def test_no_other_module_of_the_administration_names_one() -> None:
    files = [file for file in sorted((ROOT / "functions" / "admin_api").rglob("*.py")) if file.name != "links.py"]
    assert len(files) > 10
    assert {file.name: found for file in files if (found := ADDRESS.findall(file.read_text()))} == {}


@pytest.mark.parametrize("provider", ["", "clever", "classlink", "veracross", "another"])
def test_each_provider_has_its_own_and_everybody_reaches_us(provider: str) -> None:
    *others, us = links.links_of(provider)
    assert (us.label, us.address) == ("pickAtime Support", "mailto:support@pickatime.com")
    assert len(others) == {"": 3, "another": 0}.get(provider, 1)
    for link in others:
        address = urlsplit(link.address)
        assert (address.scheme, bool(address.hostname), bool(link.label.strip())) == ("https", True, True)
        assert not re.search(r"\s", link.address)


def test_where_a_district_adds_us_is_called_as_classlink_calls_it() -> None:
    (link, _) = links.links_of("classlink")
    assert link == links.Link(
        "Add Applications and Determine Data Sharing Permissions",
        "https://help.classlink.com/s/article/Applications-Adding-Applications-Modifying-Permissions",
    )
