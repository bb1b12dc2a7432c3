"""The one account, region and set of fake credentials that the local stack knows.

They are fake on purpose: nothing here reads ~/.aws or the environment, so a local run can never reach AWS.
"""

from __future__ import annotations

from typing import Any, Final

import boto3
from botocore.config import Config

ACCOUNT: Final = "123456789012"  # moto's own default account; its in-process callers assume it
REGION: Final = "us-east-1"
PARTITION: Final = "aws"
STACK_NAME: Final = "local"
HOST_KEY: Final = "AKIALOCALHOST0000000"
HERE: Final = "http://here.invalid"  # in the template: our own address, which is known once the front listens
SECRET: Final = "local-secret-not-a-secret"


def arn(service: str, resource: str) -> str:
    return f"arn:{PARTITION}:{service}:{REGION}:{ACCOUNT}:{resource}"


def connect_client(service: str, endpoint: str, session: boto3.Session | None = None) -> Any:
    """A boto3 client that can only ever talk to `endpoint` (no proxy, no profile, no instance metadata)."""
    return (session or new_session()).client(
        service,  # type: ignore[call-overload]
        endpoint_url=endpoint,
        config=Config(proxies={}, retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )


def new_session() -> boto3.Session:
    return boto3.Session(aws_access_key_id=HOST_KEY, aws_secret_access_key=SECRET, region_name=REGION)
