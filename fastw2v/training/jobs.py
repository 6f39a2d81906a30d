"""Blocks of ids → jobs with their learning rates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fastw2v.text._encoder import pack_jobs
from fastw2v.text.ids import Block

LONG_SENTENCE = 100_000  # longer sentences, in raw words, are cut into pieces that threads can share
FEW_WORDS = 1000  # of a job by windows, at least
SHORT_JOBS = 10  # a sentence of fewer jobs is not cut; no piece is below LONG_SENTENCE / SHORT_JOBS
# Words of context beyond the edge of a piece, per word of the window: usually enough for a whole window after
# downsampling. If it is not, the windows at the edge are a little smaller.
CONTEXT_PER_WINDOW = 16


class Schedule(NamedTuple):
    """Learning rate that falls linearly from `start` to `end` over all epochs.

    Progress is counted in sentences if `total_examples` is known, else in raw words.
    """

    start: float
    end: float
    epochs: int
    total_examples: int | None
    total_words: int | None

    def alpha(self, epoch: int, examples: float, words: float) -> float:
        """Return the learning rate after these numbers of sentences and raw words of an epoch."""
        progress = (epoch + self.share(examples, words)) / self.epochs
        return max(self.end, self.start - (self.start - self.end) * progress)

    def share(self, examples: float, words: float) -> float:
        """Return the finished part of an epoch, 0 to 1."""
        if self.total_examples:
            return examples / self.total_examples
        return words / self.total_words if self.total_words else 0.0


def words_of_job(step: str, batch_words: int) -> int:
    """Return how many raw words a job should have.

    Programs set `batch_words=4`, as node2vec's README does: a job for each sentence. In gensim's order the
    results depend on that; by windows such jobs only cost time.
    """
    return batch_words if step == "pair" else max(batch_words, FEW_WORDS)


class Job(NamedTuple):
    """What one worker trains at a time, at one learning rate.

    `ids` int32 (tokens,), with the `ends` int64 (sentences,) of sentences in them. The first `lead` and last
    `trail` ids are context only. `raw_words` counts words before any are dropped.
    """

    ids: npt.NDArray[np.int32]
    ends: npt.NDArray[np.int64]
    raw_words: int
    alpha: float
    lead: int = 0
    trail: int = 0


@dataclass
class EpochResult:
    """What an epoch did, in numbers.

    `jobs` were trained; `effective_words` are left by downsampling. `loss` is the sum over `examples`.
    `alpha` is that of the last job, None without a job.
    """

    sentences: int = 0
    raw_words: int = 0
    jobs: int = 0
    effective_words: int = 0
    examples: int = 0
    loss: float = 0.0
    seconds: float = 0.0
    alpha: float | None = None


def job_bounds(blocks: Iterable[Block], batch_words: int) -> Iterator[tuple[Block, int, int]]:
    """Yield (block, first sentence, sentence after the last) for each job of about `batch_words` raw words.

    A job that is not full at the end of a block goes on in the next.
    """
    held: Block | None = None
    first = True
    for block in blocks:
        if held is not None:
            block = _join(held, block)
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
    """Return the rest of a block, from a sentence on."""
    ids, ends, lengths = block
    start = int(ends[sentence - 1]) if sentence else 0
    return ids[start:], ends[sentence:] - start, lengths[sentence:]


def _join(a: Block, b: Block) -> Block:
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
    """Yield the jobs of one epoch in order; `result` counts sentences and raw words as they are yielded."""
    context = CONTEXT_PER_WINDOW * window
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
            before, after = max(start, low - context), min(stop, high + context)
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
    """Return the centre words (start, stop) of each job: all, unless it is one very long sentence."""
    size = max(batch_words, LONG_SENTENCE // SHORT_JOBS)
    if sentences != 1 or stop == start or words <= max(LONG_SENTENCE, SHORT_JOBS * batch_words):
        return [(start, stop)]
    return [(low, min(low + size, stop)) for low in range(start, stop, size)]
