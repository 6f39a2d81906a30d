"""What programs of gensim 3 import from its module of this name: vectors in files, by functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v.formats.atomic import StrPath
from fastw2v.keyedvectors import KeyedVectors


def _load_word2vec_format(
    cls: type[KeyedVectors],
    fname: StrPath,
    fvocab: StrPath | None = None,
    binary: bool = False,
    encoding: str = "utf8",
    unicode_errors: str = "strict",
    limit: int | None = None,
    datatype: npt.DTypeLike = np.float32,
    binary_chunk_size: int = 0,
) -> KeyedVectors:
    """Read vectors in the format of word2vec; `binary_chunk_size` is ignored."""
    return cls.load_word2vec_format(fname, fvocab, binary, encoding, unicode_errors, limit, datatype)


def _save_word2vec_format(
    fname: StrPath,
    vocab: Mapping[Any, Any],
    vectors: npt.ArrayLike,
    fvocab: StrPath | None = None,
    binary: bool = False,
    total_vec: int | None = None,
) -> None:
    """Write the rows of words, `vocab[word].index`, in the format of word2vec."""
    rows = np.asarray(vectors)
    kv = KeyedVectors(rows.shape[1], dtype=rows.dtype)
    kv.vocab = vocab
    kv.index_to_key = [None] * len(rows)
    for word, row in kv.key_to_index.items():
        kv.index_to_key[row] = word
    kv.vectors = rows
    kv.save_word2vec_format(fname, fvocab, binary, total_vec)
