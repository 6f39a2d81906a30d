"""gensim's models and vectors ↔ parts: attributes of any version, 0.12 to 4.4, under their names in gensim 4.

`read` describes the inert object in a file, `describe_live` an object of an installed gensim; `build` makes
such an object of parts.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterable
from contextlib import suppress
from itertools import chain
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from fastw2v.checks import package_of
from fastw2v.columns import Ragged, object_column
from fastw2v.formats import gensim_pickle
from fastw2v.formats._unpickler import Budget
from fastw2v.formats.atomic import StrPath
from fastw2v.formats.errors import FormatError, RefusedPickle
from fastw2v.formats.fitting import fit_vectors
from fastw2v.formats.gensim_pickle import NotPlain, attributes_of, numbers_of, plain
from fastw2v.formats.native import Mmap
from fastw2v.formats.parts import (
    NOT_GENSIMS,
    OUTPUTS,
    SETTINGS,
    Key,
    Model,
    RandomState,
    Vectors,
    rows_of,
    state_of,
)
from fastw2v.formats.typed import shown
from fastw2v.vocabulary.huffman import HuffmanTree
from fastw2v.warn import warn_user

Array = npt.NDArray[Any]
Column = Array | Ragged

_SCALARS = (bool, int, float, str, type(None))
_RENAMED = {"iter": "epochs"}
_NOT_COLUMNS = ("index", "word")  # of a word's `Vocab`
_GROWN = ("count", "sample_int", "code", "point")  # columns that new words begin with zeros in
_ALL_STEPS = 1 << 56  # bytes: the budget of an object that is alive
_MAX_DIMENSIONS = 1 << 31
_LONGEST_NAME = 60  # characters of a name that an error shows
_LONGEST_SETTING = 1000  # characters, except for a comment

# What gensim itself, any version, sets on vectors and on models; anything else is the user's.
_OF_VECTORS = frozenset(
    [
        "vectors",
        "syn0",
        "syn0norm",
        "vectors_norm",
        "norms",
        "index2word",
        "index2entity",
        "index_to_key",
        "key_to_index",
        "vocab",
        "vector_size",
        "next_index",
        "expandos",
        "mapfile_path",
        "vectors_lockf",
        "syn0_lockf",
        "lifecycle_events",
        "load",
        "load_word2vec_format",
    ]
)
_OF_MODELS = _OF_VECTORS.union(
    SETTINGS,
    OUTPUTS,
    _RENAMED,
    [
        "wv",
        "vocabulary",
        "trainables",
        "random",
        "raw_vocab",
        "cum_table",
        "hashfxn",
        "neg_labels",
        "syn1_lockf",
        "callbacks",
        "call_on_class_only",
        "model_trimmed_post_training",
        "total_words",
        "size",
        "docvecs",
    ],
)


def read(source: StrPath | IO[bytes], mmap: Mmap = None) -> Model | Vectors:
    """Read what gensim's `save` wrote.

    Args:
        source (path or binary file): the pickle; an open file only if no arrays are in files beside it.
        mmap (str or None): how to map the arrays that are in files beside it: None reads them, "r" maps them
            read-only and shared, "c" maps them with changes kept in memory.

    Returns:
        Model or Vectors: the parts.

    Raises:
        RefusedPickle: the file is damaged or not of gensim's Word2Vec or KeyedVectors. Also a FormatError
            and a pickle.UnpicklingError.
        ValueError: `mmap` is not a mode.
        OSError: a file cannot be read, or a compressed one is to be mapped.
    """
    return gensim_pickle.read(source, mmap, _describe)


def describe(saved: Any) -> Model | Vectors:
    """Return the parts of a model or of vectors of gensim.

    Args:
        saved (any): an inert object, or a live one of an installed gensim.

    Returns:
        Model or Vectors: the parts; their arrays are not copied where that can be avoided.

    Raises:
        RefusedPickle: the object is something else, or its attributes do not fit together.
    """
    return _describe(saved, Budget(_ALL_STEPS))


def _describe(saved: Any, budget: Budget) -> Model | Vectors:
    """Return the parts of a model or of vectors; `budget` pays for what a forged file could repeat."""
    kind = gensim_pickle.kind_of(saved)
    if kind == "KeyedVectors" or (kind is None and not hasattr(saved, "wv")):
        return _vectors(_attributes(saved), budget)
    if kind == "record":
        raise RefusedPickle("it holds a part of a model, not a whole one")
    own = _attributes(saved)
    flat: dict[str, Any] = {}
    for part in ("vocabulary", "trainables"):  # of 3.3 to 3.8
        if part in own:
            flat |= _attributes(own[part])
    flat |= own
    for old, new in _RENAMED.items():
        if old in flat:
            flat.setdefault(new, flat[old])
    in_wv = _attributes(flat["wv"]) if "wv" in flat else {}  # before 0.13.3 models had no wv
    wv = _vectors({**_choose(flat, "syn0", "index2word", "vocab", "vector_size"), **in_wv}, budget)
    if wv.lockf is None:
        wv.lockf = _lockf(flat, len(wv.keys))
    settings = {name: value for name, value in map(_setting, flat.items()) if type(value) in _SCALARS}
    settings |= _plain({"comment": flat.get("comment")}, budget, "comment")
    if kind is None:
        settings |= _choose(flat, "hashfxn")
    return Model(
        wv,
        settings,
        outputs={name: _matrix(name, flat[name]) for name in OUTPUTS if flat.get(name) is not None},
        random=_random(flat.get("random")),
        raw_vocab=_counts(flat.get("raw_vocab"), budget),
        lifecycle_events=_events(flat.get("lifecycle_events", []), budget),
        extras=_extras(own, _OF_MODELS, budget),
    )


def describe_live(obj: Any) -> Model | Vectors:
    """Return copies of the parts of a model or of vectors of an installed gensim.

    Args:
        obj (any): gensim's Word2Vec or KeyedVectors, version 3.8 or 4.

    Returns:
        Model or Vectors: the parts.

    Raises:
        TypeError: the object is of another class; also FastText and Doc2Vec, whose models have further parts.
        RefusedPickle: its attributes do not fit together.
    """
    packages = {package_of(cls) for cls in type(obj).__mro__}
    if packages >= {"fastw2v", "gensim"}:  # ours, while `accelerate` derives it from gensim's
        obj = obj.to_gensim()
    names = {cls.__name__ for cls in type(obj).__mro__ if package_of(cls) == "gensim"}
    if not names & {"Word2Vec", "KeyedVectors", "Word2VecKeyedVectors"} or names & {"FastText", "Doc2Vec"}:
        raise TypeError(
            f"expected gensim's Word2Vec or KeyedVectors, got {type(obj).__module__}."
            f"{type(obj).__qualname__}" + ("; give its .wv" if names & {"FastText", "Doc2Vec"} else "")
        )
    return copy.deepcopy(describe(obj))


def _attributes(saved: Any) -> dict[str, Any]:
    return {name: gensim_pickle.as_array(value) for name, value in attributes_of(saved).items()}


def _choose(attributes: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: attributes[name] for name in names if name in attributes}


def _first(attributes: dict[str, Any], *names: str) -> Any:
    return next((attributes[name] for name in names if attributes.get(name) is not None), None)


def _setting(item: tuple[str, Any]) -> tuple[str, Any]:
    name, value = item
    if isinstance(value, np.generic):
        value = value.item()
    is_long = isinstance(value, str) and len(value) > _LONGEST_SETTING
    if name in SETTINGS and name != "comment" and (is_long or type(value) not in _SCALARS):
        raise RefusedPickle(f"its setting {name} is {shown(value)}")
    return name, value


def _extras(attributes: dict[str, Any], known: frozenset[str], budget: Budget) -> dict[str, Any]:
    """Return what users set on an object of gensim."""
    theirs = {
        name: value
        for name, value in attributes.items()
        if name not in known and name.isidentifier() and not name.startswith("__")
    }
    return _plain(theirs, budget, "attributes")


def _plain(values: dict[str, Any], budget: Budget, what: str) -> dict[str, Any]:
    """Return the values that are plain, and warn of those that are not."""
    taken, left = {}, []
    for name, value in values.items():
        try:
            taken[name] = plain(value, budget)
        except NotPlain as error:
            left.append(f"{name[:_LONGEST_NAME]!r} ({error})")
    if left:
        some = ", ".join(left[:9]) + (" and others" if len(left) > 9 else "")
        warn_user(f"{what} of gensim's object that are not plain values or arrays do not come over: {some}")
    return taken


def _vectors(attributes: dict[str, Any], budget: Budget) -> Vectors:
    keys = _keys(_first(attributes, "index_to_key", "index2word"))
    budget.check_keys(keys)
    vectors = _first(attributes, "vectors", "syn0")
    if vectors is None:
        if keys:
            raise RefusedPickle("it has words but no vectors: was it saved with ignore=['vectors']?")
        size = attributes.get("vector_size") or 0
        if type(size) is not int or not 0 <= size <= _MAX_DIMENSIONS:
            raise RefusedPickle(f"its vector_size is {shown(size)}")
        vectors = np.zeros((0, size), dtype=np.float32)
    columns: dict[str, Column] = {}
    rows = attributes.get("key_to_index")
    if attributes.get("vocab") and not attributes.get("expandos"):
        records = _records(attributes["vocab"])
        rows = {key: record.get("index") for key, record in records.items()}
        columns = _columns_of_records([records.get(key, {}) for key in keys], budget)
        columns = _without_foreign_tree(columns, len(keys))
    elif attributes.get("expandos"):
        expandos = _expect_dict("expandos", attributes["expandos"])
        if not {str}.issuperset(map(type, expandos)):
            raise RefusedPickle("it has an attribute of words whose name is no text")
        values = {name: gensim_pickle.as_array(column) for name, column in expandos.items()}
        columns = {name: _column(name, column, len(keys), budget) for name, column in values.items()}
        if len(values.get("point", ())) > len(keys):
            columns = _without_foreign_tree(columns, len(keys))
    return Vectors(
        keys,
        _matrix("vectors", vectors),
        columns,
        _lockf(attributes, len(keys)),
        rows=_rows(keys, rows),
        extras=_extras(attributes, _OF_VECTORS, budget),
    )


def _expect_dict(name: str, value: Any) -> dict[Any, Any]:
    if not isinstance(value, dict):
        raise RefusedPickle(f"its {name} is {shown(value)}, expected a dict")
    return value


def _keys(keys: Any) -> list[Key]:
    """Return the words as a list of plain ones."""
    if keys is None:
        return []
    if isinstance(keys, np.ndarray) and keys.ndim == 1:  # as numpy.delete leaves them
        keys = keys.tolist()
    if not isinstance(keys, list | tuple):
        raise RefusedPickle(f"its words are {shown(keys)}, expected a list")
    if any(issubclass(kind, np.generic) for kind in set(map(type, keys))):
        return [key.item() if isinstance(key, np.generic) else key for key in keys]
    return list(keys)


def _rows(keys: list[Key], rows: Any) -> dict[Key, int] | None:
    """Return the row of each key as the file has it; None if it follows from the keys.

    Several rows may have one key, a row may have two, and None may be one: this mapping says which. One that
    contradicts the list of keys was forgotten when they were edited.

    Raises:
        RefusedPickle: it leads to what is no number.
    """
    if not isinstance(rows, dict) or not rows:
        return None
    if list(rows.values()) == list(range(len(keys))) and list(rows) == keys and None not in rows:
        return None
    follow = rows_of(keys)
    if rows == follow and len(follow) == len(keys) - keys.count(None):
        return None
    if not {type(row) for row in rows.values()} <= {int, np.int64, np.int32}:
        raise RefusedPickle("it leads words to rows that are no numbers")
    for key, row in rows.items():
        if not 0 <= row < len(keys) or (keys[row] != key and key in follow):
            warn_user(
                f"the file leads the word {shown(key)} to row {row}, which its list of {len(keys)} words "
                "contradicts, as after an edit of one of them: the list is taken. Compare some vectors"
            )
            return None
    return {key: int(row) for key, row in rows.items()}


def _matrix(name: str, value: Any) -> Array:
    if not isinstance(value, np.ndarray) or value.ndim != 2 or value.dtype.kind not in "biuf":
        raise RefusedPickle(f"{name} is not a matrix of numbers")
    return np.asarray(value, order="C")


def _lockf(attributes: dict[str, Any], size: int) -> Array | None:
    factors = _first(attributes, "vectors_lockf", "syn0_lockf")
    if factors is None:
        return None
    factors = np.array(numbers_of(factors, np.float32))
    if factors.ndim != 1:
        raise RefusedPickle(f"vectors_lockf has {factors.ndim} dimensions, expected one")
    # gensim 3 always wrote a factor for each word; gensim 4 has a single one until others are set.
    if (factors == 1).all():
        return np.ones(1, dtype=np.float32)
    if len(factors) not in (1, size):  # words were cut or added by hand
        factors = np.concatenate([factors[:size], np.ones(max(0, size - len(factors)), dtype=np.float32)])
    return factors


def _records(vocab: Any) -> dict[Key, dict[str, Any]]:
    """Return the attributes of each word, which gensim 3 kept in one record per word, `vocab[word]`."""
    if not set(map(gensim_pickle.kind_of, _expect_dict("vocab", vocab).values())) <= {"record", None}:
        raise RefusedPickle("its vocab holds what are no records of words")
    return {key: attributes_of(record) for key, record in vocab.items()}


def _columns_of_records(records: list[dict[str, Any]], budget: Budget) -> dict[str, Column]:
    """Return the columns of the records of all rows; a word that was added by hand may lack some."""
    budget.spend(sum(map(len, records)))
    names = [name for name in dict.fromkeys(chain.from_iterable(records)) if name not in _NOT_COLUMNS]
    columns = {}
    for name in names:
        if name in _GROWN:
            absent = () if name in ("code", "point") else 0
            values = [record.get(name, absent) for record in records]
        elif all(name in record for record in records):
            values = [record[name] for record in records]
        else:
            continue
        columns[name] = _column(name, values, len(records), budget)
    return columns


def _without_foreign_tree(columns: dict[str, Column], size: int) -> dict[str, Column]:
    """Return the columns without a Huffman tree of more words than these, which were cut by hand."""
    try:
        tree = HuffmanTree.of(columns, error=FormatError)
        if tree is not None:
            tree.check(size, error=FormatError, saved=True)
    except FormatError as error:
        warn_user(f"the Huffman tree in the file is not of these {size} words, and is left out: {error}")
        return {name: column for name, column in columns.items() if name not in ("code", "point")}
    return columns


def _column(name: str, values: Any, size: int, budget: Budget) -> Column:
    """Return a column of `size` values: gensim grows and cuts those of a loaded file only when it trains."""
    if not isinstance(values, list | np.ndarray) or (isinstance(values, np.ndarray) and not values.ndim):
        raise RefusedPickle(
            f"attribute {name[:_LONGEST_NAME]!r} is {shown(values)}, expected one value a word"
        )
    budget.spend(values.nbytes if isinstance(values, np.ndarray) else len(values))
    values = values[:size]
    missing = size - len(values)
    if name in ("code", "point"):
        dtype = np.dtype(np.uint8 if name == "code" else np.uint32)
        return _paths(chain(values, [()] * missing), size, dtype, budget)
    if name == "sample_int":  # older versions wrote 2**32 for "never dropped"
        return np.minimum(_grown(numbers_of(values, np.int64), size), 2**32 - 1).astype(np.uint32)
    if name == "count":
        return _grown(numbers_of(values, np.int64), size)
    if isinstance(values, np.ndarray) and values.dtype.kind in "biufcmM":
        return _grown(values, size)
    kinds = set(map(type, values))
    if kinds in ({int}, {float}) and isinstance(values, list):
        return _grown(numbers_of(values, np.int64 if kinds == {int} else np.float64), size)
    try:
        # A value that is missing is 0, as in gensim.
        return object_column(chain((plain(value, budget) for value in values), [0] * missing), size)
    except NotPlain as error:
        raise RefusedPickle(f"attribute {name[:_LONGEST_NAME]!r} of a word cannot be read: {error}") from None


def _grown(values: Array, size: int) -> Array:
    """Return a copy of a column with zeros up to `size` rows."""
    grown = np.zeros((size, *values.shape[1:]), dtype=values.dtype)
    grown[: len(values)] = values
    return grown


def _paths(paths: Iterable[Any], size: int, dtype: np.dtype[Any], budget: Budget) -> Ragged:
    parts = [gensim_pickle.bytes_as(path, dtype, budget) for path in paths]
    starts = np.zeros(size + 1, dtype=np.int64)
    np.cumsum(np.fromiter(map(len, parts), dtype=np.int64, count=size) // dtype.itemsize, out=starts[1:])
    return Ragged(np.frombuffer(b"".join(parts), dtype=dtype).copy(), starts)


def _random(generator: Any) -> RandomState | None:
    """Return the state of the Mersenne twister that all versions use; None if it is something else."""
    if isinstance(generator, np.random.RandomState):
        return state_of(generator)
    state = gensim_pickle.state_of_generator(generator)
    if isinstance(state, dict) and state.get("bit_generator") == "MT19937":
        inner = _expect_dict("generator's state", state["state"])
        state = "MT19937", inner["key"], inner["pos"], state["has_gauss"], state["gauss"]
    if not isinstance(state, tuple) or len(state) != 5 or state[0] != "MT19937":
        return None
    if not all(type(number) in (int, float) for number in state[2:]):
        raise RefusedPickle("the state of its generator is not made of numbers")
    keys = numbers_of(state[1], np.uint32)
    return "MT19937", keys, int(state[2]), int(state[3]), float(state[4])


def _counts(raw_vocab: Any, budget: Budget) -> dict[Any, int]:
    if not isinstance(raw_vocab, dict):
        return {}
    if odd := set(map(type, raw_vocab.values())) - {int, float, np.int64, np.int32}:
        raise RefusedPickle(f"its raw_vocab counts in {odd.pop().__name__}")
    budget.check_keys(list(raw_vocab))
    return {word: int(count) for word, count in raw_vocab.items()}


def _events(events: Any, budget: Budget) -> list[dict[str, Any]] | None:
    if not isinstance(events, list):
        return None
    budget.spend(sum(64 + 64 * len(event) for event in events if isinstance(event, dict)))
    return [
        {name: value for name, value in event.items() if type(name) is str and type(value) in _SCALARS}
        for event in events
        if isinstance(event, dict)
    ]


# --- to an installed gensim ---


def build(parts: Model | Vectors) -> Any:
    """Return a model or vectors of the installed gensim, made of copies of parts.

    Args:
        parts (Model or Vectors): the parts. What users set comes along; what cannot be copied is shared.

    Returns:
        gensim.models.Word2Vec or gensim.models.KeyedVectors: of gensim 4.

    Raises:
        ImportError: gensim cannot be imported.
        TypeError: a part is of a type that has no rows, see `fit_vectors`.
        ValueError: the parts contradict each other.
    """
    try:
        from gensim.models import KeyedVectors, Word2Vec
    except ImportError as error:
        raise ImportError(f"gensim is needed here, and cannot be imported: {error}") from error
    copied = copy.deepcopy(parts.without_extras())
    words = fit_vectors(copied.wv if isinstance(copied, Model) else copied)
    wv = KeyedVectors(words.vectors.shape[1], dtype=words.vectors.dtype)
    wv.vectors = words.vectors
    wv.index_to_key = words.keys
    wv.key_to_index = words.key_to_index
    wv.next_index = len(wv.key_to_index)
    for name, column in words.columns.items():
        wv.expandos[name] = object_column(column, len(words.keys)) if isinstance(column, Ragged) else column
    if words.lockf is not None:
        wv.vectors_lockf = words.lockf
    if isinstance(parts, Vectors) or isinstance(copied, Vectors):  # both, or neither
        _bring(parts.extras, wv)
        return wv
    _bring(parts.wv.extras, wv)
    settings = {name: value for name, value in copied.settings.items() if name not in NOT_GENSIMS}
    parameters = inspect.signature(Word2Vec.__init__).parameters
    model = Word2Vec(**{name: value for name, value in settings.items() if name in parameters})
    for name, value in chain(settings.items(), copied.outputs.items()):
        setattr(model, name, value)
    model.wv = wv
    if copied.random is not None:
        model.random.set_state(copied.random)
    model.raw_vocab, model.lifecycle_events = copied.raw_vocab, copied.lifecycle_events
    if model.negative and "count" in wv.expandos:
        model.make_cum_table()
    _bring(parts.extras, model)
    return model


def _bring(extras: dict[str, Any], obj: Any) -> None:
    """Set copies of what users set on an object of gensim, unless its class has a member of that name."""
    for name, value in extras.items():
        if not hasattr(obj, name):
            with suppress(Exception):  # a lock, an open file, or whatever a foreign class raises
                value = copy.deepcopy(value)
            setattr(obj, name, value)
