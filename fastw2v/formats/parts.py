"""What a saved model is made of, in arrays and plain Python values, independent of the file format.

Every codec reads these parts from a file or writes them to one: `model_file` (.fw2v), `gensim_parts`
(gensim's pickles, and live objects of gensim), `word2vec_format` (vectors only). `KeyedVectors` and
`Word2Vec` can be made from parts and turned into parts.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v.checks import finite, whole
from fastw2v.columns import Ragged
from fastw2v.formats import native
from fastw2v.formats.errors import FormatError
from fastw2v.vocabulary.huffman import HuffmanTree

Array = npt.NDArray[Any]
Key = Any  # usually a str or an int; None for a row that has no key yet
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
    "deterministic",
)
"""A model's settings and counters, by attribute: all of its state except arrays and logs."""

NOT_GENSIMS = {"step": "pair", "baskets": False, "deterministic": False}
"""Settings that gensim lacks, with the values that do what it does; older files of ours may lack them too."""

OUTPUTS = ("syn1", "syn1neg")
"""A model's matrices besides the vectors of its words."""

VECTORS_HOLD = frozenset(
    {
        *("vectors", "vector_size", "index_to_key", "key_to_index", "next_index", "expandos"),
        *("vectors_lockf", "mapfile_path", "lifecycle_events", "_added_rows", "_moved"),
    }
)
"""What our own code sets on a `KeyedVectors`; all other attributes are a user's."""

MODELS_HOLD = frozenset(
    {
        *SETTINGS,
        *("wv", "random", "cum_table", "history", "lifecycle_events", "hashfxn", "progress", "stop_training"),
        *("_raw", "_encoded", "_syn1", "_syn1neg", "_checkpoint"),
    }
)
"""What our own code sets on a `Word2Vec`; all other attributes are a user's."""

TWISTER_WORDS = 624
"""Numbers in the state of the Mersenne twister."""


@dataclass
class Vectors:
    """What a `KeyedVectors` is made of.

    Attributes:
        keys (list of key): V keys; None for a row that has no key yet, unless `key_to_index` leads to it.
        vectors (array): (V, D).
        columns (dict of str to array or Ragged): V values each.
        lockf (array or None): `vectors_lockf`, float32; None if the file has none.
        rows (dict of key to int, or None): the row of each key; None if it follows from `keys`.
        extras (dict of str to any): attributes that users set.
    """

    keys: list[Key]
    vectors: Array
    columns: dict[str, Array | Ragged]
    lockf: Array | None = None
    rows: dict[Key, int] | None = None
    extras: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def key_to_index(self) -> dict[Key, int]:
        """Row of each key, dict of key to int; of rows with the same key the last, unless `rows` says it."""
        return rows_of(self.keys) if self.rows is None else self.rows

    def without_extras(self) -> Vectors:
        """Return the vectors without what users set, of which not all can be copied."""
        return replace(self, extras={})

    def check(self) -> None:
        """Check that the parts belong together.

        Raises:
            FormatError: there are not as many vectors as keys, two keys are equal and nothing says which of
                them counts, or a Huffman path leaves the tree.
        """
        if len(self.vectors) != len(self.keys):
            raise FormatError(f"{len(self.keys)} keys, but {len(self.vectors)} vectors")
        named = len(self.keys) - self.keys.count(None)
        if self.rows is None and len(self.key_to_index) != named:
            raise FormatError(f"duplicate keys: only {len(self.key_to_index)} of {named} keys are different")
        tree = HuffmanTree.of(self.columns, error=FormatError)
        if tree is not None:
            tree.check(len(self.keys), error=FormatError, saved=True)


@dataclass
class Checkpoint:
    """Where a call of `train` stands: what the model itself does not hold.

    Attributes:
        epochs (int): passes over the text, of the whole call.
        examples (int or None): sentences of the text, as they were given to `train`.
        words (int or None): its raw words, likewise.
        freeze (str or None): the side that is left as it is.
        settings (dict of str to any): the model's settings that decide what is learnt.
        rows (int): V.
        epoch (int): finished epochs.
        jobs (int): finished jobs of the epoch that was running.
        job_words (int): of these jobs the words that were trained.
        job_examples (int): of these jobs the examples.
        job_loss (float): of these jobs the sum of the loss.
        job_seconds (float): the time that they took.
        trained_words (int): words trained in the finished epochs.
        raw_words (int): words read in the finished epochs.
        seconds (float): the time of the call so far.
        random (tuple): state of the model's generator when the running epoch began.
        text (str or None): digest of the whole text; None if it has not been read to its end.
        text_sentences (int): its sentences.
        begun (str): digest of the text of the finished jobs.
        sentences (int): their sentences.
        varies (bool): whether the text was not the same in each epoch.
        stopping (bool): whether a callback has ended it early.
        complete (bool): whether the call has ended.
        callbacks (list of (str, dict)): name of the class and state of each callback.
    """

    epochs: int
    examples: int | None
    words: int | None
    freeze: str | None
    settings: dict[str, Any]
    rows: int
    random: RandomState
    epoch: int = 0
    jobs: int = 0
    job_words: int = 0
    job_examples: int = 0
    job_loss: float = 0.0
    job_seconds: float = 0.0
    trained_words: int = 0
    raw_words: int = 0
    seconds: float = 0.0
    text: str | None = None
    text_sentences: int = 0
    begun: str = ""
    sentences: int = 0
    varies: bool = False
    stopping: bool = False
    complete: bool = False
    callbacks: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


@dataclass
class Model:
    """What a `Word2Vec` is made of.

    Attributes:
        wv (Vectors): the words.
        settings (dict of str to any): all of `SETTINGS`; for a model of gensim, those that its version has.
        outputs (dict of str to array): the matrices of `OUTPUTS` that the model has, float32 (V, D) each.
        random (tuple or None): state of the generator; None if it is not a Mersenne twister.
        raw_vocab (dict of key to int): counts of all words that were scanned; empty if they are not kept.
        history (list): what was trained.
        lifecycle_events (list of dict, or None): gensim's log; None if it is turned off.
        cum_table (array or None): uint32 (V,), the noise distribution; None without negative sampling, and
            for a model of gensim, whose files lack it.
        extras (dict of str to any): attributes that users set.
        checkpoint (Checkpoint or None): where a call of `train` stands; None if none is unfinished.
    """

    wv: Vectors
    settings: dict[str, Any]
    outputs: dict[str, Array]
    random: RandomState | None
    raw_vocab: dict[Key, int] = field(default_factory=dict)
    history: list[Any] = field(default_factory=list)
    lifecycle_events: list[dict[str, Any]] | None = None
    cum_table: Array | None = None
    extras: dict[str, Any] = field(default_factory=dict)
    checkpoint: Checkpoint | None = None

    def without_extras(self) -> Model:
        """Return the model without what users set, of which not all can be copied."""
        return replace(self, wv=self.wv.without_extras(), extras={})

    def check(self) -> None:
        """Check that the parts belong together.

        Raises:
            FormatError: the words are wrong as for `Vectors.check`, or an output is no matrix of numbers.
                After edits by hand it may be of other rows than the words, which training refuses.
        """
        self.wv.check()
        for name, matrix in self.outputs.items():
            kind = matrix.dtype if matrix.dtype.kind in "biuf" else np.float32
            native.expect({name: matrix}, name, kind, (None, None))


def rows_of(keys: list[Key]) -> dict[Key, int]:
    """Return the row of each key; None is no key, and of rows with the same key the last counts.

    Args:
        keys (list of key): one per row.

    Returns:
        dict of key to int: the rows.
    """
    return {key: row for row, key in enumerate(keys) if key is not None}


def state_of(generator: np.random.RandomState) -> RandomState:
    """Return the state of a generator, a tuple.

    Args:
        generator (RandomState): numpy's, of a Mersenne twister.

    Returns:
        tuple: kind, key uint32 (624,), position, has_gauss, gauss.
    """
    state: Any = generator.get_state(legacy=True)
    return state  # type: ignore[no-any-return]


def generator_in(state: RandomState) -> np.random.RandomState:
    """Return a generator in this state; numpy itself would accept an impossible one.

    Args:
        state (tuple): as `state_of` returns it.

    Returns:
        RandomState: the generator.

    Raises:
        TypeError: a part of it is no number.
        ValueError: no generator can be in this state.
    """
    kind, keys, position, has_gauss, gauss = state
    position = whole("the generator's position", position, -(2**63))
    has_gauss, gauss = whole("has_gauss", has_gauss, 0, 1), finite("gauss", gauss)
    if keys.shape != (TWISTER_WORDS,) or not 0 <= position <= len(keys):
        raise ValueError(
            f"the generator has keys of shape {keys.shape} and position {position}, "
            f"expected ({TWISTER_WORDS},) and a position from 0 to {TWISTER_WORDS}"
        )
    generator = np.random.RandomState()
    generator.set_state((kind, keys, position, has_gauss, gauss))
    return generator
