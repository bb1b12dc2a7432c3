"""Whether an account has a roster provider at all: what many use cases ask before anything else."""

from __future__ import annotations

from roster.errors import NotSetUp
from roster.ports import Integrated, Integration


def known_integration(records: Integrated, account: str) -> Integration | None:
    try:
        return records.integration(account)
    except NotSetUp:
        return None
