"""What a saved model is made of, in arrays and plain Python values, whatever file it lies in.

Every codec leads from a file to these parts and back: `model_file` (.fw2v), `gensim_parts` (gensim's
pickles, and live objects of gensim), `word2vec_format` (vectors only). `KeyedVectors` and `Word2Vec` are made
of parts, and hand theirs over to be saved.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v.columns import Ragged
from fastw2v.formats import native
from fastw2v.formats.errors import FormatError
from fastw2v.vocabulary.huffman import HuffmanTree

Array = npt.NDArray[Any]
Key = Any  # str, int, or None for a row that has no key yet
RandomState = tuple[str, Array, int, int, float]  # as numpy.random.RandomState.get_state() returns it

SETTINGS = (
    "vector_size",
    "layer1_size",
    "alpha",
    "window",
    "min_count",
    "max_vocab_size",
    "sample",
    "seed",
    "workers",
    "min_alpha",
    "sg",
    "hs",
    "negative",
    "ns_exponent",
    "cbow_mean",
    "epochs",
    "null_word",
    "sorted_vocab",
    "batch_words",
    "compute_loss",
    "comment",
    "max_final_vocab",
    "shrink_windows",
    "step",
    "corpus_count",
    "corpus_total_words",
    "effective_min_count",
    "min_alpha_yet_reached",
    "running_training_loss",
    "train_count",
    "total_train_time",
    "baskets",
)
"""A model's settings and counters, by attribute: all of its state that is neither an array nor a log."""

NOT_GENSIMS = {"step": "pair", "baskets": False}
"""Settings that gensim does not have, with what it does; files of older versions may lack them too."""

OUTPUTS = ("syn1", "syn1neg")
"""A model's matrices besides the vectors of its words."""

TWISTER_WORDS = 624
"""Numbers in the state of the Mersenne twister."""


@dataclass
class Vectors:
    """What a `KeyedVectors` is made of; V keys, and None for rows that have none yet.

    A column has one value per key, or rows of different lengths. `lockf` is `vectors_lockf`.
    """

    keys: list[Key]
    vectors: Array  # (V, D)
    columns: dict[str, Array | Ragged]
    lockf: Array | None = None

    @cached_property
    def key_to_index(self) -> dict[Key, int]:
        """Key → row, of the rows that have one. Raises `FormatError` if two rows have the same."""
        rows = {key: row for row, key in enumerate(self.keys) if key is not None}
        named = len(self.keys) - self.keys.count(None)
        if len(rows) != named:
            raise FormatError(f"{named} keys, but only {len(rows)} different ones")
        return rows

    def check(self) -> None:
        """Raise `FormatError` unless rows and keys belong together, and paths stay in the Huffman tree."""
        if len(self.vectors) != len(self.keys):
            raise FormatError(f"{len(self.keys)} keys, but {len(self.vectors)} vectors")
        _ = self.key_to_index
        tree = HuffmanTree.of(self.columns, error=FormatError)
        if tree is not None:
            tree.check(len(self.keys), error=FormatError, saved=True)


@dataclass
class Model:
    """What a `Word2Vec` is made of.

    `settings` has all of `SETTINGS` if the model is ours; of gensim's, what that version of it knew.
    """

    wv: Vectors
    settings: dict[str, Any]
    outputs: dict[str, Array]  # those of OUTPUTS that the model has, each (V, D)
    random: RandomState | None  # None if it is not a Mersenne twister's
    raw_vocab: dict[Key, int] = field(default_factory=dict)
    history: list[Any] = field(default_factory=list)
    lifecycle_events: list[dict[str, Any]] | None = None  # None: they are turned off
    cum_table: Array | None = None  # None without negative sampling, and in gensim's files, which lack it

    def check(self) -> None:
        """Raise `FormatError` unless words are as `Vectors.check` wants them, and all matrices alike."""
        self.wv.check()
        for name, matrix in {"vectors": self.wv.vectors, **self.outputs}.items():
            native.expect({name: matrix}, name, np.float32, self.wv.vectors.shape)


def state_of(generator: np.random.RandomState) -> RandomState:
    """The generator's state, a tuple."""
    state: Any = generator.get_state(legacy=True)
    return state  # type: ignore[no-any-return]


def generator_in(state: RandomState) -> np.random.RandomState:
    """The generator in this state; ValueError if it could not be in it, for numpy does not look."""
    kind, keys, position, has_gauss, gauss = state
    if keys.shape != (TWISTER_WORDS,) or not 0 <= position <= len(keys):
        raise ValueError(f"the generator has {keys.shape} words and is at {position}")
    generator = np.random.RandomState()
    generator.set_state((kind, keys, position, has_gauss, gauss))
    return generator
