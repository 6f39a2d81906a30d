"""`Course`: the checked arguments of one call of `train`."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any, NamedTuple, Self

from fastw2v.checks import callbacks_of, check_freeze, epochs_of, finite, flag, whole
from fastw2v.training.objective import Freeze
from fastw2v.warn import warn_user

# gensim logs as its word2vec module, and people filter by that name.
logger = logging.getLogger("fastw2v.word2vec")


def check_rates(**rates: Any) -> None:
    """Raise TypeError or ValueError, with the name, unless these learning rates are finite and at least 0."""
    for name, rate in rates.items():
        if finite(name, rate) < 0:
            raise ValueError(
                f"{name}={rate:.6g}: a learning rate cannot be negative. It becomes so in a loop that calls "
                "train() and lowers model.alpha each time: call train(epochs=N) once instead: it lowers the "
                "rate from alpha to min_alpha by itself"
            )


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
    """

    epochs: int
    alpha: float
    min_alpha: float
    compute_loss: bool
    callbacks: list[Any]
    freeze: Freeze | None
    queue_factor: int
    report_delay: float

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
        )

    def warn_of_rising_rate(self) -> None:
        """Warn if the learning rate at the end is above that at the start."""
        if self.min_alpha > self.alpha:
            warn_user(
                f"the learning rate rises in training, from alpha={self.alpha} to min_alpha={self.min_alpha}"
                ": give the higher rate as alpha (start_alpha), the lower as min_alpha (end_alpha)",
                log=logger,
            )
