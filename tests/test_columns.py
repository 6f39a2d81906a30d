"""Columns: one value per key, of one length or of several; order by value."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fastw2v.columns import Ragged, descending, object_column, rises


@given(st.lists(st.integers(0, 3)), st.booleans())
def test_descending_is_stable_either_way(values: list[int], later_first: bool) -> None:
    places = range(len(values))
    expected = sorted(places, key=lambda place: (-values[place], -place if later_first else place))
    for kind in (np.uint8, np.int64, np.float32, object):
        column = np.array(values, dtype=kind)  # unsigned numbers and objects cannot be negated
        assert descending(column, later_first=later_first).tolist() == expected
    assert descending(values, later_first=later_first).tolist() == expected


def test_descending_text() -> None:
    column = object_column(["b", "a", "c", "b"], 4)
    assert descending(column, later_first=False).tolist() == [2, 0, 3, 1]


@pytest.mark.parametrize("values", [[[1, 2], [3, 4]], [(), ()], [np.ones(2), "a"], ["a", 1]], ids=repr)
def test_lists_in_a_column_are_values_not_rows(values: list[Any]) -> None:
    for given_values in (values, iter(values)):
        column = object_column(given_values, 2)
        assert column.shape == (2,) and column.dtype == object
        assert all(a is b for a, b in zip(column, values, strict=True))


def test_a_column_of_too_few_objects() -> None:
    assert object_column(["a"], 3).tolist() == ["a", None, None]


def test_rows_of_different_lengths_become_objects() -> None:
    column = object_column(Ragged(np.arange(5), np.array([0, 2, 2, 5])), 3)
    assert [row.tolist() for row in column] == [[0, 1], [], [2, 3, 4]]


@pytest.mark.parametrize(
    "starts, total, verdict",
    [
        ([0], 0, True),
        ([0, 2, 2, 5], 5, True),
        ([], 0, False),
        ([1, 5], 5, False),
        ([0, 4], 5, False),
        ([0, 6], 5, False),
        ([0, 3, 2, 5], 5, False),
        ([0, -1, 5], 5, False),
    ],
    ids=repr,
)
def test_what_can_cut_values_into_rows(starts: list[int], total: int, verdict: bool) -> None:
    assert rises(np.array(starts, dtype=np.int64), total) is verdict


def test_ragged() -> None:
    rows = Ragged(np.arange(5, dtype=np.uint8), np.array([0, 2, 2, 5]))
    assert len(rows) == 3
    assert [row.tolist() for row in rows] == [[0, 1], [], [2, 3, 4]]
    assert rows[np.int32(-1)].tolist() == [2, 3, 4]
    assert np.shares_memory(rows[0], rows.values)
    assert repr(rows) == "Ragged(3 rows, 5 uint8 values)"
    for row in (3, -4):
        with pytest.raises(IndexError, match=f"row {row} is out of range: there are 3 rows"):
            rows[row]
    with pytest.raises(TypeError):
        rows["a"]  # type: ignore[index]


@given(st.lists(st.lists(st.integers(0, 255), max_size=4), min_size=1, max_size=8), st.data())
def test_taking_rows_of_different_lengths(rows: list[list[int]], data: st.DataObject) -> None:
    starts = np.cumsum([0, *map(len, rows)])
    ragged = Ragged(np.array([value for row in rows for value in row], dtype=np.uint8), starts)
    order = data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=12))
    taken = ragged.take(np.array(order, dtype=np.intp))
    assert [row.tolist() for row in taken] == [rows[place] for place in order]
    assert taken.values.dtype == np.uint8 and not np.shares_memory(taken.values, ragged.values)


@given(hnp.arrays(hnp.unsigned_integer_dtypes() | hnp.integer_dtypes(), st.integers(0, 40)))
def test_descending_order(values: np.ndarray) -> None:
    of_equals = list(enumerate(values.tolist()))
    earlier = sorted(of_equals, key=lambda pair: (-pair[1], pair[0]))
    later = sorted(of_equals, key=lambda pair: (-pair[1], -pair[0]))
    assert descending(values, later_first=False).tolist() == [place for place, _ in earlier]
    assert descending(values, later_first=True).tolist() == [place for place, _ in later]
