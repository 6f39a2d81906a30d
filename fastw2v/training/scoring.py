"""Log likelihoods of sentences: passes with alpha 0, whose loss is what is wanted."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from fastw2v.text.ids import Block
from fastw2v.training._kernels import StopFlag, Worker
from fastw2v.training.objective import Matrices, Objective

logger = logging.getLogger("fastw2v.word2vec")


def scoring_workers(objective: Objective, matrices: Matrices, count: int) -> list[Worker]:
    """Make workers that each score sentences on their own: what they would write stays as it is."""
    # They want matrices that can be written to, though with alpha 0 they write what is there already.
    writable = {name: np.require(matrix, requirements=["C", "W"]) for name, matrix in matrices.items()}
    return objective.workers(writable, StopFlag(), count, alone=True)


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
    """Return the log likelihood of each sentence of a text, in order; each worker runs in a thread.

    Up to `most_waiting` blocks wait for a thread. A line is logged every `report_delay` seconds.
    """
    free = list(workers)

    def work(block: Block) -> list[float]:
        worker = free.pop()
        try:
            return score_block(worker, block)
        finally:
            free.append(worker)

    begin = due = time.perf_counter()
    scores: list[float] = []
    jobs: deque[Future[list[float]]] = deque()
    blocks = iter(text)
    with ThreadPoolExecutor(len(workers), "fastw2v-score") as pool:
        while (block := next(blocks, None)) or jobs:
            if block is not None:
                jobs.append(pool.submit(work, block))
            if block is None or len(jobs) > most_waiting:
                scores += jobs.popleft().result()
            if (now := time.perf_counter()) >= due + report_delay:
                due = now
                logger.info("PROGRESS: scored %i sentences, %.0f/s", len(scores), len(scores) / (now - begin))
    logger.info("scoring %i sentences took %.1fs", len(scores), time.perf_counter() - begin)
    return scores
