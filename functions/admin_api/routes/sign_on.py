"""How an account's people sign in: settings beside the live ones, tests of them, going live, and a log of sign-ins.

What only the identity provider's side can tell (metadata, whether a tenant exists) is asked by the function that signs
people in. A client secret goes in and never comes out.
"""

from __future__ import annotations

from typing import Annotated, Literal

from api import audited, person, route
from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from guides import PLACE
from redirects import compared
from signon_fields import CHOICE, FORMS
from signons import (
    CertificateTold,
    ChoiceAsked,
    ComparedTold,
    FieldTold,
    ProviderTold,
    SettingsAsked,
    SettingsTold,
    SignOnTold,
    TracesTold,
    TraceTold,
    TrialTold,
    TriedTold,
    TriesTold,
)

from roster.errors import AlreadyRunning, NotThere, NotUnderstood, ProviderUnavailable
from roster.keys import of_address
from roster.permissions import Action
from roster.ports import ContactId
from roster.refusals import REASONS, WELL
from roster.runtime import administration
from roster.signon import NONE, SignOn, Trace
from routes.contacts import IdPath, KindPath, OriginPath

CLASSLINK, ENTRA, VERACROSS = "classlink", "azure", "veracross"
TITLES = {NONE: "none", CLASSLINK: "ClassLink SAML", ENTRA: "Azure AD", VERACROSS: "Veracross"}
Registered = Annotated[str, Query(description="a redirect URL as it is entered there", min_length=1, max_length=1000)]
ProviderPath = Annotated[Literal["classlink", "azure", "veracross"], Path(description="the identity provider")]
HIDDEN = ("certificates", "secret")


@route("GET", "/api/sign-on", Action.SEE_SIGN_ON, tag="sign-on", answer=SignOnTold)
def read_sign_on() -> SignOnTold:
    """How my account's people sign in, and what to enter at each provider."""
    return _told(administration().switching.of(person().account))


@route(
    "PUT", "/api/sign-on/<provider>", Action.CHANGE_SIGN_ON, tag="sign-on", answer=SignOnTold,
    raises=(NotUnderstood, AlreadyRunning, ProviderUnavailable, NotThere),
)  # fmt: skip
def save_sign_on(provider: ProviderPath, body: SettingsAsked) -> SignOnTold:
    """Save settings beside the live ones; nothing changes for anybody before they go live."""
    admin, account = administration(), person().account
    before = admin.switching.of(account)
    given = body.model_dump(exclude_none=True)
    secret = given.pop("client_secret", None)
    after = admin.switching.save(account, provider, given, secret if provider == ENTRA else "")
    audited(f"sign-on {provider}", _shown(before.drafts.get(provider)), _shown(after.drafts.get(provider)))
    return _told(after)


@route(
    "PATCH", "/api/sign-on", Action.CHANGE_SIGN_ON, tag="sign-on", answer=SignOnTold,
    raises=(NotUnderstood, AlreadyRunning),
)  # fmt: skip
def choose_sign_on(body: ChoiceAsked) -> SignOnTold:
    """Go live with a provider's settings, or with none; and whether its e-mail addresses are proof."""
    admin, account = administration(), person().account
    before = after = admin.switching.of(account)
    if body.trust_email is not None or body.just_in_time is not None:
        trust = before.trust_email if body.trust_email is None else body.trust_email
        made = before.just_in_time if body.just_in_time is None else body.just_in_time
        after = admin.switching.policy(account, trust, made)
    if body.provider is not None:
        after = admin.switching.choose(account, body.provider)
    audited("sign-on", _chosen(before), _chosen(after))
    return _told(after)


@route(
    "POST", "/api/sign-on/<provider>/trial", Action.CHANGE_SIGN_ON, tag="sign-on", answer=TrialTold,
    raises=(NotThere, AlreadyRunning),
)  # fmt: skip
def try_sign_on(provider: ProviderPath) -> TrialTold:
    """An address that tries the saved settings once, and shows what the provider says; it signs nobody in."""
    admin = administration()
    token = admin.switching.trial(person().account, provider)
    audited(f"sign-on {provider}, a test")
    return TrialTold(address=f"{admin.site.origin}/sso/trial/{token}")


@route(
    "GET", "/api/sign-on/<provider>/redirect", Action.SEE_SIGN_ON, tag="sign-on", answer=ComparedTold,
    raises=(NotThere,),
)  # fmt: skip
def compare_redirect(provider: ProviderPath, registered: Registered) -> ComparedTold:
    """Compare a redirect URL that is entered at the provider with ours, character by character."""
    ours = list(_addresses(administration().switching.of(person().account), provider).values())
    if not ours:
        raise NotThere("nothing was entered for this SSO Provider", "Save its settings first.")
    expected, text = compared(ours, registered)
    return ComparedTold(same=not text, expected=expected, text=text)


@route("GET", "/api/sign-on/log", Action.SEE_SIGN_ON, tag="sign-on", answer=TracesTold)
def read_sign_ins() -> TracesTold:
    """What became of the newest sign-ins of the last 30 days; nothing personal."""
    return TracesTold(items=[_trace(one) for one in administration().switching.traces(person().account)])


@route("GET", "/api/contacts/<origin>/<kind>/<id>/linking", Action.SEE_CONTACTS, tag="sign-on", answer=TriesTold)
def read_linking(origin: OriginPath, kind: KindPath, id: IdPath) -> TriesTold:
    """Why a parent could not link a child, of the last 30 days."""
    found = administration().linking.why(person().account, (origin, str(kind), of_address(id)))
    return TriesTold(items=[TriedTold(at=at, sentence=sentence, click=click) for at, sentence, click in found])


@route(
    "DELETE", "/api/contacts/<origin>/<kind>/<id>/sign-in", Action.CHANGE_CONTACTS, tag="sign-on", answer=SignOnTold,
    raises=(NotThere,),
)  # fmt: skip
def forget_sign_in(origin: OriginPath, kind: KindPath, id: IdPath) -> SignOnTold:
    """Forget which person at the identity provider this contact is: the next sign-in finds out anew."""
    admin, account, contact = administration(), person().account, _contact(origin, str(kind), id)
    gone = [admin.switching.book.unbind(account, contact, provider) for provider in TITLES]
    if not any(gone):
        raise NotThere("this contact is nobody at an identity provider")
    audited(" ".join(("contact", *contact)), {"sign-in": "linked"}, {"sign-in": "none"})
    return _told(admin.switching.of(account))


def _contact(origin: str, kind: str, id: str) -> ContactId:
    return origin, kind, of_address(id)


def _told(found: SignOn) -> SignOnTold:
    return SignOnTold(
        place=PLACE,
        choice=CHOICE,
        account=found.account,
        host=administration().site.origin.partition("://")[2],
        provider=found.provider,
        title=TITLES[found.provider],
        since=found.since,
        trust_email=found.trust_email,
        just_in_time=found.just_in_time,
        providers=[
            ProviderTold(
                provider=one,
                title=TITLES[one],
                helper=FORMS[one].helper,
                guide=f"/help/{FORMS[one].guide}?account={found.account}",
                fields=[FieldTold.model_validate(field) for field in FORMS[one].fields],
                live=_settings(found, one, live=True),
                draft=_settings(found, one, live=False),
                addresses=_addresses(found, one),
            )
            for one in TITLES
            if one != NONE
        ],
    )


def _addresses(found: SignOn, provider: str) -> dict[str, str]:
    site = administration().site
    id = found.ids.get(provider, "")
    if provider == ENTRA:
        return {"Redirect URI": f"{site.origin}/client?ven={found.account}&azuresso=on"}
    if provider == VERACROSS:
        return {"Redirect URL": f"{site.origin}/client", "Redirect URL (www)": f"{site.www}/client"}
    named = {"SP Metadata URL": "metadata", "Assertion Consumer Service URL": "acs", "Login URL": "start"}
    return {name: f"{site.origin}/sso/saml/{id}/{end}" for name, end in named.items()} if id else {}


def _settings(found: SignOn, provider: str, live: bool) -> SettingsTold | None:
    known = (found.live if live else found.drafts).get(provider)
    if not known:
        return None
    certificates = known.get("certificates", []) if provider == CLASSLINK else []
    told = [CertificateTold(sha256=one["sha256"], ends=one["ends"]) for one in certificates]
    return SettingsTold(settings=_shown(known), certificates=told)


def _shown(settings: object) -> dict[str, str]:
    known = settings if isinstance(settings, dict) else {}
    named = {"sandbox" if name == "base_url" else name: value for name, value in known.items()}
    told = {name: str(value) for name, value in named.items() if name not in HIDDEN and value not in ("", {}, None)}
    return {**told, "client_secret": "entered"} if known.get("secret") else told


def _chosen(found: SignOn) -> dict[str, object]:
    return {"provider": found.provider, "trust_email": found.trust_email, "just_in_time": found.just_in_time}


def _trace(one: Trace) -> TraceTold:
    return TraceTold(
        at=one.at,
        number=one.id,
        provider=one.provider,
        well=one.well,
        trial=one.trial,
        outcome=one.outcome,
        text=WELL[one.outcome] if one.well else REASONS[one.outcome],
        detail=one.detail,
    )
