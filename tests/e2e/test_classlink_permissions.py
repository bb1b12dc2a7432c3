"""What infra/template.yaml keeps from the ClassLink importer: the key that pickAtime has as ClassLink's partner."""

from __future__ import annotations

import re
from typing import Any

from tests.e2e.test_template import RESOURCES

PARTNER = "${AWS::StackName}/partner/classlink-AbCdEf"
DISTRICT = "${AWS::StackName}/11600001/classlink-AbCdEf"


def matched(statement: dict[str, Any], name: str) -> bool:
    """Whether the statement is about reading the secret of that name."""
    actions, resources = (
        [given] if isinstance(given, str | dict) else given for given in (statement["Action"], statement["Resource"])
    )
    patterns = (str(resource.get("Sub", "")).partition(":secret:")[2] for resource in resources)
    wild = (re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".") for pattern in patterns)
    return "secretsmanager:GetSecretValue" in actions and any(re.fullmatch(one, name) for one in wild)


def test_the_importer_reads_its_districts_credentials_and_not_the_partners() -> None:
    policies = RESOURCES["ImportClasslink"]["Properties"]["Policies"]
    statements = [statement for policy in policies for statement in policy.get("Statement", ())]
    effects = {
        name: {statement["Effect"] for statement in statements if matched(statement, name)}
        for name in (PARTNER, DISTRICT)
    }
    assert effects == {PARTNER: {"Allow", "Deny"}, DISTRICT: {"Allow"}}
