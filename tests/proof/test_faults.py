"""Every writer on a disk that fails: the old file stays, or the new one is there, whole, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from children import HANGS, PYTHON, environment
from faults import CODES, LIBRARY, MODES, build, compiler
from writers import WRITERS

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or compiler() is None, reason="needs Linux and a C compiler"
)

SHORT = ["once:EIO", "half:ENOSPC"]
LONG = [f"{mode}:{code}" for mode in MODES for code in CODES]


def outcomes(folder: Path, kinds: list[str], *names: str) -> dict[str, Any]:
    """What became of the files of writers, by name, in one child for all."""
    libraries = [*filter(None, [os.environ.get("LD_PRELOAD")]), str(build(folder))]  # a sanitizer comes first
    preloaded = environment(LD_PRELOAD=":".join(libraries), **{LIBRARY: libraries[-1]})
    command = [PYTHON[0], str(Path(__file__).with_name("disk.py")), str(folder), ",".join(kinds), *names]
    done = subprocess.run(command, env=preloaded, capture_output=True, text=True, timeout=HANGS)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return outcomes(tmp_path_factory.mktemp("disk"), SHORT, *WRITERS)


def assert_sound(found: dict[str, Any]) -> None:
    assert not found["wrong"], f"{len(found['wrong'])} are wrong:\n" + "\n".join(found["wrong"][:40])
    assert found["injected"] >= 3


@pytest.mark.parametrize("name", WRITERS)
def test_a_failing_disk(name: str, short: dict[str, Any]) -> None:
    assert_sound(short[name])


@pytest.mark.long
@pytest.mark.parametrize("name", WRITERS)
def test_a_failing_disk_in_every_way(name: str, tmp_path: Path) -> None:
    found = outcomes(tmp_path, LONG, name)[name]
    print(f"{name}: {len(found['calls'])} calls, {found['injected']} faults, {len(found['wrong'])} wrong")
    assert_sound(found)


@pytest.mark.parametrize("name", [name for name, writer in WRITERS.items() if not writer.appends])
def test_files_are_on_the_disk_before_they_are_renamed(name: str, short: dict[str, Any]) -> None:
    calls = short[name]["calls"]
    for file in WRITERS[name].files:
        renamed = calls.index(["rename", file])
        made = next(path for what, path in reversed(calls[:renamed]) if what == "fsync")
        written = max(place for place, call in enumerate(calls) if call == ["write", made])
        assert written < calls.index(["fsync", made]) < renamed
        assert ["fsync", ""] in calls[renamed:], "the folder, too"
