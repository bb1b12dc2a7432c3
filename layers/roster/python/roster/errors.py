"""Every error the product raises on purpose, in one tree; the type alone says whether trying again can help.

    RosterError
    ├── TransientError            tried again, by name, with back-off and jitter (infra/sync.asl.json)
    │   ├── ProviderUnavailable       5xx, time-out, cut connection, a page that is not the promised JSON
    │   ├── RateLimited               429; `.wait` seconds; the machine waits, not the function
    │   ├── AccountBusy               another event of the account is being applied just now
    │   └── StoreBusy                 throttled writes that outlasted the client's own retries
    └── TerminalError             never tried again; `.help` says what a person can do
        ├── AlreadyRunning            this event has a run under way
        ├── CredentialRejected        the provider refuses the token or the client secret
        ├── AccessMissing             the provider refuses a resource the import cannot do without
        ├── ContractBroken            the provider's answer breaks its own contract (paging loop, shape)
        ├── NotSetUp                  account, event, integration or secret is missing or incomplete
        └── ClassTooLarge             a class roster that no single item can hold

Class names are an interface: Step Functions matches them by name. Messages never hold a secret, a birth date
or a row's content.
"""

from __future__ import annotations

HELP_MARK = "\nHelp: "


class RosterError(Exception):
    """Base of the tree. `message` says what happened, `help` what to do about it."""

    default_help = "Try again later. If it stays, write to support@pickatime.com."

    def __init__(self, message: str, help: str = "") -> None:
        self.message = message
        self.help = help or self.default_help
        super().__init__(f"{message}{HELP_MARK}{self.help}")


class TransientError(RosterError):
    """Trying again, later, may well succeed."""


class ProviderUnavailable(TransientError):
    """The provider does not answer, or answers with something that is not its data."""


class RateLimited(TransientError):
    """The provider asks for patience: `wait` seconds until it will answer again."""

    def __init__(self, wait: float, help: str = "") -> None:
        self.wait = wait
        super().__init__(f"the provider asks to wait {wait:.0f} seconds", help)


class AccountBusy(TransientError):
    """Another run is changing this account's contacts; plans are made one at a time."""


class StoreBusy(TransientError):
    """The table kept refusing writes for longer than the client retries."""


class TerminalError(RosterError):
    """Trying again cannot help until a person has changed something."""


class AlreadyRunning(TerminalError):
    """One run per event at a time."""

    default_help = "Wait until the run that is under way has ended, then start again."


class CredentialRejected(TerminalError):
    """The provider does not accept the credential (any more)."""


class AccessMissing(TerminalError):
    """The provider refuses something the import cannot do without."""


class ContractBroken(TerminalError):
    """The provider's answers cannot be read safely, so nothing of them is used."""


class NotSetUp(TerminalError):
    """Something a person has to set up first is missing."""


class ClassTooLarge(TerminalError):
    """A class whose roster does not fit one item of the table (400 KB)."""
