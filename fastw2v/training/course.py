"""`Course`: the checked arguments of one call of `train`."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any, NamedTuple, Self

from fastw2v.checks import callbacks_of, check_freeze, epochs_of, finite, flag, nodes_of, whole
from fastw2v.threads import usable_cpus
from fastw2v.training.objective import Freeze
from fastw2v.warn import warn_user

# gensim logs as its word2vec module, and people filter by that name.
logger = logging.getLogger("fastw2v.word2vec")


# At this rate nothing is learnt from real text. After an epoch of 1 million words of Wikipedia (15,678 stay)
# ten pairs such as two, three and france, germany were neighbours of median rank 1.5 to 104 with 0.025,
# and with 1.0 in each mode and order of the rank of random words, 3,465 to 7,846, as with 2, 5 and 10.
USELESS_RATE = 1.0

# A thread takes 8 MB of addresses, and systems allow some ten thousands in all.
MOST_WORKERS = 1024
WORKERS_PER_CPU = 8


NO_LENGTH = (
    "total_examples (sentences) or total_words must be given, above 0 if there is text, for the learning "
    "rate: after build_vocab on the same corpus they are model.corpus_count and model.corpus_total_words"
)


def check_rates(**rates: Any) -> None:
    """Raise TypeError or ValueError, with the name, unless these learning rates are finite and at least 0."""
    for name, rate in rates.items():
        if finite(name, rate) < 0:
            raise ValueError(
                f"{name}={rate:.6g}: a learning rate cannot be negative. It becomes so in a loop that calls "
                "train() and lowers model.alpha each time: call train(epochs=N) once instead: it lowers the "
                "rate from alpha to min_alpha by itself"
            )


def warn_of_high_rate(**rates: float) -> None:
    """Warn if a learning rate is so high that nothing will be learnt."""
    name = max(rates, key=rates.__getitem__)
    if rates[name] >= USELESS_RATE:
        warn_user(
            f"{name}={rates[name]:.6g}: at such a learning rate vectors grow and learn nothing; "
            "alpha=0.025 is usual, up to 0.1 for little text",
            log=logger,
        )


def usable_workers(workers: int) -> int:
    """Return how many threads to use; warn if so many were asked for that systems do not have them."""
    most = max(MOST_WORKERS, WORKERS_PER_CPU * usable_cpus())
    if workers > most:
        warn_user(
            f"workers={workers}: taken as {most}. More threads than processors ({usable_cpus()} here) do not "
            "make training faster",
            log=logger,
        )
    return min(workers, most)


def frozen_side(model: Any, freeze: Any) -> Any:
    """Return what of a model stays as it is in training: `freeze`, or what the compass packages set on it.

    CADE and TWEC come with a gensim of their own, whose models have `learn_hidden` (OUT and node vectors)
    and `learn_vectors` (IN); they set one of them to False.

    Args:
        model (Word2Vec): the model.
        freeze (any): the argument of `train`; None: not given.

    Returns:
        any: "in", "out", None, or what was given, unchecked.

    Raises:
        ValueError: both are False, so that nothing would be trained.
        TypeError: one is not a truth value.
    """
    learns = {name: flag(name, getattr(model, name, True)) for name in ("learn_vectors", "learn_hidden")}
    if freeze is not None or all(learns.values()):
        return freeze
    if not any(learns.values()):
        raise ValueError(
            "learn_vectors and learn_hidden of this model are both False, so nothing would be trained: set "
            "one of them to True"
        )
    return "out" if learns["learn_vectors"] else "in"


class Course(NamedTuple):
    """The passes of one call of `train`: how many, learning rates, frozen matrices, reports.

    Attributes:
        epochs (int): passes over the text.
        alpha (float): learning rate at the start.
        min_alpha (float): learning rate at the end.
        compute_loss (bool): add up the loss.
        callbacks (list): objects with all hooks.
        freeze ("in", "out" or None): matrices that stay as they are.
        queue_factor (int): jobs per thread that may wait.
        report_delay (float): seconds between two log lines.
        nodes (int): of a cluster; 0: none.
    """

    epochs: int
    alpha: float
    min_alpha: float
    compute_loss: bool
    callbacks: list[Any]
    freeze: Freeze | None
    queue_factor: int
    report_delay: float
    nodes: int = 0

    @classmethod
    def of(
        cls,
        *,
        epochs: Any,
        start_alpha: Any,
        end_alpha: Any,
        compute_loss: Any,
        callbacks: Iterable[Any],
        freeze: Any,
        queue_factor: Any = 2,
        report_delay: Any = 1.0,
        cluster: Any = None,
    ) -> Self:
        """Check the arguments of a call; raise ValueError or TypeError with the argument's name."""
        check_rates(start_alpha=start_alpha, end_alpha=end_alpha)
        return cls(
            epochs=epochs_of(epochs),
            alpha=float(start_alpha),
            min_alpha=float(end_alpha),
            queue_factor=whole("queue_factor", queue_factor, 1),
            report_delay=finite("report_delay", report_delay),
            callbacks=callbacks_of(callbacks),
            freeze=check_freeze(freeze),
            compute_loss=bool(flag("compute_loss", compute_loss or 0)),
            nodes=nodes_of(cluster),
        )

    def warn_of_rising_rate(self) -> None:
        """Warn if the learning rate at the end is above that at the start."""
        if self.min_alpha > self.alpha:
            warn_user(
                f"the learning rate rises in training, from alpha={self.alpha} to min_alpha={self.min_alpha}"
                ": give the higher rate as alpha (start_alpha), the lower as min_alpha (end_alpha)",
                log=logger,
            )
