"""What words weigh in the vectors of documents, by row: given by the caller, idf, or SIF."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v.documents._sums import count_documents


def weights_by_row(words: list[Any], weights: Mapping[Any, float]) -> npt.NDArray[np.float32]:
    """Return the weights of words by row, checked.

    Args:
        words (list): the vocabulary.
        weights (mapping of word to float): words that are left out weigh 0.

    Returns:
        float32 (V,): the weights.

    Raises:
        ValueError: a weight is negative or not finite, or all are 0.
    """
    made = np.array([weights.get(word, 0) for word in words], dtype=np.float32)
    if not (np.isfinite(made).all() and (made >= 0).all() and made.any()):
        raise ValueError(
            "weights must be finite, not negative, and larger than 0 for at least one word of the model"
        )
    return made


class DocumentFrequencies:
    """In how many documents each word is.

    Args:
        words (int): V, the size of the vocabulary.

    Attributes:
        documents (int): how many documents were counted.
        frequency (array): int64 (V,), in how many of them each word is.
    """

    def __init__(self, words: int) -> None:
        self.documents = 0
        self.frequency = np.zeros(words, dtype=np.int64)
        self._last = np.zeros(words, dtype=np.int64)

    def add(self, ids: npt.NDArray[np.int32], ends: npt.NDArray[np.int64]) -> None:
        """Count documents.

        Args:
            ids (array): int32 (words,), rows of their words.
            ends (array): int64 (N,), where each ends in `ids`.

        Raises:
            ValueError: an id is no row.
        """
        count_documents(ids, ends, self.documents, self.frequency, self._last)
        self.documents += len(ends)

    def idf(self) -> npt.NDArray[np.float32]:
        """Return ln(1 + (N − df + ½) / (df + ½)) of each word by row, float32 (V,)."""
        df = self.frequency
        return np.asarray(np.log(1 + (self.documents - df + 0.5) / (df + 0.5)), dtype=np.float32)


def sif_weights(counts: npt.NDArray[Any], a: float) -> npt.NDArray[np.float32]:
    """Return a / (a + p(w)) of each word, with p(w) its share of all words.

    Args:
        counts (array): (V,), how often each word occurred.
        a (float): above 0; the smaller it is, the less frequent words weigh.

    Returns:
        float32 (V,): the weights.
    """
    share = counts / max(1, counts.sum(dtype=np.float64))
    return np.asarray(a / (a + share), dtype=np.float32)
