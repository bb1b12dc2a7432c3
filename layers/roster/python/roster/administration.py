"""What the administration's routes work with, in one place: the composition root makes it, the routes take from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from roster.administrators import Administrators
from roster.audit import Audit
from roster.billing import Billing
from roster.booking import Booking
from roster.contacts import Contacts
from roster.deciding import Deciding
from roster.duplicates import Duplicates
from roster.editing import Editing
from roster.events import Events
from roster.filing import Files
from roster.handlist import HandList
from roster.importing import Importer
from roster.integrations import Integrations
from roster.linking import Linking
from roster.ports import AccountBook, ClassBook
from roster.sessions import Sessions
from roster.signin import SignIn
from roster.site import WebSite
from roster.starting import Starter
from roster.support import Support
from roster.switching import Switching
from roster.telling import Teller
from roster.timeline import Timeline


@dataclass(frozen=True)
class Administration:
    """`mail_link`: sends a link to sign in (account, address, place, path) once the request was answered. `stamp`: now,
    as ISO time.
    """

    site: WebSite
    accounts: AccountBook
    administrators: Administrators
    sessions: Sessions
    sign_in: SignIn
    events: Events
    starter: Starter
    importer: Importer
    class_book: ClassBook
    editing: Editing
    hand_list: HandList
    files: Files
    duplicates: Duplicates
    audit: Audit
    integrations: Integrations
    support: Support
    billing: Billing
    contacts: Contacts
    timeline: Timeline
    stamp: Callable[[], str]
    mail_link: Callable[[str, str, str, str], None]
    deciding: Deciding
    teller: Teller
    booking: Booking
    switching: Switching
    linking: Linking
