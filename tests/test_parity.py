"""`step="pair"`, one worker, same seed: fastw2v's matrices are gensim's on its Lee corpus over 3 epochs.

Run with `-s` for the table of largest differences, each relative to the largest weight of the matrix. The
bound is 1e-3: gensim reads its BLAS dot products with an error of 2**-20, and one that falls into the next
bucket of the sigmoid table moves a weight by up to 0.003 alpha |x|. Between processors gensim itself differs
as much.
"""

from __future__ import annotations

import numpy as np
import pytest
from factories import BOTH, HS, MODES, NEG, NO_GENSIM

from fastw2v import LineSentence, Word2Vec

gensim = pytest.importorskip("gensim", reason=NO_GENSIM)

BASE = {"vector_size": 50, "epochs": 3, "workers": 1, "seed": 7, "compute_loss": True}
SETTINGS = {
    **MODES,
    "cbow-neg-sum": {"cbow_mean": 0, **NEG},
    "cbow-hs-sum": {"cbow_mean": 0, **HS},
    "cbow-both-sum": {"cbow_mean": 0, **BOTH},
    "sg-fixed-windows": {"sg": 1, "shrink_windows": False},
    "cbow-fixed-windows": {"sg": 0, "shrink_windows": False},
    "sg-no-downsampling": {"sg": 1, "sample": 0},
    "sg-hs-no-downsampling": {"sg": 1, "sample": 0, **HS},
    "cbow-no-downsampling": {"sg": 0, "sample": 0},
    "sample-none": {"sg": 1, "sample": None},
    "sample-count": {"sg": 1, "sample": 50},
    "ns-exponent-0": {"sg": 1, "ns_exponent": 0},
    "ns-exponent-negative": {"sg": 1, "ns_exponent": -0.5},
    "unsorted": {"sg": 1, "sorted_vocab": 0},
    "unsorted-hs": {"sg": 1, "sorted_vocab": 0, **HS},
    "batches-of-300": {"sg": 1, "batch_words": 300},
    "batches-of-50": {"sg": 0, "batch_words": 50},
    "max-final-vocab": {"sg": 1, "max_final_vocab": 500},
    "min-count-1": {"sg": 0, "min_count": 1},
    "alpha": {"sg": 1, "alpha": 0.05, "min_alpha": 0.01},
    "null-word": {"sg": 1, "null_word": 1, "sample": 0},
    "window-1": {"sg": 1, "window": 1},
    "negative-20": {"sg": 1, "negative": 20},
    "dimension-300": {"sg": 1, "vector_size": 300},
}


@pytest.fixture(scope="module")
def lee() -> list[list[str]]:
    from gensim.test.utils import datapath

    return list(LineSentence(datapath("lee_background.cor")))


@pytest.mark.parametrize("name", SETTINGS)
def test_equals_gensim(lee, name):
    settings = BASE | SETTINGS[name]
    theirs = gensim.models.Word2Vec(lee, **settings)
    ours = Word2Vec(lee, step="pair", progress=False, **settings)
    assert ours.wv.index_to_key == theirs.wv.index_to_key
    for attribute in ("count", "sample_int"):
        assert ours.wv.expandos[attribute].tolist() == theirs.wv.expandos[attribute].tolist()
    differences = {}
    for matrix in ("syn0", "syn1", "syn1neg"):
        expected = theirs.wv.vectors if matrix == "syn0" else getattr(theirs, matrix, None)
        found = getattr(ours, matrix, None)
        assert (expected is None) == (found is None), matrix
        if expected is not None:
            differences[matrix] = float(np.abs(found - expected).max() / np.abs(expected).max())
    print(
        f"| {name} | "
        + " | ".join(f"{differences.get(m, float('nan')):.1e}" for m in ("syn0", "syn1", "syn1neg"))
        + " |"
    )
    assert max(differences.values()) < 1e-3
    assert ours.min_alpha_yet_reached == theirs.min_alpha_yet_reached


@pytest.mark.parametrize("name", ["sg-neg", "sg-hs", "cbow-neg", "cbow-hs", "cbow-both-sum"])
def test_loss_equals_gensim(lee, name):
    """On little text: gensim adds its loss up in float32, which loses digits as the sum grows."""
    settings = BASE | SETTINGS[name] | {"epochs": 1, "min_count": 2}
    theirs, ours = (
        gensim.models.Word2Vec(lee[:20], **settings),
        Word2Vec(lee[:20], step="pair", progress=False, **settings),
    )
    assert ours.get_latest_training_loss() == pytest.approx(theirs.get_latest_training_loss(), rel=1e-3)


def test_huffman_paths_equal_gensim(lee):
    settings = {"vector_size": 2, "epochs": 1, **HS}
    theirs, ours = gensim.models.Word2Vec(lee, **settings), Word2Vec(lee, progress=False, **settings)
    for word in theirs.wv.index_to_key:
        path = ours.huffman_path(word)
        assert path.point.tolist() == theirs.wv.get_vecattr(word, "point").tolist()
        assert path.code.tolist() == theirs.wv.get_vecattr(word, "code").tolist()


@pytest.mark.parametrize("objective", [NEG, HS], ids=["neg", "hs"])
@pytest.mark.parametrize("sg", [1, 0], ids=["sg", "cbow"])
@pytest.mark.trains_again
def test_online_update_equals_gensim(lee, sg, objective):
    settings = BASE | {"sg": sg, **objective}
    models = (
        gensim.models.Word2Vec(lee[:150], **settings),
        Word2Vec(lee[:150], step="pair", progress=False, **settings),
    )
    for model in models:
        model.build_vocab(lee[150:], update=True)
        model.train(lee[150:], total_examples=model.corpus_count, epochs=2)
    theirs, ours = models
    assert ours.wv.index_to_key == theirs.wv.index_to_key
    assert ours.wv.expandos["count"].tolist() == theirs.wv.expandos["count"].tolist()
    difference = np.abs(ours.syn0 - theirs.wv.vectors).max() / np.abs(theirs.wv.vectors).max()
    assert difference < 1e-3
