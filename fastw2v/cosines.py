"""Lengths of rows, cosines, and the largest of many scores: the arithmetic of every query.

A row without a direction (zeros, NaN, infinity) has cosine 0 with everything: nothing here returns NaN.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v import _kernels

Array = npt.NDArray[Any]

# Squares outside this range have lost digits or overflowed in float32; such rows are recomputed in float64.
_SMALLEST_SQUARE, _LARGEST_SQUARE = 1e-30, 1e37
# The same for a product of two squares in float64.
_SMALLEST_PRODUCT, _LARGEST_PRODUCT = 1e-250, 1e300

_SCORES_PER_BLOCK = 256
# `nearest`: answers at a time, scores per product (4 MB: they stay in the cache), its rows, scores per group.
_ANSWERS, _SCORES, _ROWS, _GROUP = 1 << 16, 1 << 20, 1 << 11, 32
_NONE = np.empty(0, dtype=np.intp)


def _squares(rows: Array) -> Array:
    return np.asarray(np.einsum("ij,ij->i", rows, rows))  # it warns of no overflow


def _lengths(squares: Array) -> tuple[Array, Array]:
    """L2 norms (R,) of rows from their squares, and which rows are odd: to be computed in float64, their norm
    given as 1.
    """
    if squares.min(initial=1) > _SMALLEST_SQUARE and squares.max(initial=1) < _LARGEST_SQUARE:
        return np.sqrt(squares), _NONE
    fine = (squares > _SMALLEST_SQUARE) & (squares < _LARGEST_SQUARE)  # False for NaN
    return np.sqrt(np.where(fine, squares, 1), dtype=squares.dtype), np.flatnonzero(~fine)


def row_lengths(matrix: Array) -> Array:
    """Return the L2 norms (R,) of rows; floats keep their dtype, other numbers give float64."""
    if matrix.dtype.kind != "f":
        matrix = matrix.astype(np.float64)
    if matrix.dtype == np.float16:
        return row_lengths(matrix.astype(np.float32)).astype(np.float16)
    lengths, odd = _lengths(_squares(matrix))
    if odd.size:
        exact = np.abs(matrix[odd].astype(np.float64))
        largest = exact.max(axis=1, initial=0)
        scalable = np.isfinite(largest) & (largest > 0)
        exact[scalable] /= largest[scalable, np.newaxis]
        with np.errstate(over="ignore"):
            lengths[odd] = np.linalg.norm(exact, axis=1) * np.where(scalable, largest, 1)
    return lengths


def unit_rows(matrix: Array) -> Array:
    """Return a new matrix (R, D) with rows of length 1; zero, NaN and infinite rows become zero.

    Floats keep their dtype, other numbers become float64.
    """
    if matrix.dtype.kind != "f":
        matrix = matrix.astype(np.float64)
    if matrix.dtype == np.float16:
        return unit_rows(matrix.astype(np.float32)).astype(np.float16)
    lengths, odd = _lengths(_squares(matrix))
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
    """Return `unit_rows` of one vector (D,), but for the last bit."""
    if vector.dtype.char in "fd":
        square = np.vdot(vector, vector)  # it warns of no overflow
        if _SMALLEST_SQUARE < square < _LARGEST_SQUARE:  # False for NaN
            return np.asarray(vector / np.sqrt(square))
    return np.asarray(unit_rows(vector[np.newaxis])[0])


def cosine(a: Array, b: Array) -> float:
    """Return the cosine of two vectors (D,); exactly 1 for a vector with itself, as x / √(x·x) is."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    product = float(np.vdot(a, a)) * float(np.vdot(b, b))
    if _SMALLEST_PRODUCT < product < _LARGEST_PRODUCT:  # False for NaN
        return float(np.vdot(a, b)) / math.sqrt(product)
    return float(unit_row(a).dot(unit_row(b)))


def cosines(rows: Array, unit: Array) -> Array:
    """Return the cosines (R,) of rows (R, D) with a vector (D,) that has length 1, or 0."""
    return _cosines_in_parts(rows, unit[np.newaxis], [0, len(rows)])


def _cosines_in_parts(rows: Array, units: Array, bounds: list[int]) -> Array:
    """Return `cosines` (R,) of rows[bounds[q] : bounds[q + 1]] with units[q], for all of `units` (Q, D)."""
    units = units.astype(np.result_type(rows, np.float32), copy=False)
    if rows.dtype == np.float16:  # neither BLAS nor the range of squares
        rows = unit_rows(rows.astype(np.float32))
    scan = rows.dtype == np.float32 and rows.flags.c_contiguous
    scores, squares = np.empty((2, len(rows)), dtype=units.dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        for unit, low, high in zip(units, bounds[:-1], bounds[1:], strict=True):
            if scan:  # both in one reading of the rows
                _kernels.scan(rows[low:high], unit, scores[low:high], squares[low:high])
            else:
                np.matmul(rows[low:high], unit, out=scores[low:high])
        if not scan:
            squares = _squares(rows)
    lengths, odd = _lengths(squares)
    scores /= lengths
    if odd.size:
        part = np.searchsorted(bounds, odd, side="right") - 1
        scores[odd] = np.einsum("ij,ij->i", unit_rows(rows[odd]), units[part])
    return scores


def top_places(scores: Array, count: int) -> npt.NDArray[np.intp]:
    """Return where the `count` largest scores (V,) are, largest first; of equal ones the earlier first."""
    if 0 < count < len(scores):
        # At least `count` scores reach the count-th largest of the blocks' maxima, and these are few.
        blocks, block = len(scores) // _SCORES_PER_BLOCK, _SCORES_PER_BLOCK
        maxima = scores[: blocks * block].reshape(blocks, block).max(axis=1, initial=-np.inf)
        pool = maxima if blocks >= count else scores
        border = np.partition(pool, len(pool) - count)[len(pool) - count]
        places = np.flatnonzero(scores >= border)
    else:
        places = np.arange(len(scores))
    # Stable, and `places` rises, so equal scores stay in order.
    return places[np.argsort(-scores[places], kind="stable")[:count]]


def nearest(rows: Array, units: Array, count: int) -> Iterator[tuple[npt.NDArray[np.intp], Array]]:
    """Yield for each of the vectors `units` (Q, D) the `top_places` of `cosines` with rows (R, D), and these.

    Matrix products, which are fast but round in another way than `cosines`, find the few rows among which
    the best must be; what is yielded is `cosines` of these.
    """
    count = max(1, min(count, len(rows)))
    at_once = max(1, _ANSWERS // count)
    for first in range(0, len(units), at_once):
        queries = units[first : first + at_once].astype(np.result_type(rows, np.float32), copy=False)
        query, places = _candidates(rows, queries, count)
        bounds = np.searchsorted(query, np.arange(len(queries) + 1)).tolist()
        exact = _cosines_in_parts(rows[places], queries, bounds)
        order = np.lexsort((places, -exact, query))  # of equal ones the earlier first
        places, exact = places[order], exact[order]
        for low, high in zip(bounds[:-1], bounds[1:], strict=True):
            best = slice(low, min(high, low + count))
            yield places[best], exact[best]


def _candidates(rows: Array, queries: Array, count: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return pairs of a query and a place in `rows`, by query: few, and the `count` best of each among them.

    At least `count` scores reach the count-th largest of the maxima of groups, and few do. The maxima seen so
    far give a border that rises from block to block of rows.
    """
    precise = queries.dtype
    # Twice what two sums of D products of unit vectors can differ by, and some for their lengths.
    slack = 2 * (rows.shape[1] + 8) * np.finfo(precise).eps
    rows_at_once = min(len(rows), max(_ROWS, 2 * _GROUP * count)) or 1
    queries_at_once = min(len(queries), max(1, _SCORES // rows_at_once))
    held = np.empty((rows_at_once + _GROUP) * queries_at_once, dtype=precise)
    largest = np.full((len(queries), count), np.finfo(precise).min)  # maxima, the smallest of these first
    found = []
    for start in range(0, len(rows) or 1, rows_at_once):
        block = unit_rows(rows[start : start + rows_at_once].astype(precise, copy=False))
        groups = -(-len(block) // _GROUP)
        for first in range(0, len(queries), queries_at_once):
            part = queries[first : first + queries_at_once]
            # A group is every groups-th row, so that maxima are taken of long runs.
            grouped = held[: _GROUP * groups * len(part)].reshape(_GROUP, groups * len(part))
            scores = grouped.reshape(_GROUP * groups, len(part))
            np.matmul(block, part.T, out=scores[: len(block)])
            scores[len(block) :] = -np.inf
            maxima = grouped.max(axis=0).reshape(groups, len(part))
            kept = largest[first : first + len(part)]
            kept[:] = np.partition(np.hstack((kept, maxima.T)), groups, axis=1)[:, groups:]
            border = kept[:, 0] - slack
            hits = np.flatnonzero(maxima >= border)
            members = grouped.take(hits, axis=1)
            above = np.flatnonzero(members >= border[hits % len(part)])
            within, hit = np.divmod(above, len(hits) or 1)
            group, query = np.divmod(hits[hit], len(part))
            found.append((first + query, start + within * groups + group, members.ravel()[above]))
    query, places, reached = (np.concatenate(parts) for parts in zip(*found, strict=True))
    kept = np.flatnonzero(reached >= largest[query, 0] - slack)
    kept = kept[np.argsort(query[kept], kind="stable")]
    return query[kept], places[kept]
