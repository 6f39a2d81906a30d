"""factories.py: comparisons are worth as much as the differences that they notice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from factories import Restartable, assert_same, saved, small, trained, write, written

from fastw2v import KeyedVectors, LineSentence, Word2Vec
from fastw2v.columns import Ragged

ONE = {
    "list": [1, (2.0, "x")],
    "array": np.arange(4, dtype=np.float32),
    "ragged": Ragged(np.ones(2), np.array([0, 2])),
}


@pytest.mark.parametrize(
    "other",
    [
        ONE | {"list": [1, [2.0, "x"]]},
        ONE | {"list": [1, (2.0, "y")]},
        ONE | {"list": [1, (2.0,)]},
        ONE | {"array": np.arange(4, dtype=np.float64)},
        ONE | {"array": np.arange(4, dtype=np.float32).reshape(1, 4)},
        ONE | {"array": np.arange(1, 5, dtype=np.float32)},
        ONE | {"ragged": Ragged(np.ones(2), np.array([0, 1, 2]))},
        ONE | {"more": None},
        list(ONE.items()),
    ],
)
def test_assert_same_notices(other: Any) -> None:
    assert_same(ONE, dict(ONE))
    with pytest.raises(AssertionError):
        assert_same(ONE, other)


@pytest.mark.parametrize(
    "change",
    [
        lambda model: model.random.rand(),
        lambda model: model.syn1neg.__setitem__((0, 0), 9),
        lambda model: model.wv.key_to_index.update(graph=7),
        lambda model: model.wv.expandos["count"].__setitem__(0, 0),
        lambda model: setattr(model, "window", 6),
        lambda model: setattr(model, "hashfxn", len),
    ],
)
def test_assert_same_looks_into_models(change: Callable[[Word2Vec], Any]) -> None:
    model, twin = trained(), trained()
    for one in (model, twin):
        one.lifecycle_events = one.history = None  # they have dates and seconds
        one.total_train_time = 0
    assert_same(model, twin)
    change(twin)
    with pytest.raises(AssertionError):
        assert_same(model, twin)


def test_files(tmp_path: Any) -> None:
    for name in ("text", "text.gz"):
        assert list(LineSentence(written(tmp_path, name, [["a", "b"], ["ü"]]))) == [["a", "b"], ["ü"]]
        assert list(LineSentence(write(tmp_path / name, b"a b\n"))) == [["a", "b"]]
    model = small()
    assert_same(KeyedVectors.load(saved(model.wv)).vectors, Word2Vec.load(saved(model)).wv.vectors)


def test_restartable_counts_its_passes() -> None:
    corpus = Restartable(lambda: ([word] for word in "ab"))
    assert list(corpus) == list(corpus) == [["a"], ["b"]] and corpus.passes == 2
