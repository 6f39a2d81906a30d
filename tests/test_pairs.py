"""`Word2Vec.train_pairs`: each input is trained with its output, and not the reverse."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
from factories import BOTH, HS, UNSAMPLED, unsampled

from fastw2v import Word2Vec


def some_pairs(count: int = 400, seed: int = 2) -> tuple[list[str], list[str]]:
    """Sources of four kinds, with targets of their kind; no word is both."""
    rng = np.random.default_rng(seed)
    kinds = rng.integers(0, 4, count)
    return [f"a{k}.{i}" for k, i in zip(kinds, rng.integers(0, 3, count), strict=True)], [
        f"b{k}.{i}" for k, i in zip(kinds, rng.integers(0, 3, count), strict=True)
    ]


PAIR_SETTINGS = UNSAMPLED | {"alpha": 0.1, "epochs": 20}


@pytest.mark.parametrize("settings", [{}, {"step": "window"}, {"sg": 1, "workers": 2}, HS, BOTH])
def test_pairs_are_directed(settings: Any) -> None:
    inputs, outputs = some_pairs()
    model = Word2Vec(**PAIR_SETTINGS | settings)
    model.build_vocab_from_freq(Counter(inputs + outputs))
    before = model.syn0.copy()
    assert model.train_pairs(inputs, outputs) == (2 * 400 * 20, 2 * 400 * 20)
    for word in model.wv.index_to_key:
        row = model.wv.get_index(word)
        assert (model.syn0[row] != before[row]).any() == word.startswith("a")
    if model.negative:
        for word in set(inputs):
            best = [other for other, _ in model.most_similar(word, topn=3, target="out")]
            assert all(other.startswith("b" + word[1]) for other in best)
    else:
        for word in set(inputs):
            chances = model.hs_probability(word)
            likely = sum(chances[model.wv.get_index(f"b{word[1]}.{i}")] for i in range(3))
            assert likely > 0.8


def test_pairs_are_what_sentences_of_two_are_in_one_direction() -> None:
    """One pair, over and over, without chance: the same as a window in which the first word has no input."""
    model, twin = (Word2Vec(**PAIR_SETTINGS | {"sg": 1, "negative": 0, "hs": 1}) for _ in range(2))
    for one in (model, twin):
        one.build_vocab_from_freq({"x": 3, "y": 2, "z": 1})
    model.train_pairs(["x"] * 50, ["y"] * 50, epochs=1, start_alpha=0.1, end_alpha=0.1)
    twin.wv.vectors_lockf = np.array([1, 0, 1], dtype=np.float32)
    twin.syn0[1] = 0  # a zero input moves no node
    twin.train([["x", "y"]] * 50, total_examples=50, epochs=1, start_alpha=0.1, end_alpha=0.1)
    np.testing.assert_allclose(model.syn0[0], twin.syn0[0], rtol=1e-6)
    np.testing.assert_allclose(model.syn1, twin.syn1, rtol=1e-6)


@pytest.mark.trains_again
def test_pairs_of_a_model_without_words() -> None:
    inputs, outputs = some_pairs()
    model = Word2Vec(**PAIR_SETTINGS)
    model.train_pairs(iter(inputs), iter(outputs), epochs=2, weights=np.full(400, 2))
    assert set(model.wv.index_to_key) == {*inputs, *outputs} and model.epochs == 2
    before = model.syn0.copy()
    trained_words, _ = model.train_pairs([*inputs, "new"], [*outputs, "newer"], epochs=1, freeze="in")
    assert trained_words == 800 and "new" not in model.wv
    np.testing.assert_array_equal(model.syn0, before)


def test_refused_pairs_leave_no_vocabulary() -> None:
    model = Word2Vec(**UNSAMPLED)
    with pytest.raises(ValueError, match="no pair is left"):
        model.train_pairs(["a"], ["b"], weights=[0])
    assert not len(model.wv) and not len(model.syn0) and not hasattr(model, "syn1neg")
    model.train_pairs(["c"], ["d"])
    assert set(model.wv.index_to_key) == {"c", "d"}
    assert len(model.syn0) == len(model.syn1neg) == 2


@pytest.mark.parametrize(
    ("inputs", "outputs", "options", "error", "part"),
    [
        (["w1"], ["w1", "w2"], {}, ValueError, "1 inputs and 2 outputs"),
        (["w1"], ["w2"], {"weights": [1, 2]}, ValueError, r"weights of shape \(2,\) for 1 pairs"),
        (["w1"], ["w2"], {"weights": [-1]}, ValueError, "at least 0"),
        (["w1"], ["w2"], {"weights": [math.inf]}, ValueError, "finite"),
        (["w1"], ["potato"], {}, ValueError, "no pair is left"),
        (["w1"], ["w2"], {"weights": [0]}, ValueError, "no pair is left"),
        ([], [], {}, ValueError, "no pair is left"),
        (["w1"], ["w2"], {"epochs": 0}, ValueError, "epochs=0"),
        (["w1"], ["w2"], {"freeze": "both"}, ValueError, "'both'"),
    ],
)
def test_pairs_that_are_none(inputs: Any, outputs: Any, options: Any, error: Any, part: str) -> None:
    model = unsampled()
    before, epochs = model.syn0.copy(), model.epochs
    with pytest.raises(error, match=part):
        model.train_pairs(inputs, outputs, **options)
    np.testing.assert_array_equal(model.syn0, before)
    assert model.epochs == epochs
