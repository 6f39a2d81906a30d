"""query/computed.py: lengths and unit rows that are computed when they are asked for, and else are arrays."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from factories import IGNORE_OLDER, KEYS, ROWS, few_vectors, small

from fastw2v.query import computed
from fastw2v.query.computed import Computed, RowLengths, UnitRows
from fastw2v.query.cosines import row_lengths, unit_rows

MATRIX = ROWS.copy()
MASK = np.arange(60) % 3 == 0
USES: dict[str, Callable[[Any], Any]] = {
    "a row": lambda x: x[7],
    "the last row": lambda x: x[-1],
    "a numpy row": lambda x: x[np.int64(7)],
    "a slice": lambda x: x[3:40:2],
    "a list": lambda x: x[[4, 4, -1]],
    "no rows": lambda x: x[[]],
    "an array": lambda x: x[np.array([5, 2])],
    "a table of rows": lambda x: x[np.array([[5, 2], [1, 1]])],
    "a mask": lambda x: x[MASK],
    "a list of bools": lambda x: x[MASK.tolist()],
    "a bool": lambda x: x[True],
    "everything": lambda x: x[...],
    "an empty tuple": lambda x: x[()],
    "a new axis": lambda x: x[..., np.newaxis],
    "a new axis after rows": lambda x: x[:, np.newaxis],
    "a new axis after one": lambda x: x[3, np.newaxis],
    "a tuple of one": lambda x: x[3,],
    "row too high": lambda x: x[60],
    "row too low": lambda x: x[-61],
    "a name": lambda x: x["w1"],
    "length": len,
    "rows in a loop": lambda x: [np.asarray(row).tolist() for row in x],
    "shape": lambda x: (x.shape, x.ndim, x.size, x.nbytes, x.dtype),
    "asarray": np.asarray,
    "as float64": lambda x: np.array(x, dtype=np.float64),
    "dot": lambda x: np.dot(x.T, np.ones(60, dtype=np.float32)),
    "its own dot": lambda x: x.T.dot(np.ones(60, dtype=np.float32)),
    "matmul": lambda x: np.ones((2, 60), dtype=np.float32) @ x,
    "quotient": lambda x: MATRIX.T / x.T,
    "comparison": lambda x: x > 0.5,
    "equality": lambda x: x == np.asarray(x),
    "sums": lambda x: (x + 1, 1 - x, 2 * x, -x, abs(x), x + x),
    "a ufunc's method": lambda x: np.add.reduce(x),
    "an own array for the result": lambda x: np.multiply(x, 2, out=np.empty(x.shape, dtype=x.dtype)),
    "methods": lambda x: (x.mean(), x.max(axis=0), x.astype(np.float16), x.copy(), x.tolist(), x.ravel()),
    "functions": lambda x: (np.linalg.norm(x), np.argsort(x, axis=0), np.vstack([x.T, x.T]), np.isfinite(x)),
    "contains": lambda x: (2.5 in x, np.asarray(x).flat[3] in x),
    "truth": bool,
    "text": lambda x: (repr(x), str(x)),
    "pickle": lambda x: pickle.loads(pickle.dumps(x)),
    "copies": lambda x: (copy.copy(x), copy.deepcopy(x)),
    "hash": hash,
    "a name that arrays lack": lambda x: x.nothing,
}


def outcome(function: Callable[[], Any]) -> Any:
    try:
        return function()
    except Exception as error:
        return type(error)


def assert_equal(ours: Any, theirs: Any) -> None:
    assert type(ours) is type(theirs)
    if isinstance(theirs, tuple | list):
        for one, other in zip(ours, theirs, strict=True):
            assert_equal(one, other)
    elif isinstance(theirs, np.ndarray):
        np.testing.assert_array_equal(ours, theirs, strict=True)
    else:
        assert ours == theirs


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int32])
def test_used_as_an_array(use: str, dtype: Any) -> None:
    matrix = (10 * ROWS).astype(dtype)
    for ours, theirs in ((UnitRows(matrix), unit_rows(matrix)), (RowLengths(matrix), row_lengths(matrix))):
        assert_equal(outcome(lambda: USES[use](ours)), outcome(lambda: USES[use](theirs)))  # noqa: B023


TABLES: dict[str, Callable[[Any], Any]] = {
    "an entry": lambda x: x[3, 4],
    "a column": lambda x: x[:, 4],
    "columns of a row": lambda x: x[3, 2:5],
    "columns of rows": lambda x: x[2:9, [1, 3]],
    "pairs": lambda x: x[[1, 2], [3, 4]],
    "a mask of entries": lambda x: x[x > 0],
    "too many": lambda x: x[1, 2, 3],
}


@pytest.mark.parametrize("use", TABLES)
def test_used_as_a_matrix(use: str) -> None:
    assert_equal(
        outcome(lambda: TABLES[use](UnitRows(MATRIX))), outcome(lambda: TABLES[use](unit_rows(MATRIX)))
    )


def test_a_row_is_computed_of_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def recorded(function: Any) -> Any:
        return lambda rows, *where: (seen.append(1 if where else len(rows)), function(rows, *where))[1]

    for name in ("unit_rows", "row_lengths", "row_of_length_1"):
        monkeypatch.setattr(computed, name, recorded(getattr(computed, name)))
    for values in (UnitRows(MATRIX), RowLengths(MATRIX)):
        values[5], values[2:4], values[[1, 2, 3]], values[MASK]
        assert seen == [1, 2, 3, 20] and len(values) == 60 and values.shape[0] == 60
        seen.clear()


@pytest.mark.parametrize("kind", [UnitRows, RowLengths])
def test_it_follows_its_matrix(kind: type[Computed]) -> None:
    matrix = ROWS.copy()
    values, view = kind(matrix), matrix[5:]
    for write in (
        lambda: matrix.__setitem__(3, 7 * ROWS[4]),
        lambda: view.__setitem__(0, -ROWS[9]),
        lambda: np.multiply(matrix, np.arange(9, dtype=np.float32) + 1, out=matrix),
    ):
        before = np.array(values)
        write()
        assert not np.array_equal(before, values)
        np.testing.assert_array_equal(values, kind(matrix.copy()))


def test_it_cannot_be_written_to() -> None:
    for values in (UnitRows(MATRIX), RowLengths(MATRIX)):
        with pytest.raises(TypeError):
            values[3] = 0  # type: ignore[index]
        with pytest.raises(TypeError, match="change the vectors"):
            values *= 2
        with pytest.raises(ValueError, match="copy=False"):
            values.__array__(copy=False)
    assert np.array_equal(MATRIX, ROWS)


@IGNORE_OLDER
def test_what_programs_for_gensim_3_do() -> None:
    kv, model = few_vectors(), small()
    unit = unit_rows(ROWS)
    for rows in (kv.vectors_norm, kv.syn0norm):
        for i in range(len(KEYS)):
            assert np.array_equal(rows[i], kv.get_vector(KEYS[i], norm=True))
        assert np.array_equal(np.dot(rows, unit[3]), unit @ unit[3])
        assert np.array_equal(rows[[kv.vocab[word].index for word in ("w3", "w1")]], unit[[3, 1]])
    assert np.array_equal(kv.vectors / kv.norms[..., np.newaxis], ROWS / row_lengths(ROWS)[:, np.newaxis])
    assert (kv.norms > 0).all()
    assert np.array_equal(model.syn0norm[4], model.wv.get_vector(model.wv.index_to_key[4], norm=True))
    kv.vectors_norm, kv.norms = None, None
    assert np.array_equal(kv.vectors_norm[2], unit[2])
