"""Blocks of ids → jobs with their learning rates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fastw2v.text._encoder import pack_jobs
from fastw2v.text.ids import Block

LONG_SENTENCE = 100_000  # raw words from which a sentence is cut into pieces, so that threads can share it
SHORT_JOBS = 10  # a sentence of fewer jobs than that is not worth cutting, nor one into smaller pieces
# Words of context beyond the edge of a piece, per word of the window: so many that after downsampling a whole
# window is left as a rule. Where fewer are left, the windows at the edge are a little smaller.
CONTEXT_PER_WINDOW = 16


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
    """One job in the usual case; a single very long sentence is cut, as far as its centre words go."""
    size = max(batch_words, LONG_SENTENCE // SHORT_JOBS)
    if sentences != 1 or stop == start or words <= max(LONG_SENTENCE, SHORT_JOBS * batch_words):
        return [(start, stop)]
    return [(low, min(low + size, stop)) for low in range(start, stop, size)]
