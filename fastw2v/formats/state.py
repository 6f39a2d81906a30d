"""Settings and counters of a model as files may hold them: each of the type and range it needs.

What is saved passes the same checks as what is loaded: no file is written that cannot be read.
"""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from types import SimpleNamespace
from typing import Any

import numpy as np

from fastw2v.checks import MAX_WINDOW, finite, rounded, settings_of, whole

_OF_TEXT = ("corpus_count", "corpus_total_words")  # None in gensim's older files
_AMOUNTS = ("effective_min_count", "min_alpha_yet_reached", "total_train_time")


def checked_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings and counters of a model as Python's numbers.

    Args:
        settings (mapping of str to any): all of `SETTINGS`.

    Returns:
        dict of str to any: the same, checked.

    Raises:
        TypeError: one is of a type that no model can have; the error names it.
        ValueError: one is out of range.
    """
    checked = {**settings, **settings_of(SimpleNamespace(**settings, progress=False))}
    del checked["progress"]
    checked["layer1_size"] = whole("layer1_size", settings["layer1_size"], 1, MAX_WINDOW)
    checked["train_count"] = whole("train_count", settings["train_count"], 0)
    for name in _OF_TEXT:
        checked[name] = None if settings[name] is None else rounded(name, settings[name])
    for name in _AMOUNTS:
        number = finite(name, settings[name])
        checked[name] = int(settings[name]) if isinstance(settings[name], Integral) else number
    loss = settings["running_training_loss"]  # NaN where training failed
    is_float = isinstance(loss, float | np.floating)
    checked["running_training_loss"] = float(loss) if is_float else finite("running_training_loss", loss)
    return checked
