"""Baskets: sentences are sets, and every word has all the others for context."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from factories import HS, TEXT, UNSAMPLED, Restartable, unsampled, written

from fastw2v import Word2Vec


@pytest.mark.parametrize("source", ["list", "stream", "file"])
@pytest.mark.parametrize("settings", [{"sg": 1}, {"sg": 1, "step": "window"}, {}, HS])
def test_baskets_are_windows_as_wide_as_the_set(settings: Any, source: str, tmp_path: Any) -> None:
    sets = [list(dict.fromkeys(sentence)) for sentence in TEXT]
    counts = Counter(word for sentence in TEXT for word in sentence)
    settings = {"step": "pair"} | settings
    expected = Word2Vec(**UNSAMPLED, **settings, window=1000, shrink_windows=False)
    model = Word2Vec(**UNSAMPLED, **settings, window=1, baskets=True)

    corpus: dict[str, Any] = {
        "list": {"corpus_iterable": TEXT},
        "stream": {"corpus_iterable": Restartable(lambda: TEXT)},
        "file": {"corpus_file": written(tmp_path, "text", TEXT)},
    }[source]
    for one, text_ in ((expected, {"corpus_iterable": sets}), (model, corpus)):
        one.build_vocab_from_freq(counts)
        words = sum(map(len, sets if one is expected else TEXT))  # the rate does not fall
        one.train(**text_, total_words=words, epochs=1, start_alpha=0.05, end_alpha=0.05)
    np.testing.assert_array_equal(model.syn0, expected.syn0)
    assert (model.syn0 != Word2Vec(TEXT, **UNSAMPLED, **settings, window=1).syn0).any()


def test_baskets_are_scored_as_they_are_trained(tree: Word2Vec) -> None:
    model = copy.deepcopy(tree)
    model.window = 1000
    sets = [list(dict.fromkeys(sentence)) for sentence in TEXT]
    expected = model.score(sets)
    model.window, model.baskets = 1, True
    np.testing.assert_array_equal(model.score(TEXT), expected)


@pytest.mark.trains_again
def test_baskets_stay_with_the_model(tmp_path: Any) -> None:
    model = unsampled(baskets=True, sg=1)
    model.save(tmp_path / "model")
    loaded = Word2Vec.load(tmp_path / "model")
    assert loaded.baskets is True
    for one in (model, loaded):
        one.train(TEXT, total_examples=len(TEXT), epochs=1)
    np.testing.assert_array_equal(loaded.syn0, model.syn0)


def complements(baskets: int, kinds: int = 12, brands: int = 6, seed: int = 5) -> list[list[str]]:
    """Baskets of two or three products out of one of `kinds` recipes, each product of one of several brands.

    Brands replace each other and so never meet; what completes a product are those of its recipe.
    """
    rng = np.random.default_rng(seed)
    made = []
    for kind in rng.integers(0, kinds, baskets):
        roles = rng.permutation(3)[: rng.integers(2, 4)]
        made.append([f"{kind}.{role}.{rng.integers(0, brands)}" for role in roles])
    return made


def test_complements_are_found_between_the_spaces() -> None:
    """Between IN and OUT stand the things that are bought together, within IN those bought instead."""
    settings = {"vector_size": 24, "negative": 8, "ns_exponent": -0.1, "epochs": 10, "alpha": 0.05}
    model = unsampled(complements(4000), sg=1, baskets=True, **settings)

    def share(wanted: Callable[[str, str], bool], **spaces: Any) -> float:
        """Of the words that are wanted of each word, the part found among as many neighbours."""
        found = []
        for word in model.wv.index_to_key:
            right = {other for other in model.wv.index_to_key if other != word and wanted(word, other)}
            near = model.most_similar(word, topn=len(right), **spaces)
            found.append(len(right & {other for other, _ in near}) / len(right))
        return float(np.mean(found))

    def completes(a: str, b: str) -> bool:
        return a.split(".")[0] == b.split(".")[0] and a.split(".")[1] != b.split(".")[1]

    def replaces(a: str, b: str) -> bool:
        return a.split(".")[:2] == b.split(".")[:2]

    assert share(completes, target="out") > 0.9
    assert share(completes) < 0.65  # the 5 that replace come first, and leave 7 places for 12
    assert share(replaces) > 0.9
    assert share(replaces, target="out") < 0.1
