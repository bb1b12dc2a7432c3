"""The help pages: how each sign-on is set up, click by click in the provider's own words, and what parents ask about.

Pure text. `{account}`, `{origin}` and `{www}` in it are filled in for whoever asks; where no account is known, a place
is left for its number.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from links import (
    CLASSLINK_APPLICATIONS,
    CLASSLINK_SAML_CONSOLE,
    CLEVER_DASHBOARD,
    ENTRA,
    ENTRA_CONDITIONAL_ACCESS,
    ENTRA_MULTIFACTOR,
    VERACROSS_COMMUNITY,
    WRITE_TO_US,
    Link,
)
from sources import NOTE, STEPS

from roster.linking import UNABLE
from roster.site import WebSite

PLACE = "Global Setup / Business / Integration Options / Single Sign On"
NO_ACCOUNT = "ACCOUNT_ID"
WORD = re.compile(r"\w+")
# What a thing is called elsewhere, or was called before.
ALIASES = {"admin tool": "admin ui", "admin ui tool": "admin ui", "dob": "date of birth", "aad": "azure ad"}


@dataclass(frozen=True)
class Step:
    """One thing to do or to know. `links`: to be opened in a new tab."""

    text: str
    links: tuple[Link, ...] = ()


@dataclass(frozen=True)
class Guide:
    """`id`: its part of an address. `about`: for whom it is, or the question that it answers."""

    id: str
    title: str
    about: str
    steps: tuple[Step, ...]

    def filled(self, account: str, site: WebSite) -> Guide:
        """For an account; for nobody's, with a place to put the number."""
        named = {"account": account or NO_ACCOUNT, "origin": site.origin, "www": site.www}
        return replace(self, steps=tuple(replace(one, text=one.text.format(**named)) for one in self.steps))

    def has(self, words: Sequence[str]) -> bool:
        """Whether each word begins one of the guide's."""
        own = WORD.findall(" ".join((self.title, self.about, *(one.text for one in self.steps))).casefold())
        return all(any(one.startswith(word) for one in own) for word in words)


def found(search: str) -> list[Guide]:
    """The guides that hold all that is searched for, in their order; all of them for nothing."""
    asked = " ".join(WORD.findall(search.casefold()))
    words = (ALIASES.get(asked) or asked).split()
    return [guide for guide in GUIDES if guide.has(words)]


def guide(id: str) -> Guide | None:
    return next((one for one in GUIDES if one.id == id), None)


TRY_AND_GO_LIVE = Step(
    "In the Admin UI, save, then test: the test opens the provider's sign-in in your browser, shows what the provider "
    "says of you and whom pickAtime takes you for, and signs nobody in. Then go live. Who signed in, when, and why "
    "somebody could not, is in the log of the same page."
)
CLASSLINK_SSO = Guide(
    "classlink-sso",
    "ClassLink: Single Sign-On (SSO)",
    "People log in to pickAtime securely using their ClassLink credentials. For the school's administrator and whoever "
    "administers ClassLink.",
    (
        Step(f"In the Admin UI, open {PLACE.replace(' / Integration', ' and scroll down to Integration')}."),
        Step("As the SSO Provider choose ClassLink SAML. The field IdP Metadata URL appears."),
        Step(
            "In the ClassLink Management Console open Single Sign-On, SAML Console, and add or copy an application for "
            "pickAtime. Copy its IDP Metadata URL.",
            (CLASSLINK_SAML_CONSOLE,),
        ),
        Step(
            "Paste it into IdP Metadata URL and save. pickAtime reads it at once and shows the entity id, the SSO URL "
            "and when its certificates end; they are read again every day."
        ),
        Step(
            "Back in the SAML Console edit the application: enter the SP Metadata URL that pickAtime shows now. As "
            "NameID send something that never changes, such as OR:userSourcedId; let the attributes have the e-mail "
            "address."
        ),
        TRY_AND_GO_LIVE,
        Step(
            "Add the application for your users (Add & Assign Apps, Single Sign-On on, type SAML) with the Login URL "
            "that pickAtime shows. The Copy IDP Initiate Login URL works as well: whoever comes by it is sent through "
            "a sign-in that began at pickAtime.",
            (CLASSLINK_APPLICATIONS,),
        ),
    ),
)
ENTRA_SSO = Guide(
    "entra-sso",
    "Microsoft Entra ID (Formerly Azure AD): Single Sign-On (SSO)",
    "Participants reach pickAtime from the Entra ID portal without creating an account. You must be an admin of your "
    "Entra ID.",
    (
        Step(
            "Before you begin, review your policies: pickAtime is a single-tenant application, and what they ask for "
            "is asked for at its sign-in too.",
            (ENTRA_MULTIFACTOR, ENTRA_CONDITIONAL_ACCESS),
        ),
        Step(f"In the Admin UI, open {PLACE}, and choose Azure AD. The redirect URL appears at once; copy it."),
        Step(
            "In Entra, open App Registrations, New Registration. Name: PickAtime. Account type: Accounts in this "
            "organization directory only (Default Directory only - Single tenant).",
            (ENTRA,),
        ),
        Step(
            "As the redirect URL enter {origin}/client?ven={account}&azuresso=on, with no blank in it. It is the "
            "launch URL that your users use, too."
        ),
        Step(
            "The application PickAtime appears in the sidebar. Open it: Authentication, tab Settings. Under the Web "
            "and SPA settings check both Access tokens and ID tokens, and Save. Without them Microsoft answers "
            "AADSTS700054."
        ),
        Step(
            "Open Overview. Copy Application (client) ID into the field Client ID, and Directory (tenant) ID into "
            "Tenant ID, of the Azure AD Integration section in the Advanced Options of Global Setup/Business. A client "
            "secret is needed by a registration that has none of the two boxes."
        ),
        TRY_AND_GO_LIVE,
        Step(
            "Who may sign in: open Enterprise Applications, the application, Users and Groups, and add the groups that "
            "may have access. Whoever is in none of them is refused by Microsoft (AADSTS50105)."
        ),
        Step(
            "To invite somebody from outside: Users, All Users (Preview), New User, Invite user, their e-mail address, "
            "Invite. A guest is recognised by the invited e-mail address."
        ),
        Step(
            "Each user must have an email in Contact Info, Email field, of their profile at Entra: whoever has none "
            "cannot be recognised, and nothing is created for them."
        ),
    ),
)
ENTRA_EXISTING = Guide(
    "entra-existing",
    "Microsoft Entra ID (Formerly Azure AD): an application that exists already",
    "For an account that signed in by Azure AD before. Nothing is registered anew.",
    (
        Step(f"In the Admin UI, open {PLACE}. SSO Provider = Azure AD."),
        Step("Paste Client ID and Tenant ID, from the Overview of the application in Entra.", (ENTRA,)),
        Step(
            "Check the pickAtime Account ID with the Environment: the page shows the Account ID and the host. The ven "
            "in the redirect URL must be this account at this host."
        ),
        Step("Check Settings (check Access to Tokens): Access tokens and ID tokens are both ticked."),
        Step(
            "Authentication, Redirect URIs, Add URI: paste the new Redirect URL, "
            "{origin}/client?ven={account}&azuresso=on, and Save. The old one may stay during the change-over."
        ),
        Step("Testing: have a user access pickAtime via the portal. The log shows whether and why not."),
    ),
)
VERACROSS_SSO = Guide(
    "veracross-sso",
    "Veracross: Single Sign-On (SSO)",
    "If using SSO: families and staff sign in with their Veracross account. For whoever has the OAuth_App_Admin "
    "security role.",
    (
        Step(
            "In Axiom, open Identity & Access Management > Configuration > OAuth Applications, and there the pickAtime "
            "application. On its Scopes tab add the scope sso beside those of the import.",
            (VERACROSS_COMMUNITY,),
        ),
        Step(
            "Add both redirect URLs, exactly so: {origin}/client and {www}/client. "
            "Where one is missing, users may receive an authentication or redirect error."
        ),
        Step(
            "In the Admin UI, under Global Setup / Business / Integration Options / Veracross Integration, choose "
            "Single Sign-On, or Import and Single Sign-On, as the Integration Type, and click Connect. Veracross can "
            "be chosen as the SSO Provider then."
        ),
        TRY_AND_GO_LIVE,
        Step("Give your families the link {origin}/client?ven={account}, or put it into your Veracross portal."),
    ),
)
SECURITY_VALUES = Guide(
    "security-values",
    "Parents cannot link to their students: Security Values (Dates of Birth)",
    f"Parents can sign in, and read when they link a child: {UNABLE} What is wrong?",
    (
        Step(
            "Cause: a parent proves with the student's Security Value, the date of birth, whose parent they are. Where "
            "the Security Value field of the student's contact is blank, because the provider has not shared it, it "
            "matches nothing. So it is where the school has recently switched to ClassLink."
        ),
        Step(
            "Fix in ClassLink: open Rosters > Demographics and switch the security value (student DOB) on for the "
            "pickAtime application.",
            (CLASSLINK_APPLICATIONS,),
        ),
        Step(
            "Fix in Clever: open Applications > pickAtime > Data sharing and share students' dates of birth.",
            (CLEVER_DASHBOARD,),
        ),
        Step(
            "Fix in Veracross: in Axiom, the OAuth application needs the scopes students:list and students:read, and "
            "the students' records their Birthday.",
            (VERACROSS_COMMUNITY,),
        ),
        Step(
            "Then run the data import again, in the Importer. It fills the blank values; students, parents, links and "
            "bookings stay as they are, and the parents can link at once."
        ),
        Step(
            "If only some parents cannot: open the parent among the Contacts of the Admin UI. Linking tells why each "
            "try of the last 30 days failed."
        ),
    ),
)
IMPORT = Guide(
    "import",
    "Importing from Clever, ClassLink or Veracross: the Importer",
    "Teachers, students, classes, enrolments and parents come from your school's own system, and stay in step with it.",
    (
        Step("In the Admin UI, open the Importer and run a test import: it shows what would come and changes nothing."),
        Step("Choose the schools and terms that this event is for. The classes that would come are listed with them."),
        Step(
            "Run the import. Where the contacts were made by hand, or come from another provider, the test import says "
            "who is there already: adopt them, or clear them first, and nobody is there twice."
        ),
        Step(
            "Switch the nightly sync of the event on. Every night at 1 AM of your account's clocks the roster is read "
            "again: who joins is added, who leaves becomes inactive. Nobody is deleted, and what you have set by hand "
            "stays."
        ),
        Step(
            "An import is held, and changes nothing, when more people would leave or change than in a usual night. You "
            "are mailed. If that was not meant, put it right in your school's system, or choose schools and terms "
            "again; if it is right, approve it, by the link in the mail or in the Importer."
        ),
        Step(
            "If an import brought something wrong, undo it in the Importer, as long as nothing else was imported: the "
            "contacts are as they were before."
        ),
        Step(
            "If an import failed, the Importer says why and what to click at the provider. Write to us and name the "
            "run where that does not help.",
            (WRITE_TO_US,),
        ),
    ),
)
CLEAR_FIRST = Guide(
    "duplicates",
    "Preventing duplicate contacts: clear old data before the new import",
    "For an account whose contacts come from somewhere else, and whose people would be there twice.",
    (Step(NOTE), *(Step(one) for one in STEPS)),
)
ADMIN_UI = Guide(
    "admin-ui",
    "The Admin UI",
    "Where administrators work. Families and teachers have a page of their own.",
    (
        Step("Sign in at {origin}/admin with your e-mail address: a link is mailed to you. There is no password."),
        Step(
            "It works without your identity provider, too: if Single Sign-On is broken, administrators still get in.",
            (WRITE_TO_US,),
        ),
    ),
)
GUIDES = (CLASSLINK_SSO, ENTRA_SSO, ENTRA_EXISTING, VERACROSS_SSO, SECURITY_VALUES, CLEAR_FIRST, IMPORT, ADMIN_UI)
