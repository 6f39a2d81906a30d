"""desm/bm25.py: BM25 against its formula."""

from __future__ import annotations

import math
import random
import sys

import numpy as np
import pytest

from fastw2v.desm.bm25 import BM25


def by_definition(query: list[str], docs: list[list[str]], k1: float, b: float) -> list[float]:
    mean = sum(map(len, docs)) / len(docs)
    scores = []
    for doc in docs:
        score = 0.0
        for term in query:
            frequency, tf = sum(term in other for other in docs), doc.count(term)
            idf = math.log(1 + (len(docs) - frequency + 0.5) / (frequency + 0.5))
            score += idf * (k1 + 1) * tf / (tf + k1 * (1 - b + b * len(doc) / mean)) if tf else 0
        scores.append(score)
    return scores


@pytest.mark.parametrize("k1, b", [(1.2, 0.75), (1.7, 0.95), (0.9, 0.0)])
def test_scores_are_those_of_the_formula(k1: float, b: float) -> None:
    chance = random.Random(3)
    docs = [chance.choices("abcdefgh", k=chance.randrange(12)) for _ in range(40)]
    bm25 = BM25(k1, b)
    bm25.extend(docs)
    for query in (["a"], ["a", "b", "a"], ["z"], ["z", "c"], []):
        np.testing.assert_allclose(bm25.scores(query), by_definition(query, docs, k1, b), rtol=1e-5)
    bm25.replace([4], [["a", "z"]])
    bm25.keep(range(2, 40))
    docs[4] = ["a", "z"]
    np.testing.assert_allclose(bm25.scores(["z", "a"]), by_definition(["z", "a"], docs[2:], k1, b), rtol=1e-5)
    assert len(bm25) == 38
    bm25.remove([0, 5])
    left = [doc for place, doc in enumerate(docs[2:]) if place not in (0, 5)]
    found = bm25.scores(["a"])
    np.testing.assert_allclose(np.delete(found, [0, 5]), by_definition(["a"], left, k1, b), rtol=1e-5)
    assert found[[0, 5]].tolist() == [0, 0]


@pytest.mark.parametrize("docs", [[], [[]], [[], []]])
def test_nothing_has_no_score(docs: list[list[str]]) -> None:
    bm25 = BM25()
    bm25.extend(docs)
    assert bm25.scores(["a"]).tolist() == [0] * len(docs)


def test_constants_are_checked() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        BM25(1.2, 75)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bm25s", None)
    with pytest.raises(ImportError, match=r"pip install 'fastw2v\[desm\]'"):
        BM25()
