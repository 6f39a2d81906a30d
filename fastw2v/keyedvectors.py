"""`KeyedVectors`: words ↔ rows of one matrix, attributes of words, similarity queries, evaluation, files.

A *key* is what a row is called: usually a word, possibly an int. Norms are computed afresh for every query,
so a changed matrix can never meet stale ones. No query returns NaN: a row without a direction (zeros, NaN,
infinity) has cosine 0 with everything, and so has such a query.

What gensim 4 calls by other names than gensim 3 did answers to both; see `older`.
"""

from __future__ import annotations

import copy
import logging
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import IO, Any, Literal, Self

import numpy as np
import numpy.typing as npt

from fastw2v import evaluation
from fastw2v.checks import check_topn
from fastw2v.columns import Ragged, check_column_type, column_dtype, descending, plain_column, resized
from fastw2v.first_vectors import REAL as REAL
from fastw2v.first_vectors import prep_vectors as prep_vectors
from fastw2v.first_vectors import pseudorandom_weak_vector as pseudorandom_weak_vector
from fastw2v.formats import gensim_parts, gensim_pickle, model_file, word2vec_format
from fastw2v.formats.atomic import StrPath
from fastw2v.formats.errors import FormatError
from fastw2v.formats.parts import Model, Vectors
from fastw2v.lifecycle import Lifecycle
from fastw2v.older import CompatVocab as CompatVocab
from fastw2v.older import OlderKeyedVectors
from fastw2v.older import Vocab as Vocab
from fastw2v.older import VocabRecord as VocabRecord
from fastw2v.older import VocabView as VocabView
from fastw2v.query.cosines import cosine, cosines, nearest, row_lengths, top_places, unit_row, unit_rows
from fastw2v.query.inputs import (
    PLAIN_KEYS,
    Question,
    answering_rows,
    asks_for_none,
    listed,
    unit_queries,
    weighted_items,
)

logger = logging.getLogger(__name__)

Array = npt.NDArray[Any]
Key = Any  # a str as a rule; an int or any other hashable
Result = list[tuple[Key, float]]


class KeyedVectors(Lifecycle, OlderKeyedVectors):
    """V rows of D numbers, `vectors`, called by the keys of `index_to_key`; `key_to_index` leads back.

    `expandos` holds one column of V values per attribute (`count`, `sample_int`, `code`, `point`, …).
    `count` rows are made in advance, zero and without a key (None) until `add_vector` fills them.
    """

    vectors_lockf: Array  # set by Word2Vec: training multiplies a row's update by it

    def __init__(
        self,
        vector_size: int,
        count: int = 0,
        dtype: npt.DTypeLike = np.float32,
        mapfile_path: StrPath | None = None,
    ) -> None:
        self.vector_size = int(vector_size)
        self.mapfile_path = mapfile_path  # kept for who reads it; as in gensim 4, nothing here does
        self.index_to_key: list[Key] = [None] * count
        self.key_to_index: dict[Key, int] = {}
        self.next_index = 0  # the row that add_vector fills next
        self.vectors: Array = np.zeros((count, self.vector_size), dtype=dtype)
        self.expandos: dict[str, Array | Ragged] = {}

    def with_vectors(self, vectors: Array) -> KeyedVectors:
        """Another matrix (V, any) under the same keys; keys, attributes and matrix are shared, not copied."""
        if vectors.ndim != 2 or len(vectors) != len(self.index_to_key):
            raise ValueError(f"{len(self.index_to_key)} keys need as many rows, not an array {vectors.shape}")
        other = KeyedVectors(vectors.shape[1])
        other.vectors, other.expandos = vectors, self.expandos
        other.index_to_key, other.key_to_index = self.index_to_key, self.key_to_index
        other.next_index = self.next_index
        return other

    def __str__(self) -> str:
        return f"{type(self).__name__}<vector_size={self.vector_size}, {len(self)} keys>"

    def __len__(self) -> int:
        return len(self.index_to_key)

    # --- keys and rows ---

    def get_index(self, key: Key, default: int | None = None) -> int:
        """Return the row number of `key`; an int that is no key is one. Missing: `default` or `KeyError`."""
        index = self.key_to_index.get(key)
        if index is not None:
            return index
        if isinstance(key, int | np.integer) and 0 <= key < len(self.index_to_key):
            return int(key)
        if default is not None:
            return default
        raise KeyError(f"Key '{key}' not present")

    def has_index_for(self, key: Key) -> bool:
        """Whether `key` is a key, or an int that is a row number."""
        return self.get_index(key, -1) >= 0

    def __contains__(self, key: Key) -> bool:
        return self.has_index_for(key)

    def get_vector(self, key: Key, norm: bool = False) -> Array:
        """Return the row of `key` (D,): a read-only view, or with `norm` a copy of length 1."""
        row: Array = self.vectors[self.get_index(key)]
        if norm:  # to the last bit as get_mean_vector does, so that keys and their unit vectors ask the same
            row = unit_rows(row[np.newaxis])[0]
        row.flags.writeable = False
        return row

    def __getitem__(self, key_or_keys: Key | Iterable[Key]) -> Array:
        """One key: its row (D,), a read-only view. Several keys: a copy (len, D)."""
        if isinstance(key_or_keys, PLAIN_KEYS):
            return self.get_vector(key_or_keys)
        indexes = [self.get_index(key) for key in key_or_keys]
        if not indexes:
            raise ValueError("no keys given")
        return np.asarray(self.vectors[indexes])

    @property
    def norms(self) -> Array:
        """L2 norms of all rows (V,), computed now."""
        return row_lengths(self.vectors)

    @norms.setter
    def norms(self, _: Any) -> None:
        """gensim caches them, and setting None clears the cache; there is none here."""

    def fill_norms(self, force: bool = False) -> None:
        """Do nothing: gensim fills its cache of `norms`, which here are always those of the rows."""

    def unit_normalize_all(self) -> None:
        """Give all rows length 1, in place; rows without a direction become zero."""
        self.vectors[:] = unit_rows(self.vectors)

    def get_normed_vectors(self) -> Array:
        """Return a new matrix (V, D) with all rows of length 1; rows without a direction are zero."""
        return unit_rows(self.vectors)

    def get_mean_vector(
        self,
        keys: Sequence[Key | Array],
        weights: Sequence[float] | Array | None = None,
        pre_normalize: bool = True,
        post_normalize: bool = False,
        ignore_missing: bool = True,
    ) -> Array:
        """Return Σ weight·vector / Σ |weight| (D,) over keys and vectors; zeros if none is present.

        Vectors of keys are first brought to length 1 if `pre_normalize`; given vectors are taken as they are.
        """
        if len(keys) == 0:
            raise ValueError("cannot compute mean with no input: `keys` is empty")
        factors = np.ones(len(keys)) if weights is None else np.asarray(weights, dtype=np.float64)
        if factors.shape != (len(keys),):
            raise ValueError(f"{len(keys)} keys need as many weights, not {factors.shape}")
        question = Question.of(
            keys,
            factors.tolist(),
            (lambda key: self.get_index(key, -1)) if ignore_missing else self._row_in_mean,
            self.vector_size,
        )
        return question.mean(self.vectors, pre_normalize, post_normalize)

    def _row_in_mean(self, key: Key) -> int:
        """`get_index`, with gensim's words for a missing key."""
        row = self.get_index(key, -1)
        if row < 0:
            raise KeyError(f"Key '{key}' not present in vocabulary")
        return row

    def add_vector(self, key: Key, vector: npt.ArrayLike) -> int:
        """Give `key` a row and return its number: a prepared row if one is free, else a new one at the end.

        A key that is there already gets the new values in its old row.
        """
        row = self._matrix_of(vector, 1)[0]
        index = self.key_to_index.get(key)
        if index is None:
            index = self._name_free_row(key)
        if index is None:
            warnings.warn(
                "Adding vectors one by one copies all of them each time: use add_vectors, "
                "or prepare rows with KeyedVectors(vector_size, count)",
                UserWarning,
                stacklevel=2,
            )
            index = self._append([key], row[np.newaxis])
        self.vectors[index] = row
        self.allocate_vecattrs()
        return index

    def add_vectors(
        self,
        keys: Sequence[Key] | str | int,
        weights: npt.ArrayLike,
        extras: Mapping[str, npt.ArrayLike] | None = None,
        replace: bool = False,
    ) -> None:
        """Add keys with their vectors (len(keys), D); keys that are there already change if `replace`.

        `extras` gives attributes: name → one value per key. Of a key given twice the first counts, or the
        last if `replace`. Attributes not given are zero for new keys.
        """
        keys = [keys] if isinstance(keys, PLAIN_KEYS) else list(keys)
        rows = self._matrix_of(weights, len(keys))
        columns = {name: np.asarray(values) for name, values in (extras or {}).items()}
        for name, values in columns.items():
            if len(values) != len(keys):
                raise ValueError(f"extras[{name!r}] has {len(values)} values for {len(keys)} keys")

        chosen: dict[Key, int] = {}  # key → its place in `keys`
        for place, key in enumerate(keys):
            if replace or (key not in chosen and key not in self.key_to_index):
                chosen[key] = place
        new = [key for key in chosen if key not in self.key_to_index]
        unplaced = [key for key in new if self._name_free_row(key) is None]
        self._append(unplaced, np.zeros((len(unplaced), self.vector_size), dtype=self.vectors.dtype))
        targets = [self.key_to_index[key] for key in chosen]
        sources = list(chosen.values())
        self.vectors[targets] = rows[sources]
        self.allocate_vecattrs()
        for name, values in columns.items():
            self.allocate_vecattrs([name], [values.dtype.type])
            plain_column(self.expandos, name)[targets] = values[sources]

    def __setitem__(self, keys: Key | list[Key], weights: npt.ArrayLike) -> None:
        """Add or replace one key's vector, or those of a list of keys."""
        self.add_vectors(keys if isinstance(keys, list) else [keys], weights, replace=True)

    def _matrix_of(self, weights: npt.ArrayLike, count: int) -> Array:
        rows = np.asarray(weights, dtype=self.vectors.dtype)
        if rows.ndim == 1 and count == 1:
            rows = rows[np.newaxis]
        if rows.shape != (count, self.vector_size):
            raise ValueError(f"{count} vectors of {self.vector_size} numbers are needed, not {rows.shape}")
        return rows

    def _name_rows(self, keys: list[Key], rows: dict[Key, int] | None = None) -> None:
        """Call the rows by `keys`, instead of what they were called; None is no key.

        `rows` leads back from the keys, if the caller has it already.
        """
        if rows is None:
            rows = {key: row for row, key in enumerate(keys) if key is not None}
        self.index_to_key, self.key_to_index = keys, rows
        all_named = len(rows) == len(keys) or None not in keys
        self.next_index = len(keys) if all_named else keys.index(None)

    def _name_free_row(self, key: Key) -> int | None:
        """Take the next prepared row for `key`, if one is left."""
        index = self.next_index
        if index >= len(self.index_to_key) or self.index_to_key[index] is not None:
            return None
        self.index_to_key[index] = key
        self.key_to_index[key] = index
        self.next_index = index + 1
        return index

    def _append(self, keys: list[Key], rows: Array) -> int:
        first = len(self.index_to_key)
        if keys:
            self.vectors = np.vstack([self.vectors, rows])
            self.key_to_index.update(zip(keys, range(first, first + len(keys)), strict=True))
            self.index_to_key.extend(keys)
            self.next_index = len(self.index_to_key)
        return first

    def resize_vectors(self, seed: int = 0) -> None:
        """Grow the matrix to one row per key; new rows are random as Word2Vec's first ones are."""
        self.vectors = prep_vectors(
            (len(self.index_to_key), self.vector_size),
            prior_vectors=self.vectors,
            seed=seed,
            dtype=self.vectors.dtype,
        )

    def sort_by_descending_frequency(self) -> None:
        """Put rows in descending order of the attribute `count`; of equal counts the later row comes first.

        Rows of other matrices, as `Word2Vec.syn1neg`, stay where they are. `KeyError` without `count`.
        """
        if not len(self):
            return
        order = descending(plain_column(self.expandos, "count").astype(np.int64), later_first=True)
        keys = [self.index_to_key[row] for row in order]
        if len(self.vectors):
            logger.warning("rows move: what else is numbered by them, such as output vectors, does not")
            self.vectors = self.vectors[order]
        if len(getattr(self, "vectors_lockf", ())) == len(keys):
            self.vectors_lockf = self.vectors_lockf[order]
        self.expandos = {name: column.take(order) for name, column in self.expandos.items()}
        self._name_rows(keys)

    def vectors_for_all(
        self, keys: Iterable[Key], allow_inference: bool = True, copy_vecattrs: bool = False
    ) -> KeyedVectors:
        """Return copies of the vectors of `keys`, each once and in this order; missing keys are left out.

        `allow_inference=False` leaves out ints that are row numbers rather than keys. Attributes come along
        if `copy_vecattrs`; a `count` that does not is invented, n, n − 1, … 1: only its order has a meaning.
        """
        present: Callable[[Key], bool] = (
            self.has_index_for if allow_inference else self.key_to_index.__contains__
        )
        chosen = [key for key in dict.fromkeys(keys) if present(key)]
        rows = np.array([self.get_index(key) for key in chosen], dtype=np.intp)
        kv = KeyedVectors(self.vector_size, dtype=self.vectors.dtype)
        kv.add_vectors(chosen, self.vectors[rows])
        kv.expandos["count"] = np.arange(len(chosen), 0, -1)
        if copy_vecattrs:
            kv.expandos |= {name: column.take(rows) for name, column in self.expandos.items()}
        return kv

    # --- attributes of keys ---

    def allocate_vecattrs(
        self, attrs: Iterable[str] | None = None, types: Iterable[Any] | None = None
    ) -> None:
        """Make room for one value per key in the columns `attrs` of `types`, or in those there are.

        New values are zero. `TypeError` if a column of that name cannot hold that type.
        """
        if attrs is None:
            wanted: list[tuple[str, Any]] = [(name, None) for name in self.expandos]
        else:
            wanted = list(zip(attrs, types or [], strict=True))
        size = len(self.index_to_key)
        for name, kind in wanted:
            column = self.expandos.get(name)
            if column is None:
                self.expandos[name] = np.zeros(size, dtype=column_dtype(kind))
                continue
            if kind is not None:
                check_column_type(name, column, kind)
            if len(column) != size:
                self.expandos[name] = resized(column, size)

    def set_vecattr(self, key: Key, attr: str, val: Any) -> None:
        """Set attribute `attr` of `key`; the first value set decides the column's type."""
        index = self.get_index(key)
        self.allocate_vecattrs([attr], [type(val)])
        column = self.expandos[attr]
        if isinstance(column, Ragged):
            if np.shape(val) != column[index].shape:
                raise ValueError(f"{attr!r} of {key!r} has {len(column[index])} values, not {np.shape(val)}")
            column[index][:] = val
        else:
            column[index] = val

    def get_vecattr(self, key: Key, attr: str) -> Any:
        """Return attribute `attr` of `key`; `KeyError` if there is none."""
        index = self.get_index(key)
        return self.expandos[attr][index]

    # --- queries ---

    def most_similar(
        self,
        positive: Any = None,
        negative: Any = None,
        topn: int | None = 10,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
        indexer: Any = None,
        *,
        target: KeyedVectors | None = None,
    ) -> Any:
        """Return the `topn` keys nearest to Σ positive − Σ negative: `[(key, cosine), …]`, best first.

        `positive` and `negative` are each a key, a vector, a matrix, or a list of keys, vectors and
        `(key or vector, weight)` pairs; a given weight is used as it is, with its sign. Keys count with
        length 1, vectors as given. Keys asked for are left out of the answer. `topn=None` returns all cosines
        (V,) instead. Only rows `clip_start:clip_end`, or the first `restrict_vocab`, are looked at. Equal
        cosines: earlier row first. `indexer.most_similar(vector, topn)` replaces the scan. `target` has the
        rows that answer, if not these: of the same dimension, its keys may be others. Raises `KeyError` for
        missing keys.
        """
        if asks_for_none(topn):
            return []
        answering = self._facing(target)
        items, weights = weighted_items(positive, negative)
        question = Question.of(items, weights, self._row_in_mean, self.vector_size)
        mean = question.mean(self.vectors, post_normalize=True)
        if indexer is not None and isinstance(topn, int):
            return indexer.most_similar(mean, topn)
        check_topn(topn, or_none=True)
        start, end = answering_rows(len(answering), clip_start, clip_end, restrict_vocab)
        scores = cosines(answering.vectors[start:end], mean)
        if topn is None:
            return scores
        asked = question.rows if target is None else target._rows_of_keys(items)
        return answering._best(scores, int(topn), start, asked)

    def most_similar_many(
        self,
        queries: Iterable[Key | Array],
        topn: int = 10,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
        *,
        target: KeyedVectors | None = None,
    ) -> list[Result]:
        """Return `most_similar` of each query, a key or a vector (D,), in their order: many times as fast.

        The few rows among which the best must be are found for all together, in as many threads as numpy's
        BLAS takes. The rest is as in `most_similar`.
        """
        queries = list(queries)
        check_topn(topn, or_none=False)
        if asks_for_none(topn):
            return [[] for _ in queries]
        answering = self._facing(target)
        start, end = answering_rows(len(answering), clip_start, clip_end, restrict_vocab)
        parts = [query if isinstance(query, np.ndarray) else self.get_index(query) for query in queries]
        units = unit_queries(parts, self.vectors, self.vector_size)
        if target is None:
            asked = [set() if isinstance(part, np.ndarray) else {part} for part in parts]
        else:
            asked = [target._rows_of_keys([query]) for query in queries]
        count = int(topn) + max(map(len, asked), default=0) + answering._nameless
        found = nearest(answering.vectors[start:end], units, count)
        return [
            answering._answer([start + place for place in places], scores, int(topn), left_out)
            for (places, scores), left_out in zip(found, asked, strict=True)
        ]

    def _rows_of_keys(self, items: Iterable[Key | Array]) -> set[int]:
        """Return the rows of those items that are keys; −1 stands for keys that are missing here."""
        return {self.get_index(item, -1) for item in items if not isinstance(item, np.ndarray)}

    def _facing(self, target: KeyedVectors | None) -> KeyedVectors:
        """Return `target`, or else this object; ValueError if no cosine with these rows is defined."""
        if target is not None and target.vector_size != self.vector_size:
            raise ValueError(f"the target has {target.vector_size} dimensions, these have {self.vector_size}")
        return self if target is None else target

    def most_similar_cosmul(
        self,
        positive: Any = None,
        negative: Any = None,
        topn: int | None = 10,
        restrict_vocab: int | None = None,
    ) -> Any:
        """Return the `topn` keys with the largest Π cos(positive) / (Π cos(negative) + 1e-6), cosines shifted
        to 0…1: `[(key, score), …]`, best first.

        3CosMul: equation 4 of Levy and Goldberg, "Linguistic Regularities in Sparse and Explicit Word
        Representations", CoNLL 2014. `positive` and `negative` are each a key, a vector, a matrix, or a list
        of keys and vectors. The rest is as in `most_similar`.
        """
        if asks_for_none(topn):
            return []
        above, below = listed("positive", positive), listed("negative", negative)
        if not above:
            raise ValueError("cannot compute similarity with no input: give positive keys or vectors")
        check_topn(topn, or_none=True)
        _, end = answering_rows(len(self), restrict_vocab=restrict_vocab)
        rows = self.vectors[:end]
        signs = [1.0] * len(above) + [-1.0] * len(below)
        question = Question.of([*above, *below], signs, self.get_index, self.vector_size)
        scores, divisor = np.ones((2, len(rows)), dtype=np.result_type(rows, REAL))
        for part, sign in zip(question.parts, question.weights, strict=True):
            query = part if isinstance(part, np.ndarray) else unit_rows(self.vectors[part : part + 1])[0]
            product = scores if sign > 0 else divisor
            product *= (1 + cosines(rows, unit_row(query))) / 2
        scores /= divisor + 1e-6
        return scores if topn is None else self._best(scores, int(topn), 0, question.rows)

    def _best(self, scores: Array, topn: int, start: int, left_out: set[int]) -> Result:
        """The keys of the `topn` best scores of rows start…; neither rows `left_out` nor nameless ones."""
        places = top_places(scores, topn + len(left_out) + self._nameless)
        return self._answer((start + places).tolist(), scores[places].tolist(), topn, left_out)

    @property
    def _nameless(self) -> int:
        """How many rows have no key."""
        return len(self.index_to_key) - len(self.key_to_index)

    def _answer(self, rows: list[int], scores: list[float], topn: int, left_out: set[int]) -> Result:
        """The first `topn` keys of `rows`, with their scores; neither rows `left_out` nor nameless ones."""
        names = self.index_to_key
        return [
            (names[row], score)
            for row, score in zip(rows, scores, strict=True)
            if row not in left_out and names[row] is not None
        ][:topn]

    def most_similar_to_given(self, key1: Key, keys_list: Sequence[Key]) -> Key:
        """Return that key of `keys_list` which has the largest cosine with `key1`."""
        if not len(keys_list):
            raise ValueError("keys_list is empty: give the keys to choose from")
        return max(keys_list, key=lambda key: self.similarity(key1, key))

    def closer_than(self, key1: Key, key2: Key) -> list[Key]:
        """Return the keys nearer to `key1` than `key2` is, in the order of their rows."""
        distances = self.distances(key1)
        nearer = np.flatnonzero(distances < distances[self.get_index(key2)]).tolist()
        itself = self.get_index(key1)
        named = [self.index_to_key[row] for row in nearer if row != itself]
        return [key for key in named if key is not None]

    def rank(self, key1: Key, key2: Key) -> int:
        """Return the place of `key2` among all keys, the nearest to `key1` first; 1 is the nearest."""
        return len(self.closer_than(key1, key2)) + 1

    def similar_by_key(self, key: Key, topn: int | None = 10, restrict_vocab: int | None = None) -> Any:
        """`most_similar` of one key."""
        return self.most_similar(positive=[key], topn=topn, restrict_vocab=restrict_vocab)

    def similar_by_word(self, word: Key, topn: int | None = 10, restrict_vocab: int | None = None) -> Any:
        """`most_similar` of one word."""
        return self.similar_by_key(word, topn, restrict_vocab)

    def similar_by_vector(
        self, vector: npt.ArrayLike, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Any:
        """`most_similar` of one vector (D,)."""
        return self.most_similar(positive=[np.asarray(vector)], topn=topn, restrict_vocab=restrict_vocab)

    def similarity(self, w1: Key, w2: Key, *, target: KeyedVectors | None = None) -> np.float32:
        """Cosine of two keys; exactly 1 for a key with itself. `target` has the row of `w2`, if not this."""
        other = self._facing(target)
        return np.float32(cosine(self.vectors[self.get_index(w1)], other.vectors[other.get_index(w2)]))

    def distance(self, w1: Key, w2: Key) -> np.float32:
        """1 − cosine of two keys."""
        return np.float32(1 - self.similarity(w1, w2))

    def distances(self, word_or_vector: Key | Array, other_words: Iterable[Key] = ()) -> Array:
        """1 − cosine of a key or vector with each of `other_words`, or with all rows if there are none."""
        if isinstance(word_or_vector, PLAIN_KEYS):
            query = self.vectors[self.get_index(word_or_vector)]
        else:
            query = np.asarray(word_or_vector)
        if not other_words:
            return np.asarray(1 - cosines(self.vectors, unit_row(query)))
        return np.asarray(1 - self.cosine_similarities(query, self[other_words]))

    @staticmethod
    def cosine_similarities(vector_1: npt.ArrayLike, vectors_all: npt.ArrayLike) -> Array:
        """Cosines (rows,) of one vector (D,) with the rows of a matrix (rows, D)."""
        rows, vector = np.asarray(vectors_all), np.asarray(vector_1)
        return np.asarray(unit_rows(rows) @ unit_row(vector))

    def n_similarity(self, ws1: Sequence[Key], ws2: Sequence[Key]) -> np.float32:
        """Cosine of the means of two lists of keys; missing keys are left out, 0 if nothing remains."""
        if not (len(ws1) and len(ws2)):
            raise ZeroDivisionError("n_similarity needs at least one key on each side")
        mean1, mean2 = (self.get_mean_vector(keys, pre_normalize=False) for keys in (ws1, ws2))
        return np.float32(cosine(mean1, mean2))

    def rank_by_centrality(
        self, words: Iterable[Key], use_norm: bool = True
    ) -> list[tuple[np.floating[Any], Key]]:
        """Return `(score, word)`, the most central word first; the score is its product with the unit mean.

        Words count with length 1 if `use_norm`. Missing words are left out, with a logged warning;
        `ValueError` if none is left.
        """
        words = list(words)
        used = [word for word in words if self.has_index_for(word)]
        if len(used) < len(words):
            missing = [word for word in words if not self.has_index_for(word)]
            logger.warning("ignoring words without a vector: %s", missing)
        if not used:
            raise ValueError("cannot select a word from an empty list: none of the words has a vector")
        rows = self[used]
        if use_norm:
            rows = unit_rows(rows)
        with np.errstate(over="ignore", invalid="ignore"):
            scores = rows @ unit_row(rows.mean(axis=0))
        if not np.isfinite(scores).all():
            scores = np.nan_to_num(scores)
        return sorted(zip(scores, used, strict=True), key=lambda pair: (pair[0], str(pair[1])), reverse=True)

    def doesnt_match(self, words: Iterable[Key]) -> Key:
        """Return the word farthest from the mean of `words`."""
        return self.rank_by_centrality(words)[-1][1]

    def relative_cosine_similarity(self, wa: Key, wb: Key, topn: int = 10) -> float:
        """Return the cosine of `wa` and `wb`, divided by the sum of those of the `topn` nearest to `wa`.

        Equation 1 of Leeuwenberg et al., "A Minimally Supervised Approach for Synonym Extraction with Word
        Embeddings", 2016: synonyms score above 1 / `topn`.
        """
        neighbours = self.similar_by_word(wa, topn)
        if not neighbours:
            raise ValueError(f"there are no words near {wa!r} to compare with: topn is {topn}")
        total: float = sum(score for _, score in neighbours)
        return float(self.similarity(wa, wb)) / total

    def wmdistance(self, document1: Iterable[Key], document2: Iterable[Key], norm: bool = True) -> float:
        """Return the word mover's distance of two documents: the least sum of mass × Euclidean distance that
        moves the words of one onto those of the other.

        Kusner et al., "From Word Embeddings To Document Distances", ICML 2015. Vectors have length 1 if
        `norm`. Missing words are left out; infinity if a document has no other. Needs the package POT.
        """
        try:
            from ot import emd2
        except ImportError as error:
            raise ImportError("wmdistance needs the package POT: pip install 'fastw2v[wmd]'") from error
        from scipy.spatial.distance import cdist  # slow to import

        bags = [
            Counter(key for key in document if self.has_index_for(key)) for document in (document1, document2)
        ]
        if not all(bags):
            logger.warning("the distance to a document of which no word has a vector is infinite")
            return float("inf")
        sides = [self[list(bag)].astype(np.float64) for bag in bags]
        costs = cdist(*(map(unit_rows, sides) if norm else sides))
        if not np.isfinite(costs).all():
            raise ValueError(
                "the documents have words whose vectors hold NaN or infinity: no distance is defined"
            )
        if not costs.any():
            return 0.0
        masses = (np.array(list(bag.values())) / bag.total() for bag in bags)
        return float(emd2(*masses, costs))

    def similarity_unseen_docs(self, *args: Any, **kwargs: Any) -> None:
        """Not a question for word vectors: `NotImplementedError`, as in gensim."""
        raise NotImplementedError("similarity_unseen_docs is a method of gensim's Doc2Vec")

    # --- evaluation ---

    log_accuracy = staticmethod(evaluation.log_accuracy)
    log_evaluate_word_pairs = staticmethod(evaluation.log_evaluate_word_pairs)

    def evaluate_word_analogies(
        self,
        analogies: StrPath,
        restrict_vocab: int | None = 300000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
        similarity_function: str = "most_similar",
    ) -> tuple[float, list[evaluation.Section]]:
        """Answer the analogies of a file like word2vec's questions-words.txt, among the first words only.

        Returns the share of right answers and the sections; see `evaluation.analogies`.
        """
        words, unit = self._first_words(restrict_vocab)
        return evaluation.analogies(
            analogies,
            words,
            unit,
            case_insensitive=case_insensitive,
            dummy4unknown=dummy4unknown,
            similarity_function=similarity_function,
        )

    def evaluate_word_pairs(
        self,
        pairs: StrPath,
        delimiter: str = "\t",
        encoding: str = "utf8",
        restrict_vocab: int | None = 300000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
        *,
        target: KeyedVectors | None = None,
    ) -> tuple[Any, Any, float]:
        """Correlate cosines with the human judgements of a file, for pairs of the first words only.

        Returns scipy's Pearson and Spearman results and the percentage of pairs with unknown words; see
        `evaluation.word_pairs`. `target` has the rows of each pair's second word, if not these; its keys are
        the same.
        """
        words, unit = self._first_words(restrict_vocab)
        others, unit_second = self._facing(target)._first_words(restrict_vocab)
        if others != words:
            raise ValueError("the target has other keys: both words of a pair are looked up by the same ones")
        return evaluation.word_pairs(
            pairs,
            words,
            unit,
            unit_second,
            delimiter=delimiter,
            encoding=encoding,
            case_insensitive=case_insensitive,
            dummy4unknown=dummy4unknown,
        )

    def _first_words(self, restrict_vocab: int | None) -> tuple[list[Key], evaluation.Unit]:
        """The keys of the first rows, and what gives those rows with length 1."""
        words = self.index_to_key[:restrict_vocab]
        vectors = self.vectors[: len(words)]
        if None in words:
            vectors = vectors[[row for row, word in enumerate(words) if word is not None]]
            words = [word for word in words if word is not None]
        precise = np.result_type(vectors, REAL)  # BLAS knows no float16
        return words, lambda rows: unit_rows(vectors[rows].astype(precise, copy=False))

    # --- files ---

    def save(
        self,
        fname_or_handle: StrPath | IO[bytes],
        separately: Iterable[str] | None = None,
        sep_limit: int = 10 * 1024**2,
        ignore: Iterable[str] = frozenset(),
        pickle_protocol: int = 4,
    ) -> None:
        """Save to one `.fw2v` file: atomically if a path is given. Keys must be str or int.

        `ignore` may name "expandos", the attributes of keys, and "vectors_lockf": they are left out.
        `separately`, `sep_limit` and `pickle_protocol` are gensim's and have nothing to decide: there is one
        file, no pickle, and what is in it can be mapped without lying apart.
        """
        left_out = model_file.check_ignore(ignore, needed=model_file.VECTORS_NEED)
        self.with_vectors(self.vectors)  # raises ValueError unless there is a row for every key
        model_file.write_vectors(fname_or_handle, self.to_words(), left_out)

    @classmethod
    def load(
        cls,
        fname: StrPath | IO[bytes],
        mmap: Literal["r", "c"] | None = None,
        *,
        verify: Literal["structure", "full"] = "structure",
    ) -> Self:
        """Load what `save` wrote, or gensim's `save` did, or the input vectors of a saved `Word2Vec`.

        `mmap="r"` leaves the matrix in the file, read-only and shared between processes; `"c"` lets it be
        changed in memory; of gensim's files those arrays that lie apart. `verify="full"` reads everything and
        compares checksums, which gensim's files have not. Raises `FormatError`; for a pickle that holds
        anything but gensim's words and vectors it is a `pickle.UnpicklingError` too, and nothing has run.
        """
        if not gensim_pickle.is_pickle(fname):
            return cls._of_parts(model_file.read_vectors(fname, mmap, verify=verify))
        parts = gensim_parts.read(fname, mmap)
        try:
            return cls.from_words(parts.wv if isinstance(parts, Model) else parts)
        except FormatError as error:
            raise FormatError(f"{fname}: {error}") from None

    def save_word2vec_format(
        self,
        fname: StrPath | IO[bytes],
        fvocab: StrPath | IO[bytes] | None = None,
        binary: bool = False,
        total_vec: int | None = None,
        write_header: bool = True,
        prefix: str = "",
        append: bool = False,
        sort_attr: str = "count",
    ) -> None:
        """Write the vectors as the original word2vec program does: text, or `binary`.

        Words come in descending order of the attribute `sort_attr`, or in that of their rows if there is no
        such attribute. `fvocab` takes a second file, with lines "word value-of-sort_attr".
        `formats.word2vec_format` says the rest.
        """
        column = self.expandos.get(sort_attr)
        order = np.array([row for row, key in enumerate(self.index_to_key) if key is not None], dtype=np.intp)
        if isinstance(column, np.ndarray):
            order = order[descending(column[order], later_first=False)]
        elif fvocab is not None:
            raise ValueError(f"fvocab needs the attribute {sort_attr!r}, which these words do not have")
        else:
            logger.warning("no attribute %r: %s is written in the order of its rows", sort_attr, self)
        if fvocab is not None and isinstance(column, np.ndarray):
            words = [self.index_to_key[row] for row in order]
            word2vec_format.write_counts(fvocab, words, column[order], prefix=prefix, append=append)
        word2vec_format.write(
            fname,
            self.to_words(),
            binary=binary,
            order=order,
            total_vec=total_vec,
            write_header=write_header,
            prefix=prefix,
            append=append,
        )

    @classmethod
    def load_word2vec_format(
        cls,
        fname: StrPath | IO[bytes],
        fvocab: StrPath | None = None,
        binary: bool = False,
        encoding: str = "utf8",
        unicode_errors: str = "strict",
        limit: int | None = None,
        datatype: npt.DTypeLike = np.float32,
        no_header: bool = False,
        *,
        on_bad_values: word2vec_format.BadValues = "raise",
    ) -> Self:
        """Read what the original word2vec program, gensim or GloVe wrote; arguments and errors as for
        `formats.word2vec_format.read`.

        Without `fvocab` the counts are invented, V, V − 1, … 1: only their order means something.
        """
        words = word2vec_format.read(
            fname,
            fvocab=fvocab,
            binary=binary,
            encoding=encoding,
            unicode_errors=unicode_errors,
            limit=limit,
            datatype=datatype,
            no_header=no_header,
            on_bad_values=on_bad_values,
        )
        words.columns.setdefault("count", np.arange(len(words.keys), 0, -1))
        kv = cls._of_parts(words)
        kv.add_lifecycle_event(
            "load_word2vec_format",
            msg=f"loaded {kv.vectors.shape} matrix of type {kv.vectors.dtype} from {fname}",
            binary=binary,
            encoding=encoding,
        )
        return kv

    def intersect_word2vec_format(
        self,
        fname: StrPath | IO[bytes],
        lockf: float = 0.0,
        binary: bool = False,
        encoding: str = "utf8",
        unicode_errors: str = "strict",
    ) -> None:
        """Give the words that a file in word2vec's format has too the vectors they have there.

        `lockf` becomes their `vectors_lockf`: training multiplies their updates by it. Raises `ValueError` if
        the file's vectors have another dimension, else what `load_word2vec_format` raises.
        """
        found = word2vec_format.read(
            fname,
            binary=binary,
            encoding=encoding,
            unicode_errors=unicode_errors,
            datatype=self.vectors.dtype,
        )
        words, vectors = found.keys, found.vectors
        if vectors.shape[1] != self.vector_size:
            raise ValueError(f"{fname} has vectors of {vectors.shape[1]} numbers, not {self.vector_size}")
        shared = [
            (self.key_to_index[word], row) for row, word in enumerate(words) if word in self.key_to_index
        ]
        here, there = np.array(shared, dtype=np.intp).reshape(-1, 2).T
        # One factor for all words becomes one for each.
        factors = np.resize(getattr(self, "vectors_lockf", np.ones(1, dtype=np.float32)), len(self))
        factors[here] = lockf
        self.vectors[here] = vectors[there]
        self.vectors_lockf = factors
        self.add_lifecycle_event(
            "intersect_word2vec_format",
            msg=f"took {len(shared)} of the {len(words)} vectors in {fname} for these {len(self)} words",
        )

    def to_words(self) -> Vectors:
        """Return what this is made of, as `formats` saves it: shared, not copied."""
        return Vectors(self.index_to_key, self.vectors, self.expandos, getattr(self, "vectors_lockf", None))

    @classmethod
    def from_words(cls, words: Vectors) -> Self:
        """Build from such parts; every size and index is checked. Raises `FormatError`."""
        words.check()
        return cls._of_parts(words)

    @classmethod
    def _of_parts(cls, words: Vectors) -> Self:
        """Build from parts that are sound: arrays and the list of keys are taken over, not copied."""
        kv = cls(words.vectors.shape[1], dtype=words.vectors.dtype)
        kv.vectors, kv.expandos = words.vectors, dict(words.columns)
        kv._name_rows(words.keys, words.key_to_index)
        if words.lockf is not None:
            kv.vectors_lockf = words.lockf
        return kv

    def to_tensors(self) -> dict[str, Array]:
        """Return everything as the arrays of a `.fw2v` file; the matrix is `syn0`."""
        return model_file.pack_vectors(self.to_words())

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Array]) -> Self:
        """Build from what `to_tensors` gave; every size and index is checked. Raises `FormatError`."""
        return cls._of_parts(model_file.unpack_vectors(tensors))

    def to_gensim(self) -> Any:
        """Return a real `gensim.models.KeyedVectors` with copies of everything.

        For code that insists on gensim's class, as its Annoy and Nmslib indexers do. ImportError without
        gensim.
        """
        return gensim_parts.build(copy.deepcopy(self.to_words()))

    @classmethod
    def from_gensim(cls, vectors: Any) -> Self:
        """Copy the vectors of an installed gensim; TypeError if they are anything else."""
        words = gensim_parts.describe_live(vectors)
        if not isinstance(words, Vectors):
            raise TypeError("this is a model: give its vectors, model.wv, or use Word2Vec.from_gensim")
        return cls.from_words(words)


Word2VecKeyedVectors = Doc2VecKeyedVectors = EuclideanKeyedVectors = KeyedVectors
load_word2vec_format = KeyedVectors.load_word2vec_format


def _load_word2vec_format(
    cls: type[KeyedVectors], fname: StrPath | IO[bytes], *, binary_chunk_size: int = 0, **options: Any
) -> KeyedVectors:
    """gensim's own tests read through this; how much is read at a time is the reader's own affair."""
    return cls.load_word2vec_format(fname, **options)
