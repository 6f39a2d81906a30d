"""threads.py: equal shares of work, done at once."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from fastw2v.threads import blas_threads, in_shares, shares, usable_cpus


@pytest.mark.parametrize("count", [0, 1, 7, 100])
@pytest.mark.parametrize("threads", [1, 3, 8])
def test_shares_are_equal_and_whole(count: int, threads: int) -> None:
    done: list[tuple[int, int]] = []
    in_shares(lambda start, end: done.append((start, end)), count, threads)
    assert sorted(done) == shares(count, threads) and len(done) == threads
    assert [i for start, end in sorted(done) for i in range(start, end)] == list(range(count))
    sizes = [end - start for start, end in done]
    assert max(sizes) - min(sizes) <= 1


def test_a_pool_is_used_again() -> None:
    with ThreadPoolExecutor(2) as pool:
        for count in (5, 9):
            done: list[int] = []
            in_shares(lambda start, end, done=done: done.extend(range(start, end)), count, 2, pool)  # type: ignore[misc]
            assert sorted(done) == list(range(count))


def test_an_error_in_a_share_is_raised() -> None:
    def work(start: int, end: int) -> None:
        raise ValueError(f"{start} to {end}")

    with pytest.raises(ValueError, match="0 to 2"):
        in_shares(work, 4, 2)


def test_limits_of_the_program_count() -> None:
    threadpoolctl = pytest.importorskip("threadpoolctl")
    np.ones((2, 2)) @ np.ones((2, 2))
    assert 1 <= blas_threads() <= usable_cpus()
    with threadpoolctl.threadpool_limits(1, user_api="blas"):
        assert blas_threads() == 1


def test_without_threadpoolctl_the_environment_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "threadpoolctl", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert blas_threads() == 1
    monkeypatch.setenv("OMP_NUM_THREADS", "")
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "")
    assert blas_threads() == usable_cpus()
