"""kill -9 in a loop of saves, and two processes that save to one path: what is there always loads, whole."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from children import HANGS, PYTHON, environment
from writers import WRITERS

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

REPLACED = [name for name, writer in WRITERS.items() if not (writer.appends or writer.is_command)]


def happened(what: str, folder: Path, times: int, *names: str) -> dict[str, Any]:
    """What `kills.py` says of each writer."""
    command = [PYTHON[0], str(Path(__file__).with_name("kills.py")), what, str(folder), str(times), *names]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=HANGS)
    assert done.returncode == 0, done.stderr
    found = dict(json.loads(done.stdout))
    print(what, found)
    return found


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return happened("kill", tmp_path_factory.mktemp("kills"), 15, *REPLACED)


@pytest.fixture(scope="module")
def raced(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return happened("race", tmp_path_factory.mktemp("races"), 10, *REPLACED)


@pytest.mark.parametrize("name", REPLACED)
def test_killed_while_saving(name: str, killed: dict[str, Any]) -> None:
    assert "wrong" not in killed[name], killed[name]["wrong"]


def test_some_were_killed_in_the_middle(killed: dict[str, Any]) -> None:
    assert sum(one.get("interrupted", 0) for one in killed.values()) > 10  # else nothing was tested


@pytest.mark.long
@pytest.mark.parametrize("name", REPLACED)
def test_killed_a_thousand_times(name: str, tmp_path: Path) -> None:
    found = happened("kill", tmp_path, 1000, name)[name]
    assert "wrong" not in found, found["wrong"]
    assert found["interrupted"] > 20


@pytest.mark.parametrize("name", REPLACED)
def test_two_processes_save_to_one_path(name: str, raced: dict[str, Any]) -> None:
    assert "wrong" not in raced[name], raced[name]["wrong"]
    assert raced[name]["reads"] > 1


@pytest.mark.long
@pytest.mark.parametrize("name", REPLACED)
def test_two_processes_save_to_one_path_200_times(name: str, tmp_path: Path) -> None:
    found = happened("race", tmp_path, 200, name)[name]
    assert "wrong" not in found, found["wrong"]
    assert found["seen"] == [1, 2]
