"""The older names of what `KeyedVectors` has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from fastw2v import evaluation
from fastw2v.columns import Ragged
from fastw2v.formats.atomic import StrPath
from fastw2v.legacy import Spelling, deprecated, itself, renamed, renamed_keywords, tell
from fastw2v.older.records import Array, Key, Keyed, VocabView, settle, take_vocab
from fastw2v.query.computed import UnitRows


class normed_rows(Spelling):
    """All rows with length 1, each computed when it is asked for: `syn0norm = normed_rows()`.

    Programs of gensim 3's set them, to None or beside the vectors themselves. Nothing is kept here.

    Args:
        holder (str): where the vectors are, "wv." for those of a model.
    """

    def __init__(self, holder: str = "") -> None:
        vectors = attrgetter(f"{holder}vectors")
        super().__init__(lambda instance: UnitRows(vectors(instance)), f"{holder}get_normed_vectors()")

    def __set__(self, instance: Any, value: Any) -> None:
        tell(self._old, self._new)


class key_list(renamed):
    """The list of keys under an older name. Programs assign arrays of words too: their words become str."""

    def __set__(self, instance: Any, value: Any) -> None:
        if not isinstance(value, list):
            value = value.tolist() if isinstance(value, np.ndarray) else list(value)
        super().__set__(instance, value)


class OlderKeyedVectors:
    """The older names of what `KeyedVectors` has."""

    if TYPE_CHECKING:
        add_vectors: Callable[..., None]
        closer_than: Callable[..., list[Key]]
        evaluate_word_analogies: Callable[..., tuple[float, list[evaluation.Section]]]
        get_vector: Callable[..., Array]
        unit_normalize_all: Callable[[], None]
        to_gensim: Callable[[], Any]
        to_keras: Callable[..., Any]
        key_to_index: dict[Key, int]
        vectors: Array
        vector_size: int

    wv = itself()
    index2word = key_list("index_to_key")
    index2entity = key_list("index_to_key")
    syn0 = renamed("vectors")

    vectors_norm = normed_rows()
    syn0norm = normed_rows()

    @property
    def vocab(self) -> VocabView:
        """Gensim 3's dict of words and records; it reads and writes this object, and can be assigned."""
        tell("KeyedVectors.vocab", "key_to_index, get_vecattr() and set_vecattr()")
        return VocabView(cast("Keyed", self))

    @vocab.setter
    def vocab(self, records: Any) -> None:
        tell("KeyedVectors.vocab", "key_to_index, get_vecattr() and set_vecattr()")
        take_vocab(cast("Keyed", self), records)

    @property
    def expandos(self) -> dict[str, Array | Ragged]:
        """Columns of attributes by name, one value per row; what `vocab` was told is in them by now."""
        if "_moved" in self.__dict__:
            settle(cast("Keyed", self))
        columns: dict[str, Array | Ragged] = self.__dict__["expandos"]
        return columns

    @expandos.setter
    def expandos(self, columns: dict[str, Array | Ragged]) -> None:
        self.__dict__.pop("_moved", None)
        self.__dict__["expandos"] = columns

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

    @deprecated("to_keras()")
    def get_keras_embedding(
        self, train_embeddings: bool = False, word_index: Mapping[Key, int] | None = None
    ) -> Any:
        """Return a Keras layer with these vectors, whose inputs are row numbers.

        Args:
            train_embeddings (bool): let the layer be trained.
            word_index (mapping or None): numbers that the inputs have for words; words without a vector get
                zeros. None: the row numbers here.

        Returns:
            keras.layers.Embedding: the layer.

        Raises:
            ImportError: Keras is not installed.
            ValueError: two words have the same number, or one is negative.
        """
        return self.to_keras(word_index, freeze=not train_embeddings)

    @deprecated("gensim.similarities.SparseTermSimilarityMatrix")
    def similarity_matrix(
        self,
        dictionary: Any,
        tfidf: Any = None,
        threshold: float = 0.0,
        exponent: float = 2.0,
        nonzero_limit: int = 100,
        dtype: npt.DTypeLike = np.float32,
    ) -> Any:
        """Return gensim's matrix of the similarities of the words in a dictionary, for soft cosines.

        Args:
            dictionary (gensim.corpora.Dictionary): the words.
            tfidf (gensim.models.TfidfModel or None): words of high weight come first.
            threshold (float): cosines that are not above it become 0.
            exponent (float): to which cosines are raised.
            nonzero_limit (int): most values that are not 0 in a column.
            dtype (dtype): of the matrix.

        Returns:
            scipy.sparse.csc_matrix: (words of the dictionary, words of the dictionary).

        Raises:
            ImportError: gensim is not installed.
        """
        vectors = self.to_gensim()  # raises without gensim
        from gensim.similarities import SparseTermSimilarityMatrix, WordEmbeddingSimilarityIndex

        index = WordEmbeddingSimilarityIndex(vectors, threshold=threshold, exponent=exponent)
        made = SparseTermSimilarityMatrix(
            index, dictionary, tfidf, nonzero_limit=nonzero_limit, dtype=np.dtype(dtype).type
        )
        return made.matrix
