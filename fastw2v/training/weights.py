"""Rows to train in: copies on cache lines of their own, or the matrices; what went wrong is taken back."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from fastw2v.memory import SMALL, available_memory
from fastw2v.sharing._guard import Guard
from fastw2v.text.spill import SpillFile, disk_with_room
from fastw2v.tile.dispatch import CACHE_LINE, count_not_finite, floats
from fastw2v.training._kernels import NotFinite
from fastw2v.warn import warn_user

# gensim logs as its word2vec module, and people filter by that name.
logger = logging.getLogger("fastw2v.word2vec")

Matrices = Mapping[str, npt.NDArray[np.float32]]
Chunk = tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]
T = TypeVar("T")

ALIGNED_BYTES = 2**30  # matrices that are larger together are trained without copies
PLACES = ("syn0", "syn1neg", "syn1")  # the order in which workers count the rows of all matrices
UNDO_BYTES = 2**27  # of saved rows that stay in memory; more go to a file
FIRST_CHUNK, LARGEST_CHUNK = 2**17, 2**22  # bytes of saved rows that are got at a time
ROWS_OF_WORD = 32  # rows that a word of text may touch: in pairs, each context word draws its own noise


class Rows(Protocol):
    """What an epoch trains.

    Attributes:
        rows (dict of str to array): the matrices by name, (V, D or more).
        undo (Undo or None): what workers save rows to before they train them.
    """

    rows: Matrices
    undo: Undo | None

    def is_finite(self) -> bool:
        """Return whether no row that may have been trained holds NaN or infinity."""

    def keep(self) -> None:
        """Let the matrices be as they were trained so far."""

    def take_back(self) -> bool:
        """Let the matrices be as they were last kept, or at first; return whether that was possible."""


@contextmanager
def rows_to_train(
    matrices: Matrices, words: int, guard: Guard | None = None, *, copies: bool = False
) -> Iterator[Rows]:
    """Give rows to train in; at the end the matrices have them, or are as before if they are not finite.

    What was learnt before another error, or Ctrl-C, is kept.

    Args:
        matrices (dict of str to array): (V, D) float32 by name.
        words (int): words of the text, about; 0 is few.
        guard (Guard or None): of the model; who holds its `steady` sees nothing change meanwhile.
        copies (bool): they must be copies.

    Yields:
        Rows: copies; or the matrices, if copies took too much memory, or too long for the text.

    Raises:
        NotFinite: a row is no longer finite.
    """
    held: Rows = Copies(matrices) if copies or _want_copies(matrices, words) else InPlace(matrices, words)
    error: BaseException | None = None
    try:
        yield held
    except BaseException as caught:  # of any kind: it is raised below
        error = caught
    kept, taken_back = _whole(partial(_settle, held, isinstance(error, NotFinite), guard or Guard()))
    if error is None and not kept:
        error = NotFinite()
    if isinstance(error, NotFinite):
        error.taken_back = taken_back
    if error is not None:
        raise error


def _want_copies(matrices: Matrices, words: int) -> bool:
    size = sum(matrix.nbytes for matrix in matrices.values())
    enough = words >= len(next(iter(matrices.values())))
    return size <= ALIGNED_BYTES and enough and (size <= SMALL or size <= available_memory())


def _settle(held: Rows, failed: bool, guard: Guard) -> tuple[bool, bool]:
    """Keep what was trained if it is finite, else take it back; return whether each was done."""
    failed = failed or not held.is_finite()
    with guard.steady, guard.commits:
        if failed:
            return False, held.take_back()
        held.keep()
        return True, False


def _whole(work: Callable[[], T]) -> T:
    """Do work that Ctrl-C may not leave half done; raise KeyboardInterrupt afterwards if there was one."""
    interrupt = None
    while True:
        try:
            done = work()
        except KeyboardInterrupt as error:
            interrupt = error
        else:
            break
    if interrupt is not None:
        raise interrupt
    return done


class Copies:
    """Copies of the matrices, written back at the end.

    Rows that straddle cache lines cost a tenth of the speed at D = 100, a thirtieth at D = 300. Each copy is
    (V, D rounded up to 16), zero beyond D, and no update changes that.
    """

    undo: Undo | None = None

    def __init__(self, matrices: Matrices) -> None:
        self._matrices = matrices
        self.rows: Matrices = {name: _align(matrix) for name, matrix in matrices.items()}

    def is_finite(self) -> bool:
        """Return whether all rows are finite."""
        return not any(map(count_not_finite, self.rows.values()))

    def keep(self) -> None:
        """Write all rows back."""
        for name, matrix in self._matrices.items():
            matrix[...] = self.rows[name][:, : matrix.shape[1]]

    def take_back(self) -> bool:
        """Do nothing: the matrices are as they were last kept."""
        return True


class InPlace:
    """The matrices themselves, with an undo log."""

    def __init__(self, matrices: Matrices, words: int) -> None:
        self.rows: Matrices = matrices
        self.undo: Undo | None = Undo(matrices)
        size = sum(matrix.nbytes for matrix in matrices.values())
        likely = min(size, words * ROWS_OF_WORD * 4 * next(iter(matrices.values())).shape[1])
        if likely > UNDO_BYTES and disk_with_room(likely) is None:
            self.undo = None
            warn_user(
                f"an epoch that goes wrong cannot be taken back: to keep what {size:,} bytes of vectors hold "
                f"at its beginning, no disk has room for {likely:,} bytes. Set TMPDIR to a folder that has, "
                "or give checkpoint=FILE, which then is the last good state",
                log=logger,
            )

    def is_finite(self) -> bool:
        """Return whether the rows that were trained are finite; or all, where these are not known."""
        if self.undo is None:
            return not any(map(count_not_finite, self.rows.values()))
        return self.undo.is_finite()

    def keep(self) -> None:
        """Do nothing: the rows are where they belong."""

    def take_back(self) -> bool:
        """Give the rows the values that they had at the beginning, if these are known."""
        return self.undo is not None and self.undo.restore()


class Undo:
    """What rows of some matrices held before they were first trained: in memory, and beyond that in a file.

    Rows are counted through all matrices, (V, D) each: row r of matrix m of `PLACES` has the place m V + r.

    Args:
        matrices (dict of str to array): float32 (V, D) by name.

    Attributes:
        claimed (uint64 array): a bit for each place, set by the worker that saves the row.
        saved (uint64 array): a bit for each place, set once it is saved.
    """

    def __init__(self, matrices: Matrices) -> None:
        self._rows, self._dim = next(iter(matrices.values())).shape
        self._matrices = {PLACES.index(name) * self._rows: matrix for name, matrix in matrices.items()}
        words = -(-len(PLACES) * self._rows // 64)
        self.claimed = np.zeros(words, np.uint64)
        self.saved = np.zeros(words, np.uint64)
        self._chunks: list[Chunk] = []
        self._bytes = 0  # of the chunks
        self._file: SpillFile | None = None
        self._mapped: npt.NDArray[np.int32] | None = None  # the file, once it is complete
        self._spilt: list[int] = []  # rows of each chunk that is in the file
        self._lock = threading.Lock()
        self._lost = False

    def room(self, full: Chunk | None) -> Chunk:
        """Return room for more rows, with places of -1; a worker gives what is `full`, at first None."""
        size = min(LARGEST_CHUNK, max(FIRST_CHUNK, self._bytes // 2))
        count = max(1, size // (4 * self._dim))
        chunk = np.full(count, -1, np.int64), np.empty((count, self._dim), np.float32)
        with self._lock:
            if self._bytes > UNDO_BYTES and full is not None:
                self._spill(full)
            self._chunks.append(chunk)
            self._bytes += chunk[1].nbytes
        return chunk

    def _spill(self, full: Chunk) -> None:
        """Move the rows of a chunk to the file; or give all up, if the disk is full."""
        self._chunks = [chunk for chunk in self._chunks if chunk[0] is not full[0]]
        self._bytes -= full[1].nbytes
        if self._lost:
            return
        try:
            if self._file is None:
                self._file = SpillFile(sum(matrix.nbytes for matrix in self._matrices.values()))
            for part in full:
                self._file.write(part.reshape(-1).view(np.int32))
            self._spilt.append(len(full[0]))
        except OSError as error:
            self._lost, self._file = True, None
            logger.warning("an epoch that goes wrong can no longer be taken back: %s", error)

    def is_finite(self) -> bool:
        """Return whether the rows that were saved are finite now."""
        if self._lost or self._spilt:  # most of them
            return not any(map(count_not_finite, self._matrices.values()))
        return not any(
            count_not_finite(matrix, places, first)
            for first, matrix in self._matrices.items()
            for places, _ in self._chunks
        )

    def restore(self) -> bool:
        """Give the rows the values that they had; return whether these are known."""
        if self._lost:
            return False
        for places, values in [*self._chunks, *self._read()]:
            for first, matrix in self._matrices.items():
                own = (places >= first) & (places < first + self._rows)
                matrix[places[own] - first] = values[own]
        return True

    def _read(self) -> Iterator[Chunk]:
        """Yield the chunks that are in the file."""
        if self._mapped is None and self._file is not None:
            self._mapped = self._file.finish()
        if self._mapped is None:
            return
        whole, start = self._mapped, 0
        for count in self._spilt:
            middle, end = start + 2 * count, start + (2 + self._dim) * count
            yield (
                whole[start:middle].view(np.int64),
                whole[middle:end].view(np.float32).reshape(count, self._dim),
            )
            start = end


def _align(matrix: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return a copy (V, D rounded up to 16) whose rows begin on cache lines."""
    rows, dim = matrix.shape
    copy = floats(rows, -(-dim // CACHE_LINE) * CACHE_LINE)
    copy[:, :dim] = matrix
    return copy
