"""Losses of texts and log likelihoods of sentences: passes with alpha 0, which change nothing."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from functools import partial
from typing import TypeVar

import numpy as np

from fastw2v.text.ids import Block
from fastw2v.threads import Pool
from fastw2v.training._kernels import StopFlag, Worker
from fastw2v.training.jobs import EpochResult, Job, Schedule, jobs_of
from fastw2v.training.objective import Matrices, Objective

T = TypeVar("T")

logger = logging.getLogger("fastw2v.word2vec")

SEED = 1  # of all that is drawn for a loss, so that a text has the same loss each time
JOB_WORDS = 10_000  # raw words that a thread takes at a time
JOBS_WAITING = 2  # jobs per thread that may wait


def scoring_workers(objective: Objective, matrices: Matrices, count: int) -> list[Worker]:
    """Make `count` workers that score sentences independently of each other."""
    return objective.workers(_writable(matrices), StopFlag(), count, alone=True)


def _writable(matrices: Matrices) -> Matrices:
    """Return the matrices, or copies of those that are read-only, because workers take no others."""
    return {name: np.require(matrix, requirements=["C", "W"]) for name, matrix in matrices.items()}


def score_block(worker: Worker, block: Block) -> list[float]:
    """Return the log likelihood of each sentence of a block."""
    ids, ends, _ = block
    start, scores = 0, []
    for end in ends.tolist():
        before = worker.loss
        worker.train(ids[start:end], np.array([end - start]), alpha=0.0, seed=0)
        scores.append(before - worker.loss)
        start = end
    return scores


def score_text(
    text: Iterable[Block], workers: list[Worker], *, most_waiting: int, report_delay: float
) -> list[float]:
    """Return the log likelihood of each sentence of a text, in order; every worker runs in a thread.

    At most `most_waiting` blocks wait for a thread. `report_delay` is in seconds, between two log lines.
    """
    free = list(workers)

    def work(block: Block) -> list[float]:
        worker = free.pop()
        try:
            return score_block(worker, block)
        finally:
            free.append(worker)

    begin = logged = time.perf_counter()
    scores: list[float] = []
    calls = (partial(work, block) for block in text)
    for scored in in_order(calls, threads=len(workers), most_waiting=most_waiting):
        scores += scored
        if (now := time.perf_counter()) >= logged + report_delay:
            logged = now
            logger.info("PROGRESS: scored %i sentences, %.0f/s", len(scores), len(scores) / (now - begin))
    logger.info("scoring %i sentences took %.1fs", len(scores), time.perf_counter() - begin)
    return scores


def mean_loss(text: Iterable[Block], objective: Objective, matrices: Matrices, *, threads: int) -> float:
    """Return the mean loss per example of a text; ValueError if it has none.

    It depends on text, objective and matrices alone, to the last bit, and not on the number of threads.
    """
    begin = time.perf_counter()
    result = EpochResult()
    matrices, stop = _writable(matrices), StopFlag()
    jobs = jobs_of(text, JOB_WORDS, objective.window, Schedule(0.0, 0.0, 1, None, None), 0, result)
    seed_job = objective.job_seeds(np.random.RandomState(SEED))

    def work(job: Job, seed: int) -> tuple[float, int]:
        # A worker for each job: the sum of a thread would depend on which jobs it happened to take.
        (worker,) = objective.workers(matrices, stop, 1, alone=True)
        worker.train(job.ids, job.ends, job.alpha, seed, None, job.lead, job.trail)
        return worker.loss, worker.examples

    calls = (partial(work, job, seed_job(number)[0]) for number, job in enumerate(jobs))
    for loss, examples in in_order(calls, threads=threads, most_waiting=threads * JOBS_WAITING):
        result.loss += loss
        result.examples += examples
    if not result.examples:
        dropped = "; `sample` may have dropped some" * (objective.keep is not None)
        raise ValueError(
            f"there is no example in {result.sentences} sentences of {result.raw_words} words: give "
            f"sentences with words of the vocabulary beside each other{dropped}"
        )
    mean = result.loss / result.examples
    seconds = time.perf_counter() - begin
    logger.info("mean loss %.6f of %i examples, evaluated in %.1fs", mean, result.examples, seconds)
    return mean


def in_order(calls: Iterable[Callable[[], T]], *, threads: int, most_waiting: int) -> Iterator[T]:
    """Yield what each call returns, in order; they run in threads, and at most `most_waiting` wait."""
    running: deque[Future[T]] = deque()
    with Pool(threads, "fastw2v-score") as pool:
        try:
            for call in calls:
                running.append(pool.submit(call))
                if len(running) > most_waiting:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        finally:
            for future in running:  # after an error, or Ctrl-C
                future.cancel()
