"""documents/: vectors of documents equal those of numpy, however the documents come and what words weigh."""

from __future__ import annotations

import gzip
import pickle
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from factories import HS, NO_GENSIM, unsampled

from fastw2v import KeyedVectors, LineSentence, PathLineSentences, Text8Corpus, Word2Vec
from fastw2v.documents import DocumentVectors, reading
from fastw2v.documents.vectors import common_component

V, D = 40, 7
WORDS = [f"w{row}" for row in range(V)]
RNG = np.random.default_rng(5)
DOCS = [[WORDS[i] for i in RNG.zipf(1.5, size) % V] for size in RNG.integers(0, 200, 30)]
DOCS[4] = []
DOCS[7] = ["unheard", "unseen"]
DOCS[9] = ["w3", "unheard", "w3"]


def vectors(dtype: Any = np.float32, counts: Any = None) -> KeyedVectors:
    kv = KeyedVectors(D, dtype=dtype)
    kv.add_vectors(WORDS, np.random.default_rng(1).standard_normal((V, D)) + 0.5)
    if counts is not None:
        kv.expandos["count"] = np.asarray(counts)
    return kv


KV = vectors(counts=1000 // np.arange(1, V + 1))


def by_hand(docs: Any, weight: Callable[[str], float], *, zero: bool = False, rows: Any = None) -> Any:
    """Means in float64, a word at a time."""
    rows = dict(zip(WORDS, KV.vectors.astype(float), strict=True)) if rows is None else rows
    dim = len(next(iter(rows.values())))
    made = []
    for doc in docs:
        known = [word for word in doc if word in rows and weight(word)]
        count = len(known) + zero * sum(word not in rows for word in doc)
        total = sum((weight(word) * rows[word] for word in known), np.zeros(dim))
        made.append(total / count if known else np.zeros(dim))
    return np.array(made)


def without_component(made: Any, fitted: Any) -> Any:
    u = np.linalg.svd(fitted, full_matrices=False)[2][0]
    return made - np.outer(made @ u, u)


def idf_of(docs: Any) -> Callable[[str], float]:
    df = Counter(word for doc in docs for word in set(doc))
    return lambda word: np.log(1 + (len(docs) - df[word] + 0.5) / (df[word] + 0.5))


def sif_of(counts: Any, a: float = 1e-3) -> Callable[[str], float]:
    share = dict(zip(WORDS, np.asarray(counts) / np.sum(counts), strict=True))
    return lambda word: a / (a + share[word])


def close(made: Any, expected: Any) -> None:
    assert made.dtype == np.float32
    np.testing.assert_allclose(made, expected, rtol=2e-6, atol=2e-6)


def test_the_mean() -> None:
    made = KV.document_vectors(DOCS)
    close(made, by_hand(DOCS, lambda _: 1))
    assert np.flatnonzero(~made.any(axis=1)).tolist() == [
        i for i, doc in enumerate(DOCS) if not by_hand([doc], lambda _: 1).any()
    ]
    assert {4, 7} <= set(np.flatnonzero(~made.any(axis=1)).tolist())
    np.testing.assert_array_equal(made[9], KV["w3"])


def test_the_loop_of_programs() -> None:
    """What people write, on gensim's vectors."""
    gensim = pytest.importorskip("gensim.models", reason=NO_GENSIM)
    theirs = gensim.KeyedVectors(D)
    theirs.add_vectors(WORDS, KV.vectors)
    loop = [np.mean([theirs[w] for w in doc if w in theirs] or [np.zeros(D)], axis=0) for doc in DOCS]
    close(KV.document_vectors(DOCS), loop)
    known = [doc for doc in DOCS if doc]
    close(KV.document_vectors(known, pre_normalize=True), [theirs.get_mean_vector(doc) for doc in known])


def test_words_without_a_vector() -> None:
    close(KV.document_vectors(DOCS, unknown="zero"), by_hand(DOCS, lambda _: 1, zero=True))
    with pytest.raises(KeyError, match="document #7 contains 'unheard'"):
        KV.document_vectors(DOCS, unknown="error")
    with pytest.raises(KeyError, match="document #7 contains 'unheard'"):
        KV.document_vectors((iter(doc) for doc in DOCS), unknown="error")
    known = [doc for doc in DOCS if set(doc) <= set(WORDS)]
    np.testing.assert_array_equal(KV.document_vectors(known, unknown="error"), KV.document_vectors(known))


@pytest.mark.parametrize("zero", [False, True], ids=["skip", "zero"])
def test_weights_of_a_mapping(zero: bool) -> None:
    weights = {"w0": 0.5, "w3": 2, "w5": 0, "elsewhere": 9}
    made = KV.document_vectors(DOCS, weights, unknown="zero" if zero else "skip")
    close(made, by_hand(DOCS, lambda word: weights.get(word, 0), zero=zero))


def test_a_mapping_of_ones_keeps_these_words() -> None:
    some = {word: 1 for word in WORDS[3:]}
    filtered = [[word for word in doc if word in some] for doc in DOCS]
    close(KV.document_vectors(DOCS, some), KV.document_vectors(filtered))


def test_idf() -> None:
    close(KV.document_vectors(DOCS, "idf"), by_hand(DOCS, idf_of(DOCS)))
    fitted = DocumentVectors(KV, "idf").fit(DOCS[:15])
    close(fitted.transform(DOCS[15:]), by_hand(DOCS[15:], idf_of(DOCS[:15])))


def test_idf_is_that_of_rankings() -> None:
    from fastw2v.desm import DESM

    index = DESM(KV, spaces="in-in", weights="idf").index(DOCS)
    np.testing.assert_array_equal(DocumentVectors(KV, "idf").fit(DOCS).word_weights, index.weights)


@pytest.mark.parametrize("a", [1e-3, 1e-2])
def test_sif(a: float) -> None:
    weight = sif_of(KV.expandos["count"], a)
    first, rest = by_hand(DOCS[:20], weight), by_hand(DOCS[20:], weight)
    close(KV.document_vectors(DOCS[:20], "sif", a=a), without_component(first, first))
    fitted = DocumentVectors(KV, "sif", a=a).fit(DOCS[:20])
    close(fitted.transform(DOCS[20:]), without_component(rest, first))
    close(fitted.fit_transform(DOCS[:20]), without_component(first, first))
    assert fitted.component is not None and np.linalg.norm(fitted.component) == pytest.approx(1)


@pytest.mark.parametrize("counts", [None, np.arange(V, 0, -1)], ids=["missing", "ranks"])
def test_sif_counts_the_documents_where_counts_are_not_known(counts: Any) -> None:
    """A file of the word2vec format has no counts, and its vectors are given ranks."""
    seen = Counter(word for doc in DOCS for word in doc)
    made = by_hand(DOCS, sif_of([seen[word] for word in WORDS]))
    close(vectors(counts=counts).document_vectors(DOCS, "sif"), without_component(made, made))


def test_zeros_stay_zeros_without_the_common_component() -> None:
    assert not KV.document_vectors(DOCS, "sif")[[4, 7]].any()
    assert not KV.document_vectors([[], ["unheard"]], "sif").any()


def test_the_mean_is_not_subtracted_from_the_common_component() -> None:
    rows = (np.random.default_rng(2).standard_normal((500, D)) + 3).astype(np.float32)
    u = np.linalg.svd(rows.astype(float), full_matrices=False)[2][0]
    assert abs(common_component(rows) @ u) == pytest.approx(1, abs=1e-6)
    assert not common_component(rows[:0]).any()


def test_lengths() -> None:
    rows = {
        word: row / np.linalg.norm(row) for word, row in zip(WORDS, KV.vectors.astype(float), strict=True)
    }
    expected = by_hand(DOCS, lambda _: 1, rows=rows)
    close(KV.document_vectors(DOCS, pre_normalize=True), expected)
    made = KV.document_vectors(DOCS, "sif", post_normalize=True)
    lengths = np.linalg.norm(made, axis=1)
    np.testing.assert_allclose(lengths[made.any(axis=1)], 1, rtol=1e-6)
    assert not made[4].any()


def test_a_row_without_a_direction() -> None:
    kv = vectors()
    kv.vectors[3] = 0
    close(kv.document_vectors([["w3", "w1"]], pre_normalize=True)[0], kv.get_vector("w1", norm=True))


@pytest.mark.parametrize("dtype", [np.float64, np.float16])
def test_other_dtypes(dtype: Any) -> None:
    kv = vectors(dtype)
    rows = dict(zip(WORDS, kv.vectors.astype(np.float32).astype(float), strict=True))
    close(kv.document_vectors(DOCS), by_hand(DOCS, lambda _: 1, rows=rows))


# --- what documents come in ---


COLUMNS: dict[str, Callable[[], Any]] = {
    "list": lambda: DOCS,
    "tuple of tuples": lambda: tuple(map(tuple, DOCS)),
    "generator": lambda: (doc for doc in DOCS),
    "generator of iterators": lambda: (iter(doc) for doc in DOCS),
    "arrays": lambda: [np.array(doc, dtype=object) for doc in DOCS],
    "pandas": lambda: pytest.importorskip("pandas").Series(DOCS, index=range(5, 35)),
    "polars": lambda: pytest.importorskip("polars").Series(DOCS),
    "pyarrow": lambda: pytest.importorskip("pyarrow").array(DOCS),
}


@pytest.mark.parametrize("weights", [None, "idf", "sif"], ids=["mean", "idf", "sif"])
@pytest.mark.parametrize("form", COLUMNS)
def test_what_documents_come_in(form: str, weights: Any) -> None:
    docs = COLUMNS[form]()
    np.testing.assert_array_equal(KV.document_vectors(docs, weights), KV.document_vectors(DOCS, weights))


def lines(path: Path) -> Path:
    """Documents by line; a blank one is no document to the readers."""
    text = "".join(" ".join(doc) + "\n" for doc in DOCS)
    data = text.encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


FULL = [doc for doc in DOCS if doc]


@pytest.mark.parametrize("unknown", ["skip", "zero"])
@pytest.mark.parametrize("name", ["docs.txt", "docs.txt.gz"])
def test_documents_of_a_file(name: str, unknown: Any, tmp_path: Path) -> None:
    docs = LineSentence(lines(tmp_path / name))
    expected = KV.document_vectors(FULL, unknown=unknown)
    np.testing.assert_array_equal(KV.document_vectors(docs, unknown=unknown), expected)
    np.testing.assert_array_equal(KV.document_vectors(docs, unknown=unknown, workers=2), expected)
    np.testing.assert_array_equal(KV.document_vectors(docs, "sif"), KV.document_vectors(FULL, "sif"))


def test_documents_of_several_files(tmp_path: Path) -> None:
    lines(tmp_path / "a")
    lines(tmp_path / "b")
    made = KV.document_vectors(PathLineSentences(tmp_path))
    np.testing.assert_array_equal(made, np.vstack([KV.document_vectors(FULL)] * 2))
    (tmp_path / "b").write_text(" ".join(WORDS[:25]))
    made = KV.document_vectors(Text8Corpus(tmp_path / "b", 10))
    expected = [WORDS[:10], WORDS[10:20], WORDS[20:25]]
    np.testing.assert_array_equal(made, KV.document_vectors(expected))


def test_an_unknown_word_in_a_file_is_named(tmp_path: Path) -> None:
    number = FULL.index(["unheard", "unseen"])
    with pytest.raises(KeyError, match=f"document #{number} contains 'unheard'"):
        KV.document_vectors(LineSentence(lines(tmp_path / "docs.txt")), unknown="error")


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "WORDS_PER_BLOCK", 50)


@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("weights", [None, "idf", "sif"], ids=["mean", "idf", "sif"])
@pytest.mark.usefixtures("small_blocks")
def test_blocks_and_threads_change_nothing(weights: Any, workers: int) -> None:
    monolithic = DocumentVectors(KV, weights).fit(DOCS)
    docs = DOCS * 5
    made = KV.document_vectors((doc for doc in docs), weights, workers=workers)
    assert made.shape == (150, D)
    if weights is None:
        np.testing.assert_array_equal(made, np.vstack([monolithic.transform(DOCS)] * 5))
    weight = {None: lambda _: 1, "idf": idf_of(docs), "sif": sif_of(KV.expandos["count"])}[weights]
    expected = by_hand(docs, weight)
    close(made, without_component(expected, expected) if weights == "sif" else expected)


@pytest.mark.usefixtures("small_blocks")
def test_a_generator_is_read_a_part_at_a_time() -> None:
    """Not all of it is held: what is ahead of the sums is bounded."""
    alive: list[Any] = []

    class Doc(list):  # type: ignore[type-arg]
        pass

    def read() -> Iterator[Any]:
        import weakref

        for _ in range(300):
            doc = Doc(WORDS)
            alive.append(weakref.ref(doc))
            yield doc
            del doc
            assert sum(ref() is not None for ref in alive) < 10

    assert KV.document_vectors(read(), unknown="error").shape == (300, D)
    assert len(alive) == 300


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.usefixtures("small_blocks")
def test_an_error_of_the_documents_passes(workers: int) -> None:
    def read() -> Iterator[Any]:
        yield from DOCS * 3
        raise OSError("the disk")

    with pytest.raises(OSError, match="the disk"):
        KV.document_vectors(read(), workers=workers)


def test_no_documents() -> None:
    for weights in (None, "idf", "sif"):
        assert KV.document_vectors([], weights).shape == (0, D)
        assert KV.document_vectors(iter([]), weights).shape == (0, D)


def test_keys_that_are_no_text() -> None:
    kv = KeyedVectors(2)
    kv.add_vectors([7, ("a", "b"), "c"], [[1, 0], [0, 1], [4, 4]])
    assert kv.document_vectors([[7, ("a", "b")], [0], [True, "c"]]).tolist() == [[0.5, 0.5], [0, 0], [4, 4]]


# --- spaces ---


@pytest.mark.parametrize("space", ["in", "out", "in+out", "concat"])
def test_spaces_of_a_model(space: Any, model: Word2Vec) -> None:
    docs = [model.wv.index_to_key[:5], [], model.wv.index_to_key[3:4]]
    made = model.document_vectors(docs, space=space)
    rows = model.vectors(space)
    close(made, [rows[:5].astype(float).mean(axis=0), 0 * rows[0], rows[3]])
    np.testing.assert_array_equal(DocumentVectors(model, space=space).transform(docs), made)


def test_a_space_that_is_not_there(model: Word2Vec) -> None:
    with pytest.raises(AttributeError, match="syn1neg"):
        unsampled(sg=1, **HS).document_vectors([["a"]], space="out")
    with pytest.raises(ValueError, match="space"):
        model.document_vectors([["a"]], space="elsewhere")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="one space: give the model"):
        DocumentVectors(model.wv, space="out")
    np.testing.assert_array_equal(
        model.wv_out.document_vectors([["a"]]), model.document_vectors([["a"]], space="out")
    )


# --- the fitted object ---


@pytest.mark.parametrize("weights", ["idf", "sif", None, {"w1": 2.0}], ids=["idf", "sif", "mean", "mapping"])
def test_what_is_fitted_is_saved(weights: Any) -> None:
    fitted = DocumentVectors(KV, weights).fit(DOCS)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.transform(DOCS), fitted.transform(DOCS))
    np.testing.assert_array_equal(again.word_weights, fitted.word_weights)


@pytest.mark.parametrize("weights", ["idf", "sif"])
def test_it_must_be_fitted_and_stays_as_it_was_if_that_fails(weights: Any) -> None:
    made = DocumentVectors(KV, weights, unknown="error")
    assert made.word_weights is None and made.component is None
    with pytest.raises(RuntimeError, match=r"call fit\(docs\) first"):
        made.transform(DOCS)
    known = [["w1", "w2"], ["w2", "w3"]]
    before = made.fit(known).transform(known)
    for again in (made.fit, made.fit_transform):
        with pytest.raises(KeyError):
            again(DOCS)
        np.testing.assert_array_equal(made.transform(known), before)


def test_words_that_come_later_do_not_count() -> None:
    """Weights belong to the rows of then."""
    kv = vectors()
    made = DocumentVectors(kv, "idf").fit(DOCS)
    kv.add_vectors(["late"], np.ones((1, D)))
    assert not made.transform([["late"]]).any()
    assert kv.document_vectors([["late"]]).any()


# --- what is refused ---


@pytest.mark.parametrize(
    ("docs", "said"),
    [
        ("a text", "docs is 'a text'"),
        (["a", "text"], "document #0 is the text 'a'"),
        ([["w1"], "w2 w3"], "document #1 is the text 'w2 w3'"),
        ([["w1"], 5], "#1 is 5 of type int"),
        ([["w1"], [["w1"]]], "#1 contains"),
        ({"a": ["w1"]}, "read as its keys"),
        (5, "not int"),
        (None, "no corpus"),
    ],
    ids=["text", "one document", "a text among lists", "number", "nested", "dict", "int", "None"],
)
def test_what_is_no_documents(docs: Any, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        KV.document_vectors(docs)


def test_tables_and_columns_of_texts() -> None:
    pd = pytest.importorskip("pandas")
    with pytest.raises(TypeError, match="DataFrame"):
        KV.document_vectors(pd.DataFrame({"words": DOCS}))
    with pytest.raises(TypeError, match=r"column.str.split\(\)"):
        KV.document_vectors(pd.Series(["a text", "another"]))


@pytest.mark.parametrize(
    ("setting", "error", "said"),
    [
        ({"weights": "tfidf"}, ValueError, "give 'idf', 'sif', a mapping"),
        ({"weights": [1, 2]}, TypeError, "give 'idf', 'sif', a mapping"),
        ({"weights": {"w1": -1}}, ValueError, "not negative"),
        ({"weights": {"w1": np.nan}}, ValueError, "finite"),
        ({"weights": {"elsewhere": 1}}, ValueError, "at least one word"),
        ({"unknown": "drop"}, ValueError, "unknown='drop'"),
        ({"weights": "sif", "a": 0}, ValueError, "a=0"),
        ({"a": "x"}, TypeError, "a is 'x'"),
        ({"workers": 0}, ValueError, "workers=0"),
        ({"pre_normalize": 2}, ValueError, "pre_normalize=2"),
        ({"post_normalize": "yes"}, TypeError, "post_normalize"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_settings_that_are_refused(setting: dict[str, Any], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        KV.document_vectors(DOCS, **setting)


def test_vectors_that_are_none() -> None:
    with pytest.raises(TypeError, match="vectors is of type dict"):
        DocumentVectors({"w1": [1, 2]})
    gensim = pytest.importorskip("gensim.models", reason=NO_GENSIM)
    with pytest.raises(TypeError, match="from_gensim"):
        DocumentVectors(gensim.KeyedVectors(3))


def test_vectors_with_nan_have_no_common_component() -> None:
    kv = vectors(counts=KV.expandos["count"])
    kv.vectors[0, 0] = np.nan
    assert np.isnan(kv.document_vectors(DOCS)).any()
    with pytest.raises(ValueError, match="NaN"):
        kv.document_vectors(DOCS, "sif")
