"""A progress bar where it can be seen, and nothing elsewhere."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
import time
from types import TracebackType
from typing import Any, Literal, Protocol, Self, TextIO

Mode = Literal["auto"] | bool
"""Whether to show a bar: True always, False never, "auto" with tqdm in a terminal or notebook."""

_UNSEEN = (OSError, ValueError)  # standard error was closed, its reader has left, or a disk under it is full


class Progress(Protocol):
    """What training reports to: a context manager, closed when training ends, well or badly."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def update(self, words: int, **postfix: object) -> None:
        """Advance the display.

        Args:
            words (int): raw words, or other units, that were done since the last call.
            **postfix: what to show behind the bar: epoch=2, alpha=0.02.
        """


def make_progress(mode: Mode, total: int | None, desc: str, unit: str = "words") -> Progress:
    """Make the progress display that a mode asks for.

    Args:
        mode (str or bool): "auto" shows a tqdm bar if tqdm is installed and `is_watched()`, else nothing.
            True always shows a bar on standard error, if there is one, a plain one without tqdm. False shows
            nothing.
        total (int or None): how many units there are; None if that is not known.
        desc (str): what precedes the bar.
        unit (str): what is counted.

    Returns:
        Progress: a context manager to `update`.

    Raises:
        ValueError: there is no such mode.
    """
    if mode is not True and mode is not False and mode != "auto":
        raise ValueError(f"progress={mode!r}: give 'auto', True or False")
    if mode is False or sys.stderr is None:  # as in pythonw, and where it was closed
        return NoProgress()
    has_tqdm = importlib.util.find_spec("tqdm") is not None
    if mode == "auto" and not (has_tqdm and is_watched()):
        return NoProgress()
    return TqdmProgress(total, desc, unit) if has_tqdm else PlainProgress(total, desc, unit=unit)


def is_watched() -> bool:
    """Return whether output can be seen at once: standard error is a terminal, or this is a notebook."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    # Colab and Databricks have shells of their own, which are derived from Jupyter's.
    if any(cls.__name__ == "ZMQInteractiveShell" for cls in type(shell).__mro__):
        return True
    return _is_terminal(sys.stderr)


def _is_terminal(file: TextIO | None) -> bool:
    try:
        return file is not None and file.isatty()
    except ValueError:  # it was closed
        return False


def _width(file: TextIO | None) -> int | None:
    """Return the columns of a terminal, 80 if it reports none; None if `file` is not a terminal."""
    if file is None or not _is_terminal(file):
        return None
    try:
        return os.get_terminal_size(file.fileno()).columns or 80
    except OSError:
        return 80


class NoProgress:
    """A display that shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def update(self, words: int, **postfix: object) -> None:
        """Do nothing.

        Args:
            words (int): ignored.
            **postfix: ignored.
        """


class TqdmProgress:
    """A tqdm bar, which in a notebook is a widget.

    Args:
        total (int or None): how many units there are; None if that is not known.
        desc (str): what precedes the bar.
        unit (str): what is counted.
    """

    def __init__(self, total: int | None, desc: str, unit: str = "words") -> None:
        from tqdm.auto import tqdm

        # tqdm shows nothing in a terminal that reports no width, as those of scripts and containers do.
        width = _width(sys.stderr)
        self._bar: Any = None
        with contextlib.suppress(*_UNSEEN):
            self._bar = tqdm(total=total, desc=desc, unit=f" {unit}", unit_scale=True, ncols=width)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            with contextlib.suppress(*_UNSEEN):
                self._bar.close()

    def update(self, words: int, **postfix: object) -> None:
        """Advance the bar; tqdm decides when to draw it.

        Args:
            words (int): units that were done since the last call.
            **postfix: what to show behind the bar.
        """
        if self._bar is None:
            return
        if postfix:
            self._bar.set_postfix(postfix, refresh=False)
        with contextlib.suppress(*_UNSEEN):
            self._bar.update(words)


class PlainProgress:
    """A bar of dots on one line, for a Python without tqdm; it is drawn at most ten times a second.

    Args:
        total (int or None): how many units there are; None or 0 shows the count alone.
        desc (str): what precedes the bar.
        file (text file or None): where to draw; None is standard error.
        unit (str): what is counted.
    """

    WIDTH = 30
    INTERVAL = 0.1  # seconds

    def __init__(self, total: int | None, desc: str, file: TextIO | None = None, unit: str = "words") -> None:
        self._file = sys.stderr if file is None else file
        self._total, self._desc, self._unit = total, desc, unit
        self._words, self._tail = 0, ""
        self._start = time.monotonic()
        self._drawn_at, self._drawn_length = float("-inf"), 0

    def __enter__(self) -> Self:
        self._draw()
        return self

    def __exit__(self, *_: object) -> None:
        self._draw()
        self._write("\n")

    def update(self, words: int, **postfix: object) -> None:
        """Advance the bar, and draw it if the last drawing is old enough.

        Args:
            words (int): units that were done since the last call.
            **postfix: what to show behind the bar.
        """
        self._words += words
        if postfix:
            self._tail = "".join(f", {name}={value}" for name, value in postfix.items())
        if time.monotonic() - self._drawn_at >= self.INTERVAL:
            self._draw()

    def _draw(self) -> None:
        now = time.monotonic()
        rate = self._words / max(now - self._start, 1e-9)
        bar = ""
        if self._total:
            share = min(self._words / self._total, 1.0)
            bar = f"{share:4.0%} |{'#' * round(share * self.WIDTH):.<{self.WIDTH}}| "
        line = f"{self._desc}: {bar}{self._words:,} {self._unit}, {rate:,.0f} {self._unit}/s{self._tail}"
        width = _width(self._file)
        if width is not None:
            line = line[: width - 1]  # a line that wraps could not be overwritten
        self._write("\r" + line.ljust(self._drawn_length))
        self._drawn_at, self._drawn_length = now, len(line)

    def _write(self, text: str) -> None:
        with contextlib.suppress(*_UNSEEN):
            self._file.write(text)
            self._file.flush()
