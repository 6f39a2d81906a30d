"""query/layers.py: vectors as matrices and embedding layers, whose inputs number words in their own way."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from factories import few_vectors

from fastw2v import KeyedVectors

KV = few_vectors()
INDEX = {"w5": 1, "unheard": 2, "w1": 4}


def test_rows_of_a_tokenizer() -> None:
    """Keras numbers words from 1 on; 0 is for padding."""
    made = KV.embedding_matrix(INDEX)
    np.testing.assert_array_equal(made, [0 * KV["w1"], KV["w5"], 0 * KV["w1"], 0 * KV["w1"], KV["w1"]])
    assert made.dtype == KV.vectors.dtype and not np.shares_memory(made, KV.vectors)
    by_hand = np.zeros((5, 9), np.float32)
    for word, row in INDEX.items():
        if word in KV:
            by_hand[row] = KV[word]
    np.testing.assert_array_equal(made, by_hand)


def test_words_in_the_order_of_their_rows() -> None:
    made = KV.embedding_matrix(["", "[UNK]", "w3", "w4"])
    np.testing.assert_array_equal(made[2:], KV[["w3", "w4"]])
    assert not made[:2].any()


def test_words_without_a_vector() -> None:
    vector = np.arange(9.0)
    np.testing.assert_array_equal(
        KV.embedding_matrix(INDEX, unk=vector)[[0, 2, 3]], [0 * vector, vector, 0 * vector]
    )
    np.testing.assert_allclose(KV.embedding_matrix(INDEX, unk="mean")[2], KV.vectors.mean(axis=0), rtol=1e-5)


def test_the_row_of_padding() -> None:
    assert not KV.embedding_matrix({"w1": 0, "w2": 1})[0].any()
    np.testing.assert_array_equal(KV.embedding_matrix({"w1": 0, "w2": 1}, pad=None), KV[["w1", "w2"]])
    made = KV.embedding_matrix({"w1": 0}, pad=3)
    np.testing.assert_array_equal(made, [KV["w1"], *np.zeros((3, 9))])


def test_how_many_rows() -> None:
    assert KV.embedding_matrix({}).shape == (1, 9)
    assert KV.embedding_matrix({}, pad=None).shape == (0, 9)
    assert KV.embedding_matrix(INDEX, rows=20).shape == (20, 9)
    assert KV.embedding_matrix(INDEX, rows=2).shape == (5, 9)
    assert KV.embedding_matrix({"w1": np.int64(1), "w2": 2.0}).shape == (3, 9)


def test_keys_that_are_row_numbers_are_words() -> None:
    kv = KeyedVectors(2)
    kv.add_vectors([7, "a"], [[1, 2], [3, 4]])
    assert kv.embedding_matrix({0: 1, 7: 2, "a": 3}).tolist() == [[0, 0], [0, 0], [1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"word_index": {"w1": -1}}, ValueError, r"word_index\['w1'\]=-1"),
        ({"word_index": {"w1": "1"}}, TypeError, r"word_index\['w1'\] is '1'"),
        ({"word_index": {"w1": 1.5}}, TypeError, "whole number"),
        ({"word_index": {"w1": 1, "w2": 1}}, ValueError, "'w1' and 'w2' the same row, 1"),
        ({"word_index": ["w1", "w2", "w1"]}, ValueError, "'w1' twice"),
        ({"word_index": "w1"}, TypeError, "tokenizer.word_index"),
        ({"word_index": 5}, TypeError, "tokenizer.word_index"),
        ({"pad": -1}, ValueError, "pad=-1"),
        ({"rows": -1}, ValueError, "rows=-1"),
        ({"unk": "zero"}, ValueError, "give 'mean'"),
        ({"unk": [1, 2]}, ValueError, "give 9 numbers"),
        ({"unk": ["a"] * 9}, ValueError, "give 9 numbers"),
        ({"word_index": {"w1": 2**40}}, MemoryError, "rows"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_is_refused(given: dict[str, Any], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        KV.embedding_matrix(**({"word_index": INDEX} | given))


@pytest.mark.parametrize(("method", "package"), [("to_torch", "torch"), ("to_keras", "keras")])
def test_the_extra_is_named(method: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=rf"pip install 'fastw2v\[{package}\]'") as caught:
        getattr(KV, method)()
    assert caught.value.name == package


@pytest.mark.parametrize("method", ["to_torch", "to_keras"])
def test_what_layers_refuse(method: str) -> None:
    try:
        importlib.import_module(method.removeprefix("to_"))
    except ImportError:
        pytest.skip(f"{method}() needs a package that is not installed")
    with pytest.raises(ValueError, match="pad=3 is the row of 'w3'"):
        getattr(KV, method)(pad=3)
    with pytest.raises(ValueError, match="unk is given without word_index"):
        getattr(KV, method)(unk="mean")


def test_torch() -> None:
    torch = pytest.importorskip("torch")
    layer = KV.to_torch()
    np.testing.assert_array_equal(layer(torch.tensor([3, 1])), KV.vectors[[3, 1]])
    assert not layer.weight.requires_grad and layer.padding_idx is None
    layer = KV.to_torch(INDEX, freeze=False, pad=0, unk="mean", max_norm=None)
    np.testing.assert_array_equal(layer.weight.detach(), KV.embedding_matrix(INDEX, unk="mean"))
    assert layer.weight.requires_grad and layer.padding_idx == 0
    before = KV.vectors.copy()
    layer(torch.tensor([1, 0, 0])).sum().backward()
    torch.optim.SGD(layer.parameters(), lr=1).step()
    assert not layer.weight[0].any() and (layer.weight[1].detach().numpy() != KV["w5"]).all()
    np.testing.assert_array_equal(KV.vectors, before)
    made = KV.to_torch(pad=len(KV))
    assert made.weight.shape == (61, 9) and not made.weight[60].any() and made.padding_idx == 60


OF_KERAS = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # with PyTorch


@pytest.fixture
def keras() -> Any:
    try:
        return importlib.import_module("keras")
    except ImportError as error:
        pytest.skip(f"Keras, or what it computes with, is not installed: {error}")


@OF_KERAS
def test_keras(keras: Any) -> None:
    layer = KV.to_keras()
    answer = keras.ops.convert_to_numpy(layer(np.array([3, 1])))
    np.testing.assert_array_equal(answer, KV.vectors[[3, 1]])
    assert not layer.trainable
    layer = KV.to_keras(INDEX, freeze=False, pad=0, mask_zero=True, name="words")
    answer = keras.ops.convert_to_numpy(layer(np.array([1, 4, 0])))
    np.testing.assert_array_equal(answer, [KV["w5"], KV["w1"], 0 * KV["w1"]])
    assert layer.trainable and layer.name == "words" and layer.mask_zero


@OF_KERAS
def test_a_keras_model_is_saved_with_the_layer(keras: Any, tmp_path: Path) -> None:
    """Its vectors once, as numbers."""
    words = keras.Input((None,), dtype="int32")
    model = keras.Model(words, KV.to_keras(INDEX)(words))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.get_weights()[0], KV.embedding_matrix(INDEX, pad=None))
    assert len(model.to_json()) < 5000
