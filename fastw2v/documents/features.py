"""What other programs are fed with: vectors of documents, and matrices for layers of neural networks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from fastw2v.documents.vectors import DocumentVectors, Unknown, Weights
from fastw2v.progress import Mode
from fastw2v.query import layers

Array = npt.NDArray[Any]


class Features:
    """What `KeyedVectors` give to other programs."""

    def document_vectors(
        self,
        docs: Iterable[Any],
        weights: Weights = None,
        unknown: Unknown = "skip",
        *,
        pre_normalize: bool = False,
        post_normalize: bool = False,
        a: float = 1e-3,
        workers: int = 1,
        progress: Mode = "auto",
    ) -> npt.NDArray[np.float32]:
        """Return the vectors of documents: means of the vectors of their words, weighted if you like.

        These vectors are one space; `Word2Vec.document_vectors` takes the name of another. What "idf" and
        "sif" need is learnt of these very documents: to learn it of some and apply it to others, see
        `documents.DocumentVectors`, which also says what the settings mean exactly.

        Args:
            docs (iterable of lists of words): N documents, also a column, a generator, or a reader of files;
                read once, and a part at a time.
            weights ("idf", "sif", mapping of word to float, or None): what words weigh; None: all the same.
                Words that a mapping leaves out weigh 0.
            unknown (str): words without a vector are left out ("skip"), counted as zeros ("zero"), or a
                KeyError ("error").
            pre_normalize (bool): whether vectors of words are brought to length 1 first.
            post_normalize (bool): whether vectors of documents are brought to length 1.
            a (float): of SIF, see there.
            workers (int): threads that add up what the calling one reads; 1 leaves that to it as well.
            progress ("auto" or bool): whether to show a bar.

        Returns:
            array: float32 (N, D), a row for each document in its order; zeros for one without a word that
            counts, which `~made.any(axis=1)` tells.

        Raises:
            KeyError: a word has no vector, and `unknown` is "error".
            TypeError: these are not lists of words.
            ValueError: an argument is out of range.

        Example:
            >>> kv = KeyedVectors(2)
            >>> kv.add_vectors(["cat", "car"], [[1, 0], [0, 3]])
            >>> kv.document_vectors([["cat", "car"], ["car", "unheard"], []])
            array([[0.5, 1.5],
                   [0. , 3. ],
                   [0. , 0. ]], dtype=float32)
        """
        made = DocumentVectors(
            self,
            weights,
            unknown=unknown,
            pre_normalize=pre_normalize,
            post_normalize=post_normalize,
            a=a,
            workers=workers,
            progress=progress,
        )
        return made.fit_transform(docs)

    def embedding_matrix(
        self,
        word_index: Mapping[Any, int] | Iterable[Any],
        pad: int | None = 0,
        unk: Any = None,
        *,
        rows: int | None = None,
    ) -> Array:
        """Return the vectors as a matrix whose rows are numbered otherwise, for an embedding layer.

        Args:
            word_index (mapping of word to int, or iterable of words): the row of each word, as tokenizers
                have it (`tokenizer.word_index` of Keras, from 1 on, or `vocab.get_stoi()`); or the words in
                the order of their rows, such as `TextVectorization.get_vocabulary()`.
            pad (int or None): a row that is zeros, whatever word is there; None: no such row.
            unk (array, "mean", or None): the vector (D,) of words that have none here. "mean" takes the mean
                of all vectors; None zeros.
            rows (int or None): how many rows there are at least; None: as many as the largest number needs.

        Returns:
            array: (rows, D) of the dtype of `vectors`; rows without a word are zeros.

        Raises:
            TypeError: `word_index` is neither, or a row is not a whole number.
            ValueError: a row is negative, two words have the same, or `unk` has another dimension.

        Example:
            >>> model.wv.embedding_matrix({"cat": 1, "dog": 2, "unheard": 3}).shape
            (4, 10)
        """
        return layers.embedding_matrix(self._as_it_is(), word_index, pad, unk, rows)

    def to_torch(
        self,
        word_index: Mapping[Any, int] | Iterable[Any] | None = None,
        *,
        freeze: bool = True,
        pad: int | None = None,
        unk: Any = None,
        **options: Any,
    ) -> Any:
        """Return a PyTorch embedding layer with copies of these vectors.

        Args:
            word_index (mapping of word to int, iterable of words, or None): the numbers that inputs have for
                words, as in `embedding_matrix`. None: the row numbers here, `key_to_index`.
            freeze (bool): whether training leaves the layer as it is.
            pad (int or None): the number that stands for no word: its row is zeros, and stays so. None: none.
            unk (array, "mean", or None): the vector of words that have none here; with `word_index`.
            **options (any): for `torch.nn.Embedding.from_pretrained`: `max_norm`, `sparse`, ….

        Returns:
            torch.nn.Embedding: the layer.

        Raises:
            ImportError: PyTorch is not installed.
            ValueError: `word_index`, `pad` or `unk` are wrong, as in `embedding_matrix`.
            TypeError: likewise.
        """
        return layers.to_torch(self._as_it_is(), word_index, freeze, pad, unk, options)

    def to_keras(
        self,
        word_index: Mapping[Any, int] | Iterable[Any] | None = None,
        *,
        freeze: bool = True,
        pad: int | None = None,
        unk: Any = None,
        **options: Any,
    ) -> Any:
        """Return a Keras embedding layer with copies of these vectors.

        Args:
            word_index (mapping of word to int, iterable of words, or None): the numbers that inputs have for
                words, as in `embedding_matrix`. None: the row numbers here, `key_to_index`.
            freeze (bool): whether training leaves the layer as it is.
            pad (int or None): the number that stands for no word: its row is zeros. None: none. Only 0 can be
                masked, by `mask_zero=True`.
            unk (array, "mean", or None): the vector of words that have none here; with `word_index`.
            **options (any): for `keras.layers.Embedding`: `mask_zero`, `name`, ….

        Returns:
            keras.layers.Embedding: the layer.

        Raises:
            ImportError: Keras, or the package that it computes with, is not installed.
            ValueError: `word_index`, `pad` or `unk` are wrong, as in `embedding_matrix`.
            TypeError: likewise.
        """
        return layers.to_keras(self._as_it_is(), word_index, freeze, pad, unk, options)

    def _as_it_is(self) -> Self:
        raise NotImplementedError  # of KeyedVectors

    def __sklearn_clone__(self) -> Self:
        """Return this object: clones of a scikit-learn estimator share the vectors that it was given."""
        return self
