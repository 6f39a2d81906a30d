"""threads.py: equal shares of work, done at once, by threads that nobody waits for when they are gone."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from children import run_python
from factories import SMALL, TEXT, Restartable, assert_usable, threads, written

from fastw2v import Word2Vec
from fastw2v.threads import Pool, Thread, blas_threads, in_shares, shares, usable_cpus, wait_until_gone
from fastw2v.training.run import Run


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
    for pool in (ThreadPoolExecutor(2), Pool(2)):
        with pool:
            use_again(pool)


def use_again(pool: Any) -> None:
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


# --- threads that die, as they do at the limit of memory ---


def dying(names: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on threads of these names end before they have said that they began."""
    bootstrap = threading.Thread._bootstrap  # type: ignore[attr-defined]

    def begin(thread: threading.Thread) -> None:
        if not thread.name.startswith(names):
            bootstrap(thread)

    monkeypatch.setattr(threading.Thread, "_bootstrap", begin)


def test_a_thread_that_dies_while_it_starts_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    dying("fastw2v", monkeypatch)
    before, thread = threading.active_count(), Thread(lambda: None, "fastw2v-0")
    assert thread.gone
    with pytest.raises(MemoryError, match="a thread died"):
        thread.start()
    assert thread.gone and threading.active_count() == before
    wait_until_gone([thread])


def test_a_thread_is_gone_when_it_is() -> None:
    begin, end, kept = threading.Event(), threading.Event(), []

    def work() -> None:
        begin.set()
        try:
            raise ValueError("kept with all of its frames")
        except ValueError as error:
            kept.append(error)
        end.wait()

    thread = Thread(work, "fastw2v-x")
    thread.start()
    begin.wait()
    assert not thread.gone and threads() == ["fastw2v-x"]
    end.set()
    wait_until_gone([thread])
    assert thread.gone and not thread.is_alive() and not threads()


CALLS: dict[str, Callable[[Word2Vec, Path], Any]] = {
    "train": lambda model, path: model.train(
        Restartable(lambda: iter(TEXT * 3)), total_examples=3 * len(TEXT), epochs=1
    ),
    "scan": lambda model, path: model.scan_vocab(corpus_file=path),
    "score": lambda model, path: model.score(TEXT),
    "first vectors": lambda model, path: model.init_weights(),
    "many": lambda model, path: model.wv.most_similar_many(["w1", "w2"]),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.trains_again
def test_calls_whose_threads_die_at_once_raise(
    call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, path = Word2Vec(TEXT, **SMALL | {"hs": 1, "negative": 0}), written(tmp_path, "text", TEXT)
    model.workers = 2
    with monkeypatch.context() as patch:
        dying("fastw2v", patch)
        with pytest.raises(MemoryError, match="a thread died"):
            CALLS[call](model, path)
    assert not threads()
    CALLS[call](model, path)
    assert_usable(model)


@pytest.mark.parametrize("call", ["scan", "score"])
def test_the_threads_that_there_are_do_the_work(
    call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, path = Word2Vec(TEXT, **SMALL | {"hs": 1, "negative": 0}), written(tmp_path, "text", TEXT)
    expected = CALLS[call](model, path)
    model.workers = 3
    name = "fastw2v-score-" if call == "score" else "fastw2v-"
    dying(f"{name}1", monkeypatch)
    assert np.array_equal(CALLS[call](model, path), expected)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.trains_again
def test_a_worker_that_dies_amid_its_work_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Word2Vec(TEXT, **SMALL)
    model.workers = 2

    def die(*_: Any) -> None:
        raise MemoryError("not even the error could be passed on")

    with monkeypatch.context() as patch:
        patch.setattr(Run, "_do", die)
        with pytest.raises(MemoryError, match="a thread died"):
            CALLS["train"](model, Path())
    assert_usable(model)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_work_whose_thread_has_died_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def die(self: Any) -> bool:
        raise MemoryError

    pool = Pool(2)
    with monkeypatch.context() as patch:
        patch.setattr("concurrent.futures.Future.set_running_or_notify_cancel", die)
        job = pool.submit(len, "abc")
        with pytest.raises(MemoryError, match="a thread died"):
            job.result()
    pool.shutdown()
    assert not threads()


def test_results_errors_and_what_was_dropped() -> None:
    def fail() -> None:
        raise TimeoutError("of the work")

    pool = Pool(1, "fastw2v-test")
    wait = pool.submit(time.sleep, 0.2)
    failed, last = pool.submit(fail), pool.submit(len, "abcd")
    assert pool.submit(divmod, 7, 2).result() == (3, 1)
    with pytest.raises(TimeoutError, match="of the work"):
        failed.result()
    assert last.result() == 4 and wait.done() and threads() == ["fastw2v-test-0"]
    slow, dropped = pool.submit(time.sleep, 0.1), pool.submit(len, "")
    pool.shutdown(cancel_futures=True)
    assert dropped.cancelled() and (slow.done() or slow.cancelled()) and not threads()


def test_ctrl_c_before_there_is_a_thread_leaves_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python notes a thread first, and starts it then."""

    class Interrupted(dict[Any, Any]):
        def __setitem__(self, key: Any, value: Any) -> None:
            super().__setitem__(key, value)
            raise KeyboardInterrupt

    monkeypatch.setattr(threading, "_limbo", Interrupted())
    thread = Thread(lambda: None, "fastw2v-ghost")
    with pytest.raises(KeyboardInterrupt):
        thread.start()
    assert thread.gone and thread not in threading.enumerate()
    wait_until_gone([thread])


INTERRUPTED = """
import random, signal, threading
from fastw2v.threads import Pool

def interrupt(*_):
    raise KeyboardInterrupt

signal.signal(signal.SIGALRM, interrupt)
interrupts = 0
for _ in range(500):
    pool = Pool(8)
    try:  # once in a round, so that it is caught here
        try:
            signal.setitimer(signal.ITIMER_REAL, random.uniform(2e-5, 6e-4))
            for result in [pool.submit(int) for _ in range(8)]:
                result.result()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        interrupts += 1
    pool.shutdown()
    assert threading.active_count() == 1
assert interrupts
"""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="the system has no timer that interrupts")
def test_threads_end_whatever_ctrl_c_strikes_while_they_start() -> None:
    run_python(INTERRUPTED)


def test_ctrl_c_inside_of_a_start_leaves_no_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """In Python 3.14 it strikes between `with lock` and the body, where nothing releases the lock."""

    def strike(self: threading.Thread) -> None:
        threading._active_limbo_lock.acquire()  # type: ignore[attr-defined]
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", strike)
    with pytest.raises(KeyboardInterrupt):
        Thread(int, "struck").start()
    monkeypatch.undo()
    thread = Thread(int, "next")
    thread.start()
    wait_until_gone([thread])
    assert not threading._active_limbo_lock._is_owned()  # type: ignore[attr-defined]
