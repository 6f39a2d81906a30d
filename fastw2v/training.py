"""One pass over the text: jobs with their learning rates, the threads that do them, and how they stop.

The caller's thread groups encoded sentences into jobs and feeds a short queue; each worker thread takes jobs
from it and runs a compiled `Worker` on them without the GIL. Whatever goes wrong, in the text, in a worker or
on the keyboard, is raised in the caller's thread, after all workers have come home.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v._encoder import pack_jobs
from fastw2v._kernels import CACHE_LINE, StopFlag, Worker, floats
from fastw2v.progress import Progress

POLL = 0.05  # seconds between looks at the workers, the keyboard and the clock
ALIGNED_BYTES = 2**30  # matrices larger than this together are trained where they lie
LONG_SENTENCE = 100_000  # raw words from which a sentence is trained in pieces, so that threads can share it

Block = tuple[npt.NDArray[np.int32], npt.NDArray[np.int64], npt.NDArray[np.int64]]
"""Encoded sentences: ids (tokens,) without unknown words, ends (sentences,) in ids, raw lengths (sentences,).
"""


@dataclass(frozen=True)
class Schedule:
    """Learning rate falling in a line from `start` to `end` over all epochs, by sentences or by raw words."""

    start: float
    end: float
    epochs: int
    total_examples: int | None
    total_words: int | None

    def alpha(self, epoch: int, examples: float, words: float) -> float:
        """The rate after so many sentences and raw words of this epoch."""
        progress = (epoch + self.share(examples, words)) / self.epochs
        return max(self.end, self.start - (self.start - self.end) * progress)

    def share(self, examples: float, words: float) -> float:
        """Which part of the epoch that is."""
        if self.total_examples:
            return examples / self.total_examples
        return words / self.total_words if self.total_words else 0.0


@dataclass(frozen=True)
class Job:
    """A worker's portion: `ids` (tokens,) with sentence `ends`, trained at one learning rate.

    The first `lead` and last `trail` ids are context only.
    """

    ids: npt.NDArray[np.int32]
    ends: npt.NDArray[np.int64]
    raw_words: int
    alpha: float
    lead: int = 0
    trail: int = 0


@dataclass
class EpochResult:
    """What an epoch did; `loss` is summed over `examples`, `alpha` is that of the last job (None: no job)."""

    sentences: int = 0
    raw_words: int = 0
    effective_words: int = 0
    examples: int = 0
    loss: float = 0.0
    seconds: float = 0.0
    alpha: float | None = None


def job_bounds(blocks: Iterable[Block], batch_words: int) -> Iterator[tuple[Block, int, int]]:
    """Yield (block, first sentence, last) for each job.

    A job that is open at the end of a block goes on in the next.
    """
    held: Block | None = None
    first = True
    for block in blocks:
        if held is not None:
            block = _joined(held, block)
        bounds = pack_jobs(block[2], batch_words).tolist()
        if not first and len(bounds) > 1 and bounds[1] == 0:
            bounds = bounds[1:]  # only the first sentence of an epoch leaves an empty job before it
        for start, end in zip(bounds[:-2], bounds[1:-1], strict=True):
            yield block, start, end
            first = False
        if len(bounds) > 1:
            held = _tail(block, bounds[-2])
            first = False
    if held is not None and len(held[2]):
        yield held, 0, len(held[2])


def _tail(block: Block, sentence: int) -> Block:
    ids, ends, lengths = block
    start = int(ends[sentence - 1]) if sentence else 0
    return ids[start:], ends[sentence:] - start, lengths[sentence:]


def _joined(a: Block, b: Block) -> Block:
    ends = np.concatenate((a[1], b[1] + len(a[0])))
    return np.concatenate((a[0], b[0])), ends, np.concatenate((a[2], b[2]))


def jobs_of(
    blocks: Iterable[Block],
    batch_words: int,
    window: int,
    schedule: Schedule,
    epoch: int,
    result: EpochResult,
) -> Iterator[Job]:
    """The jobs of one epoch in order; `result` counts the sentences and raw words that were handed out."""
    for (ids, ends, lengths), first, last in job_bounds(blocks, batch_words):
        start = int(ends[first - 1]) if first else 0
        stop = int(ends[last - 1]) if last else 0
        words = int(lengths[first:last].sum())
        for low, high in _pieces(start, stop, words, batch_words, last - first):
            done = (low - start) / (stop - start) if stop > start else 0.0
            share = (high - low) / (stop - start) if stop > start else 1.0
            alpha = schedule.alpha(
                epoch, result.sentences + done * (last - first), result.raw_words + done * words
            )
            result.alpha = alpha
            # Context beyond a piece's edges: enough words for `window` of them to survive downsampling.
            before, after = max(start, low - 16 * window), min(stop, high + 16 * window)
            yield Job(
                ids=ids[before:after],
                ends=np.minimum(ends[first:last], after) - before,
                raw_words=round(words * share),
                alpha=alpha,
                lead=low - before,
                trail=after - high,
            )
        result.sentences += last - first
        result.raw_words += words


def _pieces(start: int, stop: int, words: int, batch_words: int, sentences: int) -> list[tuple[int, int]]:
    """One job in the usual case; a single very long sentence is cut, as far as its centre words go."""
    size = max(batch_words, LONG_SENTENCE // 10)
    if sentences != 1 or stop == start or words <= max(LONG_SENTENCE, 10 * batch_words):
        return [(start, stop)]
    return [(low, min(low + size, stop)) for low in range(start, stop, size)]


@contextmanager
def aligned_rows(
    matrices: Sequence[npt.NDArray[np.float32]], words: int
) -> Iterator[Sequence[npt.NDArray[np.float32]]]:
    """Copies of (V, D) matrices to train in, every row on cache lines of its own; written back on leaving.

    Rows that straddle cache lines cost a tenth of the speed at D = 100, a thirtieth at D = 300. Each copy is
    (V, D rounded up to 16), zero beyond D, which no update ever changes. The matrices themselves are handed
    out where copying them takes too much memory, or too long for the `words` of text that are to be trained.
    """
    size = sum(matrix.nbytes for matrix in matrices)
    if size > ALIGNED_BYTES or words < len(matrices[0]):
        yield matrices
        return
    copies = [_aligned(matrix) for matrix in matrices]
    try:
        yield copies
    finally:
        due, interrupt = list(zip(matrices, copies, strict=True)), None
        while due:  # all or none: one matrix of this epoch and one of the last do not belong together
            try:
                matrix, copy = due[-1]
                matrix[...] = copy[:, : matrix.shape[1]]
                due.pop()
            except KeyboardInterrupt as error:
                interrupt = error
        if interrupt is not None:
            raise interrupt


def _aligned(matrix: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    rows, dim = matrix.shape
    copy = floats(rows, -(-dim // CACHE_LINE) * CACHE_LINE)
    copy[:, :dim] = matrix
    return copy


@dataclass(frozen=True)
class Done:
    """What became of a job: the words that it trained, or the error that ended it."""

    raw_words: int
    effective_words: int = 0
    error: BaseException | None = None


class Run:
    """The worker threads of one epoch, as a context manager: on leaving it, none of them is alive.

    Use it as `with closing(run), run:`, since Ctrl-C may strike the first closing before it has begun.

    Threads meet in two queues of the compiled kind. Ctrl-C can strike the caller's thread in the middle of
    anything that is written in Python: in `queue.Queue` or `threading.Condition` it leaves locks behind that
    nobody holds, or that nobody gives back.

    seed_job(number) gives a job's 48-bit seed and, in gensim's order, the function that draws its windows; it
    is called in the worker's thread.
    """

    def __init__(
        self,
        workers: list[Worker],
        stop: StopFlag,
        seed_job: Callable[[int], tuple[int, Callable[[int], Any] | None]],
        queue_factor: int,
        progress: Progress,
    ) -> None:
        self._workers = workers
        self._stop = stop
        self._seed_job = seed_job
        self._progress = progress
        self._jobs: queue.SimpleQueue[tuple[int, Job] | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[Done] = queue.SimpleQueue()
        self._room = (1 + max(1, queue_factor)) * len(workers)  # jobs that are waiting or in work
        self._submitted = self._finished = 0
        self._raw_words = self._effective_words = 0
        self._home: list[Worker] = []  # those that have nothing to do any more
        self._started: list[threading.Thread] = []
        self._threads = [
            threading.Thread(target=self._work, args=(worker,), name=f"fastw2v-{i}", daemon=True)
            for i, worker in enumerate(workers)
        ]

    def __enter__(self) -> Run:
        for thread in self._threads:
            self._started.append(thread)  # before it is: Ctrl-C may strike in the middle
            try:
                thread.start()
            except Exception:  # no more threads to be had
                self._started.pop()
                raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Bring all threads home. To be called once more if Ctrl-C struck the first time."""
        self._stop.stop()
        for _thread in self._started:
            self._jobs.put(None)
        # Not by join() alone: struck by Ctrl-C, Python 3.11's takes a running thread for one that has ended.
        give_up = time.monotonic() + 5 * POLL
        while len(self._home) < len(self._started):
            with suppress(queue.Empty):
                self._done.get(timeout=POLL)
            if time.monotonic() > give_up and len(self._home) == sum(
                t.ident is not None for t in self._started
            ):
                break  # the others' start was interrupted: they never came to life
        for thread in self._started:
            if thread.ident is not None:
                thread.join()

    def epoch(
        self, jobs: Iterable[Job], result: EpochResult, report: Callable[[float, int, int], None]
    ) -> None:
        """Do all `jobs`, adding up in `result`.

        report(seconds, effective words, jobs waiting) is called about every `POLL` seconds.
        """
        begin = looked = time.perf_counter()
        shown = 0

        def look() -> None:
            nonlocal looked, shown
            looked = time.perf_counter()
            self._progress.update(self._raw_words - shown, alpha=f"{result.alpha or 0:.5f}")
            shown = self._raw_words
            report(looked - begin, self._effective_words, self._jobs.qsize())

        def collect(room: int) -> None:
            """Wait until at most so many jobs are left, looking now and then."""
            while self._collect(wait=self._submitted - self._finished > room):
                if time.perf_counter() - looked > POLL:
                    look()

        for job in jobs:
            collect(self._room - 1)
            self._jobs.put((self._submitted, job))
            self._submitted += 1
        collect(0)
        look()
        result.effective_words = self._effective_words
        result.loss = sum(worker.loss for worker in self._workers)
        result.examples = sum(worker.examples for worker in self._workers)
        result.seconds = time.perf_counter() - begin

    def _collect(self, wait: bool) -> bool:
        """Add up one job that is done, and raise its error. False if there is none and none to wait for."""
        try:
            done = self._done.get(wait, timeout=POLL)
        except queue.Empty:
            return wait
        if done.error is not None:
            raise done.error
        self._finished += 1
        self._raw_words += done.raw_words
        self._effective_words += done.effective_words
        return True

    def _work(self, worker: Worker) -> None:
        try:
            while (item := self._jobs.get()) is not None:
                self._done.put(self._do(worker, *item))
        finally:
            self._home.append(worker)
            self._done.put(Done(0))  # wakes `close`

    def _do(self, worker: Worker, number: int, job: Job) -> Done:
        if self._stop.raised:
            return Done(job.raw_words)
        try:
            seed, draw_windows = self._seed_job(number)
            effective = worker.train(job.ids, job.ends, job.alpha, seed, draw_windows, job.lead, job.trail)
        except BaseException as error:  # whatever it is, it belongs to the caller of train()
            self._stop.stop()
            return Done(job.raw_words, error=error)
        return Done(job.raw_words, effective)
