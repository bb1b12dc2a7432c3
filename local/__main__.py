"""Entry point of `python -m local`."""

import sys
from pathlib import Path

# The shared layer is imported from its place in the repository, as the functions do from theirs.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "layers" / "roster" / "python"))

from local.cli import main  # the path comes first

sys.exit(main())
