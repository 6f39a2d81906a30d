"""matrices.py: a model's three matrices by word."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from factories import BOTH, HS, MODES, NEG, matrices, small

from fastw2v import KeyedVectors, Word2Vec


@pytest.mark.parametrize("mode", MODES)
def test_accessors(mode: str) -> None:
    model = small(**MODES[mode])
    rows = len(model.wv)
    assert model.syn0 is model.wv.vectors
    for name in matrices(model):
        matrix = getattr(model, name)
        assert matrix.shape == (rows, 12) and matrix.dtype == np.float32 and matrix.flags.c_contiguous
    for word in ("w0", "w3", 2):
        row = model.wv.get_index(word)
        assert model.in_vector(word).shape == (12,)
        assert np.shares_memory(model.in_vector(word), model.syn0[row])
        if model.negative:
            assert np.shares_memory(model.out_vector(word), model.syn1neg[row])
            np.testing.assert_array_equal(model.out_vector(word), model.syn1neg[row])
        if model.hs:
            path = model.huffman_path(word)
            assert path.point.dtype == np.uint32 and path.code.dtype == np.uint8
            assert path.point.shape == path.code.shape and path.point[0] == rows - 2
            nodes = model.node_vectors(word)
            assert nodes.shape == (len(path.point), 12) and nodes.dtype == np.float32
            np.testing.assert_array_equal(nodes, model.syn1[path.point])
    model.in_vector("w0")[:] = 7
    assert (model.wv["w0"] == 7).all()


@pytest.mark.parametrize("mode", [mode for mode in MODES if "hs" not in mode])
def test_wv_out_shares_words_and_memory(mode: str) -> None:
    model = small(**MODES[mode])
    out = model.wv_out
    assert isinstance(out, KeyedVectors) and out.index_to_key is model.wv.index_to_key
    assert out.vectors is model.syn1neg
    model.out_vector("w1")[:] = 3
    assert (out["w1"] == 3).all()
    assert len(out.most_similar("w1", topn=3)) == 3


@pytest.mark.parametrize(
    ("objective", "access", "advice"),
    [
        (NEG, lambda model: model.syn1, "hs=1"),
        (NEG, lambda model: model.huffman_path("w0"), "hs=1"),
        (NEG, lambda model: model.node_vectors("w0"), "hs=1"),
        (HS, lambda model: model.syn1neg, "negative=5"),
        (HS, lambda model: model.wv_out, "negative=5"),
        (HS, lambda model: model.out_vector("w0"), "node_vectors(word)"),
        (HS, lambda model: model.out_vector("w0"), "negative=5"),
    ],
)
def test_what_was_not_trained_says_which_setting_would_have(objective: Any, access: Any, advice: str) -> None:
    model = small(**objective)
    with pytest.raises(AttributeError, match=re.escape(advice)):
        access(model)


def test_before_training_there_are_no_outputs() -> None:
    model = Word2Vec()
    for name in ("syn1", "syn1neg"):
        assert not hasattr(model, name)
        with pytest.raises(AttributeError, match="build a vocabulary"):
            getattr(model, name)


@pytest.mark.parametrize("access", ["in_vector", "out_vector", "node_vectors", "huffman_path"])
def test_unknown_words_are_key_errors(access: str) -> None:
    model = small(**MODES["sg-both"])
    with pytest.raises(KeyError, match="potato"):
        getattr(model, access)("potato")


def test_what_people_were_told_to_write() -> None:
    model = small([["potato", "soup", "potato"]], **BOTH)
    np.testing.assert_array_equal(model["potato"], model.in_vector("potato"))
    assert "potato" in model and "tomato" not in model
    with pytest.warns(DeprecationWarning, match=r"KeyedVectors\.vocab is an older spelling.* key_to_index"):
        record = model.wv.vocab["potato"]
    np.testing.assert_array_equal(model.syn1[record.point], model.node_vectors("potato"))
    np.testing.assert_array_equal(model.syn1neg[record.index], model.out_vector("potato"))
    assert (record.count, record.index) == (2, 0)
    assert record.code.tolist() == model.huffman_path("potato").code.tolist()


def test_load_is_a_method_of_the_class(tmp_path: Any) -> None:
    model = small()
    model.save(tmp_path / "model")
    with pytest.raises(AttributeError, match=r"Word2Vec\.load"):
        model.load(tmp_path / "model")
    assert callable(Word2Vec.load)

    class Mine(Word2Vec):
        pass

    assert type(Mine.load(tmp_path / "model")) is Mine
