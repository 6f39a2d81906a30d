"""Huffman codes over the vocabulary, for hierarchical softmax.

V words are the leaves of a binary tree with V - 1 inner nodes. A word's *path* is the list of inner nodes
from the root down to its leaf; its *code* has one bit per inner node: 0 where the path turns left.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from operator import index
from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v import _huffman


@dataclass(frozen=True)
class HuffmanPath:
    """One word's path of length L, root first: `point` uint32 (L,) inner nodes, `code` uint8 (L,) bits."""

    point: npt.NDArray[np.uint32]
    code: npt.NDArray[np.uint8]


class Ragged:
    """Rows of different lengths in one array: row i is `values[starts[i]:starts[i + 1]]`, as a view."""

    def __init__(self, values: npt.NDArray[Any], starts: npt.NDArray[np.int64]) -> None:
        self.values = values
        self.starts = starts

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, row: int) -> npt.NDArray[Any]:
        i = index(row)
        if i < 0:
            i += len(self)
        if not 0 <= i < len(self):
            raise IndexError(f"row {row} of {len(self)}")
        return self.values[self.starts[i] : self.starts[i + 1]]

    def take(self, rows: npt.NDArray[np.intp]) -> Ragged:
        """Return copies of these rows, in this order."""
        lengths = np.diff(self.starts)[rows]
        starts = np.concatenate([[0], np.cumsum(lengths)])
        places = np.arange(starts[-1]) + np.repeat(self.starts[rows] - starts[:-1], lengths)
        return Ragged(self.values[places], starts)

    def __iter__(self) -> Iterator[npt.NDArray[Any]]:
        for i in range(len(self)):
            yield self[i]

    def __repr__(self) -> str:
        return f"Ragged({len(self)} rows, {len(self.values)} {self.values.dtype} values)"


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
        return cls(*_huffman.build(np.ascontiguousarray(counts, dtype=np.int64)))

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
