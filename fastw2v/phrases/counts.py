"""Counts of words and of pairs, in a trie of what the delimiter divides them into."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fastw2v.phrases._trie import Trie, divide
from fastw2v.text.ids import EncodedCorpus


class Divided(NamedTuple):
    """Words of a text as the trie takes them.

    Attributes:
        parts (array): int32, numbers of parts; -1 for one that is not known.
        starts (array): int64 (words + 1,), where each word's parts begin.
        connects (array): uint8 (words,), 1 for connector words.
        empty (array): uint8 (words,), 1 for the empty word.
        compound (array): int64, the words that have several parts.
    """

    parts: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int64]
    connects: npt.NDArray[np.uint8]
    empty: npt.NDArray[np.uint8]
    compound: npt.NDArray[np.int64]


class Counts:
    """How often words and pairs occur, by their strings.

    Args:
        delimiter (str): one character, which divides strings into parts.
    """

    def __init__(self, delimiter: str) -> None:
        self.delimiter = delimiter
        self.trie = Trie()
        self.numbers: dict[str, int] = {}  # part → number

    def __len__(self) -> int:
        return len(self.trie)

    @classmethod
    def of(cls, counts: Mapping[str, int], delimiter: str) -> Counts:
        """Take strings and their counts, in their order."""
        made = cls(delimiter)
        words = list(counts)
        divided = made.divide(words, learn=True)
        nodes = made.trie.nodes_of(divided.parts, divided.starts, True)
        order = np.arange(len(words), dtype=np.int64)
        made.trie.add(nodes, np.fromiter(counts.values(), np.int64, len(words)), order)
        return made

    def divide(
        self, words: list[str], connectors: frozenset[str] = frozenset(), *, learn: bool = False
    ) -> Divided:
        """Divide words into parts; `learn` numbers parts that are new."""
        return Divided(*divide(words, self.delimiter, connectors, self.numbers, learn))

    def learn(self, words: list[str], text: EncodedCorpus, connectors: frozenset[str]) -> None:
        """Count a text whose ids number these words."""
        divided = self.divide(words, connectors, learn=True)
        self.trie.count(text.ids, text.ends, divided.parts, divided.starts, divided.connects)

    def strings(self, nodes: npt.NDArray[np.int32]) -> list[str]:
        """Return the keys of nodes."""
        if not len(nodes):
            return []
        parts = list(self.numbers)
        return [self.delimiter.join([parts[part] for part in path]) for path in self.trie.paths(nodes)]

    def as_dict(self) -> dict[str, int]:
        """Return string → count, in the order first seen."""
        nodes, counts = self.trie.keys()
        return dict(zip(self.strings(nodes), counts.tolist(), strict=True))

    def get(self, key: str) -> int:
        """Return the count of a string, 0 if it did not occur."""
        divided = self.divide([key])
        return int(self.trie.counts_of(self.trie.nodes_of(divided.parts, divided.starts))[0])

    def scores(self, scorer: int, min_count: float, words: float, above: float) -> dict[str, float]:
        """Return the scores of pairs that are above a threshold, by their strings, as first seen."""
        found = self.trie.scores(scorer, min_count, words)
        nodes, _ = self.trie.keys()
        nodes = nodes[found[nodes] > above]  # not NaN, which is no pair
        return dict(zip(self.strings(nodes), found[nodes].tolist(), strict=True))


def numbered(values: Mapping[str, float], delimiter: str) -> tuple[Counts, npt.NDArray[np.float64]]:
    """Return strings as keys of a trie, and their values by node; NaN for other nodes."""
    made = Counts(delimiter)
    divided = made.divide(list(values), learn=True)
    nodes = made.trie.nodes_of(divided.parts, divided.starts, True)
    stored = np.full(made.trie.nodes, np.nan)
    stored[nodes] = np.fromiter(values.values(), np.float64, len(values))
    return made, stored
