"""`DESM`, the model for ranking, and `DESMIndex`, documents that are added, removed and searched."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any, Literal, Self

import numpy as np
import numpy.typing as npt

from fastw2v import evaluation, paths
from fastw2v.checks import one_of, whole
from fastw2v.desm import files
from fastw2v.desm.answers import Explanation, Ranking, Tuned
from fastw2v.desm.bm25 import BM25, DEFAULT_BM25, PAPER_BM25
from fastw2v.desm.centroids import Centroids
from fastw2v.desm.mixing import check_mix, mixed
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
)
from fastw2v.desm.store import DocumentStore, Rows
from fastw2v.documents.weights import weights_by_row
from fastw2v.formats.atomic import StrPath
from fastw2v.formats.streams import seekable
from fastw2v.lifecycle import class_only
from fastw2v.progress import Mode, make_progress
from fastw2v.query.choices import ALPHAS, RANKS, SPACE_PAIRS, Mix, Precision, SpacePair
from fastw2v.query.cosines import top_places, unit_rows

if TYPE_CHECKING:
    from fastw2v.keyedvectors import KeyedVectors
    from fastw2v.word2vec import Word2Vec

Array = npt.NDArray[Any]

_WORDS_PER_BLOCK = 1 << 20
_QUERIES_PER_BLOCK = 32
_SAME_SPACE = {"in": "in-in", "out": "out-out"}  # one name means both sides, as in `Word2Vec.similarity`
_TOO_MANY_IDS = "there are more ids than documents: give one for each"
_WEIGHTS_ADVICE = "give 'idf', a mapping from words to numbers, or None"


class DESM(Lexicon):
    """The dual embedding space model: unit vectors for words of queries, and for words of documents.

        D̄ = (1/|D|) Σ d/|d| over the words d of a document
        DESM(Q, D) = (1/|Q|) Σ cos(q, D̄) over the words q of a query

    The vectors are copied, so that further training does not change a ranking. Memory: 4 V D bytes for each
    space.

    Args:
        model (Word2Vec, or pair of KeyedVectors): a model, or its IN and OUT vectors with the same keys, as
            other programs write them; for "in-in" also the KeyedVectors of one space.
        spaces (str): where words q and words d are looked up: "in-out", "in-in", "out-out" or "out-in".
        center (bool): whether to subtract the mean of each space before lengths are made 1. OUT vectors
            point away from IN vectors on the whole, which without this harms the ranking of short documents.
        weights ("idf", mapping of word to float, or None): weights of words in the means, of queries and of
            documents. "idf" takes ln(1 + (N − df + ½) / (df + ½)) of the first documents that are indexed;
            words that a mapping leaves out weigh 0; None weighs all words equally.
        tokenizer (callable): text → words, for documents and queries that are given as text.
        preset ("paper" or None): "paper" is the model as published: not centred, and BM25 with k1 = 1.7 and
            b = 0.95.

    Attributes:
        spaces (str): as given.
        center (bool): whether the spaces are centred.
        weights (array, "idf" or None): float32 (V,), by row; or as given.
        bm25 (pair of float): k1 and b for `index(bm25=True)`.
        fingerprint (str): SHA-256 of words and vectors, by which a saved index knows its model.

    Raises:
        AttributeError: `spaces` needs OUT vectors and the model has none.
        TypeError: `model` or `weights` is of a wrong type.
        ValueError: an unknown name for `spaces`, `weights` or `preset`; the model has no words; the two
            KeyedVectors have different keys; or a weight is negative or not finite, or all are 0.

    Example:
        >>> from fastw2v.desm import DESM
        >>> DESM(model).index(["the cat says meow", "the dog says woof"])
        <DESMIndex of 2 documents, in-out, float32>

    Mitra, Nalisnick, Craswell and Caruana 2016, "A Dual Embedding Space Model for Document Ranking",
    arXiv 1602.01137.
    """

    def __init__(
        self,
        model: Word2Vec | KeyedVectors | tuple[KeyedVectors, KeyedVectors],
        spaces: SpacePair = "in-out",
        *,
        center: bool = True,
        weights: Literal["idf"] | Mapping[Any, float] | None = None,
        tokenizer: Tokenizer = tokenize,
        preset: Literal["paper"] | None = None,
    ) -> None:
        one_of("preset", preset, ("paper", None))
        pair = one_of("spaces", _SAME_SPACE.get(str(spaces), spaces), SPACE_PAIRS)
        first, second = pair.split("-")
        if isinstance(weights, str):
            one_of("weights", weights, ("idf",), _WEIGHTS_ADVICE)
        elif not isinstance(weights, Mapping | None):
            raise TypeError(f"weights is of type {type(weights).__name__}: {_WEIGHTS_ADVICE}")
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
            spaces=pair,
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
        """Return the model of a saved index; without a document side it can only be searched."""
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
        spaces: SpacePair,
        center: bool,
        weights: Literal["idf"] | npt.NDArray[np.float32] | None,
        bm25: tuple[float, float],
        fingerprint: str,
        query_side: QuerySide,
        document_side: DocumentSide | None,
    ) -> None:
        """Set all attributes, for both constructors."""
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
        """The unit vectors of the words of queries, float32 (V, D)."""
        return self._query_side.rows

    @property
    def document_rows(self) -> npt.NDArray[np.float32] | None:
        """The unit vectors of the words of documents, float32 (V, D); None if the model was not loaded."""
        return None if self._document_side is None else self._document_side.rows

    def index(
        self,
        docs: Iterable[Document] = (),
        ids: Iterable[str | int] | None = None,
        *,
        bm25: bool | tuple[float, float] = False,
        precision: Precision = "float32",
        progress: Mode = "auto",
    ) -> DESMIndex:
        """Return an index of documents.

        Args:
            docs (iterable of documents): each a text (str), the list of its words, or an int array (n,) of
                row numbers in the model's vocabulary.
            ids (iterable of str or int, or None): one for each document; None numbers them 0, 1, 2, ….
            bm25 (bool or pair of float): True also indexes all words for BM25, which mixtures need; a pair
                (k1, b) does so with these constants.
            precision (str): of the centroids: "float32", "float16" (half the memory) or "int8" (a quarter).
            progress (bool or "auto"): whether to show a progress bar; "auto" shows one in a terminal or
                notebook, if tqdm is installed.

        Returns:
            DESMIndex: the index.

        Raises:
            TypeError: `docs`, a document, an id or `bm25` is of a wrong type.
            ValueError: an id occurs twice; there are more or fewer ids than documents; a row number is
                outside the vocabulary; `precision`, `progress` or a constant of BM25 is invalid.
            ImportError: `bm25` without the package bm25s.

        Example:
            >>> from fastw2v.desm import DESM
            >>> texts = {"cats": "the cat says meow", "dogs": "the dog says woof"}
            >>> index = DESM(model).index(texts.values(), ids=texts, bm25=True)
            >>> index.ids
            ['cats', 'dogs']
        """
        constants = self.bm25 if bm25 is True else bm25
        if constants is not False and not (isinstance(constants, tuple | list) and len(constants) == 2):
            raise TypeError(f"bm25={bm25!r}: give True, False, or the pair (k1, b)")
        index = DESMIndex(self, BM25(*constants) if constants else None, precision)
        index.add(docs, ids, progress=progress)
        return index


class DESMIndex:
    """Documents that can be searched, added, replaced and removed. `DESM.index` makes one.

    A change takes time in proportion to the documents given; only BM25 is computed again as a whole, by the
    first search after the change. One thread at a time may change an index, and no other may search it
    meanwhile.

    Args:
        desm (DESM): the model.
        bm25 (BM25 or None): an empty BM25, if words are to be indexed for it too.
        precision (str): of the centroids: "float32", "float16" or "int8".

    Attributes:
        desm (DESM): the model.
        weights (array or None): float32 (V,), the weight of each word; None: all equal, or not yet known.

    Raises:
        ValueError: the precision is another.
    """

    def __init__(self, desm: DESM, bm25: BM25 | None = None, precision: Precision = "float32") -> None:
        self.desm = desm
        self.weights = None if isinstance(desm.weights, str) else desm.weights
        self._documents = DocumentStore(Centroids(desm.query_rows.shape[1], precision), bm25)

    @class_only
    def from_vectors(
        cls,
        desm: DESM,
        vectors: Array | Iterable[Array],
        ids: Iterable[str | int] | None = None,
        *,
        precision: Precision = "float32",
    ) -> Self:
        """Return an index of documents whose vectors were computed elsewhere.

        Args:
            desm (DESM): the model; the vectors are in its space of document words.
            vectors (array, or iterable of arrays): float (N, D), or blocks of such rows. Their lengths are
                made 1. A vector of zeros has no score.
            ids (iterable of str or int, or None): one for each vector; None numbers them 0, 1, 2, ….
            precision (str): of the stored rows: "float32", "float16" (half the memory) or "int8" (a quarter).

        Returns:
            DESMIndex: the index, without BM25.

        Raises:
            TypeError: an id is neither str nor int.
            ValueError: another dimension, an id occurs twice, there are more or fewer ids than vectors, or
                `precision` is invalid.
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
            raise ValueError(_TOO_MANY_IDS)
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
        """The ids of all documents, a list in the order of `scores`."""
        return list(self._documents.row_of)

    @property
    def bm25(self) -> BM25 | None:
        """The same documents for BM25; None if they were not indexed for it."""
        return self._documents.bm25

    # --- documents ---

    def add(
        self, docs: Iterable[Document], ids: Iterable[str | int] | None = None, *, progress: Mode = False
    ) -> None:
        """Add documents at the end; either all or, if an error is raised, none.

        Args:
            docs (iterable of documents): each a text (str), the list of its words, or an int array (n,) of
                row numbers in the model's vocabulary.
            ids (iterable of str or int, or None): one for each document; None numbers them on from the
                largest number that is or was an id.
            progress (bool or "auto"): whether to show a progress bar; "auto" shows one in a terminal or
                notebook, if tqdm is installed.

        Raises:
            TypeError: `docs`, a document or an id is of a wrong type.
            ValueError: an id is used already; there are more or fewer ids than documents; a row number is
                outside the vocabulary; or the index was loaded without its model.
        """
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
                raise ValueError(_TOO_MANY_IDS)
        except BaseException:
            store.truncate(size, next_id)
            self.weights = weights
            raise

    def update(self, docs: Iterable[Document], ids: Iterable[str | int]) -> None:
        """Replace documents, which keep their ids; either all or, if an error is raised, none.

        Args:
            docs (iterable of documents): the new documents, as in `add`.
            ids (iterable of str or int): one for each document, of a document to replace.

        Raises:
            KeyError: no document has such an id.
            TypeError: `docs`, a document or `ids` is of a wrong type.
            ValueError: an id occurs twice; there are more or fewer ids than documents; a row number is
                outside the vocabulary; or the index was loaded without its model.
        """
        side = self._require_document_side()
        rows = self._documents.rows_of(ids)
        documents: list[Document] = [self.desm.held(document) for document in _check_docs(docs)]
        if len(rows) != len(documents):
            raise ValueError(f"{len(documents)} documents for {len(rows)} ids: give one id for each document")
        if len(set(rows.tolist())) < len(rows):
            raise ValueError("duplicate id: give one new document for each id")
        words = [] if self.bm25 is None else [self.desm.words_of(document) for document in documents]
        centroids, known = side.centroids(self.desm.encode(documents), self.weights)
        self._documents.replace(rows, centroids, known, words)

    def remove(self, ids: Iterable[str | int]) -> None:
        """Remove documents; either all or, if an error is raised, none.

        Args:
            ids (iterable of str or int): the documents.

        Raises:
            KeyError: no document has such an id.
            TypeError: `ids` is not a list of ids.
        """
        self._documents.remove(self._documents.rows_of(ids))

    def compact(self) -> None:
        """Free the memory of removed documents."""
        self._documents.compact()

    def _require_document_side(self) -> DocumentSide:
        if self.desm._document_side is None:
            raise ValueError(
                "this index was loaded without its model, and has vectors for queries only: "
                "load it with model=... to add or update documents"
            )
        return self.desm._document_side

    @property
    def _waits_for_idf(self) -> bool:
        """Whether the weights of words are the idf of documents that are still to come."""
        return isinstance(self.desm.weights, str) and self.weights is None

    def _encode_blocks(self, docs: Iterable[Document]) -> Iterator[tuple[list[Document], Encoding]]:
        """Yield blocks of documents with their encoding; first take the idf of them all if it is missing."""
        in_words = map(self.desm.held, _check_docs(docs))  # so that a text is split once, also for BM25
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
        """Return the scores of all documents.

        Args:
            query (document): a text (str), the list of its words, or an int array (n,) of row numbers.
            mix (str or None): None for DESM alone, or a mixture with BM25 as in `search`: "raw", "zscore" or
                "rrf".
            alpha (float or None): the share of DESM in the mixture, from 0 to 1; None takes its default.

        Returns:
            float32 (N,): in the order of `ids`, NaN where a document has no score.

        Raises:
            TypeError: `query` is of a wrong type.
            ValueError: `mix` or `alpha` is invalid; the index has no BM25 to mix with; or a row number is
                outside the vocabulary.
        """
        return np.asarray(self._score([query], self._documents.live(), mix, alpha)[0])

    def search(
        self,
        query: Document,
        k: int = 10,
        *,
        candidates: Iterable[str | int] | None = None,
        mix: Mix | None = None,
        alpha: float | None = None,
    ) -> Ranking:
        """Return the `k` best documents for a query.

        The score is DESM(Q, D), the weighted mean of cos(q, D̄) over the words q of the query that the model
        has; see `DESM`. Documents without a score are left out. Or the score is a mixture with BM25:

            "raw"     α DESM + (1 − α) BM25, as in the paper; default α = 0.97
            "zscore"  the same, after each score was given mean 0 and deviation 1; default α = 0.3
            "rrf"     reciprocal rank fusion, α / (60 + rank of DESM) + (1 − α) / (60 + rank of BM25);
                      default α = 0.33

        In a mixture, a document without a DESM score is given the lowest DESM score of all. If no document
        has one, BM25 alone decides. Means, deviations and ranks are those of the documents that are ranked.

        Args:
            query (document): a text (str), the list of its words, or an int array (n,) of row numbers in the
                model's vocabulary.
            k (int): how many documents, at least 1.
            candidates (iterable of str or int, or None): ids of the documents to rank, or None for all.
                Candidates without a score come last, in the order given, with the score NaN.
            mix (str or None): None for DESM alone, or a mixture: "raw", "zscore" or "rrf".
            alpha (float or None): α, the share of DESM in the mixture, from 0 to 1; None takes its default.

        Returns:
            list of (id, float): ids and scores, best first; of equal scores the earlier document first.

        Raises:
            KeyError: a candidate is not in the index.
            TypeError: `query`, `k` or `candidates` is of a wrong type.
            ValueError: `k`, `mix` or `alpha` is invalid; the index has no BM25 to mix with; or a row number
                is outside the vocabulary.

        Example:
            >>> best = index.search("meow cat", k=2)
            >>> len(best)
            2
            >>> mixture = index.search("meow cat", k=2, mix="raw")
            >>> only_these = index.search("meow cat", candidates=["dogs", "cows"])

        Mitra et al. 2016, arXiv 1602.01137; Cormack, Clarke and Büttcher 2009, "Reciprocal Rank Fusion
        Outperforms Condorcet and Individual Rank Learning Methods".
        """
        chosen = None if candidates is None else {0: candidates}
        return self.search_many({0: query}, k, candidates=chosen, mix=mix, alpha=alpha)[0]

    def search_many(
        self,
        queries: Mapping[Any, Document],
        k: int = 10,
        *,
        candidates: Mapping[Any, Iterable[str | int]] | None = None,
        mix: Mix | None = None,
        alpha: float | None = None,
        progress: Mode = False,
    ) -> dict[Any, Ranking]:
        """Return the `k` best documents for each of many queries, as `search` does for one.

        Args:
            queries (mapping of name to document): the queries, each a text (str), the list of its words, or
                an int array (n,) of row numbers.
            k (int): how many documents for each query, at least 1.
            candidates (mapping of name to ids, or None): for each query the ids of the documents to rank;
                None for all.
            mix (str or None): None for DESM alone, or a mixture as in `search`: "raw", "zscore" or "rrf".
            alpha (float or None): the share of DESM in the mixture, from 0 to 1; None takes its default.
            progress (bool or "auto"): whether to show a progress bar; "auto" shows one in a terminal or
                notebook, if tqdm is installed.

        Returns:
            dict of name to list of (id, float): a run, as `evaluation.evaluate_ranking` takes it.

        Raises:
            KeyError: `candidates` lacks a query, or a candidate is not in the index.
            TypeError: `queries`, one of them, `k` or a list of candidates is of a wrong type.
            ValueError: `k`, `mix`, `alpha` or `progress` is invalid; the index has no BM25 to mix with; or a
                row number is outside the vocabulary.

        Example:
            >>> run = index.search_many({"q1": "meow", "q2": "dog woof"}, k=2)
            >>> {name: len(ranking) for name, ranking in run.items()}
            {'q1': 2, 'q2': 2}
        """
        k = whole("k", k, 1)
        if not isinstance(queries, Mapping):
            raise TypeError(
                f"queries is a {type(queries).__name__}: give {{name: query}}, or call search() for one query"
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

    def explain(self, query: Document, id: str | int) -> Explanation:
        """Return how much each word of a query adds to the DESM score of one document.

        Args:
            query (document): a text (str), the list of its words, or an int array (n,) of row numbers.
            id (str or int): the document.

        Returns:
            Explanation: the score and its parts, which can be printed as a table.

        Raises:
            KeyError: no document has this id.
            TypeError: `query` or `id` is of a wrong type.
            ValueError: a row number is outside the vocabulary.

        Example:
            >>> told = index.explain("meow cat unheard", "cats")
            >>> [word for word, cosine, part in told.words], told.unknown
            (['meow', 'cat'], ['unheard'])
        """
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
        candidates: Mapping[Any, Iterable[str | int]] | None = None,
        progress: Mode = False,
    ) -> Tuned:
        """Return the share of DESM in a mixture that ranks judged queries best.

        The paper did this on queries set apart for it: judge the result on other queries.

        Args:
            queries (mapping of name to document): the queries, as in `search_many`; those without a judgement
                are left out.
            qrels (mapping of name to mapping of id to int): the grade of each judged document for a query.
            mix (str): the mixture: "raw", "zscore" or "rrf", as in `search`.
            measure (str): what to raise, by its name in the package ir_measures.
            alphas (sequence of float, or None): the shares to try; None tries 0, 0.01, … 1.
            candidates (mapping of name to ids, or None): for each query the ids of the documents to rank;
                None for all.
            progress (bool or "auto"): whether to show a progress bar; "auto" shows one in a terminal or
                notebook, if tqdm is installed.

        Returns:
            Tuned: the best share, and the mean of the measure at each share; of equal ones the first.

        Raises:
            ImportError: the package ir_measures is not installed.
            KeyError: `candidates` lacks a query, or a candidate is not in the index.
            TypeError: a query or a list of candidates is of a wrong type.
            ValueError: no query has a judgement, or no judged document is in the index; `alphas` is empty;
                `mix`, a share, `measure`, a grade or `progress` is invalid; the index has no BM25 to mix
                with; or a row number is outside the vocabulary.
        """
        shares = [i / 100 for i in range(101)] if alphas is None else list(alphas)
        for share in shares:
            check_mix(mix, share)
        judged = [name for name in queries if qrels.get(name)]
        if not judged or not shares:
            raise ValueError(
                "nothing to tune on: give judgements of at least one of the queries, and at least one alpha"
            )
        documents = {str(document): None for name in judged for document in qrels[name]}
        known = dict.fromkeys(map(str, self.ids))  # measures compare documents as str, too
        evaluation.check_overlap("judged documents", documents, "the index", known)
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

    def _candidates(self, candidates: Mapping[Any, Iterable[str | int]], query: Any) -> npt.NDArray[np.intp]:
        if query not in candidates:
            raise KeyError(f"candidates has no ids for the query {query!r}: give some for each query")
        # A document that is given twice is ranked once.
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
        """Return the mean unit vector (D,) of a query's words; None if none is known and has a weight."""
        vectors, shares = self._share_out(self.desm.known(self.desm.words_of(query)))
        return (shares @ vectors).astype(np.float32) if len(shares) else None

    def _share_out(self, words: list[Any]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float64]]:
        """Return the unit vectors (Q, D) of known words, and their shares (Q,) in the mean."""
        return self.desm._query_side.share_out([self.desm.key_to_index[word] for word in words], self.weights)

    def _rank(self, scores: Array, rows: Rows, k: int, *, everything: bool = False) -> Ranking:
        """Return the ids and scores of the `k` best; if `everything`, those without a score come last."""
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

        The rest of the model stays in its own file; the index remembers its fingerprint. Removed documents
        are dropped, as by `compact`.

        Args:
            fname_or_handle (path or binary file): where to write; a file there is replaced.

        Raises:
            TypeError: a word of the model is neither str nor int.
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

    @class_only
    def load(
        cls,
        fname: StrPath | IO[bytes],
        model: Word2Vec | KeyedVectors | tuple[KeyedVectors, KeyedVectors] | None = None,
        *,
        mmap: Literal["r", "c"] | None = None,
        tokenizer: Tokenizer | None = None,
        verify: Literal["structure", "full"] = "structure",
    ) -> Self:
        """Load what `save` wrote.

        Args:
            fname (path or binary file): what to read.
            model (as in `DESM`, or None): the model that the index was made with. It is
                needed to add and update documents; searching does without.
            mmap ("r", "c" or None): "r" leaves the centroids in the file, read-only; "c" also does, and keeps
                changes in memory; None reads them. A mapped file may be replaced, by `save` or by `mv`, but
                not changed in place, as `cp` does: see `Word2Vec.load`.
            tokenizer (callable or None): text → words; needed if the index was made with another one than
                `tokenize`.
            verify ("structure" or "full"): "full" also compares the checksums of all arrays.

        Returns:
            DESMIndex: the index.

        Raises:
            FormatError: the file is not an index, or is damaged.
            AttributeError: `model` lacks the OUT vectors that the index needs.
            TypeError: `model` is of a wrong type.
            ValueError: `model` is another one, or was trained further; or the index needs a tokenizer and
                none is given.
        """
        saved = files.read(seekable(fname), mmap, verify)
        if saved.own_tokenizer and tokenizer is None:
            raise ValueError(
                f"{paths.name_of(fname)} was made with a tokenizer of its own: load it with tokenizer=..."
            )
        side = None
        if model is not None:
            made = DESM(model, saved.spaces, center=saved.center)
            if made.fingerprint != saved.fingerprint:
                raise ValueError(
                    f"{paths.name_of(fname)} was made with another model, or with this one before further "
                    "training: give the model as it was, or make the index again"
                )
            side = made._document_side
        index = cls(DESM._of_saved(saved, tokenizer or tokenize, side))
        index._documents = saved.documents
        return index


def _check_docs(docs: Iterable[Document]) -> Iterable[Document]:
    """Return `docs`; raise TypeError for one text and for a mapping, which can be iterated over too."""
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
