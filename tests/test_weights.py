"""training/weights.py: rows on cache lines of their own, or the matrices with an undo log."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from factories import LONGER, MODES, SMALL, matrices

from fastw2v import FastW2VWarning, Word2Vec
from fastw2v.training import weights as in_training


class Struck(np.ndarray):
    """An array that Ctrl-C strikes the first time that it is written to."""

    strikes = 1

    def __setitem__(self, key, value):
        super().__setitem__(key, value)
        if self.strikes:
            self.strikes -= 1
            raise KeyboardInterrupt


DIMENSIONS = [1, 16, 17, 100]


def numbered(dim: int, rows: int = 3) -> dict[str, Any]:
    return {
        name: np.arange(rows * dim, dtype=np.float32).reshape(rows, dim) + number
        for number, name in enumerate(in_training.PLACES)
    }


def spoilt(rows: Any) -> None:
    """Trained to the end, and then no longer finite."""
    for array in rows.values():
        array += 1
    list(rows.values())[-1][-1, 0] = np.inf


@pytest.mark.parametrize("dim", DIMENSIONS)
def test_copies_are_written_back_whatever_happens(dim):
    before = numbered(dim)
    matrices = {name: matrix.copy().view(Struck) for name, matrix in before.items()}
    with pytest.raises(KeyboardInterrupt), in_training.rows_to_train(matrices, 3) as held:
        assert held.undo is None
        for name, copy in held.rows.items():
            assert copy.ctypes.data % 64 == 0 and copy.strides[0] % 64 == 0
            assert np.array_equal(copy[:, :dim], before[name]) and not copy[:, dim:].any()
            copy[:, :dim] += 1
        raise ValueError("the text is broken")
    for name, matrix in matrices.items():
        assert np.array_equal(matrix, before[name] + 1)


@pytest.mark.parametrize("error", [None, in_training.NotFinite, ValueError, KeyboardInterrupt])
@pytest.mark.parametrize("dim", DIMENSIONS)
def test_copies_that_are_not_finite_are_not_written_back(dim, error):
    matrices, before = numbered(dim), numbered(dim)
    with (
        pytest.raises(error or in_training.NotFinite) as raised,
        in_training.rows_to_train(matrices, 3) as held,
    ):
        spoilt(held.rows)
        if error is not None:
            raise error
    assert getattr(raised.value, "taken_back", True)
    for name, matrix in matrices.items():
        assert np.array_equal(matrix, before[name])


def test_what_was_kept_on_the_way_is_what_comes_back():
    matrices = numbered(4)
    with pytest.raises(in_training.NotFinite), in_training.rows_to_train(matrices, 3) as held:
        for array in held.rows.values():
            array[0, :4] = 7
        assert held.is_finite()
        held.keep()
        spoilt(held.rows)
        assert not held.is_finite()
    assert all((matrix[0] == 7).all() and np.isfinite(matrix).all() for matrix in matrices.values())


def log_rows(undo: Any, matrices: Any, places: list[int]) -> None:
    """As a worker does."""
    rows = len(next(iter(matrices.values())))
    chunk, used = None, 0
    for place in places:
        if chunk is None or used == len(chunk[0]):
            chunk, used = undo.room(chunk), 0
        chunk[0][used], chunk[1][used] = place, list(matrices.values())[place // rows][place % rows]
        used += 1


@pytest.mark.parametrize("budget", [0, 2**27], ids=["in a file", "in memory"])
@pytest.mark.parametrize("dim", [1, 17])
def test_saved_rows_come_back(dim, budget, monkeypatch):
    monkeypatch.setattr(in_training, "UNDO_BYTES", budget)
    monkeypatch.setattr(in_training, "FIRST_CHUNK", 8 * dim)  # two rows
    monkeypatch.setattr(in_training, "LARGEST_CHUNK", 8 * dim)
    matrices, before = numbered(dim, 40), numbered(dim, 40)
    undo = in_training.Undo(matrices)
    places = np.random.default_rng(0).permutation(120)[:77].tolist()
    log_rows(undo, matrices, places)
    assert bool(undo._spilt) == (budget == 0)
    for matrix in matrices.values():
        matrix += 1
    assert undo.is_finite()
    matrices["syn1"][places[0] % 40, 0] = np.nan
    for place in places:
        list(matrices.values())[place // 40][place % 40, 0] = np.nan
    assert not undo.is_finite()
    assert undo.restore() and undo.restore()
    for number, (name, matrix) in enumerate(matrices.items()):
        saved = np.isin(np.arange(40) + 40 * number, places)
        assert np.array_equal(matrix[saved], before[name][saved])


def test_a_disk_that_fills_up_ends_the_saving_not_the_training(monkeypatch, caplog):
    class Full:
        def __init__(self, expected: int) -> None: ...

        def write(self, array: Any) -> None:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(in_training, "SpillFile", Full)
    monkeypatch.setattr(in_training, "UNDO_BYTES", 0)
    monkeypatch.setattr(in_training, "FIRST_CHUNK", 8)
    monkeypatch.setattr(in_training, "LARGEST_CHUNK", 8)
    matrices = numbered(1, 9)
    with pytest.raises(in_training.NotFinite) as raised, in_training.rows_to_train(matrices, 0) as held:
        log_rows(held.undo, matrices, list(range(9)))
        matrices["syn0"][8] = np.inf
    assert not raised.value.taken_back
    assert caplog.text.count("can no longer be taken back") == 1


def test_it_is_said_before_that_no_disk_has_room(monkeypatch):
    monkeypatch.setattr(in_training, "ALIGNED_BYTES", 0)
    monkeypatch.setattr(in_training, "UNDO_BYTES", 0)
    monkeypatch.setattr(in_training, "disk_with_room", lambda size: None)
    model = Word2Vec(**SMALL)
    model.build_vocab(LONGER)
    with pytest.warns(FastW2VWarning, match=r"cannot be taken back.*TMPDIR"):
        model.train(LONGER, total_examples=len(LONGER), epochs=2)
    assert len(model.history) == 2


def test_copies_that_do_not_fit_into_memory_are_not_made(monkeypatch):
    monkeypatch.setattr(in_training, "SMALL", 0)
    monkeypatch.setattr(in_training, "available_memory", lambda: 100)
    with in_training.rows_to_train(numbered(16), 3) as held:
        assert held.undo is not None
    monkeypatch.setattr(in_training, "available_memory", lambda: 10**6)
    with in_training.rows_to_train(numbered(16), 3) as held:
        assert held.undo is None


@pytest.mark.parametrize("name", MODES)
def test_aligned_rows_change_no_bit(name, monkeypatch):
    """Where copies would take too much memory the matrices are trained where they lie, to the same end."""

    def trained() -> Word2Vec:
        return Word2Vec(LONGER, **SMALL | {"vector_size": 19}, **MODES[name], epochs=2)

    aligned = trained()
    monkeypatch.setattr(in_training, "ALIGNED_BYTES", 0)
    in_place = trained()
    assert aligned.wv.vectors.shape[1] == 19 and aligned.wv.vectors.flags.c_contiguous
    for matrix in matrices(aligned):
        assert np.array_equal(getattr(aligned, matrix), getattr(in_place, matrix))
