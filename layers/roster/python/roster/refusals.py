"""What became of a sign-in: the code for the log, and what the school's administrator can do about it.

Whoever signs in is shown none of it, but a number to tell.
"""

from __future__ import annotations

from collections.abc import Mapping

REASONS: Mapping[str, str] = {
    "state_unknown": (
        "The sign-in did not begin in this browser, or it was used before. Start again from the sign-in link."
    ),
    "state_expired": "The sign-in took longer than ten minutes. Start again from the sign-in link.",
    "other_browser": "The answer came to another browser than the one that began. Start again from the sign-in link.",
    "settings_changed": "The sign-on settings were changed during this sign-in. Start again from the sign-in link.",
    "wrong_account": (
        "The address names another account than the one that the sign-in began for. Use the account's own link."
    ),
    "switched_off": (
        "This provider is not the account's SSO Provider (any more). Choose it, or use the other sign-in link."
    ),
    "too_large": "The identity provider's answer is far larger than any sign-in. Write to pickAtime's support.",
    "malformed": "The identity provider's answer cannot be read. Try again; if it stays, write to pickAtime's support.",
    "hostile": (
        "The answer holds what no identity provider sends, so nothing of it was used. Write to pickAtime's support."
    ),
    "unsolicited": "The identity provider sent somebody who had not started here. Give the tile our sign-in link.",
    "signature": "The signature is missing or not by a certificate we know. Check the IDP Metadata URL, or refresh it.",
    "sha1": "The answer is signed with SHA-1. Ask the provider for SHA-256, or allow SHA-1 for this connection.",
    "issuer": "The answer comes from another identity provider or tenant than the one that is set up.",
    "audience": (
        "The answer is meant for another application. Compare the Client ID, or the SP metadata, with the provider's."
    ),
    "destination": "The answer was made for another address. Compare the ACS or redirect URL with the provider's.",
    "clock": "The answer is not valid at this time: the clock of the provider or of ours is off, or it came very late.",
    "binding": "The answer belongs to another sign-in than the one that was begun. Start again from the sign-in link.",
    "replay": "The same answer was used before. Start again from the sign-in link.",
    "status": "The identity provider says that the sign-in did not succeed there.",
    "subject": "The answer names nobody, or in an odd way. Check which field is sent as NameID.",
    "attribute": "An attribute comes twice or is too long. Check the attribute mapping at the provider.",
    "encryption": "The answer is encrypted in a way that we do not take. Switch encryption off at the provider.",
    "denied": "The person or the school's rules stopped the sign-in at the provider.",
    "not_assigned": (
        "The person is not assigned to the application: Enterprise Applications > Users and Groups (AADSTS50105)."
    ),
    "id_tokens_off": (
        "The registration gives no ID tokens: tick Access tokens and ID tokens under Authentication (AADSTS700054)."
    ),
    "redirect_mismatch": (
        "The redirect URL is not registered at the provider exactly as shown on the settings page. Have the page "
        "compare the one that is: it marks the first character that differs."
    ),
    "more_needed": (
        "The provider asks for more first, such as multifactor authentication. Sign in there once, then try again."
    ),
    "secret_needed": (
        "This registration needs a client secret: use a Single-page or Web platform with ID tokens, or enter a secret."
    ),
    "credential": "The provider refuses our client id or secret. Enter them again.",
    "unavailable": "The identity provider did not answer. Try again in a few minutes.",
    "no_email": "The school account has no e-mail address: fill Email under Contact Info at Microsoft Entra ID.",
    "nobody": "No contact of the account has this id or e-mail address, and none may be made by a sign-in.",
    "two_contacts": (
        "The earlier sign-ins of this login were of another contact than the roster id that the provider sends now. If "
        "the login has a new owner, forget the sign-in of the first contact on the Contacts page."
    ),
    "busy": "The school's contacts were being rewritten at this moment, by an import or a clear. Try again afterwards.",
    "several": "More than one contact fits. Give them different e-mail addresses, or merge them on the Contacts page.",
    "confirm": (
        "An e-mail address is not proof enough for whoever administers. The first sign-in asks for a code, which is "
        "mailed to the contact's address."
    ),
    "code_wrong": "The code was not the one that was mailed. After five tries, the sign-in begins anew.",
    "code_expired": "The code was used, is older than 15 minutes or was tried too often. Start again.",
    "taken": "The contact is linked with another person at the provider already. Unlink it on the Contacts page first.",
    "inactive": "The contact has left. An import that lists it again brings it back.",
    "guest": (
        "A guest's e-mail address is not proof enough for a member of staff. The first sign-in asks for a code, which "
        "is mailed to the contact's address."
    ),
    "not_admitted": "The person has no role at the school that takes part in conferences.",
    "throttled": "Too many sign-ins began from one place within an hour.",
}

WELL: Mapping[str, str] = {
    "link": "Known from an earlier sign-in.",
    "roster id": "Found by the id that the roster has.",
    "e-mail": "Found by the e-mail address.",
    "code_mailed": "A code goes to the address that the school has; it is asked for once, before anything is shown.",
    "code": "Confirmed by a code that was mailed to the contact's address.",
    "new": "A new contact was made.",
}
