"""Huffman codes of the words, for hierarchical softmax.

V words are the leaves of a binary tree with V - 1 inner nodes. A word's *path* is the list of inner nodes
from the root to its leaf. Its *code* has one bit for each inner node: 0 if the path turns left, 1 if right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v.columns import Ragged, rises
from fastw2v.vocabulary._huffman import build

MAX_CODE = 64
"""Longest Huffman code that a file may hold, in bits; longer ones need counts beyond 10**13."""


@dataclass(frozen=True)
class HuffmanPath:
    """One word's path in the Huffman tree, of length L, root first.

    Args:
        point (uint32 array): inner nodes (L,), rows of `Word2Vec.syn1`.
        code (uint8 array): bits (L,), 0 for left and 1 for right at each of them.
    """

    point: npt.NDArray[np.uint32]
    code: npt.NDArray[np.uint8]


class HuffmanTree:
    """The codes and paths of all words, joined: those of word i are at `starts[i]:starts[i + 1]`.

    Args:
        points (uint32 array): inner nodes (total,). The node made first is 0, the root is V - 2.
        codes (uint8 array): bits (total,).
        starts (int64 array): where each word's path starts (V + 1,), rising from 0 to total.
    """

    def __init__(
        self,
        points: npt.NDArray[np.uint32],
        codes: npt.NDArray[np.uint8],
        starts: npt.NDArray[np.int64],
    ) -> None:
        self.points = points
        self.codes = codes
        self.starts = starts

    @classmethod
    def from_counts(cls, counts: npt.ArrayLike) -> HuffmanTree:
        """Build the tree of word counts (V,); equal counts are merged in the order of Python's heapq."""
        return cls(*build(np.ascontiguousarray(counts, dtype=np.int64)))

    @classmethod
    def of(
        cls, columns: Mapping[str, Any], error: Callable[[str], Exception] | None = None
    ) -> HuffmanTree | None:
        """Return the tree of the columns `point` and `code`; None unless both are `Ragged` columns.

        If the rows of the two differ in length, raise `error(message)`, or without `error` return None.
        """
        points, codes = columns.get("point"), columns.get("code")
        if not isinstance(points, Ragged) or not isinstance(codes, Ragged):
            return None
        if points.starts is codes.starts or np.array_equal(points.starts, codes.starts):
            return cls(points.values, codes.values, points.starts)
        if error is not None:
            raise error("the Huffman codes and paths of a word differ in length")
        return None

    def columns(self) -> dict[str, Ragged]:
        """Return the columns `point` and `code`, one row per word, in the tree's own memory."""
        return {"point": Ragged(self.points, self.starts), "code": Ragged(self.codes, self.starts)}

    def check(
        self, words: int, error: Callable[[str], Exception] = ValueError, *, saved: bool = False
    ) -> None:
        """Raise `error(message)` unless kernels can follow the paths of `words` words without checking them.

        Codes must be as long as paths, and all nodes must be rows of a matrix (words, D). In a tree that was
        `saved`, no node may be the last row, which is unused, and a code must be of at most `MAX_CODE` bits.
        """
        total = len(self.points)
        if not rises(self.starts, total):
            raise error(f"array 'path_starts' does not rise from 0 to {total}")
        if len(self.codes) != total:
            raise error(f"{total} points, but {len(self.codes)} code bits")
        rows, furthest = words - 1 if saved else words, int(self.points.max(initial=0))
        if total and furthest >= rows:
            raise error(f"a path leads to inner node {furthest}, but there are only {words - 1}")
        if not saved:
            return
        if total and int(self.codes.max()) > 1:
            raise error(f"a code bit is {int(self.codes.max())}, expected 0 or 1")
        if self.depth > MAX_CODE:
            raise error(f"a Huffman code is longer than {MAX_CODE} bits")

    @property
    def depth(self) -> int:
        """Length of the longest code."""
        return int(np.diff(self.starts).max(initial=0))
