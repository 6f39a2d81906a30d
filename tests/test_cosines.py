"""query/cosines.py: lengths of rows, and the largest of many scores."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fastw2v.query.cosines import row_lengths, top_places, unit_rows


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
    st.sampled_from([1, 3, 256]),
)
def test_top_places_is_a_stable_sort(scores: np.ndarray, count: int, block: int) -> None:
    expected = sorted(range(len(scores)), key=lambda place: -scores[place])[:count]
    assert top_places(scores, count, block).tolist() == expected


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
