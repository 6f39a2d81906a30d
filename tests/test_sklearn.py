"""sklearn.py: a step of scikit-learn, by its own checks, and what programs do with such steps."""

from __future__ import annotations

import inspect
import pickle
import sys
import warnings
from typing import Any

import numpy as np
import pytest

from fastw2v import KeyedVectors, Word2Vec
from fastw2v.documents import DocumentVectors

sklearn = pytest.importorskip("sklearn", reason="tests a step of scikit-learn")

from sklearn.base import clone  # noqa: E402
from sklearn.compose import ColumnTransformer  # noqa: E402
from sklearn.exceptions import NotFittedError, SkipTestWarning  # noqa: E402
from sklearn.feature_extraction.text import CountVectorizer  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.model_selection import GridSearchCV, cross_val_score  # noqa: E402
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline  # noqa: E402
from sklearn.utils import get_tags  # noqa: E402
from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks  # noqa: E402
from sklearn.utils.validation import check_is_fitted, validate_data  # noqa: E402

from fastw2v.sklearn import Word2VecVectorizer  # noqa: E402

SMALL: dict[str, Any] = {"vector_size": 8, "min_count": 1, "epochs": 20, "sample": 0}
TEXTS = ["The cat says: meow!", "a dog says woof", "the cow says moo", "a cat, a dog"] * 10
LABELS = [0, 1, 2, 0] * 10
WORDS = [
    ["the", "cat", "says", "meow"],
    ["a", "dog", "says", "woof"],
    ["the", "cow", "says", "moo"],
    ["a", "cat", "a", "dog"],
] * 10


def vectorizer(**settings: Any) -> Word2VecVectorizer:
    return Word2VecVectorizer(**(SMALL | settings))


# --- scikit-learn's own checks ---


class OfRows(Word2VecVectorizer):
    """Takes the numbers of a table as words, so that scikit-learn's checks, which have no texts, can run."""

    @staticmethod
    def _as_words(X: Any) -> list[list[str]]:
        return [[f"{column}:{value:.0f}" for column, value in enumerate(row)] for row in X]

    def fit(self, X: Any, y: Any = None) -> Any:
        X = validate_data(self, X)
        return super().fit(self._as_words(X))

    def fit_transform(self, X: Any, y: Any = None) -> Any:
        X = validate_data(self, X)
        return super().fit_transform(self._as_words(X))

    def transform(self, X: Any) -> Any:
        check_is_fitted(self)
        X = validate_data(self, X, reset=False)
        return super().transform(self._as_words(X))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = False
        tags.input_tags.two_d_array = True
        return tags


with warnings.catch_warnings():
    warnings.simplefilter("ignore", SkipTestWarning)  # of what takes texts one check runs: hence `OfRows`
    OF_TEXTS = [check for _, check in estimator_checks_generator(Word2VecVectorizer())]


@pytest.mark.parametrize("check", OF_TEXTS, ids=[check.func.__name__ for check in OF_TEXTS])
def test_checks_of_scikit_learn(check: Any) -> None:
    check(Word2VecVectorizer())


@parametrize_with_checks(
    [
        OfRows(vector_size=4, min_count=1, epochs=1, sample=None),
        OfRows(vector_size=4, min_count=1, epochs=1, sample=None, weights="idf", space="concat"),
        OfRows(vector_size=4, min_count=1, epochs=1, sample=None, weights="sif", post_normalize=True),
    ]
)
def test_checks_of_scikit_learn_with_numbers_as_words(estimator: Any, check: Any) -> None:
    check(estimator)


def test_every_parameter_of_training_is_one_of_the_constructor() -> None:
    theirs = inspect.signature(Word2Vec).parameters
    ours = inspect.signature(Word2VecVectorizer).parameters
    missing = theirs.keys() - ours.keys()
    assert missing == {"sentences", "corpus_file", "hashfxn", "cluster"}  # one machine transforms
    different = {name for name in theirs.keys() & ours.keys() if theirs[name].default != ours[name].default}
    assert different == {"workers"}
    documents = inspect.signature(DocumentVectors).parameters
    assert documents.keys() - ours.keys() == {"vectors"} - ours.keys() == set()
    assert ours.keys() == vectorizer().get_params().keys()


def test_tags() -> None:
    tags = get_tags(Word2VecVectorizer())
    assert tags.input_tags.string and not tags.input_tags.two_d_array and not tags.input_tags.sparse
    assert tags.requires_fit and not tags.target_tags.required


# --- what it computes ---


@pytest.mark.parametrize("weights", [None, "idf", "sif", {"cat": 1.0, "dog": 2}], ids=str)
@pytest.mark.parametrize("space", ["in", "out", "in+out", "concat"])
def test_it_is_a_model_and_its_vectors_of_documents(space: Any, weights: Any) -> None:
    step = vectorizer(space=space, weights=weights, sg=1)
    made = step.fit_transform(TEXTS)
    assert made.dtype == np.float32 and type(made) is np.ndarray
    model = Word2Vec(WORDS, **SMALL, sg=1, workers=1)
    np.testing.assert_array_equal(step.model_.syn0, model.syn0)
    np.testing.assert_array_equal(made, model.document_vectors(WORDS, weights, space))
    np.testing.assert_array_equal(
        vectorizer(space=space, weights=weights, sg=1).fit(TEXTS).transform(TEXTS), made
    )


def test_lists_of_words_are_taken_as_they_are() -> None:
    made = vectorizer().fit_transform(WORDS)
    np.testing.assert_array_equal(made, vectorizer().fit_transform(TEXTS))
    np.testing.assert_array_equal(made, vectorizer().fit_transform(tuple(map(tuple, WORDS))))
    np.testing.assert_array_equal(made, vectorizer().fit_transform(iter(TEXTS)))
    np.testing.assert_array_equal(made, vectorizer().fit_transform(np.array(TEXTS)))
    np.testing.assert_array_equal(vectorizer().fit(TEXTS).transform(text for text in TEXTS), made)


def test_a_tokenizer() -> None:
    step = vectorizer(tokenizer=str.split).fit(TEXTS)
    assert "says:" in step.model_.wv and "The" in step.model_.wv
    np.testing.assert_array_equal(step.transform(["meow!"])[0], step.model_.wv["meow!"])


def test_columns() -> None:
    expected = vectorizer().fit_transform(TEXTS)
    pd, pl = pytest.importorskip("pandas"), pytest.importorskip("polars")
    for column in (
        pd.Series(TEXTS, index=range(9, 49)),
        pd.Series(WORDS),
        pl.Series(TEXTS),
        pl.Series(WORDS),
    ):
        np.testing.assert_array_equal(vectorizer().fit_transform(column), expected)


def test_vectors_that_were_learnt_elsewhere() -> None:
    model = Word2Vec(WORDS, **SMALL, workers=1)
    step = Word2VecVectorizer(vectors=model.wv, weights="idf").fit(TEXTS)
    assert step.model_ is model.wv
    np.testing.assert_array_equal(step.transform(TEXTS), model.document_vectors(WORDS, "idf"))
    assert clone(step).vectors is model.wv
    assert clone(Word2VecVectorizer(vectors=model)).vectors is not model
    made = Word2VecVectorizer(vectors=model, space="out").fit_transform(TEXTS)
    np.testing.assert_array_equal(made, model.document_vectors(WORDS, space="out"))


# --- names and containers ---


def test_names_of_features() -> None:
    step = vectorizer(space="concat").fit(TEXTS)
    names = step.get_feature_names_out()
    assert names.tolist() == [f"word2vecvectorizer{i}" for i in range(16)]
    with pytest.raises(NotFittedError):
        vectorizer().get_feature_names_out()


@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_set_output(container: str) -> None:
    package = pytest.importorskip(container)
    step = vectorizer().set_output(transform=container)
    for made in (step.fit_transform(TEXTS), step.transform(TEXTS)):
        assert isinstance(made, package.DataFrame) and made.shape == (40, 8)
        assert list(made.columns) == step.get_feature_names_out().tolist()


# --- in programs ---


def test_a_pipeline_is_searched_in_processes() -> None:
    pipe = Pipeline([("vectors", vectorizer()), ("classifier", LogisticRegression(C=1e4, max_iter=1000))])
    grid = {"vectors__weights": [None, "idf", "sif"], "vectors__vector_size": [4, 8]}
    alone = GridSearchCV(pipe, grid, cv=2).fit(TEXTS, LABELS)
    together = GridSearchCV(pipe, grid, cv=2, n_jobs=2).fit(TEXTS, LABELS)
    np.testing.assert_array_equal(
        alone.cv_results_["mean_test_score"], together.cv_results_["mean_test_score"]
    )
    assert alone.best_params_.keys() == grid.keys() and alone.best_score_ > 0.9
    np.testing.assert_array_equal(together.predict(TEXTS[:3]), alone.predict(TEXTS[:3]))


def test_a_column_of_a_table() -> None:
    pd = pytest.importorskip("pandas")
    table = pd.DataFrame({"text": TEXTS, "number": np.arange(40.0)})
    columns = ColumnTransformer([("words", vectorizer(), "text")], remainder="passthrough")
    made = columns.fit_transform(table)
    assert made.shape == (40, 9)
    np.testing.assert_array_equal(made[:, :8], vectorizer().fit_transform(TEXTS))
    assert columns.get_feature_names_out()[0] == "words__word2vecvectorizer0"
    pipe = make_pipeline(columns, LogisticRegression(max_iter=1000))
    assert cross_val_score(pipe, table, LABELS, cv=2, error_score="raise").shape == (2,)


def test_beside_another_vectorizer() -> None:
    union = FeatureUnion([("vectors", vectorizer()), ("counts", CountVectorizer())])
    assert union.fit_transform(TEXTS).shape == (40, 8 + 9 - 1)  # "a" is no word there


@pytest.mark.parametrize("weights", [None, "idf", "sif"], ids=str)
def test_it_is_pickled(weights: Any) -> None:
    step = vectorizer(weights=weights).fit(TEXTS)
    data = pickle.dumps(step)
    np.testing.assert_array_equal(pickle.loads(data).transform(TEXTS), step.transform(TEXTS))


def test_a_clone_is_not_fitted() -> None:
    step = vectorizer(weights="idf").fit(TEXTS)
    again = clone(step)
    assert again.get_params() == step.get_params() and not hasattr(again, "model_")
    with pytest.raises(NotFittedError):
        again.transform(TEXTS)


def test_a_failed_fit_leaves_what_was_learnt() -> None:
    step = vectorizer().fit(TEXTS)
    before = step.transform(TEXTS)
    for fit in (step.fit, step.fit_transform):
        with pytest.raises(ValueError, match="missing"):
            fit(["a", None])
    with pytest.raises(RuntimeError):
        step.set_params(min_count=1000).fit(TEXTS)
    np.testing.assert_array_equal(step.transform(TEXTS), before)


# --- what is refused ---


def _sparse() -> Any:
    return CountVectorizer().fit_transform(TEXTS)


@pytest.mark.parametrize("method", ["fit", "fit_transform", "transform"])
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_sparse, "csr_matrix, a sparse matrix: .* in the place of CountVectorizer"),
        (lambda: _sparse().toarray(), "several columns or dimensions"),
        (lambda: np.array(TEXTS)[:, np.newaxis], "name it by a string"),
        (lambda: "a text", "X is of type str: give documents"),
        (lambda: 5, "X is of type int"),
        (lambda: {"a": "text"}, "read as its keys"),
        (lambda: [1.5, 2], "#0 is 1.5 of type float"),
        (lambda: [b"a text"], "decode"),
    ],
    ids=["sparse", "dense", "a column in two dimensions", "text", "int", "dict", "numbers", "bytes"],
)
def test_what_is_no_documents(make: Any, said: str, method: str) -> None:
    step = vectorizer().fit(TEXTS)
    with pytest.raises(TypeError, match=said):
        getattr(step, method)(make())


def test_tables_and_missing_documents() -> None:
    pd = pytest.importorskip("pandas")
    with pytest.raises(TypeError, match=r"as in table\['text'\]"):
        vectorizer().fit(pd.DataFrame({"text": TEXTS}))
    for missing in (None, float("nan"), pd.NA):
        with pytest.raises(ValueError, match="document #1 is missing"):
            vectorizer().fit(["a text", missing])
    with pytest.raises(ValueError, match="0 samples"):
        vectorizer().fit([])


def test_settings_are_checked_in_fit() -> None:
    for setting in ({"weights": "tfidf"}, {"space": "elsewhere"}, {"vector_size": 0}, {"unknown": "x"}):
        with pytest.raises(ValueError, match=next(iter(setting))):
            vectorizer(**setting).fit(TEXTS)


def test_vectors_of_words_are_not_steps_themselves() -> None:
    """`clone` of a model has no sense: the documentation says what to put into a pipeline."""
    with pytest.raises(TypeError):
        clone(Word2Vec())
    kv = KeyedVectors(2)
    assert clone(kv) is kv


def test_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.base", None)
    monkeypatch.delitem(sys.modules, "fastw2v.sklearn")
    with pytest.raises(ImportError, match=r"pip install 'fastw2v\[sklearn\]'"):
        __import__("fastw2v.sklearn")
