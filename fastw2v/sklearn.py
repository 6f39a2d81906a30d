"""`Word2VecVectorizer`: texts to vectors as a step of scikit-learn, which the extra `sklearn` installs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Self

import numpy as np
import numpy.typing as npt

try:
    from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
    from sklearn.utils.validation import check_is_fitted
except ImportError as error:
    raise ImportError(
        f"fastw2v.sklearn needs scikit-learn 1.6 or later, which cannot be imported ({error}): "
        "pip install 'fastw2v[sklearn]'",
        name=error.name,
    ) from error

from fastw2v.desm import tokenize
from fastw2v.documents import DocumentVectors
from fastw2v.documents.vectors import Unknown, Weights
from fastw2v.formats.atomic import StrPath
from fastw2v.progress import Mode
from fastw2v.query.spaces import Space
from fastw2v.text.tables import Taker, is_missing, is_table
from fastw2v.training.objective import Step
from fastw2v.utils import TrimRule
from fastw2v.word2vec import MAX_WORDS_IN_BATCH, Word2Vec

__all__ = ["Word2VecVectorizer"]

Rows = npt.NDArray[np.float32]

_OF_DOCUMENTS = ("weights", "space", "unknown", "pre_normalize", "post_normalize", "a", "workers", "progress")
_NOT_OF_TRAINING = {*_OF_DOCUMENTS, "tokenizer", "vectors"} - {"workers", "progress"}


class Word2VecVectorizer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Learns vectors of words from documents, and gives a vector for each document: dense float32 (N, D).

    Documents are texts, or lists of words, in a list or in one column of a table. What is done with the
    vectors of their words `fastw2v.documents.DocumentVectors` says, how they are learnt `fastw2v.Word2Vec`,
    whose parameters have their names and defaults here, but `workers`.

    Args:
        tokenizer (callable or None): text → words. None takes the runs of letters and digits, in lower case.
            Documents that are lists of words are taken as they are.
        vectors (KeyedVectors, Word2Vec, or None): vectors to take instead of learning some, and then no
            parameter of training matters. Clones share KeyedVectors, and have copies of a model.
        weights ("idf", "sif", mapping of word to float, or None): what words weigh in the mean of a document,
            learnt of the documents of `fit`; None: all the same.
        space (str): "in", "out", "in+out" or "concat"; "out" and the sum of both need `negative`.
        unknown (str): words without a vector are left out ("skip"), counted as zeros ("zero"), or a KeyError
            ("error").
        pre_normalize (bool): whether vectors of words are brought to length 1 first.
        post_normalize (bool): whether vectors of documents are brought to length 1.
        a (float): of SIF.
        vector_size (int): D.
        alpha (float): see `Word2Vec`, as all that follow.
        window (int): largest distance between a word and its context.
        min_count (int): words that occur less often are dropped.
        max_vocab_size (int or None): how many distinct words are counted at most.
        sample (float or None): share above which occurrences of a frequent word are dropped at random.
        seed (int): of all random numbers; with one worker the same documents give the same vectors.
        workers (int): threads; here 1 unless more are given, so that results can be repeated and the jobs of
            a grid search do not crowd each other out.
        min_alpha (float): learning rate at the end.
        sg (int): 1 is skip-gram, 0 is CBOW.
        hs (int): 1 trains by hierarchical softmax.
        negative (int): noise words per example of negative sampling.
        ns_exponent (float): noise words are drawn in proportion to count ** ns_exponent.
        cbow_mean (int): whether CBOW takes the mean of the context vectors or their sum.
        epochs (int): passes over the documents.
        null_word (int): 1 adds the null word.
        trim_rule (callable or None): decides which words are dropped.
        sorted_vocab (int): 1 orders words by falling count.
        batch_words (int): words that a worker takes at a time.
        compute_loss (bool): whether to add up the loss.
        callbacks (iterable of CallbackAny2Vec): objects with hooks for the edges of training and epochs.
        comment (any plain value, or None): a label.
        max_final_vocab (int or None): how many words remain at most.
        shrink_windows (bool): whether every position draws its window.
        step (str or None): order of updates.
        baskets (bool): whether documents are sets.
        deterministic (bool): the same vectors on every run, with several workers, too.
        progress ("auto" or bool): whether to show bars.
        checkpoint (path or None): a model file to write while training.
        checkpoint_every (float): seconds between two checkpoints.

    Attributes:
        model_ (Word2Vec or KeyedVectors): what was learnt, or given as `vectors`.
        documents_ (DocumentVectors): gives the vectors of documents.

    Of gensim's parameters `hashfxn` is missing, which training does not use.

    Example:
        >>> from fastw2v.sklearn import Word2VecVectorizer
        >>> made = Word2VecVectorizer(vector_size=20, min_count=1, weights="idf")
        >>> made.fit_transform(["a potato", "a soup of potatoes"]).shape
        (2, 20)
    """

    def __init__(
        self,
        *,
        tokenizer: Callable[[str], Iterable[Any]] | None = None,
        vectors: Any = None,
        weights: Weights = None,
        space: Space = "in",
        unknown: Unknown = "skip",
        pre_normalize: bool = False,
        post_normalize: bool = False,
        a: float = 1e-3,
        vector_size: int = 100,
        alpha: float = 0.025,
        window: int = 5,
        min_count: int = 5,
        max_vocab_size: int | None = None,
        sample: float | None = 1e-3,
        seed: int = 1,
        workers: int = 1,
        min_alpha: float = 0.0001,
        sg: int = 0,
        hs: int = 0,
        negative: int = 5,
        ns_exponent: float = 0.75,
        cbow_mean: int = 1,
        epochs: int = 5,
        null_word: int = 0,
        trim_rule: TrimRule | None = None,
        sorted_vocab: int = 1,
        batch_words: int = MAX_WORDS_IN_BATCH,
        compute_loss: bool = False,
        callbacks: Iterable[Any] = (),
        comment: str | None = None,
        max_final_vocab: int | None = None,
        shrink_windows: bool = True,
        step: Step | None = None,
        baskets: bool = False,
        deterministic: bool = False,
        progress: Mode = "auto",
        checkpoint: StrPath | None = None,
        checkpoint_every: float = 300.0,
    ) -> None:
        self.tokenizer = tokenizer
        self.vectors = vectors
        self.weights = weights
        self.space = space
        self.unknown = unknown
        self.pre_normalize = pre_normalize
        self.post_normalize = post_normalize
        self.a = a
        self.vector_size = vector_size
        self.alpha = alpha
        self.window = window
        self.min_count = min_count
        self.max_vocab_size = max_vocab_size
        self.sample = sample
        self.seed = seed
        self.workers = workers
        self.min_alpha = min_alpha
        self.sg = sg
        self.hs = hs
        self.negative = negative
        self.ns_exponent = ns_exponent
        self.cbow_mean = cbow_mean
        self.epochs = epochs
        self.null_word = null_word
        self.trim_rule = trim_rule
        self.sorted_vocab = sorted_vocab
        self.batch_words = batch_words
        self.compute_loss = compute_loss
        self.callbacks = callbacks
        self.comment = comment
        self.max_final_vocab = max_final_vocab
        self.shrink_windows = shrink_windows
        self.step = step
        self.baskets = baskets
        self.deterministic = deterministic
        self.progress = progress
        self.checkpoint = checkpoint
        self.checkpoint_every = checkpoint_every

    def fit(self, X: Iterable[Any], y: Any = None) -> Self:  # noqa: N803, RUF100  # scikit-learn's name
        """Learn vectors of words from documents, and what weighs words.

        Args:
            X (iterable of texts or lists of words): the documents, or one column of a table.
            y (any): ignored.

        Returns:
            Word2VecVectorizer: this object.

        Raises:
            TypeError: these are no documents: a table, a sparse matrix, an array of numbers.
            ValueError: there is no document, one is missing, or a parameter is out of range.
            RuntimeError: no word occurs `min_count` times.
        """
        model, documents, words = self._learnt(X)
        self.model_, self.documents_ = model, documents.fit(words)
        return self

    def fit_transform(self, X: Iterable[Any], y: Any = None) -> Rows:
        """Return the vectors of documents after learning from them; they are tokenized once.

        Args:
            X (iterable of texts or lists of words): the documents, as in `fit`.
            y (any): ignored.

        Returns:
            array: float32 (N, D), dense; what `set_output` says.

        Raises:
            TypeError: as in `fit`.
            ValueError: likewise.
            RuntimeError: likewise.
        """
        model, documents, words = self._learnt(X)
        made = documents.fit_transform(words)
        self.model_, self.documents_ = model, documents
        return made

    def transform(self, X: Iterable[Any]) -> Rows:
        """Return the vectors of documents.

        Args:
            X (iterable of texts or lists of words): the documents, as in `fit`; a generator is read a part
                at a time.

        Returns:
            array: float32 (N, D), dense; zeros for a document without a known word. What `set_output` says.

        Raises:
            NotFittedError: `fit` was not called.
            TypeError: these are no documents.
            ValueError: a document is missing.
            KeyError: a word has no vector, and `unknown` is "error".
        """
        check_is_fitted(self)
        documents: DocumentVectors = self.documents_
        return documents.transform(self._words(X))

    def _learnt(self, documents: Any) -> tuple[Any, DocumentVectors, list[Any]]:
        """Return the model of documents, what is to be fitted on them, and their words."""
        words = list(self._words(documents))
        if not words:
            raise ValueError("there is no document to learn from (0 samples): give at least one")
        given = self.get_params(deep=False)
        model = self.vectors
        if model is None:
            model = Word2Vec(
                words, **{name: value for name, value in given.items() if name not in _NOT_OF_TRAINING}
            )
        return model, DocumentVectors(model, **{name: given[name] for name in _OF_DOCUMENTS}), words

    def _words(self, documents: Any) -> Iterator[Any]:
        """Return the words of each document, read one by one; what they are in is looked at now."""
        _check_documents(documents)
        split = tokenize if self.tokenizer is None else self.tokenizer
        return _words_of_each(documents, split)

    @property
    def _n_features_out(self) -> int:
        """How many columns there are, for scikit-learn's mixin that names them."""
        documents: DocumentVectors = self.documents_
        return documents.dimensions

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.transformer_tags.preserves_dtype = []  # documents have none
        return tags


def _check_documents(documents: Any) -> None:
    """Raise TypeError, with the fix, for what holds no documents."""
    what = f"X is of type {type(documents).__name__}"
    if hasattr(documents, "tocsr"):
        raise TypeError(
            f"{what}, a sparse matrix: Word2VecVectorizer takes texts or lists of words, and stands in the "
            "place of CountVectorizer or TfidfVectorizer, not after it"
        )
    if isinstance(documents, str | bytes) or not isinstance(documents, Iterable):
        raise TypeError(f"{what}: give documents, an iterable of texts or of lists of words")
    shape = getattr(documents, "shape", None)
    if is_table(documents) or (shape is not None and len(shape) != 1):
        raise TypeError(
            f"{what} and has several columns or dimensions: give one column of texts or of lists of words, "
            "as in table['text']; in a ColumnTransformer name it by a string, 'text', not by a list"
        )
    if hasattr(documents, "keys") and not hasattr(documents, "dtype"):
        raise TypeError(f"{what}, which would be read as its keys: give its values")


def _words_of_each(documents: Iterable[Any], split: Callable[[str], Iterable[Any]]) -> Iterator[Any]:
    taker = Taker()
    for number, document in enumerate(documents):
        if isinstance(document, str):
            yield list(split(document))
        elif isinstance(document, bytes):
            raise TypeError(f"document #{number} is of bytes: decode it, as in document.decode()")
        elif is_missing(document):
            raise ValueError(
                f"document #{number} is missing ({document!r}): leave it out, or give an empty text"
            )
        else:
            yield taker.words_of(document, number)
