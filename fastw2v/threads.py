"""How many threads there are for a piece of work, and how it is divided among them."""

from __future__ import annotations

import _thread
import os
import sys
from collections.abc import Callable
from concurrent.futures import Executor
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
        libraries = _find_libraries(threadpoolctl).info()
        if known := [library["num_threads"] for library in libraries if library["user_api"] == "blas"]:
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
        pool (Executor or None): so many threads, to be used again by the next call; None starts new ones,
            one less than `threads`: the caller's does the first share.
    """
    parts = shares(count, threads)
    if pool is not None:
        list(pool.map(work, *zip(*parts, strict=True)))
        return
    errors: list[BaseException] = []
    others = [_start(work, share, errors) for share in parts[1:]]
    try:
        work(*parts[0])
    finally:
        for finished in others:
            finished.acquire()
    if errors:
        raise errors[0]


def _start(
    work: Callable[[int, int], object], share: tuple[int, int], errors: list[BaseException]
) -> _thread.LockType:
    """Begin work(*share) in a new thread, or do it here if none is to be had.

    Not by `threading.Thread`, which takes half as long again, nor by an executor, which takes thrice as long.

    Returns:
        lock: free when the share is done.
    """
    finished = _thread.allocate_lock()
    finished.acquire()

    def run() -> None:
        try:
            work(*share)
        except BaseException as error:
            errors.append(error)
        finally:
            finished.release()

    try:
        _thread.start_new_thread(run, ())
    except RuntimeError:  # the system's limit, or the interpreter's end
        run()
    return finished
