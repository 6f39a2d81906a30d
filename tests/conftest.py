"""Makes `tests/` importable, so that `reference` can be, and lets every test hear of older spellings anew."""

import sys
from pathlib import Path

from fastw2v import legacy

sys.path.insert(0, str(Path(__file__).parent))


def pytest_runtest_setup() -> None:
    legacy.told.clear()
