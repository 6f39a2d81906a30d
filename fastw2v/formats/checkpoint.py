"""Where an unfinished call of `train` stands ↔ arrays of a file.

checkpoint.extras    fields, and plain values of callbacks' states, as JSON that keeps types
checkpoint.extra.*   arrays: the generator's state, and those of callbacks' states
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v.formats.errors import FormatError
from fastw2v.formats.extras import pack_extras, unpack_extras
from fastw2v.formats.parts import Checkpoint, generator_in

Array = npt.NDArray[Any]

_PREFIX = "checkpoint."
_STATE = "callback."  # begins the names of what callbacks keep: callback.0.best


# What a forged file must not lead to: a field of another type, or a count below zero.
_COUNTS = (
    *("rows", "epoch", "jobs", "job_words", "job_examples", "trained_words", "raw_words"),
    *("epochs", "sentences", "text_sentences"),
)
_CHECKS: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(_COUNTS, lambda value: type(value) is int and value >= 0),
    **dict.fromkeys(("examples", "words"), lambda value: value is None or (type(value) is int and value > 0)),
    **dict.fromkeys(
        ("job_loss", "job_seconds", "seconds"),
        lambda value: type(value) in (int, float) and math.isfinite(value),
    ),
    **dict.fromkeys(("varies", "complete"), lambda value: type(value) is bool),
    "freeze": lambda value: value in (None, "in", "out"),
    "text": lambda value: value is None or type(value) is str,
    "begun": lambda value: type(value) is str,
    "settings": lambda value: type(value) is dict,
}


def pack_checkpoint(checkpoint: Checkpoint, held: set[int]) -> dict[str, Array]:
    """Return a checkpoint as arrays of a file.

    Args:
        checkpoint (Checkpoint): what to pack.
        held (set of int): identities of what is saved already.

    Returns:
        dict of str to array: by name.

    Raises:
        TypeError: a callback's state holds what a file cannot.
    """
    values = {name: getattr(checkpoint, name) for name in _CHECKS}
    kind, keys, position, has_gauss, gauss = checkpoint.random
    values["random"] = [kind, int(position), int(has_gauss), float(gauss)]
    values["random_keys"] = keys
    values["callbacks"] = [name for name, _ in checkpoint.callbacks]
    for number, (_, state) in enumerate(checkpoint.callbacks):
        values |= {f"{_STATE}{number}.{name}": value for name, value in state.items()}
    tensors, refused = pack_extras(values, held, object, _PREFIX)
    if refused:
        raise TypeError(f"get_state() of a callback returned what a file cannot hold: {'; '.join(refused)}")
    return tensors


def unpack_checkpoint(tensors: Mapping[str, Array]) -> Checkpoint | None:
    """Return the checkpoint that `pack_checkpoint` packed.

    Args:
        tensors (mapping of str to array): the arrays of a file.

    Returns:
        Checkpoint or None: None if there is none.

    Raises:
        FormatError: it is damaged.
    """
    values = unpack_extras(tensors, _PREFIX)
    if not values:
        return None
    for name, is_right in _CHECKS.items():
        if name not in values or not is_right(values[name]):
            raise FormatError(f"the checkpoint is damaged: {name} is {values.get(name)!r:.60}")
    if values["epoch"] > values["epochs"]:
        raise FormatError(f"the checkpoint is damaged: epoch {values['epoch']} of {values['epochs']}")
    names, generator, keys = (values.get(name) for name in ("callbacks", "random", "random_keys"))
    if not isinstance(names, list) or not all(type(name) is str for name in names):
        raise FormatError("the checkpoint is damaged: its callbacks have no names")
    if not (isinstance(generator, list) and len(generator) == 4 and isinstance(keys, np.ndarray)):
        raise FormatError("the checkpoint is damaged: it has no state of the generator")
    random = generator[0], keys, *generator[1:]
    try:
        generator_in(random)
    except (TypeError, ValueError, OverflowError) as error:
        raise FormatError(f"the checkpoint is damaged: {error}") from None
    states = [
        {
            name.removeprefix(start): value
            for name, value in values.items()
            if name.startswith(start := f"{_STATE}{number}.")
        }
        for number in range(len(names))
    ]
    known = {name: values[name] for name in _CHECKS}
    return Checkpoint(**known, random=random, callbacks=list(zip(names, states, strict=True)))
