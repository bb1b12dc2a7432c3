"""An identity provider that signs whatever a test wants it to say, with real keys and real XML signatures."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from lxml import etree

SAML, SAMLP = "urn:oasis:names:tc:SAML:2.0:assertion", "urn:oasis:names:tc:SAML:2.0:protocol"
DS = "http://www.w3.org/2000/09/xmldsig#"
NS = {"saml": SAML, "samlp": SAMLP, "ds": DS}
ENTITY = "https://idp.classlink.example/saml/metadata/1"


@dataclass(frozen=True)
class Key:
    """A private key with its certificate."""

    pem: bytes
    certificate: bytes  # PEM
    der: str  # base64, as metadata and settings hold it
    ends: datetime


@cache
def key(name: str, bits: int = 2048, days: int = 365) -> Key:
    """Always the same one of this name in a test process."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    now = datetime.now(UTC)
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now + timedelta(days=days))
        .sign(private, hashes.SHA256())
    )
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    der = b64encode(certificate.public_bytes(Encoding.DER)).decode()
    return Key(pem, certificate.public_bytes(Encoding.PEM), der, certificate.not_valid_after_utc)


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Says:
    """One response. A test changes fields, then the XML (`before` signing), then the signed XML (`after`)."""

    acs: str
    audience: str
    request: str | None
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    issuer: str = ENTITY
    response_issuer: str | None = ENTITY
    destination: str | None = ""  # blank: the ACS
    recipient: str | None = ""
    outer: str | None = ""  # Response/@InResponseTo; blank: the request
    name_id: str = "jan.novak"
    subject: str | None = None  # XML instead of the whole Subject
    conditions: str | None = None
    attributes: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: {"Email": ("jan@school.example",), "OR:userSourcedId": ("T1",)}
    )
    status: str = "urn:oasis:names:tc:SAML:2.0:status:Success"
    assertion_id: str = "_assertion1"
    response_id: str = "_response1"
    life: timedelta = timedelta(minutes=5)
    authn: datetime | None = None
    session_ends: datetime | None = None

    def xml(self) -> str:
        now, ends = stamp(self.now), stamp(self.now + self.life)
        destination = self.acs if self.destination == "" else self.destination
        outer = self.request if self.outer == "" else self.outer
        issuer = f"<saml:Issuer>{self.response_issuer}</saml:Issuer>" if self.response_issuer is not None else ""
        conditions = self.conditions
        if conditions is None:
            conditions = (
                f'<saml:Conditions NotBefore="{stamp(self.now - timedelta(minutes=1))}" NotOnOrAfter="{ends}">'
                f"<saml:AudienceRestriction><saml:Audience>{self.audience}</saml:Audience></saml:AudienceRestriction>"
                "</saml:Conditions>"
            )
        session = f' SessionNotOnOrAfter="{stamp(self.session_ends)}"' if self.session_ends else ""
        told = "".join(
            f'<saml:Attribute Name="{name}">'
            + "".join(f"<saml:AttributeValue>{value}</saml:AttributeValue>" for value in values)
            + "</saml:Attribute>"
            for name, values in self.attributes.items()
        )
        return (
            f'<samlp:Response xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="{self.response_id}" Version="2.0" '
            f'IssueInstant="{now}"{attribute("Destination", destination)}{attribute("InResponseTo", outer)}>{issuer}'
            f'<samlp:Status><samlp:StatusCode Value="{self.status}"/></samlp:Status>'
            f'<saml:Assertion ID="{self.assertion_id}" Version="2.0" IssueInstant="{now}">'
            f"<saml:Issuer>{self.issuer}</saml:Issuer>{self.subject or self.whom()}{conditions}"
            f'<saml:AuthnStatement AuthnInstant="{stamp(self.authn or self.now)}"{session}><saml:AuthnContext>'
            "<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef>"
            "</saml:AuthnContext></saml:AuthnStatement>"
            + (f"<saml:AttributeStatement>{told}</saml:AttributeStatement>" if told else "")
            + "</saml:Assertion></samlp:Response>"
        )

    def whom(self, method: str = "urn:oasis:names:tc:SAML:2.0:cm:bearer", data: str | None = None) -> str:
        return (
            f"<saml:Subject><saml:NameID>{self.name_id}</saml:NameID>"
            f'<saml:SubjectConfirmation Method="{method}">{self.data() if data is None else data}'
            "</saml:SubjectConfirmation></saml:Subject>"
        )

    def data(self, ends: datetime | None = None, request: str | None = "") -> str:
        recipient = self.acs if self.recipient == "" else self.recipient
        until = stamp(ends or self.now + self.life)
        asked = self.request if request == "" else request
        return (
            f'<saml:SubjectConfirmationData NotOnOrAfter="{until}"{attribute("Recipient", recipient)}'
            f"{attribute('InResponseTo', asked)}/>"
        )


def attribute(name: str, value: str | None) -> str:
    return "" if value is None else f' {name}="{value}"'


Edit = Callable[[Any], None]


@dataclass
class Idp:
    """Signs with this key. `signs`: of Response and Assertion, which."""

    with_key: Key = field(default_factory=lambda: key("idp"))
    signs: tuple[str, ...] = ("Assertion",)
    method: Any = xmlsec.Transform.RSA_SHA256
    digest: Any = xmlsec.Transform.SHA256
    key_info: str = ""  # a certificate to name in KeyInfo

    def respond(self, says: Says, before: Edit | None = None, after: Edit | None = None) -> str:
        """The form's SAMLResponse."""
        return b64encode(etree.tostring(self.signed(says, before, after))).decode()

    def signed(self, says: Says, before: Edit | None = None, after: Edit | None = None) -> Any:
        root = etree.fromstring(says.xml().encode())
        if before:
            before(root)
        for name in ("Assertion", "Response"):  # the inner one first
            if name in self.signs:
                self.sign(root if name == "Response" else root.find(f"{{{SAML}}}Assertion"))
        root = etree.fromstring(etree.tostring(root))
        if after:
            after(root)
        return root

    def sign(self, element: Any) -> None:
        signature = xmlsec.template.create(element, xmlsec.Transform.EXCL_C14N, self.method)
        element.insert(1 if element[0].tag == f"{{{SAML}}}Issuer" else 0, signature)
        reference = xmlsec.template.add_reference(signature, self.digest, uri=f"#{element.get('ID')}")
        xmlsec.template.add_transform(reference, xmlsec.Transform.ENVELOPED)
        xmlsec.template.add_transform(reference, xmlsec.Transform.EXCL_C14N)
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_memory(self.with_key.pem, xmlsec.KeyFormat.PEM)
        context.register_id(element, "ID")
        context.sign(signature)
        if self.key_info:
            certificate = f"<ds:X509Certificate>{self.key_info}</ds:X509Certificate>"
            told = f'<ds:KeyInfo xmlns:ds="{DS}"><ds:X509Data>{certificate}</ds:X509Data></ds:KeyInfo>'
            signature.append(etree.fromstring(told))
