"""Lengths of rows, cosines, and the largest of many scores: the arithmetic of every query.

A row without a direction (zeros, NaN, infinity) has cosine 0 with everything: no function here returns NaN.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v.columns import row_of_each
from fastw2v.query import _scan
from fastw2v.query._scan import cosine as cosine
from fastw2v.query._scan import largest as largest
from fastw2v.query._scan import name_best as name_best
from fastw2v.query._sieve import BLOCK, Sieve, quantise, quantise_bytes
from fastw2v.threads import Pool, blas_threads, in_shares

Array = npt.NDArray[Any]

row_of_length_1 = _scan.unit_row

# Products of float64 with rows of other lengths may lose digits or overflow: these rows are divided first.
_SHORTEST, _LONGEST = 1e-30, 1e37
_PLAIN = (np.dtype(np.float32), np.dtype(np.float64))
# Bytes of a matrix for which another thread pays: to start it takes as long as to read half a megabyte.
BYTES_PER_THREAD = 1 << 20
BYTES_PER_PIECE = 1 << 19  # at least, of what a thread takes at a time
PIECES_PER_THREAD = 16  # at most
# Of `nearest`:
ANSWERS = 1 << 16  # at a time
INTEGERS = 1 << 25  # entries of rows held as integers at a time: 64 MB
FLOATS = 1 << 17  # entries converted to integers at a time


def squares(rows: Array) -> Array:
    """Return the squared L2 norms (R,) of rows; infinity where they overflow."""
    return np.asarray(np.einsum("ij,ij->i", rows, rows))  # unlike multiply, it does not warn of overflow


def is_plain(array: Array) -> bool:
    """Return whether compiled functions take the array as it is: aligned, C-contiguous float32 or float64."""
    return array.dtype in _PLAIN and array.flags.c_contiguous and array.flags.aligned


def float_type(matrix: Array) -> np.dtype[Any]:
    """Return the dtype of lengths and unit rows: that of floats, else float64."""
    return matrix.dtype if matrix.dtype.kind == "f" else np.dtype(np.float64)


def row_lengths(matrix: Array) -> Array:
    """Return the L2 norms of rows.

    Args:
        matrix (array): (R, D).

    Returns:
        array: (R,); floats keep their dtype, other numbers give float64.
    """
    rows = _scan.plain(matrix)
    lengths = np.empty(len(rows), dtype=rows.dtype)
    _scan.row_lengths(rows, lengths)
    if matrix.dtype.kind != "f" or matrix.dtype == rows.dtype:
        return lengths
    with np.errstate(over="ignore"):
        return lengths.astype(matrix.dtype)


def unit_rows(matrix: Array) -> Array:
    """Return a new matrix with rows of length 1; zero, NaN and infinite rows become zero.

    Args:
        matrix (array): (R, D).

    Returns:
        array: (R, D); floats keep their dtype, other numbers give float64.
    """
    rows = _scan.plain(matrix)
    unit = np.empty_like(rows)
    _scan.unit_rows(rows, unit)
    return unit.astype(float_type(matrix), copy=False)


def unit_row(vector: Array) -> Array:
    """Return a vector with length 1, to the last bit as `unit_rows` does.

    Args:
        vector (array): (D,).

    Returns:
        array: (D,); zeros for a vector without a direction.
    """
    return _scan.unit_row(vector[np.newaxis], 0)


def sum_of_rows(matrix: Array, rows: list[int], weights: list[float], unit: bool) -> npt.NDArray[np.float64]:
    """Return the sum (D,) in float64 of rows of a matrix, each times its weight.

    Args:
        matrix (array): (V, D).
        rows (list of int): which rows.
        weights (list of float): one per row.
        unit (bool): whether rows are brought to length 1 first, as by `unit_rows`.

    Returns:
        array: float64 (D,).
    """
    if is_plain(matrix):
        return _scan.weighted_sum(matrix, rows, weights, unit)
    few = unit_rows(matrix[rows]) if unit else matrix[rows]
    return _scan.weighted_sum(few.astype(np.float64, order="C"), list(range(len(rows))), weights, False)


def cosines(rows: Array, unit: Array) -> Array:
    """Return the cosines of rows with a vector, in as many threads as numpy's BLAS would take.

    Args:
        rows (array): (R, D).
        unit (array): (D,) of length 1, or zeros.

    Returns:
        array: (R,) of the wider dtype of `rows` and float32.

    Raises:
        ValueError: the vector has another dimension.
    """
    if rows.dtype != np.float32 or not is_plain(rows):  # != to float32 of another byte order, too
        return _cosines_by_query(rows, unit[np.newaxis], np.array([0, len(rows)], dtype=np.int64))
    scores = np.empty(len(rows), dtype=np.float32)
    unit = unit.astype(np.float32, order="C", copy=False)
    threads = rows.nbytes // BYTES_PER_THREAD
    if threads > 1:
        threads = min(threads, blas_threads())
        pieces = max(threads, min(rows.nbytes // BYTES_PER_PIECE, PIECES_PER_THREAD * threads))
        _scan.cosines(rows, unit, scores, pieces, threads)
    else:
        _scan.cosines(rows, unit, scores)
    return scores


def _cosines_by_query(rows: Array, units: Array, bounds: npt.NDArray[np.int64]) -> Array:
    """Return `cosines` (R,) of rows[bounds[q] : bounds[q + 1]] with units[q], for all of `units` (Q, D)."""
    units = units.astype(np.result_type(rows, np.float32), copy=False)
    scores = np.empty(len(rows), dtype=units.dtype)
    if rows.dtype == np.float32:
        _scan.cosines_by_query(_scan.plain(rows), np.ascontiguousarray(units), bounds, scores)
        return scores
    if rows.dtype == np.float16:  # BLAS has no float16, and squares overflow
        rows = unit_rows(rows.astype(np.float32))
    with np.errstate(over="ignore", invalid="ignore"):
        for unit, (low, high) in zip(units, pairwise(bounds.tolist()), strict=True):
            np.matmul(rows[low:high], unit, out=scores[low:high])
    lengths = row_lengths(rows)
    odd = np.flatnonzero(~((lengths > _SHORTEST) & (lengths < _LONGEST)))  # NaN, too
    lengths[odd] = 1
    scores /= lengths
    if odd.size:
        part = np.searchsorted(bounds, odd, side="right") - 1
        scores[odd] = np.einsum("ij,ij->i", unit_rows(rows[odd]), units[part])
    return scores


def top_places(scores: Array, count: int) -> npt.NDArray[np.intp]:
    """Return the places of the largest scores, largest first; of equal ones the earlier first.

    Args:
        scores (array): (V,).
        count (int): how many; fewer if there are fewer scores.

    Returns:
        array: intp (count,).
    """
    return np.array(largest(_scan.plain(scores), count)[0], dtype=np.intp)


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
        exact = _cosines_by_query(rows[places], queries, bounds)
        query = row_of_each(np.diff(bounds))
        order = np.lexsort((places, -exact, query))  # of equal ones the earlier first
        best, scores = places[order].tolist(), exact[order].tolist()
        for unit, (low, high) in zip(queries, pairwise(bounds.tolist()), strict=True):
            if low < high:
                yield best[low : min(high, low + count)], scores[low : min(high, low + count)]
            else:
                every = cosines(rows, unit)
                yield largest(every, count)


def _round_off(rows: Array, integers: Array, small: Array, grades: Array) -> None:
    """Write rows of length 1 as integers, see `quantise` and `quantise_bytes`."""
    units = unit_rows(rows.astype(np.result_type(rows, np.float32), copy=False))
    units = units.astype(np.float32, order="C", copy=False)
    quantise(units, integers)
    quantise_bytes(units, small, grades)


def _candidates(rows: Array, units: Array, count: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return `Sieve.candidates` of rows (R, D) for vectors (Q, D): a few places, the best among them."""
    sieve = Sieve(np.ascontiguousarray(units, dtype=np.float32), count)
    rows_at_once, step = (
        max(1, entries // (sieve.width or 1) // BLOCK) * BLOCK for entries in (INTEGERS, FLOATS)
    )
    threads = min(blas_threads(), len(sieve) or 1)
    with Pool(threads) as pool:
        for start in range(0, len(rows), rows_at_once):
            part = rows[start : start + rows_at_once]
            integers = np.empty((len(part), sieve.width), dtype=np.int16)
            small = np.empty((len(part), sieve.byte_width), dtype=np.int8)
            grades = np.empty((-(-len(part) // BLOCK), 2), dtype=np.float32)
            pieces = [slice(row, row + step) for row in range(0, len(part), step)]
            blocks = [slice(piece.start // BLOCK, piece.stop // BLOCK) for piece in pieces]
            by_row = (map(array.__getitem__, pieces) for array in (part, integers, small))
            list(pool.map(_round_off, *by_row, map(grades.__getitem__, blocks)))
            in_shares(partial(sieve.sift, integers, small, grades, start), len(sieve), threads, pool)
    return sieve.candidates()
