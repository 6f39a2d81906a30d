"""`DESM`, the model for ranking, and `DESMIndex`, documents that are added, removed and searched."""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any, Literal, Self

import numpy as np
import numpy.typing as npt

from fastw2v import evaluation
from fastw2v.desm import files
from fastw2v.desm.answers import Explanation, Ranking, Tuned
from fastw2v.desm.bm25 import BM25, DEFAULT_BM25, PAPER_BM25
from fastw2v.desm.centroids import Centroids
from fastw2v.desm.mixing import ALPHAS, check_mix, mixed
from fastw2v.desm.sides import (
    Document,
    DocumentSide,
    Encoding,
    Lexicon,
    QuerySide,
    Tokenizer,
    fingerprint_of,
    idf,
    make_unit,
    take_spaces,
    tokenize,
    warn_of_little_text,
    weights_by_row,
)
from fastw2v.desm.store import DocumentStore, Rows
from fastw2v.formats.atomic import StrPath
from fastw2v.progress import Mode, make_progress
from fastw2v.query.choices import RANKS, SPACE_PAIRS, Mix, Precision, either
from fastw2v.query.cosines import top_places, unit_rows
from fastw2v.query.spaces import pair_of_spaces

if TYPE_CHECKING:
    from fastw2v.keyedvectors import KeyedVectors
    from fastw2v.word2vec import Word2Vec

Array = npt.NDArray[Any]

_WORDS_PER_BLOCK = 1 << 20
_QUERIES_PER_BLOCK = 32


class DESM(Lexicon):
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
        if f"{first}-{second}" not in SPACE_PAIRS:
            raise ValueError(f"spaces={spaces!r}: give {either(SPACE_PAIRS)}")
        if isinstance(weights, str) and weights != "idf":
            raise ValueError(f"weights={weights!r}: give 'idf', a mapping from words to numbers, or None")
        if not isinstance(weights, str | Mapping | None):
            raise TypeError(
                f"weights is a {type(weights).__name__}: give 'idf', or a mapping from words to numbers"
            )
        vectors = take_spaces(model, {first, second})
        words = list(vectors[first].index_to_key)
        if not words:
            raise ValueError("the model has no words: build a vocabulary and train first")
        centered = bool(center) and preset is None
        given = weights_by_row(words, weights) if isinstance(weights, Mapping) else weights
        fingerprint = fingerprint_of(words, {name: kv.vectors for name, kv in vectors.items()})
        units = {name: make_unit(kv.vectors, centered) for name, kv in vectors.items()}
        self._take(
            words,
            dict(vectors[first].key_to_index),
            tokenizer,
            spaces=f"{first}-{second}",
            center=centered,
            weights=given,
            bm25=PAPER_BM25 if preset == "paper" else DEFAULT_BM25,
            fingerprint=fingerprint,
            query_side=QuerySide(units[first]),
            document_side=DocumentSide(units[second]),
        )
        warn_of_little_text(model)

    @classmethod
    def _of_saved(
        cls, saved: files.SavedIndex, tokenizer: Tokenizer, document_side: DocumentSide | None
    ) -> Self:
        """Return what a saved index was made with; without a documents' side it serves searching only."""
        made = cls.__new__(cls)
        made._take(
            saved.words,
            {word: row for row, word in enumerate(saved.words) if word is not None},
            tokenizer,
            spaces=saved.spaces,
            center=saved.center,
            weights=saved.weights,
            bm25=saved.bm25,
            fingerprint=saved.fingerprint,
            query_side=QuerySide(saved.query_rows),
            document_side=document_side,
        )
        return made

    def _take(
        self,
        words: list[Any],
        key_to_index: dict[Any, int],
        tokenizer: Tokenizer,
        *,
        spaces: str,
        center: bool,
        weights: Literal["idf"] | npt.NDArray[np.float32] | None,
        bm25: tuple[float, float],
        fingerprint: str,
        query_side: QuerySide,
        document_side: DocumentSide | None,
    ) -> None:
        """Set all attributes: both constructors end here."""
        Lexicon.__init__(self, words, key_to_index, tokenizer)
        self.spaces = spaces
        self.center = center
        self.weights = weights
        self.bm25 = bm25
        self.fingerprint = fingerprint
        self._query_side = query_side
        self._document_side = document_side

    @property
    def query_rows(self) -> npt.NDArray[np.float32]:
        """The unit vectors (V, D) of the words of queries."""
        return self._query_side.rows

    @property
    def document_rows(self) -> npt.NDArray[np.float32] | None:
        """The unit vectors (V, D) of the words of documents; None in an index loaded without its model."""
        return None if self._document_side is None else self._document_side.rows

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


class DESMIndex:
    """Documents that can be added, removed, replaced and searched; made by `DESM.index`.

    Each change takes time in proportion to the documents given; only BM25 is computed anew by the first
    search after it. One thread may change an index at a time, and nobody search it meanwhile.
    """

    def __init__(self, desm: DESM, bm25: BM25 | None = None, precision: Precision = "float32") -> None:
        self.desm = desm
        self.weights = None if isinstance(desm.weights, str) else desm.weights
        self._documents = DocumentStore(Centroids(desm.query_rows.shape[1], precision), bm25)

    @classmethod
    def from_vectors(
        cls,
        desm: DESM,
        vectors: Array | Iterable[Array],
        ids: Iterable[Any] | None = None,
        *,
        precision: Precision = "float32",
    ) -> Self:
        """Return an index of documents whose vectors were computed elsewhere.

        Args:
            desm: the model whose space of document words the vectors are in.
            vectors: array (N, D), or an iterable of such blocks where all at once would not fit in memory.
                Their lengths are made 1; a vector without a direction has no score.
            ids: str or int for each; 0, 1, 2, … by default.
            precision: of the rows kept, as in `DESM.index`.

        Returns:
            The index, without BM25.

        Raises:
            ValueError: if the dimension is another, an id occurs twice, or there are more ids than vectors,
                or fewer.
            TypeError: if an id is neither str nor int.
        """
        index = cls(desm, precision=precision)
        dim = desm.query_rows.shape[1]
        names = itertools.count() if ids is None else iter(ids)
        for block in [vectors] if isinstance(vectors, np.ndarray) else vectors:
            if block.ndim != 2 or block.shape[1] != dim:
                raise ValueError(f"vectors of shape {block.shape}: give (N, {dim})")
            units = np.asarray(unit_rows(block), dtype=np.float32)
            known = np.asarray(units.any(axis=1))
            index._documents.append(itertools.islice(names, len(units)), units, known, ())
        if ids is not None and next(names, None) is not None:
            raise ValueError("there are more ids than documents")
        return index

    def __len__(self) -> int:
        return len(self._documents.row_of)

    def __contains__(self, id: object) -> bool:
        return id in self._documents.row_of

    def __repr__(self) -> str:
        precision = self._documents.centroids.precision
        return f"<DESMIndex of {len(self):,} documents, {self.desm.spaces}, {precision}>"

    @property
    def ids(self) -> list[Any]:
        """The documents' ids, in the order of `scores`."""
        return list(self._documents.row_of)

    @property
    def bm25(self) -> BM25 | None:
        """The same documents for BM25, if they were indexed for it."""
        return self._documents.bm25

    # --- documents ---

    def add(
        self, docs: Iterable[Document], ids: Iterable[Any] | None = None, *, progress: Mode = False
    ) -> None:
        """Add documents at the end. ValueError for ids that are there already; then none is added."""
        side = self._require_document_side()
        store, weights = self._documents, self.weights
        size, next_id = len(store), store.next_id
        names = itertools.count(next_id) if ids is None else iter(ids)
        try:
            with make_progress(progress, None, "documents") as shown:
                for documents, encoded in self._encode_blocks(docs):
                    centroids, known = side.centroids(encoded, self.weights)
                    words = map(self.desm.words_of, documents)
                    store.append(itertools.islice(names, len(documents)), centroids, known, words)
                    shown.update(len(encoded[0]))
            if ids is not None and next(names, None) is not None:
                raise ValueError("there are more ids than documents")
        except BaseException:
            store.truncate(size, next_id)
            self.weights = weights
            raise

    def update(self, docs: Iterable[Document], ids: Iterable[Any]) -> None:
        """Put other documents in the places of those called `ids`. KeyError for an unknown id."""
        side = self._require_document_side()
        rows = self._documents.rows_of(ids)
        documents: list[Document] = [self.desm.held(document) for document in _check_docs(docs)]
        if len(rows) != len(documents):
            raise ValueError(f"{len(documents)} documents for {len(rows)} ids")
        if len(set(rows.tolist())) < len(rows):
            raise ValueError("an id stands twice")
        words = [] if self.bm25 is None else [self.desm.words_of(document) for document in documents]
        centroids, known = side.centroids(self.desm.encode(documents), self.weights)
        self._documents.replace(rows, centroids, known, words)

    def remove(self, ids: Iterable[Any]) -> None:
        """Remove documents. KeyError for an unknown id; then none is removed."""
        self._documents.remove(self._documents.rows_of(ids))

    def compact(self) -> None:
        """Free the memory of removed documents."""
        self._documents.compact()

    def _require_document_side(self) -> DocumentSide:
        if self.desm._document_side is None:
            raise ValueError(
                "this index was loaded without its model, and has vectors for queries only: "
                "load it with model=... to change documents"
            )
        return self.desm._document_side

    @property
    def _waits_for_idf(self) -> bool:
        """Whether words will weigh what the first documents say, and there were none yet."""
        return isinstance(self.desm.weights, str) and self.weights is None

    def _encode_blocks(self, docs: Iterable[Document]) -> Iterator[tuple[list[Document], Encoding]]:
        """Yield documents with their encoding; all at once if their idf is due, as every word needs it."""
        in_words = map(self.desm.held, _check_docs(docs))  # a text is split but once, for BM25 too
        blocks = ((block, self.desm.encode(block)) for block in _split_by_size(in_words))
        if not self._waits_for_idf:
            yield from blocks
            return
        held = list(blocks)
        if held:
            self.weights = idf([encoded for _, encoded in held], len(self.desm.words))
        yield from held

    # --- queries ---

    def scores(self, query: Document, *, mix: Mix | None = None, alpha: float | None = None) -> Array:
        """Return the scores (N,) of all documents, in the order of `ids`; NaN where there is none."""
        return np.asarray(self._score([query], self._documents.live(), mix, alpha)[0])

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
        k = _check_count(k)
        if not isinstance(queries, Mapping):
            raise TypeError(
                f"queries is a {type(queries).__name__}: give {{name: query}}, or search() for one"
            )
        run: dict[Any, Ranking] = {}
        live = self._documents.live()
        with make_progress(progress, len(queries), "ranking", "queries") as shown:
            for names in _portions(queries, 1 if candidates is not None else _QUERIES_PER_BLOCK):
                rows = live if candidates is None else self._candidates(candidates, names[0])
                scores = self._score([queries[name] for name in names], rows, mix, alpha)
                for name, row in zip(names, scores, strict=True):
                    run[name] = self._rank(row, rows, k, everything=candidates is not None)
                shown.update(len(names))
        return run

    def explain(self, query: Document, id: Any) -> Explanation:
        """Return how much each word of the query adds to the DESM score of one document."""
        rows = self._documents.rows_of([id])
        words = self.desm.words_of(query)
        known = self.desm.known(words)
        unknown = [word for word in words if word not in known]
        vectors, shares = self._share_out(known)
        if not len(shares) or not self._documents.centroids.known[rows[0]]:
            return Explanation(id, math.nan, [], unknown)
        cosines = self._documents.centroids.dots(vectors, rows)[:, 0].astype(np.float64)
        parts = list(zip(known, cosines.tolist(), (cosines * shares).tolist(), strict=True))
        return Explanation(id, math.fsum(part for _, _, part in parts), parts, unknown)

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
            check_mix(mix, share)
        judged = [name for name in queries if qrels.get(name)]
        if not judged or not shares:
            raise ValueError("nothing to tune on: no query has a judgement, or there are no alphas")
        depth = evaluation.cutoff_of(measure) or RANKS
        totals = np.zeros(len(shares))
        live = self._documents.live()
        with make_progress(progress, len(judged), "tuning", "queries") as shown:
            for names in _portions(judged, _QUERIES_PER_BLOCK):
                rows = [live if candidates is None else self._candidates(candidates, name) for name in names]
                both = [self._score_both(queries[name], row) for name, row in zip(names, rows, strict=True)]
                judgements = {name: qrels[name] for name in names}
                for place, alpha in enumerate(shares):
                    run = {
                        name: self._rank(mixed(*scores, mix, alpha), row, depth)
                        for name, scores, row in zip(names, both, rows, strict=True)
                    }
                    found = evaluation.ranking_by_query(run, judgements, [measure])
                    totals[place] += sum(values[measure] for values in found.values())
                shown.update(len(names))
        values = (totals / len(judged)).tolist()
        best = int(np.argmax(values))
        return Tuned(shares[best], values[best], dict(zip(shares, values, strict=True)))

    def _candidates(self, candidates: Mapping[Any, Iterable[Any]], query: Any) -> npt.NDArray[np.intp]:
        if query not in candidates:
            raise KeyError(f"candidates has no ids for the query {query!r}")
        # A document is ranked but once.
        rows = dict.fromkeys(self._documents.rows_of(candidates[query]).tolist())
        return np.fromiter(rows, dtype=np.intp, count=len(rows))

    def _score(self, queries: Sequence[Document], rows: Rows, mix: Mix | None, alpha: float | None) -> Array:
        """Return the scores (Q, N) that the documents in `rows` have for each query."""
        check_mix(mix, alpha)
        if mix is None:
            return self._score_by_desm(queries, rows)
        share = ALPHAS[mix] if alpha is None else float(alpha)
        return np.stack([mixed(*self._score_both(query, rows), mix, share) for query in queries])

    def _score_by_desm(self, queries: Sequence[Document], rows: Rows) -> Array:
        """Return the DESM scores (Q, N); NaN where a query or a document has no known word."""
        means = [self._mean(query) for query in queries]
        zero = np.zeros(self.desm.query_rows.shape[1], dtype=np.float32)
        centroids = self._documents.centroids
        scores = centroids.dots(np.stack([zero if mean is None else mean for mean in means]), rows)
        scores[[mean is None for mean in means]] = np.nan
        unknown = np.flatnonzero(~centroids.known[rows])
        if unknown.size:
            scores[:, unknown] = np.nan
        return scores

    def _score_both(self, query: Document, rows: Rows) -> tuple[Array, Array]:
        """Return the DESM and the BM25 scores (N,) of the documents in `rows`."""
        if self.bm25 is None:
            raise ValueError("this index has no BM25 to mix with: make it with index(..., bm25=True)")
        words = self.desm.words_of(query)
        return self._score_by_desm([words], rows)[0], self.bm25.scores(words)[rows]

    def _mean(self, query: Document) -> npt.NDArray[np.float32] | None:
        """ū (D,), the mean unit vector of a query's words; None if it has no known one, or none of weight."""
        vectors, shares = self._share_out(self.desm.known(self.desm.words_of(query)))
        return (shares @ vectors).astype(np.float32) if len(shares) else None

    def _share_out(self, words: list[Any]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float64]]:
        """Unit vectors (Q, D) of known words, and the share (Q,) that each has in the mean; empty if none."""
        return self.desm._query_side.share_out([self.desm.key_to_index[word] for word in words], self.weights)

    def _rank(self, scores: Array, rows: Rows, k: int, *, everything: bool = False) -> Ranking:
        """The ids and scores of the `k` best; those without a score last, if `everything` is wanted."""
        none = np.isnan(scores)
        ranked = np.where(none, -np.inf, scores) if none.any() else scores
        places = top_places(ranked, min(k, len(ranked)))
        if not everything:
            places = places[~none[places]]
        numbers = places + rows.start if isinstance(rows, slice) else rows[places]
        names = [self._documents.by_row[row] for row in numbers.tolist()]
        return list(zip(names, scores[places].tolist(), strict=True))

    # --- files ---

    def save(self, fname_or_handle: StrPath | IO[bytes]) -> None:
        """Save to one file: centroids, ids, BM25, and the words with their vectors for queries.

        What else the model has stays in its own file; the index remembers its fingerprint.
        """
        self.compact()
        saved = files.SavedIndex(
            spaces=self.desm.spaces,
            center=self.desm.center,
            bm25=self.desm.bm25,
            fingerprint=self.desm.fingerprint,
            own_tokenizer=self.desm.tokenizer is not tokenize,
            words=self.desm.words,
            query_rows=self.desm.query_rows,
            weights="idf" if self._waits_for_idf else self.weights,
            documents=self._documents,
        )
        files.write(fname_or_handle, saved)

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
        saved = files.read(fname, mmap, verify)
        if saved.own_tokenizer and tokenizer is None:
            raise ValueError(f"{fname} was made with a tokenizer of its own: load it with tokenizer=...")
        side = None
        if model is not None:
            made = DESM(model, saved.spaces, center=saved.center)
            if made.fingerprint != saved.fingerprint:
                raise ValueError(
                    f"{fname} was made with another model, or with this one before it was trained on"
                )
            side = made._document_side
        index = cls(DESM._of_saved(saved, tokenizer or tokenize, side))
        index._documents = saved.documents
        return index


def _check_count(k: Any) -> int:
    try:
        k = operator.index(k)
    except TypeError:
        raise TypeError(f"k is {k!r}: it must be a whole number") from None
    if k < 1:
        raise ValueError(f"k={k}: ask for at least one document")
    return int(k)


def _check_docs(docs: Iterable[Document]) -> Iterable[Document]:
    """Return `docs`; TypeError for what looks like many documents, and is none or one."""
    if isinstance(docs, str):
        raise TypeError("docs is one text: give a list of documents")
    if isinstance(docs, Mapping):
        raise TypeError("docs is a mapping: give its values() as docs, and the mapping itself as ids")
    return docs


def _split_by_size(docs: Iterable[list[Any] | Array]) -> Iterator[list[Document]]:
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
