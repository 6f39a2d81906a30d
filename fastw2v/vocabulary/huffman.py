"""Huffman codes over the vocabulary, for hierarchical softmax.

V words are the leaves of a binary tree with V - 1 inner nodes. A word's *path* is the list of inner nodes
from the root down to its leaf; its *code* has one bit per inner node: 0 where the path turns left.
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
"""Longest Huffman code that a file may hold; more needs counts beyond 10**13."""


@dataclass(frozen=True)
class HuffmanPath:
    """One word's path of length L, root first: `point` uint32 (L,) inner nodes, `code` uint8 (L,) bits."""

    point: npt.NDArray[np.uint32]
    code: npt.NDArray[np.uint8]


class HuffmanTree:
    """All codes and paths, flat: those of word i lie at `starts[i]:starts[i + 1]`.

    `points` uint32 (total,) numbers of inner nodes: the pair merged first is 0, the root is V - 2.
    `codes` uint8 (total,); `starts` int64 (V + 1,).
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
        """Join the columns `point` and `code`; None unless both are there, with rows of different lengths.

        If they do not cut their rows alike, `error(what is wrong)` is raised, or without it None returned.
        """
        points, codes = columns.get("point"), columns.get("code")
        if not isinstance(points, Ragged) or not isinstance(codes, Ragged):
            return None
        if np.array_equal(points.starts, codes.starts):
            return cls(points.values, codes.values, points.starts)
        if error is not None:
            raise error("the Huffman codes and paths of a word differ in length")
        return None

    def columns(self) -> dict[str, Ragged]:
        """Return the columns `point` and `code`, a row per word; they share the tree's memory."""
        return {"point": Ragged(self.points, self.starts), "code": Ragged(self.codes, self.starts)}

    def check(
        self, words: int, error: Callable[[str], Exception] = ValueError, *, saved: bool = False
    ) -> None:
        """Raise `error(what is wrong)` unless kernels may follow the paths of `words` words without a look.

        Codes must be as long as paths, and paths lead to rows of a matrix (words, D). In a `saved` tree they
        must also leave the last row alone, which belongs to no node, and have at most `MAX_CODE` bits.
        """
        total = len(self.points)
        if not rises(self.starts, total):
            raise error(f"array 'path_starts' does not rise from 0 to {total}")
        if len(self.codes) != total:
            raise error(f"{total} points but {len(self.codes)} code bits")
        rows, furthest = words - 1 if saved else words, int(self.points.max(initial=0))
        if total and furthest >= rows:
            raise error(f"a path leads to inner node {furthest}, there are {words - 1}")
        if not saved:
            return
        if total and int(self.codes.max()) > 1:
            raise error(f"a code bit is {int(self.codes.max())}")
        if self.depth > MAX_CODE:
            raise error(f"a Huffman code is longer than {MAX_CODE} bits")

    @property
    def depth(self) -> int:
        """Length of the longest code."""
        return int(np.diff(self.starts).max(initial=0))
