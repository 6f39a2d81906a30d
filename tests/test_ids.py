"""text/ids.py: ids are renumbered, and go to the disk where memory does not suffice."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from fastw2v.memory import available_memory
from fastw2v.text.ids import IdStore, ProvisionalCorpus, spill_bytes

# --- encoded text ---


def test_a_provisional_corpus_becomes_an_encoded_one() -> None:
    one, other = np.array([0, 1, 2], np.int32), np.array([2, 0], np.int32)
    ids = np.array([0, 1, 2, 1, 0, 1], np.int32)  # places 0 1 2 | 0 2 0
    parts = [(one, 3), (other, 1), (other, 2)]
    encoded = ProvisionalCorpus(ids, np.array([2, 0, 3, 1]), parts).renumbered(np.array([1, -1, 0], np.int32))
    assert (len(encoded.ends), len(encoded.ids), encoded.lengths.sum()) == (4, 5, 6)
    assert encoded.ids.tolist() == [1, 0, 1, 0, 1]
    assert encoded.ends.tolist() == [1, 1, 4, 5]
    assert encoded.lengths.tolist() == [2, 0, 3, 1]


# --- ids in memory and on disk ---


PARTS = [np.arange(n, dtype=np.int32) for n in (0, 3, 1000, 0, 5, 40)]


@pytest.mark.parametrize("expected", [0, 2, 1048, 5000])
@pytest.mark.parametrize("budget", [0, 12, 13, 4011, 4012, 4192, 10**6])
def test_id_store(expected: int, budget: int) -> None:
    store = IdStore(expected, budget)
    for part in PARTS:
        store.append(part)
    ids = store.finish()
    np.testing.assert_array_equal(ids, np.concatenate(PARTS))
    assert isinstance(ids, np.memmap) == (ids.nbytes > budget)
    ids[0] = 7
    assert ids.dtype == np.int32 and ids[0] == 7


def test_an_empty_store() -> None:
    assert IdStore(budget=0).finish().size == 0


def test_the_spilt_file_has_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    store = IdStore(budget=0)
    store.append(PARTS[2])
    if os.name == "posix":
        assert not list(tmp_path.iterdir())
    ids = store.finish()
    assert isinstance(ids, np.memmap) and ids[-1] == 999
    if os.name == "posix":
        assert not list(tmp_path.iterdir())


def test_spill_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FASTW2V_SPILL_BYTES", raising=False)
    assert 0 < spill_bytes() <= available_memory() / 3
    monkeypatch.setenv("FASTW2V_SPILL_BYTES", "123")
    assert spill_bytes() == 123
    monkeypatch.setenv("FASTW2V_SPILL_BYTES", "1G")
    with pytest.raises(ValueError, match="FASTW2V_SPILL_BYTES='1G'"):
        spill_bytes()
