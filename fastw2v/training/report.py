"""What is told of an epoch: its entry in the history, log lines and warnings, as gensim words them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import NamedTuple, TypedDict

from fastw2v.training.jobs import EpochResult, Schedule

# gensim logs all this as its word2vec module, and people filter by that name.
logger = logging.getLogger("fastw2v.word2vec")

LEAST_DELAY = 1.0  # seconds before the first progress line of an epoch

Report = Callable[[float, int, int], None]
"""report(seconds, effective words, jobs waiting)"""


class Length(NamedTuple):
    """What the caller of `train` says about the length of the corpus: sentences and raw words."""

    examples: int | None
    words: int | None


class EpochRecord(TypedDict):
    """An entry of `Word2Vec.history`.

    `loss` is the mean per example, None unless it was asked for; `words` are raw words, `effective_words`
    those left after downsampling; `alpha` is the learning rate of the last job, None if there was none.
    """

    epoch: int
    loss: float | None
    words: int
    effective_words: int
    examples: int
    seconds: float
    alpha: float | None


def record_of(epoch: int, result: EpochResult, compute_loss: bool) -> EpochRecord:
    """Return the history's entry of an epoch."""
    return {
        "epoch": epoch,
        "loss": result.loss / result.examples if compute_loss and result.examples else None,
        "words": result.raw_words,
        "effective_words": result.effective_words,
        "examples": result.examples,
        "seconds": result.seconds,
        "alpha": result.alpha,
    }


def progress_lines(schedule: Schedule, epoch: int, result: EpochResult, delay: float) -> Report:
    """Return what logs gensim's progress line every `delay` seconds of an epoch."""
    due = max(delay, LEAST_DELAY)

    def report(seconds: float, effective: int, waiting: int) -> None:
        nonlocal due
        if seconds >= due:
            logger.info(
                "EPOCH %i - PROGRESS: at %.2f%% %s, %.0f words/s, in_qsize %i, out_qsize %i",
                epoch,
                100 * schedule.share(result.sentences, result.raw_words),
                "examples" if schedule.total_examples else "words",
                effective / seconds,
                waiting,
                0,
            )
            due = seconds + delay

    return report


def no_lines(seconds: float, effective: int, waiting: int) -> None:
    """Log nothing: a bar is shown."""


def log_epoch(epoch: int, result: EpochResult) -> None:
    """Log what an epoch did, how long it took and how fast that was."""
    logger.info(
        "EPOCH %i: training on %i raw words (%i effective words) took %.1fs, %.0f effective words/s",
        epoch,
        result.raw_words,
        result.effective_words,
        result.seconds,
        result.effective_words / max(result.seconds, 1e-9),
    )


def warn_of_odd_corpus(epoch: int, result: EpochResult, length: Length) -> None:
    """Warn if the corpus was empty, or not as long as was said."""
    if not result.sentences:
        logger.warning(
            "train() called with an empty iterator: the corpus must have its sentences each time that it "
            "is iterated over"
        )
    elif not result.raw_words:
        logger.warning(
            "EPOCH %i: %i sentences, but no words: sentences must be lists, not used up iterators",
            epoch,
            result.sentences,
        )
    for what, expected, seen in (
        ("example", length.examples, result.sentences),
        ("raw word", length.words, result.raw_words),
    ):
        if expected and expected != seen:
            logger.warning(
                "EPOCH %i: supplied %s count (%i) did not equal expected count (%i)",
                epoch,
                what,
                seen,
                expected,
            )
