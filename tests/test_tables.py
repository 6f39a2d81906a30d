"""text/tables.py: columns of token lists are corpora; tables, dicts and texts are refused with the fix."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from factories import SMALL, Restartable, assert_same, matrices, small

from fastw2v import Word2Vec
from fastw2v.text import tables
from fastw2v.text.source import Source
from fastw2v.warn import FastW2VWarning

TOKENS = [["the", "cat", "sat"], ["a", "cat"], ["the", "dog"]] * 5
TEXTS = [" ".join(words) for words in TOKENS]
PLAIN = small(TOKENS)

Make = Callable[[Any], Any]  # of what pytest.importorskip returns

TAKEN: dict[str, tuple[str, Make]] = {
    "pandas Series": ("pandas", lambda pd: pd.Series(TOKENS)),
    "pandas Series with another index": ("pandas", lambda pd: pd.Series(TOKENS, index=range(90, 105))),
    "pandas Series of arrays": ("pandas", lambda pd: pd.Series([np.array(words) for words in TOKENS])),
    "pandas Series of tuples": ("pandas", lambda pd: pd.Series([tuple(words) for words in TOKENS])),
    "pandas values": ("pandas", lambda pd: pd.Series(TOKENS).values),
    "a list of pandas Series": ("pandas", lambda pd: [pd.Series(words) for words in TOKENS]),
    "polars Series": ("polars", lambda pl: pl.Series(TOKENS)),
    "polars column of categories": (
        "polars",
        lambda pl: pl.Series(TOKENS, dtype=pl.List(pl.Categorical)),
    ),
    "a list of polars Series": ("polars", lambda pl: list(pl.Series(TOKENS))),
    "pyarrow Array": ("pyarrow", lambda pa: pa.array(TOKENS)),
    "pyarrow ChunkedArray": ("pyarrow", lambda pa: pa.chunked_array([TOKENS[:4], TOKENS[4:]])),
    "pyarrow large list": ("pyarrow", lambda pa: pa.array(TOKENS, pa.large_list(pa.large_string()))),
    "pyarrow dictionary words": (
        "pyarrow",
        lambda pa: pa.array(TOKENS, pa.list_(pa.dictionary(pa.int32(), pa.string()))),
    ),
    "a list of pyarrow scalars": ("pyarrow", lambda pa: list(pa.array(TOKENS))),
    "a list of pyarrow Arrays": ("pyarrow", lambda pa: [pa.array(words) for words in TOKENS]),
    "lists of pyarrow scalars": ("pyarrow", lambda pa: [list(pa.array(words)) for words in TOKENS]),
    "a stream of pyarrow scalars": ("pyarrow", lambda pa: Restartable(lambda: pa.array(TOKENS))),
    "datasets Column": ("datasets", lambda ds: ds.Dataset.from_dict({"x": TOKENS})["x"]),
    "datasets Column of arrays": (
        "datasets",
        lambda ds: ds.Dataset.from_dict({"x": TOKENS}).with_format("numpy")["x"],
    ),
    "datasets stream": (
        "datasets",
        lambda ds: ds.Dataset.from_dict({"x": TOKENS}).to_iterable_dataset()["x"],
    ),
    "numpy array of lists": ("numpy", lambda np: _array_of(TOKENS)),
    "values of a dict": ("numpy", lambda np: dict(enumerate(TOKENS)).values()),
}


def _array_of(rows: list[Any]) -> np.ndarray:
    array = np.empty(len(rows), object)
    array[:] = rows
    return array


# The package, what is given, and a part of what to do.
REFUSED: dict[str, tuple[str, Make, str]] = {
    "pandas texts": ("pandas", lambda pd: pd.Series(TEXTS), r"row 0 .* 'the cat sat'.*str\.split\(\)"),
    "pandas categories": ("pandas", lambda pd: pd.Series(TEXTS, dtype="category"), "row 0 .* is the text"),
    "pandas objects": ("pandas", lambda pd: pd.Series(TEXTS, dtype=object), "row 0 .* is the text"),
    "pandas Index": ("pandas", lambda pd: pd.Index(TEXTS), "row 0 .* is the text"),
    "pandas values of texts": ("pandas", lambda pd: pd.Series(TEXTS).values, "row 0 .* is the text"),
    "pandas numbers": ("pandas", lambda pd: pd.Series([1.5]), "row 0 .* is 1.5 of type float"),
    "pandas None": ("pandas", lambda pd: pd.Series([["a"], None]), "row 1 .* missing .None.*dropna"),
    "pandas NaN": ("pandas", lambda pd: pd.Series([["a"], float("nan")]), "row 1 .* missing .nan"),
    "pandas text among lists": ("pandas", lambda pd: pd.Series([["a"], "b c"]), "row 1 .* 'b c'"),
    "pandas lists as text": ("pandas", lambda pd: pd.Series(["['a', 'b']"]), "ast.literal_eval"),
    "pandas DataFrame": (
        "pandas",
        lambda pd: pd.DataFrame({"text": TEXTS, "words": TOKENS}),
        r"table\['words'\]",
    ),
    "pandas DataFrame of texts": (
        "pandas",
        lambda pd: pd.DataFrame({"text": TEXTS}),
        r"columns \['text'\].*table\[name\]\.str\.split",
    ),
    "pandas DataFrame without rows": (
        "pandas",
        lambda pd: pd.DataFrame(),
        "pandas DataFrame with the columns",
    ),
    "pandas groups": (
        "pandas",
        lambda pd: pd.DataFrame({"n": [1, 1], "word": ["a", "b"]}).groupby("n")["word"],
        r"agg\(list\)",
    ),
    "pandas records": (
        "pandas",
        lambda pd: pd.DataFrame({"text": TEXTS}).to_dict("records"),
        r"sentence #0 is a dict with the keys \['text'\]",
    ),
    "a list of DataFrames": ("pandas", lambda pd: [pd.DataFrame({"text": TEXTS})], "sentence #0 is a pandas"),
    "polars texts": ("polars", lambda pl: pl.Series(TEXTS), r'row 0 .*str\.split\(" "\)'),
    "polars None": ("polars", lambda pl: pl.Series([["a"], None]), r"row 1 .*drop_nulls\(\)"),
    "polars DataFrame": (
        "polars",
        lambda pl: pl.DataFrame({"text": TEXTS, "words": TOKENS}),
        r"table\['words'\]",
    ),
    "polars LazyFrame": ("polars", lambda pl: pl.LazyFrame({"words": TOKENS}), r"collect\(\)"),
    "polars structs": ("polars", lambda pl: pl.Series([{"a": 1}]), "sentence #0 is a dict"),
    "pyarrow texts": ("pyarrow", lambda pa: pa.array(TEXTS), "utf8_split_whitespace"),
    "pyarrow dictionary": ("pyarrow", lambda pa: pa.array(TEXTS).dictionary_encode(), "row 0 .* is the text"),
    "pyarrow None": ("pyarrow", lambda pa: pa.array([["a"], None]), r"row 1 .*drop_null\(\)"),
    "pyarrow Table": ("pyarrow", lambda pa: pa.table({"words": TOKENS}), r"table\['words'\]"),
    "pyarrow RecordBatch": (
        "pyarrow",
        lambda pa: pa.record_batch({"words": pa.array(TOKENS)}),
        r"table\['words'\]",
    ),
    "datasets Dataset": (
        "datasets",
        lambda ds: ds.Dataset.from_dict({"text": TEXTS, "words": TOKENS}),
        r"table\['words'\]",
    ),
    "datasets stream": (
        "datasets",
        lambda ds: ds.Dataset.from_dict({"text": TEXTS}).to_iterable_dataset(),
        r"columns \['text'\]",
    ),
    "datasets splits": (
        "datasets",
        lambda ds: ds.DatasetDict(train=ds.Dataset.from_dict({"text": TEXTS})),
        "DatasetDict, which would be read as its keys",
    ),
    "datasets texts": (
        "datasets",
        lambda ds: ds.Dataset.from_dict({"x": TEXTS})["x"],
        "row 0 .* is the text",
    ),
    "datasets None": (
        "datasets",
        lambda ds: ds.Dataset.from_dict({"x": [["a"], None]})["x"],
        "row 1 .* missing",
    ),
    "datasets stream of texts": (
        "datasets",
        lambda ds: ds.Dataset.from_dict({"x": TEXTS}).to_iterable_dataset()["x"],
        "row 0 .* is the text",
    ),
    "numpy texts": ("numpy", lambda np: np.array(TEXTS), r"row 0 .*\[text\.split\(\) for text in column\]"),
    "numpy objects": ("numpy", lambda np: np.array(TEXTS, dtype=object), "row 0 .* is the text"),
    "numpy bytes": ("numpy", lambda np: np.array([b"a b"]), "row 0 .* is the text"),
    "numpy column of texts": ("numpy", lambda np: np.array(TEXTS)[:, None], "row 0 .* is the text"),
    "numpy numbers": ("numpy", lambda np: np.arange(3), "row 0 .* is 0 of type int"),
    "numpy scalar": ("numpy", lambda np: np.array("a"), "without dimensions"),
    "numpy records": ("numpy", lambda np: np.zeros(2, [("word", "U3")]), r"fields \['word'\]"),
    "numpy of three dimensions": ("numpy", lambda np: np.zeros((2, 2, 2)), "of type list"),
    "dict": ("numpy", lambda np: {"a": ["b"]}, "dict, which would be read as its keys"),
    "rows that are dicts": ("numpy", lambda np: [{"text": "a b"}], r"\[row\[field\] for row in rows\]"),
    "a dict among lists": ("numpy", lambda np: [["a"], {"text": "a b"}], "sentence #1 is a dict"),
    "a stream of dicts": ("numpy", lambda np: Restartable(lambda: [{"a": 1}]), "sentence #0 is a dict"),
    "nested sentences": ("numpy", lambda np: [["a"], [["b", "c"]]], "sentence #1 .*for document in corpus"),
    "tagged documents": (
        "gensim",
        lambda gensim: [gensim.models.doc2vec.TaggedDocument(words, [0]) for words in TOKENS],
        r"sentence #0 is a TaggedDocument: .*\[document.words for document in corpus\]",
    ),
    "a missing sentence": ("numpy", lambda np: [["a"], None], "sentence #1 is None"),
}


@pytest.mark.parametrize("kind", TAKEN)
@pytest.mark.parametrize("rows_at_a_time", [2, 10_000])
def test_token_lists_are_taken_as_what_they_are(
    kind: str, rows_at_a_time: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    package, make = TAKEN[kind]
    corpus = make(pytest.importorskip(package))
    monkeypatch.setattr(tables, "ROWS_AT_A_TIME", rows_at_a_time)
    model = small(corpus)
    assert model.wv.index_to_key == PLAIN.wv.index_to_key
    assert {type(word) for word in model.wv.index_to_key} == {str}
    assert_same(matrices(model), matrices(PLAIN))
    pruned = Word2Vec(**SMALL, max_vocab_size=100)
    pruned.build_vocab(corpus)
    assert pruned.wv.index_to_key == PLAIN.wv.index_to_key
    assert pruned.train(corpus, total_examples=len(TOKENS), epochs=2)[1] == 2 * sum(map(len, TOKENS))


@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.trains_again
def test_what_holds_no_sentences_is_refused_with_the_fix(kind: str) -> None:
    package, make, part = REFUSED[kind]
    corpus = make(pytest.importorskip(package))
    model = small(TOKENS)
    before = matrices(model)
    for way in (
        lambda: small(corpus),
        lambda: small(corpus, max_vocab_size=100),
        lambda: model.build_vocab(corpus),
        lambda: model.build_vocab(corpus, update=True),
        lambda: model.train(corpus, total_examples=len(TOKENS), epochs=1),
        lambda: model.scan_vocab(corpus),
    ):
        with pytest.raises(TypeError, match=f"(?s){part}"):
            way()
    assert_same(matrices(model), before)
    assert model.corpus_count == len(TOKENS)


def test_a_module_of_the_same_name_is_the_users_own() -> None:
    """Whose sentences are read as those of any other iterable."""
    for name in ("Dataset", "Column", "Table"):
        own = type(name, (Restartable,), {"__module__": "datasets"})
        assert_same(matrices(small(own(lambda: TOKENS))), matrices(PLAIN))


def test_a_table_of_words_is_one_sentence_a_row() -> None:
    array = np.array([["the", "cat"], ["a", "dog"]])
    assert set(small(array).wv.index_to_key) == {"the", "cat", "a", "dog"}
    assert small(array, max_vocab_size=9).wv.index_to_key == small(array).wv.index_to_key
    assert set(small(np.array([["the"], ["cat"]])).wv.index_to_key) == {"the", "cat"}


@pytest.mark.parametrize("package", ["pandas", "pyarrow", "polars"])
def test_an_empty_column_is_an_empty_corpus(package: str) -> None:
    module = pytest.importorskip(package)
    column = module.array([], module.list_(module.string())) if package == "pyarrow" else module.Series([])
    with pytest.raises(RuntimeError, match="the corpus has none"):
        Word2Vec(column)


def test_a_column_is_known_again() -> None:
    """So that what was encoded in counting serves for training."""
    pandas, pyarrow = pytest.importorskip("pandas"), pytest.importorskip("pyarrow")
    for column in (pandas.Series(TOKENS), pyarrow.array(TOKENS)):
        first, again = (Source.of(column, None, passes=2) for _ in range(2))
        assert first.fixed and first.is_same_text(again)


# --- missing values and texts: warnings, once per call ---


@pytest.mark.parametrize("missing", [None, float("nan"), np.float32("nan")], ids=str)
@pytest.mark.parametrize(
    "as_corpus", [list, lambda corpus: Restartable(lambda: corpus)], ids=["list", "stream"]
)
@pytest.mark.parametrize("max_vocab_size", [None, 100])
@pytest.mark.trains_again
def test_missing_values_among_words_are_warned_about_once(
    missing: Any, as_corpus: Any, max_vocab_size: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    corpus = as_corpus([["a", missing, "b"], ["a", missing]])
    with pytest.warns(FastW2VWarning, match=r"contains (None|nan|np.float32\(nan\)) among") as heard:
        model = small(corpus, max_vocab_size=max_vocab_size)
    (warning,) = heard
    assert warning.filename.endswith("factories.py"), "at the user's line"
    assert sum("among its words" in message for message in caplog.messages) == 1
    assert len(model.wv) == 3
    model = small([["a", "b"]])
    assert model.train(corpus, total_examples=2, epochs=2)[1] == 10, "an unknown word like any other"


def test_missing_values_of_pandas() -> None:
    pandas = pytest.importorskip("pandas")
    with pytest.warns(FastW2VWarning, match="contains <NA> among its words"):
        small([["a", pandas.NA]])


@pytest.mark.parametrize(
    "make",
    [list, tuple, lambda texts: Restartable(lambda: texts), dict.fromkeys],
    ids=["list", "tuple", "stream", "keys"],
)
@pytest.mark.parametrize("max_vocab_size", [None, 100])
def test_texts_are_warned_about_once_in_a_call(
    make: Any, max_vocab_size: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    corpus = make(TEXTS)
    if isinstance(corpus, dict):
        corpus = corpus.keys()
    with pytest.warns(FastW2VWarning, match=r"^sentence #0 is the str 'the cat sat', whose letters") as heard:
        model = small(corpus, max_vocab_size=max_vocab_size)
    assert len(heard) == 1
    gensims = "Each 'sentences' item should be a list of words (usually unicode strings). First item here is "
    assert sum(message.startswith(gensims) for message in caplog.messages) == 1
    with pytest.warns(FastW2VWarning, match="whose letters are taken") as heard:
        rate = model.min_alpha_yet_reached
        model.train(corpus, total_examples=len(list(corpus)), epochs=3, start_alpha=rate)
    assert len(heard) == 1, "another call"


def test_a_text_after_lists_is_warned_about() -> None:
    with pytest.warns(FastW2VWarning, match="^sentence #2 is the str 'dog', whose letters"):
        small([["the", "cat"], ["a"], "dog"])


def test_scoring_takes_what_training_takes() -> None:
    pandas = pytest.importorskip("pandas")
    model = small(TOKENS, hs=1, negative=0)
    np.testing.assert_array_equal(model.score(pandas.Series(TOKENS)), model.score(TOKENS))
    with pytest.raises(TypeError, match="row 0 .* is the text"):
        model.score(pandas.Series(TEXTS))


def test_pairs_of_columns() -> None:
    pyarrow, pandas = pytest.importorskip("pyarrow"), pytest.importorskip("pandas")
    for column in (pandas.Series(["the", "a"]), pyarrow.array(["the", "a"]), np.array(["the", "a"])):
        model = small(None)
        assert model.train_pairs(column, ["cat", "dog"], epochs=1)[1] == 4
        assert set(model.wv.index_to_key) == {"the", "cat", "a", "dog"}
        assert {type(word) for word in model.wv.index_to_key} == {str}
    with pytest.raises(TypeError, match="^inputs is 'the', which would be read as letters"):
        small(TOKENS).train_pairs("the", "cat")
    with pytest.raises(TypeError, match="^outputs is a pandas DataFrame"):
        small(TOKENS).train_pairs(["the"], pandas.DataFrame({"word": ["cat"]}))
