"""text/spill.py: ids go to a folder that has room, and the error says what to set."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from children import run_python
from factories import assert_same, matrices, small, text, written

from fastw2v import Word2Vec
from fastw2v.text import spill
from fastw2v.text.ids import IdStore
from fastw2v.text.spill import SpillFile, folder_with_room

IDS = np.arange(1000, dtype=np.int32)
SMALL_DISK = 64 << 10
TEMPORARY = ("TMPDIR", "TEMP", "TMP")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK}", "tmpfs", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("mounting a small disk needs Linux and its permission")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes a folder that of temporary files, as TMPDIR does when a process begins."""

    def use(folder: Path) -> None:
        monkeypatch.setenv("TMPDIR", str(folder))
        monkeypatch.setattr("tempfile.tempdir", str(folder))

    return use


def rooms(monkeypatch: pytest.MonkeyPatch, free: dict[Path, int], in_memory: tuple[Path, ...] = ()) -> None:
    """Make these the folders that there are, with so many bytes free."""
    monkeypatch.setattr(spill, "_folders", lambda: list(map(str, free)))
    monkeypatch.setattr(spill, "_room", lambda folder: free[Path(folder)])
    monkeypatch.setattr(spill, "_is_in_memory", lambda folder: Path(folder) in in_memory)


@pytest.mark.parametrize("named", [True, False])
def test_the_first_folder_with_room_is_taken(monkeypatch: pytest.MonkeyPatch, named: bool) -> None:
    for name in TEMPORARY:
        monkeypatch.delenv(name, raising=False)
    if named:
        monkeypatch.setenv("TMPDIR", "/a")
    a, b, c = Path("/a"), Path("/b"), Path("/c")
    for free, expected, folder in (
        ({a: 10, b: 20, c: 30}, 10, a),
        ({a: 10, b: 20, c: 30}, 11, b),
        ({a: 10, b: 20, c: 30}, 31, c),
        ({a: 10, b: 30, c: 20}, 31, b),
        ({a: 10, b: 20, c: 30}, 0, a),
    ):
        rooms(monkeypatch, free)
        assert folder_with_room(expected) == str(folder)
    rooms(monkeypatch, {a: 10, b: 20, c: 30}, in_memory=(a,))
    assert folder_with_room(5) == str(a if named else b), "memory is what is short"


def test_memory_is_no_disk(disk: Path) -> None:
    assert spill._is_in_memory(str(disk)) and spill._is_in_memory(str(disk / "below"))
    assert not spill._is_in_memory(str(disk) + "-beside") or spill._is_in_memory(str(disk.parent))


def test_the_usual_folders_can_be_written_to() -> None:
    folders = spill._folders()
    assert folders and all(os.path.isdir(folder) and os.access(folder, os.W_OK) for folder in folders)
    assert folder_with_room(0) in folders
    assert SpillFile().folder in folders


def test_a_full_disk_is_left(
    disk: Path, temporary: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was written comes along, also of the write that failed half way."""
    temporary(disk)
    monkeypatch.chdir(tmp_path)
    file = SpillFile()
    assert file.folder == str(disk)
    for _ in range(100):
        file.write(IDS)
    assert file.folder != str(disk)
    ids = file.finish()
    np.testing.assert_array_equal(ids, np.tile(IDS, 100))
    ids[:] = 7
    assert not list(disk.iterdir()) and sorted(tmp_path.iterdir()) == [disk]


def test_where_no_folder_has_room_the_error_says_what_to_set(
    disk: Path, temporary: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary(disk)
    monkeypatch.setattr(spill, "_folders", lambda: [str(disk)])
    store = IdStore(expected=10**6, budget=0)
    with pytest.raises(OSError, match="does not fit on the disk") as said:
        for _ in range(100):
            store.append(IDS)
    message = str(said.value)
    for part in (f"are in {disk}, which has", "Set TMPDIR", "4,000,000 bytes", "FASTW2V_SPILL_BYTES"):
        assert part in message
    assert f"{SMALL_DISK:,} bytes of it" in message


def test_a_limit_of_the_file_size_is_told_too() -> None:
    code = """
import resource, signal
import numpy as np
from fastw2v.text.spill import SpillFile
resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))
try:
    for _ in range(9):
        SpillFile.write(file := globals().get("file") or SpillFile(), np.arange(1000, dtype=np.int32))
except OSError as error:
    print(error)
"""
    if sys.platform == "win32":
        pytest.skip("this system has no such limit")
    said = run_python(code).stdout
    assert "File too large" in said and "8,192 bytes of it are in" in said and "FASTW2V_SPILL_BYTES" in said


def test_a_model_whose_text_moved_is_the_same(
    disk: Path, temporary: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, "text", text(4000))
    expected = small(None, corpus_file=path)
    monkeypatch.setenv("FASTW2V_SPILL_BYTES", "0")
    monkeypatch.chdir(tmp_path)
    temporary(disk)
    assert_same(matrices(small(None, corpus_file=path)), matrices(expected))
    monkeypatch.setattr(spill, "_folders", lambda: [str(disk)])
    with pytest.raises(OSError, match="Set TMPDIR to a folder with room"):
        small(None, corpus_file=path)
    model = Word2Vec(min_count=1)
    with pytest.raises(OSError, match="Set TMPDIR"):
        model.build_vocab(corpus_file=path)
    assert not len(model.wv)
