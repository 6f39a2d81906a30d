from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastw2v.vocabulary.sampling import DOMAIN, check_noise_table, downsampling, noise_index, noise_table

COUNTS = {
    "one word": [7],
    "equal": [3] * 40,
    "zipf": [100_000 // rank for rank in range(1, 500)],
    "one giant": [10**12, *[1] * 300],
    "mixed": list(np.random.default_rng(5).integers(1, 1000, 2000)),
}


def gensims_model(counts: list[int], **settings: object) -> Any:
    word2vec = pytest.importorskip("gensim.models.word2vec", reason="compares with gensim")
    model = word2vec.Word2Vec(vector_size=1, min_count=1, sorted_vocab=0, **settings)
    frequencies = {f"w{i}": int(count) for i, count in enumerate(counts)}
    model.build_vocab_from_freq(frequencies, keep_raw_vocab=True)
    return model


@pytest.mark.parametrize("counts", COUNTS.values(), ids=COUNTS)
@pytest.mark.parametrize("sample", [0, None, 1e-5, 1e-3, 0.5, 1, 10, 12.5])
def test_downsampling_is_gensims(counts: list[int], sample: float | None) -> None:
    model = gensims_model(counts, sample=sample)
    report = model.prepare_vocab(dry_run=True)
    thresholds, unique, total = downsampling(counts, sample)
    assert thresholds.dtype == np.uint32
    np.testing.assert_array_equal(thresholds, model.wv.expandos["sample_int"])
    assert unique == report["downsample_unique"]
    assert int(total) == report["downsample_total"]


def test_downsampling_of_nothing() -> None:
    thresholds, unique, total = downsampling([], 1e-3)
    assert (thresholds.shape, unique, total) == ((0,), 0, 0.0)


def test_words_that_never_occur_are_kept() -> None:
    assert downsampling([0, 5], 1e-3)[0][0] == 2**32 - 1


@pytest.mark.parametrize("counts", COUNTS.values(), ids=COUNTS)
@pytest.mark.parametrize("ns_exponent", [0.75, 0, 1, -0.5, 0.3, 2])
def test_noise_table_is_gensims(counts: list[int], ns_exponent: float) -> None:
    model = gensims_model(counts, ns_exponent=ns_exponent)
    table = noise_table(counts, ns_exponent)
    assert table.dtype == np.uint32
    np.testing.assert_array_equal(table, model.cum_table)


def test_noise_table_of_a_small_domain() -> None:
    np.testing.assert_array_equal(noise_table([1, 1, 2], 1.0, domain=10), [2, 5, 10])  # 2.5 rounds to even


def test_noise_table_of_nothing() -> None:
    assert noise_table([], 0.75).shape == (0,)


@pytest.mark.parametrize(
    ("counts", "ns_exponent"), [([0, 1], -1.0), ([10**9], 1e3), ([10**9], -1e3), ([-4], 0.5)]
)
def test_impossible_noise(counts: list[int], ns_exponent: float) -> None:
    with pytest.raises(ValueError, match="ns_exponent=.*use an exponent"):
        noise_table(counts, ns_exponent)


@pytest.mark.parametrize("counts", COUNTS.values(), ids=COUNTS)
def test_noise_tables_that_are_sound(counts: list[int]) -> None:
    check_noise_table(noise_table(counts, 0.75), len(counts))


@pytest.mark.parametrize(
    "table, reason",
    [
        ([1, DOMAIN], "has 2 entries for 3 words"),
        ([], "has 0 entries for 3 words"),
        ([1, 2, DOMAIN - 1], f"does not rise to {DOMAIN}"),
        ([1, 2, DOMAIN + 1], f"does not rise to {DOMAIN}"),
        ([2, 1, DOMAIN], f"does not rise to {DOMAIN}"),
    ],
)
def test_noise_tables_that_are_not(table: list[int], reason: str) -> None:
    with pytest.raises(LookupError, match=f"^.the noise table {reason}.$"):
        check_noise_table(np.array(table, dtype=np.uint32), 3, error=KeyError)


def walk(table: npt.NDArray[np.uint32], draws: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Find the words of the draws with the index."""
    index, shift = noise_index(table)
    found = index[draws >> shift].astype(np.int64)
    while (behind := table[found] < draws).any():
        found += behind
    return found


@pytest.mark.parametrize("counts", COUNTS.values(), ids=COUNTS)
def test_noise_index_finds_what_a_search_finds(counts: list[int]) -> None:
    table = noise_table(counts, 0.75)
    borders = table.astype(np.int64)[:, None] + np.arange(-2, 3)
    draws = np.concatenate([borders.ravel(), np.random.default_rng(1).integers(0, DOMAIN, 10_000)])
    draws = draws[(draws >= 0) & (draws <= DOMAIN)]
    np.testing.assert_array_equal(walk(table, draws), np.searchsorted(table, draws))


@given(st.lists(st.integers(1, 50), min_size=1, max_size=30), st.integers(1, 2000))
def test_noise_index_everywhere(counts: list[int], domain: int) -> None:
    table = noise_table(counts, 1.0, domain)
    draws = np.arange(domain + 1)
    np.testing.assert_array_equal(walk(table, draws), np.searchsorted(table, draws))


@pytest.mark.parametrize("words", [1, 2, 3, 1000, 2**20])
def test_noise_index_is_of_a_fitting_size(words: int) -> None:
    index, shift = noise_index(noise_table(np.ones(words), 0.75))
    assert index.dtype == np.int32
    assert min(2 * words, 2**20) <= len(index) <= min(4 * words, 2**20)
    assert (DOMAIN >> shift) == len(index) - 1


def test_noise_index_of_nothing() -> None:
    index, shift = noise_index(np.empty(0, np.uint32))
    assert index[DOMAIN >> shift] == 0
