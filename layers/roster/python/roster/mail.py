"""The SES adapter of `Mail`: sends each mail once, and tells "certainly not sent" from "nobody knows".

botocore would send a mail again that was not answered in time, and SES would deliver both: it may try but once. Only
what SES turns away for now (a provider is down at 1 AM, and every school is told so) was certainly not sent, and waits
here.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
)

from roster.errors import MailNotSent, MailUncertain
from roster.letters import Letter

ONCE = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=20)
NOT_NOW = ("TooManyRequestsException", "ThrottlingException", "Throttling")
WAITS = (0.5, 1.0, 2.0, 4.0)  # seconds, each up to twice as long: of the many, not all come again at once
NEVER_REACHED = (EndpointConnectionError, ConnectTimeoutError)


class _NotNow(Exception):
    """SES takes fewer mails a second than came."""


class SesMail:
    """Mails from one sender, whose address or domain SES has verified."""

    def __init__(self, sender: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = boto3.client("sesv2", config=ONCE)
        self._sender, self._sleep = sender, sleep

    def send(self, to: Sequence[str], letter: Letter) -> None:
        """One mail to all of them (see roster.ports.Mail). Errors name no address."""
        for wait in (*WAITS, None):
            try:
                return self._send(to, letter)
            except _NotNow as error:
                if wait is None:
                    raise MailNotSent(f"the mail service refused a mail ({error})") from None
                self._sleep(wait * (1 + random.random()))  # noqa: S311 - no secret

    def _send(self, to: Sequence[str], letter: Letter) -> None:
        try:
            self._client.send_email(
                FromEmailAddress=self._sender,
                Destination={"ToAddresses": list(to)},
                Content={
                    "Simple": {
                        "Subject": {"Data": letter.subject, "Charset": "UTF-8"},
                        "Body": {
                            "Text": {"Data": letter.text, "Charset": "UTF-8"},
                            "Html": {"Data": letter.html, "Charset": "UTF-8"},
                        },
                    }
                },
            )
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in NOT_NOW:
                raise _NotNow(code) from None
            if error.response["ResponseMetadata"]["HTTPStatusCode"] < 500:
                raise MailNotSent(f"the mail service refused a mail ({code})") from None
            raise MailUncertain(f"the mail service failed at a mail ({code})") from None
        except NEVER_REACHED as error:
            raise MailNotSent(f"the mail service was not reached ({type(error).__name__})") from None
        except HTTPClientError as error:
            raise MailUncertain(f"the mail service did not answer ({type(error).__name__})") from None
        except BotoCoreError as error:
            raise MailNotSent(f"the mail cannot be sent ({type(error).__name__})") from None
