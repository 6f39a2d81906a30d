"""Counts of words and of pairs, in a trie of what the delimiter divides them into."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain, repeat
from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v.phrases._trie import Trie
from fastw2v.text.ids import EncodedCorpus


class Divided:
    """Words of a text as the trie takes them, more and more: their parts, and which connect or are empty.

    Attributes:
        parts (array): int32, numbers of parts; -1 for one that is not known.
        starts (array): int64 (words + 1,), where each word's parts begin.
        connects (array): uint8 (words,), 1 for connector words.
        empty (array): uint8 (words,), 1 for the empty word.
        compound (array): int64, the words that have several parts.
    """

    def __init__(
        self, numbers: dict[str, int], delimiter: str, connectors: Iterable[str], *, learn: bool
    ) -> None:
        self._numbers, self._delimiter, self._learn = numbers, delimiter, learn
        self._connectors = frozenset(connectors)
        self.parts = np.empty(0, np.int32)
        self.starts = np.zeros(1, np.int64)
        self.connects = self.empty = np.empty(0, np.uint8)
        self.compound = np.empty(0, np.int64)

    def __len__(self) -> int:
        return len(self.connects)

    def extend(self, words: list[str]) -> Divided:
        """Add words; return this."""
        compound = [n for n, word in enumerate(words) if self._delimiter in word]
        parts, lengths = words, np.ones(len(words), np.int64)
        if compound:
            divided: list[list[str]] = [[word] for word in words]
            for n in compound:
                divided[n] = words[n].split(self._delimiter)
            parts, lengths = list(chain.from_iterable(divided)), np.fromiter(map(len, divided), np.int64)
            self.compound = np.concatenate([self.compound, np.array(compound) + len(self)])
        connects = np.fromiter(map(self._connectors.__contains__, words), np.uint8, len(words))
        empty = np.zeros(len(words), np.uint8)
        if "" in words:
            empty[words.index("")] = 1  # words are distinct
        self.starts = np.concatenate([self.starts, self.starts[-1] + np.cumsum(lengths)])
        self.parts = np.concatenate([self.parts, self._numbered(parts)])
        self.connects = np.concatenate([self.connects, connects])
        self.empty = np.concatenate([self.empty, empty])
        return self

    def _numbered(self, parts: list[str]) -> npt.NDArray[np.int32]:
        numbers = self._numbers
        if not self._learn:
            return np.fromiter(map(numbers.get, parts, repeat(-1)), np.int32, len(parts))
        if not numbers:
            numbers.update(zip(parts, range(len(parts)), strict=True))
            if len(numbers) == len(parts):
                return np.arange(len(parts), dtype=np.int32)
            numbers.clear()
        return np.fromiter((numbers.setdefault(part, len(numbers)) for part in parts), np.int32, len(parts))


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
        divided = Divided(made.numbers, delimiter, (), learn=True).extend(words)
        nodes = made.trie.nodes_of(divided.parts, divided.starts, True)
        order = np.arange(len(words), dtype=np.int64)
        made.trie.add(nodes, np.fromiter(counts.values(), np.int64, len(words)), order)
        return made

    def learn(self, words: list[str], text: EncodedCorpus, connectors: Iterable[str]) -> None:
        """Count a text whose ids number these words."""
        divided = Divided(self.numbers, self.delimiter, connectors, learn=True).extend(words)
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
        divided = Divided(self.numbers, self.delimiter, (), learn=False).extend([key])
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
    divided = Divided(made.numbers, delimiter, (), learn=True).extend(list(values))
    nodes = made.trie.nodes_of(divided.parts, divided.starts, True)
    stored = np.full(made.trie.nodes, np.nan)
    stored[nodes] = np.fromiter(values.values(), np.float64, len(values))
    return made, stored


def plain_strings(words: list[Any]) -> list[str]:
    """Return words; TypeError if one is not a str, as only strings are joined."""
    for word in words:
        if not isinstance(word, str):
            raise TypeError(f"{word!r:.60} is of type {type(word).__name__}: phrases are made of str")
    return words
