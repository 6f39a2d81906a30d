"""Lengths and unit rows of a matrix that may change at any time: what is asked for is computed then.

Programs written for gensim, which keeps both, take single rows of them in loops. What would be kept here
could not be told that someone wrote to the matrix, so nothing is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import index
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.mixins import NDArrayOperatorsMixin

from fastw2v.query.cosines import float_type, row_lengths, row_of_length_1, unit_rows

Array = npt.NDArray[Any]


class Computed(NDArrayOperatorsMixin):
    """What is computed of the rows of a matrix, as an array that cannot be written to.

    A row, a slice or a choice of rows is computed of these rows; everything else that arrays can do is done
    by an array of all rows. `np.array(x)` keeps the present values.

    Args:
        matrix (array): (V, D); what is written to it later counts.
    """

    def __init__(self, matrix: Array) -> None:
        self._matrix = matrix

    def _of(self, rows: Array) -> Array:
        """Return what belongs to these rows (R, D)."""
        raise NotImplementedError

    def _of_row(self, row: int) -> Any:
        """Return what belongs to one row."""
        return self._of(self._matrix[row : row + 1])[0]

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> Array:
        if copy is False:
            raise ValueError(
                "this is computed when it is asked for, so there is nothing to share: omit copy=False"
            )
        values = self._of(self._matrix)
        return values if dtype is None else values.astype(dtype, copy=False)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if any(isinstance(out, Computed) for out in options.get("out", ())):
            raise TypeError("this is computed of the vectors and cannot be written to: change the vectors")
        arrays = [np.asarray(given) if isinstance(given, Computed) else given for given in inputs]
        return getattr(ufunc, method)(*arrays, **options)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # numpy asks for protocols that this is not to have
            raise AttributeError(name)
        return getattr(np.asarray(self), name)

    def __getitem__(self, key: Any) -> Any:
        rows, rest = (key[0], key[1:]) if isinstance(key, tuple) and key else (key, ())
        if isinstance(rows, int | np.integer) and not isinstance(rows, bool | np.bool_):
            row = index(rows)
            if not -len(self) <= row < len(self):
                raise IndexError(f"row {row} of {len(self)}")
            found = self._of_row(row % len(self))
            return found[rest] if rest else found
        if isinstance(rows, slice):
            return self._of(self._matrix[rows])[(slice(None), *rest)]
        if not rest and isinstance(rows, list | np.ndarray):
            rows = np.asarray(rows) if len(rows) else np.empty(0, dtype=np.intp)
            if rows.ndim == 1:
                return self._of(self._matrix[rows])
        return np.asarray(self)[key]

    def __len__(self) -> int:
        return len(self._matrix)

    def __iter__(self) -> Iterator[Any]:
        return iter(np.asarray(self))

    def __contains__(self, value: Any) -> bool:
        return value in np.asarray(self)

    def __bool__(self) -> bool:
        return bool(np.asarray(self))

    def __repr__(self) -> str:
        return repr(np.asarray(self))

    def __str__(self) -> str:
        return str(np.asarray(self))

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Copies and pickles are arrays of the present values."""
        return np.asarray(self).__reduce_ex__(protocol)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the values: that of the matrix, or float64 if it holds no floats."""
        return float_type(self._matrix)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array of all values."""
        raise NotImplementedError

    @property
    def ndim(self) -> int:
        """The number of dimensions of the array of all values."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of values."""
        return int(np.prod(self.shape))


class UnitRows(Computed):
    """The rows of a matrix with length 1, (V, D); those without a direction are zero."""

    def _of(self, rows: Array) -> Array:
        return unit_rows(rows)

    def _of_row(self, row: int) -> Any:
        return row_of_length_1(self._matrix, row)

    @property
    def shape(self) -> tuple[int, ...]:
        """The matrix's (V, D)."""
        return self._matrix.shape


class RowLengths(Computed):
    """The L2 norms of the rows of a matrix, (V,)."""

    def _of(self, rows: Array) -> Array:
        return row_lengths(rows)

    @property
    def shape(self) -> tuple[int, ...]:
        """The matrix's V."""
        return self._matrix.shape[:1]
