"""The soak of an hour, for a few cycles; and that it would see what grows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from children import HANGS, PYTHON, environment
from soak import Sample, verdict

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads what Linux tells of a process")


def test_a_few_cycles() -> None:
    command = [PYTHON[0], str(Path(__file__).with_name("soak.py")), "--minutes", "0.08"]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=HANGS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("nothing grew\n")


def test_what_grows_is_seen() -> None:
    flat = [Sample(n, 100 << 20, 2, 9) for n in range(400)]
    assert not verdict(flat)
    assert not verdict([one._replace(resident=one.resident + (n % 7 << 20)) for n, one in enumerate(flat)])
    for name, step in (("threads", 1), ("files", 1), ("resident", 100 << 10)):
        growing = [one._replace(**{name: getattr(one, name) + n * step}) for n, one in enumerate(flat)]
        assert len(verdict(growing)) == 1
