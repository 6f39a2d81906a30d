"""Which row belongs to which word, when words go and when words come: no row moves to another word.

V is the number of rows, V' that of the rows that stay.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v.vocabulary.huffman import HuffmanTree
from fastw2v.vocabulary.sampling import downsampling

Rows = npt.NDArray[np.intp]
NAMED = 5
"""So many words at most are listed in an error."""


def rows_of(words: Any, key_to_index: dict[Any, int]) -> Rows:
    """Return the rows of these words, or of this one word, rising, each once; KeyError if one is missing."""
    listed = [words] if isinstance(words, str | int | np.integer) else list(words)
    missing = [word for word in dict.fromkeys(listed) if word not in key_to_index]
    if missing:
        shown = ", ".join(f"{word!r:.60}" for word in missing[:NAMED])
        more = f" and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
        raise KeyError(f"{len(missing)} words are not in the vocabulary: {shown}{more}; nothing was removed")
    return np.unique(np.array([key_to_index[word] for word in listed], dtype=np.intp))


def without_other_rows(key_to_index: dict[Any, int], rows: Rows, size: int) -> dict[Any, int]:
    """Return the new row of each key that leads to one of these `rows`, of `size`, and no other key."""
    new = np.full(size, -1, dtype=np.intp)
    new[rows] = np.arange(len(rows))
    places = new.tolist()
    return {key: places[row] for key, row in key_to_index.items() if places[row] >= 0}


def fitted_thresholds(
    counts: npt.NDArray[Any], thresholds: npt.NDArray[Any], sample: float | None
) -> npt.NDArray[np.uint32]:
    """Return the thresholds of words that stay (V',), by their counts; those that are 0 remain so."""
    return np.where(thresholds == 0, 0, downsampling(counts, sample)[0]).astype(np.uint32)


def pruned(tree: HuffmanTree, rows: Rows) -> tuple[HuffmanTree, Rows]:
    """Return the tree with the leaves of these rows alone, and the inner nodes that it keeps, in their order.

    A node stays if there are leaves on both of its sides: the turn at any other would be certain. Paths are
    those of before without such nodes, so what the vectors of the nodes that stay have learnt remains true.
    """
    points, codes = (column.take(rows) for column in tree.columns().values())
    turns = np.zeros((int(tree.points.max(initial=0)) + 1, 2), dtype=bool)
    turns[points.values, codes.values] = True
    stays = turns[:, 0] & turns[:, 1]
    number = np.cumsum(stays) - 1
    on_path = stays[points.values]
    left = np.concatenate([[0], np.cumsum(on_path)])[points.starts]
    nodes = np.flatnonzero(stays)
    shorter = HuffmanTree(
        number[points.values[on_path]].astype(np.uint32), codes.values[on_path], left.astype(np.int64)
    )
    return shorter, nodes


def known_rows(
    index_to_key: list[Any], key_to_index: dict[Any, int], coming: Iterable[Any]
) -> dict[Any, int]:
    """Return the rows of a vocabulary that is to grow: `key_to_index`, and those of words that come back.

    A word that only `index_to_key` has was taken out of the other. It comes back to its row.

    Raises:
        ValueError: the two lead to different rows, or to one that is not there; both were changed by hand.
    """
    named = {key: row for row, key in enumerate(index_to_key) if key is not None}
    size = len(index_to_key)
    for key, row in key_to_index.items():
        if not 0 <= row < size:
            raise ValueError(
                f"wv.key_to_index leads to row {row} for {key!r:.60}, expected 0 to {size - 1}: the "
                "vocabulary was changed by hand and cannot be updated. model.remove_words removes words"
            )
        name = index_to_key[row]
        if name is not key and name != key and key in named:  # if it is not, it is one more name of the row
            raise ValueError(
                f"wv.key_to_index leads to row {row} for {key!r:.60}, but wv.index_to_key has {name!r:.60} "
                "there: the vocabulary was changed by hand and cannot be updated. Give both the same order"
            )
    back = {word: named[word] for word in coming if word in named and word not in key_to_index}
    return key_to_index | back
