"""Every error the product raises on purpose, in one tree; the type alone says whether trying again can help.

    RosterError
    ├── TransientError            tried again, by name, with back-off and jitter (infra/sync.asl.json)
    │   ├── ProviderUnavailable       5xx, time-out, cut connection, a page that is not the promised JSON
    │   ├── RateLimited               429; `.wait` seconds; the machine waits, not the function
    │   ├── PullUnderWay              another event's run is pulling what this one needs
    │   ├── AccountBusy               another event of the account is being applied just now
    │   ├── StoreBusy                 AWS has trouble for longer than its clients retry: throttling, 5xx, time-out
    │   └── MailNotSent               a mail that certainly did not leave
    └── TerminalError             never tried again; `.help` says what a person can do
        ├── AlreadyRunning            this event has a run under way
        ├── Superseded                another run took over the locks of this one
        ├── CredentialRejected        the provider refuses the token or the client secret
        ├── AccessMissing             the provider refuses a resource the import cannot do without
        ├── ContractBroken            the provider's answer breaks its own contract (paging loop, shape)
        ├── NotSetUp                  account, event, integration or secret is missing or incomplete
        ├── StoreRefused              AWS refuses a request, and would refuse it again
        ├── FilesMissing              a file that an earlier step or run left is gone
        ├── ClassTooLarge             a class roster that no single item can hold
        ├── Forbidden                 the person's access level does not allow it
        ├── ZoneUnknown               a time zone that is none
        ├── MoveRefused               an application cannot go from its state to that one
        ├── MailUncertain             a mail that may have left, so it is not sent again
        ├── UndoRefused               a run that cannot be undone (any more)
        ├── ClearRefused              contacts that other events still need, or no such access level
        ├── CancelRefused             a run that is writing is not stopped
        ├── NotSignedIn               nobody is signed in, or no longer
        ├── NotThere                  what is asked for does not exist, or belongs to another account
        └── NotUnderstood             a request that makes no sense as it stands

Class names are an interface: Step Functions matches them by name. Messages never hold a secret, a birth date
or a row's content.
"""

from __future__ import annotations

from collections.abc import Iterator

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


class PullUnderWay(TransientError):
    """Another event of the account is pulling the same just now; one pull serves both."""


class AccountBusy(TransientError):
    """Another run is changing this account's contacts; plans are made one at a time."""


class StoreBusy(TransientError):
    """The table, the bucket or another service of AWS had trouble for longer than its client retries."""


class MailNotSent(TransientError):
    """The mail service refused the mail, or was never reached: sending it again sends it once."""


class TerminalError(RosterError):
    """Trying again cannot help until a person has changed something."""


class AlreadyRunning(TerminalError):
    """One run per event at a time."""

    default_help = "Wait until the run that is under way has ended, then start again."


class Superseded(TerminalError):
    """Another run has taken this one for dead and holds its locks: what that one says, counts."""

    default_help = "Nothing has to be done: the other run's result counts."


class CredentialRejected(TerminalError):
    """The provider does not accept the credential (any more)."""


class AccessMissing(TerminalError):
    """The provider refuses something the import cannot do without."""


class ContractBroken(TerminalError):
    """The provider's answers cannot be read safely, so nothing of them is used."""


class NotSetUp(TerminalError):
    """Something a person has to set up first is missing."""


class StoreRefused(TerminalError):
    """The table or the bucket does not take a request: it breaks a rule, or is not allowed."""

    default_help = "Write to support@pickatime.com and name this run."


class FilesMissing(TerminalError):
    """A file of the staging bucket that must be there is not: taken for empty, it would make a school anew."""

    default_help = "Write to support@pickatime.com and name this run: files of an earlier run must be restored first."


class ClassTooLarge(TerminalError):
    """A class whose roster does not fit one item of the table (400 KB)."""


class Forbidden(TerminalError):
    """The person may not do this."""

    default_help = "Write to support@pickatime.com: pickAtime's support does this for you."


class ZoneUnknown(TerminalError):
    """What was given as an account's time zone is none."""

    default_help = "Choose one of the listed time zones, such as America/New_York."


class MoveRefused(TerminalError):
    """An application for an import cannot be moved so; the message names what is allowed or missing."""

    default_help = "Look at the application again: somebody may have moved it, or the district changed what it shares."


class MailUncertain(TerminalError):
    """The mail service did not say whether it took the mail; a second one might be one too many."""

    default_help = "Ask the recipients whether the mail has come."


class UndoRefused(TerminalError):
    """Only the newest change of an account can be undone, once, while the files from before it are there."""

    default_help = "Import again instead, with the selection that you want."


class ClearRefused(TerminalError):
    """Contacts belong to the account: while other events hold classes, their people are not deleted."""

    default_help = "Delete the events that are named, then clear again."


class CancelRefused(TerminalError):
    """The run has begun to write: half of what a plan changes is no roster."""

    default_help = "Wait until the run has ended, then undo it."


class NotSignedIn(TerminalError):
    """Who asks is nobody that we know, or no longer."""

    default_help = "Sign in again: ask for a new link with your e-mail address."


class NotThere(TerminalError):
    """There is no such thing in this account."""

    default_help = "Look at the list again: somebody may have deleted it."


class NotUnderstood(TerminalError):
    """The request cannot be meant so; the message says which part of it."""

    default_help = "Correct what is named, and send it again."


def raised_elsewhere(kind: str, message: str) -> RosterError | None:
    """The error that another of our functions was ended by, from its name and text; None of what is not in the tree."""
    found, mark, help = message.partition(HELP_MARK)
    known = {one.__name__: one for one in _tree(RosterError)}
    if not mark or kind not in known:
        return None
    return ProviderUnavailable(found, help) if known[kind] is RateLimited else known[kind](found, help)


def _tree(error: type[RosterError]) -> Iterator[type[RosterError]]:
    yield error
    for one in error.__subclasses__():
        yield from _tree(one)
