"""Writes bench/COST.md: what nights cost, what limits they come near, and ten thousand schools at 1 AM."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from bench import prices as p
from bench.cost import Night, Scales, counted, night

PAGE = Path(__file__).parent / "COST.md"
SIZES = (500, 50_000, 1_000_000)
NIGHTS = {"first": "first import", "quiet": "quiet night", "2 %": "2 % night"}
SCHOOLS, SCHOOL = 10_000, 500
NIGHTS_A_YEAR = 365

ABOUT = """# What a night costs on AWS

Written by `python -m bench cost` from `bench/results/counts.json`. Nothing was measured on AWS: requests, items,
write units (those of the indexes among them, as if all that an index holds of a written contact were new), state sizes
and seconds of CPU were counted here on {date} at {sizes} students, and every other
size lies on the straight line through the two nearest of them (over students, or over pairs of page and shard where
that foretells the largest of them better: a plan may read each page for each shard). Prices are us-east-1
list prices as of {priced}, an assumption (`bench/prices.py` names each); free tiers, storage, logs and data transfer
are left out (what a first import of a million students stages is {staged:.1f} GB, which would be {month:.2f} dollars a
month).

A second of CPU here is taken for a second of a Lambda of {memory:.2f} GB on arm64. Assumed latencies: {page:g} s a
page of 5,000 rows, {s3:.0f} ms a request to S3, {write:.0f} ms a batch of writes.
"""

SCHOOLS_ABOUT = """Step Functions starts {at_once:,} executions at once and {starts} a second after that: all of them
within {starting:.0f} s, where whatever starts them retries what is refused. A run uses one Lambda at a time (a school
of this size is one shard), so {schools:,} want to run at once. An account has {concurrency:,} unless that is raised,
and a function's share rises by {rise:,} every ten seconds: calls that find none are retried by the state machine, with
back-off and jitter. Raise the quota, or spread the start over some minutes; the table says how long it takes at the
default.
"""


def write() -> None:
    date, scales = counted()
    PAGE.write_text("\n".join(_page(date, scales)) + "\n")
    print(PAGE.read_text())


def _page(date: str, scales: Scales) -> Iterator[str]:
    staged = night(scales, 1_000_000, "first").staged_bytes / 2**30
    yield ABOUT.format(
        date=date,
        sizes=", ".join(f"{size:,}" for size in sorted(scales)),
        priced=p.PRICED,
        staged=staged,
        month=staged * p.S3_MONTH,
        memory=p.LAMBDA_GB,
        page=p.PAGE_SECONDS,
        s3=p.S3_SECONDS * 1000,
        write=p.WRITE_SECONDS * 1000,
    )
    nights = {(size, name): night(scales, size, name) for size in SIZES for name in NIGHTS}
    yield from _dollars(nights)
    yield from _limits(nights)
    yield from _schools({name: night(scales, SCHOOL, name) for name in NIGHTS})


def _dollars(nights: Mapping[tuple[int, str], Night]) -> Iterator[str]:
    yield "## Dollars\n"
    yield "| students | night | items written | DynamoDB | S3 | Lambda | Step Functions | total |"
    yield "|--:|---|--:|--:|--:|--:|--:|--:|"
    for (size, name), one in nights.items():
        costs = " | ".join(f"{cost:.5f}" for cost in one.costs().values())
        yield f"| {size:,} | {NIGHTS[name]} | {one.items:,} | {costs} | {one.total:.4f} |"
    yield "\n| students | a year of 2 % nights | a year of quiet nights | a year of full rewrites (writes alone) |"
    yield "|--:|--:|--:|--:|"
    for size in SIZES:
        year = [NIGHTS_A_YEAR * nights[size, name].total for name in ("2 %", "quiet")]
        rewrite = NIGHTS_A_YEAR * nights[size, "first"].units * p.DYNAMODB_WRITE
        yield f"| {size:,} | {year[0]:,.2f} | {year[1]:,.2f} | {rewrite:,.2f} |"


def _limits(nights: Mapping[tuple[int, str], Night]) -> Iterator[str]:
    yield "\n## Duration, and the limits of one run\n"
    yield (
        f"Step Functions keeps at most {p.HISTORY_EVENTS:,} events of an execution and passes at most "
        f"{p.STATE_BYTES // 1024} KB from state to state; a new on-demand table takes {p.NEW_TABLE:,} write units a "
        f"second and doubles within 30 minutes of use. The state machine gives a run {p.RUN_SECONDS // 3600} "
        "hours. Retries are not reckoned.\n"
    )
    yield "| students | night | pages | calls | Lambda seconds | minutes in all | events | state, KB | within |"
    yield "|--:|---|--:|--:|--:|--:|--:|--:|---|"
    for (size, name), one in nights.items():
        figures = f"{one.pages:,} | {one.calls:,} | {one.lambda_seconds:,.0f} | {one.duration / 60:,.1f}"
        limits = f"{one.events:,} | {one.state_bytes / 1024:.1f} | {within(one)}"
        yield f"| {size:,} | {NIGHTS[name]} | {figures} | {limits} |"


def within(one: Night) -> str:
    over = []
    if one.events > p.HISTORY_EVENTS:
        over.append("too many events")
    if one.state_bytes > p.STATE_BYTES:
        over.append("too large a state")
    if one.duration > p.RUN_SECONDS:
        over.append(f"longer than {p.RUN_SECONDS // 3600} hours")
    return ", ".join(over) or "yes"


def _schools(nights: Mapping[str, Night]) -> Iterator[str]:
    yield f"\n## {SCHOOLS:,} schools of {SCHOOL} students, all at 1 AM\n"
    starting = max(0, SCHOOLS - p.STARTS_AT_ONCE) / p.STARTS
    yield SCHOOLS_ABOUT.format(
        at_once=p.STARTS_AT_ONCE,
        starts=p.STARTS,
        starting=starting,
        schools=SCHOOLS,
        concurrency=p.CONCURRENCY,
        rise=p.CONCURRENCY_RISE,
    )
    yield f"| night | dollars | minutes at {p.CONCURRENCY:,} Lambdas | write units | minutes to write | at the quota |"
    yield "|---|--:|--:|--:|--:|--:|"
    for name, one in nights.items():
        units = SCHOOLS * (one.units + one.small_writes)
        drained = SCHOOLS * one.lambda_seconds / p.CONCURRENCY / 60
        writing = f"{units:,} | {units / p.NEW_TABLE / 60:.1f} | {units / p.TABLE_QUOTA / 60:.1f}"
        yield f"| {NIGHTS[name]} | {SCHOOLS * one.total:,.2f} | {drained:.1f} | {writing} |"
    yield (
        f"\nAll schools share one table: its quota is {p.TABLE_QUOTA:,} write units a second unless raised, and each "
        "partition takes 1,000, which is why an account's contacts are spread over 16 partition keys."
    )
