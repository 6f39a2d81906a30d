"""The random vectors that training starts from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v.threads import in_shares

Array = npt.NDArray[Any]
REAL = np.float32
NUMBERS_AT_ONCE = 1 << 16  # drawn and scaled while the nearest caches hold them


def pseudorandom_weak_vector(
    size: int, seed_string: str | None = None, hashfxn: Callable[[str], int] = hash
) -> Array:
    """Return random numbers, uniform in ±1/(2·size).

    Args:
        size (int): how many.
        seed_string (str or None): what they depend on; None or "" gives other numbers each time.
        hashfxn (callable): str → int, the seed of the numbers.

    Returns:
        array: float32 (size,).
    """
    seed = hashfxn(seed_string) & 0xFFFFFFFF if seed_string else None
    draws = np.random.Generator(np.random.SFC64(seed)).random(size).astype(REAL)
    return np.asarray((draws - REAL(0.5)) / REAL(size))


def prep_vectors(
    target_shape: tuple[int, int],
    prior_vectors: Array | None = None,
    seed: int = 0,
    dtype: npt.DTypeLike = REAL,
    threads: int = 1,
) -> Array:
    """Return the first vectors of Word2Vec, uniform in ±1/D.

    Row i depends on `seed`, D and i alone, so a matrix grown twice equals one grown at once.

    Args:
        target_shape (tuple of int): (V, D).
        prior_vectors (array or None): what replaces the upper left part; of this very shape it is returned
            itself.
        seed (int): of the random numbers.
        dtype (dtype): of the result; draws are float64 for float64, else float32.
        threads (int): how many draw.

    Returns:
        array: (V, D) of `dtype`.
    """
    if prior_vectors is not None and prior_vectors.shape == target_shape:
        return prior_vectors
    draws = np.float64 if np.dtype(dtype) == np.float64 else np.float32
    fresh = np.empty(target_shape, draws)
    flat, at_once = fresh.reshape(-1), NUMBERS_AT_ONCE
    chunks = [flat[start : start + at_once] for start in range(0, flat.size, at_once)]

    def fill(first: int, last: int) -> None:
        source = np.random.PCG64(seed)
        source.advance(first * at_once * flat.itemsize // 8)  # a step makes 8 bytes
        generator = np.random.Generator(source)
        for chunk in chunks[first:last]:
            generator.random(out=chunk, dtype=draws)
            chunk *= 2
            chunk -= 1
            chunk /= target_shape[1]

    in_shares(fill, len(chunks), threads)
    vectors = fresh.astype(dtype, copy=False)
    if prior_vectors is not None:
        rows, columns = prior_vectors.shape
        vectors[:rows, :columns] = prior_vectors
    return vectors
