"""Columns of values, one per key: plain arrays, and `Ragged` for rows of different lengths."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from operator import index
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class Ragged:
    """Rows of different lengths in one array: row i is `values[starts[i]:starts[i + 1]]`, as a view."""

    def __init__(self, values: npt.NDArray[Any], starts: npt.NDArray[np.int64]) -> None:
        self.values = values
        self.starts = starts

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, row: int) -> npt.NDArray[Any]:
        i = index(row)
        if i < 0:
            i += len(self)
        if not 0 <= i < len(self):
            raise IndexError(f"row {row} of {len(self)}")
        return self.values[self.starts[i] : self.starts[i + 1]]

    def take(self, rows: npt.NDArray[np.intp]) -> Ragged:
        """Return copies of these rows, in this order."""
        lengths = np.diff(self.starts)[rows]
        starts = np.concatenate([[0], np.cumsum(lengths)])
        places = np.arange(starts[-1]) + np.repeat(self.starts[rows] - starts[:-1], lengths)
        return Ragged(self.values[places], starts)

    def __iter__(self) -> Iterator[npt.NDArray[Any]]:
        for begin, end in pairwise(self.starts.tolist()):
            yield self.values[begin:end]

    def __repr__(self) -> str:
        return f"Ragged({len(self)} rows, {len(self.values)} {self.values.dtype} values)"


def plain_column(columns: Mapping[str, Array | Ragged], name: str) -> Array:
    """Return the column of this name; TypeError if its rows have different lengths."""
    column = columns[name]
    if isinstance(column, Ragged):
        raise TypeError(f"attribute {name!r} has rows of different lengths")
    return column


def rises(starts: npt.NDArray[np.int64], total: int) -> bool:
    """Whether `starts` (rows + 1,) rises from 0 to `total`, so that it can cut as many values into rows."""
    return bool(
        len(starts) and starts[0] == 0 and starts[-1] == total and not np.any(starts[1:] < starts[:-1])
    )


def object_column(values: Iterable[Any], size: int) -> Array:
    """Return a column of `size` Python objects; those that `values` has too few of are None."""
    column = np.empty(size, dtype=object)
    for place, value in enumerate(values):  # not column[:] = values, which would take lists for rows
        column[place] = value
    return column


def descending(values: npt.ArrayLike, *, later_first: bool) -> npt.NDArray[np.intp]:
    """Return the places of `values`, the largest first; of equal values the later first, or the earlier."""
    column = np.asarray(values)
    # Stable sorting keeps equal values in their order, turning the result around reverses it. Negating the
    # values instead would not do for unsigned ones, nor for text.
    if later_first:
        return np.argsort(column, kind="stable")[::-1]
    return len(column) - 1 - np.argsort(column[::-1], kind="stable")[::-1]


def column_dtype(kind: Any) -> np.dtype[Any]:
    if kind is int:
        return np.dtype(np.int64)
    if kind in (bool, float) or (isinstance(kind, type) and issubclass(kind, np.number | np.bool_)):
        dtype: np.dtype[Any] = np.dtype(kind)
        return dtype
    return np.dtype(object)


def check_column_type(name: str, column: Array | Ragged, kind: Any) -> None:
    if isinstance(column, Ragged) or column.dtype == object:
        return
    new, old = column_dtype(kind), column.dtype
    # Any integer may go into an integer column: numpy itself refuses one that does not fit.
    if not (np.can_cast(new, old, "same_kind") or (new.kind in "iu" and old.kind in "iu")):
        raise TypeError(f"attribute {name!r} is {old}: it cannot hold {getattr(kind, '__name__', kind)}")


def resized(column: Array | Ragged, size: int) -> Array | Ragged:
    keep = min(len(column), size)
    if isinstance(column, Ragged):
        starts = np.full(size + 1, column.starts[keep])
        starts[: keep + 1] = column.starts[: keep + 1]
        return Ragged(column.values[: starts[-1]], starts)
    resized = np.zeros(size, dtype=column.dtype)
    resized[:keep] = column[:keep]
    return resized
