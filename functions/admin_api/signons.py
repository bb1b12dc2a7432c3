"""The bodies of the sign-on routes: what an administrator enters, and what they are shown of it and of sign-ins."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints
from shapes import ONE_LINE, Asked, LinkTold, Sandbox, Told

Text = Annotated[str, StringConstraints(max_length=1000, pattern=ONE_LINE)]


class NamesAsked(Asked):
    """What the district calls its attributes."""

    email: Text | None = None
    first: Text | None = None
    last: Text | None = None
    roster_id: Text | None = None


class SettingsAsked(Asked):
    """Of ClassLink `metadata_url`, `allow_sha1`, `attributes`; of Azure AD `client_id`, `tenant_id`, `client_secret`
    (for a registration that has one; blank takes it away), `cloud` (Microsoft's for governments or for China); of
    Veracross `route` (the School Domain), `client_id`, and perhaps a `sandbox` on the machine that this runs on, in its
    place; on AWS nothing leads there.
    """

    metadata_url: Text | None = None
    allow_sha1: bool | None = None
    attributes: NamesAsked | None = None
    client_id: Text | None = None
    tenant_id: Text | None = None
    client_secret: Annotated[str, StringConstraints(max_length=500, pattern=ONE_LINE)] | None = Field(None, repr=False)
    cloud: Literal["global", "us", "china"] | None = None
    route: Text | None = None
    sandbox: Sandbox | None = None


class ChoiceAsked(Asked):
    """What is left out stays. `provider`: whose sign-ins are taken from now on, or none."""

    provider: Literal["none", "classlink", "azure", "veracross"] | None = None
    trust_email: bool | None = None
    just_in_time: bool | None = None


class CertificateTold(Told):
    sha256: str
    ends: str


class SettingsTold(Told):
    """`settings`: as they were saved, without secrets; `certificates`: what answers are checked with."""

    settings: dict[str, str]
    certificates: list[CertificateTold]


class FieldTold(Told):
    """`name`: of the setting. `label`, `help`: what the page says. `secret`: it is entered and never shown."""

    name: str
    label: str
    help: str
    required: bool
    secret: bool
    link: LinkTold | None


class ProviderTold(Told):
    """`addresses`: ours that have to be entered at the provider, each with what it is called there. `helper`: what the
    page says below the choice; `guide`: the address of its help page.
    """

    provider: str
    title: str
    helper: str
    guide: str
    fields: list[FieldTold]
    live: SettingsTold | None
    draft: SettingsTold | None
    addresses: dict[str, str]


class SignOnTold(Told):
    """`provider`: whose sign-ins are taken, or none, since then (ISO time, or blank). `place`, `choice`: where this is
    in the Admin UI, and what the choice of the provider is called.
    """

    place: str
    choice: str
    account: str
    host: str
    provider: str
    title: str
    since: str
    trust_email: bool
    just_in_time: bool
    providers: list[ProviderTold]


class ComparedTold(Told):
    """`expected`: the address of ours that comes closest. `text`: what is wrong, with the first character that differs
    marked by ⟦⟧; blank where nothing is.
    """

    same: bool
    expected: str
    text: str


class TrialTold(Told):
    """Open it in the browser of whoever tries; it works once, for ten minutes."""

    address: str


class TraceTold(Told):
    """`number`: what the person who was refused was told. `text`: what it means, and what to do."""

    at: str
    number: str
    provider: str
    well: bool
    trial: bool
    outcome: str
    text: str
    detail: str


class TracesTold(Told):
    items: list[TraceTold]


class TriedTold(Told):
    """A parent's try to link a child: when, what stood in the way, what to do about it."""

    at: str
    sentence: str
    click: str


class TriesTold(Told):
    items: list[TriedTold]
