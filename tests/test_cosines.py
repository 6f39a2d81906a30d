"""query/cosines.py: lengths of rows, and the largest of many scores."""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from factories import unaligned
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fastw2v.query import _scan, cosines
from fastw2v.query.cosines import (
    cosine,
    largest,
    row_lengths,
    row_of_length_1,
    sum_of_rows,
    top_places,
    unit_row,
    unit_rows,
)


@given(hnp.arrays(np.float32, (4, 3), elements=st.floats(width=32)))
def test_row_lengths(matrix: np.ndarray) -> None:
    with np.errstate(over="ignore"):
        exact = np.linalg.norm(matrix.astype(np.float64), axis=1).astype(np.float32)
    lengths = row_lengths(matrix)
    assert lengths.dtype == np.float32
    np.testing.assert_allclose(lengths, exact, rtol=1e-6)


@given(
    hnp.arrays(np.float32, st.integers(0, 40), elements=st.sampled_from([-1, 0, 0.5, 1, 2, -np.inf])),
    st.integers(0, 50),
    st.sampled_from([np.float32, np.float64]),
)
def test_the_largest_are_a_stable_sort(scores: np.ndarray, count: int, dtype: Any) -> None:
    expected = sorted(range(len(scores)), key=lambda place: -scores[place])[:count]
    assert top_places(scores.astype(dtype), count).tolist() == expected
    assert largest(scores.astype(dtype), count) == (expected, scores[expected].tolist())


def test_the_largest_of_many() -> None:
    random = np.random.default_rng(1)
    for scores in (random.random(5000), np.sort(random.random(5000)), random.integers(0, 9, 5000)):
        order = np.argsort(-scores, kind="stable")
        for count in (1, 10, 999, 5000):
            assert top_places(scores, count).tolist() == order[:count].tolist()


def test_nan_is_the_smallest() -> None:
    scores = np.array([np.nan, 1, -np.inf, np.nan, 2] + [np.nan] * 40 + [3], dtype=np.float32)
    assert largest(scores, 4)[0] == [45, 4, 1, 2]
    assert largest(scores, 6)[0] == [45, 4, 1, 2, 0, 3]
    assert largest(scores[[0, 3]], 1)[0] == [0]


@given(hnp.arrays(np.float32, (4, 3), elements=st.floats(width=32)))
def test_unit_rows(matrix: np.ndarray) -> None:
    before = matrix.copy()
    unit = unit_rows(matrix)
    np.testing.assert_array_equal(matrix, before)
    for row, result in zip(matrix.astype(np.float64), unit, strict=True):
        if np.isfinite(row).all() and row.any():
            exact = row / np.abs(row).max()
            np.testing.assert_allclose(result, exact / np.linalg.norm(exact), atol=1e-6)
        else:
            assert not result.any()


DTYPES = [np.float16, np.float32, np.float64, ">f4", np.int32, np.longdouble]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("order", ["C", "F", "strided"])
def test_one_row_is_as_it_is_among_all(dtype: Any, order: str) -> None:
    """To the last bit, or else a key and its unit vector were two queries."""
    matrix = (9 * np.random.default_rng(0).standard_normal((20, 37))).astype(dtype)
    if order == "F":
        matrix = np.asfortranarray(matrix)
    elif order == "strided":
        matrix = matrix[::2, ::3]
    units, lengths = unit_rows(matrix), row_lengths(matrix)
    floats = matrix.dtype if matrix.dtype.kind == "f" else np.float64
    assert units.dtype == lengths.dtype == floats
    for row in range(len(matrix)):
        for unit in (row_of_length_1(matrix, row), unit_row(matrix[row])):
            assert unit.dtype == floats and unit.tolist() == units[row].tolist()
        assert row_lengths(matrix[row : row + 1]).tolist() == lengths[row : row + 1].tolist()
        for weight, one in ((2.0, units[row]), (-0.5, matrix[row])):
            total = sum_of_rows(matrix, [row], [weight], one is not matrix[row] and weight == 2.0)
            assert total.dtype == np.float64
            np.testing.assert_array_equal(total, weight * one.astype(np.float64))
    expected = 4 * matrix[1].astype(np.float64) - 2 * matrix[2].astype(np.float64)
    np.testing.assert_allclose(sum_of_rows(matrix, [1, 2, 1], [1.0, -2.0, 3.0], False), expected, rtol=1e-6)


@given(
    hnp.arrays(np.float64, (2, 11), elements=st.floats(-10, 10)), st.sampled_from([1e-300, 1e-30, 1, 1e200])
)
def test_cosine(pair: np.ndarray, scale: float) -> None:
    a, b = pair * scale
    lengths = np.linalg.norm(pair, axis=1)
    if (np.abs(pair).max(axis=1) > 1e-3).all():
        assert cosine(a, b) == pytest.approx(pair[0] @ pair[1] / lengths.prod(), abs=1e-12)
        assert cosine(a, a) == cosine(b, b) == 1 and cosine(a, -a) == -1
    single = pair.astype(np.float32)
    assert cosine(single[0], single[1]) == cosine(single[0].astype(np.float64), single[1])


def test_cosine_without_a_direction() -> None:
    one = np.ones(3)
    for other in (np.zeros(3), np.array([1, np.nan, 1]), np.array([1, np.inf, 1])):
        assert cosine(one, other) == cosine(other, one) == cosine(other, other) == 0
    with pytest.raises(ValueError, match="dimension"):
        cosine(one, np.ones(4))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_rows_at_odd_addresses_have_the_same_answers(dtype: Any) -> None:
    """As of vectors that are mapped from the middle of a file."""
    rows = np.random.default_rng(0).standard_normal((20, 9)).astype(dtype)
    odd, unit = unaligned(rows), unit_row(rows[3]).astype(np.float32)
    assert not odd.flags.aligned
    assert row_lengths(odd).tolist() == row_lengths(rows).tolist()
    assert unit_rows(odd).tolist() == unit_rows(rows).tolist()
    assert unit_row(odd[3]).tolist() == row_of_length_1(odd, 3).tolist() == unit_row(rows[3]).tolist()
    assert cosines.cosines(odd, unit).tolist() == cosines.cosines(rows, unit).tolist()
    assert sum_of_rows(odd, [1, 2], [2.0, 3.0], True).tolist() == pytest.approx(
        sum_of_rows(rows, [1, 2], [2.0, 3.0], True).tolist()
    )
    assert cosine(odd[1], odd[2]) == cosine(rows[1], rows[2])


def test_threads_have_the_answers_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.random.default_rng(0).standard_normal((1000, 9), dtype=np.float32)
    expected = cosines.cosines(rows, unit_row(rows[0]))
    monkeypatch.setattr(cosines, "BYTES_PER_THREAD", 1000)
    for threads in (1, 2, 3):
        monkeypatch.setattr(cosines, "blas_threads", lambda threads=threads: threads)
        assert cosines.cosines(rows, unit_row(rows[0])).tolist() == expected.tolist()


@pytest.mark.skipif(sys.platform != "linux", reason="signals of threads are read in /proc")
def test_no_signal_goes_to_the_threads_of_a_query() -> None:
    """Ctrl-C has to wake Python's main thread, which may be asleep."""
    tasks, ended = Path("/proc/self/task"), threading.Event()
    rows = np.ones((20_000, 64), dtype=np.float32)
    scores = np.empty(len(rows), dtype=np.float32)

    def ask() -> None:
        while not ended.is_set():
            _scan.cosines(rows, rows[0], scores, 64, 4)

    others, asking, blocked = set(os.listdir(tasks)), threading.Thread(target=ask), []
    asking.start()
    try:
        while len(blocked) < 20:
            for task in set(os.listdir(tasks)) - others - {str(asking.native_id)}:
                with suppress(OSError):  # it has ended
                    sets = dict(
                        re.findall(r"(SigBlk|SigCgt):\s*(\w+)", (tasks / task / "status").read_text())
                    )
                    if int(sets["SigCgt"], 16):  # else it is about to end
                        blocked.append(int(sets["SigBlk"], 16) >> signal.SIGINT - 1 & 1)
    finally:
        ended.set()
        asking.join()
    assert all(blocked)
