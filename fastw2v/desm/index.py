"""Documents ranked by the dual embedding space model (DESM).

    D̄ = (1/|D|) Σ d/|d| over the words d of a document             centroid of unit vectors
    DESM(Q, D) = (1/|Q|) Σ cos(q, D̄) over the words q of a query

with q looked up among the IN vectors and d among the OUT vectors, or otherwise as `spaces` says. Mitra,
Nalisnick, Craswell and Caruana 2016, "A Dual Embedding Space Model for Document Ranking", arXiv 1602.01137.
The score is linear in the centroid of length 1, so that of all documents is one product of a matrix with the
mean unit vector of the query's words.

    index = DESM(model).index(texts, ids=names, bm25=True)
    index.search("a question", k=10)                     # DESM alone
    index.search("a question", k=10, mix="raw")          # with BM25

Words that the model lacks are left out. A document with no known word, or a query, has no score: NaN.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import logging
import math
import operator
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Literal, Self

import numpy as np
import numpy.typing as npt

from fastw2v import evaluation
from fastw2v.desm._centroids import unit_sums, widen
from fastw2v.desm.bm25 import BM25
from fastw2v.formats import native
from fastw2v.formats.atomic import StrPath
from fastw2v.formats.errors import FormatError
from fastw2v.keyedvectors import KeyedVectors
from fastw2v.progress import Mode, make_progress
from fastw2v.query.cosines import top_places, unit_rows
from fastw2v.query.spaces import pair_of_spaces
from fastw2v.text._encoder import SentenceEncoder

if TYPE_CHECKING:
    from fastw2v.word2vec import Word2Vec

logger = logging.getLogger("fastw2v.desm")

Array = npt.NDArray[Any]
Document = str | Iterable[Any]
"""A text, the list of its words, or an array of row numbers in the model's vocabulary."""
Ranking = list[tuple[Any, float]]
Precision = Literal["float32", "float16", "int8"]
Mix = Literal["raw", "zscore", "rrf"]
Tokenizer = Callable[[str], Iterable[Any]]

ALPHAS: dict[str, float] = {"raw": 0.97, "zscore": 0.3, "rrf": 0.33}
"""The share of DESM in a mixture unless one is given; 0.97 is the paper's."""
RANK_CONSTANT = 60  # of reciprocal rank fusion: Cormack, Clarke and Büttcher 2009
PAPER_BM25 = (1.7, 0.95)  # k1 and b
ENOUGH_WORDS = 5_000_000  # trained, over all epochs: with fewer, rankings were no better than chance

_WORDS_PER_BLOCK = 1 << 20
_WORDS_PER_ENCODER_WORD = 4  # an encoder is three times as fast as a dict, but must be told the vocabulary
_ROWS_PER_BLOCK = 1 << 12  # of rounded centroids, made float32 at a time
_QUERIES_PER_BLOCK = 32
_LEVELS = 127  # of int8, on each side of 0

_WORD = re.compile(r"[^\W_]+")


def tokenize(text: str) -> list[str]:
    """Return the lower-cased runs of letters and digits."""
    return _WORD.findall(text.lower())


class DESM:
    """The two sides of the model: unit vectors for words of queries, and for words of documents.

    Made of a `Word2Vec`, or of two `KeyedVectors` with the same keys, (IN, OUT), as other programs write
    them. The vectors are copied: training on does not change a ranking. Memory: 4 V D bytes for each space.
    """

    def __init__(
        self,
        model: Word2Vec | tuple[KeyedVectors, KeyedVectors],
        spaces: str = "in-out",
        *,
        center: bool = True,
        weights: Literal["idf"] | Mapping[Any, float] | None = None,
        tokenizer: Tokenizer = tokenize,
        preset: Literal["paper"] | None = None,
    ) -> None:
        """`spaces`: where query and document words are looked up: "in-out", "in-in", "out-out", "out-in".

        `center` subtracts the mean of each space before lengths are made 1: OUT vectors point away from IN
        vectors on the whole, and without this the ranking of short documents suffers. `weights` of words in
        the means, on both sides: "idf" takes ln(1 + (N − df + ½) / (df + ½)) of the first documents indexed;
        a mapping may leave out words, they weigh nothing. `preset="paper"` is the model as published: not
        centred, and mixed with BM25 at k1 = 1.7, b = 0.95.

        AttributeError if `spaces` needs OUT vectors and the model has none.
        """
        if preset not in (None, "paper"):
            raise ValueError(f"preset={preset!r}: give 'paper' or None")
        first, second = pair_of_spaces(spaces)
        if {first, second} - {"in", "out"}:
            raise ValueError(f"spaces={spaces!r}: give 'in-out', 'in-in', 'out-out' or 'out-in'")
        if isinstance(weights, str) and weights != "idf":
            raise ValueError(f"weights={weights!r}: give 'idf', a mapping from words to numbers, or None")
        if not isinstance(weights, str | Mapping | None):
            raise TypeError(
                f"weights is a {type(weights).__name__}: give 'idf', or a mapping from words to numbers"
            )
        sides = _sides(model, {first, second})
        self.spaces = f"{first}-{second}"
        self.center = bool(center) and preset is None
        self.tokenizer = tokenizer
        self.bm25 = PAPER_BM25 if preset == "paper" else (1.2, 0.75)
        keys = sides[first]
        self.words = list(keys.index_to_key)
        self.key_to_index = dict(keys.key_to_index)
        if not self.words:
            raise ValueError("the model has no words: build a vocabulary and train first")
        self.weights: Literal["idf"] | npt.NDArray[np.float32] | None = (
            "idf" if isinstance(weights, str) else None if weights is None else self._weights_of(weights)
        )
        self.fingerprint = _fingerprint(self.words, {name: kv.vectors for name, kv in sides.items()})
        units = {name: self._unit(kv.vectors) for name, kv in sides.items()}
        self.query_rows: npt.NDArray[np.float32] = units[first]
        self.document_rows: npt.NDArray[np.float32] | None = units[second]
        _warn_of_little_text(model)

    def _unit(self, vectors: Array) -> npt.NDArray[np.float32]:
        vectors = np.asarray(vectors, dtype=np.float32)
        if self.center:
            vectors = vectors - vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
        return np.ascontiguousarray(unit_rows(vectors), dtype=np.float32)

    def _weights_of(self, weights: Mapping[Any, float]) -> npt.NDArray[np.float32]:
        made = np.array([weights.get(word, 0) for word in self.words], dtype=np.float32)
        if not (np.isfinite(made).all() and (made >= 0).all() and made.any()):
            raise ValueError("weights must be finite, not negative, and not 0 for all words of the model")
        return made

    def index(
        self,
        docs: Iterable[Document] = (),
        ids: Iterable[Any] | None = None,
        *,
        bm25: bool | tuple[float, float] = False,
        precision: Precision = "float32",
        progress: Mode = "auto",
    ) -> DESMIndex:
        """Return an index of documents, called 0, 1, 2, … unless `ids` (str or int) are given.

        `bm25` also indexes all their words for mixtures; (k1, b) are its settings. `precision` of the
        centroids: "float16" takes a half, "int8" a quarter of the memory.
        """
        constants = self.bm25 if bm25 is True else bm25
        if constants is not False and not (isinstance(constants, tuple | list) and len(constants) == 2):
            raise TypeError(f"bm25={bm25!r}: give True, False, or the pair (k1, b)")
        index = DESMIndex(self, BM25(*constants) if constants else None, precision)
        index.add(docs, ids, progress=progress)
        return index

    def words_of(self, document: Document) -> list[Any]:
        """Return the words of a document or query; of an array those that its numbers stand for."""
        if isinstance(document, str):
            return list(self.tokenizer(document))
        if isinstance(document, np.ndarray):
            return [self.words[row] for row in self._checked_rows(document).tolist()]
        if isinstance(document, bytes) or not isinstance(document, Iterable):
            raise TypeError(
                f"{document!r:.60} of type {type(document).__name__} is no document: "
                "give a text, the list of its words, or an array of row numbers"
            )
        return list(document)

    def held(self, document: Document) -> list[Any] | Array:
        """Return `document` as what can be read twice: the list of its words, or its row numbers."""
        return document if isinstance(document, list | np.ndarray) else self.words_of(document)

    def known(self, words: Iterable[Any]) -> list[Any]:
        """Return those of these words that the model has."""
        with _words_expected():
            return [word for word in words if word in self.key_to_index]

    def _checked_rows(self, rows: Array) -> npt.NDArray[np.int32]:
        if rows.ndim != 1 or (rows.size and rows.dtype.kind not in "iu"):
            raise TypeError(
                f"an array of {rows.dtype} {rows.shape} is no document: give row numbers, in one dimension"
            )
        if rows.size and (int(rows.min()) < 0 or int(rows.max()) >= len(self.words)):
            raise ValueError(
                f"row numbers from {rows.min()} to {rows.max()} are outside the vocabulary, "
                f"0 to {len(self.words) - 1}"
            )
        return rows.astype(np.int32, copy=False)

    def encode(self, documents: Sequence[Document]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
        """Return the row numbers of all known words, and where each document's end in them (N,)."""
        arrays = [document for document in documents if isinstance(document, np.ndarray)]
        if not arrays:
            return self._rows(documents)
        if len(arrays) < len(documents):
            parts = [
                self._checked_rows(doc) if isinstance(doc, np.ndarray) else self._rows([doc])[0]
                for doc in documents
            ]
            ends = np.cumsum([len(part) for part in parts], dtype=np.int64)
            return np.concatenate(parts), ends
        # Empty arrays are often of float; all others are checked together, which is ten times as fast.
        full = [array for array in arrays if array.size]
        rows = self._checked_rows(np.concatenate(full) if full else np.empty(0, np.int32))
        return rows, np.cumsum([len(array) for array in arrays], dtype=np.int64)

    def _rows(self, documents: Sequence[Document]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
        words = [doc if type(doc) is list else self.words_of(doc) for doc in documents]
        ends = np.cumsum([len(document) for document in words], dtype=np.int64)
        every = itertools.chain.from_iterable(words)
        count = int(ends[-1]) if len(ends) else 0
        with _words_expected():
            if count > _WORDS_PER_ENCODER_WORD * len(self.key_to_index):
                block = SentenceEncoder(words, self.key_to_index).read(sys.maxsize)
                assert block is not None
                return block[0], block[1]
            rows = np.fromiter(map(self.key_to_index.get, every, itertools.repeat(-1)), np.int32, count)
        known = rows >= 0
        before = np.concatenate([[0], np.cumsum(known)])
        return rows[known], before[ends]


@contextlib.contextmanager
def _words_expected() -> Iterator[None]:
    """Say what is due where a word turns out to be a list."""
    try:
        yield
    except TypeError as error:
        raise TypeError(
            f"{error}: a document is a text or the list of its words, each of them hashable"
        ) from error


@dataclass(frozen=True, repr=False)
class Explanation:
    """Why a document has its score: `score` is the sum of the parts in `words`, (query word, cosine, part).

    `unknown` are the query's words that the model lacks. Printed, it is a table.
    """

    id: Any
    score: float
    words: list[tuple[Any, float, float]]
    unknown: list[Any]

    def __str__(self) -> str:
        width = max([5, *(len(str(word)) for word, _, _ in self.words)])
        lines = [f"{'word':<{width}}  cosine     part"]
        lines += [f"{word!s:<{width}} {cosine:7.4f}  {part:7.4f}" for word, cosine, part in self.words]
        lines.append(f"{'score':<{width}} {'':7}  {self.score:7.4f}")
        if self.unknown:
            lines.append("unknown: " + ", ".join(map(str, self.unknown)))
        return "\n".join(lines)

    __repr__ = __str__


@dataclass(frozen=True)
class Tuned:
    """The share `alpha` of DESM with the largest mean `value`, of those in `curve`, {alpha: value}."""

    alpha: float
    value: float
    curve: dict[float, float]


class DESMIndex:
    """Documents that can be added, removed, replaced and searched; made by `DESM.index`.

    Each change takes time in proportion to the documents given; only BM25 is computed anew by the first
    search after it. One thread may change an index at a time, and nobody search it meanwhile.
    """

    def __init__(self, desm: DESM, bm25: BM25 | None = None, precision: Precision = "float32") -> None:
        self.desm = desm
        self.bm25 = bm25
        self.weights = None if isinstance(desm.weights, str) else desm.weights
        self._idf_due = isinstance(desm.weights, str)
        self._centroids = Centroids(desm.query_rows.shape[1], precision)
        self._ids: list[Any] = []  # by row, those removed too
        self._row: dict[Any, int] = {}
        self._removed: list[int] = []  # rows
        self._next_id = 0

    def __len__(self) -> int:
        return len(self._row)

    def __contains__(self, id: object) -> bool:
        return id in self._row

    def __repr__(self) -> str:
        return f"<DESMIndex of {len(self):,} documents, {self.desm.spaces}, {self._centroids.precision}>"

    @property
    def ids(self) -> list[Any]:
        """The documents' ids, in the order of `scores`."""
        return list(self._row)

    # --- documents ---

    def add(
        self, docs: Iterable[Document], ids: Iterable[Any] | None = None, *, progress: Mode = False
    ) -> None:
        """Add documents at the end. ValueError for ids that are there already; then none is added."""
        self._require_documents_side()
        rows, weights, next_id = len(self._ids), self.weights, self._next_id
        names = itertools.count(next_id) if ids is None else iter(ids)
        try:
            with make_progress(progress, None, "documents") as shown:
                for documents, encoded in self._blocks(docs):
                    centroids, known = self._computed(*encoded)
                    for name in itertools.islice(names, len(documents)):
                        self._take_name(name)
                    if len(self._ids) != len(self._centroids) + len(documents):
                        raise ValueError("there are fewer ids than documents")
                    self._centroids.extend(centroids, known)
                    if self.bm25 is not None:
                        self.bm25.extend(map(self.desm.words_of, documents))
                    shown.update(len(encoded[0]))
            if ids is not None and next(names, None) is not None:
                raise ValueError("there are more ids than documents")
        except BaseException:
            for name in self._ids[rows:]:
                if self._row.get(name, -1) >= rows:
                    del self._row[name]
            del self._ids[rows:]
            self._centroids.truncate(rows)
            if self.bm25 is not None and len(self.bm25) > rows:
                self.bm25.keep(range(rows))
            if self._idf_due:
                self.weights = weights
            raise
        self._idf_due = self._idf_due and not self._ids
        self._next_id = max(next_id, len(self._ids)) if ids is None else next_id

    def _take_name(self, name: Any) -> None:
        if not isinstance(name, str | int | np.integer):
            raise TypeError(f"an id must be str or int, not {name!r:.60}")
        name = name if isinstance(name, str) else int(name)
        if name in self._row:
            raise ValueError(f"document {name!r} is there already: update() replaces it")
        self._row[name] = len(self._ids)
        self._ids.append(name)

    def update(self, docs: Iterable[Document], ids: Iterable[Any]) -> None:
        """Put other documents in the places of those called `ids`. KeyError for an unknown id."""
        self._require_documents_side()
        rows = self._rows_of(ids)
        documents: list[Document] = [self.desm.held(document) for document in _listed(docs)]
        if len(rows) != len(documents):
            raise ValueError(f"{len(documents)} documents for {len(rows)} ids")
        if len(set(rows.tolist())) < len(rows):
            raise ValueError("an id stands twice")
        words = None if self.bm25 is None else [self.desm.words_of(document) for document in documents]
        self._centroids.replace(rows, *self._computed(*self.desm.encode(documents)))
        if self.bm25 is not None and words is not None:
            self.bm25.replace(rows.tolist(), words)

    def remove(self, ids: Iterable[Any]) -> None:
        """Remove documents. KeyError for an unknown id; then none is removed."""
        rows = self._rows_of(ids)
        for row in rows.tolist():
            if self._row.pop(self._ids[row], None) is not None:
                self._removed.append(row)
        if self.bm25 is not None:
            self.bm25.remove(rows.tolist())
        if len(self._row) * 2 < len(self._ids):
            self.compact()  # now and then, so that a removal takes constant time on the whole

    def compact(self) -> None:
        """Free the memory of removed documents."""
        rows = np.fromiter(self._row.values(), dtype=np.intp, count=len(self._row))
        if len(rows) == len(self._ids):
            return
        self._centroids.keep(rows)
        if self.bm25 is not None:
            self.bm25.keep(rows.tolist())
        self._ids = list(self._row)
        self._row = {name: row for row, name in enumerate(self._ids)}
        self._removed = []

    def _require_documents_side(self) -> None:
        if self.desm.document_rows is None:
            raise ValueError(
                "this index was loaded without its model, and has vectors for queries only: "
                "load it with model=... to change documents"
            )

    def _rows_of(self, ids: Iterable[Any]) -> npt.NDArray[np.intp]:
        try:
            return np.array([self._row[name] for name in ids], dtype=np.intp)
        except KeyError as error:
            raise KeyError(f"no document is called {error.args[0]!r}") from None
        except TypeError as error:
            raise TypeError(f"{ids!r:.60} are no ids ({error}): give a list of str or int") from error

    def _candidates(self, candidates: Mapping[Any, Iterable[Any]], query: Any) -> npt.NDArray[np.intp]:
        if query not in candidates:
            raise KeyError(f"candidates has no ids for the query {query!r}")
        rows = dict.fromkeys(self._rows_of(candidates[query]).tolist())  # a document is ranked but once
        return np.fromiter(rows, dtype=np.intp, count=len(rows))

    def _blocks(
        self, docs: Iterable[Document]
    ) -> Iterator[tuple[list[Document], tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]]]:
        """Yield documents with their encoding; all at once if their idf is due, as every word needs it."""
        in_words = map(self.desm.held, _listed(docs))  # a text is split but once, for BM25 too
        blocks = ((block, self.desm.encode(block)) for block in _by_size(in_words))
        if not self._idf_due:
            yield from blocks
            return
        held = list(blocks)
        if held:
            self.weights = _idf([encoded for _, encoded in held], len(self.desm.words))
        yield from held

    def _computed(
        self, rows: npt.NDArray[np.int32], ends: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
        """Return unit centroids (N, D), and which of them have a direction."""
        assert self.desm.document_rows is not None
        vectors = self.desm.document_rows
        out = np.empty((len(ends), vectors.shape[1]), dtype=np.float32)
        known = np.zeros(len(ends), dtype=np.uint8)
        weights = np.ones(len(vectors), dtype=np.float32) if self.weights is None else self.weights
        unit_sums(vectors, weights, rows, ends, out, known)
        return out, known.view(np.bool_)

    # --- queries ---

    def scores(self, query: Document, *, mix: Mix | None = None, alpha: float | None = None) -> Array:
        """Return the scores (N,) of all documents, in the order of `ids`; NaN where there is none."""
        return np.asarray(self._scores([query], self._live(), mix, alpha)[0])

    def search(
        self,
        query: Document,
        k: int = 10,
        *,
        candidates: Iterable[Any] | None = None,
        mix: Mix | None = None,
        alpha: float | None = None,
    ) -> Ranking:
        """Return the `k` best documents: `[(id, score), …]`; of equal scores the earlier document first.

        `candidates` are ids to rank, all others are left out; those without a score come last, in the order
        given, with NaN. Otherwise documents without a score are no answers. `mix` with BM25:

            "raw"     α DESM + (1 − α) BM25, the paper's, default α = 0.97
            "zscore"  the same after each score has mean 0 and deviation 1, α = 0.3
            "rrf"     reciprocal rank fusion, α / (60 + rank) + (1 − α) / (60 + rank), α = 0.33

        There a document that DESM has no opinion of is given the lowest DESM score of all, and a query none
        at all: BM25 alone decides. Means, deviations and ranks are those of the documents that are ranked.
        """
        chosen = None if candidates is None else {0: candidates}
        return self.search_many({0: query}, k, candidates=chosen, mix=mix, alpha=alpha)[0]

    def search_many(
        self,
        queries: Mapping[Any, Document],
        k: int = 10,
        *,
        candidates: Mapping[Any, Iterable[Any]] | None = None,
        mix: Mix | None = None,
        alpha: float | None = None,
        progress: Mode = False,
    ) -> dict[Any, Ranking]:
        """Return `search` of each query, by its name: a run, as `evaluation.evaluate_ranking` takes it."""
        k = _checked_count(k)
        if not isinstance(queries, Mapping):
            raise TypeError(
                f"queries is a {type(queries).__name__}: give {{name: query}}, or search() for one"
            )
        run: dict[Any, Ranking] = {}
        live = self._live()
        with make_progress(progress, len(queries), "ranking", "queries") as shown:
            for names in _portions(queries, 1 if candidates is not None else _QUERIES_PER_BLOCK):
                rows = live if candidates is None else self._candidates(candidates, names[0])
                scores = self._scores([queries[name] for name in names], rows, mix, alpha)
                for name, row in zip(names, scores, strict=True):
                    run[name] = self._best(row, rows, k, everything=candidates is not None)
                shown.update(len(names))
        return run

    def explain(self, query: Document, id: Any) -> Explanation:
        """Return how much each word of the query adds to the DESM score of one document."""
        (row,) = self._rows_of([id])
        words = self.desm.words_of(query)
        known = self.desm.known(words)
        cosines, shares = np.empty(0), np.empty(0)
        if known:
            rows, shares = self._query_rows(known)
            cosines = self._centroids.dots(rows, np.array([row]))[:, 0].astype(np.float64)
        if not len(shares) or not self._centroids.known[row]:
            return Explanation(id, math.nan, [], [word for word in words if word not in known])
        parts = list(zip(known, cosines.tolist(), (cosines * shares).tolist(), strict=True))
        return Explanation(
            id, math.fsum(part for _, _, part in parts), parts, [word for word in words if word not in known]
        )

    def tune(
        self,
        queries: Mapping[Any, Document],
        qrels: evaluation.Judgements,
        *,
        mix: Mix = "raw",
        measure: str = "nDCG@10",
        alphas: Sequence[float] | None = None,
        candidates: Mapping[Any, Iterable[Any]] | None = None,
        progress: Mode = False,
    ) -> Tuned:
        """Return the α, of 0, 0.01, … 1 unless given, that ranks these judged queries best.

        As the paper did on queries held apart for it: judge the result by other queries.
        """
        shares = [i / 100 for i in range(101)] if alphas is None else list(alphas)
        for share in shares:
            _check_mix(mix, share)
        judged = [name for name in queries if qrels.get(name)]
        if not judged or not shares:
            raise ValueError("nothing to tune on: no query has a judgement, or there are no alphas")
        depth = evaluation.cutoff_of(measure) or 1000
        totals = np.zeros(len(shares))
        live = self._live()
        with make_progress(progress, len(judged), "tuning", "queries") as shown:
            for names in _portions(judged, _QUERIES_PER_BLOCK):
                rows = [live if candidates is None else self._candidates(candidates, name) for name in names]
                both = [self._both(queries[name], row) for name, row in zip(names, rows, strict=True)]
                judgements = {name: qrels[name] for name in names}
                for place, alpha in enumerate(shares):
                    run = {
                        name: self._best(mixed(*scores, mix, alpha), row, depth)
                        for name, scores, row in zip(names, both, rows, strict=True)
                    }
                    found = evaluation.ranking_by_query(run, judgements, [measure])
                    totals[place] += sum(values[measure] for values in found.values())
                shown.update(len(names))
        values = (totals / len(judged)).tolist()
        best = int(np.argmax(values))
        return Tuned(shares[best], values[best], dict(zip(shares, values, strict=True)))

    def _live(self) -> npt.NDArray[np.intp] | slice:
        """The rows of all documents."""
        if len(self._row) == len(self._ids):
            return slice(0, len(self._ids))
        return np.delete(np.arange(len(self._ids)), self._removed)

    def _query_rows(self, words: list[Any]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float64]]:
        """Unit vectors (Q, D) of known words, and the share (Q,) that each has in the mean; empty if none."""
        rows = [self.desm.key_to_index[word] for word in words]
        weights = np.ones(len(rows)) if self.weights is None else self.weights[rows].astype(np.float64)
        total = weights.sum()
        return self.desm.query_rows[rows], weights / total if total > 0 else np.empty(0)

    def _mean(self, query: Document) -> npt.NDArray[np.float32] | None:
        """ū (D,), the mean unit vector of a query's words; None if it has no known one, or none of weight."""
        known = self.desm.known(self.desm.words_of(query))
        rows, shares = self._query_rows(known) if known else (np.empty(0), np.empty(0))
        return (shares @ rows).astype(np.float32) if len(shares) else None

    def _scores(
        self,
        queries: Sequence[Document],
        rows: npt.NDArray[np.intp] | slice,
        mix: Mix | None,
        alpha: float | None,
    ) -> Array:
        """Return the scores (Q, N) that the documents in `rows` have for each query."""
        _check_mix(mix, alpha)
        if mix is not None:
            share = ALPHAS[mix] if alpha is None else float(alpha)
            return np.stack([mixed(*self._both(query, rows), mix, share) for query in queries])
        means = [self._mean(query) for query in queries]
        zero = np.zeros(self.desm.query_rows.shape[1], dtype=np.float32)
        scores = self._centroids.dots(np.stack([zero if mean is None else mean for mean in means]), rows)
        scores[[mean is None for mean in means]] = np.nan
        unknown = np.flatnonzero(~self._centroids.known[rows])
        if unknown.size:
            scores[:, unknown] = np.nan
        return scores

    def _both(self, query: Document, rows: npt.NDArray[np.intp] | slice) -> tuple[Array, Array]:
        """The DESM and the BM25 scores (N,) of the documents in `rows`."""
        if self.bm25 is None:
            raise ValueError("this index has no BM25 to mix with: make it with index(..., bm25=True)")
        words = self.desm.words_of(query)
        return self._scores([words], rows, None, None)[0], self.bm25.scores(words)[rows]

    def _best(
        self, scores: Array, rows: npt.NDArray[np.intp] | slice, k: int, *, everything: bool = False
    ) -> Ranking:
        """The ids and scores of the `k` best; those without a score last, if `everything` is wanted."""
        none = np.isnan(scores)
        ranked = np.where(none, -np.inf, scores) if none.any() else scores
        places = top_places(ranked, min(k, len(ranked)))
        if not everything:
            places = places[~none[places]]
        numbers = places + rows.start if isinstance(rows, slice) else rows[places]
        names = [self._ids[row] for row in numbers.tolist()]
        return list(zip(names, scores[places].tolist(), strict=True))

    # --- files ---

    def save(self, fname_or_handle: StrPath | IO[bytes]) -> None:
        """Save to one file: centroids, ids, BM25, and the words with their vectors for queries.

        What else the model has stays in its own file; the index remembers its fingerprint.
        """
        self.compact()
        tensors = {
            **self._centroids.to_tensors(),
            **native.pack_strings(self._ids, "ids"),
            **native.pack_strings(self.desm.words, "vocab"),
            "query_rows": self.desm.query_rows,
        }
        if self.weights is not None:
            tensors["weights"] = self.weights
        if self.bm25 is not None:
            tensors |= self.bm25.to_tensors()
        settings = {
            "spaces": self.desm.spaces,
            "center": self.desm.center,
            "weights": None if self.desm.weights is None else "idf" if self._idf_due else "given",
            "tokenizer": "tokenize" if self.desm.tokenizer is tokenize else "custom",
            "precision": self._centroids.precision,
            "bm25": None if self.bm25 is None else [self.bm25.k1, self.bm25.b],
            "next_id": self._next_id,
            "fingerprint": self.desm.fingerprint,
        }
        native.write(fname_or_handle, tensors, {"kind": "DESMIndex", "desm": json.dumps(settings)})

    @classmethod
    def load(
        cls,
        fname: StrPath | IO[bytes],
        model: Word2Vec | tuple[KeyedVectors, KeyedVectors] | None = None,
        *,
        mmap: Literal["r", "c"] | None = None,
        tokenizer: Tokenizer | None = None,
        verify: Literal["structure", "full"] = "structure",
    ) -> Self:
        """Load what `save` wrote. Searching needs no model; adding documents needs the one it was made with.

        `mmap="r"` leaves the centroids in the file. ValueError if `model` is another one, or was trained on;
        or if the index was made with a tokenizer of its own and none is given here. `FormatError` for files
        that are no index.
        """
        tensors, metadata = native.read(fname, mmap, verify=verify)
        if metadata.get("kind") != "DESMIndex":
            kind = metadata.get("kind", "foreign file")
            raise FormatError(f"{fname}: not an index of documents but a {kind}")
        try:
            settings = _checked_settings(metadata.get("desm", ""))
            index = cls._of_tensors(tensors, settings)
        except FormatError as error:
            raise FormatError(f"{fname}: {error}") from None
        if settings["tokenizer"] == "custom" and tokenizer is None:
            raise ValueError(f"{fname} was made with a tokenizer of its own: load it with tokenizer=...")
        index.desm.tokenizer = tokenizer or tokenize
        if model is not None:
            made = DESM(model, settings["spaces"], center=settings["center"])
            if made.fingerprint != settings["fingerprint"]:
                raise ValueError(
                    f"{fname} was made with another model, or with this one before it was trained on"
                )
            index.desm.document_rows = made.document_rows
        return index

    @classmethod
    def _of_tensors(cls, tensors: Mapping[str, Array], settings: Mapping[str, Any]) -> Self:
        desm = DESM.__new__(DESM)
        desm.spaces, desm.center = settings["spaces"], settings["center"]
        desm.bm25 = tuple(settings["bm25"] or (1.2, 0.75))
        desm.fingerprint = settings["fingerprint"]
        desm.words = native.unpack_strings(tensors, "vocab")
        desm.key_to_index = {word: row for row, word in enumerate(desm.words) if word is not None}
        desm.query_rows = native.expect(tensors, "query_rows", np.float32, (len(desm.words), None))
        desm.document_rows = None
        desm.weights = "idf" if settings["weights"] == "idf" else None
        if settings["weights"] == "given":
            desm.weights = native.expect(tensors, "weights", np.float32, (len(desm.words),))
        index = cls(desm, None, settings["precision"])
        index._ids = native.unpack_strings(tensors, "ids")
        index._row = {name: row for row, name in enumerate(index._ids)}
        if len(index._row) != len(index._ids) or None in index._row:
            raise FormatError("an id stands twice, or is missing")
        index._next_id = settings["next_id"]
        dim = desm.query_rows.shape[1]
        index._centroids = Centroids.from_tensors(tensors, len(index._ids), dim, settings["precision"])
        if settings["bm25"]:
            index.bm25 = BM25.from_tensors(tensors, len(index._ids), *settings["bm25"])
        return index


class Centroids:
    """Unit rows (N, D), float32 or rounded, that can grow; `known` says which have a direction.

    An int8 row is rounded to 127ths of its largest component, which `scales` keeps.
    """

    def __init__(self, dim: int, precision: Precision = "float32") -> None:
        if precision not in ("float32", "float16", "int8"):
            raise ValueError(f"precision={precision!r}: give 'float32', 'float16' or 'int8'")
        self.precision: Precision = precision
        self._size = 0
        self._rows: Array = np.empty((0, dim), dtype=precision)
        self._scales: npt.NDArray[np.float32] = np.empty(0, dtype=np.float32)
        self._known: npt.NDArray[np.bool_] = np.empty(0, dtype=np.bool_)

    def __len__(self) -> int:
        return self._size

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """Which rows (N,) have a direction."""
        return self._known[: self._size]

    def _rounded(self, rows: npt.NDArray[np.float32]) -> tuple[Array, npt.NDArray[np.float32]]:
        if self.precision != "int8":
            return rows.astype(self.precision, copy=False), np.ones(len(rows), dtype=np.float32)
        scales = np.abs(rows).max(axis=1, initial=0) / np.float32(_LEVELS)
        levels = rows / np.where(scales > 0, scales, 1)[:, np.newaxis]
        return np.rint(levels).astype(np.int8), scales

    def extend(self, rows: npt.NDArray[np.float32], known: npt.NDArray[np.bool_]) -> None:
        """Append rows."""
        size = self._size + len(rows)
        if size > len(self._rows) or not self._rows.flags.writeable:
            # A first addition takes what it needs; later ones leave room, so that each row is moved twice.
            room = max(size, self._size * 3 // 2)
            self._rows = _grown(self._rows, self._size, room)
            self._scales = _grown(self._scales, self._size, room)
            self._known = _grown(self._known, self._size, room)
        new = slice(self._size, size)
        self._rows[new], self._scales[new] = self._rounded(rows)
        self._known[new] = known
        self._size = size

    def replace(
        self, places: npt.NDArray[np.intp], rows: npt.NDArray[np.float32], known: npt.NDArray[np.bool_]
    ) -> None:
        """Put other rows in these places."""
        if not self._rows.flags.writeable:  # mapped
            self.keep(np.arange(self._size))
        self._rows[places], self._scales[places] = self._rounded(rows)
        self._known[places] = known

    def truncate(self, size: int) -> None:
        """Forget the last rows."""
        self._size = min(size, self._size)

    def keep(self, places: npt.NDArray[np.intp]) -> None:
        """Keep these rows only, which rise."""
        self._rows, self._scales = self._rows[places], self._scales[places]
        self._known = self._known[places]
        self._size = len(places)

    def dots(
        self, vectors: npt.NDArray[np.float32], places: npt.NDArray[np.intp] | slice
    ) -> npt.NDArray[np.float32]:
        """Return the products (Q, N) of vectors (Q, D) with the rows at `places`."""
        if not isinstance(places, slice) and 2 * len(places) > self._size:
            return self.dots(vectors, slice(0, self._size))[:, places]  # to copy the rows takes longer
        rows = self._rows[places]
        if self.precision == "float32":
            # BLAS is fastest with one vector as such.
            if len(vectors) == 1:
                return np.asarray(rows @ vectors[0], dtype=np.float32)[np.newaxis]
            return np.asarray(vectors @ rows.T, dtype=np.float32)
        out = np.empty((len(vectors), len(rows)), dtype=np.float32)
        room = np.empty((min(len(rows), _ROWS_PER_BLOCK), rows.shape[1]), dtype=np.float32)
        for start in range(0, len(rows), _ROWS_PER_BLOCK):
            block = rows[start : start + _ROWS_PER_BLOCK]
            wide = room[: len(block)]
            if self.precision == "float16":
                widen(block.view(np.uint16), wide)
            else:
                wide[...] = block
            np.matmul(vectors, wide.T, out=out[:, start : start + len(block)])
        if self.precision == "int8":
            out *= self._scales[places]
        return out

    def to_tensors(self) -> dict[str, Array]:
        """Return what `from_tensors` needs."""
        return {
            "centroids": self._rows[: self._size],
            "scales": self._scales[: self._size],
            "known": self.known,
        }

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Array], size: int, dim: int, precision: Precision) -> Self:
        """Return `size` rows as `to_tensors` gave them."""
        made = cls(dim, precision)
        made._rows = native.expect(tensors, "centroids", np.dtype(precision), (size, dim))
        made._scales = native.expect(tensors, "scales", np.float32, (size,))
        made._known = native.expect(tensors, "known", np.bool_, (size,))
        made._size = size
        return made


def mixed(desm: Array, bm25: Array, mix: Mix, alpha: float) -> Array:
    """Return mixtures (N,) of DESM scores and BM25 scores; see `DESMIndex.search`.

    NaN where neither has anything to say: no DESM score, and none of the query's words.
    """
    known = ~np.isnan(desm)
    if not known.any():
        return np.where(bm25 > 0, bm25, np.nan)
    desm = np.where(known, desm, desm[known].min())
    if mix == "raw":
        scores = alpha * desm + (1 - alpha) * bm25
    elif mix == "zscore":
        scores = alpha * _standardized(desm) + (1 - alpha) * _standardized(bm25)
    else:
        scores = alpha * _reciprocal_ranks(desm, known) + (1 - alpha) * _reciprocal_ranks(bm25, bm25 > 0)
    return np.asarray(np.where(known | (bm25 > 0), scores, np.nan), dtype=np.float32)


def _standardized(scores: Array) -> Array:
    deviation = float(scores.std(dtype=np.float64))
    centered = scores - scores.mean(dtype=np.float64)
    return np.asarray(centered / deviation if deviation > 0 else centered)


def _reciprocal_ranks(scores: Array, ranked: Array) -> Array:
    """1 / (60 + rank) of those `ranked`, best 1; 0 of others."""
    order = np.argsort(-scores, kind="stable")
    order = order[ranked[order]]
    out = np.zeros(len(scores))
    out[order] = 1 / (RANK_CONSTANT + 1 + np.arange(len(order)))
    return out


def _check_mix(mix: Any, alpha: Any) -> None:
    if mix is not None and mix not in tuple(ALPHAS):
        raise ValueError(f"mix={mix!r}: give one of {', '.join(map(repr, ALPHAS))}, or None for DESM alone")
    if alpha is not None and mix is None:
        raise ValueError("alpha is the share of DESM in a mixture: give mix= too")
    if alpha is not None and not (isinstance(alpha, int | float | np.number) and 0 <= alpha <= 1):
        raise ValueError(f"alpha={alpha!r}: the share of DESM is a number that lies between 0 and 1")


def _checked_count(k: Any) -> int:
    try:
        k = operator.index(k)
    except TypeError:
        raise TypeError(f"k is {k!r}: it must be a whole number") from None
    if k < 1:
        raise ValueError(f"k={k}: ask for at least one document")
    return int(k)


def _sides(model: Any, wanted: set[Any]) -> dict[str, KeyedVectors]:
    """The wanted spaces of a model or pair, by name."""
    if isinstance(model, tuple):
        if len(model) != 2 or not all(isinstance(kv, KeyedVectors) for kv in model):
            raise TypeError("a model is needed, or the pair (IN, OUT) of KeyedVectors")
        first, second = model
        if first.index_to_key != second.index_to_key or first.vector_size != second.vector_size:
            raise ValueError("IN and OUT vectors must have the same keys in the same order, and dimension")
        spaces = {"in": first, "out": second}
        return {name: spaces[name] for name in sorted(wanted)}
    if isinstance(model, KeyedVectors):
        if wanted == {"in"}:
            return {"in": model}
        raise AttributeError(
            "these are the vectors of one space: OUT vectors are in the model, or the second of the pair "
            "(IN, OUT); spaces='in-in' needs none"
        )
    if not hasattr(model, "wv"):
        raise TypeError(
            f"a model is needed, or the pair (IN, OUT) of KeyedVectors, not {type(model).__name__}"
        )
    return {name: model.wv if name == "in" else model.wv_out for name in sorted(wanted)}


def _fingerprint(words: list[Any], matrices: Mapping[str, Array]) -> str:
    """SHA-256 of words and vectors: the same model has the same one on every machine."""
    digest = hashlib.sha256(json.dumps(words, ensure_ascii=True, default=str).encode())
    for name in sorted(matrices):
        matrix = np.ascontiguousarray(matrices[name], dtype="<f4")
        digest.update(f"{name} {matrix.shape}".encode())
        digest.update(matrix.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def _warn_of_little_text(model: Any) -> None:
    history = getattr(model, "history", None)
    if not history:
        return
    words = sum(epoch["words"] for epoch in history)
    if words < ENOUGH_WORDS:
        logger.warning(
            "the model was trained on %s words, all epochs together: rankings need %s or more, so give a "
            "small collection more epochs (50, say)", f"{words:,}", f"{ENOUGH_WORDS:,}",
        )  # fmt: skip


def _idf(
    blocks: Iterable[tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]], words: int
) -> npt.NDArray[np.float32]:
    """ln(1 + (N − df + ½) / (df + ½)) of each word (V,) in the documents of these blocks."""
    documents, frequency = 0, np.zeros(words, dtype=np.int64)
    for rows, ends in blocks:
        owners = np.repeat(np.arange(len(ends)), np.diff(ends, prepend=0))
        pairs = np.unique(owners * words + rows)
        frequency += np.bincount(pairs % words, minlength=words)
        documents += len(ends)
    return np.asarray(np.log(1 + (documents - frequency + 0.5) / (frequency + 0.5)), dtype=np.float32)


def _listed(docs: Iterable[Document]) -> Iterable[Document]:
    """`docs`; TypeError for what looks like many documents, and is none or one."""
    if isinstance(docs, str):
        raise TypeError("docs is one text: give a list of documents")
    if isinstance(docs, Mapping):
        raise TypeError("docs is a mapping: give its values() as docs, and the mapping itself as ids")
    return docs


def _by_size(docs: Iterable[list[Any] | Array]) -> Iterator[list[Document]]:
    """Yield documents in lists of about `_WORDS_PER_BLOCK` words."""
    block: list[Document] = []
    size = 0
    for document in docs:
        block.append(document)
        size += 1 + len(document)
        if size >= _WORDS_PER_BLOCK:
            yield block
            block, size = [], 0
    if block:
        yield block


def _portions(names: Iterable[Any], size: int) -> Iterator[list[Any]]:
    rest = iter(names)
    while portion := list(itertools.islice(rest, size)):
        yield portion


def _grown(array: Array, used: int, room: int) -> Array:
    grown = np.empty((room, *array.shape[1:]), dtype=array.dtype)
    grown[:used] = array[:used]
    return grown


def _checked_settings(text: str) -> dict[str, Any]:
    """The settings in a file's metadata; `FormatError` unless `DESMIndex.save` could have written them."""
    try:
        settings = json.loads(text)
    except (ValueError, RecursionError):
        settings = None
    kinds: dict[str, Any] = {
        "spaces": str, "center": bool, "tokenizer": str, "precision": str, "next_id": int, "fingerprint": str,
        "weights": str | None, "bm25": list | None,
    }  # fmt: skip
    if not isinstance(settings, dict) or settings.keys() != kinds.keys():
        raise FormatError("the settings of the index are missing")
    wrong = [name for name, kind in kinds.items() if not isinstance(settings[name], kind)]
    constants = settings["bm25"]
    if constants is not None and not (len(constants) == 2 and all(type(c) is float for c in constants)):
        wrong.append("bm25")
    if settings["precision"] not in ("float32", "float16", "int8"):
        wrong.append("precision")
    if wrong:
        raise FormatError(f"the settings {', '.join(wrong)} of the index make no sense")
    return settings
