"""Warnings that a user should see: on the screen, and in the log, where gensim says them."""

from __future__ import annotations

import logging
import sys
import warnings


class FastW2VWarning(UserWarning):
    """What was asked is done, but it is probably not what was meant; the message says what to do instead."""


def warn_user(message: str, *, log: logging.Logger | None = None, logged: str | None = None) -> None:
    """Warn of a probable mistake, at the line of the user's program that led here.

    Python shows such a warning once for each line of a program; `warnings.filterwarnings` with
    `FastW2VWarning` silences it or makes it an error.

    Args:
        message (str): what was given, what follows from it, and what to do.
        log (logger or None): where to say it too; None does not.
        logged (str or None): the words for the log, if gensim has others; None takes those of `message`.
    """
    if log is not None:
        log.warning("%s", message if logged is None else logged)
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "fastw2v":
        frame, level = frame.f_back, level + 1
    warnings.warn(message, FastW2VWarning, stacklevel=level)
