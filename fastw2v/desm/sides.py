"""The two sides of the model, and how documents and queries become rows of their words.

documents → words → row numbers                          `Lexicon`
row numbers of a query → unit vectors and their shares   `QuerySide`
row numbers of documents → unit centroids                `DocumentSide`
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import logging
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v.checks import is_gensims
from fastw2v.documents._sums import unit_sums
from fastw2v.documents.weights import DocumentFrequencies
from fastw2v.keyedvectors import KeyedVectors
from fastw2v.query.cosines import unit_rows
from fastw2v.text._encoder import SentenceEncoder
from fastw2v.training.report import total_of
from fastw2v.word2vec import Word2Vec

logger = logging.getLogger("fastw2v.desm")

Array = npt.NDArray[Any]
Document = str | Iterable[Any]
"""A text, the list of its words, or an array of row numbers in the model's vocabulary."""
Tokenizer = Callable[[str], Iterable[Any]]
Encoding = tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]
"""Row numbers of all words of some documents, and where each document's end in them (N,)."""
Weights = npt.NDArray[np.float32] | None
"""What each word of the vocabulary weighs (V,); None: all the same."""

ENOUGH_WORDS = 5_000_000
"""Words to train on, in all epochs together: with fewer, rankings were no better than chance."""

# An encoder is three times as fast as a dict, but must read the vocabulary first.
_WORDS_PER_ENCODER_WORD = 4

_WORD = re.compile(r"[^\W_]+")


def tokenize(text: str) -> list[str]:
    """Return the runs of letters and digits in a text, in lower case.

    Args:
        text (str): any text.

    Returns:
        list of str: its words.

    Example:
        >>> from fastw2v.desm import tokenize
        >>> tokenize("A flat tyre, 7 bar!")
        ['a', 'flat', 'tyre', '7', 'bar']
    """
    return _WORD.findall(text.lower())


class Lexicon:
    """The words of a model and their row numbers, and how documents become these.

    Args:
        words (list): the vocabulary, by row.
        key_to_index (dict): the row of each word.
        tokenizer (callable): text → words.
    """

    def __init__(self, words: list[Any], key_to_index: dict[Any, int], tokenizer: Tokenizer) -> None:
        self.words = words  # by row
        self.key_to_index = key_to_index
        self.tokenizer = tokenizer

    def words_of(self, document: Document) -> list[Any]:
        """Return the words of a document or query.

        Args:
            document (str, iterable of words, or int array): a text is tokenized; an array (n,) holds row
                numbers in the vocabulary.

        Returns:
            list: its words, also those that the model lacks.

        Raises:
            TypeError: this is not a document, or the array is not one of integers in one dimension.
            ValueError: a row number is outside the vocabulary.
        """
        if isinstance(document, str):
            return list(self.tokenizer(document))
        if isinstance(document, np.ndarray):
            return [self.words[row] for row in self._check_rows(document).tolist()]
        if isinstance(document, bytes) or not isinstance(document, Iterable):
            raise TypeError(
                f"{document!r:.60} of type {type(document).__name__} is not a document: "
                "give a text, the list of its words, or an array of row numbers"
            )
        return list(document)

    def held(self, document: Document) -> list[Any] | Array:
        """Return a document in a form that can be read twice.

        Args:
            document (str, iterable of words, or int array): as in `words_of`.

        Returns:
            list or array: its words, or the row numbers as they were given.
        """
        return document if isinstance(document, list | np.ndarray) else self.words_of(document)

    def known(self, words: Iterable[Any]) -> list[Any]:
        """Return the words that the model has, in the order given.

        Args:
            words (iterable of words): any words; repeated ones are kept.

        Returns:
            list: the known words.

        Raises:
            TypeError: a word is not hashable, a list for instance.
        """
        with _expect_words():
            return [word for word in words if word in self.key_to_index]

    def encode(self, documents: Sequence[Document]) -> Encoding:
        """Return the row numbers of the words of documents. Words that the model lacks are left out.

        Args:
            documents (sequence of documents): N documents, each as in `words_of`.

        Returns:
            (int32 (n,), int64 (N,)): the row numbers of all documents, one after the other, and the place in
            them where each document ends.

        Raises:
            TypeError: one of them is not a document, or a word is not hashable.
            ValueError: a row number is outside the vocabulary.
        """
        arrays = [document for document in documents if isinstance(document, np.ndarray)]
        if not arrays:
            return self._encode_words(documents)
        if len(arrays) < len(documents):
            parts = [
                self._check_rows(doc) if isinstance(doc, np.ndarray) else self._encode_words([doc])[0]
                for doc in documents
            ]
            ends = np.cumsum([len(part) for part in parts], dtype=np.int64)
            return np.concatenate(parts), ends
        # Empty arrays are left out, as they are often of float. To check all others together is ten times as
        # fast.
        full = [array for array in arrays if array.size]
        rows = self._check_rows(np.concatenate(full) if full else np.empty(0, np.int32))
        return rows, np.cumsum([len(array) for array in arrays], dtype=np.int64)

    def _encode_words(self, documents: Sequence[Document]) -> Encoding:
        words = [doc if type(doc) is list else self.words_of(doc) for doc in documents]
        ends = np.cumsum([len(document) for document in words], dtype=np.int64)
        every = itertools.chain.from_iterable(words)
        count = int(ends[-1]) if len(ends) else 0
        with _expect_words():
            if count > _WORDS_PER_ENCODER_WORD * len(self.key_to_index):
                block = SentenceEncoder(words, self.key_to_index).read(sys.maxsize)
                assert block is not None
                return block[0], block[1]
            rows = np.fromiter(map(self.key_to_index.get, every, itertools.repeat(-1)), np.int32, count)
        known = rows >= 0
        before = np.concatenate([[0], np.cumsum(known)])
        return rows[known], before[ends]

    def _check_rows(self, rows: Array) -> npt.NDArray[np.int32]:
        """Return `rows` as int32, checked."""
        if rows.ndim != 1 or (rows.size and rows.dtype.kind not in "iu"):
            raise TypeError(
                f"an array of {rows.dtype} {rows.shape} is not a document: give row numbers, integers in "
                "one dimension"
            )
        if rows.size and (int(rows.min()) < 0 or int(rows.max()) >= len(self.words)):
            raise ValueError(
                f"row numbers from {rows.min()} to {rows.max()} are outside the vocabulary: "
                f"give numbers from 0 to {len(self.words) - 1}"
            )
        return rows.astype(np.int32, copy=False)


@contextlib.contextmanager
def _expect_words() -> Iterator[None]:
    """Add to a TypeError of a word that is not hashable what was expected."""
    try:
        yield
    except TypeError as error:
        raise TypeError(
            f"{error}: give each document as a text or as the list of its words, which must be hashable"
        ) from error


class QuerySide:
    """The unit vectors (V, D) of the words of queries."""

    def __init__(self, rows: npt.NDArray[np.float32]) -> None:
        self.rows = rows

    def share_out(
        self, words: list[int], weights: Weights
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float64]]:
        """Return the vectors of words, and the share of each in their mean.

        Args:
            words (list of int): their rows.
            weights (array or None): float32 (V,), the weight of each word of the vocabulary; None: all equal.

        Returns:
            (float32 (Q, D), float64 (Q,)): unit vectors and shares; no shares if the words weigh nothing.
        """
        weighed = np.ones(len(words)) if weights is None else weights[words].astype(np.float64)
        total = weighed.sum()
        return self.rows[words], weighed / total if total > 0 else np.empty(0)


class DocumentSide:
    """The unit vectors (V, D) of the words of documents."""

    def __init__(self, rows: npt.NDArray[np.float32]) -> None:
        self.rows = rows

    def centroids(
        self, encoded: Encoding, weights: Weights
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
        """Return the centroids of documents.

        Args:
            encoded (pair of arrays): what `Lexicon.encode` returned of N documents.
            weights (array or None): float32 (V,), the weight of each word of the vocabulary; None: all equal.

        Returns:
            (float32 (N, D), bool (N,)): centroids of length 1, and which of them have a direction.
        """
        ids, ends = encoded
        out = np.empty((len(ends), self.rows.shape[1]), dtype=np.float32)
        known = np.zeros(len(ends), dtype=np.uint8)
        weighed = np.ones(len(self.rows), dtype=np.float32) if weights is None else weights
        unit_sums(self.rows, weighed, ids, ends, out, known)
        return out, known.view(np.bool_)


# --- out of a model ---


def _copied_if_gensims(model: Any) -> Any:
    """Return a model or vectors as they are, or a copy of ours if they are gensim's."""
    if not is_gensims(model):
        return model
    return (Word2Vec if hasattr(model, "train") else KeyedVectors).from_gensim(model)


def take_spaces(model: Any, wanted: set[Any]) -> dict[str, KeyedVectors]:
    """Return the wanted spaces of a model.

    Args:
        model (Word2Vec, or pair of KeyedVectors): a model, or its IN and OUT vectors; gensim's are copied.
        wanted (set of str): "in", "out" or both.

    Returns:
        dict of str to KeyedVectors: the spaces by name.

    Raises:
        AttributeError: OUT vectors are wanted, and the model has none.
        TypeError: this is not a model.
        ValueError: the two KeyedVectors do not belong together.
    """
    model = tuple(map(_copied_if_gensims, model)) if isinstance(model, tuple) else _copied_if_gensims(model)
    if isinstance(model, tuple):
        if len(model) != 2 or not all(isinstance(kv, KeyedVectors) for kv in model):
            raise TypeError(f"model={model!r:.60}: of a tuple give two KeyedVectors, (IN, OUT)")
        first, second = model
        if first.index_to_key != second.index_to_key or first.vector_size != second.vector_size:
            raise ValueError(
                "the IN and OUT vectors are of different models: give two with the same keys in the same "
                "order, and the same dimension"
            )
        spaces = {"in": first, "out": second}
        return {name: spaces[name] for name in sorted(wanted)}
    if isinstance(model, KeyedVectors):
        if wanted == {"in"}:
            return {"in": model}
        raise AttributeError(
            "these KeyedVectors are the vectors of one space: give the model or the pair (IN, OUT) of "
            "KeyedVectors, or spaces='in-in', which needs no OUT vectors"
        )
    if not hasattr(model, "wv"):
        raise TypeError(
            f"model is of type {type(model).__name__}: give a Word2Vec, or the pair (IN, OUT) of KeyedVectors"
        )
    names = sorted(wanted)
    if isinstance(model, Word2Vec):
        model = model._as_it_is()  # the two are of one state, and stay so
    return {name: model.wv if name == "in" else model.wv_out for name in names}


def make_unit(vectors: Array, center: bool) -> npt.NDArray[np.float32]:
    """Return the rows (V, D) with length 1. If `center`, their mean is subtracted first."""
    vectors = np.asarray(vectors, dtype=np.float32)
    if center:
        vectors = vectors - vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
    return np.ascontiguousarray(unit_rows(vectors), dtype=np.float32)


def fingerprint_of(words: list[Any], matrices: Mapping[str, Array]) -> str:
    """Return the SHA-256 of words and vectors, which is the same on every machine."""
    digest = hashlib.sha256(json.dumps(words, ensure_ascii=True, default=str).encode())
    for name in sorted(matrices):
        matrix = np.ascontiguousarray(matrices[name], dtype="<f4")
        digest.update(f"{name} {matrix.shape}".encode())
        digest.update(matrix.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def warn_of_little_text(model: Any) -> None:
    """Log a warning if a model remembers that it was trained on fewer than `ENOUGH_WORDS` words."""
    history = getattr(model, "history", None)
    if not history:
        return
    words = total_of(history, "words")
    if words < ENOUGH_WORDS:
        logger.warning(
            "the model was trained on %s words, all epochs together: rankings need %s or more, so give a "
            "small collection more epochs (50, say)",
            f"{words:,}",
            f"{ENOUGH_WORDS:,}",
        )


# --- weights of words ---


def idf(blocks: Iterable[Encoding], words: int) -> npt.NDArray[np.float32]:
    """Return ln(1 + (N − df + ½) / (df + ½)) for each word.

    Args:
        blocks (iterable of pairs of arrays): the documents, encoded by `Lexicon.encode` in blocks.
        words (int): V, the size of the vocabulary.

    Returns:
        float32 (V,): by row.
    """
    found = DocumentFrequencies(words)
    for rows, ends in blocks:
        found.add(rows, ends)
    return found.idf()
