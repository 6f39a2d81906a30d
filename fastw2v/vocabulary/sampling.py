"""From word counts alone: how often a word is kept, and how often it is drawn as noise.

All tables have one entry per word of the vocabulary, in its order (V words).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

DOMAIN = 2**31 - 1
"""Largest entry of a noise table: noise draws are integers below it."""

MAX_INDEX_BITS = 20
"""A noise index has at most 2**20 entries (4 MB), so that it stays in the cache."""


def downsampling(counts: npt.ArrayLike, sample: float | None) -> tuple[npt.NDArray[np.uint32], int, float]:
    """Return `(thresholds, downsample_unique, downsample_total)` of word2vec's subsampling.

    A token of word `w` is dropped when `thresholds[w]` is less than a uniform 32-bit draw. With θ the
    occurrences above which a word counts as frequent, a word seen c times is kept with probability
    min(1, (√(c/θ) + 1)·θ/c). `sample` < 1 is θ as a share of all occurrences, `sample` >= 1 stands for θ
    itself (times (3 + √5)/2, so that a word seen exactly `sample` times is always kept), 0 or None is no
    subsampling. `downsample_unique` is the number of words that lose tokens, `downsample_total` the
    occurrences expected to remain.
    """
    seen = np.asarray(counts, dtype=np.int64)
    total = int(seen.sum())
    if not sample:
        frequent: float = total
    elif sample < 1.0:
        frequent = sample * total
    else:
        frequent = int(sample * (3 + math.sqrt(5)) / 2)
    probability = np.ones(seen.shape, dtype=np.float64)
    occurring = seen > 0
    c = seen[occurring]
    probability[occurring] = (np.sqrt(c / frequent) + 1) * (frequent / c)
    downsampled = probability < 1.0
    np.minimum(probability, 1.0, out=probability)
    # gensim adds in index order; cumsum does too, where sum() adds in pairs.
    remaining = float(np.cumsum(probability * seen)[-1]) if seen.size else 0.0
    return (probability * (2**32 - 1)).astype(np.uint32), int(downsampled.sum()), remaining


def noise_table(counts: npt.ArrayLike, ns_exponent: float, domain: int = DOMAIN) -> npt.NDArray[np.uint32]:
    """Return the cumulative noise distribution, proportional to counts ** ns_exponent, scaled to `domain`.

    A draw x in [0, domain) picks the first word whose entry is >= x.
    Raises ValueError when the powers of the counts do not fit a float.
    """
    seen = np.asarray(counts, dtype=np.int64)
    if not seen.size:
        return np.empty(0, dtype=np.uint32)
    distinct, inverse = np.unique(seen, return_inverse=True)
    try:
        # math.pow and not np.power: numpy's vectorised pow may differ from libm's, and so from gensim's
        # table, in the last bit. There are only a few thousand distinct counts.
        powers = np.array([math.pow(c, ns_exponent) for c in distinct.tolist()])
        running = np.cumsum(powers[inverse])
        total = float(running[-1])
        if not 0.0 < total < math.inf:
            raise OverflowError
    except (OverflowError, ValueError):
        raise ValueError(
            f"ns_exponent={ns_exponent} with word counts from {distinct[0]} to {distinct[-1]} gives no "
            "usable noise distribution: use an exponent nearer 0.75 and counts above 0"
        ) from None
    return np.rint(running / total * domain).astype(np.uint32)


def check_noise_table(
    table: npt.ArrayLike, words: int, error: Callable[[str], Exception] = ValueError
) -> None:
    """Raise `error(what is wrong)` unless `table` is a noise table of `words` words: kernels search it."""
    entries = np.asarray(table).astype(np.int64)
    if len(entries) != words:
        raise error(f"the noise table has {len(entries)} entries for {words} words")
    if not words or entries[-1] != DOMAIN or (np.diff(entries) < 0).any():
        raise error(f"the noise table does not rise to {DOMAIN}")


def noise_index(table: npt.NDArray[np.uint32]) -> tuple[npt.NDArray[np.int32], int]:
    """Return `(index, shift)`, which find a draw's word in a noise table without a binary search.

    For every x in [0, table[-1]]: start at `i = index[x >> shift]` and step on while `table[i] < x`; the
    i reached is the one of `np.searchsorted(table, x)`. There are 2 to 4 entries per word up to
    `MAX_INDEX_BITS`; the mean number of steps is at most V / (2 · entries), however uneven the counts.
    """
    if not table.size:
        return np.zeros(1, dtype=np.int32), 32
    largest = int(table[-1])
    bits = min(MAX_INDEX_BITS, (2 * table.size).bit_length())
    shift = max(0, largest.bit_length() - bits)
    starts = np.arange((largest >> shift) + 1, dtype=np.int64) << shift
    return np.searchsorted(table, starts).astype(np.int32), shift
