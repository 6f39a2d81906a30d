"""The older spellings of `KeyedVectors` and `Word2Vec`, as a base class for each, and gensim 3's records.

Each spelling warns once which name has replaced it, see `legacy`, and does what that name does. What these
base classes use of the classes derived from them is declared for type checkers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Protocol, Self, cast

import numpy as np
import numpy.typing as npt

from fastw2v import evaluation
from fastw2v.first_vectors import pseudorandom_weak_vector
from fastw2v.formats.atomic import StrPath
from fastw2v.legacy import Spelling, deprecated, itself, renamed, renamed_keywords, tell
from fastw2v.query.computed import UnitRows

Array = npt.NDArray[Any]
Key = Any  # a str as a rule; an int or any other hashable


class _Keyed(Protocol):
    """What is used here of a `KeyedVectors`, whose room is above this one."""

    index_to_key: list[Key]
    key_to_index: dict[Key, int]
    expandos: dict[str, Any]
    vectors: Array

    def set_vecattr(self, key: Key, attr: str, val: Any) -> None: ...


class _Model(Protocol):
    """What is used here of a `Word2Vec`, whose room is above this one."""

    def _train_batch(self, sentences: Iterable[Any], alpha: float, sg: bool, compute_loss: bool) -> int: ...

    def _score_sentence(self, sentence: Iterable[Any], sg: bool) -> float: ...


# --- words and their records ---


class VocabRecord:
    """One word of gensim 3's `vocab`: its `.index`, and its attributes (`.count`, `.code`, `.point`, …).

    Attributes are read from and written to the `KeyedVectors`. Records compare by count.

    Args:
        kv (KeyedVectors): whose word it is.
        index (int): the word's row.
    """

    __slots__ = ("_index", "_kv")
    _kv: _Keyed
    _index: int

    def __init__(self, kv: _Keyed, index: int) -> None:
        object.__setattr__(self, "_kv", kv)
        object.__setattr__(self, "_index", index)

    @property
    def index(self) -> int:
        """The word's row."""
        return self._index

    def __getattr__(self, name: str) -> Any:
        if name not in self._kv.expandos:
            raise AttributeError(f"no attribute {name!r}: these words have {sorted(self._kv.expandos)}")
        return self._kv.expandos[name][self._index]

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ("index", *self.__slots__):
            raise AttributeError(
                f"{name} of a word cannot be set: to move words, change index_to_key and key_to_index"
            )
        self._kv.set_vecattr(self._kv.index_to_key[self._index], name, value)

    def __lt__(self, other: VocabRecord) -> bool:
        return bool(self.count < other.count)

    def __repr__(self) -> str:
        values = {"index": self._index} | {name: getattr(self, name) for name in self._kv.expandos}
        return f"Vocab({', '.join(f'{name}:{value!r}' for name, value in sorted(values.items()))})"


class VocabView(Mapping[Key, VocabRecord]):
    """Gensim 3's `vocab` of a `KeyedVectors`: word → record, in the order of rows; it follows all changes.

    Args:
        kv (KeyedVectors): whose words they are.
    """

    __module__ = "fastw2v.keyedvectors"  # where pickles have it

    def __init__(self, kv: _Keyed) -> None:
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


class CompatVocab(SimpleNamespace):
    """A record of its own, as gensim 3's programs make them: `Vocab(count=3, index=0)`. Compares by count."""

    __module__ = "fastw2v.keyedvectors"  # where pickles have it
    count = 0

    def __lt__(self, other: Any) -> bool:
        return bool(self.count < other.count)


Vocab = CompatVocab


# --- KeyedVectors ---


def _normed_rows(name: str) -> property:
    """Make a property of all rows with length 1. Not a `Spelling`: gensim 3's programs set these to None."""

    def read(kv: _Keyed) -> UnitRows:
        tell(f"KeyedVectors.{name}", "get_normed_vectors()")
        return UnitRows(kv.vectors)

    def write(kv: _Keyed, _: Any) -> None:
        """Do nothing: setting None used to clear a cache, and here there is none."""

    return property(read, write, doc="All rows with length 1 (V, D), each computed when it is asked for.")


class OlderKeyedVectors:
    """The older names of what `KeyedVectors` has."""

    if TYPE_CHECKING:
        add_vectors: Callable[..., None]
        closer_than: Callable[..., list[Key]]
        evaluate_word_analogies: Callable[..., tuple[float, list[evaluation.Section]]]
        get_vector: Callable[..., Array]
        unit_normalize_all: Callable[[], None]

    wv = itself()
    index2word = renamed("index_to_key")
    index2entity = renamed("index_to_key")
    syn0 = renamed("vectors")

    vectors_norm = _normed_rows("vectors_norm")
    syn0norm = _normed_rows("syn0norm")

    @property
    def vocab(self) -> VocabView:
        """Gensim 3's mapping of words to records; it reads and writes this object's attributes."""
        tell("KeyedVectors.vocab", "key_to_index, get_vecattr() and set_vecattr()")
        return VocabView(cast("_Keyed", self))

    @deprecated("get_vector()")
    @renamed_keywords(word="key", use_norm="norm")
    def word_vec(self, key: Key, norm: bool = False) -> Array:
        """Return the vector of a key; older name of `get_vector`.

        Args:
            key (key): a word, or an int that is a row number.
            norm (bool): return a copy of length 1.

        Returns:
            array: (D,), a read-only view unless `norm`.

        Raises:
            KeyError: the key is missing.
        """
        return self.get_vector(key, norm=norm)

    @deprecated("get_normed_vectors() or unit_normalize_all()")
    def init_sims(self, replace: bool = False) -> None:
        """Give all rows length 1 if `replace`; there are no norms to prepare.

        Args:
            replace (bool): change the vectors, as `unit_normalize_all` does. False does nothing.
        """
        if replace:
            self.unit_normalize_all()

    @deprecated("add_vectors()")
    def add(self, entities: Sequence[Key] | str | int, weights: npt.ArrayLike, replace: bool = False) -> None:
        """Add keys with their vectors; older name of `add_vectors`.

        Args:
            entities (key, or sequence of keys): what to add.
            weights (array): their vectors (len(entities), D), or one vector (D,).
            replace (bool): give keys that are there already the new vectors; False leaves them.

        Raises:
            ValueError: the vectors have another shape.
        """
        self.add_vectors(entities, weights, replace=replace)

    @deprecated("closer_than()")
    def words_closer_than(self, word1: Key, word2: Key) -> list[Key]:
        """Return the words nearer to `word1` than `word2` is; older name of `closer_than`.

        Args:
            word1 (key): the word to be near to.
            word2 (key): the word that sets the distance.

        Returns:
            list of keys: in the order of their rows.

        Raises:
            KeyError: a word is missing.
        """
        return self.closer_than(word1, word2)

    @deprecated("evaluate_word_analogies()")
    def accuracy(
        self,
        questions: StrPath,
        restrict_vocab: int | None = 30000,
        most_similar: Callable[..., Any] | None = None,
        case_insensitive: bool = True,
    ) -> list[evaluation.Section]:
        """Answer the analogies of a file, and return the sections of `evaluate_word_analogies`.

        Args:
            questions (path): file like word2vec's questions-words.txt.
            restrict_vocab (int or None): how many of the first words are known; None knows all.
            most_similar (method or None): `KeyedVectors.most_similar` or `most_similar_cosmul`; its name says
                how to answer. None is the first.
            case_insensitive (bool): compare words in upper case; of equal words the first counts.

        Returns:
            list of dict: for each section its name, and lists of the questions answered right and wrong.

        Raises:
            ValueError: the file has no questions, or `most_similar` has another name.
        """
        _, sections = self.evaluate_word_analogies(
            questions,
            restrict_vocab,
            case_insensitive,
            similarity_function="most_similar" if most_similar is None else most_similar.__name__,
        )
        return sections


# --- Word2Vec ---


class OlderWord2Vec:
    """The older names of what `Word2Vec` has, mostly of what its `wv` has."""

    if TYPE_CHECKING:
        wv: Any  # a KeyedVectors
        hashfxn: Callable[[str], int]
        _keyed_vectors: type[Any]

        def __init__(self, *, vector_size: int) -> None: ...

    iter = renamed("epochs")
    trainables = itself()
    vocabulary = itself()
    reset_weights = renamed("init_weights")

    index2word = renamed("wv.index_to_key")
    syn0_lockf = renamed("wv.vectors_lockf")
    syn0norm = Spelling(lambda model: UnitRows(model.wv.vectors), "wv.get_normed_vectors()")
    vectors_lockf = renamed("wv.vectors_lockf")

    @property
    def vocab(self) -> VocabView:
        """Older spelling of `wv.vocab`, which is an older spelling itself."""
        tell("Word2Vec.vocab", "wv.key_to_index, wv.get_vecattr() and wv.set_vecattr()")
        return VocabView(self.wv)

    accuracy = renamed("wv.accuracy")
    doesnt_match = renamed("wv.doesnt_match")
    intersect_word2vec_format = renamed("wv.intersect_word2vec_format")
    log_accuracy = renamed("wv.log_accuracy")
    log_evaluate_word_pairs = renamed("wv.log_evaluate_word_pairs")
    most_similar_cosmul = renamed("wv.most_similar_cosmul")
    n_similarity = renamed("wv.n_similarity")
    similar_by_vector = renamed("wv.similar_by_vector")
    similar_by_word = renamed("wv.similar_by_word")
    wmdistance = renamed("wv.wmdistance")

    @classmethod
    @deprecated("KeyedVectors.load_word2vec_format()")
    def load_word2vec_format(cls, *args: Any, **kwargs: Any) -> Self:
        """Make a model whose IN vectors are those of a word2vec file; it answers queries, without training.

        Args:
            *args: those of `KeyedVectors.load_word2vec_format`.
            **kwargs: likewise.

        Returns:
            Word2Vec: the model.

        Raises:
            FormatError: the file is damaged, or it is not one of word2vec's.
        """
        wv = cls._keyed_vectors.load_word2vec_format(*args, **kwargs)
        model = cls(vector_size=wv.vector_size)
        model.wv = wv
        return model

    @deprecated("wv.unit_normalize_all(), if replace=True was meant")
    def init_sims(self, replace: bool = False) -> None:
        """Give all IN vectors length 1 if `replace`; there are no norms to prepare.

        Args:
            replace (bool): change the vectors, as `wv.unit_normalize_all` does. False does nothing.
        """
        if replace:
            self.wv.unit_normalize_all()

    @deprecated("nothing: no norms are kept")
    def clear_sims(self) -> None:
        """Do nothing: norms are computed for each query."""

    @deprecated("del model.syn1neg, del model.syn1")
    def delete_temporary_training_data(self, replace_word_vectors_with_normalized: bool = False) -> None:
        """Delete the output matrices to save memory; the model cannot be trained further.

        Args:
            replace_word_vectors_with_normalized (bool): give all IN vectors length 1, too.
        """
        for name in ("_syn1", "_syn1neg"):
            self.__dict__.pop(name, None)
        if replace_word_vectors_with_normalized:
            self.wv.unit_normalize_all()

    @deprecated("pseudorandom_weak_vector()")
    def seeded_vector(self, seed_string: str, vector_size: int) -> npt.NDArray[np.float32]:
        """Return a random vector that depends on `hashfxn(seed_string)` alone; training does not use it.

        Args:
            seed_string (str): what the model's `hashfxn` is called with; "" gives another vector each time.
            vector_size (int): number of dimensions.

        Returns:
            array: float32 (vector_size,), uniform in ±1/(2·vector_size).
        """
        return pseudorandom_weak_vector(vector_size, seed_string=seed_string, hashfxn=self.hashfxn)


def train_batch_sg(
    model: _Model, sentences: Iterable[Any], alpha: float, work: Any = None, compute_loss: bool = False
) -> int:
    """Train skip-gram on one batch of sentences in this thread.

    Args:
        model (Word2Vec): the model to train, which has a vocabulary.
        sentences (iterable of lists of words): the batch.
        alpha (float): learning rate.
        work (any): ignored; accepted as gensim has it.
        compute_loss (bool): add the loss to `model.running_training_loss`.

    Returns:
        int: number of words trained on, those that downsampling left.

    Raises:
        RuntimeError: a matrix or table that the model's settings need is missing.
        ValueError: a matrix does not fit the vocabulary or is read-only, or `alpha` is not finite.
        TypeError: `alpha` is not a number.
    """
    return model._train_batch(sentences, alpha, sg=True, compute_loss=compute_loss)


def train_batch_cbow(
    model: _Model,
    sentences: Iterable[Any],
    alpha: float,
    work: Any = None,
    neu1: Any = None,
    compute_loss: bool = False,
) -> int:
    """Train CBOW on one batch of sentences in this thread.

    Args:
        model (Word2Vec): the model to train, which has a vocabulary.
        sentences (iterable of lists of words): the batch.
        alpha (float): learning rate.
        work (any): ignored; accepted as gensim has it.
        neu1 (any): ignored; accepted as gensim has it.
        compute_loss (bool): add the loss to `model.running_training_loss`.

    Returns:
        int: number of words trained on, those that downsampling left.

    Raises:
        RuntimeError: a matrix or table that the model's settings need is missing.
        ValueError: a matrix does not fit the vocabulary or is read-only, or `alpha` is not finite.
        TypeError: `alpha` is not a number.
    """
    return model._train_batch(sentences, alpha, sg=False, compute_loss=compute_loss)


def score_sentence_sg(model: _Model, sentence: Iterable[Any], work: Any = None) -> float:
    """Return the log likelihood of one sentence under skip-gram; see `Word2Vec.score`.

    Args:
        model (Word2Vec): a model trained with `hs=1`.
        sentence (list of words): the sentence; unknown words are left out.
        work (any): ignored; accepted as gensim has it.

    Returns:
        float: the log likelihood; 0 if no word is known.

    Raises:
        RuntimeError: the model was not trained with `hs=1`.
        ValueError: a matrix or the Huffman tree does not fit the vocabulary.
    """
    return model._score_sentence(sentence, sg=True)


def score_sentence_cbow(model: _Model, sentence: Iterable[Any], work: Any = None, neu1: Any = None) -> float:
    """Return the log likelihood of one sentence under CBOW; see `Word2Vec.score`.

    Args:
        model (Word2Vec): a model trained with `hs=1`.
        sentence (list of words): the sentence; unknown words are left out.
        work (any): ignored; accepted as gensim has it.
        neu1 (any): ignored; accepted as gensim has it.

    Returns:
        float: the log likelihood; 0 if no word is known.

    Raises:
        RuntimeError: the model was not trained with `hs=1`.
        ValueError: a matrix or the Huffman tree does not fit the vocabulary.
    """
    return model._score_sentence(sentence, sg=False)
