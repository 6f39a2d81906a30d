"""Checks of arguments, made where public functions begin.

Those that return a value return the argument in its proper type, so that no other code has to check it again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from numbers import Integral, Real
from operator import index
from typing import Any, Literal, TypeVar

import numpy as np

T = TypeVar("T")

MAX_WINDOW = 2**31 - 1  # a C int
_MOST_BITS = 256  # of a number that is printed

# Settings of a model, with the least and the most where these are whole numbers.
COUNTS = {
    "vector_size": (1, 2**30),  # a C int, after it was rounded up
    "window": (1, MAX_WINDOW),
    "negative": (0, 10_000),  # each is compared with those before it; 5 to 20 are usual
    "workers": (1, MAX_WINDOW),
    "batch_words": (1, 2**63 - 1),
}
COUNTS_OR_NONE = {
    "max_vocab_size": (0, 2**63 - 1),
    "max_final_vocab": (0, 2**63 - 1),
    "seed": (0, 2**32 - 1),  # of numpy's RandomState
    "epochs": (-(2**63), 2**63 - 1),  # how many are enough to train is said when it comes to that
}
NUMBERS = ("alpha", "min_alpha", "ns_exponent", "min_count")
SWITCHES = ("sg", "hs", "cbow_mean")
SWITCHES_OR_NONE = ("null_word", "sorted_vocab", "compute_loss", "shrink_windows", "baskets", "deterministic")

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


def _told(number: Any) -> str:
    """Return a number as text; of a very long one how long it is."""
    long = isinstance(number, int) and number.bit_length() > _MOST_BITS
    return f"a number of {number.bit_length()} bits" if long else str(number)


def whole(name: str, value: Any, least: int, most: int = 2**63 - 1) -> int:
    """Return the value as an int; TypeError or ValueError unless it is a whole number `least`…`most`."""
    try:  # 100.0 is a whole number; a bool is none, nor is a text of digits
        number = int(value) if isinstance(value, float | np.floating) and value.is_integer() else index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool | np.bool_):
        border = f", at least {least}" if least > -(2**63) else ""
        raise TypeError(f"{name} is {value!r:.60}: it must be a whole number{border}")
    if not least <= number <= most:
        border = f"at least {least}" if number < least else f"at most {most}"
        raise ValueError(f"{name}={_told(number)}: it must be {border}")
    return number


def rounded(name: str, value: Any) -> int:
    """Return a number of things, at least 0, rounded to a whole one; what is above 0 is at least 1."""
    if not isinstance(value, Real) or isinstance(value, Integral):
        return whole(name, value, 0)
    number = finite(name, value, 0)
    return max(math.floor(number + 0.5), math.ceil(min(number, 1)))


def finite(name: str, value: Any, least: float = -math.inf) -> float:
    """Return the value as a float; TypeError or ValueError unless it is finite and at least `least`."""
    if not isinstance(value, Real) or isinstance(value, bool):
        raise TypeError(f"{name} is {value!r:.60}: it must be a number")
    try:
        number = float(value)
    except OverflowError:  # a whole number of many digits
        number = math.inf
    if not math.isfinite(number) or value < least:
        raise ValueError(
            f"{name}={number}: it must be a finite number"
            + (f", at least {least}" if least > -math.inf else "")
        )
    return number


def flag(name: str, value: Any) -> int:
    """Return 0 or 1; TypeError or ValueError unless the value is one of these or a bool."""
    if not isinstance(value, Real | np.bool_):
        raise TypeError(f"{name} is {value!r:.60}: it must be 0 or 1")
    if value not in (0, 1):
        raise ValueError(f"{name}={_told(value)}: it must be 0 or 1")
    return int(bool(value))


def above_zero(name: str, value: float) -> float:
    """Return a learning rate; ValueError unless it is above 0."""
    if value <= 0:
        raise ValueError(f"{name}={value}: it must be above 0, or nothing is learnt; 0.025 is usual")
    return value


def trim_rule_of(rule: Any) -> Any:
    """Return the rule; TypeError unless it is None or can be called."""
    if rule is not None and not callable(rule):
        raise TypeError(
            f"trim_rule is {rule!r:.60}: give a function of (word, count, min_count) that returns RULE_KEEP, "
            "RULE_DISCARD or RULE_DEFAULT of fastw2v.utils"
        )
    return rule


def at_least(name: str, value: Any, least: int) -> Any:
    """Return the value as `whole` does; None, no limit, passes."""
    return None if value is None else whole(name, value, least)


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
    shown = _told(value) if isinstance(value, int) else f"{value!r:.200}"
    raise ValueError(f"{name}={shown}: {advice or 'give one of ' + ', '.join(map(repr, choices))}")


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


def is_gensims(given: Any) -> bool:
    """Return whether an object is of a class of gensim's, or of one derived from it, and not of ours."""
    packages = {package_of(cls) for cls in type(given).__mro__}
    return "gensim" in packages and "fastw2v" not in packages  # `accelerate` derives ours from gensim's


def package_of(cls: type) -> str:
    """Return the name of the package that a class comes from."""
    return cls.__module__.partition(".")[0]


def not_vectors(name: str, given: Any) -> str:
    """Return what to say of an argument that should be a `KeyedVectors`, and is not."""
    if is_gensims(given):
        return f"{name} is gensim's {type(given).__name__}: copy it once, by from_gensim(), and give the copy"
    advice = "give its vectors, .wv or .wv_out" if hasattr(given, "wv") else "give KeyedVectors"
    return f"{name} is of type {type(given).__name__}: {advice}"


def nodes_of(cluster: Any) -> int:
    """Return how many nodes a cluster has; 0 without one.

    Args:
        cluster (any): the argument of `train`.

    Returns:
        int: them.

    Raises:
        TypeError: it is no cluster.
    """
    if cluster is None:
        return 0
    if package_of(type(cluster)) != "fastw2v" or not hasattr(cluster, "nodes"):
        raise TypeError(
            f"cluster is {cluster!r:.60}, of type {type(cluster).__name__}: give "
            "fastw2v.distributed.LocalCluster(nodes=4), or None"
        )
    return int(cluster.nodes)


def check_freeze(freeze: Any) -> Literal["in", "out"] | None:
    """Return the side that training leaves as it is, "in" or "out", or None; ValueError for all else."""
    return one_of("freeze", freeze, FREEZE, "give 'in', 'out', or None to train both sides")


def settings_of(model: Any) -> dict[str, Any]:
    """Return a model's settings as Python's numbers; TypeError or ValueError for what none can have."""
    checked: dict[str, Any] = {}
    for name, limits in (COUNTS | COUNTS_OR_NONE).items():
        value = getattr(model, name)
        checked[name] = None if value is None and name in COUNTS_OR_NONE else whole(name, value, *limits)
    for name in (*NUMBERS, "sample"):
        value = getattr(model, name)
        if value is not None or name != "sample":
            number = finite(name, value, 0 if name == "sample" else -math.inf)
            checked[name] = int(value) if isinstance(value, Integral) and "alpha" not in name else number
    for name in (*SWITCHES, *SWITCHES_OR_NONE):
        value = getattr(model, name)
        checked[name] = flag(name, 0 if value is None and name in SWITCHES_OR_NONE else value)
    for name in ("compute_loss", "shrink_windows", "baskets", "deterministic"):
        checked[name] = bool(checked[name])
    one_of("step", model.step, ("pair", "window"), "give 'pair' (gensim's order) or 'window' (faster)")
    checked["progress"] = one_of(
        "progress", model.progress, (True, False, "auto"), "give 'auto', True or False"
    )
    return checked
