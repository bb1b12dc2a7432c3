"""Names for what AWS asks and allows: list prices of us-east-1 and default quotas, as assumed on PRICED.

Nothing here is looked up: before a decision hangs on a figure, compare these with AWS's own pages.
"""

PRICED = "November 2026"

# US dollars
DYNAMODB_WRITE = 0.625 / 1e6  # a write unit, on demand: one started KB of one item
DYNAMODB_READ = 0.125 / 1e6  # a read unit
S3_PUT = 0.005 / 1e3  # also LIST
S3_GET = 0.0004 / 1e3
S3_MONTH = 0.023  # a GB
LAMBDA_SECOND = 0.0000133334  # a GB-second, arm64
LAMBDA_CALL = 0.20 / 1e6
TRANSITION = 0.025 / 1e3  # Step Functions, standard

# what AWS allows
HISTORY_EVENTS = 25_000  # of one execution
STATE_BYTES = 256 * 1024  # between two states
NEW_TABLE = 4_000  # write units a second of a new on-demand table; it doubles within 30 minutes of use
TABLE_QUOTA = 40_000  # write units a second of one table, unless raised
CONCURRENCY = 1_000  # Lambdas at once in an account, unless raised
CONCURRENCY_RISE = 1_000  # more every ten seconds, of one function
STARTS_AT_ONCE, STARTS = 1_300, 300  # executions: a bucket, and what refills it each second

# what the template asks for
LAMBDA_GB = 1769 / 1024
LAMBDA_SECONDS = 900
RUN_SECONDS = 21_600  # TimeoutSeconds of the state machine
MAP_AT_ONCE = 8
PAGES_A_TURN = 20
PULL_RESERVE, PLAN_RESERVE = 240, 60  # seconds that a turn leaves unused

# what we assume of the network; the benchmark's own answers come at once
PAGE_SECONDS = 1.0  # a page of 5,000 rows
S3_SECONDS = 0.03  # a request
WRITE_SECONDS = 0.01  # a batch of 25 items
BATCHES_AT_ONCE = 8
CALL_SECONDS = 0.1  # between two states
CALL_READS = 4  # read units that a call spends on locks, the integration and the event
