"""Who may do what: each action has the lowest access level that it takes, and the whole matrix is one table.

Pure data and two questions about it. Everything that a route, a command or a button does is named here once; what
nobody has named, nobody may do. An Event Administrator reaches their own events, who is above them all of the account.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from roster.errors import Forbidden
from roster.model import RANKS, Level


class Action(StrEnum):
    """What somebody who is signed in can do, in the web client's words."""

    SEE_SESSION = "session.see"
    END_SESSION = "session.end"
    SEE_ACCOUNT = "account.see"
    SEE_AUDIT = "audit.see"
    CHANGE_ACCOUNT = "account.change"
    LIST_EVENTS = "event.list"
    SEE_EVENT = "event.see"
    SEE_REPORTS = "report.see"
    CREATE_EVENT = "event.create"
    CHANGE_EVENT = "event.change"
    DELETE_EVENT = "event.delete"
    SEE_IMPORTER = "importer.see"
    START_IMPORT = "import.start"
    STOP_IMPORT = "import.stop"
    DECIDE_HELD = "import.decide"
    STOP_SYNC = "nightly.stop"
    STOP_ALL_SYNC = "nightly.stop_all"
    SEE_HISTORY = "history.see"
    SEE_CLASSES = "class.see"
    CHANGE_CLASSES = "class.change"
    SEE_REASON = "reason.see"
    CHANGE_SLOTS = "slot.change"
    SEE_INTEGRATION = "integration.see"
    CHANGE_INTEGRATION = "integration.change"
    SEE_CONTACTS = "contact.see"
    CHANGE_CONTACTS = "contact.change"
    DELETE_CONTACTS = "contact.delete"
    ADOPT_CONTACTS = "contact.adopt"
    SEE_SECURITY_VALUE = "security_value.see"
    SEE_FEES = "fee.see"
    ATTACH_SCHOOLS = "school.attach"
    SEE_SIGN_ON = "sign_on.see"
    CHANGE_SIGN_ON = "sign_on.change"
    SEE_SUPPORT = "support.see"
    CHANGE_API_VERSION = "api_version.change"
    CHANGE_ACTIVATION = "activation.change"
    CHANGE_FEES = "fee.change"


LEVELS = tuple(Level)  # lowest first
SIGN_IN = Level.APPOINTMENT_VIEWER  # the lowest level that signs in to the administration

LOWEST: Mapping[Action, Level] = {
    Action.SEE_SESSION: SIGN_IN,
    Action.END_SESSION: SIGN_IN,
    Action.SEE_ACCOUNT: Level.EVENT_ADMINISTRATOR,
    Action.CHANGE_ACCOUNT: Level.ADMINISTRATOR,
    Action.SEE_AUDIT: Level.ADMINISTRATOR,
    Action.LIST_EVENTS: Level.EVENT_ADMINISTRATOR,
    Action.SEE_EVENT: Level.EVENT_ADMINISTRATOR,
    Action.SEE_REPORTS: Level.EVENT_ADMINISTRATOR,
    Action.CREATE_EVENT: Level.ADMINISTRATOR,
    Action.CHANGE_EVENT: Level.EVENT_ADMINISTRATOR,
    Action.DELETE_EVENT: Level.ADMINISTRATOR,
    Action.SEE_IMPORTER: Level.EVENT_ADMINISTRATOR,
    Action.START_IMPORT: Level.EVENT_ADMINISTRATOR,
    Action.STOP_IMPORT: Level.EVENT_ADMINISTRATOR,
    Action.DECIDE_HELD: Level.ADMINISTRATOR,
    Action.STOP_SYNC: Level.EVENT_ADMINISTRATOR,
    Action.STOP_ALL_SYNC: Level.ADMINISTRATOR,
    Action.SEE_HISTORY: Level.EVENT_ADMINISTRATOR,
    Action.SEE_CLASSES: Level.EVENT_ADMINISTRATOR,
    Action.CHANGE_CLASSES: Level.EVENT_ADMINISTRATOR,
    Action.SEE_REASON: Level.EVENT_ADMINISTRATOR,
    Action.CHANGE_SLOTS: Level.EVENT_ADMINISTRATOR,
    Action.SEE_INTEGRATION: Level.ADMINISTRATOR,
    Action.CHANGE_INTEGRATION: Level.ADMINISTRATOR,
    Action.SEE_CONTACTS: Level.ADMINISTRATOR,
    Action.CHANGE_CONTACTS: Level.ADMINISTRATOR,
    Action.DELETE_CONTACTS: Level.ADMINISTRATOR,
    Action.ADOPT_CONTACTS: Level.ADMINISTRATOR,
    Action.SEE_SECURITY_VALUE: Level.ADMINISTRATOR,
    Action.SEE_FEES: Level.ADMINISTRATOR,
    Action.ATTACH_SCHOOLS: Level.ADMINISTRATOR,
    Action.SEE_SIGN_ON: Level.ADMINISTRATOR,
    Action.CHANGE_SIGN_ON: Level.ADMINISTRATOR,
    Action.SEE_SUPPORT: Level.SUPPORT,
    Action.CHANGE_API_VERSION: Level.SUPPORT,
    Action.CHANGE_ACTIVATION: Level.SUPPORT,
    Action.CHANGE_FEES: Level.SUPPORT,
}


@dataclass(frozen=True)
class Administrator:
    """Somebody who works in an account: a contact that people keep by hand. `events`: those that are theirs.

    `supports`: the account is pickAtime's own. Whoever is of a school does nothing that takes Support, at any level:
    a level that slipped in there opens no other account.
    """

    account: str
    id: str
    email: str = ""
    name: str = ""
    level: str = Level.CUSTOMER
    events: tuple[str, ...] = ()
    sessions_after: str = ""
    supports: bool = False

    @property
    def may_sign_in(self) -> bool:
        return rank(self.level) >= rank(SIGN_IN)


def may(person: Administrator, action: Action) -> bool:
    """Whether the person's level is high enough, whichever event it is about."""
    lowest = LOWEST.get(action)
    if lowest is None or (lowest == Level.SUPPORT and not person.supports):
        return False
    return rank(person.level) >= rank(lowest)


def reaches(person: Administrator, event: str) -> bool:
    """Whether the event is one of theirs, as all of the account's are for who is above Event Administrators."""
    return rank(person.level) > rank(Level.EVENT_ADMINISTRATOR) or event in person.events


def permit(person: Administrator, action: Action, event: str = "") -> None:
    """Raises Forbidden. The same for another's event and for one that does not exist: nothing is told of either."""
    if not may(person, action):
        lowest = LOWEST.get(action, Level.SUPPORT)
        if lowest == Level.SUPPORT:
            raise Forbidden("only pickAtime's support does this")
        raise Forbidden(
            f"this takes the level {lowest}; yours is {person.level}", "Ask an administrator of your account to do it."
        )
    if event and not reaches(person, event):
        raise Forbidden(
            "this event is not one of yours", "Ask an administrator of your account to add it to your events."
        )


def allowed(person: Administrator) -> list[str]:
    """All that the person's level allows, for the web client to show the right buttons."""
    return [action.value for action in Action if may(person, action)]


def rank(level: str) -> int:
    """An unknown level is below all others."""
    return RANKS.get(level, -1)
