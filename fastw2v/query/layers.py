"""Vectors as the embedding layers of neural networks, whose inputs number words in their own way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v.checks import whole
from fastw2v.memory import require_memory

Array = npt.NDArray[Any]
WordIndex = Mapping[Any, int] | Iterable[Any]


def embedding_matrix(
    words: Any, word_index: WordIndex, pad: int | None, unk: Any, rows: int | None = None
) -> Array:
    """Return the vectors of words by the rows of `word_index`; see `Features.embedding_matrix`."""
    places = _places(word_index)
    pad = None if pad is None else whole("pad", pad, 0)
    least = 0 if pad is None else pad + 1
    count = max(1 + max(places.values(), default=-1), least, 0 if rows is None else whole("rows", rows, 0))
    vectors = words.vectors
    dim, dtype = vectors.shape[1], vectors.dtype
    require_memory(
        count * dim * dtype.itemsize, f"a matrix of {count:,} rows", "give rows from 1 on without gaps"
    )
    unknown = _vector_of_unknown(unk, vectors)
    found = [(row, words.key_to_index.get(word, -1)) for word, row in places.items()]
    to, of = np.array(found, dtype=np.intp).reshape(-1, 2).T
    made = np.zeros((count, dim), dtype=dtype)
    made[to[of >= 0]] = vectors[of[of >= 0]]
    if unknown is not None:
        made[to[of < 0]] = unknown
    if pad is not None:
        made[pad] = 0
    return made


def _places(word_index: Any) -> dict[Any, int]:
    """Return the row of each word, checked."""
    if isinstance(word_index, str | bytes) or not isinstance(word_index, Iterable):
        raise TypeError(
            f"word_index is {word_index!r:.40} of type {type(word_index).__name__}: give a "
            "mapping from words to rows, such as tokenizer.word_index, or words in the order of their rows"
        )
    if not isinstance(word_index, Mapping):
        listed = list(word_index)
        places = {word: row for row, word in enumerate(listed)}
        if len(places) < len(listed):
            twice = next(word for row, word in enumerate(listed) if places[word] != row)
            raise ValueError(f"word_index has {twice!r} twice: each word has one row")
        return places
    rows = np.array(list(word_index.values()))
    places = dict(word_index)
    if rows.dtype.kind not in "iu" or int(rows.min(initial=0)) < 0:  # one by one: the error names the word
        places = {word: whole(f"word_index[{word!r:.60}]", row, 0) for word, row in word_index.items()}
    if len(set(places.values())) < len(places):
        owners: dict[int, Any] = {}
        for word, row in places.items():
            if row in owners:
                raise ValueError(
                    f"word_index gives {owners[row]!r:.60} and {word!r:.60} the same row, {row}: "
                    "each word has one of its own"
                )
            owners[row] = word
    return places


def _vector_of_unknown(unk: Any, vectors: Array) -> Array | None:
    """Return the vector of words without one, (D,); None: zeros."""
    if unk is None:
        return None
    if isinstance(unk, str):
        if unk != "mean":
            raise ValueError(f"unk={unk!r:.60}: give 'mean', a vector, or None for zeros")
        return np.asarray(vectors.mean(axis=0, dtype=np.float64)) if len(vectors) else None
    vector = np.asarray(unk)
    if vector.shape != vectors.shape[1:] or vector.dtype.kind not in "fiu":
        raise ValueError(
            f"unk is of shape {vector.shape} and type {vector.dtype}: give {vectors.shape[1]} numbers, as "
            "the vectors have"
        )
    return vector


def _weights(words: Any, word_index: WordIndex | None, pad: int | None, unk: Any) -> Array:
    """Return a matrix of its own that a layer may train."""
    if word_index is not None:
        return embedding_matrix(words, word_index, pad, unk)
    if unk is not None:
        raise ValueError("unk is given without word_index: all words that are numbered have a vector")
    made = np.array(words.vectors)
    if pad is not None:
        if whole("pad", pad, 0) < len(made):
            raise ValueError(
                f"pad={pad} is the row of {words.index_to_key[pad]!r:.60}: give word_index, with rows from "
                "1 on, and pad=0"
            )
        made = np.vstack((made, np.zeros((pad + 1 - len(made), made.shape[1]), dtype=made.dtype)))
    return made


def _package(name: str, title: str, extra: str) -> Any:
    """Import a package that only this needs; ImportError with what to install."""
    try:
        return import_module(name)
    except ImportError as error:
        raise ImportError(
            f"this needs {title}, which cannot be imported ({error}): pip install 'fastw2v[{extra}]'",
            name=error.name,
        ) from error


def to_torch(
    words: Any, word_index: WordIndex | None, freeze: bool, pad: int | None, unk: Any, options: dict[str, Any]
) -> Any:
    """Return a `torch.nn.Embedding`; see `Features.to_torch`."""
    torch = _package("torch", "PyTorch", "torch")
    weights = torch.from_numpy(_weights(words, word_index, pad, unk))
    return torch.nn.Embedding.from_pretrained(weights, freeze=bool(freeze), padding_idx=pad, **options)


def to_keras(
    words: Any, word_index: WordIndex | None, freeze: bool, pad: int | None, unk: Any, options: dict[str, Any]
) -> Any:
    """Return a `keras.layers.Embedding`; see `Features.to_keras`."""
    keras = _package(
        "keras",
        "Keras and what it computes with (TensorFlow, PyTorch or JAX, as KERAS_BACKEND says)",
        "keras",
    )
    matrix = _weights(words, word_index, pad, unk)
    layer = keras.layers.Embedding(*matrix.shape, trainable=not freeze, **options)
    layer.build((None,))
    layer.set_weights([matrix])  # an initializer of Constant would be saved too, as text
    return layer
