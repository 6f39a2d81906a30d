"""first_vectors.py: the vectors that training begins with are gensim's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fastw2v.keyedvectors import prep_vectors, pseudorandom_weak_vector


def test_first_vectors() -> None:
    grown = prep_vectors((5, 3), prior_vectors=prep_vectors((2, 3), seed=7), seed=7)
    np.testing.assert_array_equal(grown, prep_vectors((5, 3), seed=7))
    assert grown.dtype == np.float32 and np.abs(grown).max() <= 1 / 3
    assert not np.array_equal(grown, prep_vectors((5, 3), seed=8))
    assert prep_vectors((5, 3), prior_vectors=grown) is grown
    assert prep_vectors((5, 3), dtype=np.float16).dtype == np.float16


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("prior", [None, np.ones((2, 4)), np.ones((3, 2))])
def test_first_vectors_as_gensim(dtype: Any, prior: Any) -> None:
    module = pytest.importorskip("gensim.models.keyedvectors", reason="gensim is not installed")
    ours, theirs = (prep((3, 4), prior, seed=3, dtype=dtype) for prep in (prep_vectors, module.prep_vectors))
    np.testing.assert_array_equal(ours, theirs, strict=True)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("threads", [1, 2, 5])
def test_first_vectors_in_threads_are_one_draw(dtype: Any, threads: int) -> None:
    """More numbers than are drawn at a time, and an odd number of them."""
    drawn = np.random.default_rng(7).random((2801, 77), dtype=dtype)
    expected = (drawn * 2 - 1) / dtype(77)
    np.testing.assert_array_equal(prep_vectors((2801, 77), seed=7, dtype=dtype, threads=threads), expected)


@pytest.mark.parametrize("size", [1, 7, 100])
@pytest.mark.parametrize("seed", ["potato", "a", "12"])
def test_weak_vectors_as_gensim(size: int, seed: str) -> None:
    module = pytest.importorskip("gensim.models.keyedvectors", reason="gensim is not installed")
    expected = module.pseudorandom_weak_vector(size, seed_string=seed, hashfxn=len)
    ours = pseudorandom_weak_vector(size, seed_string=seed, hashfxn=len)
    np.testing.assert_array_equal(ours, expected, strict=True)


def test_weak_vectors_without_a_seed() -> None:
    one, other = pseudorandom_weak_vector(9), pseudorandom_weak_vector(9)
    assert (one != other).all() and np.abs(one).max() <= 1 / 18
