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
# `nearest`: scores that are held at a time (64 MB), rows per product, scores per group.
_SCORES_HELD, _ROWS, _GROUP = 1 << 24, 1 << 14, 32
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
    unit = unit.astype(np.result_type(rows, np.float32), copy=False)
    if rows.dtype == np.float16:  # neither BLAS nor the range of squares
        return np.asarray(unit_rows(rows.astype(np.float32)) @ unit)
    if rows.dtype == np.float32 and rows.flags.c_contiguous:
        scores, squares = np.empty((2, len(rows)), dtype=np.float32)
        _kernels.scan(rows, unit, scores, squares)  # both in one reading of the rows
    else:
        with np.errstate(over="ignore", invalid="ignore"):
            scores, squares = rows @ unit, _squares(rows)
    lengths, odd = _lengths(squares)
    scores /= lengths
    if odd.size:
        scores[odd] = unit_rows(rows[odd]) @ unit
    return np.asarray(scores)


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
    precise = np.result_type(rows, np.float32)
    # Twice what two sums of D products of unit vectors can differ by, and some for their lengths.
    slack = 2 * (rows.shape[1] + 8) * np.finfo(precise).eps
    groups = -(-len(rows) // _GROUP)
    at_once = min(len(units), max(1, _SCORES_HELD // max(1, len(rows))))
    held = np.empty((at_once, groups * _GROUP), dtype=precise)
    held[:, len(rows) :] = -np.inf
    for first in range(0, len(units), at_once or 1):
        queries = units[first : first + at_once].astype(precise, copy=False)
        scores = held[: len(queries)]
        for start in range(0, len(rows), _ROWS):
            block = unit_rows(rows[start : start + _ROWS].astype(precise, copy=False))
            np.matmul(queries, block.T, out=scores[:, start : start + len(block)])
        # At least `count` scores reach the count-th largest of the groups' maxima, and these are few. A group
        # is every groups-th row, so that maxima are taken of long runs.
        grouped = scores.reshape(len(queries), _GROUP, groups)
        maxima = grouped.max(axis=1)
        border = np.full(len(queries), np.finfo(precise).min)
        if count < groups:
            border = np.partition(maxima, groups - count, axis=1)[:, groups - count] - slack
        query, group = np.nonzero(maxima >= border[:, np.newaxis])
        hit, within = np.nonzero(grouped[query, :, group] >= border[query, np.newaxis])
        query, places = query[hit], within * groups + group[hit]
        places = places[np.lexsort((places, query))]  # of equal ones the earlier first
        bounds = np.searchsorted(query, np.arange(len(queries) + 1)).tolist()
        for unit, low, high in zip(queries, bounds[:-1], bounds[1:], strict=True):
            exact = cosines(rows[places[low:high]], unit)
            best = np.argsort(-exact, kind="stable")[:count]
            yield places[low:high][best], exact[best]
