"""training/weights.py: matrices on cache lines of their own."""

from __future__ import annotations

import numpy as np
import pytest
from factories import LONGER, MODES, SMALL, matrices

from fastw2v import Word2Vec
from fastw2v.training import weights as in_training


class Struck(np.ndarray):
    """An array that Ctrl-C strikes the first time that it is written to."""

    strikes = 1

    def __setitem__(self, key, value):
        super().__setitem__(key, value)
        if self.strikes:
            self.strikes -= 1
            raise KeyboardInterrupt


@pytest.mark.parametrize("dim", [1, 16, 17, 100])
def test_aligned_rows_are_written_back_whatever_happens(dim):
    before = [np.arange(3 * dim, dtype=np.float32).reshape(3, dim) + i for i in range(2)]
    matrices = [matrix.copy().view(Struck) for matrix in before]
    with pytest.raises(KeyboardInterrupt), in_training.aligned_rows(matrices, 3) as rows:
        for matrix, copy in zip(before, rows, strict=True):
            assert copy.ctypes.data % 64 == 0 and copy.strides[0] % 64 == 0
            assert np.array_equal(copy[:, :dim], matrix) and not copy[:, dim:].any()
            copy[:, :dim] += 1
        raise ValueError("the text is broken")
    for matrix, then in zip(matrices, before, strict=True):
        assert np.array_equal(matrix, then + 1)


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
