"""How far words moved between two spaces."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from fastw2v.checks import one_of, whole
from fastw2v.keyedvectors import KeyedVectors
from fastw2v.query.cosines import unit_rows
from fastw2v.shift.alignment import common_words, vectors_of

Measure = Literal["cosine", "neighbors"]
MEASURES: tuple[Measure, ...] = ("cosine", "neighbors")
BLOCK = 256  # words whose neighbours are looked up together


def shifts(
    a: Any, b: Any, words: Iterable[Any] | None = None, *, measure: Measure = "cosine", neighbors: int = 25
) -> dict[Any, float]:
    """Return how far words moved from one space to the other.

    Args:
        a (KeyedVectors or Word2Vec): where they stood.
        b (KeyedVectors or Word2Vec): where they stand. For "cosine" in the same space: slices of one
            `Compass`, or vectors that were turned by `align`.
        words (iterable of words, or None): which; all that both have.
        measure (str): "cosine": 1 - the cosine of the word with itself. "neighbors": 1 - the cosine of its
            similarities to its neighbours in either space, which needs no common space, and says less of
            drift in the whole language.
        neighbors (int): how many neighbours of each space "neighbors" looks at.

    Returns:
        dict: word → shift, 0 (the same) to 2 (the opposite).

    Raises:
        KeyError: one of `words` is missing in one of them.
        ValueError: the dimensions differ, or an argument is out of range.
        TypeError: these are no vectors.

    Example:
        >>> shifts(model, model, ["cat"])
        {'cat': 0.0}

    Hamilton, Leskovec and Jurafsky 2016, "Cultural Shift or Linguistic Drift? Comparing Two Computational
    Measures of Semantic Change".
    """
    one_of("measure", measure, MEASURES)
    count = whole("neighbors", neighbors, 1)
    before, after = vectors_of("a", a)._as_it_is(), vectors_of("b", b)._as_it_is()
    chosen = common_words(before, after) if words is None else list(words)
    places = [[of.get_index(word) for word in chosen] for of in (before, after)]
    if measure == "cosine":
        if before.vector_size != after.vector_size:
            raise ValueError(
                f"vectors of {before.vector_size} and {after.vector_size} dimensions are not in one space: "
                "measure='neighbors' compares any two"
            )
        left, right = (_units(of.vectors[rows]) for of, rows in zip((before, after), places, strict=True))
        moved = 1 - np.einsum("nd,nd->n", left, right)
    else:
        moved = _by_neighbors(before, after, places, count)
    return {word: float(shift) for word, shift in zip(chosen, np.clip(moved, 0, 2), strict=True)}


def most_shifted(
    a: Any,
    b: Any,
    topn: int = 20,
    *,
    min_count: int = 0,
    measure: Measure = "cosine",
    neighbors: int = 25,
) -> list[tuple[Any, float]]:
    """Return the words that moved most, and how far.

    Vectors of rare words move by chance: give a floor.

    Args:
        a (KeyedVectors or Word2Vec): where words stood.
        b (KeyedVectors or Word2Vec): where they stand.
        topn (int): how many.
        min_count (int): only words that occur so often in both texts.
        measure (str): "cosine" or "neighbors", as for `shifts`.
        neighbors (int): as for `shifts`.

    Returns:
        list of (word, float): the farthest first.

    Raises:
        KeyError: there is a floor, and vectors without counts.
        ValueError: as for `shifts`.
        TypeError: these are no vectors.

    Example:
        >>> [word for word, shift in most_shifted(model, model, 3, min_count=3)]
        ['the', 'cat', 'dog']
    """
    whole("topn", topn, 0)
    least = whole("min_count", min_count, 0)
    before, after = vectors_of("a", a)._as_it_is(), vectors_of("b", b)._as_it_is()
    words = common_words(before, after)
    if least:
        words = [
            word for word in words if min(of.get_vecattr(word, "count") for of in (before, after)) >= least
        ]
    moved = shifts(before, after, words, measure=measure, neighbors=neighbors)
    return sorted(moved.items(), key=lambda item: -item[1])[:topn]


def _units(rows: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    return np.asarray(unit_rows(rows.astype(np.float64)), dtype=np.float64)


def _by_neighbors(
    a: KeyedVectors, b: KeyedVectors, places: list[list[int]], count: int
) -> npt.NDArray[np.float64]:
    """Compare the similarities of each word to its neighbours in either space, those that both have."""
    both = common_words(a, b)
    rows = [np.array([of.key_to_index[word] for word in both], dtype=np.intp) for of in (a, b)]
    units = [_units(of.vectors[place]) for of, place in zip((a, b), rows, strict=True)]
    asked = [_units(of.vectors[place]) for of, place in zip((a, b), places, strict=True)]
    itself = [{int(row): n for n, row in enumerate(place)} for place in rows]
    moved = np.zeros(len(places[0]))
    for start in range(0, len(moved), BLOCK):
        part = slice(start, start + BLOCK)
        cosines = [questions[part] @ space.T for questions, space in zip(asked, units, strict=True)]
        for n in range(len(cosines[0])):
            alone = [own.get(place[start + n]) for own, place in zip(itself, places, strict=True)]
            near = _nearest_in_either([line[n] for line in cosines], count, alone)
            first, second = (line[n][near] for line in cosines)
            length = np.linalg.norm(first) * np.linalg.norm(second)
            moved[start + n] = 1 - (first @ second / length if length else 0)
    return moved


def _nearest_in_either(
    lines: list[npt.NDArray[np.float64]], count: int, alone: list[int | None]
) -> npt.NDArray[np.intp]:
    """Return the places of the nearest in one space or the other, without the word itself."""
    found: set[int] = set()
    for line in lines:
        most = min(len(line), count + 1)
        found.update(np.argpartition(-line, most - 1)[:most].tolist() if most else [])
    return np.array(sorted(found - {n for n in alone if n is not None}), dtype=np.intp)
