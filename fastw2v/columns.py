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
    """Rows of different lengths in one array: row i is `values[starts[i]:starts[i + 1]]`, as a view.

    Args:
        values (array): the values of all rows, one after the other.
        starts (array): int64 (rows + 1,), rising from 0 to the number of values.

    Attributes:
        values (array): as given.
        starts (array): as given.
    """

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
            raise IndexError(f"row {row} is out of range: there are {len(self)} rows")
        return self.values[self.starts[i] : self.starts[i + 1]]

    def take(self, rows: npt.NDArray[np.intp]) -> Ragged:
        """Return copies of some rows.

        Args:
            rows (array): intp, their numbers in the order wanted.

        Returns:
            Ragged: the rows.
        """
        lengths = np.diff(self.starts)[rows]
        starts = np.concatenate([[0], np.cumsum(lengths)])
        places = np.arange(starts[-1]) + (self.starts[rows] - starts[:-1])[row_of_each(lengths)]
        return Ragged(self.values[places], starts)

    def __iter__(self) -> Iterator[npt.NDArray[Any]]:
        for begin, end in pairwise(self.starts.tolist()):
            yield self.values[begin:end]

    def __repr__(self) -> str:
        return f"Ragged({len(self)} rows, {len(self.values)} {self.values.dtype} values)"


def plain_column(columns: Mapping[str, Array | Ragged], name: str) -> Array:
    """Return the column of a name.

    Args:
        columns (mapping of str to column): all columns.
        name (str): the one wanted.

    Returns:
        array: one value per key.

    Raises:
        KeyError: there is no such column.
        TypeError: its rows have different lengths.
    """
    column = columns[name]
    if isinstance(column, Ragged):
        raise TypeError(f"attribute {name!r} has rows of different lengths: expected one value per key")
    return column


def rises(starts: npt.NDArray[np.int64], total: int) -> bool:
    """Return whether `starts` rises from 0 to `total`, so that it can cut that many values into rows.

    Args:
        starts (array): int64 (rows + 1,).
        total (int): how many values there are.

    Returns:
        bool: whether it does.
    """
    return bool(
        len(starts) and starts[0] == 0 and starts[-1] == total and not np.any(starts[1:] < starts[:-1])
    )


def object_column(values: Iterable[Any], size: int) -> Array:
    """Return a column of Python objects.

    Args:
        values (iterable): the objects.
        size (int): how many rows; missing values are None.

    Returns:
        array: object (size,).
    """
    column = np.empty(size, dtype=object)
    for place, value in enumerate(values):  # column[:] = values would take lists for rows
        column[place] = value
    return column


def values_of(name: str, given: Any, columns: Mapping[str, Array | Ragged]) -> Array:
    """Return values that a caller gives for a column; of rows each is one value, unless the column has rows.

    Args:
        name (str): of the column.
        given (array or sequence): one value per key.
        columns (mapping of str to column): all that there are.

    Returns:
        array: the values.

    Raises:
        TypeError: it is a single value, or the column exists and cannot hold such values.
    """
    before = plain_column(columns, name) if name in columns else None
    try:
        values = np.asarray(given)
    except ValueError:  # rows of different lengths
        values = object_column(given, len(given))
    if not values.ndim:
        raise TypeError(
            f"extras[{name!r}] is of type {type(given).__name__}: give a list of one value per key"
        )
    if values.ndim > 1 and (before is None or before.ndim == 1):
        values = object_column(given, len(given))
    if before is not None:
        check_column_type(name, before, values.dtype.type)
    return values


def row_of_each(lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the number of the row that each value is in, of rows that lie one after the other.

    Args:
        lengths (array): int64 (rows,), how many values each row has.

    Returns:
        array: int64, as long as all rows together.
    """
    # NumPy 1 on Windows counts in 32 bits unless it is told: too few for what is made of the numbers.
    return np.repeat(np.arange(len(lengths), dtype=np.int64), lengths)


def descending(values: npt.ArrayLike, *, later_first: bool) -> npt.NDArray[np.intp]:
    """Return the places of values in descending order.

    Args:
        values (array): (V,).
        later_first (bool): whether of equal values the later comes first; if not, the earlier.

    Returns:
        array: intp (V,).
    """
    column = np.asarray(values)
    # Stable sorting keeps equal values in order; turning the result around reverses that order. Negating the
    # values instead would fail for unsigned integers and for text.
    if later_first:
        return np.argsort(column, kind="stable")[::-1]
    return len(column) - 1 - np.argsort(column[::-1], kind="stable")[::-1]


def column_dtype(kind: Any) -> np.dtype[Any]:
    """Return the dtype of a column that holds values of a type; object unless they are numbers.

    Args:
        kind (type): of the values.

    Returns:
        dtype: int64 for int, float64 for float, bool for bool, numpy's own for its types.
    """
    if kind is int:
        return np.dtype(np.int64)
    if kind in (bool, float) or (isinstance(kind, type) and issubclass(kind, np.number | np.bool_)):
        dtype: np.dtype[Any] = np.dtype(kind)
        return dtype
    return np.dtype(object)


def check_column_type(name: str, column: Array | Ragged, kind: Any) -> None:
    """Raise `TypeError` unless a column can hold values of a type; objects and rows can hold any.

    Args:
        name (str): of the column, for the error.
        column (array or Ragged): the column.
        kind (type): of the values.

    Raises:
        TypeError: it cannot hold them.
    """
    if isinstance(column, Ragged) or column.dtype == object:
        return
    new, old = column_dtype(kind), column.dtype
    # Any integer may go into an integer column: numpy itself refuses one that does not fit.
    if not (np.can_cast(new, old, "same_kind") or (new.kind in "iu" and old.kind in "iu")):
        raise TypeError(f"attribute {name!r} is {old}: it cannot hold {getattr(kind, '__name__', kind)}")


def set_value(name: str, column: Array | Ragged, row: int, value: Any) -> None:
    """Write a value into a column that can hold values of its type.

    Args:
        name (str): of the column, for the error.
        column (array or Ragged): the column.
        row (int): where.
        value (any): the value; for a row of a Ragged as many values as it has.

    Raises:
        OverflowError: an integer is too large for the column.
    """
    if isinstance(column, Ragged):
        column[row][:] = value
        return
    if isinstance(value, int) and column.dtype.kind in "iu":
        limits = np.iinfo(column.dtype)
        if not limits.min <= value <= limits.max:  # NumPy 1 would wrap it around
            raise OverflowError(f"{name!r} is {column.dtype}: {value} is too large for it")
    column[row] = value


def resized(column: Array | Ragged, size: int) -> Array | Ragged:
    """Return a column cut or grown to a number of rows; new values are 0, new rows empty.

    Args:
        column (array or Ragged): the column; it is not changed.
        size (int): how many rows.

    Returns:
        array or Ragged: the new column.
    """
    if not isinstance(column, np.ndarray | Ragged):  # a list that a user put there
        column = object_column(column, len(column))
    keep = min(len(column), size)
    if isinstance(column, Ragged):
        starts = np.full(size + 1, column.starts[keep])
        starts[: keep + 1] = column.starts[: keep + 1]
        return Ragged(column.values[: starts[-1]], starts)
    plain = np.zeros((size, *column.shape[1:]), dtype=column.dtype)
    plain[:keep] = column[:keep]
    return plain
