"""How many threads there are for a piece of work, and how it is divided among them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import nullcontext
from functools import cache
from itertools import pairwise
from typing import Any


def usable_cpus() -> int:
    """Return how many processors this process may run on."""
    if hasattr(os, "sched_getaffinity"):  # heeds a container or taskset that allows fewer than there are
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def blas_threads() -> int:
    """Return how many threads numpy's BLAS uses for a product of matrices.

    The package threadpoolctl knows, also after its `threadpool_limits`; a program that has it imported it.
    Without it the processors and the environment tell.
    """
    threadpoolctl: Any = sys.modules.get("threadpoolctl")
    if threadpoolctl is not None:
        libraries = _find_libraries(threadpoolctl).lib_controllers
        # Not by info(), which asks for all that is known of them: 10 microseconds instead of 2.
        if known := [library.num_threads for library in libraries if library.user_api == "blas"]:
            return int(min(usable_cpus(), *known))
    limits = [os.environ.get(name, "") for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")]
    return min([usable_cpus(), *(int(number) for number in limits if number.isdecimal() and int(number))])


@cache
def _find_libraries(threadpoolctl: Any) -> Any:
    """Return the libraries with threads of their own; to find them takes longer than to ask them."""
    return threadpoolctl.ThreadpoolController()


def shares(count: int, parts: int) -> list[tuple[int, int]]:
    """Divide range(count) into parts whose lengths differ by one at most.

    Args:
        count (int): how many there are to divide.
        parts (int): into how many parts.

    Returns:
        list of (int, int): start and end of each part.
    """
    return list(pairwise(count * part // parts for part in range(parts + 1)))


def in_shares(
    work: Callable[[int, int], object], count: int, threads: int, pool: Executor | None = None
) -> None:
    """Do work(start, end) for equal shares of range(count), each in a thread; raise what one raised.

    Args:
        work (function): called with the start and end of a share.
        count (int): how many there are to share.
        threads (int): how many shares, one thread each.
        pool (Executor or None): so many threads, to be used again by the next call; None starts new ones.
    """
    starts, ends = zip(*shares(count, threads), strict=True)
    with nullcontext(pool) if pool else ThreadPoolExecutor(threads) as workers:
        list(workers.map(work, starts, ends))
