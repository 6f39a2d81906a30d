"""The older names of what `Word2Vec` has, mostly of what its `wv` has."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from fastw2v.first_vectors import pseudorandom_weak_vector
from fastw2v.legacy import deprecated, renamed, tell
from fastw2v.lifecycle import class_only
from fastw2v.older.parts import Word2VecTrainables, Word2VecVocab, part
from fastw2v.older.records import VocabView, take_vocab
from fastw2v.older.vectors import key_list, normed_rows
from fastw2v.sharing.states import guard_of


class OlderWord2Vec:
    """The older names of what `Word2Vec` has, mostly of what its `wv` has."""

    if TYPE_CHECKING:
        wv: Any  # a KeyedVectors
        hashfxn: Callable[[str], int]
        _keyed_vectors: type[Any]

        def __init__(self, *, vector_size: int) -> None: ...

    iter = renamed("epochs")
    trainables = part(Word2VecTrainables)
    vocabulary = part(Word2VecVocab)
    reset_weights = renamed("init_weights")

    index2word = key_list("wv.index_to_key")
    syn0_lockf = renamed("wv.vectors_lockf")
    syn0norm = normed_rows("wv.")
    vectors_lockf = renamed("wv.vectors_lockf")

    @property
    def vocab(self) -> VocabView:
        """Older spelling of `wv.vocab`, which is an older spelling itself."""
        tell("Word2Vec.vocab", "wv.key_to_index, wv.get_vecattr() and wv.set_vecattr()")
        return VocabView(self.wv)

    @vocab.setter
    def vocab(self, records: Any) -> None:
        tell("Word2Vec.vocab", "wv.key_to_index, wv.get_vecattr() and wv.set_vecattr()")
        take_vocab(self.wv, records)

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

    @class_only
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
        guard_of(self).check_edit("delete_temporary_training_data()")
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
