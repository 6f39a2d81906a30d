"""How many threads work may use, and the equal shares that each gets."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import nullcontext
from itertools import pairwise


def usable_cpus() -> int:
    """Return how many processors this process may run on."""
    if hasattr(os, "sched_getaffinity"):  # where a container or taskset gives us fewer than the machine has
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def blas_threads() -> int:
    """Return how many threads numpy's BLAS would take for a product of matrices."""
    said = [os.environ.get(name, "") for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")]
    return min([usable_cpus(), *(int(number) for number in said if number.isdecimal() and int(number))])


def shares(count: int, parts: int) -> list[tuple[int, int]]:
    """Return (start, end) of `parts` parts of range(count) that differ by one at most."""
    return list(pairwise(count * part // parts for part in range(parts + 1)))


def in_shares(
    work: Callable[[int, int], object], count: int, threads: int, pool: Executor | None = None
) -> None:
    """Do work(start, end) for each of `threads` equal shares of range(count), at once; raise what one raised.

    Who has much to share out, one thing after another, gives a `pool` of so many threads to use again.
    """
    starts, ends = zip(*shares(count, threads), strict=True)
    with nullcontext(pool) if pool else ThreadPoolExecutor(threads) as workers:
        list(workers.map(work, starts, ends))
