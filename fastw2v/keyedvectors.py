"""`KeyedVectors`: keys ↔ rows of one matrix, attributes of keys, similarity queries, evaluation, files.

A *key* names a row: usually a word, possibly an int. Norms are computed for every query, so they always fit
the current matrix. No query returns NaN: a row or query without a direction (zeros, NaN, infinity) has cosine
0 with everything.

Names that gensim 4 changed work in their older form too; see `older`.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import IO, Any, Literal, Self, cast, overload

import numpy as np
import numpy.typing as npt

from fastw2v import evaluation
from fastw2v.checks import check_topn, not_vectors
from fastw2v.columns import (
    Ragged,
    check_column_type,
    column_dtype,
    descending,
    plain_column,
    resized,
    set_value,
    values_of,
)
from fastw2v.documents.features import Features
from fastw2v.first_vectors import REAL as REAL
from fastw2v.first_vectors import prep_vectors as prep_vectors
from fastw2v.first_vectors import pseudorandom_weak_vector as pseudorandom_weak_vector
from fastw2v.formats import model_file, word2vec_format
from fastw2v.formats.atomic import StrPath
from fastw2v.formats.errors import FormatError
from fastw2v.formats.extras import set_attributes, users_attributes
from fastw2v.formats.parts import VECTORS_HOLD, Model, Vectors, rows_of
from fastw2v.formats.streams import seekable
from fastw2v.lifecycle import Lifecycle, class_only
from fastw2v.older import CompatVocab as CompatVocab
from fastw2v.older import OlderKeyedVectors
from fastw2v.older import Vocab as Vocab
from fastw2v.older import VocabRecord as VocabRecord
from fastw2v.older import VocabView as VocabView
from fastw2v.paths import name_of
from fastw2v.query.computed import RowLengths
from fastw2v.query.cosines import (
    cosine,
    cosines,
    largest,
    name_best,
    nearest,
    row_of_length_1,
    unit_row,
    unit_rows,
)
from fastw2v.query.inputs import (
    PLAIN_KEYS,
    ROW_NUMBERS,
    Asked,
    Question,
    answering_rows,
    asks_for_none,
    check_several,
    check_vector,
    is_one_key,
    list_items,
    missing_key,
    not_a_key,
    unit_queries,
    weighted_items,
)
from fastw2v.sharing.states import edits, guard_of, of_one_state, shallow
from fastw2v.warn import warn_user

logger = logging.getLogger(__name__)

Array = npt.NDArray[Any]
Key = Any  # usually a str; an int or any other hashable
Result = list[tuple[Key, float]]


class KeyedVectors(Lifecycle, OlderKeyedVectors, Features):
    """V rows of D numbers, each with a key, and the queries on them.

    Args:
        vector_size (int): D, the numbers per row.
        count (int): rows prepared in advance: zero and without a key (None) until `add_vector` fills them.
        dtype (dtype): of the matrix.
        mapfile_path (path or None): kept as an attribute and not used, as in gensim 4.

    Attributes:
        vectors (array): the matrix, (V, D).
        index_to_key (list): the key of each row; None for a prepared row, unless `key_to_index` leads to it.
        key_to_index (dict): the row of each key.
        vector_size (int): D.
        expandos (dict): one column of V values per attribute: `count`, `sample_int`, `code`, `point`, ….
        next_index (int): the row that `add_vector` fills next.
        vectors_lockf (array): float32 (V,) or (1,), by which training multiplies the updates of rows. Set by
            `Word2Vec` and `intersect_word2vec_format`.

    Example:
        >>> kv = KeyedVectors(2)
        >>> kv.add_vectors(["cat", "dog", "car"], [[2, 0], [2, 1], [0, 1]])
        >>> kv.most_similar("cat")
        [('dog', 0.8944...), ('car', 0.0)]
    """

    vectors_lockf: Array  # missing until Word2Vec or intersect_word2vec_format sets it
    _added_rows: int = 0  # appended by add_vectors since all keys were set: a model has no outputs for them

    def __init__(
        self,
        vector_size: int,
        count: int = 0,
        dtype: npt.DTypeLike = np.float32,
        mapfile_path: StrPath | None = None,
    ) -> None:
        self.vector_size = int(vector_size)
        self.mapfile_path = mapfile_path  # unused here, as in gensim 4; kept because callers read it
        self.index_to_key: list[Key] = [None] * count
        self.key_to_index: dict[Key, int] = {}
        self.next_index = 0  # the row that add_vector fills next
        self.vectors: Array = np.zeros((count, self.vector_size), dtype=dtype)
        self.expandos = {}

    def with_vectors(self, vectors: Array) -> KeyedVectors:
        """Return an object with another matrix under the same keys; all parts are shared, not copied.

        Args:
            vectors (array): (V, any), one row per key.

        Returns:
            KeyedVectors: a new object with these vectors.

        Raises:
            ValueError: `vectors` does not have one row per key.
        """
        if vectors.ndim != 2 or len(vectors) != len(self.index_to_key):
            raise ValueError(
                f"vectors of shape {vectors.shape} for {len(self)} keys: give a matrix with one row per key"
            )
        other = KeyedVectors.__new__(KeyedVectors)
        other.vector_size, other.vectors, other.mapfile_path = vectors.shape[1], vectors, None
        other.index_to_key, other.key_to_index = self.index_to_key, self.key_to_index
        other.expandos, other.next_index = self.expandos, self.next_index
        return other

    def __str__(self) -> str:
        return f"{type(self).__name__}<vector_size={self.vector_size}, {len(self)} keys>"

    def __len__(self) -> int:
        return len(self.index_to_key)

    # --- keys and rows ---

    def get_index(self, key: Key, default: int | None = None) -> int:
        """Return the row of a key; an int that is not a key is taken as a row number, unless keys are ints.

        Args:
            key (key): what to look up.
            default (int or None): what to return for a missing key; None raises.

        Returns:
            int: the row number, or `default`.

        Raises:
            KeyError: the key is missing and there is no default.
            TypeError: this cannot be a key, as a list or a vector.
        """
        try:
            index = self.key_to_index.get(key)
        except TypeError:
            raise TypeError(not_a_key(key)) from None
        if index is not None:
            return index
        if isinstance(key, ROW_NUMBERS) and 0 <= key < len(self.index_to_key):
            name = self.index_to_key[key]
            # Of the keys one is looked at, so that no query waits for the vocabulary.
            if not isinstance(next(iter(self.key_to_index), None) if name is None else name, ROW_NUMBERS):
                return int(key)
        if default is not None:
            return default
        raise KeyError(missing_key(key, self.key_to_index))

    def has_index_for(self, key: Key) -> bool:
        """Return whether `key` is a key, or an int that is a row number.

        Args:
            key (key): what to look up.

        Returns:
            bool: whether `get_index` finds it.
        """
        return self.get_index(key, -1) >= 0

    def __contains__(self, key: Key) -> bool:
        return self.has_index_for(key)

    def get_vector(self, key: Key, norm: bool = False) -> Array:
        """Return the vector of a key.

        Args:
            key (key): a key, or a row number.
            norm (bool): whether to bring the vector to length 1.

        Returns:
            array: (D,), read-only; a view of the matrix, or with `norm` a copy.

        Raises:
            KeyError: the key is missing.

        Example:
            >>> model.wv.get_vector("cat").shape
            (10,)
        """
        vectors, index = self.vectors, self.get_index(key)
        while vectors is not self.vectors:  # another thread has moved the rows
            vectors, index = self.vectors, self.get_index(key)
        row: Array = row_of_length_1(vectors, index) if norm else vectors[index]
        row.setflags(write=False)
        return row

    def __getitem__(self, key_or_keys: Key | Iterable[Key]) -> Array:
        """Return the vector of a key (D,), a read-only view; or of several keys (keys, D), a copy.

        Args:
            key_or_keys (key or iterable of keys): a str, an int, or what is a key is one, anything else
                several.

        Returns:
            array: (D,) or (keys, D).

        Raises:
            KeyError: a key is missing.
            ValueError: there are no keys.
        """
        if isinstance(key_or_keys, PLAIN_KEYS) or is_one_key(key_or_keys, self.key_to_index):
            return self.get_vector(key_or_keys)
        kv = self._as_it_is()
        indexes = [kv.get_index(key) for key in key_or_keys]
        if not indexes:
            raise ValueError("no keys given: give at least one")
        return np.asarray(kv.vectors[indexes])

    def _as_it_is(self) -> Self:
        """Return an object that stays as this one is now, and shares all of it."""
        return shallow(self)

    @property
    def norms(self) -> Array:
        """L2 norms of all rows (V,), an array-like that computes what it is asked for: they fit the rows."""
        return cast(Array, RowLengths(self.vectors))

    @norms.setter
    def norms(self, _: Any) -> None:
        """Do nothing: in gensim, setting None clears a cache, and there is no cache here."""

    def fill_norms(self, force: bool = False) -> None:
        """Do nothing: gensim fills its cache of `norms` here, and there is no cache.

        Args:
            force (bool): ignored; accepted as gensim has it.
        """

    @edits
    def unit_normalize_all(self) -> None:
        """Bring all rows to length 1, in place; rows without a direction become zero."""
        self.vectors[:] = unit_rows(self.vectors)

    def get_normed_vectors(self) -> Array:
        """Return a new matrix (V, D) with all rows of length 1; rows without a direction are zero."""
        return unit_rows(self.vectors)

    @of_one_state
    def get_mean_vector(
        self,
        keys: Sequence[Key | Array],
        weights: Sequence[float] | Array | None = None,
        pre_normalize: bool = True,
        post_normalize: bool = False,
        ignore_missing: bool = True,
    ) -> Array:
        """Return Σ weight·vector / Σ |weight| over keys and vectors.

        Args:
            keys (sequence): keys, and vectors (D,), which are taken as they are; or one key that is no str.
            weights (sequence of float or None): one weight per key; None gives each the weight 1.
            pre_normalize (bool): whether the rows of keys are brought to length 1 first.
            post_normalize (bool): whether the mean is brought to length 1.
            ignore_missing (bool): whether missing keys are left out; if not, they raise.

        Returns:
            array: (D,) of the dtype of `vectors`; zeros if no key is present.

        Raises:
            ValueError: `keys` is empty, `weights` has another length, or a vector has another dimension.
            KeyError: a key is missing and `ignore_missing` is False.

        Example:
            >>> kv = KeyedVectors(2)
            >>> kv.add_vectors(["cat", "car"], [[1, 0], [0, 3]])
            >>> kv.get_mean_vector(["cat", "car"])
            array([0.5, 0.5], dtype=float32)
        """
        keys = self._several(keys)
        if len(keys) == 0:
            raise ValueError("cannot compute mean with no input: `keys` is empty")
        if weights is not None and np.shape(weights) != (len(keys),):
            raise ValueError(
                f"weights of shape {np.shape(weights)} for {len(keys)} keys: give one weight per key"
            )
        question = Question.of(
            keys,
            [1.0] * len(keys) if weights is None else np.asarray(weights, dtype=np.float64).tolist(),
            (lambda key: self.get_index(key, -1)) if ignore_missing else self._row_in_mean,
            self.vector_size,
        )
        return question.mean(self.vectors, pre_normalize, post_normalize)

    def _row_in_mean(self, key: Key) -> int:
        """Return the row of `key`, or raise with gensim's words for a missing key."""
        row = self.get_index(key, -1)
        if row < 0:
            raise KeyError(missing_key(key, self.key_to_index).replace("present", "present in vocabulary", 1))
        return row

    def _several(self, keys: Any) -> Any:
        """Return `keys`, or a list of it if it is one key; a str stays, gensim takes its characters."""
        one = not isinstance(keys, str) and is_one_key(keys, self.key_to_index) and np.iterable(keys)
        return [keys] if one else keys

    @edits
    def add_vector(self, key: Key, vector: npt.ArrayLike) -> int:
        """Give a key a vector: in its own row, else in the next prepared row, else in a new last row.

        Args:
            key (key): what to add or replace.
            vector (array): (D,).

        Returns:
            int: the row number.

        Raises:
            ValueError: the vector does not have D numbers.

        Warns:
            FastW2VWarning: no prepared row is left, so the whole matrix is copied.
        """
        row = self._check_vectors(vector, 1)[0]
        index = self.key_to_index.get(key)
        if index is None:
            index = self._name_free_row(key)
        if index is None:
            warn_user(
                "Adding vectors one by one copies all of them each time: use add_vectors, "
                "or prepare rows with KeyedVectors(vector_size, count)"
            )
            index = self._append_rows([key], row[np.newaxis])
        self.vectors[index] = row
        self.allocate_vecattrs()
        return index

    @edits
    def add_vectors(
        self,
        keys: Sequence[Key] | str | int,
        weights: npt.ArrayLike,
        extras: Mapping[str, npt.ArrayLike] | None = None,
        replace: bool = False,
    ) -> None:
        """Add keys with their vectors and attributes; new keys take prepared rows first, then new last rows.

        Args:
            keys (sequence of keys or key): the keys.
            weights (array): their vectors, (keys, D), or (D,) for one key.
            extras (mapping or None): attributes, name → one value per key. New keys get 0 in all other
                attributes.
            replace (bool): whether keys that exist get the new values. Of a key given twice the last value
                counts with `replace`, the first without.

        Raises:
            ValueError: `weights` has another shape, or an attribute does not have one value per key.
            TypeError: an attribute that exists cannot hold such values.

        Example:
            >>> kv = KeyedVectors(2)
            >>> kv.add_vectors(["cat", "dog"], [[2, 0], [2, 1]], extras={"count": [7, 5]})
            >>> int(kv.get_vecattr("dog", "count"))
            5
        """
        keys = [keys] if isinstance(keys, PLAIN_KEYS) else list(keys)
        rows = self._check_vectors(weights, len(keys))
        columns = {name: values_of(name, one, self.expandos) for name, one in (extras or {}).items()}
        for name, values in columns.items():
            if len(values) != len(keys):
                raise ValueError(
                    f"extras[{name!r}] has {len(values)} values for {len(keys)} keys: give one value per key"
                )

        chosen: dict[Key, int] = {}  # key → its place in `keys`
        for place, key in enumerate(keys):
            if replace or (key not in chosen and key not in self.key_to_index):
                chosen[key] = place
        new = [key for key in chosen if key not in self.key_to_index]
        unplaced = [key for key in new if self._name_free_row(key) is None]
        self._append_rows(unplaced, np.zeros((len(unplaced), self.vector_size), dtype=self.vectors.dtype))
        targets = [self.key_to_index[key] for key in chosen]
        sources = list(chosen.values())
        self.vectors[targets] = rows[sources]
        self.allocate_vecattrs()
        for name, values in columns.items():
            self.allocate_vecattrs([name], [values.dtype.type])
            plain_column(self.expandos, name)[targets] = values[sources]

    def __setitem__(self, keys: Key | list[Key], weights: npt.ArrayLike) -> None:
        """Add or replace the vector of one key, or those of a list of keys.

        Args:
            keys (key or list of keys): the keys; anything but a list is one key.
            weights (array): their vectors, (keys, D), or (D,) for one key.

        Raises:
            ValueError: `weights` has another shape.
        """
        self.add_vectors(keys if isinstance(keys, list) else [keys], weights, replace=True)

    def _check_vectors(self, weights: npt.ArrayLike, count: int) -> Array:
        """Return vectors as an array (count, D) of the matrix's dtype; ValueError for another shape."""
        rows = np.asarray(weights, dtype=self.vectors.dtype)
        if rows.ndim == 1 and count == 1:
            rows = rows[np.newaxis]
        if rows.shape != (count, self.vector_size):
            raise ValueError(
                f"vectors of shape {rows.shape} for {count} keys: expected ({count}, {self.vector_size})"
            )
        return rows

    def _name_rows(self, keys: list[Key], rows: dict[Key, int] | None = None) -> None:
        """Replace all keys by `keys`; None leaves a row without a key.

        `rows` is the mapping from key to row, if it exists already. If it leads from None, that is a key.
        """
        rows = rows_of(keys) if rows is None else rows
        self.index_to_key, self.key_to_index = keys, rows
        self._added_rows = 0
        self.next_index = len(keys)
        if None in keys:
            nameless = (row for row, key in enumerate(keys) if key is None and rows.get(None) != row)
            self.next_index = next(nameless, len(keys))

    def _has_key(self, row: int) -> bool:
        """Return whether a row is named; None is a key only of the row to which `key_to_index` leads."""
        key = self.index_to_key[row]
        return key in self.key_to_index and (key is not None or self.key_to_index[None] == row)

    def _name_free_row(self, key: Key) -> int | None:
        """Give `key` the next prepared row and return its number; None if no row is left."""
        index = self.next_index
        if index >= len(self.index_to_key) or self._has_key(index):
            return None
        self.index_to_key[index] = key
        self.key_to_index[key] = index
        self.next_index = index + 1
        return index

    def _append_rows(self, keys: list[Key], rows: Array) -> int:
        """Add keys with their rows (keys, D) at the end; return the first new row number."""
        first = len(self.index_to_key)
        if keys:
            self.allocate_vecattrs()  # words that were cut by hand left theirs behind the last row
            self.__dict__.update(  # in one step, and nothing that others may hold is changed
                vectors=np.vstack([self.vectors, rows]),
                key_to_index=self.key_to_index | {key: row for row, key in enumerate(keys, first)},
                index_to_key=[*self.index_to_key, *keys],
                next_index=first + len(keys),
                _added_rows=self._added_rows + len(keys),
            )
        return first

    @edits
    def resize_vectors(self, seed: int = 0) -> None:
        """Grow the matrix to one row per key; new rows are random, like the first ones of Word2Vec.

        Args:
            seed (int): of the random numbers.
        """
        self.vectors = prep_vectors(
            (len(self.index_to_key), self.vector_size),
            prior_vectors=self.vectors,
            seed=seed,
            dtype=self.vectors.dtype,
        )

    @edits
    def sort_by_descending_frequency(self) -> None:
        """Sort the rows by descending `count`; of equal counts the later row comes first.

        Rows of other matrices, such as `Word2Vec.syn1neg`, stay where they are. A warning says so, which is
        only logged if the vectors are not a model's.

        Raises:
            KeyError: there are keys, but no attribute `count`.

        Warns:
            FastW2VWarning: the vectors are a model's.
        """
        if not len(self):
            return
        order = descending(plain_column(self.expandos, "count").astype(np.int64), later_first=True)
        keys = [self.index_to_key[row] for row in order]
        if len(self.vectors):
            moved = "rows move: what else is numbered by them, such as output vectors, does not"
            if "sample_int" in self.expandos:  # words of a model
                warn_user(
                    f"{moved}. The model of these vectors must not be trained or asked about its outputs any "
                    "more; build_vocab() with sorted_vocab=1 sorts the words before they are trained",
                    log=logger,
                    logged=moved,
                )
            else:
                logger.warning(moved)
            self.vectors = self.vectors[order]
        if len(getattr(self, "vectors_lockf", ())) == len(keys):
            self.vectors_lockf = self.vectors_lockf[order]
        self.expandos = {name: column.take(order) for name, column in self.expandos.items()}
        self._name_rows(keys)

    @of_one_state
    def vectors_for_all(
        self, keys: Iterable[Key], allow_inference: bool = True, copy_vecattrs: bool = False
    ) -> KeyedVectors:
        """Return the vectors of these keys as a new object; missing keys are left out.

        Args:
            keys (iterable of keys): keys in the order wanted; repetitions are left out.
            allow_inference (bool): whether ints that are not keys count as row numbers.
            copy_vecattrs (bool): whether attributes are copied too.

        Returns:
            KeyedVectors: copies. A `count` that is not copied is invented, n, n − 1, … 1: only its order has
            a meaning.
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
        """Make room for one value per key in columns of attributes; new values are zero.

        Args:
            attrs (iterable of str or None): names of the attributes; None means all that exist.
            types (iterable of type or None): the type of each, as many as `attrs`.

        Raises:
            TypeError: an attribute that exists cannot hold values of that type.
            ValueError: `types` and `attrs` have different lengths.
        """
        if attrs is None:
            wanted: list[tuple[str, Any]] = [(name, None) for name in self.expandos]
        else:
            wanted = list(zip(attrs, types or [], strict=True))
        size = len(self.index_to_key)
        for name, kind in wanted:
            column = self.expandos.get(name)
            if column is None:
                # Of two threads the first makes it.
                self.expandos.setdefault(name, np.zeros(size, dtype=column_dtype(kind)))
                continue
            if kind is not None:
                check_column_type(name, column, kind)
            if len(column) != size:
                self.expandos[name] = resized(column, size)

    def set_vecattr(self, key: Key, attr: str, val: Any) -> None:
        """Set an attribute of a key.

        Args:
            key (key): a key, or a row number.
            attr (str): name of the attribute; a new one is made if there is none.
            val (any): the value. The first value set decides the type of the column.

        Raises:
            KeyError: the key is missing.
            TypeError: the attribute exists and cannot hold values of this type.
            ValueError: the attribute holds an array per key, as `code` and `point` do, and `val` has another
                length.
            OverflowError: `val` is an integer too large for the column.
        """
        index = self.get_index(key)
        self.allocate_vecattrs([attr], [type(val)])
        column = self.expandos[attr]
        if isinstance(column, Ragged) and np.shape(val) != column[index].shape:
            raise ValueError(
                f"{attr!r} of {key!r} has {len(column[index])} values: give as many, not {np.shape(val)}"
            )
        set_value(attr, column, index, val)

    def get_vecattr(self, key: Key, attr: str) -> Any:
        """Return an attribute of a key.

        Args:
            key (key): a key, or a row number.
            attr (str): name of the attribute.

        Returns:
            any: the value; an array for attributes such as `code` and `point`.

        Raises:
            KeyError: the key or the attribute is missing.
        """
        while True:
            vectors, index = self.vectors, self.get_index(key)
            column = self.expandos[attr]
            if vectors is self.vectors:  # no other thread has moved the rows
                return column[index]

    # --- queries ---

    @overload
    def most_similar(
        self,
        positive: Asked = None,
        negative: Asked = None,
        topn: int = 10,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
        indexer: Any = None,
        *,
        target: KeyedVectors | None = None,
    ) -> Result: ...
    @overload
    def most_similar(
        self,
        positive: Asked,
        negative: Asked,
        topn: None,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
        indexer: Any = None,
        *,
        target: KeyedVectors | None = None,
    ) -> Array: ...
    @overload
    def most_similar(
        self,
        positive: Asked = None,
        negative: Asked = None,
        *,
        topn: None,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
        indexer: Any = None,
        target: KeyedVectors | None = None,
    ) -> Array: ...
    @of_one_state
    def most_similar(
        self,
        positive: Asked = None,
        negative: Asked = None,
        topn: int | None = 10,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
        indexer: Any = None,
        *,
        target: KeyedVectors | None = None,
    ) -> Result | Array:
        """Return the `topn` keys nearest to Σ positive − Σ negative, best first.

        Keys count with length 1, given vectors as they are. Keys in the query are left out of the answer.

        Args:
            positive (key, vector, matrix, or list): what to be near to; a list may hold keys, vectors (D,),
                and `(key or vector, weight)` pairs, whose weight is used as it is.
            negative (key, vector, matrix, or list): what to be far from; a weight given here is also used as
                it is, so it should be negative.
            topn (int or None): how many keys; less than 1 gives []; None returns the cosines of all rows
                looked at.
            clip_start (int): first row that is looked at.
            clip_end (int or None): first row that is no longer looked at; None or 0 means the end.
            restrict_vocab (int or None): how many of the first rows are looked at, instead of those from
                `clip_start` to `clip_end`; None or 0 means no limit.
            indexer (object or None): `indexer.most_similar(vector, topn)` answers instead, unless `topn` is
                None.
            target (KeyedVectors or None): the rows that answer, of the same dimension; its keys may differ.
                None means this object.

        Returns:
            list of (key, float): keys and their cosines; of equal cosines the earlier row first. An array of
            cosines (rows looked at,) if `topn` is None.

        Raises:
            KeyError: a key is missing.
            ValueError: nothing was given to be near to or far from, or a vector or `target` has another
                dimension.
            TypeError: `topn` is not an integer, `positive` or `negative` is of another type, or holds an item
                that is not a key, a vector or a pair.

        Example:
            >>> kv = KeyedVectors(2)
            >>> kv.add_vectors(["cat", "dog", "car"], [[2, 0], [2, 1], [0, 1]])
            >>> kv.most_similar("cat", topn=1)
            [('dog', 0.8944...)]
            >>> kv.most_similar(["dog", ("car", 0.5)], ["cat"], topn=None).shape
            (3,)
        """
        if asks_for_none(topn):
            return []
        answering = self._check_target(target)
        items, weights = weighted_items(positive, negative, self.key_to_index)
        question = Question.of(items, weights, self._row_in_mean, self.vector_size)
        mean = question.mean(self.vectors, post_normalize=True)
        if indexer is not None and isinstance(topn, int):
            answer: Result = indexer.most_similar(mean, topn)
            return answer
        check_topn(topn, or_none=True)
        start, end = answering_rows(len(answering), clip_start, clip_end, restrict_vocab)
        scores = cosines(answering.vectors[start:end], mean)
        if topn is None:
            return scores
        asked = question.rows if target is None else answering._rows_of_keys(items)
        return answering._pick_best(scores, int(topn), start, asked)

    @of_one_state
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
        """Return `most_similar` of each query: the same answers, many times as fast.

        Integer arithmetic finds the few rows among which the best must be, for all queries together, in as
        many threads as numpy's BLAS uses.

        Args:
            queries (iterable): keys and vectors, each an array (D,); each is a query by itself.
            topn (int): how many keys per query; less than 1 gives empty lists.
            clip_start (int): first row that is looked at.
            clip_end (int or None): first row that is no longer looked at; None or 0 means the end.
            restrict_vocab (int or None): how many of the first rows are looked at, instead of those from
                `clip_start` to `clip_end`; None or 0 means no limit.
            target (KeyedVectors or None): the rows that answer, of the same dimension; its keys may differ.
                None means this object.

        Returns:
            list of lists of (key, float): for each query the keys and their cosines, best first; of equal
            cosines the earlier row first. A key in the query is left out of its answer.

        Raises:
            KeyError: a key is missing.
            ValueError: a vector or `target` has another dimension.
            TypeError: `topn` is not an integer, or `queries` is one key.

        Example:
            >>> kv = KeyedVectors(2)
            >>> kv.add_vectors(["cat", "dog", "car"], [[2, 0], [2, 1], [0, 1]])
            >>> kv.most_similar_many(["cat", "car"], topn=1)
            [[('dog', 0.8944...)], [('dog', 0.4472...)]]
        """
        queries = list(check_several("queries", queries, self.key_to_index))
        check_topn(topn, or_none=False)
        if asks_for_none(topn):
            return [[] for _ in queries]
        answering = self._check_target(target)
        start, end = answering_rows(len(answering), clip_start, clip_end, restrict_vocab)
        parts = [query if isinstance(query, np.ndarray) else self.get_index(query) for query in queries]
        units = unit_queries(parts, self.vectors, self.vector_size)
        if target is None:
            asked = [set() if isinstance(part, np.ndarray) else {part} for part in parts]
        else:
            asked = [answering._rows_of_keys([query]) for query in queries]
        names, row_of = answering.index_to_key, answering.key_to_index
        count = int(topn) + max(map(len, asked), default=0) + answering._nameless
        found = nearest(answering.vectors[start:end], units, count)
        return [
            name_best(names, row_of, [start + place for place in places], scores, int(topn), left_out)
            for (places, scores), left_out in zip(found, asked, strict=True)
        ]

    def _rows_of_keys(self, items: Iterable[Key | Array]) -> set[int]:
        """Return the rows of those items that are keys, and −1 if one is missing here."""
        return {self.get_index(item, -1) for item in items if not isinstance(item, np.ndarray)}

    def _check_target(self, target: KeyedVectors | None) -> KeyedVectors:
        """Return `target`, or this object if it is None; TypeError or ValueError if it cannot answer."""
        if target is None:
            return self
        if not isinstance(target, KeyedVectors):
            raise TypeError(not_vectors("target", target))
        if target.vector_size != self.vector_size:
            raise ValueError(
                f"target has vectors of dimension {target.vector_size}, expected {self.vector_size}, "
                "that of the queries"
            )
        return target._as_it_is()

    @overload
    def most_similar_cosmul(
        self,
        positive: Asked = None,
        negative: Asked = None,
        topn: int = 10,
        restrict_vocab: int | None = None,
    ) -> Result: ...
    @overload
    def most_similar_cosmul(
        self, positive: Asked, negative: Asked, topn: None, restrict_vocab: int | None = None
    ) -> Array: ...
    @overload
    def most_similar_cosmul(
        self,
        positive: Asked = None,
        negative: Asked = None,
        *,
        topn: None,
        restrict_vocab: int | None = None,
    ) -> Array: ...
    @of_one_state
    def most_similar_cosmul(
        self,
        positive: Asked = None,
        negative: Asked = None,
        topn: int | None = 10,
        restrict_vocab: int | None = None,
    ) -> Result | Array:
        """Return the `topn` keys with the largest Π cos(positive) / (Π cos(negative) + 1e-6), best first.

        Cosines are shifted to 0…1. Keys in the query are left out of the answer.

        Args:
            positive (key, vector, matrix, or list): what to be near to; a list may hold keys and vectors
                (D,).
            negative (key, vector, matrix, or list): what to be far from.
            topn (int or None): how many keys; less than 1 gives []; None returns the scores of all rows
                looked at.
            restrict_vocab (int or None): how many of the first rows are looked at; None or 0 means all.

        Returns:
            list of (key, float): keys and their scores; of equal scores the earlier row first. An array of
            scores (rows looked at,) if `topn` is None.

        Raises:
            ValueError: there is nothing positive, or a vector has another dimension.
            KeyError: a key is missing.
            TypeError: `topn` is not an integer, or `positive` or `negative` is of another type.

        3CosMul, equation 4 of Levy and Goldberg 2014, "Linguistic Regularities in Sparse and Explicit Word
        Representations", CoNLL.
        """
        if asks_for_none(topn):
            return []
        above = list_items("positive", positive, self.key_to_index)
        below = list_items("negative", negative, self.key_to_index)
        if not above:
            raise ValueError("cannot compute similarity with no input: give positive keys or vectors")
        check_topn(topn, or_none=True)
        _, end = answering_rows(len(self), restrict_vocab=restrict_vocab)
        rows = self.vectors[:end]
        signs = [1.0] * len(above) + [-1.0] * len(below)
        question = Question.of([*above, *below], signs, self.get_index, self.vector_size)
        scores, divisor = np.ones((2, len(rows)), dtype=np.result_type(rows, REAL))
        for part, sign in zip(question.parts, question.weights, strict=True):
            query = part if isinstance(part, np.ndarray) else row_of_length_1(self.vectors, part)
            product = scores if sign > 0 else divisor
            shifted = cosines(rows, unit_row(query))
            shifted += 1
            shifted /= 2
            product *= shifted
        scores /= divisor + 1e-6
        return scores if topn is None else self._pick_best(scores, int(topn), 0, question.rows)

    def _pick_best(self, scores: Array, topn: int, start: int, left_out: set[int]) -> Result:
        """Return the `topn` best keys by scores of rows `start`…, without `left_out` and nameless rows."""
        places, best = largest(scores, topn + len(left_out) + self._nameless)
        rows = [start + place for place in places] if start else places
        return name_best(self.index_to_key, self.key_to_index, rows, best, topn, left_out)

    @property
    def _nameless(self) -> int:
        """How many rows may have no key: those of deleted words, and those that are prepared."""
        return max(0, len(self.index_to_key) - len(self.key_to_index))

    @of_one_state
    def most_similar_to_given(self, key1: Key, keys_list: Sequence[Key]) -> Key:
        """Return the key of a list that has the largest cosine with a given key; of equal ones the first.

        Args:
            key1 (key): what to be near to.
            keys_list (sequence of keys): the keys to choose from.

        Returns:
            key: one of `keys_list`.

        Raises:
            ValueError: `keys_list` is empty.
            KeyError: a key is missing.
        """
        if not len(keys_list):
            raise ValueError("keys_list is empty: give the keys to choose from")
        return max(keys_list, key=lambda key: self.similarity(key1, key))

    @of_one_state
    def closer_than(self, key1: Key, key2: Key) -> list[Key]:
        """Return the keys that are nearer to `key1` than `key2` is.

        Args:
            key1 (key): what to be near to.
            key2 (key): what to be nearer than.

        Returns:
            list of keys: in the order of their rows, without `key1`.

        Raises:
            KeyError: a key is missing.
        """
        distances = self.distances(key1)
        nearer = np.flatnonzero(distances < distances[self.get_index(key2)]).tolist()
        itself = self.get_index(key1)
        return [self.index_to_key[row] for row in nearer if row != itself and self._has_key(row)]

    def rank(self, key1: Key, key2: Key) -> int:
        """Return the place of `key2` among all keys, ordered by cosine with `key1`.

        Args:
            key1 (key): what to be near to.
            key2 (key): the key to place.

        Returns:
            int: 1 for the nearest.

        Raises:
            KeyError: a key is missing.
        """
        return len(self.closer_than(key1, key2)) + 1

    @overload
    def similar_by_key(self, key: Key, topn: int = 10, restrict_vocab: int | None = None) -> Result: ...
    @overload
    def similar_by_key(self, key: Key, topn: None, restrict_vocab: int | None = None) -> Array: ...
    def similar_by_key(
        self, key: Key, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Result | Array:
        """Return the `topn` keys nearest to a key, best first: `most_similar` of one key.

        Args:
            key (key): what to be near to.
            topn (int or None): how many keys; less than 1 gives []; None returns the cosines of all rows
                looked at.
            restrict_vocab (int or None): how many of the first rows are looked at; None or 0 means all.

        Returns:
            list of (key, float): keys and their cosines, or an array of cosines (rows looked at,) if `topn`
            is None.

        Raises:
            KeyError: the key is missing.
            TypeError: `topn` is not an integer.
        """
        return self.most_similar(positive=[key], topn=topn, restrict_vocab=restrict_vocab)

    @overload
    def similar_by_word(self, word: Key, topn: int = 10, restrict_vocab: int | None = None) -> Result: ...
    @overload
    def similar_by_word(self, word: Key, topn: None, restrict_vocab: int | None = None) -> Array: ...
    def similar_by_word(
        self, word: Key, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Result | Array:
        """Return the `topn` keys nearest to a word, best first: `most_similar` of one word.

        Args:
            word (key): what to be near to.
            topn (int or None): how many keys; less than 1 gives []; None returns the cosines of all rows
                looked at.
            restrict_vocab (int or None): how many of the first rows are looked at; None or 0 means all.

        Returns:
            list of (key, float): keys and their cosines, or an array of cosines (rows looked at,) if `topn`
            is None.

        Raises:
            KeyError: the word is missing.
            TypeError: `topn` is not an integer.
        """
        return self.similar_by_key(word, topn, restrict_vocab)

    @overload
    def similar_by_vector(
        self, vector: npt.ArrayLike, topn: int = 10, restrict_vocab: int | None = None
    ) -> Result: ...
    @overload
    def similar_by_vector(
        self, vector: npt.ArrayLike, topn: None, restrict_vocab: int | None = None
    ) -> Array: ...
    def similar_by_vector(
        self, vector: npt.ArrayLike, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Result | Array:
        """Return the `topn` keys nearest to a vector, best first: `most_similar` of one vector.

        Args:
            vector (array or list of numbers, or str): what to be near to, (D,); a word stands for its vector.
            topn (int or None): how many keys; less than 1 gives []; None returns the cosines of all rows
                looked at.
            restrict_vocab (int or None): how many of the first rows are looked at; None or 0 means all.

        Returns:
            list of (key, float): keys and their cosines, or an array of cosines (rows looked at,) if `topn`
            is None.

        Raises:
            ValueError: the vector has another dimension.
            KeyError: the word is missing.
            TypeError: `topn` is not an integer.
        """
        given = vector if isinstance(vector, str) else np.asarray(vector)
        return self.most_similar(positive=[given], topn=topn, restrict_vocab=restrict_vocab)

    def similarity(self, w1: Key, w2: Key, *, target: KeyedVectors | None = None) -> np.float32:
        """Return the cosine of two keys; exactly 1 for a key with itself, unless its row has no direction.

        Args:
            w1 (key): one key.
            w2 (key): the other.
            target (KeyedVectors or None): where `w2` is looked up, of the same dimension; None means this
                object.

        Returns:
            float32: from −1 to 1.

        Raises:
            KeyError: a key is missing.
            ValueError: `target` has another dimension.

        Example:
            >>> kv = KeyedVectors(2)
            >>> kv.add_vectors(["cat", "car"], [[2, 0], [0, 1]])
            >>> float(kv.similarity("cat", "car"))
            0.0
        """
        other = self._check_target(target)
        while True:
            vectors, others = self.vectors, other.vectors
            rows = self.get_index(w1), other.get_index(w2)
            if vectors is self.vectors and others is other.vectors:  # no other thread has moved the rows
                return np.float32(cosine(vectors[rows[0]], others[rows[1]]))

    def distance(self, w1: Key, w2: Key) -> np.float32:
        """Return 1 − cosine of two keys.

        Args:
            w1 (key): one key.
            w2 (key): the other.

        Returns:
            float32: from 0 to 2.

        Raises:
            KeyError: a key is missing.
        """
        return np.float32(1 - self.similarity(w1, w2))

    @of_one_state
    def distances(self, word_or_vector: Key | Array, other_words: Iterable[Key] = ()) -> Array:
        """Return 1 − cosine of a key or vector with other keys.

        Args:
            word_or_vector (key or array): a key, or a vector (D,).
            other_words (list of keys): the keys to compare with; none means all rows.

        Returns:
            array: (keys,), or (V,) for all rows.

        Raises:
            KeyError: a key is missing.
            ValueError: the vector has another dimension.
            TypeError: `other_words` is one key.
        """
        if is_one_key(word_or_vector, self.key_to_index):
            query = self.vectors[self.get_index(word_or_vector)]
        else:
            query = check_vector(np.asarray(word_or_vector), self.vector_size)
        nothing = isinstance(other_words, tuple) and not other_words  # () may be a key, too
        others = [] if nothing else list(check_several("other_words", other_words, self.key_to_index))
        rows = self.vectors if not others else self.vectors[[self.get_index(key) for key in others]]
        return np.asarray(1 - cosines(rows, unit_row(query)))

    @staticmethod
    def cosine_similarities(vector_1: npt.ArrayLike, vectors_all: npt.ArrayLike) -> Array:
        """Return the cosines of one vector with the rows of a matrix.

        Args:
            vector_1 (array): (D,).
            vectors_all (array): (rows, D).

        Returns:
            array: (rows,).

        Raises:
            ValueError: the vector has another dimension, or `vectors_all` is not a matrix.
        """
        rows, vector = np.asarray(vectors_all), np.asarray(vector_1)
        if rows.ndim != 2:
            raise ValueError(
                f"vectors_all has shape {rows.shape}: give a matrix (rows, D), for one vector [vector]"
            )
        return np.asarray(unit_rows(rows) @ unit_row(check_vector(vector, rows.shape[1])))

    @of_one_state
    def n_similarity(self, ws1: Sequence[Key], ws2: Sequence[Key]) -> np.float32:
        """Return the cosine of the means of two lists of keys; missing keys are left out.

        Means are those of the rows as they are, whatever their length.

        Args:
            ws1 (sequence of keys): one list.
            ws2 (sequence of keys): the other.

        Returns:
            float32: from −1 to 1; 0 if none of the keys in a list is present.

        Raises:
            ZeroDivisionError: a list is empty.
        """
        ws1, ws2 = self._several(ws1), self._several(ws2)
        if not (len(ws1) and len(ws2)):
            raise ZeroDivisionError(f"{'ws2' if len(ws1) else 'ws1'} is empty: give at least one key")
        mean1, mean2 = (self.get_mean_vector(keys, pre_normalize=False) for keys in (ws1, ws2))
        return np.float32(cosine(mean1, mean2))

    @of_one_state
    def rank_by_centrality(
        self, words: Iterable[Key], use_norm: bool = True
    ) -> list[tuple[np.floating[Any], Key]]:
        """Return the words by their product with the mean of all, the most central first.

        The mean is brought to length 1. Missing words are left out, with a logged warning.

        Args:
            words (iterable of keys): the words to compare.
            use_norm (bool): whether words count with length 1.

        Returns:
            list of (float, word): scores and words.

        Raises:
            ValueError: no word is left.
        """
        words = list(words)
        used = [word for word in words if self.has_index_for(word)]
        if len(used) < len(words):
            missing = [word for word in words if not self.has_index_for(word)]
            logger.warning("ignoring words without a vector: %s", missing)
        if not used:
            raise ValueError("cannot select a word: none of the words given has a vector")
        rows = self[used]
        if use_norm:
            rows = unit_rows(rows)
        with np.errstate(over="ignore", invalid="ignore"):
            scores = rows @ unit_row(rows.mean(axis=0))
        if not np.isfinite(scores).all():
            scores = np.nan_to_num(scores)
        return sorted(zip(scores, used, strict=True), key=lambda pair: (pair[0], str(pair[1])), reverse=True)

    def doesnt_match(self, words: Iterable[Key]) -> Key:
        """Return the word that is farthest from the mean of all; missing words are left out.

        Args:
            words (iterable of keys): the words to compare.

        Returns:
            key: one of `words`.

        Raises:
            ValueError: no word is left.

        Example:
            >>> kv = KeyedVectors(2)
            >>> kv.add_vectors(["cat", "dog", "car"], [[2, 0], [2, 1], [0, 1]])
            >>> kv.doesnt_match(["cat", "dog", "car"])
            'car'
        """
        return self.rank_by_centrality(words)[-1][1]

    @of_one_state
    def relative_cosine_similarity(self, wa: Key, wb: Key, topn: int = 10) -> float:
        """Return the cosine of two keys, divided by the sum of the cosines of the keys nearest to the first.

        For synonyms it is above 1 / `topn`.

        Args:
            wa (key): the key with the nearest keys.
            wb (key): the other key.
            topn (int): how many of the nearest keys.

        Returns:
            float: the quotient.

        Raises:
            KeyError: a key is missing.
            ValueError: there are no nearest keys, as with `topn` less than 1.
            TypeError: `topn` is not an integer.

        Leeuwenberg et al. 2016, "A Minimally Supervised Approach for Synonym Extraction with Word
        Embeddings", equation 1.
        """
        neighbours = self.similar_by_word(wa, topn)
        if not neighbours:
            raise ValueError(f"topn={topn} gives no words near {wa!r} to compare with: give at least 1")
        total: float = sum(score for _, score in neighbours)
        return float(self.similarity(wa, wb)) / total

    @of_one_state
    def wmdistance(self, document1: Iterable[Key], document2: Iterable[Key], norm: bool = True) -> float:
        """Return the word mover's distance of two documents.

        It is the least sum of mass × Euclidean distance that moves the words of one onto those of the other.
        Missing words are left out. Needs the package POT.

        Args:
            document1 (iterable of keys): one document.
            document2 (iterable of keys): the other.
            norm (bool): whether vectors are brought to length 1.

        Returns:
            float: at least 0; infinity if a document has no word with a vector.

        Raises:
            ImportError: POT is not installed.
            ValueError: the vector of a word holds NaN or infinity.

        Kusner et al. 2015, "From Word Embeddings To Document Distances", ICML.
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
            raise ValueError("the vector of a word holds NaN or infinity: no distance is defined")
        if not costs.any():
            return 0.0
        masses = (np.array(list(bag.values())) / bag.total() for bag in bags)
        return float(emd2(*masses, costs))

    def similarity_unseen_docs(self, *args: Any, **kwargs: Any) -> None:
        """Raise `NotImplementedError`, as in gensim: this is a method for document vectors.

        Args:
            *args (any): ignored.
            **kwargs (any): ignored.

        Raises:
            NotImplementedError: always.
        """
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
        similarity_function: Literal["most_similar", "most_similar_cosmul"] = "most_similar",
    ) -> tuple[float, list[evaluation.Section]]:
        """Answer the analogies of a file like word2vec's questions-words.txt; see `evaluation.analogies`.

        Args:
            analogies (path): the file, perhaps compressed: ": name of section", then lines of four words.
            restrict_vocab (int or None): how many of the first rows are used; None means all.
            case_insensitive (bool): whether words are compared in upper case; of equal ones the first row
                counts.
            dummy4unknown (bool): whether questions with unknown words count as wrong; if not, they are left
                out.
            similarity_function (str): "most_similar" or "most_similar_cosmul", the score of an answer.

        Returns:
            tuple of (float, list of dict): the share of right answers, from 0 to 1, and the sections, with
            the keys "section", "correct" and "incorrect"; the last one has all questions.

        Raises:
            ValueError: the file holds no analogies, or `similarity_function` is not one of the two.
            OSError: the file cannot be read.
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

    @of_one_state
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
        r"""Correlate cosines with the human judgements of a file; see `evaluation.word_pairs`.

        Args:
            pairs (path): the file, perhaps compressed: lines of word, word, number; "#" starts a comment.
            delimiter (str): what separates the fields.
            encoding (str): of the file.
            restrict_vocab (int or None): how many of the first rows are used; None means all.
            case_insensitive (bool): whether words are compared in upper case; of equal ones the first row
                counts.
            dummy4unknown (bool): whether pairs with unknown words count with cosine 0; if not, they are left
                out.
            target (KeyedVectors or None): the rows of each pair's second word, with the same keys and
                dimension; None means this object.

        Returns:
            tuple of (result, result, float): scipy's Pearson and Spearman results, and the percentage of
            pairs with unknown words.

        Raises:
            ValueError: fewer than two pairs remain, or `target` has another dimension or other keys.
            OSError: the file cannot be read.

        Example:
            >>> with open(f"{tmp}/pairs", "w") as file:
            ...     _ = file.write("cat dog 9\ncat moo 2\ndog cow 8\n")
            >>> pearson, spearman, unknown = model.wv.evaluate_word_pairs(f"{tmp}/pairs", delimiter=" ")
            >>> unknown
            0.0
        """
        words, unit = self._first_words(restrict_vocab)
        others, unit_second = self._check_target(target)._first_words(restrict_vocab)
        if others != words:
            raise ValueError("target has other keys: give one with the same keys in the same order")
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

    @of_one_state
    def _first_words(self, restrict_vocab: int | None) -> tuple[list[Key], evaluation.Unit]:
        """Return the keys of the first rows, and the function that gives those rows with length 1."""
        words = self.index_to_key[:restrict_vocab]
        vectors = self.vectors[: len(words)]
        if None in words:
            vectors = vectors[[row for row, word in enumerate(words) if word is not None]]
            words = [word for word in words if word is not None]
        precise = np.result_type(vectors, REAL)  # BLAS has no float16
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
        """Save to one `.fw2v` file, atomically if a path is given.

        Keys, values of attributes, and attributes that you set on this object may be of any plain type, as in
        `Word2Vec.save`. Attributes of keys that do not fit the keys after an edit by hand are saved cut, or
        grown with zeros, as `allocate_vecattrs` does; this object stays as it is.

        Args:
            fname_or_handle (path or binary file): where to write.
            separately (iterable of str or None): ignored; accepted as gensim has it: there is one file, and
                any array in it can be mapped.
            sep_limit (int): ignored; accepted as gensim has it.
            ignore (iterable of str): what to leave out: "expandos", the attributes of keys, or some of them
                by name; "vectors_lockf"; attributes that you set.
            pickle_protocol (int): ignored; accepted as gensim has it: there is no pickle.

        Raises:
            ValueError: `ignore` names what a file needs, there is not one vector per key, or `key_to_index`
                leads to a row that is not there.
            TypeError: a key or a value is no plain value (`pickle.dump(kv, file)` keeps any), `ignore` is a
                str, or `fname_or_handle` is neither a path nor an open binary file.
            OSError: the file cannot be written.

        Warns:
            FastW2VWarning: an attribute that you set is not saved, or one of keys was cut or grown.
        """
        left_out = model_file.check_ignore(ignore, needed=model_file.VECTORS_NEED)
        guard = guard_of(self)
        with guard.steady:  # of the model that they may belong to
            words = self.to_words()
            if guard.in_place:
                words.vectors = words.vectors.copy()
            model_file.write_vectors(fname_or_handle, words, left_out, type(self))

    @class_only
    def load(
        cls,
        fname: StrPath | IO[bytes],
        mmap: Literal["r", "c"] | None = None,
        *,
        verify: Literal["structure", "full"] = "structure",
    ) -> Self:
        """Load what `save` wrote, what gensim's `save` wrote, or the input vectors of a saved `Word2Vec`.

        Args:
            fname (path or binary file): what to read; a path if gensim saved arrays in files beside it.
            mmap ("r", "c", or None): "r" leaves the matrix in the file, read-only and shared between
                processes; "c" allows changes, which stay in memory; None reads it. Of gensim's files only
                arrays in files of their own can be mapped. A mapped file may be replaced, by `save` or by
                `mv`, but not changed in place, as `cp` does: see `Word2Vec.load`.
            verify ("structure" or "full"): "full" reads everything, compares checksums and refuses NaN and
                infinity; gensim's files have no checksums.

        Returns:
            KeyedVectors: the vectors.

        Raises:
            FormatError: the file is damaged or holds something else. For a pickle that holds anything but
                gensim's words and vectors it is a `pickle.UnpicklingError` too, and nothing in the pickle was
                run.
            ValueError: `mmap` or `verify` is something else, or `mmap` is given for an open file.
            TypeError: `fname` is neither a path nor an open binary file.
            OSError: a file cannot be read.
        """
        # Imported here, as below: it takes time that programs without gensim's files need not wait.
        from fastw2v.formats import gensim_parts, gensim_pickle

        fname = seekable(fname)
        if not gensim_pickle.is_pickle(fname):
            return cls._of_parts(model_file.read_vectors(fname, mmap, verify=verify))
        parts = gensim_parts.read(fname, mmap)
        try:
            return cls.from_words(parts.wv if isinstance(parts, Model) else parts)
        except FormatError as error:
            raise FormatError(f"{name_of(fname)}: {error}") from None

    @of_one_state
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
        *,
        on_bad_values: word2vec_format.BadValues = "raise",
        on_bad_words: word2vec_format.BadWords = "raise",
    ) -> None:
        r"""Write the vectors in the format of the original word2vec program.

        Words come in descending order of an attribute, or in the order of their rows if there is no such
        attribute. See `formats.word2vec_format.write`.

        Args:
            fname (path or binary file): where to write; .gz, .bz2, .xz and .zst are compressed.
            fvocab (path, binary file, or None): a second file to write, with lines "word value-of-sort_attr".
            binary (bool): whether numbers are written as float32; if not, as text.
            total_vec (int or None): the number of rows to claim in the header; None means the true one.
            write_header (bool): whether the first line says "rows dimension".
            prefix (str): put before every word.
            append (bool): whether to add to the files; if not, they are replaced.
            sort_attr (str): the attribute to sort by.
            on_bad_values ("raise", "drop", or "keep"): what to do with rows that hold NaN or infinity.
            on_bad_words ("raise", "skip", or "replace"): what to do with words that the format cannot hold,
                such as those with a line end, or in binary a space. "replace" writes "_" for white space, and
                makes the word one that no other row has.

        Raises:
            ValueError: the format cannot hold a word or row, which the message names; or `fvocab` is given
                and there is no such attribute. Nothing has been written.
            TypeError: `fname` is neither a path nor an open binary file.
            OSError: a file cannot be written.

        Example:
            >>> model.wv.save_word2vec_format(f"{tmp}/vectors.txt")
            >>> with open(f"{tmp}/vectors.txt") as file:
            ...     next(file)
            '9 10\n'
        """
        column = self.expandos.get(sort_attr)
        none = self.key_to_index.get(None)  # other rows of None have no key
        named = [row for row, key in enumerate(self.index_to_key) if key is not None or row == none]
        order = np.array(named, dtype=np.intp)
        counts = resized(column, len(self.index_to_key)) if isinstance(column, np.ndarray) else None
        if isinstance(counts, np.ndarray):
            order = order[descending(counts[order], later_first=False)]
        elif fvocab is not None:
            raise ValueError(
                f"fvocab needs the attribute {sort_attr!r}, which is missing: set it, or omit fvocab"
            )
        else:
            logger.warning("no attribute %r: %s is written in the order of its rows", sort_attr, self)
        word2vec_format.write(
            fname,
            self.to_words(),
            fvocab=fvocab,
            counts=counts if isinstance(counts, np.ndarray) else None,
            binary=binary,
            order=order,
            total_vec=total_vec,
            write_header=write_header,
            prefix=prefix,
            append=append,
            on_bad_values=on_bad_values,
            on_bad_words=on_bad_words,
        )

    @class_only
    def load_word2vec_format(
        cls,
        fname: StrPath | IO[bytes],
        fvocab: StrPath | IO[bytes] | None = None,
        binary: bool = False,
        encoding: str = "utf8",
        unicode_errors: str = "strict",
        limit: int | None = None,
        datatype: npt.DTypeLike = np.float32,
        no_header: bool = False,
        *,
        on_bad_values: word2vec_format.BadValues = "raise",
        allow_truncated: bool = False,
    ) -> Self:
        """Read vectors that the original word2vec program, gensim or GloVe wrote.

        See `formats.word2vec_format`. Of a word that occurs twice the first row counts.

        Args:
            fname (path or binary file): what to read; gzip, bzip2, xz and zstd are decompressed, however it
                is called.
            fvocab (path, binary file, or None): a file of lines "word count"; without it counts are invented,
                from V down to 1, and only their order has a meaning.
            binary (bool): whether the file is binary; if not, text.
            encoding (str): of the words; a byte order mark of UTF-8 is left out, whatever is given.
            unicode_errors (str): what to do with words that cannot be decoded: "strict" raises, "ignore" and
                "replace" let them pass.
            limit (int or None): how many rows to read; None or 0 means all.
            datatype (dtype): of the matrix.
            no_header (bool): whether a text file starts with the first word, as GloVe's do.
            on_bad_values ("raise", "drop", or "keep"): what to do with rows that hold NaN or infinity.
            allow_truncated (bool): whether to read a file that may have been cut short, with a warning: its
                last line has no line end, or it has fewer rows than its header says.

        Returns:
            KeyedVectors: the vectors, with the attribute `count`.

        Raises:
            FormatError: the file is malformed; the message says in which line or row. A file that ends too
                early, or whose last line has no line end, gives its subclass `TruncatedError` (an EOFError),
                a word that cannot be decoded `WordEncodingError` (a UnicodeDecodeError).
            NotImplementedError: `binary` and `no_header` are both given.
            ValueError: `limit` is negative, `datatype` is not one of floats, or `on_bad_values` is something
                else.
            TypeError: `fname` is neither a path nor an open binary file, or `limit` is not a whole number.
            OSError: a file cannot be read.

        Example:
            >>> model.wv.save_word2vec_format(f"{tmp}/vectors.bin.gz", binary=True)
            >>> print(KeyedVectors.load_word2vec_format(f"{tmp}/vectors.bin.gz", binary=True))
            KeyedVectors<vector_size=10, 9 keys>
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
            allow_truncated=allow_truncated,
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

    @edits
    def intersect_word2vec_format(
        self,
        fname: StrPath | IO[bytes],
        lockf: float = 0.0,
        binary: bool = False,
        encoding: str = "utf8",
        unicode_errors: str = "strict",
        *,
        allow_truncated: bool = False,
    ) -> None:
        """Replace the vectors of words that are also in a file of the word2vec format by those in the file.

        Args:
            fname (path or binary file): what to read.
            lockf (float): what becomes `vectors_lockf` of these words: training multiplies their updates by
                it, so 0 keeps them as they are.
            binary (bool): whether the file is binary; if not, text.
            encoding (str): of the words.
            unicode_errors (str): what to do with words that cannot be decoded, as in `load_word2vec_format`.
            allow_truncated (bool): whether to read a file that may have been cut short, as there.

        Raises:
            FormatError: the file is malformed, as in `load_word2vec_format`, or its vectors have another
                dimension; nothing has been changed.
            TypeError: `fname` is neither a path nor an open binary file.
            OSError: the file cannot be read.
        """
        found, rows = word2vec_format.read_wanted(
            fname,
            self.key_to_index,
            self.vector_size,
            binary=binary,
            encoding=encoding,
            unicode_errors=unicode_errors,
            datatype=self.vectors.dtype,
            allow_truncated=allow_truncated,
        )
        here = [self.key_to_index[word] for word in found.keys]
        # One factor for all words becomes one for each.
        factors = np.resize(getattr(self, "vectors_lockf", np.ones(1, dtype=np.float32)), len(self))
        factors[here] = lockf
        self.vectors[here] = found.vectors
        self.vectors_lockf = factors
        self.add_lifecycle_event(
            "intersect_word2vec_format",
            msg=f"took {len(here)} of the {rows} vectors in {fname} for these {len(self)} words",
        )

    def __getstate__(self) -> Any:
        state = super().__getstate__()  # it may be the very dict that another thread changes
        return dict(state) if isinstance(state, dict) else state

    @of_one_state
    def to_words(self) -> Vectors:
        """Return the parts of this object as `formats` saves them; they are shared, not copied."""
        lockf = getattr(self, "vectors_lockf", None)
        extras = users_attributes(self, VECTORS_HOLD)
        return Vectors(self.index_to_key, self.vectors, self.expandos, lockf, self.key_to_index, extras)

    @class_only
    def from_words(cls, words: Vectors) -> Self:
        """Build an object of such parts; every size and index is checked.

        Args:
            words (formats.parts.Vectors): the parts; they are shared, not copied.

        Returns:
            KeyedVectors: the vectors.

        Raises:
            FormatError: the parts do not fit together.
        """
        words.check()
        return cls._of_parts(words)

    @classmethod
    def _of_parts(cls, words: Vectors) -> Self:
        """Build from parts that are checked already; arrays and the list of keys are shared, not copied."""
        size, dtype = words.vectors.shape[1], words.vectors.dtype
        try:
            kv = cls(size, dtype=dtype)
        except TypeError:  # a derived class, whose constructor takes other arguments
            kv = cls.__new__(cls)
            KeyedVectors.__init__(kv, size, dtype=dtype)
        kv.vectors, kv.expandos = words.vectors, dict(words.columns)
        kv._name_rows(words.keys, words.key_to_index)
        if words.lockf is not None:
            kv.vectors_lockf = words.lockf
        set_attributes(kv, words.extras, VECTORS_HOLD)
        return kv

    def to_tensors(self) -> dict[str, Array]:
        """Return everything as the arrays of a `.fw2v` file, by name; the matrix is `syn0`.

        Raises:
            TypeError: a key or an attribute is no plain value.
            ValueError: there is not one vector per key.
        """
        return model_file.pack_vectors(self.to_words())

    @class_only
    def from_tensors(cls, tensors: Mapping[str, Array]) -> Self:
        """Build an object of the arrays that `to_tensors` returns; every size and index is checked.

        Args:
            tensors (mapping of str to array): the arrays, by name.

        Returns:
            KeyedVectors: the vectors.

        Raises:
            FormatError: an array is missing, or the arrays do not fit together.
        """
        return cls._of_parts(model_file.unpack_vectors(tensors))

    def to_gensim(self) -> Any:
        """Return a real `gensim.models.KeyedVectors` with copies of everything.

        It is for code that requires gensim's class, as its Annoy and Nmslib indexers do. Of the attributes
        that you set those that cannot be copied are shared.

        Raises:
            ImportError: gensim is not installed.
            ValueError: there is not one vector per key, or `key_to_index` leads to a row that is not there.
            TypeError: a part is no matrix, or has no rows.
        """
        from fastw2v.formats import gensim_parts

        return gensim_parts.build(self.to_words())

    @class_only
    def from_gensim(cls, vectors: Any) -> Self:
        """Build an object with copies of the vectors of an installed gensim.

        Args:
            vectors (gensim.models.KeyedVectors): the vectors.

        Returns:
            KeyedVectors: copies.

        Raises:
            TypeError: this is another object, such as a model.
            FormatError: its parts do not fit together.
        """
        from fastw2v.formats import gensim_parts

        words = gensim_parts.describe_live(vectors)
        if not isinstance(words, Vectors):
            raise TypeError("this is a model: give its vectors, model.wv, or use Word2Vec.from_gensim")
        return cls.from_words(words)


Word2VecKeyedVectors = Doc2VecKeyedVectors = EuclideanKeyedVectors = KeyedVectors
BaseKeyedVectors = WordEmbeddingsKeyedVectors = KeyedVectors  # gensim 3's base classes of these
load_word2vec_format = KeyedVectors.load_word2vec_format


def _load_word2vec_format(
    cls: type[KeyedVectors], fname: StrPath | IO[bytes], *, binary_chunk_size: int = 0, **options: Any
) -> KeyedVectors:
    """Read as gensim's own tests do; `binary_chunk_size` is ignored."""
    return cls.load_word2vec_format(fname, **options)
