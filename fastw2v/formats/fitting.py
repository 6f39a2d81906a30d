"""Vectors that were edited by hand → parts of which a file can be made; or an error before it is written.

The usual recipes replace `vectors`, `index_to_key` and `key_to_index` and leave the rest as it was. What
belongs to rows is cut or grown as `allocate_vecattrs` does; what contradicts itself is refused.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from operator import eq, index
from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v.columns import Ragged, object_column, resized, rises
from fastw2v.formats.parts import Vectors, rows_of
from fastw2v.formats.typed import shown
from fastw2v.warn import warn_user

Array = npt.NDArray[Any]

logger = logging.getLogger("fastw2v.keyedvectors")  # who saves has called a method of it


def fit_vectors(words: Vectors) -> Vectors:
    """Return parts that belong together: a vector, and one value of each attribute, per key.

    Args:
        words (Vectors): the parts of vectors that may have been edited by hand; they are not changed.

    Returns:
        Vectors: the same where they fit; `rows` is None if it follows from the keys.

    Raises:
        ValueError: there is not one vector per key, a key leads to no row, or an attribute is not one.
        TypeError: a part is of a type that has no rows.

    Warns:
        FastW2VWarning: attributes have another number of values than there are keys.
    """
    keys = words.keys.tolist() if isinstance(words.keys, np.ndarray) else list(words.keys)
    vectors = np.asarray(words.vectors)
    if vectors.ndim != 2 or vectors.dtype.kind not in "biuf":
        raise TypeError(
            f"vectors are {vectors.dtype} of shape {vectors.shape}: give a matrix of numbers, one row per key"
        )
    if len(vectors) != len(keys):
        raise ValueError(
            f"{len(keys)} keys, but {len(vectors)} vectors: give as many of both, as in vectors = "
            "vectors[rows] and index_to_key = [index_to_key[row] for row in rows]; a vocabulary without "
            "vectors gets them from init_weights()"
        )
    return replace(
        words,
        keys=keys,
        vectors=vectors,
        columns=_fit_columns(words.columns, len(keys)),
        lockf=None if words.lockf is None else _fit_factors(words.lockf, len(keys)),
        rows=_fit_rows(words.rows, keys),
    )


def _fit_rows(rows: Mapping[Any, int] | None, keys: list[Any]) -> dict[Any, int] | None:
    """Return the row of each key as int; None if that is what follows from the keys."""
    if rows is None:
        return None
    try:
        if _each_leads_home(rows, keys) or rows == rows_of(keys):
            return None
    except TypeError as error:  # a list among the keys
        raise TypeError(f"index_to_key holds what can be no key: {error}") from None
    fitted = {}
    for key, row in rows.items():
        try:
            number = index(row)
        except TypeError:
            raise TypeError(f"key_to_index leads from {shown(key)} to {shown(row)}: give a row") from None
        if not 0 <= number < len(keys):
            raise ValueError(
                f"key_to_index leads from {shown(key)} to row {number}, but there are only {len(keys)} rows: "
                "set key_to_index = {key: row for row, key in enumerate(index_to_key)}"
            )
        fitted[key] = number
    return fitted


def _each_leads_home(rows: Mapping[Any, int], keys: list[Any]) -> bool:
    """Return whether each row has a key of its own that leads to it; told without a second dict of all."""
    whole = len(rows) == len(keys) and None not in rows
    return whole and all(map(eq, map(rows.get, keys), range(len(keys))))


def _fit_columns(columns: Mapping[str, Any], size: int) -> dict[str, Array | Ragged]:
    """Return columns of `size` values each, cut or grown; warn if that was needed."""
    made = {name: _as_column(name, column) for name, column in columns.items()}
    wrong = {name: len(column) for name, column in made.items() if len(column) != size}
    if wrong:
        listed = ", ".join(f"{name} ({length})" for name, length in wrong.items())
        warn_user(
            f"attributes have another number of values than there are keys ({size}): {listed}. They are "
            "saved cut, or grown with zeros, and may now belong to other keys: set them anew with "
            "set_vecattr, or leave them out with ignore=['expandos']",
            log=logger,
        )
    return {name: resized(column, size) if name in wrong else column for name, column in made.items()}


def _as_column(name: str, column: Any) -> Array | Ragged:
    """Return a column, which people may have set to a list."""
    if not isinstance(name, str):
        raise TypeError(f"an attribute is named {shown(name)}: its name must be a str")
    if not _is_text(name):
        raise ValueError(f"an attribute is named {name!r}, which is no text: rename it")
    if isinstance(column, Ragged):
        if not rises(column.starts, len(column.values)) or column.values.ndim != 1:
            raise ValueError(f"attribute {name!r} has rows that do not cut its values: set it anew")
        return column
    if isinstance(column, list | tuple):
        kinds = set(map(type, column))
        plain: Array = object_column(column, len(column))
        return plain.astype(kinds.pop()) if kinds in ({int}, {float}) else plain
    array: Array = np.asarray(column)
    if not array.ndim:
        raise TypeError(f"attribute {name!r} is {shown(column)}: give one value per key")
    return array


def _is_text(name: str) -> bool:
    """Return whether a name has no half of a character, which no header of a file can have."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _fit_factors(lockf: Any, size: int) -> Array:
    """Return `vectors_lockf` as float32, one factor for all keys or one for each; new keys get 1."""
    factors: Array
    try:
        factors = np.atleast_1d(np.asarray(lockf, dtype=np.float32))
    except (TypeError, ValueError):
        factors = np.empty((0, 0))
    if factors.ndim != 1:
        raise ValueError(f"vectors_lockf is {shown(lockf)}: give one number per key, or np.ones(1)")
    if len(factors) in (0, 1, size):
        return factors
    fitted = np.ones(size, dtype=np.float32)
    fitted[: len(factors)] = factors[:size]
    return fitted
