"""Entry point of `python -m local`."""

import sys
from pathlib import Path

# The shared layer is imported from its place in the repository, as the functions do from theirs.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "layers" / "roster" / "python"))

try:
    from local.cli import main  # the path comes first
except ModuleNotFoundError as missing:
    sys.exit(f"error: {missing.name} is not installed here: make setup, then source .venv/bin/activate")

sys.exit(main())
