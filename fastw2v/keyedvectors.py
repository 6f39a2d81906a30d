"""`KeyedVectors`: words ↔ rows of one matrix, attributes of words, similarity queries, evaluation, files.

A *key* is what a row is called: usually a word, possibly an int. Norms are computed afresh for every query,
so a changed matrix can never meet stale ones. No query returns NaN: a row without a direction (zeros, NaN,
infinity) has cosine 0 with everything, and so has such a query.
"""

from __future__ import annotations

import json
import logging
import numbers
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, Any, Literal, Self

import numpy as np
import numpy.typing as npt

from fastw2v import _kernels, evaluation
from fastw2v.formats import native, word2vec
from fastw2v.formats.atomic import StrPath
from fastw2v.formats.errors import FormatError
from fastw2v.huffman import Ragged

logger = logging.getLogger(__name__)

REAL = np.float32
Array = npt.NDArray[Any]
Key = Any  # a str as a rule; an int or any other hashable
Result = list[tuple[Key, float]]

# Squares outside this range have lost digits or overflowed in float32; such rows are recomputed in float64.
_SMALLEST_SQUARE, _LARGEST_SQUARE = 1e-30, 1e37

_SCORES_PER_BLOCK = 256
_OUTPUT_MATRICES = ("syn1", "syn1neg")  # in a Word2Vec's file; not ours


class KeyedVectors:
    """V rows of D numbers, `vectors`, called by the keys of `index_to_key`; `key_to_index` leads back.

    `expandos` holds one column of V values per attribute (`count`, `sample_int`, `code`, `point`, …).
    `count` rows are made in advance, zero and without a key (None) until `add_vector` fills them.
    """

    vectors_lockf: Array  # set by Word2Vec: training multiplies a row's update by it

    def __init__(self, vector_size: int, count: int = 0, dtype: npt.DTypeLike = np.float32) -> None:
        self.vector_size = int(vector_size)
        self.index_to_key: list[Key] = [None] * count
        self.key_to_index: dict[Key, int] = {}
        self.next_index = 0  # the row that add_vector fills next
        self.vectors: Array = np.zeros((count, self.vector_size), dtype=dtype)
        self.expandos: dict[str, Array | Ragged] = {}

    def with_vectors(self, vectors: Array) -> KeyedVectors:
        """Another matrix (V, any) under the same keys; keys, attributes and matrix are shared, not copied."""
        if vectors.ndim != 2 or len(vectors) != len(self.index_to_key):
            raise ValueError(f"{len(self.index_to_key)} keys need as many rows, not an array {vectors.shape}")
        other = KeyedVectors(vectors.shape[1], dtype=vectors.dtype)
        other.index_to_key, other.key_to_index = self.index_to_key, self.key_to_index
        other.vectors, other.expandos, other.next_index = vectors, self.expandos, self.next_index
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
        if norm:
            row = unit_rows(row[np.newaxis])[0]
        row.flags.writeable = False
        return row

    def __getitem__(self, key_or_keys: Key | Iterable[Key]) -> Array:
        """One key: its row (D,), a read-only view. Several keys: a copy (len, D)."""
        if isinstance(key_or_keys, str | int | np.integer):
            return self.get_vector(key_or_keys)
        indexes = [self.get_index(key) for key in key_or_keys]
        if not indexes:
            raise ValueError("no keys given")
        return np.asarray(self.vectors[indexes])

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
        mean = np.zeros(self.vector_size)
        indexes: list[int] = []
        indexed: list[float] = []
        total = 0.0
        for key, factor in zip(keys, factors.tolist(), strict=True):
            if isinstance(key, np.ndarray):
                if key.shape != mean.shape:
                    raise ValueError(f"a vector of shape {key.shape} was given, not ({self.vector_size},)")
                mean += factor * key
            elif self.has_index_for(key):
                indexes.append(self.get_index(key))
                indexed.append(factor)
            elif ignore_missing:
                continue
            else:
                raise KeyError(f"Key '{key}' not present in vocabulary")
            total += abs(factor)
        rows = self.vectors[indexes].astype(np.float64)
        mean += indexed @ (unit_rows(rows) if pre_normalize else rows)
        if total > 0:
            mean /= total
        if post_normalize:
            mean = unit_rows(mean[np.newaxis])[0]
        return mean.astype(self.vectors.dtype)

    def add_vector(self, key: Key, vector: npt.ArrayLike) -> int:
        """Give `key` a row and return its number: a prepared row if one is free, else a new one at the end.

        A key that is there already gets the new values in its old row.
        """
        row = self._rows_of(vector, 1)[0]
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
        keys = [keys] if isinstance(keys, str | int | np.integer) else list(keys)
        rows = self._rows_of(weights, len(keys))
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
            self._plain_column(name)[targets] = values[sources]

    def __setitem__(self, keys: Key | list[Key], weights: npt.ArrayLike) -> None:
        """Add or replace one key's vector, or those of a list of keys."""
        self.add_vectors(keys if isinstance(keys, list) else [keys], weights, replace=True)

    def _rows_of(self, weights: npt.ArrayLike, count: int) -> Array:
        rows = np.asarray(weights, dtype=self.vectors.dtype)
        if rows.ndim == 1 and count == 1:
            rows = rows[np.newaxis]
        if rows.shape != (count, self.vector_size):
            raise ValueError(f"{count} vectors of {self.vector_size} numbers are needed, not {rows.shape}")
        return rows

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
                self.expandos[name] = np.zeros(size, dtype=_column_dtype(kind))
                continue
            if kind is not None:
                _check_column_type(name, column, kind)
            if len(column) != size:
                self.expandos[name] = _resized(column, size)

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

    def _plain_column(self, name: str) -> Array:
        column = self.expandos[name]
        if isinstance(column, Ragged):
            raise TypeError(f"attribute {name!r} has rows of different lengths")
        return column

    # --- queries ---

    def _cosines(self, query: Array, start: int = 0, end: int | None = None) -> Array:
        """Cosines (rows,) of a query (D,) with rows start:end; 0 where there is no direction."""
        rows = self.vectors[start:end]
        unit = unit_rows(query[np.newaxis].astype(np.result_type(rows, REAL)))[0]
        if rows.dtype == np.float16:  # neither BLAS nor the range of squares
            return np.asarray(unit_rows(rows.astype(REAL)) @ unit)
        if rows.dtype == REAL and rows.flags.c_contiguous:
            cosines, squares = np.empty((2, len(rows)), dtype=REAL)
            _kernels.scan(rows, unit, cosines, squares)  # both in one reading of the rows
        else:
            with np.errstate(over="ignore", invalid="ignore"):
                cosines, squares = rows @ unit, _squares(rows)
        lengths, odd = _lengths(squares)
        with np.errstate(over="ignore", invalid="ignore"):
            cosines /= lengths
        cosines[odd] = unit_rows(rows[odd]) @ unit
        return np.asarray(cosines)

    def most_similar(
        self,
        positive: Any = None,
        negative: Any = None,
        topn: int | None = 10,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
        indexer: Any = None,
    ) -> Any:
        """Return the `topn` keys nearest to Σ positive − Σ negative: `[(key, cosine), …]`, best first.

        `positive` and `negative` are each a key, a vector, a matrix, or a list of keys, vectors and
        `(key or vector, weight)` pairs; a given weight is used as it is, with its sign. Keys count with
        length 1, vectors as given. Keys asked for are left out of the answer. `topn=None` returns all cosines
        (V,) instead. Only rows `clip_start:clip_end`, or the first `restrict_vocab`, are looked at. Equal
        cosines: earlier row first. `indexer.most_similar(vector, topn)` replaces the scan. Raises `KeyError`
        for missing keys.
        """
        if isinstance(topn, numbers.Integral) and topn < 1:
            return []
        keys, weights = _weighted_inputs(positive, negative)
        mean = self.get_mean_vector(keys, weights, post_normalize=True, ignore_missing=False)
        if indexer is not None and isinstance(topn, int):
            return indexer.most_similar(mean, topn)
        if topn is not None and not isinstance(topn, numbers.Integral):
            raise TypeError(f"topn must be an integer or None, not {topn!r}")
        start, end, _ = slice(clip_start, clip_end or None).indices(len(self))
        if restrict_vocab:
            start, end, _ = slice(0, restrict_vocab).indices(len(self))
        scores = self._cosines(mean, start, end)
        if topn is None:
            return scores
        asked = {self.get_index(key) for key in keys if not isinstance(key, np.ndarray)}
        return self._best(scores, int(topn), start, asked)

    def _best(self, scores: Array, topn: int, start: int, without: set[int]) -> Result:
        """The keys of the `topn` best scores of rows start…, except rows `without` and nameless ones."""
        nameless = len(self.index_to_key) - len(self.key_to_index)
        result: Result = []
        for place in top_places(scores, topn + len(without) + nameless).tolist():
            key = self.index_to_key[start + place]
            if key is not None and start + place not in without:
                result.append((key, float(scores[place])))
        return result[:topn]

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

    def similarity(self, w1: Key, w2: Key) -> np.float32:
        """Cosine of two keys; exactly 1 for a key with itself."""
        return np.float32(_cosine(self.vectors[self.get_index(w1)], self.vectors[self.get_index(w2)]))

    def distance(self, w1: Key, w2: Key) -> np.float32:
        """1 − cosine of two keys."""
        return np.float32(1 - self.similarity(w1, w2))

    def distances(self, word_or_vector: Key | Array, other_words: Iterable[Key] = ()) -> Array:
        """1 − cosine of a key or vector with each of `other_words`, or with all rows if there are none."""
        if isinstance(word_or_vector, str | int | np.integer):
            query = self.vectors[self.get_index(word_or_vector)]
        else:
            query = np.asarray(word_or_vector)
        if not other_words:
            return np.asarray(1 - self._cosines(query))
        return np.asarray(1 - self.cosine_similarities(query, self[other_words]))

    @staticmethod
    def cosine_similarities(vector_1: npt.ArrayLike, vectors_all: npt.ArrayLike) -> Array:
        """Cosines (rows,) of one vector (D,) with the rows of a matrix (rows, D)."""
        rows, vector = np.asarray(vectors_all), np.asarray(vector_1)
        return np.asarray(unit_rows(rows) @ unit_rows(vector[np.newaxis])[0])

    def n_similarity(self, ws1: Sequence[Key], ws2: Sequence[Key]) -> np.float32:
        """Cosine of the means of two lists of keys; missing keys are left out, 0 if nothing remains."""
        if not (len(ws1) and len(ws2)):
            raise ZeroDivisionError("n_similarity needs at least one key on each side")
        mean1, mean2 = (self.get_mean_vector(keys, pre_normalize=False) for keys in (ws1, ws2))
        return np.float32(_cosine(mean1, mean2))

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
            scores = np.nan_to_num(rows @ unit_rows(rows.mean(axis=0)[np.newaxis])[0])
        return sorted(zip(scores, used, strict=True), key=lambda pair: (pair[0], str(pair[1])), reverse=True)

    def doesnt_match(self, words: Iterable[Key]) -> Key:
        """Return the word farthest from the mean of `words`."""
        return self.rank_by_centrality(words)[-1][1]

    # --- evaluation ---

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
            analogies, words, unit, case_insensitive=case_insensitive, dummy4unknown=dummy4unknown,
            similarity_function=similarity_function,
        )  # fmt: skip

    def evaluate_word_pairs(
        self,
        pairs: StrPath,
        delimiter: str = "\t",
        encoding: str = "utf8",
        restrict_vocab: int | None = 300000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
    ) -> tuple[Any, Any, float]:
        """Correlate cosines with the human judgements of a file, for pairs of the first words only.

        Returns scipy's Pearson and Spearman results and the percentage of pairs with unknown words; see
        `evaluation.word_pairs`.
        """
        words, unit = self._first_words(restrict_vocab)
        return evaluation.word_pairs(
            pairs, words, unit, delimiter=delimiter, encoding=encoding, case_insensitive=case_insensitive,
            dummy4unknown=dummy4unknown,
        )  # fmt: skip

    def _first_words(self, restrict_vocab: int | None) -> tuple[list[Key], evaluation.Unit]:
        """The keys of the first rows, and what gives those rows with length 1."""
        words = self.index_to_key[:restrict_vocab]
        vectors = self.vectors[: len(words)]
        if None in words:
            vectors = vectors[[row for row, word in enumerate(words) if word is not None]]
            words = [word for word in words if word is not None]
        return words, lambda rows: unit_rows(vectors[rows])

    # --- files ---

    def save(self, fname_or_handle: StrPath | IO[bytes]) -> None:
        """Save to one `.fw2v` file: atomically if a path is given. Keys must be str or int."""
        native.write(fname_or_handle, self.to_tensors(), {"kind": "KeyedVectors"})

    @classmethod
    def load(
        cls,
        fname: StrPath | IO[bytes],
        mmap: Literal["r", "c"] | None = None,
        *,
        verify: Literal["structure", "full"] = "structure",
    ) -> Self:
        """Load what `save` wrote, or the input vectors of a saved `Word2Vec`.

        `mmap="r"` leaves the matrix in the file, read-only and shared between processes; `"c"` lets it be
        changed in memory. `verify="full"` reads everything and compares checksums. Raises `FormatError`.
        """
        tensors, _ = native.read(fname, mmap, verify=verify, wanted=lambda name: name not in _OUTPUT_MATRICES)
        try:
            return cls.from_tensors(tensors)
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
        such attribute. `fvocab` takes a second file, with lines "word value-of-sort_attr". `formats.word2vec`
        says the rest.
        """
        column = self.expandos.get(sort_attr)
        order = np.array([row for row, key in enumerate(self.index_to_key) if key is not None], dtype=np.intp)
        if isinstance(column, np.ndarray):
            # Sorting backwards, and turning the result around, keeps equal values in the order of their rows.
            order = order[::-1][np.argsort(column[order[::-1]], kind="stable")][::-1]
        elif fvocab is not None:
            raise ValueError(f"fvocab needs the attribute {sort_attr!r}, which these words do not have")
        else:
            logger.warning("no attribute %r: %s is written in the order of its rows", sort_attr, self)
        if fvocab is not None and isinstance(column, np.ndarray):
            words = [self.index_to_key[row] for row in order]
            word2vec.write_counts(fvocab, words, column[order], prefix=prefix, append=append)
        word2vec.write(
            fname, self.index_to_key, self.vectors, binary=binary, order=order, total_vec=total_vec,
            write_header=write_header, prefix=prefix, append=append,
        )  # fmt: skip

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
        on_bad_values: word2vec.BadValues = "raise",
    ) -> Self:
        """Read what the original word2vec program, gensim or GloVe wrote; arguments and errors as for
        `formats.word2vec.read`.

        Without `fvocab` the counts are invented, V, V − 1, … 1: only their order means something.
        """
        words, vectors, counts = word2vec.read(
            fname, fvocab=fvocab, binary=binary, encoding=encoding, unicode_errors=unicode_errors,
            limit=limit, datatype=datatype, no_header=no_header, on_bad_values=on_bad_values,
        )  # fmt: skip
        kv = cls(vectors.shape[1], dtype=vectors.dtype)
        kv.vectors = vectors
        kv.index_to_key = list(words)
        kv.key_to_index = {word: row for row, word in enumerate(words)}
        kv.next_index = len(words)
        kv.expandos["count"] = np.arange(len(words), 0, -1) if counts is None else counts
        return kv

    def to_tensors(self) -> dict[str, Array]:
        """Return everything as arrays for `formats.native`; the matrix is `syn0`."""
        tensors = {"syn0": self.vectors, **native.pack_strings(self.index_to_key)}
        if hasattr(self, "vectors_lockf"):
            tensors["vectors_lockf"] = self.vectors_lockf
        tensors.update(_pack_columns(self.expandos))
        return tensors

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Array]) -> Self:
        """Build from what `to_tensors` gave; every size and index is checked. Raises `FormatError`."""
        keys = native.unpack_strings(tensors)
        matrix = tensors.get("syn0")
        dtype = matrix.dtype if matrix is not None and matrix.dtype.kind == "f" else REAL
        vectors = native.expect(tensors, "syn0", dtype, (len(keys), None))
        kv = cls(vectors.shape[1], dtype=dtype)
        kv.vectors = vectors
        kv.index_to_key = keys
        kv.key_to_index = {key: index for index, key in enumerate(keys) if key is not None}
        named = len(keys) - keys.count(None)
        if len(kv.key_to_index) != named:
            raise FormatError(f"{named} keys, but only {len(kv.key_to_index)} different ones")
        kv.next_index = keys.index(None) if named < len(keys) else len(keys)
        if "vectors_lockf" in tensors:
            kv.vectors_lockf = np.array(native.expect(tensors, "vectors_lockf", np.float32, (None,)))
        kv.expandos = _unpack_columns(tensors, len(keys))
        return kv

    # --- older spellings ---

    @property
    def vocab(self) -> VocabView:
        """gensim 3's mapping of words to records, live: reads and writes this object's attributes."""
        return VocabView(self)

    @property
    def index2word(self) -> list[Key]:
        """gensim 3's name of `index_to_key`."""
        return self.index_to_key

    @index2word.setter
    def index2word(self, keys: list[Key]) -> None:
        self.index_to_key = keys

    index2entity = index2word

    @property
    def syn0(self) -> Array:
        """The first name of `vectors`, word2vec.c's."""
        return self.vectors

    @syn0.setter
    def syn0(self, vectors: Array) -> None:
        self.vectors = vectors

    @property
    def vectors_norm(self) -> Array:
        """All rows with length 1, computed now."""
        return self.get_normed_vectors()

    @vectors_norm.setter
    def vectors_norm(self, _: Any) -> None:
        """Setting None used to clear a cache; there is none."""

    syn0norm = vectors_norm


class VocabRecord:
    """One word of gensim 3's `vocab`: its `.index`, and its attributes (`.count`, `.code`, `.point`, …).

    Reading and writing reach the `KeyedVectors`. Records compare by count.
    """

    __slots__ = ("_index", "_kv")
    _kv: KeyedVectors
    _index: int

    def __init__(self, kv: KeyedVectors, index: int) -> None:
        object.__setattr__(self, "_kv", kv)
        object.__setattr__(self, "_index", index)

    @property
    def index(self) -> int:
        """The word's row."""
        return self._index

    def __getattr__(self, name: str) -> Any:
        if name not in self._kv.expandos:
            raise AttributeError(f"no attribute {name!r}; these words have {sorted(self._kv.expandos)}")
        return self._kv.expandos[name][self._index]

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ("index", *self.__slots__):
            raise AttributeError("to move words, change index_to_key and key_to_index")
        self._kv.set_vecattr(self._kv.index_to_key[self._index], name, value)

    def __lt__(self, other: VocabRecord) -> bool:
        return bool(self.count < other.count)

    def __repr__(self) -> str:
        values = {"index": self._index} | {name: getattr(self, name) for name in self._kv.expandos}
        return f"Vocab({', '.join(f'{name}:{value!r}' for name, value in sorted(values.items()))})"


class VocabView(Mapping[Key, VocabRecord]):
    """gensim 3's `vocab` over a `KeyedVectors`: words, in the order of their rows, to records."""

    def __init__(self, kv: KeyedVectors) -> None:
        self._kv = kv

    def __getitem__(self, word: Key) -> VocabRecord:
        return VocabRecord(self._kv, self._kv.key_to_index[word])

    def __len__(self) -> int:
        return len(self._kv.key_to_index)

    def __iter__(self) -> Iterator[Key]:
        return iter(self._kv.key_to_index)

    def __contains__(self, word: object) -> bool:
        return word in self._kv.key_to_index

    def __repr__(self) -> str:
        return f"<vocab of {self._kv}>"


def prep_vectors(
    target_shape: tuple[int, int],
    prior_vectors: Array | None = None,
    seed: int = 0,
    dtype: npt.DTypeLike = REAL,
) -> Array:
    """Return Word2Vec's first vectors, uniform in ±1/D, the upper left part taken from `prior_vectors`.

    Row i depends on seed, D and i alone, so a matrix grown twice equals one grown at once.
    """
    if prior_vectors is not None and prior_vectors.shape == target_shape:
        return prior_vectors
    draws = np.float64 if np.dtype(dtype) == np.float64 else np.float32
    fresh = np.random.default_rng(seed=seed).random(target_shape, dtype=draws)
    fresh *= 2
    fresh -= 1
    fresh /= target_shape[1]
    vectors = fresh.astype(dtype, copy=False)
    if prior_vectors is not None:
        rows, columns = prior_vectors.shape
        vectors[:rows, :columns] = prior_vectors
    return vectors


# --- arithmetic ---


def _squares(rows: Array) -> Array:
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        return np.asarray(np.einsum("ij,ij->i", rows, rows))


def _lengths(squares: Array) -> tuple[Array, Array]:
    """L2 norms (R,) of rows from their squares, and which rows are odd: to be computed in float64, their norm
    given as 1.
    """
    fine = (squares > _SMALLEST_SQUARE) & (squares < _LARGEST_SQUARE)  # False for NaN
    return np.sqrt(np.where(fine, squares, 1), dtype=squares.dtype), np.flatnonzero(~fine)


def unit_rows(matrix: Array) -> Array:
    """Return a new matrix (R, D) with rows of length 1; zero, NaN and infinite rows become zero.

    Floats keep their dtype, other numbers become float64.
    """
    if matrix.dtype.kind != "f":
        matrix = matrix.astype(np.float64)
    if matrix.dtype == np.float16:
        return unit_rows(matrix.astype(np.float32)).astype(np.float16)
    lengths, odd = _lengths(_squares(matrix))
    with np.errstate(invalid="ignore"):
        unit = matrix / lengths[:, np.newaxis]
    if odd.size:
        exact = matrix[odd].astype(np.float64)
        exact[~np.isfinite(exact).all(axis=1)] = 0
        largest = np.abs(exact).max(axis=1, keepdims=True, initial=0)
        exact /= np.where(largest > 0, largest, 1)
        exact /= np.where(largest > 0, np.linalg.norm(exact, axis=1, keepdims=True), 1)
        unit[odd] = exact
    return np.asarray(unit)


def _cosine(a: Array, b: Array) -> float:
    # In float64, so that a vector with itself rounds to exactly 1 in float32.
    unit = unit_rows(np.stack([a, b]).astype(np.float64))
    return float(unit[0] @ unit[1])


def top_places(scores: Array, count: int) -> npt.NDArray[np.intp]:
    """Return where the `count` largest scores (V,) are, largest first; of equal ones the earlier first."""
    if 0 < count < len(scores):
        # At least `count` scores reach the count-th largest of the blocks' maxima, and these are few.
        blocks, block = len(scores) // _SCORES_PER_BLOCK, _SCORES_PER_BLOCK
        maxima = scores[: blocks * block].reshape(blocks, block).max(axis=1, initial=-np.inf)
        pool = maxima if blocks >= count else scores
        border = np.partition(pool, len(pool) - count)[len(pool) - count]
        places = np.flatnonzero(scores >= border)
    else:
        places = np.arange(len(scores))
    # Stable, and `places` rises, so equal scores stay in order.
    return places[np.argsort(-scores[places], kind="stable")[:count]]


# --- inputs of most_similar ---


def _weighted_inputs(positive: Any, negative: Any) -> tuple[list[Any], list[float]]:
    items: list[Any] = []
    weights: list[float] = []
    for name, given, sign in (("positive", positive, 1.0), ("negative", negative, -1.0)):
        for item in _as_list(name, given):
            if isinstance(item, str | int | np.integer | np.ndarray):
                items.append(item)
                weights.append(sign)
            elif isinstance(item, tuple | list) and len(item) == 2:
                items.append(item[0])
                weights.append(float(item[1]))
            else:
                raise TypeError(f"{name} holds {item!r}: a key, a vector or a (key, weight) pair is needed")
    if not items:
        raise ValueError("cannot compute mean with no input: give positive or negative keys or vectors")
    return items, weights


def _as_list(name: str, given: Any) -> list[Any]:
    if given is None:
        return []
    if isinstance(given, str | int | np.integer):
        return [given]
    if isinstance(given, np.ndarray) and given.ndim == 1 and given.dtype.kind in "iuf":
        return [given]
    if isinstance(given, list) or (isinstance(given, np.ndarray) and given.ndim in (1, 2)):
        return list(given)
    raise TypeError(
        f"{name} must be a key, a vector, or a list of keys, vectors and (key, weight) pairs, "
        f"not {type(given).__name__}"
    )


# --- columns of attributes ---


def _column_dtype(kind: Any) -> np.dtype[Any]:
    if kind is int:
        return np.dtype(np.int64)
    if kind in (bool, float) or (isinstance(kind, type) and issubclass(kind, np.number | np.bool_)):
        dtype: np.dtype[Any] = np.dtype(kind)
        return dtype
    return np.dtype(object)


def _check_column_type(name: str, column: Array | Ragged, kind: Any) -> None:
    if isinstance(column, Ragged) or column.dtype == object:
        return
    new, old = _column_dtype(kind), column.dtype
    # Any integer may go into an integer column: numpy itself refuses one that does not fit.
    if not (np.can_cast(new, old, "same_kind") or (new.kind in "iu" and old.kind in "iu")):
        raise TypeError(f"attribute {name!r} is {old}: it cannot hold {getattr(kind, '__name__', kind)}")


def _resized(column: Array | Ragged, size: int) -> Array | Ragged:
    keep = min(len(column), size)
    if isinstance(column, Ragged):
        starts = np.full(size + 1, column.starts[keep])
        starts[: keep + 1] = column.starts[: keep + 1]
        return Ragged(column.values[: starts[-1]], starts)
    resized = np.zeros(size, dtype=column.dtype)
    resized[:keep] = column[:keep]
    return resized


# In files a column is `counts`, or the Huffman tree's three, or one of these prefixes and its name.
_NUMBERS, _STARTS, _OBJECTS = "attr.", "attr_starts.", "attr_json."


def _pack_columns(columns: Mapping[str, Array | Ragged]) -> dict[str, Array]:
    rest = dict(columns)
    tensors: dict[str, Array] = {}
    count, code, point = (columns.get(name) for name in ("count", "code", "point"))
    if isinstance(count, np.ndarray) and count.dtype == np.int64:
        tensors["counts"] = count
        del rest["count"]
    if isinstance(code, Ragged) and isinstance(point, Ragged) and np.array_equal(code.starts, point.starts):
        tensors |= {"codes": code.values, "points": point.values, "path_starts": code.starts}
        del rest["code"], rest["point"]
    for name, column in rest.items():
        if isinstance(column, Ragged):
            tensors |= {_NUMBERS + name: column.values, _STARTS + name: column.starts}
        elif column.dtype == object:
            tensors[_OBJECTS + name] = _pack_objects(name, column)
        else:
            tensors[_NUMBERS + name] = column
    return tensors


def _unpack_columns(tensors: Mapping[str, Array], size: int) -> dict[str, Array | Ragged]:
    """Columns of `size` values. Plain ones are copied: they can be changed while the matrix is mapped."""
    columns: dict[str, Array | Ragged] = {}
    if "counts" in tensors:
        columns["count"] = np.array(native.expect(tensors, "counts", np.int64, (size,)))
    if "path_starts" in tensors:
        codes = native.expect(tensors, "codes", np.uint8, (None,))
        points = native.expect(tensors, "points", np.uint32, (None,))
        starts = native.expect(tensors, "path_starts", np.int64, (size + 1,))
        native.check_paths(points, codes, starts, size)
        columns |= {"code": Ragged(codes, starts), "point": Ragged(points, starts)}
    for target, values in tensors.items():
        if target.startswith(_OBJECTS):
            name = target.removeprefix(_OBJECTS)
            columns[name] = _unpack_objects(values, name, size)
        elif target.startswith(_NUMBERS):
            name = target.removeprefix(_NUMBERS)
            if _STARTS + name in tensors:
                starts = native.expect(tensors, _STARTS + name, np.int64, (size + 1,))
                native.check_starts(_STARTS + name, starts, values.size)
                columns[name] = Ragged(values.reshape(-1), starts)
            else:
                columns[name] = np.array(native.expect(tensors, target, values.dtype, (size,)))
    return columns


def _pack_objects(name: str, column: Array) -> Array:
    def plain(value: Any) -> Any:
        if isinstance(value, np.ndarray | np.generic):
            return value.tolist()
        raise TypeError(f"attribute {name!r} holds {value!r}: only what JSON knows can be saved")

    return np.frombuffer(json.dumps(column.tolist(), default=plain).encode(), dtype=np.uint8)


def _unpack_objects(packed: Array, name: str, size: int) -> Array:
    try:
        values = json.loads(packed.tobytes())
    except (ValueError, RecursionError) as error:
        raise FormatError(f"attribute {name!r} is damaged: {error}") from None
    if not isinstance(values, list) or len(values) != size:
        raise FormatError(f"attribute {name!r} does not hold {size} values")
    column = np.zeros(size, dtype=object)
    for i, value in enumerate(values):  # not column[:] = values, which would take lists for rows
        column[i] = value
    return column
