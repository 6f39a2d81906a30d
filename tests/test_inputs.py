"""query/inputs.py: a question is read once; keys become rows, vectors stay."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastw2v.query.cosines import unit_row, unit_rows
from fastw2v.query.inputs import (
    Question,
    answering_rows,
    asks_for_none,
    check_several,
    is_one_key,
    unit_queries,
    weighted_items,
)

MATRIX = np.random.default_rng(2).standard_normal((6, 3)).astype(np.float32)
ROWS = {"a": 0, "b": 1, "c": 2}


def row_of(key: Any) -> int:
    return ROWS.get(key, -1)


def question(items: list[Any], weights: list[float] | None = None) -> Question:
    return Question.of(items, [1.0] * len(items) if weights is None else weights, row_of, 3)


def unit(vector: Any) -> Any:
    return np.asarray(vector, dtype=float) / np.linalg.norm(np.asarray(vector, dtype=float))


# --- a question ---


def test_keys_become_rows_and_vectors_stay() -> None:
    vector = np.array([1, 2, 3])
    asked = question(["c", vector, "a"], [2.0, -1.0, 0.5])
    assert asked.parts[0] == 2 and asked.parts[1] is vector and asked.parts[2] == 0
    assert asked.weights == [2.0, -1.0, 0.5] and asked.rows == {0, 2} and asked.size == 3


def test_unknown_keys_are_left_out_with_their_weights() -> None:
    asked = question(["a", "unknown", "b"], [1.0, 2.0, 3.0])
    assert (asked.parts, asked.weights) == ([0, 1], [1.0, 3.0])


def test_what_a_lookup_raises_is_raised() -> None:
    with pytest.raises(KeyError, match="d"):
        Question.of(["a", "d"], [1, 1], ROWS.__getitem__, 3)


@pytest.mark.parametrize("vector", [np.ones(2), np.ones(4), np.ones((1, 3))])
def test_vectors_of_another_shape(vector: Any) -> None:
    with pytest.raises(ValueError, match="shape"):
        question(["a", vector])


def test_as_many_weights_as_items() -> None:
    with pytest.raises(ValueError):
        question(["a", "b"], [1.0])


# --- its mean ---


@pytest.mark.parametrize("pre", [True, False])
@pytest.mark.parametrize("post", [True, False])
def test_mean(pre: bool, post: bool) -> None:
    vector = np.array([0.5, -2, 1])
    mean = question(["a", vector, "b"], [2.0, -1.0, 0.5]).mean(MATRIX, pre, post)
    rows = [unit(row) if pre else row.astype(float) for row in MATRIX[:2]]
    expected = (2 * rows[0] - vector + 0.5 * rows[1]) / 3.5
    np.testing.assert_allclose(mean, unit(expected) if post else expected, rtol=1e-5)
    assert mean.dtype == np.float32


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int64])
def test_what_is_asked_most_has_the_bits_of_all_else(dtype: Any) -> None:
    """One key by itself, as one of several, and its unit vector are one query."""
    matrix = (9 * np.random.default_rng(5).standard_normal((50, 37))).astype(dtype)
    many = unit_queries(range(50), matrix, 37)
    for row in range(50):
        alone = Question([row], [1.0], 37).mean(matrix, post_normalize=True)
        assert alone.dtype == dtype and alone.tolist() == many[row].tolist()
        twice = Question([row], [2.0], 37).mean(matrix, post_normalize=True)
        assert twice.tolist() == alone.tolist()
        unit = unit_rows(matrix)[row]
        if dtype != np.int64:  # which cannot hold it
            by_vector = Question([unit], [1.0], 37).mean(matrix, post_normalize=True)
            assert by_vector.tolist() == alone.tolist()
            assert by_vector.tolist() == unit_queries([unit], matrix, 37)[0].tolist()
            assert (
                Question([row], [1.0], 37).mean(matrix).tolist()
                == unit.tolist()
                == unit_row(matrix[row]).tolist()
            )


def test_a_key_twice_counts_twice() -> None:
    mean = question(["a", "a", "b"]).mean(MATRIX, pre_normalize=False)
    np.testing.assert_allclose(mean, (2 * MATRIX[0] + MATRIX[1]) / 3, rtol=1e-6)


def test_the_mean_of_nothing_is_zero() -> None:
    for asked in (question([]), question(["unknown"]), question(["a", "b"], [0.0, 0.0])):
        for post in (True, False):
            assert asked.mean(MATRIX, post_normalize=post).tolist() == [0, 0, 0]


def test_each_by_itself() -> None:
    vector = np.array([3.0, 0, 4])
    queries = unit_queries([2, vector, 0], MATRIX, 3)
    np.testing.assert_allclose(queries, [unit(MATRIX[2]), unit(vector), unit(MATRIX[0])], rtol=1e-5)
    assert queries.dtype == np.float32 and unit_queries([], MATRIX, 3).shape == (0, 3)
    with pytest.raises(ValueError, match="shape"):
        unit_queries([0, np.ones(2)], MATRIX, 3)


# --- what was given ---

VECTOR = np.array([1.0, 2, 3])


@pytest.mark.parametrize(
    ("positive", "negative", "items", "weights"),
    [
        ("a", None, ["a"], [1]),
        (None, "a", ["a"], [-1]),
        (["a", "b"], ["c"], ["a", "b", "c"], [1, 1, -1]),
        (5, np.int64(7), [5, 7], [1, -1]),
        (["a", ("b", 2), ["c", -0.5]], [("a", 3)], ["a", "b", "c", "a"], [1, 2, -0.5, 3]),
        ([(5, 2)], [], [5], [2]),
    ],
)
def test_items_and_their_weights(
    positive: Any, negative: Any, items: list[Any], weights: list[float]
) -> None:
    assert weighted_items(positive, negative, ROWS) == (items, weights)


def test_vectors_among_the_items() -> None:
    for positive, count in ((VECTOR, 1), ([VECTOR], 1), (np.stack([VECTOR, VECTOR]), 2), ([(VECTOR, 1)], 1)):
        items, weights = weighted_items(positive, None, ROWS)
        assert weights == [1] * count
        assert all(np.array_equal(item, VECTOR) for item in items)
    (item,), _ = weighted_items(VECTOR, None, ROWS)
    assert item is VECTOR


@pytest.mark.parametrize(
    "wrong", [1.5, {"a"}, {"a": 1}, ("a", "b"), np.ones((1, 1, 3)), [("a", 1, 2)], [1.5], [None], [("a",)]]
)
def test_what_is_no_item(wrong: Any) -> None:
    for positive, negative in ((wrong, None), ("a", wrong)):
        with pytest.raises(TypeError):
            weighted_items(positive, negative, ROWS)


@pytest.mark.parametrize("weight", ["b", "2", b"b", None])
def test_two_keys_in_a_tuple_are_no_pair_with_a_weight(weight: Any) -> None:
    with pytest.raises(TypeError, match="Give several keys in one list"):
        weighted_items([("a", weight)], None, ROWS)


@pytest.mark.parametrize("weight", [float("nan"), np.float32("inf")])
def test_a_weight_is_finite(weight: Any) -> None:
    with pytest.raises(ValueError, match="a weight must be a finite number"):
        weighted_items([("a", weight)], None, ROWS)


@pytest.mark.parametrize("nothing", [None, [], np.empty((0, 3))])
def test_nothing_was_given(nothing: Any) -> None:
    with pytest.raises(ValueError):
        weighted_items(nothing, nothing, ROWS)


# --- keys that could be several ---

TUPLES = {(0, 1): 0, (1, 0): 1, (2, 2): 2}
DAYS = {date(2026, 1, day): day - 1 for day in (1, 2, 3)}


@pytest.mark.parametrize(
    ("given", "keys", "one"),
    [
        ("a", ROWS, True),
        ("unknown", ROWS, True),
        (5, ROWS, True),
        (np.int8(5), {}, True),
        (np.str_("a"), TUPLES, True),
        (["a"], ROWS, False),
        (np.ones(3), ROWS, False),
        (("a", "b"), ROWS, False),
        (("a", 2.0), ROWS, False),
        (None, ROWS, False),
        (None, {}, False),
        (1.5, ROWS, False),
        ((0, 1), TUPLES, True),
        ((7, 8), TUPLES, True),  # missing, and not row 7 with weight 8
        (((0, 1), 2.0), TUPLES, False),
        (((0, 1), (1, 0)), TUPLES, False),
        ((np.ones(3), 2.0), TUPLES, False),
        ([0, 1], TUPLES, False),
        ((0, 1), {"a": 0, (0, 1): 1}, True),
        ((0, 2), {"a": 0, (0, 1): 1}, False),
        (frozenset("ab"), {frozenset("ab"): 0}, True),
        (frozenset("cd"), {frozenset("ab"): 0}, True),
        (b"ab", {b"ab": 0}, True),
        (b"cd", {b"ab": 0}, True),
        (1.5, {1.5: 0}, True),
        (2.5, {1.5: 0}, True),
        (date(2026, 1, 9), DAYS, True),
        ({"a"}, ROWS, False),
        (iter("a"), ROWS, False),
    ],
)
def test_one_key(given: Any, keys: Any, one: bool) -> None:
    assert is_one_key(given, keys) is one


@pytest.mark.parametrize(
    ("positive", "keys", "items", "weights"),
    [
        ((0, 1), TUPLES, [(0, 1)], [1]),
        ([(0, 1)], TUPLES, [(0, 1)], [1]),
        ([(7, 8)], TUPLES, [(7, 8)], [1]),
        ([((0, 1), 2), (2, 2)], TUPLES, [(0, 1), (2, 2)], [2, 1]),
        ([("a", 2)], ROWS, ["a"], [2]),
        (date(2026, 1, 2), DAYS, [date(2026, 1, 2)], [1]),
        ([date(2026, 1, 2), (date(2026, 1, 3), -2)], DAYS, [date(2026, 1, 2), date(2026, 1, 3)], [1, -2]),
        ([b"ab"], {b"ab": 0}, [b"ab"], [1]),
    ],
)
def test_a_tuple_that_is_a_key_is_no_pair(
    positive: Any, keys: Any, items: list[Any], weights: list[float]
) -> None:
    assert weighted_items(positive, None, keys) == (items, weights)
    assert weighted_items(None, positive, keys)[0] == items


def test_one_key_where_several_belong() -> None:
    several = ["a"]
    assert check_several("queries", several, ROWS) is several
    for one in ("a", "unknown", 5):
        with pytest.raises(TypeError, match="queries is one key.*give a list of words"):
            check_several("queries", one, ROWS)
    with pytest.raises(TypeError, match="one key"):
        check_several("queries", (0, 1), TUPLES)


# --- which rows answer, and how many ---


@pytest.mark.parametrize(
    ("topn", "none"), [(0, True), (-1, True), (False, True), (np.int8(0), True), (1, False), (None, False)]
)
def test_asks_for_none(topn: Any, none: bool) -> None:
    assert bool(asks_for_none(topn)) is none


@given(st.integers(0, 20), st.integers(-25, 25), st.none() | st.integers(-25, 25))
def test_rows_that_may_answer(count: int, start: int, end: int | None) -> None:
    """As a slice has it, but that 0 too is the end."""
    first, last = answering_rows(count, start, end)
    assert list(range(count))[start : end or None] == list(range(first, last))


@given(st.integers(0, 20), st.integers(0, 20), st.integers(1, 30))
def test_the_first_rows_may_answer_whatever_else_is_said(count: int, start: int, first: int) -> None:
    assert answering_rows(count, start, 3, first) == (0, min(first, count))
    assert answering_rows(count, start, None, 0) == answering_rows(count, start)
