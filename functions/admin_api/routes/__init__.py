"""The routes, a module for each area. A new module is named here, and nowhere else."""

from routes import account, document, events, session, sign_in

__all__ = ["account", "document", "events", "session", "sign_in"]
