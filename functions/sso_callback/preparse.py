"""What of a SAML response is looked at before any cryptography: whatever no identity provider sends is refused here.

libxmlsec runs transforms and opens files that a document names, before it knows whose document it is. So each part of
a signature has one place, one number and a few allowed values; everything encrypted is refused, since nothing here has
a key for it. (providers/sign-on.md §3 and §4 A)
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from typing import Any

from onelogin.saml2.xmlparser import fromstring

from roster.signon import SignOnRefused

LONGEST = 200_000  # characters of base64
MOST_ELEMENTS, DEEPEST, MOST_ATTRIBUTES = 3_000, 60, 60
SAMLP, SAML = "{urn:oasis:names:tc:SAML:2.0:protocol}", "{urn:oasis:names:tc:SAML:2.0:assertion}"
DS, EC = "{http://www.w3.org/2000/09/xmldsig#}", "{http://www.w3.org/2001/10/xml-exc-c14n#}"
ENCRYPTION = ("{http://www.w3.org/2001/04/xmlenc#}", "{http://www.w3.org/2009/xmlenc11#}", f"{SAML}Encrypted")
RESPONSE, ASSERTION, SIGNATURE = f"{SAMLP}Response", f"{SAML}Assertion", f"{DS}Signature"

EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
TRANSFORMS = {EXCLUSIVE, "http://www.w3.org/2000/09/xmldsig#enveloped-signature"}
SIGNED_BY = {f"http://www.w3.org/2001/04/xmldsig-more#rsa-sha{bits}" for bits in (256, 384, 512)}
DIGESTED_BY = {
    "http://www.w3.org/2001/04/xmlenc#sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512",
}
OLD_SIGNED_BY, OLD_DIGESTED_BY = (
    "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
    "http://www.w3.org/2000/09/xmldsig#sha1",
)
KEY_PARTS = {f"{DS}{name}" for name in ("X509Data", "X509Certificate", "KeyName", "X509SubjectName")}
IDS = ("ID", "Id", "id", "{http://www.w3.org/XML/1998/namespace}id")
SAME_DOCUMENT = "#"
TEXTS = {f"{SAML}{name}" for name in ("NameID", "Issuer", "Audience", "AttributeValue")}
_DECLARED = re.compile(rb"<\?xml[^>]*?\?>\s*")
_ENCODING = re.compile(rb"encoding\s*=\s*[\"']([^\"']*)[\"']")


def parsed(encoded: str, allow_sha1: bool) -> Any:
    """The response's root (lxml), as python3-saml's own parser reads it. Raises SignOnRefused."""
    body = _decoded(encoded)
    try:
        root = fromstring(body)
    except Exception:  # lxml's, and the library's own: whatever the bytes are, they are no response
        raise SignOnRefused("malformed") from None
    _check_shape(root)
    for one in root.iter(SIGNATURE):
        _check_signature(one, allow_sha1)
    return root


def uses_sha1(root: Any) -> bool:
    """Whether a signature of the parsed response is one that only `allow_sha1` lets through."""
    return any(one.get("Algorithm") in (OLD_SIGNED_BY, OLD_DIGESTED_BY) for one in root.iter())


def in_response_to(encoded: str) -> bool:
    """Whether the response says that it answers a request, anywhere; true of whatever cannot be read."""
    try:
        root = parsed(encoded, allow_sha1=True)
    except SignOnRefused:
        return True
    return any(one.get("InResponseTo") is not None for one in root.iter())


def _decoded(encoded: str) -> bytes:
    if len(encoded) > LONGEST:
        raise SignOnRefused("too_large")
    try:
        body = b64decode("".join(encoded.split()), validate=True)
        body.decode("utf-8")
    except (binascii.Error, ValueError):
        raise SignOnRefused("malformed") from None
    declared = _DECLARED.match(body)
    encoding = _ENCODING.search(declared[0]) if declared else None
    if encoding and encoding[1].lower() not in (b"utf-8", b"us-ascii"):
        raise SignOnRefused("hostile")
    rest = body[declared.end() :] if declared else body
    if not body or b"\0" in body or b"<!" in rest or b"<?" in rest:  # no DTD, entity, comment, CDATA or instruction
        raise SignOnRefused("hostile" if body else "malformed")
    return body


def _check_shape(root: Any) -> None:
    """One Response with one Assertion; few elements, all of a name once; plain text where text belongs."""
    if root.tag != RESPONSE:
        raise SignOnRefused("malformed")
    seen: set[str] = set()
    assertions, elements = 0, 0
    waiting = [(root, 1)]
    while waiting:
        one, depth = waiting.pop()
        elements += 1
        if elements > MOST_ELEMENTS or depth > DEEPEST or len(one.attrib) > MOST_ATTRIBUTES:
            raise SignOnRefused("too_large")
        if one.tag.startswith(ENCRYPTION):
            raise SignOnRefused("encryption")
        ids = [id for name in IDS if (id := one.get(name)) is not None]
        if len(ids) > 1 or seen.intersection(ids):
            raise SignOnRefused("hostile")
        seen.update(ids)
        assertions += one.tag == ASSERTION
        children = list(one)
        if children and one.tag in TEXTS:
            raise SignOnRefused("hostile")
        waiting += ((child, depth + 1) for child in children)
    if assertions > 1 or sum(child.tag == ASSERTION for child in root) != assertions:
        raise SignOnRefused("hostile")
    _check_signatures_places(root)


def _check_signatures_places(root: Any) -> None:
    """At most one for the Response and one for its Assertion, and no part of a signature anywhere else."""
    signed = [root, *root.findall(ASSERTION)]
    allowed = [one for parent in signed for one in parent.findall(SIGNATURE)]
    if len({one.getparent() for one in allowed}) != len(allowed):
        raise SignOnRefused("hostile")
    inside = sum(1 for one in allowed for part in one.iter() if part.tag.startswith(DS))
    if inside != sum(1 for part in root.iter() if part.tag.startswith(DS)):
        raise SignOnRefused("hostile")


def _check_signature(signature: Any, allow_sha1: bool) -> None:
    info, *others = _children(signature, "SignedInfo", "SignatureValue", "KeyInfo?")
    canonical, method, reference = _children(info, "CanonicalizationMethod", "SignatureMethod", "Reference")
    transforms, digest, value = _children(reference, "Transforms", "DigestMethod", "DigestValue")
    if reference.get("URI") != SAME_DOCUMENT + signature.getparent().get("ID", "") or set(reference.attrib) - {
        "URI",
        "Id",
        "Type",
    }:
        raise SignOnRefused("hostile")
    used = [one.get("Algorithm") for one in transforms]
    if not 1 <= len(used) <= 2 or not set(used) <= TRANSFORMS or len(set(used)) != len(used):
        raise SignOnRefused("hostile")
    if any(one.tag != f"{DS}Transform" for one in transforms) or canonical.get("Algorithm") != EXCLUSIVE:
        raise SignOnRefused("hostile")
    for one in (*transforms, canonical):
        if any(child.tag != f"{EC}InclusiveNamespaces" or len(child) for child in one) or len(one) > 1:
            raise SignOnRefused("hostile")
    _check_algorithms(method.get("Algorithm"), digest.get("Algorithm"), allow_sha1)
    if any(len(one) for one in (method, digest, value, others[0])):
        raise SignOnRefused("hostile")
    if any(part.tag not in KEY_PARTS for info in others[1:] for part in info.iterdescendants()):
        raise SignOnRefused("hostile")


def _check_algorithms(signed: str | None, digested: str | None, allow_sha1: bool) -> None:
    old = signed == OLD_SIGNED_BY or digested == OLD_DIGESTED_BY
    if old and not allow_sha1:
        raise SignOnRefused("sha1")
    if signed not in {*SIGNED_BY, OLD_SIGNED_BY} or digested not in {*DIGESTED_BY, OLD_DIGESTED_BY}:
        raise SignOnRefused("signature")


def _children(parent: Any, *names: str) -> list[Any]:
    """Exactly these, in this order; a name with a `?` may be missing."""
    found, wanted = list(parent), [f"{DS}{name.rstrip('?')}" for name in names]
    if len(found) < len(wanted) and names[-1].endswith("?"):
        wanted.pop()
    if [one.tag for one in found] != wanted:
        raise SignOnRefused("hostile")
    return found
