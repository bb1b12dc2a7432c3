"""What AWS's errors mean to a run, in one place: tried again, unless AWS would refuse the same thing again.

The inner error is dropped: AWS may quote the row that it refuses.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import PynamoDBException

from roster.errors import StoreBusy, StoreRefused

CONDITION_FAILED = "ConditionalCheckFailedException"
FOR_GOOD = ("ValidationException", "AccessDenied", "AccessDeniedException")


@contextmanager
def trouble(where: str) -> Iterator[None]:
    """Around whatever asks AWS, or as a decorator. What may happen in good order is caught inside."""
    try:
        yield
    except (PynamoDBException, ClientError, BotoCoreError) as error:
        code = code_of(error)
        if code in FOR_GOOD:
            raise StoreRefused(f"{where} refuses this for good ({code})") from None
        raise StoreBusy(f"{where} has trouble ({code})") from None


def code_of(error: Exception) -> str:
    """AWS's own code, or the name of an error that kept AWS from answering.

    pynamodb's own `cause_response_code` breaks on a time-out.
    """
    cause = error.cause if isinstance(error, PynamoDBException) and error.cause else error
    return str(cause.response["Error"]["Code"]) if isinstance(cause, ClientError) else type(cause).__name__
