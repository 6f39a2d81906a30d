"""Copies of the matrices to train in, with every row on cache lines of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt

from fastw2v.sharing._guard import Guard
from fastw2v.tile.dispatch import CACHE_LINE, floats

ALIGNED_BYTES = 2**30  # matrices that are larger together are trained without copies


@contextmanager
def aligned_rows(
    matrices: Sequence[npt.NDArray[np.float32]], words: int, guard: Guard | None = None
) -> Iterator[Sequence[npt.NDArray[np.float32]]]:
    """Give copies of (V, D) matrices to train in, rows on their own cache lines; write them back at the end.

    Rows that straddle cache lines cost a tenth of the speed at D = 100, a thirtieth at D = 300. Each copy is
    (V, D rounded up to 16), zero beyond D, and no update changes that. If copies would take too much memory,
    or too long for a text of `words` words, the matrices themselves are given. Who holds `guard.steady` sees
    nothing of it.
    """
    size = sum(matrix.nbytes for matrix in matrices)
    if size > ALIGNED_BYTES or words < len(matrices[0]):
        yield matrices
        return
    copies, guard = [_align(matrix) for matrix in matrices], guard or Guard()
    try:
        yield copies
    finally:
        left, interrupt = list(zip(matrices, copies, strict=True)), None
        while left:  # all of them, even after Ctrl-C: matrices of different epochs do not fit together
            try:
                with guard.steady, guard.commits:
                    while left:
                        matrix, copy = left[-1]
                        matrix[...] = copy[:, : matrix.shape[1]]
                        left.pop()
            except KeyboardInterrupt as error:
                interrupt = error
        if interrupt is not None:
            raise interrupt


def _align(matrix: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return a copy (V, D rounded up to 16) whose rows begin on cache lines."""
    rows, dim = matrix.shape
    copy = floats(rows, -(-dim // CACHE_LINE) * CACHE_LINE)
    copy[:, :dim] = matrix
    return copy
