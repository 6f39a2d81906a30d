"""Query arguments, parsed once: keys become rows, vectors stay; and the rows that may answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastw2v.query.cosines import unit_row, unit_rows

Array = npt.NDArray[Any]
Key = Any  # usually a str; an int or any other hashable
Part = int | Array  # the row of a key, or a given vector (D,)
Asked = Key | Array | Sequence[Key | Array | tuple[Key | Array, float]] | None  # `positive` and `negative`

PLAIN_KEYS = (str, int, np.integer)  # always one key, not several and not a vector
_ONE_ITEM = (*PLAIN_KEYS, np.ndarray)  # always one item, not a pair of an item and its weight


class Question(NamedTuple):
    """The rows and vectors of a query, in the order given, each with its weight.

    Attributes:
        parts (list): rows, as ints, and vectors (D,).
        weights (list of float): one per part.
        size (int): D, the dimension of every vector.
    """

    parts: list[Part]
    weights: list[float]
    size: int  # D, of every vector

    @classmethod
    def of(
        cls, items: Iterable[Key | Array], weights: Iterable[float], row_of: Callable[[Key], int], size: int
    ) -> Question:
        """Build a question; a key whose row is −1 is left out.

        Args:
            items (iterable): keys and vectors, each an array (D,).
            weights (iterable of float): one per item.
            row_of (callable): returns the row of a key, or −1; what it raises is passed on.
            size (int): D, which every vector must have.

        Returns:
            Question: the parts that are present, with their weights.

        Raises:
            ValueError: a vector has another dimension.
        """
        parts: list[Part] = []
        weights_of_parts: list[float] = []
        for item, weight in zip(items, weights, strict=True):
            if isinstance(item, np.ndarray):
                parts.append(check_vector(item, size))
            else:
                row = row_of(item)
                if row < 0:
                    continue
                parts.append(row)
            weights_of_parts.append(weight)
        return cls(parts, weights_of_parts, size)

    @property
    def rows(self) -> set[int]:
        """The rows of the keys."""
        return {part for part in self.parts if not isinstance(part, np.ndarray)}

    def mean(self, matrix: Array, pre_normalize: bool = True, post_normalize: bool = False) -> Array:
        """Return Σ weight·vector / Σ |weight| over all parts; zeros if there are no parts.

        If all weights are 0 the sum is not divided.

        Args:
            matrix (array): (V, D), to which the rows belong.
            pre_normalize (bool): whether rows are brought to length 1 first; vectors are not.
            post_normalize (bool): whether the mean is brought to length 1.

        Returns:
            array: (D,) of the dtype of `matrix`.
        """
        mean = np.zeros(self.size)
        rows: list[int] = []
        row_weights: list[float] = []
        total = 0.0
        for part, weight in zip(self.parts, self.weights, strict=True):
            if isinstance(part, np.ndarray):
                mean += weight * part
            else:
                rows.append(part)
                row_weights.append(weight)
            total += abs(weight)
        vectors = matrix[rows]
        if pre_normalize:
            vectors = unit_rows(vectors)
        mean += row_weights @ vectors.astype(np.float64)
        if total > 0:
            mean /= total
        if post_normalize:
            mean = unit_row(mean)
        return mean.astype(matrix.dtype)


def unit_queries(parts: Sequence[Part], matrix: Array, size: int) -> Array:
    """Return the vector of length 1 of each part by itself.

    Args:
        parts (sequence): rows and vectors.
        matrix (array): (V, D), to which the rows belong.
        size (int): D.

    Returns:
        array: (Q, D) of the dtype of `matrix`.

    Raises:
        ValueError: a vector has another dimension.
    """
    queries = np.empty((len(parts), size))
    rows: list[int] = []
    places_of_rows: list[int] = []
    for place, part in enumerate(parts):
        if isinstance(part, np.ndarray):
            queries[place] = check_vector(part, size)
        else:
            rows.append(part)
            places_of_rows.append(place)
    queries[places_of_rows] = unit_rows(matrix[rows])
    return unit_rows(queries).astype(matrix.dtype)


def weighted_items(positive: Asked, negative: Asked) -> tuple[list[Key | Array], list[float]]:
    """Return all keys and vectors with their weights: that of a pair, else 1, or −1 for `negative`.

    Args:
        positive (key, vector, matrix, or list): a list may hold keys, vectors and `(key or vector, weight)`
            pairs.
        negative (key, vector, matrix, or list): the same.

    Returns:
        tuple of (list, list of float): items and weights.

    Raises:
        TypeError: an item is not a key, a vector or a pair.
        ValueError: there are no items.
    """
    items: list[Key | Array] = []
    weights: list[float] = []
    for name, given, sign in (("positive", positive, 1.0), ("negative", negative, -1.0)):
        for item in list_items(name, given):
            if isinstance(item, _ONE_ITEM):
                items.append(item)
                weights.append(sign)
            elif isinstance(item, tuple | list) and len(item) == 2:
                items.append(item[0])
                weights.append(float(item[1]))
            else:
                raise TypeError(f"{name} holds {item!r}: give keys, vectors or (key, weight) pairs")
    if not items:
        raise ValueError("cannot compute mean with no input: give positive or negative keys or vectors")
    return items, weights


def list_items(name: str, given: Asked) -> list[Any]:
    """Return what was given for a parameter, one key or vector or several, as a list.

    Args:
        name (str): the parameter, for the error.
        given (key, vector, matrix, list, or None): its value; None gives an empty list.

    Returns:
        list: the items.

    Raises:
        TypeError: the value is of another type.
    """
    if given is None:
        return []
    if isinstance(given, PLAIN_KEYS):
        return [given]
    if isinstance(given, np.ndarray) and given.ndim == 1 and given.dtype.kind in "iuf":
        return [given]
    if isinstance(given, list) or (isinstance(given, np.ndarray) and given.ndim in (1, 2)):
        return list(given)
    raise TypeError(
        f"{name} is a {type(given).__name__}: give a key, a vector, or a list of keys, vectors and "
        "(key, weight) pairs"
    )


def check_vector(vector: Array, size: int) -> Array:
    """Return the vector; ValueError unless it has `size` numbers."""
    if vector.shape != (size,):
        raise ValueError(f"vector of shape {vector.shape}: expected ({size},)")
    return vector


def asks_for_none(topn: Any) -> bool:
    """Return whether this many answers are no answers.

    Args:
        topn (any): how many answers are wanted.

    Returns:
        bool: True for an integer below 1.
    """
    return isinstance(topn, Integral) and topn < 1


def answering_rows(
    count: int, clip_start: int = 0, clip_end: int | None = None, restrict_vocab: int | None = None
) -> tuple[int, int]:
    """Return the range of rows that may answer: the first `restrict_vocab`, or else `clip_start:clip_end`.

    Args:
        count (int): how many rows there are.
        clip_start (int): first row.
        clip_end (int or None): first row after them; None or 0 means the end.
        restrict_vocab (int or None): how many of the first rows; None or 0 means no limit.

    Returns:
        tuple of (int, int): first row, and first row after the last.
    """
    rows = slice(0, restrict_vocab) if restrict_vocab else slice(clip_start, clip_end or None)
    start, end, _ = rows.indices(count)
    return start, end
