"""desm/: every score against the formula of the paper, and documents that come and go."""

from __future__ import annotations

import io
import itertools
import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from factories import NEEDS_IR_MEASURES
from hypothesis import given, settings
from hypothesis import strategies as st

from fastw2v import KeyedVectors, Word2Vec, evaluation
from fastw2v.desm import ALPHAS, DESM, Centroids, DESMIndex, mixed, tokenize
from fastw2v.desm._centroids import widen
from fastw2v.formats import native
from fastw2v.formats.errors import FormatError

WORDS = [f"w{i}" for i in range(40)]
SPACES = ["in-out", "in-in", "out-out", "out-in"]
Pair = tuple[KeyedVectors, KeyedVectors]


def pair_of(seed: int = 0, dim: int = 12) -> Pair:
    """IN and OUT vectors of WORDS, of very different lengths and with a mean that is not 0."""
    chance = np.random.default_rng(seed)
    pair = []
    for _ in range(2):
        vectors = KeyedVectors(dim)
        matrix = chance.normal(0.3, 1, (len(WORDS), dim)) * chance.uniform(0.01, 9, (len(WORDS), 1))
        vectors.add_vectors(WORDS, matrix.astype(np.float32))
        pair.append(vectors)
    return pair[0], pair[1]


def documents(count: int, seed: int = 1, longest: int = 60) -> list[list[str]]:
    """Random documents, some words of which no model knows; a few know no word at all."""
    chance = np.random.default_rng(seed)
    made = [
        [*chance.choice(WORDS, int(size)), *["unknown"] * int(more)]
        for size, more in zip(chance.integers(1, longest, count), chance.integers(0, 3, count), strict=True)
    ]
    return [[str(word) for word in document] for document in made]


def by_definition(
    pair: Pair, query: list[str], document: list[str], spaces: str, center: bool, weights: dict[str, float]
) -> float:
    """DESM of one pair, word by word in float64: nothing of the module but what the paper says."""

    def unit(word: str, space: str) -> Any:
        vectors = pair[space == "out"].vectors.astype(np.float64)
        vector = vectors[WORDS.index(word)] - (vectors.mean(axis=0) if center else 0)
        return vector / math.sqrt(sum(x * x for x in vector))

    first, second = spaces.split("-")
    known = [word for word in document if word in WORDS]
    asked = [word for word in query if word in WORDS]
    if not known or not asked:
        return math.nan
    centroid = sum(weights[word] * unit(word, second) for word in known) / sum(weights[w] for w in known)
    length = math.sqrt(sum(x * x for x in centroid))
    cosines = [weights[word] * float(unit(word, first) @ centroid) / length for word in asked]
    return sum(cosines) / sum(weights[word] for word in asked)


EVEN = dict.fromkeys(WORDS, 1.0)
UNEVEN = {word: 0.1 + i % 7 for i, word in enumerate(WORDS)}


@pytest.mark.parametrize("spaces", SPACES)
@pytest.mark.parametrize("center", [False, True], ids=["plain", "centred"])
@pytest.mark.parametrize("weights", [None, UNEVEN], ids=["even", "weighted"])
def test_scores_are_those_of_the_formula(spaces: str, center: bool, weights: dict[str, float] | None) -> None:
    pair, docs, queries = pair_of(), [*documents(60), [], ["unknown"]], documents(20, seed=2, longest=6)
    index = DESM(pair, spaces, center=center, weights=weights).index(docs)
    for query in [*queries, [], ["unknown"]]:
        expected = [by_definition(pair, query, doc, spaces, center, weights or EVEN) for doc in docs]
        np.testing.assert_allclose(index.scores(query), expected, atol=1e-6, rtol=0)


def test_ten_thousand_pairs_at_once_are_those_of_the_formula() -> None:
    pair, docs, queries = pair_of(3), documents(200), documents(50, seed=4, longest=6)
    index = DESM(pair, preset="paper").index(docs)
    run = index.search_many(dict(enumerate(queries)), len(docs))
    for number, query in enumerate(queries):
        expected = {i: by_definition(pair, query, doc, "in-out", False, EVEN) for i, doc in enumerate(docs)}
        found = dict(run[number])
        assert found.keys() == {i for i, score in expected.items() if not math.isnan(score)}
        assert all(abs(found[i] - expected[i]) < 1e-6 for i in found)
        scores = [score for _, score in run[number]]
        assert scores == sorted(scores, reverse=True)


def test_rounding_does_not_grow_with_a_document() -> None:
    pair = pair_of(5)
    long = [WORDS[i * i % 39] for i in range(200_000)]
    counts = {word: float(long.count(word)) for word in WORDS}
    units = {word: pair[1].vectors[i].astype(np.float64) for i, word in enumerate(WORDS)}
    total = sum(counts[word] * vector / np.linalg.norm(vector) for word, vector in units.items())
    query = pair[0].vectors[2].astype(np.float64)
    expected = query @ total / np.linalg.norm(query) / np.linalg.norm(total)
    assert abs(DESM(pair, center=False).index([long]).scores(["w2"])[0] - expected) < 1e-6


def test_idf_is_that_of_the_first_documents() -> None:
    pair, docs = pair_of(), documents(50)
    frequency = {word: sum(word in doc for doc in docs) for word in WORDS}
    idf = {word: math.log(1 + (50 - n + 0.5) / (n + 0.5)) for word, n in frequency.items()}
    index = DESM(pair, weights="idf").index(docs)
    expected = [by_definition(pair, ["w3", "w9"], doc, "in-out", True, idf) for doc in docs]
    np.testing.assert_allclose(index.scores(["w3", "w9"]), expected, atol=1e-6, rtol=0)
    before = index.scores(["w3"])
    index.add([["w3"]] * 100)
    np.testing.assert_array_equal(index.scores(["w3"])[:50], before)


def test_documents_as_words_row_numbers_and_text() -> None:
    desm = DESM(pair_of())
    words = ["w1", "nothing", "w2", "w2"]
    index = desm.index([words, np.array([1, 2, 2]), "W1, nothing; w2 (w2)", tuple(words), iter(words)])
    scores = index.scores("w7?")
    assert np.ptp(scores) < 1e-7  # BLAS sums the last of five rows in another order
    assert scores[0] == index.scores(np.array([7]))[0]
    assert desm.index(["w1 w2"] * 3).ids == [0, 1, 2]


def test_arrays_may_be_empty_and_of_any_whole_numbers() -> None:
    desm = DESM(PAIR)
    index = desm.index([np.array([1, 2], np.uint8), np.array([]), np.array([3], np.int64)])
    expected = desm.index([["w1", "w2"], [], ["w3"]])
    np.testing.assert_array_equal(index.scores("w4"), expected.scores("w4"))
    with pytest.raises(TypeError, match="one dimension"):
        index.add([np.array([[1, 2]])])


def test_many_words_are_encoded_as_few_are() -> None:
    desm, docs = DESM(pair_of()), documents(30)
    one_by_one = desm.index()
    for document in docs:
        one_by_one.add([document])
    np.testing.assert_array_equal(desm.index(docs).scores(["w1"]), one_by_one.scores(["w1"]))
    assert one_by_one.ids == list(range(30))


def test_no_opinion_never_outranks_one() -> None:
    index = DESM(pair_of(), center=False).index([[], ["w1"], ["unknown"], ["w2"]], ids="abcd", bm25=True)
    for query in (["w1"], ["w2"], ["w5", "w6"]):
        assert {name for name, _ in index.search(query)} == {"b", "d"}
        ranked = index.search(query, candidates=["c", "d", "a", "b"])
        assert {name for name, _ in ranked[:2]} == {"b", "d"}
        assert [name for name, _ in ranked[2:]] == ["c", "a"] and math.isnan(ranked[3][1])
    assert index.search(["unknown"]) == []
    assert [name for name, _ in index.search(["unknown"], candidates="dcb")] == ["d", "c", "b"]
    assert [name for name, _ in index.search(["unknown"], mix="raw")] == ["c"]  # BM25 alone decides


def test_equal_scores_come_in_the_order_of_documents() -> None:
    index = DESM(pair_of()).index([["w1"]] * 600)
    assert [name for name, _ in index.search(["w3"], 5)] == [0, 1, 2, 3, 4]
    assert [name for name, _ in index.search(["w3"], 2, candidates=[9, 4, 7])] == [9, 4]


@pytest.mark.parametrize("mix", [None, "rrf"])
def test_a_candidate_given_twice_is_ranked_once(mix: Any) -> None:
    index = DESM(pair_of()).index(documents(5), bm25=True)
    twice = index.search(["w1"], candidates=[1, 3, 1], mix=mix)
    assert twice == index.search(["w1"], candidates=[1, 3], mix=mix) and len(twice) == 2


@pytest.mark.parametrize("precision", ["float32", "float16", "int8"])
def test_an_explanation_adds_up_in_every_precision(precision: Any) -> None:
    index = DESM(PAIR).index(documents(4), precision=precision)
    told = index.explain(["w1", "w2"], 2)
    assert abs(told.score - index.scores(["w1", "w2"])[2]) < 1e-6
    assert math.fsum(part for *_, part in told.words) == told.score


def test_an_explanation_adds_up() -> None:
    index = DESM(pair_of(), weights=UNEVEN).index(documents(20))
    query = ["w1", "w5", "unknown", "w1"]
    for name in index.ids:
        told = index.explain(query, name)
        assert math.fsum(part for _, _, part in told.words) == told.score
        assert abs(told.score - index.scores(query)[name]) < 1e-6
        assert [word for word, _, _ in told.words] == ["w1", "w5", "w1"] and told.unknown == ["unknown"]
    assert "w5" in str(told) and "unknown" in repr(told)
    assert math.isnan(index.explain(["unknown"], 3).score)
    with pytest.raises(KeyError, match="no document has the id 99"):
        index.explain(query, 99)


# --- changes ---

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.lists(st.lists(st.sampled_from(WORDS), max_size=4), max_size=4)),
        st.tuples(st.just("remove"), st.integers(0, 99)),
        st.tuples(st.just("update"), st.tuples(st.integers(0, 99), st.lists(st.sampled_from(WORDS)))),
        st.tuples(st.just("compact"), st.none()),
    ),
    max_size=12,
)


@pytest.mark.parametrize("bm25", [False, True])
@pytest.mark.parametrize("kind", [list, tuple, iter, " ".join, lambda words: np.array([3, 5])])
def test_an_update_takes_any_document(kind: Any, bm25: bool) -> None:
    index = DESM(PAIR).index(documents(3), bm25=bm25)
    index.update([kind(["w3", "w5"])], [1])
    expected = DESM(PAIR).index([*documents(1), ["w3", "w5"], *documents(1)])  # BLAS sums by number of rows
    assert index.scores(["w1"])[1] == expected.scores(["w1"])[1]
    if index.bm25 is not None:
        assert index.bm25.scores(["w5"])[1] > 0


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_a_changed_index_is_one_made_anew(steps: list[Any]) -> None:
    desm = DESM(PAIR)
    index, held, numbers = desm.index(bm25=True), {}, itertools.count()
    for step, given_ in steps:
        names = list(held)
        if step == "add":
            fresh = [f"d{next(numbers)}" for _ in given_]
            index.add(given_, fresh)
            held |= dict(zip(fresh, given_, strict=True))
        elif step == "remove" and names:
            index.remove([names[given_ % len(names)]])
            del held[names[given_ % len(names)]]
        elif step == "update" and names:
            index.update([given_[1]], [names[given_[0] % len(names)]])
            held[names[given_[0] % len(names)]] = given_[1]
        elif step == "compact":
            index.compact()
    anew = desm.index(held.values(), held, bm25=True)
    assert index.ids == anew.ids == list(held) and len(index) == len(held)
    for mix in (None, "raw"):
        np.testing.assert_allclose(
            index.scores(["w1", "w2"], mix=mix), anew.scores(["w1", "w2"], mix=mix), atol=1e-6
        )
    found = [[score for _, score in made.search(["w1"], 3)] for made in (index, anew)]
    np.testing.assert_allclose(*found, atol=1e-6)


@pytest.mark.parametrize("ending", ["compacted", "saved"])
def test_an_automatic_id_is_given_once(ending: str, tmp_path: Path) -> None:
    """Also when documents were removed, and their rows were taken by others."""
    index = DESM(PAIR).index(documents(10))
    index.remove([1, 8, 9])
    if ending == "compacted":
        index.compact()
    else:
        index.save(tmp_path / "index")
        index = DESMIndex.load(tmp_path / "index", PAIR)
    for _ in range(2):
        index.add([["w1"], ["w2"]])
    assert index.ids == [0, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13]


def test_an_index_comes_from_a_stream_that_cannot_be_rewound() -> None:
    saved = io.BytesIO()
    DESM(PAIR).index(documents(3)).save(saved)
    saved.seek(0)

    class Body:
        read = staticmethod(saved.read)

    assert DESMIndex.load(Body(), PAIR).ids == [0, 1, 2]
    with pytest.raises(TypeError, match="open as text: open it in binary"):
        DESMIndex.load(io.StringIO("text"), PAIR)


def test_an_automatic_id_is_none_that_was_given_by_hand(tmp_path: Path) -> None:
    index = DESM(PAIR).index([["w1"]] * 3, ["a", np.int64(7), 3])
    index.remove([7])
    index.add([["w2"]])
    assert index.ids == ["a", 3, 8]
    with pytest.raises(ValueError):
        index.add([["w1"], ["w1"]], [20, 20])
    index.add([["w2"]])
    assert index.ids == ["a", 3, 8, 9]  # what failed has given no ids
    index.add([["w2"]], [30])
    index.save(tmp_path / "index")
    tensors, metadata = native.read(tmp_path / "index")
    older = json.loads(metadata["desm"]) | {"next_id": 0}  # as files had it that ids were given for
    native.write(tmp_path / "index", tensors, metadata | {"desm": json.dumps(older)})
    loaded = DESMIndex.load(tmp_path / "index", PAIR)
    loaded.add([["w2"]])
    assert loaded.ids[-1] == 31


PAIR = pair_of()
JUDGED = {0: {1: 1}}

MISTAKES: dict[str, tuple[Callable[[DESMIndex], Any], type[Exception], str]] = {
    "id-twice": (lambda index: index.add([["w1"], ["w2"]], ["x", "x"]), ValueError, "id 'x' is used already"),
    "id-known": (lambda index: index.add([["w1"]], [0]), ValueError, "id 0 is used already"),
    "few-ids": (lambda index: index.add([["w1"], ["w2"]], ["x"]), ValueError, "fewer ids"),
    "many-ids": (lambda index: index.add([["w1"]], ["x", "y"]), ValueError, "more ids"),
    "id-float": (lambda index: index.add([["w1"]], [1.5]), TypeError, "str or int"),
    "one-text": (lambda index: index.add("w1"), TypeError, "one text"),
    "no-document": (lambda index: index.add([["w1"], 7]), TypeError, "is not a document"),
    "bytes": (lambda index: index.add([b"w1"]), TypeError, "is not a document"),
    "row-too-large": (lambda index: index.add([np.array([40])]), ValueError, "outside the vocabulary"),
    "row-negative": (lambda index: index.add([np.array([-1])]), ValueError, "outside the vocabulary"),
    "rows-of-float": (lambda index: index.add([np.array([1.0])]), TypeError, "row numbers"),
    "update-unknown": (lambda index: index.update([["w1"]], ["x"]), KeyError, "has the id 'x'"),
    "update-twice": (lambda index: index.update([["w1"], ["w2"]], [0, 0]), ValueError, "duplicate id"),
    "update-few": (lambda index: index.update([["w1"]], [0, 1]), ValueError, "1 documents for 2 ids"),
    "remove-unknown": (lambda index: index.remove([0, "x"]), KeyError, "no document has the id 'x'"),
    "k": (lambda index: index.search(["w1"], 0), ValueError, "k=0: it must be at least 1"),
    "mix": (lambda index: index.search(["w1"], mix="best"), ValueError, "mix='best'"),  # type: ignore[arg-type]
    "alpha-alone": (lambda index: index.search(["w1"], alpha=0.5), ValueError, "give mix="),
    "alpha": (lambda index: index.scores(["w1"], mix="raw", alpha=2), ValueError, "between 0 and 1"),
    "candidate": (lambda index: index.search(["w1"], candidates=[77]), KeyError, "the id 77"),
    "no-candidates": (
        lambda index: index.search_many({"q": ["w1"]}, candidates={}),
        KeyError,
        "no ids for the query 'q'",
    ),
    "mapping": (lambda index: index.add({"x": "w1"}), TypeError, "docs is a mapping"),
    "update-mapping": (lambda index: index.update({0: "w1"}, [0]), TypeError, "docs is a mapping"),
    "words-are-lists": (lambda index: index.add([["w1"], [["w1"]]]), TypeError, "list of its words"),
    "queries-for-one": (lambda index: index.search([["w1"], ["w2"]]), TypeError, "list of its words"),
    "queries-unnamed": (lambda index: index.search_many([["w1"]]), TypeError, "queries is a list"),
    "k-share": (lambda index: index.search(["w1"], 2.5), TypeError, "k is 2.5"),
    "ids-none": (lambda index: index.remove(3), TypeError, "3 is not a list of ids"),
    "ids-lists": (lambda index: index.explain(["w1"], [3]), TypeError, "is not a list of ids"),
    "alpha-text": (lambda index: index.scores(["w1"], mix="raw", alpha="x"), ValueError, "alpha='x'"),  # type: ignore[arg-type]
    "tune-mix": (lambda index: index.tune({0: ["w1"]}, JUDGED, mix="best"), ValueError, "mix='best'"),  # type: ignore[arg-type]
    "tune-alpha": (lambda index: index.tune({0: ["w1"]}, JUDGED, alphas=[2]), ValueError, "between 0 and 1"),
    "tune-measure": (lambda index: index.tune({0: ["w1"]}, JUDGED, measure="Zest@3"), ValueError, "'Zest@3'"),
}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=NEEDS_IR_MEASURES if name == "tune-measure" else ()) for name in MISTAKES],
)
def test_a_mistake_is_told_and_changes_nothing(name: str) -> None:
    index = DESM(PAIR).index(documents(5), bm25=True)
    scores, mixture = index.scores(["w1"]), index.scores(["w1"], mix="raw")
    mistake, error, message = MISTAKES[name]
    with pytest.raises(error, match=message):
        mistake(index)
    assert index.ids == [0, 1, 2, 3, 4]
    np.testing.assert_array_equal(index.scores(["w1"]), scores)
    np.testing.assert_array_equal(index.scores(["w1"], mix="raw"), mixture)
    index.add([["w1"]])
    assert index.ids[-1] == 5


@pytest.mark.parametrize(
    "arguments, error, message",
    [
        ({"spaces": "in-up"}, ValueError, "in-up"),
        ({"spaces": "concat"}, ValueError, "concat"),
        ({"preset": "news"}, ValueError, "preset"),
        ({"weights": "tf"}, ValueError, "weights"),
        ({"weights": {"w1": -1.0}}, ValueError, "not negative"),
        ({"weights": 5}, TypeError, "weights is of type int"),
        ({"model": PAIR[0]}, AttributeError, "vectors of one space"),
        ({"model": (pair_of()[0], KeyedVectors(12))}, ValueError, "same keys"),
        ({"model": 5}, TypeError, "model is of type int: give a Word2Vec"),
    ],
)
def test_a_mistake_in_the_model_is_told(arguments: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        DESM(**({"model": PAIR} | arguments))


@pytest.mark.parametrize("constants", [3, (1.2,), "ab", None])
def test_what_is_no_setting_of_bm25(constants: Any) -> None:
    with pytest.raises(TypeError, match="the pair"):
        DESM(PAIR).index([["w1"]], bm25=constants)


def test_vectors_of_one_space_can_be_ranked_within_it() -> None:
    alone, both = (DESM(model, "in-in").index(documents(5)) for model in (PAIR[0], PAIR))
    assert DESM(PAIR, "in").spaces == alone.desm.spaces  # type: ignore[arg-type]  # one name stands for both
    np.testing.assert_array_equal(alone.scores(["w1"]), both.scores(["w1"]))


def test_a_tree_has_no_out_vectors_but_in_in_can_be_ranked() -> None:
    model = Word2Vec([WORDS] * 5, vector_size=8, min_count=1, hs=1, negative=0, workers=1)
    with pytest.raises(AttributeError, match="hierarchical softmax"):
        DESM(model)
    assert DESM(model, "in-in").index([["w1"]]).search(["w2"])


def test_a_warning_of_little_text(caplog: pytest.LogCaptureFixture) -> None:
    model = Word2Vec([WORDS] * 5, vector_size=8, min_count=1, workers=1)
    DESM(model)
    assert "50, say" in caplog.text


@pytest.mark.trains_again
def test_training_on_changes_no_ranking() -> None:
    model = Word2Vec([WORDS] * 5, vector_size=8, min_count=1, workers=1)
    index = DESM(model).index(documents(9))
    before = index.scores(["w1"])
    model.train([WORDS] * 50, total_examples=50, epochs=3)
    np.testing.assert_array_equal(index.scores(["w1"]), before)


def test_the_ten_lines_of_the_readme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readme = Path(__file__).resolve().parent.parent / "README.md"
    section = readme.read_text(encoding="utf-8").split("## Rank documents in ten lines")[1]
    code = re.findall(r"^```python\n(.*?)^```", section, re.MULTILINE | re.DOTALL)[0]
    assert sum(bool(line.strip()) for line in code.splitlines()) <= 10
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(code, names)
    assert {name for name, _ in names["index"].search("flat tyre", mix="raw")} == {"tyre", "pasta"}
    assert DESMIndex.load("index.fw2v", mmap="r").ids == ["pasta", "tyre"]


# --- precision ---


@pytest.mark.parametrize("precision, tolerance", [("float16", 1e-3), ("int8", 1e-2)])
def test_rounded_centroids_are_close(precision: Any, tolerance: float, tmp_path: Path) -> None:
    docs, query = [*documents(9000, longest=5), []], ["w1", "w2"]
    exact = DESM(PAIR).index(docs)
    index = DESM(PAIR).index(docs, precision=precision)
    np.testing.assert_allclose(index.scores(query), exact.scores(query), atol=tolerance)
    assert (index.scores(query)[:-1] != exact.scores(query)[:-1]).any()
    few = [5, 8999, 17]
    np.testing.assert_allclose(
        [score for _, score in sorted(index.search(query, candidates=few))],
        [score for _, score in sorted(exact.search(query, candidates=few))],
        atol=tolerance,
    )
    index.save(tmp_path / "index")
    loaded = DESMIndex.load(tmp_path / "index", mmap="r")
    np.testing.assert_array_equal(loaded.scores(query), index.scores(query))


@pytest.mark.parametrize("plain", [False, True])
def test_every_half_is_widened(plain: bool) -> None:
    halves = np.arange(1 << 16, dtype=np.uint16).reshape(4, -1)
    out = np.empty(halves.shape, dtype=np.float32)
    widen(halves, out, plain)
    expected = halves.view(np.float16).astype(np.float32)
    np.testing.assert_array_equal(out, expected)
    numbers = ~np.isnan(expected)  # NaN may keep its payload, or not
    np.testing.assert_array_equal(out.view(np.uint32)[numbers], expected.view(np.uint32)[numbers])


@pytest.mark.parametrize("precision", ["float32", "float16", "int8"])
def test_documents_may_be_given_as_vectors(precision: Any) -> None:
    desm, docs = DESM(PAIR), [*documents(7), ["unknown"]]
    expected = desm.index(docs, precision=precision)
    centroids = [desm.document_rows[desm.encode([doc])[0]].sum(axis=0) for doc in docs]  # type: ignore[index]
    given = 7 * np.array(centroids, dtype=np.float32)
    for vectors in (given, given.astype(np.float64), iter([given[:3], given[3:]])):
        index = DESMIndex.from_vectors(desm, vectors, precision=precision)
        assert index.ids == expected.ids and index.bm25 is None
        np.testing.assert_allclose(index.scores(["w1"]), expected.scores(["w1"]), atol=1e-2)
        index.add([["w3"]])
        assert index.ids[-1] == 8
    assert DESMIndex.from_vectors(desm, given[:2], ["a", "b"]).ids == ["a", "b"]
    for ids, message in ((["a"], "fewer ids"), (["a", "b", "c"], "more ids"), (["a", "a"], "used already")):
        with pytest.raises(ValueError, match=message):
            DESMIndex.from_vectors(desm, given[:2], ids)
    for odd in (given[:, :5], given[0], given[np.newaxis]):
        with pytest.raises(ValueError, match=r"give \(N, 12\)"):
            DESMIndex.from_vectors(desm, odd)


def test_an_unknown_precision() -> None:
    with pytest.raises(ValueError, match="float64"):
        Centroids(3, "float64")  # type: ignore[arg-type]


# --- mixtures ---


def test_mixtures_by_hand() -> None:
    desm, bm25 = np.array([0.5, -0.5, math.nan, 0.0, math.nan]), np.array([0.0, 4.0, 2.0, 0.0, 0.0])
    filled = np.array([0.5, -0.5, -0.5, 0.0, -0.5])
    np.testing.assert_allclose(mixed(desm, bm25, "raw", 0.75)[:4], (0.75 * filled + 0.25 * bm25)[:4])
    z = [(x - x.mean()) / x.std() for x in (filled, bm25)]
    np.testing.assert_allclose(mixed(desm, bm25, "zscore", 0.3)[:4], (0.3 * z[0] + 0.7 * z[1])[:4], rtol=1e-6)
    expected = [0.4 / 61, 0.4 / 63 + 0.6 / 61, 0.6 / 62, 0.4 / 62]
    np.testing.assert_allclose(mixed(desm, bm25, "rrf", 0.4)[:4], expected, rtol=1e-6)
    assert all(math.isnan(mixed(desm, bm25, mix, 0.5)[4]) for mix in ("raw", "zscore", "rrf"))
    only = mixed(np.full(5, math.nan), bm25, "zscore", 0.5)
    np.testing.assert_array_equal(only, [math.nan, 4, 2, math.nan, math.nan])


@pytest.mark.parametrize("mix", ALPHAS)
def test_a_mixture_at_its_ends_is_one_of_the_two(mix: Any) -> None:
    index = DESM(PAIR).index(documents(40), bm25=True)
    query = ["w1", "w2", "w3"]
    assert index.bm25 is not None
    for alpha, scores in ((1.0, index.scores(query)), (0.0, index.bm25.scores(query))):
        found = index.scores(query, mix=mix, alpha=alpha)
        place = np.argsort(-scores, kind="stable")[: np.count_nonzero(scores) if alpha == 0 else None]
        assert (np.diff(found[place]) <= 1e-7).all()
    with pytest.raises(ValueError, match="bm25=True"):
        DESM(PAIR).index(documents(4)).search(query, mix=mix)


def test_the_paper_has_its_constants() -> None:
    index = DESM(PAIR, preset="paper").index(documents(4), bm25=True)
    assert index.bm25 is not None and (index.bm25.k1, index.bm25.b) == (1.7, 0.95)
    assert not index.desm.center and ALPHAS["raw"] == 0.97


@NEEDS_IR_MEASURES
def test_tuning_finds_the_best_of_the_shares() -> None:
    index = DESM(PAIR).index(documents(60, longest=8), bm25=True)
    queries = dict(enumerate(documents(12, seed=8, longest=4)))
    qrels = {q: {name: 1 for name, _ in index.search(query, 5)} for q, query in queries.items()}
    qrels[99] = {}
    tuned = index.tune(queries, qrels, alphas=[0.0, 0.5, 1.0])
    assert tuned.alpha == 1 and abs(tuned.value - 1) < 1e-9
    for alpha, value in tuned.curve.items():
        run = index.search_many(queries, 10, mix="raw", alpha=alpha)
        assert abs(evaluation.evaluate_ranking(run, qrels, ["nDCG@10"])["nDCG@10"] - value) < 1e-9
    few = {q: index.ids[:5] for q in queries}
    assert index.tune(queries, qrels, mix="rrf", alphas=[0.5], candidates=few).alpha == 0.5
    with pytest.raises(ValueError, match="nothing to tune on"):
        index.tune(queries, {})
    with pytest.raises(ValueError, match="none of the 1 judged documents, such as 'x1', is in the index"):
        index.tune(queries, {0: {"x1": 1}})


# --- files ---


@pytest.mark.parametrize("mmap", [None, "r", "c"])
@pytest.mark.parametrize("weights", [None, "idf"])
def test_a_saved_index_is_the_same(mmap: Any, weights: Any, tmp_path: Path) -> None:
    index = DESM(PAIR, "out-in", weights=weights).index(documents(30), bm25=True)
    index.remove([3, 4])
    path = tmp_path / "index.fw2v"
    index.save(path)
    loaded = DESMIndex.load(path, PAIR, mmap=mmap)
    for mix in (None, "raw"):
        assert loaded.search("w1 w2", mix=mix) == index.search("w1 w2", mix=mix)
    assert loaded.ids == index.ids and loaded.explain("w1", 0).score == index.explain("w1", 0).score
    for changed in (loaded, index):
        changed.update([["w7"]], [5])
        changed.remove([6])
        changed.add([["w9", "w8"]])
    assert loaded.ids == index.ids and loaded.ids[-1] == 30
    for mix in (None, "zscore"):
        np.testing.assert_array_equal(loaded.scores("w1 w9", mix=mix), index.scores("w1 w9", mix=mix))
    np.testing.assert_array_equal(DESMIndex.load(path).scores("w1")[:3], index.scores("w1")[:3])


def test_an_empty_index_can_be_saved_and_filled(tmp_path: Path) -> None:
    DESM(PAIR, weights="idf").index(bm25=True).save(tmp_path / "index")
    loaded = DESMIndex.load(tmp_path / "index", PAIR)
    assert loaded.search("w1") == [] and loaded.search("w1", mix="raw") == []
    loaded.add(documents(9))
    expected = DESM(PAIR, weights="idf").index(documents(9))
    np.testing.assert_array_equal(loaded.scores("w1"), expected.scores("w1"))


def test_models_and_vectors_of_gensims_are_taken(gensims: Any) -> None:
    theirs = gensims.Word2Vec([["w1", "w2", "w3"]] * 20, min_count=1, vector_size=4, workers=1)
    ours = Word2Vec.from_gensim(theirs)
    expected = DESM(ours).index([["w1"], ["w2", "w3"]]).scores("w2")
    pair = theirs.wv, ours.wv_out.to_gensim()
    for model in (theirs, pair, (ours.wv, pair[1])):
        np.testing.assert_array_equal(DESM(model).index([["w1"], ["w2", "w3"]]).scores("w2"), expected)


@pytest.mark.trains_again
def test_another_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "index"
    DESM(PAIR).index(documents(5)).save(path)
    with pytest.raises(ValueError, match="another model"):
        DESMIndex.load(path, pair_of(9))
    model = Word2Vec([WORDS] * 5, vector_size=8, min_count=1, workers=1)
    DESM(model).index(documents(5)).save(tmp_path / "trained")
    assert len(DESMIndex.load(tmp_path / "trained", model)) == 5
    model.train([WORDS] * 5, total_examples=5, epochs=1)
    with pytest.raises(ValueError, match="before further training"):
        DESMIndex.load(tmp_path / "trained", model)
    searching = DESMIndex.load(path)
    with pytest.raises(ValueError, match="model="):
        searching.add([["w1"]])
    searching.remove([0])
    assert searching.ids == [1, 2, 3, 4]


def test_a_tokenizer_of_ones_own_must_come_along(tmp_path: Path) -> None:
    path = tmp_path / "index"
    DESM(PAIR, tokenizer=str.split).index(["w1 W1", "w2"]).save(path)
    with pytest.raises(ValueError, match="tokenizer="):
        DESMIndex.load(path)
    assert DESMIndex.load(path, tokenizer=str.split).search("w2", 1)


def test_other_files_are_no_index(tmp_path: Path) -> None:
    PAIR[0].save(tmp_path / "vectors")
    with pytest.raises(FormatError, match="holds a KeyedVectors object, not a DESMIndex"):
        DESMIndex.load(tmp_path / "vectors")
    with pytest.raises(AttributeError, match="DESMIndex"):
        DESM(PAIR).index(["w1"]).save(tmp_path / "index")
        Word2Vec.load(tmp_path / "index")


FORGED: dict[str, Callable[[dict[str, Any], dict[str, Any]], Any]] = {
    "settings-gone": lambda tensors, settings: settings.clear(),
    "precision": lambda tensors, settings: settings.update(precision="float64"),
    "bm25": lambda tensors, settings: settings.update(bm25=[1]),
    "weights-gone": lambda tensors, settings: settings.update(weights="given"),
    "few-rows": lambda tensors, settings: tensors.update(centroids=tensors["centroids"][:-1]),
    "few-known": lambda tensors, settings: tensors.update(known=tensors["known"][:-1]),
    "id-twice": lambda tensors, settings: tensors.update(native.pack_strings(["a"] * 5, "ids")),
    "dimension": lambda tensors, settings: tensors.update(query_rows=tensors["query_rows"][:, :-1]),
    "bm25-ids": lambda tensors, settings: tensors.update(bm25_ids=tensors["bm25_ids"] + 100),
    "bm25-ends": lambda tensors, settings: tensors.update(bm25_ends=tensors["bm25_ends"][::-1]),
    "bm25-rows": lambda tensors, settings: tensors.update(bm25_indices=tensors["bm25_indices"] - 1),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_file_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / "index"
    DESM(PAIR).index(documents(5), bm25=True).save(path)
    tensors, metadata = native.read(path)
    changed = json.loads(metadata["desm"])
    FORGED[name](tensors, changed)
    native.write(path, tensors, metadata | {"desm": json.dumps(changed)})
    with pytest.raises(FormatError, match="index"):
        DESMIndex.load(path)


def test_tokens_are_letters_and_digits() -> None:
    assert tokenize("Élan vital_2: x-ray, 3.5!") == ["élan", "vital", "2", "x", "ray", "3", "5"]
