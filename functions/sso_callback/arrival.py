"""A sign-in as a browser goes through it: on to the provider, and back with an answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.event_handler import Response
from browser import ASK_CODE, Cookies, link, on_to, page, table
from flows import complete, redirects, start

from roster import arriving, proving
from roster.arriving import Arrived, Refusal, Tried
from roster.refusals import REASONS, WELL
from roster.runtime import logger, signing
from roster.sessions import digest
from roster.signon import Connection, Pending, Started
from roster.site import is_path

HOME = "/client/home"
MAILED = (
    "We have mailed a code to the email address that your school's list has for you. Type it here within 15 minutes. "
    "You will not be asked again."
)
UNKNOWN = ("We do not know this address", ["Please use the link that your school sent you."])


def begin(event: Any, connection: Connection | None, trial: bool = False) -> Response[str]:
    """The answer has to come to the host that has the cookie: whoever asks another one of ours is sent there first."""
    if not connection:
        return page(404, *UNKNOWN)
    now, ours = signing(), here(event)
    known = redirects(now, connection.provider, connection.account) or [f"{now.origin}/"]
    redirect = next((one for one in known if one.startswith(f"{ours}/")), "")
    if not redirect:
        return on_to(f"{now.origin}{event.raw_path}?{event.raw_query_string}".rstrip("?"))
    to = (event.query_string_parameters or {}).get("to", "")

    def started(found: Connection, state: str) -> Started:
        return start(now, found, state, redirect)

    place = digest(str(event.request_context.http.source_ip))
    try:
        cookie = Cookies.of(event, _cookies().under_way)
        begun = now.arriving.begin(connection, started, to if is_path(to) else HOME, place, trial, cookie)
    except Refusal as refusal:
        return _refused(refusal)
    return on_to(begun.url, [_cookies().begun(begun.cookie, arriving.GOOD_FOR)])


def back(event: Any, sent: dict[str, str], fits: Callable[[Pending], bool]) -> Response[str]:
    """The provider's answer: checked, and worth a session or a number to tell the administrator."""
    now = signing()
    state = sent.get("RelayState") if "SAMLResponse" in sent else sent.get("state")
    cookie = Cookies.of(event, _cookies().under_way)
    try:
        arrived = now.arriving.complete(
            state or "", cookie, fits, lambda connection, pending: complete(now, connection, pending, sent, _now())
        )
    except Refusal as refusal:
        return _refused(refusal)
    if arrived.tried:
        return _tried(arrived.tried)
    if arrived.proof:
        return page(200, "One more step", [MAILED], ASK_CODE, [_cookies().begun(arrived.proof, proving.GOOD_FOR)])
    return _signed_in(event, arrived)


def prove(event: Any, code: str) -> Response[str]:
    """The code that was mailed: worth a session, or another try."""
    now = signing()
    cookie = Cookies.of(event, _cookies().under_way)
    try:
        arrived = now.arriving.prove(cookie, code)
    except Refusal as refusal:
        if refusal.reason == "code_wrong":
            return page(403, "One more step", ["That was not the code. Look into the newest mail."], ASK_CODE)
        return _refused(refusal)
    return _signed_in(event, arrived)


def _signed_in(event: Any, arrived: Arrived) -> Response[str]:
    logger().info("somebody signed in", extra={"account": arrived.account})
    signing().visits.end(Cookies.of(event, _cookies().session))
    return on_to(arrived.to, [_cookies().signed_in(arrived.session)])


def _refused(refusal: Refusal) -> Response[str]:
    status = STATUS.get(refusal.reason, 403)
    logger().warning(
        "a sign-in was refused",
        extra={"reason": refusal.reason, "sign_in": refusal.id, "account": refusal.account, "trial": refusal.trial},
    )
    if refusal.trial:
        return page(status, "The test was refused", [REASONS[refusal.reason], f"It is number {refusal.id}."])
    said = [FRIENDLY.get(refusal.reason, "Please start again from the sign-in link of your school.")]
    again = link(f"/client?ven={refusal.account}", "Back to the start") if refusal.account else ""
    told = f"If it stays, tell your school this number: {refusal.id}."
    return page(status, "You could not be signed in", [*said, told], again)


STATUS = {"throttled": 429, "unavailable": 503, "busy": 503}
# What a person can do about it without anybody's help; nothing that tells who is known here.
FRIENDLY = {
    "nobody": "Your school's list does not have you yet. Please ask your school to add you, or your email address.",
    "several": "Your school's list has you more than once. Please ask your school to look at it.",
    "taken": "Your school's list has another person's sign-in for you. Please ask your school, and tell the number.",
    "two_contacts": "Your sign-in was somebody else's before. Please ask your school, and tell the number.",
    "inactive": "Your school's list says that you have left. Please ask your school.",
    "state_expired": "It took longer than ten minutes. Please start again.",
    "code_expired": "The code was used, is too old or was tried too often. Please start again.",
    "confirm": "We cannot mail a code to you just now. Please ask your school, or try again in an hour.",
    "guest": "We cannot mail a code to you just now. Please ask your school, or try again in an hour.",
    "no_email": "Your school account has no email address. Ask your school to add one under Contact Info, Email.",
    "not_assigned": "Your school has not given your account access to pickAtime yet.",
    "more_needed": "Your school asks for another step first, such as multifactor authentication.",
    "unavailable": "The sign-in page of your school does not answer. Please try again in a few minutes.",
    "busy": "Your school's list is being renewed at this moment. Please try again in a few minutes.",
    "throttled": "Too many people are signing in from one place. Please try again later.",
}


def _tried(tried: Tried) -> Response[str]:
    """What the provider said, and whom that means: to whoever tries the settings, about themselves."""
    if tried.contact:
        whom = f"You are taken for {tried.contact.name}, {tried.contact.kind}. {WELL[tried.how]}"
    else:
        whom = "The school does not have you, so a new contact would be made."
    rows = [(name, ", ".join(values)) for name, values in sorted(tried.claims.items())]
    return page(200, "The test went well", [whom, "Nobody was signed in. This is what the provider said:"], table(rows))


def here(event: Any) -> str:
    """Our origin that this request came to."""
    return signing().site.at(str(event.request_context.domain_name)).origin


def _cookies() -> Cookies:
    return Cookies(signing().secure)


def _now() -> datetime:
    return datetime.now(UTC)
