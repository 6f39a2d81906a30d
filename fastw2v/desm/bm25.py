"""BM25 of documents that are added and removed, by the package `bm25s` (pip install 'fastw2v[desm]')."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v.formats import native
from fastw2v.formats.errors import FormatError

Array = npt.NDArray[Any]

DEFAULT_BM25 = (1.2, 0.75)  # k1 and b, as in Lucene
_LARGEST = 1e30
PAPER_BM25 = (1.7, 0.95)  # k1 and b, as in the paper on DESM


def are_constants(k1: float, b: float) -> bool:
    """Return whether these can be k1 and b.

    Args:
        k1 (float): how slowly repeated terms saturate; scores are float32, which it must fit.
        b (float): how much long documents lose.

    Returns:
        bool: whether both are in range.
    """
    return bool(0 <= k1 < _LARGEST and 0 <= b <= 1)


class BM25:
    """Documents as lists of terms, and their BM25 scores.

        score = Σ idf(t) · (k1 + 1) tf / (tf + k1 (1 − b + b |D| / mean |D|)) over the terms t of a query
        idf(t) = ln(1 + (N − df + ½) / (df + ½)), as in Lucene

    Lucene and bm25s leave out the constant k1 + 1. It is kept here, since it matters where scores are mixed
    as they are. The idf depends on every document, so the first query after a change computes all scores
    again.

    Args:
        k1 (float): how slowly repeated terms saturate, at least 0.
        b (float): how much long documents lose, from 0 to 1.

    Raises:
        ValueError: `k1` or `b` is out of range.
        ImportError: the package bm25s is not installed.

    Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework".
    """

    def __init__(self, k1: float = DEFAULT_BM25[0], b: float = DEFAULT_BM25[1]) -> None:
        if not are_constants(k1, b):
            raise ValueError(f"k1={k1}, b={b}: k1 must be finite and at least 0, and b between 0 and 1")
        self.k1, self.b = float(k1), float(b)
        self._terms: dict[Any, int] = {}
        self._documents: list[npt.NDArray[np.int32] | None] = []  # None: removed
        self._retriever: Any = None
        self._live: npt.NDArray[np.intp] | slice = slice(None)  # what the retriever has scores of
        _import_bm25s()  # say now, not at the first query, if it is missing

    def __len__(self) -> int:
        return len(self._documents)

    def extend(self, documents: Iterable[Iterable[Any]]) -> None:
        """Append documents.

        Args:
            documents (iterable of iterables): the terms of each document.
        """
        self._documents += [self._encode(document) for document in documents]
        self._retriever = None

    def replace(self, rows: Sequence[int], documents: Iterable[Iterable[Any]]) -> None:
        """Put other documents in the places of some.

        Args:
            rows (sequence of int): the places.
            documents (iterable of iterables): the terms of each new document.
        """
        for row, document in zip(rows, documents, strict=True):
            self._documents[row] = self._encode(document)
        self._retriever = None

    def remove(self, rows: Iterable[int]) -> None:
        """Remove documents. Their places stay, with score 0.

        Args:
            rows (iterable of int): their places.
        """
        for row in rows:
            self._documents[row] = None
        self._retriever = None

    def keep(self, rows: Iterable[int]) -> None:
        """Keep some documents and drop all others. Those that are kept move up.

        Args:
            rows (iterable of int): the places of the documents to keep.
        """
        self._documents = [self._documents[row] for row in rows]
        self._retriever = None

    def _encode(self, document: Iterable[Any]) -> npt.NDArray[np.int32]:
        terms = self._terms
        return np.array([terms.setdefault(term, len(terms)) for term in document], dtype=np.int32)

    def scores(self, query: Iterable[Any]) -> npt.NDArray[np.float32]:
        """Return the scores of all documents.

        Args:
            query (iterable of terms): the query's terms; those that no document has count nothing.

        Returns:
            float32 (N,): a score for each place.
        """
        terms = [self._terms[term] for term in query if term in self._terms]
        scores = np.zeros(len(self._documents), dtype=np.float32)
        if terms and self._retriever is None:
            self._compute()
        if terms and self._retriever is not None:
            scores[self._live] = self._retriever.get_scores_from_ids(terms)
        return scores * np.float32(self.k1 + 1)

    def _compute(self) -> None:
        """Compute the scores of every term, unless there are none."""
        live = [row for row, document in enumerate(self._documents) if document is not None]
        documents = [document.tolist() for document in self._documents if document is not None]
        if any(documents):
            retriever = self._make_retriever()
            retriever.index((documents, self._terms), create_empty_token=False, show_progress=False)
            self._live = np.array(live) if len(live) < len(self._documents) else slice(None)
            self._retriever = retriever

    def _make_retriever(self) -> Any:
        return _import_bm25s().BM25(k1=self.k1, b=self.b, method="lucene")

    def to_tensors(self) -> dict[str, Array]:
        """Return the arrays that `from_tensors` needs, by name.

        The scores of every term are among them, so that none is computed again. Documents may have been
        removed by `keep` only.
        """
        documents = [document for document in self._documents if document is not None]
        lengths = np.array([len(document) for document in documents], dtype=np.int64)
        tensors: dict[str, Array] = {
            "bm25_ends": np.cumsum(lengths),
            "bm25_ids": np.concatenate([np.empty(0, np.int32), *documents]),
            **native.pack_strings(self._terms, "bm25_terms"),
        }
        if self._retriever is None:
            self._compute()
        if self._retriever is not None:
            computed = self._retriever.scores
            tensors["bm25_data"] = computed["data"].astype(np.float32, copy=False)
            tensors["bm25_indices"] = computed["indices"].astype(np.int32, copy=False)
            tensors["bm25_indptr"] = computed["indptr"].astype(np.int64, copy=False)
        return tensors

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Array], size: int, k1: float, b: float) -> BM25:
        """Return the documents of which `to_tensors` gave the arrays.

        Args:
            tensors (mapping of str to array): the arrays.
            size (int): the number of documents.
            k1 (float): as in the constructor.
            b (float): as in the constructor.

        Returns:
            BM25: the documents, with their scores.

        Raises:
            FormatError: an array is missing, or holds what `to_tensors` cannot have given.
        """
        made = cls(k1, b)
        terms = native.unpack_strings(tensors, "bm25_terms")
        made._terms = {term: number for number, term in enumerate(terms)}
        if len(made._terms) != len(terms) or not {*map(type, terms)} <= {str, int, type(None)}:
            raise FormatError("a BM25 term is duplicate, or neither str nor int")
        ids = native.expect(tensors, "bm25_ids", np.int32, (None,))
        starts = np.concatenate([[0], native.expect(tensors, "bm25_ends", np.int64, (size,))])
        native.check_starts("bm25_ends", starts, len(ids))
        _check_range("bm25_ids", ids, len(terms))
        bounds = starts.tolist()
        made._documents = [ids[a:b] for a, b in zip(bounds, bounds[1:], strict=False)]
        if "bm25_data" in tensors:
            data = native.expect(tensors, "bm25_data", np.float32, (None,))
            indices = native.expect(tensors, "bm25_indices", np.int32, (len(data),))
            indptr = native.expect(tensors, "bm25_indptr", np.int64, (len(terms) + 1,))
            native.check_starts("bm25_indptr", indptr, len(data))
            _check_range("bm25_indices", indices, size)
            made._retriever = made._make_retriever()
            made._retriever.scores = {"data": data, "indices": indices, "indptr": indptr, "num_docs": size}
            made._retriever.nonoccurrence_array = None  # the method "lucene" has none
        return made


def _check_range(name: str, numbers: Array, size: int) -> None:
    if numbers.size and (int(numbers.min()) < 0 or int(numbers.max()) >= size):
        raise FormatError(f"array {name!r} holds numbers outside 0 to {size - 1}")


def _import_bm25s() -> Any:
    try:
        import bm25s
    except ImportError:
        raise ImportError("BM25 needs the package bm25s: pip install 'fastw2v[desm]'") from None
    return bm25s
