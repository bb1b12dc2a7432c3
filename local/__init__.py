"""Runs the whole system on one machine, from infra/template.yaml and nothing else.

There is no second description of the system here: what the template says is what runs. Ships nothing to AWS.
Start at stack.py; README-level facts on what an emulator cannot prove are in each module's docstring.
"""

import os
import sys
from types import ModuleType

# Before anything else makes a session: a profile in the developer's shell must neither be used nor be missed.
for _name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
    os.environ.pop(_name, None)
os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"


def _no_batch_jobs() -> None:
    """moto's Step Functions would load the tables of EC2 for a service that is not used here: half of its start."""
    name = "moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_batch"
    stand_in = ModuleType(name, "AWS Batch, which the local stack leaves out.")
    stand_in.StateTaskServiceBatch = type("StateTaskServiceBatch", (), {})  # type: ignore[attr-defined]
    sys.modules.setdefault(name, stand_in)


_no_batch_jobs()  # before anything of moto is imported
