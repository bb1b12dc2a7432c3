"""The routes, a module for each area. A new module is named here, and nowhere else."""

from routes import (
    account,
    classes,
    contact_file,
    contacts,
    document,
    edits,
    events,
    fees,
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
    "classes",
    "contact_file",
    "contacts",
    "document",
    "edits",
    "events",
    "fees",
    "importer",
    "integration",
    "reports",
    "runs",
    "session",
    "sign_in",
    "support",
    "why",
]
