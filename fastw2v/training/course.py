"""What one call of `train` asks for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from fastw2v.checks import callbacks_of, check_freeze, epochs_of, finite, whole
from fastw2v.training.objective import Freeze


@dataclass(frozen=True)
class Course:
    """How often a text is gone through, at which learning rates, what stays as it is, and who is told.

    `queue_factor`: jobs per thread that may wait. `report_delay`: seconds between log lines.
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
        """Check what a caller gave; ValueError or TypeError for what cannot be."""
        return cls(
            epochs=epochs_of(epochs),
            alpha=finite("start_alpha", start_alpha),
            min_alpha=finite("end_alpha", end_alpha),
            queue_factor=whole("queue_factor", queue_factor, 1),
            report_delay=finite("report_delay", report_delay),
            callbacks=callbacks_of(callbacks),
            freeze=check_freeze(freeze),
            compute_loss=bool(compute_loss),
        )
