"""`DocumentVectors`: what is fitted on some documents, and gives the vectors of these and of others."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sized
from concurrent.futures import Future
from itertools import chain
from typing import Any, Literal, NamedTuple, Self, get_args

import numpy as np
import numpy.typing as npt

from fastw2v.checks import finite, flag, not_vectors, one_of, whole
from fastw2v.documents._sums import means
from fastw2v.documents.reading import blocks_of, kept, left_out, parts_of
from fastw2v.documents.weights import DocumentFrequencies, sif_weights, weights_by_row
from fastw2v.memory import require_memory
from fastw2v.progress import Mode, make_progress
from fastw2v.query.computed import RowLengths
from fastw2v.query.cosines import unit_rows
from fastw2v.query.spaces import Space, checked_space
from fastw2v.text.ids import Block
from fastw2v.threads import Pool

Rows = npt.NDArray[np.float32]
Weights = Literal["idf", "sif"] | Mapping[Any, float] | None
"""What words weigh: all the same, idf or SIF of the documents fitted, or a number for each word."""
Unknown = Literal["skip", "zero", "error"]
"""What becomes of words without a vector."""

UNKNOWN: tuple[Unknown, ...] = get_args(Unknown)
_FITTED: tuple[Literal["idf", "sif"], ...] = ("idf", "sif")
_WEIGHTS_ADVICE = "give 'idf', 'sif', a mapping from words to numbers, or None"
# As float64 they take 32 MB. In tenths of that the threads of BLAS, which wait for each other after each,
# took 0.6 s for 20,000 rows on a busy machine, and one thread 0.02.
_NUMBERS_AT_A_TIME = 1 << 22
_GROWTH = 8  # a matrix that must grow leaves room for 1/8 more rows
_WAITING = 2  # blocks read ahead for each thread


class _Fitted(NamedTuple):
    """What is applied to documents: weights (V,), and the component (D,) that is removed, if any."""

    weights: Rows
    component: Rows | None


class DocumentVectors:
    """Vectors of documents as weighted means of the vectors of their words; fitted once, applied to any.

        v(d) = (1/n) Σ weight(w) v(w) over the words w of d

    n counts the words of d that have a vector and weigh anything, repeated ones each time. SIF (smooth
    inverse frequency) weighs a word by a / (a + p(w)), with p(w) its share of all words, and then takes from
    each v(d) its part along the first singular vector of the v(d) that were fitted, whose mean is not
    subtracted.

    Args:
        vectors (Word2Vec or KeyedVectors): vectors of words, as they are now; the matrix is shared.
        weights ("idf", "sif", mapping of word to float, or None): what words weigh. None: all the same, the
            plain mean. "idf": ln(1 + (N − df + ½) / (df + ½)) of the N documents fitted. "sif": as above,
            with the words' counts in the text that the vectors were trained on; where these are missing, or
            only numbered by rank as in files of the word2vec format, in the documents fitted. A mapping:
            words that it leaves out weigh 0.
        space (str): of a model, "in", "out", "in+out" or "concat", see `Word2Vec.vectors`. KeyedVectors are
            one space, which "in" stands for.
        unknown (str): words without a vector are left out ("skip"), counted in n as zeros ("zero"), or a
            KeyError ("error").
        pre_normalize (bool): whether vectors of words are brought to length 1 first.
        post_normalize (bool): whether vectors of documents are brought to length 1.
        a (float): of SIF; the paper takes 1e-3 to 1e-4.
        workers (int): threads that add up what the calling one reads; 1 leaves that to it as well.
        progress ("auto" or bool): see `Word2Vec`; nothing is shown of what is done at once.

    Raises:
        TypeError: `vectors` are something else, or an argument has the wrong type.
        ValueError: an argument is out of range, no word has a weight, or `space` is asked of KeyedVectors.
        AttributeError: the space needs OUT vectors, which the model does not have.

    Attributes:
        word_weights (array or None): float32 (V,), what each word weighs, by row; None before `fit`.
        component (array or None): float32 (D,), of length 1, what SIF removes.
        dimensions (int): D.

    Documents without any word that counts get zeros: `~made.any(axis=1)` tells which.

    Example:
        >>> from fastw2v.documents import DocumentVectors
        >>> sif = DocumentVectors(model, weights="sif").fit(sentences)
        >>> sif.transform([["the", "cat"], ["unheard"]]).any(axis=1).tolist()
        [True, False]

    Arora, Liang and Ma 2017, "A Simple but Tough-to-Beat Baseline for Sentence Embeddings", ICLR.
    """

    def __init__(
        self,
        vectors: Any,
        weights: Weights = None,
        *,
        space: Space = "in",
        unknown: Unknown = "skip",
        pre_normalize: bool = False,
        post_normalize: bool = False,
        a: float = 1e-3,
        workers: int = 1,
        progress: Mode = "auto",
    ) -> None:
        self._given = weights if isinstance(weights, Mapping) else _name_of(weights)
        self.unknown = one_of("unknown", unknown, UNKNOWN)
        self.pre_normalize = bool(flag("pre_normalize", pre_normalize))
        self.post_normalize = bool(flag("post_normalize", post_normalize))
        self.a = finite("a", a)
        if self.a <= 0:
            raise ValueError(f"a={a}: it must be above 0; 1e-3 is usual")
        self.workers = whole("workers", workers, 1)
        self.progress = progress
        self._words = words_of(vectors, space)
        self._fitted: _Fitted | None = None
        if self._given is None:
            self._fitted = _Fitted(np.ones(len(self._words.vectors), dtype=np.float32), None)
        elif isinstance(self._given, Mapping):
            self._fitted = _Fitted(weights_by_row(self._words.index_to_key, self._given), None)

    @property
    def word_weights(self) -> Rows | None:
        """What each word weighs, float32 (V,) by row; None before `fit`."""
        return None if self._fitted is None else self._fitted.weights

    @property
    def component(self) -> Rows | None:
        """What SIF removes, float32 (D,) of length 1; None without SIF, or before `fit`."""
        return None if self._fitted is None else self._fitted.component

    @property
    def dimensions(self) -> int:
        """How many numbers the vector of a document has."""
        return int(self._words.vectors.shape[1])

    def fit(self, docs: Iterable[Any]) -> Self:
        """Learn idf, or SIF's weights and component, of documents. With other weights nothing is read.

        Args:
            docs (iterable of lists of words): as in `transform`.

        Returns:
            DocumentVectors: this object.

        Raises:
            TypeError: these are not lists of words.
            KeyError: a word has no vector, and `unknown` is "error".

        Example:
            >>> from fastw2v.documents import DocumentVectors
            >>> idf = DocumentVectors(model.wv, "idf").fit(sentences).word_weights
            >>> bool(idf[model.wv.get_index("says")] < idf[model.wv.get_index("cow")])
            True
        """
        if self._given in _FITTED:
            blocks, weights = self._weigh(docs)
            fitted = _Fitted(weights, None)
            if self._given == "sif":
                fitted = _Fitted(weights, common_component(self._means(blocks, weights, docs)))
            self._fitted = fitted
        return self

    def transform(self, docs: Iterable[Any]) -> Rows:
        """Return the vectors of documents.

        Args:
            docs (iterable of lists of words): the documents, in any form that `Word2Vec` takes sentences in;
                generators are read once and a part at a time. Of a `LineSentence` blank lines are no
                documents.

        Returns:
            array: float32 (N, D), a row for each document in its order; zeros for one without a word that
            counts.

        Raises:
            RuntimeError: "idf" or "sif" was not fitted.
            TypeError: these are not lists of words.
            KeyError: a word has no vector, and `unknown` is "error".
        """
        fitted = self._fitted
        if fitted is None:
            raise RuntimeError(
                f"weights={self._given!r} depend on documents: call fit(docs) first, or fit_transform(docs)"
            )
        return self._finish(self._means(self._read(docs), fitted.weights, docs), fitted)

    def fit_transform(self, docs: Iterable[Any]) -> Rows:
        """Return what `fit(docs).transform(docs)` does; the documents are read once.

        Args:
            docs (iterable of lists of words): as in `transform`.

        Returns:
            array: float32 (N, D).

        Raises:
            TypeError: these are not lists of words.
            KeyError: a word has no vector, and `unknown` is "error".
        """
        if self._given not in _FITTED:
            return self.transform(docs)
        blocks, weights = self._weigh(docs)
        made = self._means(blocks, weights, docs)
        self._fitted = fitted = _Fitted(weights, common_component(made) if self._given == "sif" else None)
        return self._finish(made, fitted)

    def _read(self, docs: Any) -> Iterator[Block]:
        all_known = self.unknown == "error"
        return blocks_of(docs, self._words.key_to_index, all_known=all_known, threads=self.workers)

    def _weigh(self, docs: Any) -> tuple[Iterator[Block], Rows]:
        """Return documents as blocks, and the weights of words that follow from them."""
        rows = len(self._words.vectors)
        counts = self._counts() if self._given == "sif" else None
        if counts is not None:
            return self._read(docs), sif_weights(counts, self.a)
        whole = kept(self._read(docs))
        if self._given == "idf":
            found = DocumentFrequencies(rows)
            found.add(*whole[:2])
            return parts_of(whole), found.idf()
        return parts_of(whole), sif_weights(np.bincount(whole[0], minlength=rows), self.a)

    def _counts(self) -> npt.NDArray[Any] | None:
        """Return how often each word occurred, (V,); None if that is not known."""
        counts = self._words.expandos.get("count")
        if not isinstance(counts, np.ndarray) or len(counts) != len(self._words.vectors):
            return None
        ranked = np.array_equal(counts, np.arange(len(counts), 0, -1))  # by `load_word2vec_format`
        return None if ranked else counts

    def _means(self, blocks: Iterator[Block], weights: Rows, docs: Any) -> Rows:
        """Return the weighted means of documents (N, D)."""
        rows = np.ascontiguousarray(self._words.vectors, dtype=np.float32)
        if self.pre_normalize:
            lengths = np.asarray(RowLengths(rows))
            weights = np.divide(weights, lengths, out=np.zeros_like(weights), where=lengths > 0)
        made = _Growing(len(docs) if isinstance(docs, Sized) else 0, rows.shape[1])
        ahead = list(_some(blocks, 2))
        total = len(docs) if isinstance(docs, Sized) else None
        shown = make_progress(self.progress if len(ahead) > 1 else False, total, "documents", "documents")
        with shown as progress:
            for part in self._in_threads(chain(ahead, blocks), rows, weights):
                made.append(part)
                progress.update(len(part))
        return made.finish()

    def _in_threads(self, blocks: Iterable[Block], rows: Rows, weights: Rows) -> Iterator[Rows]:
        """Yield the means of each block, in order."""
        if self.workers == 1:
            yield from (self._of_block(block, rows, weights) for block in blocks)
            return
        pool = Pool(self.workers)
        waiting: deque[Future[Rows]] = deque()
        try:
            for block in blocks:
                waiting.append(pool.submit(self._of_block, block, rows, weights))
                if len(waiting) > _WAITING * self.workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)

    def _of_block(self, block: Block, rows: Rows, weights: Rows) -> Rows:
        ids, ends, _ = block
        zeros = left_out(block) if self.unknown == "zero" else np.zeros(len(ends), dtype=np.int64)
        out = np.zeros((len(ends), rows.shape[1]), dtype=np.float32)
        means(rows, weights, ids, ends, zeros, out, np.empty(len(ends), dtype=np.uint8))
        return out

    def _finish(self, made: Rows, fitted: _Fitted) -> Rows:
        """Return the rows, which are this object's own, without the common component and of length 1."""
        if fitted.component is not None:
            for part in _parts(made):
                part -= np.outer(part @ fitted.component, fitted.component)
        return np.asarray(unit_rows(made), dtype=np.float32) if self.post_normalize else made


class _Growing:
    """Rows that come in parts, of which it may not be known how many there will be."""

    def __init__(self, expected: int, dim: int) -> None:
        require_memory(4 * expected * dim, f"vectors of {expected:,} documents", "give them in parts")
        self._rows: Rows = np.empty((expected, dim), dtype=np.float32)
        self._used = 0

    def append(self, rows: Rows) -> None:
        end = self._used + len(rows)
        if end > len(self._rows):
            self._rows.resize((end + end // _GROWTH, self._rows.shape[1]), refcheck=False)
        self._rows[self._used : end] = rows
        self._used = end

    def finish(self) -> Rows:
        if self._used < len(self._rows):
            self._rows.resize((self._used, self._rows.shape[1]), refcheck=False)
        return self._rows


def _some(blocks: Iterator[Block], count: int) -> Iterator[Block]:
    """Yield the first blocks, at most so many."""
    for _, block in zip(range(count), blocks, strict=False):
        yield block


def _name_of(weights: Any) -> Literal["idf", "sif"] | None:
    if weights is None:
        return None
    if not isinstance(weights, str):
        raise TypeError(f"weights is of type {type(weights).__name__}: {_WEIGHTS_ADVICE}")
    return one_of("weights", weights, _FITTED, _WEIGHTS_ADVICE)


def words_of(vectors: Any, space: Space = "in") -> Any:
    """Return the KeyedVectors of a space as they are now.

    Args:
        vectors (Word2Vec or KeyedVectors): a model, or the vectors of one space.
        space (str): which space of a model.

    Returns:
        KeyedVectors: an object that stays as it is; its matrix is shared.

    Raises:
        TypeError: `vectors` are something else.
        ValueError: there is no such space, or another than "in" is asked of KeyedVectors.
    """
    space = checked_space(space)
    if hasattr(vectors, "_spaces"):
        return vectors._spaces(space)[0]
    if not (hasattr(vectors, "_as_it_is") and hasattr(vectors, "key_to_index")):
        raise TypeError(not_vectors("vectors", vectors))
    if space != "in":
        raise ValueError(f"space={space!r} is asked of KeyedVectors, which are one space: give the model")
    return vectors._as_it_is()


def _parts(rows: Rows) -> Iterator[Rows]:
    """Yield the rows, some at a time, as views."""
    size = max(1, _NUMBERS_AT_A_TIME // max(1, rows.shape[1]))
    return (rows[start : start + size] for start in range(0, len(rows), size))


def common_component(rows: Rows) -> Rows:
    """Return the first right singular vector of a matrix, whose mean is not subtracted.

    Args:
        rows (array): float32 (N, D).

    Returns:
        array: float32 (D,), of length 1; zeros if there are only zeros.

    Raises:
        ValueError: a row holds NaN or infinity.
    """
    dim = rows.shape[1]
    square = np.zeros((dim, dim))
    for part in _parts(rows):
        wide = part.astype(np.float64)
        square += wide.T @ wide
    if not np.isfinite(square).all():
        raise ValueError("vectors of documents hold NaN or infinity, so they have no common component")
    values, directions = np.linalg.eigh(square)  # of a D x D matrix: the rows may be millions
    return np.asarray(directions[:, -1] * (values[-1] > 0), dtype=np.float32)
