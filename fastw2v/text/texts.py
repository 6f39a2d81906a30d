"""A text as ids: an iterable of blocks that begins anew whenever it is asked for, once per epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v.text._encoder import SentenceEncoder
from fastw2v.text.ids import Block, EncodedCorpus
from fastw2v.text.source import Source

Rows = dict[Any, int]  # word → row: a vocabulary's `key_to_index`

STREAM_WORDS = 20_000  # raw words of a stream that are encoded at a time, or a job's if that is more
BASKET_WORDS = 500_000  # words whose baskets become sets at a time: few enough to stay in the cache
PAIRS_PER_BLOCK = 500_000


@dataclass(frozen=True)
class Encoded:
    """A source that was read, as rows of one vocabulary."""

    source: Source
    corpus: EncodedCorpus
    key_to_index: Rows
    words: int

    @classmethod
    def of(cls, source: Source, corpus: EncodedCorpus, key_to_index: Rows) -> Encoded:
        """Remember which vocabulary `corpus` has the rows of, and how large it is now."""
        return cls(source, corpus, key_to_index, len(key_to_index))

    def has_rows_of(self, key_to_index: Rows) -> bool:
        """Whether the ids are rows of this vocabulary, which has not grown or shrunk since."""
        return self.key_to_index is key_to_index and self.words == len(key_to_index)

    def is_of(self, source: Source, key_to_index: Rows) -> bool:
        """Whether this is that text in that vocabulary."""
        return self.source.is_same_text(source) and self.has_rows_of(key_to_index)


class EncodedText:
    """A text that is held as ids: one block. RuntimeError once the vocabulary is another one.

    `current` gives the vocabulary as it is whenever the text is gone through.
    """

    def __init__(self, encoded: Encoded, current: Callable[[], Rows]) -> None:
        self._encoded = encoded
        self._current = current

    def __iter__(self) -> Iterator[Block]:
        if not self._encoded.has_rows_of(self._current()):
            raise RuntimeError(
                "the vocabulary changed while it was trained: a callback must not build another one"
            )
        corpus = self._encoded.corpus
        yield corpus.ids, corpus.ends, corpus.lengths


class StreamedText:
    """Any iterable of sentences, encoded `portion` raw words at a time in the caller's thread."""

    def __init__(
        self, sentences: Iterable[Any], current: Callable[[], Rows], portion: int = STREAM_WORDS
    ) -> None:
        self._sentences = sentences
        self._current = current
        self._portion = portion

    def __iter__(self) -> Iterator[Block]:
        # A generator, because some iterators begin anew when asked for an iterator, as each read does.
        encoder = SentenceEncoder((sentence for sentence in self._sentences), self._current())
        while (block := encoder.read(self._portion)) is not None:
            yield block


class Baskets:
    """A text whose sentences are sets: every word of a sentence once, where it stands first."""

    def __init__(self, text: Iterable[Block], words: int = BASKET_WORDS) -> None:
        self._text = text
        self._words = words

    def __iter__(self) -> Iterator[Block]:
        for ids, ends, lengths in self._text:
            first = start = 0
            while first < len(ends):
                last = max(first + 1, int(np.searchsorted(ends, start + self._words, side="right")))
                stop = int(ends[last - 1])
                yield *as_sets(ids[start:stop], ends[first:last] - start), lengths[first:last]
                first, start = last, stop


def as_sets(
    ids: npt.NDArray[np.int32], ends: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Return ids and ends of the same sentences without repetitions: of equal words the first one stays."""
    sentence = np.repeat(np.arange(len(ends)), np.diff(ends, prepend=0))
    _, first = np.unique(sentence * (int(ids.max(initial=0)) + 1) + ids, return_index=True)
    if len(first) == len(ids):
        return ids, ends
    first.sort()
    return ids[first], np.cumsum(np.bincount(sentence[first], minlength=len(ends)))


class Pairs:
    """Pairs of rows as sentences of two: `total` of them, each about as often as its weight says, shuffled.

    ids: int32 (n, 2). weights: float64 (n,). random: gives each pass the seed of its order.
    """

    def __init__(
        self,
        ids: npt.NDArray[np.int32],
        weights: npt.NDArray[np.float64],
        total: int,
        random: np.random.RandomState,
    ) -> None:
        self._ids = ids
        self._weights = weights
        self._total = total
        self._random = random

    def __iter__(self) -> Iterator[Block]:
        rng = np.random.default_rng(self._random.randint(0, 2**31))
        bounds = np.cumsum(self._weights)
        bounds *= self._total / bounds[-1]
        bounds[-1] = self._total
        until: npt.NDArray[np.int64] = np.floor(bounds + rng.random()).astype(np.int64)
        order = np.repeat(np.arange(len(self._ids)), np.diff(until, prepend=0))
        rng.shuffle(order)
        for start in range(0, self._total, PAIRS_PER_BLOCK):
            drawn = self._ids[order[start : start + PAIRS_PER_BLOCK]]
            lengths = np.full(len(drawn), 2, dtype=np.int64)
            yield drawn.reshape(-1), np.cumsum(lengths), lengths
