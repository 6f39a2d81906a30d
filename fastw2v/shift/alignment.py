"""Vectors of models that were trained apart, turned into one space."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v.checks import not_vectors, whole
from fastw2v.keyedvectors import KeyedVectors

FEWEST = 2  # common words; fewer than dimensions leave directions that nothing decides


def vectors_of(name: str, given: Any) -> KeyedVectors:
    """Return the IN vectors of a model, or vectors as they are; TypeError for all else, with the name."""
    vectors = given if isinstance(given, KeyedVectors) else getattr(given, "wv", None)
    if not isinstance(vectors, KeyedVectors):
        raise TypeError(not_vectors(name, given))
    return vectors


def align(
    vectors: Any,
    to: Any,
    *,
    words: Iterable[str] | None = None,
    top: int | None = None,
    center: bool = False,
    normalize: bool = True,
) -> KeyedVectors:
    """Turn vectors so that common words stand as near as they can to those of another model.

    Lengths and angles stay as they are: only the axes change. What moved between the two texts then stands
    elsewhere, and `shifts` measures it.

    Args:
        vectors (KeyedVectors or Word2Vec): what to turn; it is left as it is.
        to (KeyedVectors or Word2Vec): the space to turn into; of the same number of dimensions.
        words (iterable of words, or None): the words that decide, such as those known not to have changed.
            None: all that both have.
        top (int or None): of these only so many, the first of `to`: the most frequent. None: all.
        center (bool): take the mean of the deciding vectors away before the turn is computed.
        normalize (bool): let each deciding word count the same, by its direction alone.

    Returns:
        KeyedVectors: the keys of `vectors`, float32 (V, D).

    Raises:
        ValueError: the dimensions differ, or fewer than 2 words are common.
        TypeError: these are no vectors.

    Example:
        >>> turned = align(model, model)
        >>> bool(np.allclose(turned.vectors, model.wv.vectors, atol=1e-5))
        True

    Schönemann 1966, "A generalized solution of the orthogonal Procrustes problem"; Hamilton, Leskovec and
    Jurafsky 2016, "Diachronic Word Embeddings Reveal Statistical Laws of Semantic Change".
    """
    from scipy.linalg import orthogonal_procrustes

    moved, fixed = vectors_of("vectors", vectors)._as_it_is(), vectors_of("to", to)._as_it_is()
    if moved.vector_size != fixed.vector_size:
        raise ValueError(
            f"vectors of {moved.vector_size} dimensions cannot be turned into a space of "
            f"{fixed.vector_size}: train both with the same vector_size"
        )
    deciding = common_words(moved, fixed, words)[: None if top is None else whole("top", top, FEWEST)]
    if len(deciding) < FEWEST:
        raise ValueError(f"{len(deciding)} words are in both: at least {FEWEST} must say how to turn")
    pair = [_rows(of, deciding, center=center, normalize=normalize) for of in (moved, fixed)]
    rotation, _ = orthogonal_procrustes(*pair)
    return moved.with_vectors((moved.vectors.astype(np.float64) @ rotation).astype(np.float32))


def common_words(a: KeyedVectors, b: KeyedVectors, words: Iterable[Any] | None = None) -> list[Any]:
    """Return the words that both have, in the order of `b`: for each once, if `words` restricts them."""
    if words is None:
        return [key for key in b.index_to_key if key in a.key_to_index]
    wanted = {word for word in words if word in a.key_to_index and word in b.key_to_index}
    return sorted(wanted, key=b.key_to_index.__getitem__)


def _rows(of: KeyedVectors, words: list[Any], *, center: bool, normalize: bool) -> npt.NDArray[np.float64]:
    rows = of.vectors[[of.key_to_index[word] for word in words]].astype(np.float64)
    if normalize:
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        rows /= np.where(lengths > 0, lengths, 1)
    return rows - rows.mean(axis=0) if center else rows
