"""Makes `tests/` importable; each test hears of older spellings anew; tests of Ctrl-C work anywhere."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from fastw2v import legacy

# No test depends on the clock: on a busy machine an example takes ten times as long as usual.
hypothesis.settings.register_profile("fastw2v", deadline=None)
hypothesis.settings.load_profile("fastw2v")

sys.path.insert(0, str(Path(__file__).parent))

# A shell makes what it starts in the background deaf to Ctrl-C, and that is inherited by children under test.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_runtest_setup() -> None:
    legacy.told.clear()


@pytest.fixture(scope="session")
def gensims() -> Any:
    """gensim's `models.word2vec`, to compare with."""
    return pytest.importorskip("gensim.models.word2vec", reason="compares with gensim")
