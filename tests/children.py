"""Other Pythons that import the very package that is tested, not the sources beside the tests."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import fastw2v

PYTHON = (sys.executable, "-P")  # -P: not the sources in the folder that pytest runs in


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(fastw2v.__file__).parent.parent), **more}
