"""Arguments at the border: what every public call asks of what it is given."""

from __future__ import annotations

import math
from collections.abc import Iterable
from numbers import Real
from operator import index
from typing import Any, Literal

HOOKS = ("on_train_begin", "on_epoch_begin", "on_epoch_end", "on_train_end")
FREEZE = (None, "in", "out")


def callbacks_of(callbacks: Iterable[Any]) -> list[Any]:
    """The callbacks as a list; TypeError unless each has all hooks."""
    if not isinstance(callbacks, Iterable):
        raise TypeError(f"callbacks must be a list of callbacks, not one {type(callbacks).__name__}")
    callbacks = list(callbacks)
    for callback in callbacks:
        for hook in HOOKS:
            if isinstance(callback, type) or not callable(getattr(callback, hook, None)):
                raise TypeError(
                    f"callback {callback!r} has no method {hook}(model): "
                    "give objects of a class derived from fastw2v.CallbackAny2Vec"
                )
    return callbacks


def whole(name: str, value: Any, least: int, most: int = 2**63 - 1) -> int:
    """The value as an int; TypeError or ValueError unless it is a whole number from `least` to `most`."""
    try:
        number = index(value)
    except TypeError:
        raise TypeError(f"{name} is {value!r}: it must be a whole number") from None
    if not least <= number <= most:
        border = f"at least {least}" if number < least else f"at most {most}"
        raise ValueError(f"{name}={number}: it must be {border}")
    return number


def finite(name: str, value: Any, least: float = -math.inf) -> float:
    """The value as a float; TypeError or ValueError unless it is a finite number, at least `least`."""
    if not isinstance(value, Real):
        raise TypeError(f"{name} is {value!r}: it must be a number")
    if not math.isfinite(value) or value < least:
        raise ValueError(
            f"{name}={value}: it must be a finite number"
            + (f", at least {least}" if least > -math.inf else "")
        )
    return float(value)


def epochs_of(epochs: Any) -> int:
    if epochs is None or (isinstance(epochs, Real) and epochs <= 0):
        raise ValueError(
            f"epochs={epochs}: give how often to go through the text, at least 1, for instance model.epochs"
        )
    return whole("epochs", epochs, 1)


def check_freeze(freeze: Any) -> Literal["in", "out"] | None:
    if freeze not in FREEZE:
        raise ValueError(f"freeze={freeze!r}: give 'in', 'out', or None to train both sides")
    return freeze  # type: ignore[no-any-return]
