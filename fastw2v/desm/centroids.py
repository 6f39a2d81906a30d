"""The centroids of documents: unit rows in a matrix that grows, as they are or rounded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from fastw2v.checks import one_of
from fastw2v.desm._centroids import widen
from fastw2v.formats import native
from fastw2v.query.choices import PRECISIONS, Precision

Array = npt.NDArray[Any]

_ROWS_PER_BLOCK = 1 << 12  # rounded centroids that are made float32 at a time
_LEVELS = 127  # of int8, on each side of 0
_SPARE = 2  # a matrix that must grow leaves room for 1/2 more rows


class Centroids:
    """A matrix of unit rows (N, D), as they are or rounded, that can grow.

    An int8 row is rounded to 127ths of its largest component, which is kept beside it.

    Args:
        dim (int): D.
        precision (str): "float32", "float16" or "int8".

    Raises:
        ValueError: the precision is another.
    """

    def __init__(self, dim: int, precision: Precision = "float32") -> None:
        self.precision = one_of("precision", precision, PRECISIONS)
        self._size = 0
        self._rows: Array = np.empty((0, dim), dtype=precision)
        self._scales: npt.NDArray[np.float32] = np.empty(0, dtype=np.float32)
        self._known: npt.NDArray[np.bool_] = np.empty(0, dtype=np.bool_)

    def __len__(self) -> int:
        return self._size

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """Which rows have a direction, bool (N,)."""
        return self._known[: self._size]

    def _round(self, rows: npt.NDArray[np.float32]) -> tuple[Array, npt.NDArray[np.float32]]:
        """Return rows (R, D) rounded to this precision, and their scales (R,)."""
        if self.precision != "int8":
            return rows.astype(self.precision, copy=False), np.ones(len(rows), dtype=np.float32)
        scales = np.abs(rows).max(axis=1, initial=0) / np.float32(_LEVELS)
        levels = rows / np.where(scales > 0, scales, 1)[:, np.newaxis]
        return np.rint(levels).astype(np.int8), scales

    def extend(self, rows: npt.NDArray[np.float32], known: npt.NDArray[np.bool_]) -> None:
        """Append rows.

        Args:
            rows (array): float32 (R, D), each of length 1.
            known (array): bool (R,), which of them have a direction.
        """
        size = self._size + len(rows)
        if size > len(self._rows) or not self._rows.flags.writeable:
            # A first addition takes what it needs. Later ones leave room, so that a row is seldom moved.
            room = max(size, self._size + self._size // _SPARE)
            self._rows = _grow(self._rows, self._size, room)
            self._scales = _grow(self._scales, self._size, room)
            self._known = _grow(self._known, self._size, room)
        new = slice(self._size, size)
        self._rows[new], self._scales[new] = self._round(rows)
        self._known[new] = known
        self._size = size

    def replace(
        self, places: npt.NDArray[np.intp], rows: npt.NDArray[np.float32], known: npt.NDArray[np.bool_]
    ) -> None:
        """Put other rows in the places of some.

        Args:
            places (array): int (R,).
            rows (array): float32 (R, D), each of length 1.
            known (array): bool (R,), which of them have a direction.
        """
        if not self._rows.flags.writeable:  # mapped
            self.keep(np.arange(self._size))
        self._rows[places], self._scales[places] = self._round(rows)
        self._known[places] = known

    def truncate(self, size: int) -> None:
        """Remove the last rows.

        Args:
            size (int): how many rows stay.
        """
        self._size = min(size, self._size)

    def keep(self, places: npt.NDArray[np.intp]) -> None:
        """Keep some rows and drop all others. Those that are kept move up.

        Args:
            places (array): int (R,), the rows to keep.
        """
        self._rows, self._scales = self._rows[places], self._scales[places]
        self._known = self._known[places]
        self._size = len(places)

    def dots(
        self, vectors: npt.NDArray[np.float32], places: npt.NDArray[np.intp] | slice
    ) -> npt.NDArray[np.float32]:
        """Return the dot products of vectors with rows.

        Args:
            vectors (array): float32 (Q, D).
            places (array or slice): int (R,), the rows.

        Returns:
            float32 (Q, R): `vectors` @ `rows[places].T`.
        """
        if not isinstance(places, slice) and 2 * len(places) > self._size:
            return self.dots(vectors, slice(0, self._size))[:, places]  # faster than to copy the rows
        rows = self._rows[places]
        if self.precision == "float32":
            # BLAS is faster with one vector than with a matrix of one row.
            if len(vectors) == 1:
                return np.asarray(rows @ vectors[0], dtype=np.float32)[np.newaxis]
            return np.asarray(vectors @ rows.T, dtype=np.float32)
        out = np.empty((len(vectors), len(rows)), dtype=np.float32)
        room = np.empty((min(len(rows), _ROWS_PER_BLOCK), rows.shape[1]), dtype=np.float32)
        for start in range(0, len(rows), _ROWS_PER_BLOCK):
            block = rows[start : start + _ROWS_PER_BLOCK]
            wide = room[: len(block)]
            if self.precision == "float16":
                widen(block.view(np.uint16), wide)
            else:
                wide[...] = block
            # BLAS may read beyond the numbers, and then reports what it finds there, which it does not use.
            with np.errstate(all="ignore"):
                np.matmul(vectors, wide.T, out=out[:, start : start + len(block)])
        if self.precision == "int8":
            out *= self._scales[places]
        return out

    def to_tensors(self) -> dict[str, Array]:
        """Return the arrays that `from_tensors` needs, by name."""
        return {
            "centroids": self._rows[: self._size],
            "scales": self._scales[: self._size],
            "known": self.known,
        }

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Array], size: int, dim: int, precision: Precision) -> Self:
        """Return the rows of which `to_tensors` gave the arrays.

        Args:
            tensors (mapping of str to array): the arrays; they are used as they are, not copied.
            size (int): N.
            dim (int): D.
            precision (str): "float32", "float16" or "int8".

        Returns:
            Centroids: the rows.

        Raises:
            FormatError: an array is missing, or has another type or shape.
        """
        made = cls(dim, precision)
        made._rows = native.expect(tensors, "centroids", np.dtype(precision), (size, dim))
        made._scales = native.expect(tensors, "scales", np.float32, (size,))
        made._known = native.expect(tensors, "known", np.bool_, (size,))
        made._size = size
        return made


def _grow(array: Array, used: int, room: int) -> Array:
    """Return a copy of the first `used` rows, with room for `room`."""
    grown = np.empty((room, *array.shape[1:]), dtype=array.dtype)
    grown[:used] = array[:used]
    return grown
