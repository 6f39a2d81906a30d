"""Questions over both spaces of a model, nodes where there is no OUT, baskets, one side frozen."""

from __future__ import annotations

import copy
import html.parser
import math
from collections import Counter
from collections.abc import Callable
from itertools import combinations, product
from typing import Any

import factories
import numpy as np
import pytest
from factories import BOTH, HS, NEG, TEXT, Restartable, matrices, written
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from fastw2v import KeyedVectors, Word2Vec
from fastw2v.query.spaces import SPACES, SpaceComparison, checked_space, pair_of_spaces
from fastw2v.text.texts import Baskets, Pairs, StreamedText, as_sets

UNSAMPLED: dict[str, Any] = factories.SMALL | {"sample": 0}
PAIRS = [f"{a}-{b}" for a, b in product(("in", "out"), repeat=2)]


def unsampled(corpus: Any = TEXT, **settings: Any) -> Word2Vec:
    return Word2Vec(corpus, **(UNSAMPLED | settings))


@pytest.fixture(scope="module")
def model() -> Word2Vec:
    return unsampled(sg=1, alpha=0.1)


@pytest.fixture(scope="module")
def tree() -> Word2Vec:
    return unsampled(sg=1, alpha=0.1, **HS)


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
        (lambda m: m.most_similar("w1", target="concat"), ValueError, "24 dimensions, these have 12"),
        (lambda m: m.similarity("w1", "w2", "concat-in"), ValueError, "12 dimensions, these have 24"),
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


def topics(sentences: int, seed: int = 3) -> list[list[str]]:
    """Words of ten topics, each with its own Zipfian vocabulary, and words that all share."""
    rng = np.random.default_rng(seed)
    p = 1 / np.arange(1, 13)
    made = []
    for topic in rng.integers(0, 10, sentences):
        words = rng.choice(12, 8, p=p / p.sum())
        common = rng.random(8) < 0.3
        made.append([f"c{w}" if shared else f"t{topic}.{w}" for w, shared in zip(words, common, strict=True)])
    return made


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


# --- from two files ---


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


# --- one side frozen ---


@pytest.mark.parametrize("side", ["in", "out"])
@pytest.mark.parametrize("step", ["pair", "window"])
@pytest.mark.parametrize("objective", [NEG, HS, BOTH], ids=["neg", "hs", "both"])
@pytest.mark.parametrize("sg", [0, 1])
def test_freeze(sg: int, objective: dict[str, int], step: Any, side: Any) -> None:
    model = unsampled(sg=sg, step=step, workers=2, **objective)
    before = matrices(model)
    lockf = model.wv.vectors_lockf.copy()
    model.train(TEXT, total_examples=len(TEXT), epochs=2, start_alpha=0.05, freeze=side)
    np.testing.assert_array_equal(model.wv.vectors_lockf, lockf)
    for name, matrix in matrices(model).items():
        assert (matrix == before[name]).all() == ((name == "syn0") == (side == "in"))
    model.train(TEXT, total_examples=len(TEXT), epochs=1, start_alpha=0.05)
    for name, matrix in matrices(model).items():
        assert (matrix != before[name]).any()


def test_a_compass_keeps_slices_comparable() -> None:
    """Two slices of time swap two words: their IN vectors swap too, and others stay where they were."""
    slices = [topics(1500, seed=seed) for seed in (1, 2)]
    swap = {"t0.4": "t5.4", "t5.4": "t0.4"}
    slices[1] = [[swap.get(word, word) for word in words] for words in slices[1]]
    settings = {"sg": 1, "vector_size": 16, "epochs": 10, "alpha": 0.05}
    compass = unsampled(slices[0] + slices[1], **settings)
    models = []
    for words in slices:
        model = copy.deepcopy(compass)
        model.train(words, total_examples=len(words), epochs=10, start_alpha=0.1, freeze="out")
        np.testing.assert_array_equal(model.syn1neg, compass.syn1neg)
        models.append(model)

    def across(a: str, b: str) -> float:
        return float(models[0].wv.similarity(a, b, target=models[1].wv))

    for word, other in swap.items():
        assert across(word, other) > across(word, word) + 0.15
    assert np.mean([across(f"t{n}.1", f"t{n}.1") for n in range(10)]) > 0.85


def test_freeze_nothing_of_that_name(model: Word2Vec) -> None:
    before = model.epochs
    with pytest.raises(ValueError, match="'both'.*'in', 'out'"):
        model.train(TEXT, total_examples=len(TEXT), epochs=7, freeze="both")  # type: ignore[arg-type]
    assert model.epochs == before


# --- baskets ---


@given(st.lists(st.lists(st.integers(0, 9), max_size=12), max_size=12))
def test_as_sets(sentences: list[list[int]]) -> None:
    ids = np.array([word for sentence in sentences for word in sentence], dtype=np.int32)
    ends = np.cumsum([len(sentence) for sentence in sentences], dtype=np.int64)
    kept, kept_ends = as_sets(ids, ends)
    parts = np.split(kept, kept_ends[:-1]) if sentences else []
    assert [part.tolist() for part in parts] == [list(dict.fromkeys(sentence)) for sentence in sentences]
    assert kept.dtype == np.int32 and kept_ends.dtype == np.int64


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
        one.train(**text_, total_words=sum(map(len, TEXT)), epochs=1, start_alpha=0.05, end_alpha=0.05)
    np.testing.assert_array_equal(model.syn0, expected.syn0)
    assert (model.syn0 != Word2Vec(TEXT, **UNSAMPLED, **settings, window=1).syn0).any()


@pytest.mark.parametrize("words", [1, 37, 10**6])
@pytest.mark.parametrize("portion", [10, 300, 10**6])
def test_baskets_in_portions(words: int, portion: int) -> None:
    """Each sentence becomes a set once, however many are looked at at a time; raw lengths stay."""
    rows = {f"w{i}": i for i in range(60)}
    text = Baskets(StreamedText(TEXT, lambda: rows, portion), words)
    sets = [[rows[word] for word in dict.fromkeys(sentence)] for sentence in TEXT]
    for _ in range(2):
        sentences, lengths = [], []
        for ids, ends, raw in text:
            assert len(ends) == len(raw) == 1 or ends[-1] <= words
            sentences += [part.tolist() for part in np.split(ids, ends[:-1])]
            lengths += raw.tolist()
        assert sentences == sets and lengths == [len(sentence) for sentence in TEXT]


def test_baskets_are_scored_as_they_are_trained(tree: Word2Vec) -> None:
    model = copy.deepcopy(tree)
    model.window = 1000
    sets = [list(dict.fromkeys(sentence)) for sentence in TEXT]
    expected = model.score(sets)
    model.window, model.baskets = 1, True
    np.testing.assert_array_equal(model.score(TEXT), expected)


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


# --- pairs ---


def some_pairs(count: int = 400, seed: int = 2) -> tuple[list[str], list[str]]:
    """Sources of four kinds, with targets of their kind; no word is both."""
    rng = np.random.default_rng(seed)
    kinds = rng.integers(0, 4, count)
    return [f"a{k}.{i}" for k, i in zip(kinds, rng.integers(0, 3, count), strict=True)], [
        f"b{k}.{i}" for k, i in zip(kinds, rng.integers(0, 3, count), strict=True)
    ]


PAIR_SETTINGS = UNSAMPLED | {"alpha": 0.1, "epochs": 20}


@pytest.mark.parametrize("settings", [{}, {"step": "window"}, {"sg": 1, "workers": 2}, HS, BOTH])
def test_pairs_are_directed(settings: Any) -> None:
    inputs, outputs = some_pairs()
    model = Word2Vec(**PAIR_SETTINGS | settings)
    model.build_vocab_from_freq(Counter(inputs + outputs))
    before = model.syn0.copy()
    assert model.train_pairs(inputs, outputs) == (2 * 400 * 20, 2 * 400 * 20)
    for word in model.wv.index_to_key:
        row = model.wv.get_index(word)
        assert (model.syn0[row] != before[row]).any() == word.startswith("a")
    if model.negative:
        for word in set(inputs):
            best = [other for other, _ in model.most_similar(word, topn=3, target="out")]
            assert all(other.startswith("b" + word[1]) for other in best)
    else:
        for word in set(inputs):
            chances = model.hs_probability(word)
            likely = sum(chances[model.wv.get_index(f"b{word[1]}.{i}")] for i in range(3))
            assert likely > 0.8


def test_pairs_are_what_sentences_of_two_are_in_one_direction() -> None:
    """One pair, over and over, without chance: the same as a window in which the first word has no input."""
    model, twin = (Word2Vec(**PAIR_SETTINGS | {"sg": 1, "negative": 0, "hs": 1}) for _ in range(2))
    for one in (model, twin):
        one.build_vocab_from_freq({"x": 3, "y": 2, "z": 1})
    model.train_pairs(["x"] * 50, ["y"] * 50, epochs=1, start_alpha=0.1, end_alpha=0.1)
    twin.wv.vectors_lockf = np.array([1, 0, 1], dtype=np.float32)
    twin.syn0[1] = 0  # a zero input moves no node
    twin.train([["x", "y"]] * 50, total_examples=50, epochs=1, start_alpha=0.1, end_alpha=0.1)
    np.testing.assert_allclose(model.syn0[0], twin.syn0[0], rtol=1e-6)
    np.testing.assert_allclose(model.syn1, twin.syn1, rtol=1e-6)


@pytest.mark.parametrize("weights", [[2, 0, 1, 3], [0.5, 0.25, 1.75, 0.5], [0.1, 0.2, 0.3, 1000.4]])
def test_weights_are_how_often_pairs_come(weights: list[float]) -> None:
    model = Word2Vec(**UNSAMPLED)
    ids = np.arange(8, dtype=np.int32).reshape(4, 2)
    total, passes = round(sum(weights)), 300
    text = Pairs(ids, np.array(weights, dtype=float), total, model.random)
    seen = np.zeros(4)
    for _ in range(passes):
        pairs = np.concatenate([words.reshape(-1, 2) for words, *_ in text])
        assert len(pairs) == total and (pairs[:, 1] == pairs[:, 0] + 1).all()
        counts = np.bincount(pairs[:, 0] // 2, minlength=4)
        assert (np.abs(counts - np.array(weights) * total / sum(weights)) < 1).all()
        seen += counts
    np.testing.assert_allclose(seen / passes, np.array(weights) * total / sum(weights), atol=0.12)


def test_pairs_of_a_model_without_words() -> None:
    inputs, outputs = some_pairs()
    model = Word2Vec(**PAIR_SETTINGS)
    model.train_pairs(iter(inputs), iter(outputs), epochs=2, weights=np.full(400, 2))
    assert set(model.wv.index_to_key) == {*inputs, *outputs} and model.epochs == 2
    before = model.syn0.copy()
    trained_words, _ = model.train_pairs([*inputs, "new"], [*outputs, "newer"], epochs=1, freeze="in")
    assert trained_words == 800 and "new" not in model.wv
    np.testing.assert_array_equal(model.syn0, before)


def test_refused_pairs_leave_no_vocabulary() -> None:
    model = Word2Vec(**UNSAMPLED)
    with pytest.raises(ValueError, match="no pair is left"):
        model.train_pairs(["a"], ["b"], weights=[0])
    assert not len(model.wv) and not len(model.syn0) and not hasattr(model, "syn1neg")
    model.train_pairs(["c"], ["d"])
    assert set(model.wv.index_to_key) == {"c", "d"}
    assert len(model.syn0) == len(model.syn1neg) == 2


@pytest.mark.parametrize(
    ("inputs", "outputs", "options", "error", "part"),
    [
        (["w1"], ["w1", "w2"], {}, ValueError, "1 inputs and 2 outputs"),
        (["w1"], ["w2"], {"weights": [1, 2]}, ValueError, "1 pairs need as many weights"),
        (["w1"], ["w2"], {"weights": [-1]}, ValueError, "at least 0"),
        (["w1"], ["w2"], {"weights": [math.inf]}, ValueError, "finite"),
        (["w1"], ["potato"], {}, ValueError, "no pair is left"),
        (["w1"], ["w2"], {"weights": [0]}, ValueError, "no pair is left"),
        ([], [], {}, ValueError, "no pair is left"),
        (["w1"], ["w2"], {"epochs": 0}, ValueError, "epochs=0"),
        (["w1"], ["w2"], {"freeze": "both"}, ValueError, "'both'"),
    ],
)
def test_pairs_that_are_none(inputs: Any, outputs: Any, options: Any, error: Any, part: str) -> None:
    model = unsampled()
    before, epochs = model.syn0.copy(), model.epochs
    with pytest.raises(error, match=part):
        model.train_pairs(inputs, outputs, **options)
    np.testing.assert_array_equal(model.syn0, before)
    assert model.epochs == epochs
