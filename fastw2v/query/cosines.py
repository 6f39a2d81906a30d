"""Lengths of rows, cosines, and the largest of many scores: the arithmetic of every query.

A row without a direction (zeros, NaN, infinity) has cosine 0 with everything: no function here returns NaN.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v.query._sieve import Sieve, quantise
from fastw2v.threads import blas_threads, in_shares
from fastw2v.tile.dispatch import dot_rows

Array = npt.NDArray[Any]

# Squares outside this range have lost digits or overflowed in float32; such rows are recomputed in float64.
_SMALLEST_SQUARE, _LARGEST_SQUARE = 1e-30, 1e37
# The same for a product of two squares in float64.
_SMALLEST_PRODUCT, _LARGEST_PRODUCT = 1e-250, 1e300

SCORES_PER_BLOCK = 256
# Of `nearest`:
ANSWERS = 1 << 16  # at a time
INTEGERS = 1 << 25  # entries of rows held as integers at a time: 64 MB
FLOATS = 1 << 17  # entries converted to integers at a time
_NONE = np.empty(0, dtype=np.intp)


def squares(rows: Array) -> Array:
    """Return the squared L2 norms (R,) of rows; infinity where they overflow."""
    return np.asarray(np.einsum("ij,ij->i", rows, rows))  # unlike multiply, it does not warn of overflow


def _lengths(squares: Array) -> tuple[Array, Array]:
    """Return L2 norms (R,) from squared ones, and the rows to recompute in float64, with norm 1."""
    if squares.min(initial=1) > _SMALLEST_SQUARE and squares.max(initial=1) < _LARGEST_SQUARE:
        return np.sqrt(squares), _NONE
    fine = (squares > _SMALLEST_SQUARE) & (squares < _LARGEST_SQUARE)  # False for NaN
    return np.sqrt(np.where(fine, squares, 1), dtype=squares.dtype), np.flatnonzero(~fine)


def row_lengths(matrix: Array) -> Array:
    """Return the L2 norms of rows.

    Args:
        matrix (array): (R, D).

    Returns:
        array: (R,); floats keep their dtype, other numbers give float64.
    """
    if matrix.dtype.kind != "f":
        matrix = matrix.astype(np.float64)
    if matrix.dtype == np.float16:
        return row_lengths(matrix.astype(np.float32)).astype(np.float16)
    lengths, odd = _lengths(squares(matrix))
    if odd.size:
        exact = np.abs(matrix[odd].astype(np.float64))
        largest = exact.max(axis=1, initial=0)
        scalable = np.isfinite(largest) & (largest > 0)
        exact[scalable] /= largest[scalable, np.newaxis]
        with np.errstate(over="ignore"):
            lengths[odd] = np.linalg.norm(exact, axis=1) * np.where(scalable, largest, 1)
    return lengths


def unit_rows(matrix: Array) -> Array:
    """Return a new matrix with rows of length 1; zero, NaN and infinite rows become zero.

    Args:
        matrix (array): (R, D).

    Returns:
        array: (R, D); floats keep their dtype, other numbers give float64.
    """
    if matrix.dtype.kind != "f":
        matrix = matrix.astype(np.float64)
    if matrix.dtype == np.float16:
        return unit_rows(matrix.astype(np.float32)).astype(np.float16)
    lengths, odd = _lengths(squares(matrix))
    if not odd.size:
        return np.asarray(matrix / lengths[:, np.newaxis])
    with np.errstate(invalid="ignore"):
        unit = matrix / lengths[:, np.newaxis]
        exact = matrix[odd].astype(np.float64)
        exact[~np.isfinite(exact).all(axis=1)] = 0
        largest = np.abs(exact).max(axis=1, keepdims=True, initial=0)
        exact /= np.where(largest > 0, largest, 1)
        exact /= np.where(largest > 0, np.linalg.norm(exact, axis=1, keepdims=True), 1)
    unit[odd] = exact
    return np.asarray(unit)


def unit_row(vector: Array) -> Array:
    """Return a vector with length 1, as `unit_rows` does; the last bit may differ.

    Args:
        vector (array): (D,).

    Returns:
        array: (D,); zeros for a vector without a direction.
    """
    if vector.dtype.char in "fd":
        square = np.vdot(vector, vector)  # unlike multiply, it does not warn of overflow
        if _SMALLEST_SQUARE < square < _LARGEST_SQUARE:  # False for NaN
            return np.asarray(vector / np.sqrt(square))
    return np.asarray(unit_rows(vector[np.newaxis])[0])


def cosine(a: Array, b: Array) -> float:
    """Return the cosine of two vectors, in float64; exactly 1 for a vector with itself, as x / √(x·x) is.

    Args:
        a (array): (D,).
        b (array): (D,).

    Returns:
        float: from −1 to 1, or 0 if one has no direction.
    """
    a, b = a.astype(np.float64), b.astype(np.float64)
    product = float(np.vdot(a, a)) * float(np.vdot(b, b))
    if _SMALLEST_PRODUCT < product < _LARGEST_PRODUCT:  # False for NaN
        return float(np.vdot(a, b)) / math.sqrt(product)
    return float(unit_row(a).dot(unit_row(b)))


def cosines(rows: Array, unit: Array) -> Array:
    """Return the cosines of rows with a vector.

    Args:
        rows (array): (R, D).
        unit (array): (D,) of length 1, or zeros.

    Returns:
        array: (R,) of the wider dtype of `rows` and float32.

    Raises:
        ValueError: the vector has another dimension.
    """
    return _cosines_in_parts(rows, unit[np.newaxis], np.array([0, len(rows)], dtype=np.int64))


def _cosines_in_parts(rows: Array, units: Array, bounds: npt.NDArray[np.int64]) -> Array:
    """Return `cosines` (R,) of rows[bounds[q] : bounds[q + 1]] with units[q], for all of `units` (Q, D)."""
    units = units.astype(np.result_type(rows, np.float32), copy=False)
    if rows.dtype == np.float16:  # BLAS has no float16, and squares overflow
        rows = unit_rows(rows.astype(np.float32))
    scores, lengths_squared = np.empty((2, len(rows)), dtype=units.dtype)
    if rows.dtype == np.float32 and rows.flags.c_contiguous:
        dot_rows(rows, np.ascontiguousarray(units), bounds, scores, lengths_squared)
    else:
        with np.errstate(over="ignore", invalid="ignore"):
            for unit, (low, high) in zip(units, pairwise(bounds.tolist()), strict=True):
                np.matmul(rows[low:high], unit, out=scores[low:high])
        lengths_squared = squares(rows)
    lengths, odd = _lengths(lengths_squared)
    scores /= lengths
    if odd.size:
        part = np.searchsorted(bounds, odd, side="right") - 1
        scores[odd] = np.einsum("ij,ij->i", unit_rows(rows[odd]), units[part])
    return scores


def top_places(scores: Array, count: int, block: int = SCORES_PER_BLOCK) -> npt.NDArray[np.intp]:
    """Return the places of the largest scores, largest first; of equal ones the earlier first.

    Args:
        scores (array): (V,).
        count (int): how many; fewer if there are fewer scores.
        block (int): scores whose maximum is looked at first.

    Returns:
        array: intp (count,).
    """
    if 0 < count < len(scores):
        # At least `count` scores reach the count-th largest of the blocks' maxima, and few others do.
        blocks = len(scores) // block
        maxima = scores[: blocks * block].reshape(blocks, block).max(axis=1, initial=-np.inf)
        pool = maxima if blocks >= count else scores
        border = np.partition(pool, len(pool) - count)[len(pool) - count]
        places = np.flatnonzero(scores >= border)
    else:
        places = np.arange(len(scores))
    # Stable, and `places` is ascending, so equal scores stay in order.
    return places[np.argsort(-scores[places], kind="stable")[:count]]


def nearest(rows: Array, units: Array, count: int) -> Iterator[tuple[list[int], list[float]]]:
    """Yield the places and cosines of the `count` nearest rows for each query.

    Integers, which are multiplied twice as fast as floats, find the few rows among which the best must be;
    cosines are computed for these alone. Where too many rows are too similar for that, they are computed for
    all.

    Args:
        rows (array): (R, D).
        units (array): (Q, D), each of length 1, or zeros.
        count (int): how many rows per query; at least one, and at most R.

    Yields:
        tuple of (list of int, list of float): places and cosines, as `top_places` and `cosines` give them.
    """
    count = max(1, min(count, len(rows)))
    at_once = max(1, ANSWERS // count)
    for first in range(0, len(units), at_once):
        queries = units[first : first + at_once]
        ends, places = _candidates(rows, queries, count)
        bounds = np.concatenate(([0], ends))
        exact = _cosines_in_parts(rows[places], queries, bounds)
        query = np.repeat(np.arange(len(queries)), np.diff(bounds))
        order = np.lexsort((places, -exact, query))  # of equal ones the earlier first
        best, scores = places[order].tolist(), exact[order].tolist()
        for unit, (low, high) in zip(queries, pairwise(bounds.tolist()), strict=True):
            if low < high:
                yield best[low : min(high, low + count)], scores[low : min(high, low + count)]
            else:
                every = cosines(rows, unit)
                top = top_places(every, count)
                yield top.tolist(), every[top].tolist()


def _round_off(rows: Array, integers: Array) -> None:
    """Write rows of length 1 as integers, see `quantise`, into `integers`."""
    units = unit_rows(rows.astype(np.result_type(rows, np.float32), copy=False))
    quantise(units.astype(np.float32, order="C", copy=False), integers)


def _candidates(rows: Array, units: Array, count: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return `Sieve.candidates` of rows (R, D) for vectors (Q, D): a few places, the best among them."""
    sieve = Sieve(np.ascontiguousarray(units, dtype=np.float32), count)
    rows_at_once, step = (max(1, entries // (sieve.width or 1)) for entries in (INTEGERS, FLOATS))
    threads = min(blas_threads(), len(sieve) or 1)
    with ThreadPoolExecutor(threads) as pool:
        for start in range(0, len(rows), rows_at_once):
            part = rows[start : start + rows_at_once]
            integers = np.empty((len(part), sieve.width), dtype=np.int16)
            pieces = [slice(row, row + step) for row in range(0, len(part), step)]
            list(pool.map(_round_off, map(part.__getitem__, pieces), map(integers.__getitem__, pieces)))
            in_shares(partial(sieve.sift, integers, start), len(sieve), threads, pool)
    return sieve.candidates()
