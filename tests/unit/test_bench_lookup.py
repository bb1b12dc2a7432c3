"""The benchmark calls the web functions as they are deployed: with every variable that the template gives them."""

from __future__ import annotations

import pytest

from bench.lookup import DEPLOYED
from tests.support import template_properties


@pytest.mark.parametrize("function", ["AdminApi", "SsoCallback"])
def test_it_is_given_what_the_template_gives(function: str) -> None:
    given = template_properties(function)["Environment"]["Variables"]
    assert given.keys() - {"POWERTOOLS_SERVICE_NAME"} <= DEPLOYED.keys()
