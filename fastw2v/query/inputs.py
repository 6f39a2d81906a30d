"""Query arguments, parsed once: keys become rows, vectors stay; and the rows that may answer."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastw2v.query.cosines import row_of_length_1, sum_of_rows, unit_row, unit_rows

Array = npt.NDArray[Any]
Key = Any  # usually a str; an int or any other hashable
Part = int | Array  # the row of a key, or a given vector (D,)
Asked = Key | Array | Sequence[Key | Array | tuple[Key | Array, float]] | None  # `positive` and `negative`

Keys = Mapping[Key, int]  # key → row

ROW_NUMBERS = (int, np.integer)  # if they are not keys
PLAIN_KEYS = (str, *ROW_NUMBERS)  # always one key, not several and not a vector


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
        if pre_normalize and post_normalize and self.weights == [1] and matrix.dtype.char in "fd":
            (part,) = self.parts  # what is asked most; the same to the last bit in fewer steps
            vector = (
                part.astype(np.float64) if isinstance(part, np.ndarray) else row_of_length_1(matrix, part)
            )
            return unit_row(vector).astype(matrix.dtype, copy=False)
        rows: list[int] = []
        row_weights: list[float] = []
        vectors: list[tuple[float, Array]] = []
        for part, weight in zip(self.parts, self.weights, strict=True):
            if isinstance(part, np.ndarray):
                vectors.append((weight, part))
            else:
                rows.append(part)
                row_weights.append(weight)
        mean = sum_of_rows(matrix, rows, row_weights, pre_normalize)
        for weight, vector in vectors:
            mean += weight * vector
        total = sum(map(abs, self.weights))
        if total not in (0, 1):
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


def weighted_items(positive: Asked, negative: Asked, keys: Keys) -> tuple[list[Key | Array], list[float]]:
    """Return all keys and vectors with their weights: that of a pair, else 1, or −1 for `negative`.

    Args:
        positive (key, vector, matrix, or list): a list may hold keys, vectors and `(key or vector, weight)`
            pairs.
        negative (key, vector, matrix, or list): the same.
        keys (mapping): the keys that there are, to tell a tuple that is one of them from a pair.

    Returns:
        tuple of (list, list of float): items and weights.

    Raises:
        TypeError: an item is not a key, a vector or a pair.
        ValueError: there are no items.
    """
    items: list[Key | Array] = []
    weights: list[float] = []
    for name, given, sign in (("positive", positive, 1.0), ("negative", negative, -1.0)):
        for item in list_items(name, given, keys):
            if isinstance(item, np.ndarray) or is_one_key(item, keys):
                items.append(item)
                weights.append(sign)
            elif isinstance(item, tuple | list) and len(item) == 2:
                items.append(item[0])
                weights.append(_weight(name, item))
            else:
                raise TypeError(f"{name} holds {item!r}: give keys, vectors or (key, weight) pairs")
    if not items:
        raise ValueError("cannot compute mean with no input: give positive or negative keys or vectors")
    return items, weights


def _weight(name: str, pair: Sequence[Any]) -> float:
    """Return the weight of a pair; TypeError or ValueError unless it is a finite number."""
    if isinstance(pair[1], str | bytes) or not hasattr(pair[1], "__float__"):
        raise TypeError(
            f"{name} holds {pair!r:.60}, which is no (key, weight) pair: {pair[1]!r:.40} is no number. "
            "Give several keys in one list"
        )
    weight = float(pair[1])
    if not math.isfinite(weight):
        raise ValueError(f"{name} holds {pair!r:.60}: a weight must be a finite number")
    return weight


def list_items(name: str, given: Asked, keys: Keys) -> list[Any]:
    """Return what was given for a parameter, one key or vector or several, as a list.

    Args:
        name (str): the parameter, for the error.
        given (key, vector, matrix, list, or None): its value; None gives an empty list.
        keys (mapping): the keys that there are, to tell a tuple that is one of them from all others.

    Returns:
        list: the items.

    Raises:
        TypeError: the value is of another type.
    """
    if given is None:
        return []
    if isinstance(given, list):
        return given
    if isinstance(given, np.ndarray) and given.ndim in (1, 2):
        return [given] if given.ndim == 1 and given.dtype.kind in "iuf" else list(given)
    if is_one_key(given, keys):
        return [given]
    raise TypeError(
        f"{name} is a {type(given).__name__}: give a key, a vector, or a list of keys, vectors and "
        "(key, weight) pairs"
    )


def is_one_key(given: Any, keys: Keys) -> bool:
    """Return whether what was given is to be looked up as it is, not as several keys, a pair, or a vector.

    That is a str or an integer, whatever is a key, and what is of the same type as the keys are, unless it
    holds keys or vectors itself.

    Args:
        given (any): what may be a key; it need not be hashable.
        keys (mapping): the keys that there are.

    Returns:
        bool: whether it is one key, present or missing.
    """
    if isinstance(given, PLAIN_KEYS):
        return True
    if isinstance(given, list | np.ndarray):
        return False
    if _is_present(given, keys):
        return True
    if given is None or not isinstance(given, type(next(iter(keys), None))):
        return False
    parts = given if isinstance(given, tuple | frozenset) else ()
    return not any(isinstance(part, np.ndarray) or _is_present(part, keys) for part in parts)


def check_several(name: str, given: Any, keys: Keys) -> Any:
    """Return what was given, which should be several keys.

    Args:
        name (str): the parameter, for the error.
        given (iterable): its value.
        keys (mapping): the keys that there are.

    Returns:
        iterable: the same.

    Raises:
        TypeError: it is one key.
    """
    if is_one_key(given, keys):
        raise TypeError(f"{name} is one key, {given!r}: give a list of words, [{given!r}]")
    return given


def _is_present(given: Any, keys: Keys) -> bool:
    """Return whether it is a key; what cannot be hashed is none."""
    try:
        return given in keys
    except TypeError:
        return False


def not_a_key(given: Any) -> str:
    """Return what to say of an object that was given as a key and cannot be one.

    Args:
        given (any): a vector, a list, or what else cannot be hashed.

    Returns:
        str: the message of the TypeError.
    """
    if isinstance(given, np.ndarray):
        return (
            f"an array of shape {given.shape} was given where a key belongs: similar_by_vector(vector) gives "
            "the keys nearest to a vector, cosine_similarities(vector, rows) its cosines with other vectors"
        )
    return f"a {type(given).__name__} was given where one key belongs: give one key, and call once for each"


def missing_key(key: Key, keys: Keys) -> str:
    """Return what to say of a key that is missing: gensim's words, and more where they would mislead.

    Args:
        key (key): what was asked for.
        keys (mapping): the keys that there are.

    Returns:
        str: the message of the KeyError.
    """
    said = f"Key '{key}' not present"
    if isinstance(key, ROW_NUMBERS) and isinstance(next(iter(keys), None), ROW_NUMBERS):
        return f"{said}: the keys are integers, so this one is not taken for the number of a row"
    return said


def check_vector(vector: Array, size: int) -> Array:
    """Return the vector, whose dimension is checked.

    Args:
        vector (array): what was given.
        size (int): D, the numbers that it must have.

    Returns:
        array: the same (D,).

    Raises:
        ValueError: it has another shape.
    """
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
    return isinstance(topn, int | Integral) and topn < 1  # int first: to ask an abstract class takes longer


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
