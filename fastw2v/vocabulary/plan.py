"""Which words of a text stay, and in which order."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fastw2v.columns import descending
from fastw2v.text.scan import Words
from fastw2v.utils import TrimRule, keep_vocab_item


def effective_min_count(
    counts: npt.NDArray[np.int64], min_count: int, max_final_vocab: int | None
) -> int:
    """Return the count from which on words are kept, so that no more than `max_final_vocab` are.

    All words as frequent as the first one too many go with it: there may be fewer.
    """
    if max_final_vocab is None or max_final_vocab >= len(counts):
        return min_count
    place = len(counts) - 1 - max_final_vocab
    return max(min_count, int(np.partition(counts, place)[place]) + 1)


def keep(
    words: Words, counts: npt.NDArray[np.int64], min_count: int, trim_rule: TrimRule | None
) -> npt.NDArray[np.intp]:
    """Return the places of the words to keep, rising."""
    if trim_rule is None:
        return np.flatnonzero(counts >= min_count)
    everything = words.at(np.arange(len(words)))
    kept = [
        place
        for place, (word, count) in enumerate(zip(everything, counts.tolist(), strict=True))
        if keep_vocab_item(word, count, min_count, trim_rule)
    ]
    return np.array(kept, np.intp)


def sort_by_descending_frequency(counts: npt.ArrayLike) -> npt.NDArray[np.intp]:
    """Return the permutation that puts frequent words first; of equally frequent ones, the later seen."""
    return descending(counts, later_first=True)
