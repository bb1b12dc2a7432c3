"""The benchmark calls the administration as it is deployed: with every variable that the template gives it."""

from __future__ import annotations

from bench.lookup import DEPLOYED
from tests.support import template_properties


def test_it_is_given_what_the_template_gives() -> None:
    given = template_properties("AdminApi")["Environment"]["Variables"]
    assert given.keys() - {"POWERTOOLS_SERVICE_NAME"} <= DEPLOYED.keys()
