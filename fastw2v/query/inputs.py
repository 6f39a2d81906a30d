"""What a query asks for, read once: keys become rows, vectors stay; and which rows may answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastw2v.query.cosines import unit_row, unit_rows

Array = npt.NDArray[Any]
Key = Any  # a str as a rule; an int or any other hashable
Part = int | Array  # the row of a key, or a given vector (D,)

PLAIN_KEYS = (str, int, np.integer)  # never taken for several keys, nor for a vector
_ONE_ITEM = (*PLAIN_KEYS, np.ndarray)  # never taken for a pair of an item and its weight


class Question(NamedTuple):
    """Rows and vectors in the order in which they were asked for, each with its weight."""

    parts: list[Part]
    weights: list[float]
    size: int  # D, of every vector

    @classmethod
    def of(
        cls, items: Iterable[Key | Array], weights: Iterable[float], row_of: Callable[[Key], int], size: int
    ) -> Question:
        """Look up keys with `row_of`, and check the length of vectors (`ValueError`).

        A key whose row is −1 is left out; what `row_of` raises goes to the caller.
        """
        parts: list[Part] = []
        weights_of_parts: list[float] = []
        for item, weight in zip(items, weights, strict=True):
            if isinstance(item, np.ndarray):
                parts.append(checked_vector(item, size))
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
        """Return Σ weight·vector / Σ |weight| (D,) over all parts, rows being those of `matrix` (V, D).

        Rows are first brought to length 1 if `pre_normalize`, the mean at the end if `post_normalize`. Of no
        parts, or weights that are all 0, it is not divided.
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
    """Return (Q, `size`) the vector of length 1 that each part by itself asks with; rows are of `matrix`."""
    queries = np.empty((len(parts), size))
    rows: list[int] = []
    places_of_rows: list[int] = []
    for place, part in enumerate(parts):
        if isinstance(part, np.ndarray):
            queries[place] = checked_vector(part, size)
        else:
            rows.append(part)
            places_of_rows.append(place)
    queries[places_of_rows] = unit_rows(matrix[rows])
    return unit_rows(queries).astype(matrix.dtype)


def weighted_items(positive: Any, negative: Any) -> tuple[list[Key | Array], list[float]]:
    """Return all keys and vectors, each with its weight: that of a pair, else 1, or −1 of `negative`."""
    items: list[Key | Array] = []
    weights: list[float] = []
    for name, given, sign in (("positive", positive, 1.0), ("negative", negative, -1.0)):
        for item in listed(name, given):
            if isinstance(item, _ONE_ITEM):
                items.append(item)
                weights.append(sign)
            elif isinstance(item, tuple | list) and len(item) == 2:
                items.append(item[0])
                weights.append(float(item[1]))
            else:
                raise TypeError(f"{name} holds {item!r}: a key, a vector or a (key, weight) pair is needed")
    if not items:
        raise ValueError("cannot compute mean with no input: give positive or negative keys or vectors")
    return items, weights


def listed(name: str, given: Any) -> list[Any]:
    """Return what was given for the parameter `name`, one key or vector or several, as a list."""
    if given is None:
        return []
    if isinstance(given, PLAIN_KEYS):
        return [given]
    if isinstance(given, np.ndarray) and given.ndim == 1 and given.dtype.kind in "iuf":
        return [given]
    if isinstance(given, list) or (isinstance(given, np.ndarray) and given.ndim in (1, 2)):
        return list(given)
    raise TypeError(
        f"{name} must be a key, a vector, or a list of keys, vectors and (key, weight) pairs, "
        f"not {type(given).__name__}"
    )


def checked_vector(vector: Array, size: int) -> Array:
    """Return the vector; `ValueError` unless it has `size` numbers."""
    if vector.shape != (size,):
        raise ValueError(f"a vector of shape {vector.shape} was given, not ({size},)")
    return vector


def asks_for_none(topn: Any) -> bool:
    """Whether so many answers are none at all."""
    return isinstance(topn, Integral) and topn < 1


def answering_rows(
    count: int, clip_start: int = 0, clip_end: int | None = None, restrict_vocab: int | None = None
) -> tuple[int, int]:
    """Return the first row, and that after the last, of those of `count` rows that may answer.

    They are the first `restrict_vocab`, or else `clip_start:clip_end`, where 0 too stands for the end.
    """
    rows = slice(0, restrict_vocab) if restrict_vocab else slice(clip_start, clip_end or None)
    start, end, _ = rows.indices(count)
    return start, end
