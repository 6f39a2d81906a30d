"""A text as ids: an iterable of blocks that starts again whenever it is iterated over, once per epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastw2v.columns import row_of_each
from fastw2v.text._encoder import SentenceEncoder
from fastw2v.text.ids import Block, EncodedCorpus
from fastw2v.text.source import Source

Rows = dict[Any, int]  # word → row: a vocabulary's `key_to_index`

STREAM_WORDS = 20_000  # raw words of a stream that are encoded at a time, or those of a job if more
BASKET_WORDS = 500_000  # words of baskets that become sets at a time: these stay in the cache
PAIRS_PER_BLOCK = 500_000


class Encoded(NamedTuple):
    """A source that was read, as rows of one vocabulary, which had so many `words` then."""

    source: Source
    corpus: EncodedCorpus
    key_to_index: Rows
    words: int

    @classmethod
    def of(cls, source: Source, corpus: EncodedCorpus, key_to_index: Rows) -> Encoded:
        """Remember which vocabulary the ids of `corpus` are rows of, and how large it is now."""
        return cls(source, corpus, key_to_index, len(key_to_index))

    def has_rows_of(self, key_to_index: Rows) -> bool:
        """Return whether the ids are rows of this vocabulary, and it has as many words as then."""
        return self.key_to_index is key_to_index and self.words == len(key_to_index)

    def is_of(self, source: Source, key_to_index: Rows) -> bool:
        """Return whether this is the text of that source in that vocabulary."""
        return self.source.is_same_text(source) and self.has_rows_of(key_to_index)


class EncodedText:
    """A text that is kept as ids: one block. RuntimeError if the vocabulary was replaced meanwhile.

    Args:
        encoded (Encoded): the text.
        current (function): returns the vocabulary as it is now.
    """

    def __init__(self, encoded: Encoded, current: Callable[[], Rows]) -> None:
        self._encoded = encoded
        self._current = current

    def __iter__(self) -> Iterator[Block]:
        if not self._encoded.has_rows_of(self._current()):
            raise RuntimeError(
                "the vocabulary changed during training: a callback must not build another one"
            )
        corpus = self._encoded.corpus
        yield corpus.ids, corpus.ends, corpus.lengths


class StreamedText:
    """An iterable of sentences that is encoded while it is read, in the caller's thread.

    Args:
        sentences (iterable of lists of words): the text.
        current (function): returns the vocabulary as it is now.
        portion (int): raw words that are encoded at a time.
    """

    def __init__(
        self, sentences: Iterable[Any], current: Callable[[], Rows], portion: int = STREAM_WORDS
    ) -> None:
        self._sentences = sentences
        self._current = current
        self._portion = portion

    def __iter__(self) -> Iterator[Block]:
        # A generator, because each read asks for an iterator, and some iterators start again then.
        encoder = SentenceEncoder((sentence for sentence in self._sentences), self._current())
        while (block := encoder.read(self._portion)) is not None:
            yield block


class Baskets:
    """A text whose sentences are sets: each word of a sentence once, where it occurs first.

    Args:
        text (iterable of blocks): the text with repetitions.
        words (int): raw words that become sets at a time.
    """

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
    """Return ids and ends of the same sentences without repetitions: of equal words the first is kept."""
    sentence = row_of_each(np.diff(ends, prepend=0))
    _, first = np.unique(sentence * (int(ids.max(initial=0)) + 1) + ids, return_index=True)
    if len(first) == len(ids):
        return ids, ends
    first.sort()
    return ids[first], np.cumsum(np.bincount(sentence[first], minlength=len(ends)))


class Pairs:
    """Pairs of rows as sentences of two words, each about as often as its weight says, in random order.

    Args:
        ids (array): int32 (n, 2), the pairs.
        weights (array): float64 (n,), how often each is to occur, in proportion to the others.
        total (int): how many sentences there are.
        random (RandomState): gives each pass the seed of its order.
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
        order = row_of_each(np.diff(until, prepend=0))
        rng.shuffle(order)
        for start in range(0, self._total, PAIRS_PER_BLOCK):
            drawn = self._ids[order[start : start + PAIRS_PER_BLOCK]]
            lengths = np.full(len(drawn), 2, dtype=np.int64)
            yield drawn.reshape(-1), np.cumsum(lengths), lengths
