"""How many threads there are for a piece of work, how it is divided, and how threads start and end."""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future
from contextlib import nullcontext, suppress
from functools import cache, partial
from itertools import pairwise
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

POLL = 0.05  # seconds between two looks at whether a thread is still there
LONGEST_START = 1.0  # seconds after which a thread that has not begun never will
SHORTEST_POLL = 0.0002  # the first, when threads are about to end
NO_THREAD = (
    "a thread died without a word, as at the limit of memory: nothing was taken over of its work; give fewer "
    "threads (workers=...), or more memory"
)


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
    with nullcontext(pool) if pool else Pool(threads) as workers:
        list(workers.map(work, starts, ends))


# --- threads whose start and end are certain ---


class _Life:
    """What a thread holds as long as it runs, whatever ends it."""


class _Word:
    """A word that one thread gives, once, and another waits for: what `threading` needs of an Event.

    It has one lock, which whoever waits may keep: Ctrl-C inside of an Event or a Future can leave their
    Condition locked, and then the thread that gives the word waits for ever.
    """

    def __init__(self, lost: Callable[[], bool]) -> None:
        self._lost = lost  # whether nobody is left to give it
        self._given = False
        self._lock = threading.Lock()
        self._lock.acquire()

    def is_set(self) -> bool:
        return self._given

    def set(self) -> None:
        self._given = True
        with suppress(RuntimeError):  # a second time
            self._lock.release()

    def wait(self) -> None:
        """Wait for the word; raise MemoryError if it is lost."""
        while not self._given:
            self._lock.acquire(timeout=POLL)
            if self._lost() and not self._given:
                raise MemoryError(NO_THREAD)

    def _at_fork_reinit(self) -> None:
        self._lock = threading.Lock()


def _let_go(lock: Any) -> None:
    """Release an RLock that Ctrl-C has left to this thread.

    In Python 3.14 it can strike between the lock and the body of a `with`, which then never releases it
    (2 of 3 Ctrl-C in a loop of such did); in 3.11 to 3.13 and 3.15 it does not.
    """
    while lock._is_owned():
        lock.release()


class Thread(threading.Thread):
    """A thread that is known to be gone when it is, also if it died while it started.

    At the limit of memory a new thread can die before it has said that it began, and Python's own `start`
    waits for that word for ever (CPython 3.11 to 3.13). This one raises then.

    Args:
        work (callable): what it does.
        name (str): what it is called.
    """

    # `threading.Thread.start` lets the new thread run `_bootstrap`, and waits for the event `_started`. Here
    # the one holds something that is gone with the thread, and the other looks at it.

    def __init__(self, work: Callable[[], object], name: str) -> None:
        super().__init__(target=work, name=name, daemon=True)
        self._life: weakref.ref[_Life] | None = None
        self._given: _Life | None = None

    def start(self) -> None:
        """Start the thread.

        Raises:
            RuntimeError: the system gives no more threads.
            MemoryError: the thread has died at once.
        """
        try:  # from the first line on: Ctrl-C strikes anywhere, and must not leave behind what was given
            self._given = _Life()
            self._life = weakref.ref(self._given)
            self._started: Any = _Word(lambda: self.gone)
            super().start()
        except BaseException:
            self._given = None
            _let_go(threading._active_limbo_lock)  # type: ignore[attr-defined]
            if self.gone:
                self._forget()
            raise
        finally:
            self._given = None

    @property
    def _bootstrap(self) -> Callable[[], None]:
        # No frame may have it among its locals: a traceback that someone keeps would keep it alive.
        body = partial(super()._bootstrap)  # type: ignore[misc]
        try:
            body.life, self._given = self._given, None  # type: ignore[attr-defined]
            return body
        except BaseException:  # Ctrl-C, whose traceback has this frame
            body.__dict__.clear()
            raise

    @property
    def gone(self) -> bool:
        """Whether it does not run: it was never started, could not be, has ended, or died."""
        return self._life is None or self._life() is None

    @property
    def begun(self) -> bool:
        """Whether it ran, for however short a time."""
        return bool(self._started.is_set())

    def _forget(self) -> None:
        """Let `threading` not count a thread that never began."""
        with suppress(AttributeError), threading._active_limbo_lock:  # type: ignore[attr-defined]
            threading._limbo.pop(self, None)  # type: ignore[attr-defined]


def wait_until_gone(threads: Iterable[Thread]) -> None:
    """Wait until none of these threads runs, and join them. Call it again if Ctrl-C interrupted it."""
    pause, begin = SHORTEST_POLL, time.monotonic()
    left = list(threads)
    while left := [thread for thread in left if not thread.gone]:
        # Ctrl-C in the midst of a start may leave one that seems to be there and will never run.
        if time.monotonic() - begin > LONGEST_START and not any(thread.begun for thread in left):
            break
        # Not join(): interrupted by Ctrl-C, Python 3.11's takes a running thread for one that has ended.
        time.sleep(pause)
        pause = min(2 * pause, POLL)
    for thread in threads:
        if thread.is_alive():  # to Python, which is not done with it the moment its work has ended
            thread.join()


class _Result(Future[T]):
    """What a piece of work gives; who waits for it gets a MemoryError if a thread of the pool has died."""

    def __init__(self, pool: Pool) -> None:
        super().__init__()
        self.come = _Word(lambda: pool.broken)

    def cancel(self) -> bool:
        cancelled = super().cancel()
        if cancelled:
            self.come.set()
        return cancelled

    def result(self, timeout: float | None = None) -> T:
        if timeout is None:
            self.come.wait()
        return super().result(timeout)


class Pool(Executor):
    """Threads that do pieces of work, as `ThreadPoolExecutor` has them; nobody waits for one that has died.

    Args:
        threads (int): how many at most.
        name (str): what their names begin with.
    """

    def __init__(self, threads: int, name: str = "fastw2v") -> None:
        self._most = threads
        self._name = name
        self._work: queue.SimpleQueue[tuple[_Result[Any], Callable[[], Any]] | None] = queue.SimpleQueue()
        self._threads: list[Thread] = []

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Let a thread call fn(*args, **kwargs).

        Args:
            fn (callable): what to do.
            *args (any): its arguments.
            **kwargs (any): likewise.

        Returns:
            Future: gives the result.

        Raises:
            RuntimeError: the system gives not one thread.
            MemoryError: the same, for want of memory.
        """
        job: _Result[T] = _Result(self)
        self._work.put((job, partial(fn, *args, **kwargs)))
        if len(self._threads) < self._most:
            thread = Thread(self._serve, f"{self._name}-{len(self._threads)}")
            self._threads.append(thread)  # before its start, which Ctrl-C may interrupt
            try:
                thread.start()
            except (RuntimeError, MemoryError):
                if thread.gone:
                    self._threads.remove(thread)
                    self._most = len(self._threads)  # these will do
                if not self._threads:
                    raise
        return job

    @property
    def broken(self) -> bool:
        """Whether a thread is gone, though there may be work."""
        return any(thread.gone for thread in self._threads)

    def _serve(self) -> None:
        """Do pieces of work until there are no more; the body of a thread."""
        while (item := self._work.get()) is not None:
            job, work = item
            if job.set_running_or_notify_cancel():
                try:
                    result = work()
                except BaseException as error:  # of any kind: who asks for the result gets it
                    job.set_exception(error)
                else:
                    job.set_result(result)
                    del result
                job.come.set()
            del item, job, work  # nothing of a piece waits for the next

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End all threads when the work is done.

        Args:
            wait (bool): return when they have ended.
            cancel_futures (bool): drop the work that has not begun.
        """
        while cancel_futures:
            try:
                item = self._work.get_nowait()
            except queue.Empty:
                break
            if item is not None:
                item[0].cancel()
        for _thread in self._threads:
            self._work.put(None)
        if wait:
            wait_until_gone(self._threads)
