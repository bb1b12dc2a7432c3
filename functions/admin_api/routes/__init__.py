"""The routes, a module for each area. A new module is named here, and nowhere else."""

from routes import (
    account,
    adoption,
    audit,
    classes,
    document,
    events,
    fees,
    held,
    importer,
    integration,
    reports,
    runs,
    session,
    sign_in,
    support,
    why,
)

__all__ = [
    "account",
    "adoption",
    "audit",
    "classes",
    "document",
    "events",
    "fees",
    "held",
    "importer",
    "integration",
    "reports",
    "runs",
    "session",
    "sign_in",
    "support",
    "why",
]
