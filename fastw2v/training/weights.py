"""Matrices to train in, every row on cache lines of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt

from fastw2v.tile.dispatch import CACHE_LINE, floats

ALIGNED_BYTES = 2**30  # matrices larger than this together are trained where they lie


@contextmanager
def aligned_rows(
    matrices: Sequence[npt.NDArray[np.float32]], words: int
) -> Iterator[Sequence[npt.NDArray[np.float32]]]:
    """Copies of (V, D) matrices to train in, every row on cache lines of its own; written back on leaving.

    Rows that straddle cache lines cost a tenth of the speed at D = 100, a thirtieth at D = 300. Each copy is
    (V, D rounded up to 16), zero beyond D, which no update ever changes. The matrices themselves are handed
    out where copying them takes too much memory, or too long for the `words` of text that are to be trained.
    """
    size = sum(matrix.nbytes for matrix in matrices)
    if size > ALIGNED_BYTES or words < len(matrices[0]):
        yield matrices
        return
    copies = [_aligned(matrix) for matrix in matrices]
    try:
        yield copies
    finally:
        due, interrupt = list(zip(matrices, copies, strict=True)), None
        while due:  # all or none: one matrix of this epoch and one of the last do not belong together
            try:
                matrix, copy = due[-1]
                matrix[...] = copy[:, : matrix.shape[1]]
                due.pop()
            except KeyboardInterrupt as error:
                interrupt = error
        if interrupt is not None:
            raise interrupt


def _aligned(matrix: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    rows, dim = matrix.shape
    copy = floats(rows, -(-dim // CACHE_LINE) * CACHE_LINE)
    copy[:, :dim] = matrix
    return copy
