"""Checks of arguments, made where public functions begin.

Those that return a value return the argument in its proper type, so that no other code has to check it again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from numbers import Integral, Real
from operator import index
from typing import Any, Literal, TypeVar

T = TypeVar("T")

HOOKS = ("on_train_begin", "on_epoch_begin", "on_epoch_end", "on_train_end")
FREEZE: tuple[Literal["in", "out"] | None, ...] = (None, "in", "out")


def callbacks_of(callbacks: Iterable[Any]) -> list[Any]:
    """Return the callbacks as a list; TypeError unless each has all hooks."""
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
    """Return the value as an int; TypeError or ValueError unless it is a whole number `least`…`most`."""
    try:
        number = index(value)
    except TypeError:
        raise TypeError(f"{name} is {value!r}: it must be a whole number") from None
    if not least <= number <= most:
        border = f"at least {least}" if number < least else f"at most {most}"
        raise ValueError(f"{name}={number}: it must be {border}")
    return number


def finite(name: str, value: Any, least: float = -math.inf) -> float:
    """Return the value as a float; TypeError or ValueError unless it is finite and at least `least`."""
    if not isinstance(value, Real):
        raise TypeError(f"{name} is {value!r}: it must be a number")
    if not math.isfinite(value) or value < least:
        raise ValueError(
            f"{name}={value}: it must be a finite number"
            + (f", at least {least}" if least > -math.inf else "")
        )
    return float(value)


def at_least(name: str, value: Any, least: int) -> Any:
    """Return the value as it is; ValueError if it is below `least`. None, no limit, passes."""
    if value is not None and value < least:
        raise ValueError(f"{name}={value}: it must be at least {least}")
    return value


def one_of(name: str, value: object, choices: tuple[T, ...], advice: str | None = None) -> T:
    """Return the choice that equals the value.

    Args:
        name (str): of the argument, for the error.
        value (any): what was given.
        choices (tuple): the values that are allowed.
        advice (str or None): how the error ends; None lists the choices.

    Returns:
        one of the choices.

    Raises:
        ValueError: no choice equals the value.
    """
    for choice in choices:
        if value == choice:
            return choice
    raise ValueError(f"{name}={value!r}: {advice or 'give one of ' + ', '.join(map(repr, choices))}")


def check_topn(topn: Any, or_none: bool) -> None:
    """Check how many answers are asked for.

    Args:
        topn (int or None): what was given; an integer of Python or numpy is right.
        or_none (bool): whether None is right, too.

    Raises:
        TypeError: `topn` is something else.
    """
    if not (isinstance(topn, int | Integral) or (topn is None and or_none)):
        raise TypeError(f"topn must be an integer{' or None' if or_none else ''}, not {topn!r}")


def epochs_of(epochs: Any) -> int:
    """Return the value as an int; TypeError or ValueError unless it is a whole number of at least 1."""
    if epochs is None or (isinstance(epochs, Real) and epochs <= 0):
        raise ValueError(
            f"epochs={epochs}: give the number of passes over the text, at least 1, for instance model.epochs"
        )
    return whole("epochs", epochs, 1)


def check_freeze(freeze: Any) -> Literal["in", "out"] | None:
    """Return the side that training leaves as it is, "in" or "out", or None; ValueError for all else."""
    return one_of("freeze", freeze, FREEZE, "give 'in', 'out', or None to train both sides")
