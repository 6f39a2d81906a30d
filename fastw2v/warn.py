"""Warnings that a user should see: on the screen, and in the log, where gensim says them."""

from __future__ import annotations

import contextlib
import functools
import logging
import sys
import warnings
from collections.abc import Callable
from contextvars import ContextVar
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_said: ContextVar[set[str] | None] = ContextVar("said", default=None)
"""What was said since the outermost `once_per_call` began; None outside."""


class FastW2VWarning(UserWarning):
    """What was asked is done, but it is probably not what was meant; the message says what to do instead."""


def once_per_call(method: Callable[P, T]) -> Callable[P, T]:
    """Let each warning be said only once while a method runs, however often it passes over the text."""

    @functools.wraps(method)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        if _said.get() is not None:
            return method(*args, **kwargs)
        outside = _said.set(set())
        try:
            return method(*args, **kwargs)
        finally:
            _said.reset(outside)

    return run


def _is_news(what: str) -> bool:
    """Return whether this was not said before in the call that runs, and remember it."""
    said = _said.get()
    if said is None:
        return True
    if what in said:
        return False
    said.add(what)
    return True


def warn_user(message: str, *, log: logging.Logger | None = None, logged: str | None = None) -> None:
    """Warn of a probable mistake, at the line of the user's program that led here.

    Python shows such a warning once for each line of a program; `warnings.filterwarnings` with
    `FastW2VWarning` silences it or makes it an error.

    Args:
        message (str): what was given, what follows from it, and what to do.
        log (logger or None): where to say it too; None does not.
        logged (str or None): the words for the log, if gensim has others; None takes those of `message`.
    """
    if log is not None and _is_news(f"logged: {logged or message}"):
        log.warning("%s", message if logged is None else logged)
    if not _is_news(message):
        return
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "fastw2v":
        frame, level = frame.f_back, level + 1
    # Of a standard error that was closed Python makes an error, of one that is full or unread it does not.
    closed = getattr(sys.stderr, "closed", False) is True
    with contextlib.suppress(ValueError) if closed else contextlib.nullcontext():
        warnings.warn(message, FastW2VWarning, stacklevel=level)
