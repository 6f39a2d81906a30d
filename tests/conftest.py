"""Makes `tests/` importable, so that `reference` can be."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
