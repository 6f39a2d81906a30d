"""Tables made of word counts: how often a word is kept, and how often it is drawn as noise.

Each has V entries, one per word, in the order of the vocabulary.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

DOMAIN = 2**31 - 1
"""Last and largest entry of a noise table; noise draws are integers below it."""

_MOST = 2.0**62  # occurrences; no word has more

MAX_INDEX_BITS = 20
"""A noise index has at most 2**20 entries (4 MB), so that it stays in the cache."""


def downsampling(counts: npt.ArrayLike, sample: float | None) -> tuple[npt.NDArray[np.uint32], int, float]:
    """Return how often frequent words are dropped, by word2vec's subsampling.

    A word seen c times is kept with probability min(1, (√(c/θ) + 1)·θ/c), where θ is the number of
    occurrences above which a word is frequent.

    Args:
        counts (array-like): occurrences of each word, (V,).
        sample (float or None): below 1, θ as a share of all occurrences. From 1 on, θ / ((3 + √5)/2), so that
            a word seen exactly `sample` times is always kept. 0 or None: no word is dropped.

    Returns:
        tuple: thresholds, uint32 (V,), where an occurrence is dropped if the threshold is less than a uniform
        32-bit draw; the number of words that lose occurrences; the occurrences expected to remain.
    """
    seen = np.asarray(counts, dtype=np.int64)
    total = int(seen.sum())
    if not sample:
        frequent: float = total
    elif sample < 1.0:
        frequent = sample * total
    else:
        frequent = int(min(sample * (3 + math.sqrt(5)) / 2, _MOST))
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
    """Return the cumulative noise distribution, in proportion to counts ** ns_exponent.

    A draw x in [0, domain) picks the first word with an entry >= x.

    Args:
        counts (array-like): occurrences of each word, (V,).
        ns_exponent (float): 1 draws by count, 0 all words alike.
        domain (int): the last entry.

    Returns:
        uint32 array: the table (V,).

    Raises:
        ValueError: the powers of the counts do not fit a float.
    """
    seen = np.asarray(counts, dtype=np.int64)
    if not seen.size:
        return np.empty(0, dtype=np.uint32)
    distinct, inverse = np.unique(seen, return_inverse=True)
    try:
        # math.pow, not np.power: numpy's vectorised pow may differ from libm's in the last bit, and the table
        # then from gensim's. There are only a few thousand distinct counts.
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
    """Raise `error(message)` unless `table` is a noise table of `words` words, which kernels can search."""
    given = np.asarray(table)
    if given.dtype.kind not in "iuf" or given.ndim != 1:
        raise error(f"the noise table is {given.dtype} of shape {given.shape}")
    if len(given) != words:
        raise error(f"the noise table has {len(given)} entries for {words} words")
    entries = given.astype(np.int64)
    if not words or entries[0] < 0 or entries[-1] != DOMAIN or (np.diff(entries) < 0).any():
        raise error(f"the noise table does not rise to {DOMAIN}")


def noise_index(table: npt.NDArray[np.uint32]) -> tuple[npt.NDArray[np.int32], int]:
    """Return an index that finds a draw's word in a noise table without a binary search.

    For x in [0, table[-1]], start at `i = index[x >> shift]` and step on while `table[i] < x`: this ends at
    `np.searchsorted(table, x)`. There are 2 to 4 entries per word, up to `MAX_INDEX_BITS`. The mean number of
    steps is at most V / (2 · entries), however uneven the counts.

    Returns:
        tuple: index, int32 (entries,), and shift, in bits.
    """
    if not table.size:
        return np.zeros(1, dtype=np.int32), 32
    largest = int(table[-1])
    bits = min(MAX_INDEX_BITS, (2 * table.size).bit_length())
    shift = max(0, largest.bit_length() - bits)
    starts = np.arange((largest >> shift) + 1, dtype=np.int64) << shift
    return np.searchsorted(table, starts).astype(np.int32), shift
