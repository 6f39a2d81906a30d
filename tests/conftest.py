"""Makes `tests/` importable; each test hears of older spellings anew; tests of Ctrl-C work anywhere."""

import signal
import sys
from pathlib import Path

from fastw2v import legacy

sys.path.insert(0, str(Path(__file__).parent))

# A shell makes what it starts in the background deaf to Ctrl-C, and that is inherited by children under test.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_runtest_setup() -> None:
    legacy.told.clear()
