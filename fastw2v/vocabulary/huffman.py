"""Huffman codes over the vocabulary, for hierarchical softmax.

V words are the leaves of a binary tree with V - 1 inner nodes. A word's *path* is the list of inner nodes
from the root down to its leaf; its *code* has one bit per inner node: 0 where the path turns left.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fastw2v.columns import Ragged
from fastw2v.vocabulary._huffman import build


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

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def depth(self) -> int:
        """Length of the longest code."""
        return int(np.diff(self.starts).max(initial=0))

    def path(self, word_id: int) -> HuffmanPath:
        """Return the path of one word, as views."""
        return HuffmanPath(
            Ragged(self.points, self.starts)[word_id], Ragged(self.codes, self.starts)[word_id]
        )
