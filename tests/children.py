"""Other Pythons that import the very package that is tested, not the sources beside the tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import fastw2v

PYTHON = (sys.executable, "-P")  # -P: not the sources in the folder that pytest runs in
CAN_COMPILE = (
    sys.platform != "win32"
    and shutil.which(os.environ.get("CC", "cc").split()[0]) is not None
    and Path(sysconfig.get_path("include"), "Python.h").is_file()
)
HANGS = 1200  # seconds after which a child will never end: a net under the tests, which measure no time


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(fastw2v.__file__).parent.parent), **more}


def run_python(code: str, *arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a child with these environment variables; it must end without an error."""
    command = [*PYTHON, "-c", code, *map(str, arguments)]
    done = subprocess.run(
        command, env=environment(**variables), capture_output=True, text=True, timeout=HANGS
    )
    assert done.returncode == 0, done.stderr
    return done
