"""What a ClassLink sign-in takes and refuses: real signatures, by an identity provider that a test can make lie.

The numbers are those of the refusals in providers/sign-on.md §11.
"""

from __future__ import annotations

import copy
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import xmlsec
from lxml import etree

from roster.signon import Connection, Pending, SignOnRefused, VerifiedAssertion
from tests.fakes.saml_idp import DS, ENTITY, NS, SAML, SAMLP, Idp, Says, key, stamp
from tests.support import function_module

saml = function_module("sso_callback", "saml")
CLASSLINK = function_module("sso_callback", "providers").CLASSLINK
ORIGIN, ID, REQUEST = "https://pickatime.example", "c0ffee", "ONELOGIN_request1"
OURS = saml.addresses(ORIGIN, ID)
ACS, AUDIENCE = OURS["acs"], OURS["metadata"]
MINUTE = timedelta(minutes=1)


def connection(**more: Any) -> Connection:
    known = key("idp")
    settings = {
        "entity_id": ENTITY,
        "sso_url": "https://idp.classlink.example/sso",
        "certificates": [{"der": known.der}],
        **more,
    }
    return Connection(ID, "11600000", CLASSLINK, settings)


def pending(**more: Any) -> Pending:
    told = {"check": REQUEST, "redirect": ACS, **more}
    return Pending("11600000", ID, CLASSLINK, "", told["check"], told["redirect"], "/", "", 0)


def says(**more: Any) -> Says:
    return Says(**{"acs": ACS, "audience": AUDIENCE, "request": REQUEST, **more})


def complete(encoded: str, to: Connection | None = None, **more: Any) -> VerifiedAssertion:
    sent = {"SAMLResponse": encoded}
    return saml.complete(to or connection(), pending(**more), sent, datetime.now(UTC), ORIGIN)  # type: ignore[no-any-return]


def refused(encoded: str, to: Connection | None = None, **more: Any) -> str:
    with pytest.raises(SignOnRefused) as info:
        complete(encoded, to, **more)
    return info.value.reason


def find(root: Any, path: str) -> Any:
    return root.find(path, NS)


@pytest.mark.parametrize("signs", [("Assertion",), ("Response",), ("Assertion", "Response")])
def test_a_good_response_says_who_is_there(signs: tuple[str, ...]) -> None:
    found = complete(Idp(signs=signs).respond(says()))
    assert (found.account, found.provider, found.issuer, found.subject) == ("11600000", CLASSLINK, ENTITY, "jan.novak")
    assert (found.email, found.roster_ids) == ("jan@school.example", ((CLASSLINK, "T1"),))
    assert found.claims["NameID"] == ("jan.novak",)


def test_what_districts_call_their_attributes_is_set_up() -> None:
    told = {"mail": ("x@school.example",), "sourcedId": ("77",)}
    to = connection(attributes={"email": "mail", "roster_id": "sourcedId"})
    found = complete(Idp().respond(says(attributes=told)), to)
    assert (found.email, found.roster_ids) == ("x@school.example", ((CLASSLINK, "77"),))


def test_without_an_e_mail_address_the_person_is_known_all_the_same() -> None:
    assert complete(Idp().respond(says(attributes={}))).email == ""


def test_a_start_asks_with_our_own_addresses() -> None:
    started = saml.start(connection(), "the-state", ORIGIN)
    assert started.url.startswith("https://idp.classlink.example/sso?SAMLRequest=")
    assert "RelayState=the-state" in started.url
    assert started.check
    assert started.redirect == ACS


def test_the_metadata_hold_our_addresses_and_no_key() -> None:
    text = saml.metadata(ID, ORIGIN)
    assert f'entityID="{AUDIENCE}"' in text
    assert f'Location="{ACS}"' in text
    assert "KeyDescriptor" not in text


# -- signature and structure


def test_001_no_signature() -> None:
    assert refused(Idp(signs=()).respond(says())) == "signature"


@pytest.mark.parametrize("signs", ["Assertion", "Response"])
def test_002_changed_after_signing(signs: str) -> None:
    def change(root: Any) -> None:
        find(root, ".//saml:NameID").text = "admin"

    assert refused(Idp(signs=(signs,)).respond(says(), after=change)) == "signature"


def test_003_an_attackers_key_with_its_certificate() -> None:
    evil = key("evil")
    assert refused(Idp(with_key=evil, key_info=evil.der).respond(says())) == "signature"


def test_004_an_attackers_key_with_the_genuine_certificate() -> None:
    assert refused(Idp(with_key=key("evil"), key_info=key("idp").der).respond(says())) == "signature"


@pytest.mark.parametrize("what", ["no children", "empty value", "garbage"])
def test_005_an_empty_signature(what: str) -> None:
    def empty(root: Any) -> None:
        signature = find(root, ".//ds:Signature")
        if what == "no children":
            for child in list(signature):
                signature.remove(child)
        else:
            find(signature, "ds:SignatureValue").text = "" if what == "empty value" else "AAAA"

    assert refused(Idp().respond(says(), after=empty)) in ("signature", "hostile", "malformed")


def test_006_hmac_with_the_public_certificate() -> None:
    def forge(root: Any) -> None:
        assertion = find(root, "saml:Assertion")
        signature = xmlsec.template.create(assertion, xmlsec.Transform.EXCL_C14N, xmlsec.Transform.HMAC_SHA256)
        assertion.insert(1, signature)
        reference = xmlsec.template.add_reference(signature, xmlsec.Transform.SHA256, uri="#_assertion1")
        xmlsec.template.add_transform(reference, xmlsec.Transform.ENVELOPED)
        xmlsec.template.add_transform(reference, xmlsec.Transform.EXCL_C14N)
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_binary_data(xmlsec.KeyData.HMAC, key("idp").certificate)
        context.register_id(assertion, "ID")
        context.sign(signature)

    assert refused(Idp(signs=()).respond(says(), before=forge)) == "signature"


@pytest.mark.parametrize("which", ["method", "digest"])
def test_007_sha1_unless_it_is_allowed(which: str) -> None:
    old = {"method": xmlsec.Transform.RSA_SHA1} if which == "method" else {"digest": xmlsec.Transform.SHA1}
    encoded = Idp(**old).respond(says())
    assert refused(encoded) == "sha1"
    taken = complete(encoded, connection(allow_sha1=True))
    assert (taken.subject, taken.remark) == ("jan.novak", "signed with SHA-1")
    assert complete(Idp().respond(says()), connection(allow_sha1=True)).remark == ""


def evil_copy(root: Any) -> Any:
    """The genuine assertion, and an unsigned one that says something else."""
    genuine = find(root, "saml:Assertion")
    forged = copy.deepcopy(genuine)
    forged.set("ID", "_evil")
    signature = find(forged, "ds:Signature")
    if signature is not None:
        forged.remove(signature)
    find(forged, ".//saml:NameID").text = "evil"
    return forged


def wrap_response(root: Any) -> tuple[Any, Any]:
    """A forged response around, and the genuine one."""
    genuine = copy.deepcopy(root)
    root.set("ID", "_evil")
    for signature in root.findall("ds:Signature", NS):
        root.remove(signature)
    find(root, ".//saml:NameID").text = "evil"
    return root, genuine


def xsw1(root: Any) -> None:
    forged, genuine = wrap_response(root)
    signature = find(genuine, "ds:Signature")
    genuine.remove(signature)
    signature.append(genuine)
    forged.insert(1, signature)


def xsw2(root: Any) -> None:
    forged, genuine = wrap_response(root)
    signature = find(genuine, "ds:Signature")
    genuine.remove(signature)
    forged.insert(1, signature)
    forged.insert(1, genuine)


def xsw3(root: Any) -> None:
    root.insert(2, evil_copy(root))


def xsw4(root: Any) -> None:
    forged, genuine = evil_copy(root), find(root, "saml:Assertion")
    root.replace(genuine, forged)
    forged.append(genuine)


def xsw5(root: Any) -> None:
    genuine = find(root, "saml:Assertion")
    forged = evil_copy(root)
    signature = find(genuine, "ds:Signature")
    genuine.remove(signature)
    forged.insert(1, signature)
    root.append(forged)


def xsw6(root: Any) -> None:
    genuine = find(root, "saml:Assertion")
    forged = evil_copy(root)
    signature = find(genuine, "ds:Signature")
    genuine.remove(signature)
    root.replace(genuine, forged)
    forged.insert(1, signature)
    signature.append(genuine)


def xsw7(root: Any) -> None:
    extensions = etree.Element(f"{{{SAMLP}}}Extensions")
    extensions.append(evil_copy(root))
    root.insert(1, extensions)


def xsw8(root: Any) -> None:
    genuine, forged = find(root, "saml:Assertion"), evil_copy(root)
    signature = find(genuine, "ds:Signature")
    genuine.remove(signature)
    root.replace(genuine, forged)
    forged.insert(1, signature)
    holder = etree.SubElement(signature, f"{{{DS}}}Object")
    holder.append(genuine)


@pytest.mark.parametrize("attack", [xsw1, xsw2, xsw3, xsw4, xsw5, xsw6, xsw7, xsw8], ids=lambda one: one.__name__)
def test_008_wrapped_signatures(attack: Callable[[Any], None]) -> None:
    signs = ("Response",) if attack in (xsw1, xsw2) else ("Assertion",)
    assert refused(Idp(signs=signs).respond(says(), after=attack)) == "hostile"


@pytest.mark.parametrize("place", ["duplicate ID", "StatusDetail", "Advice"])
def test_009_a_signed_assertion_where_none_belongs(place: str) -> None:
    def hide(root: Any) -> None:
        genuine, forged = find(root, "saml:Assertion"), evil_copy(root)
        root.replace(genuine, forged)
        if place == "duplicate ID":
            forged.set("ID", genuine.get("ID"))
            root.append(genuine)
        elif place == "StatusDetail":
            etree.SubElement(find(root, "samlp:Status"), f"{{{SAMLP}}}StatusDetail").append(genuine)
        else:
            etree.SubElement(forged, f"{{{SAML}}}Advice").append(genuine)

    assert refused(Idp().respond(says(), after=hide)) == "hostile"


def encoded(text: bytes) -> str:
    return b64encode(text).decode()


def test_010_two_roots() -> None:
    text = etree.tostring(Idp().signed(says()))
    assert refused(encoded(text + text)) == "malformed"


@pytest.mark.parametrize("what", ["two SignedInfo", "comment in DigestValue", "two References"])
def test_011_parts_of_a_signature_twice(what: str) -> None:
    def double(root: Any) -> None:
        info = find(root, ".//ds:SignedInfo")
        if what == "two SignedInfo":
            info.addnext(copy.deepcopy(info))
        elif what == "two References":
            info.append(copy.deepcopy(find(info, "ds:Reference")))
        else:
            digest = find(info, ".//ds:DigestValue")
            digest.insert(0, etree.Comment("x"))

    assert refused(Idp().respond(says(), after=double)) == "hostile"


@pytest.mark.parametrize("uri", ["", "#xpointer(/)", "http://127.0.0.1:1/x", "file:///etc/passwd"])
def test_012_a_reference_that_leads_elsewhere(uri: str) -> None:
    def lead(root: Any) -> None:
        find(root, ".//ds:Reference").set("URI", uri)

    assert refused(Idp().respond(says(), after=lead)) == "hostile"


@pytest.mark.parametrize("scheme", ["file", "http"])
def test_013_a_second_reference_opens_nothing(scheme: str, tmp_path: Any) -> None:
    import os
    import socket
    import threading

    opened: list[str] = []
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.5)
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)

    def watch() -> None:
        try:
            listener.accept()
            opened.append("http")
        except TimeoutError:
            pass

    watcher = threading.Thread(target=watch)
    watcher.start()
    uri = f"file://{fifo}" if scheme == "file" else f"http://127.0.0.1:{listener.getsockname()[1]}/"

    def second(root: Any) -> None:
        info = find(root, ".//ds:SignedInfo")
        extra = copy.deepcopy(find(info, "ds:Reference"))
        extra.set("URI", uri)
        info.append(extra)

    assert refused(Idp().respond(says(), after=second)) == "hostile"
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    os.close(reader)  # nobody holds it open for writing or reading: it would have blocked above
    watcher.join()
    listener.close()
    assert opened == []


@pytest.mark.parametrize("uri", ["file:///dev/zero", "http://127.0.0.1:1/"])
def test_014_an_encrypted_assertion_that_refers_elsewhere(uri: str) -> None:
    def encrypt(root: Any) -> None:
        root.replace(
            find(root, "saml:Assertion"),
            etree.fromstring(
                f'<saml:EncryptedAssertion xmlns:saml="{SAML}"><xenc:EncryptedData '
                f'xmlns:xenc="http://www.w3.org/2001/04/xmlenc#"><xenc:CipherData><xenc:CipherReference URI="{uri}"/>'
                "</xenc:CipherData></xenc:EncryptedData></saml:EncryptedAssertion>"
            ),
        )

    assert refused(Idp().respond(says(), after=encrypt)) == "encryption"


XSLT = "http://www.w3.org/TR/1999/REC-xslt-19991116"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"


@pytest.mark.parametrize("algorithm", [XSLT, XPATH])
def test_015_transforms_that_run_programs(algorithm: str) -> None:
    def add(root: Any) -> None:
        find(root, ".//ds:Transform").set("Algorithm", algorithm)

    assert refused(Idp().respond(says(), after=add)) == "hostile"


def test_016_a_thousand_transforms() -> None:
    def many(root: Any) -> None:
        transforms = find(root, ".//ds:Transforms")
        for _ in range(1000):
            transforms.append(copy.deepcopy(transforms[0]))

    assert refused(Idp().respond(says(), after=many)) in ("hostile", "too_large")


@pytest.mark.parametrize("digest", ["", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="])
def test_017_void_canonicalisation(digest: str) -> None:
    def void(root: Any) -> None:
        assertion = find(root, "saml:Assertion")
        etree.SubElement(assertion, "{relative/uri}x", nsmap={"r": "relative/uri"})
        if digest:
            find(root, ".//ds:DigestValue").text = digest

    assert refused(Idp().respond(says(), after=void)) in ("malformed", "signature", "hostile")


@pytest.mark.parametrize("where", ["NameID", "AttributeValue"])
@pytest.mark.parametrize("inside", ["comment", "instruction", "child"])
def test_018_something_inside_a_text(where: str, inside: str) -> None:
    def put(root: Any) -> None:
        one = find(root, f".//saml:{where}")
        one.text, child = (
            "admin",
            {
                "comment": etree.Comment("x"),
                "instruction": etree.PI("x"),
                "child": etree.Element("b"),
            }[inside],
        )
        child.tail = ".evil"
        one.append(child)

    assert refused(Idp().respond(says(), before=put)) == "hostile"


@pytest.mark.parametrize(
    "declared",
    [
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:1/">%x;]>',
        '<!DOCTYPE a [<!ATTLIST a b CDATA "c">]>',
        "<!DOCTYPE lolz [" + "".join(f'<!ENTITY l{n} "&l{n - 1};&l{n - 1};">' for n in range(1, 30)) + "]>",
    ],
)
def test_019_document_types_and_entities(declared: str) -> None:
    text = etree.tostring(Idp().signed(says()))
    assert refused(encoded(declared.encode() + text)) == "hostile"


@pytest.mark.parametrize("encoding", ["utf-7", "utf-16", "utf-32", "iso-8859-1"])
def test_020_other_encodings(encoding: str) -> None:
    text = etree.tostring(Idp().signed(says())).decode()
    declared = f'<?xml version="1.0" encoding="{encoding}"?>{text}'
    assert refused(encoded(declared.encode(encoding))) in ("hostile", "malformed")
    assert refused(encoded(declared.encode())) == "hostile"
    assert complete(encoded(f'<?xml version="1.0" encoding="UTF-8"?>{text}'.encode())).subject == "jan.novak"


HUGE = {
    "5,000 nested elements": "<a>" * 5_000 + "</a>" * 5_000,
    "6 MB": "x" * 6_000_000,
    "20,000 attributes": "<a " + " ".join(f'b{n}="c"' for n in range(10_000)) + "/>",
    "300 KB": "x" * 300_000,
}


@pytest.mark.parametrize("size", HUGE)
def test_021_far_too_large(size: str) -> None:
    text = f'<samlp:Response xmlns:samlp="{SAMLP}">{HUGE[size]}</samlp:Response>'
    assert refused(encoded(text.encode())) in ("too_large", "malformed")


@pytest.mark.parametrize("sent", ["", "not base64!", "PGh0bWw+PC9odG1sPg==", "eA==", "===="])
def test_022_no_response_at_all(sent: str) -> None:
    assert refused(sent) == "malformed"


# -- conditions


def audiences(*each: str) -> str:
    now = datetime.now(UTC)
    restrictions = "".join(
        f"<saml:AudienceRestriction><saml:Audience>{one}</saml:Audience></saml:AudienceRestriction>" for one in each
    )
    return (
        f'<saml:Conditions NotBefore="{stamp(now - MINUTE)}" NotOnOrAfter="{stamp(now + 5 * MINUTE)}">{restrictions}'
        "</saml:Conditions>"
    )


@pytest.mark.parametrize("audience", ["https://other.example/metadata", f"{AUDIENCE}/more", AUDIENCE[:-1]])
def test_023_another_audience(audience: str) -> None:
    assert refused(Idp().respond(says(audience=audience))) == "audience"


@pytest.mark.parametrize("told", [(), ("",), (AUDIENCE, "https://other.example")])
def test_024_no_audience_or_another_beside_ours(told: tuple[str, ...]) -> None:
    assert refused(Idp().respond(says(conditions=audiences(*told)))) in ("audience", "malformed")


@pytest.mark.parametrize("signs", ["Assertion", "Response"])
@pytest.mark.parametrize("to", ["https://evil.example/acs", f"{ACS}/more", f"{ACS}?ven=2", ACS[:-1]])
def test_025_another_destination(signs: str, to: str) -> None:
    assert refused(Idp(signs=(signs,)).respond(says(destination=to))) == "destination"


def test_025_a_signed_response_names_its_destination() -> None:
    assert refused(Idp(signs=("Response",)).respond(says(destination=None))) == "destination"
    assert complete(Idp().respond(says(destination=None))).subject


@pytest.mark.parametrize("to", ["https://evil.example/acs", f"https://evil.example/?u={ACS}", f"{ACS}1", None])
def test_026_another_recipient(to: str | None) -> None:
    assert refused(Idp().respond(says(recipient=to))) in ("destination", "binding")


@pytest.mark.parametrize("issuer", ["https://evil.example", "", f"{ENTITY}1"])
@pytest.mark.parametrize("of", ["issuer", "response_issuer"])
def test_027_another_issuer(of: str, issuer: str) -> None:
    assert refused(Idp().respond(says(**{of: issuer}))) == "issuer"


@pytest.mark.parametrize(
    ("field", "minutes"), [("now", -11), ("now", 7), ("session_ends", -1)], ids=["late", "early", "session over"]
)
def test_028_too_late_and_too_early(field: str, minutes: int) -> None:
    told = {field: datetime.now(UTC) + minutes * MINUTE}
    assert refused(Idp().respond(says(**told))) == "clock"


def test_028_two_minutes_late_is_the_clocks_fault() -> None:
    late = says(conditions=audiences(AUDIENCE).replace(stamp(datetime.now(UTC) + 5 * MINUTE), "END"))
    now = datetime.now(UTC)
    late.conditions = (
        f'<saml:Conditions NotOnOrAfter="{stamp(now - 2 * MINUTE)}"><saml:AudienceRestriction><saml:Audience>{AUDIENCE}'
        "</saml:Audience></saml:AudienceRestriction></saml:Conditions>"
    )
    assert complete(Idp().respond(late)).subject == "jan.novak"


def test_029_a_confirmation_that_ended_a_second_ago() -> None:
    told = says()
    told.subject = told.whom(data=told.data(ends=datetime.now(UTC) - timedelta(seconds=1)))
    assert refused(Idp().respond(told)) == "clock"


def test_030_no_end_or_one_after_a_year() -> None:
    told = says()
    told.subject = told.whom(
        data=told.data()
        .replace("NotOnOrAfter", "NotBefore")
        .replace(stamp(told.now + told.life), stamp(told.now - MINUTE))
    )
    assert refused(Idp().respond(told)) == "clock"
    assert refused(Idp().respond(says(life=timedelta(days=365)))) == "clock"


@pytest.mark.parametrize("how", ["holder-of-key", "sender-vouches", "no data", "two"])
def test_031_another_confirmation(how: str) -> None:
    told = says()
    if how in ("holder-of-key", "sender-vouches"):
        told.subject = told.whom(method=f"urn:oasis:names:tc:SAML:2.0:cm:{how}")
    elif how == "no data":
        told.subject = told.whom(data="")
    else:
        whole = told.whom()
        one = whole[whole.index("<saml:SubjectConfirmation") : whole.index("</saml:Subject>")]
        told.subject = told.whom().replace("</saml:Subject>", f"{one}</saml:Subject>")
    assert refused(Idp().respond(told)) in ("subject", "binding")


def test_032_a_sign_in_that_did_not_succeed() -> None:
    told = says(status="urn:oasis:names:tc:SAML:2.0:status:Responder")
    assert refused(Idp().respond(told)) == "status"


@pytest.mark.parametrize("name", ["", " jan", "jan ", "x" * 257, "a\tb"])
def test_033_an_odd_name(name: str) -> None:
    assert refused(Idp().respond(says(name_id=name))) == "subject"


def test_033_no_name_and_a_name_for_another() -> None:
    told = says()
    told.subject = told.whom().replace("<saml:NameID>jan.novak</saml:NameID>", "")
    assert refused(Idp().respond(told)) == "subject"
    told.subject = told.whom().replace("<saml:NameID>", '<saml:NameID SPNameQualifier="https://other.example">')
    assert refused(Idp().respond(told)) == "subject"


def test_034_an_attribute_twice_and_two_values() -> None:
    def double(root: Any) -> None:
        one = find(root, ".//saml:Attribute")
        one.addnext(copy.deepcopy(one))

    assert refused(Idp().respond(says(), before=double)) == "attribute"
    assert refused(Idp().respond(says(attributes={"Email": ("a@x.example", "b@x.example")}))) == "attribute"
    assert refused(Idp().respond(says(attributes={"Email": ("a" * 257,)}))) == "attribute"


@pytest.mark.parametrize("what", ["EncryptedAssertion", "EncryptedID"])
def test_035_anything_encrypted(what: str) -> None:
    def encrypt(root: Any) -> None:
        place = root if what == "EncryptedAssertion" else find(root, ".//saml:Subject")
        place.append(etree.fromstring(f'<saml:{what} xmlns:saml="{SAML}"/>'))

    assert refused(Idp().respond(says(), after=encrypt)) == "encryption"


# -- binding


@pytest.mark.parametrize("signs", ["Assertion", "Response"])
def test_036_an_answer_to_another_request(signs: str) -> None:
    assert refused(Idp(signs=(signs,)).respond(says(request="ONELOGIN_other"))) == "binding"


def test_037_an_answer_to_no_request() -> None:
    assert refused(Idp().respond(says(request=None, outer=None))) == "binding"


def test_038_the_outer_request_removed_and_the_inner_another() -> None:
    assert refused(Idp().respond(says(request="ONELOGIN_other", outer=None))) == "binding"


def test_039_our_request_added_to_the_unsigned_wrapper() -> None:
    assert refused(Idp().respond(says(request=None, outer=REQUEST))) == "binding"


def test_040_outer_ours_and_inner_another() -> None:
    assert refused(Idp(signs=("Response",)).respond(says(request="ONELOGIN_other", outer=REQUEST))) == "binding"


def test_041_an_answer_while_nothing_is_pending() -> None:
    assert refused(Idp().respond(says()), check="") == "binding"


def test_042_whoever_did_not_start_here_is_told_apart() -> None:
    assert saml.unsolicited({"SAMLResponse": Idp().respond(says(request=None, outer=None))})
    assert not saml.unsolicited({"SAMLResponse": Idp().respond(says())})
    assert not saml.unsolicited({"SAMLResponse": Idp().respond(says(request=None, outer="x"))})
    assert not saml.unsolicited({"SAMLResponse": "rubbish"})
    assert not saml.unsolicited({})


def test_044_the_same_assertion_in_another_wrapper_is_the_same_one() -> None:
    first = complete(Idp().respond(says()))
    again = complete(Idp().respond(says(response_id="_response2")))
    assert first.once == again.once
    assert complete(Idp().respond(says(assertion_id="_assertion2"))).once != first.once


def test_045_for_another_connection_of_the_same_provider() -> None:
    other = saml.addresses(ORIGIN, "other")
    told = says(acs=other["acs"], audience=other["metadata"])
    assert refused(Idp(signs=("Response",)).respond(told)) == "destination"
    told = says(audience=other["metadata"])
    assert refused(Idp().respond(told)) == "audience"


def test_053_old_and_new_certificate_until_the_old_one_is_dropped() -> None:
    old, new = key("idp"), key("idp of next year")
    both = connection(certificates=[{"der": old.der}, {"der": new.der}])
    for one in (old, new):
        assert complete(Idp(with_key=one).respond(says()), both).subject
    after = connection(certificates=[{"der": new.der}])
    assert refused(Idp(with_key=old).respond(says()), after) == "signature"


def test_099_ten_minutes_off_is_the_clocks_fault() -> None:
    for off in (-10, 10):
        assert refused(Idp().respond(says(now=datetime.now(UTC) + off * MINUTE))) == "clock"


def test_100_lxml_and_xmlsec_are_built_on_the_same_libxml2() -> None:
    """A newer lxml without its xmlsec fails in the import above: this says which."""
    assert xmlsec.get_libxml_version()[:2] == etree.LIBXML_VERSION[:2]
