"""`Word2Vec.from_vectors`: a model of two files or two `KeyedVectors`."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from factories import TEXT, UNSAMPLED

from fastw2v import KeyedVectors, Word2Vec


@pytest.mark.parametrize("binary", [True, False])
def test_from_two_files(binary: bool, model: Word2Vec, tmp_path: Any) -> None:
    paths = {space: tmp_path / space for space in ("in", "out")}
    counts = tmp_path / "counts"
    for space, path in paths.items():
        model.save_word2vec_format(path, counts, binary=binary, space=space)
    again = Word2Vec.from_vectors(
        in_=paths["in"], out=paths["out"], binary=binary, fvocab=counts, sg=1, workers=1, progress=False
    )
    assert again.wv.index_to_key == model.wv.index_to_key and again.vector_size == 12
    np.testing.assert_array_equal(again.syn0, model.syn0)
    np.testing.assert_array_equal(again.syn1neg, model.syn1neg)
    np.testing.assert_array_equal(again.wv.expandos["count"], model.wv.expandos["count"])
    np.testing.assert_array_equal(again.cum_table, model.cum_table)
    assert again.most_similar("w1", target="out") == model.most_similar("w1", target="out")


@pytest.mark.trains_again
def test_from_vectors_goes_on_as_the_model_would(model: Word2Vec) -> None:
    ours = copy.deepcopy(model)
    again = Word2Vec.from_vectors(model.wv, model.wv_out, **SMALL_SETTINGS, sg=1)
    again.random.set_state(ours.random.get_state())
    for one in (ours, again):
        one.train(TEXT, total_examples=len(TEXT), epochs=2, start_alpha=0.05, end_alpha=0.01)
    np.testing.assert_array_equal(ours.syn0, again.syn0)
    np.testing.assert_array_equal(ours.syn1neg, again.syn1neg)
    assert not np.shares_memory(again.syn0, model.syn0) and not (again.syn0 == model.syn0).all()


SMALL_SETTINGS = {name: value for name, value in UNSAMPLED.items() if name != "vector_size"}


def test_from_vectors_in_any_order_without_counts(model: Word2Vec, caplog: pytest.LogCaptureFixture) -> None:
    words = model.wv.index_to_key
    out = KeyedVectors(12)
    out.add_vectors(words[::-1], model.syn1neg[::-1])
    in_ = KeyedVectors(12)
    in_.add_vectors(words, model.syn0)
    again = Word2Vec.from_vectors(in_, out, **SMALL_SETTINGS)
    np.testing.assert_array_equal(again.syn1neg, model.syn1neg)
    assert "Zipf" in caplog.text
    counts = again.wv.expandos["count"]
    assert counts[0] == len(words) and counts[1] == len(words) // 2 and counts[-1] == 1
    again.build_vocab([["w0", "new"]], update=True)
    assert again.wv.get_vecattr("w0", "count") == len(words) + 1 and len(again.out_vector("new")) == 12
    again.train([["w0", "new"]] * 50, total_examples=50, epochs=1)
    assert (again.out_vector("new") != 0).any()


def test_from_vectors_takes_those_of_gensims(gensims: Any) -> None:
    theirs = gensims.Word2Vec(TEXT, min_count=1, vector_size=7, workers=1)
    ours = Word2Vec.from_vectors(in_=theirs.wv, out=theirs.wv, min_count=1, workers=1)
    assert ours.wv.index_to_key == theirs.wv.index_to_key
    np.testing.assert_array_equal(ours.syn0, theirs.wv.vectors)
    np.testing.assert_array_equal(ours.syn1neg, theirs.wv.vectors)
    assert ours.wv.get_vecattr("w0", "count") == theirs.wv.get_vecattr("w0", "count")
    with pytest.raises(TypeError, match=r"model\.wv"):
        Word2Vec.from_vectors(in_=theirs, out=theirs)
    with pytest.raises(
        TypeError, match=r"in_ or out is of type Word2Vec: give its vectors, \.wv or \.wv_out"
    ):
        Word2Vec.from_vectors(in_=ours, out=ours)  # type: ignore[arg-type]


def keyed(words: list[str], size: int = 3) -> KeyedVectors:
    made = KeyedVectors(size)
    made.add_vectors(words, np.ones((len(words), size)))
    return made


@pytest.mark.parametrize(
    ("in_", "out", "settings", "error", "part"),
    [
        (keyed(["a", "b"]), keyed(["a", "c"]), {}, ValueError, "only one has 'b', 'c'"),
        (keyed(["a"]), keyed(["a", "c"]), {}, ValueError, "only one has 'c'"),
        (keyed(["a"]), keyed(["a"], 4), {}, ValueError, "3 dimensions and out 4"),
        (keyed(["a"]), keyed(["a"]), {"hs": 1}, ValueError, "negative sampling alone"),
        (keyed(["a"]), keyed(["a"]), {"negative": 0}, ValueError, "negative sampling alone"),
        (keyed(["a"]), keyed(["a"]), {"vector_size": 3}, TypeError, "vector_size"),
        (keyed(["a"]), keyed(["a"]), {"sentences": TEXT}, TypeError, "sentences"),
        (keyed(["a"]), "no such file", {}, FileNotFoundError, "no such file"),
        (KeyedVectors(3, 2), keyed(["a"]), {}, ValueError, "rows without a word"),
    ],
)
def test_what_does_not_belong_together(in_: Any, out: Any, settings: Any, error: Any, part: str) -> None:
    with pytest.raises(error, match=part):
        Word2Vec.from_vectors(in_, out, **settings)
