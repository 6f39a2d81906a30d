"""Reports on an epoch: its entry in the history, and log lines and warnings, worded as in gensim."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, TypedDict

from fastw2v.training.hooks import warn_of_hooks
from fastw2v.training.jobs import EpochResult, Schedule
from fastw2v.warn import warn_user

# gensim logs all this as its word2vec module, and users filter by that name.
logger = logging.getLogger("fastw2v.word2vec")

LEAST_DELAY = 1.0  # seconds before the first progress line of an epoch
_MOST = 2**63  # words, examples or seconds; an epoch has fewer

LogProgress = Callable[[float, int, int], None]
"""Called with the seconds and effective words since the epoch began, and the jobs that wait."""


class Length(NamedTuple):
    """The length of the corpus as given to `train`: sentences and raw words, None if not given."""

    examples: int | None
    words: int | None


class EpochRecord(TypedDict):
    """An entry of `Word2Vec.history`: one epoch.

    Attributes:
        epoch (int): its number in the call of `train`, from 0.
        loss (float or None): mean loss per example; None without `compute_loss` or without examples.
        words (int): words read.
        effective_words (int): words trained: known and not dropped by `sample`.
        examples (int): examples trained, over which `loss` is the mean.
        seconds (float): time taken.
        alpha (float or None): learning rate of its last job; None if there was no job.
    """

    epoch: int
    loss: float | None
    words: int
    effective_words: int
    examples: int
    seconds: float
    alpha: float | None


def total_of(history: Iterable[Any], name: str) -> float:
    """Return the sum of a field over the epochs of a history, whatever else a user or a file put there.

    Args:
        history (iterable): records of epochs.
        name (str): such as "words".

    Returns:
        number: the sum of what is a number.
    """
    values = (record.get(name) for record in history if isinstance(record, Mapping))
    return sum(value for value in values if isinstance(value, int | float) and 0 <= value < _MOST)


def record_of(epoch: int, result: EpochResult, compute_loss: bool) -> EpochRecord:
    """Return an epoch's entry in the history."""
    return {
        "epoch": epoch,
        "loss": result.loss / result.examples if compute_loss and result.examples else None,
        "words": result.raw_words,
        "effective_words": result.effective_words,
        "examples": result.examples,
        "seconds": result.seconds,
        "alpha": result.alpha,
    }


def progress_lines(schedule: Schedule, epoch: int, result: EpochResult, delay: float) -> LogProgress:
    """Return a function that logs gensim's progress line, at most every `delay` seconds."""
    next_line = max(delay, LEAST_DELAY)

    def report(seconds: float, effective: int, waiting: int) -> None:
        nonlocal next_line
        if seconds >= next_line:
            logger.info(
                "EPOCH %i - PROGRESS: at %.2f%% %s, %.0f words/s, in_qsize %i, out_qsize %i",
                epoch,
                100 * schedule.share(result.sentences, result.raw_words),
                "examples" if schedule.total_examples else "words",
                effective / seconds,
                waiting,
                0,
            )
            next_line = seconds + delay

    return report


def no_lines(seconds: float, effective: int, waiting: int) -> None:
    """Log nothing, because a bar is shown."""


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


def warn_of_call(model: Any, alpha: float, length: Length) -> None:
    """Warn of what is probably not meant in a call of `train`: settings, the rate `alpha`, gensim's hooks."""
    if model.hs and model.negative:
        logger.warning("Both hierarchical softmax and negative sampling are activated. %s", _BOTH_ADVICE)
    reached = model.min_alpha_yet_reached
    if alpha > reached:
        logger.warning("Effective 'alpha' higher than previous training cycles")
        if model.train_count and any(length) and not math.isclose(alpha, reached, rel_tol=1e-6):
            # Not where it ended: that differs with each batch of text, and Python shows each new text again.
            warn_user(
                f"the learning rate starts at {alpha:.6g}, above where training ended before: what was "
                "learnt then is partly overwritten. Instead of a loop around train(), call train(epochs=N) "
                "once; to go on with more text, a lower start_alpha keeps more"
            )
    warn_of_hooks(model)


_BOTH_ADVICE = "This is likely a mistake: set either 'hs' or 'negative' to zero, unless you want both."


def warn_of_odd_corpus(epoch: int, result: EpochResult, length: Length) -> None:
    """Warn if the corpus was empty, or of another length than given."""
    if not result.sentences:
        empty = (
            "train() called with an empty iterator: the corpus must have its sentences each time that it "
            "is iterated over"
        )
        if any(length):
            warn_user(empty, log=logger)
        else:  # no text is what was said
            logger.warning(empty)
    elif not result.raw_words:
        no_words = (
            f"{result.sentences} sentences, but no words: sentences must be lists, not used up iterators"
        )
        warn_user(no_words, log=logger, logged=f"EPOCH {epoch}: {no_words}")
    for what, expected, seen in (
        ("example", length.examples, result.sentences),
        ("raw word", length.words, result.raw_words),
    ):
        if expected and expected != seen:
            warn_user(
                f"the corpus has {seen} {what}s, but train() was told of {expected}: the learning rate falls "
                "as if it had these; give the numbers of this corpus, as build_vocab() counts them",
                log=logger,
                logged=f"EPOCH {epoch}: supplied {what} count ({seen}) did not equal expected count "
                f"({expected})",
            )
