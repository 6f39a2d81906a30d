"""Questions over both spaces of a model, and over nodes where there is no OUT."""

from __future__ import annotations

import copy
import html.parser
import math
from collections import Counter
from itertools import combinations, product
from typing import Any

import numpy as np
import pytest
from factories import BOTH, HS, topics, unsampled
from scipy import stats

from fastw2v import KeyedVectors, Word2Vec
from fastw2v.query.spaces import SPACES, SpaceComparison, checked_space, pair_of_spaces

PAIRS = [f"{a}-{b}" for a, b in product(("in", "out"), repeat=2)]


def matrix(model: Word2Vec, space: str) -> np.ndarray:
    IN, OUT = model.syn0.astype(float), model.syn1neg.astype(float)
    return {"in": IN, "out": OUT, "in+out": IN + OUT, "concat": np.hstack([IN, OUT])}[space]


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


# --- names of spaces ---


def test_pair_of_spaces() -> None:
    assert pair_of_spaces("in-out") == ("in", "out") and pair_of_spaces("out-in") == ("out", "in")
    assert pair_of_spaces("in+out-in") == ("in+out", "in")
    for space in SPACES:
        assert checked_space(space) == space and pair_of_spaces(space) == (space, space)


@pytest.mark.parametrize("spaces", ["", "IN-OUT", "in-", "-out", "in-out-in", "in_out", None])
def test_what_is_no_pair_of_spaces(spaces: Any) -> None:
    with pytest.raises(ValueError, match="'in', 'out', 'in\\+out', 'concat'"):
        pair_of_spaces(spaces)


# --- vectors and queries ---


@pytest.mark.parametrize("space", SPACES)
def test_vectors(space: Any, model: Word2Vec) -> None:
    vectors = model.vectors(space)
    np.testing.assert_allclose(vectors, matrix(model, space), atol=1e-6)
    assert vectors.dtype == np.float32
    assert np.shares_memory(vectors, model.syn0) == (space == "in")
    assert np.shares_memory(vectors, model.syn1neg) == (space == "out")


@pytest.mark.parametrize(("source", "target"), [*product(("in", "out", "in+out"), repeat=2), ("concat",) * 2])
def test_most_similar(source: Any, target: Any, model: Word2Vec) -> None:
    row = model.wv.get_index("w3")
    cosines = unit(matrix(model, target)) @ unit(matrix(model, source)[row])
    expected = [model.wv.index_to_key[i] for i in np.argsort(-cosines) if i != row]
    found = model.most_similar("w3", topn=100, source=source, target=target)
    assert [word for word, _ in found] == expected
    for word, cosine in found:
        assert cosine == pytest.approx(cosines[model.wv.get_index(word)], abs=1e-6)


def test_most_similar_takes_what_keyed_vectors_take(model: Word2Vec) -> None:
    IN, OUT = unit(matrix(model, "in")), unit(matrix(model, "out"))
    row = model.wv.get_index
    mean = IN[row("w1")] + IN[row("w2")] - IN[row("w3")]
    scores = model.most_similar(positive=["w1", "w2"], negative=["w3"], topn=None, target="out")
    np.testing.assert_allclose(scores, OUT @ unit(mean), atol=1e-6)
    by_vector = model.most_similar([model.out_vector("w4")], topn=3, clip_start=2, clip_end=9, target="in")
    cosines = IN[2:9] @ OUT[row("w4")]
    assert [word for word, _ in by_vector] == [model.wv.index_to_key[2 + i] for i in np.argsort(-cosines)[:3]]
    assert model.most_similar("w1") == model.wv.most_similar("w1")
    assert model.most_similar("w1", restrict_vocab=1, target="out")[0][0] == model.wv.index_to_key[0]


def test_a_space_is_a_name(model: Word2Vec) -> None:
    with pytest.raises(
        TypeError, match=r"of type KeyedVectors: give one of 'in', .* model\.wv\.most_similar"
    ):
        model.most_similar("w1", target=model.wv)  # type: ignore[call-overload]


def test_the_target_may_have_other_keys(model: Word2Vec) -> None:
    documents = KeyedVectors(12)
    documents.add_vectors(["doc1", "doc2"], np.array([model.in_vector("w1"), -model.in_vector("w1")]))
    assert [key for key, _ in model.wv.most_similar("w1", target=documents)] == ["doc1", "doc2"]
    assert model.wv.similarity("w1", "doc2", target=documents) == pytest.approx(-1)
    with pytest.raises(KeyError, match="w1"):
        documents.similarity("doc1", "w1")


@pytest.mark.parametrize("spaces", [*PAIRS, "in+out", "concat"])
def test_similarity(spaces: str, model: Word2Vec) -> None:
    first, second = pair_of_spaces(spaces)
    a, b = model.wv.get_index("w3"), model.wv.get_index("w5")
    expected = unit(matrix(model, first)[a]) @ unit(matrix(model, second)[b])
    assert model.similarity("w3", "w5", spaces) == pytest.approx(expected, abs=1e-6)


def test_similarity_is_directed(model: Word2Vec) -> None:
    assert model.similarity("w3", "w5") == model.wv.similarity("w3", "w5")
    one, other = model.similarity("w3", "w5", "in-out"), model.similarity("w5", "w3", "in-out")
    assert one != pytest.approx(other) and model.similarity("w5", "w3", "out-in") == pytest.approx(one)


@pytest.mark.parametrize("spaces", ["in-in", "in-out", "out-in", "in+out"])
def test_evaluate_word_pairs(spaces: str, model: Word2Vec, tmp_path: Any) -> None:
    rng = np.random.default_rng(1)
    pairs = [(f"w{a}", f"w{b}", rng.random()) for a, b in combinations(range(8), 2)]
    path = tmp_path / "pairs.tsv"
    path.write_text("".join(f"{a}\t{b}\t{score}\n" for a, b, score in pairs))
    cosines = [model.similarity(a, b, spaces) for a, b, _ in pairs]
    pearson, spearman, unknown = model.evaluate_word_pairs(path, spaces=spaces)
    assert pearson[0] == pytest.approx(stats.pearsonr(cosines, [score for *_, score in pairs])[0], abs=1e-5)
    assert spearman[0] == pytest.approx(stats.spearmanr(cosines, [score for *_, score in pairs])[0])
    assert unknown == 0


@pytest.mark.parametrize(
    ("call", "error", "part"),
    [
        (lambda m: m.vectors("both"), ValueError, "'in\\+out'"),
        (lambda m: m.most_similar("w1", source="IN"), ValueError, "'IN'"),
        (lambda m: m.most_similar("w1", target="in-out"), ValueError, "'in-out'"),
        (lambda m: m.most_similar("w1", target="concat"), ValueError, "dimension 24, expected 12"),
        (lambda m: m.similarity("w1", "w2", "concat-in"), ValueError, "dimension 12, expected 24"),
        (lambda m: m.similarity("w1", "w2", "in-over"), ValueError, "'in-over'"),
        (lambda m: m.similarity("w1", "potato", "in-out"), KeyError, "potato"),
        (lambda m: m.compare_spaces(["w1", "potato"]), KeyError, "potato"),
        (lambda m: m.compare_spaces("w1", spaces=["in-up"]), ValueError, "'in-up'"),
        (lambda m: m.association("w1", "potato"), KeyError, "potato"),
        (lambda m: m.association(["w1", "w2"], ["w1", "w2", "w3"]), ValueError, "broadcast"),
        (lambda m: m.wv.evaluate_word_pairs("none", target=KeyedVectors(12)), ValueError, "other keys"),
    ],
)
def test_what_cannot_be_answered(call: Any, error: Any, part: str, model: Word2Vec) -> None:
    with pytest.raises(error, match=part):
        call(model)


@pytest.mark.parametrize("space", ["in", "out", "in+out", "concat"])
def test_save_word2vec_format(space: Any, model: Word2Vec, tmp_path: Any) -> None:
    model.save_word2vec_format(tmp_path / "vectors", tmp_path / "counts", binary=True, space=space)
    read = KeyedVectors.load_word2vec_format(tmp_path / "vectors", tmp_path / "counts", binary=True)
    assert read.index_to_key == model.wv.index_to_key
    np.testing.assert_array_equal(read.vectors, model.vectors(space))
    assert read.get_vecattr("w0", "count") == model.wv.get_vecattr("w0", "count")
    model = copy.deepcopy(model)
    model.syn0[1, 0] = model.syn1neg[1, 0] = np.nan
    model.wv.index_to_key[2] = "a b"
    with pytest.raises(ValueError, match="on_bad_values='drop'"):
        model.save_word2vec_format(tmp_path / "vectors", binary=True, space=space)
    model.save_word2vec_format(
        tmp_path / "vectors", binary=True, space=space, on_bad_values="drop", on_bad_words="replace"
    )
    read = KeyedVectors.load_word2vec_format(tmp_path / "vectors", binary=True)
    assert read.index_to_key == [model.wv.index_to_key[0], "a_b", *model.wv.index_to_key[3:]]


# --- the table ---


def test_compare_spaces(model: Word2Vec) -> None:
    table = model.compare_spaces(["w1", "w5"], topn=4)
    assert table.spaces == ("in-in", "out-out", "in-out")
    assert table.to_dict() == {
        word: {
            name: model.most_similar(word, topn=4, source=source, target=target)
            for name, (source, target) in {name: pair_of_spaces(name) for name in table.spaces}.items()
        }
        for word in ("w1", "w5")
    }
    one = model.compare_spaces("w1", topn=2, spaces=["out-in"]).to_dict()
    assert one == {"w1": {"out-in": model.most_similar("w1", topn=2, source="out")}}


TABLE = SpaceComparison(
    ("in-in", "in-out"),
    {
        "yale": {
            "in-in": [("harvard", 0.834), ("nyu", 0.8)],
            "in-out": [("alumni", 0.5), ("<faculty>", -0.25)],
        },
        "北京": {"in-in": [("東京", 0.7), ("cafe\u0301", 0.6)], "in-out": [("x", 0.1)]},
    },
)


def test_the_table_prints_aligned() -> None:
    assert str(TABLE).splitlines() == [
        "       IN-IN            IN-OUT",
        "yale   harvard   0.83   alumni      0.50",
        "       nyu       0.80   <faculty>  -0.25",
        "",
        "北京   東京      0.70   x           0.10",
        "       cafe\u0301      0.60",
    ]
    assert repr(TABLE) == str(TABLE)


def test_the_table_in_a_notebook() -> None:
    cells: list[str] = []
    opened: list[str] = []

    class Reader(html.parser.HTMLParser):
        def handle_starttag(self, tag: str, attrs: Any) -> None:
            opened.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert opened.pop() == tag

        def handle_data(self, data: str) -> None:
            cells.append(data)

    Reader().feed(TABLE._repr_html_())
    assert not opened
    assert cells[:8] == ["IN-IN", "IN-OUT", "yale", "harvard", "0.83", "alumni", "0.50", "nyu"]
    assert "<faculty>" in cells and "&lt;faculty&gt;" in TABLE._repr_html_()


def test_a_table_of_nothing(model: Word2Vec) -> None:
    assert str(model.compare_spaces([])).split() == ["IN-IN", "OUT-OUT", "IN-OUT"]
    assert model.compare_spaces("w1", topn=0).to_dict() == {"w1": {"in-in": [], "out-out": [], "in-out": []}}


# --- association ---


def test_association(model: Word2Vec) -> None:
    IN, OUT, row = matrix(model, "in"), matrix(model, "out"), model.wv.get_index
    expected = IN[row("w1")] @ OUT[row("w2")] + math.log(5)
    assert model.association("w1", "w2") == pytest.approx(expected, abs=1e-5)
    assert type(model.association("w1", "w2")) is float
    pairs = model.association(["w1", "w3"], ["w2", "w4"])
    assert pairs.shape == (2,) and pairs[0] == pytest.approx(expected, abs=1e-5)
    one_to_many = model.association("w1", ["w2", "w3", "w4"])
    assert one_to_many.shape == (3,) and one_to_many[0] == pytest.approx(expected, abs=1e-5)


def empirical_pmi(corpus: list[list[str]], window: int, least: int) -> dict[tuple[str, str], float]:
    """Pointwise mutual information, in nats, of words within `window`, of pairs seen `least` times."""
    seen = Counter(
        (a, b)
        for words in corpus
        for i, a in enumerate(words)
        for b in words[max(0, i - window) : i] + words[i + 1 : i + window + 1]
    )
    single = Counter()
    for (a, _), count in seen.items():
        single[a] += count
    total = seen.total()
    return {
        (a, b): math.log(count * total / (single[a] * single[b]))
        for (a, b), count in seen.items()
        if count >= least
    }


def test_association_follows_mutual_information() -> None:
    corpus = topics(2500)
    exact = {"window": 3, "shrink_windows": False, "ns_exponent": 1.0}
    model = unsampled(corpus, sg=1, vector_size=16, epochs=8, alpha=0.05, **exact)
    pmi = empirical_pmi(corpus, window=3, least=20)
    a, b = (list(words) for words in zip(*pmi, strict=True))
    given = list(pmi.values())
    assert len(given) > 500
    assert stats.spearmanr(model.association(a, b), given)[0] > 0.8
    assert abs(np.mean(model.association(a, b) - given)) < 0.4  # the shift is right too


# --- hierarchical softmax ---


@pytest.mark.parametrize("settings", [HS, BOTH, HS | {"sg": 1}, HS | {"cbow_mean": 0}])
@pytest.mark.parametrize("context", ["w1", ["w1"], ["w1", "w4", "w1"], ("w2", "unknown")])
def test_hs_probability(settings: Any, context: Any) -> None:
    model = unsampled(alpha=0.2, **settings)
    chances = model.hs_probability(context)
    assert chances.shape == (len(model.wv),) and chances.dtype == np.float64
    assert chances.sum() == pytest.approx(1, abs=1e-12) and (chances > 0).all()
    known = [word for word in ([context] if isinstance(context, str) else context) if word in model.wv]
    hidden = model.syn0[[model.wv.get_index(word) for word in known]].astype(float).sum(axis=0)
    if model.cbow_mean:
        hidden /= len(known)
    for word in ("w0", "w7", model.wv.index_to_key[-1]):
        path = model.huffman_path(word)
        expected = 1.0
        for node, bit in zip(path.point, path.code, strict=True):
            expected *= 1 / (1 + math.exp((1 if bit else -1) * float(model.syn1[node] @ hidden)))
        assert model.hs_probability(context, word) == pytest.approx(expected, rel=1e-5)
        assert chances[model.wv.get_index(word)] == pytest.approx(expected, rel=1e-5)


def test_hs_probability_is_what_predict_output_word_says(tree: Word2Vec) -> None:
    predicted = tree.predict_output_word(["w1", "w2"], topn=None)
    assert predicted is not None
    for word, chance in predicted:
        assert tree.hs_probability(["w1", "w2"], word) == pytest.approx(chance, rel=1e-4)


def test_one_word_is_certain() -> None:
    model = unsampled([["only"] * 5], **HS)
    assert model.hs_probability("only", "only") == 1 and model.hs_probability("only").tolist() == [1]
    assert (model.hs_path_vector("only") == 0).all()


def test_hs_probability_of_the_unknown(tree: Word2Vec, model: Word2Vec) -> None:
    with pytest.raises(KeyError, match="none of the context words"):
        tree.hs_probability(["potato", "tomato"], "w1")
    with pytest.raises(KeyError, match="potato"):
        tree.hs_probability("w1", "potato")
    with pytest.raises(AttributeError, match="hs=1"):
        model.hs_probability("w1", "w2")
    with pytest.raises(AttributeError, match="hs=1"):
        model.hs_path_vector("w1")


def test_hs_path_vector(tree: Word2Vec) -> None:
    for word in ("w0", "w9"):
        path = tree.huffman_path(word)
        signs = np.where(path.code == 0, 1, -1)
        np.testing.assert_allclose(tree.hs_path_vector(word), signs @ tree.node_vectors(word) / 2, atol=1e-6)
        # What it is for: the first order of the log probability, for a small hidden layer.
        twin = copy.deepcopy(tree)
        twin.syn0 *= 0.01
        hidden = twin.in_vector("w1")
        log = math.log(twin.hs_probability("w1", word)) + len(path.code) * math.log(2)
        assert log == pytest.approx(float(tree.hs_path_vector(word) @ hidden), rel=0.02, abs=1e-4)


QUESTIONS = {
    "syn1neg": lambda m: m.syn1neg,
    "wv_out": lambda m: m.wv_out,
    "out_vector": lambda m: m.out_vector("w1"),
    "vectors": lambda m: m.vectors("out"),
    "sum": lambda m: m.vectors("in+out"),
    "concat": lambda m: m.vectors("concat"),
    "target": lambda m: m.most_similar("w1", target="out"),
    "source": lambda m: m.most_similar("w1", source="out"),
    "similarity": lambda m: m.similarity("w1", "w2", "in-out"),
    "compare": lambda m: m.compare_spaces("w1"),
    "association": lambda m: m.association("w1", "w2"),
    "pairs": lambda m: m.evaluate_word_pairs("none", spaces="in-out"),
    "save": lambda m: m.save_word2vec_format("none", space="out"),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_out_question_to_a_tree_explains(question: str, tree: Word2Vec) -> None:
    with pytest.raises(AttributeError, match="no OUT vector per word.*hs_path_vector.*negative=5"):
        QUESTIONS[question](tree)
    assert not hasattr(tree, "wv_out")


@pytest.mark.parametrize("question", QUESTIONS)
def test_vectors_without_outputs_say_where_to_get_them(question: str, model: Word2Vec) -> None:
    alone = copy.deepcopy(model)
    del alone.syn1neg
    with pytest.raises(AttributeError, match=r"Word2Vec\.from_vectors"):
        QUESTIONS[question](alone)
    assert alone.most_similar("w1") == model.most_similar("w1")
