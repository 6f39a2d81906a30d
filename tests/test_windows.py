"""What Windows lacks, taken away here: locks of files, and one number of a file for all calls."""

import os
from pathlib import Path
from typing import Any

import pytest

from fastw2v.formats import atomic
from fastw2v.training import checkpoint


@pytest.fixture
def no_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atomic, "fcntl", None)


@pytest.mark.usefixtures("no_locks")
def test_a_file_is_replaced_where_its_number_differs_by_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second temporary file, and a third, would be made for ever."""
    made: list[str] = []
    real = os.open

    def opened(path: Any, flags: int, *mode: int, **others: Any) -> int:
        if flags & os.O_EXCL:
            made.append(str(path))
            assert len(made) < 3
        return real(path, flags, *mode, **others)

    monkeypatch.setattr(os, "open", opened)
    monkeypatch.setattr(os.path, "samestat", lambda one, other: False)
    for content in (b"old", b"new"):
        with atomic.atomic_writer(tmp_path / "file") as file:
            file.write(content)
    assert (tmp_path / "file").read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.usefixtures("no_locks")
def test_what_a_killed_writer_left_is_removed_without_locks(tmp_path: Path) -> None:
    left = tmp_path / f".file.1234.{'0' * 16}.tmp"
    left.write_bytes(b"half")
    with atomic.atomic_writer(tmp_path / "file") as file:
        file.write(b"new")
    assert os.listdir(tmp_path) == ["file"]


def test_signals_that_the_system_lacks_are_passed_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from fastw2v import Word2Vec

    monkeypatch.setattr(checkpoint, "SIGNALS", (*checkpoint.SIGNALS, "SIGNONE"))
    text = [["a", "b", "c"]] * 20
    Word2Vec(text, vector_size=4, min_count=1, workers=1, checkpoint=tmp_path / "kept.fw2v")
