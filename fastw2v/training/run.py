"""One pass over the text: the threads that train its jobs, and how they stop.

The caller's thread groups encoded sentences into jobs and feeds a short queue. Each worker thread takes jobs
from it and runs a compiled `Worker` on them without the GIL. Errors in the text or in a worker, and Ctrl-C,
are raised in the caller's thread, after all worker threads have ended.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from typing import NamedTuple, Protocol

import numpy as np

from fastw2v.progress import NoProgress, Progress
from fastw2v.sharing._guard import Guard
from fastw2v.text.ids import Block
from fastw2v.threads import NO_THREAD, POLL, Thread, wait_until_gone
from fastw2v.training._kernels import NotFinite, StopFlag, Worker
from fastw2v.training.jobs import EpochResult, Job, Schedule, jobs_of
from fastw2v.training.objective import Matrices, Objective, SeedJob
from fastw2v.training.replicas import Merging, ReplicaRun
from fastw2v.training.report import LogProgress, no_lines, progress_lines
from fastw2v.training.weights import Rows, rows_to_train

SHORT_JOB = 1000  # ids of a text that is trained without threads: to start and join them takes as long
GROUP = 4000  # words of short jobs that are handed to a thread together: to hand one over takes 30 µs
USUAL_SENTENCE = 8  # words a sentence is assumed to have, if only sentences were counted


class ReadingStopped(BaseException):
    """Raised by `Rests` while the thread waits for the text: no more of it is wanted."""


class Rests(Protocol):
    """What may stop an epoch between two jobs, when no worker trains: see `checkpoint.Checkpoints`."""

    def read(self, jobs: Iterable[Job]) -> Iterator[Job]:
        """Yield the same jobs; their text may be read only here."""

    def take_up(self, jobs: Iterable[Job]) -> int:
        """Read the jobs that were done before, and return their raw words; called even if there are none."""

    def set_generator(self, random: np.random.RandomState) -> None:
        """Set the generator to what it was after these jobs."""

    def is_due(self) -> bool:
        """Return whether to rest now; called after each job that is handed out."""

    def rest(self, result: EpochResult, held: Rows) -> None:
        """Do what there is to do; `result` has what the epoch did so far, `held` the rows that it trains."""

    def take_back(self) -> None:
        """Forget the epoch: its matrices are as they were before."""


class Options(NamedTuple):
    """How the work of an epoch is divided and reported.

    Attributes:
        workers (int): threads.
        batch_words (int): raw words in a job.
        queue_factor (int): jobs per thread that may wait.
        report_delay (float): seconds between two log lines.
        merging (Merging or None): how replicas train, one in each thread; None: all threads train one model.
    """

    workers: int
    batch_words: int
    queue_factor: int
    report_delay: float
    merging: Merging | None = None


def run_epoch(
    text: Iterable[Block],
    objective: Objective,
    matrices: Matrices,
    schedule: Schedule,
    epoch: int,
    *,
    random: np.random.RandomState,
    options: Options,
    progress: Progress,
    guard: Guard | None = None,
    result: EpochResult | None = None,
    rests: Rests | None = None,
) -> EpochResult:
    """Train the matrices in place on one pass over the text; all threads have ended when this returns.

    `epoch` counts from 0. The seeds of the jobs come from `random`, the model's generator. Another thread
    that saves the model holds `guard.steady`. `result` is what was done of the epoch before; it is added to,
    and returned. FloatingPointError says that the matrices were no longer finite; they are as before the
    epoch then.
    """
    result, guard = result or EpochResult(), guard or Guard()
    jobs = jobs_of(text, options.batch_words, objective.window, schedule, epoch, result)
    if rests is not None:
        jobs = rests.read(jobs)
    quiet = not isinstance(progress, NoProgress)
    report = no_lines if quiet else progress_lines(schedule, epoch, result, options.report_delay)
    stop = StopFlag()
    words = schedule.total_words or (schedule.total_examples or 0) * USUAL_SENTENCE
    try:
        with rows_to_train(matrices, words, guard, copies=options.merging is not None) as held:
            begin = time.perf_counter()
            taken = 0 if rests is None else rests.take_up(islice(jobs, result.jobs))
            progress.update(taken)
            first = list(islice(jobs, 2))
            read = time.perf_counter() - begin
            short = len(first) < 2 and all(len(job.ids) <= SHORT_JOB for job in first)
            merging = None if short or options.merging is None else options.merging.after(taken)
            seed_job = objective.job_seeds(random, by_number=merging is not None)
            if rests is not None:
                rests.set_generator(random)
            if merging is None:
                count = 1 if short else options.workers
                workers = objective.workers(held.rows, stop, count, alone=count == 1, undo=held.undo)
                workers[0].loss, workers[0].examples = result.loss, result.examples
            if short:  # all of the text has been read: it takes a moment, for which others can wait
                with guard.steady:
                    train_here(workers[0], first, seed_job, result, progress)
            else:
                if held.rows is matrices:
                    with guard.steady:  # who saves the model now is waited for; who comes later copies it
                        guard.in_place = True
                run: Run | ReplicaRun
                if merging is None:
                    run = Run(workers, stop, seed_job, options.queue_factor, progress)
                else:
                    run = ReplicaRun(held.rows, objective, merging, stop, seed_job, progress)
                with closing(run), run:
                    run.epoch(chain(first, jobs), result, report, held, rests)
            result.seconds += read
    except NotFinite as error:
        state = "are as they were before" if error.taken_back else "could not be taken back"
        if error.taken_back and rests is not None:
            rests.take_back()
        raise FloatingPointError(
            f"the vectors are no longer finite in epoch {epoch} (alpha={schedule.start:.6g}), and {state}: "
            "the learning rate is too high; train with a lower alpha, 0.025 is usual. Vectors that came from "
            "elsewhere may have been so before: np.isfinite(model.wv.vectors) says"
        ) from None
    return result


def train_here(
    worker: Worker, jobs: Iterable[Job], seed_job: SeedJob, result: EpochResult, progress: Progress
) -> None:
    """Do jobs in the caller's thread, which Ctrl-C interrupts only after each; add up in `result`."""
    begin = time.perf_counter()
    for job in jobs:
        seed, draw_windows = seed_job(result.jobs)
        result.effective_words += worker.train(
            job.ids, job.ends, job.alpha, seed, draw_windows, job.lead, job.trail
        )
        result.jobs += 1
        progress.update(job.raw_words, alpha=f"{job.alpha:.5f}")
    result.loss, result.examples = worker.loss, worker.examples
    result.seconds += time.perf_counter() - begin


Group = list[tuple[int, Job]]  # jobs and their numbers


def _grouped(jobs: Iterable[Job], number: int, rests: Rests | None) -> Iterator[tuple[Group, bool]]:
    """Yield jobs in groups of `GROUP` words or more, and whether a rest is due after the group."""
    group: Group = []
    words = 0
    try:
        for count, job in enumerate(jobs, number):
            group.append((count, job))
            words += job.raw_words
            is_due = rests is not None and rests.is_due()
            if is_due or words >= GROUP:
                yield group, is_due
                group, words = [], 0
    except ReadingStopped:
        if group:
            yield group, False
        raise
    if group:
        yield group, False


class Done(NamedTuple):
    """The outcome of a group of jobs: the words that it trained, or the error that ended it."""

    jobs: int
    raw_words: int
    effective_words: int = 0
    error: BaseException | None = None


class Run:
    """The worker threads of one epoch, as a context manager: after it, none of the threads is alive.

    Use it as `with closing(run), run:`, because Ctrl-C may interrupt the first close before it has begun.

    Args:
        workers (list of Worker): one per thread.
        stop (StopFlag): set to end all workers early.
        seed_job (callable): from a job's number to its 48-bit seed and, in gensim's order, the function that
            draws its windows; called in the worker's thread.
        queue_factor (int): jobs per thread that may wait.
        progress (Progress): the bar.
    """

    # The threads communicate through two compiled queues (SimpleQueue). Ctrl-C can interrupt the caller's
    # thread anywhere in Python code: in `queue.Queue` or `threading.Condition` it would leave a lock that is
    # never released, or one that is released but not held.

    def __init__(
        self,
        workers: list[Worker],
        stop: StopFlag,
        seed_job: SeedJob,
        queue_factor: int,
        progress: Progress,
    ) -> None:
        self._workers = workers
        self._stop = stop
        self._seed_job = seed_job
        self._progress = progress
        self._jobs: queue.SimpleQueue[Group | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[Done] = queue.SimpleQueue()
        self._room = (1 + max(1, queue_factor)) * len(workers)  # most groups of jobs that wait or are in work
        self._submitted = self._finished = 0  # groups
        self._finished_jobs = 0
        self._raw_words = self._effective_words = 0
        self._threads = [
            Thread(partial(self._work, worker), f"fastw2v-{i}") for i, worker in enumerate(workers)
        ]

    def __enter__(self) -> Run:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop and join all threads. Call again if Ctrl-C interrupted the first call."""
        self._stop.stop()
        for _thread in self._threads:
            self._jobs.put(None)
        wait_until_gone(self._threads)

    def epoch(
        self,
        jobs: Iterable[Job],
        result: EpochResult,
        report: LogProgress,
        held: Rows,
        rests: Rests | None,
    ) -> None:
        """Do all `jobs`, add up in `result`, and call `report` about every `POLL` seconds."""
        begin = looked = time.perf_counter()
        shown = 0
        before = replace(result)

        def look() -> None:
            nonlocal looked, shown
            looked = time.perf_counter()
            self._progress.update(self._raw_words - shown, alpha=f"{result.alpha or 0:.5f}")
            shown = self._raw_words
            report(looked - begin, self._effective_words, self._jobs.qsize())

        def collect(room: int) -> None:
            """Wait until at most `room` groups are unfinished, looking now and then."""
            while self._collect(wait=self._submitted - self._finished > room):
                if time.perf_counter() - looked > POLL:
                    look()

        def add_up() -> None:
            """Wait for all jobs that were handed out, and bring `result` up to date."""
            collect(0)
            look()
            result.jobs = before.jobs + self._finished_jobs
            result.effective_words = before.effective_words + self._effective_words
            result.loss = sum(worker.loss for worker in self._workers)
            result.examples = sum(worker.examples for worker in self._workers)
            result.seconds = before.seconds + time.perf_counter() - begin

        try:
            for group, is_due in _grouped(jobs, before.jobs, rests):
                collect(self._room - 1)
                self._jobs.put(group)
                self._submitted += 1
                if is_due:
                    assert rests is not None
                    add_up()
                    rests.rest(result, held)
        except ReadingStopped:
            assert rests is not None
            add_up()
            rests.rest(result, held)
            raise
        add_up()

    def _collect(self, wait: bool) -> bool:
        """Add up a finished group, or raise its error. Return False if none is finished and `wait` is off."""
        try:
            done = self._done.get(wait, timeout=POLL)
        except queue.Empty:
            if wait and any(thread.gone for thread in self._threads):
                raise MemoryError(NO_THREAD) from None
            return wait
        if done.error is not None:
            raise done.error
        self._finished += 1
        self._finished_jobs += done.jobs
        self._raw_words += done.raw_words
        self._effective_words += done.effective_words
        return True

    def _work(self, worker: Worker) -> None:
        """Do jobs until there are no more; the body of a thread."""
        while (group := self._jobs.get()) is not None:
            self._done.put(self._do(worker, group))

    def _do(self, worker: Worker, group: Group) -> Done:
        """Train a group of jobs and return the outcome, also if that is an error."""
        effective, raw = 0, sum(job.raw_words for _, job in group)
        try:
            for number, job in group:
                if self._stop.raised:
                    break
                seed, draw_windows = self._seed_job(number)
                effective += worker.train(
                    job.ids, job.ends, job.alpha, seed, draw_windows, job.lead, job.trail
                )
        except BaseException as error:  # of any kind: train() raises it
            self._stop.stop()
            return Done(len(group), raw, error=error)
        return Done(len(group), raw, effective)
