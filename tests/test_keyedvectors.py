"""KeyedVectors: gensim's answers to every form of question, and none of its traps."""

from __future__ import annotations

import copy
import io
import pickle
import re
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from factories import gensim_twin, saved
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fastw2v.columns import Ragged, descending
from fastw2v.formats import native
from fastw2v.formats.errors import FormatError
from fastw2v.keyedvectors import KeyedVectors, Vocab, prep_vectors, pseudorandom_weak_vector
from fastw2v.query import cosines
from fastw2v.query.cosines import row_lengths, top_places, unit_rows
from fastw2v.vocabulary.huffman import HuffmanTree

IGNORE_OLDER = pytest.mark.filterwarnings("ignore:.*is an older spelling:DeprecationWarning")
THEIR_WARNINGS = pytest.mark.filterwarnings("ignore:Call to deprecated:DeprecationWarning")

KEYS = [f"w{i}" for i in range(60)]
ROWS = np.random.default_rng(0).standard_normal((60, 9)).astype(np.float32)


def few_vectors(dtype: Any = np.float32) -> KeyedVectors:
    kv = KeyedVectors(9, dtype=dtype)
    kv.add_vectors(KEYS, ROWS)
    return kv


def trained_vectors() -> KeyedVectors:
    """With all the attributes that training gives."""
    kv = few_vectors()
    counts = np.arange(60, 0, -1) ** 2
    tree = HuffmanTree.from_counts(counts)
    kv.expandos = {
        "count": counts,
        "sample_int": np.arange(60, dtype=np.uint32) + 2**31,
        "code": Ragged(tree.codes, tree.starts),
        "point": Ragged(tree.points, tree.starts),
    }
    kv.vectors_lockf = np.ones(1, dtype=np.float32)
    return kv


@pytest.fixture(scope="module")
def twin() -> Any:
    return gensim_twin(few_vectors())


def outcome(function: Callable[[], Any]) -> Any:
    try:
        return function()
    except Exception as error:
        return type(error)


def assert_close(ours: Any, theirs: Any) -> None:
    """Same types all the way down; the same keys; numbers within 1e-6."""
    assert type(ours) is type(theirs), (ours, theirs)
    if isinstance(theirs, list | tuple):
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs, strict=True):
            assert_close(one, other)
    elif isinstance(theirs, np.ndarray):
        assert ours.dtype == theirs.dtype and ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, atol=1e-6)
    elif isinstance(theirs, float | np.floating):
        assert ours == pytest.approx(theirs, abs=1e-6)
    else:
        assert ours == theirs


# --- queries, as gensim answers them ---

QUESTIONS: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "key": (("w1",), {}),
    "row": ((1,), {}),
    "numpy row": ((np.int64(1),), {}),
    "vector": ((ROWS[3],), {}),
    "vector of integers": ((np.arange(9),), {}),
    "vector of float64": ((ROWS[3].astype(np.float64),), {}),
    "matrix": ((ROWS[:3],), {}),
    "list": ((["w1", "w2"],), {}),
    "list with a vector": ((["w1", ROWS[3]],), {}),
    "list with rows": (([4, np.int32(5)],), {}),
    "weights": (([("w1", 2.0), ("w2", -0.5)],), {}),
    "weighted vector": (([(ROWS[3], 0.3), "w9"],), {}),
    "weight as list": (([["w1", 2]],), {}),
    "weight zero": (([("w1", 0)],), {}),
    "positive and negative": ((["w1", "w2"], ["w3"]), {}),
    "negative key": ((["w1"], "w3"), {}),
    "negative vector": ((["w1"], ROWS[3]), {}),
    "negative matrix": (("w1", ROWS[3:5]), {}),
    "only negative": ((), {"negative": ["w3"]}),
    "negative weight": ((), {"negative": [("w3", 2.0)]}),
    "same twice": ((["w1", "w1", "w2"],), {}),
    "against itself": ((["w1"], ["w1"]), {}),
    "keywords": ((), {"positive": ["w1"], "negative": ["w2"], "topn": 3}),
    "topn 1": (("w1", None, 1), {}),
    "topn numpy": (("w1",), {"topn": np.uint8(4)}),
    "topn large": (("w1",), {"topn": 1000}),
    "topn 0": (("w1",), {"topn": 0}),
    "topn negative": (("unknown",), {"topn": -1}),
    "topn false": (("w1",), {"topn": False}),
    "topn true": (("w1",), {"topn": True}),
    "topn none": (("w1",), {"topn": None}),
    "topn none, clipped": (("w1",), {"topn": None, "clip_start": 5, "clip_end": 50}),
    "topn float": (("w1",), {"topn": 2.5}),
    "clipped": (("w7",), {"clip_start": 5, "clip_end": 30}),
    "clipped to nothing": (("w7",), {"clip_start": 30, "clip_end": 20}),
    "clip_end 0": (("w7",), {"clip_end": 0}),
    "restricted": (("w7",), {"restrict_vocab": 5}),
    "restricted over clip": (("w7",), {"restrict_vocab": 20, "clip_start": 10, "clip_end": 15}),
    "restricted 0": (("w7",), {"restrict_vocab": 0}),
    "restricted beyond": (("w7",), {"restrict_vocab": 10_000}),
    "nothing": ((), {}),
    "empty list": (([],), {}),
    "unknown": (("unknown",), {}),
    "unknown in a list": ((["w1", "unknown"],), {}),
    "empty word": (("",), {}),
    "row too high": ((60,), {}),
    "row negative": ((-1,), {}),
    "tuple": ((("w1", "w2"),), {}),
    "set": (({"w1"},), {}),
    "dict": (({"w1": 1},), {}),
    "float": ((1.5,), {}),
    "list of floats": (([0.1] * 9,), {}),
    "wrong dimension": ((np.ones(8),), {}),
    "three dimensions": ((np.ones((2, 2, 9)),), {}),
}
STRICTER = {"three dimensions": TypeError}  # gensim fails somewhere in numpy


@pytest.mark.filterwarnings("ignore:Mean of empty slice")
@pytest.mark.parametrize("question", QUESTIONS)
def test_most_similar_as_gensim(twin: Any, question: str) -> None:
    positional, options = QUESTIONS[question]
    theirs = outcome(lambda: twin.most_similar(*positional, **options))
    ours = outcome(lambda: few_vectors().most_similar(*positional, **options))
    assert_close(ours, STRICTER.get(question, theirs))


CALLS: dict[str, Callable[[Any], Any]] = {
    "similar_by_word": lambda kv: kv.similar_by_word("w5", 4, 30),
    "similar_by_key": lambda kv: kv.similar_by_key(5, topn=4, restrict_vocab=30),
    "similar_by_vector": lambda kv: kv.similar_by_vector(ROWS[5], topn=4, restrict_vocab=30),
    "similar_by_vector, all": lambda kv: kv.similar_by_vector(ROWS[5], topn=None),
    "similarity": lambda kv: kv.similarity("w1", "w2"),
    "similarity of rows": lambda kv: kv.similarity(1, 2),
    "similarity, unknown": lambda kv: kv.similarity("w1", "unknown"),
    "distance": lambda kv: kv.distance("w1", "w2"),
    "distances": lambda kv: kv.distances("w1"),
    "distances of a row": lambda kv: kv.distances(1),
    "distances to some": lambda kv: kv.distances("w1", ["w3", "w1"]),
    "distances to a tuple": lambda kv: kv.distances("w1", ("w3", "w1")),
    "distances of a vector": lambda kv: kv.distances(ROWS[4], ["w3", "w4"]),
    "distances, unknown": lambda kv: kv.distances("unknown"),
    "distances to unknown": lambda kv: kv.distances("w1", ["unknown"]),
    "cosine_similarities": lambda kv: kv.cosine_similarities(ROWS[0], ROWS[:7]),
    "cosine_similarities float64": lambda kv: kv.cosine_similarities(ROWS[0].astype(float), ROWS[:7]),
    "n_similarity": lambda kv: kv.n_similarity(["w1", "w2"], ["w3"]),
    "n_similarity, unknown": lambda kv: kv.n_similarity(["w1", "unknown"], ["w3"]),
    "n_similarity, all unknown": lambda kv: kv.n_similarity(["unknown"], ["w3"]),
    "n_similarity, empty": lambda kv: kv.n_similarity([], ["w3"]),
    "cosmul": lambda kv: kv.most_similar_cosmul("w1"),
    "cosmul of two": lambda kv: kv.most_similar_cosmul(["w1", "w2"], topn=60),
    "cosmul with a negative": lambda kv: kv.most_similar_cosmul(["w1", "w2"], ["w3", "w4"], 5),
    "cosmul of keys": lambda kv: kv.most_similar_cosmul("w1", "w2"),
    "cosmul of a unit vector": lambda kv: kv.most_similar_cosmul(kv.get_vector("w1", norm=True), "w2"),
    "cosmul of a unit matrix": lambda kv: kv.most_similar_cosmul(kv.get_normed_vectors()[:2], "w9"),
    "cosmul, all": lambda kv: kv.most_similar_cosmul("w1", topn=None).astype(np.float32),
    "cosmul, topn 0": lambda kv: kv.most_similar_cosmul("w1", topn=0),
    "cosmul, only negative": lambda kv: kv.most_similar_cosmul(negative=["w1"]),
    "cosmul of nothing": lambda kv: kv.most_similar_cosmul(),
    "cosmul, unknown": lambda kv: kv.most_similar_cosmul("unknown"),
    "most_similar_to_given": lambda kv: kv.most_similar_to_given("w1", KEYS[5:20]),
    "most_similar_to_given, itself": lambda kv: kv.most_similar_to_given("w7", KEYS),
    "most_similar_to_given, rows": lambda kv: kv.most_similar_to_given("w1", [3, 4, 5]),
    "most_similar_to_given, none": lambda kv: kv.most_similar_to_given("w1", []),
    "most_similar_to_given, unknown": lambda kv: kv.most_similar_to_given("w1", ["unknown"]),
    "closer_than": lambda kv: [kv.closer_than("w1", word) for word in KEYS],
    "closer_than rows": lambda kv: kv.closer_than(1, 9),
    "closer_than, unknown": lambda kv: kv.closer_than("w1", "unknown"),
    "words_closer_than": lambda kv: kv.words_closer_than("w1", "w5"),
    "rank": lambda kv: [kv.rank("w1", word) for word in KEYS],
    "relative_cosine_similarity": lambda kv: kv.relative_cosine_similarity("w1", "w2", 5),
    "relative_cosine_similarity, topn 0": lambda kv: kv.relative_cosine_similarity("w1", "w2", 0),
    "similarity_unseen_docs": lambda kv: kv.similarity_unseen_docs("a", "b"),
    "log_accuracy": lambda kv: kv.log_accuracy({"section": "s", "correct": [1], "incorrect": []}),
    "log_accuracy of nothing": lambda kv: kv.log_accuracy({"section": "s", "correct": [], "incorrect": []}),
    "log_evaluate_word_pairs": lambda kv: kv.log_evaluate_word_pairs((0.5, 1), (0.5, 1), 3.0, "file"),
    "vectors_for_all": lambda kv: contents(kv.vectors_for_all(["w5", "unknown", "w2", "w5"])),
    "vectors_for_all, generator": lambda kv: contents(kv.vectors_for_all(word for word in ("w5", "w2"))),
    "vectors_for_all, no rows": lambda kv: contents(kv.vectors_for_all(["w5", 3], allow_inference=False)),
    "word_vec": lambda kv: kv.word_vec("w1"),
    "word_vec, normed": lambda kv: kv.word_vec("w1", norm=True),
    "norms": lambda kv: (kv.fill_norms(), kv.norms)[1],
    "doesnt_match": lambda kv: kv.doesnt_match(KEYS[:9]),
    "doesnt_match, unknown": lambda kv: kv.doesnt_match(["unknown", *KEYS[:9]]),
    "doesnt_match rows": lambda kv: kv.doesnt_match([3, 4, 5]),
    "doesnt_match one": lambda kv: kv.doesnt_match(["w3"]),
    "doesnt_match none": lambda kv: kv.doesnt_match([]),
    "doesnt_match string": lambda kv: kv.doesnt_match("w1 w2 w3"),
    "rank_by_centrality": lambda kv: kv.rank_by_centrality(KEYS[:9]),
    "rank_by_centrality, unnormed": lambda kv: kv.rank_by_centrality(KEYS[:9], use_norm=False),
    "mean": lambda kv: kv.get_mean_vector(["w1", "w2"]),
    "mean of rows": lambda kv: kv.get_mean_vector([1, 2]),
    "mean, unnormed": lambda kv: kv.get_mean_vector(["w1", "w2"], pre_normalize=False),
    "mean, normed": lambda kv: kv.get_mean_vector(["w1", "w2"], post_normalize=True),
    "mean, weighted": lambda kv: kv.get_mean_vector(["w1", "w2"], weights=[1, -3]),
    "mean, weights cancel": lambda kv: kv.get_mean_vector(["w1", "w2"], weights=[0, 0]),
    "mean with a vector": lambda kv: kv.get_mean_vector(["w1", ROWS[3], "unknown"], weights=[1, 2, 9]),
    "mean of a matrix": lambda kv: kv.get_mean_vector(ROWS[:4]),
    "mean of nothing": lambda kv: kv.get_mean_vector([]),
    "mean of unknown": lambda kv: kv.get_mean_vector(["unknown"]),
    "mean of characters": lambda kv: kv.get_mean_vector("w1"),
    "mean, missing is an error": lambda kv: kv.get_mean_vector(["unknown"], ignore_missing=False),
    "mean, too many weights": lambda kv: kv.get_mean_vector(["w1"], weights=[1, 2]),
    "mean of no list": lambda kv: kv.get_mean_vector(1),
    "get_vector": lambda kv: kv.get_vector("w1"),
    "get_vector, normed": lambda kv: kv.get_vector("w1", norm=True),
    "get_normed_vectors": lambda kv: kv.get_normed_vectors(),
    "item": lambda kv: kv["w1"],
    "item by row": lambda kv: kv[np.int64(1)],
    "items": lambda kv: kv[["w1", "w2"]],
    "items of a tuple": lambda kv: kv[("w1", 3)],
    "items of a generator": lambda kv: kv[(word for word in ("w1", "w2"))],
    "items of an array": lambda kv: kv[np.array([1, 2])],
    "no items": lambda kv: kv[[]],
    "item unknown": lambda kv: kv["unknown"],
    "item float": lambda kv: kv[1.0],
    "contains": lambda kv: [
        key in kv for key in ("w1", "x", 5, 60, -1, True, 5.0, np.int64(5), None, ("w1",))
    ],
    "contains a list": lambda kv: ["w1"] in kv,
    "get_index": lambda kv: [
        kv.get_index("w1"),
        kv.get_index(7),
        kv.get_index("x", 0),
        kv.get_index("x", -1),
    ],
    "get_index unknown": lambda kv: kv.get_index("unknown"),
    "length": len,
    "str": str,
}


def contents(kv: Any) -> list[Any]:
    return [kv.index_to_key, kv.key_to_index, kv.vectors, kv.expandos["count"].tolist()]


@IGNORE_OLDER
@THEIR_WARNINGS
@pytest.mark.parametrize("call", CALLS)
def test_calls_as_gensim(twin: Any, call: str) -> None:
    assert_close(outcome(lambda: CALLS[call](few_vectors())), outcome(lambda: CALLS[call](twin)))


CHANGES: dict[str, Callable[[Any], Any]] = {
    "unit_normalize_all": lambda kv: kv.unit_normalize_all(),
    "init_sims": lambda kv: kv.init_sims(),
    "init_sims, replacing": lambda kv: kv.init_sims(replace=True),
    "sort_by_descending_frequency": lambda kv: kv.sort_by_descending_frequency(),
}


@IGNORE_OLDER
@THEIR_WARNINGS
@pytest.mark.parametrize("change", CHANGES)
def test_changes_as_gensim(twin: Any, change: str) -> None:
    ours, theirs = few_vectors(), copy.deepcopy(twin)
    counts = np.random.default_rng(4).integers(1, 9, 60)
    for kv in (ours, theirs):
        for word, count in zip(KEYS, counts.tolist(), strict=True):
            kv.set_vecattr(word, "count", count)
        CHANGES[change](kv)
    theirs.norms = None  # sorting leaves them behind
    assert_close(contents(ours), contents(theirs))
    assert_close(ours.most_similar("w1"), theirs.most_similar("w1"))


def test_cosmul_by_definition() -> None:
    kv = few_vectors()
    unit = kv.get_normed_vectors().astype(np.float64)
    shifted = (1 + unit @ unit.T) / 2
    expected = shifted[1] * shifted[2] / (shifted[3] * shifted[4] + 1e-6)
    scores = kv.most_similar_cosmul(["w1", 2], [ROWS[3], "w4"], topn=None)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, expected, rtol=1e-5)
    # gensim looks at all rows, and takes a vector's length for a matter of its meaning.
    best = [row for row in np.argsort(-expected[:20]).tolist() if row not in (1, 2, 4)]
    answers = kv.most_similar_cosmul(["w1", 2], [7 * ROWS[3], "w4"], topn=5, restrict_vocab=20)
    assert [word for word, _ in answers] == [f"w{row}" for row in best[:5]]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("topn", [1, 10, 59, 60, 100])
def test_many_queries_have_the_answers_of_one(dtype: Any, topn: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, small_one in {"ANSWERS": 40 * topn, "INTEGERS": 10 * 33, "FLOATS": 10 * 7}.items():
        monkeypatch.setattr(cosines, name, small_one)  # several portions of everything
    kv = KeyedVectors(9, dtype=dtype)
    rows = np.random.default_rng(3).standard_normal((200, 9))
    rows[100:150] = rows[:50]  # equal cosines
    rows[150], rows[151], rows[152] = 0, np.nan, np.inf
    kv.add_vectors([f"w{i}" for i in range(200)], rows.astype(dtype))
    kv.key_to_index.pop("w7")
    kv.index_to_key[7] = None  # a row without a name
    queries = [f"w{i}" for i in range(0, 200, 3)] + [rows[3].astype(dtype), 5]
    settings: Any
    for settings in (
        {},
        {"clip_start": 31, "clip_end": 170},
        {"restrict_vocab": 50},
        {"target": few_vectors(dtype)},
    ):
        expected = [kv.most_similar(positive=[query], topn=topn, **settings) for query in queries]
        found = kv.most_similar_many(queries, topn, **settings)
        if dtype == np.float32:
            assert found == expected, "to the last bit"
        else:  # BLAS sums few rows in another order than many
            np.testing.assert_allclose(flat_numbers(found), flat_numbers(expected), rtol=1e-9)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_many_queries_among_rows_that_are_close(dtype: Any) -> None:
    """Rounded to integers they are in another order, or equal."""
    kv = KeyedVectors(2, dtype=dtype)
    angles = np.linspace(0, 1, 4000)
    np.random.default_rng(1).shuffle(angles)
    rows = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    kv.add_vectors([f"w{i}" for i in range(4000)], rows.astype(dtype))
    queries = [f"w{i}" for i in range(0, 4000, 100)]
    expected = [kv.most_similar(query, topn=3) for query in queries]
    found = kv.most_similar_many(queries, 3)
    np.testing.assert_allclose(flat_numbers(found), flat_numbers(expected), rtol=2e-7)
    if dtype == np.float32:
        assert found == expected


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("crowd", ["zeros", "one direction", "half of them"])
def test_many_queries_among_rows_that_are_alike(crowd: str, dtype: Any) -> None:
    """More of them than a query keeps."""
    kv = KeyedVectors(3, dtype=dtype)
    rows = np.zeros((3000, 3)) if crowd == "zeros" else np.ones((3000, 3))
    if crowd == "half of them":
        rows[::2] = np.random.default_rng(2).standard_normal((1500, 3))
    kv.add_vectors([f"w{i}" for i in range(3000)], rows.astype(dtype))
    queries = ["w1", "w2", "w2999"]
    assert kv.most_similar_many(queries, 5) == [kv.most_similar(query, topn=5) for query in queries]


def test_many_queries_at_the_borders() -> None:
    kv = few_vectors()
    assert kv.most_similar_many([]) == []
    assert kv.most_similar_many(["w1", "w2"], topn=0) == [[], []]
    assert kv.most_similar_many(["w1"], topn=1 << 40) == [kv.most_similar("w1", topn=1 << 40)]
    assert KeyedVectors(9).most_similar_many([ROWS[3], ROWS[4]]) == [[], []]
    assert kv.most_similar_many(iter(["w1", "w2"]), 3) == [kv.most_similar(w, topn=3) for w in ("w1", "w2")]
    with pytest.raises(KeyError, match="Key 'nothing' not present"):
        kv.most_similar_many(["w1", "nothing"])
    with pytest.raises(ValueError, match=r"a vector of shape \(3,\) was given, not \(9,\)"):
        kv.most_similar_many([np.ones(3)])
    with pytest.raises(TypeError, match="topn must be an integer, not None"):
        kv.most_similar_many(["w1"], topn=None)  # type: ignore[arg-type]


@pytest.mark.parametrize("topn", [2.5, "5"])
def test_cosmul_checks(topn: Any) -> None:
    with pytest.raises(TypeError, match="topn must be an integer or None"):
        few_vectors().most_similar_cosmul("w1", topn=topn)
    with pytest.raises(ValueError, match=r"shape \(8,\) was given, not \(9,\)"):
        few_vectors().most_similar_cosmul(["w1", np.ones(8)])


@pytest.mark.parametrize("query", ["most_similar", "most_similar_cosmul"])
def test_a_key_and_its_unit_vector_ask_the_same(query: str) -> None:
    """To the last bit, as gensim's own tests want."""
    kv = few_vectors()
    for word in KEYS:
        by_key = getattr(kv, query)(word, topn=59)
        by_vector = getattr(kv, query)(kv.get_vector(word, norm=True), topn=60)
        assert by_key == [answer for answer in by_vector if answer[0] != word]


def test_rank_and_closer_than() -> None:
    kv = few_vectors()
    for word in KEYS[:9]:
        order = [other for other, _ in kv.most_similar(word, topn=60)]
        assert [kv.rank(word, other) for other in order] == list(range(1, 60))
        assert kv.rank(word, word) == 1 and kv.closer_than(word, word) == []
        nearer = kv.closer_than(word, order[5])
        assert set(nearer) == set(order[:5]) and nearer == sorted(nearer, key=kv.get_index)


def test_prepared_rows_are_near_nothing() -> None:
    kv = KeyedVectors(2, count=4)
    kv.add_vector("a", [1, 0])
    kv.add_vector("b", [-1, 0])
    assert kv.closer_than("a", "b") == [] and kv.rank("a", "b") == 1


def test_vectors_for_all_with_attributes() -> None:
    kv = trained_vectors()
    kv.set_vecattr("w5", "tag", "noun")
    some = kv.vectors_for_all(["w5", "w0", "unknown", 7], copy_vecattrs=True)
    assert some.index_to_key == ["w5", "w0", 7]
    np.testing.assert_array_equal(some.vectors, ROWS[[5, 0, 7]])
    assert not np.shares_memory(some.vectors, kv.vectors)
    for key in some.index_to_key:
        for name in kv.expandos:
            np.testing.assert_array_equal(some.get_vecattr(key, name), kv.get_vecattr(key, name))
    some.set_vecattr("w5", "code", 1 - some.get_vecattr("w5", "code"))
    np.testing.assert_array_equal(kv.get_vecattr("w5", "code"), trained_vectors().get_vecattr("w5", "code"))
    assert kv.vectors_for_all(["w5"]).expandos.keys() == {"count"}
    assert len(kv.vectors_for_all(["unknown"])) == 0
    assert few_vectors(np.float16).vectors_for_all(["w5"]).vectors.dtype == np.float16


def test_sorting_moves_all_that_belongs_to_a_row(caplog: pytest.LogCaptureFixture) -> None:
    kv, before = trained_vectors(), trained_vectors()
    counts = np.random.default_rng(0).integers(1, 9, 60)
    kv.expandos["count"] = counts
    kv.vectors_lockf = np.arange(60, dtype=np.float32)
    kv.sort_by_descending_frequency()
    assert "does not" in caplog.text
    assert kv.index_to_key == sorted(KEYS, key=lambda word: (-counts[KEYS.index(word)], -KEYS.index(word)))
    for row, word in enumerate(kv.index_to_key):
        assert kv.key_to_index[word] == row and kv.vectors_lockf[row] == KEYS.index(word)
        np.testing.assert_array_equal(kv[word], before[word])
        np.testing.assert_array_equal(kv.get_vecattr(word, "point"), before.get_vecattr(word, "point"))


def test_sorting_with_prepared_rows() -> None:
    kv = KeyedVectors(2, count=4)
    for key, count in (("a", 1), ("b", 2)):
        kv.add_vector(key, [count, 0])
        kv.set_vecattr(key, "count", count)
    kv.sort_by_descending_frequency()
    assert kv.index_to_key == ["b", "a", None, None] and kv["a"][0] == 1
    assert kv.add_vector("c", [3, 0]) == 2
    KeyedVectors(2).sort_by_descending_frequency()
    with pytest.raises(KeyError, match="count"):
        few_vectors().sort_by_descending_frequency()


@given(hnp.arrays(hnp.unsigned_integer_dtypes() | hnp.integer_dtypes(), st.integers(0, 40)))
def test_descending_order(values: np.ndarray) -> None:
    of_equals = list(enumerate(values.tolist()))
    earlier = sorted(of_equals, key=lambda pair: (-pair[1], pair[0]))
    later = sorted(of_equals, key=lambda pair: (-pair[1], -pair[0]))
    assert descending(values, later_first=False).tolist() == [place for place, _ in earlier]
    assert descending(values, later_first=True).tolist() == [place for place, _ in later]


@given(hnp.arrays(np.float32, (4, 3), elements=st.floats(width=32)))
def test_row_lengths(matrix: np.ndarray) -> None:
    with np.errstate(over="ignore"):
        exact = np.linalg.norm(matrix.astype(np.float64), axis=1).astype(np.float32)
    lengths = row_lengths(matrix)
    assert lengths.dtype == np.float32
    np.testing.assert_allclose(lengths, exact, rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_norms_cannot_be_set(dtype: Any) -> None:
    kv = few_vectors(dtype)
    kv.norms = np.ones(60)
    np.testing.assert_allclose(kv.norms, np.linalg.norm(ROWS, axis=1), rtol=1e-3)
    assert kv.norms.dtype == dtype


# --- word mover's distance ---

DOCUMENTS: dict[str, tuple[Any, Any]] = {
    "words": (["w1", "w2", "w2"], ["w3", "w4"]),
    "shared words": (["w1", "w2", "w3"], ["w3", "w1", "w9"]),
    "unknown words": (["w1", "unknown"], ["w3", "unknown", "w4", "w4"]),
    "the same": (["w1", "w2"], ["w2", "w1"]),
    "one word": (["w1"], ["w1", "w1"]),
    "empty": ([], ["w1"]),
    "all unknown": (["unknown"], ["w1"]),
    "characters": ("w1", "w2"),
}


@pytest.fixture
def pot() -> None:
    pytest.importorskip("ot", reason="POT is not installed: nothing moves words")


@pytest.mark.usefixtures("pot")
@pytest.mark.parametrize("norm", [True, False])
@pytest.mark.parametrize("documents", DOCUMENTS)
def test_wmdistance_as_gensim(twin: Any, documents: str, norm: bool) -> None:
    ours, theirs = (kv.wmdistance(*DOCUMENTS[documents], norm=norm) for kv in (few_vectors(), twin))
    assert type(ours) is float and ours == pytest.approx(float(theirs), abs=1e-6)


@pytest.mark.usefixtures("pot")
def test_wmdistance_by_hand() -> None:
    kv = KeyedVectors(2)
    kv.add_vectors([*"abcd", 9], [[0, 0], [3, 4], [6, 8], [3, 4], [np.nan, 0]])
    assert kv.wmdistance(["a"], ["b"], norm=False) == pytest.approx(5)
    assert kv.wmdistance(["a", "b"], ["a", "c"], norm=False) == pytest.approx(2.5)
    assert kv.wmdistance([0, 1], ["a", "c"], norm=False) == pytest.approx(2.5)  # gensim knows no ints here
    assert kv.wmdistance(["b"], ["d"]) == 0.0  # infinite in gensim
    assert kv.wmdistance(["b"], [9]) == pytest.approx(1)
    with pytest.raises(ValueError, match="NaN or infinity"):
        kv.wmdistance(["a"], [9], norm=False)


def test_wmdistance_without_pot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ot", None)
    with pytest.raises(ImportError, match=r"fastw2v\[wmd\]"):
        few_vectors().wmdistance(["w1"], ["w2"])


# --- vectors of another file ---


@pytest.mark.parametrize("binary", [False, True])
def test_intersecting(tmp_path: Path, binary: bool) -> None:
    """gensim fails on its own default, a single lock factor, and in binary."""
    other = KeyedVectors(9)
    other.add_vectors(["w3", "new", "w1"], np.arange(27).reshape(3, 9))
    other.save_word2vec_format(tmp_path / "other", binary=binary)
    kv = trained_vectors()
    kv.intersect_word2vec_format(tmp_path / "other", binary=binary)
    assert kv.index_to_key == KEYS
    expected, factors = ROWS.copy(), np.ones(60, dtype=np.float32)
    expected[[3, 1]], factors[[3, 1]] = np.arange(27).reshape(3, 9)[[0, 2]], 0
    np.testing.assert_array_equal(kv.vectors, expected, strict=True)
    np.testing.assert_array_equal(kv.vectors_lockf, factors, strict=True)
    kv.intersect_word2vec_format(tmp_path / "other", lockf=0.5, binary=binary)
    assert kv.vectors_lockf[[1, 2, 3]].tolist() == [0.5, 1, 0.5]
    assert [event["event"] for event in kv.lifecycle_events or []] == ["intersect_word2vec_format"] * 2
    plain = few_vectors()
    plain.intersect_word2vec_format(tmp_path / "other", binary=binary)
    np.testing.assert_array_equal(plain.vectors_lockf, factors, strict=True)


def test_intersecting_as_gensim_can(tmp_path: Path, twin: Any) -> None:
    theirs, ours = copy.deepcopy(twin), trained_vectors()
    theirs.vectors_lockf = np.ones(60, dtype=np.float32)
    ours.vectors[4] = theirs.vectors[4] = 0
    ours.save_word2vec_format(tmp_path / "other")
    for kv in (ours, theirs):
        kv.vectors[5] = 7
        kv.intersect_word2vec_format(str(tmp_path / "other"), lockf=0.25)
    np.testing.assert_array_equal(ours.vectors, theirs.vectors)
    np.testing.assert_array_equal(ours.vectors_lockf, theirs.vectors_lockf)


def test_intersecting_another_dimension(tmp_path: Path) -> None:
    other = KeyedVectors(8)
    other.add_vectors(["w1"], np.ones((1, 8)))
    other.save_word2vec_format(tmp_path / "other")
    kv = trained_vectors()
    with pytest.raises(ValueError, match="vectors of 8 numbers, not 9"):
        kv.intersect_word2vec_format(tmp_path / "other")
    np.testing.assert_array_equal(kv.vectors, ROWS)
    assert len(kv.vectors_lockf) == 1


def test_events(tmp_path: Path) -> None:
    few_vectors().save_word2vec_format(tmp_path / "v")
    kv = KeyedVectors.load_word2vec_format(tmp_path / "v")
    (event,) = kv.lifecycle_events or []
    assert event["event"] == "load_word2vec_format" and "(60, 9)" in event["msg"]
    kv.lifecycle_events = None
    kv.add_lifecycle_event("mine")
    assert kv.lifecycle_events is None


def test_writeable_or_not() -> None:
    kv = few_vectors()
    for view in (kv["w1"], kv.get_vector("w1"), kv.get_vector("w1", norm=True)):
        with pytest.raises(ValueError, match="read-only"):
            view[0] = 1
    assert np.shares_memory(kv["w1"], kv.vectors)
    kv[["w1"]][0, 0] = 99
    np.testing.assert_array_equal(kv.vectors, ROWS)


def test_an_indexer_answers_instead() -> None:
    class Indexer:
        def most_similar(self, vector: np.ndarray, topn: int) -> Any:
            return vector, topn

    vector, topn = few_vectors().most_similar(["w1", "w2"], topn=7, indexer=Indexer())
    assert topn == 7
    np.testing.assert_allclose(vector, few_vectors().get_mean_vector(["w1", "w2"], post_normalize=True))
    assert len(few_vectors().most_similar("w1", topn=None, indexer=Indexer())) == 60


def test_similar_by_vector_takes_a_list() -> None:
    """gensim takes the numbers for keys."""
    kv = few_vectors()
    assert kv.similar_by_vector(ROWS[5].tolist(), 3) == kv.similar_by_vector(ROWS[5], 3)


@pytest.mark.parametrize("pair", [("w1", 1, 2), ("w1",), [], None, {"w1"}, 1.0, b"w1"], ids=repr)
def test_wrong_items_in_questions(pair: Any) -> None:
    with pytest.raises(TypeError, match="a key, a vector or a .key, weight. pair is needed"):
        few_vectors().most_similar(["w1", pair])


def test_a_word_with_itself_is_exactly_1() -> None:
    kv = few_vectors()
    for word in KEYS:
        assert kv.similarity(word, word) == 1 and kv.distance(word, word) == 0


def test_equal_scores_come_in_row_order() -> None:
    kv = KeyedVectors(2)
    kv.add_vectors(list("abcdef"), [[1, 0], [0, 1], [2, 0], [0, 1], [3, 0], [0, 5]])
    assert [word for word, _ in kv.most_similar("a", topn=4)] == ["c", "e", "b", "d"]
    assert kv.doesnt_match(["a", "c", "b"]) == "b"


@given(
    hnp.arrays(np.float32, st.integers(0, 40), elements=st.sampled_from([-1, 0, 0.5, 1, 2, -np.inf])),
    st.integers(0, 50),
    st.sampled_from([1, 3, 256]),
)
def test_top_places_is_a_stable_sort(scores: np.ndarray, count: int, block: int) -> None:
    expected = sorted(range(len(scores)), key=lambda place: -scores[place])[:count]
    assert top_places(scores, count, block).tolist() == expected


# --- vectors without a direction ---


def odd() -> KeyedVectors:
    kv = few_vectors()
    kv.add_vectors(["zero", "nan", "inf"], np.array([[0] * 9, [np.nan] + [1] * 8, [np.inf] + [1] * 8]))
    return kv


def flat_numbers(value: Any) -> list[float]:
    if isinstance(value, list | tuple):
        return [number for item in value for number in flat_numbers(item)]
    if isinstance(value, np.ndarray):
        return [float(number) for number in value.ravel()]
    return [float(value)] if isinstance(value, float | np.floating) else []


QUERIES: dict[str, Callable[[KeyedVectors, str], Any]] = {
    "most_similar": lambda kv, word: kv.most_similar(word, topn=100),
    "many": lambda kv, word: kv.most_similar_many([word, "w1", kv[word]], topn=100),
    "all scores": lambda kv, word: kv.most_similar(word, topn=None),
    "of another": lambda kv, word: kv.most_similar("w1", negative=[word], topn=100),
    "by vector": lambda kv, word: kv.similar_by_vector(kv[word], topn=100),
    "cosmul": lambda kv, word: kv.most_similar_cosmul(["w1", word], [word], topn=100),
    "cosmul by vector": lambda kv, word: kv.most_similar_cosmul("w1", kv[word], topn=None),
    "relative_cosine_similarity": lambda kv, word: kv.relative_cosine_similarity("w1", word),
    "similarity": lambda kv, word: [kv.similarity(word, other) for other in ("w1", word)],
    "distance": lambda kv, word: kv.distance(word, "w1"),
    "distances": lambda kv, word: kv.distances(word),
    "distances to some": lambda kv, word: kv.distances("w1", [word]),
    "n_similarity": lambda kv, word: kv.n_similarity([word], ["w1", word]),
    "rank_by_centrality": lambda kv, word: kv.rank_by_centrality(["w1", word]),
    "rank_by_centrality, raw": lambda kv, word: kv.rank_by_centrality(["w1", word], use_norm=False),
    "cosine_similarities": lambda kv, word: kv.cosine_similarities(kv[word], kv.vectors),
    "normed": lambda kv, word: kv.get_vector(word, norm=True),
    "all normed": lambda kv, _: kv.get_normed_vectors(),
    "mean": lambda kv, word: kv.get_mean_vector([word, "w1"], post_normalize=True),
}


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("word", ["zero", "nan", "inf"])
def test_no_query_returns_nan(query: str, word: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        numbers = flat_numbers(QUERIES[query](odd(), word))
    assert numbers and not np.isnan(numbers).any()


def test_they_are_similar_to_nothing() -> None:
    kv = odd()
    scores = dict(kv.most_similar("w1", topn=100))
    for word in ("zero", "nan", "inf"):
        assert scores[word] == kv.similarity("w1", word) == 0.0
        assert set(dict(kv.most_similar(word, topn=100)).values()) == {0.0}
    expected = dict(few_vectors().most_similar("w1", topn=100))
    assert {word: scores[word] for word in expected} == pytest.approx(expected)


SCALES = [
    *((np.float16, scale) for scale in (1e-2, 1, 1e3)),
    *((np.float32, scale) for scale in (1e-37, 1e-25, 1e-4, 1, 1e4, 1e18, 1e30, 1e37)),
    *((np.float64, scale) for scale in (1e-300, 1e-40, 1, 1e30, 1e300)),
]


@pytest.mark.parametrize("dtype, scale", SCALES)
def test_any_scale(dtype: Any, scale: float) -> None:
    """Squares of very small and very large numbers leave the dtype; the cosines must not."""
    scaled = (ROWS * np.float64(scale)).astype(dtype)
    kv = KeyedVectors(9, dtype=dtype)
    kv.add_vectors(KEYS, scaled)
    exact = scaled.astype(np.float64) / np.abs(scaled).max()
    exact /= np.linalg.norm(exact, axis=1, keepdims=True)
    tolerance = 2e-3 if dtype is np.float16 else 1e-6
    np.testing.assert_allclose(kv.most_similar("w3", topn=None), exact @ exact[3], atol=tolerance)
    np.testing.assert_allclose(kv.get_normed_vectors(), exact, atol=tolerance)
    assert kv.similarity("w3", "w4") == pytest.approx(exact[3] @ exact[4], abs=tolerance)


@given(hnp.arrays(np.float32, (4, 3), elements=st.floats(width=32)))
def test_unit_rows(matrix: np.ndarray) -> None:
    before = matrix.copy()
    unit = unit_rows(matrix)
    np.testing.assert_array_equal(matrix, before)
    for row, result in zip(matrix.astype(np.float64), unit, strict=True):
        if np.isfinite(row).all() and row.any():
            exact = row / np.abs(row).max()
            np.testing.assert_allclose(result, exact / np.linalg.norm(exact), atol=1e-6)
        else:
            assert not result.any()


def test_norms_are_never_stale() -> None:
    """gensim caches them: changed vectors then give scores such as 3.0."""
    kv = few_vectors()
    kv.most_similar("w1")
    kv.vectors[2] *= 100
    kv["w3"] = ROWS[3] * 100
    kv.add_vectors(["new"], [ROWS[4] * 100])
    kv.add_vectors(["w5"], [ROWS[5] * 100], replace=True)
    assert all(-1.000001 < score < 1.000001 for _, score in kv.most_similar("w1", topn=100))
    np.testing.assert_allclose(
        kv.most_similar("w1", topn=None)[:60], few_vectors().most_similar("w1", topn=None), atol=1e-6
    )


def test_rows_without_a_key_are_no_answer() -> None:
    kv = KeyedVectors(9, count=70)
    for word in KEYS:
        kv.add_vector(word, -ROWS[KEYS.index(word)])
    answers = kv.most_similar("w1", topn=100)
    assert len(answers) == 59 and None not in dict(answers)
    assert len(kv) == 70


# --- adding ---


def test_prepared_rows_are_filled_first() -> None:
    kv = KeyedVectors(2, count=3)
    assert kv.index_to_key == [None] * 3 and len(kv) == 3 and kv.next_index == 0
    assert kv.add_vector("a", [1, 2]) == 0
    kv.add_vectors(["b", "c", "d"], np.arange(6).reshape(3, 2))
    assert kv.index_to_key == ["a", "b", "c", "d"] and kv.next_index == 4
    np.testing.assert_array_equal(kv.vectors, [[1, 2], [0, 1], [2, 3], [4, 5]])


def test_add_vector_warns_of_growing() -> None:
    kv = few_vectors()
    with pytest.warns(UserWarning, match="add_vectors"):
        assert kv.add_vector("new", ROWS[0]) == 60
    assert kv.index_to_key[60] == "new" and kv.vectors.dtype == np.float32
    np.testing.assert_array_equal(kv["new"], ROWS[0])


def test_add_vector_of_a_known_key() -> None:
    kv = few_vectors()
    assert kv.add_vector("w3", ROWS[0]) == 3
    assert len(kv) == 60
    np.testing.assert_array_equal(kv["w3"], ROWS[0])


@pytest.mark.parametrize("replace", [False, True])
def test_add_vectors_known_and_new(replace: bool) -> None:
    kv = few_vectors()
    kv.add_vectors(["w3", "new", "new"], [ROWS[0], ROWS[1], ROWS[2]], replace=replace)
    assert len(kv) == 61 and len(kv.key_to_index) == 61
    np.testing.assert_array_equal(kv["w3"], ROWS[0] if replace else ROWS[3])
    np.testing.assert_array_equal(kv["new"], ROWS[2] if replace else ROWS[1])


def test_add_vectors_one_key() -> None:
    kv = few_vectors()
    kv.add_vectors("new", ROWS[0])
    kv.add_vectors(99, ROWS[1].tolist())
    assert kv.index_to_key[60:] == ["new", 99]
    np.testing.assert_array_equal(kv[99], ROWS[1])


def test_integer_keys_before_row_numbers() -> None:
    kv = few_vectors()
    kv.add_vectors([3], [ROWS[0]])
    assert kv.get_index(3) == 60 and kv.get_index(4) == 4


def test_attributes_grow_with_the_keys() -> None:
    """gensim leaves them short."""
    kv = trained_vectors()
    kv.add_vectors(["new"], [ROWS[0]], extras={"count": [7], "tag": ["x"], "weight": [0.5]})
    assert kv.get_vecattr("new", "count") == 7 and kv.get_vecattr("w0", "count") == 3600
    assert kv.get_vecattr("new", "sample_int") == 0
    assert kv.get_vecattr("new", "weight") == 0.5 and kv.get_vecattr("w0", "weight") == 0
    assert kv.get_vecattr("new", "tag") == "x"
    assert len(kv.get_vecattr("new", "code")) == 0
    np.testing.assert_array_equal(kv.get_vecattr("w9", "point"), trained_vectors().get_vecattr("w9", "point"))


def test_extras_of_known_keys() -> None:
    kv = trained_vectors()
    kv.add_vectors(["w1", "new"], ROWS[:2], extras={"count": [5, 6]})
    assert [kv.get_vecattr(word, "count") for word in ("w1", "new")] == [59**2, 6]
    kv.add_vectors(["w1"], ROWS[:1], extras={"count": [5]}, replace=True)
    assert kv.get_vecattr("w1", "count") == 5


def test_setting_items() -> None:
    kv = few_vectors()
    kv["w3"] = ROWS[0]
    kv["new"] = ROWS[1]
    kv[["w4", "newer"]] = ROWS[2:4]
    kv["x", "y"] = ROWS[5]  # a tuple is one key
    assert kv.index_to_key[60:] == ["new", "newer", ("x", "y")]
    for word, row in (("w3", 0), ("new", 1), ("w4", 2), ("newer", 3)):
        np.testing.assert_array_equal(kv[word], ROWS[row])


WRONG_ADDING: dict[str, tuple[Callable[[KeyedVectors], Any], str]] = {
    "dimension": (lambda kv: kv.add_vectors(["a"], np.ones((1, 8))), "1 vectors of 9"),
    "one dimension": (lambda kv: kv.add_vector("a", np.ones(8)), "1 vectors of 9"),
    "item": (lambda kv: kv.__setitem__("a", np.ones((2, 9))), "1 vectors of 9"),
    "too many": (lambda kv: kv.add_vectors(["a"], ROWS[:2]), "1 vectors of 9"),
    "too few": (lambda kv: kv.add_vectors(["a", "b", "c"], ROWS[:2]), "3 vectors of 9"),
    "flat": (lambda kv: kv.add_vectors(["a", "b"], np.ones(18)), "2 vectors of 9"),
    "extras": (lambda kv: kv.add_vectors(["a"], ROWS[:1], extras={"count": [1, 2]}), "2 values for 1"),
}


@pytest.mark.parametrize("call, message", WRONG_ADDING.values(), ids=WRONG_ADDING.keys())
def test_wrong_adding_changes_nothing(call: Callable[[KeyedVectors], Any], message: str) -> None:
    kv = few_vectors()
    with pytest.raises(ValueError, match=message):
        call(kv)
    assert kv.index_to_key == KEYS and len(kv.key_to_index) == 60
    np.testing.assert_array_equal(kv.vectors, ROWS)


def test_with_vectors_shares_all() -> None:
    kv = trained_vectors()
    out = kv.with_vectors(ROWS[:, :4].copy())
    assert out.vector_size == 4 and str(out) == "KeyedVectors<vector_size=4, 60 keys>"
    assert out.index_to_key is kv.index_to_key and out.expandos is kv.expandos
    assert out.most_similar("w1", topn=1)[0][0] in kv
    with pytest.raises(ValueError, match="60 keys"):
        kv.with_vectors(ROWS[:59])


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


def test_resize() -> None:
    kv = few_vectors()
    kv.index_to_key.append("new")
    kv.key_to_index["new"] = 60
    kv.resize_vectors(seed=4)
    np.testing.assert_array_equal(kv.vectors[:60], ROWS)
    np.testing.assert_array_equal(kv["new"], prep_vectors((61, 9), seed=4)[60])


# --- attributes ---

VALUES: dict[str, tuple[Any, Any, Any]] = {
    "int": (3, np.int64, 0),
    "float": (2.5, np.float64, 0.0),
    "bool": (True, np.bool_, False),
    "numpy": (np.float32(1.5), np.float32, 0.0),
    "str": ("noun", object, 0),
    "list": ([1, 2], object, 0),
}


@pytest.mark.parametrize("value, dtype, default", VALUES.values(), ids=VALUES.keys())
def test_attributes(value: Any, dtype: Any, default: Any) -> None:
    kv = few_vectors()
    kv.set_vecattr("w3", "x", value)
    assert kv.expandos["x"].dtype == dtype  # type: ignore[union-attr]
    assert kv.get_vecattr("w3", "x") == value and kv.get_vecattr(3, "x") == value
    assert kv.get_vecattr("w4", "x") == default


def test_attributes_as_gensim(twin: Any) -> None:
    for value, _, _ in VALUES.values():
        ours, theirs = few_vectors(), copy.deepcopy(twin)
        for kv in (ours, theirs):
            kv.set_vecattr("w3", "x", value)
        assert ours.expandos["x"].dtype == theirs.expandos["x"].dtype  # type: ignore[union-attr]
        assert_close(ours.get_vecattr("w3", "x"), theirs.get_vecattr("w3", "x"))
        assert_close(ours.get_vecattr("w4", "x"), theirs.get_vecattr("w4", "x"))


@pytest.mark.parametrize("value", ["text", 2.5, [1], None])
def test_an_integer_attribute_stays_one(value: Any) -> None:
    kv = trained_vectors()
    with pytest.raises(TypeError, match="'count' is int64: it cannot hold"):
        kv.set_vecattr("w3", "count", value)


def test_integers_into_unsigned_attributes() -> None:
    """gensim refuses them."""
    kv = trained_vectors()
    kv.set_vecattr("w3", "sample_int", 2**32 - 1)
    assert kv.get_vecattr("w3", "sample_int") == 2**32 - 1
    with pytest.raises(OverflowError):
        kv.set_vecattr("w3", "sample_int", 2**32)


def test_allocating_attributes() -> None:
    kv = few_vectors()
    kv.allocate_vecattrs(["a", "b"], [np.uint32, str])
    assert kv.expandos["a"].dtype == np.uint32 and kv.expandos["b"].dtype == object  # type: ignore[union-attr]
    with pytest.raises(TypeError):
        kv.allocate_vecattrs(["a"], [float])
    with pytest.raises(ValueError):
        kv.allocate_vecattrs(["a", "b"], [int])


def test_missing_attributes() -> None:
    with pytest.raises(KeyError):
        few_vectors().get_vecattr("w3", "count")
    with pytest.raises(KeyError):
        few_vectors().set_vecattr("unknown", "count", 1)


# --- older spellings ---


@IGNORE_OLDER
def test_vocab_reads_and_writes_through() -> None:
    kv = trained_vectors()
    record = kv.vocab["w3"]
    assert record.index == 3 and record.count == 57**2
    np.testing.assert_array_equal(record.point, kv.get_vecattr("w3", "point"))
    np.testing.assert_array_equal(record.code, kv.get_vecattr("w3", "code"))
    record.count = 11
    record.sample_int = 12
    record.code = 1 - record.code
    assert kv.get_vecattr("w3", "count") == 11 and kv.vocab["w3"].sample_int == 12
    np.testing.assert_array_equal(kv.vocab["w3"].code, 1 - trained_vectors().vocab["w3"].code)
    kv.set_vecattr("w3", "count", 13)
    assert record.count == 13


@IGNORE_OLDER
def test_vocab_is_a_mapping() -> None:
    kv = trained_vectors()
    vocab = kv.vocab
    assert len(vocab) == 60 and list(vocab) == KEYS == list(vocab.keys())
    assert "w3" in vocab and 3 not in vocab and vocab.get("unknown") is None
    assert [record.index for record in vocab.values()] == list(range(60))
    assert vocab["w9"] < vocab["w1"] and max(vocab.values()).index == 0
    kv.add_vectors(["new"], ROWS[:1])
    assert vocab["new"].index == 60
    with pytest.raises(KeyError):
        vocab["unknown"]
    assert "index:0" in repr(vocab["w0"]) and "61 keys" in repr(vocab)


@IGNORE_OLDER
def test_vocab_records_have_bounds() -> None:
    kv = trained_vectors()
    with pytest.raises(AttributeError, match="move words"):
        kv.vocab["w3"].index = 5  # type: ignore[misc]
    with pytest.raises(AttributeError, match="sample_int"):
        kv.vocab["w3"].tag  # noqa: B018
    with pytest.raises(ValueError, match="'code' of 'w3' has"):
        kv.vocab["w3"].code = np.zeros(64, dtype=np.uint8)
    with pytest.raises(AttributeError):
        kv.vocab = {}  # type: ignore[misc, assignment]


@IGNORE_OLDER
def test_older_names(tmp_path: Path) -> None:
    kv = few_vectors()
    assert kv.index2word is kv.index2entity is kv.index_to_key
    kv.index2word = list(reversed(KEYS))
    assert kv.index_to_key[0] == "w59"
    assert kv.syn0 is kv.vectors and kv.wv is kv
    kv.syn0 = 2 * ROWS
    assert kv.vectors[0, 0] == 2 * ROWS[0, 0]
    for norms in (kv.vectors_norm, kv.syn0norm):
        np.testing.assert_allclose(np.linalg.norm(norms, axis=1), 1, atol=1e-6)
    kv.vectors_norm = None
    assert kv.vectors_norm is not None
    np.testing.assert_array_equal(kv.word_vec("w1", use_norm=True), kv.get_vector("w1", norm=True))
    kv.add(["w1", "new"], [ROWS[0], ROWS[1]], True)
    np.testing.assert_array_equal(kv[["w1", "new"]], ROWS[:2])


OLDER_CALLS: dict[str, Callable[[Any], Any]] = {
    "vocab": lambda kv: kv.vocab,
    "wv": lambda kv: kv.wv,
    "index2word": lambda kv: kv.index2word,
    "index2entity": lambda kv: kv.index2entity,
    "syn0": lambda kv: kv.syn0,
    "vectors_norm": lambda kv: kv.vectors_norm,
    "syn0norm": lambda kv: kv.syn0norm,
    "add()": lambda kv: kv.add(["new"], ROWS[:1]),
    "word_vec()": lambda kv: kv.word_vec("w1"),
    "words_closer_than()": lambda kv: kv.words_closer_than("w1", "w2"),
    "init_sims()": lambda kv: kv.init_sims(),
}


@pytest.mark.parametrize("name", OLDER_CALLS)
def test_older_names_warn_once(name: str) -> None:
    with pytest.warns(DeprecationWarning, match=rf"^KeyedVectors\.{re.escape(name)} is an older") as caught:
        OLDER_CALLS[name](few_vectors())
        OLDER_CALLS[name](few_vectors())
    assert len(caught) == 1 and caught[0].filename == __file__


@IGNORE_OLDER
def test_both_spellings() -> None:
    with pytest.raises(TypeError, match=r"use_norm= and norm="):
        few_vectors().word_vec("w1", use_norm=True, norm=False)


def test_records() -> None:
    records = [Vocab(count=3, index=1), Vocab(index=0), Vocab(count=2, code=[1])]
    assert [record.count for record in sorted(records)] == [0, 2, 3]
    assert records[2].code == [1]


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


# --- saving ---


def assert_same_kv(kv: KeyedVectors, expected: KeyedVectors) -> None:
    assert kv.index_to_key == expected.index_to_key and kv.key_to_index == expected.key_to_index
    assert kv.vector_size == expected.vector_size and kv.next_index == expected.next_index
    np.testing.assert_array_equal(kv.vectors, expected.vectors, strict=True)
    assert kv.expandos.keys() == expected.expandos.keys()
    for name, column in expected.expandos.items():
        got = kv.expandos[name]
        assert type(got) is type(column)
        if isinstance(column, Ragged) and isinstance(got, Ragged):
            np.testing.assert_array_equal(got.values, column.values, strict=True)
            np.testing.assert_array_equal(got.starts, column.starts, strict=True)
        else:
            np.testing.assert_array_equal(got, column, strict=True)
    assert hasattr(kv, "vectors_lockf") == hasattr(expected, "vectors_lockf")


def decorated() -> KeyedVectors:
    """Every kind of key and attribute."""
    kv = KeyedVectors(2, count=5, dtype=np.float64)
    for key in ("a", 7, "日本", "\ud800"):
        kv.add_vector(key, [1, 2])
    kv.set_vecattr("a", "tag", "noun")
    kv.set_vecattr(7, "parts", [1, "x", None, {"y": 2.5}])
    kv.set_vecattr(7, "weight", np.float16(0.5))
    kv.set_vecattr("a", "flag", True)
    kv.set_vecattr("a", "count.starts", 5)
    kv.expandos["links"] = Ragged(np.array([1.5, 2.5]), np.array([0, 1, 1, 2, 2, 2]))
    return kv


KINDS: dict[str, Callable[[], KeyedVectors]] = {
    "trained": trained_vectors,
    "plain": few_vectors,
    "decorated": decorated,
    "float16": lambda: few_vectors(np.float16),
    "empty": lambda: KeyedVectors(5),
    "one": lambda: trained_vectors().__class__(3, 1),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mmap", [None, "r", "c"])
def test_save_and_load(tmp_path: Path, kind: str, mmap: Any) -> None:
    path = tmp_path / "vectors.fw2v"
    kv = KINDS[kind]()
    kv.save(path)
    assert_same_kv(KeyedVectors.load(path, mmap=mmap, verify="full"), kv)
    assert_same_kv(KeyedVectors.load(saved(kv)), kv)


def test_mapped_vectors(tmp_path: Path) -> None:
    path = tmp_path / "vectors.fw2v"
    trained_vectors().save(path)
    kv = KeyedVectors.load(path, mmap="r")
    with pytest.raises(ValueError, match="read-only"):
        kv["w3"] = ROWS[0]
    kv.set_vecattr("w3", "count", 5)  # attributes are in memory
    kv.add_vectors(["new"], ROWS[:1])  # a larger matrix is
    assert kv.most_similar("w0", topn=1)[0][0] == "new"
    kv.save(path)  # over its own mapping
    assert_same_kv(KeyedVectors.load(path, verify="full"), kv)
    changeable = KeyedVectors.load(path, mmap="c")
    changeable["w3"] = ROWS[0]
    assert KeyedVectors.load(path)["w3"][0] == ROWS[3, 0]


def test_subclasses_load_as_themselves() -> None:
    class Mine(KeyedVectors):
        pass

    assert type(Mine.load(saved(few_vectors()))) is Mine


def test_a_whole_models_file() -> None:
    """Its output matrices are left alone."""
    buffer = io.BytesIO()
    native.write(
        buffer, {**trained_vectors().to_tensors(), "syn1neg": ROWS, "cum_table": ROWS}, {"kind": "Word2Vec"}
    )
    buffer.seek(0)
    assert_same_kv(KeyedVectors.load(buffer), trained_vectors())


def test_object_columns_of_paths_are_packed() -> None:
    """As gensim has them; words without a path hold 0."""
    kv = KeyedVectors(2)
    kv.add_vectors(["a", "b"], np.ones((2, 2)))
    kv.set_vecattr("b", "code", np.array([0, 1], dtype=np.uint8))
    back = KeyedVectors.load(saved(kv))
    assert back.get_vecattr("a", "code") == 0
    assert list(back.get_vecattr("b", "code")) == [0, 1]


@pytest.mark.parametrize("value", [{1, 2}, object(), b"x", 1j])
def test_attributes_that_cannot_be_saved(tmp_path: Path, value: Any) -> None:
    kv = few_vectors()
    kv.set_vecattr("w3", "thing", value)
    if kv.expandos["thing"].dtype == object:  # type: ignore[union-attr]
        with pytest.raises(TypeError, match="'thing' holds"):
            kv.save(tmp_path / "v")
        assert not list(tmp_path.iterdir())


def test_keys_that_cannot_be_saved(tmp_path: Path) -> None:
    kv = few_vectors()
    kv["x", "y"] = ROWS[0]
    with pytest.raises(TypeError, match="only str and int keys"):
        kv.save(tmp_path / "v")
    assert not list(tmp_path.iterdir())


def tampered(**change: Any) -> dict[str, Any]:
    tensors: dict[str, Any] = {**trained_vectors().to_tensors(), "attr.x": np.arange(60), **change}
    return {name: array for name, array in tensors.items() if array is not None}


STARTS = trained_vectors().to_tensors()["path_starts"]
POINTS = trained_vectors().to_tensors()["points"]
TAMPERINGS: dict[str, dict[str, Any]] = {
    "no matrix": tampered(syn0=None),
    "fewer rows": tampered(syn0=ROWS[:59]),
    "flat": tampered(syn0=ROWS.ravel()),
    "integers": tampered(syn0=ROWS.astype(np.int32)),
    "no words": tampered(vocab_bytes=None),
    "no offsets": tampered(vocab_offsets=None),
    "word twice": tampered(**native.pack_strings([*KEYS[:59], "w0"])),
    "fewer words": tampered(**native.pack_strings(KEYS[:59])),
    "counts short": tampered(counts=np.arange(59)),
    "counts float": tampered(counts=np.arange(60.0)),
    "attribute short": tampered(**{"attr.x": np.arange(59)}),
    "attribute of rows": tampered(**{"attr.x": ROWS}),
    "no codes": tampered(codes=None),
    "point out of range": tampered(points=POINTS + np.uint32(59)),
    "starts short": tampered(path_starts=STARTS[:-1]),
    "starts beyond": tampered(path_starts=STARTS + 1),
    "points signed": tampered(points=POINTS.astype(np.int32)),
    "ragged starts": tampered(**{"attr_starts.x": np.arange(61) + 5}),
    "objects damaged": tampered(**{"attr_json.y": np.frombuffer(b'["a"', dtype=np.uint8)}),
    "objects few": tampered(**{"attr_json.y": np.frombuffer(b'["a"]', dtype=np.uint8)}),
    "objects no list": tampered(**{"attr_json.y": np.frombuffer(b'{"a": 1}', dtype=np.uint8)}),
    "objects deep": tampered(**{"attr_json.y": np.frombuffer(b"[" * 100_000, dtype=np.uint8)}),
    "lockf": tampered(vectors_lockf=np.ones((2, 2), dtype=np.float32)),
}


@pytest.mark.parametrize("tensors", TAMPERINGS.values(), ids=TAMPERINGS.keys())
def test_tampered_files(tmp_path: Path, tensors: dict[str, Any]) -> None:
    path = tmp_path / "tampered"
    native.write(path, tensors, {})
    with pytest.raises(FormatError, match=str(path)):
        KeyedVectors.load(path)


def test_untampered() -> None:
    KeyedVectors.from_tensors(tampered())


def test_copies() -> None:
    kv = trained_vectors()
    for other in (copy.deepcopy(kv), pickle.loads(pickle.dumps(kv))):
        assert_same_kv(other, kv)
        other.vectors[0] = 0
        assert kv.vectors[0].any()
