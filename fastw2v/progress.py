"""A progress bar for those who watch, nothing for those who do not."""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from types import TracebackType
from typing import Literal, Protocol, Self, TextIO

Mode = Literal["auto"] | bool


class Progress(Protocol):
    """What training reports to: a context manager, closed when training ends, well or badly."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def update(self, words: int, **postfix: object) -> None:
        """Advance by `words` raw words; `postfix` (epoch=2, alpha=0.02) stands behind the bar."""


def make_progress(mode: Mode, total: int | None, desc: str, unit: str = "words") -> Progress:
    """The progress display for `total` raw words, or for an unknown number (None), headed by `desc`.

    `unit`: what is counted, if not words.

    `mode` "auto": a tqdm bar if tqdm is installed and someone watches, else nothing.
    True: always a bar on standard error, a plain one without tqdm. False: nothing.
    """
    if mode is not True and mode is not False and mode != "auto":
        raise ValueError(f"progress={mode!r}: give 'auto', True or False")
    if mode is False:
        return NoProgress()
    has_tqdm = importlib.util.find_spec("tqdm") is not None
    if mode == "auto" and not (has_tqdm and is_watched()):
        return NoProgress()
    return TqdmProgress(total, desc, unit) if has_tqdm else PlainProgress(total, desc, unit=unit)


def is_watched() -> bool:
    """Whether someone sees what is written: standard error is a terminal, or we are in a notebook."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if type(shell).__name__ == "ZMQInteractiveShell":
        return True
    return sys.stderr is not None and sys.stderr.isatty()


def _width(file: TextIO | None) -> int | None:
    """Columns of the terminal that `file` is, 80 if it does not tell; None if it is something else."""
    if file is None or not file.isatty():
        return None
    try:
        return os.get_terminal_size(file.fileno()).columns or 80
    except OSError:
        return 80


class NoProgress:
    """Shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def update(self, words: int, **postfix: object) -> None:
        """Do nothing."""


class TqdmProgress:
    """A tqdm bar, drawn by JavaScript in a notebook."""

    def __init__(self, total: int | None, desc: str, unit: str = "words") -> None:
        from tqdm.auto import tqdm

        # tqdm shows nothing in a terminal that reports no width, as those of scripts and containers do.
        width = _width(sys.stderr)
        self._bar = tqdm(total=total, desc=desc, unit=f" {unit}", unit_scale=True, ncols=width)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def update(self, words: int, **postfix: object) -> None:
        """Advance the bar; tqdm itself decides when to draw."""
        if postfix:
            self._bar.set_postfix(postfix, refresh=False)
        self._bar.update(words)


class PlainProgress:
    """A bar of dots on one line of `file`, for a Python without tqdm; drawn at most ten times a second."""

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
        self._file.write("\n")
        self._file.flush()

    def update(self, words: int, **postfix: object) -> None:
        """Advance the bar and draw it if the last drawing is old enough."""
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
            line = line[: width - 1]  # what wraps could not be overwritten
        self._file.write("\r" + line.ljust(self._drawn_length))
        self._file.flush()
        self._drawn_at, self._drawn_length = now, len(line)
