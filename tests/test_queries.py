"""Queries of `KeyedVectors`: gensim's answers to every form of question, and none of its traps."""

from __future__ import annotations

import copy
import sys
import warnings
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from factories import IGNORE_OLDER, KEYS, ROWS, TEXT, assert_close, few_vectors, small, trained_vectors

from fastw2v import Word2Vec
from fastw2v.keyedvectors import KeyedVectors
from fastw2v.query import cosines

THEIR_WARNINGS = pytest.mark.filterwarnings("ignore:Call to deprecated:DeprecationWarning")


def outcome(function: Callable[[], Any]) -> Any:
    try:
        return function()
    except Exception as error:
        return type(error)


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
# Under NumPy 1 gensim orders equal cosines otherwise, and 1 - cosine is a float64; fastw2v answers as ever.
OF_NUMPY_2 = {"weight zero", "against itself", "distance", "cosmul of a unit vector"}
STRICTER = {"three dimensions": TypeError}  # gensim fails somewhere in numpy


def skip_where_gensim_depends_on_numpy(name: str) -> None:
    if name in OF_NUMPY_2 and np.__version__.startswith("1."):
        pytest.skip("gensim answers otherwise under NumPy 1")


@pytest.mark.filterwarnings("ignore:Mean of empty slice")
@pytest.mark.parametrize("question", QUESTIONS)
def test_most_similar_as_gensim(twin: Any, question: str) -> None:
    skip_where_gensim_depends_on_numpy(question)
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
    "norms": lambda kv: (kv.fill_norms(), np.asarray(kv.norms))[1],
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
    skip_where_gensim_depends_on_numpy(call)
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
    with pytest.raises(ValueError, match=r"vector of shape \(3,\): expected \(9,\)"):
        kv.most_similar_many([np.ones(3)])
    with pytest.raises(TypeError, match="topn must be an integer, not None"):
        kv.most_similar_many(["w1"], topn=None)  # type: ignore[arg-type]


@pytest.mark.parametrize("topn", [2.5, "5"])
def test_cosmul_checks(topn: Any) -> None:
    with pytest.raises(TypeError, match="topn must be an integer or None"):
        few_vectors().most_similar_cosmul("w1", topn=topn)
    with pytest.raises(ValueError, match=r"vector of shape \(8,\): expected \(9,\)"):
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


def test_similar_by_vector_takes_a_word_as_gensim_does(twin: Any) -> None:
    words = [word for word, _ in twin.similar_by_vector("w5", 3)]
    assert [word for word, _ in few_vectors().similar_by_vector("w5", 3)] == words
    with pytest.raises(KeyError, match="'missing' not present"):
        few_vectors().similar_by_vector("missing")


@pytest.mark.parametrize("pair", [("w1", 1, 2), ("w1",), [], None, {"w1"}, 1.0, b"w1"], ids=repr)
def test_wrong_items_in_questions(pair: Any) -> None:
    with pytest.raises(TypeError, match="give keys, vectors or .key, weight. pairs"):
        few_vectors().most_similar(["w1", pair])


def test_a_word_with_itself_is_exactly_1() -> None:
    kv = few_vectors()
    for word in KEYS:
        assert kv.similarity(word, word) == 1 and kv.distance(word, word) == 0


def test_n_similarity_of_empty_and_of_unknown_lists() -> None:
    kv = few_vectors()
    assert kv.n_similarity(["w1", "unknown"], ["w1"]) == 1 and kv.n_similarity(["unknown"], ["w1"]) == 0
    for first, second, empty in (([], ["w1"], "ws1"), (["w1"], [], "ws2")):
        with pytest.raises(ZeroDivisionError, match=f"{empty} is empty"):
            kv.n_similarity(first, second)


def test_equal_scores_come_in_row_order() -> None:
    kv = KeyedVectors(2)
    kv.add_vectors(list("abcdef"), [[1, 0], [0, 1], [2, 0], [0, 1], [3, 0], [0, 5]])
    assert [word for word, _ in kv.most_similar("a", topn=4)] == ["c", "e", "b", "d"]
    assert kv.doesnt_match(["a", "c", "b"]) == "b"


# --- keys of other types ---

SCALARS = [3, 7, 20, 1000, 5, 2]
OTHER_KEYS: dict[str, list[Any]] = {
    "tuples": [(i, j) for i in range(3) for j in range(2)],
    "tuples of words": [("new", "york"), ("w1",), (), ("a", 2.0), ("b", 1), ("c",)],
    "nested tuples": [((0, 1), 2.0), (0, 1), (1, 0), ((1, 0), (0, 1)), (5,), (4, 4)],
    "frozensets": [frozenset(text) for text in ("ab", "c", "", "xyz", "p", "q")],
    "bytes": [b"ab", b"c", b"", b"xyz", b"p", b"\x01"],
    "floats": [0.5, 1.5, 2.5, -3.0, 1e9, 7.25],
    "dates": [date(2026, 1, day) for day in range(1, 7)],
    "integers": SCALARS,
    "numpy integers": [np.int64(key) for key in SCALARS],
    "mixed": ["a", (0, 1), b"b", 2.5, date(2026, 1, 1), frozenset("ab")],
}
ONE_KEY: dict[str, Callable[[KeyedVectors, Any, Any], Any]] = {
    "item": lambda kv, key, other: kv[key],
    "items": lambda kv, key, other: kv[[key, other]],
    "get_vector": lambda kv, key, other: kv.get_vector(key, norm=True),
    "contains": lambda kv, key, other: key in kv,
    "most_similar": lambda kv, key, other: kv.most_similar(key),
    "most_similar of a list": lambda kv, key, other: kv.most_similar([key], [other]),
    "most_similar without": lambda kv, key, other: kv.most_similar(positive=[other], negative=key),
    "weights": lambda kv, key, other: kv.most_similar([(key, 0.5), (other, -0.25)]),
    "many": lambda kv, key, other: kv.most_similar_many([key, other]),
    "target": lambda kv, key, other: kv.most_similar(key, target=kv),
    "cosmul": lambda kv, key, other: kv.most_similar_cosmul(key),
    "cosmul of lists": lambda kv, key, other: kv.most_similar_cosmul([key], [other]),
    "similar_by_key": lambda kv, key, other: kv.similar_by_key(key),
    "similar_by_word": lambda kv, key, other: kv.similar_by_word(key),
    "mean": lambda kv, key, other: kv.get_mean_vector([key, other]),
    "n_similarity": lambda kv, key, other: kv.n_similarity([key], [other, key]),
    "similarity": lambda kv, key, other: kv.similarity(key, other),
    "distances": lambda kv, key, other: kv.distances(key),
    "distances to some": lambda kv, key, other: kv.distances(key, [other, key]),
    "doesnt_match": lambda kv, key, other: kv.doesnt_match([key, other, key]),
    "rank": lambda kv, key, other: kv.rank(key, other),
    "closer_than": lambda kv, key, other: kv.closer_than(key, other),
    "most_similar_to_given": lambda kv, key, other: kv.most_similar_to_given(key, [other, key]),
    "vectors_for_all": lambda kv, key, other: kv.vectors_for_all([other, key]).vectors,
}
BARE: dict[str, Callable[[KeyedVectors, Any], Any]] = {
    "mean": lambda kv, key: kv.get_mean_vector(key),
    "n_similarity": lambda kv, key: kv.n_similarity(key, key),
}


def keyed_by(keys: list[Any]) -> KeyedVectors:
    kv = KeyedVectors(9)
    kv.add_vectors(keys, ROWS[: len(keys)])
    return kv


def renamed(value: Any, names: dict[Any, Any]) -> Any:
    if isinstance(value, str):
        return names[value]
    if isinstance(value, list):
        return [renamed(item, names) for item in value]
    return (names[value[0]], value[1]) if isinstance(value, tuple) else value


@pytest.mark.parametrize("query", ONE_KEY)
@pytest.mark.parametrize("kind", OTHER_KEYS)
def test_any_key_is_asked_as_a_word_is(kind: str, query: str) -> None:
    keys, words = OTHER_KEYS[kind], list("abcdef")
    named, plain = keyed_by(keys), keyed_by(words)
    names = dict(zip(words, keys, strict=True))
    for place in range(6):
        asked = place, (place + 1) % 6
        answer = ONE_KEY[query](named, *(keys[row] for row in asked))
        expected = renamed(ONE_KEY[query](plain, *(words[row] for row in asked)), names)
        if isinstance(expected, np.ndarray):
            np.testing.assert_array_equal(answer, expected)
        else:
            assert answer == expected


@pytest.mark.parametrize("query", BARE)
@pytest.mark.parametrize("kind", ["tuples", "tuples of words", "frozensets", "bytes"])
def test_a_key_that_could_be_several_is_one(kind: str, query: str) -> None:
    keys = OTHER_KEYS[kind]
    kv = keyed_by(keys)
    for key in keys:
        np.testing.assert_array_equal(BARE[query](kv, key), BARE[query](kv, [key]))


@pytest.mark.parametrize("kind", ["tuples", "frozensets", "bytes", "floats", "dates", "integers"])
def test_a_missing_key_is_no_row_and_no_pair(kind: str) -> None:
    missing = {
        "tuples": (0, 5),
        "frozensets": frozenset("cd"),
        "bytes": b"\x02",
        "floats": 8.5,
        "dates": date(2026, 2, 1),
        "integers": 4,
    }[kind]
    kv = keyed_by(OTHER_KEYS[kind])
    asked: Any
    for asked in (
        lambda: kv[missing],
        lambda: kv.most_similar(missing),
        lambda: kv.most_similar([missing]),
        lambda: kv.most_similar_many([missing]),
        lambda: kv.most_similar_cosmul([missing]),
        lambda: kv.get_vector(missing),
        lambda: kv.similarity(missing, missing),
        lambda: kv.distances(missing),
        lambda: kv.get_mean_vector([missing], ignore_missing=False),
    ):
        with pytest.raises(KeyError, match="not present"):
            asked()
    assert missing not in kv and kv.has_index_for(missing) is False
    assert kv.get_index(missing, -1) == -1


def test_several_keys_that_are_tuples() -> None:
    kv = keyed_by(OTHER_KEYS["tuples"])
    np.testing.assert_array_equal(kv[(0, 1), (2, 0)], ROWS[[1, 4]])
    np.testing.assert_array_equal(kv[((0, 1),)], ROWS[[1]])
    np.testing.assert_array_equal(
        kv.get_mean_vector(((0, 1), (2, 0)), pre_normalize=False), ROWS[[1, 4]].mean(axis=0)
    )


def test_integers_are_rows_unless_keys_are_integers() -> None:
    def finds(number: Any, names: list[Any]) -> bool:
        kv = KeyedVectors(1, count=len(names))
        for name in names:
            if name is not None:
                kv.add_vector(name, [1])
        return number in kv

    assert finds(0, ["a", "b"]) and finds(np.int64(1), ["a", "b"])
    assert not finds(2, ["a", "b"]) and not finds(-1, ["a", "b"])
    assert not finds(0, [5, 6]) and not finds(1, [np.int32(5), np.int32(6)])
    assert finds(0, [None, None]) and finds(1, ["a", None]) and not finds(1, [5, None])
    assert finds(0, ["a", 5]) and not finds(1, ["a", 5]) and finds(5, ["a", 5])


def test_the_error_says_why_an_integer_is_no_row() -> None:
    with pytest.raises(KeyError, match="Key '4' not present: the keys are integers"):
        keyed_by(SCALARS).get_vector(4)
    with pytest.raises(KeyError, match="Key '4' not present in vocabulary: the keys are integers"):
        keyed_by(SCALARS).most_similar(4)
    assert keyed_by(list("abcdef")).get_index(4) == 4


MISTAKES: dict[str, tuple[Callable[[KeyedVectors], Any], type[Exception], str]] = {
    "a vector for a key": (lambda kv: kv.similarity("w1", ROWS[2]), TypeError, "similar_by_vector"),
    "a vector for the first key": (lambda kv: kv.similarity(ROWS[2], "w1"), TypeError, "cosine_similarities"),
    "a vector to rank": (lambda kv: kv.rank("w1", ROWS[2]), TypeError, "where a key belongs"),
    "the vector of a vector": (lambda kv: kv.get_vector(ROWS[2]), TypeError, "where a key belongs"),
    "a list for a key": (lambda kv: kv.similarity(["w1"], "w2"), TypeError, "a list was given where one key"),
    "a dict for a key": (lambda kv: kv.get_vector({"w1": 2}), TypeError, "a dict was given where one key"),
    "a key for a list": (lambda kv: kv.distances("w1", "w2"), TypeError, r"give a list of words, \['w2'\]"),
    "a row for a list": (lambda kv: kv.distances("w1", 3), TypeError, "give a list of words"),
    "a key for queries": (lambda kv: kv.most_similar_many("w1"), TypeError, "queries is one key"),
    "two vectors": (lambda kv: kv.cosine_similarities(ROWS[0], ROWS[1]), ValueError, r"matrix \(rows, D\)"),
    "no vector": (lambda kv: kv.cosine_similarities(ROWS, ROWS), ValueError, r"expected \(9,\)"),
    "another dimension": (lambda kv: kv.distances(np.ones(8)), ValueError, r"expected \(9,\)"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_error_says_what_to_do(mistake: str) -> None:
    call, error, words = MISTAKES[mistake]
    with pytest.raises(error, match=words):
        call(few_vectors())


def test_distances_to_an_array_of_words() -> None:
    kv = few_vectors()
    np.testing.assert_array_equal(
        kv.distances("w1", np.array(["w3", "w4"])), kv.distances("w1", ["w3", "w4"])
    )
    np.testing.assert_array_equal(kv.distances("w1", np.array([])), kv.distances("w1"))
    np.testing.assert_array_equal(kv.distances("w1", (w for w in ["w3"])), kv.distances("w1", ["w3"]))


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
    scaled = (ROWS.astype(np.float64) * scale).astype(dtype)
    kv = KeyedVectors(9, dtype=dtype)
    kv.add_vectors(KEYS, scaled)
    exact = scaled.astype(np.float64) / np.abs(scaled).max()
    exact /= np.linalg.norm(exact, axis=1, keepdims=True)
    tolerance = 2e-3 if dtype is np.float16 else 1e-6
    np.testing.assert_allclose(kv.most_similar("w3", topn=None), exact @ exact[3], atol=tolerance)
    np.testing.assert_allclose(kv.get_normed_vectors(), exact, atol=tolerance)
    assert kv.similarity("w3", "w4") == pytest.approx(exact[3] @ exact[4], abs=tolerance)


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


@IGNORE_OLDER
@pytest.mark.parametrize("copied", ["made", "loaded", "mapped"])
@pytest.mark.trains_again
def test_whoever_writes_to_the_rows_is_heard(copied: str, tmp_path: Path) -> None:
    """Through an array, a view of before, another owner, a file in memory, or training."""
    model = small()
    if copied != "made":
        model.save(tmp_path / "model")
        model = Word2Vec.load(tmp_path / "model", mmap="c" if copied == "mapped" else None)
    wv, random = model.wv, np.random.default_rng(0)
    word, held, shared = wv.index_to_key[0], wv.vectors[2:9], wv.with_vectors(wv.vectors)
    kept = wv.norms, wv.vectors_norm
    writes: dict[str, Callable[[], Any]] = {
        "an entry": lambda: wv.vectors.__setitem__((3, 4), 50),
        "all": lambda: np.multiply(wv.vectors, random.random((len(wv), 1)), out=wv.vectors, casting="unsafe"),
        "a view": lambda: held.__setitem__(0, random.random(12)),
        "a buffer": lambda: memoryview(wv.vectors).cast("B").cast("f").__setitem__(0, 3.0),
        "the model": lambda: model.syn0.__setitem__(5, -7.0),
        "another owner": lambda: shared.unit_normalize_all(),
        "a key": lambda: wv.__setitem__(word, random.random(12)),
        "training": lambda: model.train(TEXT, total_examples=len(TEXT), epochs=1),
        "other vectors": lambda: setattr(wv, "vectors", 3 * wv.vectors[::-1]),
    }
    for name, write in writes.items():
        wv.most_similar(word)
        write()
        rows = wv.vectors.astype(np.float64)
        lengths = np.linalg.norm(rows, axis=1)
        exact = rows @ rows[0] / lengths / lengths[0]
        np.testing.assert_allclose(wv.most_similar(word, topn=None), exact, atol=1e-5, err_msg=name)
        np.testing.assert_allclose(wv.norms, lengths, rtol=1e-5, err_msg=name)
        if name != "other vectors":
            np.testing.assert_allclose(kept[0], lengths, rtol=1e-5, err_msg=name)
            np.testing.assert_allclose(kept[1][3], rows[3] / lengths[3], atol=1e-6, err_msg=name)


def test_rows_without_a_key_are_no_answer() -> None:
    kv = KeyedVectors(9, count=70)
    for word in KEYS:
        kv.add_vector(word, -ROWS[KEYS.index(word)])
    answers = kv.most_similar("w1", topn=100)
    assert len(answers) == 59 and None not in dict(answers)
    assert len(kv) == 70


TARGETED: dict[str, Callable[[KeyedVectors, Any], Any]] = {
    "most_similar": lambda kv, target: kv.most_similar("w1", target=target),
    "most_similar_many": lambda kv, target: kv.most_similar_many(["w1"], target=target),
    "similarity": lambda kv, target: kv.similarity("w1", "w2", target=target),
}


@pytest.mark.parametrize("call", TARGETED.values(), ids=TARGETED)
def test_a_target_that_is_none_is_named_with_what_to_give(call: Callable[..., Any], gensims: Any) -> None:
    kv, theirs = few_vectors(), gensims.Word2Vec(vector_size=ROWS.shape[1])
    for given, advice in (
        (theirs.wv, r"target is gensim's KeyedVectors: copy it once, by from_gensim\(\)"),
        (theirs, r"target is gensim's Word2Vec: .*from_gensim\(\)"),
        (Word2Vec(), r"target is of type Word2Vec: give its vectors, \.wv or \.wv_out"),
        (kv.vectors, "target is of type ndarray: give KeyedVectors"),
        ("out", "target is of type str: give KeyedVectors"),
    ):
        with pytest.raises(TypeError, match=advice):
            call(kv, given)
