"""Log likelihoods of sentences: the loss of passes with alpha 0, which change nothing."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future

import numpy as np

from fastw2v.text.ids import Block
from fastw2v.threads import Pool
from fastw2v.training._kernels import StopFlag, Worker
from fastw2v.training.objective import Matrices, Objective

logger = logging.getLogger("fastw2v.word2vec")


def scoring_workers(objective: Objective, matrices: Matrices, count: int) -> list[Worker]:
    """Make `count` workers that score sentences independently of each other."""
    # Workers need writable matrices, although with alpha 0 they write the values that are there already.
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
    jobs: deque[Future[list[float]]] = deque()
    blocks = iter(text)
    with Pool(len(workers), "fastw2v-score") as pool:
        while (block := next(blocks, None)) or jobs:
            if block is not None:
                jobs.append(pool.submit(work, block))
            if block is None or len(jobs) > most_waiting:
                scores += jobs.popleft().result()
            if (now := time.perf_counter()) >= logged + report_delay:
                logged = now
                logger.info("PROGRESS: scored %i sentences, %.0f/s", len(scores), len(scores) / (now - begin))
    logger.info("scoring %i sentences took %.1fs", len(scores), time.perf_counter() - begin)
    return scores
