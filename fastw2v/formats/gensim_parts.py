"""gensim's models and vectors ↔ parts: attributes of any version, 0.12 to 4.4, under their names in gensim 4.

`read` describes the inert object in a file, `describe_live` an object of an installed gensim; `build` makes
such an object of parts.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterable
from itertools import chain
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from fastw2v.columns import Ragged, object_column
from fastw2v.formats import gensim_pickle
from fastw2v.formats.atomic import StrPath
from fastw2v.formats.errors import RefusedPickle
from fastw2v.formats.native import Mmap
from fastw2v.formats.parts import NOT_GENSIMS, OUTPUTS, Model, RandomState, Vectors, state_of

Array = npt.NDArray[Any]

_SCALARS = (bool, int, float, str, type(None))
_RENAMED = {"iter": "epochs"}
_NOT_COLUMNS = ("index", "word")  # of a word's `Vocab`


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
    return gensim_pickle.read(source, mmap, describe)


def describe(saved: Any) -> Model | Vectors:
    """Return the parts of a model or of vectors of gensim.

    Args:
        saved (any): an inert object, or a live one of an installed gensim.

    Returns:
        Model or Vectors: the parts; their arrays are not copied where that can be avoided.

    Raises:
        RefusedPickle: the object is something else, or its attributes do not fit together.
    """
    kind = gensim_pickle.kind_of(saved)
    if kind == "KeyedVectors" or (kind is None and not hasattr(saved, "wv")):
        return _vectors(_attributes(saved))
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
    wv = _vectors({**_choose(flat, "syn0", "index2word", "vocab", "vector_size"), **in_wv})
    if wv.lockf is None:
        wv.lockf = _lockf(flat)
    plain = {name: value.item() if isinstance(value, np.generic) else value for name, value in flat.items()}
    settings = {name: value for name, value in plain.items() if type(value) in _SCALARS}
    if kind is None:
        settings |= _choose(flat, "hashfxn")
    return Model(
        wv,
        settings,
        outputs={name: _matrix(name, flat[name]) for name in OUTPUTS if flat.get(name) is not None},
        random=_random(flat.get("random")),
        raw_vocab=_counts(flat.get("raw_vocab")),
        lifecycle_events=_events(flat.get("lifecycle_events", [])),
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
    classes = [cls for cls in type(obj).__mro__ if cls.__module__.partition(".")[0] == "gensim"]
    names = {cls.__name__ for cls in classes}
    if not names & {"Word2Vec", "KeyedVectors", "Word2VecKeyedVectors"} or names & {"FastText", "Doc2Vec"}:
        raise TypeError(
            f"expected gensim's Word2Vec or KeyedVectors, got {type(obj).__module__}."
            f"{type(obj).__qualname__}" + ("; give its .wv" if names & {"FastText", "Doc2Vec"} else "")
        )
    return copy.deepcopy(describe(obj))


def _attributes(saved: Any) -> dict[str, Any]:
    return {name: gensim_pickle.as_array(value) for name, value in gensim_pickle.attributes_of(saved).items()}


def _choose(attributes: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: attributes[name] for name in names if name in attributes}


def _first(attributes: dict[str, Any], *names: str) -> Any:
    return next((attributes[name] for name in names if attributes.get(name) is not None), None)


def _vectors(attributes: dict[str, Any]) -> Vectors:
    keys = _first(attributes, "index_to_key", "index2word")
    if keys is None:
        keys = []
    if not isinstance(keys, list):
        raise RefusedPickle(f"its words are a {type(keys).__name__}, expected a list")
    if odd := set(map(type, keys)) - {str, int, bytes, float, bool, tuple, type(None)} - _numpy_scalars():
        raise RefusedPickle(f"it has words of type {', '.join(kind.__name__ for kind in odd)}")
    vectors = _first(attributes, "vectors", "syn0")
    if vectors is None:
        if keys:
            raise RefusedPickle("it has words but no vectors: was it saved with ignore=['vectors']?")
        vectors = np.zeros((0, attributes.get("vector_size") or 0), dtype=np.float32)
    columns: dict[str, Array | Ragged] = {}
    if attributes.get("expandos"):
        columns = {
            name: _column(name, gensim_pickle.as_array(values), len(keys))
            for name, values in attributes["expandos"].items()
        }
    elif attributes.get("vocab"):
        columns = _columns_of_records(keys, attributes["vocab"])
    return Vectors(keys, _matrix("vectors", vectors), columns, _lockf(attributes))


def _numpy_scalars() -> set[type]:
    return {np.str_, np.int32, np.int64}


def _matrix(name: str, value: Any) -> Array:
    if not isinstance(value, np.ndarray) or value.ndim != 2 or value.dtype.kind != "f":
        raise RefusedPickle(f"{name} is not a matrix of floats")
    return np.asarray(value, order="C")


def _lockf(attributes: dict[str, Any]) -> Array | None:
    factors = _first(attributes, "vectors_lockf", "syn0_lockf")
    if factors is None:
        return None
    factors = np.array(factors, dtype=np.float32)
    if factors.ndim != 1:
        raise RefusedPickle(f"vectors_lockf has shape {factors.shape}, expected one dimension")
    # gensim 3 always wrote a factor for each word; gensim 4 has a single one until others are set.
    return np.ones(1, dtype=np.float32) if (factors == 1).all() else factors


def _columns_of_records(keys: list[Any], vocab: Any) -> dict[str, Array | Ragged]:
    """Return the columns of what gensim 3 kept in one record per word, `vocab[word]`."""
    records = [gensim_pickle.attributes_of(vocab[key]) for key in keys]
    if len(vocab) != len(keys) or any(record.get("index") != i for i, record in enumerate(records)):
        raise RefusedPickle("its list of words and their records in vocab do not fit together")
    names = dict.fromkeys(chain.from_iterable(records))
    return {
        name: _column(name, [record[name] for record in records], len(keys))
        for name in names
        if name not in _NOT_COLUMNS and all(name in record for record in records)
    }


def _column(name: str, values: Any, size: int) -> Array | Ragged:
    missing = size - len(values)  # gensim 4 does not grow the columns of a loaded file with its words
    if missing < 0:
        raise RefusedPickle(f"attribute {name!r} has {len(values)} values for {size} words")
    if name in ("code", "point"):
        return _paths(
            chain(values, [()] * missing), size, np.dtype(np.uint8 if name == "code" else np.uint32)
        )
    if missing:
        values = np.concatenate([values, np.zeros(missing, dtype=np.asarray(values).dtype)])
    if name == "sample_int":  # older versions wrote 2**32 for "never dropped"
        return np.minimum(np.asarray(values, dtype=np.int64), 2**32 - 1).astype(np.uint32)
    if isinstance(values, np.ndarray) and values.dtype != object:
        return values.copy()
    if name == "count" or set(map(type, values)) <= {int}:
        return np.asarray(values, dtype=np.int64)
    if set(map(type, values)) <= {float}:
        return np.asarray(values, dtype=np.float64)
    return object_column(map(gensim_pickle.as_array, values), size)


def _paths(paths: Iterable[Any], size: int, dtype: np.dtype[Any]) -> Ragged:
    parts = [gensim_pickle.bytes_as(path, dtype) for path in paths]
    starts = np.zeros(size + 1, dtype=np.int64)
    np.cumsum(np.fromiter(map(len, parts), dtype=np.int64, count=size) // dtype.itemsize, out=starts[1:])
    return Ragged(np.frombuffer(b"".join(parts), dtype=dtype).copy(), starts)


def _random(generator: Any) -> RandomState | None:
    """Return the state of the Mersenne twister that all versions use; None if it is something else."""
    if isinstance(generator, np.random.RandomState):
        return state_of(generator)
    state = gensim_pickle.state_of_generator(generator)
    if isinstance(state, dict) and state.get("bit_generator") == "MT19937":
        inner = state["state"]
        state = "MT19937", inner["key"], inner["pos"], state["has_gauss"], state["gauss"]
    if not isinstance(state, tuple) or len(state) != 5 or state[0] != "MT19937":
        return None
    keys = np.asarray(gensim_pickle.as_array(state[1]), dtype=np.uint32)
    return "MT19937", keys, int(state[2]), int(state[3]), float(state[4])


def _counts(raw_vocab: Any) -> dict[Any, int]:
    if not isinstance(raw_vocab, dict):
        return {}
    return {word: int(count) for word, count in raw_vocab.items()}


def _events(events: Any) -> list[dict[str, Any]] | None:
    if not isinstance(events, list):
        return None
    return [
        {str(name): value for name, value in event.items() if type(value) in _SCALARS}
        for event in events
        if isinstance(event, dict)
    ]


# --- to an installed gensim ---


def build(parts: Model | Vectors) -> Any:
    """Return a model or vectors of the installed gensim, made of parts.

    Args:
        parts (Model or Vectors): the parts; arrays are not copied.

    Returns:
        gensim.models.Word2Vec or gensim.models.KeyedVectors: of gensim 4.

    Raises:
        ImportError: gensim cannot be imported.
    """
    try:
        from gensim.models import KeyedVectors, Word2Vec
    except ImportError as error:
        raise ImportError(f"gensim is needed here, and cannot be imported: {error}") from error
    words = parts.wv if isinstance(parts, Model) else parts
    wv = KeyedVectors(words.vectors.shape[1], dtype=words.vectors.dtype)
    wv.vectors = words.vectors
    wv.index_to_key = words.keys
    wv.key_to_index = {key: row for row, key in enumerate(words.keys) if key is not None}
    wv.next_index = len(wv.key_to_index)
    for name, column in words.columns.items():
        wv.expandos[name] = object_column(column, len(words.keys)) if isinstance(column, Ragged) else column
    if words.lockf is not None:
        wv.vectors_lockf = words.lockf
    if isinstance(parts, Vectors):
        return wv
    settings = {name: value for name, value in parts.settings.items() if name not in NOT_GENSIMS}
    parameters = inspect.signature(Word2Vec.__init__).parameters
    model = Word2Vec(**{name: value for name, value in settings.items() if name in parameters})
    for name, value in chain(settings.items(), parts.outputs.items()):
        setattr(model, name, value)
    model.wv = wv
    if parts.random is not None:
        model.random.set_state(parts.random)
    model.raw_vocab, model.lifecycle_events = parts.raw_vocab, parts.lifecycle_events
    if model.negative and "count" in wv.expandos:
        model.make_cum_table()
    return model
