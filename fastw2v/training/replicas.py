"""Replicas of a model that train apart, each in a thread, and are merged at fixed numbers of words.

No two threads write to the same memory, and all sums have an order: the same text, settings, seed, number of
replicas and instruction set give the same vectors, to the last bit, whatever else the machine does.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastw2v.memory import available_memory
from fastw2v.merging.rule import Meetings, meetings, merge, rate_of
from fastw2v.progress import Progress
from fastw2v.threads import POLL, Pool
from fastw2v.tile.dispatch import floats
from fastw2v.training._kernels import NotFinite, StopFlag
from fastw2v.training.jobs import EpochResult, Job
from fastw2v.training.objective import Matrices, Objective, SeedJob
from fastw2v.training.report import LogProgress

# gensim logs as its word2vec module, and people filter by that name.
logger = logging.getLogger("fastw2v.word2vec")

MERGES = 10  # in an epoch
FIRST = 10_000  # words that a replica trains before the first merge
RAMP = 0.25  # of the words so far, that it trains before the next, until merges are as far apart as usual
LARGEST_DRAW = 2**32 - 1

Group = list[tuple[int, Job]]  # jobs and their numbers


class Merging(NamedTuple):
    """How replicas train and are merged.

    Attributes:
        replicas (int): how many.
        threads (int): that train them.
        met (dict of str to Meetings): which rows meet which.
        frozen (tuple of str): matrices that are not trained.
        dim (int): D.
        alpha (float): the learning rate at the beginning of the call.
        epoch_words (int): raw words of an epoch, about.
        words_before (int): raw words that were trained before, in this call.
    """

    replicas: int
    threads: int
    met: dict[str, Meetings]
    frozen: tuple[str, ...]
    dim: int
    alpha: float
    epoch_words: int
    words_before: int

    def after(self, words: int) -> Merging:
        """Return the same when so many words more were trained before."""
        return self._replace(words_before=self.words_before + words)

    def words_of_round(self, done: int) -> int:
        """Return the words that each replica trains before the next merge, `done` after the beginning."""
        usual = self.epoch_words // (MERGES * self.replicas)
        return max(FIRST, min(usual, int(RAMP * done / self.replicas)))


def meetings_of(
    objective: Objective, counts: npt.NDArray[Any], raw_words: int, sentences: int
) -> dict[str, Meetings]:
    """Return what meets what in training.

    Args:
        objective (Objective): what is trained.
        counts (array): (V,), of the words of the text.
        raw_words (int): words of the text, with those that are not in the vocabulary.
        sentences (int): its sentences.

    Returns:
        dict of str to Meetings: by matrix.
    """
    kept = counts.astype(np.float64)
    if objective.keep is not None:
        kept *= np.minimum(objective.keep / LARGEST_DRAW, 1.0)
    # In a short sentence there is less around a word; 0 sentences: how long they are is not known.
    longest = max(kept.sum() / sentences - 1, 0.5) if sentences else np.inf
    around = objective.window + 1 if objective.shrink_windows else 2 * objective.window
    noise = visits = None
    occurrences = kept / max(raw_words, 1)
    if objective.noise is not None and objective.negative:
        noise = np.diff(objective.noise.table.astype(np.float64), prepend=0)
        noise /= noise.sum()
    if objective.tree is not None:
        tree = objective.tree
        each = np.repeat(occurrences, np.diff(tree.starts))
        visits = np.bincount(tree.points, weights=each, minlength=len(counts)).astype(np.float64)
    return meetings(
        occurrences,
        sg=objective.sg,
        mean=objective.cbow_mean,
        context=min(around, longest),
        negative=objective.negative,
        noise=noise,
        visits=visits,
    )


class ReplicaRun:
    """The replicas of one epoch, as a context manager: after it, none of its threads is alive.

    Args:
        rows (dict of str to array): what is trained, (V, D rounded up); holds what all merges so far gave.
        objective (Objective): what it is trained for.
        merging (Merging): how.
        stop (StopFlag): set to end all threads early.
        seed_job (callable): from a job's number to its seed.
        progress (Progress): the bar.

    Raises:
        MemoryError: there is no room for the replicas.
    """

    def __init__(
        self,
        rows: Matrices,
        objective: Objective,
        merging: Merging,
        stop: StopFlag,
        seed_job: SeedJob,
        progress: Progress,
    ) -> None:
        self._base = dict(rows)
        self._merging = merging
        self._stop = stop
        self._seed_job = seed_job
        self._progress = progress
        _check_room(self._base, merging.replicas)
        self._pool = Pool(merging.threads)
        self._live = [{name: _copy(matrix) for name, matrix in rows.items()} for _ in range(merging.replicas)]
        self._workers = [objective.workers(live, stop, 1, alone=True)[0] for live in self._live]

    def __enter__(self) -> ReplicaRun:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop and join all threads. Call again if Ctrl-C interrupted the first call."""
        self._stop.stop()
        self._pool.shutdown()

    def epoch(
        self, jobs: Iterable[Job], result: EpochResult, report: LogProgress, held: Any, rests: Any
    ) -> None:
        """Do all `jobs`, round after round, and add up in `result`."""
        begin = looked = time.perf_counter()
        seconds, loss, examples = result.seconds, result.loss, result.examples
        left = enumerate(jobs, result.jobs)
        done = self._merging.words_before
        while any(groups := self._lease(left, done)):
            words = [sum(job.raw_words for _, job in group) for group in groups]
            rate = rate_of(
                self._merging.alpha, sum(map(bool, words)), tree="syn1neg" not in self._merging.met
            )
            trained = [0] * len(groups)
            self._do_all(
                [
                    partial(self._train, place, group, rate, trained)
                    for place, group in enumerate(groups)
                    if group
                ],
                may_stop=True,
            )
            self._merge(words, groups, rate)
            done += sum(words)
            result.jobs += sum(map(len, groups))
            result.effective_words += sum(trained)
            result.loss = loss + sum(worker.loss for worker in self._workers)
            result.examples = examples + sum(worker.examples for worker in self._workers)
            result.seconds = seconds + time.perf_counter() - begin
            self._progress.update(sum(words), alpha=f"{result.alpha or 0:.5f}")
            if time.perf_counter() - looked > POLL:
                looked = time.perf_counter()
                report(looked - begin, result.effective_words, 0)
            if rests is not None and any([rests.is_due() for group in groups for _ in group]):
                rests.rest(result, held)

    def _lease(self, jobs: Iterator[tuple[int, Job]], done: int) -> list[Group]:
        """Return the jobs of the next round, for each replica; the text goes on from one to the next."""
        most = self._merging.words_of_round(done)
        groups: list[Group] = []
        for _ in range(self._merging.replicas):
            group: Group = []
            words = 0
            while words < most and (item := next(jobs, None)) is not None:
                group.append(item)
                words += item[1].raw_words
            groups.append(group)
        return groups

    def _train(self, place: int, group: Group, rate: float, trained: list[int]) -> None:
        for number, job in group:
            if self._stop.raised:
                return
            seed, draw_windows = self._seed_job(number)
            trained[place] += self._workers[place].train(
                job.ids, job.ends, job.alpha * rate, seed, draw_windows, job.lead, job.trail
            )

    def _merge(self, words: list[int], groups: list[Group], rate: float) -> None:
        """Let the base take up what the replicas learnt, all of it or nothing."""
        merging = self._merging
        alphas = [job.alpha for group in groups for _, job in group]
        try:
            merge(
                self._base,
                self._live,
                words,
                dim=merging.dim,
                alpha=sum(alphas) / len(alphas),
                rate=rate,
                met=merging.met,
                frozen=merging.frozen,
                do_all=self._do_all,
            )
        except FloatingPointError:
            raise NotFinite from None

    def _do_all(self, work: Iterable[Callable[[], object]], *, may_stop: bool = False) -> None:
        """Do pieces of work in the threads; raise what one raised, or Ctrl-C, when all have ended.

        Those that are trained when something goes wrong `may_stop` then; a merge that was begun is finished.
        """
        errors: list[BaseException] = []
        for piece in [self._pool.submit(piece) for piece in work]:
            while True:
                try:
                    piece.result()
                except BaseException as error:  # of any kind: it is raised below
                    errors.append(error)
                    if may_stop:
                        self._stop.stop()
                    if self._pool.broken:
                        raise
                if piece.done():
                    break
        if errors:
            raise errors[0]


def _copy(matrix: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    copy = floats(*matrix.shape)
    copy[...] = matrix
    return copy


def _check_room(rows: dict[str, npt.NDArray[np.float32]], replicas: int) -> None:
    """Say how much memory replicas take; raise MemoryError if there is less."""
    size = replicas * sum(matrix.nbytes for matrix in rows.values())
    logger.info("%d replicas of the model take %s bytes", replicas, f"{size:,}")
    free = available_memory()
    if size > free:
        count, dim = next(iter(rows.values())).shape
        raise MemoryError(
            f"{replicas} replicas of {count:,} rows of {dim} float32 take {size:,} bytes, and {free:,} are "
            "free: give fewer workers, a higher min_count, or deterministic=False, which trains one model in "
            "all threads"
        )
