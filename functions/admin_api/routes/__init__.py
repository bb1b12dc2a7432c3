"""The routes, a module for each area. A new module is named here, and nowhere else."""

from routes import account, classes, contacts, document, events, importer, reports, runs, session, sign_in, why

__all__ = [
    "account", "classes", "contacts", "document", "events", "importer", "reports", "runs", "session", "sign_in", "why",
]  # fmt: skip
